package healpix

import (
	"encoding/json"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/morton"
	"github.com/englacial/zagg/core/sphere"
	"github.com/englacial/zagg/internal/sharedtest"
)

func make1(t testing.TB, config string) (core.Grid, error) {
	t.Helper()
	p := Plugin()
	require.Equal(t, "healpix", p.Grids[0].Name)
	return p.Grids[0].New(t.Context(), core.Config(config))
}

func TestConfig(t *testing.T) {
	for config, want := range map[string]Config{
		`{"parent_order":6,"child_order":12}`:                                            {6, 6, 12, true, 0},
		`{"type":"healpix","parent_order":6,"child_order":13,"layout":"compact"}`:        {6, 7, 13, true, 0},
		`{"parent_order":6,"child_order":13,"sharded":false}`:                            {6, 6, 13, true, 0},
		`{"parent_order":11,"child_order":19,"sharded":true,"indexing_scheme":"nested"}`: {11, 13, 19, true, 0},
		`{"parent_order":0,"child_order":0,"emit_cell_ids":false,"chunk_inner":null}`:    {0, 0, 0, false, 0},
		`{"parent_order":15,"child_order":29,"latitude":"geodetic-spherical"}`:           {15, 23, 29, true, sphere.GeodeticSpherical},
		`{"parent_order":6,"child_order":12,"latitude":"authalic-wgs84"}`:                {6, 6, 12, true, 0},
	} {
		g, err := make1(t, config)
		require.NoError(t, err, config)
		require.Equal(t, want, g.(*grid).config, config)
		dim := g.Info().Frame.Dims[0]
		require.Zero(t, dim.Size%dim.Shard)
		require.Zero(t, dim.Shard%dim.Chunk)
		require.Equal(t, dim.Shard, g.(*grid).info.Frame.Slots())
	}
}

func TestConfigNotYet(t *testing.T) {
	_, err := parseConfig(core.Config(`{"parent_order":6,"chunk_inner":9,"child_order":12,"sharded":false}`))
	require.Equal(t, core.Unsupported, core.CodeOf(err))
	require.ErrorContains(t, err, "not supported yet: sharded: false")
}

func TestConfigRefuses(t *testing.T) {
	for config, want := range map[string]string{
		``:                                       "want a JSON object",
		`null`:                                   "want a JSON object",
		`[]`:                                     "want a JSON object",
		`{`:                                      "not JSON",
		`{"parent_order":6,"child_order":12} {}`: "something follows",
		`{"parent_order":6`:                      "not JSON",
		`{"parent_order":6}`:                     "child_order: missing",
		`{"child_order":6}`:                      "parent_order: missing",
		`{"parent_order":6,"child_ordr":12}`:     `child_ordr: no such key; did you mean "child_order"`,
		`{"Parent_Order":6,"child_order":12}`:    `did you mean "parent_order"`,
		`{"parent_order":6,"parent_order":7,"child_order":12}`:             "given twice",
		`{"parent_order":"6","child_order":12}`:                            `parent_order: "6" is not an order`,
		`{"parent_order":6.5,"child_order":12}`:                            "parent_order: 6.5 is not an order",
		`{"parent_order":6,"child_order":30}`:                              "child_order: 30 is not an order",
		`{"parent_order":-1,"child_order":3}`:                              "parent_order: -1 is not an order",
		`{"parent_order":7,"child_order":6}`:                               "cells cannot be coarser than shards",
		`{"parent_order":0,"child_order":15}`:                              "at most 14 orders",
		`{"parent_order":6,"child_order":12,"chunk_inner":5}`:              "chunk_inner: 5 is not between",
		`{"parent_order":6,"child_order":12,"chunk_inner":13}`:             "chunk_inner: 13 is not between",
		`{"parent_order":6,"child_order":12,"type":"h3"}`:                  `type: "h3" is not possible; have healpix`,
		`{"parent_order":6,"child_order":12,"indexing_scheme":"ring"}`:     "have nested",
		`{"parent_order":6,"child_order":12,"layout":"dense"}`:             "have fullsphere, compact",
		`{"parent_order":6,"child_order":12,"latitude":"geocentric"}`:      "have authalic-wgs84, geodetic-spherical",
		`{"parent_order":6,"child_order":12,"sharded":"yes"}`:              "neither true nor false",
		`{"parent_order":6,"child_order":12,"emit_cell_ids":1}`:            "neither true nor false",
		`{"parent_order":6,"child_order":12,"cell_ids_encoding":"morton"}`: "no such key",
	} {
		_, err := make1(t, config)
		require.ErrorContains(t, err, want, config)
		require.Equal(t, core.Invalid, core.CodeOf(err), config)
	}
}

