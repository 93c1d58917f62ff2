package h5

// Decoding of datatype messages, class by class.

import (
	"math"
	"strings"

	"github.com/englacial/zagg/core/h5/internal/cursor"
)

const (
	maxTypeDepth  = 32      // nesting of types: more is damage, and would recurse deeply
	maxTypeSize   = 1 << 30 // bytes of one element: bounds what a damaged size makes readers allocate
	vaxOrder      = 0x41    // bits 0 and 6 of the class bits: VAX byte order
	bigOrder      = 0x01    // bit 0 of the class bits: big-endian
	maxEnumValues = 1 << 16
)

// decodeDatatype reads a datatype message (section IV.A.2.d): class and version (4 bits each), 24 class-specific bits, the size of
// an element in bytes, and properties that depend on the class. Every size that the file states twice is compared, so that later
// code can rely on it.
func decodeDatatype(c *cursor.Cursor, depth int) *Datatype {
	head := c.U8()
	bits := uint32(c.Uint(3))
	size := c.U32()
	t := &Datatype{Class: Class(head & 15), Size: int(size), Committed: NoAddress}
	version := head >> 4
	switch {
	case c.Err() != nil:
	case version < 1 || version > 5:
		c.FailUnsupported("version %d", version)
	case depth > maxTypeDepth:
		c.Fail("types are nested more than %d deep", maxTypeDepth)
	case size > maxTypeSize:
		c.Fail("elements of %d bytes", size)
	case size == 0 && t.Class != Opaque && t.Class != String && t.Class != Compound:
		c.Fail("%s of 0 bytes", t.Class)
	}
	if c.Err() != nil {
		return t
	}
	switch t.Class {
	case Integer, Bitfield:
		t.BigEndian, t.Signed = bits&bigOrder != 0, bits&8 != 0 && t.Class == Integer
		t.Offset, t.Precision = int(c.U16()), int(c.U16())
		t.checkBits(c)
	case Float:
		t.float(c, bits)
	case Time:
		t.BigEndian, t.Precision = bits&bigOrder != 0, int(c.U16())
	case String:
		t.Padding, t.UTF8 = Padding(bits&15), bits>>4&15 == 1
	case Opaque:
		t.Tag = strings.TrimRight(string(c.Bytes(int(bits&255))), "\x00")
	case Compound:
		t.compound(c, version, int(bits&0xffff), depth)
	case Reference:
		if t.Ref = RefKind(bits & 15); t.Ref > AttributeRef {
			c.FailUnsupported("reference of kind %d", t.Ref)
		}
		if want := stdRefHead + c.Offset + 4; c.Err() == nil && t.Ref >= ObjectRef2 && t.Size < want {
			c.Fail("%s of %d bytes, not %d", t, t.Size, want)
		}
	case Enum:
		t.enum(c, version, int(bits&0xffff), depth)
	case Vlen:
		t.Variable, t.Padding, t.UTF8 = bits&15 == 1, Padding(bits>>4&15), bits>>8&15 == 1
		t.Base = decodeDatatype(c, depth+1)
		if want := 8 + c.Offset; c.Err() == nil && t.Size != want {
			c.Fail("variable-length elements of %d bytes, not %d", t.Size, want)
		}
	case Array:
		t.array(c, version, depth)
	case Complex:
		t.Base = decodeDatatype(c, depth+1)
		if c.Err() == nil && t.Size != 2*t.Base.Size {
			c.Fail("complex of %d bytes with parts of %d", t.Size, t.Base.Size)
		}
	default:
		c.FailUnsupported("%s", t.Class)
	}
	return t
}

// checkBits verifies that the significant bits of a number lie within its bytes.
func (t *Datatype) checkBits(c *cursor.Cursor) {
	if c.Err() == nil && (t.Precision == 0 || t.Offset+t.Precision > 8*t.Size) {
		c.Fail("%d bits from bit %d in %d bytes", t.Precision, t.Offset, t.Size)
	}
}

