//go:build suites

package remote

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/objstore"
	"github.com/englacial/zagg/core/reduce"
	"github.com/englacial/zagg/internal/zarr"
	"github.com/englacial/zagg/test/remote/loop"
)

// asking is a statistic that takes all that one may ask for, and gives vectors with dimensions, units and attributes.
type asking struct{}

// edges are those of its bins.
func edges() []float64 { return []float64{-1e9, 0, 50, 500, 1e9} }

func (asking) Info() core.StatisticInfo {
	height := &core.VectorDim{Name: "height", Units: "m", Edges: edges(), Attrs: json.RawMessage(`{"axis":"Z"}`)}
	nan := json.RawMessage(`"NaN"`)
	info := core.StatisticInfo{Outputs: []core.Field{
		{Type: core.Float64, Width: 4, Units: "1", Dim: height, Attrs: json.RawMessage(`{"long_name":"share"}`)},
		{Name: "_asked", Type: core.Float64, Width: 7, Fill: nan, Units: "{source} {w}^-1", Dim: &core.VectorDim{Name: "asked"}},
		{Name: "_when", Type: core.Float64, Width: 1, Fill: nan, Units: "{time}"},
		{Name: "_low", Type: core.Float64, Width: 4, Fill: nan, Units: "{source}", Dim: height},
	}}
	for _, name := range []string{"source", "w", "lon", "lat", "time"} {
		info.Inputs = append(info.Inputs, core.Input{Name: name})
	}
	for _, name := range []string{"cell_lon", "cell_lat", "cell_id", "cell_area"} {
		info.Inputs = append(info.Inputs, core.Input{Name: name, PerCell: true})
	}
	return info
}

func (asking) Compute(_ context.Context, g *core.Groups) ([]core.Column, error) {
	if len(g.Rows) != 5 || len(g.Cells) != 4 {
		return nil, core.Errorf(core.Invalid, "asking", "", "%d columns and %d of cells", len(g.Rows), len(g.Cells))
	}
	var rows, cells [][]float64
	for i := range g.Rows {
		rows = append(rows, reduce.Float64s(&g.Rows[i]))
	}
	for i := range g.Cells {
		cells = append(cells, reduce.Float64s(&g.Cells[i]))
	}
	var share, asked, when, low []float64
	for i := range g.Slots {
		from, to := g.Offsets[i], g.Offsets[i+1]
		heights := rows[0][from:to]
		bins, of := make([]float64, 4), edges()
		for _, h := range heights {
			k, exactly := slices.BinarySearch(of, h)
			if !exactly {
				k--
			}
			bins[k]++
		}
		for k := range bins {
			share = append(share, bins[k]/float64(to-from))
			low = append(low, slices.Min(heights))
		}
		asked = append(asked, rows[2][from], rows[3][from], rows[4][from])
		for k := range cells {
			asked = append(asked, cells[k][i])
		}
		when = append(when, rows[4][from])
	}
	out := []core.Column{core.ColumnOf("", share), core.ColumnOf("_asked", asked), core.ColumnOf("_when", when), core.ColumnOf("_low", low)}
	out[0].Width, out[1].Width, out[3].Width = 4, 7, 4
	return out, nil
}

const askingConfig = `
data_source:
  reader: atl06
  variables:
    h_li: "/{group}/land_ice_segments/h_li"
    h_li_sigma: "/{group}/land_ice_segments/h_li_sigma"
aggregation:
  variables:
    first_time: {expression: "h_li_sigma[0]", dtype: float64}
    h: {function: asking, source: h_li, params: {w: h_li_sigma}, kind: vector, trailing_shape: [4], dtype: float64}
output:
  grid: {type: healpix, parent_order: 6, child_order: 12, layout: compact}
  time_source: {field: h_li_sigma, epoch: 2018-01-01T00:00:00}
`

