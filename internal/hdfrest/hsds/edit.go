package hsds

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/hdfrest"
	"github.com/englacial/zagg/internal/hdfrest/pyjson"
)

// decodeRune gives bytes that are no UTF-8 as lone surrogates, which reading turns back.
func decodeRune(s string) (rune, int) {
	r, n := utf8.DecodeRuneInString(s)
	if r == utf8.RuneError && n == 1 {
		return 0xdc00 + rune(s[0]), 1
	}
	return r, n
}

func errTaken(what, name string) error {
	return core.Errorf(core.Invalid, "hsds.Write", name, "%w: a %s of this name", hdfrest.ErrConflict, what)
}

func sameLink(a, b hdfrest.Link) bool {
	return a.Kind == b.Kind && a.Target == b.Target && a.Path == b.Path && a.Domain == b.Domain
}

func linkJSON(l hdfrest.Link) pyjson.Raw {
	created := l.Created
	if created == 0 {
		created = now()
	}
	var m []pyjson.Member
	switch l.Kind {
	case hdfrest.HardLink:
		m = append(m, pyjson.Member{Name: "class", Value: quoted("H5L_TYPE_HARD")}, pyjson.Member{Name: "id", Value: quoted(l.Target.String())})
	case hdfrest.SoftLink:
		m = append(m, pyjson.Member{Name: "class", Value: quoted("H5L_TYPE_SOFT")}, pyjson.Member{Name: "h5path", Value: quoted(l.Path)})
	default:
		m = append(m, pyjson.Member{Name: "class", Value: quoted("H5L_TYPE_EXTERNAL")}, pyjson.Member{Name: "h5path", Value: quoted(l.Path)},
			pyjson.Member{Name: "h5domain", Value: quoted(l.Domain)})
	}
	return appendObject(nil, append(m, pyjson.Member{Name: "created", Value: number(created)}))
}

// addLinks is the change that makes links; one that is there and leads elsewhere is a conflict. made is set where one was not
// there.
func addLinks(links []hdfrest.Link, made *[]string) change {
	return func(o *objectMeta) ([]pyjson.Member, error) {
		*made = nil
		all := slices.Clone(o.member("links").Members())
		for at, l := range links {
			if slices.ContainsFunc(links[:at], func(other hdfrest.Link) bool { return other.Name == l.Name && !sameLink(other, l) }) {
				return nil, errTaken("link", l.Name)
			}
			i := slices.IndexFunc(o.links, func(have hdfrest.Link) bool { return have.Name == l.Name })
			switch {
			case i < 0:
				*made = append(*made, l.Name)
				all = set(all, l.Name, linkJSON(l))
			case !sameLink(o.links[i], l):
				return nil, errTaken("link", l.Name)
			}
		}
		if *made == nil {
			return nil, nil
		}
		return []pyjson.Member{{Name: "links", Value: appendObject(nil, all)}}, nil
	}
}

// member is one of an object's members.
func (o *objectMeta) member(name string) pyjson.Raw {
	for _, m := range o.members {
		if m.Name == name {
			return m.Value
		}
	}
	return nil
}

// SetLinks makes links: of all groups or, with an error, of none.
func (w *writer) SetLinks(ctx context.Context, sets []hdfrest.LinkSet) (made bool, err error) {
	err = w.changing(ctx, func() error {
		made, err = w.setLinks(ctx, sets)
		return err
	})
	return made, err
}

// setLinks makes links, of all groups at once.
func (w *writer) setLinks(ctx context.Context, sets []hdfrest.LinkSet) (bool, error) {
	made := make([][]string, len(sets))
	edits := make([]edit, len(sets))
	for i, s := range sets {
		edits[i] = edit{s.Group, addLinks(s.Links, &made[i])}
	}
	err := w.together(ctx, edits)
	return slices.ContainsFunc(made, func(names []string) bool { return names != nil }), err
}

// RemoveLinks takes links out; those that are not there are no error.
func (w *writer) RemoveLinks(ctx context.Context, group hdfrest.ID, names []string) error {
	return w.changing(ctx, func() error { return w.change(ctx, group, without("links", names)) })
}

// without is the change that takes entries out of a map.
func without(name string, names []string) change {
	return func(o *objectMeta) ([]pyjson.Member, error) {
		old := o.member(name).Members()
		all := slices.DeleteFunc(slices.Clone(old), func(m pyjson.Member) bool { return slices.Contains(names, m.Name) })
		if len(all) == len(old) {
			return nil, nil
		}
		return []pyjson.Member{{Name: name, Value: appendObject(nil, all)}}, nil
	}
}

