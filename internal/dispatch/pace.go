package dispatch

// The pace of requests to a function: how many are on their way at once, how fast they follow each other, and what
// happens to those that are refused.

import (
	"context"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"
)

// Lambda starts workers of one function at a rate: 1,000 at once and 1,000 every ten seconds after that.
// (Lambda Developer Guide, "Understanding Lambda function scaling")
const (
	startsAtOnce    = 1000
	startsPerSecond = 100
)

// Starts is a limiter at the rate at which Lambda starts workers.
func Starts() *rate.Limiter { return rate.NewLimiter(startsPerSecond, startsAtOnce) }

// SendsAtOnce bounds the events on their way at the same time. One takes some 30 ms, so that these are 4,000 a second.
const SendsAtOnce = 128

// Room is how many workers an account has room for, given its limit and how many it uses: a twentieth of the limit,
// and at least 100, are kept free for others.
func Room(limit, used int) (room, kept int) {
	kept = max(100, limit/20)
	return limit - used - kept, kept
}

// MaxTries is how often one request that is lost on the way is sent at most.
const MaxTries = 4

// A Verdict is what an error means for the request.
type Verdict int

// What errors mean.
const (
	Final     Verdict = iota // another try would not change it
	Lost                     // on the way: sent again a few times
	Throttled                // refused because of how many there are: sent again for as long as Options.Patience, ever slower
)

// Options are how requests are sent. Clock, Starts and Judge must be set.
type Options struct {
	Clock    Clock
	AtOnce   int                               // requests on their way at the same time
	Starts   *rate.Limiter                     // of requests
	Backoff  time.Duration                     // before the first try again
	Patience time.Duration                     // with throttling, for each request
	Judge    func(error) Verdict               // of errors
	Jitter   func(time.Duration) time.Duration // a part of it; nil: at random
}

// A Pace is how fast requests go to a function: as many at once as there are connections for, at the rate at which
// Lambda starts workers, and slower for as long as it throttles. It is safe for concurrent use. mu guards the fields
// below it.
type Pace struct {
	o       Options
	slots   Gate // of requests at once
	turns   Gate // of one: who waits for the gap, so that the others go by what it is then
	retries atomic.Int64

	mu     sync.Mutex
	gap    time.Duration // between two requests; 0: Lambda takes all of them
	next   time.Time     // when the next request may go
	raised time.Time     // when gap grew last
}

// NewPace is the pace before the first request: as fast as the options allow.
func NewPace(o Options) *Pace {
	if o.Jitter == nil {
		o.Jitter = func(d time.Duration) time.Duration { return rand.N(d + 1) }
	}
	return &Pace{o: o, slots: o.Clock.Gate(max(o.AtOnce, 1)), turns: o.Clock.Gate(1)}
}

// Retries is the number of requests that were sent again.
func (p *Pace) Retries() int64 { return p.retries.Load() }

// Send makes one request until it is accepted or its error is final. What was throttled or lost on the way is sent
// again after a random pause that grows ("full jitter"). When ctx ends, the error is its cause.
func (p *Pace) Send(ctx context.Context, request func(context.Context) error) error {
	begun := p.o.Clock.Now()
	for try, lost := 0, 0; ; try++ {
		err := p.once(ctx, request)
		if err == nil {
			return nil
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		switch p.o.Judge(err) {
		case Throttled:
			if p.o.Clock.Now().Sub(begun) > p.o.Patience {
				return err
			}
		case Lost:
			if lost++; lost == MaxTries {
				return err
			}
		default:
			return err
		}
		p.retries.Add(1)
		if err := p.o.Clock.Sleep(ctx, p.o.Jitter(p.o.Backoff<<min(try, 4))); err != nil {
			return err
		}
	}
}

// once makes one try and tells the pace how it ended.
func (p *Pace) once(ctx context.Context, request func(context.Context) error) error {
	if err := p.enter(ctx); err != nil {
		return err
	}
	err := request(ctx)
	p.leave(err != nil && p.o.Judge(err) == Throttled)
	return err
}

// enter waits until a request may go. leave must follow.
func (p *Pace) enter(ctx context.Context) error {
	if err := p.slots.Enter(ctx); err != nil {
		return err
	}
	now := p.o.Clock.Now()
	err := p.sleep(ctx, p.o.Starts.ReserveN(now, 1).DelayFrom(now))
	if err == nil {
		err = p.await(ctx)
	}
	if err != nil {
		p.slots.Leave()
	}
	return err
}

func (p *Pace) sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return context.Cause(ctx)
	}
	return p.o.Clock.Sleep(ctx, d)
}

// await lets requests go one after the other while Lambda throttles: each takes its turn when the one before has
// gone, so that it goes by the gap as it is then.
func (p *Pace) await(ctx context.Context) error {
	p.mu.Lock()
	free := p.gap == 0
	p.mu.Unlock()
	if free {
		return nil
	}
	if err := p.turns.Enter(ctx); err != nil {
		return err
	}
	defer p.turns.Leave()
	return p.sleep(ctx, p.turn(p.o.Clock.Now()))
}

// turn is how long from now the next request must wait. It takes that moment for the caller.
func (p *Pace) turn(now time.Time) time.Duration {
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

// leave learns from how a request ended. Throttling halves the rate, once for all requests that were on their way;
// each request that is accepted raises it a little, until there is no gap.
func (p *Pace) leave(throttled bool) {
	p.slots.Leave()
	p.mu.Lock()
	defer p.mu.Unlock()
	least, most := p.o.Backoff/64, p.o.Backoff
	switch now := p.o.Clock.Now(); {
	case !throttled:
		if p.gap -= p.gap / 16; p.gap < least {
			p.gap = 0
		}
	case now.Sub(p.raised) > p.o.Backoff/2:
		p.gap, p.raised = min(max(2*p.gap, 2*least), most), now
	}
}
