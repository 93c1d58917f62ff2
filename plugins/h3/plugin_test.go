//go:build cgo

package h3

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"
	uber "github.com/uber/h3-go/v4"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/sphere"
)

func make1(t testing.TB, config string) (core.Grid, error) {
	t.Helper()
	p := Plugin()
	require.Equal(t, "h3", p.Grids[0].Name)
	return p.Grids[0].New(t.Context(), core.Config(config))
}

func TestConfig(t *testing.T) {
	for config, want := range map[string]Config{
		`{"parent_resolution":5,"child_resolution":9}`:                                    {5, 5, 9},
		`{"type":"h3","parent_resolution":3,"child_resolution":9,"layout":"compact"}`:     {3, 5, 9},
		`{"parent_res":3,"child_res":9,"sharded":false}`:                                  {3, 3, 9},
		`{"parent_resolution":3,"child_res":9,"chunk_inner":8,"sharded":true}`:            {3, 8, 9},
		`{"parent_resolution":0,"child_resolution":0,"chunk_inner":null,"layout":null}`:   {0, 0, 0},
		`{"parent_resolution":5,"child_resolution":15,"parent_res":null,"type":"h3"}`:     {},
		`{"parent_resolution":5,"child_resolution":15,"layout":"fullsphere","type":"h3"}`: {5, 11, 15},
	} {
		g, err := make1(t, config)
		if want == (Config{}) && strings.Contains(config, "parent_res\"") {
			require.ErrorContains(t, err, "given twice")
			continue
		}
		require.NoError(t, err, config)
		require.Equal(t, want, g.(*grid).config, config)
		dim := g.Info().Frame.Dims[0]
		require.Zero(t, dim.Size%dim.Shard)
		require.Zero(t, dim.Shard%dim.Chunk)
	}
}

func TestConfigNotYet(t *testing.T) {
	_, err := parseConfig(core.Config(`{"parent_resolution":5,"chunk_inner":7,"child_resolution":9,"sharded":false}`))
	require.Equal(t, core.Unsupported, core.CodeOf(err))
	require.ErrorContains(t, err, "not supported yet: sharded: false")
}

func TestConfigRefuses(t *testing.T) {
	for config, want := range map[string]string{
		``:                        "want a JSON object",
		`null`:                    "want a JSON object",
		`[]`:                      "want a JSON object",
		`{`:                       "not JSON",
		`{"parent_resolution":5`:  "not JSON",
		`{"parent_resolution":5}`: "child_resolution: missing",
		`{"child_resolution":5}`:  "parent_resolution: missing",
		`{"parent_resolution":5,"child_resolution":9} {}`:                "something follows",
		`{"parent_resolution":5,"child_resolutoin":9}`:                   "child_resolutoin: no such key; did you mean \"child_resolution\"? Have type, parent_resolution",
		`{"parent_order":5,"child_order":9}`:                             "parent_order: no such key",
		`{"parent_resolution":5,"parent_res":5,"child_resolution":9}`:    "parent_resolution: given twice",
		`{"parent_resolution":"5","child_resolution":9}`:                 `parent_resolution: "5" is not a resolution`,
		`{"parent_resolution":5.5,"child_resolution":9}`:                 "5.5 is not a resolution",
		`{"parent_resolution":5,"child_resolution":16}`:                  "16 is not a resolution, a whole number from 0 to 15",
		`{"parent_res":-1,"child_resolution":3}`:                         "parent_resolution: -1 is not a resolution",
		`{"parent_resolution":7,"child_resolution":6}`:                   "cells cannot be coarser than shards",
		`{"parent_resolution":0,"child_resolution":11}`:                  "at most 10 are possible",
		`{"parent_resolution":5,"child_resolution":9,"chunk_inner":4}`:   "chunk_inner: 4 is not between",
		`{"parent_resolution":5,"child_resolution":9,"type":"healpix"}`:  `type: "healpix" is not possible; have h3`,
		`{"parent_resolution":5,"child_resolution":9,"layout":"dense"}`:  "have fullsphere, compact",
		`{"parent_resolution":5,"child_resolution":9,"sharded":"maybe"}`: "neither true nor false",
	} {
		_, err := make1(t, config)
		require.ErrorContains(t, err, want, config)
		require.Equal(t, core.Invalid, core.CodeOf(err), config)
	}
}

