package sphere

// The area of a ring and whether it has the poles inside, for readers of outlines in catalogs.

import (
	"math"

	"github.com/englacial/zagg/core"
)

// An Inside describes the smaller side of a ring of great-circle edges. The zero Inside is that of a ring that
// encloses nothing.
type Inside struct {
	Area         float64 // steradians, at most 2π and a rounding; 0: the ring runs back over itself and encloses nothing
	North, South bool    // it contains the pole
}

// Enclose finds the smaller side of a ring, as NewRegion does. The ring may be closed by a repeated vertex or not. Of
// a ring that crosses itself the area is that of its loops, less those wound the other way.
//
// Errors (core.Invalid) are of edges between opposite points and of sides that cannot be told apart.
func Enclose(vertices []core.LonLat, latitude Latitude) (Inside, error) {
	arcs, err := appendRing(make([]Arc, 0, len(vertices)), vertices, latitude)
	if err != nil {
		return Inside{}, err
	}
	if len(arcs) < 3 {
		return Inside{}, nil
	}
	ring, err := newRing(arcs, false)
	if err != nil {
		return Inside{}, core.Errorf(core.Invalid, "", "", "%w", err)
	}
	if ring == nil {
		return Inside{}, nil
	}
	if onOneLine(arcs) {
		return Inside{}, nil
	}
	area := ring.leftArea()
	return Inside{Area: min(area, 4*math.Pi-area), North: ring.contains(Vec{Z: 1}), South: ring.contains(Vec{Z: -1})}, nil
}

// onOneLine reports whether the vertices of a ring are on one great circle, as far as their rounding tells, and on one half
// of it: the ring is a line walked to and fro.
func onOneLine(arcs []Arc) bool {
	first, far := arcs[0].A, arcs[0].A
	for i := range arcs {
		if first.Chord2(arcs[i].A) > first.Chord2(far) {
			far = arcs[i].A
		}
	}
	along, ok := NewArc(first, far)
	if !ok || first.Chord2(far) > 2 {
		return false
	}
	for i := range arcs {
		if math.Abs(along.Normal.Dot(arcs[i].A)) > 10*rounding {
			return false
		}
	}
	return true
}
