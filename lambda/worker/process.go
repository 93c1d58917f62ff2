package worker

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/objstore"
	"github.com/englacial/zagg/host"
	"github.com/englacial/zagg/internal/config"
	"github.com/englacial/zagg/internal/job"
	"github.com/englacial/zagg/internal/store"
)

// maxList is the longest list of granules that is fetched, in bytes.
const maxList = 64 << 20

// process answers an event that is one shard's work.
func (in *invocation) process(ctx context.Context) (job.Response, error) {
	j, recipe, err := in.prepare(ctx)
	if err != nil {
		return in.refuse(ctx, err)
	}
	in.log.Info("lambda_invocation", "shard_key", j.ShardKey, "label", in.label, "shards", max(len(j.Shards), 1), "granule_count", len(j.Granules), "child_order", j.ChildOrder,
		"chunk_idx", j.ChunkIdx, "run_id", j.RunID, "request_id", in.requestID, "container_generation", in.container.Generation)
	beat, err := in.startHeartbeat(ctx, j)
	if err != nil {
		return in.refuse(ctx, err)
	}
	outs, errs := in.work(beat.ctx, j, recipe)
	if err := beat.end(); err != nil {
		return in.failUnwritten(ctx, err)
	}
	for _, err := range errs {
		if _, ok := errors.AsType[*panicError](err); ok {
			return job.Response{}, err
		}
		if e, ok := errors.AsType[*misfitError](err); ok {
			defer beat.forget(ctx)
			return in.refuse(ctx, e.error)
		}
	}
	done := in.answer(j, recipe, outs, errs)
	in.log.Info("processing_complete", "shard_key", done.ShardKey, "label", done.Label, "status", done.Status, "skipped", done.Skipped,
		"cells_with_data", done.CellsWithData, "total_obs", done.TotalObs, "duration_s", done.DurationS, "max_memory_mb", done.MaxMemoryMB,
		"error", done.Error, "code", done.Code, "request_id", in.requestID)
	status := 200
	text := ""
	if done.Error != nil {
		status, text = 500, *done.Error
	}
	r, err := job.NewResponse(status, done)
	if err == nil {
		if err = in.publish(ctx, r, text, done.Status); err == nil {
			beat.forget(ctx)
		}
	}
	return r, err
}

// failUnwritten is the end of an invocation that cannot write: an error of the function, which Lambda passes on.
func (in *invocation) failUnwritten(ctx context.Context, cause error) (job.Response, error) {
	if r, err := in.failure(cause); err == nil {
		in.publish(ctx, r, cause.Error(), job.Failed) //nolint:errcheck // it is as likely to fail
	}
	return job.Response{}, fmt.Errorf("shard %s: %w", in.name(), cause)
}

// prepare reads the event and turns its configuration into things; every error is the event's.
func (in *invocation) prepare(ctx context.Context) (*job.Job, *host.Recipe, error) {
	in.mirror.parseEssentials(in)
	j, err := job.Decode(in.event)
	if err != nil {
		return nil, nil, err
	}
	in.shard, in.label = j.ShardKey, j.Label
	if err := checkKeys("s3_credentials", j.S3Credentials); err != nil {
		return nil, nil, err
	}
	if err := checkKeys("output_credentials", j.OutputCredentials); err != nil {
		return nil, nil, err
	}
	if err := in.checkAddresses(j); err != nil {
		return nil, nil, err
	}
	cfg, err := configOf(ctx, in.host, j)
	if err != nil {
		return nil, nil, err
	}
	in.mirror.config = cfg
	recipe, err := in.recipe(ctx, cfg)
	if err == nil {
		recipe, err = recipe.As(j.Plugins)
	}
	if err != nil {
		return nil, nil, err
	}
	if err := checkOrders(j.ParentOrder, j.ChildOrder, recipe.Grid); err != nil {
		return nil, nil, err
	}
	return j, recipe, in.checkPlace(ctx, j, recipe)
}

// checkPlace refuses shards that the configuration's grid does not have, or whose place in the store the event does not tell.
func (in *invocation) checkPlace(ctx context.Context, j *job.Job, recipe *host.Recipe) error {
	if signature := recipe.Info().Signature; len(j.GridSignature) > 0 && string(j.GridSignature) != string(signature) {
		return core.Errorf(core.Invalid, "event", "grid_signature", "the job was planned for grid %s and this is %s", j.GridSignature, signature)
	}
	jobs := j.Split()
	keys := make([]core.ShardKey, len(jobs))
	for i, one := range jobs {
		keys[i] = one.ShardKey
	}
	shards, err := recipe.Grid.Shards(ctx, keys)
	if err != nil {
		return err
	}
	if in.template, err = recipe.JobTemplate(jobs[0]); err != nil {
		return err
	}
	for i, one := range jobs {
		if i >= len(shards) {
			return core.Errorf(core.Internal, "shard", string(one.ShardKey), "the grid describes %d shards of %d", len(shards), len(keys))
		}
		if err := in.template.CheckPlace(one, shards[i]); err != nil {
			return err
		}
	}
	return nil
}

