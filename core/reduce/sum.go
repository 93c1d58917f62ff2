package reduce

// Sums and what is made of them: means, variances, weighted means. The order of additions is numpy's, so that results
// are equal bit for bit and do not depend on how cells lie beside each other.

import "math"

// leafSize is the run that numpy's pairwise summation adds without halving (PW_BLOCKSIZE in its loops_utils).
const leafSize = 128

// mode is what a pairwise sum adds up.
type mode uint8

const (
	plain       mode = iota // v
	nanZero                 // v, NaN as 0
	weighted                // v·w
	deviation               // (v-mean)²
	nanDeviated             // (v-mean)², NaN as 0
)

// terms is one pairwise summation. The terms are written to buf a leaf at a time, so that the loop of addLeaf is the
// only copy of numpy's unrolled one and the values are read once.
type terms[T Number] struct {
	v    []T
	w    []float64
	mean float64
	mode mode
	buf  [leafSize]float64
}

// sum adds the terms lo…hi-1 in numpy's order: halves of a multiple of eight, until a leaf is left.
func (t *terms[T]) sum(lo, hi int) float64 {
	n := hi - lo
	if n > leafSize {
		half := n / 2
		half -= half % 8
		return t.sum(lo, lo+half) + t.sum(lo+half, hi)
	}
	if d, ok := any(t.v).([]float64); ok && t.mode == plain {
		return addLeaf(d[lo:hi])
	}
	v, b := t.v[lo:hi], t.buf[:n]
	switch t.mode {
	case plain:
		for i, x := range v {
			b[i] = float64(x)
		}
	case nanZero:
		for i, x := range v {
			if x != x {
				x = 0
			}
			b[i] = float64(x)
		}
	case weighted:
		w := t.w[lo:hi]
		for i, x := range v {
			b[i] = float64(x) * w[i]
		}
	case deviation:
		for i, x := range v {
			d := float64(x) - t.mean
			b[i] = d * d
		}
	case nanDeviated:
		for i, x := range v {
			d := float64(x) - t.mean
			if x != x {
				d = 0
			}
			b[i] = d * d
		}
	}
	return addLeaf(b)
}

// addLeaf adds at most leafSize numbers as numpy does: eight accumulators, added as a tree, then the rest.
func addLeaf(a []float64) float64 {
	if len(a) < 8 {
		s := 0.0
		for _, x := range a {
			s += x
		}
		return s
	}
	r0, r1, r2, r3, r4, r5, r6, r7 := a[0], a[1], a[2], a[3], a[4], a[5], a[6], a[7]
	i := 8
	for ; i+8 <= len(a); i += 8 {
		b := a[i : i+8 : i+8]
		r0 += b[0]
		r1 += b[1]
		r2 += b[2]
		r3 += b[3]
		r4 += b[4]
		r5 += b[5]
		r6 += b[6]
		r7 += b[7]
	}
	s := ((r0 + r1) + (r2 + r3)) + ((r4 + r5) + (r6 + r7))
	for ; i < len(a); i++ {
		s += a[i]
	}
	return s
}

// total is the sum of the terms of one cell; that of none is 0. numpy adds to 0, so that -0 is never a sum.
func (t *terms[T]) total(lo, hi int64) float64 {
	if lo == hi {
		return 0
	}
	return 0 + t.sum(int(lo), int(hi))
}

// Sum writes each cell's sum of floats: numpy.sum; 0 for no values.
func Sum[T Float](dst []float64, v []T, offsets []int64) {
	t := terms[T]{v: v}
	for i := range dst {
		dst[i] = t.total(offsets[i], offsets[i+1])
	}
}

// NanSum writes each cell's sum of floats, NaN left out: numpy.nansum; 0 where nothing is left.
func NanSum[T Float](dst []float64, v []T, offsets []int64) {
	t := terms[T]{v: v, mode: nanZero}
	for i := range dst {
		dst[i] = t.total(offsets[i], offsets[i+1])
	}
}

// SumInt writes each cell's sum of integers, which wraps around: numpy.sum. S is int64 for signed and uint64 for
// unsigned values.
func SumInt[S int64 | uint64, T Number](dst []S, v []T, offsets []int64) {
	for i := range dst {
		var s S
		for _, x := range v[offsets[i]:offsets[i+1]] {
			s += S(x)
		}
		dst[i] = s
	}
}

// Mean writes each cell's mean: numpy.mean, NaN for no values.
func Mean[T Number](dst []float64, v []T, offsets []int64) {
	t := terms[T]{v: v}
	for i := range dst {
		lo, hi := offsets[i], offsets[i+1]
		dst[i] = t.total(lo, hi) / float64(hi-lo)
	}
}

// NanMean writes each cell's mean, NaN left out: numpy.nanmean; NaN where nothing is left.
func NanMean[T Number](dst []float64, v []T, offsets []int64) {
	t := terms[T]{v: v, mode: nanZero}
	for i := range dst {
		lo, hi := offsets[i], offsets[i+1]
		dst[i] = t.total(lo, hi) / float64(numbers(v[lo:hi]))
	}
}

// numbers counts what is not NaN.
func numbers[T Number](v []T) (n int64) {
	for _, x := range v {
		if x == x {
			n++
		}
	}
	return n
}

// Average writes each cell's weighted mean Σvw/Σw: numpy.average; NaN where the weights sum to zero and so does Σvw
// (numpy raises). w has a weight for each value.
func Average[T Number](dst []float64, v []T, w []float64, offsets []int64) {
	t := terms[T]{v: v, w: w, mode: weighted}
	s := terms[float64]{v: w}
	for i := range dst {
		lo, hi := offsets[i], offsets[i+1]
		dst[i] = t.total(lo, hi) / s.total(lo, hi)
	}
}

// Var writes each cell's variance: numpy.var, two passes. The sum of squares is divided by max(n-ddof, 0), so that
// the result is NaN or infinite where no degree of freedom is left, as numpy has it.
func Var[T Number](dst []float64, v []T, offsets []int64, ddof float64) {
	t := terms[T]{v: v}
	for i := range dst {
		lo, hi := offsets[i], offsets[i+1]
		n := float64(hi - lo)
		t.mode = plain
		t.mean = t.total(lo, hi) / n
		t.mode = deviation
		dst[i] = t.total(lo, hi) / max(n-ddof, 0)
	}
}

// NanVar writes each cell's variance, NaN left out: numpy.nanvar, which unlike numpy.var is NaN where n ≤ ddof.
func NanVar[T Number](dst []float64, v []T, offsets []int64, ddof float64) {
	t := terms[T]{v: v}
	for i := range dst {
		lo, hi := offsets[i], offsets[i+1]
		n := float64(numbers(v[lo:hi]))
		t.mode = nanZero
		t.mean = t.total(lo, hi) / n
		t.mode = nanDeviated
		if dst[i] = t.total(lo, hi) / (n - ddof); n-ddof <= 0 {
			dst[i] = nan
		}
	}
}

// Std writes each cell's standard deviation: numpy.std, the root of Var.
func Std[T Number](dst []float64, v []T, offsets []int64, ddof float64) {
	Var(dst, v, offsets, ddof)
	root(dst)
}

// NanStd writes each cell's standard deviation, NaN left out: numpy.nanstd, the root of NanVar.
func NanStd[T Number](dst []float64, v []T, offsets []int64, ddof float64) {
	NanVar(dst, v, offsets, ddof)
	root(dst)
}

func root(v []float64) {
	for i, x := range v {
		v[i] = math.Sqrt(x)
	}
}
