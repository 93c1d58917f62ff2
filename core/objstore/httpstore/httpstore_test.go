package httpstore_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/objstore"
	"github.com/englacial/zagg/core/objstore/httpstore"
)

var content = func() []byte {
	b := make([]byte, 100_000)
	for i := range b {
		b[i] = byte(i ^ i>>8)
	}
	return b
}()

// host is a server over TLS and a store that trusts its certificate.
func host(t testing.TB, handler http.HandlerFunc) *httptest.Server {
	server := httptest.NewTLSServer(handler)
	t.Cleanup(server.Close)
	return server
}

func open(server *httptest.Server, change ...func(*httpstore.Options)) *httpstore.Store {
	o := httpstore.Options{HTTPClient: server.Client()}
	for _, c := range change {
		c(&o)
	}
	return httpstore.New(o)
}

func serveContent(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("ETag", `"tag"`)
	http.ServeContent(w, r, "", time.Unix(1e9, 0), bytes.NewReader(content))
}

func TestRanges(t *testing.T) {
	server := host(t, serveContent)
	store := open(server)
	n := int64(len(content))
	asked := []core.Range{
		{Offset: 5, Length: 3}, {Offset: 0, Length: n}, {Offset: n - 2, Length: 100}, {Offset: n, Length: 1}, {Offset: 1 << 40, Length: 5},
		{Offset: 4, Length: 0}, {Offset: 1, Length: 1 << 62}, {Offset: 5, Length: 3},
	}
	got, err := store.ReadRanges(t.Context(), server.URL+"/x", asked)
	require.NoError(t, err)
	for i, r := range asked {
		from := min(r.Offset, n)
		require.True(t, bytes.Equal(content[from:from+min(r.Length, n-from)], got[i]), "%v", r)
		require.NotNil(t, got[i])
	}
	info, err := store.Stat(t.Context(), server.URL+"/x")
	require.NoError(t, err)
	require.Equal(t, core.ObjectInfo{URL: server.URL + "/x", ETag: `"tag"`, Size: n, Modified: time.Unix(1e9, 0).UTC()}, info)
	for _, r := range []core.Range{{Offset: -1}, {Length: -1}} {
		_, err = store.ReadRanges(t.Context(), server.URL, []core.Range{r})
		require.Equal(t, core.Invalid, core.CodeOf(err))
	}
	for _, url := range []string{"", "ftp://host/x", "https://", "/path", "https://user:pw@h\x00st/?sig=secret", "s3://b/k"} {
		_, err = store.Stat(t.Context(), url)
		require.Equal(t, core.Invalid, core.CodeOf(err), url)
		require.NotContains(t, err.Error(), "secret")
	}
}

// TestNoRanges: a server that always sends everything.
func TestNoRanges(t *testing.T) {
	var requests *atomic.Int64 // of the last server: a request that another call gave up may still reach the one before
	sent := func(size int64, known bool) *httptest.Server {
		counter := new(atomic.Int64)
		requests = counter
		return host(t, func(w http.ResponseWriter, r *http.Request) {
			counter.Add(1)
			if known {
				w.Header().Set("Content-Length", fmt.Sprint(size))
			} else {
				w.(http.Flusher).Flush()
			}
			for left := size; left > 0; left -= int64(len(content)) {
				if _, err := w.Write(content[:min(left, int64(len(content)))]); err != nil {
					return
				}
			}
		})
	}
	for _, known := range []bool{true, false} {
		server := sent(50_000, known)
		got, err := open(server).ReadRanges(t.Context(), server.URL, []core.Range{{Offset: 7, Length: 3}, {Offset: 49_999, Length: 10}, {Offset: 60_000, Length: 1}})
		require.NoError(t, err)
		require.Equal(t, [][]byte{content[7:10], content[49_999:50_000], {}}, got)

		if testing.Short() {
			continue
		}
		server = sent(65<<20, known)
		_, err = open(server).ReadRanges(t.Context(), server.URL, []core.Range{{Offset: 7, Length: 3}})
		require.Equal(t, core.Unsupported, core.CodeOf(err), err)
		require.ErrorContains(t, err, "does not honour ranges")
		require.EqualValues(t, 1, requests.Load())

		data, err := objstore.ReadAll(t.Context(), open(server), server.URL, 100<<20)
		require.NoError(t, err, "all of it was asked for")
		require.Len(t, data, 65<<20)
		_, err = objstore.ReadAll(t.Context(), open(server), server.URL, 1000)
		require.Error(t, err)
	}
}

