package s3store_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"
	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/coretest"
	"github.com/englacial/zagg/core/objstore"
	"github.com/englacial/zagg/core/objstore/s3store"
)

// serve runs an S3 in this process with two buckets.
func serve(t testing.TB) *httptest.Server {
	backend := s3mem.New()
	for _, bucket := range []string{"bucket", "dotted.bucket"} {
		require.NoError(t, backend.CreateBucket(bucket))
	}
	server := httptest.NewServer(gofakes3.New(backend, gofakes3.WithLogger(gofakes3.DiscardLog())).Server())
	t.Cleanup(server.Close)
	return server
}

var secret = &s3store.Credentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "very-secret", SessionToken: "session-secret"}

// open makes a store for a server; change may alter its options.
func open(t testing.TB, url string, change ...func(*s3store.Options)) *s3store.Store {
	t.Setenv("AWS_CONFIG_FILE", "/dev/null")
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	o := s3store.Options{Region: "us-west-2", Endpoint: url, Credentials: secret}
	for _, c := range change {
		c(&o)
	}
	store, err := s3store.New(context.Background(), o)
	require.NoError(t, err)
	return store
}

func TestPromises(t *testing.T) {
	server := serve(t)
	store := open(t, server.URL)
	plain := func() core.ObjectStore { return store }
	t.Run("store", func(t *testing.T) {
		coretest.Store(t, plain, "s3://bucket/some/folder/", coretest.StoreOptions{NoBucket: "s3://none/such/object"})
	})
	t.Run("root of a dotted bucket", func(t *testing.T) { coretest.Store(t, plain, "s3://dotted.bucket/", coretest.StoreOptions{}) })
	t.Run("wrapped, with faults", func(t *testing.T) {
		faulty := &faults{RoundTripper: http.DefaultTransport, every: 7}
		store := open(t, server.URL, func(o *s3store.Options) { o.HTTPClient = &http.Client{Transport: faulty} })
		counter := new(objstore.Counter)
		wrapped := objstore.Retry(objstore.Meter(store, counter), objstore.Policy{Attempts: 20, Base: time.Microsecond, OnRetry: counter.Retried})
		wrapped = objstore.Coalesce(wrapped, 1000, 1<<20).(core.ObjectStore)
		coretest.Store(t, func() core.ObjectStore { return wrapped }, "s3://bucket/wrapped/", coretest.StoreOptions{})
		require.Positive(t, counter.Usage().Retries)
	})
}

// faults harms every n-th request: a server error, a reset, half a body.
type faults struct {
	http.RoundTripper
	every int64
	n     atomic.Int64
}

func (f *faults) RoundTrip(req *http.Request) (*http.Response, error) {
	n := f.n.Add(1)
	if n%f.every != 0 || req.Header.Get("If-None-Match") != "" || req.Header.Get("If-Match") != "" {
		return f.RoundTripper.RoundTrip(req)
	}
	switch n / f.every % 4 {
	case 0:
		return answer(req, 503, nil, xmlError("SlowDown", "Please reduce your request rate.")), nil
	case 1:
		return nil, &netReset{}
	case 2:
		return answer(req, 500, nil, "not XML at all"), nil
	}
	resp, err := f.RoundTripper.RoundTrip(req)
	if err == nil && req.Method == http.MethodGet && resp.ContentLength > 1 {
		resp.Body = struct {
			io.Reader
			io.Closer
		}{io.MultiReader(io.LimitReader(resp.Body, resp.ContentLength/2), eof{}), resp.Body}
	}
	return resp, err
}

type eof struct{}

func (eof) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

type netReset struct{}

func (*netReset) Error() string { return "connection reset by peer" }

func xmlError(code, message string) string {
	return fmt.Sprintf(`<?xml version="1.0" encoding="UTF-8"?><Error><Code>%s</Code><Message>%s</Message></Error>`, code, message)
}

