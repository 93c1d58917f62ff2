package coretest

import (
	"context"
	"math"
	"slices"

	"github.com/englacial/zagg/core"
)

// canary is what stands around the slots that Locate may write.
const canary = math.MinInt32 + 7

// locate asks for the slots of points in one shard, and looks that Locate wrote those and nothing else.
func (g *gridSuite) locate(c *check, key core.ShardKey, points []core.LonLat) []int32 {
	c.Helper()
	lon, lat := make([]float64, len(points)), make([]float64, len(points))
	for i, p := range points {
		lon[i], lat[i] = p.Lon, p.Lat
	}
	slot, err := locateGuarded(c, g.grid, c.ctx, key, lon, lat)
	c.must(err, "Locate in shard "+string(key))
	n := g.info.Frame.Slots()
	void := g.voids[key]
	for i, s := range slot {
		switch {
		case s == canary:
			c.fatalf("Locate in shard %q writes no slot for point %d of %d", key, i, len(slot))
		case s < -1 || int64(s) >= n:
			c.fatalf("Locate in shard %q gives slot %d to %v; it has %d slots", key, s, points[i], n)
		case s >= 0 && void != nil && void[s]:
			c.fatalf("%v is located in slot %d of shard %q, which is void", points[i], s, key)
		}
	}
	return slot
}

// locateGuarded calls Locate with slices that stand inside larger ones.
func locateGuarded(c *check, grid core.Grid, ctx context.Context, key core.ShardKey, lon, lat []float64) ([]int32, error) {
	c.Helper()
	n := len(lon)
	x, y, slots := make([]float64, n+2), make([]float64, n+2), slices.Repeat([]int32{canary}, n+2)
	copy(x[1:], lon)
	copy(y[1:], lat)
	err := grid.Locate(ctx, key, x[1:n+1], y[1:n+1], slots[1:n+1])
	c.that(slots[0] == canary && slots[n+1] == canary, "Locate writes outside the slots it was given")
	for i := range lon {
		if math.Float64bits(x[i+1]) != math.Float64bits(lon[i]) || math.Float64bits(y[i+1]) != math.Float64bits(lat[i]) {
			c.fatalf("Locate changes the coordinates of point %d", i)
		}
	}
	return slots[1 : n+1], err
}

// locateAll finds the shard and slot of each point: among the shards that Cover lists for it, and those that are known. A
// point that is in two shards is a failure, and so is one in a shard that Cover does not list for it.
func (g *gridSuite) locateAll(c *check, points []core.LonLat) []place {
	c.Helper()
	regions := make([]core.Region, len(points))
	for i, p := range points {
		regions[i] = pointRegion(p, 0)
	}
	covers := g.cover(c, regions)
	places := slices.Repeat([]place{{slot: -1}}, len(points))
	note := func(i int, key core.ShardKey, slot int32) {
		c.Helper()
		if slot < 0 {
			return
		}
		p := &places[i]
		c.that(p.slot < 0 || p.key == key, "%v is in slot %d of shard %q and in slot %d of shard %q", points[i], p.slot, p.key, slot, key)
		_, listed := slices.BinarySearchFunc(covers[i], key, core.CompareKeys)
		c.that(listed, "%v is in shard %q, but Cover of that point lists %q", points[i], key, covers[i])
		*p = place{key, slot}
	}
	keys, listing := byKey(covers)
	for _, key := range keys {
		some := make([]core.LonLat, len(listing[key]))
		for k, i := range listing[key] {
			some[k] = points[i]
		}
		for k, slot := range g.locate(c, key, some) {
			note(listing[key][k], key, slot)
		}
	}
	for h := range g.homes {
		key := g.homes[h].Key
		for i, slot := range g.locate(c, key, points) {
			note(i, key, slot)
		}
	}
	return places
}

// byKey says for each key, in the order in which they come, which covers list it.
func byKey(covers [][]core.ShardKey) (keys []core.ShardKey, listing map[core.ShardKey][]int) {
	listing = map[core.ShardKey][]int{}
	for i, cover := range covers {
		for _, key := range cover {
			if listing[key] == nil {
				keys = append(keys, key)
			}
			listing[key] = append(listing[key], i)
		}
	}
	return keys, listing
}