func TestSchema(t *testing.T) {
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(schema))
	require.NoError(t, err)
	compiler := jsonschema.NewCompiler()
	require.NoError(t, compiler.AddResource("healpix.json", doc))
	compiled, err := compiler.Compile("healpix.json")
	require.NoError(t, err)
	for config, valid := range map[string]bool{
		`{"type":"healpix","parent_order":6,"child_order":12,"chunk_inner":8,"sharded":true,"indexing_scheme":"nested","layout":"compact","emit_cell_ids":true,"latitude":"authalic-wgs84"}`: true,
		`{"parent_order":6}`:                            false,
		`{"parent_order":6,"child_order":12,"nope":1}`:  false,
		`{"parent_order":6,"child_order":12,"type":""}`: false,
	} {
		v, err := jsonschema.UnmarshalJSON(strings.NewReader(config))
		require.NoError(t, err)
		require.Equal(t, valid, compiled.Validate(v) == nil, config)
		_, err = make1(t, config)
		require.Equal(t, valid, err == nil, config)
	}
	properties := doc.(map[string]any)["properties"].(map[string]any)
	require.Len(t, properties, len(configKeys))
	for _, k := range configKeys {
		require.Contains(t, properties, k)
	}
}

func FuzzConfig(f *testing.F) {
	f.Add(`{"parent_order":6,"child_order":12}`)
	f.Add(`{"parent_order":6,"child_order":12,"latitude":"geodetic-spherical","sharded":false,"x":[1,{}]}`)
	f.Fuzz(func(t *testing.T, config string) {
		c, err := parseConfig(core.Config(config))
		if err != nil {
			require.Equal(t, core.Invalid, core.CodeOf(err))
			return
		}
		require.NoError(t, c.check())
		var again map[string]any
		require.NoError(t, json.Unmarshal([]byte(config), &again))
		info := newGrid(c).Info()
		require.True(t, json.Valid(info.Signature))
		require.True(t, json.Valid(info.Frame.Attrs))
	})
}

// TestSignature: the shard maps of the Python zagg have the same, byte for byte.
func TestSignature(t *testing.T) {
	g, err := make1(t, `{"parent_order":6,"child_order":12}`)
	require.NoError(t, err)
	raw, err := os.ReadFile(sharedtest.Dir(t, "golden", "small", "shardmap.json"))
	require.NoError(t, err)
	var file struct {
		Signature json.RawMessage `json:"grid_signature"`
		Keys      []core.ShardKey `json:"shard_keys"`
	}
	require.NoError(t, json.Unmarshal(raw, &file))
	compact := strings.NewReplacer(" ", "", "\n", "").Replace(string(file.Signature))
	require.Equal(t, compact, string(g.Info().Signature))
	shards, err := g.Shards(t.Context(), file.Keys)
	require.NoError(t, err)
	for i, s := range shards {
		require.Equal(t, file.Keys[i], s.Key)
	}
	s, err := make1(t, `{"parent_order":6,"child_order":12,"chunk_inner":8,"layout":"compact","latitude":"geodetic-spherical","emit_cell_ids":false}`)
	require.NoError(t, err)
	require.Equal(t, strings.TrimSuffix(compact, "}")+`,"latitude":"geodetic-spherical"}`, string(s.Info().Signature))
}