func answer(req *http.Request, status int, header http.Header, body string) *http.Response {
	if req.Body != nil {
		io.Copy(io.Discard, req.Body)
		req.Body.Close()
	}
	if header == nil {
		header = http.Header{}
	}
	header.Set("Content-Type", "application/xml")
	if req.Method == http.MethodHead {
		body = ""
	}
	return &http.Response{
		StatusCode: status, Status: fmt.Sprint(status), Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: header,
		ContentLength: int64(len(body)), Body: io.NopCloser(strings.NewReader(body)), Request: req,
	}
}

// A fake answers requests without a network.
type fake func(*http.Request) (*http.Response, error)

func (f fake) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

func with(f fake) func(*s3store.Options) {
	return func(o *s3store.Options) { o.HTTPClient = &http.Client{Transport: f} }
}

func TestErrorCodes(t *testing.T) {
	region := http.Header{"X-Amz-Bucket-Region": {"eu-central-1"}}
	for _, test := range []struct {
		status int
		code   string
		header http.Header
		want   core.Code
		says   string
	}{
		{404, "NoSuchKey", nil, core.NotFound, "no such object"},
		{404, "NoSuchBucket", nil, core.NotFound, "no such bucket"},
		{404, "", nil, core.NotFound, "no such object"},
		{403, "AccessDenied", nil, core.Denied, "access denied, or no such object"},
		{400, "ExpiredToken", nil, core.Denied, "credentials expired: renew them"},
		{403, "InvalidAccessKeyId", nil, core.Denied, "not valid here"},
		{403, "SignatureDoesNotMatch", nil, core.Denied, "secret key"},
		{403, "RequestTimeTooSkewed", nil, core.Denied, "clock"},
		{500, "InternalError", nil, core.Unavailable, "HTTP 500 InternalError"},
		{503, "SlowDown", nil, core.Unavailable, "SlowDown: said so"},
		{503, "", nil, core.Unavailable, "HTTP 503"},
		{429, "TooManyRequests", nil, core.Unavailable, "429"},
		{400, "RequestTimeout", nil, core.Unavailable, "RequestTimeout"},
		{409, "OperationAborted", nil, core.Unavailable, "OperationAborted"},
		{301, "PermanentRedirect", region, core.Invalid, "the bucket is in region eu-central-1, and the request went to us-west-2: set the region to eu-central-1"},
		{400, "AuthorizationHeaderMalformed", region, core.Invalid, "set the region to eu-central-1"},
		{400, "InvalidRequest", nil, core.Invalid, "InvalidRequest"},
		{501, "NotImplemented", nil, core.Unsupported, "NotImplemented"},
	} {
		t.Run(fmt.Sprint(test.status, test.code), func(t *testing.T) {
			store := open(t, "", with(func(req *http.Request) (*http.Response, error) {
				text := "not XML"
				if test.code != "" {
					text = xmlError(test.code, "said so")
				}
				return answer(req, test.status, test.header.Clone(), text), nil
			}))
			ctx, url := t.Context(), "s3://bucket/key"
			_, err := store.ReadRanges(ctx, url, []core.Range{{Length: 1}})
			require.Equal(t, test.want, core.CodeOf(err), err)
			require.ErrorContains(t, err, test.says)
			require.ErrorContains(t, err, "s3://bucket/key: ")
			err = objstore.PutBytes(ctx, store, url, []byte("x"), core.PutOptions{})
			require.Equal(t, test.want, core.CodeOf(err), err)
			require.ErrorContains(t, err, test.says)
			err = store.List(ctx, url, nil)
			require.Equal(t, test.want, core.CodeOf(err), err)
			if test.want != core.NotFound {
				require.Error(t, store.Delete(ctx, url))
			}
			_, err = store.Stat(ctx, url)
			require.Equal(t, test.want, core.CodeOf(err), err)
			if test.status == 400 { // a HEAD has no body to name the code
				require.ErrorContains(t, err, test.says)
			}
		})
	}
}

