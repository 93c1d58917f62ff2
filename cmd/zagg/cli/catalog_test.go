package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/catalog"
	"github.com/englacial/zagg/internal/catalog/cmrtest"
	"github.com/englacial/zagg/internal/catalog/geoparquet"
	"github.com/englacial/zagg/internal/shardmap"
	"github.com/englacial/zagg/internal/shardmap/mapview"
	"github.com/englacial/zagg/internal/sharedtest"
)

// tracks is a CMR with granules along random tracks around Greenland, one every six hours.
func tracks(t *testing.T, n int) *cmrtest.Server {
	s := cmrtest.New(t)
	s.Collections = []cmrtest.Collection{{ID: "C1-P", ShortName: "ATL06", Version: "007", Provider: "NSIDC_CPRD", Representation: "GEODETIC"}}
	for i := range n {
		id := fmt.Sprintf("ATL06_20240101000000_%04d2203_007_01.h5", i)
		start := time.Date(2024, 1, 6, 0, 0, 0, 0, time.UTC).Add(time.Duration(i) * 6 * time.Hour)
		lon := -70 + float64(i*37%60)
		s.Granules = append(s.Granules, &catalog.Entry{Granule: core.Granule{ID: id, Size: 10, Start: start, End: start.Add(5 * time.Minute)}, Collection: "C1-P", Data: catalog.Address{S3: "s3://b/" + id, HTTPS: "https://h/" + id},
			Footprint: core.Region{Polygons: []core.Polygon{{{{Lon: lon, Lat: 60}, {Lon: lon + 0.2, Lat: 60}, {Lon: lon - 2.8, Lat: 75}, {Lon: lon - 3, Lat: 75}}}}}})
	}
	return s
}

func loadMap(t *testing.T, path string) *shardmap.Map {
	m, err := shardmap.Load(path)
	require.NoError(t, err)
	return m
}

const greenland = "-50,68,-46,70"

// A search makes a map and a catalog; the catalog makes the same map without a network.
func TestCatalog(t *testing.T) {
	s := tracks(t, 100)
	s.PageSize = 7
	s.Fail("granules", 1, cmrtest.Throttle("0"), cmrtest.Truncate)
	dir := t.TempDir()
	first, table := filepath.Join(dir, "map.json"), filepath.Join(dir, "cat.parquet")
	args := []string{"catalog", "--config", "atl06", "--short-name", "ATL06", "--cycle", "22", "--bbox", greenland, "--cmr-url", s.URL}
	out := ok(t, append(args, "--output", first, "--catalog-out", table)...)
	require.Contains(t, out, "granules of ATL06 007 from CMR")
	require.Contains(t, out, "Catalog: "+table)
	require.Regexp(t, `Shard map: \d+ shards, \d+ pairs`, out)
	m := loadMap(t, first)
	require.NotEmpty(t, m.Keys)
	var meta map[string]any
	require.NoError(t, json.Unmarshal(m.Metadata, &meta))
	require.Equal(t, []any{"CMR", "NSIDC_CPRD", "C1-P", "ATL06", "007", "2024-01-06", "2024-04-05", []any{-50.0, 68.0, -46.0, 70.0}},
		[]any{meta["source"], meta["provider"], meta["collection"], meta["short_name"], meta["version"], meta["start_date"], meta["end_date"], meta["bbox"]})
	require.Nil(t, meta["build_wall_s"])
	rec := m.Granules[0][0]
	require.True(t, strings.HasPrefix(rec.Data.S3, "s3://b/ATL06_") && strings.HasPrefix(rec.Data.HTTPS, "https://h/ATL06_") && rec.Start.Year() == 2024)

	again := filepath.Join(dir, "again.json")
	ok(t, "catalog", "--config", "atl06", "--bbox", greenland, "--output", again, table, "-q")
	require.Equal(t, m.Keys, loadMap(t, again).Keys)
	require.Equal(t, m.Granules, loadMap(t, again).Granules)
	third := filepath.Join(dir, "third.json")
	ok(t, "catalog", "--config", "atl06", "--bbox", greenland, "--output", third, "--catalog-in", table, "-q")
	require.Equal(t, read(t, again), read(t, third), "byte for byte")

	// STAC, both ways.
	for _, more := range [][]string{{"--source", "cmr-stac"}, {"--stac-url", s.URL + "/api/search", "--collection", "C1-P"}, {"--stac-url", s.URL + "/stac/x/search", "--stac-method", "get", "--collection", "C1-P"}} {
		for _, g := range s.Granules {
			g.Collection = "C1-P"
			if more[1] == "cmr-stac" {
				g.Collection = "ATL06_007"
			}
		}
		ok(t, append(append(args, "--output", third, "-q"), more...)...)
		require.Equal(t, m.Keys, loadMap(t, third).Keys)
	}
}

