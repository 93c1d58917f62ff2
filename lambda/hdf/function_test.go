package hdf

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/h5"
	"github.com/englacial/zagg/core/objstore"
	"github.com/englacial/zagg/core/objstore/s3store"
	"github.com/englacial/zagg/internal/awstest"
	"github.com/englacial/zagg/internal/sharedtest"
)

// A fixture is a function before an S3 server in this process.
type fixture struct {
	*testing.T
	s3  *awstest.S3
	put core.ObjectStore
	fn  *Function
	log bytes.Buffer
	env map[string]string
}

func newFixture(t *testing.T, latency time.Duration) *fixture {
	s3, err := awstest.StartS3(t.Context(), awstest.S3Options{Buckets: []string{"granules", "secret"}, Latency: latency})
	require.NoError(t, err)
	t.Cleanup(func() { s3.Close() })
	for k, v := range s3.Environ() {
		t.Setenv(k, v)
	}
	f := &fixture{T: t, s3: s3, env: map[string]string{"AWS_S3_GATEWAY": s3.URL(), "BUCKET_NAME": "granules", "AWS_LAMBDA_FUNCTION_NAME": "hdf", "ZAGG_HDF_READ": "granules"}}
	access, secret := s3.Owner()
	f.put, err = s3store.New(t.Context(), s3store.Options{Endpoint: s3.Direct(), Region: "us-east-1", Credentials: &s3store.Credentials{AccessKeyID: access, SecretAccessKey: secret}})
	require.NoError(t, err)
	f.cold()
	return f
}

// cold begins a new sandbox.
func (f *fixture) cold() {
	fn, err := New(func(k string) string { return f.env[k] }, &f.log)
	require.NoError(f, err)
	f.fn = fn
}

func (f *fixture) upload(key string, data []byte) {
	require.NoError(f, objstore.PutBytes(f.Context(), f.put, "s3://granules/"+key, data, core.PutOptions{}))
}

func shared(t testing.TB, elem ...string) []byte {
	data, err := os.ReadFile(sharedtest.Dir(t, elem...))
	require.NoError(t, err)
	return data
}

type answer struct {
	Encoded bool            `json:"isBase64Encoded"`
	Status  int             `json:"statusCode"`
	Headers json.RawMessage `json:"headers"`
	Body    json.RawMessage `json:"body"`
	Refused int             `json:"status_code"`
	Error   string          `json:"error"`
}

func (f *fixture) invoke(event any) answer {
	f.Helper()
	text, ok := event.(string)
	if !ok {
		b, err := json.Marshal(event)
		require.NoError(f, err)
		text = string(b)
	}
	out, err := f.fn.Invoke(f.Context(), []byte(text))
	require.NoError(f, err)
	var a answer
	require.NoError(f, json.Unmarshal(out, &a), "%.300s", out)
	return a
}

func get(path, domain string, more ...string) map[string]any {
	params := map[string]any{"domain": domain}
	headers := map[string]any{}
	for i := 0; i < len(more); i += 2 {
		if more[i] == "accept" || more[i] == "Authorization" {
			headers[more[i]] = more[i+1]
		} else {
			params[more[i]] = more[i+1]
		}
	}
	return map[string]any{"method": "GET", "path": path, "params": params, "headers": headers, "body": nil}
}

// dataset is the path of a dataset in the API.
func (f *fixture) dataset(domain, h5path string) string {
	a := f.invoke(get("/", domain, "h5path", h5path))
	require.Equal(f, 200, a.Status, "%s", a.Headers)
	var o struct{ ID string }
	require.NoError(f, json.Unmarshal(a.Body, &o))
	return "/datasets/" + o.ID
}

