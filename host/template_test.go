package host_test

import (
	"encoding/json"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/objstore"
	"github.com/englacial/zagg/internal/zarr"
)

var update = flag.Bool("update", false, "write the golden files of testdata anew")

// glacier is a configuration over a reader that knows units.
const glacier = `data_source:
  reader: atl06
  variables: {h_li: "/{group}/land_ice_segments/h_li", s_li: "/{group}/land_ice_segments/h_li_sigma"}
aggregation:
  variables:
    count: {function: len, source: h_li, dtype: int32, fill_value: 0}
    h_mean: {function: average, source: h_li, params: {weights: 1.0 / s_li**2}, attrs: {long_name: mean height}}
    h_var: {function: var, source: h_li, dtype: float64, fill_value: -1}
    h_q: {function: quantile, source: h_li, params: {q: [0.25, 0.5, 0.75]}, kind: vector, trailing_shape: [3]}
output:
  grid: {type: healpix, parent_order: 6, child_order: 8, layout: compact}
`

// documents is what set-up writes into the store, by key; objects that are no JSON by their length alone.
func documents(t testing.TB, s *setup) map[string]string {
	t.Helper()
	store := &objstore.Mem{}
	require.True(t, s.start(t, store))
	docs := map[string]string{}
	for url, body := range contents(t, store) {
		if key, below := strings.CutPrefix(url, s.url+"/"); below { // beside the store lies its configuration
			docs[key] = body
		}
	}
	return docs
}

// The metadata of both layouts is what the golden files have. go test ./host -update writes them anew.
func TestTemplateGolden(t *testing.T) {
	shards := map[string][]string{"-5111123": nil, "-5111124": nil, "1111111": nil}
	for layout, text := range map[string]string{"compact": glacier, "fullsphere": edited(t, glacier, ", layout: compact", "")} {
		docs := documents(t, planned(t, recipe(t, text), shards))
		folder := filepath.Join("testdata", layout)
		if *update {
			require.NoError(t, os.RemoveAll(folder))
			for key, doc := range docs {
				if strings.HasSuffix(key, "zarr.json") {
					require.NoError(t, os.MkdirAll(filepath.Join(folder, filepath.Dir(key)), 0o755))
					require.NoError(t, os.WriteFile(filepath.Join(folder, key), []byte(doc+"\n"), 0o644))
				}
			}
		}
		want := map[string]string{}
		require.NoError(t, filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			text, err := os.ReadFile(path)
			key, _ := filepath.Rel(folder, path)
			want[filepath.ToSlash(key)] = strings.TrimSuffix(string(text), "\n")
			return err
		}))
		for key, doc := range docs {
			if strings.HasSuffix(key, "zarr.json") {
				require.Equal(t, want[key], doc, "%s %s", layout, key)
				delete(want, key)
			} else {
				require.Equal(t, "compact", layout, "a fullsphere store gets its coordinates from its jobs")
			}
		}
		require.Empty(t, want, layout)
	}
}

func openStore(t testing.TB, s *setup, store core.ObjectReader) *zarr.Group {
	t.Helper()
	root, err := zarr.Open(t.Context(), store, s.url)
	require.NoError(t, err)
	g, err := root.Group(t.Context(), s.recipe.Info().Frame.Group)
	require.NoError(t, err)
	return g
}

// attrs are the attributes of an array.
func attrs(t testing.TB, g *zarr.Group, array string) map[string]any {
	t.Helper()
	d, err := g.Array(t.Context(), array)
	require.NoError(t, err)
	var m map[string]any
	require.NoError(t, json.Unmarshal(d.Attrs, &m))
	return m
}

// Consolidated metadata names every array, in the group's document and in the root's; without it both say nothing.
func TestConsolidated(t *testing.T) {
	text := edited(t, simple, "output:\n", "output:\n  consolidate_metadata: true\n")
	for _, yes := range []bool{true, false} {
		if !yes {
			text = edited(t, text, "consolidate_metadata: true", "consolidate_metadata: false")
		}
		s := planned(t, recipe(t, text), map[string][]string{"1111": nil, "-1111": nil})
		store := &objstore.Mem{}
		s.start(t, store)
		root, err := zarr.Open(t.Context(), store, s.url)
		require.NoError(t, err)
		require.Equal(t, yes, root.Consolidated())
		g, err := zarr.Open(t.Context(), store, s.url+"/5")
		require.NoError(t, err)
		require.Equal(t, yes, g.Consolidated())
		for _, key := range s.template.Store.Arrays() {
			_, err := store.Stat(t.Context(), s.url+"/"+key)
			require.NoError(t, err)
		}
		if yes {
			require.Len(t, root.Members(), 1+len(s.template.Store.Arrays()))
			require.Len(t, g.Members(), len(s.template.Store.Arrays()))
		}
	}
}

