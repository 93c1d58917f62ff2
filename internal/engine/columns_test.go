package engine

import (
	"bytes"
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
)

func TestMask(t *testing.T) {
	nan := math.NaN()
	withFill := func(c core.Column, fill []byte, width int) core.Column {
		c.Fill, c.Width = fill, width
		return c
	}
	f32 := func(v ...float32) core.Column { return core.ColumnOf("v", v) }
	for name, c := range map[string]struct {
		column    core.Column
		kept      []int32
		fill, nan int64
	}{
		"plain":           {f32(1, 2, 3), []int32{0, 1, 2}, 0, 0},
		"NaN":             {f32(1, float32(nan), 3), []int32{0, 2}, 0, 1},
		"fill":            {withFill(f32(1, math.MaxFloat32, 3), core.Raw([]float32{math.MaxFloat32}), 1), []int32{0, 2}, 1, 0},
		"NaN is the fill": {withFill(f32(1, float32(nan), 3), core.Raw([]float32{float32(nan)}), 1), []int32{0, 2}, 0, 1},
		"zero of a sign":  {withFill(core.ColumnOf("v", []float64{math.Copysign(0, -1), 1}), core.Raw([]float64{0}), 1), []int32{1}, 1, 0},
		"vector":          {withFill(core.ColumnOf("v", []float64{1, 2, nan, 4, 5, -1, -1, nan}), core.Raw([]float64{-1}), 2), []int32{0}, 2, 1},
		"int":             {withFill(core.ColumnOf("v", []int16{5, -9, 7}), core.Raw([]int16{-9}), 1), []int32{0, 2}, 1, 0},
		"int no fill":     {core.ColumnOf("v", []int16{5, -9, 7}), []int32{0, 1, 2}, 0, 0},
		"exact":           {withFill(core.ColumnOf("v", []int64{1 << 53, 1<<53 + 1}), core.Raw([]int64{1<<53 + 1}), 1), []int32{0}, 1, 0},
		"int vector":      {withFill(core.ColumnOf("v", []uint8{1, 2, 3, 255, 255, 4}), []byte{255}, 3), []int32{0}, 1, 0},
		"bytes not words": {withFill(core.ColumnOf("v", []int16{0x0102, 0x0201}), []byte{2, 1}, 1), []int32{1}, 1, 0},
		"width zero":      {withFill(f32(1, float32(nan)), nil, 0), []int32{0}, 0, 1},
	} {
		rows := make([]int32, c.column.Rows())
		for i := range rows {
			rows[i] = int32(i)
		}
		at, fill, nans := core.Missing(&c.column, rows)
		kept := without(rows, at)
		require.Equal(t, c.kept, kept, name)
		require.Equal(t, []int64{c.fill, c.nan}, []int64{fill, nans}, name)
	}
	c := f32(float32(nan), 1, float32(nan), 2)
	at, fill, nans := core.Missing(&c, []int32{1, 2})
	kept := without([]int32{1, 2}, at)
	require.Equal(t, []int32{1}, kept, "rows dropped before are not counted again")
	require.Equal(t, []int64{0, 1}, []int64{fill, nans})
}

// types are all element types that columns of numbers have.
func types() []core.Type {
	return []core.Type{core.Bool, core.Int8, core.Int16, core.Int32, core.Int64, core.Uint8, core.Uint16, core.Uint32, core.Uint64, core.Float32, core.Float64}
}

// randomColumn has rows that are numbered in their bytes.
func randomColumn(rng *rand.Rand, typ core.Type, width, rows int) core.Column {
	c := core.Column{Name: "v", Type: typ, Width: width, Data: core.NewData(rows * width * typ.Size())}
	for i := range c.Data {
		c.Data[i] = byte(rng.Uint32())
	}
	return c
}

func rowOf(c *core.Column, i int) []byte {
	n := c.Width * c.Type.Size()
	return c.Data[i*n : (i+1)*n]
}

