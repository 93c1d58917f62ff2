package healpix

import (
	"math"
	"math/rand/v2"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
)

// BenchmarkLocate: points of which all, or about a fifth, are in the shard.
func BenchmarkLocate(b *testing.B) {
	for _, c := range []struct {
		name string
		key  core.ShardKey
		grow float64
	}{
		{"polar", "-5111123", 0}, {"polar mostly outside", "-5111123", 1.1},
		{"band", "5111123", 0}, {"band mostly outside", "5111123", 1.1},
		{"mixed", "1114443", 0},
	} {
		b.Run(c.name, func(b *testing.B) {
			g := newGrid(Config{ParentOrder: 6, ChunkInner: 6, ChildOrder: 12})
			shard, err := g.shardFromKey(c.key)
			require.NoError(b, err)
			l := g.locator(shard)
			const n = 1 << 16
			lon, lat, slot := make([]float64, n), make([]float64, n), make([]int32, n)
			r := rand.New(rand.NewPCG(1, 2))
			for i := 0; i < n; {
				x := l.bounds.West + l.bounds.Width*(r.Float64()*(1+c.grow)-c.grow/2)
				y := l.bounds.South + (l.bounds.North-l.bounds.South)*(r.Float64()*(1+c.grow)-c.grow/2)
				if math.Abs(y) > 90 || c.grow == 0 && l.exact(x, y) < 0 {
					continue
				}
				lon[i], lat[i] = math.Remainder(x, 360), y
				i++
			}
			in := 0
			for b.Loop() {
				require.NoError(b, g.Locate(b.Context(), c.key, lon, lat, slot))
			}
			for _, s := range slot {
				if s >= 0 {
					in++
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/point")
			b.ReportMetric(float64(in)/n, "inside")
			b.ReportAllocs()
		})
	}
}

// BenchmarkLocateIn: points along tracks at 87° S, 20 m apart, in so many shards around.
func BenchmarkLocateIn(b *testing.B) {
	for _, most := range []int{1, 7, 21, 2000} {
		b.Run(strconv.Itoa(most), func(b *testing.B) {
			g := newGrid(Config{ParentOrder: 6, ChunkInner: 6, ChildOrder: 12})
			const n = 1 << 16
			lon, lat, shard, slot := make([]float64, n), make([]float64, n), make([]int32, n), make([]int32, n)
			for i := range n {
				lon[i], lat[i] = 40+110*float64(i)/n+float64(i/8192)*20, -86.2-1.6*float64(i%8192)/8192
			}
			cover, err := g.Cover(b.Context(), []core.Region{{Polygons: []core.Polygon{{{{Lon: 90, Lat: -87}}}}, Margin: 2e5 + 800*float64(most)}})
			require.NoError(b, err)
			keys := cover[0][:min(most, len(cover[0]))]
			for b.Loop() {
				require.NoError(b, g.LocateIn(b.Context(), keys, lon, lat, shard, slot))
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/point")
			b.ReportMetric(float64(len(keys)), "shards")
		})
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
			g := newGrid(Config{ParentOrder: 6, ChunkInner: 6, ChildOrder: 12})
			regions := make([]core.Region, 1000)
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
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/1000, "µs/region")
			b.ReportMetric(float64(shards)/1000, "shards/region")
		})
	}
}

func BenchmarkCells(b *testing.B) {
	g := newGrid(Config{ParentOrder: 6, ChunkInner: 6, ChildOrder: 12})
	for b.Loop() {
		_, err := g.Cells(b.Context(), "-5111123")
		require.NoError(b, err)
	}
}
