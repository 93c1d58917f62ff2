//go:build cgo && suites

package h3

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/cmd/zagg/cli"
	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/plugins/all"
)

// zagg runs one command line in this process.
func zagg(t *testing.T, plugins []core.Plugin, args ...string) {
	t.Helper()
	var out, errs bytes.Buffer
	code := cli.Run(t.Context(), args, strings.NewReader(""), &out, &errs, plugins...)
	require.Zero(t, code, "zagg %s\n%s%s", strings.Join(args, " "), out.String(), errs.String())
}

// python runs check.py.
func python(t *testing.T, args ...string) {
	t.Helper()
	exe := os.Getenv("ZAGG_PYTHON")
	if exe == "" {
		t.Skip("ZAGG_PYTHON names no Python with the packages of test/requirements.txt: skipped")
	}
	out, err := exec.CommandContext(t.Context(), exe, append([]string{"check.py"}, args...)...).CombinedOutput()
	require.NoError(t, err, string(out))
	t.Log(strings.TrimSpace(string(out)))
}

// configFile is a changed copy of a configuration.
func configFile(t *testing.T, path string, edits ...string) string {
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	for i := 0; i < len(edits); i += 2 {
		require.Contains(t, string(text), edits[i])
		text = []byte(strings.ReplaceAll(string(text), edits[i], edits[i+1]))
	}
	out := filepath.Join(t.TempDir(), "config.yaml")
	require.NoError(t, os.WriteFile(out, text, 0o644))
	return out
}

const example = "../../examples/atl06_h3.yaml"

// check runs a configuration in both layouts and compares what comes out.
func check(t *testing.T, config, parent, child string, granules ...string) {
	t.Helper()
	args := []string{"check"}
	for _, layout := range []string{"compact", "fullsphere"} {
		store := filepath.Join(t.TempDir(), layout+".zarr")
		run := []string{"run", "--config", configFile(t, config, "layout: compact", "layout: "+layout), "--store", store, "-q"}
		for _, g := range granules {
			run = append(run, "--granules", g)
		}
		zagg(t, all.Plugins(), run...)
		args = append(args, store)
	}
	python(t, append(append(args, parent, child), granules...)...)
}

// TestSample is the example configuration on the sample granules.
func TestSample(t *testing.T) {
	granules, err := filepath.Glob("../../cmd/zagg/cli/sample/*.h5")
	require.NoError(t, err)
	require.NotEmpty(t, granules)
	check(t, example, "4", "8", granules...)
}

// TestPlaces is a granule around the pentagon off the coast of Norway, one around a pole and one across the antimeridian.
func TestPlaces(t *testing.T) {
	folder := t.TempDir()
	python(t, "make", folder)
	config := configFile(t, example,
		"reader: atl06 ", "reader: hdf5\n  groups: [points]\n  coordinates: {latitude: '/{group}/latitude', longitude: '/{group}/longitude'} ",
		"/land_ice_segments/h_li_sigma", "/sigma", "/land_ice_segments/h_li", "/height",
		"quality_filter:\n    dataset: /{group}/land_ice_segments/atl06_quality_summary\n    value: 0 ", "mask_fill: true ",
		"child_resolution: 8", "child_resolution: 7")
	for _, name := range []string{"pentagon", "pole", "antimeridian"} {
		t.Run(name, func(t *testing.T) { check(t, config, "4", "7", filepath.Join(folder, name+".h5")) })
	}
}