func shapeJSON(s hdfrest.Shape) pyjson.Raw {
	switch {
	case s.Null:
		return pyjson.Raw(`{"class": "H5S_NULL"}`)
	case len(s.Dims) == 0:
		return pyjson.Raw(`{"class": "H5S_SCALAR"}`)
	}
	m := []pyjson.Member{{Name: "class", Value: quoted("H5S_SIMPLE")}, {Name: "dims", Value: extentList(s.Dims)}}
	if s.Max != nil {
		m = append(m, pyjson.Member{Name: "maxdims", Value: extentList(s.Max)})
	}
	return appendObject(nil, m)
}

func attributeJSON(a *hdfrest.NewAttribute, created float64) pyjson.Raw {
	if created == 0 {
		if created = a.Created; created == 0 {
			created = now()
		}
	}
	return appendObject(nil, []pyjson.Member{
		{Name: "type", Value: a.Type.JSON()}, {Name: "shape", Value: shapeJSON(a.Shape)}, {Name: "value", Value: a.Value}, {Name: "created", Value: number(created)},
	})
}

// setAttributes is the change that makes attributes.
func setAttributes(s hdfrest.AttributeSet) change {
	return func(o *objectMeta) ([]pyjson.Member, error) {
		all := slices.Clone(o.attributes)
		for i := range s.Attributes {
			a := &s.Attributes[i]
			at := slices.IndexFunc(all, func(m pyjson.Member) bool { return m.Name == a.Name })
			switch {
			case at < 0 && s.Change:
				return nil, core.Errorf(core.NotFound, "hsds.Write", o.id.String(), "there is no attribute %q", a.Name)
			case at < 0:
				all = append(all, pyjson.Member{Name: a.Name, Value: attributeJSON(a, 0)})
			case !s.Replace:
				return nil, errTaken("attribute", a.Name)
			case s.Change && !sameKind(all[at], a):
				return nil, core.Errorf(core.Invalid, "hsds.Write", o.id.String(), "%q: %w", a.Name, hdfrest.ErrOtherType)
			default:
				all[at].Value = attributeJSON(a, seconds(all[at].Value.Get("created")))
			}
		}
		return []pyjson.Member{{Name: "attributes", Value: appendObject(nil, all)}}, nil
	}
}

// sameKind reports whether an attribute has the type and the shape of a new one.
func sameKind(m pyjson.Member, a *hdfrest.NewAttribute) bool {
	old, err := attribute(m)
	return err == nil && bytes.Equal(old.Type.JSON(), a.Type.JSON()) && bytes.Equal(shapeJSON(old.Shape), shapeJSON(a.Shape))
}

// SetAttributes makes attributes: of all objects or, with an error, of none.
func (w *writer) SetAttributes(ctx context.Context, sets []hdfrest.AttributeSet) error {
	return w.changing(ctx, func() error { return w.setAttributes(ctx, sets) })
}

// setAttributes makes attributes, of all objects at once.
func (w *writer) setAttributes(ctx context.Context, sets []hdfrest.AttributeSet) error {
	edits := make([]edit, len(sets))
	for i, s := range sets {
		edits[i] = edit{s.ID, setAttributes(s)}
	}
	return w.together(ctx, edits)
}

// RemoveAttributes takes attributes out; those that are not there are no error.
func (w *writer) RemoveAttributes(ctx context.Context, id hdfrest.ID, names []string) error {
	return w.changing(ctx, func() error { return w.change(ctx, id, without("attributes", names)) })
}

// rollbackContext is for taking back what was done, also after the request has ended.
func rollbackContext(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), unwindTime)
}

// Remove removes an object: its metadata first, after which nobody sees it, then its chunks.
func (w *writer) Remove(ctx context.Context, id hdfrest.ID) error {
	if _, err := w.fresh(ctx, id); err != nil {
		return err
	}
	if err := w.changing(ctx, func() error { return w.source.Delete(ctx, w.b.url(objectKey(id))) }); err != nil {
		return err
	}
	w.forget(id)
	if id.Kind != hdfrest.DatasetKind {
		return nil
	}
	return errors.Join(w.removeAll(ctx, w.b.url(objectFolder(id))), w.removeAll(ctx, w.b.url(strings.TrimSuffix(journalKey(id), "write"))))
}

// removeAll removes everything below a prefix.
func (w *writer) removeAll(ctx context.Context, prefix string) error {
	return removeAll(ctx, w.source, prefix)
}

func removeAll(ctx context.Context, store core.ObjectStore, prefix string) error {
	var batch []string
	err := store.List(ctx, prefix, func(o core.ObjectInfo) error {
		if batch = append(batch, o.URL); len(batch) == 1000 {
			if err := store.Delete(ctx, batch...); err != nil {
				return err
			}
			batch = batch[:0]
		}
		return nil
	})
	if err == nil && len(batch) > 0 {
		err = store.Delete(ctx, batch...)
	}
	return err
}