func read(t *testing.T, path string) string {
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	return string(data)
}

// The shards at the border of the area get all of their granules: a search of the whole Earth makes the same map.
func TestBorderShardsAreWhole(t *testing.T) {
	s := tracks(t, 120)
	dir := t.TempDir()
	search := []string{"catalog", "--config", "atl06", "--short-name", "ATL06", "--cycle", "22", "--cmr-url", s.URL, "-q"}
	ok(t, append(search, "--bbox", greenland, "--output", filepath.Join(dir, "narrow.json"))...)
	narrow := len(s.Requests("granules"))
	require.Contains(t, s.Requests("granules")[narrow-1].Query, "polygon")
	ok(t, append(search, "--bbox", "-180,-90,180,90", "--output", filepath.Join(dir, "wide.json"), "--catalog-out", filepath.Join(dir, "wide.parquet"))...)
	ok(t, "catalog", "--config", "atl06", "--bbox", greenland, "--output", filepath.Join(dir, "all.json"), filepath.Join(dir, "wide.parquet"), "-q")
	a, b := loadMap(t, filepath.Join(dir, "narrow.json")), loadMap(t, filepath.Join(dir, "all.json"))
	require.Equal(t, b.Keys, a.Keys)
	require.Equal(t, b.Granules, a.Granules)
}

func TestCatalogAreas(t *testing.T) {
	dir := t.TempDir()
	table := sharedtest.Dir(t, "golden", "small", "catalog.parquet")
	config := sharedtest.Dir(t, "golden", "small", "config.yaml")
	var region [][2][]float64
	require.NoError(t, json.Unmarshal([]byte(read(t, sharedtest.Dir(t, "golden", "small", "region_lats_lons.json"))), &region))
	var wkt []string
	var ring [][2]float64
	for i, lat := range region[0][0] {
		wkt = append(wkt, fmt.Sprint(region[0][1][i], " ", lat))
		ring = append(ring, [2]float64{region[0][1][i], lat})
	}
	text := "POLYGON((" + strings.Join(wkt, ",") + "))"
	coordinates, err := json.Marshal(ring)
	require.NoError(t, err)
	files := map[string]string{"area.wkt": text, "area.geojson": `{"type":"Polygon","coordinates":[` + string(coordinates) + `]}`}
	for name, data := range files {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(data), 0o644))
	}
	want := loadMap(t, sharedtest.Dir(t, "golden", "small", "shardmap.json"))
	out := filepath.Join(dir, "map.json")
	for _, area := range [][]string{{"--polygon", filepath.Join(dir, "area.geojson")}, {"--aoi-wkt", filepath.Join(dir, "area.wkt")}, {"--aoi-wkt", text}} {
		ok(t, append([]string{"catalog", "--config", config, "--output", out, table, "-q"}, area...)...)
		m := loadMap(t, out)
		require.Equal(t, want.Keys, m.Keys)
		require.Equal(t, want.Granules, m.Granules)
		require.JSONEq(t, string(want.GridSignature), string(m.GridSignature))
	}
	ok(t, "catalog", "--config", config, "--output", out, table, "-q", "--bbox=-130,-88,-110,-86", "--timings", "--footprint-margin", "0")
	require.Contains(t, read(t, out), "build_wall_s")
	require.Contains(t, ok(t, "catalog", "--config", config, "--output", out, table, "--bbox=-130,-88,-110,-86", "--json"), `"shard_map"`)
}

