package host_test

import (
	"crypto/sha256"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/objstore"
	"github.com/englacial/zagg/host"
	"github.com/englacial/zagg/internal/cells"
	"github.com/englacial/zagg/internal/job"
	"github.com/englacial/zagg/internal/plan"
	"github.com/englacial/zagg/internal/sharedtest"
	"github.com/englacial/zagg/plugins/all"
)

const (
	byRegion = `  reader: atl06
  variables: {h_li: "/{group}/land_ice_segments/h_li", s_li: "/{group}/land_ice_segments/h_li_sigma"}
`
	byConfig = `  groups: [gt1l, gt1r, gt2l, gt2r, gt3l, gt3r]
  coordinates: {latitude: "/{group}/land_ice_segments/latitude", longitude: "/{group}/land_ice_segments/longitude"}
  variables: {h_li: "/{group}/land_ice_segments/h_li", s_li: "/{group}/land_ice_segments/h_li_sigma"}
`
	quality = `  quality_filter: {dataset: "/{group}/land_ice_segments/atl06_quality_summary", value: 0}
`
)

// gridsOf are configurations of the grids that this program has.
func gridsOf() map[string]string {
	grids := map[string]string{
		"healpix":     "{type: healpix, parent_order: 6, child_order: 12}",
		"rectilinear": `{type: rectilinear, crs: "EPSG:3031", resolution: 1000, bounds: [-3072000, -3072000, 3072000, 3072000], chunk_shape: [64, 64]}`,
	}
	for _, p := range all.Plugins() {
		for _, g := range p.Grids {
			if g.Name == "h3" {
				grids["h3"] = "{type: h3, parent_resolution: 3, child_resolution: 7}"
			}
		}
	}
	return grids
}

// selections are what else a configuration may say of rows, and where.
func selections() map[string][2]string { // data_source, output
	return map[string][2]string{
		"all":        {},
		"quality":    {quality},
		"bbox":       {"  select: {bbox: [-180, -81.9, 180, -81.2]}\n"},
		"time":       {"  select: {start: 2018-01-01T00:10:00, end: 2018-01-01T00:40:00}\n", "  time_source: {field: h_li, epoch: 2018-01-01T00:00:00}\n"},
		"expression": {"  filters: [{expression: h_li > 500}, {dataset: \"/{group}/land_ice_segments/atl06_quality_summary\", op: le, value: 0}]\n"},
		"fills":      {"  mask_fill: row\n"},
		"windows": {"", `  windowing: {schedule: explicit, time_field: h_li, epoch: 2018-01-01T00:00:00, windows: [
    {label: early, start: 2018-01-01T00:05:00, end: 2018-01-01T00:15:00}, {label: late, start: 2018-01-01T00:20:00, end: 2018-01-01T01:00:00}]}
`},
	}
}

const statistics = `aggregation:
  variables:
    count: {function: len, source: h_li, dtype: int32, fill_value: 0}
    h_mean: {function: average, source: h_li, params: {weights: 1.0 / s_li**2}}
    h_q: {function: quantile, source: h_li, params: {q: [0.25, 0.5]}, kind: vector, trailing_shape: [2]}
`

// A cellsRun is the same job by one configuration, with and without an index of cells.
type cellsRun struct {
	recipe   *host.Recipe
	template *host.Template
	plan     *plan.Plan
}

func newCellsRun(t *testing.T, text string, granules []core.Granule) *cellsRun {
	t.Helper()
	r := recipe(t, text)
	require.NoError(t, r.LocatesRows())
	scan := &plan.Scan{Grid: r.Grid, Reader: r.Reader, Source: &objstore.File{}, Workers: 2}
	if w := r.Selection().Windows; w != nil {
		scan.Columns, scan.Keep, scan.Windows, scan.First, scan.Last = r.Selection().Columns(), r.Selection().Keep, w.Schedule, w.First, w.Last
		scan.Of = func(b *core.Batch, rows []int32) ([]int, error) { return w.Of(b, rows, plan.NoWindow) }
	}
	p, _, err := scan.Run(t.Context(), granules, false)
	require.NoError(t, err)
	tmpl, err := r.Template(p)
	require.NoError(t, err)
	return &cellsRun{r, tmpl, p}
}