// Units come from the column, where the statistic keeps or raises them, and from the user above all.
func TestUnits(t *testing.T) {
	s := planned(t, recipe(t, `data_source: {reader: table}
aggregation:
  variables:
    mean: {function: pair, source: v}
    plain: {function: pair, source: w}
    ratio: {function: pair, source: one}
    mine: {function: pair, source: v, attrs: {units: km, note: "<&>"}}
    none: {expression: np.sum(v)}
output: {grid: {type: healpix, parent_order: 3, child_order: 5}}
`), map[string][]string{"1111": nil})
	store := &objstore.Mem{}
	s.start(t, store)
	g := openStore(t, s, store)
	require.Equal(t, map[string]any{"grid_mapping": "crs", "units": "m2"}, attrs(t, g, "mean"))
	require.Equal(t, map[string]any{"grid_mapping": "crs", "units": "1"}, attrs(t, g, "mean_n"))
	require.Equal(t, map[string]any{"grid_mapping": "crs"}, attrs(t, g, "plain"), "an unknown unit leaves none")
	require.Equal(t, map[string]any{"grid_mapping": "crs", "units": "1"}, attrs(t, g, "plain_n"))
	require.Equal(t, map[string]any{"grid_mapping": "crs", "units": "1"}, attrs(t, g, "ratio"))
	require.Equal(t, map[string]any{"grid_mapping": "crs", "units": "km", "note": "<&>"}, attrs(t, g, "mine"))
	require.Equal(t, map[string]any{"grid_mapping": "crs", "units": "m", "long_name": "np.sum(v)", "cell_methods": "area: sum"}, attrs(t, g, "none"), "an expression tells its own")
	n, err := g.Array(t.Context(), "mean_n")
	require.NoError(t, err)
	require.Equal(t, core.Int64, n.Type, "only the first output has the declared type")
	require.Equal(t, int64(-1), core.View[int64](n.Fill)[0])
}

// An output without a type is of the first one's.
func TestOutputsLikeTheInput(t *testing.T) {
	s := planned(t, recipe(t, `data_source: {reader: table}
aggregation: {variables: {a: {function: like, source: v, dtype: int16, fill_value: -3}}}
output: {grid: {type: plane}}
`), map[string][]string{"r0c0": nil})
	store := &objstore.Mem{}
	s.start(t, store)
	for _, name := range []string{"a", "a_like"} {
		d, err := openStore(t, s, store).Array(t.Context(), name)
		require.NoError(t, err)
		require.Equal(t, core.Int16, d.Type)
		require.Equal(t, int16(-3), core.View[int16](d.Fill)[0])
	}
}

// A dimension's name stands for one length in the whole group.
func TestVectorDimensions(t *testing.T) {
	s := planned(t, recipe(t, `data_source: {reader: table}
aggregation:
  variables:
    two: {function: quantile, source: v, params: {q: [0.25, 0.75]}, kind: vector, trailing_shape: [2]}
    three: {function: quantile, source: v, params: {q: [0.25, 0.5, 0.75]}, kind: vector, trailing_shape: [3]}
    again: {function: quantile, source: v, params: {q: [0.1, 0.9]}, kind: vector, trailing_shape: [2]}
    matrix: {function: quantile, source: v, params: {q: [0.1, 0.2, 0.3, 0.4]}, kind: vector, trailing_shape: [2, 2]}
output: {grid: {type: plane}}
`), map[string][]string{"r0c0": nil})
	store := &objstore.Mem{}
	s.start(t, store)
	g := openStore(t, s, store)
	sizes := map[string]int64{}
	for array, want := range map[string][]string{
		"two": {"y", "x", "vector"}, "three": {"y", "x", "three_vector"}, "again": {"y", "x", "vector"}, "matrix": {"y", "x", "vector_0", "vector_1"},
	} {
		d, err := g.Array(t.Context(), array)
		require.NoError(t, err)
		require.Equal(t, want, d.Dims)
		for i, name := range d.Dims {
			if n, seen := sizes[name]; seen {
				require.Equal(t, n, d.Shape[i], name)
			}
			sizes[name] = d.Shape[i]
		}
	}
}

