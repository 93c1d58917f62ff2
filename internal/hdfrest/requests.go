package hdfrest

// Bodies of requests that change something: what they say, checked before anything is changed.

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/englacial/zagg/internal/hdfrest/pyjson"
)

// maxNesting is how deep the body of a change may be nested: batches have values of attributes within lists within
// maps.
const maxNesting = 64

// body is the request's body as JSON; nil if there is none, or it is null.
func (c *call) body() (pyjson.Raw, error) {
	if len(c.req.Body) == 0 {
		return nil, nil
	}
	r, err := pyjson.Check(c.req.Body, maxNesting)
	if err != nil {
		return nil, &statusError{http.StatusBadRequest, "Unable to load JSON body", err}
	}
	if half := r.LoneSurrogate(); half != "" {
		return nil, errBad("the body has %s, which is half a character", half)
	}
	if r.Kind() == pyjson.Null { // as h5pyd 1.0 sends with a flush
		return nil, nil
	}
	return r, nil
}

// objectBody is the body, which must be a JSON object; missing is the text of the error if there is none.
func (c *call) objectBody(missing string) (pyjson.Raw, error) {
	r, err := c.body()
	if err == nil && r == nil {
		err = errText(missing)
	}
	if err == nil && r.Kind() != pyjson.Object {
		err = errBad("the body is not a JSON object")
	}
	return r, err
}

// objectOr is a member of a body that is a JSON object; nil if it is not there.
func objectOr(body pyjson.Raw, name string) (pyjson.Raw, error) {
	m := body.Get(name)
	if m.Kind() != pyjson.Object {
		return nil, expect(body, aMap, name)
	}
	return m, nil
}

// The kinds of JSON that a member of a body may be, each by the first bytes of its texts.
const (
	aText   = `"`
	aFlag   = "tf0" // a number is one too
	aNumber = "0"
	aList   = "["
	aMap    = "{"
)

// expect is an error of members of a body that are there, and of another kind than they must be: they would else be as if they
// were not there.
func expect(body pyjson.Raw, kinds string, names ...string) error {
	for _, name := range names {
		m := body.Get(name)
		if len(m) > 0 && m.Kind() != pyjson.Null && strings.IndexByte(kinds, m.Kind()) < 0 {
			words := map[string]string{aText: "a text", aFlag: "true or false", aNumber: "a number", aList: "a list", aMap: "a JSON object", aMap + aList: "a JSON object or a list"}
			return errBad("%s is %.40q, which must be %s", name, m, words[kinds])
		}
	}
	return nil
}

// inBase64 reports a value that is given as base64, by a member of a body that says so.
func inBase64(body pyjson.Raw, names ...string) (bool, error) {
	if err := expect(body, aText, names...); err != nil {
		return false, err
	}
	found := false
	for _, name := range names {
		switch text := body.Get(name).Text(); text {
		case "":
		case "base64":
			found = true
		default:
			return false, errBad("%s is %.40q; only base64 is known", name, text)
		}
	}
	return found, nil
}

// errBad is a 400 that says what is wrong in particular.
func errBad(format string, args ...any) error {
	return errStatus(http.StatusBadRequest, format, args...)
}

// openFor opens the domain of the request for a change, which needs a right. It fails if the domain or the whole
// store is read only.
func (c *call) openFor(want right) (Writable, error) {
	n, folder, ok, err := c.domainName()
	if err != nil {
		return nil, err
	}
	k, keeps := c.Store.(Keeper)
	if !keeps {
		return nil, c.readOnly()
	}
	if !ok || folder {
		return nil, errText("Invalid domain")
	}
	d, err := c.openNamed(n, want)
	if err != nil {
		return nil, err
	}
	if err := k.Writable(c.ctx, n); err != nil {
		return nil, err
	}
	w, ok := d.(Writable)
	if !ok {
		return nil, c.readOnly()
	}
	return w, nil
}

// done answers a change with its status.
func (c *call) done(status int, o object) (*Response, error) {
	r, err := c.answer(o)
	if err == nil {
		r.Status = status
	}
	return r, err
}

