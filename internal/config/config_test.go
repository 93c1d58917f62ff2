package config

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/sharedtest"
)

// goldenHash is what earlier releases wrote into stores made from the ATL06 configuration.
const goldenHash = "e37cea4aa5e914a756b006a5649b6aa284352c151b0fbd2bf8a8e307b279d3be"

// minimal is a configuration to edit.
const minimal = `data_source:
  groups: [gt1l, gt2l]
  coordinates:
    latitude: /{group}/lat
    longitude: /{group}/lon
  variables:
    h: /{group}/h
    conf: {path: '/{group}/conf', column: 0}
aggregation:
  variables:
    n: {function: count}
    h_max: {function: max, source: h}
output:
  grid: {type: healpix, parent_order: 6, child_order: 12}
`

func edit(t testing.TB, from, to string) string {
	require.Equal(t, 1, strings.Count(minimal, from), "%q once in the minimal configuration", from)
	return strings.Replace(minimal, from, to, 1)
}

func parse(t testing.TB, text string) *Config {
	t.Helper()
	c, _, err := Parse("run.yaml", []byte(text))
	require.NoError(t, err)
	return c
}

// exported is a configuration without its tree, for comparing.
func exported(c *Config) Config {
	out := *c
	out.root, out.File = nil, ""
	return out
}

func TestGoldenConfigurations(t *testing.T) {
	for _, name := range []string{"small", "small_flat", "edge", "bench"} {
		c, notes, err := Load(sharedtest.Dir(t, "golden", name, "config.yaml"))
		require.NoError(t, err)
		require.Equal(t, goldenHash, c.SemanticHash(), name)
		require.Len(t, notes, 2, "reader and handoff")
		require.Contains(t, notes[0].String(), "config.yaml:2:3: data_source.reader")
	}
}

func TestEventConfiguration(t *testing.T) {
	data, err := os.ReadFile(sharedtest.Dir(t, "golden", "small", "event_-5111123.json"))
	require.NoError(t, err)
	var event struct{ Config json.RawMessage }
	require.NoError(t, json.Unmarshal(data, &event))
	c, _, err := Parse("event", event.Config)
	require.NoError(t, err)
	require.Equal(t, goldenHash, c.SemanticHash())
	require.JSONEq(t, string(event.Config), string(c.JSON()))
	file, _, err := Load(sharedtest.Dir(t, "golden", "small", "config.yaml"))
	require.NoError(t, err)
	require.Equal(t, string(c.JSON()), string(file.JSON()), "a job carries what an event of earlier releases does")
}

func TestShipped(t *testing.T) {
	require.Contains(t, Shipped(), "atl06")
	for _, name := range Shipped() {
		c, notes, err := Default(name)
		require.NoError(t, err)
		require.Empty(t, notes, name)
		requireSame(t, c)
	}
	c, _, err := Default("atl06")
	require.NoError(t, err)
	require.Equal(t, "compact", c.Output.Grid.Layout)

	_, _, err = Default("atl60")
	require.Equal(t, core.NotFound, core.CodeOf(err))
	require.ErrorContains(t, err, `did you mean "atl06"?`)
	_, _, err = Load(filepath.Join(t.TempDir(), "none.yaml"))
	require.Equal(t, core.NotFound, core.CodeOf(err))
	require.ErrorContains(t, err, "atl06")
}

// requireSame checks that a configuration survives the trip through JSON.
func requireSame(t testing.TB, c *Config) {
	t.Helper()
	again, _, err := Parse("job", c.JSON())
	require.NoError(t, err)
	require.Equal(t, exported(c), exported(again))
	require.Equal(t, c.SemanticHash(), again.SemanticHash())
	require.Equal(t, string(c.JSON()), string(again.JSON()))
}

