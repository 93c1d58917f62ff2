package host

// Jobs and records: making a job from a plan, and telling whether one is done.

import (
	"context"
	"slices"
	"time"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/objstore"
	"github.com/englacial/zagg/internal/budget"
	"github.com/englacial/zagg/internal/engine"
	"github.com/englacial/zagg/internal/job"
	"github.com/englacial/zagg/internal/plan"
	"github.com/englacial/zagg/internal/store"
)

// Stores has the source of granules and the output store of a job, with settings for access to them.
type Stores struct {
	Source core.ObjectReader // plain drivers: retries, merging and counting are put around them here
	Output core.ObjectStore
	// Gap and MaxRequest are the settings of objstore.Coalesce for the source, bytes.
	Gap, MaxRequest int64
	Granules        int             // read at once per job
	Cache           *objstore.Cache // of what was read of the granules before; nil: there is none
	// Ended is called with the address of a granule that a job no longer needs. May be nil.
	Ended func(url string)
	// Request is the number of bytes that cost as much to read as one more request.
	Request int64
	// Budget limits the memory of the process (nil: no limit). Scratch is the folder for rows beyond it ("": the system's
	// temporary folder).
	Budget  *budget.Budget
	Scratch string
	// Index writes missing sidecar indexes; nil: they are only read.
	Index *IndexStore
	// Made identifies the store's set-up that the jobs are for; if the store was set up again, they fail. The zero Stamp: any.
	Made store.Stamp
	// VersionChecks finds granules that were replaced since a shard was computed; nil: a new one is made.
	VersionChecks *VersionChecks
	// Records are records that were already read.
	Records *store.Kept
	// Used returns, for the receipt, the CPU seconds of the process since the job began and its peak memory in bytes; nil: not
	// measured.
	Used func() (cpuSeconds float64, memory int64)
}

// CheckScratch is the error that jobs would have with rows for Stores.Scratch where no file can be made.
func CheckScratch(dir string) error { return engine.CheckScratch(dir) }

// Reader returns a reader of granules that merges, retries and counts requests. Retries count too, because they are paid for.
func (s *Stores) Reader(c *objstore.Counter) core.ObjectReader {
	r := objstore.RetryReader(objstore.MeterReader(s.Source, c), objstore.Policy{OnRetry: c.Retried})
	if s.Cache != nil {
		r = s.Cache.Over(r)
	}
	return objstore.Coalesce(r, s.Gap, s.MaxRequest)
}

// rowsPerBatch bounds a batch: 64 Ki rows of a few columns stay in a core's cache and make calls into plugins rare.
const rowsPerBatch = 1 << 16

// An Outcome is the result of a job.
type Outcome struct {
	Record  *store.Record
	Skipped bool // the record was there and matched; Receipt is the earlier run's
	// Requests and bytes of the source and the output.
	Source, Output objstore.Usage
	// Unwritten is the reason why an index could not be written; the shard is done nevertheless.
	Unwritten error
}

// Job returns the job of one shard of a plan.
func (t *Template) Job(shard *plan.Shard, storeURL string) job.Job {
	j := job.Job{
		Home: shard.Home, Superseded: shard.Superseded, Missing: shard.Missing,
		ShardKey: shard.Key, Label: shard.Label, ChunkIdx: shard.Block, StorePath: storeURL,
		Config: t.config, Plugins: t.foreign, Plan: t.Store.Plan, GridSignature: t.Recipe.info.Signature,
		Granules: asWorkersSee(shard.Granules),
	}
	if old, ok := t.Recipe.Grid.(core.LegacyGrid); ok { // whose workers of earlier releases look at orders
		shard, cell := old.Orders()
		j.ParentOrder, j.ChildOrder = &shard, &cell
	}
	if t.Store.Compact {
		block := int64(shard.Rank)
		j.Block, j.PlanShards = &block, t.blocks
	}
	if w := shard.Window; w != nil {
		j.Window, j.Untimed = &job.Window{Window: w.Window, Place: w.Place, Axis: t.axis}, shard.Untimed
	}
	return j
}

