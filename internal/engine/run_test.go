package engine

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/objstore"
	"github.com/englacial/zagg/internal/expr"
	"github.com/englacial/zagg/internal/job"
	"github.com/englacial/zagg/internal/zarr"
)

// A model is what a shard of a lineGrid must hold, computed row by row.
type model struct {
	counts Counts
	cells  [][]float64
}

const fillValue = -9999

// add counts a row as the engine should.
func (m *model) add(lon, lat, v float64, keep func(float64) bool) {
	m.counts.Read++
	slot := int(math.Floor((lon - 1) * float64(len(m.cells))))
	switch {
	case math.IsNaN(lon) || math.IsInf(lon, 0) || !(math.Abs(lat) <= 90):
		m.counts.Invalid++
	case lon < 1 || lon >= 2:
		m.counts.Outside++
	case v == fillValue:
		m.counts.Fill++
	case math.IsNaN(v):
		m.counts.NaN++
	case !keep(v):
		m.counts.Filtered++
	default:
		m.counts.Kept++
		m.cells[slot] = append(m.cells[slot], v)
	}
}

// randomGranules are granules of random rows and what shard "1" must hold of them.
func randomGranules(rng *rand.Rand, cells int64, keep func(float64) bool) (*fakeReader, []string, *model) {
	r := &fakeReader{batches: map[string][]core.Batch{}, stats: map[string]core.ReadStats{}}
	m := &model{cells: make([][]float64, cells)}
	var ids []string
	for g := range 1 + rng.IntN(6) {
		id := fmt.Sprintf("granule%d", g)
		ids = append(ids, id)
		for range rng.IntN(4) {
			n := 1 + rng.IntN(150)
			b := core.Batch{Group: "g", Lon: make([]float64, n), Lat: make([]float64, n)}
			v := make([]float64, n)
			for i := range n {
				b.Lon[i], b.Lat[i], v[i] = 0.8+1.4*rng.Float64(), 90*rng.Float64(), math.Round(rng.NormFloat64()*100)
				switch rng.IntN(30) {
				case 0:
					b.Lon[i] = math.NaN()
				case 1:
					b.Lat[i] = 90.1
				case 2:
					b.Lon[i], b.Lat[i] = math.Inf(1), math.NaN()
				case 3:
					v[i] = fillValue
				case 4:
					v[i] = math.NaN()
				}
				m.add(b.Lon[i], b.Lat[i], v[i], keep)
			}
			b.Columns = []core.Column{core.ColumnOf("v", v)}
			b.Columns[0].Fill = core.Raw([]float64{fillValue})
			r.batches[id] = append(r.batches[id], b)
		}
		invalid := int64(rng.IntN(3)) // that the reader noticed itself
		r.stats[id] = core.ReadStats{Rows: 1000, Invalid: invalid}
		m.counts.Read += invalid
		m.counts.Invalid += invalid
	}
	return r, ids, m
}

func (m *model) require(t *testing.T, store core.ObjectStore, res *Result) {
	t.Helper()
	require.Equal(t, m.counts, res.Counts)
	c := res.Counts
	require.Equal(t, c.Read, c.Outside+c.Invalid+c.Fill+c.NaN+c.Filtered+c.Kept)
	occupied := int64(0)
	if c.Kept == 0 {
		require.Empty(t, res.Objects)
		return
	}
	counts := core.View[int32](object(t, store, "line/count/c/1"))
	lists := core.View[float64](object(t, store, "line/list/c/1/0"))
	for slot, values := range m.cells {
		require.Equal(t, int32(len(values)), counts[slot])
		if len(values) > 0 {
			occupied++
		}
		for k := range listed {
			x := lists[slot*listed+k]
			if k < len(values) {
				require.Equal(t, values[k], x, "slot %d: granule order, then file order", slot)
			} else {
				require.True(t, math.IsNaN(x))
			}
		}
	}
	require.Equal(t, occupied, res.Cells)
}

