package host_test

import (
	"bytes"
	"os"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/objstore"
	"github.com/englacial/zagg/host"
	"github.com/englacial/zagg/internal/config"
)

func TestCompileShipped(t *testing.T) {
	groups := map[string]string{"atl06": "12", "atl06_polar": "rectilinear"}
	for _, name := range config.Shipped() {
		cfg, _, err := config.Default(name)
		require.NoError(t, err)
		r, err := newHost(t).Compile(t.Context(), cfg)
		require.NoError(t, err, name)
		if group, known := groups[name]; known {
			require.Equal(t, group, r.Info().Frame.Group)
		}
	}
	text, err := os.ReadFile("../cmd/zagg/cli/sample/demo.yaml")
	require.NoError(t, err)
	recipe(t, string(text))
}

// A shard whose cells do not fit in memory is refused before a run is killed for it.
func TestCompileRefusesHugeShards(t *testing.T) {
	text, err := os.ReadFile("../cmd/zagg/cli/sample/demo.yaml")
	require.NoError(t, err)
	cfg, _, err := config.Parse("big.yaml", bytes.Replace(text, []byte("child_order: 12"), []byte("child_order: 21"), 1))
	require.NoError(t, err)
	_, err = newHost(t).Compile(t.Context(), cfg)
	require.Equal(t, core.Unsupported, core.CodeOf(err))
	require.ErrorContains(t, err, "big.yaml: output.grid: a shard has 268435456 cells")
}

