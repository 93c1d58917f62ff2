//go:build suites

package golden

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/internal/config"
	"github.com/englacial/zagg/internal/sharedtest"
)

// python runs a script of this repository's test folder.
func python(t *testing.T, script string, args ...string) string {
	exe := os.Getenv("ZAGG_PYTHON")
	if exe == "" {
		t.Skip("ZAGG_PYTHON names no Python with the packages of test/requirements.txt: skipped")
	}
	cmd := exec.Command(exe, append([]string{"-W", "error::RuntimeWarning:xarray", filepath.Join("..", script)}, args...)...)
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, string(out))
	t.Log(strings.TrimSpace(string(out)))
	return string(out)
}

// asJSON writes a configuration as JSON for a script to read.
func asJSON(t *testing.T, path string) string {
	cfg, _, err := config.Load(path)
	require.NoError(t, err)
	out := filepath.Join(t.TempDir(), "config.json")
	require.NoError(t, os.WriteFile(out, cfg.JSON(), 0o644))
	return out
}

func shippedConfig(t *testing.T, edits ...string) string {
	text, err := config.ShippedText("atl06")
	require.NoError(t, err)
	out := filepath.Join(t.TempDir(), "config.yaml")
	require.NoError(t, os.WriteFile(out, []byte(strings.NewReplacer(edits...).Replace(string(text))), 0o644))
	return out
}

// Four real granules over Antarctica together, and single ones elsewhere, against h5py, numpy and healpy.
func TestRealGranules(t *testing.T) {
	dir := sharedtest.Dir(t, "data", "atl06")
	for name, pattern := range map[string]string{
		"antarctica": "processed_ATL06_2018*.h5", "greenland": "processed_ATL06_20[12][91]*006_01.h5",
		"kamchatka": "ATL06_2023*.h5", "juneau": "ATL06_2018*.h5",
	} {
		t.Run(name, func(t *testing.T) {
			granules, err := filepath.Glob(filepath.Join(dir, pattern))
			require.NoError(t, err)
			require.NotEmpty(t, granules)
			for _, layout := range []string{"compact", "fullsphere"} {
				cfg := shippedConfig(t, "layout: compact", "layout: "+layout)
				store := filepath.Join(t.TempDir(), layout+".zarr")
				zagg(t, "run", "--config", cfg, "--granules", filepath.Join(dir, pattern), "--store", store, "-q")
				if layout == "compact" {
					python(t, "reference/reference.py", append([]string{store, asJSON(t, cfg)}, granules...)...)
				}
				python(t, "xarray/open_store.py", layout, store, "12")
			}
		})
	}
}

// Observations of an area and a time, each by its own place and time, against numpy; and a store that is of one choice is of no other.
func TestSelection(t *testing.T) {
	dir := sharedtest.Dir(t, "data", "atl06")
	pattern := filepath.Join(dir, "processed_ATL06_2018*.h5")
	granules, err := filepath.Glob(pattern)
	require.NoError(t, err)
	triangle := filepath.Join(t.TempDir(), "triangle.geojson")
	require.NoError(t, os.WriteFile(triangle, []byte(`{"type":"Polygon","coordinates":[[[9,-72],[14,-71.5],[9.5,-70.1],[9,-72]]]}`), 0o644))
	for name, flags := range map[string][]string{
		"box": {"--bbox", "9.5,-71.5,13,-70.2"}, "triangle": {"--polygon", triangle},
		"time":       {"--start", "2018-10-15T15:02:20", "--end", "2018-10-27"},
		"everything": {"--polygon", triangle, "--start", "2018-10-23", "--end", "2018-10-27T01:46:30"},
	} {
		t.Run(name, func(t *testing.T) {
			if name != "everything" {
				sharedtest.NeedsSweep(t)
			}
			store := filepath.Join(t.TempDir(), "some.zarr")
			args := []string{"run", "--config", "atl06", "--granules", pattern, "--store", store, "-q"}
			zagg(t, append(args, flags...)...)
			python(t, "reference/reference.py", append([]string{store, filepath.Join(store+".status", "config.json")}, granules...)...)
			if name == "everything" {
				require.Contains(t, refused(t, args...), "data_source.select")
			}
		})
	}
}

// Granules with everything that can be missing, against h5py, numpy and healpy, for each treatment of what is missing.
func TestEdge(t *testing.T) {
	dir := sharedtest.Dir(t, "golden")
	granules, err := filepath.Glob(filepath.Join(dir, "granules_edge", "*.h5"))
	require.NoError(t, err)
	require.NotEmpty(t, granules)
	for _, mask := range []string{"inputs", "row", "false"} {
		text, err := os.ReadFile(withMask(t, filepath.Join(dir, "edge", "config.yaml"), mask))
		require.NoError(t, err)
		cfg := filepath.Join(t.TempDir(), "config.yaml")
		require.NoError(t, os.WriteFile(cfg, []byte(strings.Replace(string(text), "  grid:\n", "  grid:\n    layout: compact\n", 1)), 0o644))
		store := filepath.Join(t.TempDir(), mask+".zarr")
		zagg(t, "run", "--config", cfg, "--granules", filepath.Join(dir, "granules_edge"), "--store", store, "-q")
		python(t, "reference/reference.py", append([]string{store, asJSON(t, cfg)}, granules...)...)
	}
}

// The sample granules that come with zagg: what a clone without reference data can check.
func TestSample(t *testing.T) {
	samples, err := filepath.Glob("../../cmd/zagg/cli/sample/*.h5")
	require.NoError(t, err)
	require.Len(t, samples, 10)
	cfg := shippedConfig(t)
	store := filepath.Join(t.TempDir(), "sample.zarr")
	zagg(t, "run", "--config", cfg, "--granules", "../../cmd/zagg/cli/sample", "--store", store, "-q")
	python(t, "reference/reference.py", append([]string{store, asJSON(t, cfg)}, samples...)...)
	python(t, "xarray/open_store.py", "compact", store, "12")
}