func TestNetworkErrors(t *testing.T) {
	for name, do := range map[string]fake{
		"reset": func(*http.Request) (*http.Response, error) { return nil, &netReset{} },
		"truncated": func(req *http.Request) (*http.Response, error) {
			return rangeAnswer(req, "bytes 0-9/100", "12345", 10), nil
		},
		"less than asked": func(req *http.Request) (*http.Response, error) {
			return rangeAnswer(req, "bytes 0-4/100", "12345", 5), nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			store := open(t, "", with(do))
			_, err := store.ReadRanges(t.Context(), "s3://bucket/key", []core.Range{{Length: 10}})
			require.Equal(t, core.Unavailable, core.CodeOf(err), err)
		})
	}
	store := open(t, "http://127.0.0.1:1")
	_, err := store.ReadRanges(t.Context(), "s3://bucket/key", []core.Range{{Length: 10}})
	require.Equal(t, core.Unavailable, core.CodeOf(err), err)
	_, err = store.Stat(t.Context(), "s3://bucket/key")
	require.Equal(t, core.Unavailable, core.CodeOf(err), err)
}

func rangeAnswer(req *http.Request, contentRange, body string, length int64) *http.Response {
	resp := answer(req, 206, http.Header{"Content-Range": {contentRange}}, body)
	resp.ContentLength = length
	return resp
}

// TestPartial: ranges that were read come back although others were not, and only those are asked for again.
func TestPartial(t *testing.T) {
	var asked sync.Map
	var requests atomic.Int64
	store := open(t, "", with(func(req *http.Request) (*http.Response, error) {
		var from, to int
		fmt.Sscanf(req.Header.Get("Range"), "bytes=%d-%d", &from, &to)
		requests.Add(1)
		if _, again := asked.LoadOrStore(from, true); !again && from%10 == 0 {
			return answer(req, 503, nil, xmlError("SlowDown", "")), nil
		}
		return rangeAnswer(req, fmt.Sprintf("bytes %d-%d/1000", from, to), string(rune('a'+from%26)), 1), nil
	}))
	ranges := make([]core.Range, 100)
	for i := range ranges {
		ranges[i] = core.Range{Offset: int64(i), Length: 1}
	}
	data, err := store.ReadRanges(t.Context(), "s3://bucket/key", ranges)
	require.Equal(t, core.Unavailable, core.CodeOf(err), err)
	for i, b := range data {
		require.Equal(t, i%10 == 0, b == nil)
	}
	asked.Clear()
	requests.Store(0)
	data, err = objstore.RetryReader(store, objstore.Policy{Base: 1}).ReadRanges(t.Context(), "s3://bucket/key", ranges)
	require.NoError(t, err)
	for i, b := range data {
		require.Equal(t, string(rune('a'+i%26)), string(b))
	}
	require.EqualValues(t, 110, requests.Load())
}

// TestDeniedStops: what will not be better is not asked for a thousand times.
func TestDeniedStops(t *testing.T) {
	var requests atomic.Int64
	store := open(t, "", with(func(req *http.Request) (*http.Response, error) {
		requests.Add(1)
		return answer(req, 403, nil, xmlError("AccessDenied", "")), nil
	}))
	_, err := store.ReadRanges(t.Context(), "s3://bucket/key", make1000())
	require.Equal(t, core.Denied, core.CodeOf(err))
	require.Less(t, requests.Load(), int64(200))
}

func make1000() []core.Range {
	ranges := make([]core.Range, 1000)
	for i := range ranges {
		ranges[i] = core.Range{Offset: int64(i), Length: 1}
	}
	return ranges
}

// TestConcurrency: the limit holds for all calls of a store together.
func TestConcurrency(t *testing.T) {
	var now, most atomic.Int64
	store := open(t, "", func(o *s3store.Options) { o.Concurrency = 5 }, with(func(req *http.Request) (*http.Response, error) {
		n := now.Add(1)
		defer now.Add(-1)
		for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
		}
		time.Sleep(time.Millisecond)
		var from int
		fmt.Sscanf(req.Header.Get("Range"), "bytes=%d-", &from)
		return rangeAnswer(req, fmt.Sprintf("bytes %d-%d/1000", from, from), "x", 1), nil
	}))
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			if _, err := store.ReadRanges(t.Context(), "s3://bucket/key", make1000()[:20]); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	require.LessOrEqual(t, most.Load(), int64(5))
	require.Greater(t, most.Load(), int64(1))
}

