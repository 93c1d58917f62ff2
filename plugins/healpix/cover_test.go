package healpix

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"sort"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/sphere"
)

type coverageFile struct {
	Polygons []struct {
		Name, Rule string
		Oriented   bool
		Rings      []struct{ Lat, Lon []float64 }
		Variants   []struct {
			Edges, Lat string
			Orders     map[string]struct {
				N          int
				In, Either []uint64
			}
		}
	}
}

func TestCoverageVectors(t *testing.T) {
	var file coverageFile
	readVectors(t, "coverage.json.gz", &file)
	for _, p := range file.Polygons {
		for _, v := range p.Variants {
			region := core.Region{Oriented: p.Oriented, Planar: v.Edges == "planar"}
			for i, r := range p.Rings {
				var ring []core.LonLat
				for k := range r.Lat {
					ring = append(ring, core.LonLat{Lon: r.Lon[k], Lat: r.Lat[k]})
				}
				if i == 0 || p.Rule == "union" {
					region.Polygons = append(region.Polygons, nil)
				}
				last := len(region.Polygons) - 1
				region.Polygons[last] = append(region.Polygons[last], ring)
			}
			latitude := sphere.AuthalicWGS84
			if v.Lat == "spherical" {
				latitude = sphere.GeodeticSpherical
			}
			for order := 4; order <= 9; order++ {
				want := v.Orders[string(rune('0'+order))]
				g := newGrid(Config{ParentOrder: order, ChunkInner: order, ChildOrder: order, Latitude: latitude})
				covers, err := g.Cover(t.Context(), []core.Region{region})
				require.NoError(t, err)
				in, extra := 0, 0
				for _, k := range covers[0] {
					switch c, _ := g.shardFromKey(k); {
					case inRanges(want.In, c.nest):
						in++
					case !inRanges(want.Either, c.nest):
						extra++
					}
				}
				require.Equal(t, want.N, in, "%s %s %s order %d", p.Name, v.Edges, v.Lat, order)
				require.Zero(t, extra, "%s %s %s order %d", p.Name, v.Edges, v.Lat, order)
			}
		}
	}
}

// inRanges reports whether n is in one of the ranges first0, last0, first1, last1, … in ascending order.
func inRanges(ranges []uint64, n uint64) bool {
	i := sort.Search(len(ranges)/2, func(i int) bool { return ranges[2*i+1] >= n })
	return i < len(ranges)/2 && ranges[2*i] <= n
}

// TestTileFactors samples cells of all shapes.
func TestTileFactors(t *testing.T) {
	for order := range 9 {
		for n := range cellCount(order) {
			if order > 3 && n%499 != 0 && n&(n+1)&(1<<(2*order)-1) != 0 { // but the cells at the poles
				continue
			}
			var parent, child tile
			parent.set(squareOf(cellID{order, n}), nil)
			whole := parent.whole()
			for side := range 4 {
				arc, ok := sphere.NewArc(whole.Corners[side], whole.Corners[(side+1)%4])
				require.True(t, ok)
				for i := range 16 {
					p := parent.border(side, float64(i)/16).vec()
					d := math.Sqrt(parent.Center.Chord2(p))
					require.True(t, parent.Inner < d && d < parent.Outer)
					require.LessOrEqual(t, arc.Distance(p), whole.Bulge)
				}
			}
			k := whole.Corners
			along := k[1].Add(k[2]).Sub(k[0]).Sub(k[3]).Mul(0.25)
			across := k[2].Add(k[3]).Sub(k[0]).Sub(k[1]).Mul(0.25)
			for i := range 9 {
				for j := range 9 {
					u, v := float64(i)/4-1, float64(j)/4-1
					p := parent.Center.Add(along.Mul(u)).Add(across.Mul(v))
					off := p.Sub(parent.at((u+1)/2, (v+1)/2).vec()).Norm()
					require.True(t, parent.bent() || off < flatFactor*parent.curvature())
				}
			}
			for i := range 4 {
				child.set(parent.child(i), nil)
				require.Equal(t, child.whole(), parent.quad(&child, i))
			}
		}
	}
}

