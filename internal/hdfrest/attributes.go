package hdfrest

import (
	"encoding/base64"
	"net/http"
	"slices"
	"strings"

	"github.com/englacial/zagg/core"
)

// attributeValue is an attribute's value as JSON; null if it has no elements.
func (c *call) attributeValue(a *Attribute) (raw, error) {
	if a.Shape.Null {
		return raw("null"), nil
	}
	data, err := a.Value(c.ctx)
	if err != nil {
		return nil, err
	}
	if int64(len(data)) > c.Limits.JSON {
		return nil, errTooLong
	}
	return render{c.flag("ignore_nan")}.values(nil, a.Type, a.Shape.Dims, data)
}

func (c *call) attributesOf(id ID) (Domain, []Attribute, error) {
	d, o, err := c.object(id)
	if err != nil {
		return nil, nil, err
	}
	list, err := o.Attributes(c.ctx)
	return d, list, err
}

func attributeName(a Attribute) string { return a.Name }

// attributeJSON is an attribute in a list.
func (c *call) attributeJSON(id ID, a *Attribute, at float64, href bool) (object, error) {
	j := object{{"created", orTime(a.Created, at)}, {"type", a.Type.json()}, {"shape", shapeJSON(a.Shape, false)}, {"name", a.Name}}
	if c.flag("IncludeData") {
		v, err := c.attributeValue(a)
		if err != nil {
			return nil, err
		}
		j = append(j, member{"value", v})
	}
	if href {
		j = append(j, member{"href", c.href(objectPath(id) + "/attributes/" + a.Name)})
	}
	return j, nil
}

// getAttributes answers GET /…/ID/attributes.
func (c *call) getAttributes(id ID) (*Response, error) {
	d, list, err := c.attributesOf(id)
	if err != nil {
		return nil, err
	}
	if names := c.param("attr_names"); names != "" {
		return c.namedAttributes(d, id, list, strings.Split(names, "/"))
	}
	if list, err = wanted(c, list, attributeName); err != nil {
		return nil, err
	}
	return c.attributeList(d, id, list, true)
}

// attributeList answers with attributes; hrefs are left out where they were asked for by name.
func (c *call) attributeList(d Domain, id ID, list []Attribute, hrefs bool) (*Response, error) {
	at := seconds(d.Info().Modified)
	out := make([]object, len(list))
	for i := range list {
		var err error
		if out[i], err = c.attributeJSON(id, &list[i], at, hrefs); err != nil {
			return nil, tooLong(err)
		}
	}
	j := object{{"attributes", out}}
	if hrefs {
		j = append(j, member{"hrefs", c.partLinks(id, "attributes")})
	}
	return c.tagged(d, j)
}

func tooLong(err error) error {
	if err == errTooLong {
		return errStatus(http.StatusRequestEntityTooLarge, "the value is too long for JSON; ask for it as application/octet-stream")
	}
	return err
}

// postAttributes answers POST /…/ID/attributes with {"attr_names": […]}.
func (c *call) postAttributes(id ID) (*Response, error) {
	var body struct {
		Names []string `json:"attr_names"`
	}
	if err := c.decode(&body); err != nil {
		return nil, err
	}
	d, list, err := c.attributesOf(id)
	if err != nil {
		return nil, err
	}
	return c.namedAttributes(d, id, list, body.Names)
}

// namedAttributes answers with the attributes of some names, all of which must be there; of no names, with all.
func (c *call) namedAttributes(d Domain, id ID, list []Attribute, names []string) (*Response, error) {
	if len(names) == 0 {
		return c.attributeList(d, id, byName(list, attributeName), false)
	}
	var found []Attribute
	for _, n := range names {
		if i := slices.IndexFunc(list, func(a Attribute) bool { return a.Name == n }); i >= 0 {
			found = append(found, list[i])
		}
	}
	if len(found) < len(names) {
		return nil, core.Errorf(core.NotFound, "hdfrest", id.String(), "there are %d of these %d attributes", len(found), len(names))
	}
	return c.attributeList(d, id, found, false)
}

// getAttribute answers GET /…/ID/attributes/NAME, and NAME/value.
func (c *call) getAttribute(id ID, name string) (*Response, error) {
	d, list, err := c.attributesOf(id)
	if err != nil {
		return nil, err
	}
	find := func(n string) int { return slices.IndexFunc(list, func(a Attribute) bool { return a.Name == n }) }
	if i := find(name); i >= 0 {
		return c.oneAttribute(d, id, &list[i])
	}
	if short, ok := strings.CutSuffix(name, "/value"); ok {
		if i := find(short); i >= 0 {
			return c.attributeBytes(d, id, &list[i])
		}
	}
	return nil, core.Errorf(core.NotFound, "hdfrest", id.String(), "there is no attribute %q", name)
}

func (c *call) oneAttribute(d Domain, id ID, a *Attribute) (*Response, error) {
	at := orTime(a.Created, seconds(d.Info().Modified))
	j := object{{"name", a.Name}, {"type", a.Type.json()}, {"shape", shapeJSON(a.Shape, false)}}
	_, fixed := a.Type.Width()
	encoded := c.param("encoding") == "base64" && fixed && !a.Shape.Null
	switch {
	case c.param("IncludeData") != "" && !c.flag("IncludeData"):
	case encoded:
		data, err := a.Value(c.ctx)
		if err != nil {
			return nil, err
		}
		j = append(j, member{"value", base64.StdEncoding.EncodeToString(data)})
	default:
		v, err := c.attributeValue(a)
		if err != nil {
			return nil, tooLong(err)
		}
		j = append(j, member{"value", v})
	}
	j = append(j, member{"created", at}, member{"lastModified", at})
	if encoded {
		j = append(j, member{"encoding", "base64"})
	}
	return c.tagged(d, append(j, member{"hrefs", c.partLinks(id, "attributes/"+a.Name)}))
}

// attributeBytes answers with the value alone: binary, or JSON, which is what values of variable length always are.
func (c *call) attributeBytes(d Domain, id ID, a *Attribute) (*Response, error) {
	if a.Shape.Null {
		return nil, errText("Null space attributes can not be read")
	}
	if _, fixed := a.Type.Width(); c.binary() && fixed {
		data, err := a.Value(c.ctx)
		if err != nil {
			return nil, err
		}
		return c.bytes(d, data)
	}
	v, err := c.attributeValue(a)
	if err != nil {
		return nil, tooLong(err)
	}
	return c.tagged(d, object{{"value", v}, {"hrefs", c.partLinks(id, "attributes/"+a.Name)}})
}
