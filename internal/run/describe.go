package run

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/host"
	"github.com/englacial/zagg/internal/job"
	"github.com/englacial/zagg/internal/store"
)

// anyStore stands for the store's address in texts that are stored: a store may be moved.
const anyStore = store.Layout("STORE")

// describe tells in the store how it was made, once all of its plan is done. Times and commands are in the reports of runs, beside the store:
// the same run again writes the same store.
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
		if first, last, ok := r.coverage(list.Names); ok {
			attrs["time_coverage_start"], attrs["time_coverage_end"] = first.Format(time.RFC3339), last.Format(time.RFC3339)
		}
		err = store.Describe(ctx, r.metered(), r.store, attrs)
	}
	if core.Is(err, core.Denied) {
		r.note("this process may not write the store: it does not tell its granules and history")
		return nil
	}
	return err
}

// releases are those of granules, by their names, each once; "" where a name does not tell.
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

// coverage is the time from the beginning of the first granule to that of the last, by their names, within the time that is asked for.
func (r *Run) coverage(names []string) (first, last time.Time, ok bool) {
	var times []time.Time
	known := starts()
	for _, n := range names {
		t, ok := began(known, n)
		if !ok {
			return first, last, false
		}
		times = append(times, t)
	}
	if len(times) == 0 {
		return first, last, false
	}
	first, last = slices.MinFunc(times, time.Time.Compare), slices.MaxFunc(times, time.Time.Compare)
	if r.plan.Time != nil { // the store has windows of other runs too
		return first, last, true
	}
	want := &r.config.DataSource.Select
	if want.Start.After(first) {
		first = want.Start
	}
	if !want.End.IsZero() && want.End.Before(last) {
		last = want.End
	}
	return first, last, !last.Before(first)
}

// A start is how names of a mission tell when a granule begins.
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

// began is when a granule begins, as its name tells.
func began(known []start, name string) (time.Time, bool) {
	for _, s := range known {
		if m := s.find.FindStringSubmatch(name); m != nil {
			t, err := time.Parse(s.layout, m[1])
			return t, err == nil
		}
	}
	return time.Time{}, false
}
