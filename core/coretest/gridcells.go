package coretest

import (
	"maps"
	"math"
	"slices"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/sphere"
)

// checkCells: one row per slot; the centre of each cell is in its slot.
func (g *gridSuite) checkCells(c *check) {
	if g.info.Frame.Slots() > maxListed {
		c.Skipf("a shard has %d slots: its cells are not listed; give a configuration with smaller shards", g.info.Frame.Slots())
	}
	for i := range g.homes[:min(len(g.homes), c.few(8))] {
		h := &g.homes[i]
		columns, err := g.grid.Cells(c.ctx, h.Key)
		c.must(err, "Cells of shard "+string(h.Key))
		g.checkCellColumns(c, columns)
		lon, lat := core.View[float64](columns[0].Data), core.View[float64](columns[1].Data)
		var points []core.LonLat
		var slots []int32
		for slot := range lon {
			void := lon[slot] != lon[slot]
			if void != (lat[slot] != lat[slot]) {
				c.fatalf("slot %d of shard %q is at longitude %v, latitude %v: a void slot has NaN for both", slot, h.Key, lon[slot], lat[slot])
			}
			if void {
				continue
			}
			if math.Abs(lat[slot]) > 90 || math.IsInf(lon[slot], 0) {
				c.fatalf("the centre of slot %d of shard %q is longitude %v, latitude %v", slot, h.Key, lon[slot], lat[slot])
			}
			points = append(points, core.LonLat{Lon: lon[slot], Lat: lat[slot]})
			slots = append(slots, int32(slot))
		}
		for k, slot := range g.locate(c, h.Key, points) {
			if slot != slots[k] {
				c.fatalf("the centre of slot %d of shard %q, %v, is located in slot %d", slots[k], h.Key, points[k], slot)
			}
		}
		g.elsewhere(c, h.Key, points)
	}
}

// elsewhere: no other known shard claims the cells of a shard.
func (g *gridSuite) elsewhere(c *check, key core.ShardKey, points []core.LonLat) {
	for i := range g.homes[:min(len(g.homes), 4)] {
		other := g.homes[i].Key
		if other == key {
			continue
		}
		for k, slot := range g.locate(c, other, points) {
			if slot >= 0 {
				c.fatalf("%v, the centre of a cell of shard %q, is in slot %d of shard %q", points[k], key, slot, other)
			}
		}
	}
}

// checkCellColumns: longitude, latitude and the frame's coordinates, in order.
func (g *gridSuite) checkCellColumns(c *check, columns []core.Column) {
	coords := g.info.Frame.Coords
	c.that(len(columns) == 2+len(coords), "Cells gives %d columns, want lon, lat and %d coordinates", len(columns), len(coords))
	n := int(g.info.Frame.Slots())
	for i := range columns {
		want := core.Field{Name: [2]string{"lon", "lat"}[i%2], Type: core.Float64}
		if i >= 2 {
			want = coords[i-2]
		}
		col := &columns[i]
		c.that(col.Name == want.Name, "column %d of Cells is called %q, want %q", i, col.Name, want.Name)
		c.that(col.Type == want.Type && max(col.Width, 1) == max(want.Width, 1), "column %s of Cells is %s of width %d, want %s of width %d as in Info", col.Name, col.Type, col.Width, want.Type, want.Width)
		checkColumn(c, "column "+col.Name+" of Cells", col, n)
	}
}

// checkVoids: no point is in a void slot (see also locate), and what stands for its id there is a valid one of the shard,
// because readers of stores take every id for that of a cell.
func (g *gridSuite) checkVoids(c *check) {
	if g.info.Frame.Slots() > maxListed {
		c.Skipf("a shard has %d slots: its cells are not listed", g.info.Frame.Slots())
	}
	if !slices.ContainsFunc(slices.Collect(maps.Values(g.voids)), func(void []bool) bool { return slices.Contains(void, true) }) {
		c.absent("no slot of the shards that were looked at is void")
	}
	for i := range g.homes {
		h := &g.homes[i]
		void, some := g.voids[h.Key], false
		for _, v := range void {
			some = some || v
		}
		if !some {
			continue
		}
		columns, err := g.grid.Cells(c.ctx, h.Key)
		c.must(err, "Cells of shard "+string(h.Key))
		g.checkCellColumns(c, columns)
		for k := range columns[2:] {
			checkVoidValues(c, h.Key, &columns[2+k], void)
		}
		// Points all over the shard, none of which may be in a void slot.
		var points []core.LonLat
		for range c.few(20_000) {
			points = append(points, nearby(c.rand, h.center(), 1.5*h.side))
		}
		g.locate(c, h.Key, points)
	}
}

