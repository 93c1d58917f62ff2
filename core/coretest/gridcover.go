package coretest

import (
	"context"
	"math"
	"reflect"
	"slices"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/sphere"
)

// cover asks for the shards of regions, and looks that each list is in key order without repetition.
func (g *gridSuite) cover(c *check, regions []core.Region) [][]core.ShardKey {
	c.Helper()
	covers, err := g.grid.Cover(c.ctx, regions)
	c.must(err, "Cover")
	c.that(len(covers) == len(regions), "%d covers of %d regions", len(covers), len(regions))
	for i, cover := range covers {
		for k := 1; k < len(cover); k++ {
			if core.CompareKeys(cover[k-1], cover[k]) >= 0 {
				c.fatalf("the cover of region %+v is not in key order, once each: %q, then %q", regions[i], cover[k-1], cover[k])
			}
		}
	}
	return covers
}

// coverOf makes the check that no area is covered without the shard of one of its points.
func (g *gridSuite) coverOf(areas func(*check) []area) func(*check) {
	return func(c *check) { g.neverMisses(c, areas(c)) }
}

func (g *gridSuite) neverMisses(c *check, areas []area) {
	c.Helper()
	if len(areas) == 0 {
		c.absent("the grid has no place for such regions")
	}
	var regions []core.Region
	var points []core.LonLat
	for i := range areas {
		regions = append(regions, areas[i].region)
		points = append(points, areas[i].points...)
	}
	covers := g.cover(c, regions)
	places := g.locateAll(c, points)
	checked := 0
	for i := range areas {
		for k := range areas[i].points {
			p := places[k]
			if p.slot < 0 {
				continue
			}
			checked++
			_, listed := slices.BinarySearchFunc(covers[i], p.key, core.CompareKeys)
			c.that(listed, "Cover misses a shard: %v is in the %s %+v and in slot %d of shard %q, which is not among the %d listed", areas[i].points[k], areas[i].what, areas[i].region, p.slot, p.key, len(covers[i]))
		}
		places = places[len(areas[i].points):]
	}
	if checked == 0 {
		c.Skipf("no point of the %d regions is in the grid: give GridOptions.Points in it", len(areas))
	}
	c.Logf("%d points of %d regions", checked, len(areas))
}

// checkNearMinimal: of the shards listed, most have points of the region.
func (g *gridSuite) checkNearMinimal(c *check) {
	homes, n := g.awayFromPoles(), c.few(15)
	kinds := map[string][]area{
		"points":   around(c, homes, 200, pointsAt),
		"caps":     around(c, homes, n, capsAt),
		"tracks":   around(c, homes, n, tracksAt),
		"boxes":    around(c, homes, n, boxesAt),
		"polygons": around(c, homes, n, polygonsAt),
	}
	for _, kind := range []string{"points", "caps", "tracks", "boxes", "polygons"} {
		areas := kinds[kind]
		if kind != "points" {
			areas = areas[:min(len(areas), c.few(60))]
		}
		var regions []core.Region
		for i := range areas {
			regions = append(regions, areas[i].region)
		}
		listed, met := 0, 0
		for i, cover := range g.cover(c, regions) {
			if len(cover) == 0 || len(cover) > 150 || atPole(areas[i].region) || len(areas[i].points) < pointsOf(c) && kind != "points" {
				continue
			}
			if m := g.met(c, &areas[i], cover); m > 0 {
				listed += len(cover)
				met += m
			}
		}
		c.Logf("%s: %d shards listed, %d met", kind, listed, met)
		c.that(float64(listed) <= g.Excess*float64(met)+2, "Cover of %s lists %d shards in all, of which %d have points of the regions: %.2f times; allowed are %.2f (GridOptions.Excess)", kind, listed, met, float64(listed)/float64(max(met, 1)), g.Excess)
	}
}

// atPole reports regions with a vertex at a pole: that is a point of all shards around it.
func atPole(r core.Region) bool {
	for _, p := range r.Polygons {
		for _, ring := range p {
			if slices.ContainsFunc(ring, func(v core.LonLat) bool { return math.Abs(v.Lat) == 90 }) {
				return true
			}
		}
	}
	return false
}

