//go:build suites

package zarr_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/objstore"
	"github.com/englacial/zagg/internal/zarr"
)

// An entry is one array of the manifest that check.py describes.
type entry struct {
	Path    string          `json:"path"`
	Type    string          `json:"dtype"`
	Shape   []int64         `json:"shape"`
	Shard   []int64         `json:"shard"`
	Chunk   []int64         `json:"chunk"`
	Zstd    int             `json:"zstd"`
	Fill    string          `json:"fill"`
	Dims    []string        `json:"dims"`
	Attrs   json.RawMessage `json:"attrs"`
	Objects []string        `json:"objects"`
	Values  string          `json:"values"`
}

func check(t *testing.T, verb, folder string) {
	t.Helper()
	python := os.Getenv("ZAGG_PYTHON")
	if python == "" {
		t.Skip("ZAGG_PYTHON is not set: no interpreter with zarr-python to compare with")
	}
	out, err := exec.CommandContext(t.Context(), python, "check.py", verb, folder).CombinedOutput()
	require.NoError(t, err, "%s", out)
	t.Logf("%s", out)
}

func TestPythonReadsOurs(t *testing.T) {
	folder := t.TempDir()
	w := storeWriter{t: t, folder: folder, rng: rand.New(rand.NewPCG(3, 4)), children: map[string]json.RawMessage{}}
	w.group("12", `{"level":12,"ellipsoid":{"name":"WGS84","semimajor_axis":6378137.0},"none":null,"list":[]}`)
	w.group("deep", `{}`)
	w.group("deep/er", `{"a":"<&>"}`)
	for typ := core.Bool; typ <= core.Float64; typ++ {
		w.array(&zarr.Array{Name: "12/" + typ.String(), Type: typ, Shape: []int64{96}, Shard: []int64{16}, Chunk: []int64{4},
			Dims: []string{"cells"}, Attrs: json.RawMessage(`{"units":"m"}`)})
	}
	fills := map[core.Type][]string{
		core.Float32: {`"NaN"`, `"Infinity"`, `-9999`, `0.1`, `1e20`}, core.Float64: {`"NaN"`, `"-Infinity"`, `1e-7`, `-0.0`},
		core.Uint64: {`18446744073709551615`, `9007199254740993`}, core.Int64: {`-9223372036854775808`}, core.Bool: {`true`}, core.Int8: {`-1`},
	}
	for typ := core.Bool; typ <= core.Float64; typ++ {
		for i, fill := range fills[typ] {
			w.array(&zarr.Array{Name: fmt.Sprintf("deep/er/%s_%d", typ, i), Type: typ, Shape: []int64{10, 7}, Shard: []int64{4, 6},
				Chunk: []int64{2, 3}, Fill: json.RawMessage(fill), Dims: []string{"y", ""}, Compression: zarr.Zstd(3)})
		}
	}
	for i := range 40 {
		w.random(fmt.Sprintf("deep/r%02d", i))
	}
	w.finish()
	check(t, "read", folder)
}

// A storeWriter makes a store and its manifest in a folder.
type storeWriter struct {
	t        *testing.T
	folder   string
	rng      *rand.Rand
	children map[string]json.RawMessage
	manifest []entry
	encoder  zarr.Encoder
}

func (w *storeWriter) write(name string, b []byte) {
	path := filepath.Join(w.folder, name)
	require.NoError(w.t, os.MkdirAll(filepath.Dir(path), 0o777))
	require.NoError(w.t, os.WriteFile(path, b, 0o666))
}

func (w *storeWriter) group(path, attrs string) {
	doc, err := zarr.GroupMetadata(json.RawMessage(attrs), nil)
	require.NoError(w.t, err)
	w.children[path] = doc
}

func (w *storeWriter) random(path string) {
	a := &zarr.Array{Name: path, Type: core.Type(1 + w.rng.IntN(11))}
	for range w.rng.IntN(4) {
		chunk := 1 + w.rng.Int64N(4)
		a.Chunk = append(a.Chunk, chunk)
		a.Shard = append(a.Shard, chunk*(1+w.rng.Int64N(3)))
		a.Shape = append(a.Shape, 1+w.rng.Int64N(14))
	}
	if w.rng.IntN(2) == 0 {
		a.Compression = zarr.Zstd(1 + w.rng.IntN(22))
	}
	w.array(a)
}

// array writes an array that holds the fill value in most places.
func (w *storeWriter) array(a *zarr.Array) {
	doc, err := a.Metadata()
	require.NoError(w.t, err)
	fill, err := a.FillValue()
	require.NoError(w.t, err)
	n := 1
	for _, s := range a.Shape {
		n *= int(s)
	}
	values := bytes.Repeat(fill, n)
	for range w.rng.IntN(8) {
		at := w.rng.IntN(n) * len(fill)
		for i := range fill {
			values[at+i] = byte(w.rng.IntN(2))
		}
	}
	e := entry{Path: a.Name, Type: a.Type.String(), Shape: nonNil(a.Shape), Shard: nonNil(a.Shard), Chunk: nonNil(a.Chunk),
		Zstd: a.Compression.Level, Fill: hex.EncodeToString(fill), Dims: a.Dims, Attrs: a.Attrs, Objects: []string{}}
	if e.Attrs == nil {
		e.Attrs = json.RawMessage("{}")
	}
	e.Values = fmt.Sprintf("values%d.bin", len(w.manifest))
	w.write(e.Values, values)
	require.NoError(w.t, w.encoder.EncodeAll(a, values, func(key string, object []byte) error {
		w.write("store.zarr/"+a.Name+"/"+key, object)
		e.Objects = append(e.Objects, key)
		return nil
	}))
	w.children[a.Name] = doc
	w.manifest = append(w.manifest, e)
}

