package job

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/secret"
	"github.com/englacial/zagg/internal/sharedtest"
)

func decode(t testing.TB, text string) *Job {
	t.Helper()
	j, err := Decode([]byte(text))
	require.NoError(t, err)
	return j
}

// Events that earlier releases sent are jobs, and a job without newer members is such an event.
func TestPublishedEvents(t *testing.T) {
	for _, name := range []string{"small", "bench"} {
		data, err := os.ReadFile(sharedtest.Dir(t, "golden", name, "event_-5111123.json"))
		require.NoError(t, err)
		j := decode(t, string(data))
		require.Equal(t, core.ShardKey("12683825400535580678"), j.ShardKey)
		require.Equal(t, []int64{40966}, j.ChunkIdx)
		require.Equal(t, 6, *j.ParentOrder)
		require.Equal(t, 12, *j.ChildOrder)
		require.Equal(t, "golden", j.RunID)
		require.True(t, j.Profile)
		require.Equal(t, "y", j.S3Credentials.SecretAccessKey.Reveal())
		event, err := j.Event()
		require.NoError(t, err)
		require.JSONEq(t, string(data), string(event))
	}
}

func TestDecode(t *testing.T) {
	j := decode(t, `{"shard_key": -6134114, "parent_order": null, "store_path": "out.zarr", "window": null,
		"granule_urls": ["s3://b/a.h5", {"url": "s3://b/c.h5", "assets": {"l2a": "s3://b/l2a.h5"}}],
		"block": 3, "plan": "abc", "label": "-6134114", "overwrite": true, "allow_missing": true, "grid_signature": {"type":"healpix"}, "config": null}`)
	require.Nil(t, j.Config)
	require.Equal(t, core.ShardKey("-6134114"), j.ShardKey)
	require.Nil(t, j.ParentOrder)
	require.Equal(t, int64(3), *j.Block)
	require.Equal(t, core.GranuleAt("s3://b/a.h5"), j.Granules[0])
	require.Equal(t, core.Granule{Assets: map[string]string{"data": "s3://b/c.h5", "l2a": "s3://b/l2a.h5"}}, j.Granules[1])

	event, err := j.Event()
	require.NoError(t, err)
	require.Equal(t, j, decode(t, string(event)))
	again, err := j.Event()
	require.NoError(t, err)
	require.Equal(t, string(event), string(again))
	require.Contains(t, string(event), `"parent_order":null`)
}

func TestDecodeErrors(t *testing.T) {
	ok := `{"shard_key": 1, "granule_urls": ["a"], "store_path": "s"}`
	decode(t, ok)
	for name, c := range map[string]struct {
		text string
		code core.Code
		want string
	}{
		"empty":         {"", core.Invalid, "EOF"},
		"not JSON":      {`{"shard_key": 1,}`, core.Invalid, "byte 17"},
		"float key":     {`{"shard_key": 1.5}`, core.Invalid, "1.5"},
		"no members":    {`{}`, core.Invalid, "Missing required parameters: shard_key, granule_urls, store_path"},
		"unknown":       {strings.Replace(ok, "{", `{"shard_kye": 2, `, 1), core.Invalid, "shard_kye"},
		"window":        {strings.Replace(ok, "{", `{"window": {"label": "2024"}, `, 1), core.Unsupported, "not supported yet: window"},
		"mask":          {strings.Replace(ok, "{", `{"aoi_payload": [1], `, 1), core.Unsupported, "not supported yet: aoi_payload"},
		"mode":          {strings.Replace(ok, "{", `{"mode": "sweep", `, 1), core.Unsupported, "not supported yet: mode sweep"},
		"more":          {ok + "{}", core.Invalid, "text after the event"},
		"twice":         {strings.Replace(ok, `["a"]`, `["a", "a"]`, 1), core.Invalid, "granule a is listed twice"},
		"no address":    {strings.Replace(ok, `["a"]`, `[{"assets": {}}]`, 1), core.Invalid, "granule_urls[0] has no address"},
		"odd granule":   {strings.Replace(ok, `["a"]`, `[{"url": "a", "size": 3}]`, 1), core.Invalid, "size"},
		"credentials":   {strings.Replace(ok, "{", `{"s3_credentials": {"accessKeyId": 5}, `, 1), core.Invalid, "accessKeyId is not a string"},
		"unknown creds": {strings.Replace(ok, "{", `{"s3_credentials": {"password": "hunter2"}, `, 1), core.Invalid, "there is a key that is not known"},
	} {
		_, err := Decode([]byte(c.text))
		require.ErrorContains(t, err, c.want, name)
		require.Equal(t, c.code, core.CodeOf(err), name)
		require.NotContains(t, err.Error(), "hunter2")
	}
}

