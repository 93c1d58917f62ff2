package cmr

import (
	"cmp"
	"math"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/sphere"
)

// An area is the place a search asks for: the union of polygons, or one box. Neither: anywhere.
type area struct {
	polygons [][]core.LonLat // convex, counter-clockwise, not closed
	box      *sphere.Box
}

// How an area is simplified. CMR takes thousands of vertices but gets slow, and URLs are short; a polygon of 24 sides
// around a convex shape reaches at most 0.9 % of its radius beyond it.
const (
	maxVertices = 24
	maxPolygons = 8
	widest      = 80 * math.Pi / 180 // radius of a cap that the gnomonic projection shows well
)

// rounding covers that coordinates are written with six decimals (0.11 m).
const rounding = 1.0 / 6371007

// areaOf simplifies a region outward. flat: the collection's footprints have planar edges, and a search is only exact
// with a box.
func areaOf(region core.Region, flat bool) (area, error) {
	if len(region.Polygons) == 0 {
		return area{}, nil
	}
	if _, err := sphere.NewRegion(region, sphere.GeodeticSpherical); err != nil {
		return area{}, err
	}
	if !flat && !region.Oriented {
		if hulls := hullsOf(region); hulls != nil {
			return area{polygons: hulls}, nil
		}
	}
	box, err := sphere.Bounds(region)
	if err != nil {
		return area{}, err
	}
	if box.Width >= 360 && box.South <= -90 && box.North >= 90 {
		return area{}, nil
	}
	return area{box: &box}, nil
}

// hullsOf is a few convex polygons around a region: one, or one for each part where that is much smaller. nil: the region
// is too large for that.
func hullsOf(region core.Region) [][]core.LonLat {
	whole := hull(region, 0, len(region.Polygons))
	if len(region.Polygons) == 1 || len(region.Polygons) > maxPolygons {
		return wrap(whole)
	}
	var parts [][]sphere.Vec
	sum := 0.0
	for i := range region.Polygons {
		h := hull(region, i, i+1)
		if h == nil {
			return wrap(whole)
		}
		parts = append(parts, h)
		sum += solidAngle(h)
	}
	if whole != nil && sum > 0.6*solidAngle(whole) {
		return wrap(whole)
	}
	return wrap(parts...)
}

func wrap(hulls ...[]sphere.Vec) [][]core.LonLat {
	var out [][]core.LonLat
	for _, h := range hulls {
		if h == nil {
			return nil
		}
		ring := make([]core.LonLat, len(h))
		for i, v := range h {
			ring[i].Lon, ring[i].Lat = v.LonLat()
		}
		out = append(out, ring)
	}
	return out
}

// hull is a convex polygon on the sphere, counter-clockwise, that contains polygons from…to-1 of a region and what is within
// its margin of them; nil if they reach too far for one.
//
// The points' gnomonic projection shows great circles as straight lines, so a hull in the plane is one on the sphere.
// A margin is a disc around each vertex: what is within a distance of an edge lies between the discs of its ends, because
// the curve at a constant distance from a great circle is nearer to it than the great circle through two of its points.
func hull(region core.Region, from, to int) []sphere.Vec {
	points, slack := outline(region, from, to)
	around := sphere.CapAround(points...)
	margin := sphere.MarginAngle(region.Margin) + slack + rounding
	if around.Radius+1.1*margin > widest {
		return nil
	}
	g := newGnomonic(around.Center)
	plane := make([][2]float64, len(points))
	for i, p := range points {
		plane[i] = g.forward(p)
	}
	var wide [][2]float64
	for _, p := range convex(plane) {
		for _, v := range disc(g.inverse(p), margin) {
			wide = append(wide, g.forward(v))
		}
	}
	shape := convex(wide)
	if len(shape) > maxVertices {
		shape = around24(shape)
	}
	out := make([]sphere.Vec, len(shape))
	for i, p := range shape {
		out[i] = g.inverse(p)
	}
	return out
}

// outline is points whose convex hull contains polygons up to an angle: vertices, and points along long or planar
// edges. Great circles of the authalic sphere, which a region may mean, are off those of geodetic latitudes by up to
// sin 2φ · 0.1283° bent over the edge, 0.064° per square radian of its length.
func outline(region core.Region, from, to int) (points []sphere.Vec, slack float64) {
	const fine = 0.5
	shell := 0 // its place among the rings
	for k, p := range region.Polygons[:to] {
		planar := region.PlanarRing(shell)
		shell += len(p)
		if k < from {
			continue
		}
		ring := p[0]
		for i, a := range ring {
			points = append(points, sphere.FromLonLat(a.Lon, a.Lat))
			b := ring[(i+1)%len(ring)]
			if planar {
				n := int(math.Ceil(max(math.Abs(b.Lon-a.Lon), math.Abs(b.Lat-a.Lat)) / fine))
				for k := 1; k < n; k++ {
					t := float64(k) / float64(n)
					points = append(points, sphere.FromLonLat(a.Lon+t*(b.Lon-a.Lon), a.Lat+t*(b.Lat-a.Lat)))
				}
				// Half a degree along a parallel is at most 31 m off its great circle.
				slack = max(slack, 35.0/6371007)
				continue
			}
			length := sphere.Angle(sphere.FromLonLat(a.Lon, a.Lat), sphere.FromLonLat(b.Lon, b.Lat))
			slack = max(slack, math.Min(0.064*length*length, 0.26)*math.Pi/180)
		}
	}
	return points, slack
}

