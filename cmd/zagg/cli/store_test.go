package cli

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core/objstore"
	"github.com/englacial/zagg/internal/store"
)

// A store that a run is at work on is refused to others with another configuration, before they change anything, until it is
// unlocked.
func TestStoreUnlock(t *testing.T) {
	url := filepath.Join(t.TempDir(), "heights.zarr")
	held, err := store.Acquire(t.Context(), &objstore.File{}, url, store.Claimant{RunID: "20260101T000000.000Z", Work: "other", Lasts: time.Hour})
	require.NoError(t, err)
	args := []string{"run", "--config", "sample/demo.yaml", "--granules", "sample", "--store", url, "-q"}
	for _, more := range [][]string{nil, {"--overwrite"}, {"--backend", "lambda", "--emulate"}} {
		code, _, errs := execute(t, "", append(args, more...)...)
		require.Equal(t, 1, code)
		require.Contains(t, errs, "run 20260101T000000.000Z (process ")
		require.Contains(t, errs, "is at work on it")
		require.NoDirExists(t, url)
	}
	code, out, errs := execute(t, "n\n", "store", "unlock", url)
	require.Equal(t, 1, code)
	require.Contains(t, out, "run 20260101T000000.000Z")
	require.Contains(t, errs, "stays as it is")
	require.Contains(t, ok(t, "store", "unlock", url, "--yes"), url+" is free\n")
	require.Contains(t, ok(t, "store", "unlock", url), "no run is at work on it")
	require.NoError(t, held.Release(t.Context(), false))
	ok(t, args...)
	require.NoError(t, os.WriteFile(url+".status/claim.json", []byte("{"), 0o644))
	code, _, errs = execute(t, "", args...)
	require.Equal(t, 1, code)
	require.Contains(t, errs, "zagg store unlock "+url)
	require.Contains(t, ok(t, "store", "unlock", url), "is free")
	ok(t, args...)
}
