package sphere

// Squares in a very small cell. Over a few kilometres the height of a place over the plane of an edge is an affine
// function of the cell's own coordinates, to within off; so the cells far below a node of the tree are compared with
// edges without a single vector product.

import (
	"math"
	"math/bits"
)

// maxFlat is the most edges of a Flat: an Edges has one bit for each.
const maxFlat = 64

// Edges is a set of the edges of a Flat.
type Edges uint64

// A Flat is a piece in a cell so small that places are nearly affine in two coordinates on it, u and v from -1 to 1.
// With it squares within the cell are compared with edges by a few multiplications. It belongs to one goroutine and
// is used again for other cells (Piece.Flatten); its piece must not change meanwhile.
type Flat struct {
	edges  [maxFlat]flatEdge
	count  int
	off    float64 // sine: more than the error of the heights below
	tests  *tests
	bodies []flatBody
	sided  bool // every edge divides the cell from side to side, and it is known on which sides the middle is
	narrow bool // no polygon has room for a square
}

// A flatEdge has three sines as affine functions of u and v: the height to the left of the great circle, and how far
// a place is inward of the planes across the edge at its two ends.
type flatEdge struct{ height, a, b affine }

// An affine is the function c + u·U + v·V of the coordinates (U, V) of a place.
type affine struct{ c, u, v float64 }

// A flatBody is a polygon with edges in the cell.
type flatBody struct {
	edges  Edges
	left   Edges // those that have the middle on the left
	inside bool  // the middle is
}

func (f *affine) at(u, v float64) float64 { return f.c + f.u*u + f.v*v }

// span is the most by which the function differs from its middle value in the whole cell.
func (f *affine) span() float64 { return math.Abs(f.u) + math.Abs(f.v) }

// Flatten makes f the piece as it is in a cell to which it was clipped: u runs from corners 0 and 3 to 1 and 2, v from
// corners 0 and 1 to 2 and 3, and off is more than the distance of a place of the cell from where it would be if places
// were affine. inner is the radius, as a chord, of a disc that is within each square that Inside will be asked about. False
// if the piece has too many edges.
func (p *Piece) Flatten(q *Quad, off, inner float64, f *Flat) bool {
	if p.items > maxFlat {
		return false
	}
	r := p.region
	k := &q.Corners
	u := k[1].Add(k[2]).Sub(k[0]).Sub(k[3]).Mul(0.25)
	v := k[2].Add(k[3]).Sub(k[0]).Sub(k[1]).Mul(0.25)
	f.count, f.off, f.tests, f.sided = p.items, off+rounding, &r.tests, true
	for n, i := range p.list[:p.items] {
		if i < 0 || r.arcs[i].IsPoint() {
			return false
		}
		e, to := &r.arcs[i], &f.edges[n]
		for _, pair := range []struct {
			f *affine
			n *Vec
		}{{&to.height, &e.Normal}, {&to.a, &e.ta}, {&to.b, &e.tb}} {
			*pair.f = affine{pair.n.Dot(q.Center), pair.n.Dot(u), pair.n.Dot(v)}
		}
		f.sided = f.sided && to.a.c-to.a.span() > f.off && to.b.c-to.b.span() > f.off && math.Abs(to.height.c) > f.off
	}
	f.bodies = f.bodies[:0]
	if f.narrow = !r.roomy(p.sides(), inner); f.narrow {
		return p.mode == someSides
	}
	p.resolve()
	for _, s := range p.sides() {
		b := &r.bodies[s>>sideShift]
		body := flatBody{inside: s&sideInside != 0}
		f.sided = f.sided && s&sideKnown != 0 && r.slack == 0 && !b.overlaps
		for n, i := range p.list[:p.items] {
			if i >= b.first && i < b.last {
				body.edges |= 1 << n
			}
		}
		body.left = body.edges & f.left(0, 0)
		f.bodies = append(f.bodies, body)
	}
	return p.mode == someSides
}

// All are all edges.
func (f *Flat) All() Edges { return Edges(1)<<f.count - 1 }

// Near are those of some edges that may come, margin included, into the square around a place with sides of twice half.
// Covers is certain: all of the square is within the margin of an edge.
func (f *Flat) Near(u, v, half float64, of Edges) (near Edges, covers bool) {
	beyond := f.tests.mostSin + f.off
	for rest := of; rest != 0; rest &= rest - 1 {
		n := bits.TrailingZeros64(uint64(rest))
		e := &f.edges[n]
		h, w := math.Abs(e.height.at(u, v)), e.height.span()*half
		if h-w > beyond {
			continue
		}
		a, b := e.a.at(u, v), e.b.at(u, v)
		wa, wb := e.a.span()*half, e.b.span()*half
		if a+wa < -beyond || b+wb < -beyond {
			continue
		}
		if h+w < f.tests.leastSin-f.off && a-wa > f.off && b-wb > f.off {
			return 0, true
		}
		near |= 1 << n
	}
	return near, false
}

// Touches reports whether one of some edges surely comes into a square.
func (f *Flat) Touches(u, v, half float64, of Edges) bool {
	for rest := of; rest != 0; rest &= rest - 1 {
		e := &f.edges[bits.TrailingZeros64(uint64(rest))]
		if math.Abs(e.height.at(u, v))-e.height.span()*half < f.tests.leastSin-f.off &&
			e.a.at(u, v)-e.a.span()*half > f.off && e.b.at(u, v)-e.b.span()*half > f.off {
			return true
		}
	}
	return false
}

// left is the set of edges that have a place on their left.
func (f *Flat) left(u, v float64) Edges {
	var left Edges
	for n := range f.count {
		if f.edges[n].height.at(u, v) > 0 {
			left |= 1 << n
		}
	}
	return left
}

// Inside reports whether the middle of a square that no edge enters is inside a polygon. known is false where
// rounding decides: then inside has no meaning.
func (f *Flat) Inside(u, v float64) (inside, known bool) {
	if f.narrow {
		return false, true
	}
	if !f.sided {
		return false, false
	}
	for n := range f.count {
		if math.Abs(f.edges[n].height.at(u, v)) <= f.off {
			return false, false
		}
	}
	left := f.left(u, v)
	for i := range f.bodies {
		b := &f.bodies[i]
		crossed := bits.OnesCount64(uint64((left ^ b.left) & b.edges))
		if b.inside != (crossed&1 == 1) {
			return true, true
		}
	}
	return false, true
}
