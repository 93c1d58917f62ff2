package hdfrest

// Reading values: selections, points and queries, as JSON or as bytes.

import (
	"cmp"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/hdfrest/pyjson"
)

// binary reports whether the client wants bytes instead of JSON.
func (c *call) binary() bool {
	return strings.Contains(c.req.Header.Get("Accept"), "application/octet-stream")
}

// bytes is the answer with a value in the wire form.
func (c *call) bytes(d Domain, data []byte) (*Response, error) {
	if int64(len(data)) > c.Limits.Value {
		return nil, c.tooMuch(uint64(len(data)))
	}
	h := http.Header{"Content-Type": {"application/octet-stream"}, "Etag": {`"` + strings.Trim(d.Info().Version, `"`) + `"`}}
	return &Response{Status: http.StatusOK, Header: h, Body: data}, nil
}

func (c *call) tooMuch(n uint64) error {
	return errStatus(http.StatusRequestEntityTooLarge, "%d bytes of values, more than the %d of one answer: select fewer", n, c.Limits.Value)
}

// errText is a 400 with HSDS's own words.
func errText(text string) error { return &statusError{http.StatusBadRequest, text, nil} }

func errSelection(cause error) error {
	return &statusError{http.StatusBadRequest, "Invalid selection", cause}
}

// A valueQuery is what is wanted of a dataset's values.
type valueQuery struct {
	sel, fields, query string
	points             [][]uint64
	post               bool
}

// getValue answers GET /datasets/ID/value.
func (c *call) getValue(id ID) (*Response, error) {
	return c.value(id, func(Dataset) (*valueQuery, error) {
		return &valueQuery{sel: c.param("select"), fields: c.param("fields"), query: c.param("query")}, nil
	})
}

// postValue answers POST /datasets/ID/value: with coordinates as unsigned 64-bit little-endian numbers, or with JSON
// that has points or a selection too long for a URL.
func (c *call) postValue(id ID) (*Response, error) {
	return c.value(id, func(ds Dataset) (*valueQuery, error) {
		if len(c.req.Body) == 0 {
			return nil, errText("POST Value with no body")
		}
		if strings.HasPrefix(c.req.Header.Get("Content-Type"), "application/octet-stream") {
			points, err := c.binaryPoints(ds.Shape())
			return &valueQuery{points: points, fields: c.param("fields"), post: true}, err
		}
		var body struct {
			Select, Fields, Query string
			Points                json.RawMessage
		}
		if err := c.decode(&body); err != nil {
			return nil, err
		}
		body.Select = cmp.Or(body.Select, c.param("select"))
		q := &valueQuery{sel: body.Select, fields: cmp.Or(body.Fields, c.param("fields")), query: body.Query, post: true}
		switch {
		case body.Points == nil && body.Select == "" && body.Query == "":
			return nil, errText("Expected points or select key in request body")
		case body.Points == nil:
			return q, nil
		case body.Select != "":
			return nil, errText("Unexpected points and select key in request body")
		}
		points := pyjson.Raw(body.Points)
		if points.Kind() != pyjson.Array {
			return nil, errText("POST Value expected list of points")
		}
		var err error
		q.points, err = c.jsonPoints(points, ds.Shape())
		return q, err
	})
}

// value answers with the values that a query wants. want makes the query once the dataset is known.
func (c *call) value(id ID, want func(Dataset) (*valueQuery, error)) (*Response, error) {
	d, o, err := c.object(id)
	if err != nil {
		return nil, err
	}
	ds := o.(Dataset)
	if shape := ds.Shape(); shape.Null {
		return nil, &statusError{http.StatusBadRequest, "Null space datasets can not be used as target for GET value", nil}
	}
	q, err := want(ds)
	if err != nil {
		return nil, err
	}
	if q.query != "" {
		return c.queryValue(d, ds, q)
	}
	sel, err := c.selected(ds, q)
	if err != nil {
		return nil, err
	}
	if err := c.hold(c.valueMemory(ds, sel)); err != nil {
		return nil, err
	}
	t, data, err := c.readFields(ds, sel, q.fields)
	if err != nil {
		return nil, err
	}
	if c.binary() {
		return c.bytes(d, data)
	}
	return c.jsonValue(d, id, t, sel, data, q)
}

// valueMemory is about how many bytes the values of a selection take on their way: once as stored and once as sent,
// and as text some 24 bytes each. Elements of variable width count as 64 bytes.
func (c *call) valueMemory(ds Dataset, sel *selection) int64 {
	width, fixed := ds.Type().Width()
	if !fixed {
		width = 64
	}
	each := 2 * uint64(max(width, 1))
	if !c.binary() {
		each += 24
	}
	if sel.elements() > uint64(c.Limits.Memory)/each {
		return c.Limits.Memory
	}
	return int64(sel.elements() * each)
}

