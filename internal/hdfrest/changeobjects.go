package hdfrest

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/englacial/zagg/internal/hdfrest/pyjson"
)

// maxBatch is how many objects one request makes.
const maxBatch = 10_000

// postObjects answers POST /groups, /datasets and /datatypes: one new object, or several, of which all or none are made.
func (c *call) postObjects(kind Kind) (*Response, error) {
	w, err := c.openFor(createRight)
	if err != nil {
		return nil, err
	}
	body, err := c.body()
	if err != nil {
		return nil, err
	}
	items := body.Items()
	if body.Kind() != pyjson.Array {
		items = []pyjson.Raw{body}
	}
	if len(items) == 0 || len(items) > maxBatch {
		return nil, errBad("%d objects, not 1 to %d", len(items), maxBatch)
	}
	list := make([]NewObject, len(items))
	for i, item := range items {
		if list[i], err = c.newObject(w, kind, item); err != nil {
			if len(items) > 1 {
				if e, ok := err.(*statusError); ok && e.text == "" {
					return nil, errStatus(e.status, "object %d: %w", i, err)
				}
			}
			return nil, err
		}
	}
	if err := c.linksLead(w, list); err != nil {
		return nil, err
	}
	made, err := w.Create(c.ctx, list)
	if err != nil {
		return nil, err
	}
	out := make([]object, len(made))
	for i, o := range made {
		if out[i], err = c.madeJSON(w, o); err != nil {
			return nil, err
		}
	}
	if len(out) == 1 {
		return c.done(http.StatusCreated, out[0])
	}
	return c.done(http.StatusCreated, object{{"objects", out}})
}

// linksLead is an error of links of new groups, and of datasets that have their chunks' places in a table, that lead to nothing.
func (c *call) linksLead(w Writable, list []NewObject) error {
	var targets []ID
	old := func(id ID) bool { return !slices.ContainsFunc(list, func(n NewObject) bool { return n.ID == id }) }
	for _, o := range list {
		for _, l := range o.Links {
			if l.Kind == HardLink && old(l.Target) {
				targets = append(targets, l.Target)
			}
		}
		if table, ok := ParseID(pyjson.Raw(o.Layout).Get("chunk_table").Text()); ok && old(table) {
			targets = append(targets, table)
		}
	}
	_, err := w.Objects(c.ctx, targets...)
	return err
}

// madeJSON describes an object that was made.
func (c *call) madeJSON(d Domain, o Object) (object, error) {
	return c.objectJSON(d, o, include{embedded: true})
}

// newObject reads what is asked for of one object.
func (c *call) newObject(w Writable, kind Kind, body pyjson.Raw) (NewObject, error) {
	o := NewObject{Kind: kind, Created: createdOf(body)}
	if len(body) > 0 && body.Kind() != pyjson.Object {
		return o, errBad("an object is described by a JSON object")
	}
	root := w.Info().Root
	if id := body.Get("id"); id != nil {
		var ok bool
		if o.ID, ok = ParseID(id.Text()); !ok || o.ID.Kind != kind || o.ID.Old {
			return o, errText("Invalid " + noun(kind.Collection()) + " id: " + id.Text())
		}
		if o.ID.Domain != root.Domain || o.ID == root {
			return o, errText("id: " + id.Text() + " is not valid for root: " + root.String())
		}
	}
	p, err := objectOr(body, "creationProperties")
	if err != nil {
		return o, err
	}
	o.Creation = p
	if err := errors.Join(expect(p, aFlag, "CreateOrder"), expect(body, aNumber, "created")); err != nil {
		return o, err
	}
	if list := body.Get("attributes"); list != nil {
		if o.Attributes, err = c.attributeMap(w, list); err != nil {
			return o, err
		}
	}
	if err := c.placeOf(w, &o, body); err != nil {
		return o, err
	}
	if kind == GroupKind {
		if links := body.Get("links"); links != nil {
			o.Links, err = linkMapOf(links)
		}
		return o, err
	}
	if o.Type, err = c.typeOf(w, body.Get("type")); err != nil || kind == DatatypeKind {
		return o, err
	}
	limits := body.Get("maxdims")
	if o.Shape, err = shapeOf(body.Get("shape"), limits); err != nil {
		return o, errBad("the shape: %w", err)
	}
	if err := o.lay(p); err != nil {
		return o, errBad("creationProperties: %w", err)
	}
	return o, c.firstValue(&o, body)
}

