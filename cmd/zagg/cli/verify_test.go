package cli

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/internal/sharedtest"
)

// tree is what lies in a folder: a digest by path.
func tree(t *testing.T, dir string) map[string]string {
	all := map[string]string{}
	require.NoError(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		all[strings.TrimPrefix(path, dir+"/")] = fmt.Sprintf("%x", sha256.Sum256(data))
		return err
	}))
	return all
}

// Whatever is damaged of a store is found, by size or by content, and after a repair the same run makes the store what it was.
func TestVerify(t *testing.T) {
	sharedtest.NotShort(t)
	pristine := sampleStore(t)
	whole := tree(t, pristine)
	var objects []string
	for path := range whole {
		if strings.Contains(path, "/c/") {
			objects = append(objects, path)
		}
	}
	slices.Sort(objects)
	data := slices.DeleteFunc(slices.Clone(objects), func(p string) bool { return !strings.HasPrefix(p, "12/h_") && !strings.HasPrefix(p, "12/count") })
	require.Greater(t, len(data), 12)
	require.Contains(t, ok(t, "verify", pristine), "compared by size: all as it was written")
	require.Contains(t, ok(t, "verify", pristine, "--deep"), "compared by content: all as it was written")

	type damage struct {
		name    string
		do      func(t *testing.T, store string)
		says    string
		deep    bool // only the content tells
		forGood bool // of the store itself: no run mends it but with --overwrite
	}
	change := func(path string, edit func([]byte) []byte) func(*testing.T, string) {
		return func(t *testing.T, store string) {
			name := filepath.Join(store, path)
			old, err := os.ReadFile(name)
			require.NoError(t, err)
			require.NoError(t, os.WriteFile(name, edit(old), 0o644))
		}
	}
	remove := func(path string) func(*testing.T, string) {
		return func(t *testing.T, store string) { require.NoError(t, os.Remove(filepath.Join(store, path))) }
	}
	var all []damage
	for i, path := range data[:5] {
		all = append(all, []damage{
			{name: "lost", do: remove(path), says: path + ": is missing"},
			{name: "truncated", do: change(path, func(b []byte) []byte { return b[:len(b)/2] }), says: path + ": has "},
			{name: "longer", do: change(path, func(b []byte) []byte { return append(b, 0) }), says: path + ": has "},
			{name: "another byte", do: change(path, func(b []byte) []byte { b[len(b)/2] ^= 1; return b }), says: path + ": has other content", deep: true},
			{name: "empty", do: change(path, func([]byte) []byte { return nil }), says: path + ": has 0 bytes"},
		}[i%5])
	}
	swapped := data[len(data)-1]
	record := func(store string) string {
		list, err := filepath.Glob(store + ".status/records/*.json")
		require.NoError(t, err)
		return list[0]
	}
	all = append(all,
		damage{name: "foreign", says: "12/h_mean/c/99: no record names it", do: func(t *testing.T, store string) {
			require.NoError(t, os.WriteFile(filepath.Join(store, "12/h_mean/c/99"), []byte("x"), 0o644))
		}},
		damage{name: "swapped", says: "has ", deep: true, do: func(t *testing.T, store string) {
			other := data[len(data)-2]
			a, err := os.ReadFile(filepath.Join(store, swapped))
			require.NoError(t, err)
			b, err := os.ReadFile(filepath.Join(store, other))
			require.NoError(t, err)
			require.NoError(t, os.WriteFile(filepath.Join(store, swapped), b, 0o644))
			require.NoError(t, os.WriteFile(filepath.Join(store, other), a, 0o644))
		}},
		damage{name: "record lost", says: "no record names it", do: func(t *testing.T, store string) { require.NoError(t, os.Remove(record(store))) }},
		damage{name: "record cut", says: "delete it to have the shard done again", do: func(t *testing.T, store string) {
			require.NoError(t, os.WriteFile(record(store), []byte(`{"spec"`), 0o644))
		}},
		damage{name: "record of another configuration", says: "is of another configuration", do: func(t *testing.T, store string) {
			b, err := os.ReadFile(record(store))
			require.NoError(t, err)
			at := bytes.Index(b, []byte(`"config_hash"`))
			require.Positive(t, at)
			copy(b[at+len(`"config_hash":"`):], "00000000")
			require.NoError(t, os.WriteFile(record(store), b, 0o644))
		}},
		damage{name: "metadata lost", do: remove("12/h_mean/zarr.json"), says: "12/h_mean/zarr.json: is missing", forGood: true},
		damage{name: "metadata changed", do: change("12/h_min/zarr.json", func(b []byte) []byte { return bytes.Replace(b, []byte(`"shape"`), []byte(`"shapes"`), 1) }),
			says: "12/h_min/zarr.json: is not what the metadata in", forGood: true},
		damage{name: "coordinates lost", do: remove("12/cell_ids/c/0"), says: "12/cell_ids/c/0: is missing", forGood: true},
		damage{name: "coordinates damaged", do: change("12/cell_ids/c/0", func(b []byte) []byte { b[len(b)/2] ^= 1; return b }), says: "12/cell_ids/c/0: ", deep: true, forGood: true},
	)
	for i, d := range all {
		if i%3 != 0 && !sharedtest.Sweep() {
			continue
		}
		t.Run(d.name, func(t *testing.T) {
			store := filepath.Join(t.TempDir(), "heights.zarr")
			require.NoError(t, os.CopyFS(store, os.DirFS(pristine)))
			require.NoError(t, os.CopyFS(store+".status/records", os.DirFS(pristine+".status/records")))
			d.do(t, store)
			args := []string{"verify", store}
			if d.deep {
				args = append(args, "--deep")
			}
			code, out, errs := execute(t, "", args...)
			require.Equal(t, 1, code, out+errs)
			require.Contains(t, out, d.says)

			code, out, errs = execute(t, "", append(args, "--repair")...)
			if d.forGood {
				require.Equal(t, 1, code, out+errs)
				require.Contains(t, errs, "--overwrite")
				return
			}
			require.Zero(t, code, out+errs)
			ok(t, "run", "--config", "sample/demo.yaml", "--granules", "sample", "--store", store, "-q")
			require.Equal(t, whole, tree(t, store))
			ok(t, "verify", store, "--deep")
		})
	}
}

// A run that is resumed looks for the objects of shards that are done, and computes again the shards that miss one.
func TestResumeMissesObjects(t *testing.T) {
	store := sampleStore(t)
	whole := tree(t, store)
	objects, err := filepath.Glob(store + "/12/h_*/c/*")
	require.NoError(t, err)
	require.NoError(t, os.Remove(objects[0]))
	require.NoError(t, os.Truncate(objects[len(objects)-1], 3))
	out := ok(t, "run", "--config", "sample/demo.yaml", "--granules", "sample", "--store", store, "-q", "--json")
	var summary struct{ Shards struct{ Total, Skipped int } }
	require.NoError(t, json.Unmarshal([]byte(out), &summary))
	require.Equal(t, 25, summary.Shards.Total)
	require.Equal(t, 23, summary.Shards.Skipped)
	require.Equal(t, whole, tree(t, store))
}
