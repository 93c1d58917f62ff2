package h5files_test

import (
	"encoding/hex"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/internal/hdfrest"
)

// Answers to what the recorded pairs leave open, as HSDS 0.9.4 gives them.
func TestAnswers(t *testing.T) {
	s := pairServer(t)
	ask := func(method, target, body string, headers ...string) *hdfrest.Response {
		u, err := url.Parse(target)
		require.NoError(t, err)
		q := u.Query()
		if !q.Has("domain") {
			q.Set("domain", "/home/"+pairUser+"/types.h5")
		}
		h := http.Header{}
		(&http.Request{Header: h}).SetBasicAuth(pairUser, pairPassword)
		for i := 0; i < len(headers); i += 2 {
			h.Set(headers[i], headers[i+1])
		}
		return s.Serve(t.Context(), &hdfrest.Request{Method: method, Path: u.EscapedPath(), Query: q, Header: h, Body: []byte(body)})
	}
	id := func(path string) string {
		var o struct{ ID string }
		r := ask("GET", "/?h5path="+url.QueryEscape(path), "")
		require.Equal(t, 200, r.Status, "%s: %s", path, r.Body)
		require.NoError(t, json.Unmarshal(r.Body, &o))
		return o.ID
	}
	root, num, value := "/groups/"+id("/"), "/groups/"+id("/num"), "/datasets/"+id("/num/le_i4")+"/value"
	const octets = "application/octet-stream"
	for _, c := range []struct{ method, target, body, want string }{
		{"POST", value, ``, "400: POST Value with no body"},
		{"POST", value, `x`, "400: Unable to load JSON body"},
		{"POST", value, `{}`, "400: Expected points or select key in request body"},
		{"POST", value, `null`, "400: Expected points or select key in request body"},
		{"POST", value, `{"points":[[0,0]],"select":"[0:1,0:1]"}`, "400: Unexpected points and select key in request body"},
		{"POST", value, `{"points":"x"}`, "400: POST Value expected list of points"},
		{"POST", value, `{"points":{}}`, "400: POST Value expected list of points"},
		{"POST", value, `{"points":[[0]]}`, "400: POST Value point value did not match dataset rank"},
		{"POST", value, `{"points":[[0,0,0]]}`, "400: POST Value point value did not match dataset rank"},
		{"POST", value, `{"points":[[0,99]]}`, "400: POST Value point: [ 0 99] is not within the bounds of the dataset"},
		{"POST", value, `{"points":[0]}`, "400: Bad Request"},
		{"POST", value, `{"points":[[-1,0]]}`, "400: Bad Request"},
		{"POST", value, `{"select":5}`, "400: Unable to load JSON body"},
		{"POST", value, `{"select":"[0:99,0]"}`, "400: Invalid selection"},
		{"GET", value + "?select=[0:1,0:1", "", "400: Invalid selection"},
		{"GET", "/datasets/" + id("/cmp/plain") + "/value?fields=x:nope", "", "400: invalid fields selection: field: nope is not defined in parent type"},
		{"GET", root + "/attributes/empty/value", "", "400: Null space attributes can not be read"},
		{"POST", root + "/attributes", `{"attr_names":["title","nope"]}`, "404: Not Found"},
		{"POST", root + "/links", `{"titles":["num","nope"]}`, "404: Not Found"},
		{"GET", value + "?fields=x", "", "400: invalid fields selection: getSubType - parent must be compound type"},
		{"GET", value + "?query=x>1", "", "400: Query string is not supported for multidimensional datasets"},
		{"GET", root + "/links?Limit=x", "", "400: Bad Request: Expected int type for limit"},
		{"GET", root + "/attributes?Limit=-1", "", "400: Bad Request: Expected int type for limit"},
		{"GET", root + "/links?Marker=zzz", "", "404: Not Found"},
		{"GET", root + "/links/nope", "", "404: Not Found"},
		{"GET", root + "/attributes/nope", "", "404: Not Found"},
		{"GET", "/groups/", "", "400: Missing group id"},
		{"GET", "/datasets/", "", "400: Missing dataset id"},
		{"GET", "/datasets/x", "", "400: Invalid dataset id: x"},
		{"GET", "/datatypes/x", "", "400: Invalid type id: x"},
		{"GET", strings.Replace(value, "datasets", "groups", 1), "", "404: Not Found"},
		{"GET", num + "?h5path=/num/le_i4", "", "404: Not Found"},
		{"GET", num + "?h5path=nope", "", "404: Not Found"},
		{"GET", "/?domain=types.h5", "", "400: Invalid domain name"},
		{"GET", "/?domain=/home/none.h5", "", "404: Not Found"},
		{"GET", "/nothing", "", "404: Not Found"},
		{"PATCH", "/about", "", "405: Method Not Allowed"},
		{"PUT", "/", "", "403: Forbidden"},
	} {
		r := ask(c.method, c.target, c.body)
		require.Equal(t, c.want, string(r.Body), "%s %s %s: %s", c.method, c.target, c.body, r.Header.Get("X-Hdf-Error"))
		require.Equal(t, c.want[:3], strconv.Itoa(r.Status))
	}
	r := ask("POST", value, "\x00\x00\x00\x00\x00\x00\x00\x00", "Content-Type", octets)
	require.Equal(t, "400: Number of point values is not consistent with dataset rank", string(r.Body))

	for target, want := range map[string]string{
		value + "?select=[0,0:2]":                                     `[[-30,-27]]`,
		value + "?select=[0,0:2]&reduce_dim=1":                        `[-30,-27]`,
		value + "?select=[0,1]&reduce_dim=1":                          `-27`,
		value + "?select=[[0,1],[0,1]]":                               `[-30,-3]`,
		"/datasets/" + id("/scalar/f") + "/value?select=[0:1]":        `2.5`,
		"/datasets/" + id("/bool") + "/value?select=[0]&reduce_dim=1": `[true]`,
		root + "/attributes/title/value":                              `"acceptance types"`,
		root + "/attributes/title?encoding=base64":                    `"acceptance types"`,
		root + "/attributes/i32?encoding=base64":                      `"+f///w=="`,
		value + "?select=[[1,0],0:2]":                                 `[[-6,-3],[-30,-27]]`,
		value + "?select=[[0,1],0]":                                   `[[-30],[-6]]`,
	} {
		var o struct{ Value json.RawMessage }
		r := ask("GET", target, "")
		require.NoError(t, json.Unmarshal(r.Body, &o), "%s", r.Body)
		require.JSONEq(t, want, string(o.Value), target)
	}
	r = ask("POST", value+"?select=[0:1,0:1]", "{}")
	require.Contains(t, string(r.Body), `"value":[[-30]]`)
	r = ask("POST", "/datasets/"+id("/cmp/plain")+"/value?fields=x", `{"points":[0,2]}`)
	require.Contains(t, string(r.Body), `"value":[[0.0],[0.5]]`)
	r = ask("POST", root+"/links", `{"titles":[]}`)
	require.Contains(t, string(r.Body), `"title":"num"`)
	r = ask("POST", root+"/attributes", `{"attr_names":[]}`)
	require.Contains(t, string(r.Body), `"name":"title"`)
	r = ask("GET", value+"?select=[0,0:2]", "", "Accept", octets)
	require.Equal(t, "e2ffffffe5ffffff", hex.EncodeToString(r.Body))

	count := func(target string) (n int) {
		var o map[string]json.RawMessage
		require.NoError(t, json.Unmarshal(ask("GET", target, "").Body, &o))
		var list []any
		for k, v := range o {
			if k != "hrefs" {
				require.NoError(t, json.Unmarshal(v, &list))
				n = len(list)
			}
		}
		return n
	}
	require.Equal(t, count(root+"/links"), count(root+"/links?Limit=0"), "0 is no limit")
	require.Equal(t, count("/datasets"), count("/datasets?Limit=0"))
	require.Equal(t, 2, count("/datasets?Limit=2"))
	require.Zero(t, count("/datasets?Marker=nope"))
	require.Equal(t, id("/"), strings.TrimPrefix(root, "/groups/"))
	var g struct{ ID string }
	require.NoError(t, json.Unmarshal(ask("GET", num+"?h5path=/", "").Body, &g))
	require.Equal(t, id("/"), g.ID, "a path from the root")
	require.NoError(t, json.Unmarshal(ask("GET", root+"?h5path=num", "").Body, &g))
	require.Equal(t, id("/num"), g.ID, "a path from the group")
}
