package plan

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/job"
)

var _ core.ProductReader = &points{}

// points is a reader of granules that are lists of points.
type points struct {
	of      map[string][]core.LonLat
	invalid map[string]int64 // that the reader notices itself
	fail    map[string]error // after all points
}

func (p *points) Info() core.ProductInfo { return core.ProductInfo{} }

func (p *points) Read(_ context.Context, _ core.ObjectReader, g core.Granule, q core.Query, emit func(*core.Batch) error) (core.ReadStats, error) {
	stats := core.ReadStats{Rows: int64(len(p.of[g.ID])) + p.invalid[g.ID], Invalid: p.invalid[g.ID]}
	for part := range slices.Chunk(p.of[g.ID], min(q.Rows, 1000)) {
		var b core.Batch
		for _, x := range part {
			b.Lon, b.Lat = append(b.Lon, x.Lon), append(b.Lat, x.Lat)
		}
		if err := emit(&b); err != nil {
			return core.ReadStats{}, err
		}
	}
	return stats, p.fail[g.ID]
}

func (p *points) granules() []core.Granule {
	var out []core.Granule
	for id := range p.of {
		out = append(out, core.Granule{ID: id})
	}
	slices.SortFunc(out, func(a, b core.Granule) int { return cmp.Compare(a.ID, b.ID) })
	return out
}

// truth is for each shard the granules with a point there, by the grid's own names of points.
func (p *points) truth(t *testing.T, grid core.Grid) (shards map[core.ShardKey][]string, invalid int64) {
	t.Helper()
	shards = map[core.ShardKey][]string{}
	for _, g := range p.granules() {
		invalid += p.invalid[g.ID]
		var lon, lat []float64
		for _, x := range p.of[g.ID] {
			lon, lat = append(lon, x.Lon), append(lat, x.Lat)
		}
		names, err := grid.(core.CellNamer).Names(t.Context(), lon, lat)
		require.NoError(t, err)
		i := slices.IndexFunc(names, func(c core.Column) bool { return c.Name == "shard_key" })
		for _, word := range core.View[uint64](names[i].Data) {
			key := core.ShardKey(fmt.Sprint(word))
			switch {
			case word == 0:
				invalid++
			case !slices.Contains(shards[key], g.ID):
				shards[key] = append(shards[key], g.ID)
			}
		}
	}
	return shards, invalid
}

// track is points along a great circle, step metres apart; a third of them go over both poles.
func track(rng *rand.Rand, n int, step float64) []core.LonLat {
	a := unit([3]float64{rng.NormFloat64(), rng.NormFloat64(), rng.NormFloat64()})
	b := unit([3]float64{a[1], -a[0], 0})
	if rng.IntN(3) == 0 {
		a, b = b, [3]float64{0, 0, 1}
	}
	start := 2 * math.Pi * rng.Float64()
	out := make([]core.LonLat, n)
	for i := range out {
		sin, cos := math.Sincos(start + float64(i)*step/earthRadius)
		x, y, z := cos*a[0]+sin*b[0], cos*a[1]+sin*b[1], cos*a[2]+sin*b[2]
		lon := math.Atan2(y, x) * 180 / math.Pi
		lon -= math.Copysign(360*float64(rng.IntN(2)), lon) // the other way round
		out[i] = core.LonLat{Lon: lon, Lat: math.Atan2(z, math.Hypot(x, y)) * 180 / math.Pi}
	}
	return out
}

func unit(v [3]float64) [3]float64 {
	n := math.Sqrt(v[0]*v[0] + v[1]*v[1] + v[2]*v[2])
	return [3]float64{v[0] / n, v[1] / n, v[2] / n}
}

func requirePlan(t *testing.T, grid core.Grid, p *points, got *Plan, found *Found) {
	t.Helper()
	want, invalid := p.truth(t, grid)
	require.Len(t, got.Shards, len(want))
	for _, s := range got.Shards {
		require.Equal(t, want[s.Key], ids(s.Granules), "shard %s", s.Label)
	}
	require.Equal(t, invalid, found.Invalid)
	require.Zero(t, found.Nowhere)
	require.True(t, slices.IsSortedFunc(got.Keys(), core.CompareKeys))
}

