package engine

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/objstore"
	"github.com/englacial/zagg/internal/budget"
	"github.com/englacial/zagg/internal/expr"
	"github.com/englacial/zagg/internal/zarr"
)

// A tileGrid has shards "row/column" of one degree by one degree, of slots[0] by slots[1] cells in chunks.
type tileGrid struct{ slots, chunk [2]int64 }

func (g tileGrid) dims() []core.Dim {
	return []core.Dim{{Name: "y", Size: 4 * g.slots[0], Shard: g.slots[0], Chunk: g.chunk[0]}, {Name: "x", Size: 4 * g.slots[1], Shard: g.slots[1], Chunk: g.chunk[1]}}
}

func (g tileGrid) Info() core.GridInfo {
	return core.GridInfo{Frame: core.Frame{Group: "tile", Dims: g.dims()}}
}

func (tileGrid) Cover(context.Context, []core.Region) ([][]core.ShardKey, error) { return nil, nil }

func (tileGrid) Shards(context.Context, []core.ShardKey) ([]core.Shard, error) { return nil, nil }

func (g tileGrid) Cells(_ context.Context, key core.ShardKey) ([]core.Column, error) {
	v := make([]float64, g.slots[0]*g.slots[1])
	for i := range v {
		v[i] = float64(i + len(key))
	}
	return []core.Column{core.ColumnOf("height", v)}, nil
}

func (g tileGrid) Locate(_ context.Context, key core.ShardKey, lon, lat []float64, slot []int32) error {
	r, c, _ := strings.Cut(string(key), "/")
	row, err := strconv.Atoi(r)
	if err != nil {
		return err
	}
	column, err := strconv.Atoi(c)
	for i := range lon {
		y, x := lat[i]-float64(row), lon[i]-float64(column)
		slot[i] = -1
		if y >= 0 && y < 1 && x >= 0 && x < 1 {
			slot[i] = int32(int64(y*float64(g.slots[0]))*g.slots[1] + int64(x*float64(g.slots[1])))
		}
	}
	return err
}

// A quickGrid also finds points in many shards at once.
type quickGrid struct{ tileGrid }

func (g quickGrid) LocateIn(ctx context.Context, keys []core.ShardKey, lon, lat []float64, shard, slot []int32) error {
	one := make([]int32, len(lon))
	for i := range lon {
		shard[i], slot[i] = -1, -1
	}
	for k, key := range keys {
		if err := g.Locate(ctx, key, lon, lat, one); err != nil {
			return err
		}
		for i, s := range one {
			if s >= 0 {
				shard[i], slot[i] = int32(k), s
			}
		}
	}
	return nil
}

func (g tileGrid) array(name string, typ core.Type, fill string, trailing ...int64) *zarr.Array {
	a := &zarr.Array{Name: name, Type: typ, Fill: []byte(fill), Compression: zarr.Zstd(3)}
	for _, d := range g.dims() {
		a.Shape, a.Shard, a.Chunk = append(a.Shape, d.Size), append(a.Shard, d.Shard), append(a.Chunk, d.Chunk)
	}
	for _, n := range trailing {
		a.Shape, a.Shard, a.Chunk = append(a.Shape, n), append(a.Shard, n), append(a.Chunk, n)
	}
	return a
}

