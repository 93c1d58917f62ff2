package engine

// One pass: many shards, each granule read once.
//
// Granules are read by several goroutines; each puts what it keeps into its own sink, so that rows need no lock. When
// all are read, shards are finished by several goroutines. mu guards the errors of tasks while granules are read.

import (
	"cmp"
	"context"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/budget"
	"github.com/englacial/zagg/internal/job"
)

// A pass is some tasks under way. Each of their granules is read once.
type pass struct {
	p        *Pipeline
	tasks    []*Task
	granules []granule
	changed  func(context.Context, core.Granule) error // Hooks.Changed
	of       [][]int                                   // granules of each task, in its order
	layout   layout
	scratch  *scratch
	results  []*Result
	gone     []bool // of each task: its rows are let go
	cancel   context.CancelFunc
	landings sync.Pool // of *landing, to be used again
	encoders sync.Pool // of *zarr.Encoder, likewise: compressors take megabytes

	mu     sync.Mutex
	errs   []error // of each task the first
	failed int     // tasks that have one
}

// A granule is one file of a pass. It is written by the goroutine that reads it, and only read when all granules are.
type granule struct {
	core.Granule
	wants []int  // the tasks that have it, ascending
	home  int    // the first of wants that counts its rows without a position; -1: none of them does
	loose []bool // of wants: it counts the rows that cannot be told to be of a window
	read  bool
	sink  // what became of it, once read
	err   error
}

// Hooks are told about the progress of a pass. All may be nil.
type Hooks struct {
	Granule func(core.Granule) // it is read, or given up; called by several goroutines at once
	// Changed is asked when a granule was read, or failed, why that does not count: the error if it was found to be another file
	// than when it was first read. Then it is read once more from the beginning, and fails if that happens again.
	Changed func(context.Context, core.Granule) error
	Read    func() // every granule is
	// Done is called when a task's objects are written, by several goroutines at once; its error is the task's.
	Done func(task int, res *Result) error
}

// RunAll computes several shards in one pass over their granules and writes their objects: results[i] or errs[i] is what
// became of tasks[i]. Each granule is read once, for all tasks that list it. Source and the store are those of the first
// task. One that cannot be read fails the tasks that list it and no other.
func (p *Pipeline) RunAll(ctx context.Context, tasks []*Task, hooks Hooks) (results []*Result, errs []error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	r := &pass{p: p, tasks: tasks, of: make([][]int, len(tasks)), layout: newLayout(p.Dims), scratch: &scratch{dir: p.Scratch},
		results: make([]*Result, len(tasks)), gone: make([]bool, len(tasks)), cancel: cancel, errs: make([]error, len(tasks))}
	defer r.scratch.close()
	defer r.letAll()
	r.collect()
	r.changed = hooks.Changed
	start := time.Now()
	r.read(ctx, hooks.Granule)
	took := time.Since(start).Seconds()
	if hooks.Read != nil {
		hooks.Read()
	}
	r.finish(ctx, took, hooks.Done)
	return r.results, r.errs
}

// collect lists the granules of all tasks, each once, in the order in which they first come. A granule is the same if
// both its ID and its URL are: lists may name one file twice under different IDs.
func (r *pass) collect() {
	known := map[string]int{}
	for t, task := range r.tasks {
		for k, g := range task.Granules {
			name := g.ID + "\n" + g.URL()
			i, ok := known[name]
			if !ok {
				i = len(r.granules)
				known[name] = i
				r.granules = append(r.granules, granule{Granule: g, home: -1})
			}
			if at := &r.granules[i]; at.home < 0 && (task.Home == nil || task.Home[k]) {
				at.home = len(at.wants)
			}
			r.granules[i].wants = append(r.granules[i].wants, t)
			r.granules[i].loose = append(r.granules[i].loose, task.Window == nil || task.Untimed == nil || task.Untimed[k])
			r.of[t] = append(r.of[t], i)
		}
	}
}

// read runs the reader over every granule, several at once. ended is called for each, also for those that are not
// read.
func (r *pass) read(ctx context.Context, ended func(core.Granule)) {
	var g errgroup.Group
	g.SetLimit(max(r.p.Granules, 1))
	for i := range r.granules {
		g.Go(func() error {
			if ended != nil {
				defer ended(r.granules[i].Granule)
			}
			if !r.needed(i) || ctx.Err() != nil {
				return nil
			}
			if err := r.readGranule(ctx, &r.granules[i]); err != nil {
				r.granuleFailed(ctx, &r.granules[i], err)
			}
			return nil
		})
	}
	_ = g.Wait() // errors are the tasks'
	if ctx.Err() != nil {
		r.failAll(core.Errorf(core.Unavailable, "read granules", "", "%w", context.Cause(ctx)))
	}
}

// needed reports whether some task that has granule i has not failed yet.
func (r *pass) needed(i int) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, t := range r.granules[i].wants {
		if r.errs[t] == nil {
			return true
		}
	}
	return false
}

// granuleFailed leaves the granule out of tasks that allow it; the other tasks that have it fail. A failure of this
// process fails all tasks.
func (r *pass) granuleFailed(ctx context.Context, g *granule, err error) {
	g.err = err
	whole := isOurs(err) // no task can be done
	for t := range r.tasks {
		if whole {
			r.fail(t, err)
		}
	}
	for _, t := range g.wants {
		if !r.tasks[t].AllowMissing || ctx.Err() != nil || !job.OfGranule(err) {
			r.fail(t, err)
		}
	}
}

