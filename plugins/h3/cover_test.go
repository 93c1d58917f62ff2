//go:build cgo

package h3

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	uber "github.com/uber/h3-go/v4"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/sphere"
)

// ring is a polygon of one ring from longitudes and latitudes.
func ring(lonLat ...float64) core.Polygon {
	var vertices []core.LonLat
	for i := 0; i < len(lonLat); i += 2 {
		vertices = append(vertices, core.LonLat{Lon: lonLat[i], Lat: lonLat[i+1]})
	}
	return core.Polygon{vertices}
}

// capAround is everything within some degrees of a place.
func capAround(lon, lat, degrees float64) core.Region {
	return core.Region{Polygons: []core.Polygon{ring(lon, lat)}, Margin: degrees * 111e3}
}

func namedRegions() map[string]core.Region {
	box := func(west, south, east, north float64) core.Region {
		return core.Region{Planar: true, Polygons: []core.Polygon{ring(west, south, east, south, east, north, west, north)}}
	}
	hole := core.Region{Polygons: []core.Polygon{{ring(-60, 60, -20, 60, -20, 83, -60, 83)[0], ring(-50, 65, -50, 78, -30, 78, -30, 65)[0]}}}
	outside := core.Region{Oriented: true, Polygons: []core.Polygon{ring(0, 20, 0, 40, 60, 40, 60, 20)}}
	return map[string]core.Region{
		"south pole, a margin": capAround(33, -90, 5),
		"north pole, a ring":   {Polygons: []core.Polygon{ring(0, 84, 90, 84, 180, 84, -90, 84)}},
		"antimeridian":         box(176, -20, 184, -12),
		"antimeridian, arcs":   {Polygons: []core.Polygon{ring(170, 60, -170, 62, -165, 70, 172, 71)}},
		"a hole":               hole,
		"nearly everything":    outside,
		"an arc over the pole": {Polygons: []core.Polygon{ring(10, 80, -175, 70)}},
		"a swath":              {Polygons: []core.Polygon{ring(-50, 60, -35, 75)}, Margin: 50e3},
		"two triangles":        {Polygons: []core.Polygon{ring(0, 0, 10, 0, 5, 8), ring(100, -40, 120, -40, 110, -30)}},
		"a pentagon":           capAround(-143.47849, 50.10320, 3),
	}
}

// TestCoverAgainstCells: shards of resolution 2 against each of their cells of resolution 4. A shard with a cell whose
// centre is in the region must be listed; one whose cells are all farther away than their corners must not.
func TestCoverAgainstCells(t *testing.T) {
	const parent, child = 2, 4
	g := gridOf(t, parent, child)
	type leaf struct {
		tile
		outer float64
	}
	var leaves []leaf
	for b := range baseCells {
		for i := range power7(child) {
			if c := baseCell(b).descendant(child, i); !c.isVoid() {
				at, err := g.ico.tileOf(c)
				require.NoError(t, err)
				leaves = append(leaves, leaf{at, at.outer(child)})
			}
		}
	}
	require.Len(t, leaves, uber.NumCells(child))
	for name, region := range namedRegions() {
		compiled, err := sphere.NewRegion(region, sphere.GeodeticSpherical)
		require.NoError(t, err)
		must, may := map[core.ShardKey]bool{}, map[core.ShardKey]bool{}
		all := compiled.Cap()
		for _, l := range leaves {
			if sphere.Angle(l.center, all.Center) > all.Radius+2*l.outer {
				continue
			}
			if d := compiled.Distance(l.center); d <= l.outer {
				key := l.cell.parent(parent).key()
				may[key] = true
				must[key] = must[key] || d == 0
			}
		}
		covers, err := g.Cover(t.Context(), []core.Region{region})
		require.NoError(t, err)
		listed := map[core.ShardKey]bool{}
		for i, k := range covers[0] {
			require.True(t, i == 0 || core.CompareKeys(covers[0][i-1], k) < 0, name)
			require.True(t, may[k], "%s: %s is too far", name, k)
			listed[k] = true
		}
		n := 0
		for k, m := range must {
			require.True(t, !m || listed[k], "%s misses %s", name, k)
			if m {
				n++
			}
		}
		t.Logf("%s: %d with a centre inside, %d listed, %d possible", name, n, len(listed), len(may))
	}
}

// TestPolarCap: H3's own fill gives 0 to 144 cells here.
func TestPolarCap(t *testing.T) {
	g := gridOf(t, 4, 8)
	covers, err := g.Cover(t.Context(), []core.Region{{Planar: true, Polygons: []core.Polygon{ring(-180, -90, 180, -90, 180, -85, -180, -85)}}})
	require.NoError(t, err)
	middles, inside := 0, 0
	seen := map[cellID]bool{}
	for _, k := range covers[0] {
		c, ok := cellFromKey(k)
		require.True(t, ok)
		near, err := uber.GridDisk(uber.Cell(c), 1)
		require.NoError(t, err)
		for _, n := range near {
			n := cellID(n)
			if seen[n] {
				continue
			}
			seen[n] = true
			if at, _ := uber.CellToLatLng(uber.Cell(n)); at.Lat < -85 {
				middles++
			}
			if reaches(t, n, func(lat float64) bool { return lat <= -85 }) {
				require.Contains(t, covers[0], n.key())
				inside++
			}
		}
	}
	t.Logf("%d shards, %d of them with their centre inside, %d with the centre of a cell inside", len(covers[0]), middles, inside)
	require.LessOrEqual(t, len(covers[0]), inside+4)
	require.Greater(t, middles, 500) // of mean size they would be 548; these are larger
}

