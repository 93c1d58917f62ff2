//go:build suites

package remote

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/sharedtest"
	"github.com/englacial/zagg/plugins/all"
)

// install puts our plugins where zagg looks for them, as wrappers that say on stderr that they were started.
func install(t *testing.T, names ...string) string {
	dir := t.TempDir()
	for _, name := range names {
		script := "#!/bin/sh\necho started-" + name + " >&2\nexec " + build(t, "cmd/zagg-plugin-"+name) + "\n"
		require.NoError(t, os.WriteFile(filepath.Join(dir, "zagg-plugin-"+name), []byte(script), 0o700))
	}
	t.Setenv("ZAGG_PLUGIN_PATH", dir)
	t.Setenv("XDG_DATA_HOME", t.TempDir())
	return dir
}

// Plugins that nobody lists are found in the usual places, and started only if something they may offer is needed.
func TestDiscovered(t *testing.T) {
	install(t, "healpix", "stats")
	linked := builtin()
	code, out := zagg(t, []core.Plugin{linked["healpix"], linked["atl06"], linked["stats"]}, "config", "check", "atl06")
	require.Zero(t, code, out)
	require.NotContains(t, out, "started-", "nothing is missing")

	code, out = zagg(t, []core.Plugin{linked["atl06"], linked["stats"]}, "config", "check", "atl06")
	require.Equal(t, 3, code, out)
	require.NotContains(t, out, "started-", "checking is not computing")

	code, out = zagg(t, []core.Plugin{linked["atl06"], linked["stats"]}, "config", "check", "--allow-plugins", "atl06")
	require.Zero(t, code, out)
	require.Contains(t, out, "started-healpix")

	code, out = zagg(t, []core.Plugin{linked["atl06"]}, "grid", "locate", "--allow-plugins", "--grid", `{"type":"healpix","parent_order":6,"child_order":12}`, "/dev/null")
	require.Zero(t, code, out)
	code, out = zagg(t, nil, "config", "check", "--allow-plugins", "atl06")
	require.Equal(t, 1, code)
	require.Contains(t, out, "no reader")
}

// Plugins of the configuration: started, checked, and refused where two offer one name.
func TestListed(t *testing.T) {
	dir := install(t, "healpix")
	linked := builtin()
	executable := filepath.Join(dir, "zagg-plugin-healpix")
	check := func(plugins []core.Plugin, extra string) (int, string) {
		text, err := os.ReadFile(filepath.Join("..", "..", "internal", "config", "shipped", "atl06.yaml"))
		require.NoError(t, err)
		path := filepath.Join(t.TempDir(), "run.yaml")
		require.NoError(t, os.WriteFile(path, []byte(string(text)+"\n"+extra+"\n"), 0o600))
		return zagg(t, plugins, "config", "check", "--allow-plugins", path)
	}
	without := []core.Plugin{linked["atl06"], linked["stats"]}
	for extra, want := range map[string]string{
		"plugins: [{name: healpix, command: " + executable + "}]":                                       "ok",
		"plugins: [{name: healpix}]":                                                                    "ok",
		"plugins: [{name: healpix, command: [" + executable + "]}]":                                     "ok",
		"plugins: [{name: healpix, sha256: " + sum(t, executable) + "}]":                                "ok",
		"plugins: [{name: healpix, sha256: " + strings.Repeat("ab", 32) + "}]":                          "was tampered with",
		"plugins: [{name: grid, command: " + executable + "}]":                                          `says that it is plugin "healpix"`,
		"plugins: [{name: nothing}]":                                                                    "there is no zagg-plugin-nothing",
		"plugins: [{name: healpix, command: /bin/true}]":                                                "is it a plugin for zagg?",
		"plugins: [{name: healpix}, {name: stats, command: " + build(t, "cmd/zagg-plugin-stats") + "}]": "is also offered by plugin stats",
	} {
		code, out := check(without, extra)
		require.Contains(t, out, want, extra)
		require.Equal(t, want == "ok", code == 0, out)
	}
	_, out := check([]core.Plugin{linked["healpix"], linked["atl06"], linked["stats"]}, "plugins: [{name: healpix}]")
	require.Contains(t, out, `grid "healpix" is also offered by plugin healpix`)
	require.Contains(t, out, "healpix (linked in)")
	require.Contains(t, out, executable)
}

