//go:build suites

package examples

import (
	"bytes"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/cmd/zagg/cli"
	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/objstore"
	"github.com/englacial/zagg/core/reduce"
	"github.com/englacial/zagg/internal/sharedtest"
	"github.com/englacial/zagg/internal/zarr"
	"github.com/englacial/zagg/plugins/all"
)

// TestMain goes to the root of the repository, where the examples are run, and lets plugins in Python find numpy, grpcio and the
// package of this repository.
func TestMain(m *testing.M) {
	if err := os.Chdir("../.."); err != nil {
		panic(err)
	}
	if python := os.Getenv("ZAGG_PYTHON"); python != "" {
		sdk, err := filepath.Abs("sdk/python/src")
		if err != nil {
			panic(err)
		}
		os.Setenv("PYTHONPATH", sdk)
		os.Setenv("PATH", filepath.Dir(python)+string(os.PathListSeparator)+os.Getenv("PATH"))
	}
	os.Exit(m.Run())
}

func needsPython(t *testing.T) {
	if os.Getenv("ZAGG_PYTHON") == "" {
		t.Skip("set ZAGG_PYTHON to a Python with numpy and grpcio")
	}
}

// zagg runs one command line and returns what it printed.
func zagg(t *testing.T, args ...string) string {
	t.Helper()
	var out, errs bytes.Buffer
	code := cli.Run(t.Context(), args, strings.NewReader(""), &out, &errs, all.Plugins()...)
	require.Zero(t, code, "zagg %s\n%s%s", strings.Join(args, " "), out.String(), errs.String())
	return out.String()
}

// buildPlanefit makes the executable.
func buildPlanefit(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "zagg-plugin-planefit")
	out, err := exec.CommandContext(t.Context(), "go", "build", "-C", "examples/planefit", "-o", path, "./cmd/zagg-plugin-planefit").CombinedOutput()
	require.NoError(t, err, string(out))
	return path
}

func TestModule(t *testing.T) {
	sharedtest.NotShort(t)
	for _, args := range [][]string{{"vet", "-C", "examples/planefit", "./..."}, {"test", "-C", "examples/planefit", "./..."}} {
		out, err := exec.CommandContext(t.Context(), "go", args...).CombinedOutput()
		require.NoError(t, err, string(out))
	}
	require.Contains(t, zagg(t, "plugins", "verify", "--short", buildPlanefit(t)), " 0 broken")
}

func TestVerifyPython(t *testing.T) {
	needsPython(t)
	require.Contains(t, zagg(t, "plugins", "verify", "--short", "--", "python3", "examples/python/planefit.py"), " 0 broken")
	out := zagg(t, "plugins", "verify", "--short", "--prefix", "--granule", "examples/data/drifters-1.csv", "--", "python3", "examples/python/drifters.py")
	require.Contains(t, out, " 0 broken")
}

// The plane's scatter and slope are the same in Go, in Python and computed here.
func TestPlanefit(t *testing.T) {
	sharedtest.NotShort(t)
	config, err := os.ReadFile("examples/planefit.yaml")
	require.NoError(t, err)
	run := func(command string) map[string][]float64 {
		text := strings.Replace(string(config), "[./examples/zagg-plugin-planefit]", command, 1)
		require.Contains(t, text, command)
		return stored(t, "cmd/zagg/cli/sample", text, "12", "cell_ids", "count", "h_scatter", "h_scatter_slope")
	}
	inGo := run(fmt.Sprintf("[%q]", buildPlanefit(t)))
	want := planes(t, 8)
	fitted := 0
	for i, id := range inGo["cell_ids"] {
		w, ok := want[uint64(id)]
		if !ok {
			require.False(t, inGo["count"][i] > 0, "cell %v has no observations, one of %d", id, len(want))
			continue
		}
		require.Equal(t, float64(w.count), inGo["count"][i], "cell %v", id)
		near(t, w.scatter, inGo["h_scatter"][i], "scatter of cell %v", id)
		near(t, w.slope, inGo["h_scatter_slope"][i], "slope of cell %v", id)
		if !math.IsNaN(w.scatter) {
			fitted++
		}
	}
	require.Greater(t, fitted, 500)

	needsPython(t)
	inPython := run("[python3, examples/python/planefit.py]")
	require.Equal(t, inGo["cell_ids"], inPython["cell_ids"])
	for i := range inGo["cell_ids"] {
		near(t, inGo["h_scatter"][i], inPython["h_scatter"][i], "scatter, %d", i)
		near(t, inGo["h_scatter_slope"][i], inPython["h_scatter_slope"][i], "slope, %d", i)
	}
}

