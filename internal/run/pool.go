package run

import (
	"context"
	"sync"
)

// An ended is a job that ended.
type ended[J, R any] struct {
	Job    J
	Result R
	Err    error
}

// each executes every job with at most workers at once, in order of the slice, and calls report from one goroutine as
// each ends. A failing job does not stop the others. When ctx ends no further job is started, those under way are
// waited for, and the error is ctx's cause.
func each[J, R any](ctx context.Context, jobs []J, workers int, do func(context.Context, J) (R, error), report func(ended[J, R])) error {
	queue := make(chan J)
	results := make(chan ended[J, R])
	var pool sync.WaitGroup
	for range max(1, min(workers, len(jobs))) {
		pool.Go(func() {
			for job := range queue {
				r, err := do(ctx, job)
				results <- ended[J, R]{Job: job, Result: r, Err: err}
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
