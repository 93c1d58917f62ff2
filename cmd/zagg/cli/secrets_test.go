package cli

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/internal/sharedtest"
)

const (
	granuleThere = "ATL06_20241101010000_01002511_007_01.h5"
	granuleGone  = "ATL06_20241199010000_01002511_007_01.h5"
)

// A vault is a server whose addresses are signed and have a user and a password, and which says them again in what it answers.
type vault struct {
	server *httptest.Server
	folder string
}

const secret = "SECRET"

func newVault(t *testing.T) *vault {
	v := &vault{folder: t.TempDir()}
	files := http.FileServer(http.Dir(v.folder))
	v.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, password, _ := r.BasicAuth()
		echo := fmt.Sprintf("%s wants %s as %s:%s sig=%s \x1b[31m", r.Method, r.URL.RequestURI(), user, password, r.URL.Query().Get("sig"))
		switch {
		case r.URL.Query().Get("sig") != secret+"SIG+/=":
			http.Error(w, "no: "+echo, http.StatusForbidden)
		case strings.HasPrefix(r.URL.Path, "/400/"):
			http.Error(w, echo, http.StatusBadRequest)
		case strings.HasPrefix(r.URL.Path, "/page/"):
			http.Redirect(w, r, "/html?sig="+r.URL.Query().Get("sig")+"&to="+secret+"TO", http.StatusFound)
		case strings.HasPrefix(r.URL.Path, "/html"):
			w.Header().Set("Content-Type", "text/html")
			fmt.Fprintf(w, "<html>%s</html>", echo)
		case strings.HasPrefix(r.URL.Path, "/text/"):
			fmt.Fprint(w, echo)
		case strings.HasPrefix(r.URL.Path, "/lost/"):
			w.Header().Set("Location", "ftp://"+secret+"U:"+secret+"P@elsewhere/?x="+secret)
			w.WriteHeader(http.StatusFound)
		default:
			files.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(v.server.Close)
	names, err := filepath.Glob("sample/*.h5")
	require.NoError(t, err)
	for _, name := range names {
		v.put(t, filepath.Base(name), readFile(t, name))
	}
	whole := readFile(t, "sample/"+granuleThere)
	v.put(t, "cut/"+granuleThere, whole[:len(whole)/3])
	v.put(t, "odd.h5", whole) // a name that the reader does not know
	v.put(t, "odd/cut.h5", whole[:len(whole)/3])
	return v
}

func readFile(t *testing.T, name string) []byte {
	data, err := os.ReadFile(name)
	require.NoError(t, err)
	return data
}

func (v *vault) put(t *testing.T, name string, data []byte) {
	path := filepath.Join(v.folder, name)
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
	require.NoError(t, os.WriteFile(path, data, 0o644))
}

// at is the address of a file, with a user, a password and a signature.
func (v *vault) at(name string) string {
	return strings.Replace(v.server.URL, "://", "://"+secret+"USER:"+secret+"PASS@", 1) + "/" + name + "?sig=" + secret + "SIG%2B%2F%3D&v=1"
}

// faults are granules by what is wrong with them.
func (v *vault) faults() map[string]string {
	return map[string]string{
		"gone": v.at(granuleGone), "cut": v.at("cut/" + granuleThere), "cut, unknown name": v.at("odd/cut.h5"), "told why": v.at("400/" + granuleThere),
		"page": v.at("page/" + granuleThere), "text": v.at("text/" + granuleThere), "redirected": v.at("lost/" + granuleThere),
		"signature": strings.Replace(v.at(granuleThere), "SIG%2B", "OLD%2B", 1), "no URL": v.at("%zz" + granuleThere),
		"unsupported": strings.Replace(v.at(granuleThere), "http://", "ftp://", 1), "spaced": v.at("a b/" + granuleThere), "fragment": v.at(granuleGone) + "#" + secret,
	}
}

// clean checks that neither a text nor anything below some folders has a secret, or a control character.
func clean(t *testing.T, what, text string, folders ...string) {
	t.Helper()
	require.NotContains(t, text, secret, what)
	require.NotContains(t, text, "\x1b", what)
	for _, folder := range folders {
		require.NoError(t, filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
			if os.IsNotExist(err) {
				return nil
			}
			require.NotContains(t, path, secret, what)
			if err != nil || d.IsDir() {
				return err
			}
			data, err := os.ReadFile(path)
			require.False(t, strings.Contains(string(data), secret), "%s: %s has %q", what, path, around(string(data), secret))
			return err
		}))
	}
}

