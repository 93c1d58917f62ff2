// Package budget limits the memory of a process. Work that must finish before other work can begin waits for a lease. Rows that are kept
// until their shard is written stay in memory only while there is room, and go to disk otherwise.
//
// Deadlock is impossible: at most half of the budget holds rows, a task that waits for a lease holds no other lease, and no lease is larger
// than the other half. Leases are granted in the order of requests.
package budget

import (
	"container/list"
	"context"
	"sync"

	"github.com/englacial/zagg/core"
)

// A Budget is a number of bytes. It is safe for concurrent use. A nil Budget has no bounds.
type Budget struct {
	total int64

	mu      sync.Mutex
	leased  int64
	kept    int64
	most    int64 // of leased and kept together, so far
	waiting list.List
}

// A waiter is who waits for a lease.
type waiter struct {
	n     int64
	ready chan struct{}
}

// New is a budget of so many bytes.
func New(total int64) *Budget { return &Budget{total: max(total, 1)} }

// Total is the bytes of the budget; 0: no bounds.
func (b *Budget) Total() int64 {
	if b == nil {
		return 0
	}
	return b.total
}

// MostLease is the largest lease.
func (b *Budget) MostLease() int64 {
	if b == nil {
		return 1 << 62
	}
	return max(b.total-b.total/2, 1)
}

// Peak is the most bytes that were taken at once.
func (b *Budget) Peak() int64 {
	if b == nil {
		return 0
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.most
}

// Lease takes n bytes, or MostLease where that is less, and waits until they are free. The caller must hold no other lease, and
// give this one back with release, which may be called more than once.
func (b *Budget) Lease(ctx context.Context, n int64) (release func(), err error) {
	if b == nil {
		return func() {}, nil
	}
	n = min(max(n, 0), b.MostLease())
	b.mu.Lock()
	if b.waiting.Len() == 0 && b.fits(n) {
		b.take(n)
		b.mu.Unlock()
		return b.releaser(n), nil
	}
	w := &waiter{n, make(chan struct{})}
	place := b.waiting.PushBack(w)
	b.mu.Unlock()
	select {
	case <-w.ready:
		return b.releaser(n), nil
	case <-ctx.Done():
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	select {
	case <-w.ready: // served at the same moment
		b.leased -= n
	default:
		b.waiting.Remove(place)
	}
	b.serve()
	return nil, core.Errorf(core.Unavailable, "", "", "waiting for memory: %w", context.Cause(ctx))
}

// fits reports whether n more bytes may be leased. Rows kept may be as many as half; of the rest a lease may take all.
func (b *Budget) fits(n int64) bool { return b.leased+n+b.kept <= b.total }

func (b *Budget) take(n int64) {
	b.leased += n
	b.most = max(b.most, b.leased+b.kept)
}

func (b *Budget) releaser(n int64) func() {
	var once sync.Once
	return func() {
		once.Do(func() {
			b.mu.Lock()
			defer b.mu.Unlock()
			b.leased -= n
			b.serve()
		})
	}
}

// serve gives leases to those who wait, in their order; b.mu is held.
func (b *Budget) serve() {
	for e := b.waiting.Front(); e != nil; e = b.waiting.Front() {
		w := e.Value.(*waiter)
		if !b.fits(w.n) {
			return
		}
		b.take(w.n)
		b.waiting.Remove(e)
		close(w.ready)
	}
}

// Keep takes n bytes for rows that are kept, if there is room for them; it never waits. Those who wait for a lease come first.
func (b *Budget) Keep(n int64) bool {
	if b == nil {
		return true
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.kept+n > b.total/2 || b.kept+n+b.leased > b.total {
		return false
	}
	b.kept += n
	b.most = max(b.most, b.leased+b.kept)
	return true
}

// Let gives kept bytes back.
func (b *Budget) Let(n int64) {
	if b == nil || n == 0 {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.kept -= n
	b.serve()
}