// shapeOf reads the shape in a request. Nothing, or [], is a scalar; a number is one dimension. limits are the
// greatest sizes.
func shapeOf(text, limits pyjson.Raw) (Shape, error) {
	var s Shape
	if text.Kind() == pyjson.Object { // as it is described
		if limits == nil {
			limits = text.Get("maxdims")
		}
		switch class := text.Get("class"); class.Text() {
		case "H5S_NULL":
			return Shape{Null: true}, nil
		case "H5S_SCALAR":
			return s, nil
		case "H5S_SIMPLE":
		default:
			return s, fmt.Errorf("the class %.40q is not known", class)
		}
		if text = text.Get("dims"); text.Kind() != pyjson.Array {
			return s, errors.New("it has no dims")
		}
	}
	switch {
	case len(text) == 0 || text.Kind() == pyjson.Null || text.Text() == "H5S_SCALAR":
		return s, nil
	case text.Text() == "H5S_NULL":
		return Shape{Null: true}, nil
	}
	var err error
	if s.Dims, err = dimsOf(text, false); err != nil {
		return s, err
	}
	if err := CheckExtent(s.Dims); err != nil {
		return s, err
	}
	if len(limits) == 0 || limits.Kind() == pyjson.Null {
		return s, nil
	}
	if s.Max, err = dimsOf(limits, true); err != nil {
		return s, err
	}
	if len(s.Max) != len(s.Dims) {
		return s, fmt.Errorf("%d limits of %d dimensions", len(s.Max), len(s.Dims))
	}
	for i, m := range s.Max {
		if m != 0 && m < s.Dims[i] {
			return s, fmt.Errorf("dimension %d is %d, its limit %d", i, s.Dims[i], m)
		}
	}
	return s, nil
}

// CheckExtent is an error of more elements than a dataset or an attribute may have: 2^53, which JSON can count. A dimension of 0 is
// taken for 1, so that a dataset stays countable when it grows.
func CheckExtent(dims []uint64) error {
	n := uint64(1)
	for _, d := range dims {
		if d > (1<<53)/n {
			return fmt.Errorf("%v are too many elements", dims)
		}
		n *= max(d, 1)
	}
	return nil
}

// dimsOf reads extents, at most 32. With unlimited they may also be named H5S_UNLIMITED or null, which is 0.
func dimsOf(text pyjson.Raw, unlimited bool) ([]uint64, error) {
	items := text.Items()
	if text.Kind() == pyjson.Number || unlimited && text.Kind() == pyjson.String {
		items = []pyjson.Raw{text}
	} else if text.Kind() != pyjson.Array {
		return nil, fmt.Errorf("%.40q are not dimensions", text)
	}
	if len(items) > 32 {
		return nil, fmt.Errorf("%d dimensions, more than 32", len(items))
	}
	var out []uint64
	for _, d := range items {
		if unlimited && (d.Text() == "H5S_UNLIMITED" || d.Kind() == pyjson.Null) {
			out = append(out, 0)
			continue
		}
		n, err := d.Int()
		if err != nil || n < 0 || n > 1<<53 {
			return nil, fmt.Errorf("%.40q is not an extent", d)
		}
		out = append(out, uint64(n))
	}
	return out, nil
}

// typeOf reads the type in a request: a description, or the id of a committed type.
func (c *call) typeOf(d Domain, text pyjson.Raw) (*Type, error) {
	if len(text) == 0 {
		return nil, errText("no type key in body")
	}
	if id, ok := ParseID(text.Text()); ok {
		if id.Kind != DatatypeKind {
			return nil, errBad("%s is not a type's id", id)
		}
		o, err := one(c, d, id)
		if err != nil {
			return nil, err
		}
		t := *o.(Datatype).Type()
		t.Committed = id
		return &t, nil
	}
	t, err := ParseType(text)
	if err != nil {
		return nil, errBad("the type: %w", err)
	}
	t.Committed = ID{}
	return t, nil
}

// createdOf is the time that a client gives for what it makes, in seconds since 1970; 0 if that is not within an hour
// of now.
func createdOf(text pyjson.Raw) float64 {
	const drift = 3600
	t, err := text.Get("created").Float()
	if now := seconds(time.Now()); err != nil || t > now+drift || t < now-drift {
		return 0
	}
	return t
}

// checkName refuses names that a link or an attribute (what) cannot have. Only names of attributes may have a slash.
func checkName(what, name string, slash bool) error {
	switch {
	case name == "" || name == "." && !slash:
		return errBad("a %s has no name", what)
	case len(name) > 64<<10:
		return errBad("the name of a %s has %d bytes", what, len(name))
	case !slash && strings.Contains(name, "/"):
		return errText(what + " name contains slash")
	case strings.ContainsRune(name, 0):
		return errBad("the name of a %s has a NUL", what)
	}
	return nil
}