func TestEverySupportedKey(t *testing.T) {
	c := parse(t, `
catalog: maps/run.json
bounds: {temporal: {start_date: 2024-11-01, end_date: "2024-11-30"}, spatial: [-10, 60, 10, 70]}
pipeline: {type: spatial}
worker: {memory: 4096, extra_disk: yes}
data_source:
  reader: hdf5
  driver: https
  groups: [gt1l]
  coordinates: {latitude: "/{group}/lat", longitude: "/{group}/lon"}
  variables: {h: "/{group}/h", s: "/{group}/s", conf: {path: "/{group}/conf", column: 3}}
  filters:
    - {dataset: "/{group}/q", op: eq, value: 0}
    - {dataset: "/{group}/conf", column: 0, op: not_in, values: [-2, 1.5], keep: false}
    - {expression: "h > 0"}
  mask_fill: false
  credentials_provider: nsidc
aggregation:
  coordinates: {morton: {dtype: uint64, fill_value: 0}}
  variables:
    n: {function: np.len, dtype: int32}
    mean: {function: numpy.average, source: h, params: {weights: 1.0 / s**2, k: h, q: 0.5, qs: [0.25, 1], flag: true, text: "0.5"}, dtype: f8, fill_value: .nan}
    hist: {function: histogram, source: h, kind: vector, trailing_shape: [2, 64], dtype: uint32, fill_value: 7.0, attrs: {units: m, b: [1, null]}}
    e: {expression: np.sum(h), fill_value: -9999}
output:
  grid: {type: rectilinear, crs: "EPSG:3031", resolution: 5000, layout: fullsphere, bounds: [1, 2.5, 3, 4]}
  store: s3://bucket/x.zarr
  product_name: atl06-v1
  store_layout: flat
  compression: {codec: zstd, level: 9}
  consolidate_metadata: no
  endpoint_url: http://localhost:9000
  region: us-west-2
  aoi_mask: false
  format: zarr
`)
	require.Equal(t, Bounds{Start: "2024-11-01", End: "2024-11-30", Spatial: []byte("[-10,60,10,70]")}, c.Bounds)
	require.Equal(t, Worker{Memory: 4096, ExtraDisk: true}, c.Worker)
	d := c.DataSource
	require.Equal(t, []Variable{{"h", "/{group}/h", -1, ""}, {"s", "/{group}/s", -1, ""}, {"conf", "/{group}/conf", 3, ""}}, d.Variables)
	require.Equal(t, []core.Filter{
		{Column: "/{group}/q", Element: -1, Op: core.OpEq, Values: []json.Number{"0"}},
		{Column: "/{group}/conf", Element: 0, Op: core.OpNotIn, Values: []json.Number{"-2", "1.5"}, Drop: true},
	}, d.CoreFilters())
	require.Equal(t, []Filter{{Key: "data_source.filters[2]", Expression: "h > 0", Column: -1, Keep: true}}, d.ExpressionFilters())
	require.Equal(t, "not (/{group}/conf[:, 0] not_in [-2 1.5])", d.Filters[1].String())
	require.Equal(t, MaskOff, d.MaskFill)
	require.JSONEq(t, `{"groups":["gt1l"],"coordinates":{"latitude":"/{group}/lat","longitude":"/{group}/lon"},
		"variables":{"h":"/{group}/h","s":"/{group}/s","conf":{"path":"/{group}/conf","column":3}}}`, string(d.ReaderConfig()))

	require.Equal(t, []Coordinate{{"morton", core.Uint64, []byte("0")}}, c.Aggregation.Coordinates)
	key := "aggregation.variables."
	require.Equal(t, []Array{
		{Name: "n", Key: key + "n", Function: "len", Type: core.Int32, DefaultFill: true, Fill: []byte("0")},
		{Name: "mean", Key: key + "mean", Function: "average", Source: "h", Type: core.Float64, Fill: []byte(`"NaN"`), Params: []Param{
			{Name: "weights", Key: key + "mean.params.weights", Expression: "1.0 / s**2"},
			{Name: "k", Key: key + "mean.params.k", Column: "h"},
			{Name: "q", Key: key + "mean.params.q", Const: []byte("0.5")},
			{Name: "qs", Key: key + "mean.params.qs", Const: []byte("[0.25,1]")},
			{Name: "flag", Key: key + "mean.params.flag", Const: []byte("true")},
			{Name: "text", Key: key + "mean.params.text", Const: []byte("0.5")},
		}},
		{Name: "hist", Key: key + "hist", Function: "histogram", Source: "h", Type: core.Uint32, Fill: []byte("7"), Kind: "vector", Shape: []int{2, 64},
			Attrs: []byte(`{"units":"m","b":[1,null]}`)},
		{Name: "e", Key: key + "e", Expression: "np.sum(h)", Type: core.Float32, DefaultType: true, Fill: []byte("-9999")},
	}, c.Aggregation.Arrays)
	require.Equal(t, 128, c.Aggregation.Arrays[2].Width())
	require.Equal(t, Output{
		Grid:  Grid{Type: "rectilinear", Layout: "fullsphere", Config: []byte(`{"crs":"EPSG:3031","resolution":5000,"bounds":[1,2.5,3,4]}`)},
		Store: "s3://bucket/x.zarr", ProductName: "atl06-v1", Compression: Compression{"zstd", 9}, Consolidate: false,
		EndpointURL: "http://localhost:9000", Region: "us-west-2",
	}, c.Output)
	requireSame(t, c)
}

