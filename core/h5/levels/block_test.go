package levels

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/sidecar"
	"github.com/englacial/zagg/core/sphere"
)

// track is a great circle, walked from a random place for a while, in either direction, with jumps and rows that name
// no place: over poles and the antimeridian as they come.
func track(rng *rand.Rand, n int) (lon, lat []float64) {
	inclination := rng.Float64() * math.Pi
	switch rng.IntN(4) {
	case 0:
		inclination = math.Pi / 2 // over both poles
	case 1:
		inclination = 92 * math.Pi / 180 // ICESat-2
	}
	node, u, step := rng.Float64()*720-360, rng.Float64()*2*math.Pi, math.Exp(rng.Float64()*8)*1e-6
	for range n {
		s, c := math.Sincos(u)
		x, y, z := c, math.Cos(inclination)*s, math.Sin(inclination)*s
		lon = append(lon, math.Atan2(y, x)*180/math.Pi+node)
		lat = append(lat, math.Asin(max(-1, min(1, z)))*180/math.Pi)
		u += step * (1 + rng.Float64())
		if rng.IntN(200) == 0 {
			u += rng.Float64() * 0.3
		}
	}
	for range rng.IntN(4) {
		lat[rng.IntN(n)] = []float64{math.NaN(), 91, math.Inf(1)}[rng.IntN(3)]
	}
	if rng.IntN(2) == 0 {
		slices.Reverse(lon)
		slices.Reverse(lat)
	}
	return lon, lat
}

// A block never says that it does not meet a region in which one of its rows lies.
func TestBlocksLoseNoRow(t *testing.T) {
	rng := rand.New(rand.NewPCG(11, 12))
	met, missed := 0, 0
	for range 4000 {
		lon, lat := track(rng, 1+rng.IntN(300))
		k := boxOf(lon, lat)
		i := rng.IntN(len(lon))
		if !core.Usable(lon[i], lat[i]) {
			continue
		}
		place := core.LonLat{Lon: lon[i] + 360*float64(rng.IntN(5)-2), Lat: lat[i]}
		region := core.Region{Polygons: []core.Polygon{{{place}}}, Margin: math.Exp(rng.Float64() * 14)}
		box, err := sphere.Bounds(region)
		require.NoError(t, err)
		require.True(t, k.meets(&box), "%+v and the box %+v around its row %v", k, box, place)
		met++

		away := core.Region{Polygons: []core.Polygon{{{{Lon: rng.Float64()*360 - 180, Lat: rng.Float64()*160 - 80}}}}, Margin: 1000}
		box, err = sphere.Bounds(away)
		require.NoError(t, err)
		if !k.meets(&box) {
			missed++
			for j := range lon {
				require.False(t, core.Usable(lon[j], lat[j]) && box.Contains(lon[j], lat[j]))
			}
		}
	}
	require.Positive(t, met)
	require.Greater(t, missed, 1000, "blocks tell regions apart")
}

func TestBoxOfNothing(t *testing.T) {
	world := sphere.World()
	k := boxOf([]float64{math.NaN(), 0}, []float64{0, 95})
	require.False(t, k.meets(&world))
	none := boxOf(nil, nil)
	require.False(t, none.meets(&world))
	all := boxOf([]float64{-180, -60, 60, 180}, []float64{-90, 0, 0, 90})
	require.True(t, all.meets(&world))
}

func FuzzIndex(f *testing.F) {
	x := &index{size: 10, etag: "e", groups: []indexGroup{{name: "gt1l", state: groupPresent, rows: 5, blocks: []block{{1, 2, 3, 4}}}}, means: [][]byte{nil, {1, 2}}, snapshot: []byte{1, 2, 3}}
	data, err := x.encode()
	require.NoError(f, err)
	content, err := sidecar.Open("x", "index", indexMagic, data)
	require.NoError(f, err)
	f.Add(content)
	f.Fuzz(func(t *testing.T, b []byte) {
		full, err := sidecar.Seal(indexMagic, b)
		require.NoError(t, err)
		if x, err := decodeIndex("x", full); err == nil {
			again, err := x.encode()
			require.NoError(t, err)
			y, err := decodeIndex("x", again)
			require.NoError(t, err)
			require.Equal(t, len(x.groups), len(y.groups))
		}
	})
}
