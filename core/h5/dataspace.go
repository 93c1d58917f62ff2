package h5

// Shapes of datasets and attributes.

import (
	"math"
	"math/bits"

	"github.com/englacial/zagg/core/h5/internal/cursor"
)

// maxRank is the most dimensions the format allows.
const maxRank = 32

// Unlimited is the greatest size of a dimension that may grow without end.
const Unlimited = math.MaxUint64

// A Dataspace is the shape of a dataset or attribute. There are three kinds: null (no element at all), scalar (one
// element and no dimension) and simple.
type Dataspace struct {
	Null bool     // it has no elements, not even one
	Dims []uint64 // none: a scalar, if not Null
	Max  []uint64 // greatest size of each dimension, Unlimited too
}

// Elements is the product of the dimensions: 1 for a scalar, 0 for a null space.
func (s *Dataspace) Elements() uint64 {
	if s.Null {
		return 0
	}
	n, _ := product(s.Dims)
	return n
}

// product multiplies; false if the result is more than an int64 counts. One dimension of 0 makes it 0 whatever the
// others are.
func product(dims []uint64) (uint64, bool) {
	n := uint64(1)
	over := false
	for _, d := range dims {
		hi, lo := bits.Mul64(n, d)
		over = over || hi != 0
		n = lo
		if d == 0 {
			return 0, true
		}
	}
	return n, !over && n <= math.MaxInt64
}

// decodeDataspace reads a dataspace message (section IV.A.2.b).
func decodeDataspace(c *cursor.Cursor) Dataspace {
	version := c.Version(1, 2)
	rank, flags := int(c.U8()), c.U8()
	var s Dataspace
	if version == 1 {
		c.Skip(5)
	} else if typ := c.U8(); typ > 2 {
		c.FailUnsupported("kind %d", typ)
	} else {
		s.Null = typ == 2
	}
	if rank > maxRank {
		c.Fail("%d dimensions", rank)
		return s
	}
	for range rank {
		s.Dims = append(s.Dims, c.Length())
	}
	s.Max = s.Dims
	if flags&1 != 0 {
		s.Max = nil
		for range rank {
			m := c.Length()
			if n := c.Sizes.Length; n < 8 && m == 1<<(8*n)-1 {
				m = Unlimited
			}
			s.Max = append(s.Max, m)
		}
	}
	if c.Err() != nil {
		return s
	}
	if _, ok := product(s.Dims); !ok {
		c.Fail("%v elements are more than can be counted", s.Dims)
	}
	for i, d := range s.Dims {
		if d > s.Max[i] {
			c.Fail("dimension %d of %d is larger than its greatest size %d", i, d, s.Max[i])
		}
	}
	return s
}
