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

// Clip says how the region lies to a cap, and gives its piece there (empty unless Near). The cap must lie within the cap
// that p was clipped to. buf is memory for the piece and may be nil; it must not be p's.
func (p Piece) Clip(c Cap, buf []int32) (Piece, Relation) {
	r := p.region
	reach := NewReach(c.Radius + r.margin + r.slack + rounding)
	out := Piece{region: r, arcs: buf[:0]}
	for _, i := range p.arcs {
		if r.arcs[i].Within(c.Center, reach) {
			out.arcs = append(out.arcs, i)
		}
	}
	if len(out.arcs) == 0 {
		if r.inside(c.Center) {
			return out, Covers
		}
		return out, Apart
	}
	if c.Radius < r.margin && out.Within(c.Center, r.margin-c.Radius) {
		return out, Covers
	}
	return out, Near
}

// Within reports whether an edge of the piece, margin left aside, comes within so many radians of a point.
func (p Piece) Within(at Vec, angle float64) bool {
	reach := NewReach(angle)
	for _, i := range p.arcs {
		if p.region.arcs[i].Within(at, reach) {
			return true
		}
	}
	return false
}

// Touches reports whether the region, margin included, certainly comes within so many radians of a point inside the
// piece's cap. False means that it was not seen to.
func (p Piece) Touches(at Vec, angle float64) bool {
	return p.Within(at, angle+p.region.margin) || p.region.inside(at)
}

// Memory is the memory of the piece, for the next Clip once p is no longer in use.
func (p Piece) Memory() []int32 { return p.arcs }
