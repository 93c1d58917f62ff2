package host_test

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/objstore"
	"github.com/englacial/zagg/host"
	"github.com/englacial/zagg/internal/budget"
	"github.com/englacial/zagg/internal/config"
	"github.com/englacial/zagg/internal/job"
	"github.com/englacial/zagg/internal/plan"
	"github.com/englacial/zagg/plugins/all"
)

// A syntheticReader has granules of random rows in a belt of latitudes.
type syntheticReader struct {
	rows                     int // of a granule
	west, east, south, north float64
}

func (r *syntheticReader) Info() core.ProductInfo {
	return core.ProductInfo{Product: "synthetic", Groups: []string{""}, Columns: []core.Field{{Name: "v", Type: core.Float32, Width: 1}}}
}

func (r *syntheticReader) Read(ctx context.Context, _ core.ObjectReader, g core.Granule, q core.Query, emit func(*core.Batch) error) (core.ReadStats, error) {
	seed := uint64(0)
	for _, c := range g.ID {
		seed = seed*31 + uint64(c)
	}
	rng := rand.New(rand.NewPCG(seed, 1))
	lon, lat, v := make([]float64, q.Rows), make([]float64, q.Rows), make([]float32, q.Rows)
	for left := r.rows; left > 0; left -= q.Rows {
		if err := ctx.Err(); err != nil {
			return core.ReadStats{}, err
		}
		n := min(q.Rows, left)
		for i := range n {
			lon[i], lat[i] = r.west+(r.east-r.west)*rng.Float64(), r.south+(r.north-r.south)*rng.Float64()
			v[i] = float32(math.Round(1000 * rng.Float64()))
		}
		b := core.Batch{Lon: lon[:n], Lat: lat[:n]}
		if len(q.Columns) > 0 {
			b.Columns = []core.Column{core.ColumnOf("v", v[:n])}
		}
		if err := emit(&b); err != nil {
			return core.ReadStats{}, err
		}
	}
	return core.ReadStats{Rows: int64(r.rows), Emitted: int64(r.rows)}, nil
}

func synthetic(t *testing.T, r *syntheticReader, parent, inner, child int) *host.Recipe {
	h, err := host.New(append(all.Plugins(), core.Plugin{Name: "synthetic", Readers: []core.Maker[core.ProductReader]{{
		Name: "synthetic", New: func(context.Context, core.Config) (core.ProductReader, error) { return r, nil },
	}}})...)
	require.NoError(t, err)
	cfg, _, err := config.Parse("run.yaml", fmt.Appendf(nil, `data_source: {reader: synthetic}
aggregation:
  variables:
    n: {function: len, dtype: int32}
    mean: {function: mean, source: v}
    low: {function: min, source: v}
    middle: {function: median, source: v}
output: {grid: {type: healpix, parent_order: %d, chunk_inner: %d, child_order: %d, layout: compact}}
`, parent, inner, child))
	require.NoError(t, err)
	recipe, err := h.Compile(t.Context(), cfg)
	require.NoError(t, err)
	return recipe
}

// large says whether the sizes of docs/performance.md are measured.
func large() bool { return os.Getenv("ZAGG_LARGE") == "1" }

func granulesOf(n int) []core.Granule {
	out := make([]core.Granule, n)
	for i := range out {
		id := fmt.Sprintf("g%04d", i)
		out[i] = core.Granule{ID: id, Assets: map[string]string{"data": "mem://in/" + id}}
	}
	return out
}

func peakRSS() string {
	text, _ := os.ReadFile("/proc/self/status")
	_, after, _ := strings.Cut(string(text), "VmHWM:")
	line, _, _ := strings.Cut(after, "\n")
	return strings.TrimSpace(line)
}

