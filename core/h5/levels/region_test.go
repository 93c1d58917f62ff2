package levels_test

import (
	"math"
	"math/rand/v2"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/sphere"
)

func address(b []byte) uintptr { return uintptr(unsafe.Pointer(unsafe.SliceData(b))) }

// A read of a region gives every row inside it, in file order, and only rows of the granule.
func TestRegionLosesNoRow(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	l := sampleLayout()
	emitted, all := 0, 0
	for _, g := range samples(t)[2:6] {
		every := read(t, l, g, core.Query{Columns: []string{"h"}}).rows
		for range 8 {
			region := randomRegion(rng, every)
			r := read(t, l, g, core.Query{Region: region, Columns: []string{"h"}, Rows: 1 + rng.IntN(300)})
			require.Equal(t, int64(len(every)), r.stats.Rows)
			requireInOrder(t, every, r.rows)
			got := map[row]bool{}
			for _, x := range r.rows {
				got[x] = true
			}
			for _, latitude := range []sphere.Latitude{sphere.AuthalicWGS84, sphere.GeodeticSpherical} {
				s, err := sphere.NewRegion(region, latitude)
				require.NoError(t, err)
				for i, x := range every { // all at the ends of what was emitted, some of the others
					border := i > 0 && got[every[i-1]] || i+1 < len(every) && got[every[i+1]]
					if !got[x] && (border || rng.IntN(6) == 0) {
						require.False(t, s.Contains(latitude.Point(x.lon, x.lat)), "%v loses %v", region, x)
					}
				}
			}
			emitted, all = emitted+len(r.rows), all+len(every)
		}
	}
	t.Logf("%d of %d rows emitted", emitted, all)
	require.NotZero(t, emitted)
	require.Less(t, emitted, all, "regions narrow what is read")
}

// requireInOrder checks that some rows are a subsequence of all.
func requireInOrder(t *testing.T, all, some []row) {
	at := 0
	for _, x := range some {
		for at < len(all) && all[at] != x {
			at++
		}
		require.Less(t, at, len(all), "row %v is not in file order or not in the file", x)
		at++
	}
}

// randomRegion is a cap, a swath, a box or a polygon somewhere near a granule's rows, of any size up to the whole Earth.
func randomRegion(rng *rand.Rand, rows []row) core.Region {
	at := rows[rng.IntN(len(rows))]
	size := math.Exp(rng.Float64()*14) / 1e4 // degrees: 1e-4 to 120
	near := func() core.LonLat {
		return core.LonLat{Lon: at.lon + (rng.Float64()-0.5)*size*4 + 360*float64(rng.IntN(3)-1), Lat: max(-90, min(90, at.lat+(rng.Float64()-0.5)*size))}
	}
	switch rng.IntN(4) {
	case 0:
		return core.Region{Polygons: []core.Polygon{{{near()}}}, Margin: size * 111e3 * rng.Float64()}
	case 1:
		return core.Region{Polygons: []core.Polygon{{{near(), near()}}}, Margin: size * 1e4}
	case 2:
		a := near()
		w, h := math.Min(rng.Float64()*size*4, 359), rng.Float64()*size
		top := min(a.Lat+h, 90)
		return core.Region{Planar: true, Polygons: []core.Polygon{{{a, {Lon: a.Lon + w, Lat: a.Lat}, {Lon: a.Lon + w, Lat: top}, {Lon: a.Lon, Lat: top}}}}}
	}
	return core.Region{Polygons: []core.Polygon{{{near(), near(), near()}}, {{near()}}}, Margin: size * 100 * rng.Float64()}
}

func TestRegionFarAway(t *testing.T) {
	g := samples(t)[0]
	for name, p := range map[string]core.LonLat{"latitude": {Lon: 160, Lat: 50}, "longitude": {Lon: -20, Lat: -81}} {
		r := read(t, sampleLayout(), g, core.Query{Region: core.Region{Polygons: []core.Polygon{{{p}}}, Margin: 1000}, Columns: []string{"h"},
			Filters: []core.Filter{{Column: "q", Op: core.OpEq, Values: values("0")}}})
		require.Empty(t, r.rows, name)
		require.Equal(t, core.ReadStats{Rows: 4576}, r.stats, name)
	}
}