// Whatever a configuration asks that cannot be done is said with the place.
func TestCompileErrors(t *testing.T) {
	mean := "mean: {function: mean, source: v}"
	for name, c := range map[string]struct {
		edits []string
		at    string
		want  string
		code  core.Code
	}{
		"grid":                {[]string{"type: healpix", "type: squares"}, "run.yaml:13:", `no grid squares in this binary; have [`, core.NotFound},
		"grid's key":          {[]string{"parent_order: 3", "parent_ordr: 3"}, "run.yaml:13:", `parent_ordr: no such key; did you mean "parent_order"?`, core.Invalid},
		"grid's value":        {[]string{"child_order: 5", "child_order: 2"}, "run.yaml:13:", "cells cannot be coarser than shards", core.Invalid},
		"reader":              {[]string{"reader: table", "reader: atl33"}, "run.yaml:2:", `no reader atl33 in this binary; have [atl03 atl06 hdf5 table]`, core.NotFound},
		"reader's config":     {[]string{"reader: table", "reader: table\n  groups: [a]"}, "run.yaml:2:", "a table has no groups", core.Unsupported},
		"reader's column":     {[]string{"reader: table", "reader: table\n  variables: {v: /v, z: /z}"}, "run.yaml:3:", `reader table has no column "z"; have v, w, one`, core.Invalid},
		"filter's syntax":     {[]string{"reader: table", "reader: table\n  filters:\n    - {expression: v >}"}, "run.yaml:4:", "v >", core.Invalid},
		"filter's column":     {[]string{"reader: table", "reader: table\n  filters:\n    - {expression: z > 1}"}, "run.yaml:4:", "z", core.Invalid},
		"filter of numbers":   {[]string{"reader: table", "reader: table\n  filters:\n    - {expression: v + 1}"}, "run.yaml:4:", "a filter must be true or false", core.Invalid},
		"expression's syntax": {[]string{"np.sum(v)", "np.sum(v"}, "run.yaml:9:", "np.sum(v", core.Invalid},
		"expression's column": {[]string{"np.sum(v)", "np.sum(z)"}, "run.yaml:9:", "z", core.Invalid},
		"expression's shape":  {[]string{"np.sum(v)", `"np.quantile(v, [0.1, 0.9])"`}, "run.yaml:9:", "2 numbers per cell, not 1", core.Invalid},
		"expression per row":  {[]string{"np.sum(v)", "v * 2"}, "run.yaml:9:", "length differs from cell to cell", core.Invalid},
		"statistic":           {[]string{mean, "mean: {function: average_of, source: v}"}, "run.yaml:6:", `no statistic average_of in this binary; have [`, core.NotFound},
		"statistic's param":   {[]string{mean, "mean: {function: mean, source: v, params: {ddof: 1}}"}, "run.yaml:6:", "ddof", core.Invalid},
		"statistic's q":       {[]string{"[0.25, 0.75]", "[0.25, 1.75]"}, "run.yaml:10:", "1.75", core.Invalid},
		"source":              {[]string{mean, "mean: {function: mean, source: z}"}, "run.yaml:6:", `no variable "z"; have v, w, one`, core.Invalid},
		"param's column":      {[]string{"weights: w + 1", "weights: z"}, "run.yaml:8:", `no variable "z"; have v`, core.Invalid},
		"param's expression":  {[]string{"weights: w + 1", "weights: z + 1"}, "run.yaml:8:", "z", core.Invalid},
		"unknown param":       {[]string{"weights: w + 1", "weight: w + 1"}, "run.yaml:8:", `average has no input "weight"; have source, weights`, core.Invalid},
		"missing param":       {[]string{mean, "mean: {function: needs, source: v}"}, "run.yaml:6:", "needs needs params.other", core.Invalid},
		"scalar of a vector":  {[]string{"kind: vector, trailing_shape: [2]", "kind: scalar"}, "run.yaml:10:", "quantile gives 2 values per cell (kind: vector, trailing_shape: [2]), and the configuration says kind: scalar: leave that out", core.Invalid},
		"other vector":        {[]string{"trailing_shape: [2]", "trailing_shape: [3]"}, "run.yaml:10:", "quantile gives 2 values per cell (kind: vector, trailing_shape: [2]), and the configuration says kind: vector, trailing_shape: [3]", core.Invalid},
		"vector of a scalar":  {[]string{mean, "mean: {function: mean, source: v, kind: vector, trailing_shape: 2}"}, "run.yaml:6:", "mean gives one value per cell (kind: scalar), and the configuration says kind: vector, trailing_shape: [2]", core.Invalid},
		"vector of rows":      {[]string{mean, "mean: {function: ragged, source: v, kind: vector, trailing_shape: [2]}"}, "run.yaml:6:", "ragged gives any number of rows of 1 values per cell (kind: ragged, inner_shape: [1]), and the configuration says kind: vector", core.Invalid},
		"rows of a vector":    {[]string{"kind: vector, trailing_shape: [2]", "kind: ragged, inner_shape: [2]"}, "run.yaml:10:", "and the configuration says kind: ragged, inner_shape: [2]", core.Invalid},
		"rows, one number":    {[]string{mean, "mean: {expression: np.sum(v), kind: ragged, inner_shape: [1]}"}, "run.yaml:6:", "gives a float64 for a cell, not rows: leave out kind: ragged", core.Invalid},
		"rows undeclared":     {[]string{mean, `mean: {expression: "np.column_stack((v, w))"}`}, "run.yaml:6:", "only kind: ragged with inner_shape: [2] holds", core.Invalid},
		"rows of others":      {[]string{mean, `mean: {expression: "np.column_stack((v, w))", kind: ragged, inner_shape: [3]}`}, "run.yaml:6:", "rows of 2 float64: set inner_shape: [2]", core.Invalid},
		"rows of two axes":    {[]string{mean, `mean: {expression: "v[v > 0]", kind: ragged, inner_shape: [3, 2]}`}, "run.yaml:6:", "x.reshape((-1, 3, 2)) makes rows", core.Invalid},
		"per cell":            {[]string{mean, "mean: {function: percell, source: v}"}, "run.yaml:6:", "not supported yet: input edge of percell", core.Invalid},
		"no output":           {[]string{mean, "mean: {function: nothing, source: v}"}, "run.yaml:6:", "nothing gives nothing to store", core.Invalid},
		"compact plane":       {[]string{"healpix\n    parent_order: 3\n    child_order: 5", "plane"}, "run.yaml:14:", "compact needs a grid of one dimension; plane has 2: use fullsphere", core.Invalid},
	} {
		_, err := compile(t, edited(t, simple, c.edits...))
		require.ErrorContains(t, err, c.want, name)
		require.ErrorContains(t, err, c.at, name)
		require.Equal(t, c.code, core.CodeOf(err), "%s: %v", name, err)
	}
}

// What a statistic says of its results is enough: a configuration that repeats it gives the same arrays.
func TestShapesOfStatistics(t *testing.T) {
	of := func(r *host.Recipe, function string) config.Array {
		arrays := r.Arrays()
		return arrays[slices.IndexFunc(arrays, func(a config.Array) bool { return a.Function == function })]
	}
	for _, said := range []string{", kind: vector, trailing_shape: [2]", ", kind: vector, trailing_shape: 2", ""} {
		a := of(recipe(t, edited(t, simple, ", kind: vector, trailing_shape: [2]", said)), "quantile")
		require.Equal(t, []int{2}, a.Shape, said)
		require.False(t, a.Ragged)
	}
	for _, said := range []string{", kind: ragged, inner_shape: 1", ""} {
		a := of(recipe(t, edited(t, simple, "mean: {function: mean, source: v}", "mean: {function: ragged, source: v"+said+"}")), "ragged")
		require.True(t, a.Ragged, said)
		require.Equal(t, []int{1}, a.Inner)
		require.Nil(t, a.Fill)
	}
}

