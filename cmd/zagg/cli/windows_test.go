package cli

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/internal/sharedtest"
	"github.com/englacial/zagg/internal/view"
)

// windowsOfSample is the sample's configuration with two windows of time, and a gap between them in which one granule lies.
func windowsOfSample(t *testing.T) string {
	t.Helper()
	windowing := "\noutput:\n  windowing: {schedule: explicit, windows: [{label: early, start: 2024-11-01, end: 2024-11-07}, {label: late, start: 2024-11-10, end: 2024-11-30}]}"
	path := filepath.Join(t.TempDir(), "windows.yaml")
	require.NoError(t, os.WriteFile(path, []byte(strings.Replace(string(readFile(t, "sample/demo.yaml")), "\noutput:", windowing, 1)), 0o644))
	return path
}

func windowsStore(t *testing.T) string {
	t.Helper()
	store := filepath.Join(t.TempDir(), "heights.zarr")
	ok(t, "run", "--config", windowsOfSample(t), "--granules", "sample", "--store", store, "-q")
	return store
}

// groupAttributes are those of a store's group.
func groupAttributes(t *testing.T, store string) map[string]any {
	t.Helper()
	var doc struct{ Attributes map[string]any }
	require.NoError(t, json.Unmarshal(readFile(t, filepath.Join(store, "12", "zarr.json")), &doc))
	return doc.Attributes
}

// Functions write what a local run writes of windows, whose first and last observations the store tells.
func TestLambdaWindows(t *testing.T) {
	sharedtest.NotShort(t)
	local := windowsStore(t)
	store := filepath.Join(t.TempDir(), "heights.zarr")
	args := []string{"run", "--config", windowsOfSample(t), "--granules", "sample", "--store", store, "--backend", "lambda", "--emulate", "-q"}
	ok(t, args...)
	require.Equal(t, written(t, local), written(t, store))
	attrs := groupAttributes(t, store)
	require.Regexp(t, `^2024-11-01T01:00:0\d(\.\d+)?Z$`, attrs["time_coverage_start"])
	require.Regexp(t, `^2024-11-19T01:00:2\d(\.\d+)?Z$`, attrs["time_coverage_end"])
	records, err := filepath.Glob(store + ".status/records/*_late.json")
	require.NoError(t, err)
	require.NotEmpty(t, records)
	require.NoError(t, os.Remove(records[0]))
	require.Contains(t, ok(t, args[:len(args)-1]...), "done before")
	require.Equal(t, written(t, local), written(t, store))
}

// The page has each window of a store, and so has a site without a server; coarser groups serve both.
func TestViewWindows(t *testing.T) {
	store, site := windowsStore(t), filepath.Join(t.TempDir(), "site")
	ok(t, "coarsen", store, "--order", "9")
	page, _ := serveView(t, store, "count", "h_mean")
	var first, early view.Page
	get(t, page+"view.json", &first)
	require.Equal(t, []string{"early", "late"}, first.Windows)
	require.Equal(t, "late", first.Window)
	get(t, page+"at/early/view.json", &early)
	require.Equal(t, "early", early.Window)
	require.Equal(t, 404, get(t, page+"at/never/view.json", nil).StatusCode)
	until(t, func() bool {
		var a, b view.State
		get(t, page+"at/early/state.json", &a)
		get(t, page+"state.json", &b)
		return a.Done > 0 && b.Done > 0
	})
	key := "0/" + first.Plane + "/0/0/0.bin"
	require.NotEqual(t, sumOfTile(wholeTile(t, page+"tiles/"+key)), sumOfTile(wholeTile(t, page+"at/early/tiles/"+key)))

	ok(t, "view", store, "count", "--export", site)
	for _, window := range []string{"early", "late"} {
		require.Equal(t, sumOfTile(wholeTile(t, page+"at/"+window+"/tiles/"+key)), sumOfTile(numbersOfTile(t, readFile(t, filepath.Join(site, "at", window, "tiles", key)))), window)
		cells, err := os.ReadDir(filepath.Join(site, "at", window, "cells"))
		require.NoError(t, err)
		require.NotEmpty(t, cells)
	}
	require.Equal(t, readFile(t, filepath.Join(site, "at", "late", "view.json")), readFile(t, filepath.Join(site, "view.json")))
	one := filepath.Join(t.TempDir(), "one")
	ok(t, "view", store, "count", "--time", "early", "--export", one)
	require.NoDirExists(t, filepath.Join(one, "at", "late"))
}

