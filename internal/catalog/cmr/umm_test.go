package cmr

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/sphere"
	"github.com/englacial/zagg/internal/catalog"
	"github.com/englacial/zagg/internal/sharedtest"
)

func icesat2() *orbitParameters {
	return &orbitParameters{SwathWidth: 36, SwathWidthUnit: "Kilometer", OrbitPeriod: 94.29, OrbitPeriodUnit: "Decimal Minute", InclinationAngle: 92}
}

func newDecoder(c *Collection) *decoder { return &decoder{collection: c, namer: catalog.NewNamer()} }

// Recorded granules of 2023, whose footprints are orbits. The polygons that CMR drew for them lie inside ours.
func TestRecordedGranules(t *testing.T) {
	for _, name := range []string{"atl03", "atl06", "atl08"} {
		data, err := os.ReadFile(sharedtest.Dir(t, "data", "cmr", name+"_umm.json"))
		require.NoError(t, err)
		var p page
		require.NoError(t, json.Unmarshal(data, &p))
		require.Equal(t, 1, *p.Hits)
		product := strings.ToUpper(name)
		d := newDecoder(&Collection{ID: "C1", ShortName: product, Version: "005", orbit: icesat2()})
		g, concept, err := d.granule(p.Items[0])
		require.NoError(t, err)
		require.Regexp(t, "^G[0-9]+-NSIDC_ECS$", concept)
		require.Regexp(t, "^"+product+"_[0-9_]+_005_01.h5$", g.ID)
		require.Equal(t, "https://n5eil01u.ecs.nsidc.org/", g.Data.HTTPS[:31])
		require.Empty(t, g.Data.S3)
		require.Contains(t, g.Siblings["metadata"].HTTPS, ".iso.xml")
		require.Len(t, g.Siblings, 1)
		require.True(t, g.End.After(g.Start))
		require.NotZero(t, g.RGT)
		require.Zero(t, g.Size, "a size without a unit is no size")

		region, err := sphere.NewRegion(g.Footprint, sphere.GeodeticSpherical)
		require.NoError(t, err)
		for _, v := range recordedPolygon(t, name) {
			require.True(t, region.Contains(sphere.FromLonLat(v.Lon, v.Lat)), "%s: %v", name, v)
		}
		width := 2 * g.Footprint.Margin
		require.InDelta(t, 86e3, width, 1)

		d.collection.orbit = nil
		_, _, err = d.granule(p.Items[0])
		require.ErrorContains(t, err, "no footprint")
		require.ErrorContains(t, err, "SC:"+product)
		d.anywhere = true
		g, _, err = d.granule(p.Items[0])
		require.NoError(t, err)
		require.Empty(t, g.Footprint.Polygons)
	}
}

// recordedPolygon is what the same granule has in CMR's older format.
func recordedPolygon(t *testing.T, name string) []core.LonLat {
	data, err := os.ReadFile(sharedtest.Dir(t, "data", "cmr", name+".json"))
	require.NoError(t, err)
	var feed struct {
		Feed struct {
			Entry []struct{ Polygons [][]string }
		}
	}
	require.NoError(t, json.Unmarshal(data, &feed))
	n, err := numbersOf(feed.Feed.Entry[0].Polygons[0][0])
	require.NoError(t, err)
	var out []core.LonLat
	for i := 0; i+1 < len(n); i += 2 {
		out = append(out, core.LonLat{Lon: n[i+1], Lat: n[i]})
	}
	return out
}

