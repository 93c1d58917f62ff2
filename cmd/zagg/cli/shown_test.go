package cli

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Nothing that a command prints, and nothing that a run writes, has the user, the password or the signature of an address.
func TestCommandsShowNoSecrets(t *testing.T) {
	const secret = "SECRET"
	files := http.FileServer(http.Dir("sample"))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("sig") != secret+"SIG" {
			http.Error(w, "no signature\x1b[31m", http.StatusForbidden)
			return
		}
		files.ServeHTTP(w, r)
	}))
	defer server.Close()
	at := func(name string) string {
		return strings.Replace(server.URL, "://", "://"+secret+"USER:"+secret+"PASS@", 1) + "/" + name + "?sig=" + secret + "SIG"
	}
	const granule, none = "ATL06_20241101010000_01002511_007_01.h5", "ATL06_20241199010000_01002511_007_01.h5"
	dir := t.TempDir()
	store := filepath.Join(dir, "h.zarr")
	out := filepath.Join(dir, "out")
	clean := func(text string) {
		require.NotContains(t, text, secret)
		require.NotContains(t, text, "\x1b")
	}
	run := func(want int, args ...string) {
		code, out, errs := execute(t, "", args...)
		require.Equal(t, want, code, "%v\n%s%s", args, out, errs)
		clean(out)
		clean(errs)
	}
	config := []string{"--config", "sample/demo.yaml"}
	run(3, append([]string{"run", "--granules", at(granule), "--granules", at(none), "--store", store, "--allow-missing"}, config...)...)
	for _, folder := range []string{store, store + ".status"} {
		require.NoError(t, filepath.WalkDir(folder, func(path string, d os.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			data, err := os.ReadFile(path)
			require.False(t, strings.Contains(path+string(data), secret), path)
			return err
		}))
	}
	run(1, append([]string{"run", "--granules", at(none), "--store", out}, config...)...)
	run(1, append([]string{"run", "--granules", strings.Replace(at(granule), "SIG", "OLD", 1), "--store", out}, config...)...)
	run(1, append([]string{"run", "--catalog", at("none.json"), "--store", out}, config...)...)
	run(1, append([]string{"run", "--granules", "sample", "--store", at("store.zarr")}, config...)...)
	run(1, "run", "--config", at("none.yaml"), "--granules", "sample", "--store", out)
	run(0, append([]string{"catalog", at(granule), "--bbox=-50,69,-34,76", "--output", filepath.Join(dir, "map.json")}, config...)...)
	run(1, append([]string{"catalog", at("none.parquet"), "--bbox=-50,69,-34,76", "--output", filepath.Join(dir, "map.json")}, config...)...)
	for _, command := range [][]string{{"h5", "ls"}, {"shardmap", "info"}, {"cost"}, {"info"}, {"verify"}, {"config", "check"}, {"config", "show"}} {
		run(1, append(command, at(none))...)
	}
	run(1, "h5", "show", at(none), "/gt1l")
	run(1, "plot", at(none), "h_mean", "-o", filepath.Join(dir, "p.png"))
	run(1, "h5", "ls", "sample/\x1b[31m.h5")
}