func FuzzConfig(f *testing.F) {
	f.Add([]byte(`{"type":"h3","parent_resolution":5,"child_res":9,"chunk_inner":7,"sharded":true,"layout":"compact"}`))
	f.Add([]byte(`{"parent_res":1e1,"child_resolution":[9]}`))
	f.Fuzz(func(t *testing.T, config []byte) {
		c, err := parseConfig(config)
		if err != nil {
			code := core.CodeOf(err)
			require.True(t, code == core.Invalid || code == core.Unsupported, err)
			return
		}
		require.True(t, 0 <= c.ParentResolution && c.ParentResolution <= c.ChunkInner && c.ChunkInner <= c.ChildResolution && c.ChildResolution <= maxResolution)
		require.LessOrEqual(t, c.ChildResolution-c.ParentResolution, maxDepth)
	})
}

func TestSchema(t *testing.T) {
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(schema))
	require.NoError(t, err)
	compiler := jsonschema.NewCompiler()
	require.NoError(t, compiler.AddResource("h3.json", doc))
	compiled, err := compiler.Compile("h3.json")
	require.NoError(t, err)
	for config, valid := range map[string]bool{
		`{"type":"h3","parent_resolution":5,"child_resolution":9,"chunk_inner":7,"sharded":true,"layout":"compact"}`: true,
		`{"parent_res":5,"child_res":9}`:                                     true,
		`{"parent_resolution":5}`:                                            false,
		`{"parent_resolution":5,"parent_res":5,"child_res":9}`:               false,
		`{"parent_resolution":5,"child_resolution":9,"nope":1}`:              false,
		`{"parent_resolution":5,"child_resolution":9,"type":"healpix"}`:      false,
		`{"parent_resolution":5,"child_resolution":16}`:                      false,
		`{"parent_resolution":5,"child_resolution":9,"sharded":"sometimes"}`: false,
	} {
		v, err := jsonschema.UnmarshalJSON(strings.NewReader(config))
		require.NoError(t, err)
		require.Equal(t, valid, compiled.Validate(v) == nil, config)
		_, err = make1(t, config)
		require.Equal(t, valid, err == nil, config)
	}
	properties := doc.(map[string]any)["properties"].(map[string]any)
	require.Len(t, properties, len(configKeys)+2, "and two short forms")
	for _, k := range append(configKeys[:], "parent_res", "child_res") {
		require.Contains(t, properties, k)
	}
}

func TestInfo(t *testing.T) {
	g, err := make1(t, `{"parent_resolution":4,"child_resolution":9,"chunk_inner":6,"layout":"compact"}`)
	require.NoError(t, err)
	require.Equal(t, `{"type":"h3","parent_resolution":4,"child_resolution":9}`, string(g.Info().Signature))
	f := g.Info().Frame
	require.Equal(t, "9", f.Group)
	require.Equal(t, []core.Dim{{Name: "cells", Size: 122 * 40353607, Shard: 16807, Chunk: 343}}, f.Dims)
	require.Len(t, f.Coords, 1)
	require.JSONEq(t, `{"grid_name":"h3","level":9}`, string(f.Coords[0].Attrs))
	var attrs struct {
		DGGS        map[string]any `json:"dggs"`
		Coordinates string         `json:"coordinates"`
	}
	require.NoError(t, json.Unmarshal(f.Attrs, &attrs))
	require.Equal(t, "cell_ids", attrs.Coordinates)
	require.Equal(t, "h3", attrs.DGGS["name"])
}

func TestShards(t *testing.T) {
	g, err := make1(t, `{"parent_resolution":3,"child_resolution":7}`)
	require.NoError(t, err)
	for _, key := range []core.ShardKey{"592851309577633791", "83a3b1fffffffff", "83A3B1FFFFFFFFF", "0x83a3b1fffffffff", "083a3b1fffffffff"} {
		shards, err := g.Shards(t.Context(), []core.ShardKey{key, "830326fffffffff"})
		require.NoError(t, err, key)
		s := shards[0]
		require.Equal(t, core.ShardKey("592851309577633791"), s.Key)
		require.Equal(t, "83a3b1fffffffff", s.Label)
		require.Equal(t, []string{"80a3fffffffffff", "81a3bffffffffff", "82a3b7fffffffff", "83a3b1fffffffff"}, s.Path)
		require.Equal(t, []int64{81*343 + 6*49 + 6*7 + 1}, s.Block)
		require.InDelta(t, 12000, s.AreaKM2, 2500)
		require.Equal(t, "830326fffffffff", shards[1].Label)
	}
	for key, want := range map[core.ShardKey]string{
		"":                                       "want the index of an H3 cell of resolution 3, such as 830000fffffffff or 589971619905011711",
		"0":                                      "want the index",
		"-1":                                     "want the index",
		"82a3b7fffffffff":                        "it is 82a3b7fffffffff, a cell of resolution 2; shards of this grid are of resolution 3",
		"8009fffffffffff":                        "a cell of resolution 0",
		"830801fffffffff":                        "want the index", // the gap of a pentagon
		"5.92851309577633791e17":                 "want the index",
		"0x0x83a3b1fffffffff":                    "want the index",
		"83a3b1fffffffff ":                       "want the index",
		"83f5b1fffffffff":                        "want the index", // base cell 122
		core.ShardKey(strings.Repeat("1", 5000)): "…",
	} {
		_, err := g.Shards(t.Context(), []core.ShardKey{key})
		require.ErrorContains(t, err, want, key)
		require.Equal(t, core.Invalid, core.CodeOf(err))
		require.Less(t, len(err.Error()), 300)
	}
}

