package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/objstore"
	"github.com/englacial/zagg/host"
	"github.com/englacial/zagg/internal/config"
	"github.com/englacial/zagg/internal/dispatch"
	"github.com/englacial/zagg/internal/job"
	"github.com/englacial/zagg/internal/plan"
	"github.com/englacial/zagg/internal/shardmap"
)

// phases is how many steps a run announces.
const phases = 7

// runOptions are the flags of `zagg run`.
type runOptions struct {
	config, catalog, store, backend, cell, driver, region string
	granules                                              []string
	maxCells, maxWorkers                                  int
	overwrite, keep, allowMissing, dryRun, profile, json  bool
	anonymous, quiet                                      bool
}

func (a *app) runCommand() *cobra.Command {
	o := runOptions{}
	c := &cobra.Command{
		Use:   "run --config FILE|NAME (--catalog SHARDMAP.json | --granules PATH…) --store STORE",
		Short: "Aggregate granules into a Zarr store",
		Long: `Read granules, give each observation its cell, compute the configured statistics and write a Zarr v3 store.

The shards come from a shard map (--catalog), or are found by reading the coordinates of the granules given. A shard
that is already done with the same granules and configuration is skipped, so the same command resumes a run that was
stopped. Shards of an earlier run that this plan does not have are removed at the end, unless --keep is given.

S3 is reached as the AWS SDK finds it: AWS_PROFILE, AWS_ACCESS_KEY_ID, AWS_ENDPOINT_URL_S3 and so on. EARTHDATA_TOKEN is
sent to NASA's HTTPS servers.
The exit code is 0 only if no shard failed.`,
		Example: `  zagg run --config atl06 --granules 'granules/*.h5' --store heights.zarr
  zagg run --config my.yaml --catalog shardmap.json --store s3://bucket/heights.zarr --max-workers 8
  zagg run --config my.yaml --catalog shardmap.json --store out.zarr --morton-cell -5111123 --profile`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			r := &runner{app: a, o: o, start: time.Now()}
			return r.run(cmd.Context())
		},
	}
	f := c.Flags()
	f.StringVar(&o.config, "config", "", "run configuration: a YAML or JSON file, or the name of a shipped one ("+strings.Join(config.Shipped(), ", ")+")")
	f.StringVar(&o.catalog, "catalog", "", "shard map; overrides the configuration's catalog")
	f.StringArrayVar(&o.granules, "granules", nil, "granules: file, folder, glob, URL, s3://prefix/ or @LIST (a text file, one a line); may be repeated")
	f.StringVar(&o.store, "store", "", "where to write: a path or s3://bucket/key; overrides output.store")
	f.StringVar(&o.backend, "backend", "local", "where shards are computed: local")
	f.IntVar(&o.maxCells, "max-cells", 0, "only the first N shards of the plan (0: all)")
	f.StringVar(&o.cell, "morton-cell", "", "only this shard: its label, such as -5111123, or its key")
	f.IntVar(&o.maxWorkers, "max-workers", 4, "shards computed at once")
	f.StringVar(&o.driver, "driver", "", "read granules by s3 or https; overrides data_source.driver")
	f.StringVar(&o.region, "region", "", "AWS region of the granules and the store")
	f.BoolVar(&o.anonymous, "anonymous", false, "read and write S3 without credentials")
	f.BoolVar(&o.overwrite, "overwrite", false, "delete what the store holds and start again")
	f.BoolVar(&o.keep, "keep", false, "keep shards of earlier runs that this plan does not have")
	f.BoolVar(&o.allowMissing, "allow-missing", false, "leave out granules that cannot be read and record them, instead of failing their shards")
	f.BoolVar(&o.dryRun, "dry-run", false, "say what would be done and write nothing")
	f.BoolVar(&o.profile, "profile", false, "print seconds by phase")
	f.BoolVar(&o.json, "json", false, "print the summary as JSON on standard output")
	f.BoolVarP(&o.quiet, "quiet", "q", false, "no progress, only the summary and errors")
	c.RegisterFlagCompletionFunc("backend", fixed("local"))
	c.RegisterFlagCompletionFunc("driver", fixed("s3", "https"))
	c.RegisterFlagCompletionFunc("config", func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return config.Shipped(), cobra.ShellCompDirectiveDefault
	})
	c.RegisterFlagCompletionFunc("catalog", func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return []string{"json"}, cobra.ShellCompDirectiveFilterFileExt
	})
	return c
}

