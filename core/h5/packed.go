package h5

// A form of values that does not depend on how a file stores them, for comparisons and digests.

import (
	"bytes"
	"encoding/binary"
	"io"
	"slices"
)

// AppendPacked appends the elements in C order in a form that does not depend on how the file stores them, for comparing
// files and readers: numbers little-endian in their own size (integers of fewer bits with their sign extended), the members of compounds one after another without gaps,
// fixed strings without their padding and filled with NUL, references as the address (8 bytes) of what they point to, and anything of variable length as its bytes in this form after
// their count (4 bytes, little-endian).
func (v *Values) AppendPacked(dst []byte) []byte { return v.packed(dst, v.Type, v.Data) }

// WriteFill writes count elements that were never written, in the form of AppendPacked, without making the values.
func (d *Dataset) WriteFill(w io.Writer, count int64) error {
	const block = 1 << 16
	one := make([]byte, block) // as many elements as fit, or one
	n := int64(1)
	switch size := int64(d.typ.Size); {
	case d.fill == nil && d.typ.plain():
		count, n = count*size, block // zeros, whatever their sizes
	default:
		v := &Values{Type: d.typ, Data: d.Fill(), offset: d.f.space.Sizes.Offset}
		one = v.AppendPacked(one[:0])
		if n = max(block/int64(max(len(one), 1)), 1); n > 1 {
			one = bytes.Repeat(one, int(n))
		}
	}
	for each := int64(len(one)) / n; count > 0; count -= n {
		if _, err := w.Write(one[:min(n, count)*each]); err != nil {
			return err
		}
	}
	return nil
}

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
		switch t.Ref {
		case ObjectRef:
			return append(append(dst, e...), make([]byte, max(8-t.Size, 0))...)
		case RegionRef:
			address, _ := v.Region(e)
			return binary.LittleEndian.AppendUint64(dst, address)
		}
		return binary.LittleEndian.AppendUint64(dst, v.Ref(t, e).Address)
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
		return t.Ref == ObjectRef && t.Size >= 8
	case Enum, Complex, Array:
		return t.Base.plain()
	}
	return false
}