func TestListAndDescribe(t *testing.T) {
	dir := install(t, "healpix")
	linked := builtin()
	code, out := zagg(t, []core.Plugin{linked["stats"]}, "plugins", "list")
	require.Zero(t, code, out)
	require.Regexp(t, `grid +healpix +healpix +1.0.0 +/`, out)
	require.Regexp(t, `statistic +mean +stats +[\d.]+ +linked in`, out)

	code, out = zagg(t, []core.Plugin{linked["stats"], linked["healpix"]}, "plugins", "list")
	require.Equal(t, 1, code)
	require.Contains(t, out, "both offer grid healpix")

	require.NoError(t, os.WriteFile(filepath.Join(dir, "zagg-plugin-broken"), []byte("#!/bin/sh\necho I cannot >&2\nexit 5\n"), 0o700))
	code, out = zagg(t, []core.Plugin{linked["stats"]}, "plugins", "list", "--json")
	require.Equal(t, 1, code)
	var listed struct {
		Plugins []struct {
			Name  string `json:"name"`
			Grids []struct {
				Name   string          `json:"name"`
				Schema json.RawMessage `json:"schema"`
			} `json:"grids"`
		} `json:"plugins"`
		Problems []string `json:"problems"`
	}
	require.NoError(t, json.NewDecoder(strings.NewReader(out)).Decode(&listed))
	require.Equal(t, "healpix", listed.Plugins[1].Grids[0].Name)
	require.NotEmpty(t, listed.Plugins[1].Grids[0].Schema)
	require.Contains(t, listed.Problems[0], "I cannot")

	for _, args := range [][]string{{"mean"}, {"healpix"}, {filepath.Join(dir, "zagg-plugin-healpix")}} {
		code, out = zagg(t, []core.Plugin{linked["stats"]}, append([]string{"plugins", "describe"}, args...)...)
		require.Zero(t, code, out)
		require.Contains(t, out, "$schema")
	}
	require.Contains(t, out, sum(t, filepath.Join(dir, "zagg-plugin-healpix")))
	code, out = zagg(t, []core.Plugin{linked["stats"]}, "plugins", "describe", "nonsense")
	require.Equal(t, 1, code)
	require.Contains(t, out, "no plugin of this name")
}

func TestVerify(t *testing.T) {
	dir := install(t, "healpix", "atl06")
	config := `healpix={"parent_order":3,"child_order":6}`
	code, out := zagg(t, nil, "plugins", "verify", "--short", "--with", config, filepath.Join(dir, "zagg-plugin-healpix"))
	require.Zero(t, code, out)
	require.Regexp(t, `ok +grid healpix/Locate|ok +grid healpix/Cells`, out)
	require.Contains(t, out, " 0 broken, 0 skipped")

	code, out = zagg(t, nil, "plugins", "verify", "--short", "--with", config, "--", build(t, "test/remote/faulty"), "-method", "Grid/Cells", "-kind", "corrupt")
	require.Equal(t, 1, code, out)
	require.Regexp(t, `BROKEN +grid healpix/`, out)
	require.Regexp(t, `skip    reader atl06 \([\d.]+ s\): give it granules`, out)

	code, out = zagg(t, nil, "plugins", "verify", "--only", "Quiet", "--", build(t, "test/remote/faulty"), "-start", "late words")
	require.Equal(t, 1, code, out)
	require.Contains(t, out, "BROKEN  process/Quiet")
	require.NotContains(t, out, "ok ", "what was not made is not ok")

	code, out = zagg(t, nil, "plugins", "verify", "--short", "--json", "--columns", "h_li", "--granule", sharedtest.Dir(t, "golden", "granules_small", "ATL06_20241101001500_01002511_007_01.h5"), "atl06")
	var result struct {
		Plugin string `json:"plugin"`
		Checks []struct {
			Name   string `json:"name"`
			Passed bool   `json:"passed"`
		} `json:"checks"`
	}
	require.NoError(t, json.NewDecoder(strings.NewReader(out)).Decode(&result), out)
	require.Equal(t, "atl06", result.Plugin)
	require.NotEmpty(t, result.Checks)
	require.Zero(t, code, out)

	code, _ = zagg(t, all.Plugins(), "plugins", "verify", "--with", "nonsense", "healpix")
	require.Equal(t, 2, code)
}

