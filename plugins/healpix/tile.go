package healpix

// Cells as covers see them: discs, corners, and how curved they are.

import (
	"math"

	"github.com/englacial/zagg/core/sphere"
)

// A tile is a cell as a region meets it: its middle as a vector, a disc around it and one within it. Those points of
// its border that are corners of its children, in rows of three from the south corner, are computed when they are
// asked for.
type tile struct {
	square
	nest uint64
	sphere.Disc
	points [9]sphere.Vec
	have   uint16 // a bit for each of points
}

// Factors for discs. What the first derivatives in the middle of a cell give is too little, or too much, by these
// factors times the cell's size over the middle's distance from the pole (both in sides of a base cell). bulgeFactor
// times the square of the size, over the distance of the middle from the axis, is more than the distance between a
// side and the arc from corner to corner; flatFactor is the same for places in the cell and where they would be if
// places were affine. A test checks all of them on cells of all shapes.
const (
	outerFactor = 0.42
	innerFactor = 0.13
	bulgeFactor = 0.2
	flatFactor  = 0.5
)

// set makes t the tile of a cell. The discs of coarse cells are looked up, if there are any.
func (t *tile) set(q square, discs discs) { t.setNest(q, q.cell().nest, discs) }

// setChild makes t the tile of child i of another.
func (t *tile) setChild(of *tile, i int, discs discs) {
	t.setNest(of.child(i), of.nest<<2|uint64(i), discs)
}

func (t *tile) setNest(q square, nest uint64, discs discs) {
	t.square, t.nest, t.have = q, nest, 0
	if q.order < len(discs) {
		t.Disc = discs[q.order][nest]
		return
	}
	t.find()
}

// discs are the discs of all cells, by order and nested id.
type discs [][]sphere.Disc

// newDiscs computes the discs of all cells below an order.
func newDiscs(orders int) discs {
	d := make(discs, orders)
	var t tile
	for order := range d {
		d[order] = make([]sphere.Disc, cellCount(order))
		for n := range d[order] {
			t.set(squareOf(cellID{order, uint64(n)}), nil)
			d[order][n] = t.Disc
		}
	}
	return d
}

// find computes the disc from the derivatives of the projection in the middle of the cell.
func (t *tile) find() {
	q := t.square
	side := 1 / float64(uint64(1)<<q.order)
	s := q.at(0.5, 0.5)
	t.Center = s.vec()
	jr := float64(q.face>>2+2) - (float64(q.x)+float64(q.y)+1)*side
	pole := min(jr, 4-jr) // sides of a base cell, 1 where the band begins
	if q.face>>2 == 1 {
		pole = 1
	}
	// Halves of the diagonals, north to south and west to east.
	if pole >= 1-side {
		north, east := side*(2.0/3)/s.cos, side*(math.Pi/4)*s.cos
		t.Outer = max(north, east)
		t.Inner = north * east / math.Sqrt(north*north+east*east)
	}
	if pole <= 1+side && q.face>>2 != 1 {
		r := min(pole, 1)
		east := side * (math.Pi / 4) / r * s.cos
		north := side * (2 / sqrt6) / math.Sqrt((1+math.Abs(s.sin))/2)
		slant := east * math.Abs(float64(int64(q.x-q.y))) * side / r
		outer := max(east, math.Sqrt(north*north+slant*slant))
		inner := north * east / math.Sqrt(north*north+(slant+east)*(slant+east))
		if pole >= 1-side {
			outer, inner = max(outer, t.Outer), min(inner, t.Inner)
		}
		t.Outer, t.Inner = outer, inner
	}
	t.Outer *= 1 + outerFactor*side/min(pole, 1)
	t.Inner *= 1 - innerFactor*side/min(pole, 1)
}

// point is a point of the border, or the middle, in halves of the sides; each is computed once.
func (t *tile) point(x, y int) sphere.Vec {
	i := 3*y + x
	if t.have>>i&1 == 0 {
		t.points[i] = t.at(float64(x)/2, float64(y)/2).vec()
		t.have |= 1 << i
	}
	return t.points[i]
}

// quad is child i, whose disc is known, with its corners: they are points of its parent.
func (t *tile) quad(child *tile, i int) sphere.Quad {
	x, y := i&1, i>>1
	return sphere.Quad{
		Disc:    child.Disc,
		Corners: [4]sphere.Vec{t.point(x, y), t.point(x+1, y), t.point(x+1, y+1), t.point(x, y+1)},
		Bulge:   child.bulge(),
	}
}

// whole is the tile itself, with its corners.
func (t *tile) whole() sphere.Quad {
	return sphere.Quad{
		Disc:    t.Disc,
		Corners: [4]sphere.Vec{t.point(0, 0), t.point(2, 0), t.point(2, 2), t.point(0, 2)},
		Bulge:   t.bulge(),
	}
}

func (t *tile) bulge() float64 { return bulgeFactor * t.curvature() }

// bent reports whether the border of the polar cap runs through the cell, along a diagonal: there the projection has
// a bend.
func (t *tile) bent() bool { return t.face>>2 != 1 && t.x+t.y+1 == 1<<t.order }

// curvature is the square of the cell's size over the distance of its middle from the axis.
func (t *tile) curvature() float64 {
	side := 1 / float64(uint64(1)<<t.order)
	return side * side / math.Sqrt(t.Center.X*t.Center.X+t.Center.Y*t.Center.Y)
}
