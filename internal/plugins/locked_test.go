package plugins

import (
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/host"
	"github.com/englacial/zagg/internal/config"
	"github.com/englacial/zagg/internal/job"
	"github.com/englacial/zagg/internal/pluginlock"
)

// With a lock, names and keys of plugins are checked without starting any of them.
func TestCheckedByTheLock(t *testing.T) {
	linked, err := host.New(core.Plugin{Name: "healpix", Grids: []core.Maker[core.Grid]{{Name: "healpix"}}})
	require.NoError(t, err)
	folder := t.TempDir()
	path := filepath.Join(folder, "run.yaml")
	check := func(reader, function, params string) error {
		require.NoError(t, os.WriteFile(path, []byte(`plugins:
  - {name: texts, command: /nowhere}
  - {name: steps, as: mine, command: /nowhere}
data_source:
  reader: `+reader+`
aggregation:
  variables:
    n: {function: `+function+`, source: a, params: `+params+`}
output: {grid: {type: healpix, parent_order: 6, child_order: 12}}
`), 0o600))
		cfg, _, err := config.Parse(path, must(os.ReadFile(path)))
		require.NoError(t, err)
		s := NewSet(linked, io.Discard, true)
		defer s.Close()
		_, err = s.Compile(t.Context(), cfg)
		return err
	}
	unknown := new(NotStartedError)
	require.ErrorAs(t, check("{name: csv, separator: ;}", "mine", "{factor: 2}"), &unknown)
	require.Empty(t, unknown.Lock, "there is none")

	object := func(properties, required string) []byte {
		return []byte(`{"type":"object","additionalProperties":false,"properties":` + properties + `,"required":[` + required + `]}`)
	}
	_, err = pluginlock.Write(path, []job.Plugin{{Name: "texts", Version: "1", Digest: "sha256:aa"}, {Name: "steps", Version: "1", Digest: "sha256:bb"}}, map[string][]pluginlock.Offer{
		"texts": {{Kind: "reader", Name: "csv", Schema: object(`{"separator":{"type":"string"},"skip":{"type":"integer"},"variables":{}}`, "")}},
		"steps": {{Kind: "statistic", Name: "steps", Schema: object(`{"factor":{"type":"number"},"weights":{}}`, `"weights"`)}},
	}, map[string][]string{"mine": {"source", "weights"}})
	require.NoError(t, err)
	require.ErrorAs(t, check(`{name: csv, separator: ";"}`, "mine", "{factor: 2, weights: w}"), &unknown)
	require.Equal(t, filepath.Join(folder, "zagg.lock"), unknown.Lock)
	declared := "csv\n  variables: {a: /a, w: /w}"
	require.ErrorAs(t, check(declared, "mine", "{factor: 2, weights: w}"), &unknown, "a column")
	for want, c := range map[string][3]string{
		"got string, want number":                       {declared, "mine", "{factor: two}"},
		"'/factor': got string, want number":            {"csv", "mine", "{factor: two}"}, // no input is called so
		"additional properties 'seperator' not allowed": {`{name: csv, seperator: ";"}`, "mine", "{factor: 2}"},
		"got string, want integer":                      {"{name: csv, skip: two}", "mine", "{factor: 2}"},
		"additional properties 'facter' not allowed":    {"csv", "mine", "{facter: 2}"},
		"got array, want number":                        {"csv", "mine.steps", "{factor: [2]}"},
		"offer statistic other":                         {"csv", "other", "{}"},
		"offer reader tsv":                              {"tsv", "mine", "{}"},
	} {
		err := check(c[0], c[1], c[2])
		require.ErrorContains(t, err, want)
		require.ErrorContains(t, err, path)
		require.NotEqual(t, core.Internal, core.CodeOf(err))
	}
}

func must(b []byte, err error) []byte {
	if err != nil {
		panic(err)
	}
	return b
}
