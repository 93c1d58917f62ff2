package coretest

import (
	"math"

	"github.com/englacial/zagg/core"
)

// checkAxes: coordinates along one dimension are those of the cells, exactly, and the areas of shards those of the boxes that such
// cells are, to one in a million. Where axes are metres of a map projection, the plane is that of the grid's CF grid mapping.
func (g *gridSuite) checkAxes(c *check) {
	axes := axesOf(&g.info.Frame)
	switch {
	case axes.none():
		c.absent("no dimension has an axis")
	case g.info.Frame.Slots() > maxListed:
		c.Skipf("a shard has %d slots: its cells are not listed; give a configuration with smaller shards", g.info.Frame.Slots())
	}
	for i := range g.homes[:min(len(g.homes), c.few(20))] {
		h := &g.homes[i]
		columns, err := g.grid.Cells(c.ctx, h.Key)
		c.must(err, "Cells of shard "+string(h.Key))
		g.checkCellColumns(c, columns)
		lon, lat := core.View[float64](columns[0].Data), core.View[float64](columns[1].Data)
		g.checkAxesOfCells(c, axes, h, lon, lat)
		if axes.whole(len(g.info.Frame.Dims)) {
			off, have := math.Inf(1), 0.0
			for _, area := range axes.areas(g, h, lon) {
				if o := math.Abs(h.AreaKM2/area - 1); o < off {
					off, have = o, area
				}
			}
			c.that(off <= 1e-6, "shard %q has an area of %.9g km²; its cells, by the axes, have %.9g km² together", h.Key, h.AreaKM2, have)
		}
	}
	if len(axes.unknown) > 0 {
		c.Skipf("%s", axes.why())
	}
}

// checkAxesOfCells holds the cells of a shard against what the axes say.
func (g *gridSuite) checkAxesOfCells(c *check, axes *axes, h *home, lon, lat []float64) {
	x, y := axes.place(lon, lat)
	for slot := range lon {
		if lon[slot] != lon[slot] {
			continue
		}
		place := g.placeOf(h, slot)
		for k, d := range g.info.Frame.Dims {
			if !axes.knows(k) {
				continue
			}
			a := d.Axis
			want, have := a.Start+float64(place[k])*a.Step, y[slot]
			if axes.along[k] == alongX {
				have = x[slot]
			}
			off := math.Abs(have - want)
			if axes.along[k] == alongX && axes.geographic() {
				off = math.Abs(math.Remainder(have-want, 360))
			}
			c.that(off <= axes.slack+1e-6*math.Abs(a.Step), "slot %d of shard %q is at %v by Cells, which is %v along axis %s, and the axis says %v",
				slot, h.Key, core.LonLat{Lon: lon[slot], Lat: lat[slot]}, have, a.Name, want)
		}
	}
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
