//go:build suites

package damage

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/cmd/zagg/cli"
	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/objstore"
	"github.com/englacial/zagg/core/objstore/s3store"
	"github.com/englacial/zagg/internal/awstest"
	"github.com/englacial/zagg/plugins/all"
)

const samples = "../../cmd/zagg/cli/sample"

// A shelf is where stores are.
type shelf struct {
	objects core.ObjectStore
	at      string
}

func (s *shelf) read(t *testing.T, below string) map[string]string {
	all := map[string]string{}
	require.NoError(t, s.objects.List(t.Context(), s.at+below, func(o core.ObjectInfo) error {
		data, err := objstore.ReadAll(t.Context(), s.objects, o.URL, 1<<30)
		all[strings.TrimPrefix(o.URL, s.at+below)] = string(data)
		return err
	}))
	return all
}

func (s *shelf) put(t *testing.T, name, data string) {
	require.NoError(t, objstore.PutBytes(context.WithoutCancel(t.Context()), s.objects, s.at+name, []byte(data), core.PutOptions{}))
}

// A target is an object that is damaged, and another of its kind.
type target struct{ name, path, other string }

// targets are one object of each kind of a store.
func targets(t *testing.T, whole map[string]string) []target {
	of := func(prefix, suffix string) (a, b string) {
		var found []string
		for _, path := range slices.Sorted(maps.Keys(whole)) {
			if strings.HasPrefix(path, prefix) && strings.HasSuffix(path, suffix) {
				found = append(found, path)
			}
		}
		require.Greater(t, len(found), 1, prefix)
		return found[0], found[len(found)-1]
	}
	chunk, otherChunk := of(".zarr/12/h_mean/c/", "")
	array, otherArray := of(".zarr/12/h_", "/zarr.json")
	record, otherRecord := of(".zarr.status/records/", ".json")
	return []target{
		{"chunk", chunk, otherChunk}, {"array metadata", array, otherArray}, {"record", record, otherRecord},
		{"root metadata", ".zarr/zarr.json", ".zarr/12/zarr.json"}, {"group metadata", ".zarr/12/zarr.json", ".zarr/zarr.json"},
		{"coordinates", ".zarr/12/cell_ids/c/0", ".zarr/12/morton/c/0"},
	}
}

// damages are what may become of an object; nil: it is gone.
func damages() map[string]func(data, other string) *string {
	is := func(s string) *string { return &s }
	return map[string]func(data, other string) *string{
		"deleted":   func(string, string) *string { return nil },
		"truncated": func(data, _ string) *string { return is(data[:len(data)-7]) },
		"empty":     func(string, string) *string { return is("") },
		"longer":    func(data, _ string) *string { return is(data + "\n\x00") },
		"flipped": func(data, _ string) *string {
			b := []byte(data)
			b[len(b)/2] ^= 1
			return is(string(b))
		},
		"another's": func(_, other string) *string { return is(other) },
		"foreign":   func(data, _ string) *string { return is(strings.Repeat("x", len(data))) },
	}
}

func zagg(t *testing.T, args ...string) (int, string) {
	var out bytes.Buffer
	code := cli.Run(t.Context(), args, strings.NewReader(""), &out, &out, all.Plugins()...)
	return code, out.String()
}

// Whatever is damaged is noticed by verify, and after --repair the same run makes the store what it was and computes no more than
// one shard for it.
func TestDamagedStores(t *testing.T) {
	s3, err := awstest.StartS3(t.Context(), awstest.S3Options{Exe: os.Getenv("ZAGG_VERSITYGW"), Buckets: []string{"out"}})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s3.Close()) })
	for name, value := range s3.Environ() {
		t.Setenv(name, value)
	}
	remote, err := s3store.New(t.Context(), s3store.Options{})
	require.NoError(t, err)
	shelves := map[string]*shelf{"files": {&objstore.File{}, t.TempDir() + "/heights"}}
	if os.Getenv("ZAGG_RELIABILITY") != "" {
		shelves["s3"] = &shelf{objstore.Retry(remote, objstore.Policy{}), "s3://out/heights"}
	}
	for where, s := range shelves {
		run := []string{"run", "--config", filepath.Join(samples, "demo.yaml"), "--granules", samples, "--store", s.at + ".zarr", "-q"}
		code, out := zagg(t, run...)
		require.Zero(t, code, out)
		whole := s.read(t, ".zarr/")
		all := s.read(t, "")
		code, out = zagg(t, "verify", s.at+".zarr", "--deep")
		require.Zero(t, code, out)
		n := 0
		for _, target := range targets(t, all) {
			for _, name := range slices.Sorted(maps.Keys(damages())) {
				if os.Getenv("ZAGG_RELIABILITY") == "" && (n%6 != 0 || testing.Short()) {
					n++
					continue // a part of all
				}
				n++
				what := fmt.Sprintf("%s: %s %s", where, target.name, name)
				changed := damages()[name](all[target.path], all[target.other])
				if changed != nil && *changed == all[target.path] {
					continue // metadata of two arrays can be the same
				}
				if changed == nil {
					require.NoError(t, s.objects.Delete(t.Context(), s.at+target.path))
				} else {
					s.put(t, target.path, *changed)
				}
				code, out := zagg(t, "verify", s.at+".zarr", "--deep", "--repair")
				require.NotZero(t, code+strings.Count(out, "fault"), "%s is not noticed\n%s", what, out)
				if target.name+name == "recorddeleted" {
					require.Contains(t, out, "no record names it", what)
				} else {
					require.Contains(t, out, strings.TrimPrefix(strings.TrimPrefix(target.path, ".zarr.status/"), ".zarr/"), what)
				}
				code, out = zagg(t, append(run, "--json")...)
				require.Zero(t, code, "%s\n%s", what, out)
				require.Regexp(t, `"skipped": ?2[45]`, out, what)
				require.Equal(t, whole, s.read(t, ".zarr/"), what)
				code, out = zagg(t, "verify", s.at+".zarr", "--deep")
				require.Zero(t, code, "%s\n%s", what, out)
			}
		}
		t.Logf("%s: %d kinds of damage", where, n)
	}
}
