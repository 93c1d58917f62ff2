package run

// Which shards there are and which granules each has: from a shard map, or by reading the granules.

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/dustin/go-humanize"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/objstore"
	"github.com/englacial/zagg/host"
	"github.com/englacial/zagg/internal/catalog"
	"github.com/englacial/zagg/internal/drivers"
	"github.com/englacial/zagg/internal/plan"
	"github.com/englacial/zagg/internal/quantity"
	"github.com/englacial/zagg/internal/shardmap"
)

// A granuleSource is the store of the granules, and what finding the shards took.
type granuleSource struct {
	reader  core.ObjectStore
	url     string // of one granule, to see what kind of store they are in
	used    objstore.Counter
	missing []string         // granules left out because they cannot be read
	found   *objstore.Steady // which versions the shards were found by; nil: they were not found by reading
	cache   *objstore.Cache  // what finding the shards has read, and the budget had room for; nil: nothing
}

// makePlan takes the shards from a shard map, or finds them by reading the granules.
func (r *Run) makePlan(ctx context.Context) (*plan.Plan, *granuleSource, error) {
	if len(r.o.Granules) > 0 {
		return r.scan(ctx)
	}
	name := cmp.Or(r.o.Catalog, r.config.Catalog)
	if name == "" {
		return nil, nil, core.Errorf(core.Invalid, "plan", "", "there are neither granules nor a shard map, and the configuration has no catalog")
	}
	r.step(Find, "Shard map %s", name)
	m := r.shardMap
	if err := m.CheckGrid(ctx, r.recipe.Grid); err != nil {
		return nil, nil, core.Wrap(err, "", name)
	}
	granules, err := granulesOf(m, name, r.driver())
	if err != nil {
		return nil, nil, err
	}
	r.shardMap = nil // a continent's takes a hundred megabytes, and all that is needed of it is in the plan
	if err := r.selectNewest(ctx, granules); err != nil {
		return nil, nil, core.Wrap(err, "", name)
	}
	keys, granules, err := r.inArea(ctx, m.Keys, granules)
	if err != nil {
		return nil, nil, core.Wrap(err, "", name)
	}
	p, err := plan.Make(ctx, r.recipe.Grid, keys, granules)
	if err != nil {
		return nil, nil, err
	}
	if err := r.divide(p); err != nil {
		return nil, nil, core.Wrap(err, "", name)
	}
	p.Leave(r.superseded)
	src, err := r.open(ctx, p)
	return p, src, err
}

// inArea leaves out the shards of a map that lie nowhere in the area of data_source.select.
func (r *Run) inArea(ctx context.Context, keys []core.ShardKey, granules [][]core.Granule) ([]core.ShardKey, [][]core.Granule, error) {
	chosen := r.recipe.Selection()
	if chosen.All() || len(chosen.Region.Polygons) == 0 || len(keys) == 0 {
		return keys, granules, nil
	}
	covers, err := r.recipe.Grid.Cover(ctx, []core.Region{chosen.Region})
	if err != nil {
		return nil, nil, err
	}
	shards, err := r.recipe.Grid.Shards(ctx, keys)
	if err != nil {
		return nil, nil, err
	}
	near := map[core.ShardKey]bool{}
	for _, k := range covers[0] {
		near[k] = true
	}
	var keptKeys []core.ShardKey
	var kept [][]core.Granule
	for i := range shards {
		if near[shards[i].Key] {
			keptKeys, kept = append(keptKeys, keys[i]), append(kept, granules[i])
		}
	}
	if len(kept) == 0 {
		return nil, nil, core.Errorf(core.NotFound, "plan", "", "none of the %d shards is in the area of data_source.select (--bbox, --polygon)", len(keys))
	}
	r.note("%d of %d shards are in the area that is asked for", len(kept), len(keys))
	return keptKeys, kept, nil
}

// selectNewest leaves out granules whose observations another granule also has, and warns of each.
func (r *Run) selectNewest(ctx context.Context, lists [][]core.Granule) error {
	var err error
	if r.superseded, err = plan.Select(ctx, r.recipe.Reader, lists); err != nil {
		return err
	}
	r.addFiles(lists)
	for _, s := range r.superseded {
		r.progress.Warn(fmt.Sprintf("WARNING %s is left out: %s holds the same observations, newer or whole", s.Granule, s.By))
	}
	return nil
}

// addFiles gives granules the files beside them that the configuration names. A granule that is in many lists is
// given them once.
func (r *Run) addFiles(lists [][]core.Granule) {
	source := &r.config.DataSource
	if len(source.Files) == 0 {
		return
	}
	made := map[string]map[string]string{}
	for _, list := range lists {
		for i := range list {
			url := list[i].URL()
			if made[url] == nil {
				made[url] = source.WithFiles(list[i]).Assets
			}
			list[i].Assets = made[url]
		}
	}
}