func (g tileGrid) pipeline(t testing.TB, grid core.Grid, r core.ProductReader) *Pipeline {
	derived, err := expr.Compile("2 * v", []expr.Var{{Name: "v"}}, expr.Options{Mode: expr.PerRow})
	require.NoError(t, err)
	source := []Input{{Name: "source", Column: 0, Derived: -1}}
	most, err := expr.Compile("np.max(v)", []expr.Var{{Name: "v"}}, expr.Options{Scalar: true})
	require.NoError(t, err)
	below, err := expr.Compile("most - np.max(v)", []expr.Var{{Name: "v"}, {Name: "most", PerCell: true}}, expr.Options{Scalar: true})
	require.NoError(t, err)
	chunk, err := expr.Compile("most + 0 * np.sum(v)", []expr.Var{{Name: "v"}, {Name: "most", PerCell: true}}, expr.Options{Scalar: true})
	require.NoError(t, err)
	high, err := expr.Compile("np.column_stack((v, most - v))[v > 500]", []expr.Var{{Name: "v"}, {Name: "most", PerCell: true}}, expr.Options{Ragged: true, Inner: []int{2}})
	require.NoError(t, err)
	perChunk, rowsPerChunk := g.array("chunk", core.Float64, `"NaN"`), g.array("rows", core.Bytes, "")
	for _, a := range []*zarr.Array{perChunk, rowsPerChunk} {
		for i, n := range a.Chunk {
			a.Shape[i], a.Shard[i] = a.Shape[i]/n, a.Shard[i]/n
		}
		a.Chunk = a.Shard
	}
	rowsPerChunk.Element, rowsPerChunk.Width = core.Float32, 2
	both := []Input{{Name: "most", Column: -1, Derived: -1, Chunk: 1}, {Name: "v", Column: 0, Derived: -1}}
	ragged := g.array("all", core.Bytes, "")
	ragged.Element, ragged.Width = core.Float32, 2
	return &Pipeline{
		Grid: grid, Reader: r, Columns: []string{"v"}, Granules: 1, Batch: 100, Group: "tile", Dims: g.dims(),
		Derived: []Derived{derived}, Coords: []*zarr.Array{g.array("height", core.Float64, "0")},
		Vars: []Variable{
			{Name: "list", Stat: list(listed), Inputs: source, Arrays: []*zarr.Array{g.array("list", core.Float64, `"NaN"`, listed)}},
			{Name: "twice", Stat: list(1), Inputs: []Input{{Name: "source", Column: -1, Derived: 0}}, Arrays: []*zarr.Array{g.array("twice", core.Float32, `"NaN"`)}},
			{Name: "count", Stat: count(), Inputs: source, Arrays: []*zarr.Array{g.array("count", core.Int32, "0")}},
			{Name: "all", Stat: everything(), Inputs: source, Arrays: []*zarr.Array{ragged}},
			{Name: "below", Stat: expr.NewStatistic(below), Inputs: both, Arrays: []*zarr.Array{g.array("below", core.Float64, `"NaN"`)}},
			{Name: "chunk", Stat: expr.NewStatistic(chunk), Inputs: both, Arrays: []*zarr.Array{perChunk}, Chunk: true},
			{Name: "rows", Stat: expr.NewStatistic(high), Inputs: []Input{both[1], both[0]}, Arrays: []*zarr.Array{rowsPerChunk}, Chunk: true},
		},
		Chunks: []ChunkValue{{Name: "most", Stat: expr.NewStatistic(most), Inputs: []Input{{Name: "v", Column: 0, Derived: -1}}, Type: core.Float64}},
	}
}

// everything gives all values of a cell but the first, twice each, as rows of two numbers.
func everything() fakeStat {
	return fakeStat{compute: func(g *core.Groups) ([]core.Column, error) {
		v := core.View[float64](g.Rows[0].Data)
		out := core.Column{Type: core.Float64, Width: 2, Offsets: []int64{0}}
		var numbers []float64
		for c := range g.Slots {
			for _, x := range v[g.Offsets[c]+1 : g.Offsets[c+1]] {
				numbers = append(numbers, x, x)
			}
			out.Offsets = append(out.Offsets, int64(len(numbers)/2))
		}
		out.Data = core.Raw(numbers)
		return []core.Column{out}, nil
	}}
}

