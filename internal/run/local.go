package run

// Backends, and the one that computes in this process.

import (
	"cmp"
	"context"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/englacial/zagg/core/objstore"
	"github.com/englacial/zagg/host"
	"github.com/englacial/zagg/internal/job"
	"github.com/englacial/zagg/internal/plan"
	"github.com/englacial/zagg/internal/quantity"
	"github.com/englacial/zagg/internal/store"
)

// A Backend is where shards are computed, for one run. SetUp comes first and Prune last; Compute is called by many
// goroutines at once. Close is called once, after everything else, also after errors.
type Backend interface {
	// SetUp makes the store ready for the plan's jobs and says which of them are to be computed.
	SetUp(ctx context.Context) (*Ready, error)
	// Compute does jobs of neighbouring shards in one pass over their granules, each to its end: results[i] and errs[i] are of
	// jobs[i]. A result beside an error is what was used all the same.
	Compute(ctx context.Context, jobs []*job.Job) (results []Result, errs []error)
	// Prune removes what the store has of shards that the plan does not have, and names them.
	Prune(ctx context.Context) ([]string, error)
	Close()
}

// An Opener makes the backend of a run.
type Opener func(ctx context.Context, r *Run) (Backend, error)

// Ready describes a store that is set up and the work that is left.
type Ready struct {
	Fresh   bool            // it was made now
	Workers int             // jobs at once
	Jobs    [][]*job.Job    // by what is computed in one pass
	Done    []*store.Record // of jobs that were done before and are not among Jobs
	Notes   []string
}

// A Result is what became of a job. Outcome is nil if nothing is known.
type Result struct {
	*host.Outcome
	Seconds float64 // that a worker was busy; 0: not known
	Final   bool    // trying again would end the same way
}

// A leftError ends the waiting for a shard that goes on without this process.
type leftError struct {
	Then string // what becomes of shards that were left, in the plural
}

func (e *leftError) Error() string { return "left to itself" }

// localWorkers is how many jobs this process does at once unless the options say.
const localWorkers = 4

// workersHere is how many jobs this process does at once.
func (r *Run) workersHere() int { return cmp.Or(r.o.Workers, localWorkers) }

// Local computes shards in this process. It is the backend if Options.Open is nil.
func Local(_ context.Context, r *Run) (Backend, error) {
	b := &local{r: r, workers: r.workersHere(), stores: host.NewStores(r.source.reader, r.output, r.source.url)}
	b.stores.Index = &host.IndexStore{Store: r.source.reader}
	b.stores.Budget, b.stores.Scratch, b.stores.Cache = r.budget, r.o.Scratch, r.source.cache
	b.looks = r.looks()
	b.stores.VersionChecks, b.stores.Records = b.looks, &r.records
	b.stores.Granules = max(b.stores.Granules, runtime.GOMAXPROCS(0))
	return b, nil
}

type local struct {
	r       *Run
	workers int
	stores  host.Stores
	looks   *host.VersionChecks
}

var _ Backend = (*local)(nil)

func (b *local) SetUp(ctx context.Context) (*Ready, error) {
	fresh, err := b.r.setUpHere(ctx)
	if err != nil {
		return nil, err
	}
	if b.stores.Made, err = b.r.template.Store.Stamp(ctx, b.r.metered(), b.r.store); err != nil {
		return nil, err
	}
	groups := b.r.localGroups(b.r.grouped(b.r.jobs))
	if b.stores.Cache != nil {
		b.stores.Ended = b.r.dropper(groups)
	}
	return &Ready{Fresh: fresh, Workers: b.workers, Jobs: groups}, nil
}

// dropper returns a function that is told when a job is done with a granule. It lets go of what finding the shards
// has read of the granule, once the last job that has it is done.
func (r *Run) dropper(groups [][]*job.Job) func(url string) {
	left := map[string]int{}
	for _, g := range groups {
		seen := map[string]bool{}
		for i := range g {
			for _, granule := range g[i].Granules {
				if !seen[granule.URL()] {
					seen[granule.URL()] = true
					left[granule.URL()]++
				}
			}
		}
	}
	var mu sync.Mutex
	return func(url string) {
		mu.Lock()
		defer mu.Unlock()
		if left[url]--; left[url] <= 0 {
			r.budget.Let(r.source.cache.Drop(url))
		}
	}
}

// spilledPart is how many times the budget the rows of a job's shards may be estimated to take. Half a budget of rows
// is in memory: having the rest on disk for a while costs far less than reading the granules once more.
const spilledPart = 2

// heldPart is the part of the budget that the shards of all jobs at once may take themselves, beside rows.
const heldPart = 2

// localGroups are groups of as many shards as the options say, or as suit the budget.
func (r *Run) localGroups(g *grouping) [][]*job.Job {
	if r.o.PerJob > 0 {
		return g.within(plan.Bound{Shards: r.o.PerJob})
	}
	return g.within(plan.Bound{Bytes: spilledPart * r.budget.Total(), Held: max(r.budget.Total()/heldPart/int64(r.workersHere()), 1), Granules: mostGranules})
}

func (b *local) Compute(ctx context.Context, jobs []*job.Job) ([]Result, []error) {
	start := time.Now()
	outs, errs := b.r.template.ProcessAll(ctx, b.stores, jobs, host.Version)
	results := make([]Result, len(outs))
	known, unknown := 0.0, 0
	for i, out := range outs {
		results[i].Outcome = out
		switch {
		case out.Skipped:
		case out.Record != nil:
			results[i].Seconds = out.Record.Receipt.Seconds
			known += results[i].Seconds
		default:
			unknown++
		}
	}
	// The time that is not accounted for by finished shards is divided among those that failed.
	for i, out := range outs { // what failed has what is left
		if !out.Skipped && out.Record == nil {
			results[i].Seconds = max(time.Since(start).Seconds()-known, 0) / float64(unknown)
		}
	}
	return results, errs
}

func (b *local) Prune(ctx context.Context) ([]string, error) { return b.r.pruneHere(ctx) }

func (b *local) Close() { b.r.reportReplaced(b.looks) }

// looks are checks of what granules are now, compared with what records noted of them.
func (r *Run) looks() *host.VersionChecks {
	return host.NewVersionChecks(objstore.RetryReader(objstore.MeterReader(r.source.reader, &r.source.used), objstore.Policy{}))
}

// reportReplaced says which files of shards that were done before are others now, and how many could not be looked
// at.
func (r *Run) reportReplaced(l *host.VersionChecks) {
	if files := l.Replaced(); len(files) > 0 {
		const most = 3
		more := ""
		if n := len(files) - most; n > 0 {
			more = fmt.Sprintf(" and %s", quantity.Counted(int64(n), "other"))
		}
		r.note("shards that were made of another version of %s%s are computed again", strings.Join(files[:min(len(files), most)], ", "), more)
	}
	if n := l.Failed(); n > 0 {
		r.note("%d granules of finished shards could not be checked and count as unchanged", n)
	}
}

// setUpHere sets the store up from this process.
func (r *Run) setUpHere(ctx context.Context) (fresh bool, err error) {
	return r.template.Store.SetUp(ctx, r.metered(), r.store, r.plan, r.o.Overwrite, r.selected())
}

// pruneHere removes from this process what the plan does not have.
func (r *Run) pruneHere(ctx context.Context) ([]string, error) {
	return r.template.Store.Prune(ctx, r.metered(), r.store, r.plan)
}