// asWorkersSee are granules without times: events have none, and a reader gets the same wherever the job is done. A list that has
// none is taken as it is, because those of 100,000 shards are most of what a run holds.
func asWorkersSee(granules []core.Granule) job.Granules {
	timed := func(g core.Granule) bool { return !g.Start.IsZero() || !g.End.IsZero() }
	if granules != nil && !slices.ContainsFunc(granules, timed) {
		return granules
	}
	out := append(job.Granules{}, granules...)
	for i := range out {
		out[i].Start, out[i].End = time.Time{}, time.Time{}
	}
	return out
}

// Finished returns the record of a job's shard if the shard is done, matches the job and its objects exist, else nil. It changes
// nothing. looks finds replaced granules; nil: not checked. read has records that were already read.
func (t *Template) Finished(ctx context.Context, from core.ObjectReader, j *job.Job, looks *VersionChecks, read *store.Kept) (*store.Record, error) {
	if j.GranulesURL != "" {
		return nil, core.Errorf(core.Internal, "shard", j.Label, "whether it is done cannot be told without its list of granules")
	}
	r, want, err := t.recorded(ctx, from, j, read)
	if r == nil || err != nil || !t.done(r, j, want) {
		return nil, err
	}
	if whole, _, err := r.Intact(ctx, from, j.StorePath); err != nil || !whole {
		return nil, err
	}
	if looks != nil {
		granules, err := j.Identified(ctx, t.Recipe.Reader)
		if err != nil || looks.replaced(ctx, r, granules) {
			return nil, err
		}
	}
	return r, nil
}

// HasRecord reports whether the store has a record of the job's work, whichever run wrote it.
func (t *Template) HasRecord(ctx context.Context, from core.ObjectReader, j *job.Job) (bool, error) {
	r, want, err := t.recorded(ctx, from, j, nil)
	if r == nil || err != nil {
		return false, err
	}
	want.Partial = j.AllowMissing
	ok, _ := r.Matches(want)
	return ok, nil
}

// recorded is the record of a job's shard, nil if there is none, and what the job wants of it.
func (t *Template) recorded(ctx context.Context, from core.ObjectReader, j *job.Job, read *store.Kept) (*store.Record, store.Want, error) {
	r, _, err := read.Find(ctx, from, j.StorePath, j.Label)
	if r == nil || err != nil {
		return nil, store.Want{}, err
	}
	granules, err := j.Identified(ctx, t.Recipe.Reader)
	if err != nil {
		return nil, store.Want{}, err
	}
	return r, t.want(j, granules), nil
}

// done reports whether a record is what the job would leave. A record that this very run wrote counts also where
// older ones would be computed again, because an event may come twice.
func (t *Template) done(r *store.Record, j *job.Job, want store.Want) bool {
	own := r.RunID != "" && r.RunID == j.RunID
	want.Partial = own && j.AllowMissing
	ok, _ := r.Matches(want)
	return ok && (own || !j.Overwrite)
}

// shard checks that the job's shard is one of this grid, and that this is the grid the job was planned for.
func (t *Template) shard(ctx context.Context, j *job.Job) (core.Shard, error) {
	if len(j.GridSignature) > 0 && string(j.GridSignature) != string(t.Recipe.info.Signature) {
		return core.Shard{}, core.Errorf(core.Invalid, "shard", string(j.ShardKey), "the job was planned for grid %s and this is %s", j.GridSignature, t.Recipe.info.Signature)
	}
	shards, err := t.Recipe.Grid.Shards(ctx, []core.ShardKey{j.ShardKey})
	if err != nil {
		return core.Shard{}, err
	}
	if len(shards) != 1 {
		return core.Shard{}, core.Errorf(core.Internal, "shard", string(j.ShardKey), "the grid describes %d shards of 1", len(shards))
	}
	if j.Window != nil {
		shards[0].Label = plan.WindowLabel(shards[0].Label, j.Window.Label)
	}
	return shards[0], nil
}

// CheckPlace refuses a job whose place in the arrays is not one of the store's.
func (t *Template) CheckPlace(j *job.Job, shard core.Shard) error {
	_, err := t.place(j, shard)
	return err
}