// met is how many of the shards have points of an area, by trying many, half of them at its border.
func (g *gridSuite) met(c *check, a *area, cover []core.ShardKey) int {
	points := a.points
	if len(cover) > 1 {
		n := min(40*len(cover), 2000)
		points = a.more(c, n, points)
		for range n {
			points = append(points, a.edge(c))
		}
	}
	met := 0
	for _, key := range cover {
		if slices.ContainsFunc(g.locate(c, key, points), func(s int32) bool { return s >= 0 }) {
			met++
		}
	}
	return met
}

// maxShards is of how many shards all can be asked for.
const maxShards = 10_000

// checkHuge: regions as large as the Earth have all shards, or are refused where these are many.
func (g *gridSuite) checkHuge(c *check) {
	side := math.Inf(1)
	for i := range g.homes {
		side = min(side, g.homes[i].side)
	}
	shards := 4 * math.Pi * sphere.EarthRadius * sphere.EarthRadius / (side * side)
	if shards > 3e6 || c.Short && shards > 1e5 {
		c.Skipf("the Earth would have some %.0e shards of this size: not covered", shards)
	}
	world := []core.LonLat{{Lon: -180, Lat: -90}, {Lon: 180, Lat: -90}, {Lon: 180, Lat: 90}, {Lon: -180, Lat: 90}}
	hole := star(c.rand, core.LonLat{Lon: 45, Lat: 35}, 1000, 5) // clockwise: all but this
	for what, region := range map[string]core.Region{
		"a point with a margin of half a turn": pointRegion(core.LonLat{Lat: -90}, 1.01*halfTurn),
		"a point with a margin of 1e300 m":     pointRegion(g.homes[0].center(), 1e300),
		"a box of all longitudes":              {Polygons: []core.Polygon{{world}}, Planar: true},
		"the outside of a small polygon":       {Polygons: []core.Polygon{{hole}}, Oriented: true},
	} {
		covers, err := g.grid.Cover(c.ctx, []core.Region{region})
		if err != nil && shards > maxShards {
			c.refused(err, "Cover of "+what)
			continue
		}
		c.must(err, "Cover of "+what)
		c.that(len(covers) == 1 && slices.IsSortedFunc(covers[0], core.CompareKeys), "Cover of %s is not one list in key order", what)
		for i := range g.homes {
			_, listed := slices.BinarySearchFunc(covers[0], g.homes[i].Key, core.CompareKeys)
			c.that(listed, "Cover of %s misses shard %q, which has the point %v", what, g.homes[i].Key, g.homes[i].center())
		}
	}
}

// checkCoverEmpty: no regions, and regions of nothing.
func (g *gridSuite) checkCoverEmpty(c *check) {
	none, err := g.grid.Cover(c.ctx, nil)
	c.must(err, "Cover of no regions")
	c.that(len(none) == 0, "%d covers of no regions", len(none))
	p := pointRegion(g.homes[0].center(), 0)
	covers := g.cover(c, []core.Region{{}, p, {Margin: 1e6}, {Planar: true, Oriented: true}})
	c.that(len(covers[0])+len(covers[2])+len(covers[3]) == 0, "Cover of regions without polygons is %q: a union of nothing has no shards", covers)
	c.that(len(covers[1]) > 0, "Cover of a point after an empty region is empty")
}

