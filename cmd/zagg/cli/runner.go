package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/objstore"
	"github.com/englacial/zagg/host"
	"github.com/englacial/zagg/internal/catalog/earthdata"
	"github.com/englacial/zagg/internal/config"
	"github.com/englacial/zagg/internal/dispatch"
	"github.com/englacial/zagg/internal/job"
	"github.com/englacial/zagg/internal/plan"
	"github.com/englacial/zagg/internal/shardmap"
)

// A runner is one `zagg run`.
type runner struct {
	app   *app
	o     runOptions
	start time.Time
	phase int

	config   *config.Config
	recipe   *host.Recipe
	shardMap *shardmap.Map          // nil: shards are found by reading the granules
	keys     *earthdata.Credentials // that open the archive's buckets; nil: the AWS environment's
	output   core.ObjectStore
	store    string
	total    *summary
	cloud    *lambdaBackend   // nil: shards are computed by this process
	used     objstore.Counter // of the output, outside jobs
	runID    string
	left     int // shards at work that were not waited for

	superseded []job.Superseded // granules left out for newer ones
}

// metered is the output for what is done outside jobs.
func (r *runner) metered() core.ObjectStore {
	return objstore.Retry(objstore.Meter(r.output, &r.used), objstore.Policy{OnRetry: r.used.Retried})
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
	case r.o.backend != "local" && r.o.backend != "lambda":
		return fmt.Errorf("--backend is %q; have local, lambda: %w for `zagg run`", r.o.backend, errUsage)
	case r.o.driver != "" && r.o.driver != "s3" && r.o.driver != "https":
		return fmt.Errorf("--driver is %q; have s3, https: %w for `zagg run`", r.o.driver, errUsage)
	case r.o.maxWorkers < 0 || r.o.maxCells < 0:
		return fmt.Errorf("--max-workers must be at least 1 and --max-cells at least 0: %w for `zagg run`", errUsage)
	case r.o.keep && r.o.overwrite:
		return fmt.Errorf("--keep and --overwrite exclude each other: %w for `zagg run`", errUsage)
	case r.o.catalog != "" && len(r.o.granules) > 0:
		return fmt.Errorf("--catalog and --granules exclude each other: %w for `zagg run`", errUsage)
	}
	if r.o.maxWorkers == 0 {
		r.o.maxWorkers = 4
		switch {
		case r.o.lambda.emulate:
			r.o.maxWorkers = 2 * runtime.GOMAXPROCS(0)
		case r.o.backend == "lambda":
			r.o.maxWorkers = 1700
		}
	}
	return r.o.lambda.check(r.o.backend)
}