// Where and when an observation was, what its cell is: a statistic that is linked in, one behind the protocol and one in Python get the same. What they
// say of their outputs, dimensions with coordinates, units and attributes, arrives in the store.
func TestInputsAndOutputs(t *testing.T) {
	mine := core.Plugin{Name: "asking", Version: "1", Statistics: []core.Maker[core.Statistic]{{Name: "asking",
		New: func(context.Context, core.Config) (core.Statistic, error) { return asking{}, nil }}}}
	linked := builtin()
	others := []core.Plugin{linked["healpix"], linked["atl06"], linked["stats"]}
	stores := map[string]string{
		"linked": storeOf(t, append(slices.Clone(others), mine), ""),
		"remote": storeOf(t, append(slices.Clone(others), loop.Plugin(t, mine)), ""),
		"grid":   storeOf(t, []core.Plugin{loop.Plugin(t, linked["healpix"]), linked["atl06"], linked["stats"], mine}, ""),
	}
	if python := os.Getenv("ZAGG_PYTHON"); python != "" {
		sdk, err := filepath.Abs("../../sdk/python/src")
		require.NoError(t, err)
		t.Setenv("PYTHONPATH", sdk)
		stores["python"] = storeOf(t, others, fmt.Sprintf("plugins: [{name: asking, command: [%q, testdata/asking.py]}]\n", python))
	}
	want := valuesOf(t, stores["linked"])
	for how, store := range stores {
		require.True(t, equal(t, want, valuesOf(t, store)), how)
	}
	for how, store := range stores {
		checkOutputs(t, how, groupOf(t, store, "12"))
	}
	g := groupOf(t, stores["linked"], "12")
	asked, first, ids := numbers(t, g, "h_asked"), numbers(t, g, "first_time"), numbers(t, g, "morton")
	seen := 0
	for i := range first {
		if first[i] != first[i] {
			continue
		}
		seen++
		at := asked[7*i : 7*i+7]
		require.InDelta(t, first[i]+1514764800, at[2], 1e-5, "seconds since 1970")
		require.InDelta(t, at[3], at[0], 0.2, "longitudes of the observation and of the centre")
		require.InDelta(t, at[4], at[1], 0.02, "latitudes")
		require.Equal(t, ids[i], at[5])
		require.InDelta(t, 4*math.Pi*6371.0088*6371.0088/(12<<24), at[6], 1e-8, "km² of a cell of order 12")
	}
	require.Greater(t, seen, 20)
}

// checkOutputs holds what the store says of the outputs against what the statistic says.
func checkOutputs(t *testing.T, how string, g *zarr.Group) {
	for name, want := range map[string]struct {
		dims  []string
		attrs string
	}{
		"h":           {[]string{"cells", "height"}, `{"units":"1","long_name":"share"}`},
		"h_low":       {[]string{"cells", "height"}, `{"units":"m"}`},
		"h_asked":     {[]string{"cells", "asked"}, `{"units":"m m^-1"}`},
		"h_when":      {[]string{"cells"}, `{"units":"seconds since 1970-01-01T00:00:00Z"}`},
		"height":      {[]string{"height"}, `{"units":"m","axis":"Z","bounds":"height_bnds"}`},
		"height_bnds": {[]string{"height", "bnds"}, `{}`},
	} {
		a, err := g.Array(t.Context(), name)
		require.NoError(t, err, name)
		require.Equal(t, want.dims, a.Dims, "%s of %s", name, how)
		var have, of map[string]any
		require.NoError(t, json.Unmarshal([]byte(want.attrs), &of))
		if len(a.Attrs) > 0 {
			require.NoError(t, json.Unmarshal(a.Attrs, &have))
		}
		for key, value := range of {
			require.Equal(t, value, have[key], "%s of %s, %s: %s", key, name, how, a.Attrs)
		}
	}
	require.Equal(t, []float64{-5e8, 25, 275, 5e8 + 250}, numbers(t, g, "height"))
	require.Equal(t, []float64{-1e9, 0, 0, 50, 50, 500, 500, 1e9}, numbers(t, g, "height_bnds"))
}

// valuesOf are the objects of a store with values.
func valuesOf(t *testing.T, store string) map[string]string {
	all := files(t, store)
	maps.DeleteFunc(all, func(name, _ string) bool { return strings.HasSuffix(name, ".json") })
	return all
}

// storeOf is a store of the sample.
func storeOf(t *testing.T, plugins []core.Plugin, listed string) string {
	t.Helper()
	dir := t.TempDir()
	path, store := filepath.Join(dir, "config.yaml"), filepath.Join(dir, "store.zarr")
	require.NoError(t, os.WriteFile(path, []byte(listed+askingConfig), 0o600))
	code, out := zagg(t, plugins, "run", "--allow-plugins", "--config", path, "--granules", "../../cmd/zagg/cli/sample", "--store", store, "-q", "--max-cells", "1")
	require.Zero(t, code, out)
	return store
}

func groupOf(t *testing.T, store, name string) *zarr.Group {
	t.Helper()
	root, err := zarr.Open(t.Context(), &objstore.File{}, store)
	require.NoError(t, err)
	g, err := root.Group(t.Context(), name)
	require.NoError(t, err)
	return g
}

// numbers are all values of an array.
func numbers(t *testing.T, g *zarr.Group, name string) []float64 {
	t.Helper()
	a, err := g.Array(t.Context(), name)
	require.NoError(t, err)
	c, err := a.Read(t.Context(), make([]int64, len(a.Shape)), a.Shape)
	require.NoError(t, err)
	return reduce.Float64s(&c)
}
