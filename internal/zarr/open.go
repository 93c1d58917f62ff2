package zarr

// Opening groups and arrays.

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"github.com/englacial/zagg/core"
)

// maxDocument is the longest zarr.json that is read: consolidated metadata of some 30,000 arrays.
const maxDocument = 64 << 20

// A Group is an opened group. It is immutable and safe for concurrent use if its ObjectReader is.
type Group struct {
	URL   string          // without a slash at the end
	Attrs json.RawMessage // a JSON object

	src      core.ObjectReader
	children map[string]json.RawMessage // zarr.json of all nodes below by relative path; nil: not known
	along    string                     // the dimension that is fixed; "": none is
	place    int64                      // along it
}

// Fixed is the group at one place along a dimension: arrays that begin with this dimension are read there, and do not
// have it.
func (g *Group) Fixed(dim string, place int64) *Group {
	f := *g
	f.along, f.place = dim, place
	return &f
}

// A Member is a node below a group.
type Member struct {
	Path  string // relative to the group
	Array bool   // otherwise it is a group
}

// Open opens the group at url. If there is none the error is NotFound; a Zarr v2 store is Unsupported.
func Open(ctx context.Context, src core.ObjectReader, url string) (*Group, error) {
	url = strings.TrimRight(url, "/")
	raw, err := readDocument(ctx, src, url)
	if err != nil {
		return nil, err
	}
	return parseGroup(src, url, raw)
}

// readDocument reads the zarr.json at url.
func readDocument(ctx context.Context, src core.ObjectReader, url string) (json.RawMessage, error) {
	object := url + "/zarr.json"
	info, err := src.Stat(ctx, object)
	if core.Is(err, core.NotFound) {
		return nil, absent(ctx, src, url, err)
	}
	if err != nil {
		return nil, err
	}
	if info.Size > maxDocument {
		return nil, core.Errorf(core.Unsupported, opOpen, object, "metadata of %d bytes; at most %d are read", info.Size, maxDocument)
	}
	b, err := src.ReadRanges(ctx, object, []core.Range{{Offset: 0, Length: info.Size}})
	if err != nil {
		return nil, err
	}
	return b[0], nil
}

// absent says why there is no node at url: there may be one of Zarr v2.
func absent(ctx context.Context, src core.ObjectReader, url string, cause error) error {
	for _, name := range []string{".zgroup", ".zarray", ".zmetadata"} {
		if _, err := src.Stat(ctx, url+"/"+name); err == nil {
			return core.Errorf(core.Unsupported, opOpen, url, "%s is there: this is Zarr v2; only Zarr v3 is read", name)
		}
	}
	return core.Errorf(core.NotFound, "", url, "there is no store here, nor a part of one: it has no zarr.json (%w)", cmp.Or(errors.Unwrap(cause), cause))
}

func parseGroup(src core.ObjectReader, url string, raw []byte) (*Group, error) {
	doc, err := parseNode(url, raw)
	if err != nil {
		return nil, err
	}
	if doc.NodeType != "group" {
		return nil, core.Errorf(core.Invalid, opOpen, url, "is an array; open the group that holds it")
	}
	g := &Group{URL: url, Attrs: doc.Attributes, src: src}
	if doc.Consolidated == nil || doc.Consolidated.Kind != "inline" {
		return g, nil
	}
	g.children = map[string]json.RawMessage{}
	for path, raw := range doc.Consolidated.Metadata {
		if !validPath(path) {
			return nil, core.Errorf(core.Corrupt, opOpen, url, "consolidated metadata names a node %q", path)
		}
		g.children[path] = raw
	}
	return g, nil
}

// Consolidated reports whether the group's members are known.
func (g *Group) Consolidated() bool { return g.children != nil }

// Members are all nodes below the group at any depth, by path; none if the group is not consolidated.
func (g *Group) Members() []Member {
	var all []Member
	for path, raw := range g.children {
		var head struct {
			NodeType string `json:"node_type"`
		}
		if json.Unmarshal(raw, &head) == nil {
			all = append(all, Member{path, head.NodeType == "array"})
		}
	}
	slices.SortFunc(all, func(a, b Member) int { return cmp.Compare(a.Path, b.Path) })
	return all
}

// Group opens a group below this one by its path. It has its part of this group's consolidated metadata.
func (g *Group) Group(ctx context.Context, path string) (*Group, error) {
	raw, err := g.document(ctx, path)
	if err != nil {
		return nil, err
	}
	child, err := parseGroup(g.src, g.URL+"/"+path, raw)
	if err != nil || g.children == nil {
		return child, err
	}
	child.children = map[string]json.RawMessage{}
	for name, raw := range g.children {
		if rest, ok := strings.CutPrefix(name, path+"/"); ok {
			child.children[rest] = raw
		}
	}
	return child, nil
}

// Array opens an array below this group by its path.
func (g *Group) Array(ctx context.Context, path string) (*Dataset, error) {
	raw, err := g.document(ctx, path)
	if err != nil {
		return nil, err
	}
	d, err := parseArray(g.URL+"/"+path, raw)
	if err != nil {
		return nil, err
	}
	d.src, d.Name = g.src, path[strings.LastIndexByte(path, '/')+1:]
	if g.along != "" && len(d.Dims) > 0 && d.Dims[0] == g.along {
		return d.fixed(g.place)
	}
	return d, nil
}

// document is the zarr.json of a node below the group: from the consolidated metadata, which are complete if there
// are any, otherwise its own.
func (g *Group) document(ctx context.Context, path string) (json.RawMessage, error) {
	if !validPath(path) {
		return nil, core.Errorf(core.Invalid, opOpen, g.URL, "%q is not a path of a node", path)
	}
	if g.children == nil {
		return readDocument(ctx, g.src, g.URL+"/"+path)
	}
	if raw, ok := g.children[path]; ok {
		return raw, nil
	}
	var names []string
	for _, m := range g.Members() {
		names = append(names, m.Path)
	}
	return nil, core.Errorf(core.NotFound, opOpen, g.URL, "no %q; the group has %.1000q", path, names)
}
