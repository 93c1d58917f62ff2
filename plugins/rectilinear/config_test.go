package rectilinear

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/sharedtest"
)

func parsed(t testing.TB, config string) Config {
	t.Helper()
	c, err := parseConfig(core.Config(config))
	require.NoError(t, err, config)
	return c
}

func TestConfig(t *testing.T) {
	for config, want := range map[string]Config{
		`{"type":"rectilinear","crs":"EPSG:3031","resolution":5000,"bounds":[-3200000,-3200000,3200000,3200000],"chunk_shape":[256,256]}`: {
			ResX: 5000, ResY: 5000, XMin: -3.2e6, YMax: 3.2e6, Shape: [2]int64{1280, 1280}, Shard: [2]int64{256, 256}, Chunk: [2]int64{256, 256}},
		`{"crs":"epsg:3031","resolution":5000,"bounds":[-3.2e6,-3.2e6,3.2e6,3.2e6],"chunk_shape":[300,300],"chunk_inner":[100,75]}`: { // made larger to whole shards
			ResX: 5000, ResY: 5000, XMin: -3.2e6, YMax: 3.2e6, Shape: [2]int64{1500, 1500}, Shard: [2]int64{300, 300}, Chunk: [2]int64{100, 75}},
		`{"crs":"3031","resolution":5000,"bounds":[0,0,650100,650100],"chunk_shape":[1,1],"chunk_inner":null}`: { // a part of a cell is one more
			ResX: 5000, ResY: 5000, XMin: 0, YMax: 650100, Shape: [2]int64{131, 131}, Shard: [2]int64{1, 1}, Chunk: [2]int64{1, 1}},
		`{"crs":3031,"resolution":[2,0.5],"bounds":[-1,-2,3.000000001,2],"chunk_shape":[4,1],"chunk_inner":[2,1],"sharded":true}`: { // a billionth of a cell is not
			ResX: 2, ResY: 0.5, XMin: -1, YMax: 2, Shape: [2]int64{8, 2}, Shard: [2]int64{4, 1}, Chunk: [2]int64{2, 1}},
		`{"crs":"EPSG:4326","resolution":0.1,"bounds":[-180,-90,180,90],"sharded":false,"layout":"fullsphere"}`: {
			ResX: 0.1, ResY: 0.1, XMin: -180, YMax: 90, Shape: [2]int64{2048, 3840}, Shard: [2]int64{256, 256}, Chunk: [2]int64{256, 256}},
		`{"crs":"EPSG:4326","resolution":0.0001,"bounds":[-76.6,38.8,-76.5,38.9]}`: {
			ResX: 0.0001, ResY: 0.0001, XMin: -76.6, YMax: 38.9, Shape: [2]int64{1024, 1024}, Shard: [2]int64{256, 256}, Chunk: [2]int64{256, 256}},
	} {
		c := parsed(t, config)
		require.NotNil(t, c.CRS)
		c.CRS = nil
		require.Equal(t, want, c, config)
	}
}

