package hdfrest

// Changing values and extents of datasets.

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/englacial/zagg/internal/hdfrest/pyjson"
)

// putShape answers PUT /datasets/ID/shape: it changes the extent of a dataset, and returns the part that was added as a selection.
func (c *call) putShape(id ID) (*Response, error) {
	w, err := c.openFor(updateRight)
	if err != nil {
		return nil, err
	}
	body, err := c.objectBody("PUT shape with no body")
	if err != nil {
		return nil, err
	}
	before, after, err := w.Resize(c.ctx, id, func(s Shape) ([]uint64, error) { return nextExtent(s, body) })
	if err != nil {
		return nil, err
	}
	o := object{}
	grown := false
	parts := make([]string, len(after))
	for i := range after {
		if parts[i] = ":"; after[i] > before[i] {
			parts[i], grown = fmt.Sprintf("%d:%d", before[i], after[i]), true
		}
	}
	if grown {
		o = append(o, member{"selection", "[" + strings.Join(parts, ",") + "]"})
	}
	return c.done(http.StatusCreated, o)
}

// nextExtent returns the extent that a request asks for: "shape" gives all dimensions, "extend" adds to one of them. A maximum of 0 is
// unlimited. Error texts are those of HSDS, including their spelling.
func nextExtent(s Shape, body pyjson.Raw) ([]uint64, error) {
	if s.Null || len(s.Dims) == 0 || s.Max == nil || slices.Equal(s.Max, s.Dims) && !slices.Contains(s.Max, 0) {
		return nil, errText("Dataset is not extensible")
	}
	next := slices.Clone(s.Dims)
	switch {
	case body.Get("shape") != nil:
		dims, err := dimsOf(body.Get("shape"), false)
		if err != nil {
			return nil, errBad("the shape: %w", err)
		}
		if len(dims) != len(next) {
			return nil, errText("Extent of update shape request does not match dataset sahpe")
		}
		next = dims
	case body.Get("extend") != nil:
		n, err := body.Get("extend").Int()
		k := int64(0)
		if err == nil && body.Get("extend_dim") != nil {
			k, err = body.Get("extend_dim").Int()
		}
		if err != nil || n <= 0 || n > 1<<53 || k < 0 || k >= int64(len(next)) {
			return nil, errBad("extend %.20q, extend_dim %.20q", body.Get("extend"), body.Get("extend_dim"))
		}
		next[k] += uint64(n)
	default:
		return nil, errBad("neither shape nor extend is in the body")
	}
	if err := CheckExtent(next); err != nil {
		return nil, errBad("the shape: %w", err)
	}
	for i, n := range next {
		if s.Max[i] != 0 && n > s.Max[i] {
			return nil, &statusError{http.StatusConflict, "", fmt.Errorf("dimension %d may have at most %d, not %d", i, s.Max[i], n)}
		}
	}
	return next, nil
}

// putValue answers PUT /datasets/ID/value: it writes a selection, points, appended values, or the rows that a query finds.
func (c *call) putValue(id ID) (*Response, error) {
	w, err := c.openFor(updateRight)
	if err != nil {
		return nil, err
	}
	o, err := one(c, w, id)
	if err != nil {
		return nil, err
	}
	ds := o.(Dataset)
	if shape := ds.Shape(); shape.Null {
		return nil, errBad("a null dataset has no values")
	}
	if q := c.param("query"); q != "" {
		return c.updateRows(w, ds, q)
	}
	e, err := c.elementsOf(ds)
	if err != nil {
		return nil, err
	}
	if err := w.Write(c.ctx, id, e); err != nil {
		return nil, err
	}
	return c.done(http.StatusOK, object{})
}

// A valueBody is what a request to write says, by its parameters or its body.
type valueBody struct {
	sel, fields string
	points      pyjson.Raw
	append, dim uint64
	count       uint64 // of elements; 1: a single one for the whole selection; 0: not said
	bytes       []byte
	json        pyjson.Raw // the value, if bytes is nil
}