// checkFiles refuses a run for which one of the files for all granules is not there, before every granule fails for
// it.
func (r *Run) checkFiles(ctx context.Context, from core.ObjectReader) error {
	fixed := r.config.DataSource.FixedFiles()
	for _, name := range slices.Sorted(maps.Keys(fixed)) {
		if _, err := objstore.RetryReader(from, objstore.Policy{}).Stat(ctx, fixed[name]); err != nil {
			return r.config.Errorf("data_source.files."+name, "%w", err)
		}
	}
	return nil
}

// granulesOf are the granules of each shard of a map. A granule is made once for all shards that have it.
func granulesOf(m *shardmap.Map, name, driver string) ([][]core.Granule, error) {
	made := map[*catalog.Entry]core.Granule{}
	granules := make([][]core.Granule, len(m.Keys))
	for i, records := range m.Granules {
		granules[i] = make([]core.Granule, len(records))
		for k, rec := range records {
			g, ok := made[rec]
			if !ok {
				var err error
				if g, err = rec.Choose(driver); err != nil {
					return nil, core.Wrapf(err, "shard map", name, "shard %s: %w", m.Keys[i], err)
				}
				made[rec] = g
			}
			granules[i][k] = g
		}
	}
	return granules, nil
}

// ReadMap reads a shard map from a file or URL of at most 1 GiB.
func ReadMap(ctx context.Context, name string) (*shardmap.Map, error) {
	store, err := drivers.Open(ctx, drivers.Environment(), name)
	if err != nil {
		return nil, err
	}
	data, err := objstore.ReadAll(ctx, objstore.RetryReader(store, objstore.Policy{}), name, 1<<30)
	if err != nil {
		return nil, err
	}
	return shardmap.Parse(name, data)
}

// open opens the granules of a plan.
func (r *Run) open(ctx context.Context, p *plan.Plan) (*granuleSource, error) {
	var granules []core.Granule // each once: a plan has a granule in many shards
	seen := map[string]bool{}
	for i := range p.Shards {
		for _, g := range p.Shards[i].Granules {
			if url := g.URL(); !seen[url] {
				seen[url] = true
				granules = append(granules, g)
			}
		}
	}
	return r.openGranules(ctx, granules)
}

// adoptMap reads the run's shard map, if it has one. A map of an earlier release may change the grid's settings.
func (r *Run) adoptMap(ctx context.Context) error {
	name := cmp.Or(r.o.Catalog, r.config.Catalog)
	if name == "" || len(r.o.Granules) > 0 {
		return nil
	}
	m, err := ReadMap(ctx, name)
	if err != nil {
		return err
	}
	r.shardMap = m
	grid := &r.config.Output.Grid
	settings, note, err := m.GridSettings(ctx, r.recipe.Grid, grid.Config)
	if err != nil || bytes.Equal(settings, grid.Config) {
		return err
	}
	r.note("%s has keys of earlier releases: %s", name, note)
	grid.Config = settings
	r.recipe, err = r.o.Compile(ctx, r.config)
	return err
}

// sourceAccess is how granules are reached.
func (r *Run) sourceAccess() drivers.Access {
	a := drivers.Environment()
	a.Region, a.Anonymous, a.RequesterPays = r.o.Region, r.o.Anonymous, r.o.Terms.RequesterPays
	if r.keys != nil {
		a.Provide = r.keys.Provide
	}
	return a
}

// openGranules opens the stores of granules, of the files beside them, and of their sidecars if there are any.
func (r *Run) openGranules(ctx context.Context, granules []core.Granule) (*granuleSource, error) {
	s := &granuleSource{}
	urls := []string{r.config.DataSource.Index.Store}
	seen := map[string]bool{}
	for _, g := range granules {
		s.url = g.URL()
		for _, url := range g.Assets {
			if scheme := objstore.Scheme(url); !seen[scheme] {
				seen[scheme] = true
				urls = append(urls, url)
			}
		}
	}
	var err error
	if s.reader, err = drivers.Open(ctx, r.sourceAccess(), urls...); err != nil {
		return nil, err
	}
	return s, r.checkFiles(ctx, s.reader)
}