// checkOneSlot: every point of the domain is in exactly one slot of exactly one shard.
func (g *gridSuite) checkOneSlot(c *check) {
	points := specialPlaces()
	for i := range g.homes {
		h := &g.homes[i]
		points = append(points, h.centres...)
		for range c.few(80) {
			points = append(points, nearby(c.rand, h.center(), 1.5*h.side))
		}
		for _, p := range h.centres {
			points = append(points, nearby(c.rand, p, h.cell))
		}
	}
	for range c.few(60) {
		points = append(points, anywhere(c.rand))
	}
	g.noHoles(c, points, g.locateAll(c, points))
}

// checkBorders: the places where one slot ends are in the next.
func (g *gridSuite) checkBorders(c *check) {
	var points []core.LonLat
	for i := range g.homes[:min(len(g.homes), c.few(10))] {
		h := &g.homes[i]
		var from, to []core.LonLat
		for _, p := range h.inside {
			from = append(from, p, p)
			to = append(to, nearby(c.rand, p, 3*h.cell), nearby(c.rand, p, 1.5*h.side))
		}
		points = append(points, g.bisect(c, h.Key, from, to)...)
	}
	g.noHoles(c, points, g.locateAll(c, points))
}

// bisect goes from a to b to the place where the slot in one shard changes, as near as floats can say: both sides of it.
func (g *gridSuite) bisect(c *check, key core.ShardKey, a, b []core.LonLat) []core.LonLat {
	first := g.locate(c, key, a)
	middle := make([]core.LonLat, len(a))
	for range 60 {
		for i := range a {
			middle[i] = between(a[i], b[i], 0.5)
		}
		for i, slot := range g.locate(c, key, middle) {
			if slot == first[i] {
				a[i] = middle[i]
			} else {
				b[i] = middle[i]
			}
		}
	}
	return slices.Concat(a, b, middle)
}

// noHoles: a point in no slot is outside the domain, and neither amid points that are inside nor in a shard of one of them.
func (g *gridSuite) noHoles(c *check, points []core.LonLat, places []place) {
	c.Helper()
	cell, side := math.Inf(1), math.Inf(1)
	for i := range g.homes {
		cell, side = min(cell, g.homes[i].cell), min(side, g.homes[i].side)
	}
	var out []core.LonLat
	for i, p := range places {
		if p.slot < 0 && len(out) < 100 {
			out = append(out, points[i])
		}
	}
	const around = 12
	for _, radius := range []float64{1e-3 * cell, 0.3 * cell, 2 * cell, 0.3 * side} {
		var rings []core.LonLat
		for _, p := range out {
			for k := range around {
				rings = append(rings, move(p, 2*math.Pi*float64(k)/around, radius))
			}
		}
		found := g.locateAll(c, rings)
		for i, p := range out {
			ring := found[i*around : (i+1)*around]
			g.notInShardsOf(c, p, ring)
			if radius > 1e-3*cell && halfTurn/180*(90-math.Abs(p.Lat)) < 2*radius {
				continue // a domain may end at a parallel around the pole
			}
			hole := !slices.ContainsFunc(ring, func(p place) bool { return p.slot < 0 }) && (g.Outside == nil || !g.Outside(p.Lon, p.Lat))
			c.that(!hole, "%v is in no slot of any shard that Cover lists for it, but all points %.3g m around it are in one: a hole in the grid (if it is meant, say so with GridOptions.Outside)", p, radius)
		}
	}
}

// notInShardsOf: a point that is in no shard which Cover lists for it is in none of those of points nearby either.
func (g *gridSuite) notInShardsOf(c *check, p core.LonLat, nearby []place) {
	c.Helper()
	var keys []core.ShardKey
	for _, n := range nearby {
		if n.slot >= 0 {
			keys = append(keys, n.key)
		}
	}
	for _, key := range unique(keys) {
		slot := g.locate(c, key, []core.LonLat{p})[0]
		c.that(slot < 0, "Cover misses a shard: %v is in slot %d of shard %q, which Cover does not list for that point", p, slot, key)
	}
}