// linkOf reads a link in a request.
func linkOf(name string, text pyjson.Raw) (Link, error) {
	l := Link{Name: name, Created: createdOf(text)}
	if err := checkName("link", name, false); err != nil {
		return l, err
	}
	if err := errors.Join(expect(text, aText, "id", "h5path", "h5domain", "file", "class"), expect(text, aNumber, "created")); err != nil {
		return l, err
	}
	id, p := text.Get("id"), text.Get("h5path")
	switch {
	case id.Kind() == pyjson.String && p.Kind() == pyjson.String:
		return l, errBad("the link %q leads both to an id and to a path", name)
	case id.Kind() == pyjson.String:
		var ok bool
		if l.Target, ok = ParseID(id.Text()); !ok {
			return l, errBad("the link %q leads to %.60q, which is not an id", name, id)
		}
	case p.Kind() == pyjson.String && p.Text() != "":
		l.Path, l.Domain = p.Text(), cmp.Or(text.Get("h5domain").Text(), text.Get("file").Text())
		if l.Kind = SoftLink; l.Domain != "" {
			l.Kind = ExternalLink
		}
	default:
		return l, errText("link with no id or h5path")
	}
	if class := text.Get("class").Text(); class != "" && class != map[LinkKind]string{HardLink: "H5L_TYPE_HARD", SoftLink: "H5L_TYPE_SOFT", ExternalLink: "H5L_TYPE_EXTERNAL"}[l.Kind] {
		return l, errBad("the link %q is said to be %.40q, which does not fit what it has", name, class)
	}
	return l, nil
}

// attributeOf reads an attribute in a request. Its value is checked against its type and shape, and stored in one
// spelling.
func (c *call) attributeOf(d Domain, name string, text pyjson.Raw) (NewAttribute, error) {
	a := NewAttribute{Name: name, Created: createdOf(text)}
	if err := checkName("attribute", name, true); err != nil {
		return a, err
	}
	encoded, err := inBase64(text, "encoding")
	if err == nil {
		err = expect(text, aNumber, "created")
	}
	if err != nil {
		return a, err
	}
	if a.Type, err = c.typeOf(d, text.Get("type")); err != nil {
		return a, err
	}
	if a.Shape, err = shapeOf(text.Get("shape"), nil); err == nil {
		err = checkLists(a.Shape.Dims)
	}
	if err != nil {
		return a, errBad("the shape of the attribute %q: %w", name, err)
	}
	value := text.Get("value")
	width, fixed := a.Type.Width()
	switch {
	case a.Shape.Null:
		if len(value) > 0 && value.Kind() != pyjson.Null {
			return a, errBad("the attribute %q has a value, and a shape that has none", name)
		}
		a.Value = []byte("null")
		return a, nil
	case len(value) == 0 || value.Kind() == pyjson.Null:
		if uint64(width) > 0 && a.Shape.Elements() > uint64(c.Limits.Body)/uint64(width) {
			return a, errBad("the attribute %q has too many elements", name)
		}
		a.Value = []byte("null")
		return a, nil
	}
	var data []byte
	if encoded {
		if !fixed {
			return a, errBad("the attribute %q is of a variable type, which base64 is not for", name)
		}
		data, err = a.Type.decoded(value, a.Shape.Elements())
	} else {
		data, err = encodeValue(a.Type, a.Shape.Dims, value)
	}
	if err == nil {
		a.Value, err = valueJSON(a.Type, a.Shape.Dims, data)
	}
	if err != nil {
		return a, errBad("the value of the attribute %q: %w", name, err)
	}
	return a, nil
}

// attributeMap reads a map of attributes.
func (c *call) attributeMap(d Domain, text pyjson.Raw) ([]NewAttribute, error) {
	if text.Kind() != pyjson.Object {
		return nil, errBad("attributes are not a JSON object")
	}
	var out []NewAttribute
	for _, m := range text.Members() {
		a, err := c.attributeOf(d, m.Name, m.Value)
		if err != nil {
			return nil, err
		}
		out = append(out, a)
	}
	return out, nil
}