// objects computes all shards, some in each job, and gives the digests of what lies in the store, without records and metadata, the bytes that were read of the
// granules, and the warnings.
func (c *cellsRun) objects(t *testing.T, perJob int, index bool) (objects map[string]string, read int64, receipt job.Receipt) {
	t.Helper()
	s := &setup{recipe: c.recipe, plan: c.plan, template: c.template, url: "mem://out/x.zarr"}
	store := &objstore.Mem{}
	s.start(t, store)
	stores := host.Stores{Source: &objstore.File{}, Output: store, Granules: 2}
	if index {
		stores.Index = &host.IndexStore{Store: &objstore.File{}}
	}
	for jobs := range slices.Chunk(s.jobs(t), perJob) {
		outs, errs := c.template.ProcessAll(t.Context(), stores, jobs, "test")
		for i, out := range outs {
			require.NoError(t, errs[i])
			require.NoError(t, out.Unwritten)
			read += out.Source.Down
			receipt.Add(&out.Record.Receipt)
		}
	}
	objects = contents(t, store)
	maps.DeleteFunc(objects, func(url, _ string) bool {
		return strings.Contains(url, ".status/") || strings.HasSuffix(url, "zarr.json") // which has the configuration
	})
	require.NotEmpty(t, objects)
	for url, body := range objects {
		objects[url] = fmt.Sprintf("%x", sha256.Sum256([]byte(body)))
	}
	return objects, read, receipt
}

func filesOf(paths ...string) []core.Granule {
	var granules []core.Granule
	for _, f := range paths {
		granules = append(granules, core.Granule{ID: job.BareName(f), Assets: map[string]string{"data": f}})
	}
	return granules
}

// indexed is a configuration with indexes in a folder.
func indexed(source, folder, rest string, cells string) string {
	return "data_source:\n" + source + "  index: {backend: sidecar, store: \"" + filepath.ToSlash(folder) + "\", write_back: true" + cells + "}\n" + rest
}

// places is a statistic of the words of rows' places, which need their coordinates.
const places = "    places: {function: tdigest, source: h_li, kind: ragged, inner_shape: [2], location: leaf_id}\n"

// Whatever the grid, the reader, the shards of a job and the rows that are chosen: the same bytes lie in a store when rows are found by
// an index of cells, which the first run makes. Without ZAGG_SWEEPS each selection is tried with one reader and number of shards.
func TestSameBytesByCells(t *testing.T) {
	granules := filesOf(sampleFiles(t)[:1]...)
	tries, grids, selected := 0, gridsOf(), selections()
	for _, name := range slices.Sorted(maps.Keys(grids)) {
		folder, grid := t.TempDir(), grids[name]
		for _, what := range slices.Sorted(maps.Keys(selected)) {
			also := selected[what]
			rest := statistics
			if name == "healpix" { // which alone has words of places
				rest += places
			}
			rest += "output:\n" + also[1] + "  grid: " + grid + "\n"
			plain := newCellsRun(t, "data_source:\n"+byRegion+also[0]+rest, granules)
			want, _, before := plain.objects(t, len(plain.plan.Shards), false)
			require.Positive(t, before.Observations.Kept, what)
			for _, source := range []string{byRegion, byConfig} {
				for _, perJob := range []int{len(plain.plan.Shards), 1, 3} {
					if tries++; !sharedtest.Sweep() && tries%9 != 0 {
						continue
					}
					with := newCellsRun(t, indexed(source+also[0], folder, rest, ", cells: true"), granules)
					for range 2 {
						got, _, after := with.objects(t, perJob, true)
						require.Equal(t, want, got, "%s, %s, %d shards a job", name, what, perJob)
						require.Equal(t, before.Observations.Kept, after.Observations.Kept)
						require.Empty(t, after.Warnings)
					}
					made, err := os.Stat(filepath.FromSlash(with.recipe.CellsURL(granules[0])))
					require.NoError(t, err)
					require.Positive(t, made.Size())
				}
			}
		}
	}
}

