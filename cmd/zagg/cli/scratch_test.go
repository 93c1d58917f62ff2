package cli

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// A folder for rows where no file can be made is refused before anything else is done, and one where it can be is left empty.
func TestScratchIsTriedFirst(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	wrong := []string{file, filepath.Join(dir, "none")}
	if info, err := os.Stat("/proc"); err == nil && info.IsDir() {
		wrong = append(wrong, "/proc")
	}
	closed := filepath.Join(dir, "closed")
	require.NoError(t, os.Mkdir(closed, 0o500))
	if os.Geteuid() != 0 { // who may write everywhere
		wrong = append(wrong, closed)
	}
	store := filepath.Join(dir, "x.zarr")
	args := []string{"run", "--config", "sample/demo.yaml", "--granules", "sample", "--store", store, "-q", "--scratch"}
	for _, scratch := range wrong {
		for _, more := range [][]string{nil, {"--dry-run"}} {
			code, out, errs := execute(t, "", append(append(args[:len(args):len(args)], scratch), more...)...)
			require.Equal(t, 2, code, out+errs)
			require.Contains(t, errs, scratch)
			require.Contains(t, errs, "--scratch")
			require.NoDirExists(t, store)
		}
	}
	empty := filepath.Join(dir, "empty")
	require.NoError(t, os.Mkdir(empty, 0o700))
	ok(t, append(append(args[:len(args):len(args)], empty), "--dry-run")...)
	left, err := os.ReadDir(empty)
	require.NoError(t, err)
	require.Empty(t, left)
}
