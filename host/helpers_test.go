package host_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/objstore"
	"github.com/englacial/zagg/host"
	"github.com/englacial/zagg/internal/config"
	"github.com/englacial/zagg/internal/job"
	"github.com/englacial/zagg/internal/plan"
	"github.com/englacial/zagg/plugins/all"
)

// simple is a configuration that reads granules of the test reader.
const simple = `data_source:
  reader: table
aggregation:
  variables:
    n: {function: len, dtype: int32}
    mean: {function: mean, source: v}
    top: {function: max, source: v, dtype: float64}
    weighted: {function: average, source: v, params: {weights: w + 1}}
    many: {expression: np.sum(v), dtype: float64}
    q: {function: quantile, source: v, params: {q: [0.25, 0.75]}, kind: vector, trailing_shape: [2]}
output:
  grid:
    type: healpix
    parent_order: 3
    child_order: 5
    layout: compact
`

// edited is a text with replacements; each must change something.
func edited(t testing.TB, text string, pairs ...string) string {
	t.Helper()
	for i := 0; i < len(pairs); i += 2 {
		require.Contains(t, text, pairs[i])
		text = strings.Replace(text, pairs[i], pairs[i+1], 1)
	}
	return text
}

func newHost(t testing.TB) *host.Host {
	t.Helper()
	h, err := host.New(append(all.Plugins(), testPlugin())...)
	require.NoError(t, err)
	return h
}

func compile(t testing.TB, text string) (*host.Recipe, error) {
	t.Helper()
	cfg, _, err := config.Parse("run.yaml", []byte(text))
	require.NoError(t, err)
	return newHost(t).Compile(t.Context(), cfg)
}

func recipe(t testing.TB, text string) *host.Recipe {
	t.Helper()
	r, err := compile(t, text)
	require.NoError(t, err)
	return r
}

// A setup is a run that is ready for its jobs.
type setup struct {
	recipe   *host.Recipe
	plan     *plan.Plan
	template *host.Template
	url      string
}

// planned lays a recipe out for shards, given by label with their granules.
func planned(t testing.TB, r *host.Recipe, shards map[string][]string) *setup {
	t.Helper()
	var keys []core.ShardKey
	var granules [][]core.Granule
	for label, ids := range shards {
		keys = append(keys, core.ShardKey(label))
		var g []core.Granule
		for _, id := range ids {
			g = append(g, core.Granule{ID: id, Assets: map[string]string{"data": "mem://in/" + id}})
		}
		granules = append(granules, g)
	}
	p, err := plan.Make(t.Context(), r.Grid, keys, granules)
	require.NoError(t, err)
	tmpl, err := r.Template(p)
	require.NoError(t, err)
	return &setup{recipe: r, plan: p, template: tmpl, url: "mem://out/x.zarr"}
}

// start sets the store up; it must be accepted.
func (s *setup) start(t testing.TB, store core.ObjectStore) bool {
	t.Helper()
	fresh, err := s.template.Store.SetUp(t.Context(), store, s.url, s.plan, false, false)
	require.NoError(t, err)
	return fresh
}

// job is the job of a shard by its label.
func (s *setup) job(t testing.TB, label string) *job.Job {
	t.Helper()
	i := slices.IndexFunc(s.plan.Shards, func(x plan.Shard) bool { return x.Label == label })
	require.GreaterOrEqual(t, i, 0, label)
	j := s.template.Job(&s.plan.Shards[i], s.url)
	return &j
}

func (s *setup) process(t testing.TB, store core.ObjectStore, in core.ObjectReader, label string) (*host.Outcome, error) {
	t.Helper()
	return s.template.Process(t.Context(), host.Stores{Source: in, Output: store, Granules: 3}, s.job(t, label), "test")
}

func (s *setup) mustProcess(t testing.TB, store core.ObjectStore, in core.ObjectReader, label string) *host.Outcome {
	t.Helper()
	out, err := s.process(t, store, in, label)
	require.NoError(t, err)
	return out
}

// contents is everything in a store by URL; of records only what does not depend on the run.
func contents(t testing.TB, store core.ObjectStore) map[string]string {
	t.Helper()
	all := map[string]string{}
	require.NoError(t, store.List(t.Context(), "", func(o core.ObjectInfo) error {
		data, err := objstore.ReadAll(t.Context(), store, o.URL, 1<<30)
		if strings.Contains(o.URL, ".status/records/") && strings.HasSuffix(o.URL, ".json") && err == nil {
			var r map[string]json.RawMessage
			require.NoError(t, json.Unmarshal(data, &r))
			for _, k := range []string{"receipt", "written_at", "run_id", "zagg_version", "sum", "how", "folded", "not_folded"} {
				delete(r, k)
			}
			data, err = json.Marshal(r)
		}
		all[o.URL] = string(data)
		return err
	}))
	return all
}

func keysOf(m map[string]string, part string) []string {
	var keys []string
	for k := range m {
		if strings.Contains(k, part) {
			keys = append(keys, k)
		}
	}
	slices.Sort(keys)
	return keys
}

