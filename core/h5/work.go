package h5

import (
	"cmp"
	"context"
	"sync"
	"sync/atomic"

	"github.com/englacial/zagg/core"
)

// A work is a piece of a plan.
type work struct{ plan, piece int }

// works are pieces to be decoded by several goroutines.
type works struct {
	f       *File
	ctx     context.Context
	plans   []*Plan
	out     [][]byte
	batches [][]request // to be read first
	ready   []work

	batch, next atomic.Int64 // how many of batches and ready were taken
	failed      atomic.Bool
}

// room is an error where a result does not fit.
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

// split makes batches of requests, between which no byte is shared.
func (w *works) split(reqs []request) {
	for len(reqs) > 0 {
		n, end := 0, int64(0)
		for total := int64(0); n < len(reqs) && (total < batchBytes || reqs[n].off < end); n++ {
			total += reqs[n].n
			end = max(end, reqs[n].off+reqs[n].n)
		}
		w.batches = append(w.batches, reqs[:n])
		reqs = reqs[n:]
	}
}

// run returns when all goroutines have ended, with one's error.
func (w *works) run(workers int) error {
	workers = max(min(workers, len(w.batches)+len(w.ready)), 1)
	errs := make([]error, workers)
	var wg sync.WaitGroup
	for i := 1; i < workers; i++ {
		wg.Go(func() { errs[i] = w.worker() })
	}
	errs[0] = w.worker()
	wg.Wait()
	return cmp.Or(errs...)
}

// worker decodes pieces until there are none left or something failed.
func (w *works) worker() error {
	var (
		jobs [2]job
		own  []request // of the batch that was read last
		err  error
	)
	fail := func(e error) bool {
		if e != nil {
			w.failed.Store(true)
			if err == nil {
				err = e
			}
		}
		return e != nil
	}
	w.f.scratch.Inflate(func(lane, n int, failed error) (dst, src []byte, ok bool) {
		j := &jobs[lane]
		if j.p != nil {
			e := j.task.Inflated(n, failed)
			if dst, src, ok = j.advance(e, fail); ok {
				return dst, src, true
			}
		}
		for !w.failed.Load() {
			at, some, e := w.take(&own)
			if fail(e) || !some {
				break
			}
			more, e := j.begin(w.plans[at.plan], at.piece, w.out[at.plan])
			if fail(e) || !more {
				continue
			}
			if dst, src, ok = j.advance(nil, fail); ok {
				return dst, src, true
			}
		}
		return nil, nil, false
	})
	return err
}

// advance goes on to the job's next stream, or finishes it.
func (j *job) advance(err error, fail func(error) bool) (dst, src []byte, ok bool) {
	if err == nil {
		dst, src, ok, err = j.task.Next()
	}
	if !ok {
		fail(j.finish(err))
	}
	return dst, src, ok
}

// take is the next piece; own is what is left of the batch that this goroutine has read.
func (w *works) take(own *[]request) (at work, ok bool, err error) {
	if len(*own) == 0 {
		if i := int(w.batch.Add(1)) - 1; i < len(w.batches) {
			*own = w.batches[i]
			if err := w.f.fetch(w.ctx, w.plans, *own); err != nil {
				return work{}, false, err
			}
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
