package run

// What the store tells about its origin: granules, history and time coverage, as attributes of its group.

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/objstore"
	"github.com/englacial/zagg/host"
	"github.com/englacial/zagg/internal/job"
	"github.com/englacial/zagg/internal/store"
)

// anyStore stands for the store's address in texts that are stored, because a store may be moved.
const anyStore = store.Layout("STORE")

// describe tells in the store how it was made, once all of the plan is done. Times and commands are left to the
// reports of runs, beside the store, so that the same run again writes the same store.
func (r *Run) describe(ctx context.Context) error {
	if r.total.Shards.Errors > 0 || r.selected() {
		return nil
	}
	missing := map[string]bool{}
	for _, id := range r.total.Missing {
		missing[id] = true
	}
	var names []string
	for i := range r.plan.Shards {
		for _, g := range r.plan.Shards[i].Granules {
			if !missing[g.ID] {
				names = append(names, job.BareName(g.URL()))
			}
		}
	}
	list, err := store.SaveGranules(ctx, r.metered(), r.store, names, r.o.Keep || r.plan.Time != nil)
	if err == nil {
		attrs := map[string]any{
			"history":       fmt.Sprintf("zagg %s: computed from configuration %.12s; commands and times are in the reports of runs, in %s", host.Version, r.config.SemanticHash(), strings.TrimSuffix(anyStore.Report(""), "/")),
			"granule_count": list.Count, "granules_sha256": list.SHA256, "granules_list": anyStore.Granules(),
		}
		if releases := r.releases(ctx, list.Names); releases != "" {
			attrs["product_version"] = releases
		}
		var seen *job.Observed
		if seen, err = r.observed(ctx); err != nil {
			return err
		}
		if seen == nil {
			seen = r.coverage(list.Names)
		}
		if seen != nil {
			attrs["time_coverage_start"], attrs["time_coverage_end"] = seen.First.Format(time.RFC3339Nano), seen.Last.Format(time.RFC3339Nano)
		}
		err = store.Describe(ctx, r.metered(), r.store, attrs)
	}
	if core.Is(err, core.Denied) {
		r.note("this process may not write the store: it does not tell its granules and history")
		return nil
	}
	return err
}

// releases are the releases of granules, by their names, each once; "" if some name does not tell.
func (r *Run) releases(ctx context.Context, names []string) string {
	reader, ok := r.recipe.Reader.(core.Identifier)
	if !ok {
		return ""
	}
	ids, err := reader.Identify(ctx, names)
	if err != nil {
		return ""
	}
	var all []string
	for _, id := range ids {
		if !id.Known() || len(id.Version) == 0 {
			return ""
		}
		all = append(all, fmt.Sprintf("%03d", id.Version[0]))
	}
	slices.Sort(all)
	return strings.Join(slices.Compact(all), ", ")
}

// observed is when the store's observations were made, as the records of its shards say; nil if some record does not
// know.
func (r *Run) observed(ctx context.Context) (*job.Observed, error) {
	all := r.total.seen
	if all.Observed == nil && all.Observations.Kept > 0 || !r.o.Keep && r.plan.Time == nil {
		return all.Observed, nil
	}
	planned := map[string]bool{}
	for i := range r.plan.Shards {
		planned[r.plan.Shards[i].Label] = true
	}
	labels, err := store.ListRecords(ctx, r.metered(), r.store)
	if errors.Is(err, objstore.ErrUnlisted) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	labels = slices.DeleteFunc(labels, func(l string) bool { return planned[l] })
	others := make([]*store.Record, len(labels))
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(recordsAtOnce)
	for i, l := range labels {
		g.Go(func() error {
			var err error
			others[i], _, err = store.FindRecord(gctx, r.metered(), r.store, l)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	for _, rec := range others {
		if rec != nil {
			all.Add(rec.Times())
		}
	}
	return all.Observed, nil
}

// coverage is the time from the beginning of the first granule to the end of the last, as the shard map has them; or
// else from the beginning of the first to that of the last, by their names. It lies within the time that was asked
// for, and is nil where neither tells.
func (r *Run) coverage(names []string) *job.Observed {
	all := r.span
	if all == nil {
		all = began(names)
	}
	if all == nil || r.plan.Time != nil { // the store has windows of other runs too
		return all
	}
	seen, want := *all, &r.config.DataSource.Select
	if want.Start.After(seen.First) {
		seen.First = want.Start
	}
	if !want.End.IsZero() && want.End.Before(seen.Last) {
		seen.Last = want.End
	}
	if seen.Last.Before(seen.First) {
		return nil
	}
	return &seen
}

// spanned is the time of the plan's granules as a shard map has it; nil if it does not say it of all of the store's
// granules.
func (r *Run) spanned() (seen *job.Observed) {
	if r.o.Keep || r.plan.Time != nil {
		return nil
	}
	for i := range r.plan.Shards {
		for _, g := range r.plan.Shards[i].Granules {
			if g.Start.IsZero() || g.End.IsZero() {
				return nil
			}
			seen = seen.With(g.Start.UTC(), g.End.UTC())
		}
	}
	return seen
}

// began is when the first and the last granule begin, if all their names tell; otherwise nil.
func began(names []string) (seen *job.Observed) {
	known := starts()
	for _, n := range names {
		t, tells := beginning(known, n)
		if !tells {
			return nil
		}
		seen = seen.With(t, t)
	}
	return seen
}

// A start tells how names of a mission say when a granule begins: an expression that finds the digits, and their
// layout.
type start struct {
	find   *regexp.Regexp
	layout string
}

// starts are those of ATL06_20181014001049_… and GEDI02_A_2019108002012_….
func starts() []start {
	return []start{
		{regexp.MustCompile(`(?:^|_)(\d{14})(?:_|\.|$)`), "20060102150405"},
		{regexp.MustCompile(`^GEDI\w*?_(\d{13})_`), "2006002150405"},
	}
}

// beginning is when a granule begins, as its name says; false if no mission's rule fits.
func beginning(known []start, name string) (time.Time, bool) {
	for _, s := range known {
		if m := s.find.FindStringSubmatch(name); m != nil {
			t, err := time.Parse(s.layout, m[1])
			return t, err == nil
		}
	}
	return time.Time{}, false
}
