package hsds

import (
	"encoding/base64"
	"fmt"

	"github.com/englacial/zagg/internal/hdfrest"
	"github.com/englacial/zagg/internal/hdfrest/pyjson"
)

const (
	maxDepth = 64       // of JSON
	maxMeta  = 64 << 20 // bytes of an object of metadata
	maxRank  = 32
)

// A domainMeta is a .domain.json.
type domainMeta struct {
	members           []pyjson.Member // all, in their order: what is not known here is kept when it is written
	root              hdfrest.ID
	folder            bool // it has no root
	owner             string
	acls              []entryACL
	created, modified float64
}

type entryACL struct {
	user   string
	rights hdfrest.Rights
	given  bool
}

func seconds(m pyjson.Raw) float64 {
	f, _ := m.Float() // what has none is given 0
	return f
}

func parseDomain(text []byte) (*domainMeta, error) {
	all, err := pyjson.Check(text, maxDepth)
	if err != nil {
		return nil, err
	}
	if all.Kind() != pyjson.Object {
		return nil, fmt.Errorf("is not a JSON object")
	}
	d := &domainMeta{members: all.Members(), owner: all.Get("owner").Text(), created: seconds(all.Get("created")), modified: seconds(all.Get("lastModified"))}
	if root := all.Get("root"); root == nil || root.Kind() == pyjson.Null {
		d.folder = true
	} else if id, ok := hdfrest.ParseID(root.Text()); ok && id.Kind == hdfrest.GroupKind {
		d.root = id
	} else {
		return nil, fmt.Errorf("the root %.60q is not a group's id", root)
	}
	for _, m := range all.Get("acls").Members() {
		d.acls = append(d.acls, entryACL{m.Name, parseRights(m.Value), m.Value.Get("domain") != nil})
	}
	return d, nil
}

func parseRights(m pyjson.Raw) hdfrest.Rights {
	return hdfrest.Rights{Create: m.Get("create").Bool(), Read: m.Get("read").Bool(), Update: m.Get("update").Bool(),
		Delete: m.Get("delete").Bool(), ReadACL: m.Get("readACL").Bool(), UpdateACL: m.Get("updateACL").Bool()}
}

// An objectMeta is the metadata of a group, a dataset or a committed type.
type objectMeta struct {
	members           []pyjson.Member
	id, root          hdfrest.ID
	created, modified float64
	creation          pyjson.Raw // creationProperties; nil: none
	ordered           bool       // links and attributes are to be listed in the order of their creation
	attributes        []pyjson.Member
	links             []hdfrest.Link
	t                 *hdfrest.Type
	dataset           *layoutMeta
	pending           *pending // nil: nothing is
	joints            []joint
}

// parseObject reads the metadata of an object of an id.
func parseObject(id hdfrest.ID, text []byte) (*objectMeta, error) {
	all, err := pyjson.Check(text, maxDepth)
	if err != nil {
		return nil, err
	}
	o := &objectMeta{members: all.Members(), id: id, created: seconds(all.Get("created")), modified: seconds(all.Get("lastModified"))}
	if got := all.Get("id").Text(); got != id.String() {
		return nil, fmt.Errorf("it is of the object %.60q", got)
	}
	root, ok := hdfrest.ParseID(all.Get("root").Text())
	if !ok || root.Kind != hdfrest.GroupKind {
		return nil, fmt.Errorf("the root %.60q is not a group's id", all.Get("root"))
	}
	o.root = root
	if c := all.Get("creationProperties"); c.Kind() == pyjson.Object {
		o.creation = c
		o.ordered = c.Get("CreateOrder").Bool()
	}
	o.pending, o.joints = parsePending(all.Get(pendingName)), parseJoints(all.Get(togetherName))
	o.attributes = all.Get("attributes").Members()
	switch id.Kind {
	case hdfrest.GroupKind:
		o.links, err = parseLinks(all.Get("links"))
	case hdfrest.DatatypeKind:
		o.t, err = hdfrest.ParseType(all.Get("type"))
	default:
		if o.t, err = hdfrest.ParseType(all.Get("type")); err == nil {
			o.dataset, err = parseLayout(all, o.t)
		}
	}
	if err != nil {
		return nil, err
	}
	return o, nil
}

