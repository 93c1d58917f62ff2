package host

import (
	"context"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/job"
	"github.com/englacial/zagg/internal/plan"
)

// Version is what records, answers and --version show.
const Version = "0.1.0"

// JobTemplate lays the recipe out for a job by itself, as those who have the whole plan did when they planned it.
func (r *Recipe) JobTemplate(j *job.Job) (*Template, error) {
	layout := r.Config.Output.Grid.Layout
	if layout != "compact" {
		return r.layOut(job.PlanHash(layout, nil), 0)
	}
	if j.Plan == "" || j.PlanShards <= 0 || j.Block == nil {
		return nil, core.Errorf(core.Invalid, "shard", string(j.ShardKey), "a job of a %s store needs plan, plan_shards and block; where they are not known, set output.grid.layout: fullsphere", layout)
	}
	return r.layOut(j.Plan, j.PlanShards)
}

// PlanOf is the plan of shards by their keys alone, without granules: enough to set a store up and to prune it.
func (r *Recipe) PlanOf(ctx context.Context, keys []core.ShardKey) (*plan.Plan, error) {
	if len(keys) == 0 && r.Config.Output.Grid.Layout == "compact" {
		return nil, core.Errorf(core.Invalid, "plan", "", "a compact store cannot be laid out without the keys of its shards")
	}
	return plan.Make(ctx, r.Grid, keys, make([][]core.Granule, len(keys)))
}

// CheckSetup refuses a store that set-up has not made ready for this template.
func (t *Template) CheckSetup(ctx context.Context, store core.ObjectStore, url string) error {
	old, err := t.Recipe.existing(ctx, store, url)
	if err != nil {
		return err
	}
	if old == nil {
		return core.Errorf(core.NotFound, "store", url, "there is no store yet: it must be set up before its shards are computed")
	}
	fits, err := t.fits(ctx, store, url, old)
	if err == nil && !fits {
		err = core.Errorf(core.Invalid, "store", url, "the job is not for this store: %s", t.difference(old))
	}
	return err
}
