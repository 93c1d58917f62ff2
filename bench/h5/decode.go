package main

import (
	"sync"
	"sync/atomic"

	"github.com/englacial/zagg/core/h5"
)

// decode decodes the pieces of all plans by a number of threads.
func decode(plans []*h5.Plan, out [][]byte, threads int) error {
	type piece struct{ plan, i int }
	var all []piece
	for k, p := range plans {
		for i := range p.Pieces() {
			all = append(all, piece{k, i})
		}
	}
	var next atomic.Int64
	work := func() error {
		for {
			n := int(next.Add(1)) - 1
			if n >= len(all) {
				return nil
			}
			if err := plans[all[n].plan].DecodePiece(all[n].i, out[all[n].plan]); err != nil {
				return err
			}
		}
	}
	errs := make([]error, threads)
	var wg sync.WaitGroup
	for t := 1; t < threads; t++ {
		wg.Go(func() { errs[t] = work() })
	}
	errs[0] = work()
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