func TestOddAnswers(t *testing.T) {
	for name, test := range map[string]struct {
		contentRange, body string
		code               core.Code
	}{
		"another range":      {"bytes 10-19/100", "0123456789", core.Unsupported},
		"no Content-Range":   {"", "0123456789", core.Unsupported},
		"nonsense":           {"bytes x-y/z", "0123456789", core.Unsupported},
		"too long":           {"bytes 0-10/100", "01234567890", core.Unsupported},
		"backwards":          {"bytes 0--5/100", "", core.Unsupported},
		"less than asked":    {"bytes 0-4/100", "01234", core.Unavailable},
		"less, size unknown": {"bytes 0-4/*", "01234", core.Unavailable},
		"another length":     {"bytes 0-9/100", "01234", core.Unavailable},
	} {
		t.Run(name, func(t *testing.T) {
			server := host(t, func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Range", test.contentRange)
				w.WriteHeader(206)
				io.WriteString(w, test.body)
			})
			_, err := open(server).ReadRanges(t.Context(), server.URL, []core.Range{{Length: 10}})
			require.Error(t, err)
			require.Equal(t, test.code, core.CodeOf(err), err.Error())
		})
	}
}

func TestBrokenConnections(t *testing.T) {
	for name, handler := range map[string]http.HandlerFunc{
		"cut off": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Range", "bytes 0-9/100")
			w.Header().Set("Content-Length", "10")
			w.WriteHeader(206)
			w.Write([]byte("01234"))
		},
		"reset": func(w http.ResponseWriter, r *http.Request) {
			conn, _, err := w.(http.Hijacker).Hijack()
			if err == nil {
				conn.Close()
			}
		},
		"chunked and cut off": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Range", "bytes 0-9/100")
			w.WriteHeader(206)
			w.Write([]byte("01234"))
			w.(http.Flusher).Flush()
			panic(http.ErrAbortHandler)
		},
	} {
		t.Run(name, func(t *testing.T) {
			server := host(t, handler)
			_, err := open(server).ReadRanges(t.Context(), server.URL, []core.Range{{Length: 10}})
			require.Equal(t, core.Unavailable, core.CodeOf(err), err)
		})
	}
	t.Run("nobody there", func(t *testing.T) {
		_, err := httpstore.New(httpstore.Options{}).Stat(t.Context(), "https://127.0.0.1:1/x")
		require.Equal(t, core.Unavailable, core.CodeOf(err), err)
	})
	t.Run("unknown certificate", func(t *testing.T) {
		server := host(t, serveContent)
		server.Config.ErrorLog = nil
		_, err := httpstore.New(httpstore.Options{}).Stat(t.Context(), server.URL)
		require.Equal(t, core.Invalid, core.CodeOf(err), err)
		require.ErrorContains(t, err, "not trusted")
	})
}

