package h5

// Shared messages: datatypes and other messages that several objects have in common.

import (
	"github.com/englacial/zagg/core/h5/internal/cursor"
	"github.com/englacial/zagg/core/h5/internal/header"
	"github.com/englacial/zagg/core/h5/internal/heap"
	"github.com/englacial/zagg/core/h5/internal/space"
)

// A sharedTable says where messages lie that several objects share (section III.H).
type sharedTable struct {
	addr  uint64
	count int
}

func openShared(c *cursor.Cursor) (*sharedTable, error) {
	c.Version(0, 0)
	t := &sharedTable{addr: c.Addr(), count: int(c.U8())}
	return t, c.Err()
}

// heapOf is the address of the heap that has the shared messages of a type (section III.H).
func (t *sharedTable) heapOf(r *space.Reader, typ int) (uint64, error) {
	const what = "shared message table"
	c, err := r.Read(what, t.addr, int64(4+t.count*(14+2*r.Sizes.Offset)+4))
	if err != nil {
		return 0, err
	}
	c.Magic("SMTB")
	found := uint64(NoAddress)
	for range t.count {
		c.Version(0, 0)
		c.Skip(1)
		types := c.U16()
		c.Skip(10)
		c.Addr()
		if at := c.Addr(); types>>typ&1 != 0 && found == NoAddress {
			found = at
		}
	}
	c.Checksum()
	if c.Err() == nil && found == NoAddress {
		c.Fail("has no heap for messages of type %#x", typ)
	}
	return found, c.Err()
}

// sharedObject is a shared attribute by its heap id.
func (f *File) sharedObject(r *space.Reader, id []byte) (*cursor.Cursor, error) {
	return f.sharedMessage(r, header.Attribute, id)
}

func (f *File) sharedMessage(r *space.Reader, typ int, id []byte) (*cursor.Cursor, error) {
	if f.shared == nil {
		return nil, cursor.Corrupt("shared message", 0, "the file has no table of shared messages")
	}
	at, err := f.shared.heapOf(r, typ)
	if err != nil {
		return nil, err
	}
	h, err := heap.OpenFractal(r, at, f.unfilter)
	if err != nil {
		return nil, err
	}
	return h.Object(r, id)
}

// message is a cursor over a message's body, wherever it lies, and the address of the committed datatype that it
// comes from; NoAddress if it is none.
func (f *File) message(r *space.Reader, m *header.Message, what string) (*cursor.Cursor, uint64, error) {
	c := m.Cursor(what, r.Sizes)
	if !m.Shared {
		return c, NoAddress, nil
	}
	return f.resolveShared(r, m.Type, c)
}

// resolveShared follows the shared form of a message of type typ (section IV.A.2, "shared message").
func (f *File) resolveShared(r *space.Reader, typ int, c *cursor.Cursor) (*cursor.Cursor, uint64, error) {
	version, kind := c.Version(1, 3), c.U8()
	if version == 1 {
		c.Skip(6 + r.Sizes.Length) // reserved; where the message's name was in a heap
	}
	if version == 3 && kind == 1 {
		id := c.Bytes(8)
		if c.Err() != nil {
			return nil, NoAddress, c.Err()
		}
		o, err := f.sharedMessage(r, typ, id)
		return o, NoAddress, err
	}
	addr := c.Addr()
	if c.Err() != nil {
		return nil, NoAddress, c.Err()
	}
	head, err := header.Read(r, addr, nil)
	if err != nil {
		return nil, NoAddress, err
	}
	m := head.First(typ)
	if m == nil || m.Shared {
		return nil, NoAddress, cursor.Corrupt("object header", int64(addr)+r.Base, "has no message of type %#x of its own that another shares", typ)
	}
	return m.Cursor("shared message", r.Sizes), addr, nil
}

// datatype reads a datatype message, committed or not.
func (f *File) datatype(r *space.Reader, m *header.Message) (*Datatype, error) {
	c, committed, err := f.message(r, m, "datatype message")
	if err != nil {
		return nil, err
	}
	t := decodeDatatype(c, 0)
	t.Committed = committed
	return t, c.Err()
}

// Datatype is the type that a committed datatype names; Invalid if the object is none.
func (o *Object) Datatype() (*Datatype, error) {
	if o.kind != DatatypeKind {
		return nil, o.wrongKind(DatatypeKind)
	}
	c := o.head.First(header.Datatype).Cursor("datatype message", o.f.space.Sizes)
	t := decodeDatatype(c, 0)
	t.Committed = o.Address()
	return t, o.f.fail("h5.Datatype", o.path, c.Err())
}