// Results of any number of rows and vectors of a plugin in Python are stored, one value a chunk too, and folded to what a run at the
// coarser order gives.
func TestExtremes(t *testing.T) {
	needsPython(t)
	config := func(order int, chunk string) string {
		path := filepath.Join(t.TempDir(), "config.yaml")
		require.NoError(t, os.WriteFile(path, fmt.Appendf(nil, `
plugins: [{name: extremes, command: [python3, examples/python/extremes.py]}]
data_source: {reader: atl06}
aggregation:
  variables:
    count: {function: count, source: h_li, dtype: int32}
    h_low: {function: lowest, source: h_li, dtype: float64, params: {n: 4}}
    h_bins: {function: bins, source: h_li, dtype: uint32, fill_value: 0, params: {high: 3000, n: 5}}
%s
output: {grid: {type: healpix, parent_order: 6, child_order: %d, layout: compact}}
`, chunk, order), 0o644))
		return path
	}
	store, coarse := filepath.Join(t.TempDir(), "store.zarr"), filepath.Join(t.TempDir(), "coarse.zarr")
	zagg(t, "run", "--allow-plugins", "--config", config(12, "    h_chunk: {function: bins, source: h_li, resolution: chunk, dtype: uint32, fill_value: 0, params: {high: 3000, n: 1}}"), "--granules", "cmd/zagg/cli/sample", "--store", store, "-q")
	zagg(t, "run", "--allow-plugins", "--config", config(9, ""), "--granules", "cmd/zagg/cli/sample", "--store", coarse, "-q")
	out := zagg(t, "coarsen", "--allow-plugins", store, "--order", "9")
	require.Contains(t, out, "left out: h_chunk: it is one value for each chunk")
	require.Contains(t, out, "exact: count, h_low, h_bins\n", "a fold says what it is, ragged or not")
	require.NotContains(t, out, "approximate")
	want, got := cellsOf(t, coarse, "9", "h_low"), cellsOf(t, store, "9", "h_low")
	require.NotEmpty(t, want)
	require.Equal(t, want, got)
	require.Equal(t, cellsOf(t, coarse, "9", "h_bins"), cellsOf(t, store, "9", "h_bins"))
	if sharedtest.Sweep() {
		require.Contains(t, zagg(t, "plugins", "verify", "--short", "--", "python3", "examples/python/extremes.py"), " 0 broken")
	}
}

// The drifters' positions are in the cells that a count by hand finds.
func TestDrifters(t *testing.T) {
	needsPython(t)
	config, err := os.ReadFile("examples/drifters.yaml")
	require.NoError(t, err)
	got := stored(t, "examples/data/drifters-1.csv", string(config), "8", "count", "speed_max", "sst_mean")
	total, most, sum := 0.0, 0.0, 0.0
	for i, n := range got["count"] {
		if n > 0 {
			total += n
			most = math.Max(most, got["speed_max"][i])
			sum += n * got["sst_mean"][i]
		}
	}
	rows, fastest, temperature := drifters(t)
	require.Equal(t, rows, total)
	require.InDelta(t, fastest, most, 1e-6)
	require.InDelta(t, temperature, sum, 1e-4*temperature)
}

func near(t *testing.T, want, got float64, what string, args ...any) {
	t.Helper()
	if math.IsNaN(want) && math.IsNaN(got) {
		return
	}
	require.LessOrEqual(t, math.Abs(want-got), 1e-6*math.Max(1, math.Abs(want)), "%s: %v, expected %v", fmt.Sprintf(what, args...), got, want)
}

// stored runs a configuration and reads variables of its store.
func stored(t *testing.T, granules, config, group string, names ...string) map[string][]float64 {
	t.Helper()
	dir := t.TempDir()
	path, store := filepath.Join(dir, "config.yaml"), filepath.Join(dir, "store.zarr")
	require.NoError(t, os.WriteFile(path, []byte(config), 0o600))
	zagg(t, "run", "--allow-plugins", "--config", path, "--granules", granules, "--store", store, "-q")
	root, err := zarr.Open(t.Context(), &objstore.File{}, store)
	require.NoError(t, err)
	g, err := root.Group(t.Context(), group)
	require.NoError(t, err)
	out := map[string][]float64{}
	for _, name := range names {
		a, err := g.Array(t.Context(), name)
		require.NoError(t, err)
		c, err := a.Read(t.Context(), make([]int64, len(a.Shape)), a.Shape)
		require.NoError(t, err)
		out[name] = reduce.Float64s(&c)
	}
	return out
}

// cellsOf are the values of a store's cells by their ids, of those that have any: the bytes of ragged ones, numbers as text of others.
func cellsOf(t *testing.T, store, group, name string) map[uint64]string {
	t.Helper()
	root, err := zarr.Open(t.Context(), &objstore.File{}, store)
	require.NoError(t, err)
	g, err := root.Group(t.Context(), group)
	require.NoError(t, err)
	ids, err := g.Array(t.Context(), "cell_ids")
	require.NoError(t, err)
	id, err := ids.Read(t.Context(), []int64{0}, ids.Shape)
	require.NoError(t, err)
	a, err := g.Array(t.Context(), name)
	require.NoError(t, err)
	out := map[uint64]string{}
	if len(a.Shape) == 1 {
		cells, err := a.ReadCells(t.Context(), []int64{0}, a.Shape)
		require.NoError(t, err)
		for i, c := range cells {
			if len(c) > 0 {
				out[core.View[uint64](id.Data)[i]] = string(c)
			}
		}
		return out
	}
	c, err := a.Read(t.Context(), make([]int64, len(a.Shape)), a.Shape)
	require.NoError(t, err)
	values := reduce.Float64s(&c)
	for i, key := range core.View[uint64](id.Data) {
		if row := values[i*int(a.Shape[1]) : (i+1)*int(a.Shape[1])]; slices.Max(row) > 0 {
			out[key] = fmt.Sprint(row)
		}
	}
	return out
}
