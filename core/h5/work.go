package h5

// Decoding by several goroutines while the rest is still being read.

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/englacial/zagg/core"
)

// A work is a piece of a plan.
type work struct{ plan, piece int }

// works are the pieces to be decoded by several goroutines. Each takes the next piece or batch by a counter; no lock
// is held.
type works struct {
	f       *File
	ctx     context.Context
	cancel  context.CancelFunc // after a failure; nil: nothing is read
	plans   []*Plan
	out     [][]byte
	batches [][]request  // to be read first
	arrived []chan error // what became of each batch; nil: whoever takes one reads it
	reading sync.WaitGroup
	ready   []work

	batch, next atomic.Int64 // how many of batches and ready were taken
	failed      atomic.Bool
	err         error // the first, of whoever set failed
}

// room refuses results that do not fit in their buffers, before anything is read.
func (w *works) room(op string) error {
	if len(w.out) != len(w.plans) {
		return core.Errorf(core.Invalid, op, w.f.url, "%d buffers for %d plans", len(w.out), len(w.plans))
	}
	for i, p := range w.plans {
		if int64(len(w.out[i])) < p.Size() {
			return core.Errorf(core.Invalid, op, w.f.url+" "+p.d.path, "room for %d bytes, not %d", len(w.out[i]), p.Size())
		}
	}
	return nil
}

// split makes batches of requests of at least so many bytes; requests that share bytes come into the same batch.
func (w *works) split(reqs []request, batch int64) {
	for len(reqs) > 0 {
		n, end := 0, int64(0)
		for total := int64(0); n < len(reqs) && (total < batch || reqs[n].off < end); n++ {
			total += reqs[n].n
			end = max(end, reqs[n].off+reqs[n].n)
		}
		w.batches = append(w.batches, reqs[:n])
		reqs = reqs[n:]
	}
}

// fetchAll begins to read all batches.
func (w *works) fetchAll() {
	w.arrived = make([]chan error, len(w.batches))
	for i, b := range w.batches {
		w.arrived[i] = make(chan error, 1)
		w.reading.Go(func() { w.arrived[i] <- w.f.fetch(w.ctx, w.plans, b) })
	}
}

// fetched waits until batch i is read, or reads it itself.
func (w *works) fetched(i int) error {
	if w.arrived != nil {
		return <-w.arrived[i]
	}
	return w.f.fetch(w.ctx, w.plans, w.batches[i])
}

// run returns when all goroutines have ended, with the first error.
func (w *works) run(workers int) error {
	workers = min(workers, len(w.batches)+len(w.ready))
	var wg sync.WaitGroup
	for i := 1; i < workers; i++ {
		wg.Go(w.worker)
	}
	w.worker()
	wg.Wait()
	w.reading.Wait()
	return w.err
}

// fail notes the first error, has the others stop, and reports whether there was one.
func (w *works) fail(err error) bool {
	if err != nil && !w.failed.Swap(true) {
		w.err = err
		if w.cancel != nil {
			w.cancel()
		}
	}
	return err != nil
}

// worker decodes pieces until there are none left or something failed. Two jobs are open at a time, because two
// streams are inflated side by side in less time than one after the other.
func (w *works) worker() {
	var jobs [2]job
	var own []request // of the batch that was read last
	w.f.scratch.Inflate(func(lane, n int, err error) (dst, src []byte, ok bool) {
		j := &jobs[lane]
		if j.p != nil {
			if dst, src, ok = w.advance(j, j.task.Inflated(n, err)); ok {
				return dst, src, true
			}
		}
		for !w.failed.Load() {
			at, some, err := w.take(&own)
			if w.fail(err) || !some {
				break
			}
			more, err := j.begin(w.plans[at.plan], at.piece, w.out[at.plan])
			if w.fail(err) || !more {
				continue
			}
			if dst, src, ok = w.advance(j, nil); ok {
				return dst, src, true
			}
		}
		return nil, nil, false
	})
}

// advance goes on to the job's next stream, or finishes it.
func (w *works) advance(j *job, err error) (dst, src []byte, ok bool) {
	if err == nil {
		dst, src, ok, err = j.task.Next()
	}
	if !ok {
		w.fail(j.finish(err))
	}
	return dst, src, ok
}

// take is the next piece; own is what is left of the batch that this goroutine has read.
func (w *works) take(own *[]request) (at work, ok bool, err error) {
	if len(*own) == 0 {
		if i := int(w.batch.Add(1)) - 1; i < len(w.batches) {
			if err := w.fetched(i); err != nil {
				return work{}, false, err
			}
			*own = w.batches[i]
		}
	}
	if len(*own) > 0 {
		q := (*own)[0]
		*own = (*own)[1:]
		return work{q.plan, q.piece}, true, nil
	}
	if i := int(w.next.Add(1)) - 1; i < len(w.ready) {
		return w.ready[i], true, nil
	}
	return work{}, false, nil
}
