package hsds_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/internal/hdfrest"
	"github.com/englacial/zagg/internal/hdfrest/hsds"
	"github.com/englacial/zagg/internal/sharedtest"
)

type pair struct {
	Case    string
	Request struct {
		Method, Path string
		Params       map[string]any
		Headers      map[string]string
		Body         map[string]any
	}
	Response struct {
		Status int
		Body   map[string]any
	}
}

// differs says of cases what is answered instead; 0: only the body is another.
var differs = map[string]int{
	// There is no memory of what was deleted.
	"group_get_deleted_410": 404, "group_delete_again_410": 404, "link_get_deleted": 404, "attr_get_deleted": 404, "dset_get_deleted_410": 404,
	"value_put_deleted_410": 404, "value_get_deleted": 404, "dset_delete_again_410": 404, "datatype_get_deleted_410": 404, "domain_get_deleted_410": 404,
	"domain_delete_again": 404, "group_get_in_deleted_domain": 404,
	// 500 for what is wrong with a request, or that a version cannot do.
	"domain_put_nodomain_400": 400, "group_post_bad_parent_400": 400, "group_post_noname_400": 400, "value_put_overflow": 400, "dset_post_maxdims_smaller_400": 400,
	"attr_put_nonutf8_string_base64": 201, "attr_get_lat": 200, "attr_get_op": 200, "attr_put_vlen_base64_bin": 400, "dset_post_with_value_base64": 201,
	// Data of other lengths than the selection's are refused, so that later answers differ too.
	"value_put_long_400": 400, "value_put_vlen_str_trunc_400": 400, "value_get_after": 0, "value_get_vlen_str": 0, "value_post_points_json": 0,
	// A user with only the right to update gives himself no others.
	"acl_put_other_403": 403, "acls_get": 0, "domain_delete_other_403": 403,
	// A domain outlives another that shares its content.
	"domain_get_after_linked_deleted": 200, "domain_delete": 200,
	// What only one of the versions takes: several objects at once, ids, attributes of new objects, filters, limits.
	"group_post_order_attrs_links": 0, "group_post_with_id_again": 201, "group_post_foreign_id": 400, "group_post_multi": 0, "group_post_multi_links": 0, "datatype_post_multi": 201,
	"dset_post_multi": 201, "dset_post_multi_with_ids": 201, "dset_post_with_attributes": 0, "dset_post_maxdims_unlimited": 201, "dset_post_maxdims_none_1d": 201,
	"dset_post_layout_compact_big_400": 400, "dset_post_layout_contiguous_ext_400": 400, "dset_post_filter_32004": 201, "dset_post_filter_bitshuffle_lz4": 201,
	"dset_post_filter_gzip": 201, "dset_post_filter_1": 201, "dset_post_filter_zstd3": 201, "dset_post_filter_blosclz4": 201, "links_get_after": 0, "dset_post_filter_199": 400, "value_put_query_update": 400, "value_put_query_update2": 0,
	// An attribute without a value reads as zeros, an empty sequence as one.
	"attr_get_nv": 0, "value_get_vlen_int": 0,
}

// writable is a server of a folder as the recorded one was set up.
func writable(t testing.TB, dir string) *hdfrest.Server {
	for _, p := range []string{"home", "home/test_user1"} {
		owner := "admin"
		if strings.Contains(p, "/") {
			owner = "test_user1"
		}
		all := `{"create":true,"read":true,"update":true,"delete":true,"readACL":true,"updateACL":true}`
		text := `{"owner":"` + owner + `","acls":{"` + owner + `":` + all + `,"default":{"create":false,"read":true,"update":false,"delete":false,"readACL":false,"updateACL":false}},"created":1.0,"lastModified":1.0}`
		require.NoError(t, os.MkdirAll(filepath.Join(dir, p), 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(dir, p, ".domain.json"), []byte(text), 0o644))
	}
	return hdfrest.New(hdfrest.Config{
		Store: hsds.New(hsds.Options{Bucket: one(t, dir), Write: true}), Bucket: bucketName,
		User: "test_user1", Password: "test", Users: map[string]string{"test_user2": "test", "admin": "admin"}, Admins: []string{"admin"},
	})
}

var idText = regexp.MustCompile(`[gdt]-[0-9a-f]{8}-[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{6}-[0-9a-f]{6}`)

