package coretest

import (
	"bytes"
	"encoding/json"
	"math"
	"slices"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/sphere"
)

// checkCoverCells: a CellCoverer lists for cells the shards of the places that lie in them or within the margin.
func (g *gridSuite) checkCoverCells(c *check) {
	coverer, ok := g.grid.(core.CellCoverer)
	if !ok {
		c.absent("the grid is no core.CellCoverer")
	}
	for i := range g.homes[:min(len(g.homes), c.few(20))] {
		h := &g.homes[i]
		for _, order := range cellOrders(h) {
			g.coverCellsOf(c, coverer, h, order)
		}
	}
	none, usable, err := coverer.CoverCells(c.ctx, nil, nil)
	c.must(err, "CoverCells of nothing")
	c.that(len(none) == 0 && len(usable) == 0, "CoverCells of nothing gives %d lists", len(none))
	_, usable, err = coverer.CoverCells(c.ctx, [][]uint64{{0}, {math.MaxUint64}}, []float64{0, 0})
	c.must(err, "CoverCells of words that are no cells")
	c.that(slices.Equal(usable, []bool{false, false}), "CoverCells says that it can use words that are no cells")
	c.refused(c.guard("CoverCells of a set without a margin", func() error {
		_, _, err := coverer.CoverCells(c.ctx, [][]uint64{{}, {}}, []float64{0})
		return err
	}), "CoverCells of a set without a margin", core.Invalid)
}

// cellOrders are those of cells that have the size of a shard, about, and of smaller ones: of a larger one there might be more
// shards than can be listed.
func cellOrders(h *home) []int {
	const finest = 27 // whose words are plain
	earth := 4 * math.Pi * sphere.EarthRadius * sphere.EarthRadius
	first := math.Ceil(math.Log2(earth/(12*h.side*h.side))/2) - 1
	at := int(min(max(first, 0), finest))
	return []int{at, min(at+2, finest), min(at+6, finest)}
}

// coverCellsOf covers the cells of places in a shard; and, with a margin, of places around it by which those lie.
func (g *gridSuite) coverCellsOf(c *check, coverer core.CellCoverer, h *home, order int) {
	const rounding = 1.0 // metres
	var sets [][]uint64
	var margins []float64
	for _, p := range h.inside[:min(len(h.inside), 4)] {
		sets, margins = append(sets, []uint64{wordOf(p, order)}), append(margins, rounding)
		q := nearby(c.rand, p, h.side)
		away := sphere.Angle(sphere.FromLonLat(p.Lon, p.Lat), sphere.FromLonLat(q.Lon, q.Lat)) * sphere.EarthRadius
		sets, margins = append(sets, []uint64{wordOf(q, order)}), append(margins, 1.01*away+rounding) // a sphere is no ellipsoid
	}
	keys, usable, err := coverer.CoverCells(c.ctx, sets, margins)
	c.must(err, "CoverCells")
	c.that(len(keys) == len(sets) && len(usable) == len(sets), "CoverCells of %d sets gives %d lists, and says of %d whether they are usable", len(sets), len(keys), len(usable))
	for i := range sets {
		if !usable[i] {
			c.that(len(keys[i]) == 0, "CoverCells lists shards of cells that it cannot use")
			continue
		}
		c.that(slices.IsSortedFunc(keys[i], core.CompareKeys) && len(slices.Compact(slices.Clone(keys[i]))) == len(keys[i]), "CoverCells does not list shards in key order, each once")
		_, found := slices.BinarySearchFunc(keys[i], h.Key, core.CompareKeys)
		c.that(found, "CoverCells of cell %d of order %d, within %v metres, leaves out shard %q, where %v lies", sets[i][0], order, margins[i], h.Key, h.inside[i/2])
	}
}

