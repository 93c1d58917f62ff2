package stored

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
)

// Corners of small cells of longitude and latitude are where they should be, also at the borders of a shard and beside void
// cells.
func TestCorners(t *testing.T) {
	const rows, cols = 3, 4
	var lon, lat []float64
	for i := range rows * cols {
		lon, lat = append(lon, 20+0.01*float64(i%cols)), append(lat, 70-0.02*float64(i/cols))
	}
	for i := 2 * cols; i < rows*cols; i++ {
		lon[i], lat[i] = math.NaN(), math.NaN()
	}
	dims := []core.Dim{{Shard: rows}, {Shard: cols}}
	corner := cornersOf(dims, lon, lat)
	for i := range lon {
		if math.IsNaN(lon[i]) {
			continue
		}
		west, south := 10.0+20, 90.0
		east, north := -west, -south
		for _, c := range corner(i) {
			west, east, south, north = min(west, c.Lon), max(east, c.Lon), min(south, c.Lat), max(north, c.Lat)
		}
		want := []float64{lon[i] - 0.005, lon[i] + 0.005, lat[i] - 0.01, lat[i] + 0.01}
		require.InDeltaSlice(t, want, []float64{west, east, south, north}, 2e-5, i)
	}
	require.Nil(t, cornersOf(dims[:1], lon, lat))
	require.Nil(t, cornersOf([]core.Dim{{Shard: 1}, {Shard: 12}}, lon, lat))
}
