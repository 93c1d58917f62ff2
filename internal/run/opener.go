package run

// What backends outside of this package get to know of a run.
//
// All of it is fixed when the opener is called, and must not be changed.

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

// Template lays the store out and does jobs; it has the compiled configuration.
func (r *Run) Template() *host.Template { return r.template }

// Jobs is the work, one job for each shard, in the plan's order. Which jobs were done before is for the backend to
// find out.
func (r *Run) Jobs() []*job.Job { return slices.Clone(r.jobs) }

// Groups divides jobs into groups of neighbouring shards, of at most so many, for backends that do several in one
// pass.
func (r *Run) Groups(jobs []*job.Job, most int) [][]*job.Job {
	return r.grouped(jobs).within(plan.Bound{Shards: most, Granules: mostGranules})
}

// Stores are the stores of the granules and of the output, as this process reaches them.
func (r *Run) Stores() host.Stores { return host.NewStores(r.source.reader, r.output, r.source.url) }

// Output is the store as this process reaches it. Its requests are counted for the run.
func (r *Run) Output() core.ObjectStore { return r.metered() }

// SetUp sets the store up from this process: the usual implementation of Backend.SetUp.
func (r *Run) SetUp(ctx context.Context) (fresh bool, err error) { return r.setUpHere(ctx) }

// Prune removes from this process what the plan does not have: the usual implementation of Backend.Prune.
func (r *Run) Prune(ctx context.Context) (removed []string, err error) { return r.pruneHere(ctx) }

// Note shows something about the step under way.
func (r *Run) Note(format string, args ...any) { r.note(format, args...) }
