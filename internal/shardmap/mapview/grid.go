package mapview

import (
	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/sphere"
)

// centreOf is a place in the middle of an outline.
func centreOf(outline *core.Region) core.LonLat {
	var points []sphere.Vec
	for _, p := range outline.Polygons {
		for _, v := range p[0] {
			points = append(points, sphere.FromLonLat(v.Lon, v.Lat))
		}
	}
	var at core.LonLat
	at.Lon, at.Lat = sphere.CapAround(points...).Center.LonLat()
	return at
}