func fixed(values ...string) cobra.CompletionFunc {
	return func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return values, cobra.ShellCompDirectiveNoFileComp
	}
}

// A runner is one `zagg run`.
type runner struct {
	app   *app
	o     runOptions
	start time.Time
	phase int

	config *config.Config
	recipe *host.Recipe
	output core.ObjectStore
	store  string
	total  *summary
}

func (r *runner) say(format string, args ...any) {
	if !r.o.quiet {
		fmt.Fprintf(r.app.stderr, format+"\n", args...)
	}
}

func (r *runner) announce(format string, args ...any) {
	r.phase++
	r.say("[%d/%d] "+format, append([]any{r.phase, phases}, args...)...)
}

func (r *runner) check() error {
	switch {
	case r.o.config == "":
		return fmt.Errorf("--config is missing: %w for `zagg run`", errUsage)
	case r.o.backend != "local":
		return core.Errorf(core.Unsupported, "--backend", r.o.backend, "not supported yet; have local")
	case r.o.driver != "" && r.o.driver != "s3" && r.o.driver != "https":
		return fmt.Errorf("--driver is %q; have s3, https: %w for `zagg run`", r.o.driver, errUsage)
	case r.o.maxWorkers < 1 || r.o.maxCells < 0:
		return fmt.Errorf("--max-workers must be at least 1 and --max-cells at least 0: %w for `zagg run`", errUsage)
	case r.o.catalog != "" && len(r.o.granules) > 0:
		return fmt.Errorf("--catalog and --granules exclude each other: %w for `zagg run`", errUsage)
	}
	return nil
}

func (r *runner) run(ctx context.Context) error {
	if err := r.check(); err != nil {
		return err
	}
	if err := r.configure(ctx); err != nil {
		return err
	}
	p, source, err := r.plan(ctx)
	if err != nil {
		return err
	}
	selected, err := r.choose(ctx, p)
	if err != nil {
		return err
	}
	r.total = newSummary(r.store, r.config.Worker.Memory, len(selected))
	r.total.Source = r.total.Source.Add(source.used.Usage())
	t, err := r.recipe.Template(p)
	if err != nil {
		return err
	}
	if r.o.dryRun {
		return r.dry(ctx, t, p, selected)
	}
	r.announce("Store %s", r.store)
	fresh, err := t.Setup(ctx, objstore.Retry(r.output, objstore.Policy{}), r.store, p, r.o.overwrite, len(selected) < len(p.Shards))
	if err != nil {
		return err
	}
	switch {
	case fresh:
		r.say("      template written: group %s, layout %s", r.recipe.Info().Frame.Group, r.config.Output.Grid.Layout)
	case r.o.overwrite:
		r.say("      the store is there already: the selected shards are computed again")
	default:
		r.say("      the store is there already: finished shards are skipped")
	}
	if err := r.process(ctx, t, p, selected, source); err != nil {
		return r.interrupted(err)
	}
	return r.finish(ctx, p, len(selected) < len(p.Shards))
}

// configure reads the configuration and turns it into things.
func (r *runner) configure(ctx context.Context) error {
	cfg, notes, err := loadConfig(r.o.config)
	if err != nil {
		return err
	}
	r.announce("Configuration %s: grid %s, reader %s, %d variables", r.o.config, cfg.Output.Grid.Type, cfg.DataSource.Reader, len(cfg.Aggregation.Arrays))
	for _, n := range notes {
		r.say("      %s", n)
	}
	r.config = cfg
	if r.recipe, err = r.app.host.Compile(ctx, cfg); err != nil {
		return err
	}
	store := r.o.store
	if store == "" {
		store = cfg.Output.Store
	}
	if store == "" {
		return fmt.Errorf("no --store, and the configuration has no output.store: %w for `zagg run`", errUsage)
	}
	if r.store, err = storeURL(store, cfg.Output.ProductName); err != nil {
		return err
	}
	region := r.o.region
	if cfg.Output.Region != "" {
		region = cfg.Output.Region
	}
	r.output, err = drivers(ctx, storeOptions{endpoint: cfg.Output.EndpointURL, region: region, anonymous: r.o.anonymous}, r.store)
	return err
}

// loadConfig reads a file, or a shipped configuration by its name.
func loadConfig(name string) (*config.Config, []config.Note, error) {
	if _, err := os.Stat(name); err != nil && slices.Contains(config.Shipped(), name) {
		return config.Default(name)
	}
	return config.Load(name)
}

