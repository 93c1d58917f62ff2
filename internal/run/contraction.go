package run

// Refusing to lose data: a run with fewer granules than the store was made from.

import (
	"context"
	"errors"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/objstore"
	"github.com/englacial/zagg/internal/job"
	"github.com/englacial/zagg/internal/store"
)

// checkContraction refuses a run without some of the granules that the store's shards were computed from, because
// what these hold would be gone from it. A newer release of a granule stands for it.
func (r *Run) checkContraction(ctx context.Context) error {
	if r.o.AllowContraction || r.o.Overwrite {
		return nil
	}
	recorded, err := r.recorded(ctx)
	if err != nil || len(recorded) == 0 {
		return err
	}
	known := map[string]bool{}
	data := map[string]bool{}
	for _, id := range r.source.missing { // said to be left out, which is allowed
		known[id] = true
	}
	for i := range r.plan.Shards {
		for _, g := range r.plan.Shards[i].Granules {
			known[g.ID] = true
		}
		for _, s := range r.plan.Shards[i].Superseded {
			known[s.Granule] = true
		}
	}
	var some []core.Granule
	for id := range known {
		some = append(some, core.GranuleAt(id))
	}
	ids, err := job.Identify(ctx, r.recipe.Reader, some)
	if err != nil {
		return err
	}
	for _, id := range ids {
		data[id.Data] = id.Known() || data[id.Data]
	}
	var gone []core.Granule
	for _, id := range recorded {
		if !known[id] {
			gone = append(gone, core.GranuleAt(id))
		}
	}
	if ids, err = job.Identify(ctx, r.recipe.Reader, gone); err != nil {
		return err
	}
	var lost []string
	for i, g := range gone {
		if !ids[i].Known() || !data[ids[i].Data] {
			lost = append(lost, g.URL())
		}
	}
	if len(lost) == 0 {
		return nil
	}
	return core.Errorf(core.Invalid, "plan", r.store, "the run is without %d of the %d granules that the store was made from (%s): what they hold would be removed. Give them too, or say --allow-contraction",
		len(lost), len(recorded), Abbreviate(lost))
}

// noteWithout notes which of the plan's shards have no record, as a listing shows, so that none is asked for: 1,000 are listed by one
// request. It holds while the claim on the store shows no other run (Claimant.Shared).
func (r *Run) noteWithout(recorded []string) {
	there := make(map[string]bool, len(recorded))
	for _, l := range recorded {
		there[l] = true
	}
	for i := range r.plan.Shards {
		if label := r.plan.Shards[i].Label; !there[label] {
			r.records.Without(label)
		}
	}
}

// recorded are the granules of the store's finished shards, as their records tell: each is in the record of the shard
// that is its home. With Keep only the records of shards that are computed count. Records are kept for the jobs,
// which need them again.
func (r *Run) recorded(ctx context.Context) ([]string, error) {
	objects := r.metered()
	labels, err := store.ListRecords(ctx, objects, r.store)
	if core.Is(err, core.NotFound) {
		r.noteWithout(nil)
		return nil, nil
	}
	if errors.Is(err, objstore.ErrUnlisted) { // then the records of planned shards are all that can be asked for
		labels, err = nil, nil
		for i := range r.plan.Shards {
			labels = append(labels, r.plan.Shards[i].Label)
		}
	}
	if err != nil {
		return nil, err
	}
	r.noteWithout(labels)
	computes := r.plan.Computes()
	labels = slices.DeleteFunc(labels, func(l string) bool { return !computes(l) })
	if r.o.Keep {
		planned := map[string]bool{}
		for i := range r.plan.Shards {
			planned[r.plan.Shards[i].Label] = true
		}
		labels = slices.DeleteFunc(labels, func(l string) bool { return !planned[l] })
	}
	homes := make([][]string, len(labels))
	hash := r.recipe.Hash()
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(recordsAtOnce)
	for i, l := range labels {
		g.Go(func() error {
			rec, _, err := store.FindRecord(gctx, objects, r.store, l)
			if rec != nil {
				r.records.Keep(rec)
			}
			if rec != nil && rec.ConfigHash == hash {
				homes[i] = rec.Home
				if r.plan.Time != nil { // a granule of two windows is at home in the first
					for _, v := range rec.Versions {
						homes[i] = append(homes[i], v.ID)
					}
				}
			}
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	all := slices.Concat(homes...)
	slices.Sort(all)
	return slices.Compact(all), nil
}