// process sets a plan up, computes it in groups and again, which must find all done.
func process(t *testing.T, recipe *host.Recipe, keys []core.ShardKey, lists [][]core.Granule, memory int64) job.Receipt {
	start := time.Now()
	lap := func(what string) {
		t.Logf("%s: %.1f s, peak RSS %s", what, time.Since(start).Seconds(), peakRSS())
		start = time.Now()
	}
	p, err := plan.Make(t.Context(), recipe.Grid, keys, lists)
	require.NoError(t, err)
	tmpl, err := recipe.Template(p)
	require.NoError(t, err)
	store, url := &objstore.File{}, t.TempDir()+"/x.zarr"
	_, err = tmpl.Store.SetUp(t.Context(), store, url, p, false, false)
	require.NoError(t, err)
	lap("plan and set-up")
	stores := host.Stores{Source: store, Output: store, Granules: runtime.GOMAXPROCS(0), Budget: budget.New(memory), Scratch: t.TempDir()}
	names := make([][]string, len(lists))
	for i := range p.Shards {
		for _, g := range p.Shards[i].Granules {
			names[i] = append(names[i], g.ID)
		}
	}
	groups := plan.Group(names, plan.NewKept(names, func(string) int64 { return 0 }), plan.Bound{Bytes: memory / 2, Granules: 400})
	var sum job.Receipt
	run := func() {
		for _, group := range groups {
			jobs := make([]*job.Job, len(group))
			for i, at := range group {
				j := tmpl.Job(&p.Shards[at], url)
				jobs[i] = &j
			}
			outs, errs := tmpl.ProcessAll(t.Context(), stores, jobs, "test")
			for i := range outs {
				require.NoError(t, errs[i])
				sum.Add(&outs[i].Record.Receipt)
			}
		}
	}
	run()
	lap(fmt.Sprintf("%d shards in %d jobs, %.1f MB spilled, budget used to %.1f MB", len(keys), len(groups), float64(sum.SpillBytes)/1e6, float64(stores.Budget.Peak())/1e6))
	require.LessOrEqual(t, stores.Budget.Peak(), memory)
	first := sum
	sum = job.Receipt{}
	run()
	require.Equal(t, first.Observations, sum.Observations, "the records of the first run")
	lap("again, all done")
	return first
}

// Many rows of one shard, far beyond the budget.
func TestManyRowsInOneShard(t *testing.T) {
	rows, memory := 200_000, int64(4<<20)
	if large() {
		rows, memory = 5_000_000, 256<<20
	}
	r := &syntheticReader{rows: rows, west: 40, east: 41, south: -69.5, north: -69.1}
	recipe := synthetic(t, r, 5, 8, 10)
	cover, err := recipe.Grid.Cover(t.Context(), []core.Region{{Polygons: []core.Polygon{{{{Lon: 40.5, Lat: -69.3}}}}}})
	require.NoError(t, err)
	sum := process(t, recipe, cover[0][:1], [][]core.Granule{granulesOf(10)}, memory)
	require.Positive(t, sum.SpillBytes)
	require.Greater(t, sum.Observations.Kept, int64(5*rows))
}

// Many shards with few rows each: each granule is read as often as there are jobs, not shards.
func TestManyShardsWithFewRows(t *testing.T) {
	order, rows, memory := 4, 20_000, int64(8<<20)
	if large() {
		order, rows, memory = 9, 500_000, 256<<20
	}
	r := &syntheticReader{rows: rows, west: 0, east: 360, south: -80, north: -60}
	recipe := synthetic(t, r, order, order, order+2)
	cover, err := recipe.Grid.Cover(t.Context(), []core.Region{{Polygons: []core.Polygon{{{{Lon: 0, Lat: -90}}}}, Margin: 2.9e6}})
	require.NoError(t, err)
	keys := cover[0]
	if large() {
		keys = keys[:min(len(keys), 100_000)]
	}
	granules := granulesOf(8)
	lists := make([][]core.Granule, len(keys))
	for i := range lists {
		lists[i] = granules
	}
	sum := process(t, recipe, keys, lists, memory)
	require.Positive(t, sum.Observations.Kept)
}