// TestAreasAddUp: to the sphere. Half of the difference of a shard's cells and its hexagon is what they have too much.
func TestAreasAddUp(t *testing.T) {
	g := gridOf(t, 1, 3)
	var keys []core.ShardKey
	for b := range baseCells {
		for i := range power7(1) {
			if c := baseCell(b).descendant(1, i); !c.isVoid() {
				keys = append(keys, c.key())
			}
		}
	}
	shards, err := g.Shards(t.Context(), keys)
	require.NoError(t, err)
	sum, off := 0.0, 0.0
	for i, s := range shards {
		sum += s.AreaKM2
		c, _ := cellFromKey(keys[i])
		cells := 0.0
		for k := range power7(2) {
			if d := c.descendant(3, k); !d.isVoid() {
				area, err := uber.CellAreaRads2(uber.Cell(d))
				require.NoError(t, err)
				cells += area
			}
		}
		cells *= sphere.EarthRadius / 1e3 * sphere.EarthRadius / 1e3
		off = max(off, math.Abs(cells/s.AreaKM2-1))
	}
	sphereKM2 := 4 * math.Pi * (sphere.EarthRadius / 1e3) * (sphere.EarthRadius / 1e3)
	require.InDelta(t, 1, sum/sphereKM2, 1e-9)
	t.Logf("a shard of resolution 1 and its hexagon differ in area by at most %.2g", off)
	require.Less(t, off, 0.05)
}

// TestCells: one row per slot, the centre is in the slot, void slots are told by NaN and repeat slot 0's id.
func TestCells(t *testing.T) {
	r := rand.New(rand.NewPCG(10, 10))
	for parent := range 13 {
		g := gridOf(t, parent, parent+3)
		for _, shard := range append(pentagons(parent)[:3], anyCell(r, parent), anyCell(r, parent)) {
			cols, err := g.Cells(t.Context(), shard.key())
			require.NoError(t, err)
			lon, lat, ids := core.View[float64](cols[0].Data), core.View[float64](cols[1].Data), core.View[uint64](cols[2].Data)
			require.Len(t, ids, 343)
			slot := make([]int32, 343)
			require.NoError(t, g.Locate(t.Context(), shard.key(), lon, lat, slot))
			void := 0
			for i, id := range ids {
				if math.IsNaN(lon[i]) {
					require.True(t, math.IsNaN(lat[i]) && id == ids[0] && i > 0 && slot[i] == -1)
					void++
					continue
				}
				require.Equal(t, int32(i), slot[i])
				require.True(t, uber.Cell(id).IsValid())
			}
			require.Equal(t, shard.isPentagon(), void == 57, void)
			require.True(t, void == 0 || shard.isPentagon())
		}
	}
}

func TestNames(t *testing.T) {
	g := gridOf(t, 5, 9)
	columns, err := g.Names(t.Context(), []float64{106.2, math.NaN(), 0}, []float64{-75.1, 0, 91})
	require.NoError(t, err)
	var names []string
	for _, c := range columns {
		names = append(names, c.Name)
		require.Equal(t, 3, c.Rows())
	}
	require.Equal(t, []string{"cell_id", "h3", "shard_key"}, names)
	id := core.View[uint64](columns[0].Data)
	c, ok := cellFromKey(core.ShardKey(columns[1].Data))
	require.True(t, ok)
	require.Equal(t, []uint64{uint64(c), 0, 0}, id)
	require.Equal(t, []uint64{uint64(c.parent(5)), 0, 0}, core.View[uint64](columns[2].Data))
	_, err = g.Names(t.Context(), []float64{1}, nil)
	require.Error(t, err)
}
