package host

// Processing jobs: several shards in one pass over their granules, from the check of what is done already to the
// record.
//
// The record is what makes a shard done. It is deleted before anything of the shard changes and written after
// everything else, so that a process may die at any moment.

import (
	"context"
	"sync"
	"time"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/objstore"
	"github.com/englacial/zagg/internal/engine"
	"github.com/englacial/zagg/internal/job"
	"github.com/englacial/zagg/internal/store"
)

// Process does the job of one shard: it computes the shard unless its record matches, deletes objects of an older run that it did not
// write, and writes the record last.
func (t *Template) Process(ctx context.Context, s Stores, j *job.Job, version string) (*Outcome, error) {
	outs, errs := t.ProcessAll(ctx, s, []*job.Job{j}, version)
	return outs[0], errs[0]
}

// ProcessAll is Process of several shards in one pass over their granules: each granule is opened once. outs[i] and errs[i]
// are of jobs[i]; there is an outcome beside an error too.
//
// The cost of shared reading (requests, bytes, seconds and CPU-seconds) is divided among the shards in proportion to their numbers
// of granules, in whole requests and bytes, so that the sums over shards are exact. All other costs are each shard's own.
func (t *Template) ProcessAll(ctx context.Context, s Stores, jobs []*job.Job, version string) (outs []*Outcome, errs []error) {
	return t.processAll(ctx, s, jobs, version, nil)
}

// processAll is ProcessAll. unfolded has, by label, the reasons why shards could not be folded: they are computed
// from all granules.
func (t *Template) processAll(ctx context.Context, s Stores, jobs []*job.Job, version string, unfolded map[string]string) (outs []*Outcome, errs []error) {
	p := &processing{t: t, stores: s, version: version, unfolded: unfolded, start: time.Now(), outs: make([]*Outcome, len(jobs)), errs: make([]error, len(jobs))}
	if s.VersionChecks == nil {
		p.stores.VersionChecks = NewVersionChecks(objstore.MeterReader(s.Source, &p.reads))
	}
	p.pinVersions(jobs)
	p.source = p.stores.Reader(&p.reads)
	for i := range jobs {
		p.outs[i] = &Outcome{}
		w := &work{at: i, job: jobs[i]}
		w.store = objstore.Retry(objstore.Meter(s.Output, &w.writes), objstore.Policy{OnRetry: w.writes.Retried})
		needed, err := p.begin(ctx, w)
		switch {
		case err != nil:
			p.errs[i] = err
		case needed:
			p.works = append(p.works, w)
		}
		p.outs[i].Output = w.writes.Usage()
	}
	p.checkMade(ctx)
	p.run(ctx)
	p.again(ctx, s, jobs)
	return p.outs, p.errs
}

// checkMade fails all work on a store that is not the one it was planned for, before anything is read.
func (p *processing) checkMade(ctx context.Context) {
	if len(p.works) == 0 {
		return
	}
	first := p.works[0]
	if err := p.t.Store.CheckUnchanged(ctx, first.store, first.job.StorePath, p.stores.Made); err != nil {
		for _, w := range p.works {
			p.errs[w.at] = err
		}
		p.works = nil
	}
}

// A processing is some jobs under way. mu guards the fields below it, which hooks of the engine use from several
// goroutines.
type processing struct {
	t        *Template
	stores   Stores
	version  string
	unfolded map[string]string
	start    time.Time
	source   core.ObjectReader
	reads    objstore.Counter
	steady   *objstore.Steady // source, one version of each granule
	expected map[string]bool  // granules whose version is known from the plan
	works    []*work          // of the jobs that are to be computed
	outs     []*Outcome
	errs     []error

	mu     sync.Mutex
	shares []objstore.Usage // of works, of what was read
	parts  []float64        // of works, of the seconds that reading took
	took   time.Duration    // reading
	cpu    float64          // CPU-seconds of reading
	given  float64          // CPU-seconds after it that a shard has
}

// A work is one shard to compute.
type work struct {
	at     int // of its job
	job    *job.Job
	store  core.ObjectStore
	writes objstore.Counter
	shard  core.Shard
	want   store.Want
	old    *store.Record // what the granules of task are folded onto; nil: they are all
	why    string        // store.Record.NotFolded
	task   engine.Task
}

// begin finds out what a job is and whether it is done already. If it is not, w.task is what is to be computed.
func (p *processing) begin(ctx context.Context, w *work) (needed bool, err error) {
	t, j := p.t, w.job
	if w.shard, err = t.shard(ctx, j); err != nil {
		return false, err
	}
	block, err := t.place(j, w.shard)
	if err != nil {
		return false, err
	}
	granules, err := j.Identified(ctx, t.Recipe.Reader)
	if err != nil {
		return false, err
	}
	w.want = t.want(j, granules)
	record, damaged, err := p.stores.Records.Find(ctx, w.store, j.StorePath, w.shard.Label)
	whole := false
	if record != nil && t.done(record, j, w.want) {
		whole, _, err = record.Intact(ctx, w.store, j.StorePath)
		own := record.RunID != "" && record.RunID == j.RunID
		whole = whole && (own || !p.stores.VersionChecks.replaced(ctx, record, granules))
	}
	switch {
	case err != nil:
		return false, err
	case whole:
		p.outs[w.at].Record, p.outs[w.at].Skipped = record, true
		return false, nil
	}
	w.task = engine.Task{Shard: w.shard, Block: block, Source: p.source, Store: w.store, StoreURL: j.StorePath, AllowMissing: j.AllowMissing}
	if j.Window != nil {
		span := t.pipeline.Select.Windows.Span(j.Window.Window)
		w.task.Window = &span
	}
	take := func(i int) {
		w.task.Untimed = append(w.task.Untimed, j.CountsUntimed(i))
		w.task.Granules, w.task.Home = append(w.task.Granules, t.Recipe.WithIndex(granules[i])), append(w.task.Home, j.IsHome(i))
	}
	if record != nil {
		var places []int
		if places, w.why = p.fresh(ctx, w, record, granules); len(places) > 0 {
			w.old, w.task.Onto = record, p.onto(w, record)
			for _, i := range places {
				take(i)
			}
			return true, nil
		}
	}
	if record != nil || damaged { // from now on the shard is not done, and stays so until everything else is in place
		if err := store.DeleteRecord(ctx, w.store, j.StorePath, w.shard.Label); err != nil {
			return false, err
		}
	}
	for i := range granules {
		take(i)
	}
	return true, nil
}

