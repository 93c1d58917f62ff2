//go:build suites

package golden

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/cmd/zagg/cli"
	"github.com/englacial/zagg/internal/sharedtest"
	"github.com/englacial/zagg/plugins/all"
)

// refused is what a command line that is to fail says.
func refused(t *testing.T, args ...string) string {
	t.Helper()
	var out, errs bytes.Buffer
	code := cli.Run(t.Context(), args, strings.NewReader(""), &out, &errs, all.Plugins()...)
	require.Equal(t, 1, code, "%s%s", out.String(), errs.String())
	return errs.String()
}

// With more granules just the shards that they touch are computed again; without some a run is refused; another configuration is refused
// by the keys that differ.
func TestAppend(t *testing.T) {
	config := filepath.Join(sharedtest.Dir(t, "golden", "atl03", "tdigest_d64"), "config.yaml")
	store := filepath.Join(t.TempDir(), "store.zarr")
	few, all := photonGranules(t, 3), photonGranules(t, 4)
	run := func(granules string, more ...string) []string {
		return append([]string{"run", "--config", config, "--granules", granules, "--store", store}, more...)
	}
	zagg(t, run(few)...)
	before := folder(t, store)
	require.Contains(t, zagg(t, run(few)...), "4 done before")
	zagg(t, run(all)...)
	fresh := filepath.Join(t.TempDir(), "fresh.zarr")
	zagg(t, "run", "--config", config, "--granules", all, "--store", fresh, "-q")
	require.Equal(t, folder(t, fresh), folder(t, store))
	require.Contains(t, refused(t, run(few)...), "without 1 of the 4 granules that the store was made from (ATL03_")
	zagg(t, run(few, "--allow-contraction")...)
	require.Equal(t, before, folder(t, store))

	zagg(t, "coarsen", store, "--levels", "15,13") // which knows when it has become stale
	require.Contains(t, zagg(t, "info", store), `coarser       group "13", up to date`)
	zagg(t, run(all)...)
	for _, l := range []string{`coarser       group "15", stale`, `coarser       group "13", stale`} {
		require.Contains(t, zagg(t, "info", store), l)
	}
	zagg(t, "coarsen", store, "--levels", "15,13")
	require.NotContains(t, zagg(t, "info", store), "stale")

	text, err := os.ReadFile(config)
	require.NoError(t, err)
	config = filepath.Join(t.TempDir(), "changed.yaml")
	require.NoError(t, os.WriteFile(config, bytes.Replace(text, []byte("delta: 64"), []byte("delta: 128"), 1), 0o644))
	require.Contains(t, refused(t, run(few)...), "aggregation.variables.h_tdigest.params.delta was 64, now 128")
}

// Counts and extremes are folded into what a store has; the bytes are those of computing.
func TestAppendFolds(t *testing.T) {
	const samples = "../../cmd/zagg/cli/sample"
	files, err := filepath.Glob(samples + "/*.h5")
	require.NoError(t, err)
	text, err := os.ReadFile(samples + "/demo.yaml")
	require.NoError(t, err)
	kept := regexp.MustCompile(`(?m)^    h_(mean|sigma|q50): .*\n`).ReplaceAll(text, nil)
	require.Less(t, len(kept), len(text))
	config := filepath.Join(t.TempDir(), "extremes.yaml")
	require.NoError(t, os.WriteFile(config, bytes.Replace(kept, []byte("layout: compact"), []byte("layout: fullsphere"), 1), 0o644))
	run := func(store string, granules []string, more ...string) string {
		return zagg(t, append([]string{"run", "--config", config, "--granules", strings.Join(granules, ","), "--store", store}, more...)...)
	}
	fresh := filepath.Join(t.TempDir(), "fresh.zarr")
	run(fresh, files, "-q")
	want := folder(t, fresh)
	store := filepath.Join(t.TempDir(), "store.zarr")
	run(store, files[:6], "-q")
	require.Contains(t, run(store, files[:9]), " folded")
	require.Contains(t, run(store, files), " folded")
	require.Equal(t, want, folder(t, store))
	require.Contains(t, zagg(t, "verify", store, "--deep"), "all as it was written")
	require.Contains(t, refused(t, "run", "--config", config, "--granules", samples, "--store", fresh, "--append", "fold", "--backend", "lambda", "--emulate", "--yes"), "functions on Lambda fold only if the bytes are the same")
}
