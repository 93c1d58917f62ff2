// Package windows divides time into windows, each of which goes from its start to before its end: years, months or days of UTC, or
// spans that are listed.
package windows

import (
	"slices"
	"strings"
	"time"

	"github.com/englacial/zagg/core"
)

// The schedules.
const (
	Yearly   = "yearly"
	Monthly  = "monthly"
	Daily    = "daily"
	Explicit = "explicit"
)

// A Window is a span of time: the instants from Start to before End, UTC.
type Window struct {
	Label string    `json:"label"` // checkLabel
	Start time.Time `json:"start"`
	End   time.Time `json:"end"`
}

// Same reports whether two windows are one.
func (w Window) Same(o Window) bool {
	return w.Label == o.Label && w.Start.Equal(o.Start) && w.End.Equal(o.End)
}

// checkLabel refuses what cannot name a window: it is part of the names of records.
func checkLabel(label string) error {
	const good = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-"
	switch {
	case label == "" || len(label) > 32 || strings.Trim(label, good) != "":
		return core.Errorf(core.Invalid, "", "", "%q is not a name of a window; expected 1 to 32 letters, digits and hyphens", label)
	case strings.EqualFold(label, "all"):
		return core.Errorf(core.Invalid, "", "", "%q is kept for all windows together", label)
	}
	return nil
}

// A Schedule says which windows there are. Each has a number, which goes up with time; those of an explicit schedule are numbered by
// their places in the list, the others by the calendar, without a first or last one.
type Schedule struct {
	Kind string
	List []Window // of an explicit schedule, ascending, none overlapping
}

// layout is how a calendar's windows are spelled, "" for an explicit schedule.
func (s *Schedule) layout() string {
	return map[string]string{Yearly: "2006", Monthly: "2006-01", Daily: time.DateOnly}[s.Kind]
}

// Number is that of the window that an instant is in; false where it is in none.
func (s *Schedule) Number(t time.Time) (int, bool) {
	t = t.UTC()
	switch s.Kind {
	case Yearly:
		return t.Year(), true
	case Monthly:
		return t.Year()*12 + int(t.Month()) - 1, true
	case Daily:
		return int(floorDivide(t.Unix(), 86400)), true
	}
	i, found := slices.BinarySearchFunc(s.List, t, func(w Window, t time.Time) int { return w.Start.Compare(t) })
	if !found {
		i--
	}
	return i, i >= 0 && t.Before(s.List[i].End)
}

