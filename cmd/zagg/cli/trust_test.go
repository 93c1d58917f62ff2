package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// A configuration's commands are started by `run` and `plugins` alone, and by these only with somebody's consent.
func TestConfigurationsStartNothing(t *testing.T) {
	t.Setenv("XDG_CONFIG_HOME", t.TempDir())
	t.Setenv("XDG_DATA_HOME", t.TempDir())
	t.Setenv("ZAGG_PLUGIN_PATH", "")
	dir := t.TempDir()
	marker := filepath.Join(dir, "started")
	script := filepath.Join(dir, "plugin.sh")
	require.NoError(t, os.WriteFile(script, []byte("touch "+marker+"\nexit 1\n"), 0o644))
	demo := string(readFile(t, "sample/demo.yaml"))
	shell, err := filepath.EvalSymlinks("/bin/sh")
	require.NoError(t, err)
	plugins := fmt.Sprintf("plugins: [{name: odd, command: [%q, %q]}]\n", shell, script)
	named := filepath.Join(dir, "named.yaml") // it lists a plugin and does not need it
	require.NoError(t, os.WriteFile(named, []byte(plugins+demo), 0o644))
	needed := filepath.Join(dir, "needed.yaml")
	require.NoError(t, os.WriteFile(needed, []byte(plugins+strings.Replace(demo, "{function: min,", "{function: odd,", 1)), 0o644))
	store := filepath.Join(dir, "s.zarr")

	for _, config := range []string{named, needed} {
		for _, c := range []struct {
			code int
			want string
			args []string
		}{
			{map[string]int{named: 0, needed: 3}[config], ": ", []string{"config", "check", config}},
			{map[string]int{named: 0, needed: 1}[config], "", []string{"run", "--config", config, "--granules", "sample", "--store", store, "--dry-run"}},
			{map[string]int{named: 0, needed: 1}[config], "", []string{"catalog", "--config", config, "--bbox=-50,69,-34,76", "--output", filepath.Join(dir, "m.json"), "sample/" + granuleThere}},
			{map[string]int{named: 0, needed: 1}[config], "", []string{"index", "build", "--config", config, "--out", filepath.Join(dir, "index"), "sample/" + granuleThere}},
			{1, "which no sha256 pins", []string{"run", "--config", config, "--granules", "sample", "--store", store}},
			{1, "which no sha256 pins", []string{"plugins", "list", "--config", config}},
		} {
			code, out, errs := execute(t, "y\n", c.args...)
			require.Equal(t, c.code, code, "%v\n%s%s", c.args, out, errs)
			require.Contains(t, out+errs, c.want, "%v", c.args)
			if config == needed && c.want == "" {
				require.Contains(t, errs, "statistic odd is not linked in, and plugins are not started here", "%v", c.args)
			}
			require.NoFileExists(t, marker, "%v", c.args)
		}
	}
	code, _, errs := execute(t, "", "config", "check", "--allow-plugins", needed)
	require.Equal(t, 1, code, errs)
	require.FileExists(t, marker)

	require.NoError(t, os.Remove(marker))
	require.NoError(t, os.Chmod(dir, 0o777))
	_, _, errs = execute(t, "", "run", "--allow-plugins", "--config", needed, "--granules", "sample", "--store", store)
	require.Contains(t, errs, dir+" can be changed by everybody")
	require.NoFileExists(t, marker)
}