// elementsOf reads what is to be written, and checks it against the dataset as it is now. The domain checks again
// under its own lock.
func (c *call) elementsOf(ds Dataset) (*Elements, error) {
	b, err := c.valueBody(ds.Shape())
	if err != nil {
		return nil, err
	}
	t, e := ds.Type(), &Elements{Append: b.append, Dim: int(b.dim)}
	if b.fields != "" {
		sub, at := t.fields(strings.Split(b.fields, ":"))
		if sub == nil {
			return nil, errFields(t, b.fields)
		}
		if len(slices.Compact(slices.Sorted(slices.Values(at)))) < len(at) {
			return nil, errBad("a member of %q is named twice", b.fields)
		}
		t, e.Fields = sub, at
	}
	sel, err := c.writeSelection(ds.Shape(), b)
	if err != nil {
		return nil, err
	}
	e.Axes, e.Points = sel.axes, sel.points
	n := sel.elements()
	shape := sel.shape
	if b.count > 1 && b.count != n {
		return nil, errBad("element_count is %d, and %d elements are selected", b.count, n)
	}
	if b.count == 1 {
		n, shape = 1, nil
	}
	if b.bytes != nil {
		err, e.Data = t.holds(b.bytes, n), b.bytes
	} else {
		e.Data, err = encodeValue(t, shape, b.json)
	}
	if err != nil {
		return nil, errBad("the value: %w", err)
	}
	if b.count == 1 {
		if uint64(len(e.Data)) > uint64(c.Limits.Value)/max(sel.elements(), 1) {
			return nil, c.tooMuch(uint64(len(e.Data)) * sel.elements())
		}
		e.Data = slices.Repeat(e.Data, int(sel.elements()))
	}
	return e, nil
}

// writeSelection is the part of a dataset that is written. Appended values go behind the end of one dimension.
func (c *call) writeSelection(shape Shape, b *valueBody) (*selection, error) {
	if b.points != nil && (b.sel != "" || b.append > 0) || b.append > 0 && b.sel != "" {
		return nil, errBad("more than one of select, points and append")
	}
	switch {
	case b.append > 0:
		if shape.Max == nil || int(b.dim) >= len(shape.Dims) || shape.Max[b.dim] != 0 && shape.Max[b.dim] <= shape.Dims[b.dim] {
			return nil, errText("Dataset shape must be extensible for packet updates")
		}
		s := all(shape)
		s.shape[b.dim] = b.append
		s.axes = nil
		return s, nil
	case b.points != nil:
		points, err := c.jsonPoints(b.points, shape)
		return &selection{points: points, shape: []uint64{uint64(len(points))}}, err
	case b.sel != "" && len(shape.Dims) > 0:
		s, err := parseSelect(b.sel, shape.Dims, c.Limits.Points)
		if err != nil {
			return nil, errSelection(err)
		}
		return s, nil
	}
	return all(shape), nil
}

// valueBody reads parameters and body; what the body says takes precedence.
func (c *call) valueBody(shape Shape) (*valueBody, error) {
	b := &valueBody{sel: c.param("select"), fields: c.param("fields")}
	var err error
	if text := c.param("element_count"); text != "" {
		if b.count, err = strconv.ParseUint(text, 10, 53); err != nil || b.count == 0 {
			return nil, errBad("element_count %.20q", text)
		}
	}
	if text := c.param("append"); text != "" {
		if b.append, err = strconv.ParseUint(text, 10, 53); err != nil || b.append == 0 {
			return nil, errBad("append %.20q", text)
		}
	}
	if text := c.param("append_dim"); text != "" {
		if b.dim, err = strconv.ParseUint(text, 10, 5); err != nil {
			return nil, errBad("append_dim %.20q", text)
		}
	}
	if len(c.req.Body) == 0 {
		return nil, errText("PUT value with no body")
	}
	if strings.HasPrefix(c.req.Header.Get("Content-Type"), "application/octet-stream") {
		b.bytes = c.req.Body
		return b, nil
	}
	body, err := c.objectBody("PUT value with no body")
	if err != nil {
		return nil, err
	}
	return b, b.fromJSON(body, shape)
}

func (b *valueBody) fromJSON(body pyjson.Raw, shape Shape) error {
	if err := expect(body, aText, "select", "fields"); err != nil {
		return err
	}
	b.sel, b.fields = cmp.Or(body.Get("select").Text(), b.sel), cmp.Or(body.Get("fields").Text(), b.fields)
	if p := body.Get("points"); p != nil {
		if b.points = p; p.Kind() != pyjson.Array {
			return errBad("points are not a list")
		}
	}
	for name, v := range map[string]*uint64{"append": &b.append, "append_dim": &b.dim} {
		if text := body.Get(name); text != nil {
			n, err := text.Int()
			if err != nil || n < 0 || n > 1<<53 || n == 0 && name == "append" {
				return errBad("%s %.20q", name, text)
			}
			*v = uint64(n)
		}
	}
	if body.Get("start") != nil || body.Get("stop") != nil || body.Get("step") != nil {
		if err := b.hyperslab(body, shape); err != nil {
			return err
		}
	}
	if text := body.Get("value_base64"); text != nil {
		data, err := base64.StdEncoding.DecodeString(text.Text())
		if err != nil || text.Kind() != pyjson.String {
			return errBad("value_base64: %v", err)
		}
		b.bytes = append([]byte{}, data...)
		return nil
	}
	if b.json = body.Get("value"); b.json == nil {
		return errText("PUT value has no value or value_base64 key in body")
	}
	return nil
}

