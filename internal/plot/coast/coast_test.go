package coast

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

// The lines are on the Earth, without leaps, and known coasts are where they should be.
func TestLines(t *testing.T) {
	lines, err := Lines()
	require.NoError(t, err)
	require.Greater(t, len(lines), 1000)
	nearest := func(lon, lat float64) float64 {
		best := math.Inf(1)
		for _, line := range lines {
			for _, p := range line {
				best = min(best, math.Hypot((p.Lon-lon)*math.Cos(lat*math.Pi/180), p.Lat-lat))
			}
		}
		return best
	}
	for _, line := range lines {
		require.GreaterOrEqual(t, len(line), 2)
		for i, p := range line {
			require.LessOrEqual(t, math.Abs(p.Lon), 180.0)
			require.LessOrEqual(t, math.Abs(p.Lat), 90.0)
			if i > 0 {
				require.Less(t, math.Abs(p.Lon-line[i-1].Lon), 30.0, "%v %v", line[i-1], p)
			}
		}
	}
	for name, at := range map[string][2]float64{
		"Land's End": {-5.7, 50.07}, "Cape Agulhas": {20.0, -34.83}, "Cape Farewell": {-43.9, 59.8}, "Hut Point, Ross Island": {166.6, -77.85}, "Cape Horn": {-67.3, -55.98},
	} {
		require.Less(t, nearest(at[0], at[1]), 0.6, name)
	}
}