// What a plan knows of a granule and an event does not tell stays out of it, and what it tells comes back.
func TestGranulesInEvents(t *testing.T) {
	in := Granules{
		{ID: "a.h5", Assets: map[string]string{"data": "s3://b/a.h5"}, Start: time.Unix(1, 0), Size: 3},
		{ID: "c.h5", Assets: map[string]string{"data": "s3://b/c.h5", "l2a": "s3://b/<l2a>"}, Found: core.ObjectInfo{URL: "s3://b/c.h5", ETag: "e", Size: 7}},
	}
	text, err := EncodeJSON(in)
	require.NoError(t, err)
	require.Equal(t, `["s3://b/a.h5",{"url":"s3://b/c.h5","assets":{"l2a":"s3://b/<l2a>"},"etag":"e","length":7}]`, string(text))
	var out Granules
	require.NoError(t, json.Unmarshal(text, &out))
	require.Equal(t, Granules{core.GranuleAt("s3://b/a.h5"), {Assets: in[1].Assets, Size: 7, Found: in[1].Found}}, out)
	for text, want := range map[string]string{"5": "granule_urls: want a list, not a number", "[5]": "granule_urls: want an object, not a number", "null": "Missing required parameters: granule_urls"} {
		_, err := Decode([]byte(`{"shard_key": 1, "store_path": "s", "granule_urls": ` + text + `}`))
		require.ErrorContains(t, err, want)
	}
}

func TestBareName(t *testing.T) {
	for url, want := range map[string]string{
		"s3://b/x/a.h5": "a.h5", "https://h/a.h5?X-Amz-Signature=/b": "a.h5", "/data/a.h5": "a.h5", "a.h5": "a.h5", "s3://b/x/": "x", "": "", "/": "", "dir/what?.h5": "what?.h5",
	} {
		require.Equal(t, want, BareName(url), url)
	}
}

// However a job or its credentials are printed, the secrets are not.
func TestSecretsStaySecret(t *testing.T) {
	j := decode(t, `{"shard_key": 1, "granule_urls": [], "store_path": "s",
		"s3_credentials": {"accessKeyId": "AKIAsecret", "secretAccessKey": "secret1", "sessionToken": "secret2", "edl_token": "secret3"},
		"output_credentials": {"accessKeyId": "AKIAsecret", "secretAccessKey": "secret4", "endpointUrl": "http://e", "region": "r"}}`)
	var log bytes.Buffer
	for _, h := range []slog.Handler{slog.NewTextHandler(&log, nil), slog.NewJSONHandler(&log, nil)} {
		slog.New(h).Info("x", "job", j, "value", *j, "creds", j.S3Credentials, "creds value", *j.S3Credentials, "secret", j.S3Credentials.SecretAccessKey,
			slog.Group("g", "s", j.OutputCredentials.SecretAccessKey))
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		fmt.Fprintf(&log, verb+verb+verb+verb, j, *j, *j.S3Credentials, j.S3Credentials.SecretAccessKey)
		fmt.Fprintf(&log, verb, []secret.Text{j.S3Credentials.SecretAccessKey})
	}
	plain, err := json.Marshal(j)
	require.NoError(t, err)
	log.Write(plain)
	text, err := json.Marshal(map[secret.Text]secret.Text{"secret": "secret"})
	require.NoError(t, err)
	log.Write(text)
	require.NotContains(t, log.String(), "secret1")
	require.NotContains(t, log.String(), "secret2")
	require.NotContains(t, log.String(), "secret3")
	require.NotContains(t, log.String(), "secret4")
	require.NotContains(t, log.String(), "AKIAsecret")
	require.Contains(t, log.String(), "[redacted]")
	require.NotContains(t, log.String(), fmt.Sprintf("%x", "secret1"))

	event, err := j.Event()
	require.NoError(t, err)
	for _, s := range []string{"secret1", "secret2", "secret3", "secret4"} {
		require.Contains(t, string(event), s)
	}
	require.Equal(t, j, decode(t, string(event)))
}

