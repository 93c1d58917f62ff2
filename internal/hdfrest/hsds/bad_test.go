package hsds_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/internal/hdfrest"
	"github.com/englacial/zagg/internal/hdfrest/hsds"
)

// A refusing fixture is a domain with one object of each kind, and a server that several users may ask.
type refusing struct {
	t                          *testing.T
	dir                        string
	server                     *hdfrest.Server
	root, group, set, rows, ty string
	null, text                 string
}

func newRefusing(t *testing.T, limits hdfrest.Limits) *refusing {
	f := &refusing{t: t, dir: t.TempDir()}
	folder, err := hsds.OpenFolder(f.dir)
	require.NoError(t, err)
	users := map[string]string{"owner": "x"}
	for _, u := range []string{"nobody", "create", "read", "update", "delete", "readACL", "updateACL"} {
		users[u] = "x"
	}
	f.server = hdfrest.New(hdfrest.Config{Store: hsds.New(hsds.Options{Bucket: hsds.One(bucketName, folder, ""), Write: true, Unconditional: true}), Bucket: bucketName,
		User: "admin", Password: "x", Admins: []string{"admin"}, Users: users, Limits: limits})
	made := func(method, path, domain string, body any) string {
		r := f.ask("admin", method, path, url.Values{"domain": {domain}}, body)
		require.Equal(t, 201, r.Status, "%s %s", r.Body, r.Header.Get("X-Hdf-Error"))
		var o struct{ ID, Root string }
		require.NoError(t, json.Unmarshal(r.Body, &o))
		if o.ID == "" {
			return o.Root
		}
		return o.ID
	}
	type m = map[string]any
	made("PUT", "/", "/home", m{"folder": 1})
	f.root = made("PUT", "/", domainOf, m{"owner": "owner"})
	for u := range users {
		if u != "owner" && u != "nobody" {
			made("PUT", "/acls/"+u, domainOf, m{u: true})
			made("PUT", "/acls/"+u, "/home", m{u: true})
		}
	}
	link := func(name string) m { return m{"id": f.root, "name": name} }
	f.group = made("POST", "/groups", domainOf, m{"link": link("g")})
	f.set = made("POST", "/datasets", domainOf, m{"type": "H5T_STD_I16LE", "shape": []int{4, 6}, "maxdims": []int{0, 6}, "link": link("d"), "creationProperties": m{"layout": m{"class": "H5D_CHUNKED", "dims": []int{2, 4}}}})
	f.rows = made("POST", "/datasets", domainOf, m{"type": m{"class": "H5T_COMPOUND", "fields": []m{{"name": "a", "type": "H5T_STD_I32LE"}, {"name": "b", "type": "H5T_IEEE_F64LE"}}}, "shape": []int{5}, "link": link("r")})
	f.null = made("POST", "/datasets", domainOf, m{"type": "H5T_STD_I16LE", "shape": "H5S_NULL", "link": link("n")})
	f.text = made("POST", "/datasets", domainOf, m{"type": m{"class": "H5T_STRING", "length": "H5T_VARIABLE", "charSet": "H5T_CSET_UTF8", "strPad": "H5T_STR_NULLTERM"}, "shape": []int{3}, "link": link("t")})
	f.ty = made("POST", "/datatypes", domainOf, m{"type": "H5T_STD_I16LE", "link": link("ty")})
	made("PUT", "/groups/"+f.group+"/attributes/there", domainOf, m{"type": "H5T_STD_I16LE", "shape": []int{2}, "value": []int{1, 2}})
	return f
}

const domainOf = "/home/refusing.h5"

func (f *refusing) ask(user, method, path string, q url.Values, body any) *hdfrest.Response {
	h := http.Header{}
	if user != "" {
		h.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(user+":x")))
	}
	if q == nil {
		q = url.Values{}
	}
	if !q.Has("domain") {
		q.Set("domain", domainOf)
	}
	var text []byte
	switch b := body.(type) {
	case nil:
	case []byte:
		text = b
		h.Set("Content-Type", "application/octet-stream")
	case string:
		text = []byte(b)
	default:
		text, _ = json.Marshal(b)
	}
	return f.server.Serve(f.t.Context(), &hdfrest.Request{Method: method, Path: path, Query: q, Header: h, Body: text})
}

// stored is all that is stored.
func (f *refusing) stored() map[string]string {
	out := map[string]string{}
	require.NoError(f.t, filepath.WalkDir(f.dir, func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(p)
		out[p[len(f.dir):]] = string(text)
		return err
	}))
	return out
}

// refused holds a request against a status; nothing may be stored.
func (f *refusing) refused(t *testing.T, before map[string]string, what string, want func(int) bool, r *hdfrest.Response) {
	require.True(t, want(r.Status), "%s: %d %s %s", what, r.Status, r.Body, r.Header.Get("X-Hdf-Error"))
	require.Equal(t, before, f.stored(), "%s stored something", what)
}

// A write route, with a body that is good, by which wrong ones are made.
type writeRoute struct {
	method, path string
	query        url.Values
	body         string // JSON; "": none
	right        string // who may
}