func TestAddresses(t *testing.T) {
	for _, test := range []struct {
		url, want string
		change    func(*s3store.Options)
	}{
		{"s3://bucket/a/b c", "https://bucket.s3.us-west-2.amazonaws.com/a/b%20c", func(*s3store.Options) {}},
		{"s3://dotted.bucket/key", "https://s3.us-west-2.amazonaws.com/dotted.bucket/key", func(*s3store.Options) {}},
		{"s3://bucket/key", "https://s3.us-west-2.amazonaws.com/bucket/key", func(o *s3store.Options) { o.PathStyle = s3store.PathStyleAlways }},
		{"s3://bucket/key", "https://minio.example:9000/bucket/key", func(o *s3store.Options) { o.Endpoint = "https://minio.example:9000" }},
		{"s3://bucket/key", "https://bucket.minio.example/key", func(o *s3store.Options) {
			o.Endpoint, o.PathStyle = "https://minio.example", s3store.PathStyleNever
		}},
		{"s3://bucket//a//../ü?x#y%20+", "https://bucket.s3.eu-west-1.amazonaws.com//a//../%C3%BC%3Fx%23y%2520%2B", func(o *s3store.Options) { o.Region = "eu-west-1" }},
	} {
		var got []string
		store := open(t, "", test.change, with(func(req *http.Request) (*http.Response, error) {
			got = append(got, req.Method+" "+strings.TrimSuffix(strings.SplitN(req.URL.String(), "?", 2)[0], "?"))
			require.Contains(t, req.Header.Get("Authorization"), "AKIDEXAMPLE")
			require.Equal(t, "session-secret", req.Header.Get("X-Amz-Security-Token"))
			if req.Method == "GET" {
				return rangeAnswer(req, "bytes 0-0/1", "x", 1), nil
			}
			return answer(req, 200, nil, ""), nil
		}))
		_, err := store.ReadRanges(t.Context(), test.url, []core.Range{{Length: 1}})
		require.NoError(t, err)
		require.NoError(t, objstore.PutBytes(t.Context(), store, test.url, nil, core.PutOptions{}))
		require.Equal(t, []string{"GET " + test.want, "PUT " + test.want}, got, "the same address by hand and by the SDK")
	}
}

func TestAnonymous(t *testing.T) {
	store := open(t, "", func(o *s3store.Options) { o.Credentials, o.Anonymous = nil, true }, with(func(req *http.Request) (*http.Response, error) {
		require.Empty(t, req.Header.Get("Authorization"))
		if req.Method == http.MethodHead {
			return answer(req, 200, http.Header{"Etag": {`"x"`}}, ""), nil
		}
		return rangeAnswer(req, "bytes 0-0/1", "x", 1), nil
	}))
	_, err := store.ReadRanges(t.Context(), "s3://bucket/key", []core.Range{{Length: 1}})
	require.NoError(t, err)
	_, err = store.Stat(t.Context(), "s3://bucket/key")
	require.NoError(t, err)
}

func TestProvider(t *testing.T) {
	var calls atomic.Int64
	store := open(t, "", func(o *s3store.Options) {
		o.Credentials = nil
		o.Provide = func(context.Context) (aws.Credentials, error) {
			n := calls.Add(1)
			return aws.Credentials{AccessKeyID: fmt.Sprintf("KEY%d", n), SecretAccessKey: "s", CanExpire: true, Expires: time.Now().Add(time.Minute)}, nil
		}
	}, with(func(req *http.Request) (*http.Response, error) {
		return rangeAnswer(req, "bytes 0-0/1", req.Header.Get("Authorization")[29:30], 1), nil
	}))
	for range 3 {
		_, err := store.ReadRanges(t.Context(), "s3://bucket/key", []core.Range{{Length: 1}})
		require.NoError(t, err)
	}
	require.EqualValues(t, 3, calls.Load(), "a key that ends within two minutes is renewed")

	for _, code := range []core.Code{core.Unavailable, core.Denied} {
		store = open(t, "", func(o *s3store.Options) {
			o.Credentials = nil
			o.Provide = func(context.Context) (aws.Credentials, error) {
				return aws.Credentials{}, core.Errorf(code, "test", "", "none today")
			}
		})
		_, err := store.ReadRanges(t.Context(), "s3://bucket/key", []core.Range{{Length: 1}})
		require.Equal(t, code, core.CodeOf(err), err)
		_, err = store.Stat(t.Context(), "s3://bucket/key")
		require.Equal(t, code, core.CodeOf(err), err)
	}
	store = open(t, "", func(o *s3store.Options) { o.Credentials = nil })
	_, err := store.Stat(t.Context(), "s3://bucket/key")
	require.Equal(t, core.Denied, core.CodeOf(err), err)
	require.ErrorContains(t, err, "no credentials: give a key")
}