// What was not checked is no success: readers without granules, and a grid with more shards than can be looked at.
func TestVerifySkips(t *testing.T) {
	faulty := build(t, "test/remote/faulty")
	code, out := zagg(t, nil, "plugins", "verify", "--only", "Health", "--only", "reader", "--", faulty)
	require.Equal(t, 3, code, out)
	require.Regexp(t, `ok      process/Health`, out)
	require.Contains(t, out, "2 checks, 0 broken, 1 skipped")
	code, out = zagg(t, nil, "plugins", "verify", "--only", "Health", "--", faulty)
	require.Zero(t, code, "other checks were not asked for: %s", out)
	code, out = zagg(t, nil, "plugins", "verify", "--only", "Filters", "--", faulty)
	require.Equal(t, 1, code)
	require.Contains(t, out, "reader atl06")
	code, out = zagg(t, []core.Plugin{builtin()["healpix"]}, "plugins", "verify", "--short", "--only", "AreasTogether", "--with", `healpix={"parent_order":9,"child_order":12}`, "healpix")
	require.Equal(t, 3, code, out)
}

// The JSON report is what docs/formats/verify-report.md says, whatever became of the checks, and has no member that the page does not have.
func TestVerifyReport(t *testing.T) {
	page, err := os.ReadFile("../../docs/formats/verify-report.md")
	require.NoError(t, err)
	_, text, found := strings.Cut(string(page), "```json\n")
	require.True(t, found)
	text, _, _ = strings.Cut(text, "```")
	schema, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
	require.NoError(t, err)
	closed(schema)
	compiler := jsonschema.NewCompiler()
	require.NoError(t, compiler.AddResource("report.json", schema))
	report, err := compiler.Compile("report.json")
	require.NoError(t, err)

	faulty := build(t, "test/remote/faulty")
	results := map[string]bool{}
	for _, c := range []struct {
		code int
		args []string
	}{
		{3, []string{"--only", "Health", "--only", "reader", "--", faulty}},                                       // skip
		{1, []string{"--only", "Fold", "--only", "OneSlot", "--", faulty, "-kind", "error", "-method", "Locate"}}, // broken, ok, none
		{1, []string{"--only", "nothing", "--", faulty}},
		{1, []string{"--only", "grid", "--short", "--with", `healpix={"parent_order":"x"}`, "--", faulty}}, // not made at all
		{0, []string{"--only", "Identify", "--seed", "18446744073709551615", "--granule", filepath.Join(sampleFolder, sampleGranule), "--", faulty}},
	} {
		code, out := zagg(t, nil, append([]string{"plugins", "verify", "--json", "--short"}, c.args...)...)
		require.Equal(t, c.code, code, out)
		end := strings.LastIndex(out, "}\n") + 1 // what goes to stderr follows
		value, err := jsonschema.UnmarshalJSON(strings.NewReader(out[:end]))
		require.NoError(t, err, out)
		require.NoError(t, report.Validate(value), out)
		names := map[string]bool{}
		for _, check := range value.(map[string]any)["checks"].([]any) {
			c := check.(map[string]any)
			results[c["result"].(string)] = true
			require.False(t, names[c["name"].(string)], "two checks are called %s", c["name"])
			names[c["name"].(string)] = true
		}
	}
	require.Equal(t, map[string]bool{"ok": true, "broken": true, "skip": true, "none": true}, results)
	bad, err := jsonschema.UnmarshalJSON(strings.NewReader(`{"plugin":"a","version":"1","seed":0,"checks":[{"name":"x","result":"fine","passed":true,"seconds":0}],"skipped":[],"broken":0}`))
	require.NoError(t, err)
	require.Error(t, report.Validate(bad))
}

// closed makes objects of a schema have no other members.
func closed(schema any) {
	switch s := schema.(type) {
	case map[string]any:
		if s["type"] == "object" {
			s["additionalProperties"] = false
		}
		for _, part := range s {
			closed(part)
		}
	case []any:
		for _, part := range s {
			closed(part)
		}
	}
}
