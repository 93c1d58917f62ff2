package run_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/host"
	"github.com/englacial/zagg/internal/config"
	"github.com/englacial/zagg/internal/run"
	"github.com/englacial/zagg/plugins/all"
)

// at does something when a step begins.
type at struct {
	hook
	step run.Step
}

func (a *at) Step(s run.Step, _ string) {
	if s == a.step && a.do != nil {
		a.do()
	}
}

// A granule that is another file than the one its shards were found by is not read; after that the same run plans anew. One that
// is replaced later is seen, and only the shards that it touches are computed again.
func TestGranuleReplaced(t *testing.T) {
	const sample = "../../cmd/zagg/cli/sample"
	dir := t.TempDir()
	require.NoError(t, os.CopyFS(dir, os.DirFS(sample)))
	names, err := filepath.Glob(dir + "/*.h5")
	require.NoError(t, err)
	replace := func(name, by string) {
		data, err := os.ReadFile(by)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(name, data, 0o644))
	}
	plugins, err := host.New(all.Plugins()...)
	require.NoError(t, err)
	do := func(p run.Progress) (*run.Summary, error) {
		cfg, _, err := config.Load(filepath.Join(sample, "demo.yaml"))
		require.NoError(t, err)
		return run.Do(t.Context(), run.Options{Config: cfg, Compile: plugins.Compile, Granules: []string{dir}, Store: filepath.Join(dir, "out.zarr"), Progress: p})
	}
	total, err := do(&at{step: run.SetUp, hook: hook{do: func() { replace(names[0], names[1]) }}})
	failed := &run.FailedError{}
	require.ErrorAs(t, err, &failed)
	require.Less(t, failed.Failed, 25, "shards that do not have it are done")
	require.Contains(t, total.Failed[0].Error, filepath.Base(names[0]))
	require.Contains(t, total.Failed[0].Error, "replaced since its shards were found")
	total, err = do(nil)
	require.NoError(t, err)
	require.Positive(t, total.Shards.Skipped)
	total, err = do(nil)
	require.NoError(t, err)
	require.Equal(t, total.Shards.Total, total.Shards.Skipped)

	replace(names[2], names[3])
	total, err = do(nil)
	require.NoError(t, err)
	require.Positive(t, total.Shards.Skipped)
	require.Less(t, total.Shards.Skipped, total.Shards.Total)
	total, err = do(nil)
	require.NoError(t, err)
	require.Equal(t, total.Shards.Total, total.Shards.Skipped)
}