// Every observation's shard is in the plan and no other, with exactly the granules that have one there.
func TestScanAgainstBruteForce(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for i := range 24 {
		order := rng.IntN(9)
		latitude := []string{"authalic-wgs84", "geodetic-spherical"}[i%2]
		grid := newGrid(t, fmt.Sprintf(`{"parent_order": %d, "child_order": %d, "latitude": %q}`, order, order+2, latitude))
		p := &points{of: map[string][]core.LonLat{}, invalid: map[string]int64{"g0": int64(rng.IntN(3))}}
		for k := range 1 + rng.IntN(4) {
			step := []float64{0.7, 20, 240, 7000, 300e3}[rng.IntN(5)]
			tr := track(rng, 1+rng.IntN(3000), step)
			if rng.IntN(3) == 0 { // a cloud, and the next beam
				tr = append(tr, track(rng, rng.IntN(50), step)...)
			}
			for range rng.IntN(5) {
				bad := []core.LonLat{{Lon: math.NaN()}, {Lat: 90.001}, {Lon: math.Inf(-1)}, {Lat: math.NaN()}, {Lat: -1e300}}
				tr = slices.Insert(tr, rng.IntN(len(tr)), bad[rng.IntN(5)])
			}
			p.of[fmt.Sprintf("g%d", k)] = tr
		}
		s := &Scan{Grid: grid, Reader: p, Workers: 1 + rng.IntN(4)}
		got, found, err := s.Run(t.Context(), p.granules(), false)
		require.NoError(t, err)
		requirePlan(t, grid, p, got, found)
		rows := int64(0)
		for id := range p.of {
			rows += int64(len(p.of[id])) + p.invalid[id]
		}
		require.Equal(t, rows, found.Rows)
	}
}

// Rows in any order are found too, without asking every shard of the Earth for them.
func TestScanOfScatteredPoints(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	grid := newGrid(t, `{"parent_order": 11, "child_order": 13}`)
	p := &points{of: map[string][]core.LonLat{}}
	for range 2000 {
		p.of["a"] = append(p.of["a"], core.LonLat{Lon: 720*rng.Float64() - 360, Lat: math.Asin(2*rng.Float64()-1) * 180 / math.Pi})
	}
	p.of["b"] = []core.LonLat{{Lat: 90}, {Lon: 10, Lat: -90}, {Lon: 180}, {Lon: -180}, {Lon: 360, Lat: 5}, {Lon: -360, Lat: 41.81}, {Lon: 45, Lat: 0}, {Lon: 225, Lat: 0}}
	counting := &countingGrid{Grid: grid}
	got, found, err := (&Scan{Grid: counting, Reader: p}).Run(t.Context(), p.granules(), false)
	require.NoError(t, err)
	requirePlan(t, grid, p, got, found)
	require.Less(t, counting.located, 40*2008, "few candidates for a point")
}

type countingGrid struct {
	core.Grid
	located int
}

func (g *countingGrid) Locate(ctx context.Context, key core.ShardKey, lon, lat []float64, slot []int32) error {
	g.located += len(lon)
	return g.Grid.Locate(ctx, key, lon, lat, slot)
}

func TestScanReports(t *testing.T) {
	p := &points{of: map[string][]core.LonLat{"a": {{Lon: 1}}, "b": {{Lon: 2}}, "c": {{Lon: 3}}}}
	var seen []string
	var done []int
	s := &Scan{Grid: newGrid(t, `{"parent_order": 3, "child_order": 4}`), Reader: p, Workers: 3, Report: func(n, total int, g core.Granule) {
		require.Equal(t, 3, total)
		done, seen = append(done, n), append(seen, g.ID)
	}}
	_, _, err := s.Run(t.Context(), p.granules(), false)
	require.NoError(t, err)
	require.Equal(t, []int{1, 2, 3}, done)
	require.ElementsMatch(t, []string{"a", "b", "c"}, seen)
}

func TestScanOfNothing(t *testing.T) {
	grid := newGrid(t, `{"parent_order": 3, "child_order": 4}`)
	p := &points{of: map[string][]core.LonLat{"a": nil, "b": {{Lon: math.NaN()}, {Lat: 91}}}}
	got, found, err := (&Scan{Grid: grid, Reader: p}).Run(t.Context(), p.granules(), false)
	require.NoError(t, err)
	require.Empty(t, got.Shards)
	require.Equal(t, &Found{Rows: 2, Invalid: 2, Lon: noSpan(), Lat: noSpan(), Failed: map[string]error{}}, found)
	got, _, err = (&Scan{Grid: grid, Reader: p}).Run(t.Context(), nil, false)
	require.NoError(t, err)
	require.Empty(t, got.Shards)
}

// A grid may not own the whole Earth; points outside it are counted.
func TestScanOutsideTheGrid(t *testing.T) {
	p := &points{of: map[string][]core.LonLat{"a": {{Lon: 1}, {Lon: 2}, {Lon: 3, Lat: math.NaN()}}}}
	got, found, err := (&Scan{Grid: nowhere{}, Reader: p}).Run(t.Context(), p.granules(), false)
	require.NoError(t, err)
	require.Empty(t, got.Shards)
	require.Equal(t, &Found{Rows: 3, Invalid: 1, Nowhere: 2, Lon: Span{1, 2}, Lat: Span{0, 0}, Failed: map[string]error{}}, found)
}

// nowhere is a grid without a shard.
type nowhere struct{ core.Grid }

func (nowhere) Cover(_ context.Context, r []core.Region) ([][]core.ShardKey, error) {
	return make([][]core.ShardKey, len(r)), nil
}

func (nowhere) Shards(context.Context, []core.ShardKey) ([]core.Shard, error) { return nil, nil }

