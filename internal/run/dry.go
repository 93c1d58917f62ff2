package run

// Dry runs: what a run would do, without writing.

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/dustin/go-humanize"

	"github.com/englacial/zagg/core/objstore"
	"github.com/englacial/zagg/internal/quantity"
	"github.com/englacial/zagg/internal/store"
)

// A Forecast is what a run would do. Sizes are bytes.
type Forecast struct {
	Shards       int
	Fewest, Most int // granules of a shard
	Pairs        int // of shard and granule
	Jobs         int // that a run on this machine has
	Memory       int64
	Scratch      int64  // bytes that rows beyond the memory may need on disk, as estimated
	ScratchDir   string // where
	Removed      []string
	Arrays       int
	Group, Store string
}

// mean is the number of granules of a shard.
func (f *Forecast) mean() float64 { return float64(f.Pairs) / float64(f.Shards) }

// MarshalJSON writes the members under the names that zagg run --dry-run --json has always had.
func (f *Forecast) MarshalJSON() ([]byte, error) {
	return json.Marshal(map[string]any{
		"dry_run": true, "total_cells": f.Shards, "granules_per_cell_min": f.Fewest, "granules_per_cell_max": f.Most,
		"granules_per_cell_avg": f.mean(), "store_path": f.Store, "jobs": f.Jobs, "memory": f.Memory, "scratch_bytes": f.Scratch, "scratch_dir": f.ScratchDir,
	})
}

// Print writes the forecast for people.
func (f *Forecast) Print(w io.Writer) error {
	fmt.Fprintf(w, "[DRY RUN] Would process %d cells\n", f.Shards)
	fmt.Fprintf(w, "Granules per cell: min=%d, max=%d, avg=%.1f\n", f.Fewest, f.Most, f.mean())
	fmt.Fprintf(w, "Jobs: %d here, with %s of memory\n", f.Jobs, humanize.IBytes(uint64(f.Memory)))
	fmt.Fprintf(w, "Scratch: about %s in %s\n", humanize.IBytes(uint64(f.Scratch)), f.ScratchDir)
	if len(f.Removed) > 0 {
		fmt.Fprintf(w, "Would remove %s that this plan does not have: %s\n", quantity.Counted(int64(len(f.Removed)), "shard"), Abbreviate(f.Removed))
	}
	fmt.Fprintf(w, "Arrays: %d in group %s\n", f.Arrays, f.Group)
	_, err := fmt.Fprintf(w, "Output: %s\n", f.Store)
	return err
}

// forecastScratch estimates how much the jobs that are at work at once keep beyond the half of the budget that is for
// rows.
func (r *Run) forecastScratch(f *Forecast) {
	g := r.grouped(r.jobs)
	groups := r.localGroups(g)
	f.Jobs, f.Memory, f.ScratchDir = len(groups), r.budget.Total(), cmp.Or(r.o.Scratch, os.TempDir())
	var kept []int64
	for _, group := range groups {
		kept = append(kept, g.bytesOf(group))
	}
	slices.SortFunc(kept, func(a, b int64) int { return cmp.Compare(b, a) })
	for _, n := range kept[:min(len(kept), r.workersHere())] {
		f.Scratch += n
	}
	f.Scratch = max(f.Scratch-f.Memory/2, 0)
}

// Dry finds out what a run would do, and writes nothing. The granules are read as far as finding the shards takes.
func Dry(ctx context.Context, o Options) (*Forecast, error) {
	o.dry = true
	r := begin(o)
	if err := r.prepare(ctx); err != nil {
		return nil, err
	}
	f := &Forecast{
		Shards: len(r.ranks), Fewest: len(r.plan.Shards[r.ranks[0]].Granules),
		Arrays: len(r.template.Store.Arrays()), Group: r.recipe.Info().Frame.Group, Store: r.store,
	}
	for _, i := range r.ranks {
		n := len(r.plan.Shards[i].Granules)
		f.Fewest, f.Most, f.Pairs = min(f.Fewest, n), max(f.Most, n), f.Pairs+n
	}
	r.forecastScratch(f)
	if o.Keep || o.Overwrite {
		return f, nil
	}
	var err error
	f.Removed, err = store.Stale(ctx, r.output, r.store, r.plan)
	if errors.Is(err, objstore.ErrUnlisted) {
		r.note("what the run would remove is unknown without s3:ListBucket: a run leaves it there")
		err = nil
	}
	return f, err
}
