//go:build suites

package s3

import (
	"bytes"
	"context"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/cmd/zagg/cli"
	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/objstore"
	"github.com/englacial/zagg/core/objstore/s3store"
	"github.com/englacial/zagg/internal/awstest"
	"github.com/englacial/zagg/plugins/all"
)

const samples = "../../cmd/zagg/cli/sample"

// zagg runs one command line in this process and returns exit code and output.
func zagg(t *testing.T, args ...string) (int, string) {
	t.Helper()
	var out bytes.Buffer
	code := cli.Run(t.Context(), args, strings.NewReader(""), &out, &out, all.Plugins()...)
	return code, out.String()
}

func must(t *testing.T, args ...string) string {
	t.Helper()
	code, out := zagg(t, args...)
	require.Zero(t, code, "zagg %s\n%s", strings.Join(args, " "), out)
	return out
}

// servers are one in the process, and versitygw where there is one.
func servers() map[string]string {
	return map[string]string{"in process": "", "versitygw": os.Getenv("ZAGG_VERSITYGW")}
}

// serve starts a server and points the SDK at it, with random delays, so that answers come in another order each time.
func serve(t *testing.T, exe string) {
	s, err := awstest.StartS3(t.Context(), awstest.S3Options{Exe: exe, Buckets: []string{bucket},
		Fault: awstest.RandomS3Faults(rand.Uint64(), awstest.S3FaultRates{MaxDelay: 8 * time.Millisecond})})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	for name, value := range s.Environ() {
		t.Setenv(name, value)
	}
}

// A bucket with a dot in its name cannot be part of a host name: it must be addressed by path.
const bucket = "zagg.tests"

func upload(t *testing.T) {
	ctx := t.Context()
	store, err := s3store.New(ctx, s3store.Options{})
	require.NoError(t, err)
	files, err := filepath.Glob(samples + "/*.h5")
	require.NoError(t, err)
	for _, f := range files {
		data, err := os.ReadFile(f)
		require.NoError(t, err)
		require.NoError(t, objstore.PutBytes(ctx, store, "s3://"+bucket+"/in/"+filepath.Base(f), data, core.PutOptions{}))
	}
}

// The store in S3 is byte for byte the one on disk, with latencies shuffled; a second run skips everything; a run with
// fewer granules leaves what a fresh run with them would.
func TestStores(t *testing.T) {
	for name, exe := range servers() {
		t.Run(name, func(t *testing.T) {
			if name != "in process" && exe == "" {
				t.Skip("ZAGG_VERSITYGW names no versitygw: skipped")
			}
			serve(t, exe)
			upload(t)
			cfg := filepath.Join(samples, "demo.yaml")
			local := filepath.Join(t.TempDir(), "local.zarr")
			must(t, "run", "--config", cfg, "--granules", samples, "--store", local, "-q")
			remote := "s3://" + bucket + "/out/heights.zarr"
			must(t, "run", "--config", cfg, "--granules", "s3://"+bucket+"/in/", "--store", remote, "--max-workers", "8")
			want := folder(t, local)
			require.Equal(t, want, objects(t, remote))

			again := must(t, "run", "--config", cfg, "--granules", "s3://"+bucket+"/in/", "--store", remote)
			require.Contains(t, again, "25 done before")
			require.Equal(t, want, objects(t, remote))
			require.Contains(t, must(t, "info", remote), "25 done")
			picture := filepath.Join(t.TempDir(), "map.png")
			must(t, "plot", remote, "h_mean", "-o", picture)
			require.FileExists(t, picture)
		})
	}
}

// Fewer granules and fewer shards in the same fullsphere store: nothing of the first run is left.
func TestFewerGranules(t *testing.T) {
	serve(t, "")
	upload(t)
	text, err := os.ReadFile(filepath.Join(samples, "demo.yaml"))
	require.NoError(t, err)
	cfg := filepath.Join(t.TempDir(), "sphere.yaml")
	require.NoError(t, os.WriteFile(cfg, bytes.Replace(text, []byte("layout: compact"), []byte("layout: fullsphere"), 1), 0o644))
	remote := "s3://" + bucket + "/out/sphere.zarr"
	must(t, "run", "--config", cfg, "--granules", "s3://"+bucket+"/in/", "--store", remote, "-q")
	few, err := filepath.Glob(samples + "/ATL06_2024110*.h5")
	require.NoError(t, err)
	var args, local []string
	for _, f := range few {
		args = append(args, "--granules", "s3://"+bucket+"/in/"+filepath.Base(f))
		local = append(local, "--granules", f)
	}
	out := must(t, append([]string{"run", "--config", cfg, "--store", remote, "--allow-contraction"}, args...)...)
	require.Contains(t, out, "removed")
	fresh := filepath.Join(t.TempDir(), "fresh.zarr")
	must(t, append([]string{"run", "--config", cfg, "--store", fresh, "-q"}, local...)...)
	require.Equal(t, folder(t, fresh), objects(t, remote))
}

// folder is every file of a store by its name below it, records apart.
func folder(t *testing.T, root string) map[string]string {
	all := map[string]string{}
	require.NoError(t, filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(p)
		rel, _ := filepath.Rel(root, p)
		all[filepath.ToSlash(rel)] = string(data)
		return err
	}))
	return all
}

func objects(t *testing.T, url string) map[string]string {
	ctx := context.Background()
	store, err := s3store.New(ctx, s3store.Options{})
	require.NoError(t, err)
	all := map[string]string{}
	require.NoError(t, store.List(ctx, url+"/", func(o core.ObjectInfo) error {
		data, err := objstore.ReadAll(ctx, store, o.URL, 1<<30)
		all[strings.TrimPrefix(o.URL, url+"/")] = string(data)
		return err
	}))
	return all
}