// Files without footprints go to every shard of the area, and are counted.
func TestCatalogOfFiles(t *testing.T) {
	dir := t.TempDir()
	list := filepath.Join(dir, "granules.txt")
	require.NoError(t, os.WriteFile(list, []byte("s3://b/x.h5\n/data/y.h5\n"), 0o644))
	out := ok(t, "catalog", "--config", "atl06", "--output", filepath.Join(dir, "map.json"), "--bbox", greenland, list)
	require.Contains(t, out, "2 granules without a footprint, assigned to every shard of the area")
	m := loadMap(t, filepath.Join(dir, "map.json"))
	require.Equal(t, 2*len(m.Keys), m.Pairs())
	require.Equal(t, "/data/y.h5", m.Granules[0][1].Data.S3)
}

// Cells noted in the catalog cover the footprints.
func TestIndexFootprints(t *testing.T) {
	dir := t.TempDir()
	table := filepath.Join(dir, "cat.parquet")
	ok(t, "catalog", "--config", "atl06", "--output", filepath.Join(dir, "map.json"), "--bbox=-180,-90,180,-60", "--catalog-out", table, "--index-footprints", "8", "-q",
		sharedtest.Dir(t, "golden", "edge", "catalog.parquet"))
	f, c, err := geoparquet.Open(table, geoparquet.Options{})
	require.NoError(t, err)
	defer c.Close()
	n := 0
	_, err = f.Granules(context.Background(), catalog.Query{}, func(g *catalog.Entry) error {
		n++
		require.Equal(t, 8, g.CellsOrder)
		require.NotEmpty(t, g.Cells)
		return nil
	})
	require.NoError(t, err)
	require.Equal(t, 8, n)
}

