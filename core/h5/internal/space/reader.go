package space

import (
	"context"
	"sync"

	"github.com/englacial/zagg/core/h5/internal/cursor"
)

// maxRead bounds one piece of metadata: the largest structures (global heap collections, fractal heap blocks, chunk
// index blocks) stay far below it, and a wrong length must not become an allocation.
const maxRead = 256 << 20

// A Reader reads structures for one operation, which may have several walkers. When every walker waits for bytes, all
// that they miss is fetched in one request. It carries the operation's context.
type Reader struct {
	*Space
	ctx context.Context

	mu      sync.Mutex
	running int // walkers that do not wait
	batch   *batch
}

// A batch is what walkers wait for together.
type batch struct {
	wants []extent
	n     int // walkers waiting
	segs  []*segment
	err   error
	done  chan struct{}
}

// Reader makes a Reader with one walker, the caller.
func (s *Space) Reader(ctx context.Context) *Reader {
	return &Reader{Space: s, ctx: ctx, running: 1, batch: &batch{done: make(chan struct{})}}
}

// Each runs walk(0) … walk(n-1) as walkers of their own and returns when all have ended, with their first error by
// index. The caller is a walker that waits meanwhile without asking for anything.
func (r *Reader) Each(n int, walk func(i int) error) error {
	if n == 1 {
		return walk(0)
	}
	errs := make([]error, n)
	var wg sync.WaitGroup
	r.mu.Lock()
	r.running += n
	r.mu.Unlock()
	for i := range n {
		wg.Go(func() {
			defer r.leave()
			errs[i] = walk(i)
		})
	}
	r.leave()
	wg.Wait()
	r.mu.Lock()
	r.running++
	r.mu.Unlock()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// leave takes a walker out; if all others wait, it does their fetching.
func (r *Reader) leave() {
	r.mu.Lock()
	r.running--
	b := r.due()
	r.mu.Unlock()
	r.flush(b)
}

// due takes the batch if nobody runs any more. r.mu is held.
func (r *Reader) due() *batch {
	if r.running > 0 || r.batch.n == 0 {
		return nil
	}
	b := r.batch
	r.batch = &batch{done: make(chan struct{})}
	r.running += b.n
	return b
}

func (r *Reader) flush(b *batch) {
	if b == nil {
		return
	}
	b.segs, b.err = r.load(r.ctx, b.wants)
	close(b.done)
}

// fetch waits until wants are there and returns segments that cover them and more.
func (r *Reader) fetch(wants []extent) ([]*segment, error) {
	r.mu.Lock()
	own := r.batch
	own.wants = append(own.wants, wants...)
	own.n++
	r.running--
	b := r.due()
	r.mu.Unlock()
	r.flush(b)
	<-own.done
	return own.segs, own.err
}

// cached is view of what the cache has.
func (r *Reader) cached(e extent) ([]byte, bool) {
	r.Space.mu.Lock()
	defer r.Space.mu.Unlock()
	b, ok := view(r.segs, e)
	if ok {
		r.clock++
		for i := find(r.segs, e.off); i < len(r.segs) && r.segs[i].off < e.end; i++ {
			r.segs[i].used = r.clock
		}
	}
	return b, ok
}

// Cached is the n bytes at addr if the cache has them.
func (r *Reader) Cached(addr uint64, n int64) ([]byte, bool) {
	e, err := r.extent("", addr, n)
	if err != nil || e.end-e.off < n {
		return nil, false
	}
	b, ok := r.cached(e)
	return b, ok && int64(len(b)) == n
}

// extent is where n bytes at address addr lie; an error if that is outside of the file.
func (r *Reader) extent(what string, addr uint64, n int64) (extent, error) {
	if addr >= uint64(r.Size) || int64(addr) > r.Size-r.Base-1 {
		return extent{}, cursor.Corrupt(what, int64(min(addr, 1<<63-1)), "lies beyond the end of the file at byte %d", r.Size)
	}
	if n < 0 || n > maxRead {
		return extent{}, cursor.Corrupt(what, int64(addr)+r.Base, "has an impossible size of %d bytes", n)
	}
	off := int64(addr) + r.Base
	return extent{off, min(off+n, r.Size)}, nil
}

// Peek is a Cursor over the n bytes at addr of the structure called what, or fewer where the file ends.
func (r *Reader) Peek(what string, addr uint64, n int64) (*cursor.Cursor, error) {
	e, err := r.extent(what, addr, n)
	if err != nil {
		return nil, err
	}
	r.note(e)
	b, ok := r.cached(e)
	if !ok {
		segs, err := r.fetch([]extent{e})
		if err != nil {
			return nil, err
		}
		if b, ok = view(segs, e); !ok {
			return nil, cursor.Corrupt(what, e.off, "file is truncated")
		}
	}
	return cursor.New(what, e.off, b, r.Sizes), nil
}

// Glance is Peek for a structure that is at least least bytes and seldom more than n: it is content with the bytes that
// the cache has if these are at least least, so that a piece missing at the end, which is likely not part of the
// structure, costs no request.
func (r *Reader) Glance(what string, addr uint64, least, n int64) (*cursor.Cursor, error) {
	e, err := r.extent(what, addr, n)
	if err != nil {
		return nil, err
	}
	if k := r.available(e); k < e.end-e.off && k >= least {
		n = k
	}
	return r.Peek(what, addr, n)
}

// available is how many bytes of e from its beginning the cache has.
func (r *Reader) available(e extent) int64 {
	r.Space.mu.Lock()
	defer r.Space.mu.Unlock()
	at := e.off
	for i := find(r.segs, at); i < len(r.segs) && r.segs[i].off <= at && at < e.end && r.segs[i].ready(); i++ {
		at = r.segs[i].end
	}
	return min(at, e.end) - e.off
}

// Read is Peek for a structure whose size is known: fewer than n bytes are an error.
func (r *Reader) Read(what string, addr uint64, n int64) (*cursor.Cursor, error) {
	c, err := r.Peek(what, addr, n)
	if err == nil && int64(c.Len()) < n {
		return nil, cursor.Corrupt(what, c.Base(), "%d bytes are wanted, and the file is truncated at byte %d", n, c.Base()+int64(c.Len()))
	}
	return c, err
}

// A Piece is n bytes at an address.
type Piece struct {
	Addr uint64
	N    int64
}

// Prefetch makes pieces be in the cache with one request, as far as they lie in the file and fit: a hint, so that
// reading them one by one costs no request each.
func (r *Reader) Prefetch(pieces []Piece) error {
	var wants []extent
	for _, p := range pieces {
		if e, err := r.extent("", p.Addr, p.N); err == nil {
			if _, ok := r.cached(e); !ok {
				wants = append(wants, e)
			}
		}
	}
	if len(wants) == 0 {
		return nil
	}
	_, err := r.fetch(wants)
	return err
}
