package rectilinear

import (
	"math"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/proj"
	"github.com/englacial/zagg/core/sphere"
)

// A block is a rectangle of shards.
type block struct{ row, col, rows, cols int64 }

func (b block) empty() bool { return b.rows <= 0 || b.cols <= 0 }

// rectOf is a block in the plane.
func (g *grid) rectOf(b block) proj.Rect {
	c := &g.config
	return c.rect(b.row*c.Shard[0], b.col*c.Shard[1], b.rows*c.Shard[0], b.cols*c.Shard[1])
}

// within is the block of shards that have something of a rectangle, made larger on each side by so much of a shard.
func (g *grid) within(r proj.Rect, slack float64) block {
	c := &g.config
	high, wide := float64(c.Shard[0])*c.ResY, float64(c.Shard[1])*c.ResX
	row, rows := span((c.YMax-r.Y1)/high-slack, (c.YMax-r.Y0)/high+slack, g.shards[0])
	col, cols := span((r.X0-c.XMin)/wide-slack, (r.X1-c.XMin)/wide+slack, g.shards[1])
	return block{row, col, rows, cols}
}

// span is the first of n unit intervals that has something of the interval from a to b, and how many do.
func span(a, b float64, n int64) (first, count int64) {
	from, to := max(0, math.Floor(a)), min(float64(n), math.Ceil(b))
	if !(from < to) {
		return 0, 0
	}
	return int64(from), int64(to - from)
}

// sideSteps is into how many great-circle arcs each side of an outline is cut, and arcSteps at how many places between
// it is measured how far an arc is from the side.
const (
	sideSteps = 16
	arcSteps  = 4
)

// outline is a region that contains a rectangle of the plane as far as it is in the domain, and its area in km². What has
// nothing of the domain is a point.
func (g *grid) outline(r proj.Rect) (core.Region, float64) {
	part := r.Clip(g.domain)
	if part.Empty() {
		part = proj.Rect{X0: clamp(r.X0, g.domain.X0, g.domain.X1), Y0: clamp(r.Y0, g.domain.Y0, g.domain.Y1)}
		part.X1, part.Y1 = part.X0, part.Y0
	}
	if g.config.CRS.Geographic {
		return flatOutline(part)
	}
	return g.roundOutline(part)
}

func clamp(v, low, high float64) float64 { return max(low, min(high, v)) }

// flatOutline is that of a rectangle of longitudes and latitudes.
func flatOutline(r proj.Rect) (core.Region, float64) {
	ring := []core.LonLat{{Lon: r.X0, Lat: r.Y0}, {Lon: r.X1, Lat: r.Y0}, {Lon: r.X1, Lat: r.Y1}, {Lon: r.X0, Lat: r.Y1}}
	high := math.Sin(sphere.Authalic(r.Y1)*radian) - math.Sin(sphere.Authalic(r.Y0)*radian)
	return core.Region{Polygons: []core.Polygon{{ring}}, Planar: true}, (r.X1 - r.X0) * radian * high * radiusKM * radiusKM
}

const (
	radian   = math.Pi / 180
	radiusKM = sphere.EarthRadius / 1e3
)

// roundOutline is a polygon of points of the border, counter-clockwise from the lower left corner, with a margin of
// somewhat more than the distance from the arcs between them to the border, whichever way latitudes are mapped to the
// sphere.
func (g *grid) roundOutline(r proj.Rect) (core.Region, float64) {
	lon, lat := g.border(r, sideSteps*arcSteps)
	n := len(lon)
	ring := make([]core.LonLat, 0, n/arcSteps)
	off := 0.0
	for i := 0; i < n; i += arcSteps {
		ring = append(ring, core.LonLat{Lon: lon[i], Lat: lat[i]})
		for _, way := range []sphere.Latitude{sphere.AuthalicWGS84, sphere.GeodeticSpherical} {
			end := (i + arcSteps) % n
			arc, ok := sphere.NewArc(way.Point(lon[i], lat[i]), way.Point(lon[end], lat[end]))
			for k := i + 1; ok && k < i+arcSteps; k++ {
				off = max(off, arc.Distance(way.Point(lon[k], lat[k])))
			}
		}
	}
	region := core.Region{Polygons: []core.Polygon{{ring}}, Margin: 1.25*off*sphere.EarthRadius + 0.001, Oriented: true}
	return region, g.area(r, lon, lat)
}

// border is points of the border of a rectangle, so many to a side.
func (g *grid) border(r proj.Rect, steps int) (lon, lat []float64) {
	n := 4 * steps
	x, y := make([]float64, n), make([]float64, n)
	for i := range steps {
		f := float64(i) / float64(steps)
		right, up := r.X0+f*(r.X1-r.X0), r.Y0+f*(r.Y1-r.Y0)
		left, down := r.X1+f*(r.X0-r.X1), r.Y1+f*(r.Y0-r.Y1)
		x[i], y[i] = right, r.Y0
		x[steps+i], y[steps+i] = r.X1, up
		x[2*steps+i], y[2*steps+i] = left, r.Y1
		x[3*steps+i], y[3*steps+i] = r.X0, down
	}
	lon, lat = make([]float64, n), make([]float64, n)
	g.plane.Inverse(x, y, lon, lat)
	return lon, lat
}

// area is that of a polygon around the middle of a rectangle, km²: the triangles from there to each side, on the sphere of
// authalic latitudes.
func (g *grid) area(r proj.Rect, lon, lat []float64) float64 {
	var middle [1]sphere.Vec
	g.vectors([]float64{(r.X0 + r.X1) / 2}, []float64{(r.Y0 + r.Y1) / 2}, middle[:])
	way := latitude
	apex, sum := middle[0], 0.0
	last := len(lon) - 1
	a := way.Point(lon[last], lat[last])
	for i := range lon {
		b := way.Point(lon[i], lat[i])
		sum += 2 * math.Atan2(apex.Dot(a.Cross(b)), 1+a.Dot(b)+b.Dot(apex)+apex.Dot(a))
		a = b
	}
	return max(sum, 0) * radiusKM * radiusKM
}
