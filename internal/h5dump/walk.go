package h5dump

import (
	"context"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/h5"
)

// A visited is a link, with the object behind it where the walk has not met that before.
type visited struct {
	path   string
	depth  int // 0: the object that the walk begins at
	link   h5.Link
	object *h5.Object // nil: a soft or external link, another link to an object, or what cannot be opened
	first  string     // path of the object that another link led to
	attrs  []*h5.Attribute
	links  []h5.Link // of a group
	err    error     // what of the object, its attributes or links cannot be read
}

// dataset is the entry's dataset; nil if it is none or its header does not decode.
func (e *visited) dataset() *h5.Dataset {
	if e.object == nil || e.object.Kind() != h5.DatasetKind {
		return nil
	}
	d, _ := e.object.Dataset()
	return d
}

// A walker visits what links lead to, depth first in the order of links, each object once.
type walker struct {
	f      *h5.File
	depth  int  // levels below the beginning; -1: all
	attrs  bool // read attributes
	chunks bool // read chunk tables
	visit  func(*visited) error
	seen   map[uint64]string // first path by address
}

const (
	batchOf = 256  // links of a group whose objects are opened together
	deepest = 1024 // groups inside of each other
	atOnce  = 16   // objects whose attributes are read at once
)

// from walks from an object.
func (w *walker) from(ctx context.Context, o *h5.Object) error {
	w.seen = map[uint64]string{}
	e := &visited{path: absolute(o.Path()), object: o, link: h5.Link{Address: o.Address()}}
	if err := w.load(ctx, []*visited{e}); err != nil {
		return err
	}
	return w.entry(ctx, e)
}

func (w *walker) entry(ctx context.Context, e *visited) error {
	if e.object == nil {
		return w.visit(e)
	}
	if first, met := w.seen[e.object.Address()]; met {
		e.first, e.object = first, nil
		return w.visit(e)
	}
	w.seen[e.object.Address()] = e.path
	if e.object.Kind() != h5.GroupKind || w.depth >= 0 && e.depth >= w.depth {
		return w.visit(e)
	}
	g, err := e.object.Group()
	if err == nil {
		e.links, err = g.Links(ctx)
	}
	switch {
	case isFatal(err):
		return err
	case err == nil && e.depth >= deepest && len(e.links) > 0:
		err = core.Errorf(core.Unsupported, "", "", "more than %d groups inside of each other", deepest)
		e.links = nil
	}
	if e.err == nil {
		e.err = err
	}
	if err := w.visit(e); err != nil {
		return err
	}
	return w.below(ctx, e, e.links)
}

func (w *walker) below(ctx context.Context, group *visited, links []h5.Link) error {
	parent := strings.TrimSuffix(group.path, "/") + "/"
	for len(links) > 0 {
		n := min(len(links), batchOf)
		entries := make([]*visited, n)
		for i, l := range links[:n] {
			entries[i] = &visited{path: parent + l.Name, depth: group.depth + 1, link: l}
		}
		if err := w.open(ctx, entries, len(group.links)); err != nil {
			return err
		}
		if err := w.load(ctx, entries); err != nil {
			return err
		}
		for i, e := range entries {
			if err := w.entry(ctx, e); err != nil {
				return err
			}
			entries[i] = nil
		}
		links = links[n:]
	}
	return nil
}

// fewItems is the links of a group up to which looking them up by path costs nothing: the file remembers them.
const fewItems = 4096

// open opens the objects of hard links to what was not met yet, with few requests where that is possible.
func (w *walker) open(ctx context.Context, entries []*visited, siblings int) error {
	var todo []*visited
	var paths []string
	for _, e := range entries {
		if e.link.Kind != h5.HardLink {
			continue
		}
		if e.first = w.seen[e.link.Address]; e.first == "" {
			todo = append(todo, e)
			paths = append(paths, e.path)
		}
	}
	var opened []*h5.Object
	if siblings <= fewItems {
		opened, _ = w.f.Objects(ctx, paths...) // if one cannot be opened, each is tried alone
	}
	for i, e := range todo {
		if opened != nil && opened[i] != nil && opened[i].Address() == e.link.Address {
			e.object = opened[i]
			continue
		}
		if e.object, e.err = w.f.ObjectAt(ctx, e.link.Address, e.path); isFatal(e.err) {
			return e.err
		}
	}
	return nil
}

// load reads the attributes and chunk tables of objects.
func (w *walker) load(ctx context.Context, entries []*visited) error {
	var sets []*h5.Dataset
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(atOnce)
	for _, e := range entries {
		if e.object == nil {
			continue
		}
		if e.object.Kind() == h5.DatasetKind {
			d, err := e.object.Dataset()
			if e.err = err; w.chunks && err == nil {
				sets = append(sets, d)
			}
		}
		if w.attrs {
			g.Go(func() error {
				attrs, err := e.object.Attributes(gctx)
				if e.attrs = attrs; e.err == nil {
					e.err = err
				}
				if isFatal(err) {
					return err
				}
				return nil
			})
		}
	}
	err := g.Wait()
	if err == nil && len(sets) > 0 {
		err = w.f.LoadChunks(ctx, sets...)
	}
	if isFatal(err) {
		return err
	}
	return nil // chunk tables that do not decode are reported where they are shown
}

// isFatal reports an error that is not of one object: the file cannot be reached.
func isFatal(err error) bool {
	if err == nil {
		return false
	}
	c := core.CodeOf(err)
	return c == core.Unavailable || c == core.Denied || c == core.NotFound || c == core.Internal
}

// references finds the paths of objects that references point to by their address.
type references struct {
	file  *h5.File
	once  sync.Once
	paths map[uint64]string
}

// path is the first path of the object at an address, found by walking the whole file once; "" if no link leads to it.
func (r *references) path(ctx context.Context, address uint64) string {
	r.once.Do(func() {
		root, err := r.file.Root(ctx)
		if err != nil {
			return
		}
		w := walker{f: r.file, depth: -1, visit: func(*visited) error { return nil }}
		_ = w.from(ctx, root.Object) // what was met before an error is still right
		r.paths = w.seen
	})
	return r.paths[address]
}
