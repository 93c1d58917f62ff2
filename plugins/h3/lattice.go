//go:build cgo

package h3

import (
	"math"
	"slices"

	"github.com/englacial/zagg/core/sphere"
)

// A lattice finds the slots of a shard by H3's own steps, in whole numbers and without a call to C: project to the
// plane of a face, take the nearest centre of a cell, go up from cell to parent. Where the answer depends on rounding
// it says so, and H3 is asked. Two things are learned from H3 when it is made: where the shard is, and which digit
// stands for which direction. Pentagons have no lattice, because the plane around them does not close.
//
// Centres are a + bω with whole a and b and ω = e^(2πi/3), in units of the spacing. A cell's centre is α times its
// parent's plus 0 or a unit, where α is 2-ω at odd resolutions and 3+ω at even ones, both of norm 7: whole numbers
// modulo α are those modulo 7, and ω stands for 2 or 4. So a + 2b or a + 4b modulo 7 tells the unit.
type lattice struct {
	charts []chart // of the face of the shard's centre, and those next to it that the shard may reach
	near   float64 // how close to a border, as a difference of weights, H3 decides
	levels []level // from the cells' resolution up to that below the shard
}

// A chart gives the places of a face's points as seen from the shard's centre: those of a neighbour are folded out to
// the plane of the first. No shard reaches farther, because the faces beyond those begin at a vertex, the centre of a
// pentagon, which is a spacing away.
type chart struct {
	middle, a, b sphere.Vec // a·p/middle·p + atA and b·p/middle·p + atB is the place of p
	atA, atB     float64
}

// A level is the step from a resolution to the coarser one.
type level struct {
	omega          int       // residue of ω
	units          [7][2]int // by residue
	digits         [7]int32  // by residue
	aa, ab, ba, bb int       // 7/α as a matrix
}

// nearBorder is how close to a border of cells the lattice is not trusted, in the plane: 25 µm, a hundred times what it
// and H3 are off beyond nearMiddle from the middle of a face.
const (
	nearBorder = 4e-12
	nearMiddle = 1e-3
)

// newLattice makes the lattice of a shard. It is nil for a pentagon, and where H3 has cells in other places than
// expected.
func (g *grid) newLattice(shard *tile) (*lattice, error) {
	if shard.cell.isPentagon() {
		return nil, nil
	}
	child := g.config.ChildResolution
	home, _ := g.ico.nearest(shard.center)
	around := g.ico.beside(home, sphere.Cap{Center: shard.center, Radius: shard.outer(child)})
	l := &lattice{near: 2 * nearBorder / spacing(child)}
	for r := child; r > shard.cell.resolution(); r-- {
		v, ok, err := newLevel(chartsOf(home, around, r, shard.center), shard, r)
		if !ok || err != nil {
			return nil, err
		}
		l.levels = append(l.levels, v)
	}
	l.charts = chartsOf(home, around, child, shard.center)
	return l, nil
}

// beside are the faces next to home that a cap reaches.
func (ico *icosahedron) beside(home *face, c sphere.Cap) []*face {
	var found []*face
	for i := range ico.faces {
		f := &ico.faces[i]
		if a, b, ok := f.edge(home); ok {
			side := a.Cross(b).Unit()
			if math.Abs(side.Dot(c.Center)) < math.Sin(min(c.Radius, 1))+1e-9 {
				found = append(found, f)
			}
		}
	}
	return found
}

// edge is the edge that two faces share; false if they share none.
func (f *face) edge(other *face) (a, b sphere.Vec, ok bool) {
	var shared []sphere.Vec
	for _, corner := range f.corners {
		if slices.Contains(other.corners[:], corner) {
			shared = append(shared, corner)
		}
	}
	if len(shared) != 2 {
		return a, b, false
	}
	return shared[0], shared[1], true
}

// chartsOf is the chart of a face in the lattice of a resolution, with the place nearest to origin at a + bω = 0, and
// those of its neighbours.
func chartsOf(home *face, around []*face, resolution int, origin sphere.Vec) []chart {
	a, b := home.basis(resolution)
	charts := []chart{{middle: home.middle, a: a, b: b}}
	for _, f := range around {
		from, to, _ := f.edge(home)
		along := to.Sub(from).Unit()
		in, out := home.middle.Cross(along), f.middle.Cross(along) // across the edge, in either plane
		corner := from.Mul(1 / from.Dot(home.middle))
		fold := func(v sphere.Vec) (sphere.Vec, float64) {
			folded := along.Mul(v.Dot(along)).Add(out.Mul(v.Dot(in)))
			return folded, v.Sub(folded).Dot(corner)
		}
		c := chart{middle: f.middle}
		c.a, c.atA = fold(a)
		c.b, c.atB = fold(b)
		charts = append(charts, c)
	}
	atA, atB := charts[0].place(origin)
	for i := range charts {
		charts[i].atA -= math.Round(atA)
		charts[i].atB -= math.Round(atB)
	}
	return charts
}