func (f *refusing) routes() []writeRoute {
	return []writeRoute{
		{"PUT", "/acls/somebody", nil, `{"read": true}`, "updateACL"},
		{"POST", "/groups", nil, `{"link": {"id": "` + f.root + `", "name": "new"}}`, "create"},
		{"POST", "/datasets", nil, `{"type": "H5T_STD_I16LE", "shape": [4], "link": {"id": "` + f.root + `", "name": "new"}, "creationProperties": {"layout": {"class": "H5D_CHUNKED", "dims": [2]}, "fillValue": 3, "filters": [{"class": "H5Z_FILTER_DEFLATE", "id": 1, "level": 4}]}}`, "create"},
		{"POST", "/datatypes", nil, `{"type": {"class": "H5T_INTEGER", "base": "H5T_STD_I16LE"}, "link": {"id": "` + f.root + `", "name": "new"}}`, "create"},
		{"POST", "/groups", nil, `[{"link": {"id": "` + f.root + `", "name": "new"}}, {"link": {"id": "` + f.group + `", "name": "new"}}]`, "create"},
		{"PUT", "/groups/" + f.group + "/links/new", nil, `{"id": "` + f.set + `"}`, "create"},
		{"PUT", "/groups/" + f.group + "/links", nil, `{"links": {"new": {"h5path": "/d"}}}`, "create"},
		{"PUT", "/groups/" + f.group + "/links", nil, `{"grp_ids": {"` + f.group + `": {"links": {"new": {"id": "` + f.set + `"}}}, "` + f.root + `": {"links": {"new": {"h5path": "/x", "h5domain": "/home/y"}}}}}`, "create"},
		{"PUT", "/groups/" + f.group + "/attributes/new", nil, `{"type": "H5T_STD_I16LE", "shape": [2], "value": [1, 2]}`, "create"},
		{"PUT", "/datasets/" + f.set + "/attributes", nil, `{"attributes": {"new": {"type": "H5T_STD_I16LE", "shape": [2], "value": [1, 2]}}}`, "create"},
		{"PUT", "/datatypes/" + f.ty + "/attributes", nil, `{"obj_ids": {"` + f.set + `": {"attributes": {"new": {"type": "H5T_STD_I16LE", "value": 1}}}, "` + f.ty + `": {"attributes": {"new": {"type": "H5T_STD_I16LE", "value": 1}}}}}`, "create"},
		{"PUT", "/groups/" + f.group + "/attributes/there/value", nil, `{"value": [3, 4]}`, "create"},
		{"PUT", "/datasets/" + f.set + "/shape", nil, `{"shape": [9, 6]}`, "update"},
		{"PUT", "/datasets/" + f.set + "/shape", nil, `{"extend": 2, "extend_dim": 0}`, "update"},
		{"PUT", "/datasets/" + f.set + "/value", nil, `{"start": [0, 0], "stop": [4, 6], "step": [3, 5], "value": [[1, 2], [3, 4]]}`, "update"},
		{"PUT", "/datasets/" + f.set + "/value", nil, `{"points": [[0, 1], [3, 5]], "value": [7, 8]}`, "update"},
		{"PUT", "/datasets/" + f.rows + "/value", url.Values{"select": {"[1:3]"}, "fields": {"a"}}, `{"value": [[1], [2]]}`, "update"},
		{"PUT", "/datasets/" + f.rows + "/value", url.Values{"query": {"a == 0"}}, `{"b": 2.5}`, ""},
		{"PUT", "/datasets/" + f.text + "/value", nil, `{"value": ["a", "b", "c"]}`, "update"},
		{"PUT", "/", nil, `{"flush": 1}`, "update"},
		{"DELETE", "/groups/" + f.group + "/links/x", nil, "", "delete"},
		{"DELETE", "/groups/" + f.group + "/attributes/there", nil, "", "delete"},
		{"DELETE", "/groups/" + f.group + "/attributes", url.Values{"attr_names": {"there"}}, "", "delete"},
		{"DELETE", "/groups/" + f.root + "/links", url.Values{"titles": {"d"}}, "", "delete"},
		{"DELETE", "/datasets/" + f.set, nil, "", "delete"},
		{"DELETE", "/groups/" + f.group, nil, "", "delete"},
		{"DELETE", "/datatypes/" + f.ty, nil, "", "delete"},
		{"DELETE", "/", nil, "", "delete"},
	}
}

func is(want ...int) func(int) bool {
	return func(got int) bool {
		for _, w := range want {
			if w == got {
				return true
			}
		}
		return false
	}
}

