//go:build suites

package remote

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/host"
	"github.com/englacial/zagg/internal/config"
	"github.com/englacial/zagg/internal/run"
	"github.com/englacial/zagg/plugins/atl06"
	"github.com/englacial/zagg/plugins/healpix"
	"github.com/englacial/zagg/plugins/stats"
)

// A startHook does something when shards are about to be computed.
type startHook struct{ do func() }

func (h startHook) Step(s run.Step, _ string) {
	if s == run.Compute {
		h.do()
	}
}
func (startHook) Note(string)                   {}
func (startHook) Warn(string)                   {}
func (startHook) Count(int, string) run.Counter { return nothing{} }

type nothing struct{}

func (nothing) Step(string) {}
func (nothing) Say(string)  {}
func (nothing) Finish()     {}

// A plugin's process that dies while it sends rows costs the run another attempt, and nothing else.
func TestRunOutlivesAPluginThatDies(t *testing.T) {
	const sample = "../../cmd/zagg/cli/sample"
	once := filepath.Join(t.TempDir(), "once")
	require.NoError(t, os.WriteFile(once, nil, 0o600))                                                      // while shards are looked for nothing goes wrong
	p := newPatient(t, "-method", "Reader/Read", "-kind", "kill", "-after", "1", "-batches", "-once="+once) // in one word: what a word names is part of the code
	plugin, err := p.open()
	require.NoError(t, err)
	compute := func(store string, perJob int, begin func(), plugins ...core.Plugin) {
		h, err := host.New(plugins...)
		require.NoError(t, err)
		cfg, _, err := config.Load(filepath.Join(sample, "demo.yaml"))
		require.NoError(t, err)
		total, err := run.Do(t.Context(), run.Options{Config: cfg, Compile: h.Compile, Granules: []string{sample}, Store: store, PerJob: perJob, Progress: startHook{begin}})
		require.NoError(t, err)
		require.Zero(t, total.Shards.Errors)
	}
	want := filepath.Join(t.TempDir(), "whole.zarr")
	compute(want, 0, func() {}, healpix.Plugin(), atl06.Plugin(), stats.Plugin())
	for _, perJob := range []int{1, 3, 0} {
		store := filepath.Join(t.TempDir(), "heights.zarr")
		compute(store, perJob, func() { require.NoError(t, os.Remove(once)) }, plugin.Core())
		require.FileExists(t, once, "it died")
		require.Equal(t, files(t, want), files(t, store))
	}
}