// TestBlockReach: from the border of a cell to that of the block around it.
func TestBlockReach(t *testing.T) {
	for order := 2; order <= 4; order++ {
		scale := float64(uint64(1) << order)
		for n := range cellCount(order) {
			q := squareOf(cellID{order, n})
			if last := uint64(1)<<order - 1; q.x == 0 || q.y == 0 || q.x == last || q.y == last {
				continue
			}
			var inner, outer []sphere.Vec
			for side := range 4 {
				for i := range 6 {
					f := float64(i) / 6
					inner = append(inner, q.border(side, f).vec())
					for k := range 3 {
						f := 3*f - float64(k)
						outer = append(outer, [4]spot{q.at(f, -1), q.at(2, f), q.at(f, 2), q.at(-1, f)}[side].vec())
					}
				}
			}
			least := 9.0
			for _, a := range inner {
				for _, b := range outer {
					least = min(least, sphere.Angle(a, b)*scale)
				}
			}
			require.Greater(t, least, blockReach)
		}
	}
}

// randomRegion is a region with points of which it is known that they are in it.
func randomRegion(r *rand.Rand) (core.Region, []core.LonLat) {
	center := core.LonLat{Lon: 720*r.Float64() - 360, Lat: math.Asin(2*r.Float64()-1) * degree}
	if r.IntN(4) == 0 {
		center.Lat = math.Copysign(90-math.Exp(-8*r.Float64()), center.Lat)
	}
	if r.IntN(4) == 0 {
		center.Lon = 180 + r.NormFloat64()
	}
	size := math.Exp(-12*r.Float64()) * 20
	var ring []core.LonLat
	for range 1 + r.IntN(7) {
		ring = append(ring, core.LonLat{
			Lon: center.Lon + size*r.NormFloat64(),
			Lat: max(-90, min(90, center.Lat+size*r.NormFloat64())),
		})
	}
	region := core.Region{Polygons: []core.Polygon{{ring}}, Planar: r.IntN(3) == 0}
	if r.IntN(2) == 0 {
		region.Margin = math.Exp(12 * r.Float64())
	}
	return region, append(ring, center)
}

// TestCoverNeverMisses: the shard of every point of a region is listed.
func TestCoverNeverMisses(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 7))
	for i := range 1000 {
		order := r.IntN(12)
		latitude := sphere.Latitude(i & 1)
		g := newGrid(Config{ParentOrder: order, ChunkInner: order, ChildOrder: order, Latitude: latitude})
		region, points := randomRegion(r)
		compiled, err := sphere.NewRegion(region, latitude)
		require.NoError(t, err)
		covers, err := g.Cover(t.Context(), []core.Region{region})
		if core.Is(err, core.Unsupported) {
			continue
		}
		require.NoError(t, err)
		listed := map[core.ShardKey]bool{}
		for i, k := range covers[0] {
			require.False(t, listed[k])
			require.True(t, i == 0 || core.CompareKeys(covers[0][i-1], k) < 0)
			listed[k] = true
		}
		for range 100 {
			a, b := points[r.IntN(len(points))], points[r.IntN(len(points))]
			f := r.Float64()
			spread := region.Margin / 111e3 * r.NormFloat64()
			p := core.LonLat{Lon: a.Lon + f*(b.Lon-a.Lon) + spread, Lat: max(-90, min(90, a.Lat+f*(b.Lat-a.Lat)+spread/2))}
			if v := latitude.Point(p.Lon, p.Lat); compiled.Contains(v) {
				require.True(t, listed[g.shardOf(p.Lon, p.Lat)], "%v misses %v", region, p)
			}
		}
	}
}

