//go:build suites

package values

import (
	"bytes"
	"encoding/json"
	"maps"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/cmd/zagg/cli"
	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/h5/levels"
	"github.com/englacial/zagg/core/objstore"
	"github.com/englacial/zagg/core/reduce"
	"github.com/englacial/zagg/plugins/all"
)

// Every type × byte order × packing × spelling of what is missing has the values that xarray gives it, with and without an index.
func TestMatrix(t *testing.T) {
	python := os.Getenv("ZAGG_PYTHON")
	if python == "" {
		t.Skip("ZAGG_PYTHON is not set")
	}
	dir := t.TempDir()
	file, expected := filepath.Join(dir, "matrix.h5"), filepath.Join(dir, "matrix.json")
	out, err := exec.CommandContext(t.Context(), python, "make_matrix.py", file, expected).CombinedOutput()
	require.NoError(t, err, "%s", out)
	text, err := os.ReadFile(expected)
	require.NoError(t, err)
	var want map[string][]*float64
	require.NoError(t, json.Unmarshal(text, &want))
	require.Greater(t, len(want), 700)

	l := levels.Layout{Latitude: "/lat", Longitude: "/lon"}
	names := slices.Sorted(maps.Keys(want))
	for _, name := range names {
		l.Columns = append(l.Columns, levels.Column{Name: name, Path: "/" + name, Element: -1})
	}
	r, err := levels.New(l)
	require.NoError(t, err)
	files := &objstore.File{}
	g := core.Granule{ID: "matrix", Assets: map[string]string{"data": file}}
	index, err := r.(core.Indexer).Index(t.Context(), files, g, core.Query{Columns: names})
	require.NoError(t, err)
	indexFile := filepath.Join(dir, "matrix.index")
	require.NoError(t, os.WriteFile(indexFile, index, 0o644))
	indexed := core.Granule{ID: "matrix", Assets: map[string]string{"data": file, "index": indexFile}}
	for _, g := range []core.Granule{g, indexed} {
		stats, err := r.Read(t.Context(), files, g, core.Query{Columns: names}, func(b *core.Batch) error {
			for i := range b.Columns {
				compare(t, &b.Columns[i], want[b.Columns[i].Name])
			}
			return nil
		})
		require.NoError(t, err)
		if _, ok := g.Assets["index"]; ok {
			require.Equal(t, core.IndexUsed, stats.Index)
		}
	}
}

// compare holds a column against values, nil for none. xarray computes some of them in float32.
func compare(t *testing.T, c *core.Column, want []*float64) {
	t.Helper()
	got := slices.Clone(reduce.Float64s(c))
	require.Len(t, got, len(want), c.Name)
	rows := make([]int32, len(got))
	for i := range rows {
		rows[i] = int32(i)
	}
	missing, _, _ := core.Missing(c, rows)
	for _, i := range missing {
		got[i] = math.NaN()
	}
	for i, w := range want {
		if w == nil {
			require.True(t, math.IsNaN(got[i]), "%s, row %d: %v, expected none", c.Name, i, got[i])
			continue
		}
		require.InDelta(t, *w, got[i], 1e-6*math.Max(math.Abs(*w), 300), "%s (%s), row %d", c.Name, c.Type, i)
	}
}

// What cannot be applied is refused by the name of dataset and attribute, unless the dataset is read raw; coordinates and
// filters mean what their attributes say.
func TestCases(t *testing.T) {
	python := os.Getenv("ZAGG_PYTHON")
	if python == "" {
		t.Skip("ZAGG_PYTHON is not set")
	}
	dir := t.TempDir()
	file, expected := filepath.Join(dir, "cases.h5"), filepath.Join(dir, "cases.json")
	out, err := exec.CommandContext(t.Context(), python, "make_cases.py", file, expected, filepath.Join(dir, "granule.h5")).CombinedOutput()
	require.NoError(t, err, "%s", out)
	text, err := os.ReadFile(expected)
	require.NoError(t, err)
	var cases map[string]struct {
		Error   string
		Left    []*float64
		Filters []core.Filter
	}
	require.NoError(t, json.Unmarshal(text, &cases))
	for name, c := range cases {
		got, err := readCase(t, file, name, c.Filters)
		if c.Error != "" {
			require.ErrorContains(t, err, c.Error, name)
			require.ErrorContains(t, err, "/"+name+"/", name)
			require.ErrorContains(t, err, "raw: true", name)
			require.Equal(t, core.Unsupported, core.CodeOf(err), name)
			got, err = readCase(t, file, name, c.Filters, "v", "lat")
			require.NoError(t, err, name)
			require.Equal(t, 6, got.Rows(), name)
			continue
		}
		require.NoError(t, err, name)
		compare(t, got, c.Left)
	}
}

// readCase reads v of a group with filters, and some datasets as they are stored.
func readCase(t *testing.T, file, group string, filters []core.Filter, raw ...string) (*core.Column, error) {
	at := func(name string) string { return "/" + group + "/" + name }
	l := levels.Layout{Latitude: at("lat"), Longitude: at("lon")}
	for _, name := range []string{"v", "lat"} {
		l.Columns = append(l.Columns, levels.Column{Name: name, Path: at(name), Element: -1, Raw: slices.Contains(raw, name)})
	}
	r, err := levels.New(l)
	require.NoError(t, err)
	rows := core.Column{Name: group, Type: core.Float64, Width: 1}
	g := core.Granule{ID: "cases", Assets: map[string]string{"data": file}}
	_, err = r.Read(t.Context(), &objstore.File{}, g, core.Query{Columns: []string{"v"}, Filters: filters}, func(b *core.Batch) error {
		rows = b.Columns[0]
		rows.Name, rows.Data = group, slices.Clone(rows.Data)
		return nil
	})
	return &rows, err
}

// xarray opens a store whose fill values are numbers, with times, and takes for missing what is.
func TestStore(t *testing.T) {
	python := os.Getenv("ZAGG_PYTHON")
	if python == "" {
		t.Skip("ZAGG_PYTHON is not set")
	}
	const text = `data_source: {reader: atl06, driver: s3}
aggregation:
  variables:
    count:    {function: len, source: h_li, dtype: int32}
    h_single: {function: mean, source: h_li, fill_value: -9999.1}
    h_double: {function: mean, source: h_li, dtype: float64, fill_value: 3.4028235e38}
    t:        {function: mean, source: delta_time}
    t_std:    {function: std, source: delta_time}
output:
  grid: {type: healpix, indexing_scheme: nested, parent_order: 6, child_order: 12, layout: compact}
`
	dir := t.TempDir()
	config, store, granule := filepath.Join(dir, "config.yaml"), filepath.Join(dir, "store.zarr"), filepath.Join(dir, "granule.h5")
	made, err := exec.CommandContext(t.Context(), python, "make_cases.py", filepath.Join(dir, "x.h5"), filepath.Join(dir, "x.json"), granule).CombinedOutput()
	require.NoError(t, err, "%s", made)
	require.NoError(t, os.WriteFile(config, []byte(text), 0o644))
	var out, errs bytes.Buffer
	code := cli.Run(t.Context(), []string{"run", "--config", config, "--granules", granule, "--store", store, "-q"},
		strings.NewReader(""), &out, &errs, all.Plugins()...)
	require.Zero(t, code, "%s%s", out.String(), errs.String())
	said, err := exec.CommandContext(t.Context(), python, "open_store.py", store, "12").CombinedOutput()
	require.NoError(t, err, "%s", said)
}
