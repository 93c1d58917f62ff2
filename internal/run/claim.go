package run

// The run's claim on its store, by which runs keep off each other (package store has the rules).

import (
	"context"
	"time"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/job"
	"github.com/englacial/zagg/internal/store"
)

// A detachedBackend has jobs that may go on after this process has ended, for at most timeToEnd. The claim outlasts
// them.
type detachedBackend interface{ timeToEnd() time.Duration }

// claim makes the store the run's until release is called. When the claim is lost, the context ends with the reason
// as its cause.
func (r *Run) claim(ctx context.Context, b Backend) (_ context.Context, release func(), err error) {
	ctx, lost := context.WithCancelCause(ctx)
	began := r.o.Began
	if began.IsZero() {
		began = r.start
	}
	who := store.Claimant{RunID: r.id, Config: r.config.SemanticHash(), Work: r.template.Store.Work(r.plan), Alone: r.o.Overwrite || r.o.Append == job.AppendFold, Seen: r.seen, Began: began, Lost: lost, Shared: r.records.LookAgain, Note: r.progress.Warn}
	if l, ok := b.(detachedBackend); ok {
		if more := l.timeToEnd(); more > 0 {
			who.Detached, who.Lasts = true, more+store.ClaimLasts
		}
	}
	held, err := store.Acquire(ctx, r.metered(), r.store, who)
	// A process that may only invoke functions has the function write the claim.
	if c, ok := b.(claiming); ok && core.Is(err, core.Denied) {
		r.note("this process may not write beside the store: the function claims it for the run")
		held, err = store.Acquire(ctx, c.claims(r.metered()), r.store, who)
		if core.Is(err, core.Unsupported) {
			err = core.Wrapf(err, "claim", r.store, "%w: the function is of an earlier release, deploy it again", err)
		}
	}
	if err != nil {
		lost(nil)
		return nil, nil, err
	}
	r.held = held
	r.guard.Hold(held)
	if held.Advisory != nil {
		r.progress.Warn("two runs that begin on this store at the same moment are not kept apart: " + held.Advisory.Error())
	}
	return ctx, func() {
		defer lost(nil)
		patient, cancel := context.WithTimeout(context.WithoutCancel(ctx), 30*time.Second)
		defer cancel()
		if err := held.Release(patient, who.Detached && r.left > 0); err != nil {
			r.note("the run's claim on the store could not be taken back, and ends by itself: %v", err)
		}
	}, nil
}