// hyperslab turns start, stop and step, each a number or one number for each dimension, into a selection.
func (b *valueBody) hyperslab(body pyjson.Raw, shape Shape) error {
	if b.sel != "" || b.points != nil {
		return errBad("start, stop and step beside select or points")
	}
	get := func(name string, otherwise []uint64) ([]uint64, error) {
		text := body.Get(name)
		if text == nil {
			return otherwise, nil
		}
		dims, err := dimsOf(text, false)
		if err != nil || len(dims) != len(shape.Dims) {
			return nil, errBad("%s is %.60s, of %d dimensions", name, text, len(shape.Dims))
		}
		return dims, nil
	}
	ones := slices.Repeat([]uint64{1}, len(shape.Dims))
	start, err := get("start", make([]uint64, len(shape.Dims)))
	if err != nil {
		return err
	}
	stop, err := get("stop", shape.Dims)
	if err != nil {
		return err
	}
	step, err := get("step", ones)
	if err != nil {
		return err
	}
	parts := make([]string, len(start))
	for i := range parts {
		parts[i] = fmt.Sprintf("%d:%d:%d", start[i], stop[i], step[i])
	}
	b.sel = "[" + strings.Join(parts, ",") + "]"
	return nil
}

// updateRows gives members new values in those rows for which a condition holds, and answers with the rows.
func (c *call) updateRows(w Writable, ds Dataset, query string) (*Response, error) {
	t, shape := ds.Type(), ds.Shape()
	if len(shape.Dims) != 1 {
		return nil, errText("Query string is not supported for multidimensional datasets")
	}
	where, err := parseQuery(query, t)
	if err != nil {
		return nil, &statusError{http.StatusBadRequest, "Invalid query", err}
	}
	if _, err := c.open(); err != nil { // the answer has the rows
		return nil, err
	}
	body, err := c.objectBody("PUT value with no body")
	if err != nil {
		return nil, err
	}
	var names []string
	var value []byte
	for _, m := range body.Members() {
		names = append(names, m.Name)
	}
	sub, at := t.fields(names)
	if sub == nil || len(names) == 0 {
		return nil, errBad("the body names no members of the type: %q", names)
	}
	if value, err = encodeValue(sub, nil, body); err != nil {
		return nil, errBad("the value: %w", err)
	}
	most, err := c.limit(0)
	if err != nil {
		return nil, err
	}
	sel, err := parseSelect(orAll(c.param("select")), shape.Dims, c.Limits.Points)
	if err != nil || sel.points != nil || sel.axes[0].Points != nil {
		return nil, errSelection(err)
	}
	var rows []uint64
	err = w.WriteChosen(c.ctx, ds.ID(), func(now Dataset) (*Elements, error) {
		if !bytes.Equal(now.Type().JSON(), t.JSON()) {
			return nil, errBad("the type is another by now")
		}
		if rows, _, err = c.search(now, sel.axes[0], where, most); err != nil {
			return nil, err
		}
		e := &Elements{Fields: at, Data: slices.Repeat(value, len(rows)), Points: [][]uint64{}}
		for _, r := range rows {
			e.Points = append(e.Points, []uint64{r})
		}
		return e, nil
	})
	if err != nil {
		return nil, err
	}
	return c.changedRows(w, ds, rows)
}

// changedRows answers with rows as they are after the change.
func (c *call) changedRows(w Writable, ds Dataset, rows []uint64) (*Response, error) {
	points := make([][]uint64, len(rows))
	for i, r := range rows {
		points[i] = []uint64{r}
	}
	d, err := c.open()
	if err != nil {
		return nil, err
	}
	o, err := one(c, d, ds.ID())
	if err != nil {
		return nil, err
	}
	kept, err := o.(Dataset).ReadPoints(c.ctx, points)
	if err != nil {
		return nil, err
	}
	return c.rowsAnswer(w, ds.ID(), ds.Type(), rows, kept, true)
}