func TestEvents(t *testing.T) {
	f := newFixture(t, 0)
	f.upload("types.h5", shared(t, "data", "types.h5"))
	for _, c := range []struct{ event, want string }{
		{`{"path":"/about"}`, "200"}, // the method is GET
		{`{"method":"GET","path":"/about","params":{},"headers":{},"body":null}`, "200"},
		{`{"request":"/about"}`, "200"},
		{`{"method":"GET","path":"/about","params":null,"headers":null,"body":""}`, "200"},
		{`{"method":"GET","path":"/","params":{"domain":"/types.h5","getobjs":1,"verbose":true,"ignore_nan":1}}`, "200"},
		{`{"method":"GET","path":"/?domain=/types.h5"}`, "200"},
		{`{"method":"GET","path":"/","headers":{"x-hDf-dOmain":"/types.h5"}}`, "200"},
		{`{}`, "refused"},
		{`{"method":"GET"}`, "refused"},
		{`{"method":"GET","path":""}`, "refused"},
		{`{"method":"PATCH","path":"/about"}`, "refused"},
		{`{"method":7,"path":"/about"}`, "refused"},
		{`{"method":"GET","path":"/about","headers":[]}`, "refused"},
		{`{"method":"GET","path":"/about","params":"x"}`, "refused"},
		{`{"method":"GET","path":"/about","params":{"a":{}}}`, "refused"},
		{`{"method":"GET","path":"/about","body":"x"}`, "refused"},
		{`{"method":"DELETE","path":"/","body":{"a":1}}`, "refused"},
		{strings.Repeat("[", 100), "refused"},
		{`no JSON`, "refused"},
		{`{"method":"GET","path":"/nothere","params":{"domain":"/types.h5"}}`, "404"},
		{`{"method":"PUT","path":"/","params":{"domain":"/types.h5"},"body":"{}"}`, "403"},
		{`{"method":"GET","path":"/","params":{"domain":"/types.h5"},"headers":{"Authorization":"Basic aGRmOmxhbWJkYQ=="}}`, "200"}, // hdf:lambda
		{`{"method":"GET","path":"/","params":{"domain":"/types.h5"},"headers":{"Authorization":"Basic aGRmOng="}}`, "401"},
	} {
		a := f.invoke(c.event)
		if c.want == "refused" {
			assert.Equal(t, 400, a.Refused, c.event)
			assert.Zero(t, a.Status, c.event)
			continue
		}
		assert.Equal(t, c.want, fmt.Sprint(a.Status), "%s %s", c.event, a.Headers)
		var text string
		require.NoError(t, json.Unmarshal(a.Headers, &text))
		var headers map[string]string
		require.NoError(t, json.Unmarshal([]byte(text), &headers))
		if a.Status == 200 {
			assert.False(t, a.Encoded)
			assert.Equal(t, byte('{'), a.Body[0], "an object")
			assert.True(t, strings.HasPrefix(headers["Content-Type"], "application/json"))
		} else {
			assert.JSONEq(t, fmt.Sprintf(`"{\"statusCode\": %d}"`, a.Status), string(a.Body))
		}
	}
}

func TestGatewayEvent(t *testing.T) {
	f := newFixture(t, 0)
	f.upload("types.h5", shared(t, "data", "types.h5"))
	f.upload("open/types.h5", shared(t, "data", "types.h5"))
	f.env["ZAGG_HDF_PUBLIC"] = "granules/open"
	f.cold()
	event := func(method, path, query string, headers map[string]string) answer {
		return f.invoke(map[string]any{
			"version": "2.0", "rawPath": path, "rawQueryString": query, "headers": headers,
			"requestContext": map[string]any{"domainName": "x.test", "stage": "$default", "http": map[string]any{"method": method, "path": path}},
		})
	}
	body := func(text []byte) string {
		var s string
		require.NoError(t, json.Unmarshal(text, &s))
		return s
	}
	require.Equal(t, 403, status(event("GET", "/", "domain=/types.h5", nil)))
	require.Equal(t, 200, status(event("GET", "/", "domain=/open/types.h5", nil)))
	require.Equal(t, 401, status(event("PUT", "/", "domain=/open/new.h5", nil)))
	auth := map[string]string{"authorization": "Basic " + base64.StdEncoding.EncodeToString([]byte("hdf:lambda"))}
	require.Equal(t, 403, status(event("PUT", "/", "domain=/open/new.h5", auth)))
	a := event("GET", "/", "domain=%2Ftypes.h5&h5path=%2Fnum%2Fle_i4", auth)
	require.Equal(t, 200, a.Status)
	var o struct{ ID string }
	require.NoError(t, json.Unmarshal([]byte(body(a.Body)), &o))
	auth["accept"] = "application/octet-stream"
	a = event("GET", "/datasets/"+o.ID+"/value", "domain=/types.h5&select=[0:1,0:2]", auth)
	require.True(t, a.Encoded)
	data, err := base64.StdEncoding.DecodeString(body(a.Body))
	require.NoError(t, err)
	require.Equal(t, "e2ffffffe5ffffff", hex.EncodeToString(data))
	require.Equal(t, 200, status(event("OPTIONS", "/about", "", map[string]string{"origin": "http://a.test"})))
}