// selected checks what is selected against the dataset's shape and the limits.
func (c *call) selected(ds Dataset, q *valueQuery) (*selection, error) {
	shape := ds.Shape()
	sel := all(shape)
	switch {
	case q.points != nil:
		sel = &selection{points: q.points, shape: []uint64{uint64(len(q.points))}}
	case q.sel != "" && len(shape.Dims) > 0: // of a scalar there is nothing to select
		var err error
		if sel, err = parseSelect(q.sel, shape.Dims, c.Limits.Points); err != nil {
			return nil, errSelection(err)
		}
	}
	width, _ := ds.Type().Width()
	if n := sel.elements(); n > 0 && uint64(max(width, 1)) > uint64(c.Limits.Value)/n && q.fields == "" {
		return nil, c.tooMuch(n * uint64(max(width, 1)))
	}
	return sel, nil
}

func errFields(t *Type, fields string) error {
	if t.Class != Compound {
		return errText("invalid fields selection: getSubType - parent must be compound type")
	}
	for f := range strings.SplitSeq(fields, ":") {
		if !slices.ContainsFunc(t.Members, func(m Member) bool { return m.Name == f }) {
			return errText("invalid fields selection: field: " + f + " is not defined in parent type")
		}
	}
	return errText("invalid fields selection")
}

// readFields reads a selection, and keeps those members of its elements that are asked for; all if fields is empty.
func (c *call) readFields(ds Dataset, sel *selection, fields string) (*Type, []byte, error) {
	t := ds.Type()
	var at []int
	sub := t
	if fields != "" {
		if sub, at = t.fields(strings.Split(fields, ":")); sub == nil {
			return nil, nil, errFields(t, fields)
		}
	}
	data, err := c.readSelection(ds, sel)
	if err == nil && at != nil {
		data, err = t.project(data, at)
	}
	return sub, data, err
}

func (c *call) readSelection(ds Dataset, sel *selection) ([]byte, error) {
	var data []byte
	var err error
	if sel.points != nil {
		data, err = ds.ReadPoints(c.ctx, sel.points)
	} else {
		data, err = ds.Read(c.ctx, sel.axes)
	}
	if core.Is(err, core.Invalid) && err != nil {
		return nil, &statusError{http.StatusRequestEntityTooLarge, "", err} // the selection is right, so it is too much
	}
	return data, err
}

// binaryPoints reads the body as coordinates: rank numbers of 8 bytes for each point.
func (c *call) binaryPoints(shape Shape) ([][]uint64, error) {
	rank := max(len(shape.Dims), 1)
	if len(c.req.Body)%(8*rank) != 0 {
		return nil, errText("Number of point values is not consistent with dataset rank")
	}
	n := len(c.req.Body) / (8 * rank)
	if n > c.Limits.Points {
		return nil, errStatus(http.StatusRequestEntityTooLarge, "%d points, more than %d", n, c.Limits.Points)
	}
	points := make([][]uint64, n)
	flat := make([]uint64, n*rank)
	for i := range flat {
		flat[i] = binary.LittleEndian.Uint64(c.req.Body[8*i:])
	}
	for i := range points {
		points[i] = flat[i*rank : (i+1)*rank]
		if err := checkPoint(points[i], shape); err != nil {
			return nil, err
		}
	}
	return points, nil
}

// jsonPoints reads points: numbers for a dataset of one dimension, otherwise lists of numbers.
func (c *call) jsonPoints(text pyjson.Raw, shape Shape) ([][]uint64, error) {
	list := text.Items()
	if len(list) > c.Limits.Points {
		return nil, errStatus(http.StatusRequestEntityTooLarge, "%d points, more than %d", len(list), c.Limits.Points)
	}
	points := make([][]uint64, len(list))
	for i, item := range list {
		coordinates := item.Items()
		if len(shape.Dims) == 1 && item.Kind() == pyjson.Number {
			coordinates = list[i : i+1]
		} else if item.Kind() != pyjson.Array {
			return nil, errBad("point %d is %.40q, not a list of coordinates", i, item)
		}
		for _, x := range coordinates {
			n, err := x.Int()
			if err != nil || n < 0 {
				return nil, errBad("point %d: %.40q is no coordinate", i, x)
			}
			points[i] = append(points[i], uint64(n))
		}
		if err := checkPoint(points[i], shape); err != nil {
			return nil, err
		}
	}
	return points, nil
}

func checkPoint(p []uint64, shape Shape) error {
	if len(p) != len(shape.Dims) {
		return errText("POST Value point value did not match dataset rank")
	}
	for i, x := range p {
		if x >= shape.Dims[i] {
			return errText("POST Value point: " + pointText(p) + " is not within the bounds of the dataset")
		}
	}
	return nil
}