// checkVoidValues: integers are ids; a void slot repeats that of a cell.
func checkVoidValues(c *check, key core.ShardKey, col *core.Column, void []bool) {
	if !col.Type.IsSigned() && !col.Type.IsUnsigned() || col.Offsets != nil {
		return
	}
	size := max(col.Width, 1) * col.Type.Size()
	valid := map[string]bool{}
	for slot := range void {
		if !void[slot] {
			valid[string(col.Data[slot*size:(slot+1)*size])] = true
		}
	}
	for slot := range void {
		if void[slot] && !valid[string(col.Data[slot*size:(slot+1)*size])] {
			c.fatalf("void slot %d of shard %q has %s %s, which no cell of the shard has; repeat one that is valid", slot, key, col.Name, elementText(col, slot*max(col.Width, 1)))
		}
	}
}

// checkOutlines: an outline, and the box that readers make of it, contains every point of its shard.
func (g *gridSuite) checkOutlines(c *check) {
	mapped := []bool{true, true} // whether all points so far are inside, with each way to map latitudes
	for i := range g.homes {
		h := &g.homes[i]
		points := h.inside
		var more []core.LonLat
		for range c.few(400) {
			more = append(more, nearby(c.rand, h.center(), 1.5*h.side))
		}
		for k, slot := range g.locate(c, h.Key, more) {
			if slot >= 0 {
				points = append(points, more[k])
			}
		}
		box, err := sphere.Bounds(h.Outline)
		c.must(err, "the outline of shard "+string(h.Key))
		var last core.LonLat
		for _, latitude := range []sphere.Latitude{sphere.AuthalicWGS84, sphere.GeodeticSpherical} {
			region, err := sphere.NewRegion(h.Outline, latitude)
			c.must(err, "the outline of shard "+string(h.Key))
			c.that(!region.Empty(), "the outline of shard %q is empty", h.Key)
			for _, p := range points {
				c.that(box.Contains(p.Lon, p.Lat), "%v is in shard %q, but not in the box around its outline %+v", p, h.Key, box)
				if !region.Contains(latitude.Point(p.Lon, p.Lat)) {
					mapped[latitude], last = false, p
				}
			}
		}
		c.that(mapped[0] || mapped[1], "%v is in shard %q, but not in its outline", last, h.Key)
	}
}

// checkAreas: the area of a shard is that of the points that are in it.
func (g *gridSuite) checkAreas(c *check) {
	const earth = 4 * math.Pi * 6371.0088 * 6371.0088
	for i := range g.homes {
		h := &g.homes[i]
		region, err := sphere.NewRegion(h.Outline, sphere.AuthalicWGS84)
		c.must(err, "the outline of shard "+string(h.Key))
		around := region.Cap()
		height := 2 * math.Pow(math.Sin(math.Min(around.Radius, math.Pi)/2), 2) // of the cap, on the unit sphere
		lon, lat := around.Center.LonLat()
		n := c.few(20_000)
		points := make([]core.LonLat, n)
		for k := range points {
			angle := 2 * math.Asin(math.Sqrt(height*c.rand.Float64()/2))
			p := move(core.LonLat{Lon: lon, Lat: lat}, 2*math.Pi*c.rand.Float64(), angle*sphere.EarthRadius)
			points[k] = core.LonLat{Lon: p.Lon, Lat: sphere.AuthalicWGS84.FromSphere(p.Lat)}
		}
		in := 0
		for _, slot := range g.locate(c, h.Key, points) {
			if slot >= 0 {
				in++
			}
		}
		share := float64(in) / float64(n)
		area := share * height / 2 * earth
		off := 6 * math.Sqrt(share*(1-share)/float64(n)) * height / 2 * earth // six standard deviations
		c.that(math.Abs(area-h.AreaKM2) <= off+0.1*area, "shard %q has an area of %.6g km², but points say %.4g ± %.2g", h.Key, h.AreaKM2, area, off)
	}
}