// wordOf is the packed word of the HEALPix cell of a place (Górski et al. 2005, section 4; nested), on authalic latitudes.
func wordOf(p core.LonLat, order int) uint64 {
	side := float64(uint64(1) << order)
	z := math.Sin(sphere.AuthalicWGS84.ToSphere(p.Lat) * math.Pi / 180)
	quarter := math.Mod(math.Mod(p.Lon, 360)+360, 360) / 90
	var face, x, y uint64
	if a := math.Abs(z); a <= 2.0/3 {
		down, up := uint64(side*(0.5+quarter-0.75*z)), uint64(side*(0.5+quarter+0.75*z))
		n := uint64(side)
		switch d, u := down/n, up/n; {
		case d == u:
			face = u&3 | 4
		case d < u:
			face = d
		default:
			face = u + 8
		}
		x, y = up&(n-1), n-1-down&(n-1)
	} else {
		west := min(3, math.Floor(quarter))
		t, s := quarter-west, side*math.Sqrt(3*(1-a))
		right, left := uint64(min(t*s, side-1)), uint64(min((1-t)*s, side-1))
		if z > 0 {
			face, x, y = uint64(west), uint64(side)-1-left, uint64(side)-1-right
		} else {
			face, x, y = uint64(west)+8, right, left
		}
	}
	var path uint64
	for i := range order {
		path |= (x>>i&1)<<(2*i) | (y>>i&1)<<(2*i+1)
	}
	return (face+1)<<60 | path<<(2*(27-order)+6) | uint64(order)
}

// checkLegacy: a LegacyGrid leaves alone what this release writes, and what it restores needs no restoring.
func (g *gridSuite) checkLegacy(c *check) {
	grid, ok := g.grid.(core.LegacyGrid)
	if !ok {
		c.absent("the grid is no core.LegacyGrid")
	}
	shard, cell := grid.Orders()
	c.that(0 <= shard && shard <= cell, "Orders gives %d for shards and %d for cells", shard, cell)
	var keys, labels []core.ShardKey
	for i := range g.homes {
		keys, labels = append(keys, g.homes[i].Key), append(labels, core.ShardKey(g.homes[i].Label))
	}
	restore := func(old core.Legacy) core.Restored {
		given := slices.Clone(old.Keys)
		r, err := grid.Restore(c.ctx, old)
		c.must(err, "Restore")
		c.that(slices.Equal(given, old.Keys), "Restore changes the keys it was given")
		for _, k := range r.Keys {
			c.that(slices.Contains(given, k), "Restore says of key %q, which it was not given, that it is an old one", k)
		}
		return r
	}
	now := restore(core.Legacy{Signature: g.info.Signature, Keys: keys, Settings: core.Config(`{}`)})
	c.that(len(now.Keys) == 0 && now.Note == "" && string(now.Settings) == "{}", "Restore finds something old in keys as this grid writes them: %+v", now)
	c.that(sameMembers(now.Signature, g.info.Signature), "Restore makes %s of the grid's own signature %s", now.Signature, g.info.Signature)
	c.that(len(now.Explicit) > 0, "Restore gives no explicit signature")
	old := restore(core.Legacy{Signature: g.info.Signature, Keys: labels, Settings: core.Config(`{}`)})
	again := restore(core.Legacy{Signature: old.Explicit, Keys: labels, Settings: old.Settings})
	c.that(sameMembers(again.Settings, old.Settings) && again.Note == "", "Restore changes settings that it restored: %s to %s", old.Settings, again.Settings)
	nothing := restore(core.Legacy{})
	c.that(len(nothing.Signature)+len(nothing.Settings)+len(nothing.Keys) == 0, "Restore makes %+v of nothing", nothing)
	c.refused(c.guard("Restore of a signature that is no object", func() error {
		_, err := grid.Restore(c.ctx, core.Legacy{Signature: json.RawMessage(`[1]`)})
		return err
	}), "Restore of a signature that is no object", core.Invalid)
}

// sameMembers compares objects of JSON, in whatever order their members stand.
func sameMembers(a, b json.RawMessage) bool {
	var x, y map[string]any
	if json.Unmarshal(a, &x) != nil || json.Unmarshal(b, &y) != nil {
		return len(a) == len(b)
	}
	p, errP := json.Marshal(x)
	q, errQ := json.Marshal(y)
	return errP == nil && errQ == nil && bytes.Equal(p, q)
}
