package hsds_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/internal/hdfrest"
)

// A wrongBody is one in which a value of a good body is of another kind.
type wrongBody struct{ at, value, text string }

// wrongBodies are the bodies that differ from a good one in one value, which is of another kind.
func wrongBodies(t *testing.T, good string) []wrongBody {
	var all any
	require.NoError(t, json.Unmarshal([]byte(good), &all))
	var out []wrongBody
	var visit func(at string, value any, set func(any))
	visit = func(at string, value any, set func(any)) {
		others := []string{`true`, `[]`, `{"x": {"x": null}}`}
		switch value.(type) {
		case map[string]any:
			others = []string{`"x"`, `true`, `["x"]`}
		case []any:
			others = []string{`"x"`, `-7`, `true`} // an object is one of several
		case float64, bool:
			others = []string{`"x"`, `[null]`, `{}`}
		}
		for _, other := range others {
			set(json.RawMessage(other))
			text, err := json.Marshal(all)
			require.NoError(t, err)
			out = append(out, wrongBody{at, other, string(text)})
		}
		set(value)
		switch v := value.(type) {
		case map[string]any:
			for _, name := range slices.Sorted(maps.Keys(v)) {
				visit(at+"."+name, v[name], func(x any) { v[name] = x })
			}
		case []any:
			for i := range v {
				visit(fmt.Sprintf("%s[%d]", at, i), v[i], func(x any) { v[i] = x })
			}
		}
	}
	visit("", all, func(x any) { all = x })
	return out
}

// A value that is of another kind than it must be is refused wherever it is in a body, and never taken for one that is not there.
func TestValuesOfOtherKinds(t *testing.T) {
	f := newRefusing(t, hdfrest.Limits{})
	before := f.stored()
	for _, w := range f.routesWithBodies() {
		for _, b := range wrongBodies(t, w.body) {
			r := f.ask("admin", w.method, w.path, w.query, b.text)
			require.Equal(t, 400, r.Status, "%s %s %s = %s: %s %s", w.method, w.path, b.at, b.value, r.Body, r.Header.Get("X-Hdf-Error"))
		}
		require.Equal(t, before, f.stored(), "%s %s %s", w.method, w.path, w.body)
	}
	for i := range f.routesWithBodies() { // and what they are made of is good
		g := newRefusing(t, hdfrest.Limits{})
		w := g.routesWithBodies()[i]
		r := g.ask("admin", w.method, w.path, w.query, w.body)
		require.Less(t, r.Status, 300, "%s %s %s: %s %s", w.method, w.path, w.body, r.Body, r.Header.Get("X-Hdf-Error"))
	}
}

