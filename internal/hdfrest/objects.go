package hdfrest

// Groups, datasets and datatypes: their descriptions and the links of groups.

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/englacial/zagg/core"
)

// An include says what of an object is described besides its own properties.
type include struct {
	links      []Link // of a group; nil: not
	attributes bool
	alias      bool // the paths that lead to it
	verbose    bool // what a dataset takes
	class      bool // "class": "dataset"
	embedded   bool // in the map of a domain's objects: without what is the same for all
}

// getObject answers GET /groups/ID, /datasets/ID and /datatypes/ID.
func (c *call) getObject(id ID) (*Response, error) {
	d, err := c.open()
	if err != nil {
		return nil, err
	}
	if p := c.param("h5path"); p != "" && id.Kind == GroupKind {
		if id, err = c.resolve(d, id, p, 0); err != nil {
			return nil, err
		}
		if id.Kind != GroupKind {
			return nil, errStatus(http.StatusNotFound, "%s is in /%s", p, id.Kind.Collection())
		}
	}
	return c.describe(d, id, false)
}

// describe answers with the description of one object.
func (c *call) describe(d Domain, id ID, class bool) (*Response, error) {
	o, err := one(c, d, id)
	if err != nil {
		return nil, err
	}
	in := include{attributes: c.flag("include_attrs"), alias: c.flag("getalias"), verbose: c.flag("verbose"), class: class}
	if g, ok := o.(Group); ok && c.flag("include_links") {
		if in.links, err = g.Links(c.ctx); err != nil {
			return nil, err
		}
		if in.links == nil {
			in.links = []Link{}
		}
	}
	j, err := c.objectJSON(d, o, in)
	if err != nil {
		return nil, err
	}
	return c.tagged(d, j)
}

// objectJSON describes an object. Members are in the order in which HSDS has them.
func (c *call) objectJSON(d Domain, o Object, in include) (object, error) {
	info := d.Info()
	created, modified := times(d, o)
	j := object{{"id", o.ID().String()}, {"root", info.Root.String()}}
	links := []object{c.link("self", objectPath(o.ID()))}
	switch o := o.(type) {
	case Group:
		n, err := o.LinkCount(c.ctx)
		if err != nil {
			return nil, err
		}
		j = append(j, member{"created", created}, member{"lastModified", modified}, member{"linkCount", n})
		if in.links != nil {
			j = append(j, member{"links", linkMap(in.links, created)})
		}
		if m, ok := o.(Made); ok && m.Creation() != nil {
			j = append(j, member{"creationProperties", raw(m.Creation())})
		}
		links = append(links, c.link("links", objectPath(o.ID())+"/links"))
	case Dataset:
		shape := o.Shape()
		j = append(j, member{"shape", shapeJSON(shape, true)}, member{"type", o.Type().json()})
		p := creation(o)
		if empty, ok := p.(object); !ok || len(empty) > 0 || !in.embedded {
			j = append(j, member{"creationProperties", p})
		}
		if l := c.layout(o); l != nil {
			j = append(j, member{"layout", l})
		}
		j = append(j, member{"created", created}, member{"lastModified", modified})
	case Datatype:
		j = append(j, member{"created", created}, member{"lastModified", modified}, member{"type", o.Type().json()})
	}
	j, err := c.attributesJSON(j, o, in.attributes, created)
	if err != nil || in.embedded {
		return j, err
	}
	return c.rest(d, o, in, j, links)
}

// times are an object's own times, or else the domain's, in seconds since 1970.
func times(d Domain, o Object) (created, modified float64) {
	if t, ok := o.(Timed); ok {
		return t.Times()
	}
	at := seconds(d.Info().Modified)
	return at, at
}

func orTime(t, otherwise float64) float64 {
	if t == 0 {
		return otherwise
	}
	return t
}

// attributesJSON appends the number of attributes, and the attributes themselves if they are wanted.
func (c *call) attributesJSON(j object, o Object, all bool, at float64) (object, error) {
	list, err := o.Attributes(c.ctx)
	if err != nil {
		return nil, err
	}
	j = append(j, member{"attributeCount", len(list)})
	if !all {
		return j, nil
	}
	m := object{}
	for _, a := range list {
		v, err := c.attributeValue(&a)
		if err != nil {
			return nil, err
		}
		m = append(m, member{a.Name, object{{"type", a.Type.json()}, {"shape", shapeJSON(a.Shape, false)}, {"value", v}, {"created", orTime(a.Created, at)}}})
	}
	return append(j, member{"attributes", m}), nil
}

