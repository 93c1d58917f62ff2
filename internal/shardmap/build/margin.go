package build

import (
	"math"
	"strings"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/sphere"
)

// An Allowance says how far outside its outline in a catalog a granule may have observed: Metres, and Bow times the square
// of the outline's longest edge.
type Allowance struct {
	Metres float64 `json:"metres"`
	Bow    float64 `json:"bow"` // metres per square metre
}

// orbiting is the allowance for outlines of ground tracks; see the package comment.
func orbiting() Allowance { return Allowance{Metres: 1000, Bow: 3e-9} }

// allowanceOf is the default for a product by its short name. Products whose outlines are drawn around images, not along
// tracks, need no bow.
func allowanceOf(product string) Allowance {
	for _, image := range []string{"HLS", "SENTINEL-2", "S2", "LANDSAT", "L8", "L9"} {
		if strings.HasPrefix(strings.ToUpper(product), image) {
			return Allowance{Metres: 1000}
		}
	}
	return orbiting()
}

// unknownEdge is the length, in metres, of the edges of a footprint that is not known: as long as any that was seen.
const unknownEdge = 2.1e6

// Of is the margin, in metres, of a footprint, its own included.
func (a Allowance) Of(footprint *core.Region) float64 {
	longest := unknownEdge
	if len(footprint.Polygons) > 0 {
		longest = longestEdge(footprint)
	}
	return footprint.Margin + a.Metres + a.Bow*longest*longest
}

// longestEdge is the length of the longest edge, metres on the sphere of mean radius, at most half way around. A planar
// edge is measured by the steps in longitude and latitude and may come out too long.
func longestEdge(r *core.Region) float64 {
	longest := 0.0
	rings := 0
	for _, polygon := range r.Polygons {
		for _, ring := range polygon {
			planar := r.PlanarRing(rings)
			rings++
			for i, b := range ring {
				a := ring[(i+len(ring)-1)%len(ring)]
				longest = max(longest, edgeAngle(a, b, planar))
			}
		}
	}
	return longest * sphere.EarthRadius
}

func edgeAngle(a, b core.LonLat, planar bool) float64 {
	const radian = math.Pi / 180
	if planar {
		shrink := math.Cos(min(math.Abs(a.Lat), math.Abs(b.Lat)) * radian)
		return min(math.Hypot((b.Lon-a.Lon)*shrink, b.Lat-a.Lat)*radian, math.Pi)
	}
	return sphere.Angle(sphere.FromLonLat(a.Lon, a.Lat), sphere.FromLonLat(b.Lon, b.Lat))
}
