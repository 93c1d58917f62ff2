package geometry

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
)

// Rings are polygons of the map: counter-clockwise, cut at the antimeridian, closed along a pole that is inside.
func TestOnMap(t *testing.T) {
	ring := func(v ...float64) (r []core.LonLat) {
		for i := 0; i < len(v); i += 2 {
			r = append(r, core.LonLat{Lon: v[i], Lat: v[i+1]})
		}
		return r
	}
	area := func(polygons []core.Polygon) (sum float64) {
		for _, p := range polygons {
			for _, r := range p {
				require.False(t, clockwise(r))
				for i, a := range r {
					b := r[(i+1)%len(r)]
					require.LessOrEqual(t, max(a.Lon, -a.Lon), 180.0)
					sum += (a.Lon*b.Lat - b.Lon*a.Lat) / 2
				}
			}
		}
		return sum
	}
	for name, c := range map[string]struct {
		ring  []core.LonLat
		parts int
		area  float64
	}{
		"plain":        {ring(10, 1, 12, 1, 12, 2, 10, 2), 1, 2},
		"clockwise":    {ring(10, 2, 12, 2, 12, 1, 10, 1), 1, 2},
		"antimeridian": {ring(179, 1, -179, 1, -179, 2, 179, 2), 2, 2},
		"beyond 180":   {ring(179, 1, 181, 1, 181, 2, 179, 2), 2, 2},
		"at a pole":    {ring(0, -90, 30, -89, 45, -88, 15, -89), 1, 0},
		"around pole":  {ring(0, 89, 90, 89, 180, 89, -90, 89), 1, 0},
	} {
		before := append([]core.LonLat{}, c.ring...)
		got := OnMap(c.ring)
		require.Len(t, got, c.parts, name)
		require.Equal(t, before, c.ring, "the ring itself stays")
		if sum := area(got); c.area > 0 {
			require.InDelta(t, c.area, sum, 1e-6, name)
		} else {
			require.Positive(t, sum, name)
		}
	}
}
