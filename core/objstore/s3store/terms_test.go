package s3store_test

import (
	"bytes"
	"io"
	"net/http"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/objstore/s3store"
)

// recorder keeps the headers of requests and sends them on without those that the server behind does not know.
type recorder struct {
	http.RoundTripper
	mu   sync.Mutex
	seen []*http.Request
}

func (r *recorder) RoundTrip(req *http.Request) (*http.Response, error) {
	r.mu.Lock()
	r.seen = append(r.seen, req.Clone(req.Context()))
	r.mu.Unlock()
	return r.RoundTripper.RoundTrip(req)
}

// Every request to a bucket of another account says who pays; every one that makes an object says whose it is to be and how it is
// encrypted. All of it is signed.
func TestTermsOfOtherAccounts(t *testing.T) {
	server := serve(t)
	r := &recorder{RoundTripper: http.DefaultTransport}
	store := open(t, server.URL, func(o *s3store.Options) {
		o.HTTPClient = &http.Client{Transport: r}
		o.ACL, o.KMSKey, o.RequesterPays = "bucket-owner-full-control", "alias/heights", true
	})
	ctx := t.Context()
	put := func(url string, size int64, declared int64) {
		require.NoError(t, store.Put(ctx, url, io.LimitReader(bytes.NewReader(make([]byte, size)), size), core.PutOptions{Size: declared}))
	}
	put("s3://bucket/a", 5, 5)
	put("s3://bucket/b", 17<<20, -1) // in parts
	_, err := store.Stat(ctx, "s3://bucket/a")
	require.NoError(t, err)
	_, err = store.ReadRanges(ctx, "s3://bucket/a", []core.Range{{Offset: 1, Length: 2}})
	require.NoError(t, err)
	require.NoError(t, store.List(ctx, "s3://bucket/", func(core.ObjectInfo) error { return nil }))
	require.NoError(t, store.Folder(ctx, "s3://bucket/", "", func(core.ObjectInfo) error { return nil }))
	require.NoError(t, store.Delete(ctx, "s3://bucket/a"))
	require.NoError(t, store.Delete(ctx, "s3://bucket/a", "s3://bucket/b"))
	made := 0
	for _, req := range r.seen {
		what := req.Method + " " + req.URL.String()
		require.Equal(t, "requester", req.Header.Get("X-Amz-Request-Payer"), what)
		require.Contains(t, req.Header.Get("Authorization"), "x-amz-request-payer", what)
		query := req.URL.Query()
		if req.Method == http.MethodPut && !query.Has("partNumber") || req.Method == http.MethodPost && query.Has("uploads") {
			made++
			require.Equal(t, "bucket-owner-full-control", req.Header.Get("X-Amz-Acl"), what)
			require.Equal(t, "aws:kms", req.Header.Get("X-Amz-Server-Side-Encryption"), what)
			require.Equal(t, "alias/heights", req.Header.Get("X-Amz-Server-Side-Encryption-Aws-Kms-Key-Id"), what)
		}
	}
	require.Equal(t, 2, made)
	require.GreaterOrEqual(t, len(r.seen), 11)

	r.seen = nil
	plain := open(t, server.URL, func(o *s3store.Options) { o.HTTPClient = &http.Client{Transport: r} })
	require.NoError(t, plain.Put(ctx, "s3://bucket/c", bytes.NewReader(nil), core.PutOptions{Size: 0}))
	for _, name := range []string{"X-Amz-Request-Payer", "X-Amz-Acl", "X-Amz-Server-Side-Encryption"} {
		require.NotContains(t, r.seen[0].Header, name)
	}
}
