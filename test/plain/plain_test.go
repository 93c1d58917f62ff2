// Package plain is what a clone without reference data can check of the main job: granules in testdata, made by make.py, and the
// values of their cells as h5py, numpy and healpy have them (test/reference). It says too what such a clone leaves out.
package plain

import (
	"bytes"
	"encoding/csv"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/cmd/zagg/cli"
	"github.com/englacial/zagg/plugins/all"
)

func zagg(t *testing.T, args ...string) {
	t.Helper()
	var out, errs bytes.Buffer
	code := cli.Run(t.Context(), args, strings.NewReader(""), &out, &errs, all.Plugins()...)
	require.Zero(t, code, "zagg %s\n%s%s", strings.Join(args, " "), out.String(), errs.String())
}

// table reads a CSV file with a header; each row by the value of its column key.
func table(t *testing.T, path, key string) map[string]map[string]string {
	f, err := os.Open(path)
	require.NoError(t, err)
	defer f.Close()
	lines, err := csv.NewReader(f).ReadAll()
	require.NoError(t, err)
	rows := map[string]map[string]string{}
	for _, line := range lines[1:] {
		row := map[string]string{}
		for i, name := range lines[0] {
			row[name] = line[i]
		}
		rows[row[key]] = row
	}
	return rows
}

func TestCells(t *testing.T) {
	// Beside the cast to float32: the reference sums in float64.
	tolerance := map[string]float64{"h_mean": 1e-6, "h_sigma": 1e-6, "h_variance": 1e-5}
	for _, name := range []string{"small", "edge"} {
		t.Run(name, func(t *testing.T) {
			store, file := filepath.Join(t.TempDir(), "store.zarr"), filepath.Join(t.TempDir(), "cells.csv")
			zagg(t, "run", "--config", filepath.Join("testdata", "config.json"), "--granules", filepath.Join("testdata", name), "--store", store, "-q")
			zagg(t, "export", store, "--to", "csv", "-o", file)
			want, got := table(t, filepath.Join("testdata", name, "cells.csv"), "cell"), table(t, file, "cell_ids")
			require.NotEmpty(t, want)
			require.Len(t, got, len(want))
			for id, row := range want {
				require.NotNil(t, got[id], "cell %s", id)
				for variable, text := range row {
					if variable != "cell" {
						same(t, id+" "+variable, text, got[id][variable], tolerance[variable])
					}
				}
			}
		})
	}
}

// same compares a value with that of the reference, cast to float32. An empty field of a CSV is no value.
func same(t *testing.T, what, want, got string, tolerance float64) {
	t.Helper()
	if got == "" {
		got = "nan"
	}
	w, err := strconv.ParseFloat(want, 64)
	require.NoError(t, err, what)
	g, err := strconv.ParseFloat(got, 64)
	require.NoError(t, err, what)
	w, g = float64(float32(w)), float64(float32(g))
	if w == g || math.IsNaN(w) && math.IsNaN(g) {
		return
	}
	require.LessOrEqual(t, math.Abs(w-g), tolerance*math.Abs(w), "%s: %v, expected %v", what, g, w)
}

// What needs the folder "shared" beside the checkout is skipped without it; these are the tests that do.
func TestWhatAPlainCloneLeavesOut(t *testing.T) {
	cmd := exec.Command("git", "grep", "-lE", `sharedtest\.Dir\(`, "--", "*_test.go")
	cmd.Dir = filepath.Join("..", "..")
	out, err := cmd.Output()
	require.NoError(t, err)
	test := regexp.MustCompile(`(?m)^func (Test\w+)\(`)
	n := 0
	for file := range strings.Lines(string(out)) {
		file = strings.TrimSpace(file)
		text, err := os.ReadFile(filepath.Join("..", "..", file))
		require.NoError(t, err)
		names := test.FindAllStringSubmatch(string(text), -1)
		n += len(names)
		for _, m := range names {
			t.Logf("%s %s", file, m[1])
		}
	}
	t.Logf("%d tests are in files that read reference data; where ../shared is not there, those that need it are skipped", n)
	require.NotZero(t, n)
}
