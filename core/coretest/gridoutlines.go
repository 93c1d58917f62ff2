package coretest

import (
	"math"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/sphere"
)

// checkCellOutlines: an Outliner's border of a cell goes around its centre, and what is well inside it is the cell's.
func (g *gridSuite) checkCellOutlines(c *check) {
	outliner, ok := g.grid.(core.Outliner)
	if !ok {
		c.absent("the grid is no core.Outliner")
	}
	if g.info.Frame.Slots() > maxListed {
		c.Skipf("a shard has %d slots: its cells are not listed", g.info.Frame.Slots())
	}
	for i := range g.homes[:min(len(g.homes), c.few(8))] {
		key := g.homes[i].Key
		columns, err := g.grid.Cells(c.ctx, key)
		c.must(err, "Cells of shard "+string(key))
		lon, lat := core.View[float64](columns[0].Data), core.View[float64](columns[1].Data)
		slots := []int32{0, int32(len(lon) - 1)}
		for range c.few(40) {
			slots = append(slots, int32(c.rand.IntN(len(lon))))
		}
		rings, err := outliner.Outlines(c.ctx, key, slots)
		c.must(err, "Outlines of shard "+string(key))
		c.that(len(rings) == len(slots), "Outlines gives %d borders for %d slots", len(rings), len(slots))
		for k, slot := range slots {
			void := lon[slot] != lon[slot]
			if void != (len(rings[k]) == 0) {
				c.fatalf("slot %d of shard %q, void: %v, has a border of %d points", slot, key, void, len(rings[k]))
			}
			if !void {
				g.checkRing(c, key, slot, core.LonLat{Lon: lon[slot], Lat: lat[slot]}, rings[k])
			}
		}
	}
	for _, bad := range []int32{-1, int32(g.info.Frame.Slots())} {
		_, err := outliner.Outlines(c.ctx, g.homes[0].Key, []int32{bad})
		c.that(err != nil, "Outlines takes slot %d of a shard of %d", bad, g.info.Frame.Slots())
	}
}

// checkRing: the points between the centre and the border are in the cell.
func (g *gridSuite) checkRing(c *check, key core.ShardKey, slot int32, centre core.LonLat, ring []core.LonLat) {
	if len(ring) < 3 {
		c.fatalf("the border of slot %d of shard %q has %d points", slot, key, len(ring))
	}
	middle := sphere.FromLonLat(centre.Lon, centre.Lat)
	var inside []core.LonLat
	for _, p := range ring {
		lon, lat := middle.Mul(0.1).Add(sphere.FromLonLat(p.Lon, p.Lat).Mul(0.9)).LonLat()
		inside = append(inside, core.LonLat{Lon: lon, Lat: lat})
	}
	for i, got := range g.locate(c, key, inside) {
		if got != slot {
			c.fatalf("%v, inside the border of slot %d of shard %q, is located in slot %d", inside[i], slot, key, got)
		}
	}
}

// checkCellAreas: the cells of a shard that a CellMeasurer measures are together as large as the shard, to one in two hundred (H3's descendants do
// not fill a hexagon exactly, and a pentagon by 0.2 percent too much), and void slots have no area.
func (g *gridSuite) checkCellAreas(c *check) {
	measurer, ok := g.grid.(core.CellMeasurer)
	if !ok {
		c.absent("the grid is no core.CellMeasurer")
	}
	if g.info.Frame.Slots() > maxListed {
		c.Skipf("a shard has %d slots: its cells are not listed", g.info.Frame.Slots())
	}
	slots := make([]int32, g.info.Frame.Slots())
	for i := range slots {
		slots[i] = int32(i)
	}
	for i := range g.homes[:min(len(g.homes), c.few(8))] {
		h := &g.homes[i]
		columns, err := g.grid.Cells(c.ctx, h.Key)
		c.must(err, "Cells of shard "+string(h.Key))
		lon := core.View[float64](columns[0].Data)
		areas, err := measurer.CellAreas(c.ctx, h.Key, slots)
		c.must(err, "CellAreas of shard "+string(h.Key))
		c.that(len(areas) == len(slots), "CellAreas gives %d areas for %d slots", len(areas), len(slots))
		sum := 0.0
		for slot, a := range areas {
			if lon[slot] != lon[slot] {
				c.that(a != a, "void slot %d of shard %q has an area of %v km²; want NaN", slot, h.Key, a)
				continue
			}
			c.that(a > 0, "slot %d of shard %q has an area of %v km²", slot, h.Key, a)
			sum += a
		}
		c.that(math.Abs(sum/h.AreaKM2-1) <= 5e-3, "the cells of shard %q have %.9g km² together, and it has %.9g km²", h.Key, sum, h.AreaKM2)
	}
	for _, bad := range []int32{-1, int32(g.info.Frame.Slots())} {
		_, err := measurer.CellAreas(c.ctx, g.homes[0].Key, []int32{bad})
		c.that(err != nil, "CellAreas takes slot %d of a shard of %d", bad, g.info.Frame.Slots())
	}
}
