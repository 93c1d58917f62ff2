package filter

import (
	"encoding/binary"
	"errors"
)

var errShort = errors.New("stream ends too early")

// A bitReader reads numbers whose most significant bit comes first.
type bitReader struct {
	b   []byte
	pos int // in bits
}

// read is the next n ≤ 64 bits; they must be there.
func (r *bitReader) read(n int) uint64 {
	var v uint64
	for n > 0 {
		left := 8 - r.pos&7
		k := min(left, n)
		part := uint64(r.b[r.pos>>3]) >> (left - k) & (1<<k - 1)
		v = v<<k | part
		r.pos += k
		n -= k
	}
	return v
}

// has is whether n more bits are there.
func (r *bitReader) has(n int) bool { return n <= len(r.b)*8-r.pos }

// put stores the low size bytes of v.
func put(dst []byte, size int, big bool, v uint64) {
	var t [8]byte
	if big {
		binary.BigEndian.PutUint64(t[:], v)
		copy(dst[:size], t[8-size:])
		return
	}
	binary.LittleEndian.PutUint64(t[:], v)
	copy(dst[:size], t[:size])
}