// checkNotOnEarth: coordinates that name no place are in no slot.
func (g *gridSuite) checkNotOnEarth(c *check) {
	nan, inf := math.NaN(), math.Inf(1)
	var points []core.LonLat
	for i := range g.homes {
		p := g.homes[i].center()
		for _, bad := range []core.LonLat{
			{Lon: nan, Lat: p.Lat}, {Lon: p.Lon, Lat: nan}, {Lon: nan, Lat: nan}, {Lon: inf, Lat: p.Lat}, {Lon: -inf, Lat: p.Lat},
			{Lon: p.Lon, Lat: inf}, {Lon: p.Lon, Lat: -inf}, {Lon: p.Lon, Lat: 180 - p.Lat}, {Lon: p.Lon, Lat: p.Lat + 360}, {Lon: p.Lon, Lat: p.Lat - 360},
			{Lon: p.Lon, Lat: math.Nextafter(90, 91)}, {Lon: p.Lon, Lat: -math.Nextafter(90, 91)}, {Lon: p.Lon, Lat: 90.5}, {Lon: p.Lon, Lat: -91},
			{Lon: p.Lon, Lat: math.MaxFloat64}, {Lon: inf, Lat: nan},
		} {
			if !(math.Abs(bad.Lat) <= 90) || math.IsNaN(bad.Lon) || math.IsInf(bad.Lon, 0) {
				points = append(points, bad)
			}
		}
	}
	for i := range g.homes {
		for k, slot := range g.locate(c, g.homes[i].Key, points) {
			c.that(slot == -1, "longitude %v, latitude %v is in slot %d of shard %q; want -1 for what is not finite or beyond ±90", points[k].Lon, points[k].Lat, slot, g.homes[i].Key)
		}
	}
	// Finite longitudes of any size are allowed: they must do no harm.
	huge := []core.LonLat{{Lon: 1e6}, {Lon: -1e9, Lat: 1}, {Lon: 1e18, Lat: -50}, {Lon: math.MaxFloat64, Lat: 89}, {Lon: -math.MaxFloat64, Lat: -90}, {Lon: 5e-324, Lat: -5e-324}, {Lon: math.Copysign(0, -1), Lat: math.Copysign(0, -1)}}
	g.locateAll(c, huge)
}

// checkTurns: a longitude and that after any number of turns is the same place. The longitudes used are short binary
// fractions, so that the sums are exact.
func (g *gridSuite) checkTurns(c *check) {
	for i := range g.homes {
		h := &g.homes[i]
		var points []core.LonLat
		for _, p := range h.inside {
			p = nearby(c.rand, p, h.cell/4)
			p.Lon = math.Round(p.Lon*(1<<20)) / (1 << 20)
			points = append(points, p)
		}
		want := g.locate(c, h.Key, points)
		for _, turns := range []float64{-1, 1, -2, 100, -777} {
			turned := slices.Clone(points)
			for k := range turned {
				turned[k].Lon += 360 * turns
			}
			for k, slot := range g.locate(c, h.Key, turned) {
				c.that(slot == want[k], "%v is in slot %d of shard %q, but %v in slot %d", points[k], want[k], h.Key, turned[k], slot)
			}
		}
	}
}

// checkLengths: slices that do not fit are refused.
func (g *gridSuite) checkLengths(c *check) {
	h := &g.homes[0]
	for _, n := range [][3]int{{2, 1, 2}, {1, 2, 2}, {2, 2, 1}, {2, 2, 3}, {0, 1, 1}, {1, 1, 0}} {
		err := c.guard("Locate with slices of different lengths", func() error {
			return g.grid.Locate(c.ctx, h.Key, make([]float64, n[0]), make([]float64, n[1]), make([]int32, n[2]))
		})
		c.refused(err, "Locate with slices of different lengths", core.Invalid)
	}
	for _, empty := range [][]float64{nil, {}} {
		c.must(g.grid.Locate(c.ctx, h.Key, empty, empty, nil), "Locate of no points")
	}
}

// checkLarge: many points at once give what they give in small parts.
func (g *gridSuite) checkLarge(c *check) {
	h := &g.homes[c.rand.IntN(len(g.homes))]
	n := 1_000_000
	if c.Short {
		n = 100_000
	}
	points := make([]core.LonLat, n)
	for i := range points {
		if points[i] = nearby(c.rand, h.center(), h.side); i%7 == 0 {
			points[i] = anywhere(c.rand)
		}
	}
	whole := g.locate(c, h.Key, points)
	if slices.Max(whole) < 0 {
		c.Logf("none of the points is in shard %q", h.Key)
	}
	for at, k := 0, 0; at < n; k++ {
		end := min(n, at+[]int{1, 7, 512, 513, 4097, 65536, 131073, 200_000}[k%8])
		for i, slot := range g.locate(c, h.Key, points[at:end]) {
			if slot != whole[at+i] {
				c.fatalf("%v is in slot %d of shard %q when it is one of %d, in slot %d when it is one of %d", points[at+i], whole[at+i], h.Key, n, slot, end-at)
			}
		}
		at = end
	}
}