// Every row goes where it belongs and is counted once, whatever is wrong with it.
func TestRunAgainstModel(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for i := range 60 {
		g := lineGrid{cells: 1 + rng.Int64N(64)}
		keep := func(v float64) bool { return true }
		var filters []RowFilter
		if i%2 == 1 {
			filters = []RowFilter{rowFilter(t, "v > -50"), rowFilter(t, "(v < 10) | (v > 30)")}
			keep = func(v float64) bool { return v > -50 && (v < 10 || v > 30) }
		}
		r, ids, m := randomGranules(rng, g.cells, keep)
		p := pipeline(g, r)
		p.Rows = filters
		store := &objstore.Mem{}
		res, err := p.Run(t.Context(), task("1", store, ids...))
		require.NoError(t, err)
		require.Equal(t, int64(1000*len(ids)), res.Looked)
		m.require(t, store, res)
	}
}

// Without a mask fill values and NaN are values.
func TestMaskOff(t *testing.T) {
	b := batch([]float64{1, 1, 1}, []float64{fillValue, 5, math.NaN()})
	b.Columns[0].Fill = core.Raw([]float64{fillValue})
	p := pipeline(lineGrid{cells: 1}, &fakeReader{batches: map[string][]core.Batch{"a": {b}}})
	p.Mask = MaskNone
	store := &objstore.Mem{}
	res, err := p.Run(t.Context(), task("1", store, "a"))
	require.NoError(t, err)
	require.Equal(t, Counts{Read: 3, Kept: 3}, res.Counts)
	require.Equal(t, []float64{fillValue, 5}, core.View[float64](object(t, store, "line/list/c/1/0"))[:2])
}

// Same job, same bytes, however long each granule takes.
func TestSameBytesWhateverTheTiming(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	g := lineGrid{cells: 20}
	r, ids, m := randomGranules(rng, g.cells, func(float64) bool { return true })
	for len(ids) < 5 {
		r, ids, m = randomGranules(rng, g.cells, func(float64) bool { return true })
	}
	r.delay = 3 * time.Millisecond
	var first map[string]string
	var keys []Object
	for i := range 20 {
		p := pipeline(g, r)
		p.Granules = 1 + i%6
		store := &objstore.Mem{}
		res, err := p.Run(t.Context(), task("1", store, ids...))
		require.NoError(t, err)
		m.require(t, store, res)
		got := objects(t, store)
		if i == 0 {
			first, keys = got, res.Objects
		}
		require.Equal(t, first, got)
		require.Equal(t, keys, res.Objects)
	}
}

// The objects that are listed are those in the store, with their sizes and sums.
func TestObjectsListed(t *testing.T) {
	g := lineGrid{cells: 4}
	p := pipeline(g, &fakeReader{batches: map[string][]core.Batch{"a": {batch([]float64{1.1, 1.9}, []float64{1, 2})}}})
	p.Coords = []*zarr.Array{g.array("id", core.Uint64, "0")}
	p.Vars = append(p.Vars, Variable{Name: "none", Stat: fakeStat{compute: func(g *core.Groups) ([]core.Column, error) {
		return []core.Column{core.ColumnOf("", make([]int32, len(g.Slots)))}, nil
	}}, Arrays: []*zarr.Array{g.array("none", core.Int32, "0")}})
	store := &objstore.Mem{}
	res, err := p.Run(t.Context(), task("1", store, "a"))
	require.NoError(t, err)
	require.Equal(t, []string{"line/none/c/1"}, res.Unwritten, "an array of fill values alone has no object")
	all := objects(t, store)
	require.Len(t, all, 3)
	for _, o := range res.Objects {
		body := all["mem://s/"+o.Key]
		sum := sha256.Sum256([]byte(body))
		require.Equal(t, Object{Key: o.Key, Size: int64(len(body)), SHA256: hex.EncodeToString(sum[:])}, o)
	}
	require.Equal(t, []uint64{100, 101, 102, 103}, core.View[uint64](object(t, store, "line/id/c/1")))
}