// gather appends the rows asked for, of every type and width, and keeps its buffers aligned.
func TestGather(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	for _, typ := range types() {
		for _, width := range []int{1, 2, 3, 5} {
			var cols []core.Column
			var want []byte
			var err error
			for range 6 {
				src := []core.Column{randomColumn(rng, typ, width, 1+rng.IntN(3000))}
				src[0].Fill = []byte("fill")
				rows := []int32{}
				for i := range src[0].Rows() {
					if rng.IntN(3) == 0 {
						rows = append(rows, int32(i))
						want = append(want, rowOf(&src[0], i)...)
					}
				}
				cols, err = gather(cols, src, rows)
				require.NoError(t, err)
				src[0].Fill[0] = 'x'
			}
			require.Equal(t, core.Column{Name: "v", Type: typ, Width: width, Data: want, Fill: []byte("fill")}, cols[0], "%s×%d", typ, width)
		}
	}
}

// group is a stable sort by slot: the order of sinks, then that inside a sink.
func TestGroupIsAStableSort(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 2))
	for range 100 {
		g := lineGrid{cells: 1 + rng.Int64N(40)}
		p := pipeline(g, nil)
		typ, width := types()[rng.IntN(len(types()))], 1+rng.IntN(3)
		var sinks []*sink
		want := make([][]byte, g.cells)
		counts := make([]int64, g.cells)
		for range rng.IntN(5) {
			if rng.IntN(4) == 0 {
				sinks = append(sinks, &sink{}) // a granule without a row here
			}
			n := 1 + rng.IntN(100)
			s := &sink{cols: []core.Column{randomColumn(rng, typ, width, n), randomColumn(rng, core.Uint8, 1, n)}}
			for i := range n {
				slot := rng.Int64N(g.cells)
				s.slots = append(s.slots, int32(slot))
				want[slot] = append(append(want[slot], rowOf(&s.cols[0], i)...), rowOf(&s.cols[1], i)...)
				counts[slot]++
			}
			sinks = append(sinks, s)
		}
		r := &pass{p: p, tasks: []*Task{{}}, of: [][]int{nil}, layout: newLayout(p.Dims)}
		for i, s := range sinks {
			if len(s.slots) > 0 {
				s.add(0, len(s.slots))
				s.parcels = []*parcel{s.parcel([]int{0})}
			}
			r.granules = append(r.granules, granule{sink: *s})
			r.of[0] = append(r.of[0], i)
		}
		got, err := r.group(r.layout.whole(), r.segments(0))
		require.NoError(t, err)
		require.Equal(t, int64(0), got.Offsets[0])
		require.Len(t, got.Offsets, len(got.Slots)+1)
		have := make([][]byte, g.cells)
		for c, slot := range got.Slots {
			require.True(t, c == 0 || slot > got.Slots[c-1], "slots ascend")
			require.Equal(t, counts[slot], got.Offsets[c+1]-got.Offsets[c], "occupied cells alone")
			for i := got.Offsets[c]; i < got.Offsets[c+1]; i++ {
				have[slot] = append(append(have[slot], rowOf(&got.Rows[0], int(i))...), rowOf(&got.Rows[1], int(i))...)
			}
		}
		require.Equal(t, want, have)
	}
}