// pointText is a point as numpy prints it, with numbers of the same width: HSDS has it in the error.
func pointText(p []uint64) string {
	if len(p) == 1 {
		return fmt.Sprint(p[0])
	}
	width := len(fmt.Sprint(slices.Max(p)))
	parts := make([]string, len(p))
	for i, x := range p {
		parts[i] = fmt.Sprintf("%*d", width, x)
	}
	return "[" + strings.Join(parts, " ") + "]"
}

// jsonValue is the answer with a value as JSON.
func (c *call) jsonValue(d Domain, id ID, t *Type, sel *selection, data []byte, q *valueQuery) (*Response, error) {
	if int64(len(data)) > c.Limits.JSON {
		return nil, c.tooMuch(uint64(len(data)))
	}
	shape := sel.shape
	if c.flag("reduce_dim") {
		shape = sel.reduced()
	}
	text, err := render{c.flag("ignore_nan")}.values(nil, t, shape, data)
	if err != nil {
		return nil, err
	}
	return c.valueAnswer(d, id, text, q.post)
}

func (c *call) valueAnswer(d Domain, id ID, text []byte, post bool) (*Response, error) {
	hrefs := append(c.partLinks(id, "value"), c.link("root", objectPath(d.Info().Root)))
	o := object{{"value", raw(text)}, {"hrefs", hrefs}}
	if !post {
		o = slices.Insert(o, 0, member{"status", http.StatusOK})
	}
	r, err := c.tagged(d, o)
	if err == nil {
		r.Header.Set("Content-Type", "application/json")
	}
	return r, err
}

// queryRows is how many rows a query reads at once.
const queryRows = 64 << 10

// queryValue answers with the rows of a table for which a condition holds, each preceded by its number.
func (c *call) queryValue(d Domain, ds Dataset, q *valueQuery) (*Response, error) {
	t, shape := ds.Type(), ds.Shape()
	if len(shape.Dims) != 1 {
		return nil, errText("Query string is not supported for multidimensional datasets")
	}
	where, err := parseQuery(q.query, t)
	if err != nil {
		return nil, &statusError{http.StatusBadRequest, "Invalid query", err}
	}
	sel, err := parseSelect(orAll(q.sel), shape.Dims, c.Limits.Points)
	if err != nil || sel.points != nil || sel.axes[0].Points != nil {
		return nil, errSelection(err)
	}
	most, err := c.limit(0)
	if err != nil {
		return nil, err
	}
	rows, kept, err := c.search(ds, sel.axes[0], where, most)
	if err != nil {
		return nil, err
	}
	if q.fields != "" {
		sub, at := t.fields(strings.Split(q.fields, ":"))
		if sub == nil {
			return nil, errFields(t, q.fields)
		}
		if kept, err = t.project(kept, at); err != nil {
			return nil, err
		}
		t = sub
	}
	return c.rowsAnswer(d, ds.ID(), t, rows, kept, q.post)
}

func orAll(sel string) string {
	if sel == "" {
		return "[:]"
	}
	return sel
}

// search reads an axis part by part and keeps the rows for which a condition holds: at most most of them (0: as many
// as an answer may have).
func (c *call) search(ds Dataset, a Axis, where condition, most int) (rows []uint64, kept []byte, err error) {
	for at := uint64(0); at < a.Count && (most == 0 || len(rows) < most); at += queryRows {
		part := Axis{Start: a.Start + at*a.Step, Count: min(queryRows, a.Count-at), Step: a.Step}
		data, err := c.readSelection(ds, &selection{axes: []Axis{part}})
		if err != nil {
			return nil, nil, err
		}
		want := queryRows
		if most > 0 {
			want = most - len(rows)
		}
		found, numbers, err := where.filter(ds.Type(), data, want)
		if err != nil {
			return nil, nil, err
		}
		for _, n := range numbers {
			rows = append(rows, part.Start+n*part.Step)
		}
		if kept = append(kept, found...); int64(len(kept)+8*len(rows)) > c.Limits.Value {
			return nil, nil, c.tooMuch(uint64(len(kept)))
		}
	}
	return rows, kept, nil
}

// rowsAnswer answers with rows, each as a compound whose first member is the row's number.
func (c *call) rowsAnswer(d Domain, id ID, t *Type, rows []uint64, kept []byte, post bool) (*Response, error) {
	row := &Type{Class: Compound, Members: append([]Member{{"index", &Type{Class: Integer, Size: 8}}}, t.Members...)}
	data := make([]byte, 0, len(kept)+8*len(rows))
	for _, n := range rows {
		w := t.width(kept)
		if w < 0 {
			return nil, errShort()
		}
		data = append(binary.LittleEndian.AppendUint64(data, n), kept[:w]...)
		kept = kept[w:]
	}
	if c.binary() {
		return c.bytes(d, data)
	}
	text, err := render{c.flag("ignore_nan")}.values(nil, row, []uint64{uint64(len(rows))}, data)
	if err != nil {
		return nil, err
	}
	return c.valueAnswer(d, id, text, post)
}
