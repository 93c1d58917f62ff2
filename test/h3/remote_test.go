//go:build cgo && suites

package h3

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/coretest"
	"github.com/englacial/zagg/plugins/all"
	"github.com/englacial/zagg/plugins/h3"
	"github.com/englacial/zagg/test/remote/loop"
)

// TestRemotePromises: the grid keeps its promises over the plugin protocol.
func TestRemotePromises(t *testing.T) {
	p := loop.Plugin(t, h3.Plugin())
	coretest.Grid(t, coretest.Make(p.Grids[0], `{"parent_resolution":3,"child_resolution":6}`), coretest.GridOptions{
		Options: coretest.Options{Short: true},
		Keys:    []core.ShardKey{"830800fffffffff"}, // a pentagon: void slots cross, too
	})
}

// TestRemoteStore: a run gives the same bytes whether the grid is linked in or remote.
func TestRemoteStore(t *testing.T) {
	remote := slices.DeleteFunc(all.Plugins(), func(p core.Plugin) bool { return p.Name == "h3" })
	remote = append(remote, loop.Plugin(t, h3.Plugin()))
	config := configFile(t, example, "parent_resolution: 4", "parent_resolution: 3")
	var stores []map[string]string
	for _, plugins := range [][]core.Plugin{all.Plugins(), remote} {
		store := filepath.Join(t.TempDir(), "heights.zarr")
		zagg(t, plugins, "run", "--config", config, "--granules", "../../cmd/zagg/cli/sample", "--store", store, "-q")
		stores = append(stores, files(t, store))
	}
	require.NotEmpty(t, stores[0])
	require.Equal(t, stores[0], stores[1])
}

// files are the contents of a folder's files by their paths within it.
func files(t *testing.T, folder string) map[string]string {
	t.Helper()
	out := map[string]string{}
	require.NoError(t, filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		out[strings.TrimPrefix(path, folder)] = string(data)
		return err
	}))
	return out
}
