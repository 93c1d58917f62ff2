package hsds_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/internal/hdfrest"
	"github.com/englacial/zagg/internal/hdfrest/hsds"
	"github.com/englacial/zagg/internal/sharedtest"
)

const bucketName = "hsdstest" // as the samples call it

// one gives a folder as the bucket.
func one(t testing.TB, dir string) func(context.Context, string) (*hsds.Bucket, error) {
	folder, err := hsds.OpenFolder(dir)
	require.NoError(t, err)
	return hsds.One(bucketName, folder, "")
}

func serverOf(t testing.TB, dir string) *hdfrest.Server {
	return hdfrest.New(hdfrest.Config{Store: hsds.New(hsds.Options{Bucket: one(t, dir)}), Bucket: bucketName})
}

// words are the tokens of numbers that JSON lacks, outside of texts: no sample has them before a comma or bracket.
var words = regexp.MustCompile(`([\[,: \n])(-?Infinity|NaN)([,\]} \n])`)

func unmarshal(t testing.TB, text []byte, into any) {
	t.Helper()
	for range 2 {
		text = words.ReplaceAll(text, []byte(`$1"$2"$3`))
	}
	d := json.NewDecoder(strings.NewReader(string(text)))
	d.UseNumber()
	require.NoError(t, d.Decode(into), "%.300s", text)
}

// A client asks a server about one domain.
type client struct {
	t      testing.TB
	s      *hdfrest.Server
	domain string
}

func (c client) ask(method, target string, accept string, body string) *hdfrest.Response {
	u, err := url.Parse(target)
	require.NoError(c.t, err)
	q := u.Query()
	q.Set("domain", c.domain)
	h := http.Header{}
	if accept != "" {
		h.Set("Accept", accept)
	}
	return c.s.Serve(c.t.Context(), &hdfrest.Request{Method: method, Path: u.EscapedPath(), Query: q, Header: h, Body: []byte(body)})
}

func (c client) get(target string) map[string]any {
	r := c.ask("GET", target, "", "")
	require.Equal(c.t, 200, r.Status, "%s: %s %s", target, r.Body, r.Header.Get("X-Hdf-Error"))
	var out map[string]any
	unmarshal(c.t, r.Body, &out)
	return out
}

type sample struct {
	Domain  string
	Root    string
	Objects map[string]struct {
		Kind       string
		Status     int
		SameAs     string `json:"same_as"`
		ID         string
		Type       any
		Shape      any
		Attributes map[string]struct{ Type, Shape, Value any }
		Links      map[string]map[string]any
		Sha256     string
		Value      any
		Dims       []int
	}
}

// canonical spells what both versions of HSDS spell differently in one way.
func canonical(v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := map[string]any{}
		for k, x := range v {
			out[k] = canonical(x)
		}
		delete(out, "size")
		if members, ok := out["members"].([]any); ok {
			mapping := map[string]any{}
			for _, m := range members {
				mapping[m.(map[string]any)["name"].(string)] = m.(map[string]any)["value"]
			}
			out["mapping"] = mapping
			delete(out, "members")
		}
		if out["class"] == "H5T_REFERENCE" {
			return map[string]any{"class": out["class"], "base": out["base"]}
		}
		if out["class"] == "H5T_OPAQUE" {
			delete(out, "tag")
			out["size"] = v["size"]
		}
		for _, k := range []string{"maxdims"} {
			delete(out, k)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, x := range v {
			out[i] = canonical(x)
		}
		return out
	case string:
		if strings.HasPrefix(v, "H5T_STD_") || strings.HasPrefix(v, "H5T_IEEE_") {
			if v != "H5T_STD_REF_OBJ" && !strings.HasSuffix(v, "E") {
				v += "LE"
			}
			v = strings.Replace(v, "8LE", "8LE", 1)
		}
		return v
	case json.Number:
		f, _ := v.Float64()
		return f
	case bool:
		if v {
			return 1.0
		}
		return 0.0
	}
	return v
}

