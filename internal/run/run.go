// Package run runs a configuration as a library: it computes a store from granules, shard by shard on a backend, and reports what this
// cost. A command line provides options and shows progress.
package run

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/dustin/go-humanize"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/objstore"
	"github.com/englacial/zagg/host"
	"github.com/englacial/zagg/internal/budget"
	"github.com/englacial/zagg/internal/catalog/earthdata"
	"github.com/englacial/zagg/internal/config"
	"github.com/englacial/zagg/internal/dispatch"
	"github.com/englacial/zagg/internal/drivers"
	"github.com/englacial/zagg/internal/job"
	"github.com/englacial/zagg/internal/plan"
	"github.com/englacial/zagg/internal/quantity"
	"github.com/englacial/zagg/internal/shardmap"
	"github.com/englacial/zagg/internal/store"
)

// Options say what is computed, from what, to where, and by whom. Config and Compile must be set, and Granules or a
// catalog; the zero values of the others are defaults.
type Options struct {
	Config  *config.Config
	Command []string                                                    // of a person, for the run's report; nil: there is none
	Name    string                                                      // of the configuration, as progress names it; "": its file
	Notes   []config.Note                                               // what loading the configuration had to say
	Compile func(context.Context, *config.Config) (*host.Recipe, error) // Host.Compile, or what finds more plugins first

	Catalog  string   // address of a shard map; "": the configuration's
	Granules []string // as Granules takes them; then the shards are found by reading coordinates, without a shard map
	Store    string   // "": the configuration's
	Shard    string   // label or key of the only shard to compute; "": all of the plan
	Shards   int      // at most so many; 0: all
	dry      bool     // nothing is written
	spread   int      // so many, spread over their numbers of granules; 0: all
	Workers  int      // jobs at once; 0: as many as suit the backend
	PerJob   int      // shards of a job, which reads each of its granules once; 0: as many as suit the backend

	Memory  int64  // bytes that this process may use for its work; 0: budget.Default
	Scratch string // folder for what does not fit; "": the system's for temporary files

	Driver, Region string    // how granules are read (s3, https) and the region of S3; "": as the configuration and the environment say
	Anonymous      bool      // S3 without credentials
	SourceKeys     string    // file with the keys to read granules with, for a function
	OutputKeys     string    // file with the keys to write the store with; "": the environment's
	Terms          job.Terms // of buckets of other accounts

	Overwrite        bool   // delete what the store holds
	Append           string // job.AppendAuto, AppendFold or AppendRecompute: what becomes of shards with more granules than before
	Keep             bool   // keep shards of earlier runs that the plan does not have
	AllowMissing     bool   // leave out granules that cannot be read
	AllowContraction bool   // go on without granules that the store was made from
	Once             bool   // do not try a shard again because something did not answer
	Profile          bool   // measure phases

	Began    time.Time // when whoever asked for the run began; zero: now. What another run made of the store since is not overwritten
	Open     Opener    // the backend; nil: Local
	Progress Progress  // nil: nothing is shown

	PluginUse func() []PluginUse // what plugins in processes took; nil: there are none
}

// A Run is one run under way, as backends get to know it. Only Do, Dry and the other functions of this package make
// one.
type Run struct {
	o        Options
	progress Progress
	start    time.Time
	id       string

	config   *config.Config
	recipe   *host.Recipe
	shardMap *shardmap.Map          // nil: shards are found by reading the granules
	keys     *earthdata.Credentials // that open the archive's buckets; nil: the AWS environment's
	output   core.ObjectStore
	guard    *store.Guard // of output: it writes while the run's claim on the store stands
	held     *store.Held  // the claim
	records  store.Kept   // read while the run was planned
	seen     string       // ETag of the store's claim when the run began
	store    string
	used     objstore.Counter // of the output, outside jobs

	source   *granuleSource
	plan     *plan.Plan
	ranks    []int // of the plan's shards that are computed
	template *host.Template
	span     *job.Observed // of the plan's granules, as the shard map has it; nil: it does not say
	jobs     []*job.Job    // one for each shard
	budget   *budget.Budget
	total    *Summary

	superseded []job.Superseded // granules left out for newer ones

	left int    // shards at work that were not waited for
	then string // what becomes of them
}