func around(text, word string) string {
	i := strings.Index(text, word)
	return text[max(0, i-100):min(len(text), i+100)]
}

// shardMapOf is a shard map of the sample with granules at other addresses.
func shardMapOf(t *testing.T, shardMap []byte, change func(name string, record map[string]any)) string {
	var m map[string]any
	require.NoError(t, json.Unmarshal(shardMap, &m))
	for _, list := range m["granules"].([]any) {
		for _, g := range list.([]any) {
			record := g.(map[string]any)
			change(filepath.Base(record["s3"].(string)+record["https"].(string)), record)
		}
	}
	data, err := json.Marshal(m)
	require.NoError(t, err)
	file := filepath.Join(t.TempDir(), "map.json")
	require.NoError(t, os.WriteFile(file, data, 0o644))
	return file
}

// Whatever way an address comes to a run, and however the run fails, nothing that it prints or writes has the user, the password or the
// signature in it.
func TestSecretsOfAddressesStayInside(t *testing.T) {
	sharedtest.NotShort(t)
	v := newVault(t)
	dir := t.TempDir()
	ok(t, "catalog", "-q", "--config", "sample/demo.yaml", "--bbox=-50,69,-34,76", "--output", filepath.Join(dir, "map.json"), "sample/"+granuleThere)
	plain := readFile(t, filepath.Join(dir, "map.json"))
	signed := func(address string) string {
		return shardMapOf(t, plain, func(_ string, r map[string]any) { r["s3"], r["https"], r["id"] = "", address, address })
	}
	list := func(address string) string {
		file := filepath.Join(t.TempDir(), "list.txt")
		require.NoError(t, os.WriteFile(file, []byte(address+"\n"), 0o644))
		return "@" + file
	}
	asset := func(address string) string {
		return shardMapOf(t, plain, func(_ string, r map[string]any) {
			r["s3"], r["https"], r["assets"] = "", v.at(granuleThere), map[string]any{"index": address, "other": map[string]any{"https": address}}
		})
	}
	ways := map[string]func(address string) []string{
		"granules": func(a string) []string { return []string{"--granules", a} },
		"granules, missing": func(a string) []string {
			return []string{"--granules", a, "--granules", v.at(granuleThere), "--allow-missing"}
		},
		"granules, dry": func(a string) []string { return []string{"--granules", a, "--dry-run"} },
		"list":          func(a string) []string { return []string{"--granules", list(a), "--json"} },
		"shard map":     func(a string) []string { return []string{"--catalog", signed(a), "--max-cells", "2"} },
		"shard map, json": func(a string) []string {
			return []string{"--catalog", signed(a), "--max-cells", "2", "--allow-missing", "--json"}
		},
		"assets": func(a string) []string { return []string{"--catalog", asset(a), "--max-cells", "1"} },
		"map":    func(a string) []string { return []string{"--catalog", a} },
		"two of one": func(a string) []string {
			return []string{"--granules", a, "--granules", strings.Replace(a, "v=1", "v=2", 1)}
		},
	}
	faults := v.faults()
	for _, way := range slices.Sorted(maps.Keys(ways)) {
		for _, fault := range slices.Sorted(maps.Keys(faults)) {
			if !slices.Contains([]string{"granules", "shard map"}, way) && !slices.Contains([]string{"gone", "cut", "page", "spaced"}, fault) {
				continue
			}
			what := way + ", " + fault
			store := filepath.Join(t.TempDir(), "h.zarr")
			args := append([]string{"run", "--config", "sample/demo.yaml", "--store", store}, ways[way](faults[fault])...)
			_, out, errs := execute(t, "", args...)
			clean(t, what, out+errs, filepath.Dir(store))
		}
	}
}

