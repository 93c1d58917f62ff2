package h5

// From the file's elements to columns: byte order, half floats, and integers that do not fill their bytes.

import (
	"encoding/binary"
	"math"
)

// A converter turns elements of in bytes into little-endian ones of out bytes. A nil fn copies: the two are the same.
type converter struct {
	in, out int
	fn      func(dst, src []byte)
}

func (c *converter) run(dst, src []byte) {
	if c.fn == nil {
		copy(dst, src)
		return
	}
	c.fn(dst, src)
}

// columnConverter is the converter of a type for which Column gives no error.
func columnConverter(t *Datatype) converter {
	if t.Class == Enum {
		t = t.Base
	}
	c := converter{in: t.Size, out: t.Size}
	switch {
	case t.Class == String, t.Class == Opaque:
	case t.Class == Float && t.Size == 2:
		c.out = 4
		c.fn = func(dst, src []byte) { halves(dst, src, t.BigEndian) }
	case t.Precision != 8*t.Size || t.Size&(t.Size-1) != 0:
		c.out = integerColumn(t.Size, t.Signed).Size()
		c.fn = func(dst, src []byte) { oddIntegers(dst, src, t, c.out) }
	case t.BigEndian && t.Size > 1:
		c.fn = [...]func(dst, src []byte){2: swap2, 4: swap4, 8: swap8}[t.Size]
	}
	return c
}

func swap2(dst, src []byte) {
	for i := 0; i+2 <= len(src); i += 2 {
		binary.LittleEndian.PutUint16(dst[i:], binary.BigEndian.Uint16(src[i:]))
	}
}

func swap4(dst, src []byte) {
	for i := 0; i+4 <= len(src); i += 4 {
		binary.LittleEndian.PutUint32(dst[i:], binary.BigEndian.Uint32(src[i:]))
	}
}

func swap8(dst, src []byte) {
	for i := 0; i+8 <= len(src); i += 8 {
		binary.LittleEndian.PutUint64(dst[i:], binary.BigEndian.Uint64(src[i:]))
	}
}

// halves widens IEEE 754 binary16 to binary32, which holds every value of it exactly, NaN payloads included.
func halves(dst, src []byte, big bool) {
	for i := 0; i+2 <= len(src); i += 2 {
		h := binary.LittleEndian.Uint16(src[i:])
		if big {
			h = binary.BigEndian.Uint16(src[i:])
		}
		binary.LittleEndian.PutUint32(dst[2*i:], half(h))
	}
}

func half(h uint16) uint32 {
	sign, exp, man := uint32(h>>15)<<31, uint32(h>>10&31), uint32(h&1023)
	switch {
	case exp == 31:
		return sign | 0xff<<23 | man<<13
	case exp == 0: // zero or subnormal: man × 2⁻²⁴
		return sign | math.Float32bits(float32(man)/(1<<24))
	}
	return sign | (exp+112)<<23 | man<<13
}

// oddIntegers takes the value's Precision bits from bit Offset on out of each element and extends their sign to out
// bytes.
func oddIntegers(dst, src []byte, t *Datatype, out int) {
	var b [8]byte
	for ; len(src) >= t.Size; src, dst = src[t.Size:], dst[out:] {
		var v uint64
		for i := range t.Size {
			k := i
			if !t.BigEndian {
				k = t.Size - 1 - i
			}
			v = v<<8 | uint64(src[k])
		}
		v = v >> t.Offset << (64 - t.Precision)
		if t.Signed {
			v = uint64(int64(v) >> (64 - t.Precision))
		} else {
			v >>= 64 - t.Precision
		}
		binary.LittleEndian.PutUint64(b[:], v)
		copy(dst[:out], b[:])
	}
}
