package tdigest

import (
	"cmp"
	"math"
	"slices"
)

// A sorter sorts finite numbers; its memory is reused.
type sorter struct {
	keys, other     []uint64
	keys32, other32 []uint32
	counts          [digits][1 << digitBits]uint32
	at              []int32
	other64         []indexed
	indexed         []indexed
}

// An indexed is a number by its bits and where it stood.
type indexed struct {
	key uint64
	at  int32
}

// digitBits are sorted by at once, digits times; radixFrom numbers are worth counting. Of keys of 64 bits the upper ones are sorted by:
// few numbers have these in common, and they are compared.
const (
	digitBits = 11
	digits    = 3
	digitMask = 1<<digitBits - 1
	upper     = 64 - digits*digitBits
	radixFrom = 1024
)

// key is a number's bits in the order of numbers. -0 is 0.
func key(x float64) uint64 {
	k := math.Float64bits(x + 0)
	return k ^ (uint64(int64(k)>>63) | 1<<63)
}

func number(k uint64) float64 { return math.Float64frombits(k ^ (^uint64(int64(k)>>63) | 1<<63)) }

// sort sorts by the numbers' bits, digit by digit, which is several times as fast as comparing where there are many. Numbers that
// float32 can hold, as most columns do, have half the digits.
func (s *sorter) sort(v []float64) {
	if len(v) < radixFrom {
		slices.Sort(v)
		return
	}
	if s.sort32(v) {
		return
	}
	s.keys, s.other = slices.Grow(s.keys[:0], len(v))[:len(v)], slices.Grow(s.other[:0], len(v))[:len(v)]
	clear(s.counts[:])
	for i, x := range v {
		k := key(x)
		s.keys[i] = k
		s.count(k >> upper)
	}
	s.keys, s.other = radix(s.keys, s.other, &s.counts, func(k uint64) uint64 { return k >> upper })
	for from := 0; from < len(v); {
		to := from + 1
		for to < len(v) && s.keys[to]>>upper == s.keys[from]>>upper {
			to++
		}
		if to > from+1 {
			slices.Sort(s.keys[from:to])
		}
		from = to
	}
	for i, k := range s.keys {
		v[i] = number(k)
	}
}

// count notes the digits of a key.
func (s *sorter) count(k uint64) {
	s.counts[0][k&digitMask]++
	s.counts[1][k>>digitBits&digitMask]++
	s.counts[2][k>>(2*digitBits)&digitMask]++
}

// sort32 sorts where float32 can hold all numbers.
func (s *sorter) sort32(v []float64) bool {
	s.keys32, s.other32 = slices.Grow(s.keys32[:0], len(v))[:len(v)], slices.Grow(s.other32[:0], len(v))[:len(v)]
	clear(s.counts[:])
	for i, x := range v {
		f := float32(x)
		if float64(f) != x {
			return false
		}
		k := math.Float32bits(f + 0)
		k ^= uint32(int32(k)>>31) | 1<<31
		s.keys32[i] = k
		s.count(uint64(k))
	}
	s.keys32, s.other32 = radix(s.keys32, s.other32, &s.counts, func(k uint32) uint64 { return uint64(k) })
	for i, k := range s.keys32 {
		v[i] = float64(math.Float32frombits(k ^ (^uint32(int32(k)>>31) | 1<<31)))
	}
	return true
}

// order is the places of numbers in their order; equal ones keep theirs.
func (s *sorter) order(v []float64) []int32 {
	s.indexed = s.indexed[:0]
	for i, x := range v {
		s.indexed = append(s.indexed, indexed{key(x), int32(i)})
	}
	if len(v) < radixFrom {
		slices.SortFunc(s.indexed, byKey)
	} else {
		s.other64 = slices.Grow(s.other64[:0], len(v))[:len(v)]
		clear(s.counts[:])
		for _, x := range s.indexed {
			s.count(x.key >> upper)
		}
		s.indexed, s.other64 = radix(s.indexed, s.other64, &s.counts, func(x indexed) uint64 { return x.key >> upper })
		for from := 0; from < len(v); {
			to := from + 1
			for to < len(v) && s.indexed[to].key>>upper == s.indexed[from].key>>upper {
				to++
			}
			if to > from+1 {
				slices.SortFunc(s.indexed[from:to], byKey)
			}
			from = to
		}
	}
	s.at = s.at[:0]
	for _, x := range s.indexed {
		s.at = append(s.at, x.at)
	}
	return s.at
}

// byKey orders numbers, and equal ones by where they stood.
func byKey(a, b indexed) int { return cmp.Or(cmp.Compare(a.key, b.key), cmp.Compare(a.at, b.at)) }

// radix sorts items by the digits of their keys, of which counts has how often each occurs; digits that are the same everywhere cost
// nothing. It gives the sorted items and the memory that is left.
func radix[T any](items, other []T, counts *[digits][1 << digitBits]uint32, key func(T) uint64) (sorted, left []T) {
	for d := range counts {
		next, sum := &counts[d], uint32(0)
		if len(items) > 0 && next[key(items[0])>>(digitBits*d)&digitMask] == uint32(len(items)) {
			continue
		}
		for i, n := range next {
			next[i] = sum
			sum += n
		}
		for _, x := range items {
			k := key(x) >> (digitBits * d) & digitMask
			other[next[k]] = x
			next[k]++
		}
		items, other = other, items
	}
	return items, other
}
