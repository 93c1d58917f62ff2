package zarr

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
)

// tree is a store "m://s" with the groups "" and "12" and two arrays; only the root is consolidated.
func tree(t *testing.T) mem {
	array, err := flat(core.Int32, 4, 2, 2, "5", None()).Metadata()
	require.NoError(t, err)
	group, err := GroupMetadata(json.RawMessage(`{"level":12}`), nil)
	require.NoError(t, err)
	root, err := GroupMetadata(nil, map[string]json.RawMessage{"12": group, "12/b": array, "12/a": array})
	require.NoError(t, err)
	return mem{"m://s/zarr.json": root, "m://s/12/zarr.json": group, "m://s/12/a/zarr.json": array, "m://s/12/b/zarr.json": array,
		"m://s/12/a/c/1": {1, 0, 0, 0, 2, 0, 0, 0}}
}

func TestOpen(t *testing.T) {
	m := tree(t)
	g, err := Open(t.Context(), m, "m://s/")
	require.NoError(t, err)
	require.True(t, g.Consolidated())
	require.Equal(t, []Member{{"12", false}, {"12/a", true}, {"12/b", true}}, g.Members())
	g12, err := g.Group(t.Context(), "12")
	require.NoError(t, err)
	require.JSONEq(t, `{"level":12}`, string(g12.Attrs))
	require.Equal(t, []Member{{"a", true}, {"b", true}}, g12.Members())
	d, err := g12.Array(t.Context(), "a")
	require.NoError(t, err)
	require.Equal(t, "a", d.Name)
	require.Equal(t, "bytes", d.Codecs())
	require.Equal(t, []string{"cells"}, d.Dims)
	col, err := d.Read(t.Context(), []int64{1}, []int64{3})
	require.NoError(t, err)
	require.Equal(t, []int32{5, 1, 2}, core.View[int32](col.Data))

	_, err = g.Array(t.Context(), "12/c")
	require.Equal(t, core.NotFound, core.CodeOf(err))
	require.ErrorContains(t, err, `"12/b"`)
	_, err = g.Array(t.Context(), "12")
	require.Equal(t, core.Invalid, core.CodeOf(err))
	_, err = g.Group(t.Context(), "12/a")
	require.Equal(t, core.Invalid, core.CodeOf(err))
	_, err = g.Array(t.Context(), "../secret")
	require.Equal(t, core.Invalid, core.CodeOf(err))
}

func TestOpenWithoutConsolidation(t *testing.T) {
	m := tree(t)
	g, err := Open(t.Context(), m, "m://s/12")
	require.NoError(t, err)
	require.False(t, g.Consolidated())
	require.Empty(t, g.Members())
	_, err = g.Array(t.Context(), "b")
	require.NoError(t, err)
	_, err = g.Array(t.Context(), "nothing")
	require.Equal(t, core.NotFound, core.CodeOf(err))
}

func TestOpenRefusals(t *testing.T) {
	_, err := Open(t.Context(), mem{}, "m://s")
	require.Equal(t, core.NotFound, core.CodeOf(err))
	_, err = Open(t.Context(), mem{"m://s/.zgroup": nil}, "m://s")
	require.Equal(t, core.Unsupported, core.CodeOf(err))
	require.ErrorContains(t, err, "Zarr v2")
	for doc, code := range map[string]core.Code{
		`{"zarr_format":2,"node_type":"group"}`: core.Unsupported,
		`{"zarr_format":3,"node_type":"file"}`:  core.Corrupt,
		`{"zarr_format":3,"node_type":"array"}`: core.Invalid,
		`{"zarr_format":3,"node_`:               core.Corrupt,
		`{"zarr_format":"3"}`:                   core.Corrupt,
		`null`:                                  core.Corrupt,
		``:                                      core.Corrupt,
		`{"zarr_format":3,"node_type":"group","consolidated_metadata":{"kind":"inline","metadata":{"../x":{}}}}`: core.Corrupt,
	} {
		_, err := Open(t.Context(), mem{"m://s/zarr.json": []byte(doc)}, "m://s")
		require.Equal(t, code, core.CodeOf(err), "%s: %v", doc, err)
		require.ErrorContains(t, err, "m://s")
	}
}

func TestArrayMetadataRefusals(t *testing.T) {
	a := flat(core.Float32, 8, 4, 2, "0", Zstd(3))
	b, err := a.Metadata()
	require.NoError(t, err)
	doc := strings.Join(strings.Fields(string(b)), "")
	for _, c := range []struct {
		from, to, text string
		code           core.Code
	}{
		{`"float32"`, `"complex64"`, `"complex64"`, core.Unsupported},
		{`"float32"`, `{"name":"numpy.datetime64","configuration":{"unit":"s"}}`, `"numpy.datetime64"`, core.Unsupported},
		{`"float32"`, `"bytes"`, `"bytes"`, core.Unsupported},
		{`"zstd"`, `"blosc"`, `"blosc"`, core.Unsupported},
		{`"crc32c"`, `"zstd"`, "no fixed size", core.Unsupported},
		{`{"name":"bytes","configuration":{"endian":"little"}},{"name":"zstd"`, `{"name":"transpose"},{"name":"zstd"`, `"transpose"`, core.Unsupported},
		{`"regular"`, `"rectangular"`, `"rectangular"`, core.Unsupported},
		{`"default"`, `"custom"`, `"custom"`, core.Unsupported},
		{`"storage_transformers":[]`, `"storage_transformers":["magic"]`, `"magic"`, core.Unsupported},
		{`"zarr_format"`, `"surprise":1,"zarr_format"`, `"surprise"`, core.Unsupported},
		{`"separator":"/"`, `"separator":"-"`, `"-"`, core.Corrupt},
		{`"endian":"little"`, `"endian":"middle"`, `"middle"`, core.Corrupt},
		{`"index_location":"end"`, `"index_location":"there"`, `"there"`, core.Corrupt},
		{`"fill_value":0.0,`, ``, "no fill_value", core.Corrupt},
		{`"fill_value":0.0`, `"fill_value":"zero"`, `"zero"`, core.Corrupt},
		{`"shape":[8],`, ``, "no shape", core.Corrupt},
		{`"shape":[8]`, `"shape":[-8]`, "-8", core.Invalid},
		{`"shape":[8]`, `"shape":[8,8]`, "dimension", core.Corrupt},
		{`"chunk_shape":[2]`, `"chunk_shape":[3]`, "divide", core.Invalid},
		{`"chunk_shape":[4]`, `"chunk_shape":[0]`, "divide", core.Invalid},
		{`"chunk_shape":[4]`, `"chunk_shape":[4611686018427387904]`, "chunks in an object", core.Unsupported},
		{`"chunk_shape":[2]`, `"chunk_shape":"2"`, "sharding_indexed", core.Corrupt},
		{`["cells"]`, `["cells","more"]`, "dimension names", core.Corrupt},
		{`"codecs":[{"name":"sharding`, `"codecs":[],"x":[{"name":"sharding`, `"x"`, core.Unsupported},
	} {
		require.Contains(t, doc, c.from)
		changed := strings.Replace(doc, c.from, c.to, 1)
		_, err := parseArray("m://s/x", []byte(changed))
		require.Equal(t, c.code, core.CodeOf(err), "%s: %v", c.to, err)
		require.ErrorContains(t, err, c.text)
		require.ErrorContains(t, err, "m://s/x")
	}
}
