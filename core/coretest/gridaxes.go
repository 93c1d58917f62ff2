package coretest

import (
	"math"
	"strings"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/sphere"
)

// checkAxes: coordinates along one dimension are those of the cells, exactly, and the areas of shards those of the boxes that such
// cells are, to one in a million.
func (g *gridSuite) checkAxes(c *check) {
	geographic, others := g.axes()
	switch {
	case len(geographic)+len(others) == 0:
		c.absent("no dimension has an axis")
	case g.info.Frame.Slots() > maxListed:
		c.Skipf("a shard has %d slots: its cells are not listed", g.info.Frame.Slots())
	case len(geographic) == 0:
		c.Skipf("the axes %s are neither of longitudes nor of latitudes, as units degrees_east and degrees_north say", strings.Join(others, ", "))
	}
	for i := range g.homes[:min(len(g.homes), c.few(20))] {
		h := &g.homes[i]
		columns, err := g.grid.Cells(c.ctx, h.Key)
		c.must(err, "Cells of shard "+string(h.Key))
		g.checkCellColumns(c, columns)
		lon, lat := core.View[float64](columns[0].Data), core.View[float64](columns[1].Data)
		area := [2]float64{} // of latitudes as they are on a sphere, and as they are authalic
		for slot := range lon {
			if lon[slot] != lon[slot] {
				continue
			}
			place := g.placeOf(h, slot)
			for k, isLon := range geographic {
				a := g.info.Frame.Dims[k].Axis
				want := a.Start + float64(place[k])*a.Step
				have, off := lat[slot], math.Abs(lat[slot]-want)
				if isLon {
					have, off = lon[slot], math.Abs(math.Remainder(lon[slot]-want, 360))
				}
				c.that(off <= 1e-9+1e-6*math.Abs(a.Step), "slot %d of shard %q is at %v by Cells, and axis %s says %v", slot, h.Key, have, a.Name, want)
			}
			for k, sphereLat := range []func(float64) float64{func(l float64) float64 { return l }, sphere.AuthalicWGS84.ToSphere} {
				area[k] += g.boxArea(geographic, place, sphereLat)
			}
		}
		if len(geographic) == 2 && len(g.info.Frame.Dims) == 2 {
			off := min(math.Abs(h.AreaKM2/area[0]-1), math.Abs(h.AreaKM2/area[1]-1))
			c.that(off <= 1e-6, "shard %q has an area of %.9g km²; its cells, by the axes, have %.9g km² together", h.Key, h.AreaKM2, area[1])
		}
	}
}

// axes are the dimensions whose axes are of longitudes (true) or of latitudes (false), and the names of others.
func (g *gridSuite) axes() (geographic map[int]bool, others []string) {
	geographic = map[int]bool{}
	for k, d := range g.info.Frame.Dims {
		if d.Axis == nil {
			continue
		}
		switch units := strings.ReplaceAll(strings.ToLower(d.Axis.Units), "degrees", "degree"); units {
		case "degree_east", "degree_e", "degreee":
			geographic[k] = true
		case "degree_north", "degree_n", "degreen":
			geographic[k] = false
		default:
			others = append(others, d.Axis.Name)
		}
	}
	return geographic, others
}

// placeOf is the place of a slot along each dimension of the arrays.
func (g *gridSuite) placeOf(h *home, slot int) []int64 {
	dims := g.info.Frame.Dims
	place := make([]int64, len(dims))
	for k := len(dims) - 1; k >= 0; k-- {
		place[k] = h.Block[k]*dims[k].Shard + int64(slot)%dims[k].Shard
		slot /= int(dims[k].Shard)
	}
	return place
}

// boxArea is the area of a cell between two meridians and two parallels, km².
func (g *gridSuite) boxArea(geographic map[int]bool, place []int64, sphereLat func(float64) float64) float64 {
	wide, high := 0.0, 0.0
	for k, isLon := range geographic {
		a := g.info.Frame.Dims[k].Axis
		if isLon {
			wide = math.Abs(a.Step) * math.Pi / 180
			continue
		}
		at := a.Start + float64(place[k])*a.Step
		edge := func(lat float64) float64 {
			return math.Sin(sphereLat(max(-90, min(90, lat))) * math.Pi / 180)
		}
		high = math.Abs(edge(at+a.Step/2) - edge(at-a.Step/2))
	}
	const radius = 6371.0088
	return radius * radius * wide * high
}

// checkAreasTogether: the shards of the whole Earth are together as large as it, to one in a million.
func (g *gridSuite) checkAreasTogether(c *check) {
	const earth = 4 * math.Pi * 6371.0088 * 6371.0088
	least := math.Inf(1)
	for i := range g.homes {
		least = min(least, g.homes[i].AreaKM2)
	}
	if n := earth / least; n > maxShards {
		c.Skipf("the Earth has some %.0e shards of this size: they are not summed up; give a configuration with larger shards", n)
	}
	world := []core.LonLat{{Lon: -180, Lat: -90}, {Lon: 180, Lat: -90}, {Lon: 180, Lat: 90}, {Lon: -180, Lat: 90}}
	keys := g.cover(c, []core.Region{{Polygons: []core.Polygon{{world}}, Planar: true}})[0]
	shards, err := g.grid.Shards(c.ctx, keys)
	c.must(err, "Shards")
	sum := 0.0
	for i := range shards {
		sum += shards[i].AreaKM2
	}
	c.that(sum <= earth*(1+1e-6), "all %d shards together have %.9g km², more than the Earth's %.9g", len(shards), sum, earth)
	points := make([]core.LonLat, c.few(500))
	for i := range points {
		points[i] = anywhere(c.rand)
	}
	for _, p := range g.locateAll(c, points) {
		if p.slot < 0 {
			return // a grid of a part of the Earth
		}
	}
	c.that(sum >= earth*(1-1e-6), "all %d shards together have %.9g km², and every point on Earth is in one: want %.9g", len(shards), sum, earth)
}