// routesWithBodies are the routes with bodies, and more bodies.
func (f *refusing) routesWithBodies() []writeRoute {
	all := slices.DeleteFunc(f.routes(), func(w writeRoute) bool { return w.body == "" })
	return append(all,
		writeRoute{"PUT", "/", map[string][]string{"domain": {"/home/new.h5"}}, `{"folder": false, "owner": "owner", "linked_domain": "` + domainOf + `"}`, ""},
		writeRoute{"PUT", "/", map[string][]string{"domain": {"/home/new.h5"}}, `{"group": {"creationProperties": {"CreateOrder": true}}}`, ""},
		writeRoute{"PUT", "/groups/" + f.group + "/links/new", nil, `{"class": "H5L_TYPE_EXTERNAL", "h5path": "/x", "h5domain": "/home/y.h5", "created": 3.5}`, ""},
		writeRoute{"PUT", "/groups/" + f.group + "/attributes/new", nil, `{"type": {"class": "H5T_STRING", "length": 3, "charSet": "H5T_CSET_UTF8", "strPad": "H5T_STR_NULLPAD"}, "shape": [1], "encoding": "base64", "value": "YWJj"}`, ""},
		writeRoute{"PUT", "/groups/" + f.group + "/attributes/new", nil, `{"type": {"class": "H5T_COMPOUND", "fields": [{"name": "a", "type": {"class": "H5T_VLEN", "base": "H5T_STD_I32LE"}}, {"name": "b", "type": {"class": "H5T_ENUM", "base": "H5T_STD_I8LE", "mapping": {"p": 1}}},
			{"name": "c", "type": {"class": "H5T_OPAQUE", "size": 2, "tag": "t"}}, {"name": "d", "type": {"class": "H5T_REFERENCE", "base": "H5T_STD_REF_OBJ"}}, {"name": "e", "type": {"class": "H5T_ARRAY", "base": "H5T_IEEE_F32LE", "dims": [2]}}]},
			"value": [[1, 2], 1, "AAA=", "` + f.group + `", [0.5, 1.5]]}`, ""},
		writeRoute{"POST", "/datasets", nil, `{"type": "H5T_STD_I16LE", "shape": {"class": "H5S_SIMPLE", "dims": [4], "maxdims": [8]}, "h5path": "/new", "attributes": {"a": {"type": "H5T_STD_I8LE", "value": 1}}, "creationProperties": {"layout": {"class": "H5D_CHUNKED_REF", "file_uri": "a.h5", "dims": [2], "chunks": {"0": [10, 20]}}, "fillTime": "H5D_FILL_TIME_ALLOC"}}`, ""},
		writeRoute{"POST", "/datasets", nil, `{"type": "H5T_STD_I16LE", "shape": [4], "creationProperties": {"layout": {"class": "H5D_CONTIGUOUS_REF", "file_uri": "a.h5", "offset": 10, "size": 8}, "filters": ["shuffle", {"class": "H5Z_FILTER_ZSTD", "id": 32015, "name": "zstd", "level": 3}], "fillValue": "AAA=", "fillValue_encoding": "base64"}}`, ""},
		writeRoute{"PUT", "/groups/" + f.root + "/attributes", nil, `{"obj_ids": ["` + f.root + `"], "replace": true, "attributes": {"new": {"type": "H5T_STD_I16LE", "value": 1}}}`, ""},
		writeRoute{"PUT", "/groups/" + f.root + "/links", nil, `{"grp_ids": ["` + f.group + `"], "links": {"new": {"id": "` + f.set + `", "class": "H5L_TYPE_HARD"}}}`, ""},
		writeRoute{"PUT", "/datasets/" + f.set + "/value", nil, `{"append": 1, "append_dim": 0, "value_base64": "AAAAAAAAAAAAAAAA"}`, ""},
		writeRoute{"PUT", "/datasets/" + f.rows + "/value", nil, `{"select": "[1:2]", "fields": "a", "value": [[3]]}`, ""},
	)
}

// Objects that were removed while links still lead to them are left out of listings; the others are there.
func TestLinksToWhatWasRemoved(t *testing.T) {
	f := newRefusing(t, hdfrest.Limits{})
	for _, path := range []string{"/groups/" + f.group, "/datasets/" + f.rows, "/datatypes/" + f.ty} {
		require.Equal(t, 200, f.ask("admin", "DELETE", path, nil, nil).Status)
	}
	for _, x := range []struct{ path, query string }{{"/", "getobjs=1&include_attrs=1"}, {"/", "verbose=1"}, {"/datasets", ""}, {"/groups", ""}, {"/datasets/" + f.set, "getalias=1"}, {"/groups/" + f.root + "/links", "follow_links=1"}} {
		q, err := url.ParseQuery(x.query)
		require.NoError(t, err)
		r := f.ask("admin", "GET", x.path, q, nil)
		require.Equal(t, 200, r.Status, "%s %s: %s %s", x.path, x.query, r.Body, r.Header.Get("X-Hdf-Error"))
		if x.path != "/groups" {
			require.Contains(t, string(r.Body), f.set)
		}
	}
	require.Equal(t, 404, f.ask("admin", "GET", "/", url.Values{"h5path": {"/g"}}, nil).Status)
}

