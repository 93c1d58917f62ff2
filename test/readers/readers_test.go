//go:build suites

package readers

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/cmd/zagg/cli"
	"github.com/englacial/zagg/plugins/all"
)

// config is a run with a number, a count and a vector per cell.
const config = `data_source: {reader: atl06, variables: {h_li: "/{group}/land_ice_segments/h_li"}}
aggregation:
  variables:
    h_mean: {function: mean, source: h_li, attrs: {note: {by: [hand, 1]}, checked: true}}
    count: {function: len, source: h_li, dtype: int32, fill_value: 0}
    h_q: {function: quantile, source: h_li, params: {q: [0.25, 0.5, 0.75]}, kind: vector, trailing_shape: [3]}
output: {WINDOWSgrid: GRID}
`

// A kind is a grid with a layout; every one is written in one chunk an object, and in several.
type kind struct{ grid, layout, group, plain, sharded string }

var kinds = []kind{
	{"healpix", "compact", "10", "type: healpix, child_order: 10, parent_order: 6, layout: compact", "chunk_inner: 8"},
	{"healpix", "fullsphere", "10", "type: healpix, child_order: 10, parent_order: 6, layout: fullsphere", "chunk_inner: 8"},
	{"h3", "compact", "6", "type: h3, child_resolution: 6, parent_resolution: 2, chunk_inner: 2, layout: compact", "chunk_inner: 4"},
	{"h3", "fullsphere", "6", "type: h3, child_resolution: 6, parent_resolution: 2, chunk_inner: 2, layout: fullsphere", "chunk_inner: 4"},
	{"rectilinear", "grid", "rectilinear", "type: rectilinear, crs: EPSG:3031, resolution: 20000, bounds: [-3200000, -3200000, 3200000, 3200000], chunk_shape: [64, 64]", "chunk_inner: [32, 32]"},
}

// Every tool reads from every store what zarr-python reads.
func TestEveryTool(t *testing.T) {
	python := os.Getenv("ZAGG_PYTHON")
	if python == "" {
		t.Skip("ZAGG_PYTHON names no Python with the packages of test/requirements.txt: skipped")
	}
	args := []string{"check.py"}
	for _, k := range kinds {
		for chunks, grid := range map[string]string{"one": k.plain, "several": sharded(k)} {
			store := filepath.Join(t.TempDir(), k.grid+"-"+k.layout+"-"+chunks+".zarr")
			write(t, grid, "", store)
			args = append(args, k.grid, k.layout, store, k.group)
		}
		{ // of windows, one chunk to an object will do
			store := filepath.Join(t.TempDir(), k.grid+"-"+k.layout+"-windows.zarr")
			write(t, k.plain, "windowing: {schedule: explicit, windows: [{label: early, start: 2024-11-01, end: 2024-11-07}, {label: late, start: 2024-11-10, end: 2024-11-30}]}, ", store)
			args = append(args, k.grid, k.layout+"+windows", store, k.group)
		}
	}
	out, err := exec.CommandContext(t.Context(), python, args...).CombinedOutput()
	require.NoError(t, err, string(out))
	t.Log(string(out))
	for _, k := range kinds { // what the document has as tested must have been there
		for _, tool := range []string{"zarr_python", "xarray_root", "xarray_group", "netcdf", "pandas"} {
			require.Equal(t, 2, strings.Count(string(out), k.grid+" "+k.layout+" "+tool+" ok\n"), "%s %s %s", k.grid, k.layout, tool)
			require.Contains(t, string(out), k.grid+" "+k.layout+"+windows "+tool+" ok\n")
		}
	}
}

// sharded is a kind's grid with inner chunks.
func sharded(k kind) string {
	return regexp.MustCompile(`chunk_inner: \d+, `).ReplaceAllString(k.plain, "") + ", " + k.sharded
}

// write runs the sample granules of `zagg demo` through a grid, in windows of time or "".
func write(t *testing.T, grid, windowing, store string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "config.yaml")
	require.NoError(t, os.WriteFile(file, []byte(strings.NewReplacer("GRID", "{"+grid+"}", "WINDOWS", windowing).Replace(config)), 0o644))
	var out, errs bytes.Buffer
	args := []string{"run", "--config", file, "--granules", filepath.Join("..", "..", "cmd", "zagg", "cli", "sample", "*.h5"), "--store", store, "-q"}
	require.Zero(t, cli.Run(context.Background(), args, strings.NewReader(""), &out, &errs, all.Plugins()...), errs.String())
}