func TestEnvironment(t *testing.T) {
	server := serve(t)
	t.Setenv("AWS_ENDPOINT_URL_S3", server.URL)
	t.Setenv("AWS_ACCESS_KEY_ID", "a")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "b")
	t.Setenv("AWS_REGION", "eu-north-1")
	store := open(t, "", func(o *s3store.Options) { *o = s3store.Options{} })
	require.NoError(t, objstore.PutBytes(t.Context(), store, "s3://bucket/x", []byte("y"), core.PutOptions{}))
	data, err := objstore.ReadAll(t.Context(), store, "s3://bucket/x", 10)
	require.NoError(t, err)
	require.Equal(t, "y", string(data))
	require.Equal(t, "S3 eu-north-1 "+server.URL, fmt.Sprint(store))
}

func TestSecretsDoNotShow(t *testing.T) {
	store := open(t, "")
	o := s3store.Options{Credentials: secret}
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "c", *secret, "p", secret, "o", o, "s", store)
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "c", *secret, "p", secret)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		fmt.Fprintf(&log, verb+verb+verb+verb, *secret, secret, o, struct{ C s3store.Credentials }{*secret})
	}
	fmt.Fprint(&log, store)
	for _, s := range []string{"AKID", "very", "session-secret", fmt.Sprintf("%x", "very")} {
		require.NotContains(t, log.String(), s)
	}
	_, err := s3store.New(t.Context(), s3store.Options{Credentials: secret, Anonymous: true})
	require.Equal(t, core.Invalid, core.CodeOf(err))
}

func TestURLs(t *testing.T) {
	store := open(t, "")
	for _, url := range []string{"", "s3://", "s3:///key", "https://bucket/key", "/bucket/key", "s3://bucket", "s3://bucket/", "s3://a b/key", "s3://user@bucket/x"} {
		_, err := store.Stat(t.Context(), url)
		require.Equal(t, core.Invalid, core.CodeOf(err), url)
		_, err = store.ReadRanges(t.Context(), url, nil)
		require.Equal(t, core.Invalid, core.CodeOf(err), url)
	}
	_, err := store.ReadRanges(t.Context(), "s3://bucket--usw2-az1--x-s3/key", []core.Range{{Length: 1}})
	require.Equal(t, core.Unsupported, core.CodeOf(err), err)
}

func TestList1000s(t *testing.T) {
	store := open(t, serve(t).URL)
	var urls []string
	for i := range 2100 {
		urls = append(urls, fmt.Sprintf("s3://bucket/n/%04d", i))
		require.NoError(t, objstore.PutBytes(t.Context(), store, urls[i], nil, core.PutOptions{}))
	}
	counter := new(objstore.Counter)
	metered := objstore.Meter(store, counter)
	var got []string
	require.NoError(t, metered.List(t.Context(), "s3://bucket/n/", func(o core.ObjectInfo) error { got = append(got, o.URL); return nil }))
	require.Equal(t, urls, got)
	require.NoError(t, metered.Delete(t.Context(), urls...))
	require.NoError(t, metered.List(t.Context(), "s3://bucket/", func(o core.ObjectInfo) error { t.Error(o.URL); return nil }))
	require.Equal(t, objstore.Usage{Lists: 4, Deletes: 3}, counter.Usage())
}
