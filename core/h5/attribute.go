package h5

// Attributes: small named values that live in an object's header (compact) or in a heap beside it (dense).

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/h5/internal/cursor"
	"github.com/englacial/zagg/core/h5/internal/header"
	"github.com/englacial/zagg/core/h5/internal/space"
)

// An Attribute is a named value of an object. The value itself has been read; what its elements of variable length
// point to has not (see Values).
type Attribute struct {
	Name  string
	Type  *Datatype
	Space Dataspace
	Order int // creation order; -1 if the object does not track it
	data  []byte
	owner *Object
}

// Attributes lists the object's attributes: in creation order if it is tracked, otherwise by name. Together they may
// have Options.ValueBytes; more is Corrupt, as no library writes such objects.
func (o *Object) Attributes(ctx context.Context) ([]*Attribute, error) {
	r := o.f.space.Reader(ctx)
	var out []*Attribute
	budget := o.f.opt.ValueBytes
	add := func(c *cursor.Cursor, order int) error {
		a, err := o.f.attribute(r, c)
		if err != nil {
			return err
		}
		if budget -= int64(len(a.data) + len(a.Name)); budget < 0 || len(out) >= maxRecords {
			return core.Errorf(core.Corrupt, "", o.path, "has %d attributes of more than %d bytes", len(out), o.f.opt.ValueBytes)
		}
		a.Order, a.owner = order, o
		out = append(out, a)
		return nil
	}
	tracked, err := o.attributes(r, add)
	if err != nil {
		return nil, o.f.fail("h5.Attributes", o.path, err)
	}
	slices.SortStableFunc(out, func(a, b *Attribute) int {
		if tracked && a.Order != b.Order {
			return cmp.Compare(a.Order, b.Order)
		}
		return strings.Compare(a.Name, b.Name)
	})
	return out, nil
}

// attributes calls add for each attribute, compact or dense, and reports whether their creation order is tracked.
func (o *Object) attributes(r *space.Reader, add func(c *cursor.Cursor, order int) error) (bool, error) {
	head, err := o.full(r)
	if err != nil {
		return false, err
	}
	tracked := false
	for i := range head.Messages {
		m := &head.Messages[i]
		switch m.Type {
		case header.Attribute:
			c, _, err := o.f.message(r, m, "attribute message")
			if err != nil {
				return false, err
			}
			tracked = tracked || m.Order >= 0
			if err := add(c, m.Order); err != nil {
				return false, err
			}
		case header.AttributeInfo:
			t, err := o.denseAttributes(r, m, add)
			if err != nil {
				return false, err
			}
			tracked = tracked || t
		}
	}
	return tracked, nil
}

// denseAttributes reads the attributes in a fractal heap, if the object has one (section IV.A.2.v, attribute info
// message).
func (o *Object) denseAttributes(r *space.Reader, m *header.Message, add func(c *cursor.Cursor, order int) error) (bool, error) {
	c := m.Cursor("attribute info message", r.Sizes)
	c.Version(0, 0)
	tracked := c.U8()&1 != 0
	if tracked {
		c.Skip(2)
	}
	at, tree := c.Addr(), c.Addr()
	if c.Err() != nil || at == NoAddress {
		return tracked, c.Err()
	}
	return tracked, o.f.heapObjects(r, at, tree, attributeRecords, func(rec heapRecord, a *cursor.Cursor) error {
		if !tracked {
			rec.order = -1
		}
		return add(a, rec.order)
	})
}

// attribute decodes an attribute message (section IV.A.2.m).
func (f *File) attribute(r *space.Reader, c *cursor.Cursor) (*Attribute, error) {
	version := c.Version(1, 3)
	flags := c.U8()
	nName, nType, nSpace := int(c.U16()), int(c.U16()), int(c.U16())
	if version == 3 {
		c.U8() // character set: names are taken as they are
	}
	if version == 1 {
		flags = 0
	}
	// Version 1 pads each of the three fields to a multiple of 8 bytes.
	field := func(what string, n int) *cursor.Cursor {
		s := c.Sub(what, n)
		if version == 1 && n%8 != 0 {
			c.Skip(8 - n%8)
		}
		return s
	}
	name := field("attribute name", nName)
	typ, spc := field("datatype of attribute", nType), field("dataspace of attribute", nSpace)
	a := &Attribute{}
	if n := name.Bytes(name.Len()); len(n) > 0 {
		a.Name, _, _ = strings.Cut(string(n), "\x00")
	}
	if c.Err() != nil {
		return nil, c.Err()
	}
	committed := uint64(NoAddress)
	var err error
	if flags&1 != 0 {
		if typ, committed, err = f.resolveShared(r, header.Datatype, typ); err != nil {
			return nil, err
		}
	}
	if flags&2 != 0 {
		if spc, _, err = f.resolveShared(r, header.Dataspace, spc); err != nil {
			return nil, err
		}
	}
	a.Type, a.Space = decodeDatatype(typ, 0), decodeDataspace(spc)
	if err := cmp.Or(typ.Err(), spc.Err()); err != nil {
		return nil, err
	}
	a.Type.Committed = committed
	return a, a.take(c)
}

// take copies the value out of the metadata cache, which may drop what it holds. A value shorter than its type and
// shape say is Corrupt.
func (a *Attribute) take(c *cursor.Cursor) error {
	n, ok := product([]uint64{a.Space.Elements(), uint64(a.Type.Size)})
	if !ok || n > uint64(c.Len()) {
		return c.Fail("attribute %q has %d bytes of %v elements of %s", a.Name, c.Len(), a.Space.Dims, a.Type)
	}
	a.data = slices.Clone(c.Bytes(int(n)))
	return c.Err()
}

// Attribute is the attribute of a name; NotFound if there is none. It reads all of them: ask Attributes for several.
func (o *Object) Attribute(ctx context.Context, name string) (*Attribute, error) {
	all, err := o.Attributes(ctx)
	if err != nil {
		return nil, err
	}
	for _, a := range all {
		if a.Name == name {
			return a, nil
		}
	}
	return nil, core.Errorf(core.NotFound, "h5.Attribute", o.f.url+" "+o.path, "no attribute %q", name)
}

// Values is the attribute's value, with the heap objects that it points to.
func (a *Attribute) Values(ctx context.Context) (*Values, error) {
	f := a.owner.f
	v := &Values{Type: a.Type, Shape: a.Space.Dims, Data: a.data, offset: f.space.Sizes.Offset}
	if err := v.resolve(f.space.Reader(ctx), f.opt.ValueBytes); err != nil {
		return nil, f.fail("h5.Attribute", a.owner.path+"@"+a.Name, err)
	}
	return v, nil
}