// place is where the shard's objects are in the arrays: with windows first the window's place, then the shard's
// block.
func (t *Template) place(j *job.Job, shard core.Shard) ([]int64, error) {
	if (j.Window == nil) != (t.Recipe.Config.Output.Windowing == nil) {
		return nil, core.Errorf(core.Invalid, "shard", shard.Label, "a job has a window where the configuration has output.windowing, and only there")
	}
	block, err := t.block(j, shard)
	if err != nil || j.Window == nil {
		return block, err
	}
	return append([]int64{j.Window.Place}, block...), nil
}

// block is the shard's block in the arrays: the grid's own, or in a compact store the job's rank in the plan.
func (t *Template) block(j *job.Job, shard core.Shard) ([]int64, error) {
	switch {
	case j.Plan != "" && j.Plan != t.Store.Plan:
		return nil, core.Errorf(core.Invalid, "shard", shard.Label, "the job was planned with other shards than the store has")
	case !t.Store.Compact && j.Block == nil:
		return shard.Block, nil
	case t.Store.Compact && j.Block != nil && *j.Block >= 0 && *j.Block < t.blocks:
		return []int64{*j.Block}, nil
	}
	return nil, core.Errorf(core.Invalid, "shard", shard.Label, "the job has no place in a %s store of %d shards", t.Recipe.Config.Output.Grid.Layout, t.blocks)
}

// want is what a record must say for the job's shard to be done.
func (t *Template) want(j *job.Job, granules []core.Granule) store.Want {
	w := store.Want{Signature: t.Recipe.info.Signature, ConfigHash: t.Recipe.Hash(), Plugins: t.Recipe.plugins, Plan: t.Store.Plan, Block: j.Block}
	ids := make([]string, len(granules))
	for i, g := range granules {
		ids[i] = g.ID
	}
	w.Granules = job.GranulesHash(ids)
	if j.Home != nil {
		w.Home = []string{}
		for _, i := range j.Home {
			w.Home = append(w.Home, ids[i])
		}
		slices.Sort(w.Home)
	}
	return w
}

// record is the record of a shard that was computed, its receipt left for receipt to fill in.
func (t *Template) record(j *job.Job, shard core.Shard, want store.Want, res *engine.Result, version string) *store.Record {
	r := &store.Record{
		ShardKey: shard.Key, Label: shard.Label, Status: job.OK, Signature: want.Signature, ConfigHash: want.ConfigHash,
		Granules: want.Granules, Plan: want.Plan, Block: want.Block, Home: want.Home, Superseded: j.Superseded, Objects: []store.Object{},
		Plugins: want.Plugins, Version: version, RunID: j.RunID, WrittenAt: time.Now(),
	}
	for _, o := range res.Objects {
		r.Objects = append(r.Objects, store.Object{Path: o.Key, Size: o.Size, SHA256: o.SHA256})
	}
	if res.Cells == 0 {
		r.Status = job.Empty
	}
	r.Receipt.ReadErrors = slices.Clone(j.Missing)
	for _, m := range res.Missing {
		r.Receipt.ReadErrors = append(r.Receipt.ReadErrors, job.NewReadError(m.Granule, m.Err))
	}
	for _, e := range r.Receipt.ReadErrors {
		r.Status = job.Partial
		r.Missing = append(r.Missing, e.Granule)
	}
	return r
}

// receipt fills in the part of a receipt that is the shard's alone.
func receipt(to *job.Receipt, res *engine.Result, granules int) {
	to.Phases = map[string]float64{"read": res.Phases.Read, "group": res.Phases.Group, "reduce": res.Phases.Reduce, "write": res.Phases.Write}
	to.Cells, to.SpillBytes = res.Cells, res.SpillBytes
	to.Granules = int64(granules - len(res.Missing))
	c := res.Counts
	to.Observations.Read, to.Observations.Kept, to.Observations.Outside = c.Read-c.Outside, c.Kept, c.Outside
	to.Observations.Drop(job.DropFilter, c.Refused)
	to.Observations.Drop(job.DropTime, c.Untimed)
	to.Observations.Drop(job.DropSelection, c.Unchosen)
	to.Observations.Drop(job.DropCoordinates, c.Invalid)
	to.Observations.Drop(job.DropFill, c.Fill)
	to.Observations.Drop(job.DropNaN, c.NaN)
	to.Observations.Drop(job.DropExpression, c.Filtered)
	to.NoGroup, to.EmptyGroup, to.Warnings = res.Absent, res.Empty, res.Warned
}
