package zarr

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
)

func TestMetadata(t *testing.T) {
	a := &Array{Name: "12/h", Type: core.Float32, Shape: []int64{201326592, 3}, Shard: []int64{4096, 3}, Chunk: []int64{256, 3},
		Fill: json.RawMessage("NaN"), Dims: []string{"cells", ""}, Attrs: json.RawMessage(`{"units":"m","b":[],"a":"<&>"}`), Compression: Zstd(3)}
	doc, err := a.Metadata()
	require.NoError(t, err)
	require.Equal(t, `{
  "shape": [
    201326592,
    3
  ],
  "data_type": "float32",
  "chunk_grid": {
    "name": "regular",
    "configuration": {
      "chunk_shape": [
        4096,
        3
      ]
    }
  },
  "chunk_key_encoding": {
    "name": "default",
    "configuration": {
      "separator": "/"
    }
  },
  "fill_value": "NaN",
  "codecs": [
    {
      "name": "sharding_indexed",
      "configuration": {
        "chunk_shape": [
          256,
          3
        ],
        "codecs": [
          {
            "name": "bytes",
            "configuration": {
              "endian": "little"
            }
          },
          {
            "name": "zstd",
            "configuration": {
              "level": 3,
              "checksum": false
            }
          }
        ],
        "index_codecs": [
          {
            "name": "bytes",
            "configuration": {
              "endian": "little"
            }
          },
          {
            "name": "crc32c"
          }
        ],
        "index_location": "end"
      }
    }
  ],
  "attributes": {
    "units": "m",
    "b": [],
    "a": "<&>"
  },
  "dimension_names": [
    "cells",
    null
  ],
  "zarr_format": 3,
  "node_type": "array",
  "storage_transformers": []
}`, string(doc))
	require.Equal(t, "c/3/0", a.Key([]int64{3, 0}))
	require.Equal(t, []int64{49152, 1}, a.Blocks())
	require.Equal(t, "c", new(Array).Key(nil))
}

func TestMetadataRefusals(t *testing.T) {
	good := func() *Array { return flat(core.Float32, 8, 4, 2, "0", Zstd(3)) }
	for name, change := range map[string]func(*Array){
		"type":        func(a *Array) { a.Type = core.Bytes },
		"no type":     func(a *Array) { a.Type = 0 },
		"chunk":       func(a *Array) { a.Chunk[0] = 3 },
		"zero chunk":  func(a *Array) { a.Chunk[0] = 0 },
		"negative":    func(a *Array) { a.Shape[0] = -1 },
		"dimensions":  func(a *Array) { a.Shard = nil },
		"names":       func(a *Array) { a.Dims = []string{"x", "y"} },
		"huge chunk":  func(a *Array) { a.Shard[0], a.Chunk[0] = 1<<62, 1<<62 },
		"huge index":  func(a *Array) { a.Shard[0], a.Chunk[0] = 1<<40, 1 },
		"level":       func(a *Array) { a.Compression.Level = 0 },
		"codec":       func(a *Array) { a.Compression.Codec = "lz4" },
		"fill":        func(a *Array) { a.Fill = json.RawMessage(`"none"`) },
		"attributes":  func(a *Array) { a.Attrs = json.RawMessage(`[]`) },
		"attributes2": func(a *Array) { a.Attrs = json.RawMessage(`null`) },
	} {
		t.Run(name, func(t *testing.T) {
			a := good()
			change(a)
			_, err := a.Metadata()
			require.Error(t, err)
			require.Contains(t, []core.Code{core.Invalid, core.Unsupported}, core.CodeOf(err))
			require.Contains(t, err.Error(), "12/x")
		})
	}
}