// A misfitError is of an event that is for another store than the one it names.
type misfitError struct{ error }

func (e *misfitError) Unwrap() error { return e.error }

// checkFits refuses a store that was set up for another grid, configuration or plan than the event's.
func checkFits(ctx context.Context, t *host.Template, output core.ObjectStore, url string) error {
	err := t.Store.Check(ctx, output, url)
	if core.Is(err, core.Invalid) {
		return &misfitError{err}
	}
	return err
}

// work computes the shards of a job, in the order of job.Job.Split. A single error is of the job.
func (in *invocation) work(ctx context.Context, j *job.Job, recipe *host.Recipe) ([]*host.Outcome, []error) {
	t, stores, seen, err := in.openJob(ctx, j, recipe)
	if err != nil {
		return nil, []error{err}
	}
	limited, cancel, left := limit(ctx)
	defer cancel()
	outs, errs := t.ProcessAll(limited, stores, j.Split(), host.Version)
	var source, output objstore.Usage
	for _, out := range outs {
		source, output = source.Add(out.Source), output.Add(out.Output)
	}
	for i, err := range errs {
		if err != nil && limited.Err() != nil && ctx.Err() == nil {
			errs[i] = stopped(seen, source, output, time.Since(in.start), left, err)
		}
	}
	return outs, errs
}

// openJob opens the stores of a job.
func (in *invocation) openJob(ctx context.Context, j *job.Job, recipe *host.Recipe) (t *host.Template, stores host.Stores, seen *progress, err error) {
	cfg := recipe.Config
	output, err := in.output(ctx, j.OutputCredentials, j.Region, j.Terms, cfg, j.StorePath)
	if err != nil {
		return nil, stores, nil, err
	}
	if err := in.list(ctx, j, output); err != nil {
		return nil, stores, nil, err
	}
	plain, err := in.source(ctx, j, cfg, output)
	if err != nil {
		return nil, stores, nil, err
	}
	t = in.template
	made, err := in.checkStore(ctx, t, j, cfg, output)
	if err != nil {
		return nil, stores, nil, err
	}
	seen = watch(plain, j.Granules)
	url := ""
	if len(j.Granules) > 0 {
		url = j.Granules[0].URL()
	}
	stores = host.NewStores(seen, output, url)
	stores.Made = made
	stores.Index, stores.Used, stores.Budget = &host.IndexStore{Store: output}, in.used, in.budget
	return t, stores, seen, nil
}

// limit ends a context early enough before its deadline; left is how much before.
func limit(ctx context.Context) (limited context.Context, cancel context.CancelFunc, left time.Duration) {
	deadline, ok := ctx.Deadline()
	if !ok {
		limited, cancel = context.WithCancel(ctx)
		return limited, cancel, 0
	}
	left = early(time.Until(deadline))
	limited, cancel = context.WithDeadline(ctx, deadline.Add(-left))
	return limited, cancel, left
}

// list fetches the granules that were too many for the event.
func (in *invocation) list(ctx context.Context, j *job.Job, output core.ObjectStore) error {
	if j.GranulesURL == "" {
		return nil
	}
	data, err := objstore.ReadAll(ctx, objstore.RetryReader(output, objstore.Policy{}), j.GranulesURL, maxList)
	if err != nil {
		return err
	}
	return j.SetGranules(data)
}

// checkStore refuses a store that was not set up for the job, and says which set-up it is. Within a run its metadata are read
// once.
func (in *invocation) checkStore(ctx context.Context, t *host.Template, j *job.Job, cfg *config.Config, output core.ObjectStore) (store.Stamp, error) {
	key := j.StorePath + "\n" + j.RunID + "\n" + t.Store.Plan + "\n" + string(cfg.JSON()) + "\n" + t.Recipe.Hash() + "\n" + t.Store.WindowsText()
	in.mu.Lock()
	made, ok := in.ready.get(key)
	in.mu.Unlock()
	output = objstore.Retry(output, objstore.Policy{})
	if ok && j.RunID != "" && t.Store.CheckUnchanged(ctx, output, j.StorePath, made) == nil {
		return made, nil
	}
	made, err := t.Store.Stamp(ctx, output, j.StorePath)
	if err != nil && !core.Is(err, core.NotFound) {
		return made, err
	}
	if err := checkFits(ctx, t, output, j.StorePath); err != nil {
		return made, err
	}
	in.mu.Lock()
	in.ready.put(key, made)
	in.mu.Unlock()
	return made, nil
}