func TestConfigRefuses(t *testing.T) {
	const ok = `{"crs":"EPSG:3031","resolution":5000,"bounds":[-3200000,-3200000,3200000,3200000],"chunk_shape":[256,256]}`
	for edit, want := range map[string]string{
		` -> `:                     "want a JSON object",
		`} -> `:                    "not JSON",
		`} -> }]`:                  "something follows",
		`"crs":"EPSG:3031", -> `:   "crs: missing; want one of EPSG:4326, 3031, 3413, 3976",
		`EPSG:3031 -> EPSG:3857`:   "crs: no projection EPSG:3857 in this plugin; have EPSG:4326, 3031, 3413, 3976, 5041, 5042 (polar stereographic), 32601 to 32660",
		`"EPSG:3031" -> 32661`:     "crs: no projection EPSG:32661 in this plugin",
		`EPSG:3031 -> +proj=stere`: `crs: "+proj=stere" is not an EPSG code such as EPSG:3031; have EPSG:4326`,
		`EPSG:3031 -> ESRI:102021`: "is not an EPSG code",
		`"EPSG:3031" -> {}`:        "is not an EPSG code",
		`"resolution":5000, -> `:   "resolution: missing",
		`5000 -> 0`:                "resolution: 0: must be above 0",
		`5000 -> [5000,-1]`:        "must be above 0",
		`5000 -> [1,2,3]`:          "resolution: [1,2,3]: want the size of a cell",
		`5000 -> "5 km"`:           "want the size of a cell",
		`5000 -> 1e999`:            "want the size of a cell",
		`5000 -> 1e-9`:             "resolution: 1e-09 makes 6400000000000000 cells",
		`5000 -> 1e300`:            "a cell of 1e+300 is larger than the bounds",
		`[-3200000,-3200000,3200000,3200000] -> [1,2,3]`:         "bounds: [1,2,3]: want xmin, ymin, xmax and ymax",
		`[-3200000,-3200000,3200000,3200000] -> [1,2,3,null]`:    "want xmin",
		`-3200000,-3200000, -> 3200000,-3200000,`:                "xmin must be below xmax",
		`3200000,3200000] -> 3200000,-3200000]`:                  "ymin below ymax",
		`[-3200000,-3200000,3200000,3200000] -> [2e8,0,3e8,1e6]`: "has nothing of EPSG:3031, which goes from x -100000000",
		`,256] -> ]`:                               "chunk_shape: [256]: want rows and columns",
		`[256, -> [0,`:                             "want rows and columns",
		`[256, -> [2.5,`:                           "want rows and columns",
		`[256, -> [9223372036854775807,`:           "more than 268435456 cells to a shard",
		`[256,256] -> [1000000,256]`:               "",
		`[256,256] -> [268435456,1]`:               "makes the grid 268435456 cells long",
		`,256]} -> ,256],"chunk_inner":[100,256]}`: "chunk_inner: [100, 256] does not divide chunk_shape [256, 256]",
		`,256]} -> ,256],"sharded":true}`:          "sharded: there is one chunk to a shard",
		`,256]} -> ,256],"sharded":"yes"}`:         "sharded: \"yes\" is neither",
		`,256]} -> ,256],"crs":"EPSG:3031"}`:       "crs: given twice",
		`,256]} -> ,256],"Crs":"EPSG:3031"}`:       "Crs: no such key; did you mean \"crs\"? Have type, crs",
		`,256]} -> ,256],"emit_cell_ids":true}`:    "emit_cell_ids: no such key",
		`,256]} -> ,256],"type":"healpix"}`:        `type: "healpix" is not possible; have rectilinear`,
		`,256]} -> ,256],"layout":"dense"}`:        "have fullsphere, compact",
		`EPSG:3031 -> EPSG:4326`:                   "more than once around",
		`"EPSG:3031","resolution":5000,"bounds":[-3200000,-3200000,3200000,3200000] -> "EPSG:4326","resolution":1,"bounds":[400,0,420,10]`:          "xmin 400 is not a longitude",
		`"EPSG:3031","resolution":5000,"bounds":[-3200000,-3200000,3200000,3200000] -> "EPSG:4326","resolution":1,"bounds":[0,90,20,100]`:           "has nothing of EPSG:4326",
		`"EPSG:3031","resolution":5000,"bounds":[-3200000,-3200000,3200000,3200000] -> "EPSG:4326","resolution":2e-12,"bounds":[9,9,9.0001,9.0001]`: "too fine for coordinates",
	} {
		from, to, _ := strings.Cut(edit, " -> ")
		config := ok
		if from == "" {
			config = to
		} else {
			require.Contains(t, ok, from, edit)
			config = strings.Replace(ok, from, to, 1)
		}
		_, err := parseConfig(core.Config(config))
		if want == "" {
			require.NoError(t, err, edit)
			continue
		}
		require.ErrorContains(t, err, want, edit)
		code := core.Invalid
		if strings.Contains(want, "have EPSG") || strings.Contains(want, "in this plugin") || strings.Contains(want, "EPSG code") {
			code = core.Unsupported
		}
		require.Equal(t, code, core.CodeOf(err), edit)
	}
	_, err := parseConfig(core.Config(strings.Replace(ok, `]}`, `],"chunk_inner":[128,256],"sharded":false}`, 1)))
	require.ErrorContains(t, err, "not supported yet: sharded: false")
	require.Equal(t, core.Unsupported, core.CodeOf(err))
}

func TestSchema(t *testing.T) {
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(schema))
	require.NoError(t, err)
	compiler := jsonschema.NewCompiler()
	require.NoError(t, compiler.AddResource("rectilinear.json", doc))
	compiled, err := compiler.Compile("rectilinear.json")
	require.NoError(t, err)
	for config, valid := range map[string]bool{
		`{"type":"rectilinear","crs":"EPSG:3031","resolution":[5000,2500],"bounds":[-1e6,-1e6,1e6,1e6],"chunk_shape":[64,64],"chunk_inner":[8,8],"sharded":true,"layout":"fullsphere"}`: true,
		`{"crs":3031,"resolution":5000,"bounds":[-1e6,-1e6,1e6,1e6]}`:           true,
		`{"crs":3031,"resolution":5000}`:                                        false,
		`{"crs":3031,"resolution":-1,"bounds":[-1e6,-1e6,1e6,1e6]}`:             false,
		`{"crs":3031,"resolution":5000,"bounds":[-1e6,-1e6,1e6]}`:               false,
		`{"crs":3031,"resolution":5000,"bounds":[-1e6,-1e6,1e6,1e6],"nope":1}`:  false,
		`{"crs":3031,"resolution":5000,"bounds":[0,0,1,1],"chunk_shape":[0,1]}`: false,
	} {
		v, err := jsonschema.UnmarshalJSON(strings.NewReader(config))
		require.NoError(t, err)
		require.Equal(t, valid, compiled.Validate(v) == nil, config)
		_, err = parseConfig(core.Config(config))
		require.Equal(t, valid, err == nil, config)
	}
	properties := doc.(map[string]any)["properties"].(map[string]any)
	require.Len(t, properties, len(configKeys))
	for _, k := range configKeys {
		require.Contains(t, properties, k)
	}
}

