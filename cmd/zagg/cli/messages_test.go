package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/internal/quantity"
)

// What people get wrong most, and what they are told.
func TestMessages(t *testing.T) {
	dir := t.TempDir()
	demo := string(readFile(t, "sample/demo.yaml"))
	granule := "sample/" + granuleThere
	absolute, err := filepath.Abs(granule)
	require.NoError(t, err)
	link := filepath.Join(dir, granuleThere)
	require.NoError(t, os.Symlink(absolute, link))
	configs := 0
	with := func(replace ...string) string {
		configs++
		file := filepath.Join(dir, string(rune('a'+configs))+".yaml")
		text := strings.NewReplacer(replace...).Replace(demo)
		require.NotEqual(t, demo, text, replace)
		require.NoError(t, os.WriteFile(file, []byte(text), 0o644))
		return file
	}
	places := func(lat, lon string) string {
		file := filepath.Join(dir, "rows"+lat+".yaml")
		require.NoError(t, os.WriteFile(file, []byte(`data_source:
  reader: hdf5
  groups: [gt1l, gt1r]
  coordinates: {latitude: "/{group}/land_ice_segments/`+lat+`", longitude: "/{group}/land_ice_segments/`+lon+`"}
  variables: {h_li: "/{group}/land_ice_segments/h_li"}
aggregation: {variables: {n: {function: len, source: h_li}}}
output: {grid: {type: healpix, parent_order: 7, child_order: 12}}
`), 0o644))
		return file
	}
	wrongZone := with("type: healpix\n    parent_order: 7      # a shard\n    child_order: 12      # a cell\n    layout: compact      # xarray and xdggs open it as it is",
		"type: rectilinear\n    crs: EPSG:32755\n    resolution: 1000\n    bounds: [300000, 7000000, 400000, 7100000]\n    chunk_shape: [50, 50]")
	misspelt := with("land_ice_segments/h_li\n", "land_ice_segments/h_lii\n")
	store := filepath.Join(dir, "s.zarr")
	run := func(config string, more ...string) []string {
		return append([]string{"run", "--config", config, "--store", filepath.Join(t.TempDir(), "s.zarr")}, more...)
	}
	for name, c := range map[string]struct {
		code  int
		args  []string
		wants []string
	}{
		"glob":              {2, run("atl06", "--granules", granule, granule, granule), []string{granule, "quote the pattern", "repeat --granules"}},
		"dataset":           {1, run(misspelt, "--granules", "sample"), []string{"read granule sample/ATL06_", "/gt1l/land_ice_segments/h_lii does not exist", "did you mean h_li?"}},
		"dataset, checked":  {1, []string{"config", "check", misspelt, "--granule", granule}, []string{"did you mean h_li?"}},
		"type, checked":     {1, []string{"config", "check", places("atl06_quality_summary", "longitude"), "--granule", granule}, []string{"they must be floating-point degrees"}},
		"units, swapped":    {1, []string{"config", "check", places("longitude", "latitude"), "--granule", granule}, []string{"data_source.coordinates.latitude is /gt1l/land_ice_segments/longitude", "is in degrees_east: are latitude and longitude swapped?"}},
		"units, no degrees": {1, []string{"config", "check", places("latitude", "h_li"), "--granule", granule}, []string{"/gt1l/land_ice_segments/h_li", `has the units "meters": coordinates must be degrees`}},
		"units, others":     {0, []string{"config", "check", with("min, source: h_li}", "min, source: h_li, attrs: {units: feet}}"), "--granule", granule}, []string{`note: /gt1l/land_ice_segments/h_li`, `has the units "meters", and is taken for "feet"`, "ok, 6 variables"}},
		"units, the same":   {0, []string{"config", "check", with("min, source: h_li}", "min, source: h_li, attrs: {units: metre}}"), "--granule", granule}, []string{"ok, 6 variables"}},
		"checked":           {0, []string{"config", "check", "sample/demo.yaml", "--granule", granule}, []string{"ok, 6 variables"}},
		"swapped":           {1, run(places("h_li", "longitude"), "--granules", granule), []string{"no shard holds an observation", "unusable coordinates", "swapped"}},
		"zone":              {1, run(wrongZone, "--granules", granule), []string{"no shard holds an observation", "latitudes", "longitudes", "outside the grid's area", "EPSG:32755"}},
		"filters":           {0, run(with("value: 0", "value: 7"), "--granules", granule), []string{"every observation was dropped, 4,576 of them by the filter", "atl06_quality_summary", "eq 7"}},
		"info of nothing":   {1, []string{"info", store}, []string{store + ": there is no store here", "zarr.json"}},
		"plot of nothing":   {1, []string{"plot", store, "h", "-o", filepath.Join(dir, "p.png")}, []string{store + ": there is no store here"}},
		"verify of nothing": {1, []string{"verify", store}, []string{store + ": there is no store here"}},
		"export of nothing": {1, []string{"export", store, "--to", "csv", "-o", filepath.Join(dir, "x.csv")}, []string{store + ": there is no store here"}},
		"grid by type":      {1, []string{"grid", "locate", "--grid", "healpix"}, []string{`{"type":"healpix"`, "or one of", "atl06"}},
		"grid by name":      {0, []string{"grid", "locate", "--grid", "atl06"}, []string{"cell_id"}},
		"grid by --config":  {0, []string{"grid", "locate", "--config", "sample/demo.yaml"}, []string{"cell_id"}},
		"show":              {1, []string{"h5", "show", granule, "/gt1l/land_ice_segments/h_l"}, []string{"no such object", "did you mean h_li?", "h_li_sigma"}},
		"show, parent":      {1, []string{"h5", "show", granule, "/gt1l/land_ice/h_li"}, []string{"/gt1l has land_ice_segments"}},
		"ls":                {1, []string{"h5", "ls", granule, "/none"}, []string{"no such object: / has orbit_info"}},
		"paths":             {0, []string{"h5", "ls", "--paths", granule}, []string{" /gt1l/land_ice_segments/h_li ", " /gt3r/land_ice_segments/latitude "}},
		"one file":          {0, run("sample/demo.yaml", "--granules", granule, "--granules", absolute+",./"+granule, "--granules", "file://"+absolute, "--granules", link), []string{"1 granule, 4 pairs"}},
		"shards":            {0, run("sample/demo.yaml", "--granules", granule, "--max-cells", "1"), []string{"Done: 1 shard with data,", "0 errors"}},
	} {
		t.Run(name, func(t *testing.T) {
			code, out, errs := execute(t, "lat,lon\n70,-45\n", c.args...)
			require.Equal(t, c.code, code, "%s%s", out, errs)
			for _, want := range c.wants {
				require.Contains(t, out+errs, want)
			}
		})
	}
}

func TestCounted(t *testing.T) {
	require.Equal(t, []string{"0 requests", "1 request", "2 requests", "1,234 requests"}, []string{quantity.Counted(0, "request"), quantity.Counted(1, "request"), quantity.Counted(2, "request"), quantity.Counted(1234, "request")})
}
