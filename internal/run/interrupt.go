package run

import (
	"context"
	"errors"
	"os"

	"github.com/dustin/go-humanize"

	"github.com/englacial/zagg/internal/job"
)

// errLeave is why waiting for what is at work ends.
var errLeave = errors.New("left to itself")

// Compute does one job by an invocation. Once its event is sent it is waited for even when the run is stopped: the
// function would go on anyway.
func (b *cloud) Compute(_ context.Context, j job.Job) (Result, error) {
	b.atWork.Add(1)
	defer b.atWork.Add(-1)
	done, err := b.fleet.Run(b.waiting, j)
	if errors.Is(err, errLeave) {
		err = &LeftError{Then: b.then()}
	}
	return resultOf(done), err
}

// wait begins the time in which invocations are waited for. A first interrupt ends the run's own context, so that no
// more are begun, and those at work are still waited for; a second leaves them.
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

// stopping is what is said after the first interrupt.
func (b *cloud) stopping() string {
	text := "Stopping: no more shards are sent; waiting for " + humanize.Comma(b.atWork.Load()) + " at work. "
	if b.o.Emulate {
		return text + "^C again ends them."
	}
	return text + "^C again leaves them to end by themselves."
}

// then says what becomes of shards that were not waited for, and how to find out.
func (b *cloud) then() string {
	switch {
	case b.o.Emulate:
		return "were at work and have ended."
	case !b.o.Sync:
		return "are at work on Lambda and end by themselves; this follows them:\n  zagg attach " + b.runs
	}
	return "are at work on Lambda and end by themselves; the same command finds what they have done."
}