// shardOf is the key of the shard of a point.
func (g *grid) shardOf(lon, lat float64) core.ShardKey {
	face, u, v := project(lon, g.config.Latitude.ToSphere(lat))
	return keyOf(cellID{g.config.ParentOrder, nestOf(face, u, v, g.config.ParentOrder)})
}

// TestCoverIsNearMinimal: points and small caps in the middle of a shard have that one only.
func TestCoverIsNearMinimal(t *testing.T) {
	r := rand.New(rand.NewPCG(8, 8))
	g := newGrid(Config{ParentOrder: 6, ChunkInner: 6, ChildOrder: 12})
	many := 0
	for range 2000 {
		p := core.LonLat{Lon: 360 * r.Float64(), Lat: math.Asin(2*r.Float64()-1) * degree}
		covers, err := g.Cover(t.Context(), []core.Region{
			{Polygons: []core.Polygon{{{p}}}},
			{Polygons: []core.Polygon{{{p}}}, Margin: 100},
		})
		require.NoError(t, err)
		require.Contains(t, covers[0], g.shardOf(p.Lon, p.Lat))
		require.LessOrEqual(t, len(covers[0]), 4)
		if len(covers[1]) > 1 {
			many++
		}
	}
	require.Less(t, many, 40) // about 2·2·(100 m + 200 m of fineness)/100 km
}

func TestCoverSpecialPlaces(t *testing.T) {
	g := newGrid(Config{ParentOrder: 5, ChunkInner: 5, ChildOrder: 8})
	point := func(lon, lat, margin float64) core.Region {
		return core.Region{Polygons: []core.Polygon{{{{Lon: lon, Lat: lat}}}}, Margin: margin}
	}
	covers, err := g.Cover(t.Context(), []core.Region{
		point(77, 90, 0), point(0, -90, 10), point(180, 5, 1), point(-180, 5, 1), point(1e6, 12, 0), {}, point(0, 0, 3e7),
	})
	require.NoError(t, err)
	require.Len(t, covers[0], 4)
	require.Len(t, covers[1], 4)
	require.Equal(t, covers[2], covers[3])
	require.Contains(t, covers[4], g.shardOf(math.Mod(1e6, 360), 12))
	require.Empty(t, covers[5])
	require.Len(t, covers[6], int(cellCount(5)))

	_, err = g.Cover(t.Context(), []core.Region{point(0, 0, 0), point(0, 91, 0)})
	require.Equal(t, core.Invalid, core.CodeOf(err))
	require.ErrorContains(t, err, "region 1: ")
	fine := newGrid(Config{ParentOrder: 29, ChunkInner: 29, ChildOrder: 29})
	_, err = fine.Cover(t.Context(), []core.Region{point(0, 0, 1e6)})
	require.Equal(t, core.Unsupported, core.CodeOf(err))
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = g.Cover(canceled, []core.Region{point(0, 0, 0)})
	require.ErrorIs(t, err, context.Canceled)
}