func TestCredentialSpellings(t *testing.T) {
	want := Credentials{AccessKeyID: "a", SecretAccessKey: "b", SessionToken: "c", EndpointURL: "e", Region: "r"}
	for _, text := range []string{
		`{"accessKeyId":"a","secretAccessKey":"b","sessionToken":"c","endpointUrl":"e","region":"r"}`,
		`{"access_key_id":"a","secret_access_key":"b","session_token":"c","endpoint_url":"e","region":"r"}`,
		`{"Version":1,"AccessKeyId":"a","SecretAccessKey":"b","SessionToken":"c","EndpointUrl":"e","Region":"r","Expiration":null}`,
	} {
		var c Credentials
		require.NoError(t, json.Unmarshal([]byte(text), &c))
		require.Equal(t, want, c)
	}
	var c Credentials
	require.ErrorContains(t, json.Unmarshal([]byte(`{"accessKeyId":"a","access_key_id":"b"}`), &c), "accessKeyId and access_key_id are the same key")
	require.ErrorContains(t, json.Unmarshal([]byte(`["secret"]`), &c), "expected a JSON object")
}

// What decodes has an event that decodes to the same job.
func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"shard_key": 12683825400535580678, "parent_order": 6, "granule_urls": ["s3://b/a.h5"], "store_path": "s", "s3_credentials": {"accessKeyId": "x"}}`))
	f.Add([]byte(`{"shard_key": "8a2a", "parent_order": null, "granule_urls": [{"url": "a", "assets": {"b": "c"}}], "store_path": "s", "config": {"a": [1, "<"]}, "block": 0}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		j, err := Decode(data)
		if err != nil {
			return
		}
		event, err := j.Event()
		require.NoError(t, err)
		again, err := Decode(event)
		require.NoError(t, err)
		b, err := again.Event()
		require.NoError(t, err)
		require.Equal(t, string(event), string(b))
	})
}

// What S3 is told of other accounts' buckets travels with events of every mode, and is not there if not set.
func TestTermsTravel(t *testing.T) {
	terms := Terms{OutputACL: "bucket-owner-full-control", OutputKMSKey: "alias/heights", RequesterPays: true}
	j := Job{ShardKey: "1", Granules: Granules{core.GranuleAt("s3://a/b.h5")}, StorePath: "s3://c/d"}
	event, err := j.Event()
	require.NoError(t, err)
	require.NotContains(t, string(event), "output_acl")
	require.NotContains(t, string(event), "requester")
	j.Terms = terms
	event, err = j.Event()
	require.NoError(t, err)
	require.Equal(t, terms, decode(t, string(event)).Terms)
	event, err = (&Call{Mode: ModePing, StorePath: "s3://c/d", Terms: terms}).Event()
	require.NoError(t, err)
	c, err := DecodeCall(event)
	require.NoError(t, err)
	require.Equal(t, terms, c.Terms)
}
