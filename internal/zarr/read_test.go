package zarr

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/sharedtest"
)

// mem is a store in memory, by URL.
type mem map[string][]byte

var _ core.ObjectStore = mem{}

func (m mem) ReadRanges(_ context.Context, url string, ranges []core.Range) ([][]byte, error) {
	b, ok := m[url]
	if !ok {
		return nil, core.Errorf(core.NotFound, "mem", url, "no such object")
	}
	var out [][]byte
	for _, r := range ranges {
		low := min(r.Offset, int64(len(b)))
		out = append(out, b[low:min(low+r.Length, int64(len(b)))])
	}
	return out, nil
}

func (m mem) Stat(_ context.Context, url string) (core.ObjectInfo, error) {
	if b, ok := m[url]; ok {
		return core.ObjectInfo{URL: url, Size: int64(len(b))}, nil
	}
	return core.ObjectInfo{}, core.Errorf(core.NotFound, "mem", url, "no such object")
}

func (m mem) Put(_ context.Context, url string, body io.Reader, _ core.PutOptions) (err error) {
	m[url], err = io.ReadAll(body)
	return err
}

func (m mem) Delete(context.Context, ...string) error { return nil }

func (m mem) List(_ context.Context, prefix string, visit func(core.ObjectInfo) error) error {
	for _, url := range slices.Sorted(maps.Keys(m)) {
		if strings.HasPrefix(url, prefix) {
			if err := visit(core.ObjectInfo{URL: url, Size: int64(len(m[url]))}); err != nil {
				return err
			}
		}
	}
	return nil
}

// put writes a group "m://s/g" that holds the one array "x", consolidated.
func put(t testing.TB, a *Array, values []byte) mem {
	t.Helper()
	doc, err := a.Metadata()
	require.NoError(t, err)
	group, err := GroupMetadata(nil, map[string]json.RawMessage{"x": doc})
	require.NoError(t, err)
	m := mem{"m://s/g/zarr.json": group, "m://s/g/x/zarr.json": doc}
	require.NoError(t, new(Encoder).EncodeAll(a, values, func(key string, object []byte) error {
		m["m://s/g/x/"+key] = bytes.Clone(object)
		return nil
	}))
	return m
}

func open(t testing.TB, m mem) *Dataset {
	t.Helper()
	g, err := Open(t.Context(), m, "m://s/g/")
	require.NoError(t, err)
	d, err := g.Array(t.Context(), "x")
	require.NoError(t, err)
	return d
}

func TestRoundTrip(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	fills := map[core.Type]string{core.Float32: `"NaN"`, core.Float64: `"NaN"`, core.Bool: "true", core.Int8: "-1", core.Uint64: "18446744073709551615"}
	for i := range 300 {
		a := &Array{Name: "x", Type: core.Type(1 + rng.IntN(11)), Compression: []Compression{None(), Zstd(3), Zstd(9)}[rng.IntN(3)]}
		if rng.IntN(2) == 0 {
			a.Fill = json.RawMessage(fills[a.Type])
		}
		for range rng.IntN(4) {
			chunk := 1 + rng.Int64N(4)
			a.Chunk = append(a.Chunk, chunk)
			a.Shard = append(a.Shard, chunk*(1+rng.Int64N(3)))
			a.Shape = append(a.Shape, 1+rng.Int64N(14))
		}
		t.Run(fmt.Sprintf("%d %s %v %v %v %v", i, a.Type, a.Shape, a.Shard, a.Chunk, a.Compression), func(t *testing.T) {
			values := someValues(t, rng, a)
			m := put(t, a, values)
			d := open(t, m)
			start := make([]int64, len(a.Shape))
			col, err := d.Read(t.Context(), start, a.Shape)
			require.NoError(t, err)
			require.Equal(t, values, col.Data)
			checkBoxes(t, rng, d, values)
			checkBlocks(t, m, d)
		})
	}
}

// someValues are an array's values: the fill value in most chunks.
func someValues(t *testing.T, rng *rand.Rand, a *Array) []byte {
	fill, err := a.FillValue()
	require.NoError(t, err)
	n, _ := product(a.Shape, int64(len(fill)), 1<<30)
	values := core.NewData(int(n))
	spread(values, fill)
	for range rng.IntN(5) {
		at := rng.IntN(len(values) / len(fill))
		for i := range fill {
			values[at*len(fill)+i] = byte(rng.IntN(2))
		}
	}
	return values
}

func checkBoxes(t *testing.T, rng *rand.Rand, d *Dataset, values []byte) {
	for range 5 {
		start, count, zero := make([]int64, len(d.Shape)), make([]int64, len(d.Shape)), make([]int64, len(d.Shape))
		n := int64(d.size)
		for i, size := range d.Shape {
			start[i] = rng.Int64N(size)
			count[i] = 1 + rng.Int64N(size-start[i])
			n *= count[i]
		}
		want := make([]byte, n)
		copyBox(box{want, count, zero}, box{values, d.Shape, start}, count, d.size)
		got, err := d.Read(t.Context(), start, count)
		require.NoError(t, err)
		require.Equal(t, want, got.Data, "%v + %v", start, count)
	}
}

