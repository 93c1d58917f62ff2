package h5

// References to objects, regions and attributes, of all versions.

import (
	"github.com/englacial/zagg/core/h5/internal/cursor"
)

// A Ref is what an element of a reference type points to. References are not followed here: File.ObjectAt does.
type Ref struct {
	Kind      RefKind
	Address   uint64 // of the object's header; NoAddress: it points to nothing
	File      string // the other file that the object is in; "": this one
	Attribute string // AttributeRef: its name
	Selection []byte // RegionRef, RegionRef2: the part of the dataset, as the file has it (a serialized selection, section VII.C)
}

// stdRefHead is what an element of a reference of HDF5 1.12 begins with: kind, flags and the bytes of what the heap has.
const stdRefHead = 1 + 1 + 4

// Ref is what an element of type t points to; t is a reference type that is the type of v or lies inside of it. What
// does not decode points to nothing.
func (v *Values) Ref(t *Datatype, element []byte) Ref {
	c := cursor.New("reference", 0, element, cursor.Sizes{Offset: v.offset, Length: 8})
	switch t.Ref {
	case ObjectRef:
		r := Ref{Kind: ObjectRef, Address: c.Addr()}
		if c.Err() != nil || r.Address == 0 {
			r.Address = NoAddress
		}
		return r
	case RegionRef:
		address, selection := v.Region(element)
		if address == 0 {
			address = NoAddress
		}
		return Ref{Kind: RegionRef, Address: address, Selection: selection}
	}
	r := Ref{Kind: RefKind(c.U8()), Address: NoAddress}
	flags := c.U8()
	c.Skip(4)
	blob := cursor.New("reference", 0, v.heap[heapRef{c.Addr(), c.U32()}], c.Sizes)
	if c.Err() != nil || !r.decode(blob, flags) {
		return Ref{Kind: r.Kind, Address: NoAddress}
	}
	return r
}

// decode reads what the heap has of a reference of HDF5 1.12: the object's address as a token, then what its kind needs.
func (r *Ref) decode(c *cursor.Cursor, flags uint8) bool {
	const external = 1
	n := int(c.U8())
	if n > 8 || n == 0 {
		return false
	}
	r.Address = c.Uint(n)
	if flags&external != 0 {
		r.File = string(c.Bytes(int(c.U16())))
	}
	switch r.Kind {
	case RegionRef2:
		n := int(c.U32())
		c.Skip(4) // rank, which the selection says too
		r.Selection = c.Bytes(n)
	case AttributeRef:
		r.Attribute = string(c.Bytes(int(c.U16())))
	}
	return c.Err() == nil && r.Kind >= ObjectRef2 && r.Kind <= AttributeRef
}

// pointedByRef is the heap object that holds the rest of a reference; false if it has none or points to nothing.
func (v *Values) pointedByRef(t *Datatype, e []byte) (pointed, bool) {
	c := cursor.New("", 0, e, cursor.Sizes{Offset: v.offset})
	n := 1
	if t.Ref >= ObjectRef2 {
		c.Skip(stdRefHead - 4)
		n = int(c.U32())
	}
	ref := heapRef{c.Addr(), c.U32()}
	return pointed{ref: ref, n: n}, c.Err() == nil && ref.addr != 0 && ref.addr != NoAddress
}
