package coretest

import (
	"math"
	"slices"

	"github.com/englacial/zagg/core"
)

// checkLocateIn: a ShardLocator says of many shards at once what Locate says of each.
func (g *gridSuite) checkLocateIn(c *check) {
	locator, ok := g.grid.(core.ShardLocator)
	if !ok {
		c.absent("the grid is no core.ShardLocator")
	}
	var points []core.LonLat
	var keys []core.ShardKey
	for i := range g.homes {
		h := &g.homes[i]
		keys = append(keys, h.Key)
		points = append(points, h.centres...)
		for range c.few(60) {
			points = append(points, nearby(c.rand, h.center(), 1.5*h.side))
		}
	}
	points = append(points, specialPlaces()...)
	points = append(points, core.LonLat{Lon: math.NaN()}, core.LonLat{Lat: math.NaN()}, core.LonLat{Lon: math.Inf(1)}, core.LonLat{Lat: 90.1})
	if len(keys) > 1 {
		points = append(points, g.bisect(c, keys[0], repeated(g.homes[0].center(), 8), scattered(c, g.homes[0].center(), 2*g.homes[0].side, 8))...)
	}
	c.rand.Shuffle(len(points), func(i, k int) { points[i], points[k] = points[k], points[i] })
	for _, n := range []int{len(keys), 1, (len(keys) + 1) / 2, 0} {
		some := slices.Clone(keys)
		c.rand.Shuffle(len(some), func(i, k int) { some[i], some[k] = some[k], some[i] })
		g.compareLocateIn(c, locator, some[:n], points)
	}
	g.refuseLocateIn(c, locator, keys)
}

func repeated(p core.LonLat, n int) []core.LonLat { return slices.Repeat([]core.LonLat{p}, n) }

func scattered(c *check, p core.LonLat, radius float64, n int) []core.LonLat {
	out := make([]core.LonLat, n)
	for i := range out {
		out[i] = nearby(c.rand, p, radius)
	}
	return out
}

func (g *gridSuite) compareLocateIn(c *check, locator core.ShardLocator, keys []core.ShardKey, points []core.LonLat) {
	n := len(points)
	lon, lat := make([]float64, n), make([]float64, n)
	for i, p := range points {
		lon[i], lat[i] = p.Lon, p.Lat
	}
	shard, slot := slices.Repeat([]int32{canary}, n+2), slices.Repeat([]int32{canary}, n+2)
	given := slices.Clone(keys)
	c.must(locator.LocateIn(c.ctx, given, lon, lat, shard[1:n+1], slot[1:n+1]), "LocateIn")
	c.that(slices.Equal(given, keys), "LocateIn changes the keys it was given")
	c.that(shard[0] == canary && shard[n+1] == canary && slot[0] == canary && slot[n+1] == canary, "LocateIn writes outside the slices it was given")
	wantShard, wantSlot := slices.Repeat([]int32{-1}, n), slices.Repeat([]int32{-1}, n)
	for k, key := range keys {
		for i, s := range g.locate(c, key, points) {
			if s >= 0 {
				wantShard[i], wantSlot[i] = int32(k), s
			}
		}
	}
	for i, p := range points {
		if shard[i+1] != wantShard[i] || slot[i+1] != wantSlot[i] {
			c.fatalf("LocateIn of %d shards puts %v into shard %d, slot %d; Locate says shard %d, slot %d (keys %q)", len(keys), p, shard[i+1], slot[i+1], wantShard[i], wantSlot[i], keys)
		}
	}
}

// refuseLocateIn: what cannot be answered is refused, and no points are no error.
func (g *gridSuite) refuseLocateIn(c *check, locator core.ShardLocator, keys []core.ShardKey) {
	one, none := make([]float64, 1), []float64{}
	for _, n := range [][4]int{{2, 1, 1, 1}, {1, 2, 1, 1}, {1, 1, 2, 1}, {1, 1, 1, 2}, {1, 1, 0, 0}} {
		err := c.guard("LocateIn with slices of different lengths", func() error {
			return locator.LocateIn(c.ctx, keys[:1], make([]float64, n[0]), make([]float64, n[1]), make([]int32, n[2]), make([]int32, n[3]))
		})
		c.refused(err, "LocateIn with slices of different lengths", core.Invalid)
	}
	err := c.guard("LocateIn with a shard twice", func() error {
		return locator.LocateIn(c.ctx, []core.ShardKey{keys[0], keys[0]}, one, one, make([]int32, 1), make([]int32, 1))
	})
	c.refused(err, "LocateIn with a shard twice", core.Invalid)
	c.must(locator.LocateIn(c.ctx, keys, none, none, nil, nil), "LocateIn of no points")
}
