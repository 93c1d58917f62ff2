package store

import (
	"context"
	"errors"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/objstore"
)

// A Claimant is a run that wants a store.
type Claimant struct {
	RunID  string
	Config string        // its hash
	Work   string        // Template.Work
	Alone  bool          // it will delete what the store holds
	Seen   string        // ETag of the claim when the run looked at the store first: with Alone it must still be that,
	Began  time.Time     // and no other run may have ended since
	Lasts  time.Duration // without a sign of life; 0: ClaimLasts
	// Detached says that the work may go on when this process has ended, so that its end says nothing.
	Detached bool
	// Lost is told once that the claim was taken away, Shared each time that other runs are at work, or have been since Seen, so that
	// what was seen of the store's shards may have changed, and Note why Acquire waits; all may be nil.
	Lost   func(error)
	Shared func()
	Note   func(text string)
}

// A Held is a store that a run has claimed. It gives signs of life until Release.
type Held struct {
	objects core.ObjectStore
	url     string
	who     Claimant
	holder  Holder
	// Advisory is why the claim does not keep out a run that begins at the same moment; nil: it does.
	Advisory error

	stop  context.CancelFunc
	ended sync.WaitGroup

	mu   sync.Mutex
	last time.Time // when the last sign of life was begun that was written
	lost error
}

// Acquire claims a store. It is refused (Invalid) while a run of other work is at it, or one that shares it with nobody. What
// objects are asked for is not guarded.
func Acquire(ctx context.Context, objects core.ObjectStore, url string, who Claimant) (*Held, error) {
	if who.Lasts <= 0 {
		who.Lasts = ClaimLasts
	}
	if who.Began.IsZero() {
		who.Began = time.Now()
	}
	host, _ := os.Hostname()
	h := &Held{objects: objects, url: url, who: who, holder: Holder{RunID: who.RunID, Config: who.Config, Host: host, PID: os.Getpid(), Began: who.Began.UTC().Truncate(time.Second)}}
	if !who.Detached {
		h.holder.Process = thisProcess()
	}
	if err := h.watch(ctx); err != nil {
		return nil, err
	}
	err := h.claim(ctx, true)
	if core.Is(err, core.Unsupported) {
		h.Advisory = err
		err = h.claim(ctx, false)
	}
	if err != nil {
		return nil, err
	}
	if h.Advisory == nil {
		if err := h.tryConditions(ctx); err != nil {
			return nil, err
		}
	}
	if h.Advisory != nil {
		if err := h.settle(ctx); err != nil {
			return nil, err
		}
	}
	beating, stop := context.WithCancel(context.WithoutCancel(ctx))
	h.stop = stop
	h.ended.Go(func() { h.beat(beating) })
	return h, nil
}

// watch waits, where a claim has run out by its own clock and stands in the way, as long as one sign of life may take: clocks of
// two machines differ.
func (h *Held) watch(ctx context.Context) error {
	c, etag, err := LoadClaim(ctx, h.objects, h.url)
	if err != nil || c == nil || len(c.Live()) > 0 || c.Work == h.who.Work && !c.Alone && !h.who.Alone {
		return err
	}
	if !slices.ContainsFunc(c.Holders, func(o Holder) bool { return !hasEnded(o.Process) }) {
		return nil
	}
	if h.who.Note != nil {
		h.who.Note(c.Holders[0].String() + ": its claim on the store has expired; waiting whether it renews the claim")
	}
	select {
	case <-ctx.Done():
		return core.Errorf(core.Unavailable, "claim", h.url, "%w", ctx.Err())
	case <-time.After(h.who.Lasts / 3):
	}
	_, now, err := LoadClaim(ctx, h.objects, h.url)
	if err == nil && now != etag {
		return refused(h.url, c.Holders, "by a clock that differs from this machine's")
	}
	return err
}

// claim puts the run into the claim.
func (h *Held) claim(ctx context.Context, conditional bool) error {
	begun := time.Now()
	shared := false
	err := change(ctx, h.objects, h.url, conditional, func(c *Claim, etag string) (*Claim, error) {
		live := c.Live()
		if slices.ContainsFunc(live, func(o Holder) bool { return o.RunID == h.who.RunID }) {
			return nil, nil // by a try whose answer was lost
		}
		shared = len(live) > 0 || etag != h.who.Seen
		switch {
		case len(live) > 0 && c.Work != h.who.Work:
			return nil, refused(h.url, live, "with another configuration or other granules")
		case len(live) > 0 && (c.Alone || h.who.Alone):
			return nil, refused(h.url, live, "and a run that overwrites a store shares it with nobody")
		case h.who.Alone && (etag != h.who.Seen || c != nil && c.Ended.After(h.who.Began)):
			return nil, core.Errorf(core.Invalid, "store", h.url, "another run has finished on it since this one began: check its results before you overwrite them")
		}
		h.holder.Beat, h.holder.Expires = begun.UTC().Truncate(time.Second), begun.Add(h.who.Lasts).UTC()
		next := &Claim{Work: h.who.Work, Alone: h.who.Alone, Holders: append(live, h.holder), Runs: 1}
		if c != nil {
			next.Runs, next.Ended = c.Runs+1, c.Ended
		}
		return next, nil
	})
	if err == nil {
		h.tellShared(shared)
		h.mu.Lock()
		defer h.mu.Unlock()
		h.last = begun
	}
	return err
}

