package filter

import (
	"encoding/binary"
	"errors"
	"math"
)

// A scaled is the parameters of scale-offset.
type scaled struct {
	kind    uint32 // 0: decimal digits of floats are kept, 2: integers
	digits  int32
	n, size int
	float   bool
	big     bool
	filled  bool // fill holds the fill value
	fill    uint64
}

const scaleHeader = 21 // bits of a value (4), bytes of the minimum (1), minimum (16)

// scaleOffset undoes scale-offset: values are stored as differences from the chunk's minimum, in as many bits as the
// largest needs; all bits set is the fill value.
func scaleOffset(dst, src []byte, params []uint32) (int, error) {
	s, err := scaleParams(params)
	if err != nil {
		return 0, err
	}
	if len(src) < scaleHeader {
		return 0, errShort
	}
	if s.n > len(dst)/s.size {
		return 0, errRoom
	}
	dst = dst[:s.n*s.size]
	bits := binary.LittleEndian.Uint32(src)
	least := binary.LittleEndian.Uint64(src[5:])
	if n := src[4]; n < 8 {
		least &= 1<<(8*n) - 1
	}
	r := bitReader{b: src[scaleHeader:]}
	if bits > uint32(8*s.size) || s.n > 0 && bits > 0 && len(r.b)*8/int(bits) < s.n {
		return 0, errShort
	}
	if bits == uint32(8*s.size) { // stored as they are, in the writer's byte order, which is taken to be little-endian
		for i := range s.n {
			var t [8]byte
			copy(t[:s.size], r.b[i*s.size:])
			put(dst[i*s.size:], s.size, s.big, binary.LittleEndian.Uint64(t[:]))
		}
		return len(dst), nil
	}
	for i := range s.n {
		v := r.read(int(bits))
		switch {
		case s.filled && v == 1<<bits-1:
			v = s.fill
		case s.float:
			v = s.unscale(v, least)
		default:
			v += least
		}
		put(dst[i*s.size:], s.size, s.big, v)
	}
	return len(dst), nil
}

// unscale is the float with least as minimum; all in the arithmetic of the type, as the library computes.
func (s *scaled) unscale(v, least uint64) uint64 {
	if s.size == 4 {
		f := float32(int32(uint32(v))) / float32(math.Pow(10, float64(s.digits)))
		return uint64(math.Float32bits(f + math.Float32frombits(uint32(least))))
	}
	f := float64(int64(v)) / math.Pow(10, float64(s.digits))
	return math.Float64bits(f + math.Float64frombits(least))
}

func scaleParams(p []uint32) (s scaled, err error) {
	if len(p) < 8 {
		return s, errors.New("parameters missing")
	}
	s = scaled{kind: p[0], digits: int32(p[1]), n: int(p[2]), float: p[3] == 1, size: int(p[4]), big: p[6] == 1, filled: p[7] == 1}
	if s.size != 1 && s.size != 2 && s.size != 4 && s.size != 8 || s.float && s.size < 4 {
		return s, errors.New("elements of an impossible size")
	}
	if s.float != (s.kind == 0) || s.kind == 1 {
		return s, errors.New("scaling by exponent is not defined")
	}
	if s.filled {
		if len(p) < 10 && (s.size == 8 || len(p) < 9) {
			return s, errors.New("fill value missing")
		}
		s.fill = uint64(p[8])
		if s.size == 8 {
			s.fill |= uint64(p[9]) << 32
		}
	}
	return s, nil
}