func floorDivide(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

// Window is the window of a number, which must be one of the schedule's.
func (s *Schedule) Window(n int) Window {
	var start, end time.Time
	switch s.Kind {
	case Yearly:
		start = time.Date(n, 1, 1, 0, 0, 0, 0, time.UTC)
		end = start.AddDate(1, 0, 0)
	case Monthly:
		start = time.Date(0, time.Month(n+1), 1, 0, 0, 0, 0, time.UTC)
		end = start.AddDate(0, 1, 0)
	case Daily:
		start = time.Unix(int64(n)*86400, 0).UTC()
		end = start.AddDate(0, 0, 1)
	default:
		return s.List[n]
	}
	return Window{Label: start.Format(s.layout()), Start: start, End: end}
}

// Meeting are the numbers of the windows that have an instant from a time to before another: from first to before last. A zero time is no
// bound; ok is false where a calendar would have no end.
func (s *Schedule) Meeting(from, to time.Time) (first, last int, ok bool) {
	if s.Kind == Explicit {
		last = len(s.List)
		if !from.IsZero() {
			first, _ = slices.BinarySearchFunc(s.List, from, func(w Window, t time.Time) int { return compareBefore(w.End, t) })
		}
		if !to.IsZero() {
			last, _ = slices.BinarySearchFunc(s.List, to, func(w Window, t time.Time) int { return w.Start.Compare(t) })
		}
		return first, max(first, last), true
	}
	if from.IsZero() || to.IsZero() {
		return 0, 0, false
	}
	first, _ = s.Number(from)
	if !from.Before(to) {
		return first, first, true
	}
	last, _ = s.Number(to.Add(-1))
	return first, last + 1, true
}

// compareBefore places a window that ends at or before an instant before it.
func compareBefore(end, t time.Time) int {
	if end.After(t) {
		return 1
	}
	return -1
}

// Border reports whether an instant divides no window. Where it does, it is in w.
func (s *Schedule) Border(t time.Time) (w Window, ok bool) {
	n, in := s.Number(t)
	if !in {
		return Window{}, true
	}
	w = s.Window(n)
	return w, w.Start.Equal(t)
}

// An Axis is the windows of a store, neighbours in order of time: the dimension "time" of its arrays. It only ever grows at its end.
type Axis struct {
	Schedule string   `json:"schedule"`
	First    string   `json:"first,omitempty"` // label; "" of an explicit schedule
	Count    int      `json:"count"`
	List     []Window `json:"windows,omitempty"` // of an explicit schedule
}

// NewAxis are the windows of a schedule from one number to before another. Those of an explicit schedule are all that are listed.
func NewAxis(s *Schedule, first, last int) *Axis {
	if s.Kind == Explicit {
		return &Axis{Schedule: Explicit, Count: len(s.List), List: s.List}
	}
	return &Axis{Schedule: s.Kind, First: s.Window(first).Label, Count: last - first}
}

// schedule is the axis' own, and the number of its first window.
func (a *Axis) schedule() (*Schedule, int) {
	s := &Schedule{Kind: a.Schedule, List: a.List}
	if a.Schedule == Explicit {
		return s, 0
	}
	start, _ := time.Parse(s.layout(), a.First) // Check
	n, _ := s.Number(start)
	return s, n
}

// mostWindows bounds an axis: a century of days.
const mostWindows = 40_000

// Check refuses an axis that is none: it comes from stores and events.
func (a *Axis) Check() error {
	s := &Schedule{Kind: a.Schedule, List: a.List}
	switch {
	case a.Count < 0 || a.Count > mostWindows:
		return core.Errorf(core.Invalid, "windows", "", "an axis of %d windows; expected 0 to %d", a.Count, mostWindows)
	case a.Schedule == Explicit && len(a.List) != a.Count:
		return core.Errorf(core.Invalid, "windows", "", "%d windows are listed of an axis of %d", len(a.List), a.Count)
	case a.Schedule == Explicit:
		for i := range a.List {
			if err := CheckNext(a.List[:i], a.List[i]); err != nil {
				return core.Wrap(err, "windows", "")
			}
		}
		return nil
	case s.layout() == "":
		return core.Errorf(core.Invalid, "windows", "", "no schedule is called %q; have yearly, monthly, daily, explicit", a.Schedule)
	}
	if _, err := time.Parse(s.layout(), a.First); err != nil {
		return core.Errorf(core.Invalid, "windows", "", "%q is not a window of a %s axis; expected such as %s", a.First, a.Schedule, s.layout())
	}
	return nil
}

// CheckNext refuses a window that cannot stand in a list after others: one that is empty, overlaps them or comes before them, or is
// called like one of them.
func CheckNext(list []Window, w Window) error {
	if err := checkLabel(w.Label); err != nil {
		return err
	}
	if !w.Start.Before(w.End) {
		return core.Errorf(core.Invalid, "", "", "window %s is empty: its end, %s, is not after its start, %s", w.Label, stamp(w.End), stamp(w.Start))
	}
	for _, o := range list {
		if strings.EqualFold(o.Label, w.Label) {
			return core.Errorf(core.Invalid, "", "", "two windows are called %s (capital and small letters are one)", w.Label)
		}
	}
	if len(list) == 0 {
		return nil
	}
	before := list[len(list)-1]
	switch {
	case !w.Start.Before(before.End):
		return nil
	case w.End.After(before.Start):
		return core.Errorf(core.Invalid, "", "", "window %s begins at %s, before %s ends at %s: windows must not overlap", w.Label, stamp(w.Start), before.Label, stamp(before.End))
	}
	return core.Errorf(core.Invalid, "", "", "window %s comes before %s: list windows in order of time", w.Label, before.Label)
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// Windows are all of the axis.
func (a *Axis) Windows() []Window {
	s, first := a.schedule()
	all := make([]Window, a.Count)
	for i := range all {
		all[i] = s.Window(first + i)
	}
	return all
}

// Window is the window in a place.
func (a *Axis) Window(place int) Window {
	s, first := a.schedule()
	return s.Window(first + place)
}

// Place is where the window of a number of the schedule lies along the axis.
func (a *Axis) Place(number int) int64 {
	_, first := a.schedule()
	return int64(number - first)
}

// Find is the place of the window with a label.
func (a *Axis) Find(label string) (int, bool) {
	all := a.Windows()
	i := slices.IndexFunc(all, func(w Window) bool { return w.Label == label })
	return i, i >= 0
}

// Grown is a store's axis with the windows of a run: with more at its end, or as it is. An axis has no room before its first window.
func (a *Axis) Grown(run *Axis) (*Axis, error) {
	if a.Schedule != run.Schedule {
		return nil, core.Errorf(core.Invalid, "windows", "", "the store has %s windows and the run %s ones", a.Schedule, run.Schedule)
	}
	if a.Schedule == Explicit {
		for i := range min(len(a.List), len(run.List)) {
			if !a.List[i].Same(run.List[i]) {
				return nil, core.Errorf(core.Invalid, "windows", run.List[i].Label, "window %d is %s from %s to %s, and in the store it is %s from %s to %s: new windows can only come after the store's",
					i+1, run.List[i].Label, stamp(run.List[i].Start), stamp(run.List[i].End), a.List[i].Label, stamp(a.List[i].Start), stamp(a.List[i].End))
			}
		}
		if len(run.List) < len(a.List) {
			return a, nil
		}
		return run, nil
	}
	s, first := a.schedule()
	_, begin := run.schedule()
	if begin < first {
		return nil, core.Errorf(core.Invalid, "windows", run.First, "it is before the first window of the store, %s, and windows can only be added at the end: choose another --store, --start %s, or --overwrite to begin anew",
			a.First, s.Window(first).Start.Format(time.DateOnly))
	}
	return &Axis{Schedule: a.Schedule, First: a.First, Count: max(a.Count, begin-first+run.Count)}, nil
}