func status(a answer) int { return a.Status }

// A cold invocation that reads one hyperslab of a granule costs few requests; a warm one a HEAD and what it reads.
func TestRequests(t *testing.T) {
	f := newFixture(t, 10*time.Millisecond)
	name := "ATL06_20181014001049_02350102_003_01.h5"
	data := shared(t, "data", "atl06", name)
	f.upload(name, data)
	before := f.s3.Usage().Requests
	path := f.dataset("/"+name, "/gt1l/land_ice_segments/h_li")
	require.LessOrEqual(t, f.s3.Usage().Requests-before, int64(10), "opening by a path")
	f.cold() // ids are the same in every sandbox
	before = f.s3.Usage().Requests
	a := f.invoke(get(path+"/value", "/"+name, "select", "[10:20]", "accept", "application/octet-stream"))
	cold := f.s3.Usage().Requests - before
	require.Equal(t, 200, a.Status)
	require.LessOrEqual(t, cold, int64(10))
	before = f.s3.Usage().Requests
	warm := f.invoke(get(path+"/value", "/"+name, "select", "[10:20]", "accept", "application/octet-stream"))
	require.Equal(t, a.Body, warm.Body)
	require.LessOrEqual(t, f.s3.Usage().Requests-before, int64(2))
	t.Logf("cold %d requests", cold)

	file, err := h5.Open(t.Context(), &objstore.File{}, sharedtest.Dir(t, "data", "atl06", name), h5.Options{})
	require.NoError(t, err)
	ds, err := file.Dataset(t.Context(), "/gt1l/land_ice_segments/h_li")
	require.NoError(t, err)
	v, err := ds.Read(t.Context(), h5.Rows(h5.Span{Start: 10, Count: 10}))
	require.NoError(t, err)
	require.Equal(t, `"`+hex.EncodeToString(v.Data)+`"`, string(a.Body))
}

// Whatever S3 does, an answer is right or an error, and an invocation never fails.
func TestFaultsOfS3(t *testing.T) {
	f := newFixture(t, 0)
	f.upload("types.h5", shared(t, "data", "types.h5"))
	path := f.dataset("/types.h5", "/lay/gzip")
	want := f.invoke(get(path+"/value", "/types.h5", "accept", "application/octet-stream"))
	require.Equal(t, 200, want.Status)
	f.s3.SetFault(awstest.RandomS3Faults(3, awstest.S3FaultRates{SlowDown: 0.1, InternalError: 0.1, Reset: 0.1, Truncate: 0.1, MaxDelay: 2 * time.Millisecond}))
	right := 0
	for range 40 {
		f.cold()
		a := f.invoke(get(path+"/value", "/types.h5", "accept", "application/octet-stream"))
		switch a.Status {
		case 200:
			right++
			require.Equal(t, want.Body, a.Body)
		default:
			require.GreaterOrEqual(t, a.Status, 500)
		}
	}
	require.Positive(t, right)
	f.s3.SetFault(func(*http.Request) awstest.S3Fault { return awstest.SlowDown() })
	ctx, cancel := context.WithTimeout(t.Context(), 1500*time.Millisecond) // the function's own time ends before
	defer cancel()
	text, _ := json.Marshal(get("/", "/types.h5"))
	out, err := f.fn.Invoke(ctx, text)
	require.NoError(t, err)
	require.Contains(t, string(out), `"statusCode":503`)
}

