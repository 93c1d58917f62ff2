package cli

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
)

// steering begins a command to a terminal, and turns the direction of writing.
const steering = "\x1b[2J\u202e"

// Whatever a name, a value, or a server's answer has in it, what commands print does not steer the terminal: it is shown escaped.
func TestNothingPrintedSteersTheTerminal(t *testing.T) {
	dir := t.TempDir()
	write := putter(t, dir)
	kinds := readFile(t, "../../../core/h5/testdata/kinds_earliest.h5")
	for name, other := range map[string]string{"vlen": "v\x1bcn", "text": "t\u202e", "FALSE": "F\x1b[2J", "compound": "comp\x1b[2J"} {
		require.Contains(t, string(kinds), name)
		kinds = bytes.ReplaceAll(kinds, []byte(name), []byte(other))
	}
	file := write("kinds"+steering+".h5", string(kinds))
	granule := write(steering+"/"+granuleThere, string(readFile(t, "sample/"+granuleThere)))
	store := filepath.Join(dir, "s"+steering+".zarr")
	config := write("c"+steering+".yaml", string(readFile(t, "sample/demo.yaml")))
	wrong := write("wrong.yaml", string(readFile(t, "sample/demo.yaml"))+"\n\"x\\e[2J\\u202e\": 1\n")
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Error(w, `{"message": "no`+steering+`", "domains": [{"name": "/d`+steering+`"}]}`+steering, http.StatusBadRequest)
	}))
	defer server.Close()
	domains := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Write([]byte(`{"domains": [{"name": "/d` + "\\u001b[2J\u202e" + `", "class": "domain"}]}`)) //nolint:errcheck // a test's server
	}))
	defer domains.Close()
	shown, escape := 0, regexp.MustCompile(`\\x1b|\\u001b|\\u202e`)
	points := "name,lon,lat\n" + steering + ",-45,70\n"

	for _, c := range []struct {
		stdin string
		args  []string
	}{
		{"", []string{"h5", "ls", file}},
		{"", []string{"h5", "ls", file, "--json", "--attrs"}},
		{"", []string{"h5", "ls", file, "--paths", "--sizes", "--attrs"}},
		{"", []string{"h5", "ls", file, "/no" + steering}},
		{"", []string{"h5", "show", file, "/v\x1bcn"}},
		{"", []string{"h5", "show", file, "/bool"}},
		{"", []string{"h5", "show", file, "/comp\x1b[2J", "--json"}},
		{"", []string{"hdf", "ls", file, "-r"}},
		{"", []string{"hdf", "ls", dir}},
		{"", []string{"hdf", "get", file, "/v\x1bcn"}},
		{"", []string{"hdf", "ls", "/d" + steering, "--endpoint", server.URL}},
		{"", []string{"hdf", "ls", "/", "--endpoint", domains.URL}},
		{"", []string{"run", "--config", config, "--granules", granule, "--store", store}},
		{"", []string{"run", "--config", config, "--granules", granule, "--store", store, "--dry-run"}},
		{"", []string{"run", "--config", config, "--granules", granule, "--store", store, "--json"}},
		{"", []string{"info", store}},
		{"", []string{"info", store, "--json"}},
		{"", []string{"verify", store}},
		{"", []string{"store", "claim" + steering, store}},
		{"", []string{"store", "unlock", store}},
		{"", []string{"plot", store, "h_mean", "-o", filepath.Join(dir, steering+".png")}},
		{"", []string{"plot", store, "h" + steering, "-o", filepath.Join(dir, "p.png")}},
		{"", []string{"export", store, "--to", "csv", "-o", filepath.Join(dir, steering+".csv")}},
		{"", []string{"config", "check", config}},
		{"", []string{"config", "check", wrong}},
		{"", []string{"catalog", granule, "--config", config, "--bbox=-50,69,-34,76", "--output", filepath.Join(dir, "m"+steering+".json")}},
		{"", []string{"shardmap", "info", filepath.Join(dir, "m"+steering+".json")}},
		{"", []string{"cost", filepath.Join(dir, "m"+steering+".json")}},
		{points, []string{"grid", "locate", "--config", config, "-"}},
		{"", []string{"plugins", "list", "--config", wrong}},
		{"", []string{"plugins", "describe", "/no" + steering}},
		{"", []string{"plugins", "new", "statistic", "x" + steering}},
		{"", []string{steering}},
		{"", []string{"run", "--" + steering}},
	} {
		if c.args[0] == "verify" { // of an object that is nobody's
			write(filepath.Join(filepath.Base(store), "12", "x"+steering), "x")
		}
		_, out, errs := execute(t, c.stdin, c.args...)
		for _, text := range []string{out, errs} {
			require.Equal(t, core.Escaped(text), text, "%q", c.args)
		}
		if escape.MatchString(out + errs) {
			shown++
		}
	}
	require.Greater(t, shown, 20, "most say again what they were given")
}