// checkCoverInvalid: what is no region is refused, not taken for an empty one.
func (g *gridSuite) checkCoverInvalid(c *check) {
	p := g.homes[0].center()
	nan, inf := math.NaN(), math.Inf(1)
	for what, region := range map[string]core.Region{
		"a longitude that is NaN":      pointRegion(core.LonLat{Lon: nan, Lat: p.Lat}, 0),
		"a latitude that is NaN":       pointRegion(core.LonLat{Lon: p.Lon, Lat: nan}, 0),
		"an infinite longitude":        pointRegion(core.LonLat{Lon: inf, Lat: p.Lat}, 10),
		"a latitude of 90.1":           pointRegion(core.LonLat{Lon: p.Lon, Lat: 90.1}, 10),
		"a negative margin":            pointRegion(p, -1),
		"a margin that is NaN":         pointRegion(p, nan),
		"an infinite margin":           pointRegion(p, inf),
		"a vertex of NaN in a polygon": {Polygons: []core.Polygon{{{p, {Lon: nan, Lat: nan}, {Lon: p.Lon, Lat: 0}}}}},
		"a planar vertex of NaN":       {Polygons: []core.Polygon{{{p, {Lon: nan, Lat: nan}, {Lon: p.Lon, Lat: 0}}}}, Planar: true},
		"a ring without vertices":      {Polygons: []core.Polygon{{{}}}},
	} {
		c.refused(c.guard("Cover of "+what, func() error {
			_, err := g.grid.Cover(c.ctx, []core.Region{pointRegion(p, 0), region})
			return err
		}), "Cover of "+what, core.Invalid)
	}
	// These may be refused or not, but must do no harm.
	for what, region := range map[string]core.Region{
		"a ring of one place many times":  {Polygons: []core.Polygon{{{p, p, p, p, p}}}},
		"an edge to the opposite place":   {Polygons: []core.Polygon{{{{Lon: 10, Lat: 20}, {Lon: -170, Lat: -20}, {Lon: 50, Lat: 0}}}}},
		"a ring that crosses itself":      {Polygons: []core.Polygon{{{{Lon: 0, Lat: 0}, {Lon: 1, Lat: 1}, {Lon: 1, Lat: 0}, {Lon: 0, Lat: 1}}}}},
		"a ring without area":             {Polygons: []core.Polygon{{{p, between(p, core.LonLat{}, 1e-6), p}}}},
		"a polygon without rings":         {Polygons: []core.Polygon{{}}},
		"a planar ring around the Earth":  {Polygons: []core.Polygon{{{{Lon: 0, Lat: 1}, {Lon: 500, Lat: 1.001}, {Lon: 300, Lat: 1.002}}}}, Planar: true},
		"a longitude of a million turns":  pointRegion(core.LonLat{Lon: 360e6 + 1, Lat: 1}, 0),
		"the longest of float longitudes": pointRegion(core.LonLat{Lon: math.MaxFloat64, Lat: 1}, 0),
	} {
		if err := c.guard("Cover of "+what, func() error {
			_, err := g.grid.Cover(c.ctx, []core.Region{region})
			return err
		}); err != nil {
			c.refused(err, "Cover of "+what)
		}
	}
}

// checkCoverTogether: regions do not see each other, and are only read.
func (g *gridSuite) checkCoverTogether(c *check) {
	var regions, copies []core.Region
	for _, a := range slices.Concat(g.capAreas(c), g.boxAreas(c), g.trackAreas(c), g.pointAreas(c)) {
		regions = append(regions, a.region)
		copies = append(copies, cloneRegion(a.region))
	}
	together := g.cover(c, regions)
	c.that(reflect.DeepEqual(regions, copies), "Cover changes its regions")
	for range min(len(regions), 25) {
		i := c.rand.IntN(len(regions))
		alone := g.cover(c, regions[i:i+1])
		c.that(slices.Equal(alone[0], together[i]), "the cover of %+v is %q alone, %q as one of %d", regions[i], alone[0], together[i], len(regions))
	}
}

func cloneRegion(r core.Region) core.Region {
	polygons := make([]core.Polygon, len(r.Polygons))
	for i, p := range r.Polygons {
		for _, ring := range p {
			polygons[i] = append(polygons[i], slices.Clone(ring))
		}
	}
	r.Polygons = polygons
	return r
}

// checkCancelled: work that is no longer wanted is not done.
func (g *gridSuite) checkCancelled(c *check) {
	ctx, cancel := context.WithCancel(c.ctx)
	cancel()
	h := &g.homes[0]
	_, err := g.grid.Cover(ctx, []core.Region{pointRegion(h.center(), h.side)})
	c.cancelled(err, "Cover")
	_, err = g.grid.Shards(ctx, []core.ShardKey{h.Key})
	c.cancelled(err, "Shards")
	if g.info.Frame.Slots() <= maxListed {
		_, err = g.grid.Cells(ctx, h.Key)
		c.cancelled(err, "Cells")
	}
	lon := make([]float64, 100_000)
	c.cancelled(g.grid.Locate(ctx, h.Key, lon, lon, make([]int32, len(lon))), "Locate")
	// A grid is as good as before.
	c.that(g.locate(c, h.Key, []core.LonLat{h.center()})[0] >= 0, "after a cancelled call, %v is no longer in shard %q", h.center(), h.Key)
}
