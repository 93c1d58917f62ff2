package reduce

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
)

var inf = math.Inf(1)

// results applies op to a column with cells of 4, 1 and 3 values.
func results(t *testing.T, op Op, c core.Column, a Args) core.Column {
	t.Helper()
	out, err := Apply(op, &c, []int64{0, 4, 5, 8}, a)
	require.NoError(t, err)
	require.Equal(t, 3, out.Rows())
	return out
}

func TestFloats(t *testing.T) {
	v := []float64{1, 2, 4, 3, 7, 5, nan, -1}
	w := core.ColumnOf("w", []float32{1, 0, 1, 2, 3, 1, 1, 1})
	for _, c := range []struct {
		op   Op
		args Args
		want []float64
	}{
		{OpMin, Args{}, []float64{1, 7, nan}},
		{OpMax, Args{}, []float64{4, 7, nan}},
		{OpSum, Args{}, []float64{10, 7, nan}},
		{OpMean, Args{}, []float64{2.5, 7, nan}},
		{OpAverage, Args{}, []float64{2.5, 7, nan}},
		{OpAverage, Args{Weights: &w}, []float64{11. / 4, 7, nan}},
		{OpMedian, Args{}, []float64{2.5, 7, nan}},
		{OpVar, Args{}, []float64{1.25, 0, nan}},
		{OpVar, Args{DDoF: 1}, []float64{5. / 3, nan, nan}},
		{OpVar, Args{DDoF: 2}, []float64{2.5, nan, nan}},
		{OpStd, Args{}, []float64{math.Sqrt(1.25), 0, nan}},
		{OpQuantile, Args{Q: []float64{0.25}}, []float64{1.75, 7, nan}},
		{OpQuantile, Args{Q: []float64{1, 0}}, []float64{4, 1, 7, 7, nan, nan}},
		{OpPercentile, Args{Q: []float64{75}}, []float64{3.25, 7, nan}},
		{OpNanSum, Args{}, []float64{10, 7, 4}},
		{OpNanMin, Args{}, []float64{1, 7, -1}},
		{OpNanMax, Args{}, []float64{4, 7, 5}},
		{OpNanMean, Args{}, []float64{2.5, 7, 2}},
		{OpNanMedian, Args{}, []float64{2.5, 7, 2}},
		{OpNanVar, Args{}, []float64{1.25, 0, 9}},
		{OpNanVar, Args{DDoF: 1}, []float64{5. / 3, nan, 18}},
		{OpNanStd, Args{}, []float64{math.Sqrt(1.25), 0, 3}},
		{OpNanQuantile, Args{Q: []float64{0.25}}, []float64{1.75, 7, 0.5}},
		{OpNanPercentile, Args{Q: []float64{25, 75}}, []float64{1.75, 3.25, 7, 7, 0.5, 3.5}},
	} {
		out := results(t, c.op, core.ColumnOf("v", v), c.args)
		require.Equal(t, core.Float64, out.Type)
		require.InDeltaSlice(t, c.want, core.View[float64](out.Data), 1e-15, "%s %v", c.op, c.args)

		narrow := make([]float32, len(v))
		for i, x := range v {
			narrow[i] = float32(x)
		}
		out = results(t, c.op, core.ColumnOf("v", narrow), c.args)
		require.InDeltaSlice(t, c.want, Float64s(&out), 1e-15, "float32 %s %v", c.op, c.args)
	}
}

