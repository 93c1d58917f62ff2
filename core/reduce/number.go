package reduce

// The types that are reduced, and how they are told apart in generic code.

import "math"

// Number is the element types the reductions take. Booleans are reduced as uint8 holding 0 or 1.
type Number interface {
	~int8 | ~int16 | ~int32 | ~int64 | ~uint8 | ~uint16 | ~uint32 | ~uint64 | ~float32 | ~float64
}

// Float is the types that have a NaN.
type Float interface{ ~float32 | ~float64 }

var nan = math.NaN()

// A class tells how values of a type are interpolated: in float64, or float32 as numpy does.
type class uint8

const (
	integer class = iota
	single
	double
)

// classOf needs no reflection: only a float keeps a half, and only float64 tells 1+2⁻⁴⁰ from 1.
func classOf[T Number]() class {
	half, tiny := 0.5, 1+0x1p-40
	switch {
	case float64(T(half)) != half:
		return integer
	case float64(T(tiny)) != tiny:
		return single
	}
	return double
}

// longest is the size of the largest cell: scratch of that size serves all of them.
func longest(offsets []int64) int {
	n := int64(0)
	for i := 1; i < len(offsets); i++ {
		n = max(n, offsets[i]-offsets[i-1])
	}
	return int(n)
}
