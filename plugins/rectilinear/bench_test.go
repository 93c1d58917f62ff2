package rectilinear

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
)

var benchGrids = []struct{ name, config string }{
	{"polar", polar},
	{"degrees", `{"crs":"EPSG:4326","resolution":0.02,"bounds":[-180,-90,180,90]}`},
	{"utm", `{"crs":"EPSG:32618","resolution":30,"bounds":[100000,0,900000,9000000]}`},
}

// BenchmarkLocate: points of a shard and around it.
func BenchmarkLocate(b *testing.B) {
	for _, c := range benchGrids {
		b.Run(c.name, func(b *testing.B) {
			g := gridOf(b, c.config)
			p := place{g.shards[0] / 2, g.shards[1] / 2}
			s := g.rectOf(block{p.row, p.col, 1, 1})
			const n = 1 << 16
			lon, lat, slot := make([]float64, n), make([]float64, n), make([]int32, n)
			r := rand.New(rand.NewPCG(1, 2))
			for i := range n {
				at := unproject(g, s.X0+(s.X1-s.X0)*(1.2*r.Float64()-0.1), s.Y0+(s.Y1-s.Y0)*(1.2*r.Float64()-0.1))
				lon[i], lat[i] = at.Lon, at.Lat
			}
			for b.Loop() {
				require.NoError(b, g.Locate(b.Context(), g.key(p), lon, lat, slot))
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/point")
			b.ReportAllocs()
		})
	}
}

func BenchmarkCover(b *testing.B) {
	for _, c := range benchGrids {
		for _, margin := range []float64{0, 1e3, 1e5, -1} {
			name := map[float64]string{0: "point", 1e3: "cap 1 km", 1e5: "cap 100 km", -1: "footprint"}[margin]
			b.Run(c.name+"/"+name, func(b *testing.B) {
				g := gridOf(b, c.config)
				w := g.rectOf(block{0, 0, g.shards[0], g.shards[1]}).Clip(g.domain)
				r := rand.New(rand.NewPCG(1, 2))
				regions := make([]core.Region, 300)
				for i := range regions {
					at := unproject(g, w.X0+r.Float64()*(w.X1-w.X0), w.Y0+r.Float64()*(w.Y1-w.Y0))
					if margin >= 0 {
						regions[i] = core.Region{Polygons: []core.Polygon{{{at}}}, Margin: margin}
					} else {
						regions[i] = core.Region{Polygons: []core.Polygon{{swath(at)}}}
					}
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
				b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/300, "µs/region")
				b.ReportMetric(float64(shards)/300, "shards/region")
			})
		}
	}
}

// swath is 25 degrees of a satellite's track with its width.
func swath(from core.LonLat) []core.LonLat {
	south := math.Max(-88, math.Min(63, from.Lat))
	var ring []core.LonLat
	for i := range 25 {
		ring = append(ring, core.LonLat{Lon: from.Lon + float64(i)/4, Lat: south + float64(i)})
	}
	for i := range 25 {
		ring = append(ring, core.LonLat{Lon: from.Lon + float64(24-i)/4 + 0.1, Lat: south + float64(24-i)})
	}
	return ring
}

func BenchmarkCells(b *testing.B) {
	for _, c := range benchGrids {
		b.Run(c.name, func(b *testing.B) {
			g := gridOf(b, c.config)
			for b.Loop() {
				_, err := g.Cells(b.Context(), "7")
				require.NoError(b, err)
			}
		})
	}
}

func BenchmarkShards(b *testing.B) {
	for _, c := range benchGrids {
		b.Run(c.name, func(b *testing.B) {
			g := gridOf(b, c.config)
			for b.Loop() {
				_, err := g.Shards(b.Context(), []core.ShardKey{"7"})
				require.NoError(b, err)
			}
		})
	}
}