// tracks are granules whose rows lie along lines through a few shards, and some anywhere.
func tracks(rng *rand.Rand, granules int) *fakeReader {
	r := &fakeReader{batches: map[string][]core.Batch{}, stats: map[string]core.ReadStats{}}
	for g := range granules {
		id := fmt.Sprintf("g%d", g)
		r.stats[id] = core.ReadStats{Rows: int64(100 * g), Invalid: int64(rng.IntN(3)), Missing: []string{"x"}}
		for range 1 + rng.IntN(4) {
			n := 1 + rng.IntN(400)
			b := core.Batch{Group: "g", Lon: make([]float64, n), Lat: make([]float64, n)}
			v := make([]float64, n)
			x, y, dx, dy := 4*rng.Float64(), 4*rng.Float64(), rng.NormFloat64()/100, rng.NormFloat64()/100
			for i := range n {
				b.Lon[i], b.Lat[i], v[i] = x+dx*float64(i), y+dy*float64(i), float64(rng.IntN(1000))
				if rng.IntN(10) == 0 {
					v[i] = math.NaN()
				}
				if rng.IntN(40) == 0 {
					b.Lon[i] = math.NaN()
				}
			}
			b.Columns = []core.Column{core.ColumnOf("v", v)}
			r.batches[id] = append(r.batches[id], b)
		}
	}
	return r
}

// tasksOf are shards, each with some of the granules.
func tasksOf(rng *rand.Rand, granules int, store core.ObjectStore) []*Task {
	var tasks []*Task
	for i := range 4 * 4 {
		if rng.IntN(3) == 0 {
			continue
		}
		key := fmt.Sprintf("%d/%d", i/4, i%4)
		t := &Task{Shard: core.Shard{Key: core.ShardKey(key), Label: key}, Block: []int64{int64(i / 4), int64(i % 4)}, Store: store, StoreURL: "mem://s/"}
		for g := range granules {
			if rng.IntN(4) > 0 {
				t.Granules = append(t.Granules, core.Granule{ID: fmt.Sprintf("g%d", g)})
			}
		}
		if rng.IntN(2) == 0 { // some have them in another order
			rng.Shuffle(len(t.Granules), func(i, k int) { t.Granules[i], t.Granules[k] = t.Granules[k], t.Granules[i] })
		}
		tasks = append(tasks, t)
	}
	return tasks
}

// Any grouping of shards, with any budget, batch size and number of workers, gives the same objects, and each granule is
// read once a pass.
func TestSameBytesAtAnyGroupingAndBudget(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	spilled, rounds := int64(0), 40
	if testing.Short() { // the race detector makes each ten times as long
		rounds = 8
	}
	for range rounds {
		g := tileGrid{slots: [2]int64{8, 12}, chunk: [2]int64{[]int64{1, 2, 4, 8}[rng.IntN(4)], []int64{2, 3, 6, 12}[rng.IntN(4)]}}
		granules := 1 + rng.IntN(8)
		reader := tracks(rng, granules)
		store := &objstore.Mem{}
		tasks := tasksOf(rng, granules, store)
		p := g.pipeline(t, g, reader)
		p.Mask = Mask(rng.IntN(3))
		var want []*Result
		for _, task := range tasks {
			res, err := p.Run(t.Context(), task)
			require.NoError(t, err)
			want = append(want, res)
		}
		all := objects(t, store)
		for range 4 {
			again := &objstore.Mem{}
			for _, task := range tasks {
				task.Store = again
			}
			q := g.pipeline(t, []core.Grid{g, quickGrid{g}}[rng.IntN(2)], reader)
			q.Mask = p.Mask
			q.Granules, q.Batch, q.Scratch = 1+rng.IntN(5), 1+rng.IntN(300), t.TempDir()
			if rng.IntN(5) > 0 {
				q.Budget = budget.New(1 << (8 + rng.IntN(14)))
			}
			size := 1 + rng.IntN(len(tasks)+1)
			counted := &countingReader{fakeReader: reader}
			q.Reader = counted
			for at := 0; at < len(tasks); at += size {
				counted.reads = map[string]int{}
				group := tasks[at:min(at+size, len(tasks))]
				got, errs := q.RunAll(t.Context(), group, Hooks{})
				for i := range group {
					require.NoError(t, errs[i])
					require.Equal(t, want[at+i].Objects, got[i].Objects)
					require.ElementsMatch(t, want[at+i].Unwritten, got[i].Unwritten)
					require.Equal(t, want[at+i].Counts.Kept, got[i].Counts.Kept)
					require.Equal(t, want[at+i].Cells, got[i].Cells)
					require.Equal(t, want[at+i].Absent, got[i].Absent)
					require.Equal(t, want[at+i].LeftOut, got[i].LeftOut)
					spilled += got[i].SpillBytes
				}
				for id, n := range counted.reads {
					require.Equal(t, 1, n, id)
				}
			}
			require.Equal(t, all, objects(t, again))
		}
	}
	require.Positive(t, spilled)
}