// Nor do places of a configuration that may hold an address.
func TestSecretsOfConfigurationsStayInside(t *testing.T) {
	v := newVault(t)
	demo := string(readFile(t, "sample/demo.yaml"))
	rows := `data_source:
  reader: hdf5
  groups: [gt1l, gt1r, gt2l, gt2r, gt3l, gt3r]
  coordinates: {latitude: "/{group}/land_ice_segments/latitude", longitude: "/{group}/land_ice_segments/longitude"}
  variables: {h_li: "/{group}/land_ice_segments/h_li"}
aggregation: {variables: {n: {function: len, source: h_li}}}
output: {grid: {type: healpix, parent_order: 7, child_order: 12}}
`
	source := func(more string) string { return strings.Replace(demo, "data_source:\n", "data_source:\n"+more, 1) }
	output := func(more string) string { return strings.Replace(demo, "output:\n", "output:\n"+more, 1) }
	granules := []string{"--granules", "sample/" + granuleThere}
	store := filepath.Join(t.TempDir(), "h.zarr")
	for what, c := range map[string]struct {
		config string
		args   []string
	}{
		"catalog":      {fmt.Sprintf("catalog: %q\n%s", v.at("none.json"), demo), nil},
		"index":        {source(fmt.Sprintf("  index: {store: %q}\n", v.at("index/"))), granules},
		"index, write": {source(fmt.Sprintf("  index: {store: %q, on_missing: write}\n", v.at("index/"))), granules},
		"provider":     {source(fmt.Sprintf("  credentials_provider: %q\n", v.at("s3credentials"))), []string{"--granules", "/none.h5"}},
		"store":        {output(fmt.Sprintf("  store: %q\n", v.at("out.zarr"))), append(granules, "--store", "")},
		"endpoint":     {output(fmt.Sprintf("  endpoint_url: %q\n", v.at(""))), append(granules, "--store", "s3://out/h.zarr")},
		"unknown name": {rows, []string{"--granules", v.at("odd.h5"), "--granules", v.at(granuleGone), "--allow-missing"}},
		"cut, unknown": {rows, []string{"--granules", v.at("odd.h5"), "--granules", v.at("odd/cut.h5")}},
		"no key":       {fmt.Sprintf("%s\n%q: 1\n", demo, v.at("x")), granules},
		"bad value":    {source(fmt.Sprintf("  driver: %q\n", v.at("x"))), granules},
		"path":         {strings.Replace(demo, "/{group}/land_ice_segments/h_li\n", v.at("x")+"\n", 1), granules},
		"attribute":    {strings.Replace(demo, "{units: m}", fmt.Sprintf("{units: 1, source: %q}", v.at("x")), 1), granules},
	} {
		t.Setenv("AWS_ACCESS_KEY_ID", "k")
		t.Setenv("AWS_SECRET_ACCESS_KEY", "s")
		file := filepath.Join(t.TempDir(), "c.yaml")
		require.NoError(t, os.WriteFile(file, []byte(c.config), 0o644))
		args := append([]string{"run", "--config", file, "--store", store, "--overwrite"}, c.args...)
		_, out, errs := execute(t, "", args...)
		clean(t, what, out+errs, filepath.Dir(store))
	}
}

// Functions are given signed addresses; beside the store, where long lists lie, none of them can be read.
func TestSecretsOfEventsStayInside(t *testing.T) {
	v := newVault(t)
	store := filepath.Join(t.TempDir(), "h.zarr")
	args := []string{"run", "--config", "sample/demo.yaml", "--store", store, "--backend", "lambda", "--emulate", "--event-limit", "5500", "--shards-per-job", "25",
		"--granules", v.at(granuleGone), "--allow-missing"}
	files, err := filepath.Glob("sample/*.h5")
	require.NoError(t, err)
	for _, name := range files {
		args = append(args, "--granules", v.at(filepath.Base(name)))
	}
	code, out, errs := execute(t, "", args...)
	require.Equal(t, 3, code, errs)
	require.Contains(t, out, "41,068 obs")
	clean(t, "lambda", out+errs, filepath.Dir(store))
	lists, err := filepath.Glob(store + ".status/*/granules/*.json")
	require.NoError(t, err)
	require.NotEmpty(t, lists)
}
