package healpix

// Outlines of shards, as regions.

import (
	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/sphere"
)

// sideSteps is the number of great-circle arcs into which each side of an outline is cut. The sides are curves, from
// which such arcs differ by less than a hundredth of the cell's size.
const sideSteps = 8

// outline is a polygon around a cell: points of its border, from the south corner on and counter-clockwise, with a
// margin of somewhat more than the distance between the arcs and the border.
func outline(q square, latitude sphere.Latitude) core.Region {
	steps := sideSteps
	if q.order < 2 {
		steps *= 2
	}
	ring := make([]core.LonLat, 0, 4*steps)
	off := 0.0
	for side := range 4 {
		for i := range steps {
			s := q.border(side, float64(i)/float64(steps))
			ring = append(ring, core.LonLat{Lon: s.lon, Lat: latitude.FromSphere(s.lat())})
			arc, ok := sphere.NewArc(s.vec(), q.border(side, float64(i+1)/float64(steps)).vec())
			for k := 1; ok && k < 4; k++ {
				off = max(off, arc.Distance(q.border(side, (float64(i)+float64(k)/4)/float64(steps)).vec()))
			}
		}
	}
	return core.Region{
		Polygons: []core.Polygon{{ring}},
		Margin:   1.25*off*sphere.EarthRadius + 0.001,
		Oriented: true,
	}
}

// border is a point of the border, a fraction f along side 0…3; these begin at the south, east, north and west
// corner.
func (q square) border(side int, f float64) spot {
	switch side {
	case 0:
		return q.at(f, 0)
	case 1:
		return q.at(1, f)
	case 2:
		return q.at(1-f, 1)
	}
	return q.at(0, 1-f)
}