// A countingReader notes how often each granule is read.
type countingReader struct {
	*fakeReader
	mu    sync.Mutex
	reads map[string]int
}

func (r *countingReader) Read(ctx context.Context, src core.ObjectReader, g core.Granule, q core.Query, emit func(*core.Batch) error) (core.ReadStats, error) {
	r.mu.Lock()
	r.reads[g.ID]++
	r.mu.Unlock()
	return r.fakeReader.Read(ctx, src, g, q, emit)
}

// What is counted adds up, however shards are grouped: rows in no shard once a pass.
func TestCountsAddUp(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	g := tileGrid{slots: [2]int64{8, 8}, chunk: [2]int64{8, 8}}
	reader := tracks(rng, 6)
	var tasks []*Task
	for len(tasks) < 3 {
		tasks = tasksOf(rng, 6, &objstore.Mem{})
	}
	for _, task := range tasks {
		task.Granules = nil
		for i := range 6 {
			task.Granules = append(task.Granules, core.Granule{ID: fmt.Sprintf("g%d", i)})
		}
	}
	rows, looked, invalid := int64(0), int64(0), int64(0)
	for id, batches := range reader.batches {
		looked += reader.stats[id].Rows
		invalid += reader.stats[id].Invalid
		rows += reader.stats[id].Invalid
		for _, b := range batches {
			rows += int64(len(b.Lon))
		}
	}
	results, errs := g.pipeline(t, g, reader).RunAll(t.Context(), tasks, Hooks{})
	var sum Counts
	var seen int64
	read := 0.0
	for i, res := range results {
		require.NoError(t, errs[i])
		c := res.Counts
		require.Equal(t, c.Read, c.Refused+c.Outside+c.Invalid+c.Fill+c.NaN+c.Filtered+c.Kept)
		sum.add(c)
		seen += res.Looked
		read += res.Phases.Read
	}
	require.Equal(t, rows, sum.Read)
	require.Equal(t, looked, seen)
	require.GreaterOrEqual(t, sum.Invalid, invalid)
	require.Positive(t, read)
}

// A granule that cannot be read fails the shards that list it, and no other.
func TestGranuleFailsItsShardsAlone(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 9))
	g := tileGrid{slots: [2]int64{4, 4}, chunk: [2]int64{4, 4}}
	reader := tracks(rng, 3)
	reader.fail = map[string]error{"g1": core.Errorf(core.Corrupt, "h5.Read", "g1.h5", "checksum")}
	list := func(ids ...string) (out []core.Granule) {
		for _, id := range ids {
			out = append(out, core.Granule{ID: id})
		}
		return out
	}
	tasks := []*Task{{Granules: list("g0", "g2")}, {Granules: list("g1", "g2")}, {Granules: list("g2")}, {Granules: list("g0", "g1"), AllowMissing: true}}
	for i, task := range tasks {
		key := fmt.Sprintf("%d/%d", i/2, i%2)
		task.Shard, task.Block, task.Store, task.StoreURL = core.Shard{Key: core.ShardKey(key), Label: key}, []int64{int64(i / 2), int64(i % 2)}, &objstore.Mem{}, "mem://s"
	}
	results, errs := g.pipeline(t, g, reader).RunAll(t.Context(), tasks, Hooks{})
	require.NoError(t, errs[0])
	require.ErrorContains(t, errs[1], "read granule g1: g1.h5: checksum")
	require.Nil(t, results[1])
	require.NoError(t, errs[2])
	require.NoError(t, errs[3])
	require.Equal(t, "g1", results[3].Missing[0].Granule)
}

