// Package dispatch runs the jobs of a plan through an executor, a bounded number at once, and reports each as it ends.
// The executor is a function, so a local pool and a fleet of remote workers are told apart by the caller alone.
package dispatch

import (
	"context"
	"sync"
	"time"
)

// An Executor runs one job to its end.
type Executor[J, R any] func(ctx context.Context, job J) (R, error)

// A Done is a job that ended.
type Done[J, R any] struct {
	Job     J
	Result  R
	Err     error
	Seconds float64
	Count   int // jobs ended so far, this one included
	Total   int
}

// Run executes every job with at most workers at once, in order of the slice, and calls report from one goroutine as
// each ends. A failing job does not stop the others. When ctx ends no further job is started, those under way are
// waited for, and the error is ctx's cause.
func Run[J, R any](ctx context.Context, jobs []J, workers int, run Executor[J, R], report func(Done[J, R])) error {
	queue := make(chan J)
	ended := make(chan Done[J, R])
	var pool sync.WaitGroup
	for range max(1, min(workers, len(jobs))) {
		pool.Go(func() {
			for job := range queue {
				start := time.Now()
				r, err := run(ctx, job)
				ended <- Done[J, R]{Job: job, Result: r, Err: err, Seconds: time.Since(start).Seconds()}
			}
		})
	}
	go func() {
		defer close(queue)
		for _, j := range jobs {
			if ctx.Err() != nil { // select would choose either
				return
			}
			select {
			case queue <- j:
			case <-ctx.Done():
				return
			}
		}
	}()
	go func() {
		pool.Wait()
		close(ended)
	}()
	count := 0
	for d := range ended {
		count++
		d.Count, d.Total = count, len(jobs)
		report(d)
	}
	if count < len(jobs) {
		return context.Cause(ctx)
	}
	return nil
}