// table writes granules for the test reader: rows are longitude, latitude, v, w.
func table(t testing.TB, store core.ObjectStore, id string, rows ...[4]float64) {
	t.Helper()
	data, err := json.Marshal(rows)
	require.NoError(t, err)
	require.NoError(t, objstore.PutBytes(t.Context(), store, "mem://in/"+id, data, core.PutOptions{}))
}

// testPlugin has a reader of JSON tables, a grid of two dimensions, and statistics with every peculiarity.
func testPlugin() core.Plugin {
	stat := func(name string, s testStat) core.Maker[core.Statistic] {
		return core.Maker[core.Statistic]{Name: name, New: func(context.Context, core.Config) (core.Statistic, error) { return s, nil }}
	}
	source := []core.Input{{Name: "source"}}
	return core.Plugin{
		Name: "test", Version: "1",
		Grids: []core.Maker[core.Grid]{{Name: "plane", New: func(context.Context, core.Config) (core.Grid, error) { return plane{}, nil }}},
		Readers: []core.Maker[core.ProductReader]{{Name: "table", New: func(_ context.Context, c core.Config) (core.ProductReader, error) {
			if strings.Contains(string(c), "groups") {
				return nil, core.Errorf(core.Unsupported, "table", "groups", "a table has no groups")
			}
			return tableReader{}, nil
		}}},
		Statistics: []core.Maker[core.Statistic]{
			stat("pair", testStat{source, []core.Field{{Type: core.Float64, Width: 1, Units: "{source}2"}, {Name: "_n", Type: core.Int64, Width: 1, Fill: json.RawMessage("-1"), Units: "1"}}}),
			stat("like", testStat{source, []core.Field{{}, {Name: "_like"}}}),
			stat("ragged", testStat{source, []core.Field{{Type: core.Float64, Ragged: true}}}),
			stat("percell", testStat{[]core.Input{{Name: "source"}, {Name: "edge", PerCell: true}}, []core.Field{{Type: core.Float64}}}),
			stat("needs", testStat{[]core.Input{{Name: "source"}, {Name: "other"}, {Name: "maybe", Optional: true}}, []core.Field{{Type: core.Float64}}}),
			stat("nothing", testStat{source, nil}),
			stat("whole", testStat{source, []core.Field{{Type: core.Int32, Width: 1, Fill: json.RawMessage("-9")}}}),
			stat("words", testStat{source, []core.Field{{Type: core.Uint64, Width: 1}}}),
			stat("texts", testStat{source, []core.Field{{Type: core.Bytes, Width: 1}}}),
			stat("flags", testStat{source, []core.Field{{Type: core.Bool, Width: 1}}}),
		},
	}
}

type testStat struct {
	in  []core.Input
	out []core.Field
}

func (s testStat) Info() core.StatisticInfo { return core.StatisticInfo{Inputs: s.in, Outputs: s.out} }

// Compute gives the number of rows of each cell for every output.
func (s testStat) Compute(_ context.Context, g *core.Groups) ([]core.Column, error) {
	out := make([]core.Column, len(s.out))
	for i := range out {
		n := make([]int64, len(g.Slots))
		for c := range n {
			n[c] = g.Offsets[c+1] - g.Offsets[c]
		}
		out[i] = core.ColumnOf("", n)
	}
	return out, nil
}

type tableReader struct{}

func (tableReader) Info() core.ProductInfo {
	return core.ProductInfo{Columns: []core.Field{{Name: "v", Type: core.Float64, Width: 1, Units: "m"}, {Name: "w", Type: core.Float64, Width: 1}, {Name: "one", Type: core.Float64, Units: "1"}}}
}

// Identify knows every name.
func (tableReader) Identify(_ context.Context, names []string) ([]core.Identity, error) {
	ids := make([]core.Identity, len(names))
	for i, n := range names {
		ids[i] = core.Identity{Data: n}
	}
	return ids, nil
}

func (tableReader) Read(ctx context.Context, src core.ObjectReader, g core.Granule, q core.Query, emit func(*core.Batch) error) (core.ReadStats, error) {
	data, err := objstore.ReadAll(ctx, src, g.URL(), 1<<20)
	if err != nil {
		return core.ReadStats{}, err
	}
	var rows [][4]float64
	if err := json.Unmarshal(data, &rows); err != nil {
		return core.ReadStats{}, core.Errorf(core.Corrupt, "table", g.ID, "%w", err)
	}
	b := core.Batch{Group: "t"}
	columns := map[string][]float64{}
	for _, r := range rows {
		b.Lon, b.Lat = append(b.Lon, r[0]), append(b.Lat, r[1])
		for i, name := range []string{"v", "w"} {
			columns[name] = append(columns[name], r[2+i])
		}
	}
	for _, name := range q.Columns {
		b.Columns = append(b.Columns, core.ColumnOf(name, columns[name]))
	}
	stats := core.ReadStats{Rows: int64(len(rows)), Emitted: int64(len(rows))}
	if len(rows) == 0 {
		stats.Empty = []string{"t"}
		return stats, nil
	}
	return stats, emit(&b)
}