// fail notes why a task cannot be done; the first reason counts. When no task is left, what is under way is stopped.
func (r *pass) fail(t int, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.errs[t] != nil {
		return
	}
	r.errs[t] = err
	if r.failed++; r.failed == len(r.tasks) {
		r.cancel()
	}
}

// failAll fails all tasks that have not failed yet.
func (r *pass) failAll(err error) {
	for t := range r.tasks {
		r.fail(t, err)
	}
}

// finish brings every task to its end, several at once. The time that reading took is divided among tasks by their
// granules.
func (r *pass) finish(ctx context.Context, took float64, done func(int, *Result) error) {
	pairs := 0
	for t := range r.tasks {
		pairs += len(r.of[t])
	}
	var g errgroup.Group
	g.SetLimit(runtime.GOMAXPROCS(0))
	for t := range r.tasks {
		g.Go(func() error {
			defer r.let(t)
			if r.errs[t] != nil {
				return nil
			}
			res := &Result{}
			res.Phases.Read = took * share(len(r.of[t]), pairs, len(r.tasks))
			err := r.note(t, res)
			if err == nil {
				err = r.shard(ctx, t, res)
			}
			if err == nil && done != nil {
				err = done(t, res)
			}
			if err != nil {
				r.mu.Lock()
				defer r.mu.Unlock()
				r.errs[t] = err
				return nil
			}
			r.results[t] = res
			return nil
		})
	}
	_ = g.Wait() // errors are the tasks'
}

// share is the share of a task with n of all pairs of granule and task; without any pair all tasks have the same.
func share(n, pairs, tasks int) float64 {
	if pairs == 0 {
		return 1 / float64(tasks)
	}
	return float64(n) / float64(pairs)
}

// note adds up what a task met in its granules, in their order, so that results are the same whatever the timing. It
// is an error if all granules of a task failed.
func (r *pass) note(t int, res *Result) error {
	for _, i := range r.of[t] {
		g := &r.granules[i]
		if !g.read {
			res.Missing = append(res.Missing, Missing{Granule: g.ID, Err: g.err})
			continue
		}
		first := g.wants[0] == t
		for k, w := range g.wants {
			if w == t {
				res.Counts.add(g.counts[k])
			}
		}
		if first {
			res.Looked += g.stats.Rows
			res.SpillBytes += g.spilled
		}
		if g.stats.Index == core.IndexMissing || g.stats.Index == core.IndexStale {
			res.Unindexed = append(res.Unindexed, g.ID)
		}
		if g.located == core.IndexMissing || g.located == core.IndexStale {
			res.Unlocated = append(res.Unlocated, g.ID)
		}
		for _, w := range g.stats.Warnings {
			res.Warned = append(res.Warned, job.Warning{Granule: g.ID, Text: w})
		}
		for _, m := range g.stats.Missing {
			res.Absent = append(res.Absent, job.GroupNote{Granule: g.ID, Group: m})
		}
		for _, m := range g.stats.Empty {
			res.Empty = append(res.Empty, job.GroupNote{Granule: g.ID, Group: m})
		}
	}
	if n := len(res.Missing); n > 0 && n == len(r.of[t]) && r.tasks[t].Onto == nil {
		first := res.Missing[0].Err
		return core.Wrapf(first, "read shard", r.tasks[t].Shard.Label, "every granule failed; the first: %w", first)
	}
	return nil
}

// let gives the memory of a task's rows back. Rows of several tasks lie together in a parcel; the last task lets it
// go.
func (r *pass) let(t int) {
	if r.gone[t] {
		return
	}
	r.gone[t] = true
	for _, i := range r.of[t] {
		for _, k := range r.granules[i].parcels {
			if k.has(t) && k.users.Add(-1) == 0 {
				k.let(r.p.Budget)
			}
		}
	}
}

// letAll gives back what no task has let go, after a failure.
func (r *pass) letAll() {
	for i := range r.granules {
		for _, k := range r.granules[i].parcels {
			k.let(r.p.Budget)
		}
	}
}

// A parcel is rows of one granule for some tasks, those of each task together. It is immutable but for what let takes
// away.
type parcel struct {
	parts []part // by task, ascending
	slots []int32
	cols  []core.Column // without data where they are on disk
	at    int64         // in the scratch file: slots, then column by column; -1: in memory
	rows  int
	kept  atomic.Int64 // bytes taken of the budget
	users atomic.Int32 // tasks that still need it
}

// A part is the rows of one task.
type part struct{ task, from, n int }

// find is the part of a task, by binary search.
func (k *parcel) find(t int) (part, bool) {
	low, high := 0, len(k.parts)
	for low < high {
		if middle := (low + high) / 2; k.parts[middle].task < t {
			low = middle + 1
		} else {
			high = middle
		}
	}
	if low < len(k.parts) && k.parts[low].task == t {
		return k.parts[low], true
	}
	return part{}, false
}

func (k *parcel) has(t int) bool {
	_, ok := k.find(t)
	return ok
}

// let gives a parcel's memory back, once: a second call has no effect.
func (k *parcel) let(b *budget.Budget) {
	b.Let(k.kept.Swap(0))
	k.slots = nil
	for i := range k.cols {
		k.cols[i].Data = nil
	}
}

// rowBytes is the bytes of a row: its slot and its columns.
func rowBytes(cols []core.Column) int64 {
	n := int64(4)
	for i := range cols {
		n += int64(cmp.Or(cols[i].Width, 1) * cols[i].Type.Size())
	}
	return n
}