func TestIntegers(t *testing.T) {
	v := []int8{1, 2, 4, 3, -128, 127, 127, 127}
	for _, c := range []struct {
		op   Op
		args Args
		typ  core.Type
		want []float64
	}{
		{OpLen, Args{}, core.Int64, []float64{4, 1, 3}},
		{OpSum, Args{}, core.Int64, []float64{10, -128, 381}},
		{OpNanSum, Args{}, core.Int64, []float64{10, -128, 381}},
		{OpMin, Args{}, core.Int8, []float64{1, -128, 127}},
		{OpNanMax, Args{}, core.Int8, []float64{4, -128, 127}},
		{OpMean, Args{}, core.Float64, []float64{2.5, -128, 127}},
		{OpNanMean, Args{}, core.Float64, []float64{2.5, -128, 127}},
		{OpMedian, Args{}, core.Float64, []float64{2.5, -128, 127}},
		{OpVar, Args{}, core.Float64, []float64{1.25, 0, 0}},
		{OpQuantile, Args{Q: []float64{0.25}}, core.Float64, []float64{1.75, -128, 127}},
	} {
		out := results(t, c.op, core.ColumnOf("v", v), c.args)
		require.Equal(t, c.typ, out.Type, c.op.String())
		require.InDeltaSlice(t, c.want, Float64s(&out), 0, c.op.String())
	}
	wide := core.ColumnOf("v", []int8{-128, 127})
	out, err := Apply(OpQuantile, &wide, []int64{0, 2}, Args{Q: []float64{0.2}})
	require.NoError(t, err)
	require.Equal(t, []float64{-77}, core.View[float64](out.Data), "the difference of neighbours does not overflow")
	big := core.ColumnOf("v", []uint64{math.MaxUint64, 1, 1<<53 + 1})
	out, err = Apply(OpSum, &big, []int64{0, 2, 3}, Args{})
	require.NoError(t, err)
	require.Equal(t, []uint64{0, 1<<53 + 1}, core.View[uint64](out.Data))
	bools := core.ColumnOf("v", []bool{true, false, true})
	for op, want := range map[Op]core.Column{OpSum: core.ColumnOf("", []int64{2}), OpMax: core.ColumnOf("", []bool{true}), OpMin: core.ColumnOf("", []bool{false}), OpMedian: core.ColumnOf("", []float64{1})} {
		out, err = Apply(op, &bools, []int64{0, 3}, Args{})
		require.NoError(t, err)
		require.Equal(t, want, out, op.String())
	}
}

func TestCellsWithoutValues(t *testing.T) {
	f, i := core.ColumnOf("f", []float64{nan, nan}), core.ColumnOf("i", []int32{3})
	for _, op := range Ops() {
		args := Args{}
		if op.TakesQ() {
			args.Q = []float64{0.5}
		}
		out, err := Apply(op, &f, []int64{0, 0, 2}, args)
		require.NoError(t, err)
		want := []float64{nan, nan}
		switch op {
		case OpLen, OpCount:
			want = []float64{0, 2}
		case OpSum:
			want = []float64{0, nan}
		case OpNanSum:
			want = []float64{0, 0}
		}
		require.InDeltaSlice(t, want, Float64s(&out), 0, op.String())

		out, err = Apply(op, &i, []int64{0, 0, 1}, args)
		require.NoError(t, err)
		if out.Type.IsFloat() {
			require.True(t, math.IsNaN(Float64s(&out)[0]), op.String())
		} else {
			require.Zero(t, Float64s(&out)[0], op.String())
		}
	}
}

func TestInfinities(t *testing.T) {
	c := core.ColumnOf("v", []float64{-inf, 1, 2, inf})
	out, err := Apply(OpQuantile, &c, []int64{0, 4}, Args{Q: []float64{0, 0.1, 0.5, 0.7, 1}})
	require.NoError(t, err)
	require.InDeltaSlice(t, []float64{-inf, nan, 1.5, inf, inf}, core.View[float64](out.Data), 0)
	out, err = Apply(OpMedian, &c, []int64{0, 4}, Args{})
	require.NoError(t, err)
	require.Equal(t, []float64{1.5}, core.View[float64](out.Data))
}

// The sum of 1 and many small numbers that a plain loop would lose.
func TestSumIsPairwise(t *testing.T) {
	v := make([]float64, 1<<20+1)
	v[0] = 1
	for i := range v[1:] {
		v[i+1] = 1e-16
	}
	got := make([]float64, 1)
	Sum(got, v, []int64{0, int64(len(v))})
	require.InDelta(t, 1+float64(len(v)-1)*1e-16, got[0], 1e-14)
}

