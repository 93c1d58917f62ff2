package cli

import (
	"context"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/h5"
)

// An h5Entry is a link, with the object behind it where the walk has not met that before.
type h5Entry struct {
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
func (e *h5Entry) dataset() *h5.Dataset {
	if e.object == nil || e.object.Kind() != h5.DatasetKind {
		return nil
	}
	d, _ := e.object.Dataset()
	return d
}

// An h5Walk visits what links lead to, depth first in the order of links, each object once.
type h5Walk struct {
	f      *h5.File
	depth  int  // levels below the beginning; -1: all
	attrs  bool // read attributes
	chunks bool // read chunk tables
	visit  func(*h5Entry) error
	seen   map[uint64]string // first path by address
}

const (
	h5Batch   = 256  // links of a group whose objects are opened together
	h5Deepest = 1024 // groups inside of each other
	h5AtOnce  = 16   // objects whose attributes are read at once
)

// from walks from an object.
func (w *h5Walk) from(ctx context.Context, o *h5.Object) error {
	w.seen = map[uint64]string{}
	e := &h5Entry{path: h5Path(o.Path()), object: o, link: h5.Link{Address: o.Address()}}
	if err := w.load(ctx, []*h5Entry{e}); err != nil {
		return err
	}
	return w.entry(ctx, e)
}

func (w *h5Walk) entry(ctx context.Context, e *h5Entry) error {
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
	case h5Fatal(err):
		return err
	case err == nil && e.depth >= h5Deepest && len(e.links) > 0:
		err = core.Errorf(core.Unsupported, "", "", "more than %d groups inside of each other", h5Deepest)
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

func (w *h5Walk) below(ctx context.Context, group *h5Entry, links []h5.Link) error {
	parent := strings.TrimSuffix(group.path, "/") + "/"
	for len(links) > 0 {
		n := min(len(links), h5Batch)
		entries := make([]*h5Entry, n)
		for i, l := range links[:n] {
			entries[i] = &h5Entry{path: parent + l.Name, depth: group.depth + 1, link: l}
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

// h5Few is the links of a group up to which looking them up by path costs nothing: the file remembers them.
const h5Few = 4096

// open opens the objects of hard links to what was not met yet, with few requests where that is possible.
func (w *h5Walk) open(ctx context.Context, entries []*h5Entry, siblings int) error {
	var todo []*h5Entry
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
	if siblings <= h5Few {
		opened, _ = w.f.Objects(ctx, paths...) // if one cannot be opened, each is tried alone
	}
	for i, e := range todo {
		if opened != nil && opened[i] != nil && opened[i].Address() == e.link.Address {
			e.object = opened[i]
			continue
		}
		if e.object, e.err = w.f.ObjectAt(ctx, e.link.Address, e.path); h5Fatal(e.err) {
			return e.err
		}
	}
	return nil
}

// load reads the attributes and chunk tables of objects.
func (w *h5Walk) load(ctx context.Context, entries []*h5Entry) error {
	var sets []*h5.Dataset
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(h5AtOnce)
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
				if h5Fatal(err) {
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
	if h5Fatal(err) {
		return err
	}
	return nil // chunk tables that do not decode are reported where they are shown
}

// h5Fatal reports an error that is not of one object: the file cannot be reached.
func h5Fatal(err error) bool {
	if err == nil {
		return false
	}
	c := core.CodeOf(err)
	return c == core.Unavailable || c == core.Denied || c == core.NotFound || c == core.Internal
}

// h5Refs finds the paths of objects that references point to by their address.
type h5Refs struct {
	file  *h5.File
	once  sync.Once
	paths map[uint64]string
}

// path is the first path of the object at an address, found by walking the whole file once; "" if no link leads to it.
func (r *h5Refs) path(ctx context.Context, address uint64) string {
	r.once.Do(func() {
		root, err := r.file.Root(ctx)
		if err != nil {
			return
		}
		w := h5Walk{f: r.file, depth: -1, visit: func(*h5Entry) error { return nil }}
		_ = w.from(ctx, root.Object) // what was met before an error is still right
		r.paths = w.seen
	})
	return r.paths[address]
}
