package tdigest

import (
	"cmp"
	"math"
	"slices"
	"sort"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/morton"
	"github.com/englacial/zagg/core/toc"
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

// A channel is words that stand beside the values and then beside the centroids: of those of several values the join.
type channel struct {
	name   string                   // of the input
	suffix string                   // of the output
	attrs  string                   // of the output, members of a JSON object
	join   func(a, b uint64) uint64 // associative and commutative
}

// channels are what a digest can have beside it, in the order of outputs.
func channels(located, timed bool) []channel {
	var out []channel
	if located {
		out = append(out, channel{"locations", "_locations", `{"located":{"spec":"zagg-located/1","shape":"per-centroid","grammar":"mortie-morton/1"}}`, morton.Join})
	}
	if timed {
		out = append(out, channel{"temporal", "_times", `{"temporal":{"spec":"zagg-toc/1","shape":"per-centroid","grammar":"mortie-toc/1"}}`, toc.Join})
	}
	return out
}

// A digest is centroids, mean and weight in turn, ascending by mean, and the words of each channel, one a centroid.
type digest struct {
	numbers []float32
	words   [][]uint64
}

// A builder makes digests of values; its memory is reused.
type builder struct {
	delta    float64
	channels []channel
	values   []float64  // finite
	weights  []float64  // as many, more than 0; empty: each is 1
	words    [][]uint64 // by channel, as many as values

	sorter  sorter
	ordered []float64 // scratch
	inOrder []uint64  // scratch
	before  []float64 // weight before each value, and all of it
	out     digest
}

// begin forgets the values.
func (b *builder) begin() {
	b.values, b.weights = b.values[:0], b.weights[:0]
	b.words = slices.Grow(b.words[:0], len(b.channels))[:len(b.channels)]
	for c := range b.words {
		b.words[c] = b.words[c][:0]
	}
}

// build makes the digest of the values, which it sorts; equal ones keep their order. The result is valid until the next call.
func (b *builder) build() *digest {
	if len(b.weights) == 0 && len(b.channels) == 0 {
		b.sorter.sort(b.values)
	} else {
		b.arrange(b.sorter.order(b.values))
	}
	n := len(b.values)
	upTo := func(i int) float64 { return float64(i) / float64(n) }
	if len(b.weights) > 0 {
		b.before = append(b.before[:0], 0)
		for i, w := range b.weights {
			b.before = append(b.before, b.before[i]+w)
		}
		upTo = func(i int) float64 { return b.before[i] / b.before[n] }
	}
	b.out.reset(len(b.channels))
	for from := 0; from < n; {
		to := end(b.delta, from, n, upTo)
		b.out.numbers = append(b.out.numbers, b.centroid(from, to)...)
		for c := range b.channels {
			b.out.words[c] = append(b.out.words[c], joined(b.channels[c].join, b.words[c][from:to]))
		}
		from = to
	}
	return &b.out
}

// centroid is the mean and the weight of some values.
func (b *builder) centroid(from, to int) []float32 {
	sum, weight := 0.0, float64(to-from)
	if len(b.weights) == 0 {
		for _, v := range b.values[from:to] {
			sum += v
		}
	} else {
		weight = 0
		for i := from; i < to; i++ {
			sum += b.values[i] * b.weights[i]
			weight += b.weights[i]
		}
	}
	return []float32{float32(sum / weight), float32(weight)}
}

// arrange puts what stands at order[i] to i.
func (b *builder) arrange(order []int32) {
	move := func(v []float64) {
		b.ordered = b.ordered[:0]
		for _, i := range order {
			b.ordered = append(b.ordered, v[i])
		}
		copy(v, b.ordered)
	}
	move(b.values)
	if len(b.weights) > 0 {
		move(b.weights)
	}
	for _, words := range b.words {
		b.inOrder = b.inOrder[:0]
		for _, i := range order {
			b.inOrder = append(b.inOrder, words[i])
		}
		copy(words, b.inOrder)
	}
}

func (d *digest) reset(channels int) {
	d.numbers = d.numbers[:0]
	d.words = slices.Grow(d.words[:0], channels)[:channels]
	for c := range d.words {
		d.words[c] = d.words[c][:0]
	}
}

func joined(join func(a, b uint64) uint64, words []uint64) uint64 {
	w := words[0]
	for _, x := range words[1:] {
		w = join(w, x)
	}
	return w
}

// A merger makes one digest of several; its memory is reused.
type merger struct {
	delta     float64
	channels  []channel
	centroids []centroid
	words     []uint64 // of the centroids, those of all channels of each
	parts     int      // that are not empty
	only      digest   // the last of these
	before    []float64
	out       digest
}

type centroid struct {
	mean, weight float64
	at           int // of its words
}

func (m *merger) begin() {
	m.centroids, m.words, m.parts = m.centroids[:0], m.words[:0], 0
}

// add takes a part. Its words are one a centroid in each channel.
func (m *merger) add(d digest) {
	if len(d.numbers) == 0 {
		return
	}
	m.parts++
	m.only = d
	for i := 0; i+1 < len(d.numbers); i += 2 {
		m.centroids = append(m.centroids, centroid{float64(d.numbers[i]), float64(d.numbers[i+1]), len(m.words)})
		for c := range m.channels {
			m.words = append(m.words, d.words[c][i/2])
		}
	}
}

// compare orders centroids by all they have, so that the order of parts does not matter.
func (m *merger) compare(a, b centroid) int {
	if d := cmp.Or(cmp.Compare(a.mean, b.mean), cmp.Compare(a.weight, b.weight)); d != 0 {
		return d
	}
	for c := range m.channels {
		if d := cmp.Compare(m.words[a.at+c], m.words[b.at+c]); d != 0 {
			return d
		}
	}
	return 0
}

// merge joins all centroids by the rule by which values are. The only part that is not empty stays as it is.
func (m *merger) merge() (*digest, error) {
	switch m.parts {
	case 0:
		m.out.reset(len(m.channels))
		return &m.out, nil
	case 1:
		return &m.only, nil
	}
	for _, c := range m.centroids {
		if !(c.weight > 0) || math.IsInf(c.weight, 0) || math.IsNaN(c.mean) || math.IsInf(c.mean, 0) {
			return nil, core.Errorf(core.Invalid, "tdigest", "", "a centroid of mean %g and weight %g is none of a digest", c.mean, c.weight)
		}
	}
	slices.SortFunc(m.centroids, m.compare)
	n := len(m.centroids)
	m.before = append(m.before[:0], 0)
	for i, c := range m.centroids {
		m.before = append(m.before, m.before[i]+c.weight)
	}
	m.out.reset(len(m.channels))
	total := m.before[n]
	upTo := func(i int) float64 { return m.before[i] / total }
	for from := 0; from < n; {
		to := end(m.delta, from, n, upTo)
		m.join(m.centroids[from:to])
		from = to
	}
	return &m.out, nil
}

// join adds the centroid of some to the result.
func (m *merger) join(some []centroid) {
	sum, weight := 0.0, 0.0
	for _, c := range some {
		sum += c.mean * c.weight
		weight += c.weight
	}
	m.out.numbers = append(m.out.numbers, float32(sum/weight), float32(weight))
	for c, ch := range m.channels {
		w := m.words[some[0].at+c]
		for _, x := range some[1:] {
			w = ch.join(w, m.words[x.at+c])
		}
		m.out.words[c] = append(m.out.words[c], w)
	}
}