// A source is the way to the granules and what finding the shards took.
type source struct {
	reader core.ObjectReader
	url    string // of one granule, to see what kind of store they are in
	used   objstore.Counter
}

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
	m, err := readMap(ctx, name)
	if err != nil {
		return nil, nil, err
	}
	if same, difference := shardmap.SameSignature(m.GridSignature, r.recipe.Info().Signature); !same {
		return nil, nil, core.Errorf(core.Invalid, "shard map", name, "it was made for another grid than the configuration's: %s", difference)
	}
	driver := r.o.driver
	if driver == "" {
		driver = r.config.DataSource.Driver
	}
	granules := make([][]core.Granule, len(m.Keys))
	for i, records := range m.Granules {
		for _, rec := range records {
			g, err := rec.Granule(driver)
			if err != nil {
				return nil, nil, core.Errorf(core.CodeOf(err), "shard map", name, "shard %s: %w", m.Keys[i], err)
			}
			granules[i] = append(granules[i], g)
		}
	}
	p, err := plan.Make(ctx, r.recipe.Grid, m.Keys, granules)
	if err != nil {
		return nil, nil, err
	}
	src, err := r.open(ctx, p)
	return p, src, err
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
	s := &source{}
	var urls []string
	seen := map[string]bool{}
	for i := range p.Shards {
		for _, g := range p.Shards[i].Granules {
			s.url = g.Assets["data"]
			if scheme := objstore.Scheme(s.url); !seen[scheme] {
				seen[scheme] = true
				urls = append(urls, s.url)
			}
		}
	}
	var err error
	s.reader, err = drivers(ctx, storeOptions{region: r.o.region, anonymous: r.o.anonymous}, urls...)
	return s, err
}