// Who has not the one right that a request needs is refused, whatever others he has, and nothing is stored.
func TestNotAllowed(t *testing.T) {
	f := newRefusing(t, hdfrest.Limits{})
	before := f.stored()
	routes := append(f.routes(), writeRoute{"PUT", "/", url.Values{"domain": {"/home/new.h5"}}, "", "create"}, writeRoute{"PUT", "/", url.Values{"domain": {"/home/new"}}, `{"folder": 1}`, "create"},
		writeRoute{"PUT", "/", url.Values{"domain": {"/home/new.h5"}}, `{"linked_domain": "` + domainOf + `"}`, "owner"})
	for _, w := range routes {
		for _, user := range []string{"", "nobody", "create", "read", "update", "delete", "readACL", "updateACL"} {
			if user == w.right {
				continue
			}
			q := url.Values{}
			for k, v := range w.query {
				q[k] = v
			}
			what := fmt.Sprintf("%q: %s %s %v", user, w.method, w.path, q)
			status := 403
			if user == "" {
				status = 401
			}
			r := f.ask(user, w.method, w.path, q, w.body)
			require.Equal(t, status, r.Status, "%s: %s %s", what, r.Body, r.Header.Get("X-Hdf-Error"))
		}
		require.Equal(t, before, f.stored(), "%s %s", w.method, w.path)
	}
	for i := range f.routes() { // and who has it is not
		g := newRefusing(t, hdfrest.Limits{})
		if w := g.routes()[i]; w.right != "" {
			r := g.ask(w.right, w.method, w.path, w.query, w.body)
			require.Less(t, r.Status, 300, "%s %s: %s %s", w.method, w.path, r.Body, r.Header.Get("X-Hdf-Error"))
		}
	}
}

// broken are bodies that are wrong, made of a good one: cut off at each place, followed by something, and with each value replaced
// by one of another kind.
func broken(good string) []string {
	var out []string
	for i := 1; i < len(good); i += 3 {
		out = append(out, good[:i])
	}
	return append(out, good+"}", good+"x", "\xff"+good, "[", "{", "nul", "3", `"x"`, "true", strings.Repeat("[", 5000))
}

func TestBodiesThatAreNoJSON(t *testing.T) {
	f := newRefusing(t, hdfrest.Limits{})
	before := f.stored()
	for _, w := range f.routes() {
		if w.body == "" || w.path == "/" {
			continue
		}
		for _, body := range broken(w.body) {
			r := f.ask("admin", w.method, w.path, w.query, body)
			require.Equal(t, 400, r.Status, "%s %s %v %.200q: %s", w.method, w.path, w.query, body, r.Body)
		}
		require.Equal(t, before, f.stored(), "%s %s %v", w.method, w.path, w.query)
		if strings.HasPrefix(w.path, "/groups") && w.method == "POST" || strings.HasPrefix(w.path, "/acls") {
			continue // no body is a group without a name, or no change
		}
		f.refused(t, before, w.method+" "+w.path+" without a body", is(400), f.ask("admin", w.method, w.path, w.query, nil))
	}
}

// A body of null is none.
func TestBodyOfNull(t *testing.T) {
	f := newRefusing(t, hdfrest.Limits{})
	require.Equal(t, 204, f.ask("admin", "PUT", "/", url.Values{"flush": {"1"}}, "null").Status)
	require.Equal(t, 201, f.ask("admin", "PUT", "/", url.Values{"domain": {"/home/new.h5"}}, "null").Status)
}

