package h5

import (
	"encoding/binary"
	"slices"
)

// AppendPacked appends the elements in C order in a form that does not depend on how the file stores them, for comparing
// files and readers: numbers little-endian in their own size (integers of fewer bits with their sign extended), the members of compounds one after another without gaps,
// fixed strings without their padding and filled with NUL, references as the address (8 bytes) of what they point to, and anything of variable length as its bytes in this form after
// their count (4 bytes, little-endian).
func (v *Values) AppendPacked(dst []byte) []byte { return v.packed(dst, v.Type, v.Data) }

func (v *Values) packed(dst []byte, t *Datatype, data []byte) []byte {
	if t.Size == 0 {
		return dst
	}
	if t.plain() {
		return append(dst, data...)
	}
	for ; len(data) >= t.Size; data = data[t.Size:] {
		dst = v.packedOne(dst, t, data[:t.Size])
	}
	return dst
}

func (v *Values) packedOne(dst []byte, t *Datatype, e []byte) []byte {
	switch t.Class {
	case Integer, Bitfield:
		if t.Precision != 8*t.Size && t.Size <= 8 {
			n := len(dst)
			dst = append(dst, e...)
			oddIntegers(dst[n:], e, t, t.Size)
			return dst
		}
	case String:
		n := len(dst)
		dst = append(dst, fixedString(e, t.Padding)...)
		return append(dst, make([]byte, t.Size-(len(dst)-n))...)
	case Compound:
		for _, m := range t.Members {
			dst = v.packed(dst, m.Type, e[m.Offset:m.Offset+m.Type.Size])
		}
		return dst
	case Reference:
		if t.Ref == RegionRef {
			address, _ := v.Region(e)
			return binary.LittleEndian.AppendUint64(dst, address)
		}
		if t.Ref == ObjectRef {
			return append(append(dst, e...), make([]byte, max(8-t.Size, 0))...)
		}
	case Array, Enum, Complex:
		return v.packed(dst, t.Base, e)
	case Vlen:
		at := len(dst)
		dst = v.packed(append(dst, 0, 0, 0, 0), t.Base, v.Heap(t, e))
		binary.LittleEndian.PutUint32(dst[at:], uint32(len(dst)-at-4))
		return dst
	}
	dst = append(dst, e...)
	if t.BigEndian {
		slices.Reverse(dst[len(dst)-t.Size:])
	}
	return dst
}

// plain reports elements whose packed form is how they are stored.
func (t *Datatype) plain() bool {
	switch t.Class {
	case Integer, Bitfield:
		return !t.BigEndian && t.Precision == 8*t.Size
	case Float, Time:
		return !t.BigEndian
	case Opaque:
		return true
	case Reference:
		return t.Ref != RegionRef && t.Size >= 8
	case Enum, Complex, Array:
		return t.Base.plain()
	}
	return false
}
