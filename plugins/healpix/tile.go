package healpix

import (
	"math"

	"github.com/englacial/zagg/core/sphere"
)

// A tile is a cell with its corners and middle as vectors. Splitting a tile needs two new vectors for each child.
type tile struct {
	square
	corners [4]sphere.Vec // as children are numbered: south, east, west, north
	center  sphere.Vec
}

func tileOf(q square) tile {
	return tile{q, [4]sphere.Vec{q.at(0, 0).vec(), q.at(1, 0).vec(), q.at(0, 1).vec(), q.at(1, 1).vec()}, q.at(0.5, 0.5).vec()}
}

// split gives the four children.
func (t *tile) split() [4]tile {
	south, east, west, north := t.corners[0], t.corners[1], t.corners[2], t.corners[3]
	se, sw, ne, nw := t.at(0.5, 0).vec(), t.at(0, 0.5).vec(), t.at(1, 0.5).vec(), t.at(0.5, 1).vec()
	corners := [4][4]sphere.Vec{
		{south, se, sw, t.center},
		{se, east, t.center, ne},
		{sw, t.center, west, nw},
		{t.center, ne, nw, north},
	}
	var children [4]tile
	for i := range children {
		q := t.child(i)
		children[i] = tile{q, corners[i], q.at(0.5, 0.5).vec()}
	}
	return children
}

// outerFactor allows for rounding: of the points of a cell a corner is the farthest from its middle. innerFactor times
// the distance to the nearest middle of two neighbouring corners is less than that to the nearest point of the border.
// Both are checked on cells of all shapes.
const (
	outerFactor = 1.001
	innerFactor = 0.7
)

// cap contains the cell; its centre is the cell's middle.
func (t *tile) cap() sphere.Cap {
	far := 0.0
	for _, corner := range t.corners {
		far = max(far, t.center.Chord2(corner))
	}
	return sphere.Cap{Center: t.center, Radius: 2 * math.Asin(math.Sqrt(far)/2) * outerFactor}
}

// inner is the radius of a cap around the middle that the cell contains.
func (t *tile) inner() float64 {
	close := 4.0
	for _, side := range [4][2]int{{0, 1}, {1, 3}, {3, 2}, {2, 0}} {
		middle := t.corners[side[0]].Add(t.corners[side[1]]).Mul(0.5)
		close = min(close, t.center.Chord2(middle))
	}
	return math.Sqrt(close) * innerFactor
}