func TestEmptyShard(t *testing.T) {
	g := lineGrid{cells: 4}
	outside := batch([]float64{5, 6}, []float64{1, 2})
	for name, batches := range map[string]map[string][]core.Batch{"no rows": {}, "all outside": {"a": {outside}}} {
		p := pipeline(g, &fakeReader{batches: batches})
		p.Coords = []*zarr.Array{g.array("id", core.Uint64, "0")}
		store := &objstore.Mem{}
		for _, ids := range [][]string{{"a"}, {}} {
			res, err := p.Run(t.Context(), task("1", store, ids...))
			require.NoError(t, err, name)
			require.Zero(t, res.Cells)
			require.Empty(t, res.Objects)
			require.Equal(t, []string{"line/id/c/1", "line/list/c/1/0", "line/count/c/1"}, res.Unwritten)
			require.Empty(t, objects(t, store))
		}
	}
}

func TestGranulesThatFail(t *testing.T) {
	g := lineGrid{cells: 2}
	r := &fakeReader{
		batches: map[string][]core.Batch{
			"a": {batch([]float64{1.1}, []float64{1})}, "bad": {batch([]float64{1.1, 1.6}, []float64{7, 8})}, "c": {batch([]float64{1.1}, []float64{3})},
		},
		stats: map[string]core.ReadStats{"a": {Rows: 1, Missing: []string{"x"}}, "bad": {Rows: 2, Invalid: 9, Empty: []string{"z"}}, "c": {Rows: 1, Empty: []string{"y/z"}}},
		fail:  map[string]error{"bad": core.Errorf(core.Corrupt, "h5.Read", "bad.h5", "checksum")},
	}
	p := pipeline(g, r)
	store := &objstore.Mem{}

	_, err := p.Run(t.Context(), task("1", store, "a", "bad", "c"))
	require.ErrorContains(t, err, "read granule bad: bad.h5: checksum")
	require.Equal(t, core.Corrupt, core.CodeOf(err))
	require.Empty(t, objects(t, store), "nothing is written")

	allowed := task("1", store, "a", "bad", "c")
	allowed.AllowMissing = true
	res, err := p.Run(t.Context(), allowed)
	require.NoError(t, err)
	require.Len(t, res.Missing, 1)
	require.Equal(t, "bad", res.Missing[0].Granule)
	require.ErrorContains(t, res.Missing[0].Err, "checksum")
	require.Equal(t, Counts{Read: 2, Kept: 2}, res.Counts, "nothing of it is counted")
	require.Equal(t, int64(2), res.Looked)
	require.Equal(t, []job.GroupNote{{Granule: "a", Group: "x"}}, res.Absent)
	require.Equal(t, []job.GroupNote{{Granule: "c", Group: "y/z"}}, res.Empty)
	require.Equal(t, []float64{1, 3}, core.View[float64](object(t, store, "line/list/c/1/0"))[:2])

	for _, ids := range [][]string{{"bad"}, {"bad", "worse"}} {
		r.fail["worse"] = core.Errorf(core.NotFound, "h5.Read", "worse.h5", "no such file")
		all := task("1", store, ids...)
		all.AllowMissing = true
		_, err = p.Run(t.Context(), all)
		require.ErrorContains(t, err, "read shard label1: every granule failed; the first: read granule bad")
		require.Equal(t, core.Corrupt, core.CodeOf(err))
	}
}

