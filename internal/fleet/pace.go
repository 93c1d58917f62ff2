package fleet

import (
	"context"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Lambda starts workers of one function at a rate: 1,000 at once and 1,000 every ten seconds after that.
// (Lambda Developer Guide, "Understanding Lambda function scaling")
const (
	startsAtOnce    = 1000
	startsPerSecond = 100
)

// sendsAtOnce bounds the events on their way at the same time. One takes some 30 ms, so that these are 4,000 a second.
const sendsAtOnce = 128

// A pace is how fast requests go to a function: as many at once as there are connections for, at the rate at which Lambda
// starts workers, and slower for as long as it throttles.
type pace struct {
	slots   chan struct{} // of requests at once
	starts  *rate.Limiter
	backoff time.Duration

	mu     sync.Mutex
	gap    time.Duration // between two requests; 0: Lambda takes all of them
	next   time.Time     // when the next request may go
	raised time.Time     // when gap grew last
}

func newPace(atOnce int, backoff time.Duration) *pace {
	return &pace{slots: make(chan struct{}, max(atOnce, 1)), starts: rate.NewLimiter(startsPerSecond, startsAtOnce), backoff: backoff}
}

// enter waits until a request may go. leave must follow.
func (p *pace) enter(ctx context.Context) error {
	select {
	case p.slots <- struct{}{}:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	err := p.starts.Wait(ctx)
	if err == nil {
		err = sleep(ctx, p.turn(time.Now()))
	}
	if err != nil {
		<-p.slots
	}
	return err
}

// turn is how long from now the next request must wait.
func (p *pace) turn(now time.Time) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.gap == 0 {
		return 0
	}
	at := p.next
	if at.Before(now) {
		at = now
	}
	p.next = at.Add(p.gap)
	return at.Sub(now)
}

// leave learns from how a request ended. Throttling halves the rate, once for all requests that were on their way; each
// request that is taken raises it a little.
func (p *pace) leave(throttled bool) {
	<-p.slots
	p.mu.Lock()
	defer p.mu.Unlock()
	least, most := p.backoff/64, p.backoff
	switch now := time.Now(); {
	case !throttled:
		if p.gap -= p.gap / 16; p.gap < least {
			p.gap = 0
		}
	case now.Sub(p.raised) > p.backoff/2:
		p.gap, p.raised = min(max(2*p.gap, 2*least), most), now
	}
}