func TestFrame(t *testing.T) {
	g, err := make1(t, `{"parent_order":6,"child_order":12,"chunk_inner":8}`)
	require.NoError(t, err)
	frame := g.Info().Frame
	require.Equal(t, "12", frame.Group)
	require.Equal(t, []core.Dim{{Name: "cells", Size: 12 << 24, Shard: 4096, Chunk: 256}}, frame.Dims)
	require.Equal(t, "morton", frame.Coords[0].Name)
	require.Empty(t, frame.Coords[0].Attrs)
	ids := frame.Coords[1]
	require.Equal(t, "cell_ids", ids.Name)
	require.Empty(t, ids.Units)
	require.JSONEq(t, `{"grid_name":"healpix","level":12,"indexing_scheme":"nested",
		"ellipsoid":"WGS84"}`, string(ids.Attrs))
	require.Equal(t, "crs", frame.Scalars[0].Name)
	require.JSONEq(t, `{"grid_mapping_name":"healpix","refinement_level":12,"indexing_scheme":"nested","ellipsoid":"WGS84"}`, string(frame.Scalars[0].Attrs))
	require.JSONEq(t, `{"grid_mapping":"crs"}`, string(frame.VarAttrs))

	// What the Python zagg writes, and two things more.
	raw, err := os.ReadFile(sharedtest.Dir(t, "golden", "small_flat", "store.zarr", "12", "zarr.json"))
	require.NoError(t, err)
	var python struct{ Attributes map[string]any }
	require.NoError(t, json.Unmarshal(raw, &python))
	python.Attributes["dggs"].(map[string]any)["latitude"] = "authalic-wgs84"
	python.Attributes["coordinates"] = "morton cell_ids crs"
	var ours map[string]any
	require.NoError(t, json.Unmarshal(frame.Attrs, &ours))
	require.Equal(t, python.Attributes, ours)

	g, err = make1(t, `{"parent_order":6,"child_order":12,"latitude":"geodetic-spherical"}`)
	require.NoError(t, err)
	require.Contains(t, string(g.Info().Frame.Attrs), `"latitude":"geodetic-spherical"`)
	require.JSONEq(t, `{"grid_name":"healpix","level":12,"indexing_scheme":"nested","ellipsoid":"sphere"}`, string(g.Info().Frame.Coords[1].Attrs))

	g, err = make1(t, `{"parent_order":6,"child_order":12,"emit_cell_ids":false}`)
	require.NoError(t, err)
	require.Len(t, g.Info().Frame.Coords, 1)
	require.Contains(t, string(g.Info().Frame.Attrs), `"coordinates":"morton"`)
	require.Empty(t, g.Info().Frame.Scalars)
	require.Empty(t, g.Info().Frame.VarAttrs)
}

func TestShards(t *testing.T) {
	g, err := make1(t, `{"parent_order":6,"child_order":12}`)
	require.NoError(t, err)
	for _, key := range []core.ShardKey{"12683825400535580678", "-5111123", "nested:40966", "decimal:-5111123"} {
		shards, err := g.Shards(t.Context(), []core.ShardKey{key, "4111121"})
		require.NoError(t, err, key)
		s := shards[0]
		require.Equal(t, core.ShardKey("12683825400535580678"), s.Key)
		require.Equal(t, "-5111123", s.Label)
		require.Equal(t, []string{"-5", "1", "1", "1", "1", "2", "3"}, s.Path)
		require.Equal(t, []int64{40966}, s.Block)
		require.InDelta(t, 10377.3, s.AreaKM2, 0.1)
		require.Equal(t, "4111121", shards[1].Label)
	}
	for key, want := range map[core.ShardKey]string{
		"":                                       "want the packed word",
		"40966":                                  "want the packed word",
		"-40966":                                 "want the packed word",
		"nested:049152":                          "want nested: and a number below 49152",
		"nested:49152":                           "below 49152",
		"nested:-1":                              "below 49152",
		"nested:":                                "below 49152",
		"-511112":                                "it is a cell of order 5",
		"-51111234":                              "it is a cell of order 7",
		"decimal:-511112":                        "it is a cell of order 5",
		"decimal:12683825400535580678":           "want the packed word",
		"-5111125":                               "want the packed word",
		"+5111123":                               "want the packed word",
		" 5111123":                               "want the packed word",
		"05111123":                               "want the packed word",
		"5111123.0":                              "want the packed word",
		"12683825400535580677":                   "want the packed word", // order 5 with a step of order 6
		"12683825400535580672":                   "want the packed word", // order 0 with steps
		"1152921504606846976":                    "the packed word of 1, a cell of order 0; shards of this grid are of order 6",
		"0":                                      "want the packed word",
		"99999999999999999999":                   "want the packed word",
		core.ShardKey(strings.Repeat("1", 5000)): "…",
	} {
		_, err := g.Shards(t.Context(), []core.ShardKey{key})
		require.ErrorContains(t, err, want, key)
		require.Equal(t, core.Invalid, core.CodeOf(err))
		require.Less(t, len(err.Error()), 300)
	}
}