// Of granules with rows without a position, fills and groups that are missing: the same bytes and the same counts, and less is read.
func TestCellsOfEdgeGranules(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(sharedtest.Dir(t, "golden", "granules_edge"), "*.h5"))
	require.NoError(t, err)
	granules := filesOf(files[:3]...)
	rest := statistics + "output:\n  grid: " + gridsOf()["healpix"] + "\n"
	plain := newCellsRun(t, indexed(byRegion+quality, t.TempDir(), rest, ""), granules)
	plain.objects(t, 5, true) // makes indexes
	want, read, before := plain.objects(t, 5, true)
	with := newCellsRun(t, indexed(byRegion+quality, t.TempDir(), rest, ", cells: true"), granules)
	with.objects(t, 5, true)
	got, less, after := with.objects(t, 5, true)
	require.Equal(t, want, got)
	require.Less(t, less, read)
	for _, o := range []*job.Observations{&before.Observations, &after.Observations} {
		o.Read -= o.Dropped["outside_shard"]
		delete(o.Dropped, "outside_shard")
	}
	require.Equal(t, before.Observations, after.Observations, "but for rows of other shards, which are not read")
	require.Equal(t, before.NoGroup, after.NoGroup)
	require.Equal(t, before.EmptyGroup, after.EmptyGroup)
}

// An index of cells that is damaged, or that says of a granule what it has not, is not used; the run says so and leaves the same bytes.
func TestCellsAreNeverTrusted(t *testing.T) {
	granules, folder := filesOf(sampleFiles(t)[0]), t.TempDir()
	rest := statistics + "output:\n  grid: " + gridsOf()["healpix"] + "\n"
	run := newCellsRun(t, indexed(byRegion, folder, rest, ", cells: true"), granules)
	want, _, _ := run.objects(t, 2, true)
	file := run.recipe.CellsURL(granules[0])
	good, err := os.ReadFile(file)
	require.NoError(t, err)
	info, err := (&objstore.File{}).Stat(t.Context(), granules[0].Assets["data"])
	require.NoError(t, err)
	other := cells.NewBuilder(run.recipe.CellsKey(), info)
	for range 5 {
		other.Located("gt1l", run.plan.Shards[0].Key, 1)
	}
	wrong, err := other.Index().Encode()
	require.NoError(t, err)
	for what, bad := range map[string][]byte{"cut": good[:len(good)/2], "none": {}, "of other rows": wrong} {
		require.NoError(t, os.WriteFile(file, bad, 0o644))
		got, _, receipt := run.objects(t, len(run.plan.Shards), true)
		require.Equal(t, want, got, what)
		require.NotEmpty(t, receipt.Warnings, what)
		require.Contains(t, receipt.Warnings[0].Text, "index of its cells is not used", what)
		again, err := os.ReadFile(file)
		require.NoError(t, err)
		require.Equal(t, good, again, "%s: it is made again", what)
	}
}

// Indexes of a granule that was replaced since are noticed by whoever reads it by them, also where they say that nothing is wanted of it.
func TestIndexesOfReplacedGranules(t *testing.T) {
	files := sampleFiles(t)
	granule := filepath.Join(t.TempDir(), filepath.Base(files[0]))
	replace := func(by string) {
		data, err := os.ReadFile(by)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(granule+".new", data, 0o644))
		require.NoError(t, os.Rename(granule+".new", granule))
	}
	granules, rest := filesOf(granule), statistics+"output:\n  grid: "+gridsOf()["healpix"]+"\n"
	for _, with := range []string{"", ", cells: true"} {
		folder := t.TempDir()
		replace(files[0])
		newCellsRun(t, indexed(byRegion, folder, rest, with), granules).objects(t, 3, true)
		replace(files[1])
		want, _, _ := newCellsRun(t, "data_source:\n"+byRegion+rest, granules).objects(t, 1, false)
		run := newCellsRun(t, indexed(byRegion, folder, rest, with), granules)
		for _, write := range []bool{false, true, true} { // then makes indexes again, and uses them
			got, _, _ := run.objects(t, 1, write)
			require.Equal(t, want, got)
		}
	}
}
