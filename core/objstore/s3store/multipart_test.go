package s3store_test

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/objstore"
	"github.com/englacial/zagg/core/objstore/s3store"
)

// A log passes requests on and notes what they are.
type log struct {
	http.RoundTripper
	mu    sync.Mutex
	lines []string
	harm  func(line string, n int) bool // n: how often the line has been seen
	seen  map[string]int
}

func (l *log) RoundTrip(req *http.Request) (*http.Response, error) {
	q := req.URL.Query()
	line := req.Method
	for _, key := range []string{"uploads", "partNumber", "uploadId"} {
		if q.Has(key) {
			line += " " + key
		}
	}
	if v := req.Header.Get("If-None-Match"); v != "" {
		line += " new"
	}
	l.mu.Lock()
	l.lines = append(l.lines, line)
	if l.seen == nil {
		l.seen = map[string]int{}
	}
	l.seen[line]++
	harm := l.harm != nil && l.harm(line, l.seen[line])
	l.mu.Unlock()
	if harm {
		return answer(req, 503, nil, xmlError("SlowDown", "")), nil
	}
	return l.RoundTripper.RoundTrip(req)
}

func logged(t *testing.T, harm func(line string, n int) bool) (*log, *s3store.Store) {
	l := &log{RoundTripper: http.DefaultTransport, harm: harm}
	return l, open(t, serve(t).URL, func(o *s3store.Options) {
		o.HTTPClient = &http.Client{Transport: l}
		o.Retry = objstore.Policy{Base: time.Microsecond}
	})
}

func bigBody(n int) []byte {
	b := make([]byte, n)
	r := rand.NewChaCha8([32]byte{1})
	r.Read(b)
	return b
}

func TestMultipart(t *testing.T) {
	big := bigBody(70 << 20)
	for _, test := range []struct {
		name  string
		n     int
		known bool
		want  string
	}{
		{"unknown, short", 1000, false, "PUT"},
		{"unknown, empty", 0, false, "PUT"},
		{"unknown, just one part", 16 << 20, false, "PUT"},
		{"unknown, a byte more", 16<<20 + 1, false, "POST uploads, 2 PUT partNumber uploadId, POST uploadId"},
		{"unknown, long", 34 << 20, false, "POST uploads, 3 PUT partNumber uploadId, POST uploadId"},
		{"known, 64 MiB", 64 << 20, true, "PUT"},
		{"known, more", 70 << 20, true, "POST uploads, 5 PUT partNumber uploadId, POST uploadId"},
	} {
		t.Run(test.name, func(t *testing.T) {
			l, store := logged(t, nil)
			opt := core.PutOptions{Size: -1}
			if test.known {
				opt.Size = int64(test.n)
			}
			require.NoError(t, store.Put(t.Context(), "s3://bucket/big", struct{ io.Reader }{bytes.NewReader(big[:test.n])}, opt))
			require.Equal(t, test.want, summary(l.lines))
			data, err := objstore.ReadAll(t.Context(), store, "s3://bucket/big", 1<<30)
			require.NoError(t, err)
			require.Equal(t, sha256.Sum256(big[:test.n]), sha256.Sum256(data))
		})
	}
}

// summary counts lines in the order they first appear.
func summary(lines []string) string {
	count := map[string]int{}
	var order []string
	for _, l := range lines {
		if count[l]++; count[l] == 1 {
			order = append(order, l)
		}
	}
	for i, l := range order {
		if count[l] > 1 {
			order[i] = fmt.Sprintf("%d %s", count[l], l)
		}
	}
	return strings.Join(order, ", ")
}

// TestMultipartFails: nothing is visible and no part stays.
func TestMultipartFails(t *testing.T) {
	big := bigBody(20 << 20)
	broken := errors.New("broke")
	for _, test := range []struct {
		name string
		body io.Reader
		size int64
		harm func(string, int) bool
		code core.Code
	}{
		{"body breaks", io.MultiReader(bytes.NewReader(big), iotest.ErrReader(broken)), -1, nil, core.Internal},
		{"body too short", io.MultiReader(bytes.NewReader(big)), 100 << 20, nil, core.Invalid},
		{"body too long", io.MultiReader(bytes.NewReader(big), bytes.NewReader(big), bytes.NewReader(big), bytes.NewReader(big)), 65 << 20, nil, core.Invalid},
		{"parts never work", io.MultiReader(bytes.NewReader(big)), -1, func(l string, _ int) bool { return strings.Contains(l, "partNumber") }, core.Unavailable},
		{"end never works", io.MultiReader(bytes.NewReader(big)), -1, func(l string, _ int) bool { return l == "POST uploadId" }, core.Unavailable},
		{"a body that can be wound back has one try", bytes.NewReader(big), -1, func(l string, n int) bool { return l == "PUT partNumber uploadId" && n == 1 }, core.Unavailable},
	} {
		t.Run(test.name, func(t *testing.T) {
			l, store := logged(t, test.harm)
			err := store.Put(t.Context(), "s3://bucket/big", test.body, core.PutOptions{Size: test.size})
			require.Error(t, err)
			require.Equal(t, test.code, core.CodeOf(err), err.Error())
			require.Equal(t, "DELETE uploadId", l.lines[len(l.lines)-1])
			_, err = store.Stat(t.Context(), "s3://bucket/big")
			require.Equal(t, core.NotFound, core.CodeOf(err))
		})
	}
}

// TestMultipartRetries: a stream cannot be wound back, and yet a busy service does not end it.
func TestMultipartRetries(t *testing.T) {
	big := bigBody(40 << 20)
	l, store := logged(t, func(_ string, n int) bool { return n%2 == 1 })
	store2 := objstore.Retry(store, objstore.Policy{Base: time.Microsecond})
	require.NoError(t, store2.Put(t.Context(), "s3://bucket/big", struct{ io.Reader }{bytes.NewReader(big)}, core.PutOptions{Size: -1}))
	require.Contains(t, summary(l.lines), "2 POST uploads, ")
	data, err := objstore.ReadAll(t.Context(), store2, "s3://bucket/big", 1<<30)
	require.NoError(t, err)
	require.True(t, bytes.Equal(big, data))
}

// TestMultipartConditional: the condition is on the last request.
func TestMultipartConditional(t *testing.T) {
	l, store := logged(t, nil)
	body := io.MultiReader(bytes.NewReader(make([]byte, 17<<20)))
	require.NoError(t, store.Put(t.Context(), "s3://bucket/big", body, core.PutOptions{Size: -1, IfMatch: objstore.MustNotExist}))
	require.Equal(t, "POST uploadId new", l.lines[len(l.lines)-1])
}