// placeOf reads where an object is to be linked.
func (c *call) placeOf(w Writable, o *NewObject, body pyjson.Raw) error {
	link, err := objectOr(body, "link")
	if err == nil {
		err = expect(body, aText, "h5path")
	}
	if err != nil {
		return err
	}
	if text := body.Get("h5path"); text.Kind() == pyjson.String {
		if link != nil {
			return errBad("an object is to have both a link and an h5path")
		}
		p := strings.Trim(text.Text(), "/")
		folder := ""
		if i := strings.LastIndexByte(p, '/'); i >= 0 {
			folder, p = p[:i], p[i+1:]
		}
		id, err := c.resolve(w, w.Info().Root, folder, 0)
		if err != nil {
			return &statusError{http.StatusNotFound, fmt.Sprintf("createLinkFromParent failed: not all groups in %s exist", strings.Trim(text.Text(), "/")), err}
		}
		o.Parent, o.Title = id, p
		return checkName("link", p, false)
	}
	if link == nil {
		return nil
	}
	var ok bool
	if o.Parent, ok = ParseID(link.Get("id").Text()); !ok || o.Parent.Kind != GroupKind {
		return errBad("the link's id %.60q is not a group's", link.Get("id"))
	}
	o.Title = link.Get("name").Text()
	return checkName("link", o.Title, false)
}

// firstValue reads the values that a new dataset is to have.
func (c *call) firstValue(o *NewObject, body pyjson.Raw) error {
	value := body.Get("value")
	if value == nil || value.Kind() == pyjson.Null {
		return nil
	}
	if o.Shape.Null || o.Layout != nil {
		return errBad("values for a dataset that has none of its own")
	}
	encoded, err := inBase64(body, "encoding", "value_encoding")
	switch {
	case err != nil:
	case encoded:
		o.Value, err = o.Type.decoded(value, o.Shape.Elements())
	default:
		o.Value, err = encodeValue(o.Type, o.Shape.Dims, value)
	}
	if err != nil {
		return errBad("the value: %w", err)
	}
	return nil
}

// decoded are n elements that are given as base64.
func (t *Type) decoded(value pyjson.Raw, n uint64) ([]byte, error) {
	if value.Kind() != pyjson.String {
		return nil, fmt.Errorf("%.40q is no base64", value)
	}
	data, err := base64.StdEncoding.DecodeString(value.Text())
	if err != nil {
		return nil, err
	}
	return data, t.holds(data, n)
}

// holds is an error of data that are not n elements.
func (t *Type) holds(data []byte, n uint64) error {
	width, fixed := t.Width()
	if fixed {
		if n != uint64(len(data)/width) || len(data)%width != 0 { // the product may be more than can be counted
			return fmt.Errorf("%d bytes for %d elements of %d", len(data), n, width)
		}
		return nil
	}
	for i := range n {
		w := t.width(data)
		if w < 0 || !t.whole(data[:w]) {
			return fmt.Errorf("element %d is cut off", i)
		}
		data = data[w:]
	}
	if len(data) > 0 {
		return fmt.Errorf("%d bytes follow the last element", len(data))
	}
	return nil
}

// deleteObject answers DELETE /groups/ID, /datasets/ID and /datatypes/ID.
func (c *call) deleteObject(id ID) (*Response, error) {
	w, err := c.openFor(deleteRight)
	if err != nil {
		return nil, err
	}
	if id == w.Info().Root {
		return nil, errStatus(http.StatusForbidden, "the root group cannot be removed")
	}
	if err := w.Remove(c.ctx, id); err != nil {
		return nil, err
	}
	return c.done(http.StatusOK, object{})
}