// What a statistic says of the type of its results is what is stored, with its fill value, also where the configuration repeats it; where it says
// another it is refused, but for the statistics that come with zagg, which are stored in any type.
func TestTypesOfStatistics(t *testing.T) {
	with := func(said string) (*host.Recipe, error) {
		return compile(t, edited(t, simple, "mean: {function: mean, source: v}", "mean: {function: "+said+"}"))
	}
	for said, want := range map[string]struct {
		t    core.Type
		fill string
	}{
		"whole, source: v": {core.Int32, "-9"}, "whole, source: v, dtype: int32": {core.Int32, "-9"}, "whole, source: v, fill_value: 7": {core.Int32, "7"},
		"whole, source: v, dtype: i4, fill_value: 5.0": {core.Int32, "5"},
		"words, source: v": {core.Uint64, "0"}, "words, source: v, fill_value: 18446744073709551615": {core.Uint64, "18446744073709551615"},
		"flags, source: v": {core.Bool, "false"}, "flags, source: v, fill_value: 1": {core.Bool, "true"},
		"pair, source: v": {core.Float64, `"NaN"`}, "pair, source: v, fill_value: -1": {core.Float64, "-1"},
		"like, source: one": {core.Float64, `"NaN"`}, "like, source: v, dtype: int16": {core.Int16, "0"},
		"mean, source: v": {core.Float32, `"NaN"`}, "mean, source: v, dtype: float64": {core.Float64, `"NaN"`}, "len": {core.Float32, "0"},
		"max, source: v": {core.Float32, `"NaN"`}, "count, dtype: int32": {core.Int32, "0"},
	} {
		r, err := with(said)
		require.NoError(t, err, said)
		a := r.Arrays()[1]
		require.Equal(t, want.t, a.Type, said)
		require.Equal(t, want.fill, string(a.Fill), said)
	}
	for said, want := range map[string]string{
		"whole, source: v, dtype: int64":    "whole gives int32, and the configuration says dtype: int64: leave that out, or repeat what it gives",
		"pair, source: v, dtype: float32":   "pair gives float64, and the configuration says dtype: float32",
		"whole, source: v, fill_value: NaN": `"NaN" does not fit int32, which whole gives`,
		"whole, source: v, fill_value: 3e9": "3000000000.0 does not fit int32, which whole gives",
		"words, source: v, fill_value: -1":  "-1 does not fit uint64, which words gives",
		"texts, source: v":                  "texts gives texts, which no array of numbers can hold",
	} {
		_, err := with(said)
		require.ErrorContains(t, err, want, said)
		require.ErrorContains(t, err, "run.yaml:6:", said)
		require.Equal(t, core.Invalid, core.CodeOf(err), said)
	}
	r, err := with("words, source: v")
	require.NoError(t, err)
	require.Contains(t, r.Notes, "aggregation.variables.mean: words gives uint64 and there is no fill_value: cells without observations hold 0")
}

// The numbers of chunks are stored nowhere, and are NaN where there are none: as a statistic gives them, if it gives floats.
func TestTypesOfChunkValues(t *testing.T) {
	with := func(said string) error {
		_, err := compile(t, edited(t, simple, "aggregation:\n", "aggregation:\n  chunk_precompute:\n    x: {source: v, function: "+said+"}\n"))
		return err
	}
	for _, said := range []string{"pair", "pair, dtype: float64", "whole", "whole, dtype: float32", "mean, dtype: float32", "like, dtype: float32"} {
		require.NoError(t, with(said), said)
	}
	require.ErrorContains(t, with("pair, dtype: float32"), "pair gives float64, and the configuration says dtype: float32")
	require.ErrorContains(t, with("texts"), "texts gives texts")
}

// Columns are those that are used, where the reader knows more; a source is not needed to count.
func TestCountNeedsNoColumn(t *testing.T) {
	text := `data_source: {reader: table}
aggregation: {variables: {n: {function: len, dtype: int32}}}
output: {grid: {type: plane}}
`
	s := planned(t, recipe(t, text), map[string][]string{"r0c0": {"a"}})
	store := &objstore.Mem{}
	table(t, store, "a", [4]float64{0.5, 0.5, 1, 2}, [4]float64{0.5, 0.6, 1, 2}, [4]float64{2.5, 1.5, 0, 0})
	s.start(t, store)
	out := s.mustProcess(t, store, store, "r0c0")
	require.Equal(t, int64(3), out.Record.Receipt.Observations.Kept)
	require.Equal(t, int64(2), out.Record.Receipt.Cells)
}
