//go:build suites

package memory

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/internal/config"
	"github.com/englacial/zagg/internal/sharedtest"
	"github.com/englacial/zagg/test/remote/loop"
)

// A dataset is a configuration and the granules to run it with.
type dataset struct{ name, config, granules string }

// datasets are the golden ones, and with soak the real granules and those of the benchmark too.
func datasets(t *testing.T, soak bool) []dataset {
	golden := sharedtest.Dir(t, "golden")
	sets := []dataset{
		{"small", filepath.Join(golden, "small", "config.yaml"), filepath.Join(golden, "granules_small")},
		{"photons", filepath.Join(golden, "atl03", "levels", "config.yaml"), filepath.Join(golden, "granules_atl03")},
	}
	if !soak {
		return sets
	}
	atl06 := filepath.Join(t.TempDir(), "atl06.yaml")
	text, err := config.ShippedText("atl06")
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(atl06, text, 0o600))
	sets = append(sets,
		dataset{"small_flat", filepath.Join(golden, "small_flat", "config.yaml"), filepath.Join(golden, "granules_small")},
		dataset{"edge", filepath.Join(golden, "edge", "config.yaml"), filepath.Join(golden, "granules_edge")},
		dataset{"rectilinear photons", filepath.Join(golden, "atl03", "rect", "config.yaml"), filepath.Join(golden, "granules_atl03")},
		dataset{"digests", filepath.Join(golden, "atl03", "tdigest_d64", "config.yaml"), filepath.Join(golden, "granules_atl03")},
		dataset{"real", atl06, sharedtest.Dir(t, "data", "atl06")})
	if dir := os.Getenv("ZAGG_BENCH_GRANULES"); dir != "" {
		sets = append(sets, dataset{"bench", filepath.Join(golden, "bench", "config.yaml"), dir})
	}
	return sets
}

// Each set at one, three and as many shards a job as suit, with plugins linked in and all of them in a process of their own: the
// same objects and, receipts apart, the same records. Without ZAGG_SOAK two sets in two of these ways.
func TestSameStoreAtAnyGrouping(t *testing.T) {
	sharedtest.NotShort(t)
	soak := os.Getenv("ZAGG_SOAK") != ""
	plugins := loop.Folder(t, asPlugin)
	for _, set := range datasets(t, soak) {
		t.Run(set.name, func(t *testing.T) {
			plain := filepath.Join(t.TempDir(), "x.zarr")
			compute(t, set, plain, "1", "")
			want := contents(t, plain)
			require.NotEmpty(t, want)
			for _, way := range []struct {
				perJob, plugins string
				always          bool
			}{{"3", "", true}, {"auto", plugins, true}, {"auto", "", false}, {"1", plugins, false}, {"3", plugins, false}} {
				if !way.always && !soak {
					continue
				}
				store := filepath.Join(t.TempDir(), "x.zarr")
				compute(t, set, store, way.perJob, way.plugins)
				got := contents(t, store)
				require.Equal(t, len(want), len(got), "%+v", way)
				for name, content := range want {
					require.True(t, content == got[name], "%+v: %s differs", way, name)
				}
			}
		})
	}
}

// compute makes a store, with plugins from a folder in processes of their own if one is given.
func compute(t *testing.T, set dataset, store, perJob, plugins string) {
	cmd := exec.CommandContext(t.Context(), os.Args[0], "run", "--config", set.config, "--granules", filepath.Join(set.granules, "*.h5"),
		"--store", store, "-q", "--allow-missing", "--shards-per-job", perJob, "--scratch", t.TempDir())
	cmd.Env = append(os.Environ(), asCLI+"=1")
	if plugins != "" {
		cmd.Env = append(cmd.Env, asCLI+"="+bare, "ZAGG_PLUGIN_PATH="+plugins, "XDG_DATA_HOME="+t.TempDir())
	}
	out, err := cmd.CombinedOutput()
	if exit := cmd.ProcessState; exit != nil && exit.ExitCode() == 3 {
		err = nil // granules that cannot be read are in the records, which are compared
	}
	require.NoError(t, err, "%s", out)
}
