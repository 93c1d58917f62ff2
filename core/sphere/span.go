package sphere

// Polygons with very many edges. Spans of edges are looked at as a whole, so that a shard that lies at a coastline of
// 100,000 vertices does not look at each of them.

import "math"

// A span is a run of edges and a disc around them: of polygons with very many edges most can be looked at in spans.
type span struct {
	first, last int32 // arcs first…last-1
	center      Vec
	radius      float64 // a chord
}

// Polygons of manyEdges and more are divided in spans, of at most longSpan edges.
const (
	manyEdges = 32
	longSpan  = 32
)

// addSpans groups edges first…end-1, if they are many.
func (r *Region) addSpans(first, end int32) {
	if end-first < manyEdges {
		return
	}
	length := min((end-first)/6, longSpan)
	points := make([]Vec, 0, 2*longSpan)
	for ; first < end; first += length {
		last := min(first+length, end)
		points = points[:0]
		for i := first; i < last; i++ {
			points = append(points, r.arcs[i].A, r.arcs[i].B)
		}
		// A cap smaller than a hemisphere holds the arcs between its points.
		c := CapAround(points...)
		s := span{first, last, c.Center, chord(c.Radius) + rounding}
		if c.Radius > math.Pi/2-1e-6 {
			s.radius = 4
		}
		r.spans = append(r.spans, s)
	}
}

// beyond reports that none of the edges of the span comes within the reach of a point: the chord of a sum of angles
// is at most the sum of their chords.
func (s *span) beyond(at Vec, reach Reach) bool {
	far := math.Sqrt(reach.chord2) + s.radius
	return s.center.Chord2(at) > far*far
}

// firstOf is the first edge of an item of a piece.
func (r *Region) firstOf(item int32) int32 {
	if item < 0 {
		return r.spans[^item].first
	}
	return item
}

// anyWithin reports whether one of the items (edges, or ^ of spans) comes within the reach of a point.
func (r *Region) anyWithin(items []int32, at Vec, reach Reach) bool {
	for _, i := range items {
		if i >= 0 {
			if r.arcs[i].Within(at, reach) {
				return true
			}
			continue
		}
		s := &r.spans[^i]
		if reach.chord2 < 0 || s.beyond(at, reach) {
			continue
		}
		for k := s.first; k < s.last; k++ {
			if r.arcs[k].Within(at, reach) {
				return true
			}
		}
	}
	return false
}

// oddCrossings reports whether the way from p to q crosses an odd number of the edges of some items; ok is false if
// that depends on rounding.
func (r *Region) oddCrossings(items []int32, p, q Vec) (odd, ok bool) {
	if p == q {
		return false, true
	}
	n, ok := wayNormal(p, q)
	if !ok {
		return false, false
	}
	length := math.Sqrt(p.Chord2(q))
	for _, i := range items {
		if i >= 0 {
			yes, ok := r.arcs[i].crossed(n, p, q)
			if !ok {
				return false, false
			}
			odd = odd != yes
			continue
		}
		s := &r.spans[^i]
		if far := length + s.radius; s.center.Chord2(p) > far*far || math.Abs(s.center.Dot(n)) > s.radius {
			continue // the way does not come into the disc
		}
		for k := s.first; k < s.last; k++ {
			yes, ok := r.arcs[k].crossed(n, p, q)
			if !ok {
				return false, false
			}
			odd = odd != yes
		}
	}
	return odd, true
}

// crossed is crosses for a way whose plane has the normal n. Most edges lie on one side of that plane, so that is
// asked first.
func (e *Arc) crossed(n, p, q Vec) (yes, ok bool) {
	a, b := n.Dot(e.A), n.Dot(e.B)
	if a > rounding && b > rounding || a < -rounding && b < -rounding {
		return false, true
	}
	return e.crosses(p, q, a, b)
}