func TestFillValue(t *testing.T) {
	for _, c := range []struct {
		typ       core.Type
		text      string
		want, doc string // hex of the little-endian element; canonical JSON; "" for an error
	}{
		{core.Float32, `"NaN"`, "0000c07f", `"NaN"`},
		{core.Float32, `NaN`, "0000c07f", `"NaN"`},
		{core.Float32, `"0x7fc00000"`, "0000c07f", `"NaN"`},
		{core.Float32, `"0xffc00001"`, "0100c0ff", `"0xffc00001"`},
		{core.Float64, `"NaN"`, "000000000000f87f", `"NaN"`},
		{core.Float64, `"-Infinity"`, "000000000000f0ff", `"-Infinity"`},
		{core.Float64, `Infinity`, "000000000000f07f", `"Infinity"`},
		{core.Float64, ``, "0000000000000000", `0.0`},
		{core.Float32, `-9999`, "003c1cc6", `-9999.0`},
		{core.Float32, `0.1`, "cdcccc3d", `0.10000000149011612`},
		{core.Float64, `1e16`, "0080e03779c34143", `1e+16`},
		{core.Float64, `0.0001`, "2d431cebe2361a3f", `0.0001`},
		{core.Float64, `0.00001`, "f168e388b5f8e43e", `1e-05`},
		{core.Float64, `-0.0`, "0000000000000080", `-0.0`},
		{core.Int64, `9223372036854775807`, "ffffffffffffff7f", `9223372036854775807`},
		{core.Int64, `9007199254740993`, "0100000000002000", `9007199254740993`},
		{core.Uint64, `18446744073709551615`, "ffffffffffffffff", `18446744073709551615`},
		{core.Int16, `-2`, "feff", `-2`},
		{core.Int8, `-128`, "80", `-128`},
		{core.Int32, `1e3`, "e8030000", `1000`},
		{core.Uint8, ` 0.0 `, "00", `0`},
		{core.Bool, `true`, "01", `true`},
		{core.Bool, ``, "00", `false`},
		{core.Bool, `1`, "", ""},
		{core.Uint8, `256`, "", ""},
		{core.Uint8, `-1`, "", ""},
		{core.Int32, `1.5`, "", ""},
		{core.Int32, `"3"`, "", ""},
		{core.Int32, `NaN`, "", ""},
		{core.Float32, `1e39`, "", ""},
		{core.Float32, `"0x7ff8000000000000"`, "", ""},
		{core.Float64, `"0xzz"`, "", ""},
		{core.Float64, `inf`, "", ""},
		{core.Float64, `0x10`, "", ""},
		{core.Float64, `null`, "", ""},
		{core.Float64, `"unclosed`, "", ""},
	} {
		a := flat(c.typ, 1, 1, 1, c.text, None())
		got, err := a.FillValue()
		if c.want == "" {
			require.Equal(t, core.Invalid, core.CodeOf(err), "%s %s", c.typ, c.text)
			continue
		}
		require.NoError(t, err, "%s %s", c.typ, c.text)
		require.Equal(t, c.want, hex.EncodeToString(got), "%s %s", c.typ, c.text)
		require.Equal(t, c.doc, string(fillJSON(c.typ, got)))
	}
}

func TestIsFill(t *testing.T) {
	nan := []byte{0, 0, 0xc0, 0x7f}
	require.True(t, isFill(core.Float32, core.Raw([]uint32{0x7fc00000, 0xff800001}), nan))
	require.False(t, isFill(core.Float32, core.Raw([]float32{float32(math.NaN()), float32(math.Inf(1))}), nan))
	require.False(t, isFill(core.Uint32, core.Raw([]uint32{0x7fc00000, 0xff800001}), nan))
	require.True(t, isFill(core.Float64, core.Raw([]uint64{0x7ff8000000000001}), core.Raw([]float64{math.NaN()})))
	require.True(t, isFill(core.Uint16, nil, []byte{1, 2}))
}

func TestGroupMetadata(t *testing.T) {
	array, err := flat(core.Int32, 4, 4, 4, "0", None()).Metadata()
	require.NoError(t, err)
	children := map[string]json.RawMessage{"count": array, "Alpha": array}
	group, err := GroupMetadata(json.RawMessage(`{"k":1}`), children)
	require.NoError(t, err)
	root, err := GroupMetadata(nil, map[string]json.RawMessage{"12": group, "12/count": array, "12/Alpha": array})
	require.NoError(t, err)
	var doc struct {
		Consolidated struct {
			Metadata map[string]json.RawMessage
		} `json:"consolidated_metadata"`
	}
	require.NoError(t, json.Unmarshal(root, &doc))
	require.JSONEq(t, `{"attributes":{"k":1},"zarr_format":3,"consolidated_metadata":{"kind":"inline","must_understand":false,"metadata":{}},
		"node_type":"group"}`, string(doc.Consolidated.Metadata["12"]))
	require.JSONEq(t, string(array), string(doc.Consolidated.Metadata["12/count"]))
	require.Less(t, bytes.Index(root, []byte(`"12/Alpha"`)), bytes.Index(root, []byte(`"12/count"`)))
	require.Less(t, bytes.Index(root, []byte(`"12": {`)), bytes.Index(root, []byte(`"12/Alpha"`)))

	empty, err := GroupMetadata(nil, nil)
	require.NoError(t, err)
	require.Equal(t, "{\n  \"attributes\": {},\n  \"zarr_format\": 3,\n  \"node_type\": \"group\"\n}", string(empty))

	for path, raw := range map[string]string{"a/b": string(array), "..": string(array), "": string(array), "x": "{", "y": `{"node_type":"file"}`} {
		_, err := GroupMetadata(nil, map[string]json.RawMessage{path: json.RawMessage(raw)})
		require.Equal(t, core.Invalid, core.CodeOf(err), path)
	}
}
