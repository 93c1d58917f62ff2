//go:build suites

package golden

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/internal/sharedtest"
)

// Months added to a store one by one are what they are when they are computed at once, and what numpy makes of them; what a store has is
// not written again.
func TestWindows(t *testing.T) {
	dir := t.TempDir()
	python(t, "golden/windows.py", "make", dir)
	granule := func(names ...string) (flags []string) {
		for _, n := range names {
			flags = append(flags, "--granules", filepath.Join(dir, n+".h5"))
		}
		return flags
	}
	all := granule("a_january", "b_border", "c_february", "d_april")
	for name, grid := range map[string]string{
		"compact": "{type: healpix, parent_order: 3, child_order: 8, layout: compact}", "fullsphere": "{type: healpix, parent_order: 3, child_order: 8}",
		"rectilinear": "{type: rectilinear, crs: 'EPSG:3031', resolution: 20000, bounds: [-3200000, -3200000, 3200000, 3200000], chunk_shape: [32, 32]}",
	} {
		t.Run(name, func(t *testing.T) {
			sharedtest.NeedsSweep(t)
			group := "8"
			if name == "rectilinear" {
				group = name
			}
			cfg, plain := windowsConfig(t, grid, "{schedule: monthly, time_field: t, epoch: 2018-01-01}"), windowsConfig(t, grid, "none")
			store, whole := filepath.Join(t.TempDir(), "s.zarr"), filepath.Join(t.TempDir(), "s.zarr")
			run := func(to string, flags ...string) string {
				return zagg(t, append([]string{"run", "--config", cfg, "--store", to}, flags...)...)
			}
			run(store, granule("a_january", "b_border")...)
			coarser := name != "rectilinear"
			if coarser { // whose groups stay when the store grows
				zagg(t, "coarsen", store, "--levels", "6,2")
			}
			had := stamps(t, store)
			run(store, granule("d_april")...)
			require.Contains(t, refused(t, append([]string{"run", "--config", cfg, "--store", store}, granule("c_february")...)...), "b_border")
			for path, was := range stamps(t, store) {
				if before, there := had[path]; there && filepath.Base(path) != "zarr.json" {
					require.Equal(t, before, was, path)
				}
			}
			run(store, append(granule("b_border", "c_february"), "--start", "2019-02-01", "--end", "2019-02-28")...)
			run(whole, all...)
			if coarser {
				require.Regexp(t, `group "6", stale`, zagg(t, "info", store))
				for _, at := range []string{store, whole} {
					zagg(t, "coarsen", at, "--levels", "6,2")
					require.Regexp(t, `group "6", up to date`, zagg(t, "info", at))
				}
				direct := filepath.Join(t.TempDir(), "direct.zarr")
				zagg(t, append([]string{"run", "--config", windowsConfig(t, strings.Replace(grid, "child_order: 8", "child_order: 6", 1), "{schedule: monthly, time_field: t, epoch: 2018-01-01}"), "--store", direct, "-q"}, all...)...)
				python(t, "golden/windows.py", "coarse", store, direct)
			}
			require.Equal(t, contents(t, whole), contents(t, store))
			require.Contains(t, run(store, all...), "done before")
			zagg(t, "verify", store, "--deep")
			args := []string{"golden/windows.py", "check", store, group, dir}
			for _, month := range []string{"2019-01", "2019-02"} {
				single := filepath.Join(t.TempDir(), month+".zarr")
				start, err := time.Parse("2006-01", month)
				require.NoError(t, err)
				zagg(t, append([]string{"run", "--config", plain, "--store", single, "-q", "--start", start.Format(time.DateOnly), "--end", start.AddDate(0, 1, -1).Format(time.DateOnly)}, all...)...)
				args = append(args, single, month)
			}
			python(t, args[0], args[1:]...)
			require.Contains(t, refused(t, "plot", store, "h_mean", "-o", filepath.Join(dir, "x.png")), "--time 2019-04")
			for _, at := range []string{"2019-04", "2019-04-20"} {
				zagg(t, "plot", store, "h_mean", "--time", at, "-o", filepath.Join(dir, "x.png"))
				zagg(t, "export", store, "--to", "csv", "--time", at, "-o", filepath.Join(dir, "x.csv"))
			}
			require.Contains(t, zagg(t, "info", store), "2019-03: 0 shards, 0 observations")
			april := filepath.Join(t.TempDir(), "april.zarr")
			run(april, granule("d_april")...)
			require.Contains(t, refused(t, append([]string{"run", "--config", cfg, "--store", april}, granule("a_january")...)...), "before the first window of the store, 2019-04")
		})
	}
}

// Granules that are added to windows which the store has are folded in, to the bytes of computing all of them.
func TestWindowsFolded(t *testing.T) {
	sharedtest.NeedsSweep(t)
	dir := t.TempDir()
	python(t, "golden/windows.py", "make", dir)
	text, err := os.ReadFile(windowsConfig(t, "{type: healpix, parent_order: 3, child_order: 8}", "monthly"))
	require.NoError(t, err)
	cfg := filepath.Join(dir, "folds.yaml")
	require.NoError(t, os.WriteFile(cfg, []byte(regexp.MustCompile(`(?m)^    h_(mean|q): .*$`).ReplaceAllString(string(text), "    h_$1: {function: max, source: h}")), 0o644))
	store, whole := filepath.Join(dir, "s.zarr"), filepath.Join(dir, "whole.zarr")
	run := func(to string, names ...string) string {
		args := []string{"run", "--config", cfg, "--store", to}
		for _, n := range names {
			args = append(args, "--granules", filepath.Join(dir, n+".h5"))
		}
		return zagg(t, args...)
	}
	run(store, "a_january", "c_february")
	require.Contains(t, run(store, "a_january", "b_border", "c_february"), "folded")
	run(whole, "a_january", "b_border", "c_february")
	require.Equal(t, contents(t, whole), contents(t, store))
	zagg(t, "verify", store, "--deep")
}

func windowsConfig(t *testing.T, grid, windowing string) string {
	path := filepath.Join(t.TempDir(), "windows.yaml")
	require.NoError(t, os.WriteFile(path, fmt.Appendf(nil, `
data_source:
  groups: [gt1l]
  coordinates: {latitude: "/{group}/lat", longitude: "/{group}/lon"}
  variables: {h: "/{group}/h", t: "/{group}/t"}
aggregation:
  variables:
    count: {function: count, dtype: int32, fill_value: 0}
    h_mean: {function: mean, source: h}
    h_q: {function: quantile, source: h, params: {q: [0.25, 0.75]}, kind: vector, trailing_shape: [2]}
output:
  time_source: {field: t, epoch: 2018-01-01}
  windowing: %s
  grid: %s
`, windowing, grid), 0o644))
	return path
}

// stamps are when each file of a store and each record was written.
func stamps(t *testing.T, store string) map[string]time.Time {
	all := map[string]time.Time{}
	for _, dir := range []string{store, store + ".status/records"} {
		require.NoError(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			info, err := d.Info()
			all[path] = info.ModTime()
			return err
		}))
	}
	return all
}

// contents are the files of a store.
func contents(t *testing.T, store string) map[string]string {
	all := map[string]string{}
	for path := range stamps(t, store) {
		if rest, ok := strings.CutPrefix(path, store+"/"); ok {
			data, err := os.ReadFile(path)
			require.NoError(t, err)
			all[rest] = string(data)
		}
	}
	return all
}
