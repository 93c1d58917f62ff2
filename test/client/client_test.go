//go:build suites

package client

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/internal/sharedtest"
)

// run runs a program that must succeed and returns what it printed.
func run(t *testing.T, dir string, env []string, name string, args ...string) string {
	t.Helper()
	c := exec.CommandContext(t.Context(), name, args...)
	c.Dir, c.Env = dir, append(os.Environ(), env...)
	out, err := c.CombinedOutput()
	require.NoError(t, err, "%s %v\n%s", name, args, out)
	return strings.TrimSpace(string(out))
}

// fresh is what a user does in an environment with nothing but the wheel.
const fresh = `
import sys, zagg
assert "site-packages" in zagg.program() and zagg.version()
sample, store, bad = sys.argv[1:]
said = zagg.agg("atl06", granules=sample, store=store)
assert said["total_obs"] == 41068 and said["cells_error"] == 0, said
assert zagg.agg("atl06", granules=sample, store=store)["cells_current"] == said["total_cells"]
assert zagg.plot(store, "h_mean").data.startswith(b"\x89PNG")
try:
    zagg.agg(bad, granules=sample, store=store)
    sys.exit("no error")
except zagg.ZaggError as err:
    assert (err.code, err.file, err.line) == (1, bad, 2), (err, err.code, err.file, err.line)
try:
    zagg.open(store)
    sys.exit("xarray is there?")
except ModuleNotFoundError:
    pass
print("fresh")
`

// The wheel is the same twice, installs without a network into an empty environment and works there; with xarray and xdggs
// the package's own tests pass, and its types are right.
func TestWheel(t *testing.T) {
	python := os.Getenv("ZAGG_PYTHON")
	if python == "" {
		t.Skip("ZAGG_PYTHON names no Python with the packages of test/requirements.txt: skipped")
	}
	if runtime.GOOS == "windows" {
		t.Skip("the layout of environments is another one")
	}
	root, err := filepath.Abs(filepath.Join("..", ".."))
	require.NoError(t, err)
	dir := t.TempDir()
	program := sharedtest.Program(t, "zagg")
	var wheels [2]string
	for i, out := range []string{"first", "second"} {
		folder := filepath.Join(dir, out)
		require.NoError(t, os.Mkdir(folder, 0o755))
		wheels[i] = run(t, root, nil, python, "sdk/client/build_wheel.py", "--out", folder, "--binary", program)
	}
	a, err := os.ReadFile(wheels[0])
	require.NoError(t, err)
	b, err := os.ReadFile(wheels[1])
	require.NoError(t, err)
	require.Equal(t, filepath.Base(wheels[0]), filepath.Base(wheels[1]))
	require.True(t, string(a) == string(b), "two wheels of the same files differ")

	venv := filepath.Join(dir, "venv")
	run(t, root, nil, python, "-m", "venv", venv)
	run(t, root, nil, filepath.Join(venv, "bin", "pip"), "install", "-q", "--no-index", "--disable-pip-version-check", wheels[0])
	bad := filepath.Join(dir, "bad.yaml")
	require.NoError(t, os.WriteFile(bad, []byte("a: 1\nb"), 0o644))
	clean := []string{"ZAGG=", "PYTHONPATH="}
	sample := filepath.Join(root, "cmd", "zagg", "cli", "sample", "*.h5")
	require.Equal(t, "fresh", run(t, dir, clean, filepath.Join(venv, "bin", "python"), "-c", fresh, sample, filepath.Join(dir, "heights.zarr"), bad))
	require.Contains(t, run(t, dir, clean, filepath.Join(venv, "bin", "zagg"), "--version"), "zagg version")

	run(t, root, []string{"ZAGG=" + program}, python, "-m", "pytest", "-q", "-p", "no:cacheprovider", "sdk/client")
	run(t, root, []string{"ZAGG=" + program}, python, "-m", "mypy", "--strict", "--ignore-missing-imports", "--cache-dir", filepath.Join(dir, "mypy"), "sdk/client/src/zagg")
}

// The notebook gives what is kept in it.
func TestNotebook(t *testing.T) {
	python := os.Getenv("ZAGG_PYTHON")
	if python == "" {
		t.Skip("ZAGG_PYTHON names no Python with the packages of test/requirements.txt: skipped")
	}
	root, err := filepath.Abs(filepath.Join("..", ".."))
	require.NoError(t, err)
	env := []string{"ZAGG=" + sharedtest.Program(t, "zagg"), "PYTHONPATH=" + filepath.Join(root, "sdk", "client", "src")}
	require.Contains(t, run(t, root, env, python, "examples/notebook/execute.py", "examples/notebook/first-map.ipynb"), "7 cells executed")
}