func numbersOf(text string) (out []float64, err error) {
	for _, f := range strings.Fields(text) {
		var v float64
		if _, err = fmt.Sscan(f, &v); err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, nil
}

func TestTrack(t *testing.T) {
	start := track(10, 92, 5657, 0)
	require.InDelta(t, 10, start.Lon, 1e-9)
	require.InDelta(t, 0, start.Lat, 1e-9)
	require.InDelta(t, 88, track(10, 92, 5657, 90).Lat, 1e-9)
	require.InDelta(t, -13.6, track(10, 92, 5657, 360).Lon, 0.1, "the Earth turns 23.6° in a revolution")
	for _, c := range []struct {
		lat       float64
		direction string
		want      float64
	}{{0, "A", 0}, {0, "D", 180}, {89, "A", 90}, {-30, "D", 210.02}, {-30, "A", -30.02}} {
		u, err := phase(c.lat, c.direction, 92)
		require.NoError(t, err)
		require.InDelta(t, c.want, u, 0.01)
	}
	lat := -60.0
	o := &orbit{AscendingCrossing: new(float64), StartLatitude: &lat, StartDirection: "A", EndLatitude: new(float64), EndDirection: "A"}
	r, err := o.region(icesat2())
	require.NoError(t, err)
	require.Len(t, r.Polygons, 2*22, "before the crossing and a revolution later, as both are meant")
	for name, bad := range map[string]orbit{
		"crossing": {StartLatitude: &lat, EndLatitude: &lat}, "direction \"X\"": {new(float64), &lat, "X", &lat, "A"}, "latitude NaN": {new(float64), &lat, "A", nan(), "A"},
	} {
		_, err := bad.region(icesat2())
		require.ErrorContains(t, err, name)
	}
	for _, p := range []orbitParameters{{}, {OrbitPeriod: 94, InclinationAngle: 98, SwathWidth: -1}, {OrbitPeriod: 94, OrbitPeriodUnit: "Fortnight", InclinationAngle: 98}} {
		_, err := o.region(&p)
		require.ErrorContains(t, err, "orbit parameters")
	}
}

func nan() *float64 { v := math.NaN(); return &v }

const granuleHead = `{"meta":{"concept-id":"G1-P"},"umm":{"GranuleUR":"UR1","RelatedUrls":[
 {"URL":"https://h/a/ATL06_20190221121851_08410203_007_01.h5","Type":"GET DATA"},
 {"URL":"s3://b/a/ATL06_20190221121851_08410203_007_01.h5","Type":"GET DATA VIA DIRECT ACCESS"},
 {"URL":"https://h/a/ATL06_20190221121851_08410203_007_01.h5.dmrpp","Type":"EXTENDED METADATA"},
 {"URL":"s3://b/a/x_BRW.jpg","Type":"GET RELATED VISUALIZATION"}],
 "DataGranule":{"ArchiveAndDistributionInformation":[{"Name":"x","Files":[{"Name":"ATL06_20190221121851_08410203_007_01.h5","Size":2,"SizeUnit":"MB"},{"Name":"y","SizeInBytes":7}]}]},`

func TestFootprints(t *testing.T) {
	square := `{"Points":[{"Longitude":0,"Latitude":0},{"Longitude":9,"Latitude":0},{"Longitude":9,"Latitude":9},{"Longitude":0,"Latitude":9},{"Longitude":0,"Latitude":0}]}`
	hole := `{"Points":[{"Longitude":1,"Latitude":1},{"Longitude":1,"Latitude":2},{"Longitude":2,"Latitude":2},{"Longitude":1,"Latitude":1}]}`
	rectangle := `{"WestBoundingCoordinate":170,"EastBoundingCoordinate":-170,"NorthBoundingCoordinate":10,"SouthBoundingCoordinate":-10}`
	ring := []core.LonLat{{Lon: 0, Lat: 0}, {Lon: 9, Lat: 0}, {Lon: 9, Lat: 9}, {Lon: 0, Lat: 9}}
	box := core.Polygon{{{Lon: 170, Lat: -10}, {Lon: 190, Lat: -10}, {Lon: 190, Lat: 10}, {Lon: 170, Lat: 10}}}
	for text, c := range map[string]struct {
		planar bool
		want   core.Region
		err    string
	}{
		`{"GPolygons":[{"Boundary":` + square + `,"ExclusiveZone":{"Boundaries":[` + hole + `]}}]}`: {want: core.Region{Polygons: []core.Polygon{{ring, {{Lon: 1, Lat: 1}, {Lon: 1, Lat: 2}, {Lon: 2, Lat: 2}}}}}},
		`{"GPolygons":[{"Boundary":` + square + `}] }`:                                              {planar: true, want: core.Region{Polygons: []core.Polygon{{ring}}, Planar: true}},
		`{"BoundingRectangles":[` + rectangle + `]}`:                                                {want: core.Region{Polygons: []core.Polygon{box}, Planar: true}},
		`{"Points":[{"Longitude":1,"Latitude":2}]}`:                                                 {want: core.Region{Polygons: []core.Polygon{{{{Lon: 1, Lat: 2}}}}}},
		`{"Lines":[` + hole[:len(hole)-2] + `]}]}`:                                                  {want: core.Region{Polygons: []core.Polygon{{{{Lon: 1, Lat: 1}, {Lon: 1, Lat: 2}}}, {{{Lon: 1, Lat: 2}, {Lon: 2, Lat: 2}}}, {{{Lon: 2, Lat: 2}, {Lon: 1, Lat: 1}}}}}},
		`{"GPolygons":[{"Boundary":{"Points":[]}}]}`:                                                {err: "polygon 0: ring 0 has no vertices"},
		`{"GPolygons":[{"Boundary":{"Points":[{"Longitude":1}]}}]}`:                                 {err: "lacks a coordinate"},
		`{"GPolygons":[{"Boundary":{"Points":[{"Longitude":1,"Latitude":91}]}}]}`:                   {err: "within ±90"},
		`{"GPolygons":"none"}`:                                                                      {err: "do not decode"},
		`{"BoundingRectangles":[{"WestBoundingCoordinate":1}]}`:                                     {err: "rectangle 0 lacks a side"},
		`{"Lines":[{"Points":[]}]}`:                                                                 {err: "line 0"},
		`{}`:                                                                                        {err: "no footprint"},
	} {
		d := newDecoder(&Collection{ID: "C1", ShortName: "ATL06", Version: "007", Planar: c.planar})
		g, _, err := d.granule([]byte(granuleHead + `"SpatialExtent":{"HorizontalSpatialDomain":{"Geometry":` + text + `}}}}`))
		if c.err != "" {
			require.ErrorContains(t, err, c.err, text)
			require.Regexp(t, "UR1|G1-P", err.Error())
			continue
		}
		require.NoError(t, err, text)
		require.Equal(t, c.want, g.Footprint)
		require.Equal(t, "ATL06_20190221121851_08410203_007_01.h5", g.ID)
		require.Equal(t, catalog.Address{S3: "s3://b/a/" + g.ID, HTTPS: "https://h/a/" + g.ID}, g.Data)
		require.Equal(t, []any{int64(2 << 20), 2, 841, "C1", 0}, []any{g.Size, g.Cycle, g.RGT, g.Collection, len(g.Siblings)})
	}

	// A box beside a polygon keeps to its parallels.
	d := newDecoder(&Collection{ID: "C1"})
	g, _, err := d.granule([]byte(granuleHead + `"SpatialExtent":{"HorizontalSpatialDomain":{"Geometry":{"BoundingRectangles":[{"WestBoundingCoordinate":-60,"EastBoundingCoordinate":60,"NorthBoundingCoordinate":70,"SouthBoundingCoordinate":60}],"GPolygons":[{"Boundary":` + square + `}]}}}}}`))
	require.NoError(t, err)
	region, err := sphere.NewRegion(g.Footprint, sphere.AuthalicWGS84)
	require.NoError(t, err)
	for lon := -60.0; lon <= 60; lon += 0.37 {
		for _, lat := range []float64{60, 65, 70} {
			require.True(t, region.Contains(sphere.AuthalicWGS84.Point(lon, lat)))
		}
		require.False(t, region.Contains(sphere.AuthalicWGS84.Point(lon, 70.1)))
	}
}

func TestTimes(t *testing.T) {
	d := newDecoder(&Collection{ID: "C1"})
	d.anywhere = true
	for text, want := range map[string]string{
		`"TemporalExtent":{"SingleDateTime":"2019-02-21T12:18:51Z"}}}`:                                                                     "2019-02-21T12:18:51Z 2019-02-21T12:18:51Z",
		`"TemporalExtent":{"RangeDateTime":{"BeginningDateTime":"2019-02-21T12:18:51.5+01:00","EndingDateTime":"2019-02-21T13:00:00Z"}}}}`: "2019-02-21T11:18:51Z 2019-02-21T13:00:00Z",
		`"TemporalExtent":{}}}`: "2019-02-21T12:18:51Z 0001-01-01T00:00:00Z",
	} {
		g, _, err := d.granule([]byte(granuleHead + text))
		require.NoError(t, err)
		require.Equal(t, want, g.Start.Format(time.RFC3339)+" "+g.End.Format(time.RFC3339))
	}
	_, _, err := d.granule([]byte(granuleHead + `"TemporalExtent":{"SingleDateTime":"yesterday"}}}`))
	require.ErrorContains(t, err, "SingleDateTime")
	_, _, err = d.granule([]byte(`{"meta":{"concept-id":"G7"}}`))
	require.ErrorContains(t, err, "G7")
	_, _, err = d.granule([]byte(`{"meta":{"concept-id":"G7"},"umm":{"GranuleUR":"x"}}`))
	require.ErrorContains(t, err, "no link to a file of data")
}

func FuzzUMM(f *testing.F) {
	f.Add([]byte(granuleHead + `"SpatialExtent":{"HorizontalSpatialDomain":{"Geometry":{"Points":[{"Longitude":1,"Latitude":2}],"Lines":[{"Points":[{"Longitude":1,"Latitude":2}]}]}}}}}`))
	f.Add([]byte(granuleHead + `"SpatialExtent":{"HorizontalSpatialDomain":{"Orbit":{"AscendingCrossing":1,"StartLatitude":2,"StartDirection":"A","EndLatitude":5,"EndDirection":"D"}}}}}`))
	f.Add([]byte(granuleHead + `"SpatialExtent":{"HorizontalSpatialDomain":{"Geometry":{"BoundingRectangles":[{"WestBoundingCoordinate":1,"EastBoundingCoordinate":-3,"NorthBoundingCoordinate":4,"SouthBoundingCoordinate":4}],"GPolygons":[{"Boundary":{"Points":[{"Longitude":1,"Latitude":2}]}}]}}}}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		d := newDecoder(&Collection{ID: "C1", orbit: icesat2()})
		g, _, err := d.granule(data)
		if err != nil {
			return
		}
		require.NotEmpty(t, g.ID)
		require.NotEmpty(t, g.Data.Any())
		require.NotEmpty(t, g.Footprint.Polygons)
		sphere.NewRegion(g.Footprint, sphere.AuthalicWGS84)
	})
}
