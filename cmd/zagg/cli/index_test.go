package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// sidecarConfig is the demo's configuration with indexes.
func sidecarConfig(t *testing.T, folder string, writeBack bool) string {
	text, err := os.ReadFile("sample/demo.yaml")
	require.NoError(t, err)
	line := "data_source:\n  index: {backend: sidecar, store: " + folder
	if writeBack {
		line += ", write_back: true"
	}
	out := filepath.Join(t.TempDir(), "sidecar.yaml")
	require.NoError(t, os.WriteFile(out, []byte(strings.Replace(string(text), "data_source:\n", line+"}\n", 1)), 0o644))
	return out
}

func values(t *testing.T, store string) map[string]string {
	all := map[string]string{}
	require.NoError(t, filepath.WalkDir(store, func(p string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() || d.Name() == "zarr.json" {
			return err
		}
		data, err := os.ReadFile(p)
		rel, _ := filepath.Rel(store, p)
		all[rel] = string(data)
		return err
	}))
	return all
}

// Runs with indexes, built or written back, give the same values as without.
func TestIndexes(t *testing.T) {
	plain := filepath.Join(t.TempDir(), "plain.zarr")
	ok(t, "run", "--config", "sample/demo.yaml", "--granules", "sample", "--store", plain, "-q")
	folder := filepath.Join(t.TempDir(), "indexes")
	out := ok(t, "index", "build", "sample", "--out", folder, "--config", "sample/demo.yaml", "-q")
	require.Contains(t, out, "10 indexes made, 0 fitted already, 0 failed")
	out = ok(t, "index", "build", "sample", "--out", folder, "--config", "sample/demo.yaml", "-q")
	require.Contains(t, out, "0 indexes made, 10 fitted already, 0 failed")

	with := filepath.Join(t.TempDir(), "with.zarr")
	ok(t, "run", "--config", sidecarConfig(t, folder, false), "--granules", "sample", "--store", with, "-q")
	require.Equal(t, values(t, plain), values(t, with))

	back := filepath.Join(t.TempDir(), "back")
	cfg := sidecarConfig(t, back, true)
	ok(t, "run", "--config", cfg, "--granules", "sample", "--store", filepath.Join(t.TempDir(), "a.zarr"), "-q")
	made, err := filepath.Glob(back + "/*.zidx")
	require.NoError(t, err)
	require.Len(t, made, 10)
	for _, m := range made {
		want, err := os.ReadFile(filepath.Join(folder, filepath.Base(m)))
		require.NoError(t, err)
		got, err := os.ReadFile(m)
		require.NoError(t, err)
		require.Equal(t, want, got, m)
	}
	second := filepath.Join(t.TempDir(), "b.zarr")
	ok(t, "run", "--config", cfg, "--granules", "sample", "--store", second, "-q", "--json")
	require.Equal(t, values(t, plain), values(t, second))

	code, _, errs := execute(t, "", "index", "build", "sample")
	require.Equal(t, 2, code)
	require.Contains(t, errs, "--out is missing")
	code, _, errs = execute(t, "", "index", "build", "cli.go", "--out", folder, "-q")
	require.Equal(t, 1, code, errs)
}