// typeOf is canonical, with numbers' types as objects everywhere.
func typeOf(v any) any {
	switch x := canonical(v).(type) {
	case string:
		class := "H5T_INTEGER"
		if strings.HasPrefix(x, "H5T_IEEE") {
			class = "H5T_FLOAT"
		}
		return map[string]any{"class": class, "base": x}
	case map[string]any:
		if b, ok := x["base"]; ok && x["class"] != "H5T_INTEGER" && x["class"] != "H5T_FLOAT" && x["class"] != "H5T_REFERENCE" {
			x["base"] = typeOf(b)
		}
		if fields, ok := x["fields"].([]any); ok {
			for _, f := range fields {
				m := f.(map[string]any)
				m["type"] = typeOf(m["type"])
			}
		}
		return x
	default:
		return x
	}
}

func TestSamples(t *testing.T) {
	root := sharedtest.Dir(t, "spec", "hsds-storage")
	files, err := filepath.Glob(filepath.Join(root, "*", "expected*.json"))
	require.NoError(t, err)
	require.Len(t, files, 8)
	for _, f := range files {
		t.Run(filepath.Base(filepath.Dir(f))+"/"+filepath.Base(f), func(t *testing.T) {
			text, err := os.ReadFile(f)
			require.NoError(t, err)
			var want sample
			unmarshal(t, text, &want)
			c := client{t, serverOf(t, filepath.Dir(f)), want.Domain}
			if want.Root != "" {
				require.Equal(t, want.Root, c.get("/")["root"])
			}
			for path, o := range want.Objects {
				t.Run(path, func(t *testing.T) { c := c; c.t = t; checkObject(c, path, o.Kind, o.ID, &want) })
			}
		})
	}
}

func checkObject(c client, path, kind, id string, want *sample) {
	o := want.Objects[path]
	var got map[string]any
	if id == "" {
		got = c.get("/?h5path=" + url.QueryEscape(path))
		id = got["id"].(string)
	}
	if o.Status == 404 { // it is not there
		require.Equal(c.t, 404, c.ask("GET", "/?h5path="+url.QueryEscape(path), "", "").Status)
		return
	}
	if kind == "" { // a second name of an object
		id = want.Objects[o.SameAs].ID
		require.Equal(c.t, id, c.get("/?h5path=" + url.QueryEscape(path))["id"])
		return
	}
	collection := map[string]string{"group": "groups", "dataset": "datasets", "datatype": "datatypes"}[kind]
	base := "/" + collection + "/" + id
	got = c.get(base + "?include_attrs=1&include_links=1")
	if o.Type != nil {
		assert.Equal(c.t, typeOf(o.Type), typeOf(got["type"]))
	}
	if o.Shape != nil {
		assert.Equal(c.t, canonical(o.Shape), canonical(got["shape"]))
	}
	attributes := got["attributes"].(map[string]any)
	if o.Type != nil || o.Links != nil {
		assert.Len(c.t, attributes, len(o.Attributes))
	}
	for name, a := range o.Attributes {
		have := attributes[name].(map[string]any)
		if a.Type != nil {
			assert.Equal(c.t, typeOf(a.Type), typeOf(have["type"]), name)
			assert.Equal(c.t, canonical(a.Shape), canonical(have["shape"]), name)
		}
		assert.Equal(c.t, canonical(a.Value), canonical(have["value"]), name)
	}
	if o.Links != nil {
		links := got["links"].(map[string]any)
		assert.Len(c.t, links, len(o.Links))
		for name, l := range o.Links {
			have := links[name].(map[string]any)
			for k, v := range l {
				assert.Equal(c.t, v, have[k], name)
			}
		}
	}
	if o.Sha256 == "" {
		return
	}
	r := c.ask("GET", base+"/value", "application/octet-stream", "")
	require.Equal(c.t, 200, r.Status, "%s %s", r.Body, r.Header.Get("X-Hdf-Error"))
	sum := sha256.Sum256(r.Body)
	assert.Equal(c.t, o.Sha256, hex.EncodeToString(sum[:]), "%d bytes", len(r.Body))
	if o.Value != nil {
		want, have := canonical(o.Value), canonical(c.get(base + "/value")["value"])
		list, _ := want.([]any)
		for i := range list {
			if h := have.([]any)[i]; list[i] == 0.0 && (h == "" || reflect.DeepEqual(h, []any{})) {
				list[i] = h // the original's 0 for what is empty
			}
		}
		assert.Equal(c.t, want, have)
	}
}
