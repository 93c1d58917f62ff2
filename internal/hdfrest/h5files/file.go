package h5files

import (
	"context"
	"sync"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/h5"
	"github.com/englacial/zagg/internal/hdfrest"
)

// A domain is one version of a file.
type domain struct {
	file *h5.File
	info hdfrest.Info
	key  fileKey
	root uint64 // address of the root group

	mu      sync.Mutex
	kinds   map[uint64]hdfrest.Kind
	objects map[uint64]*h5.Object
}

const (
	maxKinds   = 1 << 20
	maxObjects = 1 << 10 // headers remembered with what belongs to them, such as chunk tables
)

func newDomain(f *h5.File, root *h5.Group, n hdfrest.Name, info core.ObjectInfo) *domain {
	k := key(n, info.ETag)
	d := &domain{file: f, key: k, root: root.Address(), kinds: map[uint64]hdfrest.Kind{}, objects: map[uint64]*h5.Object{}}
	d.info = hdfrest.Info{Name: n, Root: hdfrest.RootID(k.domain), Version: info.ETag, Size: info.Size, Modified: info.Modified}
	return d
}

func (d *domain) Info() hdfrest.Info { return d.info }

// id is the id of the object at an address.
func (d *domain) id(kind hdfrest.Kind, address uint64) hdfrest.ID {
	if address == d.root {
		return d.info.Root
	}
	return d.key.id(kind, address)
}

func (d *domain) Objects(ctx context.Context, ids ...hdfrest.ID) ([]hdfrest.Object, error) {
	at := make([]uint64, len(ids))
	for i, id := range ids {
		var ok bool
		if at[i], ok = d.key.address(id, d.root); !ok {
			return nil, core.Errorf(core.NotFound, "hdf", d.file.URL(), "has no object %s; ids change with a file's content", id)
		}
	}
	found, err := d.load(ctx, at)
	if err != nil {
		return nil, err
	}
	out := make([]hdfrest.Object, len(ids))
	for i, o := range found {
		if o == nil {
			return nil, core.Errorf(core.Corrupt, "hdf", d.file.URL(), "the object at byte %d cannot be read", at[i])
		}
		if kindOf(o.Kind()) != ids[i].Kind {
			return nil, core.Errorf(core.NotFound, "hdf", d.file.URL(), "%s is a %s", ids[i], o.Kind())
		}
		if out[i], err = d.wrap(ids[i], o); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// load reads headers that are not remembered; nil is one that cannot be decoded.
func (d *domain) load(ctx context.Context, at []uint64) ([]*h5.Object, error) {
	out := make([]*h5.Object, len(at))
	var missing []uint64
	var where []int
	d.mu.Lock()
	for i, a := range at {
		if out[i] = d.objects[a]; out[i] == nil {
			missing, where = append(missing, a), append(where, i)
		}
	}
	d.mu.Unlock()
	if len(missing) == 0 {
		return out, nil
	}
	found, err := d.file.ObjectsAt(ctx, missing...)
	if err != nil {
		return nil, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	for i, o := range found {
		out[where[i]] = o
		if o == nil {
			continue
		}
		if len(d.objects) >= maxObjects {
			clear(d.objects)
		}
		d.objects[missing[i]] = o
		if len(d.kinds) < maxKinds {
			d.kinds[missing[i]] = kindOf(o.Kind())
		}
	}
	return out, nil
}

// ids are the ids of the objects at addresses, each opened once in the file's life to see what it is. One that cannot be
// decoded passes for a dataset; opening it says what is wrong.
func (d *domain) ids(ctx context.Context, at []uint64) (map[uint64]hdfrest.ID, error) {
	out := make(map[uint64]hdfrest.ID, len(at))
	var missing []uint64
	d.mu.Lock()
	for _, a := range at {
		if k, ok := d.kinds[a]; ok {
			out[a] = d.id(k, a)
		} else if _, ok := out[a]; !ok {
			out[a] = d.id(hdfrest.DatasetKind, a)
			missing = append(missing, a)
		}
	}
	d.mu.Unlock()
	if len(missing) == 0 {
		return out, nil
	}
	found, err := d.load(ctx, missing)
	if err != nil {
		return nil, err
	}
	for i, o := range found {
		if o != nil {
			out[missing[i]] = d.id(kindOf(o.Kind()), missing[i])
		}
	}
	return out, nil
}

// wrap presents an object of the file.
func (d *domain) wrap(id hdfrest.ID, o *h5.Object) (hdfrest.Object, error) {
	base := object{d, id, o}
	switch o.Kind() {
	case h5.GroupKind:
		g, err := o.Group()
		return &group{base, g}, err
	case h5.DatatypeKind:
		t, err := o.Datatype()
		if err != nil {
			return nil, err
		}
		return &datatype{base, compile(t)}, nil
	}
	ds, err := o.Dataset()
	if err != nil {
		return nil, err
	}
	return &dataset{base, ds, compile(ds.Type())}, nil
}

type object struct {
	d  *domain
	id hdfrest.ID
	o  *h5.Object
}

func (o *object) ID() hdfrest.ID { return o.id }

func (o *object) Attributes(ctx context.Context) ([]hdfrest.Attribute, error) {
	list, err := o.o.Attributes(ctx)
	if err != nil {
		return nil, err
	}
	out := make([]hdfrest.Attribute, len(list))
	for i, a := range list {
		c := compile(a.Type)
		out[i] = hdfrest.Attribute{Name: a.Name, Type: c.t, Shape: shapeOf(a.Space), Value: func(ctx context.Context) ([]byte, error) {
			v, err := a.Values(ctx)
			if err != nil {
				return nil, err
			}
			return o.d.wire(ctx, c, v)
		}}
	}
	return out, nil
}

type group struct {
	object
	g *h5.Group
}

var _ hdfrest.Group = (*group)(nil)

func (g *group) LinkCount(ctx context.Context) (int, error) {
	list, err := g.g.Links(ctx)
	return len(list), err
}

func (g *group) Links(ctx context.Context) ([]hdfrest.Link, error) {
	list, err := g.g.Links(ctx)
	if err != nil {
		return nil, err
	}
	var at []uint64
	for _, l := range list {
		if l.Kind == h5.HardLink {
			at = append(at, l.Address)
		}
	}
	ids, err := g.d.ids(ctx, at)
	if err != nil {
		return nil, err
	}
	out := make([]hdfrest.Link, len(list))
	for i, l := range list {
		out[i] = hdfrest.Link{Name: l.Name, Path: l.Target, Domain: l.File}
		switch l.Kind {
		case h5.HardLink:
			out[i].Kind, out[i].Target = hdfrest.HardLink, ids[l.Address]
		case h5.SoftLink:
			out[i].Kind = hdfrest.SoftLink
		case h5.ExternalLink:
			out[i].Kind = hdfrest.ExternalLink
		default:
			out[i].Kind = hdfrest.UserLink
		}
	}
	return out, nil
}

type datatype struct {
	object
	c *codec
}

var _ hdfrest.Datatype = (*datatype)(nil)

func (t *datatype) Type() *hdfrest.Type { return t.c.t }
