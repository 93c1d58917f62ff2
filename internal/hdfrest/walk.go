package hdfrest

import (
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/englacial/zagg/core"
)

// A walk visits the objects of a domain that hard links lead to, level by level, each once.
type walk struct {
	c      *call
	d      Domain
	seen   map[ID]bool
	order  []ID
	links  map[ID][]Link
	most   int           // objects; 0: all
	parent map[ID]string // a path to each
	gone   map[ID]bool   // groups that links lead to, and that are not there
}

// maxWalk bounds the objects of a domain that a request looks at.
const maxWalk = 1 << 20

// walkAll visits everything; false: there is more than most objects.
func (c *call) walkAll(d Domain, most int) (*walk, bool, error) {
	w := &walk{c: c, d: d, seen: map[ID]bool{}, links: map[ID][]Link{}, most: most, parent: map[ID]string{}, gone: map[ID]bool{}}
	root := d.Info().Root
	w.seen[root], w.order = true, []ID{root}
	w.parent[root] = ""
	for level := []ID{root}; len(level) > 0; {
		next, enough, err := w.level(level)
		if err != nil || !enough {
			return nil, false, err
		}
		level = next
	}
	w.order = slices.DeleteFunc(w.order, func(id ID) bool { return w.gone[id] })
	return w, true, nil
}

// level reads the links of some groups and gives the groups below.
func (w *walk) level(groups []ID) (below []ID, enough bool, err error) {
	objects, err := w.c.there(w.d, groups)
	if err != nil {
		return nil, false, err
	}
	for i, o := range objects {
		g, ok := o.(Group)
		if !ok {
			w.gone[groups[i]] = o == nil
			continue
		}
		n, err := g.LinkCount(w.c.ctx)
		if err != nil {
			return nil, false, err
		}
		if w.most > 0 && n > 4*w.most || len(w.order) > maxWalk {
			return nil, false, nil
		}
		links, err := g.Links(w.c.ctx)
		if err != nil {
			return nil, false, err
		}
		if w.links[groups[i]] = links; links == nil {
			w.links[groups[i]] = []Link{} // which says that there are none
		}
		for _, l := range links {
			if l.Kind != HardLink || w.seen[l.Target] {
				continue
			}
			w.seen[l.Target] = true
			w.order = append(w.order, l.Target)
			w.parent[l.Target] = w.parent[groups[i]] + "/" + l.Name
			if l.Target.Kind == GroupKind {
				below = append(below, l.Target)
			}
			if w.most > 0 && len(w.order) > w.most {
				return nil, false, nil
			}
		}
	}
	return below, true, nil
}

// there opens objects that links lead to. Those that were removed, to which links may still lead, are nil.
func (c *call) there(d Domain, ids []ID) ([]Object, error) {
	found, err := d.Objects(c.ctx, ids...)
	if err == nil || !core.Is(err, core.NotFound) || len(ids) == 0 {
		return found, err
	}
	if len(ids) == 1 {
		return []Object{nil}, nil
	}
	first, err := c.there(d, ids[:len(ids)/2])
	if err != nil {
		return nil, err
	}
	second, err := c.there(d, ids[len(ids)/2:])
	return append(first, second...), err
}

// collection answers GET /groups, /datasets and /datatypes: the ids of all, but the root's; with h5path, one by its path.
func (c *call) collection(name string) (*Response, error) {
	d, err := c.open()
	if err != nil {
		return nil, err
	}
	if c.param("h5path") != "" || c.param("parent_id") != "" {
		return c.byPath(d)
	}
	w, ok, err := c.walkAll(d, 0)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, errStatus(http.StatusRequestEntityTooLarge, "the domain has more than %d objects", maxWalk)
	}
	ids := []string{}
	for _, id := range w.order {
		if id.Kind.Collection() == name && id != d.Info().Root {
			ids = append(ids, id.String())
		}
	}
	slices.Sort(ids)
	if m := c.param("Marker"); m != "" && !slices.Contains(ids, m) {
		ids = []string{} // there is nothing after what is not there
	} else if ids, err = page(c, ids, func(s string) string { return s }); err != nil {
		return nil, err
	}
	return c.tagged(d, object{{name, ids}, {"hrefs", []object{c.link("self", "/"+name), c.link("root", objectPath(d.Info().Root)), c.link("home", "/")}}})
}

// page keeps of a list in order what the parameters Marker (exclusive) and Limit ask for.
func page[T any](c *call, list []T, name func(T) string) ([]T, error) {
	if marker := c.param("Marker"); marker != "" {
		at := slices.IndexFunc(list, func(t T) bool { return name(t) == marker })
		if at < 0 {
			return nil, errStatus(http.StatusNotFound, "the Marker %q is not in the list", marker)
		}
		list = list[at+1:]
	}
	most, err := c.limit(len(list))
	if err != nil {
		return nil, err
	}
	return list[:min(most, len(list))], nil
}

// maxHops is how many soft links may follow each other.
const maxHops = 16

// byPath answers with the object at h5path, from the root or from parent_id.
func (c *call) byPath(d Domain) (*Response, error) {
	from := d.Info().Root
	if p := c.param("parent_id"); p != "" {
		var ok bool
		if from, ok = ParseID(p); !ok || from.Kind != GroupKind {
			return nil, &statusError{http.StatusBadRequest, "Invalid parent id: " + p, nil}
		}
	}
	id, err := c.resolve(d, from, c.param("h5path"), 0)
	if err != nil {
		return nil, err
	}
	if p := c.path[0]; p != "" && p != id.Kind.Collection() {
		return nil, errStatus(http.StatusNotFound, "%s is in /%s", c.param("h5path"), id.Kind.Collection())
	}
	return c.describe(d, id, c.path[0] == "")
}

