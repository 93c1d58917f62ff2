//go:build suites

package remote

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/catalog"
	"github.com/englacial/zagg/internal/catalog/geoparquet"
)

const (
	sampleFolder  = "../../cmd/zagg/cli/sample"
	sampleGranule = "ATL06_20241101010000_01002511_007_01.h5"
)

// A use is a command that makes a call of a plugin. It writes into the folder "made".
type use func(t *testing.T, w *work) (code int, out string)

// A work is a command that uses a plugin, in a folder of its own.
type work struct {
	language language
	call     call
	dir      string
	config   string // file
	plugins  []core.Plugin
	done     string // pattern of what is in dir when the work is done, and not before
}

// newWork prepares a configuration of one variable, in which a plugin has the part that the call is of.
func newWork(t *testing.T, l language, c call, p core.Plugin) *work {
	w := &work{language: l, call: c, dir: t.TempDir(), done: "made.status/records/*.json"}
	w.config, w.plugins = filepath.Join(w.dir, "config.yaml"), w.with(p)
	source, column := "\n  reader: atl06\n  variables: {h_li: \"/{group}/land_ice_segments/h_li\"}", "h_li"
	grid, function := "{type: healpix, parent_order: 6, child_order: 8}", "sum"
	switch c.kind {
	case "grid":
		grid = l.grid
	case "reader":
		source, column = l.source, l.column
	case "statistic":
		function = l.total
	}
	if c.name == "Grid.CellAreas" {
		function = "density"
	}
	text := "data_source:" + source + "\naggregation: {variables: {h: {function: " + function + ", source: " + column + ", dtype: float64}}}\noutput: {grid: " + grid + "}\n"
	require.NoError(t, os.WriteFile(w.config, []byte(text), 0o600))
	return w
}

// with is a plugin and those that have the other parts.
func (w *work) with(p core.Plugin) []core.Plugin {
	linked := builtin()
	switch w.call.kind {
	case "grid":
		return []core.Plugin{p, linked["atl06"], linked["stats"], density()}
	case "reader":
		return []core.Plugin{p, linked["healpix"], linked["stats"]}
	}
	return []core.Plugin{p, linked["atl06"], linked["healpix"]}
}

// right are the same plugins, and nothing goes wrong in any.
func (w *work) right(t *testing.T) []core.Plugin {
	return w.with(opened(t, options(t, w.language, w.call, misdeed{kind: "none"}, longest, "")))
}

func (w *work) path(name string) string { return filepath.Join(w.dir, name) }

// do makes it.
func (w *work) do(t *testing.T) (code int, out string) {
	if w.call.use != nil {
		return w.call.use(t, w)
	}
	return w.run(t, w.plugins)
}

// run makes a run, of one shard if that will do.
func (w *work) run(t *testing.T, plugins []core.Plugin) (code int, out string) {
	args := []string{"run", "--config", w.config, "--store", w.path("made"), "-q"}
	if w.call.large {
		args = append(args, "--granules", sampleFolder)
	} else {
		args = append(args, "--granules", filepath.Join(sampleFolder, sampleGranule), "--max-cells", "1")
	}
	return zagg(t, plugins, args...)
}

// made is what was made.
func (w *work) made(t *testing.T) map[string]string { return files(t, w.path("made")) }

// same wants what is right; of a store that may lack names and units, its values.
func (w *work) same(t *testing.T, right *healthy, nameless bool) {
	want, got := right.files, w.made(t)
	if nameless {
		want, got = values(want), values(got)
	}
	require.True(t, equal(t, want, got))
}

// values are the objects that are no metadata.
func values(all map[string]string) map[string]string {
	some := map[string]string{}
	for name, data := range all {
		if filepath.Base(name) != "zarr.json" {
			some[name] = data
		}
	}
	return some
}

// indexes makes an index of a granule.
func indexes(t *testing.T, w *work) (int, string) {
	w.done = "made/*.zidx"
	return zagg(t, w.plugins, "index", "build", filepath.Join(sampleFolder, sampleGranule), "--out", w.path("made"), "--config", w.config, "-q")
}