// TestAmbiguousKeys: at orders 18 and 19 some texts are a word and a decimal string; the canonical reading wins.
func TestAmbiguousKeys(t *testing.T) {
	for s, order := range map[string]int{"2111111144411234322": 18, "6111111112424423442": 18, "11111111122143412243": 19} {
		g := newGrid(Config{ParentOrder: order, ChunkInner: order, ChildOrder: order})
		c, err := g.shardFromKey(core.ShardKey(s))
		require.NoError(t, err)
		require.Equal(t, core.ShardKey(s), keyOf(c))
		d, err := g.shardFromKey(core.ShardKey("decimal:" + s))
		require.NoError(t, err)
		require.Equal(t, s, d.decimal())
		require.NotEqual(t, c, d)
	}
}

// TestGoldenCells: the words of a shard are those in a store of the Python zagg.
func TestGoldenCells(t *testing.T) {
	g, err := make1(t, `{"parent_order":6,"child_order":12}`)
	require.NoError(t, err)
	columns, err := g.Cells(t.Context(), "-5111123")
	require.NoError(t, err)
	raw, err := os.ReadFile(sharedtest.Dir(t, "golden", "small", "store.zarr", "-5", "1", "1", "1", "1", "2", "3", "-5111123.zarr", "12", "morton", "c", "0"))
	require.NoError(t, err)
	require.Equal(t, raw, columns[2].Data)
}

func FuzzKey(f *testing.F) {
	for _, s := range []string{"12683825400535580678", "-5111123", "nested:40966", "decimal:5111123", "1", "-3", "1152921504606846976"} {
		f.Add(s, uint8(6))
	}
	f.Fuzz(func(t *testing.T, s string, order uint8) {
		parent := int(order % 30)
		g := newGrid(Config{ParentOrder: parent, ChunkInner: parent, ChildOrder: parent})
		c, err := g.shardFromKey(core.ShardKey(s))
		if err != nil {
			require.Equal(t, core.Invalid, core.CodeOf(err))
			return
		}
		require.Equal(t, parent, c.order)
		require.Less(t, c.nest, cellCount(parent))
		for _, spelled := range []core.ShardKey{keyOf(c), core.ShardKey("decimal:" + c.decimal()), core.ShardKey("nested:" + strconv.FormatUint(c.nest, 10))} {
			again, err := g.shardFromKey(spelled)
			require.NoError(t, err)
			require.Equal(t, c, again)
		}
	})
}

func FuzzDecimal(f *testing.F) {
	f.Add("-5111123")
	f.Add("433142241")
	f.Add("1p")
	f.Fuzz(func(t *testing.T, s string) {
		if c, ok := cellFromDecimal(s); ok {
			require.Equal(t, s, c.decimal())
			back, ok := cellFromWord(c.word())
			require.True(t, ok)
			require.Equal(t, c, back)
		}
	})
}

func FuzzWord(f *testing.F) {
	f.Add(uint64(12683825400535580678))
	f.Add(uint64(0))
	f.Fuzz(func(t *testing.T, w uint64) {
		if c, ok := cellFromWord(w); ok {
			require.Equal(t, w, c.word())
			require.Less(t, c.nest, cellCount(c.order))
		}
	})
}

func TestNames(t *testing.T) {
	g, err := make1(t, `{"parent_order":6,"child_order":12,"latitude":"geodetic-spherical"}`)
	require.NoError(t, err)
	columns, err := g.(core.CellNamer).Names(t.Context(), []float64{120, 0}, []float64{-80, 0})
	require.NoError(t, err)
	var names []string
	for _, c := range columns {
		names = append(names, c.Name)
		require.Equal(t, 2, c.Rows())
	}
	require.Equal(t, []string{"cell_id", "morton", "decimal", "shard_key", "point"}, names)
	points, words := core.View[uint64](columns[4].Data), core.View[uint64](columns[1].Data)
	require.Equal(t, words, []uint64{morton.Join(points[0], words[0]), morton.Join(points[1], words[1])}, "a point lies in its cell")
	decimal := columns[2]
	first := string(decimal.Data[:decimal.Offsets[1]])
	require.True(t, strings.HasPrefix(first, "-4113213"), first)
	c, ok := cellFromDecimal(first)
	require.True(t, ok)
	require.Equal(t, c.nest, core.View[uint64](columns[0].Data)[0])
	require.Equal(t, c.word(), core.View[uint64](columns[1].Data)[0])
	require.Equal(t, c.parent(6).word(), core.View[uint64](columns[3].Data)[0])
}