// A shard map of the Python zagg fits the grid of the configuration that it was made for.
func TestSignature(t *testing.T) {
	g := newGrid(parsed(t, `{"crs":"EPSG:32618","resolution":10,"bounds":[358300,4299600,370300,4311600],"chunk_shape":[300,300]}`))
	data, err := os.ReadFile(sharedtest.Dir(t, "data", "zagg", "sm_rect_3km.json"))
	require.NoError(t, err)
	var m struct {
		Signature json.RawMessage `json:"grid_signature"`
		Keys      []core.ShardKey `json:"shard_keys"`
	}
	require.NoError(t, json.Unmarshal(data, &m))
	require.JSONEq(t, string(m.Signature), string(g.Info().Signature))
	shards, err := g.Shards(t.Context(), m.Keys)
	require.NoError(t, err)
	for i, s := range shards {
		require.Equal(t, m.Keys[i], s.Key)
		require.Equal(t, []int64{int64(i / 4), int64(i % 4)}, s.Block)
	}
}

func FuzzConfig(f *testing.F) {
	f.Add(`{"crs":"EPSG:3031","resolution":5000,"bounds":[-3200000,-3200000,3200000,3200000],"chunk_shape":[256,256]}`)
	f.Add(`{"crs":4326,"resolution":[0.1,1e-3],"bounds":[-180,-90,180,90],"chunk_inner":[1,2],"sharded":false,"x":[1,{}]}`)
	f.Add(`{"crs":"EPSG:32633","resolution":30,"bounds":[-1e6,0,2e6,1e7],"chunk_shape":[1,268435456]}`)
	f.Fuzz(func(t *testing.T, config string) {
		c, err := parseConfig(core.Config(config))
		if err != nil {
			require.Contains(t, []core.Code{core.Invalid, core.Unsupported}, core.CodeOf(err))
			return
		}
		g := newGrid(c)
		for _, d := range g.Info().Frame.Dims {
			require.True(t, d.Size > 0 && d.Size%d.Shard == 0 && d.Shard%d.Chunk == 0, config)
		}
		require.False(t, g.lively.empty(), config)
		require.True(t, json.Valid(g.Info().Signature) && json.Valid(g.Info().Frame.Attrs), config)
		first, err := g.Shards(t.Context(), []core.ShardKey{g.key(place{g.lively.row, g.lively.col})})
		require.NoError(t, err, config)
		require.Len(t, first[0].Outline.Polygons, 1, config)
	})
}

func FuzzKey(f *testing.F) {
	for _, s := range []string{"0", "24", "25", "4/4", "2,3", "007", "-1", "1/2/3", "1e3", "", "+4", "1_0", "99999999999999999999"} {
		f.Add(s)
	}
	g := newGrid(parsed(f, `{"crs":"EPSG:3031","resolution":5000,"bounds":[-3200000,-3200000,3200000,3200000],"chunk_shape":[256,256]}`))
	f.Fuzz(func(t *testing.T, s string) {
		p, err := g.shardFromKey(core.ShardKey(s))
		if err != nil {
			require.Equal(t, core.Invalid, core.CodeOf(err))
			return
		}
		again, err := g.shardFromKey(g.key(p))
		require.NoError(t, err)
		require.Equal(t, p, again)
	})
}

// A signature is one of the grid's configurations: shard maps have nothing else.
func TestSignatureIsConfig(t *testing.T) {
	for _, config := range []string{
		`{"crs":"EPSG:3031","resolution":10000,"bounds":[-2560000,-2560000,2560000,2560000],"chunk_shape":[64,64]}`,
		`{"crs":"EPSG:3413","resolution":[333.3,777.7],"bounds":[-100000.5,-200000.25,300000,400000],"chunk_shape":[16,32],"chunk_inner":[8,8]}`,
		`{"crs":4326,"resolution":0.1,"bounds":[-180,-90,180,90],"chunk_shape":[100,90]}`,
	} {
		c, err := parseConfig(core.Config(config))
		require.NoError(t, err)
		want := newGrid(c).Info().Signature
		again, err := parseConfig(core.Config(want))
		require.NoError(t, err)
		require.Equal(t, string(want), string(newGrid(again).Info().Signature))
	}
	const good = `"crs":"EPSG:3031","affine":[100,0,0,0,-100,0],"shape":[64,64],"chunk_shape":[64,64]`
	_, err := parseConfig(core.Config("{" + good + "}"))
	require.NoError(t, err)
	for _, bad := range []string{
		`{` + good + `,"resolution":100}`, `{` + good + `,"bounds":[0,0,1,1]}`,
		strings.Replace(`{`+good+`}`, `"shape":[64,64],`, "", 1), strings.Replace(`{`+good+`}`, `"shape":[64,64]`, `"shape":[63,64]`, 1),
		strings.Replace(`{`+good+`}`, `[100,0,`, `[100,5,`, 1), strings.Replace(`{`+good+`}`, `-100`, `100`, 1), strings.Replace(`{`+good+`}`, `[100,0,0`, `["x",0,0`, 1),
	} {
		_, err := parseConfig(core.Config(bad))
		require.Equal(t, core.Invalid, core.CodeOf(err), bad)
	}
}