// interesting values of a type, as exact numbers; nil stands for NaN.
func interesting(typ core.Type) core.Column {
	switch typ {
	case core.Bool:
		return core.ColumnOf("", []bool{false, true})
	case core.Int8:
		return core.ColumnOf("", []int8{0, 1, -1, math.MinInt8, math.MaxInt8})
	case core.Int16:
		return core.ColumnOf("", []int16{0, -1, math.MinInt16, math.MaxInt16, 128, 255, 256})
	case core.Int32:
		return core.ColumnOf("", []int32{0, -1, math.MinInt32, math.MaxInt32, 65535, 65536, 1<<24 + 1})
	case core.Int64:
		return core.ColumnOf("", []int64{0, -1, math.MinInt64, math.MaxInt64, 1 << 31, 1 << 32, 1<<53 + 1, -1 << 31})
	case core.Uint8:
		return core.ColumnOf("", []uint8{0, 1, 127, 128, 255})
	case core.Uint16:
		return core.ColumnOf("", []uint16{0, 255, 256, math.MaxInt16 + 1, math.MaxUint16})
	case core.Uint32:
		return core.ColumnOf("", []uint32{0, 1 << 16, 1 << 31, math.MaxUint32})
	case core.Uint64:
		return core.ColumnOf("", []uint64{0, 1 << 32, 1 << 63, math.MaxInt64, math.MaxUint64, 1<<53 + 1})
	case core.Float32:
		return core.ColumnOf("", []float32{0, float32(math.Copysign(0, -1)), 0.5, -1, 127, 128, 255, 256, 0x1p31, -0x1p31, 0x1p32, 0x1p63, -0x1p63, 0x1p64,
			math.MaxFloat32, float32(math.NaN()), float32(math.Inf(1)), float32(math.Inf(-1))})
	}
	return core.ColumnOf("", []float64{0, math.Copysign(0, -1), 0.5, -0.5, -1, 127, 128, -128, -129, 255, 256, 65535, 65536, 0x1p31 - 1, 0x1p31, -0x1p31, -0x1p31 - 1,
		0x1p32 - 1, 0x1p32, 0x1p53, 0x1p63, 0x1p63 - 1024, -0x1p63, -0x1p63 - 2048, 0x1p64, 0x1p64 - 2048, 1e300, math.NaN(), math.Inf(1), math.Inf(-1)})
}

// exactly is element i as an exact number, or a float that is none.
func exactly(c *core.Column, i int) (*big.Float, float64) {
	exact := func() *big.Float { return new(big.Float).SetPrec(200) }
	switch c.Type {
	case core.Int8:
		return exact().SetInt64(int64(core.View[int8](c.Data)[i])), 0
	case core.Int16:
		return exact().SetInt64(int64(core.View[int16](c.Data)[i])), 0
	case core.Int32:
		return exact().SetInt64(int64(core.View[int32](c.Data)[i])), 0
	case core.Int64:
		return exact().SetInt64(core.View[int64](c.Data)[i]), 0
	case core.Uint8, core.Bool:
		return exact().SetInt64(int64(core.View[uint8](c.Data)[i])), 0
	case core.Uint16:
		return exact().SetInt64(int64(core.View[uint16](c.Data)[i])), 0
	case core.Uint32:
		return exact().SetInt64(int64(core.View[uint32](c.Data)[i])), 0
	case core.Uint64:
		return exact().SetUint64(core.View[uint64](c.Data)[i]), 0
	}
	f := 0.0
	if c.Type == core.Float32 {
		f = float64(core.View[float32](c.Data)[i])
	} else {
		f = core.View[float64](c.Data)[i]
	}
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return nil, f
	}
	return exact().SetFloat64(f), f
}

// Every value of every type into an array of every type: integers are exact or an error, floats rounded as IEEE 754 has it.
func TestCastEveryPair(t *testing.T) {
	g := lineGrid{cells: 3}
	for _, from := range types() {
		all := interesting(from)
		for _, to := range types() {
			a := g.array("x", to, map[bool]string{true: "false", false: "0"}[to == core.Bool])
			for i := range all.Rows() {
				one := core.Column{Type: from, Width: 1, Data: append(core.NewData(8)[:0], rowOf(&all, i)...)}
				v, special := exactly(&one, 0)
				what := fmt.Sprintf("%s %v %v to %s", from, v, special, to)
				got, err := scatter(a, 3, []int32{1}, &one)
				want, fits := expected(v, special, from, to)
				if !fits {
					require.Error(t, err, what)
					require.Equal(t, core.Invalid, core.CodeOf(err), what)
					continue
				}
				require.NoError(t, err, what)
				size := to.Size()
				require.Equal(t, want, got[size:2*size], what)
				require.Equal(t, make([]byte, size), got[2*size:], "other slots hold the fill value")
			}
		}
	}
}

