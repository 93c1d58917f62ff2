package hsds

// Domains as requests see them.

import (
	"context"
	"encoding/base64"
	"errors"
	"slices"
	"sync"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/objstore"
	"github.com/englacial/zagg/internal/hdfrest"
	"github.com/englacial/zagg/internal/hdfrest/pyjson"
)

func isUnchanged(err error) bool { return errors.Is(err, objstore.ErrUnchanged) }

// A domain is a domain as one request sees it: each object is read once, so that it does not change while the request
// is answered. mu guards objects and seen.
type domain struct {
	s      *Store
	b      *Bucket
	source core.ObjectStore
	name   hdfrest.Name
	v      version[*domainMeta]

	mu      sync.Mutex
	objects map[hdfrest.ID]version[*objectMeta]
	seen    coherence
	changed atomic.Bool // by this request
}

var _ hdfrest.Domain = (*domain)(nil)
var _ hdfrest.Guarded = (*domain)(nil)

func (s *Store) domain(b *Bucket, n hdfrest.Name, v version[*domainMeta]) *domain {
	return &domain{s: s, b: b, source: s.over(b.Source), name: n, v: v, objects: map[hdfrest.ID]version[*objectMeta]{}}
}

func (d *domain) Info() hdfrest.Info {
	m := d.v.meta
	return hdfrest.Info{Name: d.name, Root: m.root, Version: d.v.etag, Created: timeOf(m.created), Modified: timeOf(m.modified), Owner: m.owner}
}

func (d *domain) ACLs() []hdfrest.ACL { return d.v.meta.list() }

// belongs reports whether an id may be one of the domain's objects.
func (d *domain) belongs(id hdfrest.ID) bool {
	root := d.v.meta.root
	return id.Old == root.Old && (id.Old || id.Domain == root.Domain)
}

// Objects reads those objects that were not read yet, all at once. If they were changed together while they were
// read, the error has hdfrest.ErrReplaced in its chain.
func (d *domain) Objects(ctx context.Context, ids ...hdfrest.ID) ([]hdfrest.Object, error) {
	out := make([]hdfrest.Object, len(ids))
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(d.s.options.Concurrency)
	for i, id := range ids {
		g.Go(func() error {
			v, err := d.object(gctx, id)
			if err == nil {
				out[i] = d.wrap(v)
			}
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	return out, d.coherent(ctx)
}

func (d *domain) object(ctx context.Context, id hdfrest.ID) (version[*objectMeta], error) {
	d.mu.Lock()
	v, ok := d.objects[id]
	d.mu.Unlock()
	if ok {
		return v, nil
	}
	v, err := d.fresh(ctx, id)
	if err != nil {
		return v, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.objects[id] = v
	d.seen.objects = append(d.seen.objects, v)
	return v, nil
}

// fresh reads an object as it is now.
func (d *domain) fresh(ctx context.Context, id hdfrest.ID) (version[*objectMeta], error) {
	v, err := d.raw(ctx, id)
	if err != nil {
		return v, err
	}
	v, _, err = d.decided(ctx, v)
	return v, err
}

// raw reads an object as it is now, with what is pending.
func (d *domain) raw(ctx context.Context, id hdfrest.ID) (version[*objectMeta], error) {
	if !d.belongs(id) {
		return version[*objectMeta]{}, core.Errorf(core.NotFound, "hsds", id.String(), "is not an object of %s", d.name.Path)
	}
	v, err := read(ctx, d.s, d.source, d.b.url(objectKey(id)), func(text []byte) (*objectMeta, error) { return parseObject(id, text) })
	if err == nil && v.meta.root != d.v.meta.root {
		return v, core.Errorf(core.NotFound, "hsds", id.String(), "is an object of another domain than %s", d.name.Path)
	}
	return v, err
}

func (d *domain) wrap(v version[*objectMeta]) hdfrest.Object {
	base := object{d, v.meta.id, v.meta}
	switch v.meta.id.Kind {
	case hdfrest.GroupKind:
		return &group{base}
	case hdfrest.DatatypeKind:
		return &datatype{base}
	}
	return &dataset{base, v.meta.dataset}
}

type object struct {
	d  *domain
	id hdfrest.ID
	m  *objectMeta
}

var (
	_ hdfrest.Timed = (*object)(nil)
	_ hdfrest.Made  = (*object)(nil)
)

func (o *object) ID() hdfrest.ID { return o.id }

func (o *object) Times() (created, modified float64) { return o.m.created, o.m.modified }

func (o *object) Creation() []byte { return o.m.creation }

// Attributes lists the attributes in the order of their creation.
func (o *object) Attributes(context.Context) ([]hdfrest.Attribute, error) {
	out := make([]hdfrest.Attribute, len(o.m.attributes))
	for i, m := range o.m.attributes {
		a, err := attribute(m)
		if err != nil {
			return nil, core.Errorf(core.Corrupt, "hsds", objectKey(o.id), "%w", err)
		}
		a.Value = func(context.Context) ([]byte, error) {
			data, err := attributeData(&a, m.Value)
			if err != nil {
				return nil, core.Errorf(core.Corrupt, "hsds", objectKey(o.id), "the value of the attribute %q: %w", a.Name, err)
			}
			return data, nil
		}
		out[i] = a
	}
	slices.SortStableFunc(out, func(a, b hdfrest.Attribute) int { return compareTimes(a.Created, b.Created) })
	return out, nil
}

func compareTimes(a, b float64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// attributeData is the value of an attribute; one without a value reads as zeros.
func attributeData(a *hdfrest.Attribute, m pyjson.Raw) ([]byte, error) {
	if a.Shape.Null {
		return nil, nil
	}
	value := m.Get("value")
	if _, fixed := a.Type.Width(); fixed && m.Get("encoding").Text() == "base64" && value.Kind() == pyjson.String {
		if data, err := base64.StdEncoding.DecodeString(value.Text()); err == nil {
			if w, _ := a.Type.Width(); uint64(len(data)) == uint64(w)*a.Shape.Elements() {
				return data, nil
			}
		}
	}
	return hdfrest.DecodeStored(a.Type, a.Shape.Dims, value)
}

type group struct{ object }

var _ hdfrest.Group = (*group)(nil)

func (g *group) LinkCount(context.Context) (int, error) { return len(g.m.links), nil }

// Links lists the links in the order of their creation.
func (g *group) Links(context.Context) ([]hdfrest.Link, error) {
	out := slices.Clone(g.m.links)
	slices.SortStableFunc(out, func(a, b hdfrest.Link) int { return compareTimes(a.Created, b.Created) })
	return out, nil
}

type datatype struct{ object }

var _ hdfrest.Datatype = (*datatype)(nil)

func (t *datatype) Type() *hdfrest.Type { return t.m.t }
