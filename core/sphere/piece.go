package sphere

import "sort"

// A Relation says how a region lies to a cap or cell.
type Relation uint8

// The relations. Apart and Covers are certain, Near is not: the region may or may not meet it.
const (
	Apart  Relation = iota // no point of it is in the region
	Near                   // an edge comes near or crosses
	Covers                 // all of it is in the region
)

// A Piece is what matters of a region in some cap or cell: the edges that come near, and for the polygons they belong to
// whether some point is inside. It makes descending a tree of cells cheap, because a child is compared with its parent's
// piece, and a point known to be inside or outside is never far.
type Piece struct {
	region *Region
	list   []int32   // the memory of the piece: edges, then polygons
	edges  int       // how many of the list are edges, in ascending order
	at     Vec       // the point of which sides are known
	within Cap       // every edge from which the region could come into this cap is in the piece
	mode   pieceMode // what is known of polygons
}

type pieceMode uint8

const (
	edgesOnly pieceMode = iota // the list has no polygons
	someSides                  // the list has the polygons that have an edge in the piece
)

// A side is an entry of the list for a polygon: its index, whether the side of the piece's point is known, and whether it
// is the inside.
type side = int32

const (
	sideInside side = 1
	sideKnown  side = 2
	sideShift       = 2
)

func (p *Piece) arcs() []int32  { return p.list[:p.edges] }
func (p *Piece) sides() []int32 { return p.list[p.edges:] }

// Piece is the whole region.
func (r *Region) Piece() Piece {
	p := Piece{region: r, list: make([]int32, 0, len(r.arcs)+len(r.bodies)), edges: len(r.arcs), within: Full(), mode: someSides}
	for i := range r.arcs {
		p.list = append(p.list, int32(i))
	}
	for i := range r.bodies {
		p.list = append(p.list, side(i)<<sideShift)
	}
	return p
}

// Relate says how the region lies to a cap.
func (r *Region) Relate(c Cap) Relation {
	whole := r.Piece()
	_, relation := whole.Clip(c, nil)
	return relation
}

// Empty reports that no edge comes near.
func (p *Piece) Empty() bool { return p.edges == 0 }

// Edges is the piece of p in a cap: of those edges that p has, the ones from which the region, margin included, could
// come into the cap. buf is memory for the piece and may be nil; it must not be p's.
func (p *Piece) Edges(c Cap, buf []int32) Piece {
	r := p.region
	reach := NewReach(c.Radius + r.margin + r.slack + rounding)
	out := Piece{region: r, list: buf[:0], at: c.Center, within: c}
	for _, i := range p.arcs() {
		if r.arcs[i].Within(c.Center, reach) {
			out.list = append(out.list, i)
		}
	}
	out.edges = len(out.list)
	return out
}

// Clip is Edges, and says how the region lies to the part of the cap that is within the cap to which p was clipped.
func (p *Piece) Clip(c Cap, buf []int32) (Piece, Relation) {
	out := p.Edges(c, buf)
	relation := p.settle(&out)
	if relation == Near && c.Radius < p.region.margin && out.Within(c.Center, -c.Radius) {
		relation = Covers
	}
	return out, relation
}

// settle adds to a part of p the polygons that have edges in it. A polygon without is all around the part or nowhere in it.
func (p *Piece) settle(out *Piece) Relation {
	if p.mode == edgesOnly {
		if out.Empty() && p.region.inside(out.at) {
			return Covers
		}
		if out.Empty() {
			return Apart
		}
		return Near
	}
	out.mode = someSides
	relation := Near
	for _, s := range p.sides() {
		in, known := p.sideAt(s, out.at)
		switch near := len(out.edgesOf(&p.region.bodies[s>>sideShift])) > 0; {
		case near && in && known:
			out.list = append(out.list, s|sideKnown|sideInside)
		case near && known:
			out.list = append(out.list, s>>sideShift<<sideShift|sideKnown)
		case near:
			out.list = append(out.list, s>>sideShift<<sideShift)
		case in || !known && p.region.bodies[s>>sideShift].contains(out.at):
			relation = Covers
		}
	}
	if relation == Near && out.Empty() {
		return Apart
	}
	return relation
}

// edgesOf are the edges of a piece that belong to a polygon.
func (p *Piece) edgesOf(b *body) []int32 {
	arcs := p.arcs()
	if len(p.region.bodies) == 1 && int(b.last) == len(p.region.arcs) {
		return arcs
	}
	first := sort.Search(len(arcs), func(i int) bool { return arcs[i] >= b.first })
	last := first + sort.Search(len(arcs)-first, func(i int) bool { return arcs[first+i] >= b.last })
	return arcs[first:last]
}

// sideAt reports whether a point of the piece is inside a polygon of its list: by the edges crossed on the way from the
// piece's own point, or else from afar. It is not known for points closer to an edge than that edge is true.
func (p *Piece) sideAt(s side, at Vec) (in, known bool) {
	b := &p.region.bodies[s>>sideShift]
	edges := p.edgesOf(b)
	if s&sideKnown != 0 && p.within.Contains(at) {
		if odd, ok := p.region.oddCrossings(edges, p.at, at); ok {
			return (s&sideInside != 0) != odd, true
		}
	}
	clear := NewReach(p.region.slack + 2*rounding)
	for _, i := range edges {
		if p.region.arcs[i].Within(at, clear) {
			return false, false
		}
	}
	return b.around.Contains(at) && b.contains(at), true
}

// oddCrossings is the parity of those edges of a list that the way from p to q crosses.
func (r *Region) oddCrossings(edges []int32, p, q Vec) (odd, ok bool) {
	if p == q {
		return false, true
	}
	n, ok := wayNormal(p, q)
	if !ok {
		return false, false
	}
	for _, i := range edges {
		e := &r.arcs[i]
		a, b := n.Dot(e.A), n.Dot(e.B)
		if a > rounding && b > rounding || a < -rounding && b < -rounding {
			continue
		}
		yes, ok := e.crosses(p, q, a, b)
		if !ok {
			return false, false
		}
		odd = odd != yes
	}
	return odd, true
}

// Within reports whether an edge of the piece, margin included, comes within so many radians of a point.
func (p *Piece) Within(at Vec, angle float64) bool {
	reach := NewReach(angle + p.region.margin - p.region.slack)
	for _, i := range p.arcs() {
		if p.region.arcs[i].Within(at, reach) {
			return true
		}
	}
	return false
}

// Inside reports whether a point that is on no edge, and in the cap or cell to which the piece was clipped, is inside a
// polygon of the region, margin left aside.
func (p *Piece) Inside(at Vec) bool {
	if p.mode == edgesOnly {
		return p.region.inside(at)
	}
	for _, s := range p.sides() {
		if in, known := p.sideAt(s, at); in || !known && p.region.bodies[s>>sideShift].contains(at) {
			return true
		}
	}
	return false
}

// Memory is the memory of the piece, for the next Clip once p is no longer in use.
func (p *Piece) Memory() []int32 { return p.list }
