package run

import (
	"context"

	"github.com/englacial/zagg/host"
)

// A Forecast is what a run would do.
type Forecast struct {
	Shards       int
	Fewest, Most int // granules of a shard
	Pairs        int // of shard and granule
	Removed      []string
	Arrays       int
	Group, Store string
}

// Dry finds out what a run would do and writes nothing.
func Dry(ctx context.Context, o Options) (*Forecast, error) {
	r := begin(o)
	if err := r.prepare(ctx); err != nil {
		return nil, err
	}
	f := &Forecast{
		Shards: len(r.ranks), Fewest: len(r.plan.Shards[r.ranks[0]].Granules),
		Arrays: len(r.template.Arrays()), Group: r.recipe.Info().Frame.Group, Store: r.store,
	}
	for _, i := range r.ranks {
		n := len(r.plan.Shards[i].Granules)
		f.Fewest, f.Most, f.Pairs = min(f.Fewest, n), max(f.Most, n), f.Pairs+n
	}
	if o.Keep || o.Overwrite {
		return f, nil
	}
	var err error
	f.Removed, err = host.Stale(ctx, r.output, r.store, r.plan)
	return f, err
}