func TestStatuses(t *testing.T) {
	for status, code := range map[int]core.Code{
		400: core.Invalid, 401: core.Denied, 403: core.Denied, 404: core.NotFound, 410: core.NotFound, 408: core.Unavailable,
		429: core.Unavailable, 500: core.Unavailable, 502: core.Unavailable, 503: core.Unavailable, 504: core.Unavailable, 501: core.Unsupported,
	} {
		server := host(t, func(w http.ResponseWriter, r *http.Request) { http.Error(w, "so it is", status) })
		_, err := open(server).ReadRanges(t.Context(), server.URL+"/x?signature=secret", []core.Range{{Length: 10}})
		require.Equal(t, code, core.CodeOf(err), err)
		require.ErrorContains(t, err, fmt.Sprintf("HTTP %d", status))
		require.ErrorContains(t, err, "so it is")
		require.NotContains(t, err.Error(), "secret")
		_, err = open(server).Stat(t.Context(), server.URL+"/x?signature=secret")
		require.Equal(t, code, core.CodeOf(err), err)
		require.NotContains(t, err.Error(), "secret")
	}
}

// TestStatWithoutHEAD: servers that refuse HEAD or do not say the size.
func TestStatWithoutHEAD(t *testing.T) {
	for name, head := range map[string]http.HandlerFunc{
		"405": func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(405) },
		"403": func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(403) },
		"no size": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Transfer-Encoding", "chunked")
			w.(http.Flusher).Flush()
		},
	} {
		for _, size := range []int{0, 1, 1000} {
			server := host(t, func(w http.ResponseWriter, r *http.Request) {
				if r.Method == http.MethodHead {
					head(w, r)
					return
				}
				require.Equal(t, "bytes=0-0", r.Header.Get("Range"))
				if size == 0 {
					w.Header().Set("Content-Range", "bytes */0")
					w.WriteHeader(416)
					return
				}
				http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(content[:size]))
			})
			info, err := open(server).Stat(t.Context(), server.URL)
			require.NoError(t, err, name)
			require.EqualValues(t, size, info.Size)
		}
	}
}

// A stage is two hosts: one that sends requests on to the other's signed address.
type stage struct {
	archive, bucket *httptest.Server
	asked           [2]atomic.Int64
	signature       atomic.Int64
	mu              sync.Mutex
	tokens          []string // what the bucket was shown
}

func newStage(t *testing.T) *stage {
	s := &stage{}
	s.bucket = host(t, func(w http.ResponseWriter, r *http.Request) {
		s.asked[1].Add(1)
		s.mu.Lock()
		s.tokens = append(s.tokens, r.Header.Get("Authorization"))
		s.mu.Unlock()
		if r.Method == http.MethodHead || r.URL.Query().Get("signature") != fmt.Sprint(s.signature.Load()) {
			http.Error(w, "bad signature", 403)
			return
		}
		serveContent(w, r)
	})
	s.archive = host(t, func(w http.ResponseWriter, r *http.Request) {
		s.asked[0].Add(1)
		switch {
		case r.Header.Get("Authorization") != "Bearer the-token":
			http.Error(w, "log in first", 401)
		case r.URL.Path == "/moved":
			http.Redirect(w, r, "/x", 302)
		default:
			http.Redirect(w, r, s.bucket.URL+fmt.Sprintf("/signed?signature=%d", s.signature.Load()), 303)
		}
	})
	return s
}

func withToken(o *httpstore.Options) { o.Token, o.TokenHosts = "the-token", []string{"127.0.0.1"} }

func TestToken(t *testing.T) {
	s := newStage(t)
	for _, path := range []string{"/x", "/moved"} {
		store := open(s.archive, withToken)
		got, err := store.ReadRanges(t.Context(), s.archive.URL+path, []core.Range{{Length: 10}, {Offset: 20, Length: 5}})
		require.NoError(t, err)
		require.Equal(t, [][]byte{content[:10], content[20:25]}, got)
		info, err := store.Stat(t.Context(), s.archive.URL+path)
		require.NoError(t, err)
		require.EqualValues(t, len(content), info.Size)
	}
	for _, shown := range s.tokens {
		require.Empty(t, shown, "the other host sees no token although it is on the list")
	}
	for name, change := range map[string]func(*httpstore.Options){
		"no token": func(*httpstore.Options) {},
		"not for this host": func(o *httpstore.Options) {
			o.Token, o.TokenHosts = "the-token", []string{"example.org", "27.0.0.1", ".0.0.2"}
		},
	} {
		_, err := open(s.archive, change).ReadRanges(t.Context(), s.archive.URL+"/x", []core.Range{{Length: 10}})
		require.Equal(t, core.Denied, core.CodeOf(err), name)
		require.ErrorContains(t, err, "give a valid token")
	}
	var o httpstore.Options
	withToken(&o)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%d", "%x"} {
		require.NotContains(t, fmt.Sprintf(verb+verb, o, open(s.archive, withToken)), "the-token")
	}
}

