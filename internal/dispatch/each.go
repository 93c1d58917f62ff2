package dispatch

// A pool of workers over a list of jobs.

import (
	"context"
	"sync"
)

// An Ended is a job that ended, with its result and its error.
type Ended[J, R any] struct {
	Job    J
	Result R
	Err    error
}

// Each executes every job with at most workers at once, in the order of the slice, and calls report from one
// goroutine as each ends. A failing job does not stop the others. When ctx ends no further job is started, those at
// work are waited for, and the error is ctx's cause.
func Each[J, R any](ctx context.Context, clock Clock, jobs []J, workers int, do func(context.Context, J) (R, error), report func(Ended[J, R])) error {
	queue := make(chan J)
	results := make(chan Ended[J, R])
	workers = max(1, min(workers, len(jobs)))
	var pool sync.WaitGroup
	pool.Add(workers)
	clock.Go(workers, func(int) {
		defer pool.Done()
		for job := range queue {
			r, err := do(ctx, job)
			results <- Ended[J, R]{Job: job, Result: r, Err: err}
		}
	})
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
		close(results)
	}()
	count := 0
	for d := range results {
		count++
		report(d)
	}
	if count < len(jobs) {
		return context.Cause(ctx)
	}
	return nil
}
