package run

// Grouping shards into jobs. Neighbours share granules, so a job of several shards reads each granule once for all of
// them.

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/cost"
	"github.com/englacial/zagg/internal/job"
	"github.com/englacial/zagg/internal/plan"
)

// mostGranules bounds the granules of a job: what is lost when a job is stopped, and how long its list of granules
// gets.
const mostGranules = 400

// A grouping divides jobs of one shard each, in the plan's order, into jobs of neighbours.
type grouping struct {
	jobs  []*job.Job
	lists [][]string // addresses of each job's granules
	kept  *plan.Kept[string]
}

// grouped prepares the grouping of jobs. How many rows they keep is estimated from all shards that a granule goes to.
func (r *Run) grouped(jobs []*job.Job) *grouping {
	g := &grouping{jobs: slices.Clone(jobs)}
	slices.SortStableFunc(g.jobs, func(a, b *job.Job) int {
		return cmp.Or(cmp.Compare(placeOf(a), placeOf(b)), core.CompareKeys(a.ShardKey, b.ShardKey))
	})
	sizes := map[string]int64{}
	for i := range g.jobs {
		list := make([]string, len(g.jobs[i].Granules))
		for k, granule := range g.jobs[i].Granules {
			list[k] = granule.URL()
			sizes[list[k]] = granule.Size
		}
		g.lists = append(g.lists, list)
	}
	g.kept = plan.NewKept(g.lists, func(url string) int64 { return sizes[url] })
	return g
}

// within makes groups within a bound, those with most granules first: long jobs that begin last would end last.
func (g *grouping) within(most plan.Bound) [][]*job.Job {
	var groups [][]*job.Job
	var all [][]int
	for from, to := 0, 0; from < len(g.jobs); from = to { // window by window
		for to = from; to < len(g.jobs) && placeOf(g.jobs[to]) == placeOf(g.jobs[from]); to++ {
		}
		for _, places := range plan.Group(g.lists[from:to], g.kept, most) {
			for i := range places {
				places[i] += from
			}
			all = append(all, places)
		}
	}
	plan.DensestFirst(all, g.lists)
	for _, places := range all {
		group := make([]*job.Job, len(places))
		for i, at := range places {
			group[i] = g.jobs[at]
		}
		groups = append(groups, group)
	}
	return groups
}

// placeOf is where a job's window lies along the time axis; 0 without windows.
func placeOf(j *job.Job) int64 {
	if j.Window == nil {
		return 0
	}
	return j.Window.Place
}

// shapes are groups as the cost model sees them.
func (s *Shape) shapes(groups [][]*job.Job) []cost.Job {
	out := make([]cost.Job, len(groups))
	for i, group := range groups {
		lists := make([][]string, len(group))
		for k := range group {
			for _, granule := range group[k].Granules {
				lists[k] = append(lists[k], granule.URL())
			}
		}
		out[i] = s.job(lists...)
	}
	return out
}

// bytesOf is how many bytes the rows of a group are estimated to take.
func (g *grouping) bytesOf(group []*job.Job) int64 {
	n := int64(0)
	for i := range group {
		list := make([]string, len(group[i].Granules))
		for k, granule := range group[i].Granules {
			list[k] = granule.URL()
		}
		n += g.kept.Of(list)
	}
	return n
}

// withRetry does a group of jobs, and then once more those that failed because something did not answer: a plugin's
// process that died, or a store. They are done together as before; but if some took too long together, shard by
// shard. With once nothing is done again.
func withRetry(ctx context.Context, b Backend, jobs []*job.Job, once bool) ([]Result, []error) {
	results, errs := b.Compute(ctx, jobs)
	if once {
		return results, errs
	}
	var again []int
	singly := false
	for i, err := range errs {
		_, left := errors.AsType[*leftError](err)
		if err != nil && !left && ctx.Err() == nil && core.Is(err, core.Unavailable) && (len(jobs) > 1 || !results[i].Final) {
			again, singly = append(again, i), singly || results[i].Final
		}
	}
	size := max(len(again), 1)
	if singly {
		size = 1
	}
	for some := range slices.Chunk(again, size) {
		if ctx.Err() != nil {
			break
		}
		retry(ctx, b, jobs, some, results, errs)
	}
	return results, errs
}

// retry does some of the jobs once more, together, and puts their results in place of the first ones.
func retry(ctx context.Context, b Backend, jobs []*job.Job, some []int, results []Result, errs []error) {
	group := make([]*job.Job, len(some))
	for k, i := range some {
		group[k] = jobs[i]
	}
	r, e := b.Compute(ctx, group)
	for k, i := range some {
		if r[k].Outcome != nil && results[i].Outcome != nil { // both were paid for
			r[k].Source, r[k].Output = r[k].Source.Add(results[i].Source), r[k].Output.Add(results[i].Output)
			r[k].Seconds += results[i].Seconds
		}
		results[i], errs[i] = r[k], e[k]
	}
}
