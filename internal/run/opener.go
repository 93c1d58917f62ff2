package run

import (
	"context"
	"slices"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/host"
	"github.com/englacial/zagg/internal/job"
	"github.com/englacial/zagg/internal/plan"
)

// What an Opener may know of the run that it makes a backend for. All of it is fixed when the opener is called, and must not be
// changed.

// ID names the run; it is in its jobs, records and report.
func (r *Run) ID() string { return r.id }

// Store is the address of the store.
func (r *Run) Store() string { return r.store }

// Template makes the store and does jobs; it knows the configuration.
func (r *Run) Template() *host.Template { return r.template }

// Jobs are the work, one job a shard, in the plan's order. Which of them are done before is for the backend to find out.
func (r *Run) Jobs() []*job.Job { return slices.Clone(r.jobs) }

// Groups puts jobs of neighbouring shards together, most at a time at most, for backends that do several in one pass.
func (r *Run) Groups(jobs []*job.Job, most int) [][]*job.Job {
	return r.grouped(jobs).within(plan.Bound{Shards: most, Granules: mostGranules})
}

// Stores are the ways to the granules and to the store, as this process has them.
func (r *Run) Stores() host.Stores { return host.NewStores(r.source.reader, r.output, r.source.url) }

// Output is the store as this process reaches it. Its requests count for the run.
func (r *Run) Output() core.ObjectStore { return r.metered() }

// SetUp has this process set the store up: the usual answer to Backend.SetUp.
func (r *Run) SetUp(ctx context.Context) (fresh bool, err error) { return r.setUpHere(ctx) }

// Prune has this process remove what the plan does not have: the usual answer to Backend.Prune.
func (r *Run) Prune(ctx context.Context) (removed []string, err error) { return r.pruneHere(ctx) }

// Note says something about the step under way.
func (r *Run) Note(format string, args ...any) { r.note(format, args...) }