func (h *Held) tellShared(shared bool) {
	if shared && h.who.Shared != nil {
		h.who.Shared()
	}
}

// tryConditions finds out whether the store kept the condition of the claim.
func (h *Held) tryConditions(ctx context.Context) error {
	at := At(h.url).Claim()
	data, err := objstore.ReadAll(ctx, h.objects, at, maxClaim)
	if err == nil {
		err = objstore.Conditions(ctx, h.objects, at, data)
	}
	if core.Is(err, core.Unsupported) {
		h.Advisory, err = err, nil
	}
	return err
}

// settle waits, where conditions do not keep out others, for those that began at the same moment, and looks who was the last to write.
func (h *Held) settle(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return core.Errorf(core.Unavailable, "claim", h.url, "%w", ctx.Err())
	case <-time.After(h.who.Lasts / 60):
	}
	return h.Confirm(ctx)
}

// beat gives signs of life until ctx ends.
func (h *Held) beat(ctx context.Context) {
	tick := time.NewTicker(h.who.Lasts / 4)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if h.renew(ctx) != nil {
			return
		}
	}
}

// errTaken is the end of a claim.
var errTaken = errors.New("the claim of this run on the store was taken away: it gave no sign of life for too long, or somebody unlocked the store")

// errGone is the end of a claim that was deleted with what it is for.
var errGone = errors.New("the claim of this run on the store is gone: somebody has deleted what lies beside the store, and perhaps the store; the same command begins again")

// renew gives one sign of life. What fails for a while is tried again at the next; the error is of a claim that is lost.
func (h *Held) renew(ctx context.Context) error {
	begun := time.Now()
	shared := false
	err := change(ctx, h.objects, h.url, h.Advisory == nil, func(c *Claim, _ string) (*Claim, error) {
		next := &Claim{Work: h.who.Work, Alone: h.who.Alone}
		if c != nil {
			next.Holders, next.Runs, next.Ended = c.Live(), c.Runs, c.Ended
			at := slices.IndexFunc(c.Holders, func(o Holder) bool { return o.RunID == h.who.RunID })
			if at < 0 || c.Work != h.who.Work {
				return nil, core.Errorf(core.Invalid, "store", h.url, "%w", errTaken)
			}
			next.Holders = slices.DeleteFunc(next.Holders, func(o Holder) bool { return o.RunID == h.who.RunID })
		}
		shared = len(next.Holders) > 0
		own := h.holder
		own.Beat, own.Expires = begun.UTC().Truncate(time.Second), begun.Add(h.who.Lasts).UTC()
		next.Holders = append(next.Holders, own)
		return next, nil
	})
	h.tellShared(shared)
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case err == nil:
		h.last = begun
	case errors.Is(err, errTaken):
		h.lost = err
		if h.who.Lost != nil {
			go h.who.Lost(err)
		}
		return err
	}
	return nil
}

// Confirm looks whether the claim is still this run's.
func (h *Held) Confirm(ctx context.Context) error {
	c, _, err := LoadClaim(ctx, h.objects, h.url)
	if err == nil && c == nil {
		return core.Errorf(core.Invalid, "store", h.url, "%w", errGone)
	}
	if err == nil && (!slices.ContainsFunc(c.Holders, func(o Holder) bool { return o.RunID == h.who.RunID })) {
		err = core.Errorf(core.Invalid, "store", h.url, "%w", errTaken)
	}
	return err
}

// Check is nil while the store is the run's: the claim is not lost, and so recent that no other run can have taken it over. The
// time that the machine slept counts.
func (h *Held) Check() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.lost != nil {
		return h.lost
	}
	now := time.Now()
	if since := max(now.Sub(h.last), now.Round(0).Sub(h.last.Round(0))); since > h.who.Lasts*3/4 {
		return core.Errorf(core.Unavailable, "store", h.url, "nothing is written while the run's claim on the store cannot be renewed: the last sign of life was %s ago", since.Round(time.Second))
	}
	return nil
}

// Release ends the signs of life and, unless the work goes on without this process, the claim.
func (h *Held) Release(ctx context.Context, goesOn bool) error {
	h.stop()
	h.ended.Wait()
	h.mu.Lock()
	lost := h.lost
	h.mu.Unlock()
	if goesOn || lost != nil {
		return nil
	}
	return change(ctx, h.objects, h.url, h.Advisory == nil, func(c *Claim, _ string) (*Claim, error) { return c.without(h.who.RunID), nil })
}