// A FailedError is the end of a run of which some shards failed. The summary says which and why.
type FailedError struct{ Failed, Total int }

func (e *FailedError) Error() string { return fmt.Sprintf("%d of %d shards failed", e.Failed, e.Total) }

// A MissingError is the end of a run that did everything except for granules that could not be read, which was
// allowed.
type MissingError struct{ Granules []string }

// What is the number of missing granules with its verb: "1 granule is", "2 granules are".
func (e *MissingError) What() string {
	if len(e.Granules) == 1 {
		return "1 granule is"
	}
	return quantity.Counted(int64(len(e.Granules)), "granule") + " are"
}

func (e *MissingError) Error() string {
	return e.What() + " missing from the store"
}

// A StoppedError is the end of a run that was stopped. The same run again goes on from there.
type StoppedError struct {
	Done, Total int
	Left        int    // shards that go on without this process
	Then        string // what becomes of those, and how to follow them
	Cause       error
}

func (e *StoppedError) Error() string {
	return fmt.Sprintf("stopped: %d of %d shards are done: %v", e.Done, e.Total, e.Cause)
}

func (e *StoppedError) Unwrap() error { return e.Cause }

// Do runs to the end. Once shards were computed, the summary is returned beside an error too. When ctx ends, no
// further shard is begun, those at work end, and the error is a *StoppedError. Errors in the end are a *FailedError
// or a *MissingError.
func Do(ctx context.Context, o Options) (*Summary, error) {
	r := begin(o)
	if err := r.prepare(ctx); err != nil {
		return nil, err
	}
	open := o.Open
	if open == nil {
		open = Local
	}
	b, err := open(ctx, r)
	if err != nil {
		return nil, err
	}
	defer b.Close()
	ctx, release, err := r.claim(ctx, b)
	if err != nil {
		return nil, err
	}
	defer release()
	ready, err := r.setUp(ctx, b)
	if err != nil {
		return nil, err
	}
	if err := r.held.Confirm(ctx); err != nil { // before money is spent
		return nil, err
	}
	if err := r.compute(ctx, b, ready); err != nil {
		return nil, r.stopped(err)
	}
	if err := r.held.Confirm(ctx); err != nil { // before shards that the plan does not have are removed
		return nil, err
	}
	return r.finish(ctx, b)
}

func begin(o Options) *Run {
	r := &Run{o: o, progress: o.Progress, start: time.Now(), config: o.Config, budget: budget.New(cmp.Or(o.Memory, budget.Default()))}
	if r.progress == nil {
		r.progress = silence{}
	}
	return r
}

// step announces the next step.
func (r *Run) step(s Step, format string, args ...any) {
	r.progress.Step(s, fmt.Sprintf(format, args...))
}

// note shows something about the step under way.
func (r *Run) note(format string, args ...any) { r.progress.Note(fmt.Sprintf(format, args...)) }

// metered is the output for what is done outside of jobs; its requests are counted for the run.
func (r *Run) metered() core.ObjectStore {
	return objstore.Retry(objstore.Meter(r.output, &r.used), objstore.Policy{OnRetry: r.used.Retried})
}