// TestMarginIsExact: a cell is listed if and only if it comes within the margin, as seen from many points of its border.
func TestMarginIsExact(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 9))
	for i := range 60 {
		order := 3 + r.IntN(6)
		latitude := sphere.Latitude(i & 1)
		g := newGrid(Config{ParentOrder: order, ChunkInner: order, ChildOrder: order, Latitude: latitude})
		side := 1 / float64(uint64(1)<<order)
		center := core.LonLat{Lon: 360 * r.Float64(), Lat: math.Asin(2*r.Float64()-1) * degree}
		if i%5 == 0 {
			center.Lat = math.Copysign(90-30*side*r.Float64(), center.Lat)
		}
		var ring []core.LonLat
		for range 1 + r.IntN(4) {
			ring = append(ring, core.LonLat{Lon: center.Lon + 100*side*r.NormFloat64(), Lat: max(-90, min(90, center.Lat+60*side*r.NormFloat64()))})
		}
		region := core.Region{Polygons: []core.Polygon{{ring}}, Margin: 2 * side * r.Float64() * sphere.EarthRadius, Planar: i%4 == 3}
		compiled, err := sphere.NewRegion(region, latitude)
		require.NoError(t, err)
		covers, err := g.Cover(t.Context(), []core.Region{region})
		require.NoError(t, err)
		listed := map[uint64]bool{}
		for _, k := range covers[0] {
			c, err := g.shardFromKey(k)
			require.NoError(t, err)
			listed[c.nest] = true
		}
		for _, c := range around(g, covers[0]) {
			const steps = 48
			nearest := math.Pi
			q := squareOf(c)
			for _, v := range ring { // the cell may hold all of the region
				if g.shardOf(v.Lon, v.Lat) == keyOf(c) {
					nearest = 0
				}
			}
			for s := range 4 {
				for k := range steps {
					nearest = min(nearest, compiled.Distance(q.border(s, float64(k)/steps).vec()))
				}
			}
			if listed[c.nest] {
				step := 2 * side / steps
				require.Less(t, nearest, 4*step*step+2e-6*float64(i%4/3), "%v is listed for %v", c, region)
			} else {
				require.Positive(t, nearest, "%v is not listed for %v", c, region)
			}
		}
	}
}

// around are the cells of a cover and their neighbours.
func around(g *grid, keys []core.ShardKey) []cellID {
	seen := map[cellID]bool{}
	var out []cellID
	for _, k := range keys {
		c, _ := g.shardFromKey(k)
		q := squareOf(c)
		for x := -0.5; x < 2; x++ {
			for y := -0.5; y < 2; y++ {
				s := q.at(x, y)
				face, u, v := project(s.lon, s.lat())
				n := cellID{c.order, nestOf(face, u, v, c.order)}
				if !seen[n] {
					seen[n] = true
					out = append(out, n)
				}
			}
		}
	}
	return out
}

// TestCoverCells: cells of a footprint give the shards of the footprint, with a margin too.
func TestCoverCells(t *testing.T) {
	r := rand.New(rand.NewPCG(10, 10))
	for range 60 {
		region, _ := randomRegion(r)
		fine, coarse := 8+r.IntN(3), 3+r.IntN(6)
		f := newGrid(Config{ParentOrder: fine, ChunkInner: fine, ChildOrder: fine})
		g := newGrid(Config{ParentOrder: coarse, ChunkInner: coarse, ChildOrder: coarse})
		margin := region.Margin
		region.Margin = 0
		bare, err := f.Cover(t.Context(), []core.Region{region})
		require.NoError(t, err)
		if len(bare[0]) > 3000 {
			continue
		}
		var words []uint64
		for _, k := range bare[0] {
			words = append(words, parse(t, string(k)))
		}
		keys, ok, err := g.CoverCells(t.Context(), [][]uint64{words, {0}}, []float64{margin, 0})
		require.NoError(t, err)
		require.Equal(t, []bool{true, false}, ok)
		region.Margin = margin
		want, err := g.Cover(t.Context(), []core.Region{region})
		require.NoError(t, err)
		require.Subset(t, keys[0], want[0])
		require.LessOrEqual(t, len(keys[0]), 2*len(want[0])+40)
		require.True(t, slices.IsSortedFunc(keys[0], core.CompareKeys))
	}
	spherical := newGrid(Config{ParentOrder: 3, ChunkInner: 3, ChildOrder: 3, Latitude: sphere.GeodeticSpherical})
	_, ok, err := spherical.CoverCells(t.Context(), [][]uint64{{cellID{3, 5}.word()}}, []float64{0})
	require.NoError(t, err)
	require.Equal(t, []bool{false}, ok, "cells of catalogs are authalic")
}

