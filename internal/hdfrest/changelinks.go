package hdfrest

import (
	"cmp"
	"errors"
	"net/http"
	"strings"

	"github.com/englacial/zagg/internal/hdfrest/pyjson"
)

// putLink answers PUT /groups/ID/links/NAME.
func (c *call) putLink(id ID, name string) (*Response, error) {
	w, err := c.openFor(createRight)
	if err != nil {
		return nil, err
	}
	body, err := c.objectBody("PUT Link with no body")
	if err != nil {
		return nil, err
	}
	l, err := linkOf(name, body)
	if err != nil {
		return nil, err
	}
	made, err := c.setLinks(w, []LinkSet{{id, []Link{l}}})
	if err != nil {
		return nil, err
	}
	status := http.StatusOK
	if made {
		status = http.StatusCreated
	}
	return c.done(status, object{{"hrefs", []object{}}})
}

// setLinks makes links whose targets must be there.
func (c *call) setLinks(w Writable, sets []LinkSet) (bool, error) {
	var targets []ID
	for _, s := range sets {
		if s.Group.Kind != GroupKind {
			return false, errBad("%s is not a group", s.Group)
		}
		for _, l := range s.Links {
			if l.Kind == HardLink {
				targets = append(targets, l.Target)
			}
		}
	}
	if _, err := w.Objects(c.ctx, targets...); err != nil {
		return false, err
	}
	return w.SetLinks(c.ctx, sets)
}

// linkMapOf reads a map of links.
func linkMapOf(text pyjson.Raw) ([]Link, error) {
	if text.Kind() != pyjson.Object {
		return nil, errBad("links are not a JSON object")
	}
	var out []Link
	for _, m := range text.Members() {
		l, err := linkOf(m.Name, m.Value)
		if err != nil {
			return nil, err
		}
		out = append(out, l)
	}
	return out, nil
}

// idsOf reads a list of ids, of which there is at least one.
func idsOf(list pyjson.Raw) ([]ID, error) {
	var out []ID
	if len(list.Items()) == 0 {
		return nil, errBad("%.40q is no list of ids", list)
	}
	for _, item := range list.Items() {
		id, ok := ParseID(item.Text())
		if !ok {
			return nil, errBad("%.60q is not an id", item)
		}
		out = append(out, id)
	}
	return out, nil
}

// putLinks answers PUT /groups/ID/links: links for the group, the same for several, or for each of several its own.
func (c *call) putLinks(id ID) (*Response, error) {
	w, err := c.openFor(createRight)
	if err != nil {
		return nil, err
	}
	body, err := c.objectBody("PUT Links with no body")
	if err != nil {
		return nil, err
	}
	if err := expect(body, aMap+aList, "grp_ids"); err != nil {
		return nil, err
	}
	var sets []LinkSet
	groups := body.Get("grp_ids")
	if groups.Kind() == pyjson.Object {
		for _, m := range groups.Members() {
			g, ok := ParseID(m.Name)
			if !ok {
				return nil, errBad("%.60q is not an id", m.Name)
			}
			links, err := linkMapOf(m.Value.Get("links"))
			if err != nil {
				return nil, err
			}
			sets = append(sets, LinkSet{g, links})
		}
	} else {
		links, err := linkMapOf(body.Get("links"))
		if err != nil {
			return nil, err
		}
		ids := []ID{id}
		if groups.Kind() == pyjson.Array {
			if ids, err = idsOf(groups); err != nil {
				return nil, err
			}
		}
		for _, g := range ids {
			sets = append(sets, LinkSet{g, links})
		}
	}
	if _, err := c.setLinks(w, sets); err != nil {
		return nil, err
	}
	return c.done(http.StatusCreated, object{})
}

// names are those of a parameter, separated by another.
func (c *call) names(key string) []string {
	text := c.param(key)
	if text == "" {
		return nil
	}
	return strings.Split(text, cmp.Or(c.param("separator"), "/"))
}

// deleteLinks answers DELETE /groups/ID/links?titles=…, and that of one link.
func (c *call) deleteLinks(id ID, names []string) (*Response, error) {
	w, err := c.openFor(deleteRight)
	if err != nil {
		return nil, err
	}
	if len(names) == 0 {
		return nil, errText("expected titles param")
	}
	if err := w.RemoveLinks(c.ctx, id, names); err != nil {
		return nil, err
	}
	return c.done(http.StatusOK, object{{"hrefs", []object{}}})
}

// attributeTries is how often a value is made anew because the attribute's type was changed meanwhile.
const attributeTries = 10