// expected is the bytes of a value in a type, by arbitrary precision; false where it does not fit.
func expected(v *big.Float, special float64, from, to core.Type) ([]byte, bool) {
	if to == core.Float64 || to == core.Float32 {
		f := special
		if v != nil && (from.IsSigned() || from.IsUnsigned() || from == core.Bool) {
			f, _ = v.Float64()
			if to == core.Float32 {
				f32, _ := v.Float32()
				return core.Raw([]float32{f32}), true
			}
		}
		if to == core.Float32 {
			return core.Raw([]float32{float32(f)}), true
		}
		return core.Raw([]float64{f}), true
	}
	if v == nil || !v.IsInt() || to == core.Bool && from != core.Bool {
		return nil, false
	}
	n, _ := v.Int(nil)
	bits := 8 * to.Size()
	low, high := new(big.Int), new(big.Int).Lsh(big.NewInt(1), uint(bits))
	if to.IsSigned() {
		low.Neg(new(big.Int).Lsh(big.NewInt(1), uint(bits-1)))
		high.Rsh(high, 1)
	}
	if n.Cmp(low) < 0 || n.Cmp(high) >= 0 {
		return nil, false
	}
	word := core.NewData(8)
	if n.Sign() < 0 {
		n.Add(n, new(big.Int).Lsh(big.NewInt(1), 64))
	}
	copy(word, core.Raw([]uint64{n.Uint64()}))
	return word[:to.Size()], true
}

func TestScatter(t *testing.T) {
	g := lineGrid{cells: 4}
	vector := core.Column{Type: core.Int16, Width: 3, Data: core.Raw([]int16{1, 2, 3, 4, 5, 6})}
	got, err := scatter(g.array("x", core.Float32, "-1.5", 3), 4, []int32{1, 3}, &vector)
	require.NoError(t, err)
	require.Equal(t, []float32{-1.5, -1.5, -1.5, 1, 2, 3, -1.5, -1.5, -1.5, 4, 5, 6}, core.View[float32](got))

	matrix := core.Column{Type: core.Int16, Width: 4, Data: core.Raw([]int16{1, 2, 3, 4})}
	got, err = scatter(g.array("x", core.Uint8, "7", 2, 2), 4, []int32{2}, &matrix)
	require.NoError(t, err)
	require.Equal(t, bytes.Join([][]byte{bytes.Repeat([]byte{7}, 8), {1, 2, 3, 4}, bytes.Repeat([]byte{7}, 4)}, nil), got)

	_, err = scatter(g.array("x", core.Int8, "0"), 4, []int32{1, 2}, &core.Column{Type: core.Float64, Width: 1, Data: core.Raw([]float64{3, 2.5})})
	require.ErrorContains(t, err, "scatter x: cell 2 of the shard: cast: value 2.5 cannot be stored exactly as its dtype int8")
	_, err = scatter(g.array("x", core.Bool, "false"), 4, []int32{1}, &core.Column{Type: core.Int8, Width: 1, Data: []byte{1}})
	require.ErrorContains(t, err, "int8 values do not fit dtype bool")
}

func BenchmarkTake(b *testing.B) {
	g := lineGrid{cells: 1 << 12}
	rng := rand.New(rand.NewPCG(1, 1))
	lon, v := make([]float64, 1<<16), make([]float64, 1<<16)
	for i := range lon {
		lon[i], v[i] = 1+rng.Float64(), rng.Float64()
	}
	in := batch(lon, v)
	p := pipeline(g, nil)
	b.SetBytes(int64(len(lon)))
	for b.Loop() {
		r := &pass{p: p, layout: newLayout(p.Dims)}
		f := finder{grid: g, keys: []core.ShardKey{"1"}, slots: r.layout.slots}
		l := landing{run: r, granule: &granule{}, sink: &sink{counts: make([]Counts, 1)}, finder: f, most: 1 << 40}
		if err := l.take(b.Context(), &in); err != nil {
			b.Fatal(err)
		}
	}
}
