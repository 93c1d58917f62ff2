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

// A fold that is said to be approximate is not held against the whole.
func TestApproximateFold(t *testing.T) {
	about := badStatistic{
		info: func(info core.StatisticInfo) core.StatisticInfo { info.Folds = core.FoldsApproximately; return info },
		fold: result(moments{}.Fold, func(_ *core.Groups, out []core.Column) []core.Column {
			for i := range core.View[float64](out[0].Data) {
				core.View[float64](out[0].Data)[i] *= 1.001
			}
			return out
		}),
	}
	coretest.Statistic(t, always[core.Statistic](about), coretest.StatisticOptions{
		Values: map[string]func(*rand.Rand, int) []float64{"bias": func(_ *rand.Rand, n int) []float64 { return make([]float64, n) }},
	})
}
