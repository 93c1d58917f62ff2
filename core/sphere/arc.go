package sphere

// Arcs of great circles: distance to a point, crossing of two arcs, highest latitude. Everything here decides by the
// signs of scalar products; where a sign is within rounding of zero the functions say so, and the caller tries
// another way.

import "math"

// An Arc is the shorter great-circle arc from A to B. With A equal to B it is a point.
type Arc struct {
	A, B   Vec
	Normal Vec // of length 1, to the left of A→B; zero for a point
	ta, tb Vec // at A along the arc, at B against it: both products with p are positive beside the arc
}

// NewArc makes the shorter arc from a to b; both must have length 1. It returns false if they are so nearly opposite
// (within about 1e-15) that no arc is the shorter one. Equal points give an arc of no length.
func NewArc(a, b Vec) (Arc, bool) {
	arc := Arc{A: a, B: b}
	// (a-b)×(a+b) is 2 a×b without the cancellation of close points.
	n := a.Sub(b).Cross(a.Add(b))
	length := n.Norm()
	if length < 1e-15 {
		if a.Dot(b) < 0 {
			return arc, false
		}
		arc.B = a
		return arc, true
	}
	arc.Normal = n.Mul(1 / length)
	arc.ta = arc.Normal.Cross(a)
	arc.tb = b.Cross(arc.Normal)
	return arc, true
}

// IsPoint reports an arc of no length.
func (e *Arc) IsPoint() bool { return e.Normal == Vec{} }

// Distance is the angle in radians, in [0, π], from p to the nearest point of the arc.
//
// Beside the arc the nearest point is on it and the sine of the angle is the height over its plane; elsewhere it is
// the nearer end, measured by the chord, because the arc cosine of a scalar product loses half of the digits for
// close points.
func (e *Arc) Distance(p Vec) float64 {
	if !e.IsPoint() && p.Dot(e.ta) > 0 && p.Dot(e.tb) > 0 {
		return math.Asin(min(math.Abs(p.Dot(e.Normal)), 1))
	}
	return 2 * math.Asin(min(math.Sqrt(min(p.Chord2(e.A), p.Chord2(e.B)))/2, 1))
}

// A Reach is an angle prepared for many comparisons with distances: a comparison costs a few multiplications and no
// trigonometry. sin is compared with heights over a plane and chord2 with squared chords.
type Reach struct{ angle, sin, chord2 float64 }

// NewReach prepares an angle in radians. Of angles from π/2 on the sine says nothing, and beyond π everything is
// within: then sin and chord2 have values that no distance exceeds.
func NewReach(angle float64) Reach {
	r := Reach{angle: angle, sin: 2, chord2: 5}
	if angle < math.Pi/2 {
		r.sin = math.Sin(angle)
	}
	if angle < math.Pi {
		r.chord2 = chord2(angle)
	}
	return r
}

// Within reports whether the arc comes within the reach of p.
func (e *Arc) Within(p Vec, r Reach) bool {
	if !e.IsPoint() {
		if s := p.Dot(e.Normal); s > r.sin || -s > r.sin {
			return false // farther from the whole great circle than the reach
		}
		if p.Dot(e.ta) > 0 && p.Dot(e.tb) > 0 {
			return true
		}
	}
	return p.Chord2(e.A) <= r.chord2 || p.Chord2(e.B) <= r.chord2
}

// crosses reports whether the arc and the arc from p to q cross, given the products a and b of its ends with the
// normal of the plane of p and q. ok is false when the answer depends on rounding. That p or q lies in the plane of e
// but not on e does no harm.
//
// Two arcs cross if the ends of each lie on different sides of the plane of the other, and on matching sides:
// otherwise their great circles meet there in the opposite point.
func (e *Arc) crosses(p, q Vec, a, b float64) (yes, ok bool) {
	if math.Abs(a) < rounding || math.Abs(b) < rounding {
		return false, false
	}
	if (a > 0) == (b > 0) {
		return false, true
	}
	c, d := e.Normal.Dot(p), e.Normal.Dot(q)
	// Where q is in both planes they meet in ±q; if q is not on e then -q is, and the way from p to q does not go there.
	if math.Abs(d) < rounding {
		return false, q.Dot(e.ta) < 0 || q.Dot(e.tb) < 0
	}
	if math.Abs(c) < rounding {
		return false, p.Dot(e.ta) < 0 || p.Dot(e.tb) < 0
	}
	if (c > 0) == (d > 0) {
		return false, true
	}
	// The great circles cross at two opposite points; both arcs must have the same one.
	return (a > 0) == (d > 0), true
}

// apart is the angle between two arcs, 0 where they cross.
func (e *Arc) apart(f *Arc) float64 {
	if !e.IsPoint() && !f.IsPoint() {
		a, b := e.Normal.Dot(f.A), e.Normal.Dot(f.B)
		c, d := f.Normal.Dot(e.A), f.Normal.Dot(e.B)
		if (a > 0) != (b > 0) && (c > 0) != (d > 0) && (a > 0) == (d > 0) {
			return 0
		}
	}
	return min(e.Distance(f.A), e.Distance(f.B), f.Distance(e.A), f.Distance(e.B))
}

// mirror is the arc north for south.
func (e *Arc) mirror() *Arc {
	m, _ := NewArc(Vec{e.A.X, e.A.Y, -e.A.Z}, Vec{e.B.X, e.B.Y, -e.B.Z})
	return &m
}

// topLat is the highest latitude of the arc, in degrees of the sphere. For the lowest see mirror.
func (e *Arc) topLat() float64 {
	_, la := e.A.LonLat()
	_, lb := e.B.LonLat()
	top := max(la, lb)
	if e.IsPoint() {
		return top
	}
	// The highest point of the great circle is on the arc if both ends climb towards it.
	if up := e.ta.Z > 0 && e.tb.Z > 0; up {
		n := e.Normal
		top = max(top, math.Atan2(math.Hypot(n.X, n.Y), math.Abs(n.Z))*degree)
	}
	return top
}