// What cannot be changed is refused before anything is put, locks too.
func TestRefusedBeforeLocks(t *testing.T) {
	f := newRefusing(t, hdfrest.Limits{})
	made := func(rest string) string {
		r := f.ask("admin", "POST", "/datasets", nil, `{"type": "H5T_STD_I8LE", "shape": [4], `+rest+`}`)
		require.Equal(t, 201, r.Status, "%s", r.Body)
		var o struct{ ID string }
		require.NoError(t, json.Unmarshal(r.Body, &o))
		return "/datasets/" + o.ID
	}
	short := made(`"maxdims": [6], "creationProperties": {"layout": {"class": "H5D_CHUNKED", "dims": [2]}}`)
	linked := made(`"maxdims": [0], "creationProperties": {"layout": {"class": "H5D_CHUNKED_REF", "file_uri": "a.h5", "dims": [2], "chunks": {"0": [0, 2]}}}`)
	whole := made(`"creationProperties": {"layout": {"class": "H5D_CONTIGUOUS_REF", "file_uri": "a.h5", "offset": 0, "size": 4}}`)
	before := f.stored()
	five := url.Values{"append": {"5"}}
	f.refused(t, before, "more than the limit", is(409), f.ask("admin", "PUT", short+"/value", five, []byte{1, 2, 3, 4, 5}))
	f.refused(t, before, "append to a file", is(403), f.ask("admin", "PUT", linked+"/value", five, []byte{1, 2, 3, 4, 5}))
	for _, path := range []string{linked, whole} {
		f.refused(t, before, "write to a file", is(403), f.ask("admin", "PUT", path+"/value", nil, []byte{1, 2, 3, 4}))
		f.refused(t, before, "points of a file", is(403), f.ask("admin", "PUT", path+"/value", nil, `{"points": [1], "value": [1]}`))
	}
	f.refused(t, before, "extent of a file", is(403), f.ask("admin", "PUT", linked+"/shape", nil, `{"shape": [2]}`))
}

// A dataset whose values are said to be in a file does not lead to what other domains consist of, whose rights would be passed by.
func TestFilesThatAreOfDomains(t *testing.T) {
	f := newRefusing(t, hdfrest.Limits{})
	keys := []string{"/home/.domain.json", "s3://" + bucketName + "/home/refusing.h5/.domain.json"}
	for key := range f.stored() {
		keys = append(keys, key)
	}
	for _, key := range keys {
		r := f.ask("admin", "POST", "/datasets", nil, `{"type": "H5T_STD_I8LE", "shape": [4], "creationProperties": {"layout": {"class": "H5D_CONTIGUOUS_REF", "file_uri": "`+key+`", "offset": 0, "size": 4}}}`)
		require.Equal(t, 201, r.Status)
		var o struct{ ID string }
		require.NoError(t, json.Unmarshal(r.Body, &o))
		require.Equal(t, 403, f.ask("admin", "GET", "/datasets/"+o.ID+"/value", nil, nil).Status, key)
	}
}

// Extents without elements, and chunks without number, are not listed one by one.
func TestMoreThanCanBeListed(t *testing.T) {
	f := newRefusing(t, hdfrest.Limits{})
	for _, x := range []struct{ shape, chunk string }{{"[1099511627776, 0]", "[1, 1]"}, {"[100000000]", "[1]"}} {
		r := f.ask("admin", "POST", "/datasets", nil, `{"type": "H5T_STD_I8LE", "shape": `+x.shape+`, "creationProperties": {"layout": {"class": "H5D_CHUNKED", "dims": `+x.chunk+`}}}`)
		require.Equal(t, 201, r.Status, "%s %s", r.Body, r.Header.Get("X-Hdf-Error"))
		var o struct{ ID string }
		require.NoError(t, json.Unmarshal(r.Body, &o))
		require.Equal(t, 413, f.ask("admin", "GET", "/datasets/"+o.ID+"/value", nil, nil).Status, x.shape)
	}
}
