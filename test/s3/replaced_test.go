//go:build suites

package s3

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/objstore"
	"github.com/englacial/zagg/core/objstore/s3store"
	"github.com/englacial/zagg/internal/awstest"
)

// A granule that is replaced while it is read is read again from the beginning; one that does not keep still
// fails by name; and one that was replaced since is seen by the next run. No store is ever of two versions.
func TestReplacedGranules(t *testing.T) {
	s, err := awstest.StartS3(t.Context(), awstest.S3Options{Buckets: []string{bucket}})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	for name, value := range s.Environ() {
		t.Setenv(name, value)
	}
	upload(t)
	names, err := filepath.Glob(samples + "/*.h5")
	require.NoError(t, err)
	victim, url := names[0], "s3://"+bucket+"/in/"+filepath.Base(names[0])
	store, err := s3store.New(t.Context(), s3store.Options{})
	require.NoError(t, err)
	old, err := os.ReadFile(victim)
	require.NoError(t, err)
	other, err := os.ReadFile(names[1]) // another track's observations under this granule's name
	require.NoError(t, err)
	put := func(data []byte) {
		require.NoError(t, objstore.PutBytes(t.Context(), store, url, data, core.PutOptions{}))
	}
	gets := atomic.Int64{}
	before := func(n int64, do func(n int64)) { // each GET of the victim from the n-th on
		gets.Store(0)
		s.SetFault(func(r *http.Request) awstest.S3Fault {
			if r.Method == http.MethodGet && strings.HasSuffix(r.URL.Path, filepath.Base(victim)) {
				if now := gets.Add(1); n > 0 && now >= n {
					do(now)
				}
			}
			return awstest.S3Fault{}
		})
	}
	run := func(name string, more ...string) (int, string) {
		return zagg(t, append([]string{"run", "--config", filepath.Join(samples, "demo.yaml"), "--granules", "s3://" + bucket + "/in/", "--store", "s3://" + bucket + "/out/" + name, "-q"}, more...)...)
	}
	holds := func(want, name string) {
		require.Equal(t, objects(t, "s3://"+bucket+"/out/"+want), objects(t, "s3://"+bucket+"/out/"+name), name)
	}
	once := func() func(int64) {
		done := false
		return func(int64) {
			if !done {
				done = true
				put(other)
			}
		}
	}
	before(0, nil)
	code, out := run("old.zarr")
	require.Zero(t, code, out)
	put(other)
	code, out = run("new.zarr")
	require.Zero(t, code, out)
	put(old)
	before(2, once())
	code, out = run("scanned.zarr")
	require.Zero(t, code, out)
	holds("new.zarr", "scanned.zarr")

	put(old)
	before(2, func(n int64) { put(append(old[:len(old):len(old)], make([]byte, n)...)) })
	code, out = run("restless.zarr")
	require.Equal(t, 1, code, out)
	require.Contains(t, out, filepath.Base(victim))
	require.Contains(t, out, "replaced while it was read, more than once")

	before(0, nil)
	put(other)
	code, out = run("old.zarr")
	require.Zero(t, code, out)
	holds("new.zarr", "old.zarr")
	code, out = run("old.zarr", "--json")
	require.Zero(t, code, out)
	require.NotContains(t, out, `"skipped": 0,`)
}