// A translation knows which of our ids is which recorded one.
type translation struct{ ours, theirs map[string]string }

// learn takes ids at the same places of two answers.
func (x *translation) learn(theirs, ours any) {
	switch a := theirs.(type) {
	case map[string]any:
		if b, ok := ours.(map[string]any); ok {
			for k, v := range a {
				x.learn(v, b[k])
			}
		}
	case []any:
		if b, ok := ours.([]any); ok && len(a) == len(b) {
			for i := range a {
				x.learn(a[i], b[i])
			}
		}
	case string:
		if b, ok := ours.(string); ok && idText.FindString(a) == a && a != "" && x.ours[a] == "" {
			x.ours[a], x.theirs[b] = b, a
			x.ours[a[2:19]], x.theirs[b[2:19]] = b[2:19], a[2:19]
		}
	}
}

func translate(m map[string]string, text string) string {
	return idText.ReplaceAllStringFunc(text, func(id string) string {
		if to := m[id]; to != "" {
			return to
		}
		if half := m[id[2:19]]; half != "" {
			return id[:2] + half + id[19:]
		}
		return id
	})
}

func (p *pair) request(t testing.TB, x *translation) *hdfrest.Request {
	q := url.Values{}
	for k, v := range p.Request.Params {
		q.Set(k, translate(x.ours, fmt.Sprint(v)))
	}
	r := &hdfrest.Request{Method: p.Request.Method, Path: translate(x.ours, p.Request.Path), Query: q, Header: http.Header{}}
	for k, v := range p.Request.Headers {
		r.Header.Set(k, v)
	}
	if j, ok := p.Request.Body["json"]; ok {
		b, err := json.Marshal(j)
		require.NoError(t, err)
		r.Body = []byte(strings.NewReplacer(`"NaN"`, "NaN", `"Infinity"`, "Infinity").Replace(translate(x.ours, string(b))))
	} else if text, ok := p.Request.Body["text"].(string); ok {
		r.Body = []byte(text)
	} else if text, ok := p.Request.Body["b64"].(string); ok {
		b, err := base64.StdEncoding.DecodeString(text)
		require.NoError(t, err)
		r.Body = b
	}
	return r
}

// comparable leaves out times, addresses and what is the server's own.
func comparable(v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := map[string]any{}
		for k, x := range v {
			switch k {
			case "created", "lastModified", "hrefs", "version", "limits", "compressors", "href", "target", "bucket", "layout", "maxdims", "status", "creationProperties", "domain", "dn_ids":
			case "type":
				out[k] = typeOf(x)
			default:
				out[k] = comparable(x)
			}
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, x := range v {
			out[i] = comparable(x)
		}
		return out
	}
	return canonical(v)
}

// Requests that change domains, as they were recorded on both versions of HSDS, one after another.
func TestRecordedWrites(t *testing.T) {
	for _, version := range []string{"0.9.4", "1.0.2"} {
		t.Run(version, func(t *testing.T) {
			files, err := filepath.Glob(filepath.Join(sharedtest.Dir(t, "spec", "hdf-rest-write-pairs"), "hsds-"+version, "[0-9]*.json"))
			require.NoError(t, err)
			require.Len(t, files, 281)
			s := writable(t, t.TempDir())
			x := &translation{map[string]string{}, map[string]string{}}
			for _, f := range files {
				text, err := os.ReadFile(f)
				require.NoError(t, err)
				var p pair
				unmarshal(t, text, &p)
				t.Run(p.Case, func(t *testing.T) { p.check(t, s, x) })
			}
		})
	}
}

func (p *pair) check(t *testing.T, s *hdfrest.Server, x *translation) {
	r := s.Serve(t.Context(), p.request(t, x))
	want, other := differs[p.Case]
	if want == 0 {
		want = p.Response.Status
	}
	require.Equal(t, want, r.Status, "%.300s %s", r.Body, r.Header.Get("X-Hdf-Error"))
	theirs, ok := p.Response.Body["json"]
	if !ok || p.Response.Status != r.Status {
		return
	}
	var ours any
	unmarshal(t, r.Body, &ours)
	x.learn(theirs, ours)
	if other {
		return
	}
	b, err := json.Marshal(ours)
	require.NoError(t, err)
	unmarshal(t, []byte(translate(x.theirs, string(b))), &ours)
	assert.Equal(t, comparable(theirs), comparable(ours))
}
