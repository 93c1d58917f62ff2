package awstest

import (
	"context"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/objstore"
	"github.com/englacial/zagg/core/objstore/s3store"
)

// servers runs a test with each kind of server.
func servers(t *testing.T, test func(t *testing.T, s *S3)) {
	for name, exe := range map[string]string{"in process": "", "versitygw": os.Getenv("ZAGG_VERSITYGW")} {
		t.Run(name, func(t *testing.T) {
			if name != "in process" && exe == "" {
				t.Skip("ZAGG_VERSITYGW names no versitygw: skipped")
			}
			s, err := StartS3(t.Context(), S3Options{Exe: exe, Buckets: []string{"data.test"}})
			require.NoError(t, err)
			t.Cleanup(func() { require.NoError(t, s.Close()) })
			test(t, s)
		})
	}
}

func client(t *testing.T, s *S3, k s3store.Credentials) *s3store.Store {
	store, err := s3store.New(t.Context(), s3store.Options{Endpoint: s.URL(), Region: "us-east-1", Credentials: &k})
	require.NoError(t, err)
	return store
}

func owner(s *S3) s3store.Credentials {
	access, secret := s.Owner()
	return s3store.Credentials{AccessKeyID: access, SecretAccessKey: secret}
}

func TestS3(t *testing.T) {
	servers(t, func(t *testing.T, s *S3) {
		ctx, store := t.Context(), client(t, s, owner(s))
		text := strings.Repeat("0123456789", 1000)
		require.NoError(t, objstore.PutBytes(ctx, store, "s3://data.test/a/b c.txt", []byte(text), core.PutOptions{}))
		got, err := objstore.ReadAll(ctx, store, "s3://data.test/a/b c.txt", 1<<20)
		require.NoError(t, err)
		require.Equal(t, text, string(got))
		u := s.Usage()
		require.EqualValues(t, 1, u.ByMethod[http.MethodPut])
		require.EqualValues(t, 1, u.ByMethod[http.MethodGet])
		require.EqualValues(t, len(text), u.Up)
		require.EqualValues(t, len(text), u.Down)
		if s.Root() != "" {
			require.FileExists(t, s.Path("data.test", "a/b c.txt"))
		}
		_, err = client(t, s, s3store.Credentials{AccessKeyID: "nobody", SecretAccessKey: "x"}).Stat(ctx, "s3://data.test/a/b c.txt")
		require.Equal(t, core.Denied, core.CodeOf(err))
	})
}

func TestS3Keys(t *testing.T) {
	servers(t, func(t *testing.T, s *S3) {
		ctx := t.Context()
		require.NoError(t, objstore.PutBytes(ctx, client(t, s, owner(s)), "s3://data.test/open/x", []byte("x"), core.PutOptions{}))
		k := Key{AccessKey: "ASIAKEY", SecretKey: "s", SessionToken: "token", Deny: []string{"data.test/secret/"}}
		s.SetKey(k)
		store := client(t, s, s3store.Credentials{AccessKeyID: "ASIAKEY", SecretAccessKey: "s", SessionToken: "token"})
		got, err := objstore.ReadAll(ctx, store, "s3://data.test/open/x", 10)
		require.NoError(t, err)
		require.Equal(t, "x", string(got))
		require.NoError(t, objstore.PutBytes(ctx, store, "s3://data.test/open/y", []byte("y"), core.PutOptions{}))
		require.NoError(t, store.List(ctx, "s3://data.test/open/", func(core.ObjectInfo) error { return nil }))
		require.Equal(t, core.Denied, core.CodeOf(store.List(ctx, "s3://data.test/secret/", func(core.ObjectInfo) error { return nil })))
		_, err = objstore.ReadAll(ctx, store, "s3://data.test/secret/x", 10)
		require.Equal(t, core.Denied, core.CodeOf(err))
		require.ErrorContains(t, err, "AccessDenied")

		k.ReadOnly = true
		s.SetKey(k)
		require.Equal(t, core.Denied, core.CodeOf(objstore.PutBytes(ctx, store, "s3://data.test/open/y", []byte("y"), core.PutOptions{})))
		_, err = client(t, s, s3store.Credentials{AccessKeyID: "ASIAKEY", SecretAccessKey: "s", SessionToken: "other"}).Stat(ctx, "s3://data.test/open/x")
		require.Error(t, err)
		k.Expires = time.Now().Add(-time.Second)
		s.SetKey(k)
		_, err = objstore.ReadAll(ctx, store, "s3://data.test/open/x", 10)
		require.Equal(t, core.Denied, core.CodeOf(err))
		require.ErrorContains(t, err, "credentials expired")
	})
}

// Faults are met by a client without retries, and not by one that tries again.
func TestS3Faults(t *testing.T) {
	servers(t, func(t *testing.T, s *S3) {
		ctx, store := t.Context(), client(t, s, owner(s))
		const url = "s3://data.test/x"
		text := strings.Repeat("x", 1<<20)
		require.NoError(t, objstore.PutBytes(ctx, store, url, []byte(text), core.PutOptions{}))
		var mu sync.Mutex
		var left []S3Fault
		s.SetFault(func(*http.Request) S3Fault {
			mu.Lock()
			defer mu.Unlock()
			if len(left) == 0 {
				return S3Fault{}
			}
			f := left[0]
			left = left[1:]
			return f
		})
		next := func(f ...S3Fault) {
			mu.Lock()
			defer mu.Unlock()
			left = f
		}
		for _, f := range []S3Fault{SlowDown(), InternalError(), {Reset: true}, {Forget: true}, {Truncate: 1000}} {
			next(f, f) // a connection that is cut before an answer makes net/http try once more
			_, err := objstore.ReadAll(ctx, store, url, 1<<21)
			require.Equal(t, core.Unavailable, core.CodeOf(err), "%+v %v", f, err)
		}
		next(AccessDenied())
		_, err := objstore.ReadAll(ctx, store, url, 1<<21)
		require.Equal(t, core.Denied, core.CodeOf(err))
		next(ExpiredToken())
		_, err = objstore.ReadAll(ctx, store, url, 1<<21)
		require.ErrorContains(t, err, "expired")
		require.GreaterOrEqual(t, s.Usage().Faults, int64(7))

		s.SetFault(RandomS3Faults(3, S3FaultRates{SlowDown: 0.1, InternalError: 0.1, Reset: 0.1, Forget: 0.1, Truncate: 0.1, Burst: 1, MaxDelay: time.Millisecond}))
		again := objstore.RetryReader(store, objstore.Policy{Base: time.Millisecond, Max: 5 * time.Millisecond, Attempts: 30})
		for range 20 {
			got, err := objstore.ReadAll(ctx, again, url, 1<<21)
			require.NoError(t, err)
			require.Len(t, got, len(text))
		}
	})
}

func TestS3WithoutServer(t *testing.T) {
	_, err := StartS3(t.Context(), S3Options{Exe: "/nonexistent/versitygw"})
	require.Equal(t, core.NotFound, core.CodeOf(err))
	_, err = StartS3(t.Context(), S3Options{Exe: "/bin/false"})
	require.Equal(t, core.Unavailable, core.CodeOf(err))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = StartS3(ctx, S3Options{Buckets: []string{"bucket"}})
	require.Error(t, err)
}
