package hsds

import (
	"context"
	"crypto/rand"
	"errors"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/hdfrest"
	"github.com/englacial/zagg/internal/hdfrest/pyjson"
)

// newID is an id of a domain that nobody has.
func (w *writer) newID(kind hdfrest.Kind) hdfrest.ID {
	id := hdfrest.ID{Kind: kind, Domain: w.v.meta.root.Domain}
	for {
		rand.Read(id.Object[:]) //nolint:errcheck // it never fails
		if !isRoot(id) {
			return id
		}
	}
}

// An attempt is objects that are being made: those that are put, and the groups that have links to them.
type attempt struct {
	ids   []hdfrest.ID
	made  []bool
	links []hdfrest.LinkSet
}

// Create puts the values of datasets, then all objects, which nobody sees yet, then the links to them.
func (w *writer) Create(ctx context.Context, objects []hdfrest.NewObject) ([]hdfrest.Object, error) {
	a := &attempt{ids: make([]hdfrest.ID, len(objects)), made: make([]bool, len(objects))}
	for i := range objects {
		if a.ids[i] = objects[i].ID; a.ids[i] == (hdfrest.ID{}) {
			a.ids[i] = w.newID(objects[i].Kind)
		}
		if slices.Contains(a.ids[:i], a.ids[i]) {
			return nil, core.Errorf(core.Invalid, "hsds.Create", a.ids[i].String(), "two objects have this id")
		}
		a.link(&objects[i], a.ids[i])
	}
	w.changed.Store(true)
	if err := w.checkParents(ctx, a); err != nil {
		return nil, err
	}
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(16)
	for i := range objects {
		g.Go(func() (err error) {
			a.made[i], err = w.createOne(gctx, a.ids[i], &objects[i])
			return err
		})
	}
	g.Go(func() error { return w.source.Delete(gctx, w.b.url(tree(w.v.meta.root)+summaryName)) })
	err := g.Wait()
	if err == nil {
		_, err = w.setLinks(ctx, a.links)
	}
	if err != nil && !core.Is(err, core.Unavailable) { // else links to them may be there
		err = errors.Join(err, w.uncreate(ctx, a))
	}
	if err != nil {
		return nil, err
	}
	return w.Objects(ctx, a.ids...)
}

// link notes the link to an object.
func (a *attempt) link(o *hdfrest.NewObject, id hdfrest.ID) {
	if o.Parent == (hdfrest.ID{}) {
		return
	}
	l := hdfrest.Link{Name: o.Title, Target: id}
	for i := range a.links {
		if a.links[i].Group == o.Parent {
			a.links[i].Links = append(a.links[i].Links, l)
			return
		}
	}
	a.links = append(a.links, hdfrest.LinkSet{Group: o.Parent, Links: []hdfrest.Link{l}})
}

// checkParents finds out before anything is put that links cannot be made.
func (w *writer) checkParents(ctx context.Context, a *attempt) error {
	for _, s := range a.links {
		v, err := w.fresh(ctx, s.Group)
		if err != nil {
			return err
		}
		var made []string
		if _, err := addLinks(s.Links, &made)(v.meta); err != nil {
			return err
		}
	}
	return nil
}

// uncreate removes what was put.
func (w *writer) uncreate(ctx context.Context, a *attempt) error {
	ctx, cancel := rollbackContext(ctx)
	defer cancel()
	var errs []error
	for i, id := range a.ids {
		if a.made[i] {
			errs = append(errs, w.Remove(ctx, id))
		}
	}
	return errors.Join(errs...)
}

// createOne puts one object; false: it was there.
func (w *writer) createOne(ctx context.Context, id hdfrest.ID, o *hdfrest.NewObject) (bool, error) {
	text := newText(id, w.v.meta.root, o)
	meta, err := parseObject(id, text)
	if err != nil {
		return false, core.Errorf(core.Invalid, "hsds.Create", id.String(), "%w", err)
	}
	if o.Value != nil {
		ds := &dataset{object{w.domain, id, meta}, meta.dataset}
		if err := w.firstValues(ctx, ds, o.Value); err != nil {
			return false, err
		}
	}
	return w.putNew(ctx, id, text, func(there []byte) bool { return sameObject(id, there, meta) })
}

// sameObject reports metadata of what was to be made, whenever that was.
func sameObject(id hdfrest.ID, there []byte, want *objectMeta) bool {
	have, err := parseObject(id, there)
	if err != nil || have.root != want.root || string(have.creation) != string(want.creation) {
		return false
	}
	for _, name := range []string{"type", "shape", "layout"} {
		if string(have.member(name)) != string(want.member(name)) {
			return false
		}
	}
	return true
}

// newText is the metadata of a new object. Both versions of HSDS find the size of chunks where they look for it.
func newText(id, root hdfrest.ID, o *hdfrest.NewObject) []byte {
	created := o.Created
	if created == 0 {
		created = now()
	}
	m := []pyjson.Member{{Name: "id", Value: quoted(id.String())}, {Name: "root", Value: quoted(root.String())},
		{Name: "created", Value: number(created)}, {Name: "lastModified", Value: number(created)}}
	if o.Type != nil {
		m = append(m, pyjson.Member{Name: "type", Value: o.Type.JSON()})
	}
	if o.Kind == hdfrest.DatasetKind {
		m = append(m, pyjson.Member{Name: "shape", Value: shapeJSON(o.Shape)})
		if !o.Shape.Null {
			chunk := o.Chunk
			if len(o.Shape.Dims) == 0 {
				chunk = []uint64{1}
			}
			m = append(m, pyjson.Member{Name: "layout", Value: appendObject(nil, []pyjson.Member{
				{Name: "class", Value: quoted(hdfrest.Chunked)}, {Name: "dims", Value: extentList(chunk)}})})
		}
	}
	if o.Kind == hdfrest.GroupKind {
		links := []pyjson.Member{}
		for _, l := range o.Links {
			links = append(links, pyjson.Member{Name: l.Name, Value: linkJSON(l)})
		}
		m = append(m, pyjson.Member{Name: "links", Value: appendObject(nil, links)})
	}
	attributes := []pyjson.Member{}
	for i := range o.Attributes {
		attributes = append(attributes, pyjson.Member{Name: o.Attributes[i].Name, Value: attributeJSON(&o.Attributes[i], 0)})
	}
	m = append(m, pyjson.Member{Name: "attributes", Value: appendObject(nil, attributes)})
	creation := pyjson.Raw(o.Creation)
	if creation == nil {
		creation = pyjson.Raw("{}")
	}
	return appendObject(nil, append(m, pyjson.Member{Name: "creationProperties", Value: creation}))
}