func checkBlocks(t *testing.T, m mem, d *Dataset) {
	occupied, err := d.Occupied(t.Context(), m)
	require.NoError(t, err)
	require.Len(t, occupied, len(m)-2)
	cols, err := d.ReadBlocks(t.Context(), occupied)
	require.NoError(t, err)
	for i, at := range occupied {
		require.Contains(t, m, d.URL+"/"+d.Key(at))
		require.False(t, isFill(d.Type, cols[i].Data, d.Fill))
	}
}

// chunkOf is a one-dimensional uint16 array of four elements with the given codecs, and one object.
func chunkOf(codecs string, object []byte) mem {
	doc := `{"zarr_format":3,"node_type":"array","shape":[4],"data_type":"uint16","fill_value":7,"codecs":` + codecs + `,
		"chunk_grid":{"name":"regular","configuration":{"chunk_shape":[4]}},"chunk_key_encoding":{"name":"v2"},
		"future":{"must_understand":false}}`
	return mem{"m://s/g/zarr.json": []byte(`{"zarr_format":3,"node_type":"group"}`), "m://s/g/x/zarr.json": []byte(doc), "m://s/g/x/0": object}
}

func TestForeignCodecs(t *testing.T) {
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	_, err := z.Write([]byte{1, 0, 2, 0, 3, 0, 4, 0})
	require.NoError(t, err)
	require.NoError(t, z.Close())
	sum := func(b []byte) []byte {
		return binary.LittleEndian.AppendUint32(bytes.Clone(b), crc32.Checksum(b, crc32.MakeTable(crc32.Castagnoli)))
	}
	none := bytes.Repeat([]byte{255}, 16)
	const little, gz = `{"name":"bytes","configuration":{"endian":"little"}}`, `{"name":"gzip","configuration":{"level":5}}`
	for name, c := range map[string]struct {
		codecs string
		object []byte
		want   []uint16
	}{
		"big":              {`[{"name":"bytes","configuration":{"endian":"big"}}]`, []byte{0, 1, 0, 2, 0, 3, 0, 4}, []uint16{1, 2, 3, 4}},
		"gzip":             {`[` + little + `,` + gz + `]`, packed.Bytes(), []uint16{1, 2, 3, 4}},
		"crc32c":           {`[` + little + `,"crc32c"]`, sum([]byte{1, 0, 2, 0, 3, 0, 4, 0}), []uint16{1, 2, 3, 4}},
		"gzip with crc32c": {`[` + little + `,` + gz + `,{"name":"crc32c"}]`, sum(packed.Bytes()), []uint16{1, 2, 3, 4}},
		"index at start": {`[{"name":"sharding_indexed","configuration":{"chunk_shape":[2],"codecs":[` + little + `],"index_codecs":[` + little +
			`,{"name":"crc32c"}],"index_location":"start"}}]`, append(sum(append(none, le(36, 4)...)), 1, 0, 2, 0), []uint16{7, 7, 1, 2}},
		"index without checksum, big": {`[{"name":"sharding_indexed","configuration":{"chunk_shape":[2],"codecs":[` + little + `],"index_codecs":[
			{"name":"bytes","configuration":{"endian":"big"}}]}}]`, append([]byte{1, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4}, none...), []uint16{1, 2, 7, 7}},
	} {
		t.Run(name, func(t *testing.T) {
			d := open(t, chunkOf(c.codecs, c.object))
			col, err := d.Read(t.Context(), []int64{0}, []int64{4})
			require.NoError(t, err)
			require.Equal(t, c.want, core.View[uint16](col.Data))
			require.Equal(t, 4, col.Rows())
			col, err = d.Read(t.Context(), []int64{1}, []int64{2})
			require.NoError(t, err)
			require.Equal(t, c.want[1:3], core.View[uint16](col.Data))
		})
	}
}

