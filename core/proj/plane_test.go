package proj

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// Planes of grid mappings as other programs write them are where PROJ 9 has them, to a fifth of a millimetre: New Zealand is on GRS 1980.
func TestPlanesOfOthers(t *testing.T) {
	for name, c := range map[string]struct {
		mapping        string
		lon, lat, x, y float64
	}{
		"EASE-Grid 2.0 north": {`{"grid_mapping_name":"lambert_azimuthal_equal_area","latitude_of_projection_origin":90.0,"longitude_of_projection_origin":0.0}`, 33.3, 71.2, 1147293.9142061807, -1746588.0610262828},
		"EASE-Grid 2.0 south": {`{"grid_mapping_name":"lambert_azimuthal_equal_area","latitude_of_projection_origin":-90.0,"false_easting":0.0}`, -120.5, -66.6, -2235164.659001555, -1316612.6032642066},
		"EASE-Grid 2.0 globe": {`{"grid_mapping_name":"lambert_cylindrical_equal_area","standard_parallel":30.0,"longitude_of_central_meridian":0.0}`, 100.25, -44.4, 9672749.595152374, -5125332.961373888},
		"New Zealand":         {`{"grid_mapping_name":"transverse_mercator","inverse_flattening":298.257222101,"longitude_of_central_meridian":173.0,"false_easting":1600000.0,"false_northing":10000000.0,"scale_factor_at_central_meridian":0.9996}`, 171.5, -43.6, 1478933.1329210077, 5171459.705933161},
		"from 49 degrees":     {`{"grid_mapping_name":"transverse_mercator","latitude_of_projection_origin":49,"longitude_of_central_meridian":-2,"false_easting":400000,"false_northing":-100000,"scale_factor_at_central_meridian":0.9996012717}`, -4.5, 57.5, 250192.75510868995, 848348.3778320098},
		"stereographic":       {`{"grid_mapping_name":"polar_stereographic","latitude_of_projection_origin":90,"standard_parallel":70,"straight_vertical_longitude_from_pole":-45,"false_easting":1000,"false_northing":-2000}`, 33.3, 71.2, 2012603.684721827, -418583.0964404489},
	} {
		t.Run(name, func(t *testing.T) {
			var attrs map[string]any
			require.NoError(t, json.Unmarshal([]byte(c.mapping), &attrs))
			p, err := PlaneOf(attrs)
			require.NoError(t, err)
			out := make([]float64, 4)
			p.Forward([]float64{c.lon}, []float64{c.lat}, out[:1], out[1:2])
			require.InDelta(t, c.x, out[0], 2e-4)
			require.InDelta(t, c.y, out[1], 2e-4)
			p.Inverse(out[:1], out[1:2], out[2:3], out[3:])
			require.InDelta(t, c.lon, out[2], 1e-9)
			require.InDelta(t, c.lat, out[3], 1e-9)
		})
	}
}

// The grid mapping of each system gives that system's plane again.
func TestPlanesOfSystems(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, code := range codes[1:] {
		b, err := json.Marshal(crs(t, code).GridMapping())
		require.NoError(t, err)
		var attrs map[string]any
		require.NoError(t, json.Unmarshal(b, &attrs))
		plane, err := PlaneOf(attrs)
		require.NoError(t, err)
		for range 200 {
			lon, lat := 360*r.Float64()-180, 180*r.Float64()-90
			x, y := forward(crs(t, code).Projection(0), lon, lat)
			out := make([]float64, 2)
			plane.Forward([]float64{lon}, []float64{lat}, out[:1], out[1:])
			if math.IsNaN(x) {
				continue
			}
			require.InDelta(t, x, out[0], 1e-6, code)
			require.InDelta(t, y, out[1], 1e-6, code)
		}
	}
}

func TestPlanesThatAreNotKnown(t *testing.T) {
	for mapping, want := range map[string]string{
		`{}`: "grid_mapping_name",
		`{"grid_mapping_name":"oblique_mercator"}`:                                                                                             "oblique_mercator",
		`{"grid_mapping_name":"polar_stereographic"}`:                                                                                          "latitude_of_projection_origin",
		`{"grid_mapping_name":"polar_stereographic","latitude_of_projection_origin":90,"standard_parallel":-70}`:                               "standard_parallel",
		`{"grid_mapping_name":"polar_stereographic","latitude_of_projection_origin":90,"straight_vertical_longitude_from_pole":"0"}`:           "straight_vertical_longitude_from_pole",
		`{"grid_mapping_name":"transverse_mercator","semi_major_axis":6377563.396}`:                                                            "ellipsoid",
		`{"grid_mapping_name":"lambert_azimuthal_equal_area","latitude_of_projection_origin":52,"longitude_of_projection_origin":10}`:          "poles",
		`{"grid_mapping_name":"lambert_cylindrical_equal_area","earth_radius":6371228}`:                                                        "ellipsoid",
		`{"grid_mapping_name":"transverse_mercator","longitude_of_prime_meridian":2.3372,"longitude_of_central_meridian":3}`:                   "Greenwich",
		`{"grid_mapping_name":"polar_stereographic","latitude_of_projection_origin":-90,"standard_parallel":[-70,-80],"false_easting":"none"}`: "standard_parallel",
	} {
		var attrs map[string]any
		require.NoError(t, json.Unmarshal([]byte(mapping), &attrs))
		_, err := PlaneOf(attrs)
		require.ErrorContains(t, err, want, mapping)
	}
}
