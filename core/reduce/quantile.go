package reduce

// Medians and quantiles. Values of a cell are copied to scratch and only partly put in order (select.go): finding a
// median is linear in the number of values.

import "math"

// Median writes each cell's median: numpy.median, NaN if there is a NaN or no value.
func Median[T Number](dst []float64, v []T, offsets []int64) {
	newSelector[T](offsets, nil).medians(dst, v, offsets, false)
}

// NanMedian writes each cell's median, NaN left out: numpy.nanmedian.
func NanMedian[T Number](dst []float64, v []T, offsets []int64) {
	newSelector[T](offsets, nil).medians(dst, v, offsets, true)
}

// Quantile writes each cell's quantile q (0 to 1): numpy.quantile, method linear (Hyndman and Fan, "Sample quantiles
// in statistical packages", 1996, type 7); NaN if there is a NaN or no value. Beside an infinite neighbour the result
// is NaN even where the neighbour has no weight, as in numpy, except that q = 0 and q = 1 are the least and greatest
// value, as numpy has it for these q as integers.
func Quantile[T Number](dst []float64, v []T, offsets []int64, q float64) {
	newSelector[T](offsets, []float64{q}).quantiles(dst, v, offsets, false)
}

// NanQuantile writes each cell's quantile q, NaN left out: numpy.nanquantile.
func NanQuantile[T Number](dst []float64, v []T, offsets []int64, q float64) {
	newSelector[T](offsets, []float64{q}).quantiles(dst, v, offsets, true)
}

// Quantiles writes len(qs) quantiles per cell, side by side: cell i's are dst[i*len(qs):(i+1)*len(qs)]. They share
// the work of putting the values in order. Each equals what Quantile gives, except that of float32 values, as in numpy
// with a list of q, only the difference of neighbours is rounded to float32.
func Quantiles[T Number](dst []float64, v []T, offsets []int64, qs []float64) {
	newSelector[T](offsets, qs).list().quantiles(dst, v, offsets, false)
}

// NanQuantiles is Quantiles with NaN left out.
func NanQuantiles[T Number](dst []float64, v []T, offsets []int64, qs []float64) {
	newSelector[T](offsets, qs).list().quantiles(dst, v, offsets, true)
}

// A selector is the scratch of one call: it is made once and used for all cells.
type selector[T Number] struct {
	qs      []float64
	scratch []T
	ranks   []int
	class   class
	wide    bool // interpolate in float64
}

// list makes results those of numpy with a list of q, which interpolates float32 values in float64.
func (s *selector[T]) list() *selector[T] {
	s.wide = true
	return s
}

func newSelector[T Number](offsets []int64, qs []float64) *selector[T] {
	return &selector[T]{qs: qs, scratch: make([]T, longest(offsets)), ranks: make([]int, 0, 2*len(qs)+2), class: classOf[T]()}
}

// copy takes a cell's values, without NaN, into the scratch. ok is false if there was a NaN and it counts (skip is
// not set), or if nothing is left.
func (s *selector[T]) copy(v []T, skip bool) (a []T, ok bool) {
	a = s.scratch[:len(v)]
	if s.class == integer {
		copy(a, v)
		return a, len(a) > 0
	}
	n := 0
	for _, x := range v {
		a[n] = x
		if x == x {
			n++
		}
	}
	return a[:n], n > 0 && (skip || n == len(v))
}

// medians takes the mean of the two middle values of an even number, in the precision of the values, as numpy does.
func (s *selector[T]) medians(dst []float64, v []T, offsets []int64, skip bool) {
	for i := range dst {
		a, ok := s.copy(v[offsets[i]:offsets[i+1]], skip)
		if !ok {
			dst[i] = nan
			continue
		}
		h := len(a) / 2
		if len(a)%2 == 1 {
			selectRanks(a, append(s.ranks[:0], h))
			dst[i] = 0 + float64(a[h]) // a mean: not -0
			continue
		}
		selectRanks(a, append(s.ranks[:0], h-1, h))
		if s.class == single {
			dst[i] = (0 + float64(float32(a[h-1])+float32(a[h]))) / 2
		} else {
			dst[i] = (0 + float64(a[h-1]) + float64(a[h])) / 2
		}
	}
}

// quantiles writes len(qs) results per cell. All ranks that the quantiles of a cell need are selected together.
func (s *selector[T]) quantiles(dst []float64, v []T, offsets []int64, skip bool) {
	k := len(s.qs)
	for i := range len(offsets) - 1 {
		out := dst[i*k : (i+1)*k]
		a, ok := s.copy(v[offsets[i]:offsets[i+1]], skip)
		if !ok {
			for j := range out {
				out[j] = nan
			}
			continue
		}
		s.ranks = s.ranks[:0]
		for _, q := range s.qs {
			lo, hi, _ := virtual(len(a), q)
			s.ranks = insert(insert(s.ranks, lo), hi)
		}
		selectRanks(a, s.ranks)
		for j, q := range s.qs {
			lo, hi, t := virtual(len(a), q)
			if q == 0 || q == 1 {
				out[j] = float64(a[lo])
			} else {
				out[j] = s.lerp(a[lo], a[hi], t)
			}
		}
	}
}

// insert keeps ranks ascending and distinct. There are few, so a search from the end is quick.
func insert(ranks []int, r int) []int {
	i := len(ranks)
	for i > 0 && ranks[i-1] > r {
		i--
	}
	if i > 0 && ranks[i-1] == r {
		return ranks
	}
	ranks = append(ranks, 0)
	copy(ranks[i+1:], ranks[i:])
	ranks[i] = r
	return ranks
}

// virtual is numpy's virtual index (n-1)q: the ranks lo and hi on both sides of it and the weight t, in [0, 1], of
// the upper one. The conversion to float64 keeps the compiler from fusing the product with what follows.
func virtual(n int, q float64) (lo, hi int, t float64) {
	x := float64(float64(n-1) * q)
	if x >= float64(n-1) {
		return n - 1, n - 1, 1
	}
	lo = int(math.Floor(x))
	return lo, lo + 1, x - float64(lo)
}

// lerp is numpy's _lerp: from the nearer end, in the precision of the values. Each operation is rounded on its own.
func (s *selector[T]) lerp(a, b T, t float64) float64 {
	switch s.class {
	case single:
		d := float32(b) - float32(a)
		if s.wide {
			return between(float64(a), float64(b), float64(d), t)
		}
		if t >= 0.5 {
			return float64(float32(b) - float32(d*float32(1-t)))
		}
		return float64(float32(a) + float32(d*float32(t)))
	case double:
		return between(float64(a), float64(b), float64(b)-float64(a), t)
	}
	// b ≥ a, so the difference is right in uint64 even where int64 would overflow.
	return between(float64(a), float64(b), float64(uint64(b)-uint64(a)), t)
}

// between interpolates from a by a share t of the difference d, from the nearer end: t near 1 then gives b exactly.
func between(a, b, d, t float64) float64 {
	if t >= 0.5 {
		return b - float64(d*(1-t))
	}
	return a + float64(d*t)
}
