//go:build suites

package remote

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/plugins/stats"
)

// A changed runs of a plugin is another plugin: a store that one version began is not gone on with by another, and the error names both.
func TestVersionChanges(t *testing.T) {
	linked := builtin()
	own := []core.Plugin{linked["healpix"], linked["atl06"]}
	dir := t.TempDir()
	t.Setenv("XDG_DATA_HOME", filepath.Join(dir, "data"))
	plugin := filepath.Join(dir, "stats-plugin")
	version := func(text string) {
		require.NoError(t, os.WriteFile(plugin, []byte("#!/bin/sh\n# "+text+"\nexec "+build(t, "cmd/zagg-plugin-stats")+"\n"), 0o700))
	}
	text, err := os.ReadFile(filepath.Join("..", "..", "internal", "config", "shipped", "atl06.yaml"))
	require.NoError(t, err)
	config := filepath.Join(dir, "run.yaml")
	require.NoError(t, os.WriteFile(config, []byte(string(text)+"\nplugins: [{name: stats, command: "+plugin+"}]\n"), 0o600))
	store := filepath.Join(dir, "store.zarr")
	run := func(args ...string) (int, string) {
		return zagg(t, own, append([]string{"run", "--allow-plugins", "--config", config, "--granules", "../../cmd/zagg/cli/sample", "--store", store, "-q"}, args...)...)
	}

	version("one")
	first := sum(t, plugin)
	code, out := run()
	require.Zero(t, code, out)
	code, out = run()
	require.Zero(t, code, out)
	code, info := zagg(t, own, "info", store)
	require.Zero(t, code, info)
	require.Contains(t, info, "stats "+stats.Version+" (sha256:"+first[:12]+")")
	code, out = zagg(t, own, "plugins", "lock", "--allow-plugins", config)
	require.Zero(t, code, out)
	code, out = run()
	require.Zero(t, code, out)
	records := 0
	require.NoError(t, filepath.WalkDir(store+".status/records", func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) != ".json" {
			return err
		}
		records++
		data, err := os.ReadFile(path)
		require.Contains(t, string(data), first, path)
		return err
	}))
	require.Positive(t, records)

	version("two")
	second := sum(t, plugin)
	code, out = run()
	require.Equal(t, 1, code, out)
	require.Contains(t, out, "zagg.lock")
	require.Contains(t, out, first[:12])
	require.Contains(t, out, second[:12])
	require.NoError(t, os.Remove(filepath.Join(dir, "zagg.lock")))
	code, out = run()
	require.Equal(t, 1, code, out)
	require.Contains(t, out, "made with other plugins: plugin stats "+stats.Version+" (sha256:"+first[:12]+"), now stats "+stats.Version+" (sha256:"+second[:12]+")")
	code, out = run("--overwrite")
	require.Zero(t, code, out)
	_, info = zagg(t, own, "info", store, "--json")
	var stored struct {
		Plugins []struct{ Name, Version, Digest string }
	}
	require.NoError(t, json.Unmarshal([]byte(info), &stored))
	require.Equal(t, "sha256:"+second, stored.Plugins[0].Digest)
}

// Two plugins that offer one name are both of use under other names.
func TestAliases(t *testing.T) {
	linked := builtin()
	dir := t.TempDir()
	config := filepath.Join(dir, "run.yaml")
	text := `data_source:
  reader: atl06
  variables: {h_li: "/{group}/land_ice_segments/h_li"}
aggregation:
  variables:
    here: {function: mean, source: h_li}
    there: {function: other.mean, source: h_li}
output:
  grid: {type: healpix, parent_order: 6, child_order: 12}
plugins: [{name: stats, as: other, command: ` + build(t, "cmd/zagg-plugin-stats") + `}]
`
	own := []core.Plugin{linked["healpix"], linked["atl06"], linked["stats"]}
	require.NoError(t, os.WriteFile(config, []byte(text), 0o600))
	code, out := zagg(t, own, "config", "check", "--allow-plugins", config)
	require.Zero(t, code, out)
	granules, err := filepath.Glob("../../cmd/zagg/cli/sample/*.h5")
	require.NoError(t, err)
	code, out = zagg(t, own, "run", "--allow-plugins", "--config", config, "--granules", granules[0], "--store", filepath.Join(dir, "out.zarr"))
	require.Zero(t, code, out)
	require.Regexp(t, `Plugin +other \d`, out, "the summary calls it as the configuration does")
	require.NoError(t, os.WriteFile(config, []byte(strings.ReplaceAll(text, "as: other, ", "")), 0o600))
	code, out = zagg(t, own, "config", "check", "--allow-plugins", config)
	require.Equal(t, 1, code)
	require.Contains(t, out, "as: OTHER")
}

// A plugin is copied into the user's folder only after a yes, and found there.
func TestAdd(t *testing.T) {
	data := t.TempDir()
	t.Setenv("XDG_DATA_HOME", data)
	t.Setenv("ZAGG_PLUGIN_PATH", "")
	executable := build(t, "cmd/zagg-plugin-stats")
	target := filepath.Join(data, "zagg", "plugins", "zagg-plugin-stats")
	code, out := zagg(t, nil, "plugins", "add", executable)
	require.Equal(t, 1, code, out)
	require.Contains(t, out, sum(t, executable))
	require.NoFileExists(t, target)
	code, out = zagg(t, nil, "plugins", "add", "--yes", executable)
	require.Zero(t, code, out)
	require.Equal(t, sum(t, executable), sum(t, target))
	code, out = zagg(t, nil, "plugins", "list")
	require.Zero(t, code, out)
	require.Contains(t, out, target)

	page := filepath.Join(t.TempDir(), "page")
	require.NoError(t, os.WriteFile(page, []byte("<html>"), 0o700))
	for source, want := range map[string]string{
		page: "not an executable", "http://example.org/x": "https://", "nothing": "no such file", filepath.Dir(page): "not a file",
	} {
		code, out = zagg(t, nil, "plugins", "add", "--yes", source)
		require.Equal(t, 1, code, out)
		require.Contains(t, out, want)
	}
}