func TestCorruptObjects(t *testing.T) {
	values := core.Raw([]uint16{1, 2, 3, 4, 5, 6, 7, 8})
	plain := put(t, flat(core.Uint16, 8, 8, 8, "0", None()), values)
	packed := put(t, flat(core.Uint16, 8, 8, 8, "0", Zstd(3)), values)
	shard := put(t, flat(core.Uint16, 8, 8, 4, "0", None()), values)
	const key = "m://s/g/x/c/0"
	for name, c := range map[string]struct {
		m      mem
		change func([]byte) []byte
		text   string
	}{
		"short":         {plain, func(b []byte) []byte { return b[1:] }, "offset 0: 15 bytes"},
		"long":          {plain, func(b []byte) []byte { return append(b, 0) }, "offset 0: 17 bytes"},
		"empty":         {packed, func([]byte) []byte { return nil }, "0 bytes, not 16"},
		"zstd":          {packed, func(b []byte) []byte { b[0]++; return b }, "zstd"},
		"zstd cut":      {packed, func(b []byte) []byte { return b[:len(b)-3] }, "zstd"},
		"zstd too much": {packed, func(b []byte) []byte { return append(b, b...) }, "zstd"},
		"no index":      {shard, func(b []byte) []byte { return b[:30] }, "30 bytes; a shard's index alone has 36"},
		"checksum":      {shard, func(b []byte) []byte { b[20]++; return b }, "offset 16: shard index: crc32c"},
		"chunk changed": {shard, func(b []byte) []byte { return reindex(b[:16], 0, 8, 8, 7) }, "offset 8: 7 bytes"},
		"beyond":        {shard, func(b []byte) []byte { return reindex(b[:16], 0, 8, 45, 8) }, "offset 32: shard index has chunk 1 at 45"},
		"wraps":         {shard, func(b []byte) []byte { return reindex(b[:16], 0, 8, 1<<64-4, 8) }, "chunk 1"},
	} {
		t.Run(name, func(t *testing.T) {
			m := maps.Clone(c.m)
			m[key] = c.change(bytes.Clone(m[key]))
			_, err := open(t, m).ReadBlock(t.Context(), []int64{0})
			require.Equal(t, core.Corrupt, core.CodeOf(err), "%v", err)
			require.ErrorContains(t, err, key)
			require.ErrorContains(t, err, c.text)
		})
	}
}

func reindex(chunks []byte, entries ...uint64) []byte {
	index := core.Raw(entries)
	return binary.LittleEndian.AppendUint32(append(bytes.Clone(chunks), index...), crc32.Checksum(index, crc32.MakeTable(crc32.Castagnoli)))
}

func TestReadRefusals(t *testing.T) {
	d := open(t, put(t, flat(core.Uint16, 8, 4, 2, "0", None()), make([]byte, 16)))
	for _, c := range [][2][]int64{{{0}, {9}}, {{-1}, {1}}, {{1}, {-1}}, {{9}, {0}}, {{0, 0}, {1, 1}}, {{1 << 62}, {1 << 62}}} {
		_, err := d.Read(t.Context(), c[0], c[1])
		require.Equal(t, core.Invalid, core.CodeOf(err), "%v", c)
	}
	for _, block := range [][]int64{{2}, {-1}, {}, {0, 0}} {
		_, err := d.ReadBlock(t.Context(), block)
		require.Equal(t, core.Invalid, core.CodeOf(err), "%v", block)
	}
	_, err := d.ReadBlocks(t.Context(), [][]int64{{0}, {5}})
	require.Equal(t, core.Invalid, core.CodeOf(err))
	col, err := d.Read(t.Context(), []int64{8}, []int64{0})
	require.NoError(t, err)
	require.Zero(t, col.Rows())
	d.Shape[0] = 1 << 40
	_, err = d.Read(t.Context(), []int64{0}, []int64{1 << 40})
	require.Equal(t, core.Unsupported, core.CodeOf(err))
}

// dir reads files.
type dir struct{}

func (dir) ReadRanges(ctx context.Context, url string, ranges []core.Range) ([][]byte, error) {
	b, err := os.ReadFile(url)
	if err != nil {
		return nil, core.Errorf(core.NotFound, "dir", url, "%w", err)
	}
	return mem{url: b}.ReadRanges(ctx, url, ranges)
}

func (dir) Stat(_ context.Context, url string) (core.ObjectInfo, error) {
	info, err := os.Stat(url)
	if err != nil {
		return core.ObjectInfo{}, core.Errorf(core.NotFound, "dir", url, "%w", err)
	}
	return core.ObjectInfo{URL: url, Size: info.Size()}, nil
}

// The store was written by zarr-python, and occupied blocks are known by their files.
func TestGoldenStore(t *testing.T) {
	root := sharedtest.Dir(t, "golden", "small_flat", "store.zarr")
	g, err := Open(t.Context(), dir{}, root)
	require.NoError(t, err)
	g, err = g.Group(t.Context(), "12")
	require.NoError(t, err)
	require.Contains(t, string(g.Attrs), "refinement_level")
	entries, err := os.ReadDir(filepath.Join(root, "12", "count", "c"))
	require.NoError(t, err)
	require.NotEmpty(t, entries)
	count, err := g.Array(t.Context(), "count")
	require.NoError(t, err)
	require.Equal(t, []int64{201326592}, count.Shape)
	ids, err := g.Array(t.Context(), "cell_ids")
	require.NoError(t, err)
	total := int32(0)
	for _, entry := range entries {
		at, ok := count.blockOf("c/"+entry.Name(), count.Blocks())
		require.True(t, ok)
		n, err := count.ReadBlock(t.Context(), at)
		require.NoError(t, err)
		id, err := ids.ReadBlock(t.Context(), at)
		require.NoError(t, err)
		for i, v := range core.View[uint64](id.Data) {
			require.EqualValues(t, at[0]*4096+int64(i), v)
			total += core.View[int32](n.Data)[i]
		}
	}
	require.Positive(t, total)
}