// Axes are written once by set-up.
func TestAxes(t *testing.T) {
	s := planned(t, recipe(t, `data_source: {reader: table}
aggregation: {variables: {n: {function: len, dtype: int32}}}
output: {grid: {type: plane}}
`), map[string][]string{"r0c0": nil})
	store := &objstore.Mem{}
	s.start(t, store)
	g := openStore(t, s, store)
	for name, want := range map[string][]float64{"y": {0.5, 1.5, 2.5, 3.5}, "x": {0.5, 1.5, 2.5, 3.5, 4.5, 5.5}} {
		d, err := g.Array(t.Context(), name)
		require.NoError(t, err)
		require.Equal(t, []string{name}, d.Dims)
		values, err := d.Read(t.Context(), []int64{0}, []int64{int64(len(want))})
		require.NoError(t, err)
		require.Equal(t, want, core.View[float64](values.Data))
		require.Equal(t, map[string]any{"units": "degrees"}, attrs(t, g, name))
	}
}

// Variables without a dimension are metadata alone: their value is the fill value. What a grid says of every variable goes
// behind what the user says, and not to coordinates.
func TestScalars(t *testing.T) {
	s := planned(t, recipe(t, `data_source: {reader: table}
aggregation: {variables: {n: {function: len, dtype: int32}, m: {function: len, dtype: int32, attrs: {long_name: people}}}}
output: {grid: {type: plane}}
`), map[string][]string{"r0c0": nil})
	store := &objstore.Mem{}
	s.start(t, store)
	g := openStore(t, s, store)
	d, err := g.Array(t.Context(), "chart")
	require.NoError(t, err)
	require.Empty(t, d.Shape)
	value, err := d.Read(t.Context(), nil, nil)
	require.NoError(t, err)
	require.Equal(t, []int32{7}, core.View[int32](value.Data))
	require.Equal(t, []string{s.url + "/plane/chart/zarr.json"}, keysOf(contents(t, store), "/chart/"))
	require.Equal(t, map[string]any{"grid_mapping_name": "latitude_longitude"}, attrs(t, g, "chart"))
	require.Equal(t, map[string]any{"grid_mapping": "chart", "long_name": "number of observations", "standard_name": "number_of_observations", "units": "1", "nodata": 0.0}, attrs(t, g, "n"))
	require.Equal(t, map[string]any{"grid_mapping": "chart", "long_name": "people", "standard_name": "number_of_observations", "units": "1", "nodata": 0.0}, attrs(t, g, "m"))
	require.Empty(t, attrs(t, g, "area"))
}

// A variable cannot have the name of a coordinate of the grid.
func TestNameTaken(t *testing.T) {
	_, err := compile(t, edited(t, simple, "n: {function", "cell_ids: {function"))
	require.ErrorContains(t, err, "run.yaml:5:5: aggregation.variables: cell_ids: two arrays of the group have this name")
}

// In a compact store every planned cell has its id from the beginning, in plan order, also where shards share an object.
func TestCompactCoordinates(t *testing.T) {
	labels := map[string][]string{"-1111": nil, "1111": nil, "4242": nil, "-3111": nil, "2222": nil}
	s := planned(t, recipe(t, simple), labels)
	store := &objstore.Mem{}
	s.start(t, store)
	g := openStore(t, s, store)
	for _, name := range []string{"cell_ids", "morton"} {
		d, err := g.Array(t.Context(), name)
		require.NoError(t, err)
		require.Equal(t, []int64{5 * 16}, d.Shape)
		got, err := d.Read(t.Context(), []int64{0}, d.Shape)
		require.NoError(t, err)
		var want []uint64
		for _, shard := range s.plan.Shards {
			cells, err := s.recipe.Grid.Cells(t.Context(), shard.Key)
			require.NoError(t, err)
			for _, c := range cells {
				if c.Name == name {
					want = append(want, core.View[uint64](c.Data)...)
				}
			}
		}
		require.Equal(t, want, core.View[uint64](got.Data), name)
	}
}

// A plan without a shard makes an empty store.
func TestEmptyPlan(t *testing.T) {
	s := planned(t, recipe(t, simple), nil)
	store := &objstore.Mem{}
	s.start(t, store)
	d, err := openStore(t, s, store).Array(t.Context(), "mean")
	require.NoError(t, err)
	require.Equal(t, []int64{0}, d.Shape)
}
