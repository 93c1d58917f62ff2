package run_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/host"
	"github.com/englacial/zagg/internal/config"
	"github.com/englacial/zagg/internal/run"
	"github.com/englacial/zagg/plugins/all"
)

// hook does something to the store when all shards are computed.
type hook struct {
	do    func()
	noted string
}

func (h *hook) Step(s run.Step, _ string) {
	if s == run.Prune {
		h.do()
	}
}
func (h *hook) Note(text string)              { h.noted += text + "\n" }
func (h *hook) Warn(string)                   {}
func (h *hook) Count(int, string) run.Counter { return quiet{} }

type quiet struct{}

func (quiet) Step(string) {}
func (quiet) Say(string)  {}
func (quiet) Finish()     {}

// What a run reports is what the store holds at its end, whatever became of the store in the meantime.
func TestTheStoreHasTheLastWord(t *testing.T) {
	remove := func(path string) { require.NoError(t, os.RemoveAll(path)) }
	one := func(pattern string) string {
		found, err := filepath.Glob(pattern)
		require.NoError(t, err)
		require.NotEmpty(t, found, pattern)
		return found[0]
	}
	for name, c := range map[string]struct {
		meanwhile func(store string)
		lost      int
		says      string
	}{
		"nothing":            {func(string) {}, 0, ""},
		"the store":          {remove, 25, "there is no store"},
		"all of it":          {func(s string) { remove(s); remove(s + ".status") }, 25, "there is no store"},
		"the root document":  {func(s string) { remove(s + "/zarr.json") }, 25, "damaged"},
		"the group document": {func(s string) { remove(one(s + "/*/zarr.json")) }, 25, "not deleted to its end"},
		"one record":         {func(s string) { remove(one(s + ".status/records/*.json")) }, 1, "its record is not in the store"},
		"another's record": {func(s string) {
			path := one(s + ".status/records/*.json")
			text, err := os.ReadFile(path)
			require.NoError(t, err)
			at := strings.Index(string(text), `"config_hash":`) + len(`"config_hash":`)
			at += strings.IndexByte(string(text[at:]), '"') + 1
			text[at] ^= 1
			require.NoError(t, os.WriteFile(path, text, 0o644))
		}, 1, "of another run"},
	} {
		t.Run(name, func(t *testing.T) {
			if testing.Short() && name != "one record" {
				t.Skip("one will do under -short")
			}
			store := filepath.Join(t.TempDir(), "heights.zarr")
			h := &hook{do: func() { c.meanwhile(store) }}
			total, err := do(t, store, h)
			require.NotNil(t, total, "%v", err)
			require.Equal(t, c.lost, total.Shards.Errors)
			require.Equal(t, 25, total.Shards.WithData+total.Shards.Empty+total.Shards.Errors)
			if c.lost == 0 {
				require.NoError(t, err)
				return
			}
			failed := &run.FailedError{Failed: c.lost, Total: 25}
			require.Equal(t, failed, err)
			require.Len(t, total.Failed, c.lost)
			require.Contains(t, total.Failed[0].Error, c.says)
		})
	}
}

// A report that cannot be saved does not hide the summary.
func TestReportThatCannotBeSaved(t *testing.T) {
	store := filepath.Join(t.TempDir(), "heights.zarr")
	total, err := do(t, store, &hook{do: func() {
		require.NoError(t, os.WriteFile(store+".status/runs", nil, 0o644))
	}})
	require.Error(t, err)
	require.ErrorContains(t, err, "runs")
	require.Equal(t, 25, total.Shards.WithData)
	require.NotEqual(t, core.Internal, core.CodeOf(err))
}

func do(t *testing.T, store string, p run.Progress) (*run.Summary, error) {
	const sample = "../../cmd/zagg/cli/sample"
	plugins, err := host.New(all.Plugins()...)
	require.NoError(t, err)
	cfg, _, err := config.Load(filepath.Join(sample, "demo.yaml"))
	require.NoError(t, err)
	return run.Do(t.Context(), run.Options{Config: cfg, Compile: plugins.Compile, Granules: []string{sample}, Store: store, Progress: p})
}