// prepare finds out what is to be done. It writes nothing.
func (r *Run) prepare(ctx context.Context) error {
	if err := r.configure(ctx); err != nil {
		return err
	}
	if err := store.CheckAddress(ctx, r.metered(), r.store); err != nil {
		return err
	}
	var err error
	if r.seen, err = store.ClaimState(ctx, r.metered(), r.store); err != nil {
		return err
	}
	if r.plan, r.source, err = r.makePlan(ctx); err != nil {
		return err
	}
	if err := r.alongTime(ctx); err != nil {
		return err
	}
	if r.ranks, err = r.choose(ctx); err != nil {
		return err
	}
	if err := r.describeSource(ctx); err != nil {
		return err
	}
	r.id = time.Now().UTC().Format("20060102T150405.000Z") + "-" + strings.ToLower(rand.Text()[:4]) // two runs may begin in one millisecond
	r.total = newSummary(r.store, r.config.Worker.Memory, len(r.ranks))
	r.total.Source = r.total.Source.Add(r.source.used.Usage())
	r.total.Missing = append(r.total.Missing, r.source.missing...)
	r.total.Superseded = append(r.total.Superseded, r.superseded...)
	if r.template, err = r.recipe.Template(r.plan); err != nil {
		return err
	}
	r.settleGranules()
	r.jobs = r.makeJobs()
	return r.checkContraction(ctx)
}

// configure compiles the configuration and opens the output.
func (r *Run) configure(ctx context.Context) error {
	cfg := r.config
	r.step(Configure, "Configuration %s: grid %s, reader %s, %s", cmp.Or(r.o.Name, cfg.File), cfg.Output.Grid.Type, cfg.DataSource.Reader, quantity.Counted(int64(len(cfg.Aggregation.Arrays)), "variable"))
	for _, n := range r.o.Notes {
		r.note("%s", n)
	}
	var err error
	if r.recipe, err = r.o.Compile(ctx, cfg); err != nil {
		return err
	}
	for _, n := range r.recipe.Notes {
		r.note("%s", n)
	}
	if r.store, err = store.Address(cmp.Or(r.o.Store, cfg.Output.Store), cfg.Output.ProductName); err != nil {
		return err
	}
	access, err := r.outputAccess()
	if err != nil {
		return err
	}
	plain, err := drivers.Open(ctx, access, r.store)
	if err != nil {
		return err
	}
	r.guard = &store.Guard{ObjectStore: plain}
	if r.o.dry { // which writes nothing
		r.guard.ObjectStore = store.UnlistedToRead(plain, r.store)
	} else {
		r.guard.ObjectStore = store.Unlisted(plain, r.store)
	}
	r.output = r.guard
	if err := r.findKeys(); err != nil {
		return err
	}
	return r.adoptMap(ctx)
}

// makeJobs makes one job for each shard to compute, in the plan's order.
func (r *Run) makeJobs() []*job.Job {
	jobs := make([]*job.Job, 0, len(r.ranks))
	for _, i := range r.ranks {
		j := r.template.Job(&r.plan.Shards[i], r.store)
		j.RunID, j.AllowMissing, j.Overwrite, j.Profile, j.Driver, j.Region = r.id, r.o.AllowMissing, r.o.Overwrite, r.o.Profile, r.o.Driver, r.o.Region
		j.Terms, j.Append = r.o.Terms, r.o.Append
		jobs = append(jobs, &j)
	}
	return jobs
}

// settleGranules makes the plan's granules what jobs have: of the versions that the shards were found by, and without times, which
// are kept as the time of all. So jobs need no lists of their own.
func (r *Run) settleGranules() {
	r.span = r.spanned()
	for i := range r.plan.Shards {
		granules := r.plan.Shards[i].Granules
		for k := range granules {
			g := &granules[k]
			g.Start, g.End = time.Time{}, time.Time{}
			if r.source.found == nil {
				continue
			}
			if state, ok := r.source.found.State(g.URL()); ok {
				g.Found, g.Size = core.ObjectInfo{URL: g.URL(), ETag: state.ETag, Size: state.Size}, state.Size
			}
		}
	}
}

// selected reports whether only some of the plan's shards are computed: then the others stay, and the store is not
// described anew.
func (r *Run) selected() bool { return len(r.ranks) < len(r.plan.Shards) }

