package geometry

import (
	"encoding/binary"
	"encoding/hex"
	"math"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/sphere"
	"github.com/englacial/zagg/internal/sharedtest"
)

func square(west, south float64) []core.LonLat {
	return []core.LonLat{{Lon: west, Lat: south}, {Lon: west + 1, Lat: south}, {Lon: west + 1, Lat: south + 1}, {Lon: west, Lat: south + 1}}
}

// polygonsOf are the polygons of shapes with great-circle edges, those without area too.
func polygonsOf(t require.TestingT, shapes []Shape) []core.Polygon {
	region, _, err := Reader{Edges: EdgesGeodesic, Footprint: true}.Region(shapes)
	require.NoError(t, err)
	return region.Polygons
}

func TestGeoJSON(t *testing.T) {
	a, b := core.Polygon{square(0, 0)}, core.Polygon{square(5, 5)}
	const ringA, ringB = `[[0,0],[1,0],[1,1],[0,1],[0,0]]`, `[[5,5],[6,5],[6,6],[5,6]]`
	for text, want := range map[string][]core.Polygon{
		`null`: nil,
		`{"type":"Polygon","coordinates":[` + ringA + `]}`:                                              {a},
		`{"type":"Polygon","coordinates":[` + ringA + `,` + ringB + `]}`:                                {{a[0], b[0]}},
		`{"type":"MultiPolygon","coordinates":[[` + ringA + `],[` + ringB + `]]}`:                       {a, b},
		`{"type":"Feature","geometry":{"type":"Point","coordinates":[7,8,900]}}`:                        {{{{Lon: 7, Lat: 8}}}},
		`{"type":"Feature","geometry":null}`:                                                            nil,
		`{"type":"LineString","coordinates":[[1,2],[3,4],[3,4],[5,6]]}`:                                 {{{{Lon: 1, Lat: 2}, {Lon: 3, Lat: 4}}}, {{{Lon: 3, Lat: 4}, {Lon: 5, Lat: 6}}}},
		`{"type":"MultiPoint","coordinates":[[1,2],[3,4]]}`:                                             {{{{Lon: 1, Lat: 2}}}, {{{Lon: 3, Lat: 4}}}},
		`{"type":"MultiLineString","coordinates":[[[1,2],[3,4]]]}`:                                      {{{{Lon: 1, Lat: 2}, {Lon: 3, Lat: 4}}}},
		`{"type":"Polygon","coordinates":[[[1,2],[3,4],[1,2]]]}`:                                        {{{{Lon: 1, Lat: 2}, {Lon: 3, Lat: 4}}}},
		`{"type":"Polygon","coordinates":[` + ringA + `,[[0,0],[0.5,0.5],[0,0]]]}`:                      {a},
		`{"type":"GeometryCollection","geometries":[{"type":"Polygon","coordinates":[` + ringA + `]}]}`: {a},
		`{"type":"FeatureCollection","crs":{"properties":{"name":"urn:ogc:def:crs:OGC:1.3:CRS84"}},"features":[{"type":"Feature","geometry":{"type":"Polygon","coordinates":[` + ringA + `]}},
		  {"type":"Feature","geometry":{"type":"Polygon","coordinates":[` + ringB + `]}}]}`: {a, b},
	} {
		got, err := ParseGeoJSON([]byte(text))
		require.NoError(t, err, text)
		require.Equal(t, want, polygonsOf(t, got), text)
	}
	for text, want := range map[string]string{
		`{"type":"Polygon","coordinates":[[[1,null],[2,2],[3,3]]]}`:          "null",
		`{"type":"Point","coordinates":[null,null]}`:                         "null",
		`{"type":"Polygon","coordinates":[[[1,1],null,[3,3]]]}`:              "null",
		`{"type":"Polygon","coordinates":[null]}`:                            "ring 0 has no vertices",
		`{"type":"MultiPolygon","coordinates":[[[[0,0],[1,0],[1,1]]],null]}`: "polygon 1: a polygon has no rings",
		``:                                      "GeoJSON",
		`[1]`:                                   "GeoJSON",
		`{"type":"Blob"}`:                       `"Blob"`,
		`{"type":"Polygon"}`:                    "no coordinates",
		`{"type":"Polygon","coordinates":[]}`:   "no rings",
		`{"type":"Polygon","coordinates":[[]]}`: "ring 0 has no vertices",
		`{"type":"Polygon","coordinates":[[[1]]]}`:                 "1 numbers",
		`{"type":"Polygon","coordinates":[[[1,"a"]]]}`:             "Polygon",
		`{"type":"Polygon","coordinates":[[[0,0],[10,91],[1,1]]]}`: "ring 0: vertex 1",
		`{"type":"FeatureCollection","features":[]}`:               "no feature",
		`{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"name":"Totten"},"geometry":{"type":"Polygon","coordinates":[[[0,0],[200,95]]]}}]}`: "feature 0 (Totten)",
		`{"type":"Point","coordinates":[1,2],"crs":{"properties":{"name":"EPSG:3031"}}}`:                                                                             "EPSG:3031",
		strings.Repeat(`{"type":"GeometryCollection","geometries":[`, 20) + strings.Repeat("]}", 20):                                                                 "nested",
	} {
		_, err := ParseGeoJSON([]byte(text))
		require.ErrorContains(t, err, want, text)
	}
}

