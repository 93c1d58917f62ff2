package bench

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/internal/sharedtest"
)

func TestTargets(t *testing.T) {
	path := filepath.Join(t.TempDir(), "targets.json")
	require.NoError(t, os.WriteFile(path, []byte(`{"shardmaps":{"m":{"path":"maps/m.json","shard_key":3}},
		"targets":{"b":{"config":"configs/b.yaml","shardmap":"m","grid_size":"o9","worker":{"memory":4096}},"a":{"config":"atl06","shardmap":"m"},"c":{"config":"x.yaml","shardmap":"n"}}}`), 0o644))
	targets, err := readTargets(path)
	require.NoError(t, err)
	selected, err := targets.Select([]string{"b", "a"})
	require.NoError(t, err)
	require.Equal(t, filepath.Join(filepath.Dir(path), "configs/b.yaml"), selected[0].ConfigPath)
	require.Equal(t, "atl06", selected[1].ConfigPath, "a shipped configuration")
	require.Equal(t, filepath.Join(filepath.Dir(path), "maps/m.json"), selected[1].ShardMapPath)
	_, err = targets.Select([]string{"d"})
	require.ErrorContains(t, err, "there are a, b, c")
	_, err = targets.Select(nil)
	require.ErrorContains(t, err, `its shard map "n" is not in shardmaps`)
	for _, bad := range []string{"", "[]", "{}", `{"targets":{}}`} {
		require.NoError(t, os.WriteFile(path, []byte(bad), 0o644))
		_, err := readTargets(path)
		require.ErrorContains(t, err, path, bad)
	}
}

// Targets files of the benchmark that came before are read as they are.
func TestTargetsOfBefore(t *testing.T) {
	targets, err := readTargets(sharedtest.Dir(t, "data", "zagg", "targets.json"))
	require.NoError(t, err)
	selected, err := targets.Select(nil)
	require.NoError(t, err)
	require.Len(t, selected, 2)
	require.Equal(t, "healpix", selected[0].GridType)
}