// resolve follows a path from a group; a path that begins with a slash, from the root.
func (c *call) resolve(d Domain, from ID, p string, hops int) (ID, error) {
	if len(p) > maxURL || strings.Count(p, "/") > 1000 {
		return ID{}, errStatus(http.StatusBadRequest, "the path is too long")
	}
	if strings.HasPrefix(p, "/") {
		from = d.Info().Root
	}
	at := from
	for name := range strings.SplitSeq(p, "/") {
		if name == "" || name == "." {
			continue
		}
		l, err := c.findLink(d, at, name)
		if err != nil {
			return ID{}, err
		}
		switch {
		case l.Kind == HardLink:
			at = l.Target
		case l.Kind == SoftLink && hops < maxHops:
			if at, err = c.resolve(d, at, l.Path, hops+1); err != nil {
				return ID{}, err
			}
		case l.Kind == SoftLink:
			return ID{}, errStatus(http.StatusNotFound, "more than %d soft links one after another at %q", maxHops, name)
		default:
			return ID{}, errStatus(http.StatusNotFound, "%q leads into another file: %s in %s", name, l.Path, l.Domain)
		}
	}
	return at, nil
}

// findLink is the link of a name in a group.
func (c *call) findLink(d Domain, group ID, name string) (*Link, error) {
	o, err := one(c, d, group)
	if err != nil {
		return nil, err
	}
	g, ok := o.(Group)
	if !ok {
		return nil, errStatus(http.StatusNotFound, "there is nothing below %s", group)
	}
	links, err := g.Links(c.ctx)
	if err != nil {
		return nil, err
	}
	for i := range links {
		if links[i].Name == name {
			return &links[i], nil
		}
	}
	return nil, core.Errorf(core.NotFound, "hdfrest", "", "there is no %q", name)
}

// domainObjects is the map of all objects, or nil if there are more than Limits.Objects or their JSON is too long. It has
// the attributes also where they were not asked for: h5pyd 1.0 takes what it gets for all there is.
func (c *call) domainObjects(d Domain) (object, error) {
	w, ok, err := c.walkAll(d, c.Limits.Objects)
	if err != nil || !ok {
		return nil, err
	}
	objects, err := c.there(d, w.order)
	if core.Is(err, core.Corrupt) && err != nil {
		return nil, nil // each is then asked for by itself
	}
	if err != nil {
		return nil, err
	}
	all, size := object{}, 0
	for i, o := range objects {
		if o == nil {
			continue
		}
		j, err := c.objectJSON(d, o, include{links: w.links[w.order[i]], attributes: true, embedded: true})
		if err != nil {
			if core.Is(err, core.Corrupt) || errors.Is(err, errTooLong) {
				return nil, nil
			}
			return nil, err
		}
		text := appendJSON(nil, j)
		if size += len(text); int64(size) > c.Limits.JSON/2 {
			return nil, nil
		}
		all = append(all, member{w.order[i].String(), raw(text)})
	}
	return all, nil
}

// errTooLong is an attribute whose JSON is longer than an answer may be.
var errTooLong = errors.New("too long")

// scan is the summary of a domain's contents: members of the domain's description.
func (c *call) scan(d Domain) (object, error) {
	w, ok, err := c.walkAll(d, 0)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, errStatus(http.StatusRequestEntityTooLarge, "the domain has more than %d objects", maxWalk)
	}
	count := map[Kind]int{}
	var sets []ID
	for _, id := range w.order {
		count[id.Kind]++
		if id.Kind == DatasetKind {
			sets = append(sets, id)
		}
	}
	info := d.Info()
	at := seconds(info.Modified)
	all := object{}
	var chunks, stored, logical int64
	for _, id := range sets {
		o, err := one(c, d, id)
		if err != nil {
			continue // it is damaged; reading it says so
		}
		s, err := c.scanDataset(o.(Dataset), at, &chunks, &stored, &logical)
		if err != nil {
			return nil, err
		}
		all = append(all, member{id.String(), s})
	}
	total := []member{
		{"num_chunks", chunks}, {"allocated_bytes", stored}, {"metadata_bytes", max(info.Size-stored, 0)}, {"num_linked_chunks", 0}, {"linked_bytes", 0},
		{"md5_sum", strings.Trim(info.Version, `"`)},
	}
	scan := append(object{{"lastModified", at}, {"num_groups", count[GroupKind]}, {"num_datatypes", count[DatatypeKind]}, {"datasets", all}}, total...)
	scan = append(scan, member{"logical_bytes", logical}, member{"bucket", info.Name.Bucket}, member{"scan_start", at}, member{"scan_complete", at})
	return append(object{
		{"scan_info", scan}, {"num_groups", count[GroupKind]}, {"num_datasets", count[DatasetKind]}, {"num_datatypes", count[DatatypeKind]},
		{"num_objects", len(w.order)}, {"total_size", info.Size},
	}, total...), nil
}

func (c *call) scanDataset(ds Dataset, at float64, chunks, stored, logical *int64) (object, error) {
	n, bytes, err := ds.Stored(c.ctx)
	if core.Is(err, core.Unavailable) {
		return nil, err
	}
	shape := ds.Shape()
	width, _ := ds.Type().Width()
	size := int64(shape.Elements()) * int64(width)
	*chunks, *stored, *logical = *chunks+n, *stored+bytes, *logical+size
	return object{{"lastModified", at}, {"num_chunks", n}, {"allocated_bytes", bytes}, {"logical_bytes", size}, {"linked_bytes", 0}, {"num_linked_chunks", 0}}, nil
}