// A file that is replaced while it is read is answered from one version, or not.
func TestReplacedDuringRead(t *testing.T) {
	f := newFixture(t, time.Millisecond)
	versions := [][]byte{shared(t, "data", "types.h5"), nil}
	versions[1] = bytes.Clone(versions[0])
	zero := bytes.Index(versions[1], leInts(-30, -27, -24))
	require.Positive(t, zero)
	copy(versions[1][zero:], leInts(1, 2, 3))
	f.upload("types.h5", versions[0])
	stop := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			default:
				f.upload("types.h5", versions[i%2])
			}
		}
	})
	for range 60 {
		a := f.invoke(get("/", "/types.h5", "h5path", "/num/le_i4"))
		if a.Status != 200 {
			require.GreaterOrEqual(t, a.Status, 500)
			continue
		}
		var o struct{ ID string }
		require.NoError(t, json.Unmarshal(a.Body, &o))
		a = f.invoke(get("/datasets/"+o.ID+"/value", "/types.h5", "select", "[0:1,0:3]", "accept", "application/octet-stream"))
		if a.Status == 200 {
			require.Contains(t, []string{hex.EncodeToString(leInts(-30, -27, -24)), hex.EncodeToString(leInts(1, 2, 3))}, strings.Trim(string(a.Body), `"`))
			continue
		}
		require.Contains(t, []int{404, 503}, a.Status, "the id is the other version's")
	}
	close(stop)
	wg.Wait()
}

func leInts(v ...int32) []byte {
	var b []byte
	for _, x := range v {
		b = binary.LittleEndian.AppendUint32(b, uint32(x))
	}
	return b
}

func TestPlaces(t *testing.T) {
	f := newFixture(t, 0)
	data := shared(t, "data", "types.h5")
	f.upload("open/a.h5", data)
	f.upload("opening/b.h5", data)
	f.upload("open/text.h5", []byte("no HDF5"))
	require.NoError(t, objstore.PutBytes(t.Context(), f.put, "s3://secret/a.h5", data, core.PutOptions{}))
	f.env["ZAGG_HDF_READ"] = "granules/open"
	f.cold()
	for domain, want := range map[string]int{
		"/open/a.h5": 200, "/opening/b.h5": 404, "/open/text.h5": 404, "/open/../opening/b.h5": 400, "/open/./a.h5": 400, "//open/a.h5": 400,
		"open/a.h5": 400, "s3://granules/open/a.h5": 400, "/open/%2e%2e/opening/b.h5": 404, "/open\\..\\b.h5": 400, "/open/a.h5\x00": 400, "granules/open/a.h5": 200,
		"granules/opening/b.h5": 404, "/" + strings.Repeat("a", 2000): 400, "/open": 200, "/open/": 200, "/": 200, "/nothing": 404, "file:///etc/passwd": 400,
	} {
		require.Equal(t, want, f.invoke(get("/", domain)).Status, domain)
	}
	for bucket, want := range map[string]int{"secret": 404, "granules": 200, "../secret": 404, "granules/../secret": 404, "GRANULES": 404} {
		require.Equal(t, want, f.invoke(get("/", "/open/a.h5", "bucket", bucket)).Status, bucket)
	}
	a := f.invoke(get("/domains", "/"))
	require.Contains(t, string(a.Body), `"/open"`)
	require.NotContains(t, string(a.Body), "opening")
	a = f.invoke(get("/domains", "/open/"))
	require.Contains(t, string(a.Body), "/open/a.h5")
}

// Every way to write is refused, and the object stays. POST / asks for objects by their paths: it is none of them.
func TestWritesRefused(t *testing.T) {
	f := newFixture(t, 0)
	f.upload("types.h5", shared(t, "data", "types.h5"))
	before, err := f.put.Stat(t.Context(), "s3://granules/types.h5")
	require.NoError(t, err)
	path := f.dataset("/types.h5", "/num/le_i4")
	root := "/groups/" + rootID(f)
	for _, w := range []string{
		"PUT /", "DELETE /", "PUT /acls/hdf", "POST /groups", "POST /datasets", "POST /datatypes", "DELETE " + root, "PUT " + root + "/links/x", "PUT " + root + "/links",
		"POST " + root + "/links", "DELETE " + root + "/links/num", "PUT " + root + "/attributes/x", "POST " + root + "/attributes", "DELETE " + root + "/attributes/title", "PUT " + path + "/value",
		"PUT " + path + "/shape", "DELETE " + path, "PUT " + path + "/attributes/x/value", "POST " + root,
	} {
		method, p, _ := strings.Cut(w, " ")
		event := map[string]any{"method": method, "path": p, "params": map[string]any{"domain": "/types.h5"}}
		if method != "DELETE" {
			event["body"] = `{"value":1}`
		}
		require.Equal(t, 403, f.invoke(event).Status, w)
	}
	after, err := f.put.Stat(t.Context(), "s3://granules/types.h5")
	require.NoError(t, err)
	require.Equal(t, before, after)
}

