package run

import (
	"cmp"
	"context"
	"errors"
	"os"
	"slices"

	"github.com/englacial/zagg/core/objstore"
	"github.com/englacial/zagg/internal/store"
)

// A Forecast is what a run would do.
type Forecast struct {
	Shards       int
	Fewest, Most int // granules of a shard
	Pairs        int // of shard and granule
	Jobs         int // that a run on this machine has
	Memory       int64
	Scratch      int64  // bytes that rows beyond the memory may need on disk, as estimated
	ScratchDir   string // where
	Removed      []string
	Arrays       int
	Group, Store string
}

// forecastScratch estimates what the jobs that are at work at once keep beyond the half of the budget that is for rows.
func (r *Run) forecastScratch(f *Forecast) {
	g := r.grouped(r.jobs)
	groups := r.localGroups(g)
	f.Jobs, f.Memory, f.ScratchDir = len(groups), r.budget.Total(), cmp.Or(r.o.Scratch, os.TempDir())
	var kept []int64
	for _, group := range groups {
		kept = append(kept, g.bytesOf(group))
	}
	slices.SortFunc(kept, func(a, b int64) int { return cmp.Compare(b, a) })
	for _, n := range kept[:min(len(kept), cmp.Or(r.o.Workers, localWorkers))] {
		f.Scratch += n
	}
	f.Scratch = max(f.Scratch-f.Memory/2, 0)
}

// Dry finds out what a run would do and writes nothing.
func Dry(ctx context.Context, o Options) (*Forecast, error) {
	o.dry = true
	r := begin(o)
	if err := r.prepare(ctx); err != nil {
		return nil, err
	}
	f := &Forecast{
		Shards: len(r.ranks), Fewest: len(r.plan.Shards[r.ranks[0]].Granules),
		Arrays: len(r.template.Store.Arrays()), Group: r.recipe.Info().Frame.Group, Store: r.store,
	}
	for _, i := range r.ranks {
		n := len(r.plan.Shards[i].Granules)
		f.Fewest, f.Most, f.Pairs = min(f.Fewest, n), max(f.Most, n), f.Pairs+n
	}
	r.forecastScratch(f)
	if o.Keep || o.Overwrite {
		return f, nil
	}
	var err error
	f.Removed, err = store.Stale(ctx, r.output, r.store, r.plan)
	if errors.Is(err, objstore.ErrUnlisted) {
		r.note("what the run would remove cannot be told without s3:ListBucket: a run leaves it there")
		err = nil
	}
	return f, err
}
