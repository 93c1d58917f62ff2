//go:build suites

package export

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/cmd/zagg/cli"
	"github.com/englacial/zagg/plugins/all"
)

const config = `data_source: {reader: atl06, variables: {h_li: "/{group}/land_ice_segments/h_li"}}
aggregation:
  variables:
    h_mean: {function: mean, source: h_li}
    count: {function: len, source: h_li, dtype: int32, fill_value: 0}
    h_q: {function: quantile, source: h_li, params: {q: [0.25, 0.5, 0.75]}, kind: vector, trailing_shape: [3]}
output: {WINDOWSgrid: GRID}
`

// windowing are two windows of time with data and, between them, one without.
const windowing = "windowing: {schedule: explicit, windows: [{label: early, start: 2024-11-01, end: 2024-11-07}, {label: none, start: 2024-11-08, end: 2024-11-08}, {label: late, start: 2024-11-10, end: 2024-11-30}]}, "

// zagg runs a command line and returns what it said on stderr with its exit code.
func zagg(t *testing.T, args ...string) (string, int) {
	t.Helper()
	var out, errs bytes.Buffer
	code := cli.Run(t.Context(), args, strings.NewReader(""), &out, &errs, all.Plugins()...)
	return errs.String(), code
}

// store runs the sample granules of `zagg demo` through a grid, in windows of time or "".
func store(t *testing.T, grid, windows string) string {
	t.Helper()
	dir := t.TempDir()
	file, path := filepath.Join(dir, "config.yaml"), filepath.Join(dir, "cells.zarr")
	require.NoError(t, os.WriteFile(file, []byte(strings.NewReplacer("GRID", "{"+grid+"}", "WINDOWS", windows).Replace(config)), 0o644))
	said, code := zagg(t, "run", "--config", file, "--granules", filepath.Join("..", "..", "cmd", "zagg", "cli", "sample", "*.h5"), "--store", path, "-q")
	require.Zero(t, code, said)
	return path
}

// Tables and pictures hold what the store holds, cell by cell.
func TestAsStored(t *testing.T) {
	python := os.Getenv("ZAGG_PYTHON")
	if python == "" {
		t.Skip("ZAGG_PYTHON names no Python with the packages of test/requirements.txt: skipped")
	}
	args := []string{"check.py"}
	for _, c := range [][3]string{
		{"healpix", "10", "type: healpix, child_order: 10, parent_order: 6, layout: compact"},
		{"h3", "6", "type: h3, child_resolution: 6, parent_resolution: 2, chunk_inner: 2, layout: compact"},
		{"rectilinear", "rectilinear", "type: rectilinear, crs: EPSG:3031, resolution: 1000, bounds: [0, -1280000, 640000, -640000], chunk_shape: [64, 64]"},
		{"healpix+windows", "10", "type: healpix, child_order: 10, parent_order: 6, layout: compact"},
		{"h3+windows", "6", "type: h3, child_resolution: 6, parent_resolution: 2, layout: compact"},
		{"rectilinear+windows", "rectilinear", "type: rectilinear, crs: EPSG:3031, resolution: 1000, bounds: [0, -1280000, 640000, -640000], chunk_shape: [64, 64]"},
	} {
		grid, windows := strings.CutSuffix(c[0], "+windows")
		path, dir := store(t, c[2], map[bool]string{true: windowing}[windows]), t.TempDir()
		for _, to := range [][2]string{{"parquet", "cells.parquet"}, {"geoparquet", "cells.geo.parquet"}, {"csv", "cells.csv"}, {"netcdf", "cells.nc"}} {
			said, code := zagg(t, "export", path, "--to", to[0], "-o", filepath.Join(dir, to[1]))
			require.Zero(t, code, said)
		}
		if windows {
			said, code := zagg(t, "export", path, "--to", "csv", "--time", "late", "-o", filepath.Join(dir, "late.csv"))
			require.Zero(t, code, said)
		}
		if grid == "rectilinear" {
			for _, v := range []string{"h_mean", "count", "h_q"} {
				said, code := zagg(t, "export", path, "--to", "cog", "--variables", v, "-o", filepath.Join(dir, v+".tif"))
				require.Zero(t, code, said)
			}
		}
		args = append(args, c[0], path, c[1], dir)
	}
	out, err := exec.CommandContext(t.Context(), python, args...).CombinedOutput()
	require.NoError(t, err, string(out))
}

// What cannot be written is refused by name, and leaves no file.
func TestRefused(t *testing.T) {
	path, dir := store(t, "type: healpix, child_order: 8, parent_order: 4, layout: fullsphere", ""), t.TempDir()
	for _, c := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{"--to", "shapefile"}, 2, `--to "shapefile"; have parquet, geoparquet, csv, cog`},
		{nil, 2, `--to ""; have parquet`},
		{[]string{"--to", "csv", "--variables", "h_max"}, 1, "the store has no such variable; have count, h_mean, h_q"},
		{[]string{"--to", "csv", "--variables", "count,count"}, 1, "named twice"},
		{[]string{"--to", "cog", "--variables", "h_mean"}, 1, "its cells are not rows and columns of a projection: export geoparquet"},
	} {
		said, code := zagg(t, append([]string{"export", path, "-o", filepath.Join(dir, "out")}, c.args...)...)
		require.Equal(t, c.code, code, said)
		require.Contains(t, said, c.want)
	}
	said, code := zagg(t, "export", path, "--to", "csv", "-o", filepath.Join(dir, "no", "folder.csv"))
	require.Equal(t, 1, code, said)
	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Empty(t, left)
}

// A store without consolidated metadata does not list its variables; those that are named are written.
func TestNotConsolidated(t *testing.T) {
	dir := t.TempDir()
	file, path, out := filepath.Join(dir, "config.yaml"), filepath.Join(dir, "cells.zarr"), filepath.Join(dir, "cells.csv")
	text := strings.NewReplacer("WINDOWS", "", "GRID}", "{type: healpix, child_order: 8, parent_order: 4, layout: compact}, consolidate_metadata: false}").Replace(config)
	require.NoError(t, os.WriteFile(file, []byte(text), 0o644))
	said, code := zagg(t, "run", "--config", file, "--granules", filepath.Join("..", "..", "cmd", "zagg", "cli", "sample", "*.h5"), "--store", path, "-q")
	require.Zero(t, code, said)
	said, code = zagg(t, "export", path, "--to", "csv", "-o", out)
	require.Equal(t, 1, code, said)
	require.Contains(t, said, "name some with --variables")
	said, code = zagg(t, "export", path, "--to", "csv", "--variables", "count", "-o", out)
	require.Zero(t, code, said)
	rows, err := os.ReadFile(out)
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(string(rows), "lon,lat,morton,cell_ids,count\n"), string(rows[:60]))
}
