package run

// Windows of time: which of them a run computes, and where they lie along the store's time axis.

import (
	"context"
	"time"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/plan"
	"github.com/englacial/zagg/internal/quantity"
	"github.com/englacial/zagg/internal/store"
	"github.com/englacial/zagg/internal/windows"
)

// catalogMargin is how far the times of a catalog may be off: they are rounded, and leap seconds are not always
// counted.
const catalogMargin = time.Minute

// divide divides the shards of a map by windows: those that the times of their granules meet, as the catalog has
// them. A granule without times may be in any window that is asked for; if there is no bound to these, the error
// (Invalid) says what to give.
func (r *Run) divide(p *plan.Plan) error {
	w := r.recipe.Selection().Windows
	if w == nil {
		return nil
	}
	want := &r.config.DataSource.Select
	first, last, bounded := w.Schedule.Meeting(want.Start, want.End)
	var failed error
	p.Divide(w.Schedule, w.First, w.Last, func(_ core.ShardKey, g core.Granule) []int {
		from, to := first, last
		switch {
		case !g.Start.IsZero() && !g.End.IsZero():
			from, to, _ = w.Schedule.Meeting(g.Start.Add(-catalogMargin), g.End.Add(catalogMargin))
		case !bounded && failed == nil:
			failed = core.Errorf(core.Invalid, "windows", g.ID, "the map does not say when the granule begins and ends, so that it may be in any %s window: say by --start and --end which windows are to be computed", w.Schedule.Kind)
		}
		var numbers []int
		for n := from; n < to; n++ {
			numbers = append(numbers, n)
		}
		return numbers
	})
	return failed
}

// alongTime places the plan's windows along the store's time axis, which they may extend, and in a compact store its
// shards among the store's.
func (r *Run) alongTime(ctx context.Context) error {
	w := r.recipe.Selection().Windows
	if w == nil || len(r.plan.Shards) == 0 {
		return nil
	}
	first, last := r.plan.Span()
	axis := windows.NewAxis(w.Schedule, first, last)
	if err := axis.Check(); err != nil {
		return err
	}
	old, keys, err := store.Windows(ctx, r.metered(), r.store)
	if err != nil {
		return err
	}
	anew := r.o.Overwrite && r.o.Shard == "" && r.o.Shards == 0 // the store is deleted first
	if old != nil && !anew {
		if axis, err = old.Grown(axis); err != nil {
			return core.Wrap(err, "", r.store)
		}
		if len(keys) > 0 {
			if err := r.plan.Within(ctx, r.recipe.Grid, keys); err != nil {
				return err
			}
		}
	}
	r.plan.Along(axis)
	all := axis.Windows()
	r.note("%s from %s to %s: %s to %s are computed", quantity.Counted(int64(len(all)), "window"), all[0].Label, all[len(all)-1].Label,
		r.plan.Shards[0].Window.Label, r.plan.Shards[len(r.plan.Shards)-1].Window.Label)
	return nil
}
