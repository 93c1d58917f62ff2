package sphere

// A Relation says how a region lies to a cap.
type Relation uint8

// The relations. Apart and Covers are certain, Near is not: the region may or may not meet the cap.
const (
	Apart  Relation = iota // no point of the cap is in the region
	Near                   // an edge comes near or crosses
	Covers                 // all of the cap is in the region
)

// A Piece is what matters of a region in some cap: the edges that come near. It makes descending a tree of cells cheap,
// because a child's cap is compared with its parent's piece.
type Piece struct {
	region *Region
	arcs   []int32
}

// Piece is the whole region.
func (r *Region) Piece() Piece {
	p := Piece{region: r, arcs: make([]int32, len(r.arcs))}
	for i := range p.arcs {
		p.arcs[i] = int32(i)
	}
	return p
}

// Relate says how the region lies to a cap.
func (r *Region) Relate(c Cap) Relation {
	_, relation := r.Piece().Clip(c, nil)
	return relation
}

// Empty reports that no edge comes near.
func (p Piece) Empty() bool { return len(p.arcs) == 0 }

// Edges is the piece of p in a cap: of those edges that p has, the ones from which the region, margin included, could
// come into the cap. buf is memory for the piece and may be nil; it must not be p's.
func (p Piece) Edges(c Cap, buf []int32) Piece {
	r := p.region
	reach := NewReach(c.Radius + r.margin + r.slack + rounding)
	out := Piece{region: r, arcs: buf[:0]}
	for _, i := range p.arcs {
		if r.arcs[i].Within(c.Center, reach) {
			out.arcs = append(out.arcs, i)
		}
	}
	return out
}

// Clip is Edges, and says how the region lies to the part of the cap that is within the cap to which p was clipped.
func (p Piece) Clip(c Cap, buf []int32) (Piece, Relation) {
	out := p.Edges(c, buf)
	margin := p.region.margin
	switch {
	case out.Empty() && p.region.inside(c.Center):
		return out, Covers
	case out.Empty():
		return out, Apart
	case c.Radius < margin && out.Within(c.Center, -c.Radius):
		return out, Covers
	}
	return out, Near
}

// Within reports whether an edge of the piece, margin included, comes within so many radians of a point.
func (p Piece) Within(at Vec, angle float64) bool {
	reach := NewReach(angle + p.region.margin)
	for _, i := range p.arcs {
		if p.region.arcs[i].Within(at, reach) {
			return true
		}
	}
	return false
}

// Inside reports whether a point that is on no edge is inside a polygon of the region, margin left aside.
func (p Piece) Inside(at Vec) bool { return p.region.inside(at) }

// Memory is the memory of the piece, for the next Clip once p is no longer in use.
func (p Piece) Memory() []int32 { return p.arcs }
