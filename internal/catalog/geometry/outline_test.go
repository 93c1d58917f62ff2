package geometry

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
)

// pieces are the polygons of a ring's outline.
func pieces(t *testing.T, planar bool, rings ...[]core.LonLat) [][][]xy {
	g := OutlineGeoJSON(&core.Region{Polygons: []core.Polygon{rings}, Planar: planar})
	list, multi := g.Coordinates.([][][]xy)
	if multi && g.Type == "MultiPolygon" {
		return list
	}
	one, ok := g.Coordinates.([][]xy)
	require.True(t, ok)
	require.Equal(t, "Polygon", g.Type)
	return [][][]xy{one}
}

// flatArea is the area of pieces in square degrees, and checks that they are valid and on the map.
func flatArea(t *testing.T, list [][][]xy) float64 {
	area := 0.0
	for _, polygon := range list {
		for k, r := range polygon {
			require.Equal(t, r[0], r[len(r)-1])
			require.Positive(t, map[bool]float64{true: 1, false: -1}[k == 0]*twiceArea(r[:len(r)-1]), "winding")
			area += twiceArea(r[:len(r)-1]) / 2
			requireSimple(t, r)
		}
	}
	return area
}

// requireSimple checks that no two edges of a closed ring cross or touch but at common vertices.
func requireSimple(t *testing.T, r []xy) {
	side := func(a, b, c xy) float64 { return (b[0]-a[0])*(c[1]-a[1]) - (b[1]-a[1])*(c[0]-a[0]) }
	for i := range r[:len(r)-1] {
		require.LessOrEqual(t, math.Abs(r[i][0]), 180.0)
		for k := i + 2; k < len(r)-1; k++ {
			if i == 0 && k == len(r)-2 {
				continue
			}
			a, b, c, d := r[i], r[i+1], r[k], r[k+1]
			crossing := side(a, b, c)*side(a, b, d) <= 0 && side(c, d, a)*side(c, d, b) <= 0 && max(min(a[0], b[0]), min(c[0], d[0])) <= min(max(a[0], b[0]), max(c[0], d[0])) &&
				max(min(a[1], b[1]), min(c[1], d[1])) <= min(max(a[1], b[1]), max(c[1], d[1]))
			require.False(t, crossing, "edges %v-%v and %v-%v of %v", a, b, c, d, r)
		}
	}
}

// Outlines are cut at the antimeridian, around a pole closed along it.
func TestOutlines(t *testing.T) {
	require.Equal(t, [][][]xy{{{{0, 0}, {1, 0}, {1, 1}, {0, 0}}}}, pieces(t, false, ringOf(0, 0, 1, 0, 1, 1)))
	for name, c := range map[string]struct {
		planar bool
		rings  [][]core.LonLat
		pieces int
		area   float64
	}{
		"across":                     {false, [][]core.LonLat{ringOf(179, 0, -179, 0, -179, 2, 179, 2)}, 2, 4},
		"a planar box across":        {true, [][]core.LonLat{ringOf(170, 0, 190, 0, 190, 2, 170, 2)}, 2, 40},
		"at the antimeridian":        {false, [][]core.LonLat{ringOf(170, 0, 180, 0, 180, 2, 170, 2)}, 1, 20},
		"the world":                  {true, [][]core.LonLat{ringOf(-180, -90, 180, -90, 180, 90, -180, 90)}, 1, 64800},
		"the world from 20":          {true, [][]core.LonLat{ringOf(20, -90, 380, -90, 380, 90, 20, 90)}, 2, 64800},
		"with a hole":                {true, [][]core.LonLat{ringOf(170, 0, 190, 0, 190, 20, 170, 20), ringOf(175, 5, 178, 5, 178, 8, 175, 8)}, 2, 391},
		"with a hole across":         {true, [][]core.LonLat{ringOf(170, 0, 190, 0, 190, 20, 170, 20), ringOf(175, 5, 185, 5, 185, 15, 175, 15)}, 2, 300},
		"in and out at 180":          {true, [][]core.LonLat{ringOf(170, 0, 190, 0, 190, 4, 175, 4, 175, 6, 190, 6, 190, 10, 170, 10)}, 3, 170},
		"a corner at the pole":       {false, [][]core.LonLat{ringOf(170, 80, 180, 80, -170, 80, 0, 90)}, 2, 200},
		"a side over the pole":       {false, [][]core.LonLat{ringOf(-60, 80, 0, 80, 60, 80, 120, 80)}, 1, 1800},
		"a side over the south pole": {false, [][]core.LonLat{ringOf(150, -80, -150, -80, -90, -80, -30, -80)}, 2, 1800},
	} {
		for spelling, r := range spellings(c.rings[0]) {
			if spelling == "closed" || spelling == "each vertex twice" {
				continue // outlines are neither
			}
			got := pieces(t, c.planar, append([][]core.LonLat{r}, c.rings[1:]...)...)
			require.Len(t, got, c.pieces, "%s, %s", name, spelling)
			require.InDelta(t, c.area, flatArea(t, got), c.area*0.15, "%s, %s", name, spelling) // great circles bow
		}
	}
	for _, lat := range []float64{80, -80} {
		for _, lon := range []float64{0, 100, 170, 180, -180, -120} {
			cap := pieces(t, false, ringOf(lon, lat, lon+90, lat, lon+180, lat, lon+270, lat))
			require.Len(t, cap, 1, "one piece: parts of a polygon share no side")
			require.Greater(t, 3601.0, flatArea(t, cap))
			require.Less(t, 2500.0, flatArea(t, cap), "great circles of a quarter turn bow to the pole")
		}
	}
}