// setUp makes the store ready and counts the shards that were done before.
func (r *Run) setUp(ctx context.Context, b Backend) (*Ready, error) {
	r.step(SetUp, "Store %s", r.store)
	ready, err := b.SetUp(ctx)
	if err != nil {
		return nil, err
	}
	switch {
	case ready.Fresh:
		r.note("template written: group %s, layout %s", r.recipe.Info().Frame.Group, r.config.Output.Grid.Layout)
	case r.o.Overwrite:
		r.note("the store is there already: the selected shards are computed again")
	default:
		r.note("the store is there already: finished shards are skipped")
	}
	for _, rec := range ready.Done {
		r.total.add(rec.Label, Result{Outcome: &host.Outcome{Record: rec, Skipped: true}}, nil)
	}
	if n := len(ready.Done); n == 1 {
		r.note("1 shard was done before")
	} else if n > 0 {
		r.note("%s were done before", quantity.Counted(int64(n), "shard"))
	}
	for _, n := range ready.Notes {
		r.note("%s", n)
	}
	return ready, nil
}

// compute runs the jobs and shows how each ended. Jobs that failed are in the summary; its own errors are of the run.
func (r *Run) compute(ctx context.Context, b Backend, ready *Ready) error {
	shards := 0
	for _, group := range ready.Jobs {
		shards += len(group)
	}
	at := min(ready.Workers, len(ready.Jobs))
	if len(ready.Jobs) < shards {
		r.step(Compute, "Computing %s in %s, %d at once", quantity.Counted(int64(shards), "shard"), quantity.Counted(int64(len(ready.Jobs)), "job"), at)
	} else {
		r.step(Compute, "Computing %s, %d at once", quantity.Counted(int64(shards), "shard"), at)
	}
	r.total.jobs = len(ready.Jobs)
	r.note("Range: %s granules a shard", rangeOf(ready.Jobs))
	count := r.progress.Count(shards, "cells")
	do := func(_ context.Context, group []*job.Job) (did, error) { // what has begun goes on when no more is begun
		results, errs := withRetry(ctx, b, group, r.o.Once)
		return did{results, errs}, nil
	}
	beginning, end := context.WithCancelCause(ctx)
	defer end(nil)
	var alike streak
	begun := map[string]bool{}
	err := dispatch.Each(beginning, dispatch.RealTime{}, ready.Jobs, ready.Workers, do, func(d dispatch.Ended[[]*job.Job, did]) {
		for i, j := range d.Job {
			begun[j.Label] = true
			r.ended(ctx, dispatch.Ended[*job.Job, Result]{Job: j, Result: d.Result.results[i], Err: d.Result.errs[i]}, count)
			if beginning.Err() == nil && alike.add(d.Result.errs[i]) {
				end(errAlike)
			}
		}
	})
	count.Finish()
	if n, ok := b.(interface {
		noteUnsent(context.Context, [][]*job.Job, map[string]bool) error
	}); ok && len(begun) < shards {
		if e := n.noteUnsent(ctx, ready.Jobs, begun); e != nil {
			r.note("which shards were not sent could not be noted for zagg attach: %v", e)
		}
	}
	switch {
	case errors.Is(err, errAlike):
		r.failRemaining(ready.Jobs, begun, &alike)
		return nil
	case err != nil:
		return err
	case r.left > 0:
		return context.Canceled
	}
	return context.Cause(ctx) // it ended while the last shards were at work
}

// rangeOf is the most and the fewest granules of a shard: "396 → 1".
func rangeOf(groups [][]*job.Job) string {
	most, least := 0, -1
	for _, group := range groups {
		for i := range group {
			n := len(group[i].Granules)
			most = max(most, n)
			if least < 0 || n < least {
				least = n
			}
		}
	}
	return fmt.Sprintf("%d → %d", most, max(least, 0))
}

// A did is what became of a group of jobs.
type did struct {
	results []Result
	errs    []error
}