func TestErrors(t *testing.T) {
	f := core.ColumnOf("h", []float64{1, 2})
	text := core.StringColumn("name", []string{"a", "b"})
	wide := core.Column{Name: "wide", Type: core.Float32, Width: 2, Data: core.NewData(16)}
	short := core.ColumnOf("w", []float64{1})
	for _, c := range []struct {
		op      Op
		col     core.Column
		offsets []int64
		args    Args
		want    string
	}{
		{0, f, []int64{0, 2}, Args{}, "no such reduction"},
		{99, f, []int64{0, 2}, Args{}, "no such reduction"},
		{OpMean, text, []int64{0, 2}, Args{}, "reduce.mean name: needs one number per row"},
		{OpMean, wide, []int64{0, 2}, Args{}, "the column has 2 float32 per row"},
		{OpMean, core.Column{Type: core.Int32, Data: core.NewData(3)}, []int64{0, 0}, Args{}, "not a whole number"},
		{OpMean, f, []int64{0, 3}, Args{}, "offset 3 of cell 1 is not between 0 and the column's 2 rows"},
		{OpMean, f, []int64{0, 2, 1}, Args{}, "offset 1 of cell 2 is not between 2 and"},
		{OpMean, f, []int64{-1, 2}, Args{}, "offset -1 of cell 0"},
		{OpLen, f, []int64{0, 3}, Args{}, "offset 3"},
		{OpAverage, f, []int64{0, 2}, Args{Weights: &short}, "1 weights for 2 values"},
		{OpAverage, f, []int64{0, 2}, Args{Weights: &text}, "needs one number per row"},
		{OpQuantile, f, []int64{0, 2}, Args{}, "q is missing"},
		{OpQuantile, f, []int64{0, 2}, Args{Q: []float64{0.5, nan}}, "q is NaN; it must be from 0 to 1"},
		{OpPercentile, f, []int64{0, 2}, Args{Q: []float64{101}}, "from 0 to 100"},
	} {
		_, err := Apply(c.op, &c.col, c.offsets, c.args)
		require.ErrorContains(t, err, c.want)
		require.Equal(t, core.Invalid, core.CodeOf(err))
	}
}

func TestNames(t *testing.T) {
	for _, op := range Ops() {
		got, ok := OpFromName(op.String())
		require.True(t, ok)
		require.Equal(t, op, got)
	}
	_, ok := OpFromName("")
	require.False(t, ok)
	require.Equal(t, "invalid", Op(200).String())
}

// selected checks selectRanks against a sort.
func selected[T Number](t *testing.T, v []T, ranks []int) {
	t.Helper()
	want := slices.Sorted(slices.Values(v))
	got := slices.Clone(v)
	selectRanks(got, ranks)
	for _, r := range ranks {
		require.Equal(t, want[r], got[r], "rank %d of %d", r, len(v))
	}
	slices.Sort(got)
	require.Equal(t, want, got, "a permutation")
}

func TestSelect(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for round := range 400 {
		n := 1 + r.IntN(600)
		v := make([]float64, n)
		for i := range v {
			switch round % 5 {
			case 0:
				v[i] = r.NormFloat64()
			case 1:
				v[i] = float64(r.IntN(4)) // many equal
			case 2:
				v[i] = float64(i)
			case 3:
				v[i] = float64(-i % 50)
			case 4:
				v[i] = float64(min(i, n-i)) // an organ pipe
			}
		}
		var ranks []int
		for range 1 + r.IntN(6) {
			ranks = insert(ranks, r.IntN(n))
		}
		selected(t, v, ranks)
	}
}

// The worst pivots: what pick does when its budget is spent.
func TestSelectSpentBudget(t *testing.T) {
	v := []int32{}
	for i := range 100 {
		v = append(v, int32(i*37%101))
	}
	pick(v, 0, []int{50}, 0)
	require.True(t, slices.IsSorted(v))
}

func FuzzSelect(f *testing.F) {
	f.Add([]byte{3, 1, 2}, uint16(1), uint16(2))
	f.Add(make([]byte, 300), uint16(0), uint16(299))
	f.Fuzz(func(t *testing.T, v []byte, a, b uint16) {
		if len(v) > 0 {
			selected(t, v, insert(insert(nil, int(a)%len(v)), int(b)%len(v)))
		}
	})
}

func TestNoAllocationPerCell(t *testing.T) {
	h, _, offsets := shard(20_000, 1000)
	dst := make([]float64, 3000)
	for name, f := range map[string]func(){
		"quantiles": func() { Quantiles(dst, h, offsets, []float64{0.25, 0.5, 0.75}) },
		"median":    func() { Median(dst[:1000], h, offsets) },
		"var":       func() { Var(dst[:1000], h, offsets, 0) },
	} {
		require.Less(t, testing.AllocsPerRun(3, f), 10.0, name)
	}
}