// oddRegion is a region as nobody would draw it: crossing itself, with vertices on meridians and at poles, with parts that
// overlap and rings that enclose nothing.
func oddRegion(r *rand.Rand) core.Region {
	size := math.Exp(-6*r.Float64()) * 180
	lon, lat := 360*r.Float64()-180, 180*r.Float64()-90
	var ring []core.LonLat
	for range 1 + r.IntN(9) {
		p := core.LonLat{Lon: lon + size*(2*r.Float64()-1), Lat: max(-90, min(90, lat+size*(r.Float64()-0.5)))}
		if r.IntN(3) == 0 {
			p.Lon, p.Lat = math.Round(p.Lon/15)*15, math.Round(p.Lat/15)*15
		}
		ring = append(ring, p)
	}
	region := core.Region{Polygons: []core.Polygon{{ring}}, Planar: r.IntN(4) == 0, Oriented: r.IntN(5) == 0}
	if len(ring) > 6 {
		region.Polygons = [][]core.Polygon{{{ring[:3]}, {ring[3:]}}, {{ring[:3], ring[3:]}}}[r.IntN(2)]
	}
	if r.IntN(3) == 0 {
		region.Margin = math.Exp(14 * r.Float64())
	}
	return region
}

// requireAgreement checks that a region's cells of one order are the parents of those of the next, and that each has the
// cells of the region's vertices.
func requireAgreement(t *testing.T, region core.Region, order int) {
	t.Helper()
	var covers [2]map[uint64]bool
	for i := range covers {
		g := newGrid(Config{ParentOrder: order + i, ChunkInner: order + i, ChildOrder: order + i})
		found, err := g.Cover(t.Context(), []core.Region{region})
		if err != nil {
			require.Equal(t, core.Invalid, core.CodeOf(err))
			return
		}
		require.True(t, slices.IsSortedFunc(found[0], core.CompareKeys))
		require.Len(t, slices.Compact(slices.Clone(found[0])), len(found[0]))
		covers[i] = map[uint64]bool{}
		for _, key := range found[0] {
			c, err := g.shardFromKey(key)
			require.NoError(t, err)
			covers[i][c.parent(order).nest] = true
		}
		for _, p := range region.Polygons {
			for _, ring := range p {
				for _, v := range ring {
					c, err := g.shardFromKey(g.shardOf(v.Lon, v.Lat))
					require.NoError(t, err)
					require.True(t, covers[i][c.parent(order).nest], "%v misses %v", region, v)
				}
			}
		}
	}
	require.Equal(t, covers[0], covers[1], "%v", region)
}

func TestOrdersAgree(t *testing.T) {
	r := rand.New(rand.NewPCG(13, 14))
	for range 500 {
		requireAgreement(t, oddRegion(r), r.IntN(6))
	}
}

// FuzzCover: any region is covered or refused, and two orders agree.
func FuzzCover(f *testing.F) {
	f.Add([]byte{10, 10, 20, 10, 20, 20, 10, 20}, uint8(0), 0.0)
	f.Add([]byte{255, 180, 1, 180, 128, 175, 3, 90}, uint8(9), 1e5)
	f.Add([]byte{0, 0, 45, 0, 45, 131, 90, 131, 0, 131}, uint8(20), 0.0)
	f.Fuzz(func(t *testing.T, coordinates []byte, kind uint8, margin float64) {
		if len(coordinates) > 60 || margin > 1e6 {
			return
		}
		var ring []core.LonLat
		for i := 0; i+1 < len(coordinates); i += 2 {
			ring = append(ring, core.LonLat{Lon: 1.5 * float64(int8(coordinates[i])), Lat: max(-90, min(90, float64(coordinates[i+1])-90))})
		}
		region := core.Region{Polygons: []core.Polygon{{ring}}, Margin: margin, Planar: kind&1 != 0, Oriented: kind&2 != 0}
		if n := len(ring) / 2; kind&4 != 0 && n > 2 {
			region.Polygons = []core.Polygon{{ring[:n]}, {ring[n:]}}
		}
		requireAgreement(t, region, int(kind>>3%5))
	})
}
