package run

// Waiting for invocations, and what an interrupt does to that.

import (
	"context"
	"errors"
	"os"

	"github.com/dustin/go-humanize"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/fleet"
	"github.com/englacial/zagg/internal/job"
)

// errLeave is the cause with which waiting ends for invocations that are at work.
var errLeave = errors.New("left to itself")

// invoke does jobs by one invocation.
func (b *cloud) invoke(jobs []*job.Job) ([]Result, []error) {
	b.atWork.Add(int64(len(jobs)))
	defer b.atWork.Add(-int64(len(jobs)))
	done, err := b.fleet.Run(b.waiting, job.Join(jobs))
	if errors.Is(err, errLeave) {
		err = &leftError{Then: b.afterInterrupt()}
	}
	return resultsOf(jobs, done, err)
}

// resultsOf are the results of jobs from the answer to their invocation.
func resultsOf(jobs []*job.Job, done *job.Done, err error) ([]Result, []error) {
	results, errs := make([]Result, len(jobs)), make([]error, len(jobs))
	if done != nil && err == nil && len(jobs) > 1 && len(done.Shards) == len(jobs) {
		for i := range jobs {
			results[i], errs[i] = resultOf(&done.Shards[i]), fleet.ErrorOf(&done.Shards[i])
			results[i].Final = done.Shards[i].TimedOut
		}
		return results, errs
	}
	if err == nil && len(jobs) > 1 {
		err = core.Errorf(core.Internal, "shard", jobs[0].Label, "the function does not answer for each of %d shards: deploy a bundle of this release, or give --shards-per-job 1", len(jobs))
	}
	for i := range jobs {
		errs[i] = err
	}
	results[0] = resultOf(done)
	results[0].Final = done != nil && done.TimedOut
	return results, errs
}

// wait begins the time in which invocations are waited for. A first interrupt ends the run's own context, so that no
// more are begun while those at work are still waited for; a second one leaves these.
func (b *cloud) wait(ctx context.Context) {
	waiting, leave := context.WithCancelCause(context.WithoutCancel(ctx))
	var interrupts <-chan os.Signal
	stop := func() {}
	if b.o.Interrupts != nil {
		interrupts, stop = b.o.Interrupts()
	}
	ended := make(chan struct{})
	next := func() bool {
		select {
		case <-interrupts:
			return true
		case <-ended:
			return false
		}
	}
	go func() {
		if next() {
			b.r.progress.Warn(b.stopping())
		}
		if next() {
			leave(errLeave)
		}
	}()
	b.waiting = waiting
	b.end = func() {
		stop()
		close(ended)
		leave(nil)
	}
}

// stopping is the text shown after the first interrupt.
func (b *cloud) stopping() string {
	text := "Stopping: no more shards are sent; waiting for " + humanize.Comma(b.atWork.Load()) + " at work. "
	if b.o.Emulate {
		return text + "^C again ends them."
	}
	return text + "^C again leaves them to end by themselves."
}

// afterInterrupt says what becomes of shards that were not waited for, and how to find out.
func (b *cloud) afterInterrupt() string {
	switch {
	case b.o.Emulate:
		return "were at work and have ended."
	case !b.o.Sync:
		return "are at work on Lambda and end by themselves; this follows them:\n  zagg attach " + string(b.runs)
	}
	return "are at work on Lambda and end by themselves; the same command finds what they have done."
}
