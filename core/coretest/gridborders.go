package coretest

import (
	"math"
	"slices"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/sphere"
)

// borderAreas are regions that reach just across the borders of shards: from all around each known shard, as near to its border as floats can say, caps
// whose margins end there, arcs that begin there, and points with no margin on both sides.
func (g *gridSuite) borderAreas(c *check) (areas []area) {
	for i := range g.homes[:min(len(g.homes), c.few(12))] {
		h := &g.homes[i]
		inside, outside := g.shardBorder(c, h, c.few(24))
		for k, a := range inside {
			b := outside[k]
			areas = append(areas,
				area{what: "point on a border", region: pointRegion(a, 0), points: []core.LonLat{a}},
				area{what: "point beyond a border", region: pointRegion(b, 0), points: []core.LonLat{b}},
			)
			for _, far := range []float64{0.01, 0.5, 2} {
				from := move(b, 2*math.Pi*c.rand.Float64(), far*h.side)
				reach := farther(from, a)
				if reach > 0.4*halfTurn {
					continue
				}
				areas = append(areas,
					area{what: "cap that ends on a border", region: pointRegion(from, reach+0.01), points: []core.LonLat{a}},
					area{what: "arc that ends on a border", region: core.Region{Polygons: []core.Polygon{{{from, a}}}, Margin: 0.01}, points: []core.LonLat{a}},
				)
			}
		}
	}
	return areas
}

// shardBorder are pairs of points around a shard, the first in it and the second not, with nothing between that floats can say.
func (g *gridSuite) shardBorder(c *check, h *home, n int) (inside, outside []core.LonLat) {
	for k := range n {
		inside = append(inside, h.inside[c.rand.IntN(len(h.inside))])
		outside = append(outside, move(inside[k], 2*math.Pi*(float64(k)+c.rand.Float64())/float64(n), min(2*h.side, 0.4*halfTurn)))
	}
	for k, slot := range g.locate(c, h.Key, outside) {
		if slot >= 0 { // the shard is longer that way
			outside[k] = core.LonLat{Lon: math.NaN()}
		}
	}
	drop := func(list []core.LonLat) []core.LonLat {
		kept := list[:0:0]
		for k := range list {
			if outside[k].Lon == outside[k].Lon {
				kept = append(kept, list[k])
			}
		}
		return kept
	}
	inside, outside = drop(inside), slices.DeleteFunc(slices.Clone(outside), func(p core.LonLat) bool { return p.Lon != p.Lon })
	middle := make([]core.LonLat, len(inside))
	for range 60 {
		for k := range middle {
			middle[k] = between(inside[k], outside[k], 0.5)
		}
		for k, slot := range g.locate(c, h.Key, middle) {
			if slot >= 0 {
				inside[k] = middle[k]
			} else {
				outside[k] = middle[k]
			}
		}
	}
	return inside, outside
}

// farther is how many metres are between two places, on whichever sphere a grid maps latitudes to.
func farther(a, b core.LonLat) float64 {
	metres := 0.0
	for _, latitude := range []sphere.Latitude{sphere.AuthalicWGS84, sphere.GeodeticSpherical} {
		metres = max(metres, sphere.EarthRadius*sphere.Angle(latitude.Point(a.Lon, a.Lat), latitude.Point(b.Lon, b.Lat)))
	}
	return metres
}
