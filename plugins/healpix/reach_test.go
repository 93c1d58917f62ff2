package healpix

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/sphere"
)

// Points along a track lie where they lie by themselves, however near they are to each other, to borders, to a pole or to the antimeridian.
func TestTracksAreLocatedPointByPoint(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	limit := sphere.Geodetic(bandLimit)
	starts := []core.LonLat{{Lon: 0, Lat: 89.9999}, {Lon: 180, Lat: -87}, {Lon: -180, Lat: 12}, {Lon: 359.9999, Lat: 50}, {Lon: 90, Lat: limit}, {Lon: 45, Lat: -limit}, {Lon: 270, Lat: 0}, {Lon: -360, Lat: -60}}
	for round := range 60 {
		order := 4 + rng.IntN(16)
		g := newGrid(Config{ParentOrder: order - 3, ChunkInner: order, ChildOrder: order})
		cell := 60 / float64(uint64(1)<<order) // degrees, about
		at := starts[round%len(starts)]
		if round >= 2*len(starts) {
			at = core.LonLat{Lon: 720*rng.Float64() - 360, Lat: 180*rng.Float64() - 90}
		}
		const n = 2000
		lon, lat := make([]float64, n), make([]float64, n)
		step := cell * math.Pow(10, -4*rng.Float64())
		for i := range n {
			lon[i], lat[i] = at.Lon, max(-90, min(at.Lat, 90))
			at.Lon += step * rng.NormFloat64() / max(math.Cos(at.Lat*radian), 1e-3)
			at.Lat += step * (rng.NormFloat64() + 0.3)
			if rng.IntN(500) == 0 {
				lat[i] = []float64{math.NaN(), 91, math.Inf(-1)}[rng.IntN(3)]
			}
		}
		var keys []core.ShardKey
		known := map[core.ShardKey]bool{}
		for i := range lon {
			if !core.Usable(lon[i], lat[i]) {
				continue
			}
			if key := g.shardOf(lon[i], lat[i]); !known[key] && len(keys) < 20 {
				keys, known[key] = append(keys, key), true
			}
		}
		require.NotEmpty(t, keys)
		shard, slot := make([]int32, n), make([]int32, n)
		require.NoError(t, g.LocateIn(t.Context(), keys, lon, lat, shard, slot))
		one := make([]int32, n)
		require.NoError(t, g.Locate(t.Context(), keys[0], lon, lat, one))
		for i := range lon {
			a, b, c := []int32{0}, []int32{0}, []int32{0}
			require.NoError(t, g.LocateIn(t.Context(), keys, lon[i:i+1], lat[i:i+1], a, b))
			require.Equal(t, [2]int32{a[0], b[0]}, [2]int32{shard[i], slot[i]}, "%v %v of order %d", lon[i], lat[i], order)
			require.NoError(t, g.Locate(t.Context(), keys[0], lon[i:i+1], lat[i:i+1], c))
			require.Equal(t, c[0], one[i], "%v %v of order %d", lon[i], lat[i], order)
		}
	}
}
