//go:build suites

package skeletons

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/cmd/zagg/cli"
	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/objstore"
	"github.com/englacial/zagg/internal/sharedtest"
	"github.com/englacial/zagg/internal/zarr"
	"github.com/englacial/zagg/plugins/all"
)

// TestMain lets plugins in Python find numpy, grpcio and the package of this repository.
func TestMain(m *testing.M) {
	if python := os.Getenv("ZAGG_PYTHON"); python != "" {
		sdk, err := filepath.Abs("../../sdk/python/src")
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

// write makes a skeleton. Its name is that of the folder.
func write(t *testing.T, kind, lang string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "my"+kind)
	zagg(t, "plugins", "new", kind, "--lang", lang, "--dir", dir, "my"+kind)
	return dir
}

// command runs a program in a folder and returns what it printed.
func command(t *testing.T, dir string, args ...string) string {
	t.Helper()
	c := exec.CommandContext(t.Context(), args[0], args[1:]...)
	c.Dir = dir
	out, err := c.CombinedOutput()
	require.NoError(t, err, "%s\n%s", strings.Join(args, " "), out)
	return string(out)
}

// buildGo makes the executable of a skeleton in Go.
func buildGo(t *testing.T, dir string) string {
	t.Helper()
	name := "zagg-plugin-" + filepath.Base(dir)
	command(t, dir, "go", "mod", "tidy")
	command(t, dir, "go", "build", "./cmd/"+name)
	return filepath.Join(dir, name)
}

func verify(t *testing.T, dir string, plugin ...string) {
	t.Helper()
	args := []string{"plugins", "verify", "--short"}
	if _, err := os.Stat(filepath.Join(dir, "sample.csv")); err == nil {
		args = append(args, "--prefix", "--granule", filepath.Join(dir, "sample.csv"))
	}
	require.Contains(t, zagg(t, append(append(args, "--"), plugin...)...), " 0 broken")
}

func TestGo(t *testing.T) {
	sharedtest.NotShort(t)
	for _, kind := range []string{"grid", "reader", "statistic"} {
		if kind != "reader" && !sharedtest.Sweep() { // TestRunGo has a statistic
			continue
		}
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			dir := write(t, kind, "go")
			executable := buildGo(t, dir)
			require.Empty(t, command(t, dir, "gofmt", "-l", "."))
			command(t, dir, "go", "vet", "./...")
			command(t, dir, "go", "test", "./...")
			verify(t, dir, executable)
		})
	}
}

func TestPython(t *testing.T) {
	needsPython(t)
	for _, kind := range []string{"grid", "reader", "statistic"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			dir := write(t, kind, "python")
			verify(t, dir, "python3", filepath.Join(dir, "my"+kind+".py"))
		})
	}
}

// A statistic in Go is what the built-in ones say it is.
func TestRunGo(t *testing.T) {
	sharedtest.NotShort(t)
	executable := buildGo(t, write(t, "statistic", "go"))
	store := run(t, "../../cmd/zagg/cli/sample", fmt.Sprintf(`
plugins: [{name: mystatistic, command: [%q]}]
data_source: {reader: atl06, variables: {h_li: "/{group}/land_ice_segments/h_li"}}
aggregation:
  variables:
    low: {function: min, source: h_li, dtype: float64}
    high: {function: max, source: h_li, dtype: float64}
    spread: {function: mystatistic, source: h_li, dtype: float64, params: {factor: 2}}
output: {grid: {type: healpix, parent_order: 7, child_order: 12, layout: compact}}
`, executable))
	low, high, spread := values(t, store, "12", "low"), values(t, store, "12", "high"), values(t, store, "12", "spread")
	cells := 0
	for i := range spread {
		if low[i] == low[i] {
			cells++
			require.Equal(t, 2*(high[i]-low[i]), spread[i])
		}
	}
	require.Greater(t, cells, 1000)
}

// A grid, a reader and a statistic of three processes make a store together.
func TestRunPython(t *testing.T) {
	needsPython(t)
	grid, reader, statistic := write(t, "grid", "python"), write(t, "reader", "python"), write(t, "statistic", "python")
	store := run(t, filepath.Join(reader, "sample.csv"), fmt.Sprintf(`
plugins:
  - {name: mygrid, command: [python3, %q]}
  - {name: myreader, command: [python3, %q]}
  - {name: mystatistic, command: [python3, %q]}
data_source: {reader: myreader}
aggregation:
  variables:
    count: {function: count, source: value, dtype: float64}
    spread: {function: mystatistic, source: value}
output: {grid: {type: mygrid, degrees: 1}}
`, filepath.Join(grid, "mygrid.py"), filepath.Join(reader, "myreader.py"), filepath.Join(statistic, "mystatistic.py")))
	total := 0.0
	for _, n := range values(t, store, "mygrid", "count") {
		if n > 0 {
			total += n
		}
	}
	require.Equal(t, 400.0, total)
}

// run makes a store of granules.
func run(t *testing.T, granules, config string) string {
	t.Helper()
	dir := t.TempDir()
	path, store := filepath.Join(dir, "config.yaml"), filepath.Join(dir, "store.zarr")
	require.NoError(t, os.WriteFile(path, []byte(config), 0o600))
	zagg(t, "run", "--allow-plugins", "--config", path, "--granules", granules, "--store", store, "-q")
	return store
}

// values are those of a whole variable of type float64.
func values(t *testing.T, store, group, name string) []float64 {
	t.Helper()
	root, err := zarr.Open(t.Context(), &objstore.File{}, store)
	require.NoError(t, err)
	g, err := root.Group(t.Context(), group)
	require.NoError(t, err)
	a, err := g.Array(t.Context(), name)
	require.NoError(t, err)
	c, err := a.Read(t.Context(), make([]int64, len(a.Shape)), a.Shape)
	require.NoError(t, err)
	return core.View[float64](c.Data)
}
