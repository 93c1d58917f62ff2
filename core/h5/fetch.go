package h5

// Fetching: the bytes of plans, in one call for many of them.

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/h5/internal/cursor"
)

// A request is a piece of a plan that must be read.
type request struct {
	plan   int
	piece  int
	off, n int64
}

// Fetch reads what plans of this file need in one call of ReadRanges; ranges that touch or overlap become one, and bytes
// that the metadata cache has are not read. More bytes than Options.FetchBytes are refused as Invalid.
func (f *File) Fetch(ctx context.Context, plans ...*Plan) error {
	reqs, err := f.requests(plans)
	if err != nil {
		return err
	}
	return f.fetch(ctx, plans, reqs)
}

// requests lists what plans still need, ordered by offset, so that neighbours can be joined.
func (f *File) requests(plans []*Plan) ([]request, error) {
	var reqs []request
	total := int64(0)
	for k, p := range plans {
		for i := range p.pieces {
			if c := &p.pieces[i]; c.Address != NoAddress && p.raw[i] == nil {
				if total += c.Size; total > f.opt.FetchBytes {
					return nil, core.Errorf(core.Invalid, "h5.Fetch", f.url, "plans need more than the %d bytes of Options.FetchBytes: plan fewer rows", f.opt.FetchBytes)
				}
				reqs = append(reqs, request{k, i, int64(c.Address) + f.space.Base, c.Size})
			}
		}
	}
	slices.SortFunc(reqs, func(a, b request) int { return cmp.Compare(a.off, b.off) })
	return reqs, nil
}

// fetch reads requests, which are ordered by offset. Pieces get parts of what was read, without a copy, and each
// keeps all of it in memory until the plan is released.
func (f *File) fetch(ctx context.Context, plans []*Plan, reqs []request) error {
	if len(reqs) == 0 {
		return nil
	}
	var ranges []core.Range
	first := make([]int, len(reqs)) // range of each request
	for i, q := range reqs {
		if k := len(ranges) - 1; k >= 0 && q.off <= ranges[k].Offset+ranges[k].Length {
			ranges[k].Length = max(ranges[k].Length, q.off+q.n-ranges[k].Offset)
		} else {
			ranges = append(ranges, core.Range{Offset: q.off, Length: q.n})
		}
		first[i] = len(ranges) - 1
	}
	data, err := f.space.Fetch(ctx, ranges)
	if err != nil {
		return f.fail("h5.Fetch", "", err)
	}
	for i, q := range reqs {
		b, at := data[first[i]], q.off-ranges[first[i]].Offset
		p := plans[q.plan]
		if int64(len(b)) < at+q.n {
			return f.fail("h5.Fetch", p.d.path, cursor.Corrupt("chunk", q.off, "%d bytes are wanted, and the file is truncated at byte %d", q.n, ranges[first[i]].Offset+int64(len(b))))
		}
		p.raw[q.piece] = b[at : at+q.n : at+q.n]
	}
	return nil
}

// quick is how soon a source answers that costs less to ask often than to wait for all of a long answer.
const quick = time.Millisecond

// ReadPlans is Fetch and Decode of many plans of this file, of which plans[i] fills out[i], by a number of goroutines. It
// reads Options.BatchBytes with a call and decodes what has arrived: from a source that answered a request within a
// millisecond each goroutine reads what it decodes next, else all calls are made at once. The fetched bytes are let go.
func (f *File) ReadPlans(ctx context.Context, workers int, plans []*Plan, out [][]byte) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	w := works{f: f, ctx: ctx, cancel: cancel, plans: plans, out: out}
	if err := w.room("h5.ReadPlans"); err != nil {
		return err
	}
	reqs, err := f.requests(plans)
	if err != nil {
		return err
	}
	for k, p := range plans {
		for i := range p.pieces {
			if p.pieces[i].Address == NoAddress || p.raw[i] != nil {
				w.ready = append(w.ready, work{k, i})
			}
		}
	}
	if f.space.Latency() < quick {
		w.split(reqs, cmp.Or(f.opt.BatchBytes, quickBatch))
	} else {
		w.split(reqs, cmp.Or(f.opt.BatchBytes, batchBytes))
		w.fetchAll()
	}
	err = w.run(workers)
	for _, p := range plans {
		p.Release()
	}
	return err
}
