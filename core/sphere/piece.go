package sphere

// Descending a tree of cells. A grid begins with the piece that is the whole region and clips it to a cell and then
// to each of the cell's children; a piece has only the edges that come near its cell, so that the work at each level
// is small.

import "sort"

// A Relation says how a region lies to a cap or cell.
type Relation uint8

// The relations. Apart and Covers are certain, Near is not: the region may or may not meet it.
const (
	Apart  Relation = iota // no point of it is in the region
	Near                   // an edge comes near or crosses
	Covers                 // all of it is in the region
)

// A Piece is what matters of a region in some cap or cell: the edges that come near, and for the polygons they belong
// to whether some point is inside. It makes descending a tree of cells cheap, because a child is compared with its
// parent's piece only, and the nearest point whose side is known is never far.
//
// A piece belongs to one goroutine: questions may settle what it left open. Pieces made from it with memory of their
// own (ClipDisc, Touch) refer to it until they are no longer used.
type Piece struct {
	region *Region
	list   []int32   // the memory of the piece: items, then polygons
	items  int       // how many of the list are items: edges, or ^ of spans of edges, in ascending order
	at     Vec       // the point of which sides are known
	within Cap       // every edge from which the region could come into this cap is in the piece
	mode   pieceMode // what is known of polygons
	parent *Piece    // if not nil, sides are still to be found from it
}

// A pieceMode says what a piece knows of polygons.
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

// sides is the part of the list that tells of polygons.
func (p *Piece) sides() []int32 { return p.list[p.items:] }

