package rectilinear

import (
	"math"

	"github.com/englacial/zagg/core/proj"
	"github.com/englacial/zagg/core/sphere"
)

// latitude is how covers see latitudes: edges of regions are great circles of the authalic sphere, as for HEALPix cells.
const latitude = sphere.AuthalicWGS84

// vectors are the points of the sphere at places in the plane.
func (g *grid) vectors(x, y []float64, out []sphere.Vec) {
	lon, lat := make([]float64, len(x)), make([]float64, len(x))
	g.plane.Inverse(x, y, lon, lat)
	for i := range out {
		out[i] = latitude.Point(lon[i], lat[i])
	}
}

// A tile is a rectangle of the plane with nine points of it on the sphere: row by row from the lower left, corners, middles
// of the sides, and the middle.
type tile struct {
	rect proj.Rect
	at   [9]sphere.Vec
}

// middle is the place of the middle in a tile's points.
const middle = 4

// tileOf is the tile of a rectangle that lies in the domain.
func (g *grid) tileOf(r proj.Rect) tile {
	t := tile{rect: r}
	var x, y [9]float64
	for i := range x {
		x[i], y[i] = between(r.X0, r.X1, i%3, 2), between(r.Y0, r.Y1, i/3, 2)
	}
	g.vectors(x[:], y[:], t.at[:])
	return t
}

// between is the place k n-ths of the way from a to b; exact at the ends.
func between(a, b float64, k, n int) float64 {
	if k == n {
		return b
	}
	return a + (b-a)*float64(k)/float64(n)
}

// split gives the four quarters. Nine of their points are those of the tile.
func (g *grid) split(t *tile) [4]tile {
	const n = 5
	var x, y [n*n - 9]float64
	var at [n * n]sphere.Vec
	var fresh [n*n - 9]sphere.Vec
	k := 0
	for i := range at {
		col, row := i%n, i/n
		if col%2 == 0 && row%2 == 0 {
			at[i] = t.at[row/2*3+col/2]
			continue
		}
		x[k], y[k] = between(t.rect.X0, t.rect.X1, col, n-1), between(t.rect.Y0, t.rect.Y1, row, n-1)
		k++
	}
	g.vectors(x[:], y[:], fresh[:])
	k = 0
	for i := range at {
		if i%n%2 != 0 || i/n%2 != 0 {
			at[i] = fresh[k]
			k++
		}
	}
	xs := [3]float64{t.rect.X0, between(t.rect.X0, t.rect.X1, 1, 2), t.rect.X1}
	ys := [3]float64{t.rect.Y0, between(t.rect.Y0, t.rect.Y1, 1, 2), t.rect.Y1}
	var quarters [4]tile
	for q := range quarters {
		col, row := q%2, q/2
		quarters[q].rect = proj.Rect{X0: xs[col], X1: xs[col+1], Y0: ys[row], Y1: ys[row+1]}
		for i := range quarters[q].at {
			quarters[q].at[i] = at[(2*row+i/3)*n+2*col+i%3]
		}
	}
	return quarters
}

// Of the points of a tile a corner is the farthest from its middle: circles of the sphere are convex curves of the plane
// (circles in a conformal projection from the pole, and of the same kind in Mercator's), as long as they are not large.
// outerFactor allows for the difference between conformal and authalic latitudes. innerFactor times the distance to the
// nearest middle of a side is less than that to the nearest point of the border. A side leaves the arc between its corners
// farthest near its middle, by less than bulgeFactor times as much as there. All are checked on tiles of all shapes; of a
// tile larger than largeTile, as a chord from its middle, nothing is said.
const (
	outerFactor = 1.02
	innerFactor = 0.7
	bulgeFactor = 1.3
	largeTile   = 0.6
)

// disc is what is quickly known of a tile with a middle and four corners; false if it is large.
func disc(center sphere.Vec, corners ...sphere.Vec) (sphere.Disc, bool) {
	far := 0.0
	for _, c := range corners {
		far = max(far, center.Chord2(c))
	}
	return sphere.Disc{Center: center, Outer: math.Sqrt(far) * outerFactor}, far < largeTile*largeTile
}

// rough is the disc of a rectangle that lies in the domain; false if it is large.
func (g *grid) rough(r proj.Rect) (sphere.Disc, bool) {
	var at [5]sphere.Vec
	x := [5]float64{between(r.X0, r.X1, 1, 2), r.X0, r.X1, r.X0, r.X1}
	y := [5]float64{between(r.Y0, r.Y1, 1, 2), r.Y0, r.Y0, r.Y1, r.Y1}
	g.vectors(x[:], y[:], at[:])
	d, small := disc(at[0], at[1:]...)
	return d, small && !g.wide(r)
}

// wide reports a rectangle whose corners may be close, being half around from each other.
func (g *grid) wide(r proj.Rect) bool { return g.config.CRS.Geographic && r.X1-r.X0 > 120 }

// quad is the tile as a region meets it; false if it is large.
func (g *grid) quad(t *tile) (sphere.Quad, bool) {
	q := sphere.Quad{Corners: [4]sphere.Vec{t.at[0], t.at[2], t.at[8], t.at[6]}}
	var small bool
	q.Disc, small = disc(t.at[middle], q.Corners[:]...)
	if !small || g.wide(t.rect) {
		return q, false
	}
	near, off := 4.0, 0.0
	for i, side := range [4]sphere.Vec{t.at[1], t.at[5], t.at[7], t.at[3]} {
		near = min(near, q.Center.Chord2(side))
		arc, _ := sphere.NewArc(q.Corners[i], q.Corners[(i+1)%4])
		off = max(off, arc.Distance(side))
	}
	q.Inner, q.Bulge = math.Sqrt(near)*innerFactor, off*bulgeFactor+1e-14
	return q, true
}