func sumOfTile(values []float32) float64 {
	sum := 0.0
	for _, v := range values {
		if v == v {
			sum += float64(v)
		}
	}
	return sum
}

// What the granules say of their variables is in the store, whichever reader reads them; a later run takes it from the store.
func TestNamesOfTheSource(t *testing.T) {
	folder := t.TempDir()
	config, store := filepath.Join(folder, "c.yaml"), filepath.Join(folder, "s.zarr")
	require.NoError(t, os.WriteFile(config, []byte(`data_source:
  reader: hdf5
  groups: [gt1l, gt2l, gt3l]
  coordinates: {latitude: "/{group}/land_ice_segments/latitude", longitude: "/{group}/land_ice_segments/longitude"}
  variables: {h: "/{group}/land_ice_segments/h_li", s: "/{group}/land_ice_segments/h_li_sigma", t: "/{group}/land_ice_segments/h_li"}
  attributes: {s: {long_name: error of a height}}
aggregation:
  variables:
    count: {function: len, source: h, dtype: int32, fill_value: 0}
    h_mean: {function: mean, source: h}
    h_var: {expression: np.var(h)}
    s_max: {function: max, source: s}
output:
  time_source: {field: t, epoch: 2018-01-01, units: days}
  grid: {type: healpix, parent_order: 7, child_order: 12}
`), 0o644))
	granules, err := filepath.Glob("sample/*.h5")
	require.NoError(t, err)
	args := []string{"run", "--config", config, "--store", store, "-q", "--granules"}
	ok(t, append(args, granules[1])...)
	attribute := func(array, name string) any {
		var doc struct{ Attributes map[string]any }
		require.NoError(t, json.Unmarshal(readFile(t, filepath.Join(store, "12", array, "zarr.json")), &doc))
		return doc.Attributes[name]
	}
	require.Equal(t, "meters", attribute("h_mean", "units"))
	require.Equal(t, "area: mean", attribute("h_mean", "cell_methods"))
	require.Equal(t, "meters^2", attribute("h_var", "units"))
	require.Equal(t, "meters", attribute("s_max", "units"))
	require.Equal(t, "maximum of error of a height (s)", attribute("s_max", "long_name"))
	require.Regexp(t, `^2018-`, groupAttributes(t, store)["time_coverage_start"], "heights stand for days since 2018")
	ok(t, append(args, granules[0]+","+granules[1])...)
	require.Equal(t, "meters", attribute("h_mean", "units"))
}

// What has no value, or no times, is said to be just that.
func TestNothingOfIt(t *testing.T) {
	folder := t.TempDir()
	config, store := filepath.Join(folder, "c.yaml"), filepath.Join(folder, "s.zarr")
	granule := "../../../test/plain/testdata/edge/ATL06_20241201010000_01002511_007_01.h5" // has no times
	text := strings.Replace(string(readFile(t, "sample/demo.yaml")), "  variables:\n    count:", "  variables:\n    none: {expression: np.mean(h_li) * np.nan}\n    endless: {expression: 1 / (np.mean(h_li) * 0)}\n    count:", 1)
	require.NoError(t, os.WriteFile(config, []byte(text), 0o644))
	run := []string{"run", "--config", config, "--granules", granule, "--store", store, "-q"}
	for want, args := range map[string][]string{
		"need the times of observations, by default delta_time": append(run, "--start", "2024-11-01"),
	} {
		code, _, errs := execute(t, "", args...)
		require.Equal(t, 1, code)
		require.Contains(t, errs, want)
	}
	ok(t, run...)
	for variable, want := range map[string]string{"none": "no cell has a value of none", "endless": "has a value that can be drawn: finite"} {
		code, _, errs := execute(t, "", "plot", store, variable, "-o", filepath.Join(folder, "x.png"))
		require.Equal(t, 1, code)
		require.Contains(t, errs, want)
	}
}
