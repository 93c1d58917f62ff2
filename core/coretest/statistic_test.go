package coretest_test

import (
	"context"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
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

// A badStatistic is a good one with some methods replaced.
type badStatistic struct {
	moments
	info    func(core.StatisticInfo) core.StatisticInfo
	compute func(context.Context, *core.Groups) ([]core.Column, error)
	fold    func(context.Context, *core.Groups) ([]core.Column, error)
}

func (b badStatistic) Info() core.StatisticInfo {
	if b.info == nil {
		return b.moments.Info()
	}
	return b.info(b.moments.Info())
}

func (b badStatistic) Compute(ctx context.Context, g *core.Groups) ([]core.Column, error) {
	if b.compute == nil {
		return b.moments.Compute(ctx, g)
	}
	return b.compute(ctx, g)
}

func (b badStatistic) Fold(ctx context.Context, g *core.Groups) ([]core.Column, error) {
	if b.fold == nil {
		return b.moments.Fold(ctx, g)
	}
	return b.fold(ctx, g)
}

// result changes what a good Compute or Fold gives.
func result(good func(context.Context, *core.Groups) ([]core.Column, error), change func(*core.Groups, []core.Column) []core.Column) func(context.Context, *core.Groups) ([]core.Column, error) {
	return func(ctx context.Context, g *core.Groups) ([]core.Column, error) {
		out, err := good(ctx, g)
		if err != nil {
			return nil, err
		}
		return change(g, out), nil
	}
}

func badStatistics() map[string]struct {
	caught    string
	statistic badStatistic
} {
	type bad = struct {
		caught    string
		statistic badStatistic
	}
	good := moments{}
	means := func(c []core.Column) []float64 { return core.View[float64](c[0].Data) }
	calls := 0
	return map[string]bad{
		"depends on the order of cells": {"CellsApart", badStatistic{compute: result(good.Compute, func(_ *core.Groups, out []core.Column) []core.Column {
			for i, m := range means(out)[:max(0, len(means(out))-1)] {
				means(out)[i+1] += m / 1e6
			}
			return out
		})}},
		"depends on other cells": {"Parts", badStatistic{compute: result(good.Compute, func(g *core.Groups, out []core.Column) []core.Column {
			for i := range means(out) {
				means(out)[i] += float64(len(g.Slots))
			}
			return out
		})}},
		"depends on the slot": {"CellsApart", badStatistic{compute: result(good.Compute, func(g *core.Groups, out []core.Column) []core.Column {
			for i := range means(out) {
				means(out)[i] += float64(g.Slots[i])
			}
			return out
		})}},
		"takes its neighbour's infinity": {"OddValues", badStatistic{compute: result(good.Compute, func(_ *core.Groups, out []core.Column) []core.Column {
			if slices.ContainsFunc(means(out), func(m float64) bool { return m != m }) && len(means(out)) > 2 {
				means(out)[1] = math.NaN()
			}
			return out
		})}},
		"sorts its input": {"Compute", badStatistic{compute: func(ctx context.Context, g *core.Groups) ([]core.Column, error) {
			if g.Rows != nil && g.Rows[0].Type == core.Float64 {
				slices.Sort(core.View[float64](g.Rows[0].Data))
			}
			return good.Compute(ctx, g)
		}}},
		"gives other bytes the second time": {"SameBytes", badStatistic{compute: result(good.Compute, func(_ *core.Groups, out []core.Column) []core.Column {
			calls++
			if len(means(out)) > 0 {
				means(out)[0] += float64(calls)
			}
			return out
		})}},
		"fails without cells": {"Empty", badStatistic{compute: func(ctx context.Context, g *core.Groups) ([]core.Column, error) {
			if len(g.Slots) == 0 {
				return nil, core.Errorf(core.Invalid, "moments", "", "no cells")
			}
			return good.Compute(ctx, g)
		}}},
		"fails for a cell of one value": {"Compute", badStatistic{compute: func(ctx context.Context, g *core.Groups) ([]core.Column, error) {
			for i := range g.Slots {
				if g.Offsets[i+1]-g.Offsets[i] == 1 {
					return nil, core.Errorf(core.Invalid, "moments", "", "one value")
				}
			}
			return good.Compute(ctx, g)
		}}},
		"fails for NaN": {"OddValues", badStatistic{compute: func(ctx context.Context, g *core.Groups) ([]core.Column, error) {
			out, err := good.Compute(ctx, g)
			if err == nil && slices.ContainsFunc(means(out), math.IsNaN) {
				return nil, core.Errorf(core.Invalid, "moments", "", "NaN")
			}
			return out, err
		}}},
		"panics for text": {"WrongInputs", badStatistic{compute: func(ctx context.Context, g *core.Groups) ([]core.Column, error) {
			if len(g.Rows) == 1 && g.Rows[0].Type == core.Bytes {
				panic("text")
			}
			return good.Compute(ctx, g)
		}}},
		"panics without columns": {"WrongInputs", badStatistic{compute: func(ctx context.Context, g *core.Groups) ([]core.Column, error) {
			_ = g.Rows[0]
			return good.Compute(ctx, g)
		}}},
		"an output is missing":    {"Compute", badStatistic{compute: result(good.Compute, func(_ *core.Groups, out []core.Column) []core.Column { return out[:2] })}},
		"outputs are swapped":     {"Compute", badStatistic{compute: result(good.Compute, func(_ *core.Groups, out []core.Column) []core.Column { return []core.Column{out[1], out[0], out[2]} })}},
		"a row is missing":        {"Compute", badStatistic{compute: result(good.Compute, func(_ *core.Groups, out []core.Column) []core.Column { out[0].Data = out[0].Data[8:]; return out })}},
		"lists have no offsets":   {"Compute", badStatistic{compute: result(good.Compute, func(_ *core.Groups, out []core.Column) []core.Column { out[2].Offsets = nil; return out })}},
		"offsets do not ascend":   {"Compute", badStatistic{compute: result(good.Compute, func(_ *core.Groups, out []core.Column) []core.Column { out[2].Offsets[1] = 1 << 40; return out })}},
		"the width is not Info's": {"Compute", badStatistic{info: func(i core.StatisticInfo) core.StatisticInfo { i.Outputs[1].Width = 2; return i }}},
		"units name no input":     {"Info", badStatistic{info: func(i core.StatisticInfo) core.StatisticInfo { i.Outputs[0].Units = "{sauce}"; return i }}},
		"two outputs of a name":   {"Info", badStatistic{info: func(i core.StatisticInfo) core.StatisticInfo { i.Outputs[1].Name = ""; return i }}},
		"does not stop": {"Cancelled", badStatistic{compute: func(ctx context.Context, g *core.Groups) ([]core.Column, error) {
			return good.Compute(context.WithoutCancel(ctx), g)
		}}},
		"a fold is the mean of means": {"Fold", badStatistic{fold: func(ctx context.Context, g *core.Groups) ([]core.Column, error) {
			out, err := good.Fold(ctx, g)
			for i := range g.Slots {
				if err == nil {
					sum := 0.0
					for k := g.Offsets[i]; k < g.Offsets[i+1]; k++ {
						sum += core.View[float64](g.Rows[0].Data)[k]
					}
					means(out)[i] = sum / float64(g.Offsets[i+1]-g.Offsets[i])
				}
			}
			return out, err
		}}},
		"a fold counts parts": {"FoldOfOne", badStatistic{fold: result(good.Fold, func(g *core.Groups, out []core.Column) []core.Column {
			for i := range g.Slots {
				core.View[int64](out[1].Data)[i] = g.Offsets[i+1] - g.Offsets[i]
			}
			return out
		})}},
		"a fold takes any columns": {"FoldWrongInputs", badStatistic{fold: func(ctx context.Context, g *core.Groups) ([]core.Column, error) {
			if len(g.Rows) > 3 {
				g = &core.Groups{Slots: g.Slots, Offsets: g.Offsets, Rows: g.Rows[:3]}
			}
			return good.Fold(ctx, g)
		}}},
		"a fold forgets the third part": {"FoldOfFolds", badStatistic{fold: func(ctx context.Context, g *core.Groups) ([]core.Column, error) {
			out, err := good.Fold(ctx, g)
			for i := range g.Slots {
				if n := g.Offsets[i+1] - g.Offsets[i]; err == nil && n > 2 {
					core.View[int64](out[1].Data)[i]--
				}
			}
			return out, err
		}}},
	}
}

func TestBadStatistics(t *testing.T) {
	for name, bad := range badStatistics() {
		t.Run(name, func(t *testing.T) {
			caught(t, bad.caught, func(o only) {
				coretest.Statistic(o, always[core.Statistic](bad.statistic), coretest.StatisticOptions{})
			})
		})
	}
}

// TestSharedScratch: calls that share memory see each other. The lock keeps the race detector out of this.
func TestSharedScratch(t *testing.T) {
	scratch := make([]float64, 1<<20)
	var lock sync.Mutex
	shared := badStatistic{compute: func(ctx context.Context, g *core.Groups) ([]core.Column, error) {
		if len(g.Rows) == 0 {
			return moments{}.Compute(ctx, g)
		}
		v, err := floats(&g.Rows[0])
		if err != nil {
			return nil, err
		}
		lock.Lock()
		copy(scratch, v)
		lock.Unlock()
		runtime.Gosched()
		lock.Lock()
		copied := core.ColumnOf("source", slices.Clone(scratch[:len(v)]))
		lock.Unlock()
		return moments{}.Compute(ctx, &core.Groups{Slots: g.Slots, Offsets: g.Offsets, Rows: []core.Column{copied}, Cells: g.Cells})
	}}
	caught(t, "Concurrent", func(o only) {
		coretest.Statistic(o, always[core.Statistic](shared), coretest.StatisticOptions{})
	})
}
