package coretest_test

import (
	"context"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/coretest"
)

// moments is a statistic that keeps every promise: the mean of source, less a bias per cell where there is one, the
// number of values, and all of them in order.
type moments struct{}

func (moments) Info() core.StatisticInfo {
	return core.StatisticInfo{
		Inputs: []core.Input{{Name: "source"}, {Name: "bias", PerCell: true, Optional: true}},
		Outputs: []core.Field{
			{Type: core.Float64, Width: 1, Units: "{source}"}, {Name: "_n", Type: core.Int64, Width: 1, Units: "1"},
			{Name: "_sorted", Type: core.Float64, Width: 1, Ragged: true, Units: "{source}"},
		},
	}
}

// floats is a column of numbers as float64, a copy.
func floats(c *core.Column) ([]float64, error) {
	switch {
	case c.Width > 1 || c.Offsets != nil:
	case c.Type == core.Float64:
		return slices.Clone(core.View[float64](c.Data)), nil
	case c.Type == core.Int32:
		var out []float64
		for _, x := range core.View[int32](c.Data) {
			out = append(out, float64(x))
		}
		return out, nil
	}
	return nil, core.Errorf(core.Invalid, "moments", c.Name, "want float64 or int32, one per row")
}

func (m moments) Compute(ctx context.Context, g *core.Groups) ([]core.Column, error) {
	if len(g.Rows) != 1 || len(g.Cells) > 1 {
		return nil, core.Errorf(core.Invalid, "moments", "", "%d and %d columns", len(g.Rows), len(g.Cells))
	}
	v, err := floats(&g.Rows[0])
	bias := make([]float64, len(g.Slots))
	if err == nil && len(g.Cells) == 1 {
		bias, err = floats(&g.Cells[0])
	}
	if err != nil {
		return nil, err
	}
	counts := slices.Repeat([]int64{1}, len(v))
	out, err := m.join(ctx, g.Offsets, v, counts, v, rowsOf(len(v)))
	for i, b := range bias {
		if err == nil {
			core.View[float64](out[0].Data)[i] -= b
		}
	}
	return out, err
}

// rowsOf is offsets of n rows of one element.
func rowsOf(n int) []int64 {
	o := make([]int64, n+1)
	for i := range o {
		o[i] = int64(i)
	}
	return o
}

func (m moments) Fold(ctx context.Context, g *core.Groups) ([]core.Column, error) {
	if len(g.Rows) != 3 || g.Rows[0].Type != core.Float64 || g.Rows[1].Type != core.Int64 || g.Rows[2].Type != core.Float64 || g.Rows[2].Offsets == nil {
		return nil, core.Errorf(core.Invalid, "moments", "", "these are not its outputs")
	}
	return m.join(ctx, g.Offsets, core.View[float64](g.Rows[0].Data), core.View[int64](g.Rows[1].Data), core.View[float64](g.Rows[2].Data), g.Rows[2].Offsets)
}

// join puts parts of cells together.
func (moments) join(ctx context.Context, offsets []int64, mean []float64, n []int64, sorted []float64, of []int64) ([]core.Column, error) {
	cells := len(offsets) - 1
	means, counts := make([]float64, cells), make([]int64, cells)
	lists := core.Column{Name: "_sorted", Type: core.Float64, Width: 1, Offsets: []int64{0}}
	var all []float64
	for i := range cells {
		from := len(all)
		for k := offsets[i]; k < offsets[i+1]; k++ {
			means[i] += mean[k] * float64(n[k])
			counts[i] += n[k]
			all = append(all, sorted[of[k]:of[k+1]]...)
		}
		means[i] /= float64(counts[i])
		slices.Sort(all[from:])
		lists.Offsets = append(lists.Offsets, int64(len(all)))
	}
	lists.Data = core.Raw(all)
	return []core.Column{core.ColumnOf("", means), core.ColumnOf("_n", counts), lists}, ctx.Err()
}

func TestStatistic(t *testing.T) {
	coretest.Statistic(t, always[core.Statistic](moments{}), coretest.StatisticOptions{
		Values: map[string]func(*rand.Rand, int) []float64{"bias": func(_ *rand.Rand, n int) []float64 { return make([]float64, n) }},
	})
}