func rootID(f *fixture) string {
	var d struct{ Root string }
	require.NoError(f, json.Unmarshal(f.invoke(get("/", "/types.h5")).Body, &d))
	return d.Root
}

// What does not fit into a function's answer is 413, which h5pyd takes as a wish for smaller pages.
func TestTooLarge(t *testing.T) {
	f := newFixture(t, 0)
	f.upload("types.h5", shared(t, "data", "types.h5"))
	path := f.dataset("/types.h5", "/lay/long") // 1.6 MB
	require.Equal(t, 200, f.invoke(get(path+"/value", "/types.h5", "accept", "application/octet-stream")).Status)
	f.fn.server.Limits.Value = 1 << 20
	require.Equal(t, 413, f.invoke(get(path+"/value", "/types.h5", "accept", "application/octet-stream")).Status)
	require.Equal(t, 413, f.invoke(get(path+"/value", "/types.h5")).Status)
	require.Equal(t, 200, f.invoke(get(path+"/value", "/types.h5", "select", "[0:1000]")).Status)
}

// Names from the network and secrets do not get into the log.
func TestLogHasNoSecrets(t *testing.T) {
	f := newFixture(t, 0)
	f.env["ZAGG_HDF_PASSWORD"] = "open sesame"
	f.cold()
	for _, password := range []string{"open sesame", "wrong one"} {
		f.invoke(get("/about", "/x.h5", "api_key", "key-in-query", "Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte("hdf:"+password))))
	}
	_, secret := f.s3.Owner()
	for _, s := range []string{"sesame", "wrong", "key-in-query", "Basic", secret} {
		require.NotContains(t, f.log.String(), s)
	}
	require.Contains(t, f.log.String(), `"status":401`)
}

// Many clients at once get right answers, and memory stays bounded by the number of open files.
func TestManyClients(t *testing.T) {
	f := newFixture(t, 0)
	data := shared(t, "data", "types.h5")
	for i := range 12 {
		f.upload(fmt.Sprintf("f%d.h5", i), data)
	}
	want := f.invoke(get(f.dataset("/f0.h5", "/lay/contig")+"/value", "/f0.h5", "accept", "application/octet-stream"))
	var wg sync.WaitGroup
	for c := range 64 {
		wg.Go(func() {
			rng := rand.New(rand.NewPCG(uint64(c), 1))
			for range 5 {
				name := fmt.Sprintf("/f%d.h5", rng.IntN(12))
				p := f.dataset(name, "/lay/contig")
				a := f.invoke(get(p+"/value", name, "accept", "application/octet-stream"))
				assert.Equal(f, want.Body, a.Body)
			}
		})
	}
	wg.Wait()
}

func FuzzEvent(f *testing.F) {
	for _, s := range []string{
		`{"method":"GET","path":"/","params":{"domain":"/a.h5","x":1},"headers":{"accept":"a"},"body":null}`, `{"path":"/%zz?a=b","body":{"x":[1]}}`,
		`{"version":"2.0","requestContext":{"http":{"method":"POST","path":"/p/x"},"stage":"p"},"queryStringParameters":{"a":"b"},"body":"AA==","isBase64Encoded":true}`,
	} {
		f.Add([]byte(s))
	}
	fn, err := New(func(string) string { return "" }, &bytes.Buffer{})
	require.NoError(f, err)
	f.Fuzz(func(t *testing.T, event []byte) {
		req, _, err := decode(event)
		if err == nil && req.Path == "" {
			t.Fatal("a request without a path")
		}
		if bytes.Contains(event, []byte("domain")) || bytes.Contains(event, []byte("ucket")) {
			return // it would ask S3
		}
		out, err := fn.Invoke(t.Context(), event)
		if err != nil || !json.Valid(out) {
			t.Fatalf("%v %s", err, out)
		}
	})
}

func TestParsePlaces(t *testing.T) {
	p, err := parsePlaces("X", "a, b/c/d/ s3://e/f b/g h/x h")
	require.NoError(t, err)
	require.Equal(t, places{"a": {}, "b": {"/c/d", "/g"}, "e": {"/f"}, "h": {}}, p)
	for _, bad := range []string{"/x", "a/../b", "s3:///x", "a/b//c"} {
		_, err := parsePlaces("X", bad)
		require.Error(t, err, bad)
	}
}