func TestCatalogRefuses(t *testing.T) {
	s := tracks(t, 3)
	dir := t.TempDir()
	bad := filepath.Join(dir, "bad.geojson")
	require.NoError(t, os.WriteFile(bad, []byte(`{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"name":"Totten"},"geometry":{"type":"Polygon","coordinates":[[[106,-67],[-67,106],[0,0]]]}}]}`), 0o644))
	search := []string{"catalog", "--config", "atl06", "--short-name", "ATL06", "--cycle", "22", "--cmr-url", s.URL, "--output", filepath.Join(dir, "x.json")}
	offline := []string{"catalog", "--config", "atl06", "--bbox", greenland, "--output", filepath.Join(dir, "x.json")}
	for _, c := range []struct {
		code int
		want string
		args []string
	}{
		{2, "--config is missing", []string{"catalog"}},
		{2, "want one area", search},
		{2, "want one area", append(search, "--bbox", greenland, "--polygon", "x")},
		{2, "exclude each other", append(search, "--bbox", greenland, "--start-date", "2024-01-01")},
		{2, "--short-name is missing", offline},
		{2, "want --start-date and --end-date, or --cycle", append(offline, "--short-name", "ATL06")},
		{2, "--end-date is before", append(offline, "--short-name", "ATL06", "--start-date", "2024-02-01", "--end-date", "2024-01-01")},
		{2, "neither YYYY-MM-DD", append(offline, "--short-name", "ATL06", "--start-date", "yesterday", "--end-date", "2024-01-01")},
		{2, "cycles of ICESat-2", append(offline, "--short-name", "ATL06", "--cycle", "-3")},
		{2, "want lon_min,lat_min", append(search, "--bbox", "1,2,3")},
		{2, "north of its north", append(search, "--bbox", "1,5,3,2")},
		{2, "--source stac needs", append(search, "--bbox", greenland, "--source", "stac")},
		{2, "--edges", append(search, "--bbox", greenland, "--edges", "round")},
		{2, "--index-footprints", append(search, "--bbox", greenland, "--index-footprints", "5")},
		{1, "feature 0 (Totten): ring 0: vertex 1", append(search, "--polygon", bad)},
		{1, "no such file", append(search, "--polygon", filepath.Join(dir, "none.geojson"))},
		{1, "CMR has no such collection; it has ATL06 007 at NSIDC_CPRD", append(search, "--bbox", greenland, "--version", "099")},
		{1, "cat.parquet", append(offline, filepath.Join(dir, "cat.parquet"))},
		{1, "is not a Parquet file", append(offline, bad+".parquet")},
	} {
		if strings.HasSuffix(c.args[len(c.args)-1], ".geojson.parquet") {
			require.NoError(t, os.WriteFile(c.args[len(c.args)-1], []byte("not parquet at all"), 0o644))
		}
		code, _, errs := execute(t, "", c.args...)
		require.Equal(t, c.code, code, "%v\n%s", c.args, errs)
		require.Contains(t, errs, c.want, c.args)
	}
	require.NoFileExists(t, filepath.Join(dir, "x.json"))
	code, _, errs := execute(t, "", append(search, "--bbox", "100,68,110,70")...)
	require.Equal(t, 1, code)
	require.Contains(t, errs, "there is no granule in this time and area")
	code, _, errs = execute(t, "", "catalog", "--config", "atl06", "--bbox", greenland, "--output", filepath.Join(dir, "x.json"), sharedtest.Dir(t, "golden", "small", "catalog.parquet"))
	require.Equal(t, 1, code)
	require.Contains(t, errs, "none of the 3 granules comes near the area")
	s.HitsOff = 1
	code, _, errs = execute(t, "", append(search, "--bbox", greenland)...)
	require.Equal(t, 1, code)
	require.Contains(t, errs, "search again")
	require.NoFileExists(t, filepath.Join(dir, "x.json"))
}

func TestShardmap(t *testing.T) {
	dir := t.TempDir()
	golden := sharedtest.Dir(t, "golden", "bench", "shardmap.json")
	var info mapview.Info
	require.NoError(t, json.Unmarshal([]byte(ok(t, "shardmap", "info", golden, "--json", "--top", "2")), &info))
	require.Equal(t, []any{21, 40, 293, 39}, []any{info.Shards, info.Granules, info.Pairs, info.Most})
	require.Equal(t, "-5111123", info.Densest[0].Label)
	require.Len(t, info.Densest, 2)
	require.InDelta(t, 217924, info.AreaKM2, 1)
	require.Positive(t, info.Expected.USD)
	require.Positive(t, info.WithIndex.USD) // not always less: in pieces there are more requests
	text := ok(t, "shardmap", "info", golden)
	for _, want := range []string{"21, 217,924 km²", "40, 293 pairs", "12683825400535580678 (-5111123): 39 granules", "On Lambda"} {
		require.Contains(t, text, want)
	}

	geo, back := filepath.Join(dir, "m.geojson"), filepath.Join(dir, "m.json")
	ok(t, "shardmap", "convert", golden, geo)
	ok(t, "shardmap", "convert", geo, back)
	a, b := loadMap(t, golden), loadMap(t, back)
	require.Equal(t, a.Keys, b.Keys)
	require.Equal(t, a.Granules, b.Granules)
	require.JSONEq(t, string(a.Metadata), string(b.Metadata))
	var features struct {
		Features []struct {
			Geometry struct {
				Type        string
				Coordinates [][][2]float64
			}
			Properties struct {
				Key   string `json:"shard_key"`
				Count int    `json:"granule_count"`
			}
		}
	}
	require.NoError(t, json.Unmarshal([]byte(read(t, geo)), &features))
	require.Len(t, features.Features, 21)
	require.Equal(t, string(a.Keys[0]), features.Features[0].Properties.Key)

	for _, name := range []string{"m.png", "m.svg", "m2.geojson"} {
		ok(t, "shardmap", "plot", geo, "-o", filepath.Join(dir, name))
		require.Greater(t, len(read(t, filepath.Join(dir, name))), 5000)
	}
	ok(t, "shardmap", "plot", sharedtest.Dir(t, "data", "zagg", "sm_rect_3km.json"), "-o", filepath.Join(dir, "rect.png"))
	for _, c := range []struct {
		code int
		want string
		args []string
	}{
		{2, "ends in .json or .geojson", []string{"shardmap", "convert", golden, filepath.Join(dir, "x.shp")}},
		{2, ".png, .svg or .geojson", []string{"shardmap", "plot", golden, "-o", "x.jpg"}},
		{2, "--keys is one of", []string{"shardmap", "convert", golden, "x.json", "--keys", "hex"}},
		{1, "made for another grid", []string{"shardmap", "convert", golden, filepath.Join(dir, "x.json"), "--config", "atl06_polar"}},
		{1, "none.json", []string{"shardmap", "info", filepath.Join(dir, "none.json")}},
	} {
		code, _, errs := execute(t, "", c.args...)
		require.Equal(t, c.code, code, "%v\n%s", c.args, errs)
		require.Contains(t, errs, c.want)
	}
}