// basis gives the places of points in the lattice of a resolution: lattices of odd resolutions are turned by the
// angle of α.
func (f *face) basis(resolution int) (a, b sphere.Vec) {
	x := f.corners[0].Sub(f.middle.Mul(f.corners[0].Dot(f.middle))).Unit()
	y := f.middle.Cross(x)
	sin, cos := math.Sincos(float64(resolution%2) * math.Asin(math.Sqrt(3.0/28)))
	scale := 1 / spacing(resolution)
	b = y.Mul(cos).Sub(x.Mul(sin)).Mul(scale * 2 / math.Sqrt(3))
	a = x.Mul(cos).Add(y.Mul(sin)).Mul(scale).Add(b.Mul(0.5))
	return a, b
}

// newLevel asks H3 where the children of the shard's middle cell of the next coarser resolution are. It returns false
// if they are not where they should be.
func newLevel(charts []chart, shard *tile, resolution int) (level, bool, error) {
	v := level{omega: 4, aa: 2, ab: 1, ba: -1, bb: 3}
	if resolution%2 == 1 {
		v = level{omega: 2, aa: 3, ab: -1, ba: 1, bb: 2}
	}
	for _, u := range [...][2]int{{1, 0}, {0, 1}, {-1, -1}, {-1, 0}, {0, -1}, {1, 1}} {
		v.units[v.residue(u[0], u[1])] = u
	}
	above := shard.cell.center(resolution - 1)
	seen := 0
	for digit := range 7 {
		center, err := centerOf(above.child(digit))
		if err != nil {
			return v, false, err
		}
		a, b := nearestChart(charts, center).place(center)
		u := [2]int{int(math.Round(a)), int(math.Round(b))}
		m := v.residue(u[0], u[1])
		if !isWhole(a, b) || v.units[m] != u {
			return v, false, nil
		}
		v.digits[m] = int32(digit)
		seen |= 1 << m
	}
	return v, seen == 1<<7-1, nil
}

func isWhole(a, b float64) bool {
	return math.Abs(a-math.Round(a)) < 0.1 && math.Abs(b-math.Round(b)) < 0.1
}

// residue is a + ωb modulo 7, for numbers below 2²⁸: those of a shard's cells, seen from its centre.
func (v *level) residue(a, b int) uint32 {
	const positive = 7 << 28
	return uint32(a+v.omega*b+positive) % 7
}

// nearestChart is the chart of the face on which a point lies.
func nearestChart(charts []chart, p sphere.Vec) *chart {
	best := &charts[0]
	for i := 1; i < len(charts); i++ {
		if c := &charts[i]; p.Dot(c.middle) > p.Dot(best.middle) {
			best = c
		}
	}
	return best
}

// place is a point's place in the lattice, as a + bω.
func (c *chart) place(p sphere.Vec) (a, b float64) {
	scale := 1 / p.Dot(c.middle)
	return p.Dot(c.a)*scale + c.atA, p.Dot(c.b)*scale + c.atB
}

// slot is the slot of a point near the shard, -1 outside of it; false if the point is too close to a border to tell.
func (l *lattice) slot(p sphere.Vec) (int32, bool) {
	c := nearestChart(l.charts, p)
	if p.Dot(c.middle) > 1-nearMiddle*nearMiddle/2 {
		return 0, false
	}
	a, b := c.place(p)
	z, sure := nearestWhole(a, b, l.near)
	slot, weight := int32(0), int32(1)
	for i := range l.levels {
		v := &l.levels[i]
		m := v.residue(z[0], z[1])
		slot += v.digits[m] * weight
		weight *= 7
		x, y := z[0]-v.units[m][0], z[1]-v.units[m][1]
		z[0], z[1] = (v.aa*x+v.ab*y)/7, (v.ba*x+v.bb*y)/7
	}
	if z != [2]int{} {
		slot = -1
	}
	return slot, sure
}

// nearestWhole is the whole number nearest to a + bω. The point is a mean of the corners of a triangle of three whole
// numbers; the corner with the greatest weight is nearest. sure is true if the second greatest weight is smaller by
// more than near.
func nearestWhole(a, b, near float64) (z [2]int, sure bool) {
	x, y := math.Floor(a), math.Floor(b)
	z = [2]int{int(x), int(y)}
	a, b = a-x, b-y
	origin, far := 1-max(a, b), min(a, b) // weights of z and z + (1, 1)
	middle := 1 - origin - far
	top, low := max(origin, middle, far), min(origin, middle, far)
	switch top {
	case far:
		z[0], z[1] = z[0]+1, z[1]+1
	case middle:
		if a > b {
			z[0]++
		} else {
			z[1]++
		}
	}
	return z, top-(1-top-low) > near
}
