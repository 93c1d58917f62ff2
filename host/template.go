package host

// Templates: a recipe together with a plan.

import (
	"context"
	"encoding/json"
	"slices"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/engine"
	"github.com/englacial/zagg/internal/job"
	"github.com/englacial/zagg/internal/plan"
	"github.com/englacial/zagg/internal/store"
	"github.com/englacial/zagg/internal/windows"
)

// A Template is a recipe with a plan: it makes and processes the jobs of the plan's shards. Store describes the set-up that they
// need.
type Template struct {
	Recipe *Recipe
	Store  *store.Template

	config   json.RawMessage // of the recipe, as all jobs have it
	foreign  []job.Plugin    // likewise
	blocks   int64           // planned shards
	axis     *windows.Axis   // of the store; nil: there are no windows
	pipeline engine.Pipeline
}

// Template combines the recipe with a plan. In a compact store the arrays have one block per planned shard.
func (r *Recipe) Template(p *plan.Plan) (*Template, error) {
	return r.layOut(job.PlanHash(r.Config.Output.Grid.Layout, p.Keys()), int64(len(p.Places)), p.Time)
}

// Variables returns the statistics of the template with their arrays.
func (t *Template) Variables() []engine.Variable { return slices.Clone(t.pipeline.Vars) }

// Put writes the arrays of one shard with known values into a store.
func (t *Template) Put(ctx context.Context, to core.ObjectStore, url string, shard core.Shard, place []int64, outs []engine.Output) error {
	_, err := t.pipeline.Put(ctx, &engine.Task{Shard: shard, Block: place, Store: to, StoreURL: url}, outs)
	return err
}

// layOut makes the template of a plan, given its hash, its number of shards and the windows of the store.
func (r *Recipe) layOut(hash string, shards int64, axis *windows.Axis) (*Template, error) {
	laid, err := store.New(store.Spec{Config: r.Config, Grid: r.Grid, Outputs: r.outputs, Plan: hash, Shards: shards, Windows: axis,
		ConfigHash: r.Hash(), Plugins: job.ForeignPlugins(r.plugins), Product: r.Reader.Info().Product})
	if err != nil {
		return nil, err
	}
	t := &Template{Recipe: r, Store: laid, config: r.Config.JSON(), foreign: job.ForeignPlugins(r.plugins), blocks: shards, axis: axis, pipeline: r.pipeline}
	t.pipeline.Vars, t.pipeline.Coords = slices.Clone(r.pipeline.Vars), laid.Cells
	for i := range t.pipeline.Vars {
		t.pipeline.Vars[i].Arrays = laid.Vars[i]
	}
	return t, nil
}