// What fails on our side of a read is no fault of the granule: it fails the shard, whatever is allowed.
func TestOurFailuresAreNotMissingGranules(t *testing.T) {
	wrong := core.Batch{Group: "x", Lon: []float64{1.5}, Lat: []float64{1}} // without the column asked for
	p := pipeline(lineGrid{cells: 2}, &fakeReader{batches: map[string][]core.Batch{"a": {wrong}}})
	job := task("1", &objstore.Mem{}, "a")
	job.AllowMissing = true
	_, err := p.Run(t.Context(), job)
	require.Error(t, err)
	require.NotContains(t, err.Error(), "every granule failed")

	p = pipeline(lineGrid{cells: 2}, &fakeReader{fail: map[string]error{"a": core.Errorf(core.Denied, "s3.Get", "a", "expired")}})
	_, err = p.Run(t.Context(), job)
	require.Equal(t, core.Denied, core.CodeOf(err))
	require.NotContains(t, err.Error(), "every granule failed")
}

// A run that is stopped is never one with missing granules.
func TestCancelled(t *testing.T) {
	g := lineGrid{cells: 2}
	batches := map[string][]core.Batch{}
	ids := []string{"a", "b", "c", "d", "e"}
	for _, id := range ids {
		for range 20 {
			batches[id] = append(batches[id], batch([]float64{1.5}, []float64{1}))
		}
	}
	for _, allow := range []bool{false, true} {
		p := pipeline(g, &fakeReader{batches: batches, delay: time.Millisecond})
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(2*time.Millisecond, cancel)
		store := &objstore.Mem{}
		job := task("1", store, ids...)
		job.AllowMissing = allow
		_, err := p.Run(ctx, job)
		require.ErrorIs(t, err, context.Canceled)
		require.Equal(t, core.Unavailable, core.CodeOf(err))
		require.Empty(t, objects(t, store))
	}
}

// When a Put fails, Run waits for the others: nothing is written after it has returned.
func TestNoPutAfterRun(t *testing.T) {
	g := lineGrid{cells: 2}
	p := pipeline(g, &fakeReader{batches: map[string][]core.Batch{"a": {batch([]float64{1.5}, []float64{1})}}})
	p.Vars = append(p.Vars, p.Vars...)
	for name, last := range map[string]*zarr.Array{
		"put":    g.array("list", core.Float64, `"NaN"`, listed),
		"encode": {Name: "broken", Type: core.Float64, Shape: []int64{8, listed}, Shard: []int64{2, listed}, Chunk: []int64{3, listed}},
	} {
		p.Vars[2].Arrays = []*zarr.Array{last}
		var under atomic.Int64
		store := slowStore{ObjectStore: &objstore.Mem{}, put: func(_ context.Context, url string, _ []byte) error {
			under.Add(1)
			defer under.Add(-1)
			time.Sleep(10 * time.Millisecond)
			if name == "put" && url == "mem://s/line/count/c/1" {
				return core.Errorf(core.Denied, "put", url, "no")
			}
			return nil
		}}
		_, err := p.Run(t.Context(), task("1", store, "a"))
		require.Error(t, err, name)
		require.Equal(t, map[string]core.Code{"put": core.Denied, "encode": core.Invalid}[name], core.CodeOf(err), "%v", err)
		require.Zero(t, under.Load(), "%s: no Put is under way", name)
	}
}

