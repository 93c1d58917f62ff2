package coretest

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/englacial/zagg/core"
)

// A form is a way to call a statistic: the type of each input, 0 for an optional one that is not given.
type form []core.Type

func (f form) String() string { return fmt.Sprint([]core.Type(f)) }

// numbers are the types of numbers, those that statistics are most often asked for first.
func numbers() []core.Type {
	return []core.Type{
		core.Float64, core.Float32, core.Int32, core.Int64, core.Int16, core.Int8, core.Uint8, core.Uint16, core.Uint32, core.Uint64, core.Bool,
	}
}

// candidates are the forms to try: each type for all inputs that may have it, with the optional inputs and without.
func (s *statisticSuite) candidates() (forms []form) {
	optional := slices.ContainsFunc(s.info.Inputs, func(in core.Input) bool { return in.Optional })
	for _, t := range numbers() {
		for _, given := range []bool{true, false} {
			if !given && !optional {
				continue
			}
			f := make(form, len(s.info.Inputs))
			for i, in := range s.info.Inputs {
				types := s.Types[in.Name]
				switch {
				case in.Optional && !given:
				case len(types) == 0 || slices.Contains(types, t):
					f[i] = t
				default:
					f[i] = types[0]
				}
			}
			if !slices.ContainsFunc(forms, func(g form) bool { return slices.Equal(f, g) }) {
				forms = append(forms, f)
			}
		}
	}
	return forms
}

// A kind is what values are like.
type kind int

const (
	plain    kind = iota // numbers of all sizes, some twice
	positive             // 1 to 2, so that sums do not cancel
	odd                  // NaN, infinities, negative zero, the largest and smallest of their type
)

// groups makes observations of cells with so many rows each.
func (s *statisticSuite) groups(r *rand.Rand, f form, k kind, rows []int) *core.Groups {
	g := &core.Groups{Offsets: []int64{0}}
	slot, n := int32(r.IntN(3)), 0
	for _, count := range rows {
		g.Slots = append(g.Slots, slot)
		slot += 1 + int32(r.IntN(4))
		n += count
		g.Offsets = append(g.Offsets, int64(n))
	}
	for i, in := range s.info.Inputs {
		switch {
		case f[i] == 0:
		case in.PerCell:
			g.Cells = append(g.Cells, s.column(r, in.Name, f[i], k, len(rows)))
		default:
			g.Rows = append(g.Rows, s.column(r, in.Name, f[i], k, n))
		}
	}
	return g
}

func (s *statisticSuite) column(r *rand.Rand, name string, t core.Type, k kind, n int) core.Column {
	make := s.Values[name]
	if make == nil {
		make = func(r *rand.Rand, n int) []float64 { return anyNumbers(r, t, k, n) }
	}
	values := make(r, n)
	col := core.Column{Name: name, Type: t, Width: 1, Data: core.NewData(n * t.Size())}
	for i := range min(n, len(values)) {
		setNumber(&col, i, values[i])
	}
	if k == odd && s.Values[name] == nil {
		for i := range n {
			if r.IntN(3) == 0 {
				setExtreme(r, &col, i)
			}
		}
	}
	return col
}

// anyNumbers are values that a type can hold.
func anyNumbers(r *rand.Rand, t core.Type, k kind, n int) []float64 {
	v := make([]float64, n)
	for i := range v {
		switch {
		case k == positive && t.IsFloat():
			v[i] = 1 + r.Float64()
		case k == positive:
			v[i] = float64(1 + r.IntN(100))
		case t.IsFloat():
			v[i] = r.NormFloat64() * math.Pow(10, float64(r.IntN(5)))
		case t.IsUnsigned() || t == core.Bool:
			v[i] = float64(r.IntN(250))
		default:
			v[i] = float64(r.IntN(250) - 125)
		}
		if i > 0 && r.IntN(4) == 0 {
			v[i] = v[i-1]
		}
	}
	return v
}

// setNumber sets element i of a column of numbers, which must be able to hold x.
func setNumber(c *core.Column, i int, x float64) {
	switch c.Type {
	case core.Float32:
		core.View[float32](c.Data)[i] = float32(x)
	case core.Float64:
		core.View[float64](c.Data)[i] = x
	case core.Bool:
		c.Data[i] = byte(int(math.Abs(x)) & 1)
	default:
		setInteger(c, i, uint64(int64(x)))
	}
}

func setInteger(c *core.Column, i int, bits uint64) {
	size := c.Type.Size()
	for k := range size {
		c.Data[i*size+k] = byte(bits >> (8 * k))
	}
}

// setExtreme sets element i to a value at the end of its type's range, or to none.
func setExtreme(r *rand.Rand, c *core.Column, i int) {
	switch c.Type {
	case core.Float32:
		core.View[float32](c.Data)[i] = []float32{
			float32(math.NaN()), float32(math.Inf(1)), float32(math.Inf(-1)), float32(math.Copysign(0, -1)), 0, math.MaxFloat32, -math.MaxFloat32, math.SmallestNonzeroFloat32,
		}[r.IntN(8)]
	case core.Float64:
		core.View[float64](c.Data)[i] = []float64{
			math.NaN(), math.Inf(1), math.Inf(-1), math.Copysign(0, -1), 0, math.MaxFloat64, -math.MaxFloat64, math.SmallestNonzeroFloat64,
		}[r.IntN(8)]
	case core.Bool:
	default:
		top := uint64(1)<<(8*c.Type.Size()-1) - 1
		setInteger(c, i, []uint64{0, top, top + 1, math.MaxUint64}[r.IntN(4)])
	}
}

// cloneGroups is a copy that shares nothing.
func cloneGroups(g *core.Groups) *core.Groups {
	return &core.Groups{Slots: slices.Clone(g.Slots), Offsets: slices.Clone(g.Offsets), Rows: cloneColumns(g.Rows), Cells: cloneColumns(g.Cells)}
}

// pick is the cells of a Groups in another order, or only some of them, in the slots given; slots ascend as ever.
func pick(g *core.Groups, cells []int, slots []int32) *core.Groups {
	out := &core.Groups{Slots: slots, Offsets: []int64{0}}
	n := int64(0)
	for _, i := range cells {
		n += g.Offsets[i+1] - g.Offsets[i]
		out.Offsets = append(out.Offsets, n)
	}
	for i := range g.Rows {
		out.Rows = append(out.Rows, pickRows(&g.Rows[i], cells, g.Offsets))
	}
	for i := range g.Cells {
		out.Cells = append(out.Cells, pickRows(&g.Cells[i], cells, nil))
	}
	return out
}

// pickRows is the rows offsets[i] … offsets[i+1] of a column for each i of cells; without offsets the rows i.
func pickRows(c *core.Column, cells []int, offsets []int64) core.Column {
	out := core.Column{Name: c.Name, Type: c.Type, Width: c.Width, Fill: c.Fill}
	if c.Offsets != nil {
		out.Offsets = []int64{0}
	}
	var data []byte
	size := int64(max(c.Width, 1) * c.Type.Size())
	for _, i := range cells {
		from, to := int64(i), int64(i)+1
		if offsets != nil {
			from, to = offsets[i], offsets[i+1]
		}
		if c.Offsets == nil {
			data = append(data, c.Data[from*size:to*size]...)
			continue
		}
		data = append(data, c.Data[c.Offsets[from]*size:c.Offsets[to]*size]...)
		for k := from; k < to; k++ {
			out.Offsets = append(out.Offsets, out.Offsets[len(out.Offsets)-1]+c.Offsets[k+1]-c.Offsets[k])
		}
	}
	out.Data = append(core.NewData(len(data))[:0], data...)
	return out
}
