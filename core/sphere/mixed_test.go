package sphere

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
)

// A ring of one kind of edges says nothing about another's.
func TestMixedEdges(t *testing.T) {
	great := core.Polygon{{{Lon: -60, Lat: 60}, {Lon: -50, Lat: 40}, {Lon: 50, Lat: 40}, {Lon: 60, Lat: 60}}}
	flat := core.Polygon{{{Lon: -60, Lat: -60}, {Lon: 60, Lat: -60}, {Lon: 60, Lat: -40}, {Lon: -60, Lat: -40}}, {{Lon: -20, Lat: -50}, {Lon: 20, Lat: -50}, {Lon: 0, Lat: -45}}}
	line, point := core.Polygon{{{Lon: 100, Lat: 60}, {Lon: 160, Lat: 60}}}, core.Polygon{{{Lon: 120, Lat: 0}}}
	for _, latitude := range []Latitude{AuthalicWGS84, GeodeticSpherical} {
		r, err := NewRegion(core.Region{Polygons: []core.Polygon{line, great, flat, point}, Straight: []bool{true, false, true, false, true}}, latitude)
		require.NoError(t, err)
		for _, c := range []struct {
			lon, lat float64
			in       bool
			why      string
		}{
			{0, 73, true, "a great circle bows to the pole"}, {0, 30, false, "and so does the other"}, {0, 61, true, "inside"},
			{0, -59.9, true, "a parallel does not"}, {0, -60.1, false, "a parallel does not"}, {0, -40.1, true, "nor the other"},
			{0, -47, false, "a hole"}, {0, -50.5, false, "its great circle bows to the pole"}, {19, -51, true, "beside the hole"},
			{130, 60, true, "a line along a parallel"}, {130, 62, false, "not its great circle"}, {120, 0, true, "a point"},
		} {
			p := latitude.Point(c.lon, c.lat)
			require.Equal(t, c.in, r.Contains(p), "%v %v: %s", c.lon, c.lat, c.why)
			if c.in {
				require.NotEqual(t, Apart, r.Relate(Cap{p, 1e-3}), c.why)
			} else {
				require.NotEqual(t, Covers, r.Relate(Cap{p, 1e-3}), c.why)
			}
		}
	}
	box, err := Bounds(core.Region{Polygons: []core.Polygon{great, flat}, Straight: []bool{false, true, false}})
	require.NoError(t, err)
	require.InDelta(t, -60, box.South, 1e-4)
	require.InDelta(t, 73.9, box.North, 0.1)

	for _, bad := range []core.Region{
		{Polygons: []core.Polygon{great, flat}, Straight: []bool{true, false}},
		{Polygons: []core.Polygon{great}, Straight: []bool{true}, Oriented: true},
	} {
		_, err := NewRegion(bad, AuthalicWGS84)
		require.Equal(t, core.Invalid, core.CodeOf(err))
	}
}

func TestEnclose(t *testing.T) {
	octant := []core.LonLat{{Lon: 0, Lat: 0}, {Lon: 90, Lat: 0}, {Lon: 0, Lat: 90}}
	in, err := Enclose(octant, GeodeticSpherical)
	require.NoError(t, err)
	require.InDelta(t, 1.5707963, in.Area, 1e-6)
	cap := []core.LonLat{{Lon: 0, Lat: -70}, {Lon: -90, Lat: -70}, {Lon: 180, Lat: -70}, {Lon: 90, Lat: -70}}
	in, err = Enclose(cap, AuthalicWGS84)
	require.NoError(t, err)
	require.Equal(t, []bool{false, true}, []bool{in.North, in.South})
	for _, line := range [][]core.LonLat{{{Lon: 1, Lat: 2}}, {{Lon: 1, Lat: 2}, {Lon: 3, Lat: 4}}, {{Lon: 0, Lat: 0}, {Lon: 10, Lat: 0}, {Lon: 20, Lat: 0}}, {{Lon: 5, Lat: 10}, {Lon: 5, Lat: 20}, {Lon: 5, Lat: 35}, {Lon: 5, Lat: 30}}} {
		in, err = Enclose(line, AuthalicWGS84)
		require.NoError(t, err)
		require.Zero(t, in.Area)
	}
	_, err = Enclose([]core.LonLat{{Lon: 0, Lat: 10}, {Lon: 180, Lat: -10}, {Lon: 90, Lat: 30}}, GeodeticSpherical)
	require.ErrorContains(t, err, "opposite")
}
