//go:build suites

package remote

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/sharedtest"
)

// A store is byte for byte the same, whichever plugins are linked in and whichever run in processes of their own.
func TestSameStores(t *testing.T) {
	linked := builtin()
	processes := map[string]core.Plugin{}
	for name := range linked {
		processes[name] = start(t, name)
	}
	all := []string{"healpix", "atl06", "hdf5", "stats"}
	cases, ways := 2, 3 // two configurations, all plugins in processes
	if sharedtest.Sweep() {
		cases, ways = 0, 0
	}
	for _, c := range []struct{ config, granules string }{
		{sharedtest.Dir(t, "golden", "small_flat", "config.yaml"), sharedtest.Dir(t, "golden", "granules_small")},
		{sharedtest.Dir(t, "golden", "small", "config.yaml"), sharedtest.Dir(t, "golden", "granules_small")},
		{sharedtest.Dir(t, "golden", "edge", "config.yaml"), sharedtest.Dir(t, "golden", "granules_edge")},
		{"atl06", sharedtest.Dir(t, "golden", "granules_edge")},
	}[cases:] {
		run := func(remotely ...string) map[string]string {
			var plugins []core.Plugin
			for _, name := range all {
				if strings.Contains(strings.Join(remotely, " "), name) {
					plugins = append(plugins, processes[name])
				} else {
					plugins = append(plugins, linked[name])
				}
			}
			store := filepath.Join(t.TempDir(), "store.zarr")
			code, out := zagg(t, plugins, "run", "--config", c.config, "--granules", c.granules, "--store", store, "-q")
			require.Zero(t, code, out)
			return files(t, store)
		}
		want := run()
		require.Greater(t, len(want), 10)
		for _, remotely := range [][]string{{"healpix"}, {"atl06", "hdf5"}, {"stats"}, all}[ways:] {
			t.Run(filepath.Base(filepath.Dir(c.config))+"/"+strings.Join(remotely, "+"), func(t *testing.T) {
				require.True(t, equal(t, want, run(remotely...)))
			})
		}
	}
}

// equal compares objects and says which differ, not how.
func equal(t *testing.T, want, got map[string]string) bool {
	same := len(want) == len(got)
	for name, data := range want {
		if got[name] != data {
			t.Errorf("%s differs or is missing", name)
			same = false
		}
	}
	return same
}

// What a reader cannot read fails with the same words and code, linked in or not.
func TestSameErrors(t *testing.T) {
	granules := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(granules, "ATL06_20241101001500_01002511_007_01.h5"), []byte("this is no HDF5 file, and long enough to be looked at, so that its superblock is missed"), 0o600))
	linked := builtin()
	messages := map[bool]string{}
	for _, remotely := range []bool{false, true} {
		var plugins []core.Plugin
		for _, name := range []string{"healpix", "atl06", "stats"} {
			if remotely {
				plugins = append(plugins, start(t, name))
			} else {
				plugins = append(plugins, linked[name])
			}
		}
		code, out := zagg(t, plugins, "run", "--config", "atl06", "--granules", granules, "--store", filepath.Join(t.TempDir(), "s.zarr"), "-q")
		require.Equal(t, 1, code, out)
		messages[remotely] = out
	}
	require.Equal(t, messages[false], messages[true])
}