func (r *runner) run(ctx context.Context) error {
	if err := r.check(); err != nil {
		return err
	}
	if err := r.configure(ctx); err != nil {
		return err
	}
	if err := r.recipe.CheckStore(ctx, r.metered(), r.store); err != nil {
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
	r.runID = time.Now().UTC().Format("20060102T150405.000Z")
	r.total = newSummary(r.store, r.config.Worker.Memory, len(selected))
	r.total.Source = r.total.Source.Add(source.used.Usage())
	r.total.Missing = append(r.total.Missing, source.missing...)
	r.total.Superseded = append(r.total.Superseded, r.superseded...)
	t, err := r.recipe.Template(p)
	if err != nil {
		return err
	}
	if r.o.dryRun {
		return r.dry(ctx, t, p, selected)
	}
	if r.o.backend == "lambda" {
		if r.cloud, err = r.openLambda(ctx, t, p, selected); err != nil {
			return err
		}
		defer r.cloud.close()
	}
	r.announce("Store %s", r.store)
	fresh, err := r.setUp(ctx, t, p, len(selected) < len(p.Shards))
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
	return r.finish(ctx, t, p, len(selected) < len(p.Shards))
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
	if r.recipe, err = r.app.compile(ctx, cfg); err != nil {
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
	o, err := r.outputKeys()
	if err != nil {
		return err
	}
	if r.output, err = drivers(ctx, o, r.store); err != nil {
		return err
	}
	if err := r.findKeys(); err != nil {
		return err
	}
	return r.adoptMap(ctx)
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
	reader  core.ObjectStore
	url     string // of one granule, to see what kind of store they are in
	used    objstore.Counter
	missing []string // granules left out because they cannot be read
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
	fmt.Fprintf(w, "Granules per cell: min=%d, max=%d, avg=%.1f\n", least, most, float64(pairs)/float64(len(ranks)))
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

// An executor runs one job to its end.
type executor = dispatch.Executor[job.Job, *host.Outcome]

// jobs are the shards' work, those with most granules first, so that none of them is the last to end.
func (r *runner) jobs(t *host.Template, p *plan.Plan, ranks []int) []job.Job {
	jobs := make([]job.Job, 0, len(ranks))
	for _, i := range ranks {
		j := t.Job(i, &p.Shards[i], r.store)
		j.RunID, j.AllowMissing, j.Overwrite, j.Profile, j.Driver, j.Region = r.runID, r.o.allowMissing, r.o.overwrite, r.o.profile, r.o.driver, r.o.region
		jobs = append(jobs, j)
	}
	slices.SortStableFunc(jobs, func(a, b job.Job) int { return len(b.Granules) - len(a.Granules) })
	return jobs
}

// process runs the jobs.
func (r *runner) process(ctx context.Context, t *host.Template, p *plan.Plan, ranks []int, src *source) error {
	jobs := r.jobs(t, p, ranks)
	workers, run := min(r.o.maxWorkers, len(ranks)), r.local(t, src)
	if r.cloud != nil {
		err := r.reachable(jobs)
		if err != nil {
			return err
		}
		if jobs, err = r.cloud.unfinished(ctx, t, jobs); err != nil {
			return err
		}
		workers, run = r.cloud.workers, r.cloud.run
	}
	r.announce("Computing %d shards, %d at once", len(jobs), min(workers, len(jobs)))
	if err := r.dispatch(ctx, jobs, workers, run); err != nil {
		return err
	}
	if r.left > 0 {
		return context.Canceled
	}
	return context.Cause(ctx) // ^C while the last shards were at work
}

// local computes shards in this process.
func (r *runner) local(t *host.Template, src *source) executor {
	stores := host.NewStores(src.reader, r.output, src.url)
	stores.Index = &host.IndexStore{Store: src.reader}
	return func(ctx context.Context, j job.Job) (*host.Outcome, error) {
		return t.Process(ctx, stores, &j, Version)
	}
}

// dispatch runs jobs and says how each ended.
func (r *runner) dispatch(ctx context.Context, jobs []job.Job, workers int, run executor) error {
	bar := newProgress(r.app.stderr, len(jobs), "cells", r.o.quiet)
	defer bar.finish()
	if r.cloud != nil {
		defer r.cloud.patient(ctx, bar.warn)()
	}
	return dispatch.Run(ctx, jobs, workers, run, func(d dispatch.Done[job.Job, *host.Outcome]) {
		seconds := d.Seconds
		if r.cloud != nil { // which includes waiting for a worker and for the result to be seen
			seconds = secondsOf(d.Result)
		}
		if errors.Is(d.Err, errLeft) {
			r.left++
			bar.step("LEFT " + d.Job.Label)
			return
		}
		r.total.add(d.Job.Label, d.Result, d.Err, seconds)
		switch {
		case d.Err != nil && ctx.Err() != nil:
			bar.step("stopped " + d.Job.Label)
		case d.Err != nil:
			bar.say(fmt.Sprintf("ERROR %s: %v", d.Job.Label, d.Err))
			bar.step("ERROR " + d.Job.Label)
		default:
			if err := d.Result.Unwritten; err != nil {
				bar.say(fmt.Sprintf("NOTE %s is done, but an index could not be written: %v", d.Job.Label, err))
			}
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
		if r.cloud != nil && r.left > 0 {
			fmt.Fprintln(r.app.stderr, r.cloud.afterLeaving(r.left))
		}
		return errSilent
	}
	return err
}

// finish removes what the plan does not have and prints the summary.
func (r *runner) finish(ctx context.Context, t *host.Template, p *plan.Plan, selected bool) error {
	if r.total.Shards.Errors == 0 && !selected && !r.o.keep {
		r.announce("Removing shards that the plan does not have")
		gone, err := r.prune(ctx, t, p)
		if err != nil {
			return err
		}
		if len(gone) > 0 {
			r.say("      removed %d: %s", len(gone), abbreviate(gone))
		}
		r.total.Removed = append(r.total.Removed, gone...)
	} else {
		r.announce("Shards of earlier runs stay as they are")
	}
	r.announce("Done")
	r.total.WallSeconds = time.Since(r.start).Seconds()
	r.total.Output = r.total.Output.Add(r.used.Usage())
	r.total.price()
	switch err := r.saveReport(ctx); {
	case r.cloud != nil && core.CodeOf(err) == core.Denied:
		r.say("      this process may not write beside the store: the run's report is not kept")
	case err != nil:
		return err
	}
	if err := r.total.print(r.app.stdout, r.o.json, r.o.profile); err != nil {
		return err
	}
	if r.total.Shards.Errors > 0 {
		fmt.Fprintf(r.app.stderr, "zagg: %d of %d shards failed; the same command tries them again\n", r.total.Shards.Errors, r.total.Shards.Total)
		return errSilent
	}
	return r.total.complete(r.app.stderr)
}