// Signed decimals are keys of earlier releases, whose cells were of geodetic latitudes; labels of today's maps are not.
func TestShardmapSpellings(t *testing.T) {
	dir := t.TempDir()
	golden := sharedtest.Dir(t, "golden", "small", "shardmap.json")
	labels, legacy, out := filepath.Join(dir, "labels.json"), filepath.Join(dir, "legacy.json"), filepath.Join(dir, "out.json")
	ok(t, "shardmap", "convert", golden, labels, "--keys", "label")
	m := loadMap(t, labels)
	require.Equal(t, []core.ShardKey{"-5111123", "-5111141"}, m.Keys)
	ok(t, "shardmap", "convert", labels, out)
	require.Equal(t, loadMap(t, golden).Keys, loadMap(t, out).Keys)
	require.NotContains(t, read(t, out), "latitude")

	require.NoError(t, os.WriteFile(legacy, []byte(strings.Replace(read(t, labels), ",\n    \"latitude\": \"authalic-wgs84\"", "", 1)), 0o644))
	require.Contains(t, ok(t, "shardmap", "info", legacy), "signed decimals of earlier releases")
	ok(t, "shardmap", "convert", legacy, out)
	require.Equal(t, loadMap(t, golden).Keys, loadMap(t, out).Keys)
	require.Contains(t, read(t, out), `"latitude": "geodetic-spherical"`)

	// A run takes the same latitude; a configuration with another word has it.
	config := filepath.Join(dir, "run.yaml")
	text := read(t, sharedtest.Dir(t, "golden", "small", "config.yaml"))
	require.NoError(t, os.WriteFile(config, []byte(text), 0o644))
	dry := func(catalog string, config string) (int, string) {
		code, _, errs := execute(t, "", "run", "--config", config, "--catalog", catalog, "--store", filepath.Join(dir, "s.zarr"), "--dry-run")
		return code, errs
	}
	code, errs := dry(legacy, config)
	require.Zero(t, code, errs)
	require.Contains(t, errs, "cells are of geodetic latitudes")
	code, errs = dry(labels, config)
	require.Zero(t, code, errs)
	require.NotContains(t, errs, "geodetic")
	explicit := filepath.Join(dir, "explicit.yaml")
	require.NoError(t, os.WriteFile(explicit, []byte(strings.Replace(text, "child_order: 12", "child_order: 12\n    latitude: authalic-wgs84", 1)), 0o644))
	code, errs = dry(legacy, explicit)
	require.Zero(t, code, errs)
	require.NotContains(t, errs, "geodetic")
	code, errs = dry(out, config)
	require.Equal(t, 1, code)
	require.Contains(t, errs, "made for another grid")
}