func TestWKT(t *testing.T) {
	hole := []core.LonLat{{Lon: 0.2, Lat: 0.2}, {Lon: 0.4, Lat: 0.2}, {Lon: 0.4, Lat: 0.4}}
	for text, want := range map[string][]core.Polygon{
		"POINT (30 10)":                      {{{{Lon: 30, Lat: 10}}}},
		"polygon((0 0, 1 0, 1 1, 0 1, 0 0))": {{square(0, 0)}},
		"SRID=4326;POLYGON Z ((0 0 5, 1 0 5, 1 1 5, 0 1 5, 0 0 5))":         {{square(0, 0)}},
		"POLYGONZM((0 0 1 2,1 0 1 2,1 1 1 2,0 1 1 2))":                      {{square(0, 0)}},
		"POLYGON((0 0,1 0,1 1,0 1,0 0),(0.2 0.2,0.4 0.2,4e-1 .4,0.2 0.2))":  {{square(0, 0), hole}},
		"MULTIPOLYGON(((0 0,1 0,1 1,0 1,0 0)),((5 5,6 5,6 6,5 6,5 5)))":     {{square(0, 0)}, {square(5, 5)}},
		"MULTIPOINT((1 2),(3 4))":                                           {{{{Lon: 1, Lat: 2}}}, {{{Lon: 3, Lat: 4}}}},
		"MULTIPOINT(1 2,3 4)":                                               {{{{Lon: 1, Lat: 2}}}, {{{Lon: 3, Lat: 4}}}},
		"LINESTRING M (1 2 0, 3 4 0)":                                       {{{{Lon: 1, Lat: 2}, {Lon: 3, Lat: 4}}}},
		"MULTILINESTRING((1 2, 3 4))":                                       {{{{Lon: 1, Lat: 2}, {Lon: 3, Lat: 4}}}},
		"GEOMETRYCOLLECTION(POINT(1 2), POLYGON((0 0,1 0,1 1,0 1,0 0))) \n": {{{{Lon: 1, Lat: 2}}}, {square(0, 0)}},
		"POLYGON EMPTY": nil, "POLYGON Z EMPTY": nil, "GEOMETRYCOLLECTION EMPTY": nil,
	} {
		got, err := ParseWKT(text)
		require.NoError(t, err, text)
		require.Equal(t, want, polygonsOf(t, got), text)
	}
	for text, want := range map[string]string{
		"": "not a geometry", "CIRCLE(1 2)": "CIRCLE", "POINT(1)": "1 numbers", "POINT(1 2": "want ')'", "POINT(1 2) x": "follows",
		"POINT(1 95)": "within ±90", "SRID=3031;POINT(1 2)": "SRID=3031", "POLYGON((0 0,1 x))": "1 numbers", "POLYGON(())": "0 numbers",
		"POLYGON": "want '('", strings.Repeat("GEOMETRYCOLLECTION(", 20) + "POINT(1 2)": "nested",
	} {
		_, err := ParseWKT(text)
		require.ErrorContains(t, err, want, text)
		require.ErrorContains(t, err, "WKT", text)
	}
}

func TestWKBRoundTrip(t *testing.T) {
	for _, polygons := range [][]core.Polygon{
		{{square(0, 0)}}, {{square(0, 0), square(0.2, 0.2)}}, {{square(0, 0)}, {square(5, 5)}}, {{{{Lon: 1, Lat: 2}}}}, {{{{Lon: 1, Lat: 2}, {Lon: 3, Lat: 4}}}},
		{{{{Lon: 1, Lat: 2}}}, {square(5, 5)}, {{{Lon: 1, Lat: 2}, {Lon: 3, Lat: 4}}}}, {{{{Lon: 1, Lat: 2}}}, {{{Lon: 1, Lat: 3}}}}, nil,
	} {
		got, err := ParseWKB(AppendWKB(nil, polygons))
		require.NoError(t, err)
		require.Equal(t, polygons, polygonsOf(t, got))
	}
}

