package sphere

// Which side of a closed ring of arcs a point is on.
//
// On the sphere neither side is "outside", and no point is at infinity to shoot a ray to. So a ring keeps a few
// reference points of which the side is known, and the side of any other point follows from the number of arcs that
// the way from a reference crosses. Where that number depends on rounding (the way touches a vertex) another
// reference is used.

import (
	"errors"
	"math"
)

// lineArea is the area, in steradians, up to which a ring without sides is a line walked to and fro: 0.4 km².
const lineArea = 1e-8

// A ring is a closed curve of arcs that divides the sphere in two colours (for a simple ring: two sides). Whether a
// point is inside is the parity of the arcs crossed on the way from a reference point of known colour. A ring is
// immutable once its polygon has oriented its holes.
type ring struct {
	arcs   []Arc
	refs   []reference
	flip   bool // the inside is on the right of the first arc
	around *Cap // holds the ring and its inside; nil: not known
}

// A reference is a point of which it is known whether it has the colour at the left of the ring's first arc.
type reference struct {
	at   Vec
	left bool
}

// references are points in general position: no edge of a person's polygon goes through them, nor through two of them.
var references = [...]Vec{
	{0.3819660112501051, 0.7236067977499789, 0.5749216287913843},
	{-0.8506508083520399, 0.2939260000134781, 0.4361283410921823},
	{0.1371402983470115, -0.6180339887498949, -0.7741059201846133},
	{-0.4472135954999579, -0.5257311121191336, 0.7236067977499001},
	{0.6710189341257701, -0.4370160244488211, 0.5989210047613407},
	{-0.2111034950170139, 0.8944271909999159, -0.3943300716125491},
}

// newRing finds the sides of a ring. With oriented the inside is on the left, else it is the smaller side. nil for a ring
// that has none, because it runs back over itself: it is its edges. An error if it has sides that cannot be told apart.
func newRing(arcs []Arc, oriented bool) (*ring, error) {
	r := &ring{arcs: arcs}
	// An arc that another one runs along has no side of its own: try the next, though not all of a very long ring.
	for i := range min(len(arcs), 64+10_000_000/len(arcs)) {
		if refs := leftReferences(arcs, i); len(refs) > len(r.refs) {
			r.refs = refs
		}
		if len(r.refs) >= 2 {
			break
		}
	}
	if len(r.refs) == 0 {
		if area := r.leftArea(); area > lineArea && area < 4*math.Pi-lineArea {
			return nil, errors.New("its sides cannot be told apart, because it runs over its own edges; split it or leave the repeated edges out")
		}
		return nil, nil
	}
	if !oriented {
		r.flip = !r.leftIsSmaller()
	}
	return r, nil
}

// leftReferences finds the colour of two reference points relative to the left of arc i, by the way from the
// reference to the middle of that arc. References for which the answer depends on rounding are left out.
func leftReferences(arcs []Arc, i int) []reference {
	base := &arcs[i]
	middle := base.A.Add(base.B).Unit()
	var refs []reference
	for _, at := range references {
		at = at.Unit()
		side := base.Normal.Dot(at)
		if math.Abs(side) < 1e-9 {
			continue
		}
		if odd, ok := oddCrossings(arcs, at, middle, i); ok {
			if refs = append(refs, reference{at, (side > 0) != odd}); len(refs) == 2 {
				break
			}
		}
	}
	return refs
}

// oddCrossings reports whether the way from p to q crosses an odd number of the arcs of a ring, arc skip left out
// (-1: none). ok is false if that depends on rounding.
func oddCrossings(arcs []Arc, p, q Vec, skip int) (odd, ok bool) {
	n, ok := wayNormal(p, q)
	if !ok {
		return false, false
	}
	a := n.Dot(arcs[0].A)
	for i := range arcs {
		b := n.Dot(arcs[i].B)
		if i != skip {
			yes, ok := arcs[i].crosses(p, q, a, b)
			if !ok {
				return false, false
			}
			odd = odd != yes
		}
		a = b
	}
	return odd, true
}

// wayNormal is the normal, of length 1, of the plane of the way from p to q. Not if they are the same or nearly opposite.
func wayNormal(p, q Vec) (n Vec, ok bool) {
	n = p.Sub(q).Cross(p.Add(q))
	length := n.Norm()
	if length < 1e-13 || length < 1e-9 && p.Dot(q) < 0 {
		return n, false
	}
	return n.Mul(1 / length), true
}

// contains reports whether p is inside. The answer for a point on an arc has no meaning: callers ask for the distance
// first.
func (r *ring) contains(p Vec) bool { return r.left(p) != r.flip }

// left reports whether p has the colour at the left of the first arc.
func (r *ring) left(p Vec) bool {
	for _, ref := range r.refs {
		if odd, ok := oddCrossings(r.arcs, ref.at, p, -1); ok {
			return ref.left != odd
		}
	}
	// p is opposite a reference or in line with a vertex and each of them: step aside, by a micrometre.
	for i := range 8 {
		angle := 1 + float64(i)
		aside := p.Add(Vec{math.Sin(angle), math.Cos(angle), math.Sin(3 * angle)}.Mul(3e-14 * angle)).Unit()
		for _, ref := range r.refs {
			if odd, ok := oddCrossings(r.arcs, ref.at, aside, -1); ok {
				return ref.left != odd
			}
		}
	}
	return !r.flip
}

// leftIsSmaller reports whether the left side is the smaller one. A ring within a hemisphere has the point opposite its
// middle outside, however it winds or crosses itself; else the signed area decides.
func (r *ring) leftIsSmaller() bool {
	points := make([]Vec, len(r.arcs))
	for i := range r.arcs {
		points[i] = r.arcs[i].A
	}
	if c := CapAround(points...); c.Radius < math.Pi/2-1e-6 {
		r.around = &c
		return !r.left(c.Center.Mul(-1))
	}
	return r.leftArea() < 2*math.Pi
}

// leftArea is the area on the left in steradians, in [0, 4π): the sum of the signed triangles of the arcs and one
// apex, each by the formula of Van Oosterom and Strackee (The solid angle of a plane triangle, 1983) for vectors of
// length 1.
func (r *ring) leftArea() float64 {
	apex := references[0].Unit()
	sum := 0.0
	for i := range r.arcs {
		a, b := r.arcs[i].A, r.arcs[i].B
		sum += 2 * math.Atan2(apex.Dot(a.Cross(b)), 1+a.Dot(b)+b.Dot(apex)+apex.Dot(a))
	}
	if sum = math.Mod(sum, 4*math.Pi); sum < 0 {
		sum += 4 * math.Pi
	}
	return sum
}