// What plugins give is checked, not trusted.
func TestBadPlugins(t *testing.T) {
	g := lineGrid{cells: 2}
	good := func() core.Batch { return batch([]float64{1.1, 1.9}, []float64{1, 2}) }
	for name, c := range map[string]struct {
		change func(b *core.Batch)
		code   core.Code
		want   string
	}{
		"no column":       {func(b *core.Batch) { b.Columns = nil }, core.Internal, "the reader emitted 0 columns where 1 were asked"},
		"latitudes":       {func(b *core.Batch) { b.Lat = b.Lat[:1] }, core.Internal, "1 latitudes to 2 longitudes"},
		"other name":      {func(b *core.Batch) { b.Columns[0].Name = "w" }, core.Internal, `the reader emitted column "w" where "v" was asked`},
		"short":           {func(b *core.Batch) { b.Columns[0].Data = b.Columns[0].Data[:8] }, core.Internal, "the reader emitted 8 bytes for 2 rows of float64×1"},
		"long":            {func(b *core.Batch) { b.Columns[0].Width = 3 }, core.Internal, "16 bytes for 2 rows of float64×3"},
		"text":            {func(b *core.Batch) { b.Columns[0] = core.StringColumn("v", []string{"a", "b"}) }, core.Unsupported, "v: a column of text or with rows of varying length"},
		"without a type":  {func(b *core.Batch) { b.Columns[0].Type = 0 }, core.Internal, "v: the reader emitted 16 bytes"},
		"slot of no cell": {func(b *core.Batch) { b.Lon[0] = 1.1 }, core.Internal, "the grid gave slot 7 in a shard of 2"},
	} {
		b := good()
		c.change(&b)
		p := pipeline(g, &fakeReader{batches: map[string][]core.Batch{"a": {b}}})
		if name == "slot of no cell" {
			p.Grid = wildGrid{g}
		}
		_, err := p.Run(t.Context(), task("1", &objstore.Mem{}, "a"))
		require.ErrorContains(t, err, c.want, name)
		require.Equal(t, c.code, core.CodeOf(err), name)
	}
	other := core.Batch{Group: "g", Lon: []float64{1}, Lat: []float64{1}, Columns: []core.Column{core.ColumnOf("v", []int32{1})}}
	p := pipeline(g, &fakeReader{batches: map[string][]core.Batch{"a": {good(), other}, "b": {good()}, "c": {other}}})
	_, err := p.Run(t.Context(), task("1", &objstore.Mem{}, "a"))
	require.ErrorContains(t, err, "v: the column changes from float64×1 to int32×1 between groups of a granule")
	_, err = p.Run(t.Context(), task("1", &objstore.Mem{}, "b", "c"))
	require.ErrorContains(t, err, "v: granules disagree about the column: float64×1 and int32×1")
}

// A wildGrid gives slots that its shards do not have.
type wildGrid struct{ lineGrid }

func (wildGrid) Locate(_ context.Context, _ core.ShardKey, _, _ []float64, slot []int32) error {
	for i := range slot {
		slot[i] = 7
	}
	return nil
}

func TestBadStatistics(t *testing.T) {
	g := lineGrid{cells: 4}
	gives := func(c ...core.Column) fakeStat {
		return fakeStat{compute: func(*core.Groups) ([]core.Column, error) { return c, nil }}
	}
	two := []float64{1, 2}
	for name, c := range map[string]struct {
		stat fakeStat
		code core.Code
		want string
	}{
		"nothing":       {gives(), core.Internal, "the statistic gave 0 outputs and promised 1"},
		"too many":      {gives(core.ColumnOf("", two), core.ColumnOf("", two)), core.Internal, "the statistic gave 2 outputs and promised 1"},
		"too few rows":  {gives(core.ColumnOf("", two[:1])), core.Internal, "1 rows for 2 cells"},
		"too many rows": {gives(core.ColumnOf("", []float64{1, 2, 3})), core.Internal, "3 rows for 2 cells"},
		"vector":        {gives(core.Column{Type: core.Float64, Width: 2, Data: core.Raw([]float64{1, 2, 3, 4})}), core.Invalid, "the statistic gives 2 values per cell and the array holds 1: set kind: vector and trailing_shape: [2]"},
		"ragged":        {gives(core.Column{Type: core.Float64, Width: 1, Data: core.Raw(two), Offsets: []int64{0, 1, 2}}), core.Unsupported, "varying"},
		"text":          {gives(core.Column{Type: core.Bytes, Width: 1, Data: []byte("ab")}), core.Unsupported, "bytes"},
		"no type":       {gives(core.Column{}), core.Internal, "0 rows for 2 cells"},
		"its own error": {fakeStat{compute: func(*core.Groups) ([]core.Column, error) {
			return nil, core.Errorf(core.Unavailable, "plugin", "x", "died")
		}}, core.Unavailable, "compute label1 x: plugin x: died"},
	} {
		p := pipeline(g, &fakeReader{batches: map[string][]core.Batch{"a": {batch([]float64{1.1, 1.9}, []float64{1, 2})}}})
		p.Vars = []Variable{{Name: "x", Stat: c.stat, Arrays: []*zarr.Array{g.array("x", core.Float32, `"NaN"`)}}}
		store := &objstore.Mem{}
		_, err := p.Run(t.Context(), task("1", store, "a"))
		require.ErrorContains(t, err, c.want, name)
		require.ErrorContains(t, err, "x", name)
		require.Equal(t, c.code, core.CodeOf(err), "%s: %v", name, err)
		require.Empty(t, objects(t, store), name)
	}
	p := pipeline(g, &fakeReader{batches: map[string][]core.Batch{"a": {batch([]float64{1.1}, []float64{1})}}})
	for _, a := range []*zarr.Array{g.array("area", core.Float64, "0"), g.array("id", core.Int64, "0")} {
		p.Coords = []*zarr.Array{a}
		_, err := p.Run(t.Context(), task("1", &objstore.Mem{}, "a"))
		require.ErrorContains(t, err, a.Name+": the grid declares this coordinate as "+a.Type.String())
	}
}