func TestWKB(t *testing.T) {
	for text, want := range map[string][]core.Polygon{
		"0101000000000000000000f03f0000000000000040":                 {{{{Lon: 1, Lat: 2}}}},
		"00000000013ff00000000000004000000000000000":                 {{{{Lon: 1, Lat: 2}}}},
		"0101000080000000000000f03f00000000000000400000000000000840": {{{{Lon: 1, Lat: 2}}}}, // PostGIS's Z
		"01e9030000000000000000f03f00000000000000400000000000000840": {{{{Lon: 1, Lat: 2}}}}, // ISO's Z
		"0101000020e6100000000000000000f03f0000000000000040":         {{{{Lon: 1, Lat: 2}}}}, // SRID 4326
		"0101000000000000000000f87f000000000000f87f":                 nil,                    // POINT EMPTY
		"010300000000000000": nil,
	} {
		b, err := hex.DecodeString(text)
		require.NoError(t, err)
		got, err := ParseWKB(b)
		require.NoError(t, err, text)
		require.Equal(t, want, polygonsOf(t, got), text)
		_, err = ParseWKB(append(b, 0))
		require.ErrorContains(t, err, "follow")
		_, err = ParseWKB(b[:len(b)-1])
		require.Error(t, err)
	}
	for text, want := range map[string]string{
		"": "byte 0", "02": "byte order 2", "0163000000": "kind 99", "010300000001000000ffffffff": "4294967295 items",
		"0101000020d70b0000000000000000f03f0000000000000040": "EPSG:3031", "0107000000ffffffff": "4294967295 items",
	} {
		b, err := hex.DecodeString(text)
		require.NoError(t, err)
		_, err = ParseWKB(b)
		require.ErrorContains(t, err, want, text)
	}
}

func TestBox(t *testing.T) {
	r, err := Box(170, -10, -170, 10)
	require.NoError(t, err)
	require.True(t, r.Planar)
	require.Equal(t, core.LonLat{Lon: 190, Lat: -10}, r.Polygons[0][0][1])
	for _, b := range [][4]float64{{0, 10, 1, -10}, {-400, 0, 400, 1}, {0, -91, 1, 1}, {math.NaN(), 0, 1, 1}} {
		_, err := Box(b[0], b[1], b[2], b[3])
		require.Error(t, err)
	}
	require.Equal(t, [4]float64{0, 0, 1, 1}, Bounds([]core.Polygon{{square(0, 0)}}))
}

func TestPublishedAreas(t *testing.T) {
	for name, n := range map[string]int{"AOP_NEON.geojson": 1, "antarctic_88s.geojson": 8} {
		data, err := os.ReadFile(sharedtest.Dir(t, "data", "zagg", name))
		require.NoError(t, err)
		p, err := ParseGeoJSON(data)
		require.NoError(t, err)
		region, readings, err := Reader{}.Region(p)
		require.NoError(t, err)
		require.Len(t, region.Polygons, n)
		require.Equal(t, name == "antarctic_88s.geojson", region.Planar, "sectors along meridians and parallels")
		require.Nil(t, region.Straight)
		for i := range readings {
			require.Empty(t, readings[i].Warning())
		}
	}
}

// useAll reads shapes in every way; what is read can be compiled and written.
func useAll(t *testing.T, shapes []Shape) {
	for _, edges := range []Edges{EdgesAuto, EdgesGeodesic, EdgesPlanar} {
		for _, footprint := range []bool{false, true} {
			copied := make([]Shape, len(shapes))
			for i, s := range shapes {
				copied[i] = s
				copied[i].Rings = nil
				for _, r := range s.Rings {
					copied[i].Rings = append(copied[i].Rings, slices.Clone(r))
				}
			}
			region, readings, err := Reader{Edges: edges, Footprint: footprint}.Region(copied)
			if err != nil {
				continue
			}
			AppendWKB(nil, region.Polygons)
			for i := range readings {
				readings[i].Warning()
			}
			if !footprint {
				_, err = sphere.NewRegion(region, sphere.AuthalicWGS84)
				require.NoError(t, err)
			}
		}
	}
}

func FuzzWKB(f *testing.F) {
	f.Add(AppendWKB(nil, []core.Polygon{{square(0, 0), square(1, 1)}, {square(5, 5)}}))
	f.Add(AppendWKB(nil, []core.Polygon{{{{Lon: 1, Lat: 2}}}, {square(5, 5)}}))
	f.Add(binary.BigEndian.AppendUint32([]byte{0}, 1007))
	f.Fuzz(func(t *testing.T, data []byte) {
		shapes, err := ParseWKB(data)
		if err != nil {
			return
		}
		region, _, err := Reader{Edges: EdgesGeodesic, Footprint: true}.Region(shapes)
		if err != nil {
			return
		}
		again, err := ParseWKB(AppendWKB(nil, region.Polygons))
		require.NoError(t, err)
		require.Equal(t, region.Polygons, polygonsOf(t, again))
	})
}

func FuzzWKT(f *testing.F) {
	f.Add("SRID=4326;MULTIPOLYGON Z (((0 0 1,1 0 1,1 1 1)),((5 5 1,6 5 1,6 6 1)))")
	f.Add("GEOMETRYCOLLECTION(POINT(1 2),LINESTRING EMPTY)")
	f.Fuzz(func(t *testing.T, text string) {
		if shapes, err := ParseWKT(text); err == nil {
			useAll(t, shapes)
		}
	})
}

func FuzzGeoJSON(f *testing.F) {
	f.Add([]byte(`{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"name":"a"},"geometry":{"type":"MultiPolygon","coordinates":[[[[0,0],[1,0],[1,1]]]]}}]}`))
	f.Add([]byte(`{"type":"GeometryCollection","geometries":[{"type":"LineString","coordinates":[[1,2],[3,4,5]]}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		if shapes, err := ParseGeoJSON(data); err == nil {
			useAll(t, shapes)
		}
	})
}
