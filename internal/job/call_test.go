package job

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
)

func TestGranulesURL(t *testing.T) {
	j := decode(t, `{"shard_key": 1, "granules_url": "s3://b/list.json", "store_path": "s3://b/s"}`)
	require.Nil(t, j.Granules)
	whole := &Job{ShardKey: "1", StorePath: "s3://b/s", Granules: Granules{core.GranuleAt("s3://b/a.h5"), {Assets: map[string]string{"data": "s3://b/b.h5", "l2a": "s3://b/<&>"}}}}
	list, key, err := whole.SealedGranules()
	require.NoError(t, err)
	require.Empty(t, key)
	require.NoError(t, j.SetGranules(list))
	require.Equal(t, whole.Granules, j.Granules)

	whole.Granules[1].Assets["l2a"] = "https://host/x?sig=SECRET"
	list, key, err = whole.SealedGranules()
	require.NoError(t, err)
	require.NotContains(t, string(list), "b.h5")
	j.Granules, j.GranulesKey = nil, key
	event, err := j.Event()
	require.NoError(t, err)
	j = decode(t, string(event))
	require.NoError(t, j.SetGranules(list))
	require.Equal(t, whole.Granules, j.Granules)
	require.Equal(t, core.Corrupt, core.CodeOf(j.SetGranules(list[1:])))
	logged, err := json.Marshal(j)
	require.NoError(t, err)
	require.NotContains(t, string(logged), key.Reveal())
	j = decode(t, `{"shard_key": 1, "granules_url": "s3://b/list.json", "store_path": "s3://b/s"}`)
	for text, code := range map[string]core.Code{`["a", "a"]`: core.Invalid, `["a"`: core.Corrupt, `{}`: core.Corrupt, `[{"url": ""}]`: core.Invalid} {
		require.Equal(t, code, core.CodeOf(j.SetGranules([]byte(text))), text)
	}
	_, err = Decode([]byte(`{"shard_key": 1, "granules_url": "x", "granule_urls": ["a"], "store_path": "s"}`))
	require.ErrorContains(t, err, "exclude each other")
}

func TestCalls(t *testing.T) {
	for text, want := range map[string]*Call{
		`{"mode": "setup", "store_path": "s3://b/s", "config": {}, "parent_order": 6, "overwrite": true, "dataset": null, "times_us": [], "run_manifest": {"a": 1}}`: {
			Mode: ModeSetup, StorePath: "s3://b/s", Config: []byte("{}"), ParentOrder: ptr(6), Overwrite: true, TimesUS: []byte("[]"), RunManifest: []byte(`{"a": 1}`)},
		`{"mode": "finalize", "store_path": "s", "shard_keys": [12683825400535580678, "8a2a"], "prune": true, "config": {}}`: {
			Mode: ModeFinalize, StorePath: "s", ShardKeys: []core.ShardKey{"12683825400535580678", "8a2a"}, Prune: true, Config: []byte("{}")},
		`{"mode": "ping", "output_credentials": {"access_key_id": "a", "secret_access_key": "b"}}`: {
			Mode: ModePing, OutputCredentials: &Credentials{AccessKeyID: "a", SecretAccessKey: "b"}},
		`{"mode": "ping", "granule_url": "s3://g/h.h5", "s3_credentials": {"access_key_id": "a", "secret_access_key": "b", "endpoint_url": "http://127.0.0.1:1"}}`: {
			Mode: ModePing, GranuleURL: "s3://g/h.h5", S3Credentials: &Credentials{AccessKeyID: "a", SecretAccessKey: "b", EndpointURL: "http://127.0.0.1:1"}},
	} {
		c, err := DecodeCall([]byte(text))
		require.NoError(t, err, text)
		require.Equal(t, want, c)
		event, err := c.Event()
		require.NoError(t, err)
		again, err := DecodeCall(event)
		require.NoError(t, err)
		a, err := json.Marshal(c)
		require.NoError(t, err)
		b, err := json.Marshal(again)
		require.NoError(t, err)
		require.JSONEq(t, string(a), string(b))
		require.Equal(t, []any{c.S3Credentials, c.OutputCredentials}, []any{again.S3Credentials, again.OutputCredentials}, "which texts hide")
	}
	for text, want := range map[string]string{
		`{"mode": "sweep"}`: "not supported yet: mode sweep",
		`{"mode": "setup"}`: "Missing required parameters: store_path, config",
		`{"mode": "finalize", "store_path": "s", "prune": true}`:                    "Missing required parameters: config, shard_keys",
		`{"mode": "ping", "stroe_path": "s"}`:                                       "stroe_path",
		`{"mode": "ping"} {}`:                                                       "text after the event",
		`{"mode": "setup", "store_path": "s", "config": {}, "times_us": [1]}`:       "not supported yet: times_us",
		`{"mode": "ping", "output_credentials": {"secret_access_key": 1}}`:          "secret_access_key is not a string",
		`{"mode": "setup", "store_path": "s", "config": {}, "shard_keys": [1.5e3]}`: "1.5e3",
	} {
		_, err := DecodeCall([]byte(text))
		require.ErrorContains(t, err, want)
	}
	for text, want := range map[string]string{`{}`: "process", `{"mode": "ping"}`: "ping", `{`: "process", `[]`: "process", `{"mode": 1}`: "process"} {
		require.Equal(t, want, ModeOf([]byte(text)), text)
	}
}

func ptr[T any](v T) *T { return &v }

func TestResponses(t *testing.T) {
	text := NoData
	r, err := NewResponse(500, Done{ShardKey: "12683825400535580678", Status: Empty, Error: &text, Container: Container{Generation: 3}})
	require.NoError(t, err)
	require.Contains(t, r.Body, `"shard_key":12683825400535580678`)
	require.Contains(t, r.Body, `"container_generation":3`)
	d, err := r.Done()
	require.NoError(t, err)
	require.True(t, IsNoData(*d.Error))
	data, err := json.Marshal(Result{SchemaVersion: 1, Status: "no_data", Code: r.StatusCode, Response: r})
	require.NoError(t, err)
	require.True(t, strings.Contains(string(data), `"statusCode":500`) && strings.Contains(string(data), `"status_code":500`), string(data))
	back, err := DecodeResult(data)
	require.NoError(t, err)
	require.Equal(t, r, back.Response)
	_, err = DecodeResult([]byte("{"))
	require.Equal(t, core.Corrupt, core.CodeOf(err))
	c, err := (&Response{Body: `{"ok": true, "mode": "ping"}`}).CallDone()
	require.NoError(t, err)
	require.True(t, c.OK)
	for _, bad := range []*Response{{Body: ""}, {Body: "{"}} {
		_, err := bad.Done()
		require.Error(t, err)
		_, err = bad.CallDone()
		require.Error(t, err)
	}
}

func FuzzDecodeCall(f *testing.F) {
	f.Add([]byte(`{"mode": "setup", "store_path": "s", "config": {}, "parent_order": 6, "shard_keys": [1]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := DecodeCall(data)
		if err != nil {
			return
		}
		event, err := c.Event()
		require.NoError(t, err)
		_, err = DecodeCall(event)
		require.NoError(t, err)
	})
}