// plane is four shards of 2 × 3 cells of a degree, from 0 to 4 north and 0 to 6 east.
type plane struct{}

func (plane) Info() core.GridInfo {
	axis := func(name string) *core.Axis {
		return &core.Axis{Field: core.Field{Name: name, Type: core.Float64, Width: 1, Attrs: json.RawMessage(`{"units":"degrees"}`)}, Start: 0.5, Step: 1}
	}
	return core.GridInfo{
		Signature: json.RawMessage(`{"type":"plane"}`),
		Frame: core.Frame{Group: "plane", Dims: []core.Dim{{Name: "y", Size: 4, Shard: 2, Chunk: 2, Axis: axis("y")}, {Name: "x", Size: 6, Shard: 3, Chunk: 3, Axis: axis("x")}},
			Coords:   []core.Field{{Name: "area", Type: core.Float64, Width: 1, Fill: json.RawMessage("0")}},
			Scalars:  []core.Field{{Name: "chart", Type: core.Int32, Width: 1, Fill: json.RawMessage("7"), Attrs: json.RawMessage(`{"grid_mapping_name":"latitude_longitude"}`)}},
			VarAttrs: json.RawMessage(`{"grid_mapping":"chart","long_name":"none"}`)},
	}
}

func (plane) Cover(_ context.Context, r []core.Region) ([][]core.ShardKey, error) {
	out := make([][]core.ShardKey, len(r))
	for i := range out {
		out[i] = []core.ShardKey{"r0c0", "r0c1", "r1c0", "r1c1"}
	}
	return out, nil
}

func (plane) block(key core.ShardKey) (y, x int64, err error) {
	if _, err = fmt.Sscanf(string(key), "r%dc%d", &y, &x); err != nil || y < 0 || y > 1 || x < 0 || x > 1 {
		return 0, 0, core.Errorf(core.Invalid, "plane", string(key), "no such shard")
	}
	return y, x, nil
}

func (p plane) Shards(_ context.Context, keys []core.ShardKey) ([]core.Shard, error) {
	out := make([]core.Shard, len(keys))
	for i, k := range keys {
		y, x, err := p.block(k)
		if err != nil {
			return nil, err
		}
		out[i] = core.Shard{Key: k, Label: string(k), Block: []int64{y, x}}
	}
	return out, nil
}

func (plane) Cells(context.Context, core.ShardKey) ([]core.Column, error) {
	return []core.Column{core.ColumnOf("area", []float64{1, 2, 3, 4, 5, 6})}, nil
}

func (p plane) Locate(_ context.Context, key core.ShardKey, lon, lat []float64, slot []int32) error {
	y, x, err := p.block(key)
	if err != nil {
		return err
	}
	for i := range lon {
		slot[i] = -1
		if r, c := lat[i]-2*float64(y), lon[i]-3*float64(x); r >= 0 && r < 2 && c >= 0 && c < 3 {
			slot[i] = 3*int32(r) + int32(c)
		}
	}
	return nil
}

// A faultyStore fails the n-th Put or Delete, counted from 1; 0 fails none.
type faultyStore struct {
	core.ObjectStore
	n   int
	err error

	mu  sync.Mutex
	ops []string // tried so far
}

func (s *faultyStore) fault(op string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ops = append(s.ops, op)
	if len(s.ops) == s.n {
		return s.err
	}
	return nil
}

func (s *faultyStore) Put(ctx context.Context, url string, body io.Reader, opt core.PutOptions) error {
	if err := s.fault("put " + url); err != nil {
		return err
	}
	return s.ObjectStore.Put(ctx, url, body, opt)
}

func (s *faultyStore) Delete(ctx context.Context, urls ...string) error {
	if err := s.fault("delete " + strings.Join(urls, " ")); err != nil {
		return err
	}
	return s.ObjectStore.Delete(ctx, urls...)
}

func sampleFiles(t testing.TB) []string {
	t.Helper()
	files, err := filepath.Glob("../cmd/zagg/cli/sample/*.h5")
	require.NoError(t, err)
	require.Len(t, files, 10)
	return files
}

// clone is a copy of a store.
func clone(t testing.TB, from core.ObjectStore) *objstore.Mem {
	t.Helper()
	to := &objstore.Mem{}
	require.NoError(t, from.List(t.Context(), "", func(o core.ObjectInfo) error {
		data, err := objstore.ReadAll(t.Context(), from, o.URL, 1<<30)
		require.NoError(t, err)
		return objstore.PutBytes(t.Context(), to, o.URL, data, core.PutOptions{})
	}))
	return to
}

func sum(body string) string {
	h := sha256.Sum256([]byte(body))
	return hex.EncodeToString(h[:])
}