// answer is the body of the answer: of a job of many shards the sums, and each shard's own.
func (in *invocation) answer(j *job.Job, recipe *host.Recipe, outs []*host.Outcome, errs []error) *job.Done {
	if len(j.Shards) == 0 || len(outs) == 0 {
		var out *host.Outcome
		if len(outs) > 0 {
			out = outs[0]
		}
		return in.done(j, recipe, out, errs[0])
	}
	all := in.blank()
	all.ShardKey, all.Label, all.RunID, all.GranuleCount = j.ShardKey, j.Label, j.RunID, len(j.Granules)
	all.SemanticHash, all.Status, all.Receipt = recipe.Hash(), job.OK, &job.Receipt{}
	var failed error
	n := 0
	for i, one := range j.Split() {
		d := in.done(one, recipe, outs[i], errs[i])
		d.Container, d.DurationS, d.RequestID, d.RunID, d.SemanticHash = job.Container{}, 0, "", "", ""
		all.add(d)
		if errs[i] != nil {
			n++
			failed = cmp.Or(failed, errs[i])
		}
	}
	if failed != nil {
		all.fail(core.Wrapf(failed, "", "", "%d of %d shards failed; the first: %w", n, len(j.Shards), failed))
	}
	return all.Done
}

// add counts a shard of a job of many.
func (d body) add(one *job.Done) {
	d.Shards = append(d.Shards, *one)
	d.CellsWithData += one.CellsWithData
	d.TotalObs += one.TotalObs
	d.TotalObsRead += one.TotalObsRead
	d.FilesProcessed += one.FilesProcessed
	if one.Status == job.Partial {
		d.Status = job.Partial
	}
	if one.Receipt != nil && !one.Skipped {
		d.Receipt.Add(one.Receipt)
	}
}

// done is the body of the answer about one shard.
func (in *invocation) done(j *job.Job, recipe *host.Recipe, out *host.Outcome, err error) *job.Done {
	d := in.blank()
	d.ShardKey, d.Label, d.RunID, d.GranuleCount = j.ShardKey, j.Label, j.RunID, len(j.Granules)
	d.SemanticHash = recipe.Hash()
	if err != nil {
		d.fail(err)
		return d.Done
	}
	rec := out.Record
	r := &rec.Receipt
	d.ShardKey, d.Label, d.Status, d.Skipped, d.Receipt = rec.ShardKey, rec.Label, rec.Status, out.Skipped, r
	d.CellsWithData, d.TotalObs, d.TotalObsRead = r.Cells, r.Observations.Kept, r.Observations.Read
	d.FilesProcessed, d.PhaseTimings = r.Granules, r.Phases
	if n := len(rec.Folded); n > 0 && !out.Skipped {
		d.Folded = rec.Folded[n-1]
	}
	d.RecordURL = store.At(j.StorePath).Record(rec.Label)
	d.ReadErrors = len(r.ReadErrors)
	d.GranuleErrors = len(r.ReadErrors)
	for _, e := range r.ReadErrors {
		if e.Code == core.Denied.String() {
			d.AuthErrors++
		}
		d.exemplar(e.Text)
	}
	if out.Unwritten != nil {
		d.Unwritten = out.Unwritten.Error()
	}
	if rec.Status == job.Empty {
		text := job.NoData
		if len(j.Granules) == 0 {
			text = job.NoGranules
		}
		d.Error = &text
	}
	return d.Done
}

// A body is a Done that is being filled.
type body struct{ *job.Done }

func (in *invocation) blank() body {
	return body{&job.Done{ShardKey: in.shard, Label: in.label, Status: job.Failed, RequestID: in.requestID, Version: host.Version,
		DurationS: time.Since(in.start).Seconds(), Container: in.measured()}}
}

// fail makes it the answer to a job that was not done.
func (d body) fail(err error) {
	text := err.Error()
	code := core.CodeOf(err)
	d.Status, d.Error, d.Code = job.Failed, &text, code.String()
	d.TimedOut = errors.Is(err, context.DeadlineExceeded)
	switch code {
	case core.Denied, core.NotFound, core.Corrupt, core.Unavailable:
		d.ReadErrors = 1
		d.exemplar(text)
	}
	if code == core.Denied {
		d.AuthErrors = 1
		d.Expired = strings.Contains(text, "credentials expired") // as package s3store says
	}
}

// exemplar keeps the first errors, cut.
func (d body) exemplar(text string) {
	const most, length = 3, 300
	if len(d.Exemplars) < most {
		d.Exemplars = append(d.Exemplars, text[:min(len(text), length)])
	}
}

// failure is the answer to an error that is not the event's.
func (in *invocation) failure(err error) (job.Response, error) {
	d := in.blank()
	d.fail(err)
	return job.NewResponse(500, d)
}

// refuse is the answer to an event that is wrong.
func (in *invocation) refuse(ctx context.Context, err error) (job.Response, error) {
	if p, ok := errors.AsType[*panicError](err); ok {
		return job.Response{}, p
	}
	d := in.blank()
	text := plainText(err)
	d.Error, d.Code = &text, core.CodeOf(err).String()
	in.log.Error("event_refused", "shard_key", in.shard, "error", text, "code", d.Code, "request_id", in.requestID)
	r, err := job.NewResponse(400, d)
	if err == nil {
		err = in.publish(ctx, r, text, job.Failed)
	}
	return r, err
}

// plainText is an error without what was tried on what, where that is the event itself.
func plainText(err error) string {
	if e, ok := errors.AsType[*core.Error](err); ok && (e.Op == "job.Decode" || e.Op == "job.DecodeCall") {
		return e.Err.Error()
	}
	return err.Error()
}
