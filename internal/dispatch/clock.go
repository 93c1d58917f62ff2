// Package dispatch decides the order and pace in which jobs go to workers: which job is next, how many requests are sent at once, and
// what happens to refused ones. It works with the real clock for a run and with a simulated clock for a prediction.
package dispatch

// Clocks: real time for runs, and a virtual one for predictions and tests, on which hours pass in moments.

import (
	"container/heap"
	"context"
	"sync"
	"time"
)

// A Clock is time, and everything that waits for it. Code that waits by a Clock only can be run on virtual time.
type Clock interface {
	Now() time.Time
	// Sleep returns after d, or earlier with the cause of ctx's end.
	Sleep(ctx context.Context, d time.Duration) error
	// Go calls f with each number below n, each call in a goroutine of its own. Between themselves these may wait by the clock alone.
	Go(n int, f func(i int))
	// Gate lets n goroutines in at once.
	Gate(n int) Gate
}

// A Gate lets a limited number in at once. Leave must follow each Enter that returned no error.
type Gate interface {
	Enter(ctx context.Context) error
	Leave()
}

// RealTime is the Clock of the real time of day. It has no state.
type RealTime struct{}

// Now is the time of day.
func (RealTime) Now() time.Time { return time.Now() }

// Sleep waits.
func (RealTime) Sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-t.C:
		return nil
	}
}

// Go starts goroutines.
func (RealTime) Go(n int, f func(i int)) {
	for i := range n {
		go f(i)
	}
}

// Gate has a place for each of n.
func (RealTime) Gate(n int) Gate { return make(places, n) }

// places is a Gate: sending takes a place, receiving gives it back.
type places chan struct{}

func (p places) Enter(ctx context.Context) error {
	select {
	case p <- struct{}{}:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (p places) Leave() { <-p }

// A Virtual clock moves on to the next moment at which somebody wakes as soon as all its goroutines sleep, so that
// hours take only as long as the work that is done in them. Its goroutines run one at a time, in the order of their
// times, and for the same time in the order in which they came: so what they do is the same each time. The zero value
// is a clock at the beginning of 2000.
type Virtual struct {
	mu      sync.Mutex
	passed  time.Duration
	asleep  sleepers
	order   int
	running bool
}

// A sleeper is a goroutine that waits for a moment or, while it is not in Virtual.asleep, at a gate.
type sleeper struct {
	at    time.Duration
	order int
	wake  chan struct{}
}

// Now is the moment that the clock shows.
func (v *Virtual) Now() time.Time {
	v.mu.Lock()
	defer v.mu.Unlock()
	return time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC).Add(v.passed)
}

// Sleep lets the other goroutines go on. It must be called from goroutines that Go has started.
func (v *Virtual) Sleep(ctx context.Context, d time.Duration) error {
	v.mu.Lock()
	s := v.add(max(d, 0))
	v.next()
	v.mu.Unlock()
	<-s.wake
	return context.Cause(ctx)
}

// add adds a sleeper that wakes after d. v.mu is held.
func (v *Virtual) add(d time.Duration) *sleeper {
	s := &sleeper{at: v.passed + d, order: v.order, wake: make(chan struct{})}
	v.order++
	heap.Push(&v.asleep, s)
	return s
}

// next wakes the sleeper that is first. The caller's goroutine must not run on, or must not have begun. v.mu is held.
func (v *Virtual) next() {
	if v.running = len(v.asleep) > 0; !v.running {
		return
	}
	s := heap.Pop(&v.asleep).(*sleeper)
	v.passed = max(v.passed, s.at)
	close(s.wake)
}

// Go starts goroutines one after the other.
func (v *Virtual) Go(n int, f func(i int)) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for i := range n {
		s := v.add(0)
		go func() {
			<-s.wake
			f(i)
			v.mu.Lock()
			defer v.mu.Unlock()
			v.next()
		}()
	}
	if !v.running {
		v.next()
	}
}

// Gate is a gate at which those who have waited longest are let in first.
func (v *Virtual) Gate(n int) Gate { return &line{clock: v, free: n} }

// A line is a gate on a virtual clock. clock.mu guards it too.
type line struct {
	clock   *Virtual
	free    int
	waiting []*sleeper
}

func (l *line) Enter(ctx context.Context) error {
	l.clock.mu.Lock()
	if l.free > 0 {
		l.free--
		l.clock.mu.Unlock()
	} else {
		s := &sleeper{wake: make(chan struct{})}
		l.waiting = append(l.waiting, s)
		l.clock.next()
		l.clock.mu.Unlock()
		<-s.wake
	}
	// The place was taken, but nobody uses it.
	if ctx.Err() != nil {
		l.Leave()
	}
	return context.Cause(ctx)
}

func (l *line) Leave() {
	l.clock.mu.Lock()
	defer l.clock.mu.Unlock()
	if len(l.waiting) == 0 {
		l.free++
		return
	}
	// The place goes to the first in line, who wakes at this moment.
	s := l.waiting[0]
	l.waiting = l.waiting[1:]
	s.at, s.order = l.clock.passed, l.clock.order
	l.clock.order++
	heap.Push(&l.clock.asleep, s)
}

// sleepers is a heap (container/heap) with the sleeper that wakes first on top.
type sleepers []*sleeper

func (s sleepers) Len() int { return len(s) }
func (s sleepers) Less(i, j int) bool {
	return s[i].at < s[j].at || s[i].at == s[j].at && s[i].order < s[j].order
}
func (s sleepers) Swap(i, j int) { s[i], s[j] = s[j], s[i] }
func (s *sleepers) Push(x any)   { *s = append(*s, x.(*sleeper)) }
func (s *sleepers) Pop() any {
	old := *s
	last := old[len(old)-1]
	*s = old[:len(old)-1]
	return last
}