// Requests that are wrong in what they say.
func TestWhatCannotBe(t *testing.T) {
	f := newRefusing(t, hdfrest.Limits{Body: 1 << 20, Value: 1 << 16, Points: 50})
	before := f.stored()
	other := "g-00000000-00000000-0000-000000-000000"
	unknown := f.group[:len(f.group)-6] + "000000"
	long := strings.Repeat("n", 70_000)
	type c struct {
		method, path, query string
		body                any
		status              []int
	}
	link := func(name string) string { return fmt.Sprintf(`{"id": %q, "name": %s}`, f.root, name) }
	set := func(rest string) string { return `{"type": "H5T_STD_I16LE", ` + rest + `}` }
	value, rows, text := "/datasets/"+f.set+"/value", "/datasets/"+f.rows+"/value", "/datasets/"+f.text+"/value"
	cases := []c{
		// names and links
		{"POST", "/groups", "", `{"link": ` + link(`""`) + `}`, nil}, {"POST", "/groups", "", `{"link": ` + link(`"a/b"`) + `}`, nil}, {"POST", "/groups", "", `{"link": ` + link(`"."`) + `}`, nil},
		{"POST", "/groups", "", `{"link": ` + link(`"a\u0000b"`) + `}`, nil}, {"POST", "/groups", "", `{"link": ` + link(`"`+long+`"`) + `}`, nil}, {"POST", "/groups", "", `{"link": ` + link(`3`) + `}`, nil},
		{"POST", "/groups", "", `{"link": {"name": "x"}}`, nil}, {"POST", "/groups", "", `{"link": {"id": "` + f.set + `", "name": "x"}}`, nil}, {"POST", "/groups", "", `{"link": {"id": "` + unknown + `", "name": "x"}}`, []int{404}},
		{"POST", "/groups", "", `{"link": 5}`, nil}, {"POST", "/groups", "", `{"link": ` + link(`"d"`) + `}`, []int{409}}, {"POST", "/groups", "", `{"id": "` + other + `"}`, nil}, {"POST", "/groups", "", `{"id": 7}`, nil},
		{"POST", "/groups", "", `{"id": "` + f.root + `"}`, nil}, {"POST", "/groups", "", `[]`, nil}, {"POST", "/groups", "", `[{"link": ` + link(`"new"`) + `}, {"link": ` + link(`"d"`) + `}]`, []int{409}},
		{"POST", "/groups", "", `[{"link": ` + link(`"new"`) + `}, {"link": ` + link(`"new"`) + `}]`, []int{400, 409}}, {"POST", "/groups", "", `[{"link": ` + link(`"new"`) + `}, 7]`, nil},
		{"POST", "/groups", "", `{"creationProperties": 3}`, nil}, {"POST", "/groups", "", `{"attributes": {"a": {"type": "no", "value": 1}}}`, nil}, {"POST", "/groups", "", `{"links": {"a": {"id": "` + unknown + `"}}}`, []int{404}},
		{"PUT", "/groups/" + f.group + "/links/new", "", `{}`, nil}, {"PUT", "/groups/" + f.group + "/links/new", "", `{"id": "` + unknown + `"}`, []int{404}}, {"PUT", "/groups/" + f.group + "/links/new", "", `{"id": "x"}`, nil},
		{"PUT", "/groups/" + f.group + "/links/new", "", `{"class": "H5L_TYPE_X", "h5path": "/a"}`, nil}, {"PUT", "/groups/" + f.group + "/links/new", "", `{"class": "H5L_TYPE_HARD", "h5path": "/a"}`, nil}, {"PUT", "/groups/" + f.group + "/links/new", "", `{"h5path": ""}`, nil},
		{"PUT", "/groups/" + f.group + "/links/a%2Fb", "", `{"h5path": "/a"}`, nil}, {"PUT", "/groups/" + f.group + "/links/%00", "", `{"h5path": "/a"}`, nil}, {"PUT", "/groups/" + f.root + "/links/d", "", `{"h5path": "/a"}`, []int{409}},
		{"PUT", "/groups/" + unknown + "/links/new", "", `{"h5path": "/a"}`, []int{404}}, {"PUT", "/groups/" + other + "/links/new", "", `{"h5path": "/a"}`, []int{404}}, {"PUT", "/groups/x/links/new", "", `{"h5path": "/a"}`, nil},
		{"PUT", "/groups/" + f.group + "/links", "", `{"links": 3}`, nil}, {"PUT", "/groups/" + f.group + "/links", "", `{}`, nil}, {"PUT", "/groups/" + f.group + "/links", "", `{"links": {"ok": {"h5path": "/a"}, "bad": {}}}`, nil},
		{"PUT", "/groups/" + f.group + "/links", "", `{"grp_ids": {"` + f.group + `": {"links": {"ok": {"h5path": "/a"}}}, "` + unknown + `": {"links": {"ok": {"h5path": "/a"}}}}}`, []int{404}},
		{"PUT", "/groups/" + f.group + "/links", "", `{"grp_ids": {"` + f.group + `": {"links": {"d": {"h5path": "/a"}}}, "` + f.root + `": {"links": {"d": {"h5path": "/a"}}}}}`, []int{409}},
		{"PUT", "/groups/" + f.group + "/links", "", `{"grp_ids": {"` + f.group + `": {"links": {"d": {"h5path": "/a"}}}, "` + f.set + `": {"links": {"d": {"h5path": "/a"}}}}}`, nil},
		{"DELETE", "/groups/" + f.group + "/links", "", nil, nil}, {"DELETE", "/groups/" + f.root, "", nil, []int{403}}, {"DELETE", "/groups/" + unknown, "", nil, []int{404}},
		// attributes
		{"PUT", "/groups/" + f.group + "/attributes/there", "", `{"type": "H5T_STD_I16LE", "value": 1}`, []int{409}}, {"PUT", "/groups/" + f.group + "/attributes/new", "", `{"value": 1}`, nil},
		{"PUT", "/groups/" + f.group + "/attributes/new", "", `{"type": "H5T_NO", "value": 1}`, nil}, {"PUT", "/groups/" + f.group + "/attributes/new", "", `{"type": "H5T_STD_I16LE", "value": "x"}`, nil},
		{"PUT", "/groups/" + f.group + "/attributes/new", "", `{"type": "H5T_STD_I16LE", "value": 40000}`, nil}, {"PUT", "/groups/" + f.group + "/attributes/new", "", `{"type": "H5T_STD_U16LE", "value": -1}`, nil}, {"PUT", "/groups/" + f.group + "/attributes/new", "", `{"type": "H5T_STD_I16LE", "value": 1.5}`, nil},
		{"PUT", "/groups/" + f.group + "/attributes/new", "", `{"type": "H5T_STD_I16LE", "shape": [3], "value": [1, 2]}`, nil}, {"PUT", "/groups/" + f.group + "/attributes/new", "", `{"type": "H5T_STD_I16LE", "shape": [-3], "value": [1]}`, nil},
		{"PUT", "/groups/" + f.group + "/attributes/new", "", `{"type": "H5T_STD_I16LE", "shape": "H5S_NULL", "value": 1}`, nil}, {"PUT", "/groups/" + f.group + "/attributes/new", "", `{"type": "H5T_STD_I16LE", "encoding": "base64", "value": "AA"}`, nil},
		{"PUT", "/groups/" + f.group + "/attributes/new", "", `{"type": "H5T_STD_I16LE", "shape": [1000000000]}`, nil}, {"PUT", "/groups/" + f.group + "/attributes/new", "", `{"type": "` + strings.Replace(unknown, "g-", "t-", 1) + `", "value": 1}`, []int{404}},
		{"PUT", "/groups/" + f.group + "/attributes/there/value", "", `{"value": [1]}`, nil}, {"PUT", "/groups/" + f.group + "/attributes/there/value", "", []byte{1, 2, 3}, nil}, {"PUT", "/groups/" + f.group + "/attributes/no/value", "", `{"value": [1, 2]}`, []int{404}},
		{"PUT", "/groups/" + f.group + "/attributes", "", `{"attributes": {"ok": {"type": "H5T_STD_I16LE", "value": 1}, "there": {"type": "H5T_STD_I16LE", "value": 1}}}`, []int{409}},
		{"PUT", "/groups/" + f.group + "/attributes", "", `{"obj_ids": {"` + f.group + `": {"attributes": {"ok": {"type": "H5T_STD_I16LE", "value": 1}}}, "` + unknown + `": {"attributes": {"ok": {"type": "H5T_STD_I16LE", "value": 1}}}}}`, []int{404}},
		{"PUT", "/groups/" + f.group + "/attributes", "", `{"obj_ids": ["` + f.root + `", "` + f.group + `"], "attributes": {"there": {"type": "H5T_STD_I16LE", "value": 1}}}`, []int{409}},
		{"PUT", "/groups/" + f.group + "/attributes", "", `{"obj_ids": {"` + f.group + `": {"attributes": {"ok": {"type": "H5T_STD_I16LE", "value": 1}}}, "` + f.set + `": {"attributes": {"ok": {"type": "H5T_STD_I16LE", "value": "x"}}}}}`, nil},
		{"DELETE", "/groups/" + f.group + "/attributes", "", nil, nil},
		// datasets and types
		{"POST", "/datasets", "", `{"shape": [3]}`, nil}, {"POST", "/datasets", "", `{"type": 3}`, nil}, {"POST", "/datasets", "", `{"type": {"class": "H5T_COMPOUND", "fields": []}}`, nil}, {"POST", "/datasets", "", `{"type": {"class": "H5T_STRING", "length": -1}}`, nil},
		{"POST", "/datasets", "", `{"type": {"class": "H5T_ARRAY", "base": "H5T_STD_I8LE", "dims": [0]}}`, nil}, {"POST", "/datasets", "", `{"type": {"class": "H5T_ENUM", "base": "H5T_STD_I8LE", "mapping": {"a": 1000}}}`, nil},
		{"POST", "/datasets", "", `{"type": {"class": "H5T_COMPOUND", "fields": [{"name": "a", "type": "H5T_STD_I8LE"}, {"name": "a", "type": "H5T_STD_I8LE"}]}}`, nil},
		{"POST", "/datasets", "", set(`"shape": [-1]`), nil}, {"POST", "/datasets", "", set(`"shape": [1.5]`), nil}, {"POST", "/datasets", "", set(`"shape": "x"`), nil}, {"POST", "/datasets", "", set(`"shape": {"class": "H5S_SIMPLE"}`), nil},
		{"POST", "/datasets", "", set(`"shape": [4], "maxdims": [3]`), nil}, {"POST", "/datasets", "", set(`"shape": [4], "maxdims": [3, 3]`), nil}, {"POST", "/datasets", "", set(`"shape": [9007199254740992, 9007199254740992]`), nil},
		{"POST", "/datasets", "", set(`"shape": [` + strings.Repeat("1, ", 40) + `1]`), nil}, {"POST", "/datasets", "", set(`"shape": [4], "value": [1, 2]`), nil}, {"POST", "/datasets", "", set(`"shape": [2], "value": ["a", "b"]`), nil},
		{"POST", "/datasets", "", set(`"shape": [2], "encoding": "base64", "value": "AAA"`), nil}, {"POST", "/datasets", "", set(`"shape": "H5S_NULL", "value": [1]`), nil}, {"POST", "/datasets", "", set(`"shape": [4], "creationProperties": 7`), nil},
		{"POST", "/datasets", "", set(`"shape": [4], "creationProperties": {"layout": {"class": "H5D_CHUNKED", "dims": [0]}}`), nil}, {"POST", "/datasets", "", set(`"shape": [4], "creationProperties": {"layout": {"class": "H5D_CHUNKED", "dims": [2, 2]}}`), nil},
		{"POST", "/datasets", "", set(`"shape": [4], "creationProperties": {"layout": {"class": "H5D_CHUNKED", "dims": [40]}}`), nil}, {"POST", "/datasets", "", set(`"shape": [4], "creationProperties": {"layout": {"class": "H5D_NO"}}`), nil}, {"POST", "/datasets", "", set(`"shape": [4], "creationProperties": {"layout": 4}`), nil},
		{"POST", "/datasets", "", set(`"shape": [4], "creationProperties": {"filters": [{"id": 99}]}`), nil}, {"POST", "/datasets", "", set(`"shape": [4], "creationProperties": {"filters": ["lzf"]}`), nil}, {"POST", "/datasets", "", set(`"shape": [4], "creationProperties": {"filters": 3}`), nil},
		{"POST", "/datasets", "", set(`"shape": [4], "creationProperties": {"filters": [{"id": 1, "level": 44}]}`), nil}, {"POST", "/datasets", "", set(`"shape": [4], "creationProperties": {"fillValue": "x"}`), nil}, {"POST", "/datasets", "", set(`"shape": [4], "creationProperties": {"fillValue": [1, 2]}`), nil},
		{"POST", "/datasets", "", set(`"shape": [4], "creationProperties": {"fillValue": 100000}`), nil}, {"POST", "/datasets", "", set(`"shape": [4], "creationProperties": {"initializer": ["arange"]}`), nil}, {"POST", "/datasets", "", set(`"shape": [40000], "creationProperties": {"layout": {"class": "H5D_COMPACT"}}`), nil},
		{"POST", "/datasets", "", set(`"shape": [4], "maxdims": [0], "creationProperties": {"layout": {"class": "H5D_CONTIGUOUS"}}`), nil}, {"POST", "/datasets", "", `[` + set(`"shape": [4]`) + `, ` + set(`"shape": [-4]`) + `]`, nil},
		{"POST", "/datasets", "", set(`"shape": [4], "creationProperties": {"layout": {"class": "H5D_CHUNKED_REF", "dims": [2]}}`), nil}, {"POST", "/datasets", "", set(`"shape": [4], "creationProperties": {"layout": {"class": "H5D_CHUNKED_REF_INDIRECT", "dims": [2], "chunk_table": "x"}}`), nil},
		{"POST", "/datatypes", "", `{}`, nil}, {"POST", "/datatypes", "", `{"type": "x"}`, nil}, {"POST", "/datatypes", "", `{"type": {"class": "H5T_VLEN"}}`, nil},
		// extents and values
		{"PUT", "/datasets/" + f.set + "/shape", "", `{"shape": [4]}`, nil}, {"PUT", "/datasets/" + f.set + "/shape", "", `{"shape": [4, 7]}`, []int{409}}, {"PUT", "/datasets/" + f.set + "/shape", "", `{"shape": [-1, 6]}`, nil}, {"PUT", "/datasets/" + f.set + "/shape", "", `{"shape": ["a", 6]}`, nil},
		{"PUT", "/datasets/" + f.set + "/shape", "", `{}`, nil}, {"PUT", "/datasets/" + f.set + "/shape", "", `{"extend": 1, "extend_dim": 2}`, nil}, {"PUT", "/datasets/" + f.set + "/shape", "", `{"extend": -1}`, nil}, {"PUT", "/datasets/" + f.set + "/shape", "", `{"extend": 1, "extend_dim": 1}`, []int{409}},
		{"PUT", "/datasets/" + f.rows + "/shape", "", `{"shape": [9]}`, nil}, {"PUT", "/datasets/" + f.null + "/shape", "", `{"shape": [9]}`, nil}, {"PUT", "/datasets/" + f.set + "/shape", "", `{"shape": [9007199254740993, 6]}`, nil},
		{"PUT", value, "", []byte{1, 2, 3}, nil}, {"PUT", value, "", make([]byte, 4*6*2-2), nil}, {"PUT", value, "", make([]byte, 4*6*2+2), nil}, {"PUT", value, "select=[0:4,0:9]", make([]byte, 72), nil}, {"PUT", value, "select=[0:2]", make([]byte, 4), nil},
		{"PUT", value, "select=[2:1,:]", make([]byte, 4), nil}, {"PUT", value, "select=x", make([]byte, 4), nil}, {"PUT", value, "select=[-1:2,:]", make([]byte, 4), nil}, {"PUT", value, "select=[0:4:0,:]", make([]byte, 4), nil}, {"PUT", value, "select=[4,0]", make([]byte, 2), nil},
		{"PUT", value, "select=[[0,9],0]", make([]byte, 4), nil}, {"PUT", value, "fields=a", make([]byte, 48), nil}, {"PUT", value, "", `{"value": 1}`, nil}, {"PUT", value, "", `{"value": [[1]]}`, nil}, {"PUT", value, "", `{"value": "text"}`, nil}, {"PUT", value, "", `{}`, nil},
		{"PUT", value, "select=[0,0]", `{"value": 70000}`, nil}, {"PUT", value, "select=[0,0]", `{"value": 1.5}`, nil}, {"PUT", value, "select=[0,0]", `{"value": null}`, nil}, {"PUT", value, "", `{"value_base64": "!!"}`, nil}, {"PUT", value, "", `{"value_base64": 3}`, nil}, {"PUT", value, "", `{"value_base64": "AAAA"}`, nil},
		{"PUT", value, "", `{"points": [[0, 6]], "value": [1]}`, nil}, {"PUT", value, "", `{"points": [[0]], "value": [1]}`, nil}, {"PUT", value, "", `{"points": [[0, 0], [1, 1]], "value": [1]}`, nil}, {"PUT", value, "", `{"points": 3, "value": [1]}`, nil}, {"PUT", value, "", `{"points": [["a", 0]], "value": [1]}`, nil},
		{"PUT", value, "", `{"start": [0, 0], "stop": [5, 6], "value": [[1]]}`, nil}, {"PUT", value, "", `{"start": 0, "value": [[1]]}`, nil}, {"PUT", value, "", `{"start": [0, 0], "stop": [1, 1], "step": [0, 1], "value": [[1]]}`, nil}, {"PUT", value, "", `{"append": 1, "append_dim": 1, "value": [[1], [1], [1], [1]]}`, nil},
		{"PUT", value, "", `{"append": 1, "append_dim": 2, "value": [[1, 2, 3, 4, 5, 6]]}`, nil}, {"PUT", value, "", `{"append": 2, "value": [[1, 2, 3, 4, 5, 6]]}`, nil}, {"PUT", value, "", `{"append": -1, "value": [[1]]}`, nil}, {"PUT", value, "append=x", make([]byte, 12), nil}, {"PUT", rows, "", `{"append": 1, "value": [[1, 2]]}`, nil},
		{"PUT", rows, "fields=c", `{"value": [[1], [1], [1], [1], [1]]}`, nil}, {"PUT", rows, "fields=a:a", make([]byte, 40), nil}, {"PUT", rows, "", `{"value": [[1], [1], [1], [1], [1]]}`, nil}, {"PUT", rows, "query=c > 1", `{"b": 1}`, nil}, {"PUT", rows, "query=a >", `{"b": 1}`, nil}, {"PUT", rows, "query=a > 1", `{"c": 1}`, nil},
		{"PUT", rows, "query=a > 1", `{"b": "x"}`, nil}, {"PUT", rows, "query=a > 1", `{}`, nil}, {"PUT", text, "", `{"value": ["a", "b"]}`, nil}, {"PUT", text, "", `{"value": ["a", "b", 3]}`, nil}, {"PUT", text, "", []byte{5, 0, 0, 0, 'a'}, nil}, {"PUT", text, "", []byte{1, 0, 0, 0, 'a', 1, 0, 0, 0, 'a', 255, 255, 255, 255}, nil},
		{"PUT", "/datasets/" + f.null + "/value", "", `{"value": 1}`, nil}, {"PUT", "/datasets/d" + unknown[1:] + "/value", "", `{"value": 1}`, []int{404}}, {"PUT", "/datasets/" + f.group + "/value", "", `{"value": 1}`, nil},
		// what is taken for something else if it is not looked at closely
		{"PUT", rows, "", `{"points": [null], "value": [[7, 7]]}`, nil}, {"PUT", value, "", `{"points": [[null, 1]], "value": [7]}`, nil}, {"PUT", value, "", `{"points": [[0, -1]], "value": [7]}`, nil}, {"PUT", rows, "", `{"points": [0], "select": "[1:2]", "value": [[1, 1]]}`, nil},
		{"PUT", rows, "element_count=2", `{"value": [[1, 1], [1, 1], [1, 1], [1, 1], [1, 1]]}`, nil}, {"PUT", value, "select=[0:1,0:6]", `{"append": 1, "value": [[1, 1, 1, 1, 1, 1]]}`, nil}, {"PUT", rows, "select=[2:2]", `{"value": []}`, nil}, {"PUT", rows, "select=[]", `{"value": []}`, nil},
		{"PUT", "/groups/" + f.group + "/attributes", "", `{"obj_ids": [], "attributes": {"new": {"type": "H5T_STD_I8LE", "value": 1}}}`, nil}, {"PUT", "/groups/" + f.group + "/links", "", `{"grp_ids": [], "links": {"new": {"h5path": "/a"}}}`, nil},
		{"PUT", "/groups/" + f.group + "/attributes/new", "", `{"type": "H5T_STD_I8LE", "shape": [2], "encoding": "hex", "value": [1, 2]}`, nil}, {"PUT", "/groups/" + f.group + "/attributes/new", "", `{"type": "H5T_IEEE_F32LE", "value": 1e300}`, nil},
		{"PUT", "/groups/" + f.group + "/attributes/new", "", `{"type": "H5T_IEEE_F64LE", "value": 1e999}`, nil}, {"PUT", "/groups/" + f.group + "/attributes/new", "", `{"type": {"class": "H5T_REFERENCE", "base": "H5T_STD_REF_OBJ"}, "value": "nothing"}`, nil},
		{"PUT", "/groups/" + f.group + "/attributes/new", "", `{"type": {"class": "H5T_ENUM", "base": "H5T_STD_I8LE", "members": [{"name": "a", "value": 1}, {"name": "a", "value": 2}]}, "value": 1}`, nil},
		{"PUT", "/groups/" + f.group + "/links/new", "", `{"id": "` + f.set + `", "h5path": "/a"}`, nil}, {"POST", "/groups", "", `{"h5path": ""}`, nil}, {"POST", "/groups", "", `{"link": ` + link(`"new"`) + `, "h5path": "/new2"}`, nil},
		{"POST", "/datasets", "", set(`"shape": {"class": "H5S_X", "dims": [3]}`), nil}, {"POST", "/datasets", "", set(`"shape": "H5S_NULL", "creationProperties": {"layout": {"class": "x"}}`), nil}, {"POST", "/datasets", "", set(`"shape": [3], "creationProperties": {"fillValue_encoding": "hex", "fillValue": 3}`), nil},
		{"POST", "/datasets", "", set(`"shape": [3], "creationProperties": {"layout": {"class": "H5D_CHUNKED_REF", "file_uri": "a.h5", "dims": [3], "chunks": {"0": [1]}}}`), nil},
		{"POST", "/datasets", "", set(`"shape": [3], "creationProperties": {"layout": {"class": "H5D_CHUNKED_REF_INDIRECT", "file_uri": "a.h5", "dims": [3], "chunk_table": "d` + unknown[1:] + `"}}`), []int{404}},
		{"POST", "/datasets", "", `{"type": {"class": "H5T_VLEN", "base": "H5T_STD_I32LE"}, "shape": [1], "encoding": "base64", "value": "AwAAAAECAw=="}`, nil}, {"PUT", "/", "domain=/home/%FF.h5", `{}`, nil},
		// counts that no memory has
		{"PUT", "/groups/" + f.group + "/attributes/new", "", `{"type": "H5T_STD_I8LE", "shape": [1099511627776, 0], "encoding": "base64", "value": ""}`, nil}, {"PUT", "/groups/" + f.group + "/attributes/new", "", `{"type": "H5T_STD_I8LE", "shape": [1099511627776, 0]}`, nil},
		{"POST", "/datasets", "", `{"type": {"class": "H5T_STRING", "length": 2048}, "shape": [9007199254740992], "encoding": "base64", "value": ""}`, nil}, {"POST", "/datasets", "", `{"type": {"class": "H5T_STRING", "length": 2048}, "shape": [9007199254740992], "creationProperties": {"layout": {"class": "H5D_COMPACT"}}}`, nil},
		{"PUT", "/datasets/" + f.set + "/shape", "", `{"shape": [9007199254740992, 6]}`, nil}, {"PUT", "/datasets/" + f.set + "/shape", "", `{"extend": 9007199254740992}`, nil}, {"PUT", value, "", `{"append": 9007199254740992, "value_base64": ""}`, nil},
		// limits
		{"PUT", value, "", make([]byte, 1<<20+1), []int{413}}, {"PUT", value, "select=[0:4,0:6]&element_count=1", `{"value": [1, 2]}`, nil}, {"PUT", value, "", `{"points": [` + strings.Repeat("[0, 0], ", 60) + `[0, 0]], "value": [` + strings.Repeat("1, ", 60) + `1]}`, []int{400, 413}},
		// domains
		{"PUT", "/", "domain=/home/no/new.h5", nil, []int{404}}, {"PUT", "/", "domain=" + domainOf + "/new.h5", nil, nil}, {"PUT", "/", "domain=" + domainOf, nil, []int{409}}, {"PUT", "/", "domain=home/new.h5", nil, nil}, {"PUT", "/", "domain=/home/../new.h5", nil, nil},
		{"PUT", "/", "domain=/home/" + strings.Repeat("n", 256), nil, nil}, {"PUT", "/", "domain=/home/" + strings.Repeat("n/", 600) + "a", nil, nil},
		{"PUT", "/", "domain=/", nil, nil}, {"PUT", "/", "domain=/home/new.h5", `{`, nil}, {"PUT", "/", "domain=/home/new.h5", `7`, nil}, {"PUT", "/", "domain=/home/new.h5", `{"linked_domain": "/home/no.h5"}`, []int{404}}, {"PUT", "/", "domain=/db", `{"folder": 1}`, nil}, {"PUT", "/", "domain=/.zagg", `{"folder": 1}`, nil},
		{"DELETE", "/", "domain=/home", nil, []int{409}}, {"DELETE", "/", "domain=/home/no.h5", nil, []int{404}}, {"PUT", "/acls/u", "", `{"no": true}`, nil}, {"PUT", "/acls/u", "", `{"read": 1}`, nil}, {"PUT", "/acls/", "", `{"read": true}`, []int{400, 404, 405}}, {"PUT", "/acls/u", "domain=/home/no.h5", `{"read": true}`, []int{404}},
		{"DELETE", "/acls/u", "", nil, []int{405}}, {"PUT", "/groups/" + f.group, "", `{}`, []int{405}}, {"DELETE", "/datasets", "", nil, []int{405}},
	}
	for _, x := range cases {
		q, err := url.ParseQuery(strings.ReplaceAll(x.query, " ", "%20"))
		require.NoError(t, err)
		if x.status == nil {
			x.status = []int{400}
		}
		what := fmt.Sprintf("%s %s %s %.300s", x.method, x.path, x.query, x.body)
		r := f.ask("admin", x.method, x.path, q, x.body)
		ok := is(x.status...)(r.Status)
		if !ok {
			t.Errorf("%s: %d, not %v: %s %s", what, r.Status, x.status, r.Body, r.Header.Get("X-Hdf-Error"))
		}
		if now := f.stored(); fmt.Sprint(now) != fmt.Sprint(before) {
			t.Errorf("%s: %d, and stored something", what, r.Status)
			before = now
		}
	}
}