// scan finds the shards by reading the granules' coordinates.
func (r *runner) scan(ctx context.Context) (*plan.Plan, *source, error) {
	store, err := drivers(ctx, storeOptions{region: r.o.region, anonymous: r.o.anonymous}, r.o.granules...)
	if err != nil {
		return nil, nil, err
	}
	granules, err := expandGranules(ctx, store, r.o.granules)
	if err != nil {
		return nil, nil, err
	}
	r.announce("Finding the shards of %d granules from their coordinates", len(granules))
	src := &source{reader: store, url: granules[0].Assets["data"]}
	if store, err = drivers(ctx, storeOptions{region: r.o.region, anonymous: r.o.anonymous}, src.url); err != nil {
		return nil, nil, err
	}
	src.reader = store
	way := sourceStores(store, r.output, src.url)
	s := &plan.Scan{
		Grid: r.recipe.Grid, Reader: r.recipe.Reader, Workers: way.Granules,
		Source: objstore.Coalesce(objstore.MeterReader(objstore.RetryReader(store, objstore.Policy{OnRetry: src.used.Retried}), &src.used), way.Gap, way.MaxRequest),
	}
	bar := newProgress(r.app.stderr, len(granules), "granules", r.o.quiet)
	s.Report = func(_, _ int, g core.Granule) { bar.step(g.ID) }
	p, seen, err := s.Run(ctx, granules, r.o.allowMissing)
	bar.finish()
	if err != nil {
		return nil, nil, err
	}
	for id, err := range seen.Failed {
		r.say("      left out: %s: %v", id, err)
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

// dry says what a run would do.
func (r *runner) dry(ctx context.Context, t *host.Template, p *plan.Plan, ranks []int) error {
	least, most, pairs := len(p.Shards[ranks[0]].Granules), 0, 0
	for _, i := range ranks {
		n := len(p.Shards[i].Granules)
		least, most, pairs = min(least, n), max(most, n), pairs+n
	}
	w := r.app.stdout
	if r.o.json {
		return json.NewEncoder(w).Encode(map[string]any{
			"dry_run": true, "total_cells": len(ranks), "granules_per_cell_min": least, "granules_per_cell_max": most,
			"granules_per_cell_avg": float64(pairs) / float64(len(ranks)), "store_path": r.store,
		})
	}
	fmt.Fprintf(w, "[DRY RUN] Would process %d cells\n", len(ranks))
	fmt.Fprintf(w, "Granules per cell: min %d, max %d, avg %.1f\n", least, most, float64(pairs)/float64(len(ranks)))
	stale, err := host.Stale(ctx, r.output, r.store, p)
	if err != nil {
		return err
	}
	if len(stale) > 0 && !r.o.keep && !r.o.overwrite {
		fmt.Fprintf(w, "Would remove %d shards that this plan does not have: %s\n", len(stale), abbreviate(stale))
	}
	fmt.Fprintf(w, "Arrays: %d in group %s\n", len(t.Arrays()), r.recipe.Info().Frame.Group)
	fmt.Fprintf(w, "Output: %s\n", r.store)
	return nil
}

func abbreviate(names []string) string {
	if len(names) > 5 {
		return strings.Join(names[:5], ", ") + ", …"
	}
	return strings.Join(names, ", ")
}

// process runs the jobs, the shards with most granules first, so that none of them is the last to end.
func (r *runner) process(ctx context.Context, t *host.Template, p *plan.Plan, ranks []int, src *source) error {
	workers := min(r.o.maxWorkers, len(ranks))
	r.announce("Computing %d shards, %d at once", len(ranks), workers)
	stores := sourceStores(src.reader, r.output, src.url)
	runID := time.Now().UTC().Format("20060102T150405Z")
	jobs := make([]job.Job, 0, len(ranks))
	for _, i := range ranks {
		j := t.Job(i, p.Shards[i].Shard, p.Shards[i].Granules, r.store)
		j.RunID, j.AllowMissing, j.Overwrite, j.Profile = runID, r.o.allowMissing, r.o.overwrite, r.o.profile
		jobs = append(jobs, j)
	}
	slices.SortStableFunc(jobs, func(a, b job.Job) int { return len(b.Granules) - len(a.Granules) })
	bar := newProgress(r.app.stderr, len(jobs), "cells", r.o.quiet)
	defer bar.finish()
	return dispatch.Run(ctx, jobs, workers, func(ctx context.Context, j job.Job) (*host.Outcome, error) {
		return t.Process(ctx, stores, &j, Version)
	}, func(d dispatch.Done[job.Job, *host.Outcome]) {
		r.total.add(d.Job.Label, d.Result, d.Err, d.Seconds)
		switch {
		case d.Err != nil && ctx.Err() != nil:
			bar.step("stopped " + d.Job.Label)
		case d.Err != nil:
			bar.say(fmt.Sprintf("ERROR %s: %v", d.Job.Label, d.Err))
			bar.step("ERROR " + d.Job.Label)
		default:
			bar.step(outcomeText(d.Result))
		}
	})
}

func outcomeText(o *host.Outcome) string {
	rec := o.Record
	switch {
	case o.Skipped:
		return "SKIP (done before)"
	case rec.Status == job.Empty:
		return "EMPTY"
	}
	text := fmt.Sprintf("OK (%s cells, %s obs)", thousands(rec.Receipt.Cells), thousands(rec.Receipt.Observations.Kept))
	if rec.Status == job.Partial {
		text += fmt.Sprintf(" without %d granules", len(rec.Missing))
	}
	return text
}

// interrupted says how to go on.
func (r *runner) interrupted(err error) error {
	if errors.Is(err, context.Canceled) {
		done := r.total.Shards.WithData + r.total.Shards.Empty
		fmt.Fprintf(r.app.stderr, "\nStopped: %d of %d shards are done. The same command goes on from there.\n", done, r.total.Shards.Total)
		return errSilent
	}
	return err
}

// finish removes what the plan does not have and prints the summary.
func (r *runner) finish(ctx context.Context, p *plan.Plan, selected bool) error {
	if r.total.Shards.Errors == 0 && !selected && !r.o.keep {
		r.announce("Removing shards that the plan does not have")
		gone, err := host.Prune(ctx, objstore.Retry(r.output, objstore.Policy{}), r.store, p)
		if err != nil {
			return err
		}
		if len(gone) > 0 {
			r.say("      removed %d: %s", len(gone), abbreviate(gone))
		}
		r.total.Removed = gone
	} else {
		r.announce("Shards of earlier runs stay as they are")
	}
	r.announce("Done")
	r.total.WallSeconds = time.Since(r.start).Seconds()
	if err := r.total.print(r.app.stdout, r.o.json, r.o.profile); err != nil {
		return err
	}
	if r.total.Shards.Errors > 0 {
		fmt.Fprintf(r.app.stderr, "zagg: %d of %d shards failed; the same command tries them again\n", r.total.Shards.Errors, r.total.Shards.Total)
		return errSilent
	}
	return nil
}
