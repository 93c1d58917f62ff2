package cli

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/objstore"
	"github.com/englacial/zagg/host"
	"github.com/englacial/zagg/internal/plan"
	"github.com/englacial/zagg/internal/shardmap"
)

// plan takes the shards from a shard map or finds them in the granules.
func (r *runner) plan(ctx context.Context) (*plan.Plan, *source, error) {
	if len(r.o.granules) > 0 {
		return r.scan(ctx)
	}
	name := r.o.catalog
	if name == "" {
		name = r.config.Catalog
	}
	if name == "" {
		return nil, nil, fmt.Errorf("neither --catalog nor --granules is given, and the configuration has no catalog: %w for `zagg run`", errUsage)
	}
	r.announce("Shard map %s", name)
	m := r.shardMap
	if err := checkSignature(m, r.recipe.Grid); err != nil {
		return nil, nil, core.Errorf(core.CodeOf(err), "", name, "%w", err)
	}
	granules, err := granulesOf(m, name, r.driver())
	if err != nil {
		return nil, nil, err
	}
	r.shardMap = nil // a continent's takes a hundred megabytes, and all that is needed of it is in the plan
	if err := r.selectNewest(ctx, granules); err != nil {
		return nil, nil, core.Errorf(core.CodeOf(err), "", name, "%w", err)
	}
	p, err := plan.Make(ctx, r.recipe.Grid, m.Keys, granules)
	if err != nil {
		return nil, nil, err
	}
	p.Leave(r.superseded)
	src, err := r.open(ctx, p)
	return p, src, err
}

// selectNewest leaves out the granules whose observations another holds, and says so.
func (r *runner) selectNewest(ctx context.Context, lists [][]core.Granule) error {
	var err error
	if r.superseded, err = plan.Select(ctx, r.recipe.Reader, lists); err != nil {
		return err
	}
	for _, s := range r.superseded {
		fmt.Fprintf(r.app.stderr, "WARNING %s is left out: %s holds the same observations, newer or whole\n", s.Granule, s.By)
	}
	return nil
}

// granulesOf are the granules of each shard. A granule is made once for all shards that have it.
func granulesOf(m *shardmap.Map, name, driver string) ([][]core.Granule, error) {
	made := map[*shardmap.Record]core.Granule{}
	granules := make([][]core.Granule, len(m.Keys))
	for i, records := range m.Granules {
		granules[i] = make([]core.Granule, len(records))
		for k, rec := range records {
			g, ok := made[rec]
			if !ok {
				var err error
				if g, err = rec.Granule(driver); err != nil {
					return nil, core.Errorf(core.CodeOf(err), "shard map", name, "shard %s: %w", m.Keys[i], err)
				}
				made[rec] = g
			}
			granules[i][k] = g
		}
	}
	return granules, nil
}

func readMap(ctx context.Context, name string) (*shardmap.Map, error) {
	store, err := drivers(ctx, storeOptions{}, name)
	if err != nil {
		return nil, err
	}
	data, err := objstore.ReadAll(ctx, objstore.RetryReader(store, objstore.Policy{}), name, 1<<30)
	if err != nil {
		return nil, err
	}
	return shardmap.Parse(name, data)
}

// open makes the way to the granules of a plan.
func (r *runner) open(ctx context.Context, p *plan.Plan) (*source, error) {
	var granules []core.Granule
	for i := range p.Shards {
		granules = append(granules, p.Shards[i].Granules...)
	}
	return r.openGranules(ctx, granules)
}

// source is how S3 is reached for granules.
func (r *runner) source() storeOptions {
	o := storeOptions{region: r.o.region, anonymous: r.o.anonymous}
	if r.keys != nil {
		o.provide = r.keys.Provide
	}
	return o
}

// openGranules makes the way to granules, and to their sidecars if there are any.
func (r *runner) openGranules(ctx context.Context, granules []core.Granule) (*source, error) {
	s := &source{}
	urls := []string{r.config.DataSource.Index.Store}
	seen := map[string]bool{}
	for _, g := range granules {
		s.url = g.Assets["data"]
		if scheme := objstore.Scheme(s.url); !seen[scheme] {
			seen[scheme] = true
			urls = append(urls, s.url)
		}
	}
	var err error
	s.reader, err = drivers(ctx, r.source(), urls...)
	return s, err
}

// scan finds the shards by reading the granules' coordinates.
func (r *runner) scan(ctx context.Context) (*plan.Plan, *source, error) {
	store, err := drivers(ctx, r.source(), r.o.granules...)
	if err != nil {
		return nil, nil, err
	}
	granules, err := expandGranules(ctx, objstore.Retry(store, objstore.Policy{}), r.o.granules)
	if err != nil {
		return nil, nil, err
	}
	lists := [][]core.Granule{granules}
	if err := r.selectNewest(ctx, lists); err != nil {
		return nil, nil, err
	}
	granules = lists[0]
	r.announce("Finding the shards of %d granules from their coordinates", len(granules))
	src, err := r.openGranules(ctx, granules)
	if err != nil {
		return nil, nil, err
	}
	way := host.NewStores(src.reader, r.output, src.url)
	s := &plan.Scan{
		Grid: r.recipe.Grid, Reader: r.recipe.Reader, Workers: way.Granules,
		Source: way.Reader(&src.used),
	}
	bar := newProgress(r.app.stderr, len(granules), "granules", r.o.quiet)
	s.Report = func(_, _ int, g core.Granule) { bar.step(g.ID) }
	p, seen, err := s.Run(ctx, granules, r.o.allowMissing)
	bar.finish()
	if err != nil {
		return nil, nil, err
	}
	p.Leave(r.superseded)
	src.missing = slices.Sorted(maps.Keys(seen.Failed))
	for _, id := range src.missing {
		r.say("      left out: %s: %v", id, seen.Failed[id])
	}
	r.say("      %s observations, %s with unusable coordinates, %s outside the grid", thousands(seen.Rows), thousands(seen.Invalid), thousands(seen.Nowhere))
	return p, src, nil
}

// choose applies --morton-cell and --max-cells; ranks stay those of the plan.
func (r *runner) choose(ctx context.Context, p *plan.Plan) ([]int, error) {
	r.announce("Plan: %d shards, %d granules, %d pairs", len(p.Shards), p.Granules(), p.Pairs())
	if len(p.Shards) == 0 {
		return nil, core.Errorf(core.NotFound, "plan", "", "no shard holds an observation: check that the granules and the grid's area meet")
	}
	ranks := make([]int, len(p.Shards))
	for i := range ranks {
		ranks[i] = i
	}
	if r.o.cell != "" {
		shards, err := r.recipe.Grid.Shards(ctx, []core.ShardKey{core.ShardKey(r.o.cell)})
		if err != nil {
			return nil, err
		}
		i := slices.IndexFunc(p.Shards, func(s plan.Shard) bool { return s.Key == shards[0].Key })
		if i < 0 {
			return nil, core.Errorf(core.NotFound, "--morton-cell", r.o.cell, "the plan of %d shards (%s … %s) does not have it", len(p.Shards), p.Shards[0].Label, p.Shards[len(p.Shards)-1].Label)
		}
		ranks = []int{i}
	}
	if r.o.maxCells > 0 && r.o.maxCells < len(ranks) {
		ranks = ranks[:r.o.maxCells]
	}
	return ranks, nil
}