func TestDefaults(t *testing.T) {
	c := parse(t, minimal)
	require.Equal(t, "hdf5", c.DataSource.Reader)
	require.Equal(t, "s3", c.DataSource.Driver)
	require.Equal(t, MaskInputs, c.DataSource.MaskFill)
	require.Equal(t, "fullsphere", c.Output.Grid.Layout)
	require.Equal(t, Compression{"zstd", 3}, c.Output.Compression)
	require.True(t, c.Output.Consolidate)
	require.Equal(t, "spatial", c.Pipeline)
	require.Equal(t, core.Float32, c.Aggregation.Arrays[0].Type)
	require.JSONEq(t, "0", string(c.Aggregation.Arrays[0].Fill), "a count of nothing is 0")
	require.JSONEq(t, `"NaN"`, string(c.Aggregation.Arrays[1].Fill))
}

func TestQualityFilter(t *testing.T) {
	quality := "  groups: [gt1l, gt2l]\n  quality_filter: {dataset: '/{group}/q', value: 0}\n"
	c := parse(t, edit(t, "  groups: [gt1l, gt2l]\n", quality))
	require.Equal(t, []core.Filter{{Column: "/{group}/q", Element: -1, Op: core.OpEq, Values: []json.Number{"0"}}}, c.DataSource.CoreFilters())

	c, notes, err := Parse("run.yaml", []byte(edit(t, "  groups: [gt1l, gt2l]\n", quality+"  filters: [{expression: h > 1}]\n")))
	require.NoError(t, err)
	require.Empty(t, c.DataSource.CoreFilters())
	require.Len(t, notes, 1)
	require.Equal(t, "run.yaml:3:3: data_source.quality_filter: ignored: data_source.filters is given", notes[0].String())
}

// A reader with a layout of its own needs no coordinates or variables, and knows columns that the file does not list.
func TestReaderWithItsOwnLayout(t *testing.T) {
	c := parse(t, `
data_source: {reader: atl06}
aggregation: {variables: {h: {function: max, source: h_li, params: {weights: s_li}}}}
output: {grid: {type: h3, resolution: 5}}
`)
	require.Equal(t, "atl06", c.DataSource.Reader)
	require.Equal(t, "{}", string(c.DataSource.ReaderConfig()))
	require.Equal(t, "h_li", c.Aggregation.Arrays[0].Source)
	requireSame(t, c)
}

func TestAnchorsAndMerge(t *testing.T) {
	c := parse(t, strings.Replace(minimal, "    n: {function: count}\n    h_max: {function: max, source: h}\n", `    n: &base {function: count, dtype: int32, fill_value: 0}
    m: {<<: *base, dtype: int64}
    o: *base
`, 1))
	require.Equal(t, core.Int64, c.Aggregation.Arrays[1].Type)
	require.Equal(t, "count", c.Aggregation.Arrays[1].Function)
	require.Equal(t, core.Int32, c.Aggregation.Arrays[2].Type)
	require.Equal(t, "aggregation.variables.m", c.Aggregation.Arrays[1].Key)
	requireSame(t, c)
}

func TestPositionAndErrorf(t *testing.T) {
	c := parse(t, minimal)
	for key, want := range map[string][2]int{
		"data_source.groups[1]":             {2, 18},
		"data_source.variables.conf.column": {8, 43},
		"aggregation.variables.h_max":       {12, 12},
		"aggregation.variables.h_max.dtype": {12, 12}, // not given: where it would be
		"output.grid":                       {14, 9},
		"":                                  {1, 1},
	} {
		line, col := c.Position(key)
		require.Equal(t, want, [2]int{line, col}, key)
	}
	err := c.Errorf("data_source.variables.h", "no dataset %s", "/x")
	require.EqualError(t, err, "run.yaml:7:8: data_source.variables.h: no dataset /x")
	require.Equal(t, core.Invalid, core.CodeOf(err))

	c, _, err = Parse("job", []byte("{\n \"data_source\": {\"reader\": \"x\"}, \"aggregation\": {\"variables\": {\"é\": {\"function\": \"len\"}}},\n\t\"output\": {\"grid\": {\"type\": \"g\"}}}"))
	require.NoError(t, err)
	line, col := c.Position("aggregation.variables.é.function")
	require.Equal(t, [2]int{2, 82}, [2]int{line, col}, "columns are counted in characters")
	line, col = c.Position("output.grid.type")
	require.Equal(t, [2]int{3, 30}, [2]int{line, col})
}

func TestOverride(t *testing.T) {
	c := parse(t, minimal)
	https, err := c.Override("data_source.driver", "https")
	require.NoError(t, err)
	require.Equal(t, "https", https.DataSource.Driver)
	require.Equal(t, "s3", c.DataSource.Driver, "the original stays")
	require.Equal(t, c.SemanticHash(), https.SemanticHash())
	requireSame(t, https)
	grid, err := https.Override("output.grid.layout", "compact")
	require.NoError(t, err)
	require.Equal(t, "compact", grid.Output.Grid.Layout)
	_, err = c.Override("data_source.driver", "ftp")
	require.ErrorContains(t, err, "data_source.driver: expected s3 or https")
	_, err = c.Override("bounds.temporal", "x")
	require.ErrorContains(t, err, "there is no bounds")
}

