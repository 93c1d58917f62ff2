package zarr

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
)

// Any document is refused with a code that blames it, or describes an array that can be read where nothing is stored.
func FuzzMetadata(f *testing.F) {
	for _, a := range []*Array{
		flat(core.Float32, 8, 4, 2, `"NaN"`, Zstd(3)),
		flat(core.Uint64, 1<<40, 4096, 4096, "18446744073709551615", None()),
		{Type: core.Bool},
		{Type: core.Int8, Shape: []int64{3, 5}, Shard: []int64{2, 4}, Chunk: []int64{2, 1}, Dims: []string{"y", ""}},
	} {
		doc, err := a.Metadata()
		require.NoError(f, err)
		f.Add([]byte(doc))
		group, err := GroupMetadata(json.RawMessage(`{"a":1}`), map[string]json.RawMessage{"x": doc})
		require.NoError(f, err)
		f.Add([]byte(group))
	}
	f.Add([]byte(`{"zarr_format":3,"node_type":"array","shape":[4],"data_type":"int16","fill_value":0,"codecs":["bytes"],
		"chunk_grid":{"name":"regular","configuration":{"chunk_shape":[4]}},"chunk_key_encoding":"v2"}`))
	f.Fuzz(func(t *testing.T, doc []byte) {
		m := mem{"m://s/zarr.json": doc, "m://s/x/zarr.json": doc}
		if g, err := Open(t.Context(), m, "m://s"); err == nil {
			g.Members()
			_, err = g.Array(t.Context(), "x")
			blamesInput(t, err)
		} else {
			blamesInput(t, err)
		}
		d, err := parseArray("m://s/x", doc)
		if err != nil {
			blamesInput(t, err)
			return
		}
		d.src = m
		count := make([]int64, len(d.Shape))
		for i, n := range d.Shape {
			if count[i] = min(n, 3); n == 0 {
				return
			}
		}
		if n, ok := product(count, 1, 1<<16); ok {
			col, err := d.Read(t.Context(), make([]int64, len(count)), count)
			require.NoError(t, err)
			require.Equal(t, bytes.Repeat(d.Fill, int(n)), col.Data)
		}
	})
}

func blamesInput(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		require.Contains(t, []core.Code{core.Invalid, core.Corrupt, core.Unsupported, core.NotFound}, core.CodeOf(err), "%v", err)
	}
}

// Any object is refused as corrupt or decoded to a block of the right length.
func FuzzShard(f *testing.F) {
	arrays := []*Array{
		flat(core.Uint16, 16, 16, 4, "7", None()),
		flat(core.Uint16, 16, 16, 4, "7", Zstd(3)),
		flat(core.Uint16, 16, 16, 16, "7", Zstd(3)),
	}
	docs := []string{}
	for i, a := range arrays {
		doc, err := a.Metadata()
		require.NoError(f, err)
		docs = append(docs, string(doc))
		var b bytes.Buffer
		_, err = new(Encoder).Encode(&b, a, core.Raw([]uint16{1, 2, 3, 4, 7, 7, 7, 7, 1, 1, 1, 1, 9, 7, 7, 7}))
		require.NoError(f, err)
		f.Add(uint8(i), b.Bytes())
	}
	gz := bytes.ReplaceAll([]byte(docs[1]), []byte(`"zstd"`), []byte(`"gzip"`))
	start := bytes.ReplaceAll([]byte(docs[0]), []byte(`"end"`), []byte(`"start"`))
	docs = append(docs, string(gz), string(start))
	f.Add(uint8(3), []byte{0x1f, 0x8b})
	f.Add(uint8(4), append(reindex(nil, 68, 8, 1<<63, 8, 76, 8, 0, 8), make([]byte, 16)...))
	f.Fuzz(func(t *testing.T, which uint8, object []byte) {
		d, err := parseArray("m://s/x", []byte(docs[int(which)%len(docs)]))
		require.NoError(t, err)
		d.src = mem{"m://s/x/c/0": object}
		col, err := d.ReadBlock(t.Context(), []int64{0})
		if err != nil {
			require.Equal(t, core.Corrupt, core.CodeOf(err), "%v", err)
			return
		}
		require.Equal(t, 16, col.Rows())
	})
}
