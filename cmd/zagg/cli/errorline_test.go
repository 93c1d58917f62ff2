package cli

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// function is the name of a Go function in its package, at the beginning of a part of an error.
var function = regexp.MustCompile(`(^|: |zagg: )[a-z][a-z0-9]*\.[A-Z][A-Za-z]*[ :]`)

// Whatever cannot be read by whichever command, the error's line names it once, and no function of the program.
func TestErrorsNameTheirSubjectOnce(t *testing.T) {
	dir := t.TempDir()
	put := putter(t, dir)
	server := httptest.NewServer(http.NotFoundHandler())
	defer server.Close()
	granule := readFile(t, "sample/"+granuleThere)
	subjects := map[string]string{
		"missing": filepath.Join(dir, "none", "missing.h5"),
		"text":    put("text.h5", "this is no HDF5 file, no YAML: [ and no {JSON"),
		"cut":     put("cut/"+granuleThere, string(granule[:len(granule)/3])),
		"empty":   put("empty.json", ""),
		"JSON":    put("odd.json", `{"a": `),
		"server":  server.URL + "/a/none.h5",
		"folder":  filepath.Dir(put("folder/readme.txt", "x")),
		"store":   filepath.Dir(put("odd.zarr/zarr.json", `{"zarr_format": 9}`)),
		"file":    put("file", "x") + "/below",
	}
	out := filepath.Join(dir, "out")
	for _, command := range [][]string{
		{"h5", "ls", "@"}, {"h5", "show", "@", "/gt1l"}, {"hdf", "ls", "@"}, {"hdf", "get", "@", "/gt1l"},
		{"run", "--config", "sample/demo.yaml", "--granules", "@", "--store", out}, {"run", "--config", "sample/demo.yaml", "--catalog", "@", "--store", out},
		{"run", "--config", "@", "--granules", "sample", "--store", out}, {"run", "--config", "sample/demo.yaml", "--granules", "sample", "--store", "@", "--dry-run"},
		{"run", "--config", "sample/demo.yaml", "--granules", "sample," + "@", "--store", out},
		{"info", "@"}, {"verify", "@"}, {"plot", "@", "h_mean", "-o", out + ".png"}, {"export", "@", "--to", "csv", "-o", out + ".csv"}, {"coarsen", "@", "--order", "9"},
		{"catalog", "@", "--config", "sample/demo.yaml", "--bbox=-50,69,-34,76", "--output", out + ".json"},
		{"catalog", "sample/" + granuleThere, "--config", "sample/demo.yaml", "--polygon", "@", "--output", out + ".json"},
		{"shardmap", "info", "@"}, {"shardmap", "plot", "@", "-o", out + ".png"}, {"cost", "@"}, {"attach", "@"}, {"store", "unlock", "@"},
		{"config", "check", "@"}, {"config", "show", "@"}, {"config", "check", "sample/demo.yaml", "--granule", "@"}, {"config", "new", "--from", "@"},
		{"grid", "cover", "--grid", "atl06", "--polygon", "@"}, {"grid", "locate", "--grid", "atl06", "@"}, {"index", "build", "--config", "sample/demo.yaml", "--granules", "@", "--to", out},
		{"plugins", "describe", "@"}, {"plugins", "verify", "--", "@"},
	} {
		for what, subject := range subjects {
			args := make([]string, len(command))
			for i, a := range command {
				args[i] = strings.ReplaceAll(a, "@", subject)
			}
			code, _, errs := execute(t, "", args...)
			if code == 0 {
				continue
			}
			for line := range strings.Lines(errs) {
				if !strings.HasPrefix(line, "zagg: ") && !strings.Contains(line, "ERROR") {
					continue
				}
				require.LessOrEqual(t, strings.Count(line, subject), 1, "%s: %v: %s", what, args, line)
				require.NotRegexp(t, function, line, "%s: %v", what, args)
			}
		}
	}
}

// putter writes files below a folder and gives their paths.
func putter(t *testing.T, dir string) func(name, text string) string {
	return func(name, text string) string {
		path := filepath.Join(dir, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
		return path
	}
}