// Places count slots chunk by chunk.
func TestLayout(t *testing.T) {
	for _, g := range []tileGrid{{[2]int64{4, 6}, [2]int64{2, 3}}, {[2]int64{4, 6}, [2]int64{4, 2}}, {[2]int64{4, 6}, [2]int64{1, 3}}, {[2]int64{4, 6}, [2]int64{2, 6}}} {
		l := newLayout(g.dims())
		seen := map[int32]bool{}
		for slot := range int32(24) {
			row, col := int64(slot)/6, int64(slot)%6
			chunk := row/g.chunk[0]*(6/g.chunk[1]) + col/g.chunk[1]
			within := row%g.chunk[0]*g.chunk[1] + col%g.chunk[1]
			require.Equal(t, int32(chunk*g.chunk[0]*g.chunk[1]+within), l.place(slot), "%v %d", g, slot)
			require.Equal(t, slot, l.slot(l.place(slot)))
			seen[l.place(slot)] = true
		}
		require.Len(t, seen, 24)
	}
}

// A chunk whose blocks alone are more than there is room for is not cut into ever smaller parts.
func TestPartsOfAHugeChunk(t *testing.T) {
	g := tileGrid{slots: [2]int64{512, 512}, chunk: [2]int64{512, 512}}
	rng := rand.New(rand.NewPCG(3, 3))
	const n = 20_000
	k := &parcel{rows: n, at: -1, slots: make([]int32, n), cols: []core.Column{{Name: "v", Type: core.Float64, Width: 1, Data: core.NewData(8 * n)}}}
	for i := range k.slots {
		k.slots[i] = rng.Int32N(512 * 512)
	}
	r := &pass{p: g.pipeline(t, g, nil), layout: newLayout(g.dims())}
	k.sort(part{0, 0, n}, &r.layout)
	cut, err := r.cut([]segment{{k, 0, n}}, 1<<20, r.portions(1<<18))
	require.NoError(t, err)
	require.Less(t, len(cut.windows), 20)
}

// Each variable is in one portion, in order, with as many others as fit.
func TestPortions(t *testing.T) {
	g := tileGrid{slots: [2]int64{8, 12}, chunk: [2]int64{4, 6}}
	r := &pass{p: g.pipeline(t, g, nil), layout: newLayout(g.dims())}
	each := make([]int64, len(r.p.Vars))
	for i := range each {
		each[i] = r.p.arrayBytes(r.layout.chunk, r.p.Vars[i].Arrays)
	}
	for _, most := range []int64{0, each[1], each[1] + each[2], each[0] + each[1] + each[2], 1 << 40} {
		next, arrays := 0, 0
		for _, some := range r.portions(most) {
			require.Equal(t, next, some.first)
			require.Equal(t, arrays, some.at)
			require.Len(t, some.blocks(), len(some.vars))
			require.True(t, some.bytes <= most || len(some.vars) == 1)
			next, arrays = next+len(some.vars), arrays+len(some.blocks())
		}
		require.Equal(t, len(each), next)
	}
	require.Len(t, r.portions(0), len(each)-1, "the two of chunks take no room")
	require.GreaterOrEqual(t, len(r.portions(each[1] + each[2])[1].vars), 2)
	require.Len(t, r.portions(1<<40), 1)
}
