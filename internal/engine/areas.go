package engine

// Areas of cells, for statistics that weigh or divide by them.

import (
	"context"
	"slices"

	"github.com/englacial/zagg/core"
)

// areas are the areas of the cells in some slots, as the grid gives them; nil if no statistic takes them.
func (p *Pipeline) areas(ctx context.Context, t *Task, slots []int32) ([]float64, error) {
	takes := slices.ContainsFunc(p.Vars, func(v Variable) bool {
		return slices.ContainsFunc(v.Inputs, func(i Input) bool { return i.Area })
	})
	if !takes || len(slots) == 0 {
		return nil, nil
	}
	areas, err := p.Grid.(core.CellMeasurer).CellAreas(ctx, t.Shard.Key, slots)
	if err == nil && len(areas) != len(slots) {
		err = core.Errorf(core.Internal, "cell areas", string(t.Shard.Key), "the grid gives %d areas for %d cells", len(areas), len(slots))
	}
	return areas, err
}

// areasOf picks the areas of some of all slots. Both lists ascend, and some is part of all.
func areasOf(areas []float64, all, some []int32) []float64 {
	out := make([]float64, len(some))
	k := 0
	for i, s := range some {
		for all[k] != s {
			k++
		}
		out[i] = areas[k]
	}
	return out
}
