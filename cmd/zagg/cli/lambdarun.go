package cli

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"syscall"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/host"
	"github.com/englacial/zagg/internal/job"
	"github.com/englacial/zagg/internal/plan"
)

// errLeft is the end of waiting for a shard that goes on without this process.
var errLeft = errors.New("left to itself")

// run computes one shard. Once its event is sent it is waited for even when the run is stopped: the function would go
// on anyway.
func (b *lambdaBackend) run(_ context.Context, j job.Job) (*host.Outcome, error) {
	b.atWork.Add(1)
	defer b.atWork.Add(-1)
	done, err := b.fleet.Run(b.waiting, j)
	return outcomeOf(done), err
}

// patient makes a first ^C stop the dispatch and wait for what is at work, and a second one leave it. say shows a line.
// end goes back to what a signal did before.
func (b *lambdaBackend) patient(ctx context.Context, say func(string)) (end func()) {
	waiting, leave := context.WithCancelCause(context.WithoutCancel(ctx))
	b.waiting = waiting
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	ended := make(chan struct{})
	next := func() bool {
		select {
		case <-signals:
			return true
		case <-ended:
			return false
		}
	}
	go func() {
		if next() {
			say(b.stopping())
		}
		if next() {
			leave(errLeft)
		}
	}()
	return func() {
		signal.Stop(signals)
		close(ended)
		leave(nil)
	}
}

// stopping is what is said after the first ^C.
func (b *lambdaBackend) stopping() string {
	n := thousands(b.atWork.Load())
	if b.r.o.lambda.emulate {
		return "Stopping: no more shards are sent; waiting for " + n + " at work. ^C again ends them."
	}
	return "Stopping: no more shards are sent; waiting for " + n + " at work. ^C again leaves them to end by themselves."
}

// afterLeaving says what becomes of n shards that were not waited for, and how to find out.
func (b *lambdaBackend) afterLeaving(n int) string {
	switch {
	case n == 0:
		return ""
	case b.r.o.lambda.emulate:
		return thousands(int64(n)) + " more were at work and have ended."
	case b.r.o.lambda.invocation == "async":
		return thousands(int64(n)) + " more are at work on Lambda and end by themselves; this follows them:\n  zagg attach " + b.runs
	}
	return thousands(int64(n)) + " more are at work on Lambda and end by themselves; the same command finds what they have done."
}

// setUp makes the store ready. What this process may not write the function may: then it sets the store up.
func (r *runner) setUp(ctx context.Context, t *host.Template, p *plan.Plan, selected bool) (fresh bool, err error) {
	fresh, err = t.Setup(ctx, r.metered(), r.store, p, r.o.overwrite, selected)
	if r.cloud == nil || core.CodeOf(err) != core.Denied {
		return fresh, err
	}
	r.say("      this process may not write there: the function sets the store up")
	done, err := r.cloud.fleet.Call(ctx, &job.Call{
		Mode: job.ModeSetup, StorePath: r.store, Config: r.config.JSON(), RunID: r.runID, Region: r.o.region, ShardKeys: p.Keys(), Overwrite: r.o.overwrite, Selected: selected,
	})
	if err != nil {
		return false, err
	}
	return done.Fresh, nil
}

// prune removes what the plan does not have, through the function if this process may not.
func (r *runner) prune(ctx context.Context, t *host.Template, p *plan.Plan) ([]string, error) {
	gone, err := t.Prune(ctx, r.metered(), r.store, p)
	if r.cloud == nil || core.CodeOf(err) != core.Denied {
		return gone, err
	}
	done, err := r.cloud.fleet.Call(ctx, &job.Call{
		Mode: job.ModeFinalize, StorePath: r.store, Config: r.config.JSON(), RunID: r.runID, Region: r.o.region, ShardKeys: p.Keys(), Prune: true,
	})
	if err != nil {
		return nil, err
	}
	return done.Removed, nil
}