// reaches reports whether a centre of the cells four resolutions below one has a latitude.
func reaches(t *testing.T, c cellID, want func(lat float64) bool) bool {
	for depth := range 5 {
		for i := range power7(depth) {
			at, err := uber.CellToLatLng(uber.Cell(c.descendant(c.resolution()+depth, i)))
			require.NoError(t, err)
			if want(at.Lat) {
				return true
			}
			if at.Lat > -84 {
				return false
			}
		}
	}
	return false
}

// randomRegion is a region with points of which it is known that they are near it.
func randomRegion(r *rand.Rand) (core.Region, []core.LonLat) {
	center := core.LonLat{Lon: 720*r.Float64() - 360, Lat: math.Asin(2*r.Float64()-1) * degree}
	switch r.IntN(6) {
	case 0:
		center.Lat = math.Copysign(90-math.Exp(-8*r.Float64()), center.Lat)
	case 1:
		center.Lon = 180 + r.NormFloat64()
	case 2:
		p, _ := centerOf(pentagons(0)[r.IntN(12)])
		center.Lon, center.Lat = p.LonLat()
	}
	size := math.Exp(-12*r.Float64()) * 20
	var vertices []core.LonLat
	for range 1 + r.IntN(7) {
		vertices = append(vertices, core.LonLat{
			Lon: center.Lon + size*r.NormFloat64(),
			Lat: max(-90, min(90, center.Lat+size*r.NormFloat64())),
		})
	}
	region := core.Region{Polygons: []core.Polygon{{vertices}}, Planar: r.IntN(3) == 0}
	if r.IntN(2) == 0 {
		region.Margin = math.Exp(12 * r.Float64())
	}
	return region, append(vertices, center)
}

// TestCoverNeverMisses: the shard of every point of a region is listed.
func TestCoverNeverMisses(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 7))
	grids := map[[2]int]*grid{}
	checked := 0
	for range 300 {
		parent := r.IntN(8)
		if r.IntN(8) == 0 {
			parent = 8 + r.IntN(8)
		}
		k := [2]int{parent, min(parent+r.IntN(7), maxResolution)}
		if grids[k] == nil {
			grids[k] = gridOf(t, k[0], k[1])
		}
		g := grids[k]
		region, points := randomRegion(r)
		if parent > 3 && (region.Margin > 3e5 || sizeOf(points) > 10) || parent > 6 && (region.Margin > 1e4 || sizeOf(points) > 0.3) {
			continue
		}
		compiled, err := sphere.NewRegion(region, sphere.GeodeticSpherical)
		require.NoError(t, err)
		covers, err := g.Cover(t.Context(), []core.Region{region})
		if core.Is(err, core.Unsupported) {
			continue
		}
		require.NoError(t, err)
		for range 100 {
			a, b := points[r.IntN(len(points))], points[r.IntN(len(points))]
			f := r.Float64()
			spread := region.Margin / 111e3 * r.NormFloat64()
			p := core.LonLat{Lon: a.Lon + f*(b.Lon-a.Lon) + spread, Lat: max(-90, min(90, a.Lat+f*(b.Lat-a.Lat)+spread/2))}
			if compiled.Contains(sphere.FromLonLat(p.Lon, p.Lat)) {
				c, err := cellOf(turn(p.Lon), p.Lat, g.config.ChildResolution)
				require.NoError(t, err)
				_, listed := slices.BinarySearchFunc(covers[0], c.parent(parent).key(), core.CompareKeys)
				require.True(t, listed, "%v of %v misses %v", region, k, p)
				checked++
			}
		}
	}
	t.Logf("%d points", checked)
	require.Greater(t, checked, 5000)
}

func sizeOf(points []core.LonLat) float64 {
	size := 0.0
	for _, p := range points {
		size = max(size, math.Abs(p.Lon-points[0].Lon), math.Abs(p.Lat-points[0].Lat))
	}
	return size
}

// TestCoverIsNearMinimal: points and small caps have one shard, but near borders.
func TestCoverIsNearMinimal(t *testing.T) {
	r := rand.New(rand.NewPCG(8, 8))
	g := gridOf(t, 5, 9)
	points, caps := 0, 0
	const n = 2000
	for range n {
		p := core.LonLat{Lon: 360 * r.Float64(), Lat: math.Asin(2*r.Float64()-1) * degree}
		covers, err := g.Cover(t.Context(), []core.Region{
			{Polygons: []core.Polygon{{{p}}}},
			{Polygons: []core.Polygon{{{p}}}, Margin: 100},
		})
		require.NoError(t, err)
		c, err := cellOf(turn(p.Lon), p.Lat, 9)
		require.NoError(t, err)
		require.Contains(t, covers[0], c.parent(5).key())
		points, caps = points+len(covers[0]), caps+len(covers[1])
	}
	t.Logf("points have %.3f shards, caps of 100 m %.3f", float64(points)/n, float64(caps)/n)
	require.Less(t, points, n*103/100)
	require.Less(t, caps, n*110/100)
}

