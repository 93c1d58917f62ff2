//go:build suites

package expr_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/reduce"
)

// column makes n random elements of a type, floats with some NaN and infinite ones if special.
func column(r *rand.Rand, typ core.Type, n int, special bool) core.Column {
	c := core.Column{Name: "x", Type: typ, Width: 1, Data: core.NewData(n * typ.Size())}
	for i := range c.Data {
		c.Data[i] = byte(r.Uint32())
	}
	odd := func(i int) float64 {
		if special && r.IntN(30) == 0 {
			return []float64{math.NaN(), math.Inf(1), math.Inf(-1), 0, 1e300}[r.IntN(5)]
		}
		return r.NormFloat64() * math.Pow(10, float64(i%5))
	}
	switch typ {
	case core.Bool:
		for i := range c.Data {
			c.Data[i] &= 1
		}
	case core.Int64: // half the range: numpy's quantiles overflow where a difference of values does, zagg's do not
		v := core.View[int64](c.Data)
		for i := range v {
			v[i] >>= 1
		}
	case core.Float32:
		v := core.View[float32](c.Data)
		for i := range v {
			v[i] = float32(odd(i))
		}
	case core.Float64:
		v := core.View[float64](c.Data)
		for i := range v {
			v[i] = odd(i)
		}
	}
	return c
}

// sizes of cells: small ones, those around the pairwise sum's block of 128, and a large one.
var sizes = []int64{1, 2, 3, 5, 7, 8, 9, 24, 25, 26, 100, 127, 128, 129, 136, 255, 256, 257, 300, 1000, 1024, 1025, 9000, 20_000}

func cellOffsets(r *rand.Rand) []int64 {
	off := []int64{0}
	for range 3 {
		for _, s := range sizes[:len(sizes)-2] {
			off = append(off, off[len(off)-1]+s)
		}
	}
	for _, s := range sizes {
		off = append(off, off[len(off)-1]+s+int64(r.IntN(3)))
	}
	return off
}

// native lists the reductions that are compared on numpy arrays of the column's own type. The others are compared on
// arrays widened to float64 or int64, where numpy itself would compute in float32 or overflow a small integer.
func native(op reduce.Op, typ core.Type) bool {
	ranks := op.TakesQ() || op == reduce.OpMedian || op == reduce.OpNanMedian
	extremes := slices.Contains([]reduce.Op{reduce.OpMin, reduce.OpMax, reduce.OpNanMin, reduce.OpNanMax, reduce.OpSum, reduce.OpNanSum}, op)
	if typ == core.Float32 {
		return ranks || extremes && op != reduce.OpSum && op != reduce.OpNanSum
	}
	return extremes || typ == core.Float64 || typ.Size() == 8
}

func TestReductions(t *testing.T) {
	for typ := core.Bool; typ < core.Bytes; typ++ {
		for _, special := range []bool{false, true} {
			if special && !typ.IsFloat() {
				continue
			}
			t.Run(typ.String(), func(t *testing.T) {
				r := random(t, 300+int(typ))
				off := cellOffsets(r)
				n := int(off[len(off)-1])
				x, w := column(r, typ, n, special), column(r, core.Float64, n, false)
				for i, v := range core.View[float64](w.Data) {
					core.View[float64](w.Data)[i] = math.Abs(v)
				}
				for _, own := range []bool{true, false} {
					compareReductions(t, r, x, w, off, own)
				}
			})
		}
	}
}

func compareReductions(t *testing.T, r *rand.Rand, x, w core.Column, off []int64, own bool) {
	task := pyTask{Offsets: off, Native: own, Columns: map[string]pyColumn{
		"x": {x.Type.String(), x.Data, false}, "w": {w.Type.String(), w.Data, false}}}
	var args []reduce.Args
	var ops []reduce.Op
	add := func(op reduce.Op, a reduce.Args, p pyReduction) {
		p.Op, p.Column, p.Q = op.String(), "x", a.Q
		if op.TakesDDoF() {
			p.DDoF = &a.DDoF
		}
		ops, args, task.Reductions = append(ops, op), append(args, a), append(task.Reductions, p)
	}
	for _, op := range reduce.Ops() {
		switch {
		case op == reduce.OpLen || op == reduce.OpCount || native(op, x.Type) != own || x.Type == core.Bool && op.TakesQ():
		case op.TakesQ():
			top := 1.0
			if op == reduce.OpPercentile || op == reduce.OpNanPercentile {
				top = 100
			}
			for range 4 {
				add(op, reduce.Args{Q: []float64{r.Float64() * top}}, pyReduction{})
			}
			for _, q := range []float64{0, 0.5, 1} {
				if q == 0.5 || top == 1 { // percentiles 0 and 100 of infinite values are NaN in numpy
					add(op, reduce.Args{Q: []float64{q * top}}, pyReduction{})
				}
			}
			add(op, reduce.Args{Q: []float64{0.25 * top, 0.5 * top, 0.75 * top, 0.9999 * top}}, pyReduction{})
		case op.TakesDDoF():
			add(op, reduce.Args{}, pyReduction{})
			add(op, reduce.Args{DDoF: 1}, pyReduction{})
		case op == reduce.OpAverage:
			add(op, reduce.Args{Weights: &w}, pyReduction{Weights: "w"})
		default:
			add(op, reduce.Args{}, pyReduction{})
		}
	}
	answer := ask(t, task)
	for i, op := range ops {
		got, err := reduce.Apply(op, &x, off, args[i])
		require.NoError(t, err)
		compareReduction(t, op, args[i], x.Type, &got, answer.Reductions[i])
	}
}

func compareReduction(t *testing.T, op reduce.Op, a reduce.Args, source core.Type, got *core.Column, want []pyCell) {
	t.Helper()
	require.Equal(t, len(want), got.Rows())
	typ, data := got.Type, got.Data
	switch {
	case typ == core.Bool:
	case typ.IsFloat():
		typ, data = core.Float64, core.Raw(reduce.Float64s(got))
	case typ.IsUnsigned():
		typ, data = core.Uint64, wide[uint64](got)
	default:
		typ, data = core.Int64, wide[int64](got)
	}
	size := len(data) / len(want)
	for c := range want {
		require.NotEqual(t, "error", want[c].Kind, want[c].Error)
		// numpy adds integers that it converts in pieces of 8192; all else is equal to the last bit.
		tolerance := 0.0
		if source != core.Float64 && source != core.Float32 && want[c].Kind == "f" && !op.TakesQ() {
			tolerance = 1e-12
		}
		if err := compareNumbers(typ, data[c*size:(c+1)*size], &want[c], want[c].raw(t), tolerance); err != nil {
			t.Errorf("%s %v cell %d: %v", op, a.Q, c, err)
		}
	}
}

func wide[D int64 | uint64](c *core.Column) []byte {
	dst := make([]D, c.Rows())
	switch c.Type {
	case core.Int8:
		copyWide(dst, core.View[int8](c.Data))
	case core.Int16:
		copyWide(dst, core.View[int16](c.Data))
	case core.Int32:
		copyWide(dst, core.View[int32](c.Data))
	case core.Uint8:
		copyWide(dst, core.View[uint8](c.Data))
	case core.Uint16:
		copyWide(dst, core.View[uint16](c.Data))
	case core.Uint32:
		copyWide(dst, core.View[uint32](c.Data))
	default:
		return c.Data
	}
	return core.Raw(dst)
}

func copyWide[D int64 | uint64, S int8 | int16 | int32 | uint8 | uint16 | uint32](dst []D, src []S) {
	for i, x := range src {
		dst[i] = D(x)
	}
}