// A gnomonic projection is onto the plane that touches the sphere at a centre.
type gnomonic struct{ center, east, north sphere.Vec }

func newGnomonic(center sphere.Vec) gnomonic {
	axis := sphere.Vec{Z: 1}
	if math.Abs(center.Z) > 0.9 {
		axis = sphere.Vec{X: 1}
	}
	east := axis.Cross(center).Unit()
	return gnomonic{center, east, center.Cross(east)}
}

func (g gnomonic) forward(v sphere.Vec) [2]float64 {
	d := v.Dot(g.center)
	return [2]float64{v.Dot(g.east) / d, v.Dot(g.north) / d}
}

func (g gnomonic) inverse(p [2]float64) sphere.Vec {
	return g.center.Add(g.east.Mul(p[0])).Add(g.north.Mul(p[1])).Unit()
}

// disc is an octagon that contains everything within an angle of a point.
func disc(v sphere.Vec, angle float64) []sphere.Vec {
	g := newGnomonic(v)
	r := math.Tan(angle) / math.Cos(math.Pi/8)
	out := make([]sphere.Vec, 8)
	for i := range out {
		sin, cos := math.Sincos(float64(i) * math.Pi / 4)
		out[i] = g.inverse([2]float64{r * cos, r * sin})
	}
	return out
}

// convex is the convex hull of points in the plane, counter-clockwise (Andrew's monotone chain, 1979).
func convex(points [][2]float64) [][2]float64 {
	points = slices.Clone(points)
	slices.SortFunc(points, func(a, b [2]float64) int { return cmp.Or(cmp.Compare(a[0], b[0]), cmp.Compare(a[1], b[1])) })
	points = slices.Compact(points)
	if len(points) < 3 {
		return points
	}
	var out [][2]float64
	chain := func(p [2]float64, from int) {
		for len(out)-from >= 2 && turn(out[len(out)-2], out[len(out)-1], p) <= 0 {
			out = out[:len(out)-1]
		}
		out = append(out, p)
	}
	for _, p := range points {
		chain(p, 0)
	}
	upper := len(out) - 1
	for i := len(points) - 2; i >= 0; i-- {
		chain(points[i], upper)
	}
	return out[:len(out)-1]
}

func turn(a, b, c [2]float64) float64 { return (b[0]-a[0])*(c[1]-a[1]) - (b[1]-a[1])*(c[0]-a[0]) }

// around24 is a polygon of maxVertices sides that each touch a convex shape, and so contains it.
func around24(shape [][2]float64) [][2]float64 {
	type line struct{ nx, ny, d float64 }
	lines := make([]line, maxVertices)
	for i := range lines {
		sin, cos := math.Sincos(2 * math.Pi * float64(i) / maxVertices)
		l := line{cos, sin, math.Inf(-1)}
		for _, p := range shape {
			l.d = max(l.d, p[0]*cos+p[1]*sin)
		}
		lines[i] = l
	}
	out := make([][2]float64, maxVertices)
	for i, a := range lines {
		b := lines[(i+1)%maxVertices]
		det := a.nx*b.ny - a.ny*b.nx
		out[i] = [2]float64{(a.d*b.ny - b.d*a.ny) / det, (a.nx*b.d - b.nx*a.d) / det}
	}
	return out
}

// solidAngle of a convex polygon on the sphere, in steradians: the triangles of a fan (Van Oosterom and Strackee 1983).
func solidAngle(h []sphere.Vec) float64 {
	sum := 0.0
	for i := 1; i+1 < len(h); i++ {
		a, b, c := h[0], h[i], h[i+1]
		sum += 2 * math.Atan2(a.Dot(b.Cross(c)), 1+a.Dot(b)+b.Dot(c)+c.Dot(a))
	}
	return sum
}

// set adds the area to the parameters of a search.
func (a *area) set(v url.Values) {
	if a.box != nil {
		v.Set("bounding_box", joinNumbers(a.box.West, a.box.South, wrapLon(a.box), a.box.North))
	}
	for _, ring := range a.polygons {
		var n []float64
		for _, p := range append(slices.Clone(ring), ring[0]) {
			n = append(n, p.Lon, p.Lat)
		}
		v.Add("polygon[]", joinNumbers(n...))
	}
	if len(a.polygons) > 1 {
		v.Set("options[polygon][or]", "true")
	}
}

// wrapLon is the east side of a box in [-180, 180].
func wrapLon(b *sphere.Box) float64 {
	if b.Width >= 360 {
		return 180
	}
	if east := b.West + b.Width; east > 180 {
		return east - 360
	}
	return b.West + b.Width
}

func joinNumbers(n ...float64) string {
	text := make([]string, len(n))
	for i, x := range n {
		text[i] = strconv.FormatFloat(math.Round(x*1e6)/1e6, 'f', -1, 64)
	}
	return strings.Join(text, ",")
}