// TestTokenNotOverHTTP: nor in the clear.
func TestTokenNotOverHTTP(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		require.Empty(t, r.Header.Get("Authorization"))
		serveContent(w, r)
	}))
	defer server.Close()
	_, err := open(server, withToken).ReadRanges(t.Context(), server.URL, []core.Range{{Length: 10}})
	require.NoError(t, err)
}

// TestMoved: the way to the signed address is taken once, and again when the signature has ended.
func TestMoved(t *testing.T) {
	s := newStage(t)
	store := open(s.archive, withToken)
	read := func() {
		t.Helper()
		got, err := store.ReadRanges(t.Context(), s.archive.URL+"/x", []core.Range{{Length: 10}})
		require.NoError(t, err)
		require.Equal(t, content[:10], got[0])
	}
	for range 5 {
		read()
	}
	require.EqualValues(t, 1, s.asked[0].Load())
	require.EqualValues(t, 5, s.asked[1].Load())
	s.signature.Add(1)
	for range 5 {
		read()
	}
	require.EqualValues(t, 2, s.asked[0].Load())
	require.EqualValues(t, 11, s.asked[1].Load())
}

// TestLoginPage: an archive that sends those it does not know to a page.
func TestLoginPage(t *testing.T) {
	login := host(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		io.WriteString(w, "<html>log in")
	})
	server := host(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, login.URL, 302) })
	_, err := open(server).ReadRanges(t.Context(), server.URL+"/x.h5", []core.Range{{Length: 10}})
	require.Equal(t, core.Denied, core.CodeOf(err), err)
	_, err = open(server).Stat(t.Context(), server.URL+"/x.h5")
	require.Equal(t, core.Denied, core.CodeOf(err), err)
}

func TestRedirectsForEver(t *testing.T) {
	server := host(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, r.URL.Path+"x", 302) })
	_, err := open(server).Stat(t.Context(), server.URL+"/x")
	require.Equal(t, core.Invalid, core.CodeOf(err), err)
}

// TestBusy: with the retries around it, a burst of errors is not seen.
func TestBusy(t *testing.T) {
	var n atomic.Int64
	server := host(t, func(w http.ResponseWriter, r *http.Request) {
		if n.Add(1)%3 != 0 {
			http.Error(w, "busy", 503)
			return
		}
		serveContent(w, r)
	})
	store := objstore.RetryReader(open(server), objstore.Policy{Base: time.Microsecond})
	var ranges []core.Range
	for i := range int64(100) {
		ranges = append(ranges, core.Range{Offset: i * 100, Length: 100})
	}
	got, err := store.ReadRanges(t.Context(), server.URL, ranges)
	require.NoError(t, err)
	require.True(t, bytes.Equal(content[:10_000], bytes.Join(got, nil)))
}

func BenchmarkReadRanges(b *testing.B) {
	server := httptest.NewServer(http.HandlerFunc(serveContent))
	defer server.Close()
	store := httpstore.New(httpstore.Options{})
	ranges := make([]core.Range, 100)
	for i := range ranges {
		ranges[i] = core.Range{Offset: int64(i) * 200, Length: 80_000}
	}
	b.SetBytes(100 * 80_000)
	for b.Loop() {
		if _, err := store.ReadRanges(b.Context(), server.URL, ranges); err != nil {
			b.Fatal(err)
		}
	}
}