// Piece is the whole region as a piece, to begin a descent with.
func (r *Region) Piece() Piece {
	p := Piece{region: r, list: make([]int32, 0, len(r.arcs)+len(r.bodies)), within: Full(), mode: someSides}
	next := 0
	for k := range r.spans {
		for ; next < int(r.spans[k].first); next++ {
			p.list = append(p.list, int32(next))
		}
		p.list = append(p.list, ^int32(k))
		next = int(r.spans[k].last)
	}
	for ; next < len(r.arcs); next++ {
		p.list = append(p.list, int32(next))
	}
	p.items = len(p.list)
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

// Empty reports that no edge comes near the cap or cell: it is wholly inside or wholly outside.
func (p *Piece) Empty() bool { return p.items == 0 }

// Edges is the piece of p in a cap: of those edges that p has, the ones from which the region, margin included, could
// come into the cap. buf is memory for the piece and may be nil; it must not be p's.
func (p *Piece) Edges(c Cap, buf []int32) Piece {
	r := p.region
	out := Piece{region: r, list: buf[:0], at: c.Center, within: c}
	p.near(c.Center, NewReach(c.Radius+r.margin+r.slack+rounding), c.Radius, &out)
	return out
}

// near puts into out the edges that come within the reach of a point. Spans stay together if they are small beside a size.
func (p *Piece) near(at Vec, reach Reach, size float64, out *Piece) {
	r := p.region
	for _, i := range p.list[:p.items] {
		if i >= 0 {
			if r.arcs[i].Within(at, reach) {
				out.list = append(out.list, i)
			}
			continue
		}
		s := &r.spans[^i]
		switch {
		case s.beyond(at, reach):
		case s.radius < size/4:
			out.list = append(out.list, i)
		default:
			for k := s.first; k < s.last; k++ {
				if r.arcs[k].Within(at, reach) {
					out.list = append(out.list, k)
				}
			}
		}
	}
	out.items = len(out.list)
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
	p.resolve()
	for _, s := range p.sides() {
		in, known := p.sideAt(s, out.at)
		b := &p.region.bodies[s>>sideShift]
		switch {
		case len(out.itemsOf(b)) > 0:
			out.list = append(out.list, sideOf(s, in, known))
		case in || !known && b.contains(out.at):
			relation = Covers
		}
	}
	if relation == Near && out.Empty() {
		return Apart
	}
	return relation
}

// settleLater is settle, but finds sides only when they are asked for, while p is still as it is. outer is the chord
// around the part's point within which there is no edge that is not in the part.
func (p *Piece) settleLater(out *Piece, outer float64) Relation {
	out.mode, out.parent = someSides, p
	for k, s := range p.sides() {
		b := &p.region.bodies[s>>sideShift]
		if len(out.itemsOf(b)) > 0 {
			out.list = append(out.list, sideOf(s, false, false))
			continue
		}
		if outer > b.width {
			continue // the disc has no room in the polygon
		}
		p.resolve()
		if in, known := p.sideAt(p.sides()[k], out.at); in || !known && b.contains(out.at) {
			return Covers
		}
	}
	if out.Empty() {
		return Apart
	}
	return Near
}

// resolve finds the sides of the piece's own point.
func (p *Piece) resolve() {
	parent := p.parent
	if parent == nil {
		return
	}
	p.parent = nil
	parent.resolve()
	above := parent.sides()
	for k, s := range p.sides() {
		for above[0]>>sideShift != s>>sideShift {
			above = above[1:]
		}
		in, known := parent.sideAt(above[0], p.at)
		p.sides()[k] = sideOf(s, in, known)
	}
}

// sideOf is the entry of a polygon with what is known of it.
func sideOf(s side, in, known bool) side {
	s = s >> sideShift << sideShift
	if known {
		s |= sideKnown
	}
	if in && known {
		s |= sideInside
	}
	return s
}

// itemsOf are the items of a piece that belong to a polygon.
func (p *Piece) itemsOf(b *body) []int32 {
	items := p.list[:p.items]
	if b.first == 0 && int(b.last) == len(p.region.arcs) {
		return items
	}
	first := sort.Search(len(items), func(i int) bool { return p.region.firstOf(items[i]) >= b.first })
	last := first + sort.Search(len(items)-first, func(i int) bool { return p.region.firstOf(items[first+i]) >= b.last })
	return items[first:last]
}

// sideAt reports whether a point of the piece is inside a polygon of its list: by the edges crossed on the way from the
// piece's own point, or else from afar. It is not known for points closer to an edge than that edge is true.
func (p *Piece) sideAt(s side, at Vec) (in, known bool) {
	b := &p.region.bodies[s>>sideShift]
	items := p.itemsOf(b)
	if s&sideKnown != 0 && !b.overlaps && p.within.Contains(at) {
		if odd, ok := p.region.oddCrossings(items, p.at, at); ok {
			return (s&sideInside != 0) != odd, true
		}
	}
	if p.region.anyWithin(items, at, NewReach(p.region.slack+2*rounding)) {
		return false, false
	}
	return b.around.Contains(at) && b.contains(at), true
}

// Within reports whether an edge of the piece, margin included, comes within so many radians of a point.
func (p *Piece) Within(at Vec, angle float64) bool {
	return p.region.anyWithin(p.list[:p.items], at, NewReach(angle+p.region.margin-p.region.slack))
}

// Inside reports whether a point that is on no edge, and in the cap or cell to which the piece was clipped, is inside a
// polygon of the region, margin left aside.
func (p *Piece) Inside(at Vec) bool {
	if p.mode == edgesOnly {
		return p.region.inside(at)
	}
	p.resolve()
	for _, s := range p.sides() {
		if in, known := p.sideAt(s, at); in || !known && p.region.bodies[s>>sideShift].contains(at) {
			return true
		}
	}
	return false
}

// InsideOf is Inside for the middle of a cell that no edge enters. A disc that is wider than every polygon cannot be
// inside one.
func (p *Piece) InsideOf(d *Disc) bool {
	if p.mode == someSides && !p.region.roomy(p.sides(), d.Inner) {
		return false
	}
	return p.Inside(d.Center)
}

// roomy reports whether one of the polygons of a list may be wide enough to hold a disc of a radius inner, as a
// chord.
func (r *Region) roomy(sides []side, inner float64) bool {
	for _, s := range sides {
		if inner <= r.bodies[s>>sideShift].width {
			return true
		}
	}
	return false
}

// Memory is the memory of the piece, for the next Clip once p is no longer in use.
func (p *Piece) Memory() []int32 { return p.list }