// scan finds the shards by reading the granules' coordinates. What it reads is kept for the jobs as far as memory
// allows, and so are the versions that it has seen, so that no shard is computed from another state than it was found
// by.
func (r *Run) scan(ctx context.Context) (*plan.Plan, *granuleSource, error) {
	store, err := drivers.Open(ctx, r.sourceAccess(), r.o.Granules...)
	if err != nil {
		return nil, nil, err
	}
	granules, err := Granules(ctx, objstore.Retry(store, objstore.Policy{}), r.o.Granules)
	if err == nil {
		granules, err = r.withSiblings(ctx, granules)
	}
	if err != nil {
		return nil, nil, err
	}
	lists := [][]core.Granule{granules}
	if err := r.selectNewest(ctx, lists); err != nil {
		return nil, nil, err
	}
	granules = lists[0]
	r.step(Find, "Finding the shards of %s from their coordinates", quantity.Counted(int64(len(granules)), "granule"))
	src, err := r.openGranules(ctx, granules)
	if err != nil {
		return nil, nil, err
	}
	stores := host.NewStores(src.reader, r.output, src.url)
	if !isLocal(src.url) { // files are the system's to keep
		src.cache = objstore.NewCache(r.budget.Keep)
		stores.Cache = src.cache
	}
	src.found = objstore.NewSteady(src.reader)
	stores.Source = src.found
	s := &plan.Scan{
		Grid: r.recipe.Grid, Reader: r.recipe.Reader, Workers: stores.Granules,
		Source: stores.Reader(&src.used), Request: stores.Request,
	}
	if chosen := r.recipe.Selection(); !chosen.All() {
		s.Columns, s.Keep = chosen.Columns(), chosen.Keep
	}
	if w := r.recipe.Selection().Windows; w != nil {
		s.Windows, s.First, s.Last = w.Schedule, w.First, w.Last
		s.Of = func(b *core.Batch, rows []int32) ([]int, error) { return w.Of(b, rows, plan.NoWindow) }
	}
	s.Changed = func(g core.Granule) error { return host.Changed(src.found, src.cache, r.budget, g) }
	if !r.o.AllowMissing { // what is wrong with the configuration is so for all granules
		err := r.recipe.Probe(ctx, s.Source, granules[0])
		if changed := s.Changed(granules[0]); changed == nil && err != nil { // one that was replaced is read anew below
			return nil, nil, core.Wrap(r.withoutTimes(err), "read granule", granules[0].ID)
		}
	}
	count := r.progress.Count(len(granules), "granules")
	s.Report = func(_, _ int, g core.Granule) { count.Step(g.ID) }
	p, seen, err := s.Run(ctx, granules, r.o.AllowMissing)
	count.Finish()
	if err != nil {
		return nil, nil, err
	}
	p.Leave(r.superseded)
	src.missing = slices.Sorted(maps.Keys(seen.Failed))
	for _, id := range src.missing {
		r.note("left out: %s: %v", id, seen.Failed[id])
	}
	if len(p.Shards) == 0 {
		return nil, nil, r.nowhere(seen)
	}
	r.note("%s observations, %s with unusable coordinates, %s outside the grid", humanize.Comma(seen.Rows), humanize.Comma(seen.Invalid), humanize.Comma(seen.Nowhere))
	if seen.Unused > 0 {
		r.note("%s are not in the area or the time that is asked for", humanize.Comma(seen.Unused))
	}
	return p, src, nil
}

// withoutTimes adds to the error of a granule without the variable that tells the time what this is needed for: the
// configuration may not name it.
func (r *Run) withoutTimes(err error) error {
	column := r.recipe.Selection().Time
	if column == "" || !core.Is(err, core.NotFound) || !strings.Contains(err.Error(), column) {
		return err
	}
	return core.Wrapf(err, "", "", "%w; start and end (--start, --end) and output.windowing need the times of observations, by default %s; another variable can be named by output.time_source", err, column)
}

// choose takes the shards that the options select, as indexes into the plan's.
func (r *Run) choose(ctx context.Context) ([]int, error) {
	p := r.plan
	r.step(Choose, "Plan: %s, %s, %s", quantity.Counted(int64(len(p.Shards)), "shard"), quantity.Counted(int64(p.Granules()), "granule"), quantity.Counted(int64(p.Pairs()), "pair"))
	if len(p.Shards) == 0 {
		return nil, core.Errorf(core.NotFound, "plan", "", "no shard holds an observation: check that the granules and the grid's area meet")
	}
	ranks := make([]int, len(p.Shards))
	for i := range ranks {
		ranks[i] = i
	}
	if r.o.Shard != "" {
		shards, err := r.recipe.Grid.Shards(ctx, []core.ShardKey{core.ShardKey(r.o.Shard)})
		if err != nil {
			return nil, err
		}
		i := slices.IndexFunc(p.Shards, func(s plan.Shard) bool { return s.Key == shards[0].Key })
		if i < 0 {
			return nil, core.Errorf(core.NotFound, "--morton-cell", r.o.Shard, "the plan of %d shards (%s … %s) does not have it", len(p.Shards), p.Shards[0].Label, p.Shards[len(p.Shards)-1].Label)
		}
		ranks = slices.DeleteFunc(ranks, func(i int) bool { return p.Shards[i].Key != shards[0].Key })
	}
	if r.o.spread > 0 {
		slices.SortStableFunc(ranks, func(a, b int) int { return cmp.Compare(len(p.Shards[b].Granules), len(p.Shards[a].Granules)) })
		ranks = slices.Sorted(slices.Values(spread(ranks, r.o.spread)))
	}
	if r.o.Shards > 0 && r.o.Shards < len(ranks) {
		ranks = ranks[:r.o.Shards]
	}
	return ranks, nil
}
