package host

// What workers need beyond a run: settings for reading, and templates for single jobs.

import (
	"context"
	"runtime"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/objstore"
	"github.com/englacial/zagg/internal/job"
	"github.com/englacial/zagg/internal/plan"
	"github.com/englacial/zagg/internal/windows"
)

// Version is the version of zagg in records, answers and --version.
const Version = "0.1.0"

// Neighbouring ranges are merged where the gap costs less than another request: 96 KiB over a network (on the benchmark's
// shard a fifth fewer requests than at 64 KiB for a fifth more bytes), 4 KiB in files, where a request is a system call. A
// request stays below 8 MiB so that a shard's memory does.
const (
	networkGap = 96 << 10
	fileGap    = 4 << 10
	maxRequest = 8 << 20
)

// requestBytes is what a worker of 2 GB takes in, at 75 MB/s, for the price of a request to S3: $0.0000004 against $0.0000333 a
// second.
const requestBytes = 900 << 10

// NewStores chooses the settings for reading granules from the address of one of them: the gap for merging ranges and the number
// of granules read at once. Over a network this is twice the number being computed, so that transfers overlap computing.
func NewStores(source core.ObjectReader, output core.ObjectStore, url string) Stores {
	s := Stores{Source: source, Output: output, Gap: fileGap, MaxRequest: maxRequest, Granules: 2}
	if scheme := objstore.Scheme(url); scheme != "" && scheme != "file" {
		s.Gap, s.Granules, s.Request = networkGap, min(max(2*runtime.GOMAXPROCS(0), 4), 8), requestBytes
	}
	return s
}

// JobTemplate returns the template for a single job, equal to the one of the whole plan.
func (r *Recipe) JobTemplate(j *job.Job) (*Template, error) {
	layout := r.Config.Output.Grid.Layout
	var axis *windows.Axis
	if j.Window != nil {
		axis = j.Window.Axis
	}
	if layout != "compact" {
		return r.layOut(job.PlanHash(layout, nil), 0, axis)
	}
	if j.Plan == "" || j.PlanShards <= 0 || j.Block == nil {
		return nil, core.Errorf(core.Invalid, "shard", string(j.ShardKey), "a job of a %s store needs plan, plan_shards and block; where they are not known, set output.grid.layout: fullsphere", layout)
	}
	return r.layOut(j.Plan, j.PlanShards, axis)
}

// PlanOf returns a plan with the shards of a call but without granules, which is enough to set up a store and to prune it.
func (r *Recipe) PlanOf(ctx context.Context, c *job.Call) (*plan.Plan, error) {
	keys := c.ShardKeys
	if (c.Windows == nil) != (r.Config.Output.Windowing == nil) {
		return nil, core.Errorf(core.Invalid, "plan", "", "a call has windows where the configuration has output.windowing, and only there")
	}
	if len(keys) == 0 && r.Config.Output.Grid.Layout == "compact" {
		return nil, core.Errorf(core.Invalid, "plan", "", "a compact store cannot be laid out without the keys of its shards")
	}
	p, err := plan.Make(ctx, r.Grid, keys, make([][]core.Granule, len(keys)))
	if err != nil || c.Windows == nil {
		return p, err
	}
	var in []plan.InWindow
	for _, w := range c.Planned {
		in = append(in, plan.InWindow{Place: w.Place, Keys: w.ShardKeys})
	}
	return p, p.Restore(c.Windows, in)
}