// locates names the cells of places.
func locates(t *testing.T, w *work) (int, string) {
	w.done = "made/*"
	points := w.path("points.csv")
	require.NoError(t, os.WriteFile(points, []byte("lat,lon\n-75,106\n75,-106\n"), 0o600))
	require.NoError(t, os.Mkdir(w.path("made"), 0o700))
	code, out := zagg(t, w.plugins, "grid", "locate", "--config", w.config, points)
	if code == 0 {
		require.NoError(t, os.WriteFile(w.path("made/cells.csv"), []byte(out), 0o600))
	}
	return code, out
}

// footprint is where the granule of a catalog is.
var footprint = core.Region{Polygons: []core.Polygon{{{{Lon: 106, Lat: -75}, {Lon: 106.1, Lat: -75}, {Lon: 106.1, Lat: -74.9}, {Lon: 106, Lat: -74.9}}}}}

// list writes a catalog of a granule that lists the cells of its footprint.
func (w *work) list(t *testing.T) string {
	g, err := builtin()["healpix"].Grids[0].New(t.Context(), core.Config(`{"parent_order":8,"child_order":8}`))
	require.NoError(t, err)
	keys, err := g.Cover(t.Context(), []core.Region{footprint})
	require.NoError(t, err)
	entry := &catalog.Entry{Granule: core.Granule{ID: sampleGranule}, Data: catalog.Address{S3: filepath.Join(sampleFolder, sampleGranule)}, Footprint: footprint, CellsOrder: 8}
	for _, key := range keys[0] {
		word, err := strconv.ParseUint(string(key), 10, 64)
		require.NoError(t, err)
		entry.Cells = append(entry.Cells, word)
	}
	table, err := geoparquet.NewWriter(w.dir)
	require.NoError(t, err)
	defer table.Close()
	require.NoError(t, table.Add(entry))
	file, err := os.Create(w.path("catalog.parquet"))
	require.NoError(t, err)
	require.NoError(t, table.Write(file, catalog.Meta{}))
	require.NoError(t, file.Close())
	return file.Name()
}

// mapped makes a shard map of that catalog.
func (w *work) mapped(t *testing.T, plugins []core.Plugin, name string) (int, string) {
	require.NoError(t, os.MkdirAll(filepath.Dir(w.path(name)), 0o700))
	return zagg(t, plugins, "catalog", "--config", w.config, "--bbox", "105,-76,107,-74", "--output", w.path(name), w.list(t), "-q")
}

// catalogs makes a shard map of a catalog that lists cells.
func catalogs(t *testing.T, w *work) (int, string) {
	w.done = "made/*.json"
	return w.mapped(t, w.plugins, "made/map.json")
}

// converts reads a shard map, and writes it as this release does.
func converts(t *testing.T, w *work) (int, string) {
	w.done = "made/*.json"
	code, out := w.mapped(t, w.right(t), "map.json")
	require.Zero(t, code, out)
	require.NoError(t, os.Mkdir(w.path("made"), 0o700))
	code, out = zagg(t, w.plugins, "shardmap", "convert", w.path("map.json"), w.path("made/map.json"), "--config", w.config)
	return code, strings.ReplaceAll(out, w.dir, "")
}

// coarsens adds a coarser group to a store.
func coarsens(t *testing.T, w *work) (int, string) {
	w.done = "made/7/zarr.json"
	code, out := w.run(t, w.right(t))
	require.Zero(t, code, out)
	return zagg(t, w.plugins, "coarsen", w.path("made"), "--order", "7")
}

// density is the plugin of a statistic that takes the areas of cells.
func density() core.Plugin {
	return core.Plugin{Name: "density", Version: "1", Statistics: []core.Maker[core.Statistic]{{
		Name: "density", Doc: "observations per km²", New: func(context.Context, core.Config) (core.Statistic, error) { return perArea{}, nil },
	}}}
}

// perArea is observations per km².
type perArea struct{}

func (perArea) Info() core.StatisticInfo {
	return core.StatisticInfo{Inputs: []core.Input{{Name: "source"}, {Name: "cell_area", PerCell: true}}, Outputs: []core.Field{{Type: core.Float64}}}
}

func (perArea) Compute(_ context.Context, g *core.Groups) ([]core.Column, error) {
	areas, out := core.View[float64](g.Cells[0].Data), make([]float64, len(g.Slots))
	for i := range out {
		out[i] = float64(g.Offsets[i+1]-g.Offsets[i]) / areas[i]
	}
	return []core.Column{core.ColumnOf("", out)}, nil
}