func TestCoverSpecialPlaces(t *testing.T) {
	g := gridOf(t, 3, 5)
	covers, err := g.Cover(t.Context(), []core.Region{
		capAround(77, 90, 0), capAround(180, 5, 0), capAround(-180, 5, 0), capAround(1e6, 12, 0), {}, capAround(0, 0, 200),
	})
	require.NoError(t, err)
	require.Len(t, covers[0], 1)
	require.Equal(t, covers[1], covers[2])
	require.Len(t, covers[3], 1)
	require.Empty(t, covers[4])
	require.Len(t, covers[5], uber.NumCells(3))

	_, err = g.Cover(t.Context(), []core.Region{capAround(0, 0, 0), capAround(0, 91, 0)})
	require.Equal(t, core.Invalid, core.CodeOf(err))
	require.ErrorContains(t, err, "region 1: ")
	_, err = gridOf(t, 15, 15).Cover(t.Context(), []core.Region{capAround(0, 0, 10)})
	require.Equal(t, core.Unsupported, core.CodeOf(err))
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = g.Cover(canceled, []core.Region{capAround(0, 0, 0)})
	require.ErrorIs(t, err, context.Canceled)
}

// TestPentagonsAreCovered: a point in the middle of each pentagon of each resolution has that shard alone.
func TestPentagonsAreCovered(t *testing.T) {
	for parent := range maxResolution + 1 {
		g := gridOf(t, parent, min(parent+3, maxResolution))
		for _, p := range pentagons(parent) {
			at, err := centerOf(p)
			require.NoError(t, err)
			lon, lat := at.LonLat()
			covers, err := g.Cover(t.Context(), []core.Region{capAround(lon, lat, 0)})
			require.NoError(t, err)
			require.Equal(t, []core.ShardKey{p.key()}, covers[0])
		}
	}
}

// TestOutlines contain the corners of the cells of their shards, and little more.
func TestOutlines(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 9))
	for i := range 2000 {
		parent := i % 16
		child := min(parent+r.IntN(7), maxResolution)
		g := gridOf(t, parent, child)
		shard := anyCell(r, parent)
		shards, err := g.Shards(t.Context(), []core.ShardKey{shard.key()})
		require.NoError(t, err)
		outline, err := sphere.NewRegion(shards[0].Outline, sphere.GeodeticSpherical)
		require.NoError(t, err)
		at, err := g.ico.tileOf(shard)
		require.NoError(t, err)
		require.True(t, outline.Contains(at.center))
		require.False(t, outline.Contains(at.center.Mul(-1)))
		require.LessOrEqual(t, shards[0].Outline.Margin, 1.001*at.outer(child)*sphere.EarthRadius*overflow/outerReach+1)
		for range 40 {
			c := shard.descendant(child, r.Int64N(power7(child-parent)))
			if c.isVoid() {
				continue
			}
			b, err := uber.CellToBoundary(uber.Cell(c))
			require.NoError(t, err)
			for _, v := range b {
				require.True(t, outline.Contains(sphere.FromLonLat(v.Lng, v.Lat)), "%s of %s", c, shard)
			}
		}
	}
}

func BenchmarkCover(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 2))
	point := func(margin float64) core.Region {
		return core.Region{Polygons: []core.Polygon{{{{Lon: 360 * r.Float64(), Lat: math.Asin(2*r.Float64()-1) * degree}}}}, Margin: margin}
	}
	track := func() core.Region {
		lon, lat := 360*r.Float64(), 60*r.Float64()-30
		var ring []core.LonLat
		for i := range 25 {
			ring = append(ring, core.LonLat{Lon: lon + float64(i)/4, Lat: lat + float64(i)})
		}
		for i := range 25 {
			ring = append(ring, core.LonLat{Lon: lon + float64(24-i)/4 + 0.1, Lat: lat + float64(24-i)})
		}
		return core.Region{Polygons: []core.Polygon{{ring}}}
	}
	for _, c := range []struct {
		name string
		make func() core.Region
	}{
		{"point", func() core.Region { return point(0) }},
		{"cap 1 km", func() core.Region { return point(1e3) }},
		{"cap 100 km", func() core.Region { return point(1e5) }},
		{"footprint", track},
	} {
		b.Run(c.name, func(b *testing.B) {
			g := gridOf(b, 5, 9)
			regions := make([]core.Region, 200)
			for i := range regions {
				regions[i] = c.make()
			}
			shards := 0
			for b.Loop() {
				covers, err := g.Cover(b.Context(), regions)
				require.NoError(b, err)
				shards = 0
				for _, c := range covers {
					shards += len(c)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/200, "µs/region")
			b.ReportMetric(float64(shards)/200, "shards/region")
		})
	}
}