// run computes the works in one pass.
func (p *processing) run(ctx context.Context) {
	if len(p.works) == 0 {
		return
	}
	tasks := make([]*engine.Task, len(p.works))
	for i, w := range p.works {
		tasks[i] = &w.task
	}
	pipeline := p.t.pipeline
	pipeline.Granules, pipeline.Batch = p.stores.Granules, rowsPerBatch
	pipeline.Budget, pipeline.Scratch, pipeline.Request = p.stores.Budget, p.stores.Scratch, p.stores.Request
	hooks := engine.Hooks{Changed: p.changed, Read: p.read, Done: func(i int, res *engine.Result) error { return p.finish(ctx, i, res) }}
	if ended := p.stores.Ended; ended != nil {
		hooks.Granule = func(g core.Granule) { ended(g.URL()) }
	}
	_, errs := pipeline.RunAll(ctx, tasks, hooks)
	for i, w := range p.works {
		if errs[i] != nil && p.errs[w.at] == nil {
			p.errs[w.at] = core.Wrap(errs[i], "shard", w.shard.Label)
		}
	}
	p.account()
}

// account divides what was read in all, sidecars of indexes included, among the shards.
func (p *processing) account() {
	for i, u := range p.divide() {
		w := p.works[i]
		p.outs[w.at].Source, p.outs[w.at].Output = u, w.writes.Usage()
	}
}

// read is called when all granules are read: it divides what that took.
func (p *processing) read() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.shares = p.divide()
	p.took = time.Since(p.start)
	if p.stores.Used != nil {
		p.cpu, _ = p.stores.Used()
	}
	pairs := 0
	for _, w := range p.works {
		pairs += weight(w)
	}
	for _, w := range p.works {
		p.parts = append(p.parts, float64(weight(w))/float64(pairs))
	}
}

// weight is what a shard counts for where something is divided: its granules, and at least 1.
func weight(w *work) int { return max(len(w.task.Granules), 1) }

// divide gives each shard its share of what was read so far.
func (p *processing) divide() []objstore.Usage {
	all := p.reads.Usage()
	total := int64(0)
	for _, w := range p.works {
		total += int64(weight(w))
	}
	out := make([]objstore.Usage, len(p.works))
	before := int64(0)
	for i, w := range p.works {
		after := before + int64(weight(w))
		out[i] = all.Part(before, after, total)
		before = after
	}
	return out
}

// finish deletes objects that an older run left where there must be none now, and writes the record.
func (p *processing) finish(ctx context.Context, i int, res *engine.Result) error {
	w := p.works[i]
	stale := make([]string, len(res.Unwritten))
	for k, key := range res.Unwritten {
		stale[k] = store.At(w.task.StoreURL).Object(key)
	}
	if err := store.Delete(ctx, w.store, stale); err != nil {
		return err
	}
	if err := p.t.Store.CheckUnchanged(ctx, w.store, w.job.StorePath, p.stores.Made); err != nil {
		return err
	}
	record := p.t.record(w.job, w.shard, w.want, res, p.version)
	record.Versions = p.versions(w.task.Granules, record.Missing)
	record.How, record.NotFolded = store.HowComputed, w.why
	p.receipt(&record.Receipt, i, res)
	if w.old != nil {
		folded(record, w.old, w.task.Granules, res)
	}
	if err := record.Save(ctx, w.store, w.job.StorePath); err != nil {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.errs[w.at] = err // as it is: the shard's work is done
		return err
	}
	out := p.outs[w.at]
	out.Record = record
	out.Unwritten = p.t.Recipe.writeBack(ctx, p.stores.Index, p.source, w.task.Granules, res.Unindexed, res.Unlocated)
	return nil
}

// receipt is what a shard took: its share of reading, and what came after that.
func (p *processing) receipt(to *job.Receipt, i int, res *engine.Result) {
	w := p.works[i]
	receipt(to, res, len(w.task.Granules))
	to.Observed = p.t.Recipe.observed(res.Counts.Times)
	for k, n := range res.LeftOut {
		to.Observations.LeaveOut(p.t.pipeline.Vars[k].Name, n)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	reads, writes := p.shares[i], w.writes.Usage()
	to.Reads, to.BytesRead = reads.Gets+reads.Heads, reads.Down
	to.Writes, to.BytesWritten = writes.Puts+writes.Lists+1, writes.Up // and the record itself
	to.Seconds = p.took.Seconds()*p.parts[i] + res.Phases.Group + res.Phases.Reduce + res.Phases.Write
	if p.stores.Used != nil {
		cpu, memory := p.stores.Used()
		own := cpu - p.cpu - p.given
		p.given += own
		to.CPUSeconds, to.MaxMemory = p.cpu*p.parts[i]+own, memory
	}
}