// ended counts one shard whose job ended and shows it.
func (r *Run) ended(ctx context.Context, d dispatch.Ended[*job.Job, Result], count Counter) {
	if left, ok := errors.AsType[*leftError](d.Err); ok {
		r.left++
		r.then = left.Then
		count.Step("LEFT " + d.Job.Label)
		return
	}
	r.total.add(d.Job.Label, d.Result, d.Err)
	switch {
	case d.Err != nil && ctx.Err() != nil:
		count.Step("stopped " + d.Job.Label)
	case d.Err != nil:
		count.Say(fmt.Sprintf("ERROR %s: %v", d.Job.Label, d.Err))
		count.Step("ERROR " + d.Job.Label)
	default:
		if err := d.Result.Unwritten; err != nil {
			count.Say(fmt.Sprintf("NOTE %s is done, but an index could not be written: %v", d.Job.Label, err))
		}
		count.Step(outcomeText(d.Result.Outcome))
	}
}

// outcomeText is what progress shows of a shard that was computed.
func outcomeText(o *host.Outcome) string {
	rec := o.Record
	switch {
	case o.Skipped:
		return "SKIP (done before)"
	case rec.Status == job.Empty:
		return "EMPTY"
	}
	text := fmt.Sprintf("OK (%s, %s obs)", quantity.Counted(rec.Receipt.Cells, "cell"), humanize.Comma(rec.Receipt.Observations.Kept))
	if n := len(rec.Folded); n > 0 {
		text += ", folded in " + quantity.Counted(int64(len(rec.Folded[n-1])), "granule")
	}
	if rec.Status == job.Partial {
		text += " without " + quantity.Counted(int64(len(rec.Missing)), "granule")
	}
	return text
}

// stopped turns the end of the context into a *StoppedError that says how far the run came.
func (r *Run) stopped(err error) error {
	if !errors.Is(err, context.Canceled) {
		return err
	}
	n := &r.total.Shards
	return &StoppedError{Done: n.WithData + n.Empty, Total: n.Total, Left: r.left, Then: r.then, Cause: err}
}

// finish removes what the plan does not have, checks and describes the store, and writes the report. The order
// matters: the last check must see what pruning left.
func (r *Run) finish(ctx context.Context, b Backend) (*Summary, error) {
	if r.total.Shards.Errors == 0 && !r.selected() && !r.o.Keep {
		r.step(Prune, "Removing shards that the plan does not have")
		gone, err := b.Prune(ctx)
		if errors.Is(err, objstore.ErrUnlisted) {
			r.note("who may not list the bucket cannot tell what shards of earlier runs are there: they stay")
		} else if err != nil {
			return nil, err
		}
		if len(gone) > 0 {
			r.note("removed %d: %s", len(gone), Abbreviate(gone))
		}
		r.total.Removed = append(r.total.Removed, gone...)
	} else {
		r.step(Prune, "Shards of earlier runs stay as they are")
	}
	if err := r.lastWord(ctx); err != nil {
		return nil, err
	}
	if err := r.describe(ctx); err != nil {
		return nil, err
	}
	r.step(Finish, "Done")
	r.total.WallSeconds = time.Since(r.start).Seconds()
	r.total.Output = r.total.Output.Add(r.used.Usage())
	r.total.price()
	if r.o.PluginUse != nil {
		r.total.Plugins = r.o.PluginUse()
	}
	unsaved := r.saveReport(ctx)
	if core.Is(unsaved, core.Denied) {
		r.note("this process may not write beside the store: the run's report is not kept")
		unsaved = nil
	}
	r.warnOfFilters()
	r.total.order()
	end := r.total.end()
	if end != nil && unsaved != nil {
		r.note("the run's report could not be saved: %v", unsaved)
	}
	return r.total, cmp.Or(end, unsaved)
}

// Abbreviate lists names, separated by commas; only the first five if there are more.
func Abbreviate(names []string) string {
	if len(names) > 5 {
		return strings.Join(names[:5], ", ") + ", …"
	}
	return strings.Join(names, ", ")
}