// Siblings are found in a catalog as among --granules, by their names: those of a search, of a catalog file and of a list of files.
func TestCatalogSiblings(t *testing.T) {
	s := cmrtest.New(t)
	s.Collections = []cmrtest.Collection{{ID: "C1-P", ShortName: "GEDI01_B", Version: "002", Provider: "LPDAAC_ECS", Representation: "GEODETIC"},
		{ID: "C2-P", ShortName: "GEDI02_A", Version: "002", Provider: "LPDAAC_ECS", Representation: "GEODETIC"}}
	var files []string
	add := func(collection, name string, day int) {
		start := time.Date(2024, 1, day, 0, 0, 0, 0, time.UTC)
		s.Granules = append(s.Granules, &catalog.Entry{Granule: core.Granule{ID: name, Size: 10, Start: start, End: start.Add(5 * time.Minute)}, Collection: collection, Data: catalog.Address{S3: "s3://b/" + name, HTTPS: "https://h/" + name},
			Footprint: core.Region{Polygons: []core.Polygon{{{{Lon: -50, Lat: 45}, {Lon: -49.8, Lat: 45}, {Lon: -49.8, Lat: 46}, {Lon: -50, Lat: 46}}}}}})
		files = append(files, "s3://b/"+name)
	}
	for day := 1; day <= 3; day++ {
		add("C2-P", fmt.Sprintf("GEDI02_A_202400%d002012_O0195%d_02_T03909_02_003_02_V002.h5", day, day), day) // the older revision
		add("C2-P", fmt.Sprintf("GEDI02_A_202400%d002012_O0195%d_02_T03909_02_003_03_V002.h5", day, day), day)
		add("C1-P", fmt.Sprintf("GEDI01_B_202400%d002012_O0195%d_02_T03909_02_005_01_V002.h5", day, day), day)
	}
	dir := t.TempDir()
	first, table := filepath.Join(dir, "map.json"), filepath.Join(dir, "cat.parquet")
	area := []string{"catalog", "--config", "gedi01b_waveform_healpix_hive", "--bbox", "-50.1,45.2,-49.7,45.4", "-q"}
	search := append(area, "--short-name", "GEDI01_B", "--version", "002", "--provider", "LPDAAC_ECS", "--start-date", "2024-01-01", "--end-date", "2024-01-31", "--cmr-url", s.URL)
	require.Contains(t, ok(t, append(search, "--output", first, "--catalog-out", table)...), "3 of 3 granules")
	list := filepath.Join(dir, "files.txt")
	require.NoError(t, os.WriteFile(list, []byte(strings.Join(files, "\n")), 0o644))
	for name, more := range map[string][]string{"of the search": nil, "catalog": {"--catalog-in", table}, "list": {"--no-footprint", "earth", list}} {
		out := first
		if more != nil {
			out = filepath.Join(dir, name+".json")
			ok(t, append(append(area, "--output", out), more...)...)
		}
		m := loadMap(t, out)
		require.NotEmpty(t, m.Keys)
		require.Len(t, m.GranuleIDs(), 3, name)
		for _, r := range m.Granules[0] {
			require.Equal(t, strings.Replace(strings.Replace(r.Data.S3, "01_B", "02_A", 1), "005_01", "003_03", 1), r.Siblings["l2a"].S3, name)
		}
	}
	s.Granules = s.Granules[2:] // both of the first
	code, _, stderr := execute(t, "", append(search, "--output", first)...)
	require.Equal(t, 1, code)
	require.Contains(t, stderr, "1 of 3 granules, this the first, have no file GEDI02_A_* of the same observations beside them, which data_source.assets.l2a asks for")
}