// rest appends what an object has only when it is asked for by itself.
func (c *call) rest(d Domain, o Object, in include, j object, links []object) (object, error) {
	info, id := d.Info(), o.ID()
	j = append(j, member{"domain", info.Name.Path})
	if id.Kind == GroupKind {
		j = append(j, member{"bucket", info.Name.Bucket})
	}
	if in.class {
		j = append(j, member{"class", strings.TrimSuffix(id.Kind.Collection(), "s")})
	}
	if in.alias {
		alias, err := c.aliases(d, id)
		if err != nil {
			return nil, err
		}
		j = append(j, member{"alias", alias})
	}
	links = append(links, c.link("root", objectPath(info.Root)), c.link("home", "/"), c.link("attributes", objectPath(id)+"/attributes"))
	if in.class { // it was asked for at the domain's address
		return append(j, member{"hrefs", append(c.domainLinks(info), c.link("home", "/"))}), nil
	}
	if ds, ok := o.(Dataset); ok {
		links = append(links, c.dataLink(id, ds.Shape())...)
		if in.verbose {
			chunks, bytes, err := ds.Stored(c.ctx)
			if err != nil {
				return nil, err
			}
			return append(j, member{"hrefs", links}, member{"num_chunks", chunks}, member{"allocated_size", bytes}), nil
		}
	}
	return append(j, member{"hrefs", links}), nil
}

// dataLink leads to the values of a dataset, and for a large one to a preview of at most 100.
func (c *call) dataLink(id ID, shape Shape) []object {
	const few = 100
	switch {
	case shape.Null:
		return nil
	case shape.Elements() <= few:
		return []object{c.link("data", objectPath(id)+"/value")}
	}
	rank := len(shape.Dims)
	cols, rows := min(shape.Dims[rank-1], few), uint64(1)
	if rank > 1 {
		rows = min(shape.Dims[rank-2], few)
	}
	if rows > cols && rows*cols > few {
		rows = few / cols
	} else if rows*cols > few {
		cols = few / rows
	}
	parts := make([]string, rank)
	for i := range parts {
		n := uint64(1)
		switch i {
		case rank - 1:
			n = cols
		case rank - 2:
			n = rows
		}
		parts[i] = fmt.Sprintf("0:%d", n)
	}
	href := c.href(objectPath(id) + "/value")
	sep := "?"
	if strings.Contains(href, "?") {
		sep = "&"
	}
	return []object{{{"rel", "preview"}, {"href", href + sep + "select=[" + strings.Join(parts, ",") + "]"}}}
}

// aliases are the paths that lead to an object by hard links; each goes through the first way that was found to its
// group.
func (c *call) aliases(d Domain, id ID) ([]string, error) {
	if id == d.Info().Root {
		return []string{"/"}, nil
	}
	w, ok, err := c.walkAll(d, 0)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, errStatus(http.StatusRequestEntityTooLarge, "the domain has more than %d objects", maxWalk)
	}
	out := []string{}
	for _, g := range w.order {
		for _, l := range w.links[g] {
			if l.Kind == HardLink && l.Target == id {
				out = append(out, w.parent[g]+"/"+l.Name)
			}
		}
	}
	return out, nil
}

// links

func linkMap(links []Link, at float64) object {
	m := object{}
	for _, l := range byName(links, func(l Link) string { return l.Name }) {
		m = append(m, member{l.Name, append(linkTarget(&l), member{"created", orTime(l.Created, at)})})
	}
	return m
}

func linkTarget(l *Link) object {
	switch l.Kind {
	case HardLink:
		return object{{"id", l.Target.String()}, {"class", "H5L_TYPE_HARD"}}
	case SoftLink:
		return object{{"h5path", l.Path}, {"class", "H5L_TYPE_SOFT"}}
	}
	if l.Kind == UserLink {
		return object{{"class", "H5L_TYPE_USER_DEFINED"}}
	}
	o := object{{"h5path", l.Path}, {"h5domain", l.Domain}}
	if l.Kept { // h5pyd 1.0 sends what it reads back, and knows it by this name
		o = append(o, member{"file", l.Domain})
	}
	return append(o, member{"class", "H5L_TYPE_EXTERNAL"})
}

// linkJSON is a link in a list; with full also its address and the address of its target.
func (c *call) linkJSON(group ID, l *Link, at float64, full bool) object {
	j := append(linkTarget(l), member{"created", orTime(l.Created, at)}, member{"title", l.Name})
	if !full {
		return j
	}
	if l.Kind == HardLink {
		j = append(j, member{"collection", l.Target.Kind.Collection()}, member{"target", c.href(objectPath(l.Target))})
	}
	return append(j, member{"href", c.href(objectPath(group) + "/links/" + l.Name)})
}

// byName is a copy of a list, ordered by name.
func byName[T any](list []T, name func(T) string) []T {
	list = slices.Clone(list)
	slices.SortStableFunc(list, func(a, b T) int { return strings.Compare(name(a), name(b)) })
	return list
}

func linkName(l Link) string { return l.Name }

// group opens the domain of the request and returns it with the links of a group.
func (c *call) group(id ID) (Domain, []Link, error) {
	d, o, err := c.object(id)
	if err != nil {
		return nil, nil, err
	}
	links, err := o.(Group).Links(c.ctx)
	return d, links, err
}

// partLinks are the hrefs of a part of an object, such as its links.
func (c *call) partLinks(id ID, part string) []object {
	return []object{c.link("self", objectPath(id)+"/"+part), c.link("home", "/"), c.link("owner", objectPath(id))}
}