// putAttribute answers PUT /…/ID/attributes/NAME, and NAME/value.
func (c *call) putAttribute(id ID, name string) (*Response, error) {
	w, err := c.openFor(createRight)
	if err != nil {
		return nil, err
	}
	if short, ok := strings.CutSuffix(name, "/value"); ok {
		r, err := c.putAttributeValue(w, id, short)
		for try := 0; errors.Is(err, ErrOtherType) && try < attributeTries; try++ {
			if w, err = c.openFor(createRight); err == nil {
				r, err = c.putAttributeValue(w, id, short)
			}
		}
		return r, err
	}
	body, err := c.objectBody("PUT Attribute with no body")
	if err != nil {
		return nil, err
	}
	a, err := c.attributeOf(w, name, body)
	if err != nil {
		return nil, err
	}
	if err := w.SetAttributes(c.ctx, []AttributeSet{{ID: id, Attributes: []NewAttribute{a}, Replace: c.flag("replace")}}); err != nil {
		return nil, err
	}
	return c.done(http.StatusCreated, object{})
}

// putAttributeValue changes the value of an attribute that is there.
func (c *call) putAttributeValue(w Writable, id ID, name string) (*Response, error) {
	o, err := one(c, w, id)
	if err != nil {
		return nil, err
	}
	list, err := o.Attributes(c.ctx)
	if err != nil {
		return nil, err
	}
	for _, a := range list {
		if a.Name != name {
			continue
		}
		data := c.req.Body
		_, fixed := a.Type.Width()
		if !strings.HasPrefix(c.req.Header.Get("Content-Type"), "application/octet-stream") {
			body, err := c.objectBody("PUT Attribute with no body")
			if err != nil {
				return nil, err
			}
			if data, err = encodeValue(a.Type, a.Shape.Dims, body.Get("value")); err != nil {
				return nil, errBad("the value: %w", err)
			}
		} else if err := a.Type.holds(data, a.Shape.Elements()); err != nil || !fixed {
			return nil, errBad("the value, which must be of a fixed size: %w", err)
		}
		value, err := valueJSON(a.Type, a.Shape.Dims, data)
		if err != nil {
			return nil, errBad("the value: %w", err)
		}
		changed := NewAttribute{Name: name, Type: a.Type, Shape: a.Shape, Value: value}
		if err := w.SetAttributes(c.ctx, []AttributeSet{{ID: id, Attributes: []NewAttribute{changed}, Replace: true, Change: true}}); err != nil {
			return nil, err
		}
		return c.done(http.StatusOK, object{})
	}
	return nil, &statusError{status: http.StatusNotFound}
}

// putAttributes answers PUT /…/ID/attributes: attributes for the object, the same for several, or for each of several its own.
// The last form is how h5pyd 1.0 changes values, and has no way to say so: what is there is replaced.
func (c *call) putAttributes(id ID) (*Response, error) {
	w, err := c.openFor(createRight)
	if err != nil {
		return nil, err
	}
	body, err := c.objectBody("PUT Attributes with no body")
	if err != nil {
		return nil, err
	}
	if err := errors.Join(expect(body, aMap+aList, "obj_ids"), expect(body, aFlag, "replace")); err != nil {
		return nil, err
	}
	var sets []AttributeSet
	replace := c.flag("replace") || body.Get("replace").Bool()
	ids := body.Get("obj_ids")
	if ids.Kind() == pyjson.Object {
		for _, m := range ids.Members() {
			target, ok := ParseID(m.Name)
			if !ok {
				return nil, errBad("%.60q is not an id", m.Name)
			}
			list, err := c.attributeMap(w, m.Value.Get("attributes"))
			if err != nil {
				return nil, err
			}
			sets = append(sets, AttributeSet{ID: target, Attributes: list, Replace: true})
		}
	} else {
		if body.Get("attributes") == nil {
			return nil, errBad("there are no attributes in the body")
		}
		list, err := c.attributeMap(w, body.Get("attributes"))
		if err != nil {
			return nil, err
		}
		targets := []ID{id}
		if ids.Kind() == pyjson.Array {
			if targets, err = idsOf(ids); err != nil {
				return nil, err
			}
		}
		for _, t := range targets {
			sets = append(sets, AttributeSet{ID: t, Attributes: list, Replace: replace})
		}
	}
	if err := w.SetAttributes(c.ctx, sets); err != nil {
		return nil, err
	}
	return c.done(http.StatusCreated, object{})
}

// deleteAttributes answers DELETE /…/ID/attributes?attr_names=…, and that of one attribute.
func (c *call) deleteAttributes(id ID, names []string) (*Response, error) {
	w, err := c.openFor(deleteRight)
	if err != nil {
		return nil, err
	}
	if len(names) == 0 {
		return nil, errText("expected attr_names param")
	}
	if err := w.RemoveAttributes(c.ctx, id, names); err != nil {
		return nil, err
	}
	return c.done(http.StatusOK, object{{"hrefs", []object{}}})
}