func TestSemanticHash(t *testing.T) {
	base := parse(t, minimal)
	require.Equal(t, `{"aggregation":{"variables":{"h_max":{"function":"max","source":"h"},"n":{"function":"count"}}},`+
		`"data_source":{"coordinates":{"latitude":"/{group}/lat","longitude":"/{group}/lon"},"groups":["gt1l","gt2l"],`+
		`"variables":{"conf":{"column":0,"path":"/{group}/conf"},"h":"/{group}/h"}},`+
		`"grid":{"indexing_scheme":"nested","sharded":true,"type":"healpix"},"output":{"aoi_mask":false},"pipeline":{"type":"spatial"}}`,
		string(base.semantics()))
	same := map[string]string{
		"  groups: [gt1l, gt2l]\n": "  groups: [gt1l, gt2l]\n  driver: https\n  reader: h5coro\n  mask_fill: inputs\n  shard_workers: 3\n  credentials_provider: x\n",
		"child_order: 12}\n":       "child_order: 12, layout: compact, emit_cell_ids: true, catalog: null}\n  store: s3://a/b\n  compression: none\n  sweep: false\n",
		"aggregation:\n":           "catalog: a.json\nworker: {memory: 2048}\naggregation:\n  handoff: pandas\n",
		"source: h}":               "source: h, fill_value: null, attrs: {}}",
	}
	delete(same, "source: h}") // attrs count
	for from, to := range same {
		require.Equal(t, base.SemanticHash(), parse(t, edit(t, from, to)).SemanticHash(), to)
	}
	for from, to := range map[string]string{
		"  groups: [gt1l, gt2l]\n": "  groups: [gt1l, gt2l]\n  mask_fill: false\n",
		"groups: [gt1l, gt2l]":     "groups: [gt2l, gt1l]",
		"source: h}":               "source: h, dtype: float32}",
		"child_order: 12":          "child_order: 12, sharded: false",
		"data_source:\n":           "data_source:\n  reader: atl06\n",
	} {
		require.NotEqual(t, base.SemanticHash(), parse(t, edit(t, from, to)).SemanticHash(), to)
	}
	masked := func(value string) string {
		return string(parse(t, edit(t, "  groups: [gt1l, gt2l]\n", "  groups: [gt1l, gt2l]\n  mask_fill: "+value+"\n")).semantics())
	}
	require.Contains(t, masked("row"), `"mask_fill":"row"`)
	require.Equal(t, masked("row"), masked("true"))
	require.Equal(t, masked("row"), masked("yes"))
	require.Contains(t, masked("false"), `"mask_fill":false`)
	h3 := edit(t, "type: healpix", "type: h3")
	require.Contains(t, string(parse(t, h3).semantics()), `"grid":{"child_order":12,"parent_order":6,"type":"h3"}`)
}

// Numbers and texts are written as Python's json module does: the hash depends on it.
func TestCanonicalText(t *testing.T) {
	for v, want := range map[float64]string{
		0.25: "0.25", 1: "1.0", 1e-4: "0.0001", 1e-5: "1e-05", 1.5e-7: "1.5e-07", 1e15: "1000000000000000.0", 1e16: "1e+16",
		1.2345e300: "1.2345e+300", 0.30000000000000004: "0.30000000000000004", 0: "0.0", -2.5: "-2.5", 5e-324: "5e-324",
	} {
		require.Equal(t, want, formatFloat(v))
	}
	n := parseTree(t, `{"b": "é😀\u007f\u0001\n<&>", "a": [1.50, null, 1e2], "n": null}`)
	var b strings.Builder
	b.Write(canonicalText(n))
	require.Equal(t, `{"a":[1.5,null,100.0],"b":"\u00e9\ud83d\ude00\u007f\u0001\n<&>"}`, b.String())
}

// The earlier system's hash of its own golden: what a store's values mean is the same thing for both.
func TestSemanticHashOfPhotons(t *testing.T) {
	meta, err := os.ReadFile(sharedtest.Dir(t, "golden", "atl03", "overview", "run_meta.json"))
	require.NoError(t, err)
	cfg, _, err := Load(sharedtest.Dir(t, "golden", "atl03", "overview", "config.yaml"))
	require.NoError(t, err)
	require.Contains(t, string(meta), `"semantic_hash": "`+cfg.SemanticHash()+`"`)
}