// wanted orders, filters and cuts a list according to the parameters CreateOrder, pattern, Limit and Marker.
func wanted[T any](c *call, list []T, name func(T) string) ([]T, error) {
	if !c.flag("CreateOrder") {
		list = byName(list, name)
	}
	if p := c.param("pattern"); p != "" {
		list = slices.DeleteFunc(slices.Clone(list), func(t T) bool { return !matches(p, name(t)) })
	}
	return page(c, list, name)
}

// getLinks answers GET /groups/ID/links.
func (c *call) getLinks(id ID) (*Response, error) {
	d, links, err := c.group(id)
	if err != nil {
		return nil, err
	}
	at := seconds(d.Info().Modified)
	if c.flag("follow_links") {
		return c.followLinks(d, id, at)
	}
	if titles := c.param("titles"); titles != "" {
		return c.linksOf(d, id, links, strings.Split(titles, "/"))
	}
	if links, err = wanted(c, links, linkName); err != nil {
		return nil, err
	}
	list := make([]object, len(links))
	for i := range links {
		list[i] = c.linkJSON(id, &links[i], at, true)
	}
	return c.tagged(d, object{{"links", list}, {"hrefs", c.partLinks(id, "links")}})
}

// followLinks answers with the links of a group and of all groups below it.
func (c *call) followLinks(d Domain, id ID, at float64) (*Response, error) {
	all := object{}
	seen := map[ID]bool{id: true}
	for todo := []ID{id}; len(todo) > 0; todo = todo[1:] {
		o, err := one(c, d, todo[0])
		if core.Is(err, core.NotFound) && todo[0] != id { // it was removed, and the link to it was not
			continue
		}
		if err != nil {
			return nil, err
		}
		links, err := o.(Group).Links(c.ctx)
		if err != nil {
			return nil, err
		}
		for _, l := range links { // also through those that are not wanted
			if t := l.Target; l.Kind == HardLink && t.Kind == GroupKind && !seen[t] {
				seen[t] = true
				todo = append(todo, t)
			}
		}
		if links, err = wanted(c, links, linkName); err != nil {
			return nil, err
		}
		list := make([]object, len(links))
		for i := range links {
			list[i] = c.linkJSON(todo[0], &links[i], at, false)
		}
		all = append(all, member{todo[0].String(), list})
	}
	return c.tagged(d, object{{"links", all}, {"hrefs", c.partLinks(id, "links")}})
}

// linksOf answers with some links of a group, by their names; with all if no name is given.
func (c *call) linksOf(d Domain, id ID, links []Link, titles []string) (*Response, error) {
	at := seconds(d.Info().Modified)
	list := []object{}
	if len(titles) == 0 {
		for _, l := range byName(links, linkName) {
			titles = append(titles, l.Name)
		}
	}
	for _, title := range titles {
		i := slices.IndexFunc(links, func(l Link) bool { return l.Name == title })
		if i < 0 {
			return nil, core.Errorf(core.NotFound, "hdfrest", id.String(), "there is no link %q", title)
		}
		list = append(list, c.linkJSON(id, &links[i], at, false))
	}
	return c.tagged(d, object{{"links", list}})
}

// postLinks answers POST /groups/ID/links with {"titles": […]}.
func (c *call) postLinks(id ID) (*Response, error) {
	var body struct{ Titles []string }
	if err := c.decode(&body); err != nil {
		return nil, err
	}
	d, links, err := c.group(id)
	if err != nil {
		return nil, err
	}
	return c.linksOf(d, id, links, body.Titles)
}

// getLink answers GET /groups/ID/links/NAME.
func (c *call) getLink(id ID, name string) (*Response, error) {
	d, err := c.open()
	if err != nil {
		return nil, err
	}
	l, err := c.findLink(d, id, name)
	if err != nil {
		return nil, err
	}
	at := orTime(l.Created, seconds(d.Info().Modified))
	j := append(object{{"title", l.Name}}, linkTarget(l)...)
	hrefs := c.partLinks(id, "links/"+name)
	if l.Kind == HardLink {
		j = append(j, member{"collection", l.Target.Kind.Collection()})
		hrefs = append(hrefs, c.link("target", objectPath(l.Target)))
	}
	return c.tagged(d, object{{"link", j}, {"created", at}, {"lastModified", at}, {"hrefs", hrefs}})
}

// bodyHas reports whether the body is JSON with a member of a name: that tells a question from a change, as both are
// POST.
func (c *call) bodyHas(name string) bool {
	var m map[string]json.RawMessage
	return checkDepth(c.req.Body) == nil && json.Unmarshal(c.req.Body, &m) == nil && m[name] != nil
}

// decode reads the body into a value; a body that is not JSON is a 400 with HSDS's text.
func (c *call) decode(into any) error {
	err := checkDepth(c.req.Body)
	if err == nil {
		err = json.Unmarshal(c.req.Body, into)
	}
	if err != nil {
		return &statusError{http.StatusBadRequest, "Unable to load JSON body", err}
	}
	return nil
}