// float reads the bit layout of a floating-point type: positions and sizes, in bits, of sign, exponent and mantissa, and the bias of
// the exponent. Implied says that the leading 1 of the mantissa is not stored (normalization 2).
func (t *Datatype) float(c *cursor.Cursor, bits uint32) {
	if bits&vaxOrder == vaxOrder {
		c.FailUnsupported("float in VAX byte order")
	}
	t.BigEndian = bits&bigOrder != 0
	t.Offset, t.Precision = int(c.U16()), int(c.U16())
	b := &t.Bits
	b.Sign, b.Implied = int(bits>>8&255), bits>>4&3 == 2
	b.Exponent, b.ExponentSize, b.Mantissa, b.MantissaSize = int(c.U8()), int(c.U8()), int(c.U8()), int(c.U8())
	b.Bias = c.U32()
	t.checkBits(c)
}

// compound reads the n members of a compound. From version 3 on, offsets have as few bytes as the compound's size needs.
func (t *Datatype) compound(c *cursor.Cursor, version uint8, n, depth int) {
	width := 4
	if version >= 3 {
		width = 1
		for ; width < 4 && t.Size >= 1<<(8*width); width++ {
		}
	}
	for i := 0; i < n && c.Err() == nil; i++ {
		m := Member{Name: paddedName(c, version)}
		m.Offset = int(c.Uint(width))
		var dims []int
		if version == 1 {
			dims = oldDims(c)
		}
		m.Type = decodeDatatype(c, depth+1)
		if c.Err() == nil && len(dims) > 0 {
			a := &Datatype{Class: Array, Dims: dims, Base: m.Type, Committed: NoAddress}
			a.sizeArray(c)
			m.Type = a
		}
		if c.Err() == nil && (m.Type.Size > t.Size || m.Offset > t.Size-m.Type.Size) {
			c.Fail("member %q of %d bytes at %d leaves its compound of %d", m.Name, m.Type.Size, m.Offset, t.Size)
		}
		t.Members = append(t.Members, m)
	}
}

// oldDims reads the array dimensions that a member has in version 1, before there were array types.
func oldDims(c *cursor.Cursor) []int {
	rank := int(c.U8())
	c.Skip(11) // reserved, dimension permutation, reserved
	var dims []int
	for i := range 4 {
		if d := c.U32(); i < rank {
			dims = append(dims, int(d))
		}
	}
	return dims
}

// paddedName reads a name that in versions before 3 is filled up to 8 bytes.
func paddedName(c *cursor.Cursor, version uint8) string {
	name := c.CString()
	if n := (len(name) + 1) % 8; version < 3 && n != 0 {
		c.Skip(8 - n)
	}
	return name
}

// enum reads the base type, then all n names, then all n values.
func (t *Datatype) enum(c *cursor.Cursor, version uint8, n, depth int) {
	t.Base = decodeDatatype(c, depth+1)
	if c.Err() == nil && (t.Base.Size != t.Size || t.Base.hasHeap()) {
		c.Fail("enum of %d bytes over %s", t.Size, t.Base)
	}
	for i := 0; i < n && c.Err() == nil; i++ {
		t.Names = append(t.Names, paddedName(c, version))
	}
	for i := 0; i < n && c.Err() == nil; i++ {
		t.Values = append(t.Values, append([]byte(nil), c.Bytes(t.Size)...))
	}
}

// array reads dimensions and base type. Versions before 3 have reserved bytes and a permutation that no writer uses.
func (t *Datatype) array(c *cursor.Cursor, version uint8, depth int) {
	rank := int(c.U8())
	if version < 3 {
		c.Skip(3)
	}
	if rank == 0 || rank > maxRank {
		c.Fail("array of rank %d", rank)
		return
	}
	for range rank {
		t.Dims = append(t.Dims, int(c.U32()))
	}
	if version < 3 {
		c.Skip(4 * rank)
	}
	t.Base = decodeDatatype(c, depth+1)
	want := t.Size
	if t.sizeArray(c); c.Err() == nil && t.Size != want {
		c.Fail("array %v of elements of %d bytes has %d", t.Dims, t.Base.Size, want)
	}
}

// sizeArray sets Size from the dimensions and the base.
func (t *Datatype) sizeArray(c *cursor.Cursor) {
	if c.Err() != nil {
		return
	}
	n := t.Base.Size
	for _, d := range t.Dims {
		if d == 0 || n > math.MaxInt32/d {
			c.Fail("array %v of elements of %d bytes", t.Dims, t.Base.Size)
			return
		}
		n *= d
	}
	t.Size = n
}
