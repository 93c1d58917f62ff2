package s3store

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
)

func FuzzEscape(f *testing.F) {
	for _, key := range []string{"a/b", "per%20cent", "a b+c?d#e", "ü/日本", "..//./x", "\x00\xff"} {
		f.Add(key)
	}
	f.Fuzz(func(t *testing.T, key string) {
		back, err := url.PathUnescape(escape(key))
		require.NoError(t, err)
		require.Equal(t, key, back)
	})
}

// BenchmarkGet is the CPU of one ranged GET without a network.
func BenchmarkGet(b *testing.B) {
	b.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	store, err := New(b.Context(), Options{Region: "us-west-2", Credentials: &Credentials{"a", "b", "c"},
		HTTPClient: &http.Client{Transport: canned{}}})
	require.NoError(b, err)
	ranges := []core.Range{{Length: 8}}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := store.ReadRanges(b.Context(), "s3://bucket/path/to/key.h5", ranges); err != nil {
			b.Fatal(err)
		}
	}
}

type canned struct{}

func (canned) RoundTrip(req *http.Request) (*http.Response, error) {
	return &http.Response{
		StatusCode: 206, Header: http.Header{"Content-Range": {"bytes 0-7/100"}}, ContentLength: 8,
		Body: body{strings.NewReader("01234567")}, Request: req,
	}, nil
}

type body struct{ *strings.Reader }

func (body) Close() error { return nil }