// Inputs are columns, derived columns computed once for all rows, or nothing but as many zeros as there are rows.
func TestInputs(t *testing.T) {
	g := lineGrid{cells: 2}
	derived, err := expr.Compile("2 * v + 1", []expr.Var{{Name: "v"}}, expr.Options{Mode: expr.PerRow})
	require.NoError(t, err)
	var seen []core.Column
	spy := fakeStat{compute: func(g *core.Groups) ([]core.Column, error) {
		seen = slices.Clone(g.Rows)
		return count().compute(g)
	}}
	p := pipeline(g, &fakeReader{batches: map[string][]core.Batch{"a": {batch([]float64{1.9, 1.1, 1.8}, []float64{1, 2, 3})}}})
	p.Derived = []Derived{derived}
	p.Vars = []Variable{{Name: "n", Stat: spy, Arrays: []*zarr.Array{g.array("n", core.Int64, "0")},
		Inputs: []Input{{Name: "source", Column: 0, Derived: -1}, {Name: "weights", Column: -1, Derived: 0}, {Name: "any", Column: -1, Derived: -1}}}}
	_, err = p.Run(t.Context(), task("1", &objstore.Mem{}, "a"))
	require.NoError(t, err)
	require.Equal(t, []string{"source", "weights", "any"}, []string{seen[0].Name, seen[1].Name, seen[2].Name})
	require.Equal(t, []float64{2, 1, 3}, core.View[float64](seen[0].Data))
	require.Equal(t, []float64{5, 3, 7}, core.View[float64](seen[1].Data))
	require.Equal(t, 3, seen[2].Rows())
}

// No column at all: observations can still be counted.
func TestNoColumns(t *testing.T) {
	g := lineGrid{cells: 2}
	b := core.Batch{Lon: []float64{1.1, 1.2, 1.9, 3}, Lat: make([]float64, 4)}
	p := pipeline(g, &fakeReader{batches: map[string][]core.Batch{"a": {b}}})
	p.Columns, p.Vars = nil, p.Vars[1:]
	p.Vars[0].Inputs = []Input{{Name: "source", Column: -1, Derived: -1}}
	store := &objstore.Mem{}
	res, err := p.Run(t.Context(), task("1", store, "a"))
	require.NoError(t, err)
	require.Equal(t, Counts{Read: 4, Outside: 1, Kept: 3}, res.Counts)
	require.Equal(t, []int32{2, 1}, core.View[int32](object(t, store, "line/count/c/1")))
}