func nonNil(s []int64) []int64 { return append([]int64{}, s...) }

// finish writes all metadata: the root and the groups right below it are consolidated.
func (w *storeWriter) finish() {
	for path, doc := range w.children {
		if !strings.Contains(path, "/") {
			var group struct{ Attributes json.RawMessage }
			require.NoError(w.t, json.Unmarshal(doc, &group))
			below := map[string]json.RawMessage{}
			for name, child := range w.children {
				if rest, ok := strings.CutPrefix(name, path+"/"); ok {
					below[rest] = child
				}
			}
			var err error
			doc, err = zarr.GroupMetadata(group.Attributes, below)
			require.NoError(w.t, err)
		}
		w.write("store.zarr/"+path+"/zarr.json", doc)
	}
	root, err := zarr.GroupMetadata(json.RawMessage(`{"title":"all"}`), w.children)
	require.NoError(w.t, err)
	w.write("store.zarr/zarr.json", root)
	manifest, err := json.Marshal(w.manifest)
	require.NoError(w.t, err)
	w.write("manifest.json", manifest)
}

func TestOursReadsPython(t *testing.T) {
	folder := t.TempDir()
	check(t, "write", folder)
	b, err := os.ReadFile(filepath.Join(folder, "manifest.json"))
	require.NoError(t, err)
	var manifest []entry
	require.NoError(t, json.Unmarshal(b, &manifest))
	require.NotEmpty(t, manifest)
	store := new(objstore.File)
	open, err := zarr.Open(t.Context(), store, filepath.Join(folder, "store.zarr"))
	require.NoError(t, err)
	require.True(t, open.Consolidated())
	require.JSONEq(t, `{"title":"tést"}`, string(open.Attrs))
	for _, e := range manifest {
		t.Run(e.Path, func(t *testing.T) {
			d, err := open.Array(t.Context(), e.Path)
			require.NoError(t, err)
			compare(t, store, d, e, folder)
		})
	}
}

func compare(t *testing.T, store *objstore.File, d *zarr.Dataset, e entry, folder string) {
	require.Equal(t, e.Type, d.Type.String())
	require.Equal(t, e.Shape, d.Shape)
	require.Equal(t, e.Shard, d.Shard)
	require.Equal(t, e.Chunk, d.Chunk)
	require.Equal(t, e.Fill, hex.EncodeToString(d.Fill))
	require.Equal(t, e.Dims, d.Dims)
	require.JSONEq(t, string(e.Attrs), string(d.Attrs))
	want, err := os.ReadFile(filepath.Join(folder, e.Values))
	require.NoError(t, err)
	col, err := d.Read(t.Context(), make([]int64, len(d.Shape)), d.Shape)
	require.NoError(t, err)
	require.Equal(t, want, col.Data)
	blocks, err := d.Occupied(t.Context(), store)
	require.NoError(t, err)
	keys := []string{}
	for _, at := range blocks {
		keys = append(keys, d.Key(at))
	}
	require.ElementsMatch(t, e.Objects, keys)
}

// A shard made in one pass is what zarr-python's own partial reads see: the index is at the end of a growing object.
func TestStreamedShard(t *testing.T) {
	folder := t.TempDir()
	w := storeWriter{t: t, folder: folder, children: map[string]json.RawMessage{}}
	w.group("g", `{}`)
	a := &zarr.Array{Name: "g/x", Type: core.Float64, Shape: []int64{64}, Shard: []int64{32}, Chunk: []int64{4},
		Fill: json.RawMessage(`"NaN"`), Dims: []string{"cells"}}
	doc, err := a.Metadata()
	require.NoError(t, err)
	w.children[a.Name] = doc
	values := make([]float64, 64)
	for i := range values {
		values[i] = math.NaN()
	}
	var object bytes.Buffer
	shard, err := w.encoder.Begin(&object, a)
	require.NoError(t, err)
	for _, chunk := range []int64{1, 2, 7} {
		at := 32 + 4*chunk
		values[at+1] = float64(chunk)
		require.NoError(t, shard.Append(chunk, core.Raw(values[at:at+4])))
	}
	n, err := shard.Close()
	require.NoError(t, err)
	require.EqualValues(t, object.Len(), n)
	require.Equal(t, 3*32+8*16+4, object.Len())
	w.write("store.zarr/g/x/c/1", object.Bytes())
	w.write("values0.bin", core.Raw(values))
	w.manifest = []entry{{Path: "g/x", Type: "float64", Shape: a.Shape, Shard: a.Shard, Chunk: a.Chunk, Fill: "000000000000f87f",
		Dims: a.Dims, Attrs: json.RawMessage("{}"), Objects: []string{"c/1"}, Values: "values0.bin"}}
	w.finish()
	check(t, "read", folder)
}
