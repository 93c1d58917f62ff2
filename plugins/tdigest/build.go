package tdigest

import (
	"cmp"
	"math"
	"slices"
	"sort"

	"github.com/englacial/zagg/core"
)

// scale is k1: what a centroid may cover is 1 of it.
func scale(delta, q float64) float64 {
	return delta * (math.Asin(min(max(2*q-1, -1), 1))/math.Pi + 0.5)
}

// end is the end of the longest centroid that begins at item from of n: it covers at most 1 of the scale, or is a single item. upTo is
// the part of the weight, 0 to 1, before an item.
func end(delta float64, from, n int, upTo func(i int) float64) int {
	most := scale(delta, upTo(from)) + 1
	// The first end that is too far; from+1 is always allowed.
	return from + 1 + sort.Search(n-from-1, func(k int) bool { return scale(delta, upTo(from+2+k)) > most })
}

// A builder makes digests of values; its memory is reused.
type builder struct {
	delta  float64
	values []float64 // finite
	sorter sorter
	out    []float32
}

// build makes the digest of values, which it sorts. The result is valid until the next call.
func (b *builder) build() []float32 {
	b.sorter.sort(b.values)
	b.out = b.out[:0]
	n := len(b.values)
	upTo := func(i int) float64 { return float64(i) / float64(n) }
	for from := 0; from < n; {
		to := end(b.delta, from, n, upTo)
		sum := 0.0
		for _, v := range b.values[from:to] {
			sum += v
		}
		b.out = append(b.out, float32(sum/float64(to-from)), float32(to-from))
		from = to
	}
	return b.out
}

// A merger makes one digest of several; its memory is reused.
type merger struct {
	delta     float64
	centroids []centroid
	only      []float32 // the digest where there is but one that is not empty
	several   bool
	before    []float64 // weight before each centroid, and all of it
	out       []float32
}

type centroid struct{ mean, weight float64 }

func (m *merger) begin() { m.centroids, m.only, m.several = m.centroids[:0], nil, false }

func (m *merger) add(digest []float32) {
	if len(digest) == 0 {
		return
	}
	m.several = m.only != nil || m.several
	m.only = digest
	for i := 0; i+1 < len(digest); i += 2 {
		m.centroids = append(m.centroids, centroid{float64(digest[i]), float64(digest[i+1])})
	}
}

// merge joins all centroids by the rule by which values are: in the order of means, so that the order of parts does not matter.
func (m *merger) merge() ([]float32, error) {
	if !m.several {
		return m.only, nil
	}
	slices.SortFunc(m.centroids, func(a, b centroid) int { return cmp.Or(cmp.Compare(a.mean, b.mean), cmp.Compare(a.weight, b.weight)) })
	n := len(m.centroids)
	m.before = append(m.before[:0], 0)
	for _, c := range m.centroids {
		if !(c.weight > 0) || math.IsInf(c.weight, 0) || math.IsNaN(c.mean) || math.IsInf(c.mean, 0) {
			return nil, core.Errorf(core.Invalid, "tdigest", "", "a centroid of mean %g and weight %g is none of a digest", c.mean, c.weight)
		}
		m.before = append(m.before, m.before[len(m.before)-1]+c.weight)
	}
	m.out = m.out[:0]
	total := m.before[n]
	upTo := func(i int) float64 { return m.before[i] / total }
	for from := 0; from < n; {
		to := end(m.delta, from, n, upTo)
		sum, weight := 0.0, 0.0
		for _, c := range m.centroids[from:to] {
			sum += c.mean * c.weight
			weight += c.weight
		}
		m.out = append(m.out, float32(sum/weight), float32(weight))
		from = to
	}
	return m.out, nil
}