type invalidGrid struct{ core.Grid }

func (invalidGrid) Cover(context.Context, []core.Region) ([][]core.ShardKey, error) {
	return nil, core.Errorf(core.Invalid, "grid", "", "no cover")
}

// oneBreak stops answering once, after the rows of a granule were emitted.
type oneBreak struct {
	*points
	broke atomic.Bool
}

func (o *oneBreak) Read(ctx context.Context, src core.ObjectReader, g core.Granule, q core.Query, emit func(*core.Batch) error) (core.ReadStats, error) {
	stats, err := o.points.Read(ctx, src, g, q, emit)
	if g.ID == "b" && !o.broke.Swap(true) {
		return stats, core.Errorf(core.Unavailable, "plugin", "p", "was ended by signal killed")
	}
	return stats, err
}

// A reader that stops answering in the middle of a granule is asked once more, and nothing of it is counted twice.
func TestScanOnceMore(t *testing.T) {
	grid := newGrid(t, `{"parent_order": 3, "child_order": 4}`)
	p := &points{of: map[string][]core.LonLat{"a": {{Lon: 1}}, "b": {{Lon: 100}, {Lon: 1}, {Lon: math.NaN()}}}}
	got, found, err := (&Scan{Grid: grid, Reader: &oneBreak{points: p}}).Run(t.Context(), p.granules(), false)
	require.NoError(t, err)
	require.EqualValues(t, 4, found.Rows)
	requirePlan(t, grid, p, got, found)
}

// A granule that fails in the middle is left out whole: no shard is planned for what was seen of it.
func TestScanFailures(t *testing.T) {
	grid := newGrid(t, `{"parent_order": 3, "child_order": 4}`)
	broken := core.Errorf(core.Corrupt, "h5.Read", "b.h5", "checksum")
	p := &points{
		of:      map[string][]core.LonLat{"a": {{Lon: 1}}, "b": {{Lon: 100}, {Lon: 1}, {Lon: math.NaN()}}, "c": {{Lon: 1, Lat: 0.1}}},
		invalid: map[string]int64{"b": 3}, fail: map[string]error{"b": broken},
	}
	s := &Scan{Grid: grid, Reader: p}
	_, _, err := s.Run(t.Context(), p.granules(), false)
	require.ErrorIs(t, err, broken)
	require.ErrorContains(t, err, "read granule b: b.h5: checksum")
	require.Equal(t, core.Corrupt, core.CodeOf(err))

	got, found, err := s.Run(t.Context(), p.granules(), true)
	require.NoError(t, err)
	require.Len(t, got.Shards, 1)
	require.Equal(t, []string{"a", "c"}, ids(got.Shards[0].Granules))
	require.Equal(t, int64(2), found.Rows)
	require.Zero(t, found.Invalid)
	require.Len(t, found.Failed, 1)
	require.ErrorIs(t, found.Failed["b"], broken)

	require.Equal(t, []job.ReadError{{Granule: "b", Code: "corrupt", Text: "read granule b: b.h5: checksum"}}, got.Shards[0].Missing, "a record will name it")

	for code := core.Internal; code <= core.Unsupported; code++ {
		p.fail["b"] = core.Errorf(code, "h5.Read", "b.h5", "no")
		_, found, err = s.Run(t.Context(), p.granules(), true)
		if code == core.NotFound || code == core.Corrupt || code == core.Unsupported || code == core.Invalid {
			require.NoError(t, err, code)
			require.Contains(t, found.Failed, "b", code)
		} else { // the granule may be whole
			require.Equal(t, code, core.CodeOf(err))
			require.ErrorContains(t, err, "read granule b", code)
		}
	}
	_, _, err = (&Scan{Grid: invalidGrid{grid}, Reader: p}).Run(t.Context(), p.granules(), true)
	require.ErrorContains(t, err, "no cover", "a grid that fails is no missing granule")

	p.fail["a"], p.fail["b"], p.fail["c"] = core.Errorf(core.NotFound, "", "", "first"), broken, core.Errorf(core.NotFound, "", "", "last")
	_, _, err = s.Run(t.Context(), p.granules(), true)
	require.ErrorContains(t, err, "every granule failed; the first: read granule a: first")

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	p.fail = nil
	for _, allow := range []bool{false, true} {
		_, _, err = s.Run(ctx, p.granules(), allow)
		require.ErrorIs(t, err, context.Canceled)
		require.Equal(t, core.Unavailable, core.CodeOf(err))
	}
}

func BenchmarkScanTrack(b *testing.B) {
	grid := newGrid(b, `{"parent_order": 6, "child_order": 12}`)
	p := &points{of: map[string][]core.LonLat{"a": track(rand.New(rand.NewPCG(1, 1)), 1<<16, 20)}}
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := (&Scan{Grid: grid, Reader: p}).Run(b.Context(), p.granules(), false); err != nil {
			b.Fatal(err)
		}
	}
}