func parseLinks(m pyjson.Raw) ([]hdfrest.Link, error) {
	var out []hdfrest.Link
	for _, l := range m.Members() {
		link := hdfrest.Link{Kept: true, Name: l.Name, Created: seconds(l.Value.Get("created")), Path: l.Value.Get("h5path").Text()}
		switch class := l.Value.Get("class").Text(); class {
		case "H5L_TYPE_HARD":
			id, ok := hdfrest.ParseID(l.Value.Get("id").Text())
			if !ok {
				return nil, fmt.Errorf("the link %q leads to %.60q, which is not an id", l.Name, l.Value.Get("id"))
			}
			link.Target = id
		case "H5L_TYPE_SOFT":
			link.Kind = hdfrest.SoftLink
		case "H5L_TYPE_EXTERNAL":
			link.Kind = hdfrest.ExternalLink
			for _, name := range []string{"h5domain", "file", "domain"} {
				if link.Domain == "" {
					link.Domain = l.Value.Get(name).Text()
				}
			}
		default:
			link.Kind = hdfrest.UserLink
		}
		out = append(out, link)
	}
	return out, nil
}

func parseShape(m pyjson.Raw) (hdfrest.Shape, error) {
	var s hdfrest.Shape
	switch class := m.Get("class").Text(); class {
	case "H5S_NULL":
		s.Null = true
		return s, nil
	case "H5S_SCALAR":
		return s, nil
	case "H5S_SIMPLE":
	default:
		return s, fmt.Errorf("the class %.40q of a shape is not known", class)
	}
	dims, err := extents(m.Get("dims"))
	if err != nil {
		return s, err
	}
	s.Dims = dims
	if limits := m.Get("maxdims"); len(limits.Items()) > 0 {
		if s.Max, err = extents(limits); err == nil && len(s.Max) != len(s.Dims) {
			err = fmt.Errorf("%d limits of %d dimensions", len(s.Max), len(s.Dims))
		}
	}
	return s, err
}

// extents are numbers of elements; "H5S_UNLIMITED" and null are 0.
func extents(m pyjson.Raw) ([]uint64, error) {
	items := m.Items()
	if len(items) > maxRank {
		return nil, fmt.Errorf("%d dimensions, more than %d", len(items), maxRank)
	}
	out := make([]uint64, len(items))
	for i, d := range items {
		if d.Text() == "H5S_UNLIMITED" || d.Kind() == pyjson.Null {
			continue
		}
		n, err := d.Int()
		if err != nil || n < 0 {
			return nil, fmt.Errorf("%.40q is not an extent", d)
		}
		out[i] = uint64(n)
	}
	return out, nil
}

// attribute presents an attribute.
func attribute(m pyjson.Member) (hdfrest.Attribute, error) {
	t, err := hdfrest.ParseType(m.Value.Get("type"))
	if err != nil {
		return hdfrest.Attribute{}, fmt.Errorf("the attribute %q: %w", m.Name, err)
	}
	shape, err := parseShape(m.Value.Get("shape"))
	if err != nil {
		return hdfrest.Attribute{}, fmt.Errorf("the attribute %q: %w", m.Name, err)
	}
	return hdfrest.Attribute{Name: m.Name, Type: t, Shape: shape, Created: seconds(m.Value.Get("created"))}, nil
}

// fillOf is an element that was never written.
func fillOf(t *hdfrest.Type, creation pyjson.Raw) ([]byte, error) {
	width, fixed := t.Width()
	value := creation.Get("fillValue")
	if !fixed || value == nil || value.Kind() == pyjson.Null {
		return make([]byte, width), nil
	}
	if creation.Get("fillValue_encoding").Text() == "base64" {
		fill, err := base64.StdEncoding.DecodeString(value.Text())
		if err != nil || len(fill) != width {
			return nil, fmt.Errorf("the fill value %.60q is not base64 of %d bytes", value, width)
		}
		return fill, nil
	}
	fill, err := hdfrest.DecodeStored(t, nil, value)
	if err != nil {
		return nil, fmt.Errorf("the fill value: %w", err)
	}
	return fill, nil
}
