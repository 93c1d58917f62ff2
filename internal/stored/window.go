package stored

import (
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/config"
	"github.com/englacial/zagg/internal/job"
	"github.com/englacial/zagg/internal/plan"
	"github.com/englacial/zagg/internal/store"
	"github.com/englacial/zagg/internal/windows"
)

// AtTime narrows the store to one of its windows: the one of that label, or that an instant is in, such as 2019-02-14. What has windows can
// only be shown at one of them, and what has none at "".
func (s *Store) AtTime(text string) error {
	axis := s.Made.Windows
	if axis == nil {
		if text != "" {
			return core.Errorf(core.Invalid, "--time", text, "%s has no windows of time", s.URL)
		}
		return nil
	}
	if err := axis.Check(); err != nil {
		return core.Wrap(err, "", s.URL)
	}
	all := axis.Windows()
	if text == "" {
		return core.Errorf(core.Invalid, "", s.URL, "the store has %s: say by --time which one, such as --time %s", windowsOf(axis), all[len(all)-1].Label)
	}
	i := slices.IndexFunc(all, func(w windows.Window) bool { return w.Label == text })
	if at, err := config.ParseBound(text, false); i < 0 && err == nil {
		i = slices.IndexFunc(all, func(w windows.Window) bool { return !at.Before(w.Start) && at.Before(w.End) })
	}
	if i < 0 {
		return core.Errorf(core.NotFound, "--time", text, "it is none of the store's windows; have %s", windowsOf(axis))
	}
	s.window, s.place = all[i].Label, int64(i)
	whole := s.Records
	s.Records = nil
	var seen job.Receipt
	for _, r := range whole {
		if _, own := s.ShardLabel(r.Label); own {
			s.Records = append(s.Records, r)
			seen.Add(r.Times())
		} else {
			s.others = append(s.others, r)
		}
	}
	s.Group = s.Group.Fixed(store.TimeName, int64(i))
	span := job.Observed{First: all[i].Start, Last: all[i].End}
	if seen.Observed != nil {
		span = *seen.Observed
	}
	var err error
	if s.Group.Attrs, err = windowAttrs(s.Group.Attrs, all[i].Label, span); err != nil {
		return core.Errorf(core.Corrupt, "", s.URL, "attributes of group %s: %w", s.Name, err)
	}
	return nil
}

// all is the records of all windows, in the order of labels.
func (s *Store) all() []*store.Record {
	if len(s.others) == 0 {
		return s.Records
	}
	all := slices.Concat(s.Records, s.others)
	slices.SortFunc(all, func(a, b *store.Record) int { return strings.Compare(a.Label, b.Label) })
	return all
}

// windowAttrs are a group's attributes where only one of its windows is told of, with observations of a span.
func windowAttrs(raw json.RawMessage, label string, span job.Observed) (json.RawMessage, error) {
	attrs := map[string]json.RawMessage{}
	if err := json.Unmarshal(raw, &attrs); err != nil {
		return nil, err
	}
	for name, text := range map[string]string{"window": label, "time_coverage_start": span.First.Format(time.RFC3339Nano), "time_coverage_end": span.Last.Format(time.RFC3339Nano)} {
		value, err := json.Marshal(text)
		if err != nil {
			return nil, err
		}
		attrs[name] = value
	}
	return json.Marshal(attrs)
}

// Title is the last part of the store's address, and the window that it is narrowed to.
func (s *Store) Title() string {
	if s.window == "" {
		return path.Base(s.URL)
	}
	return path.Base(s.URL) + ", " + s.window
}

// windowsOf says which windows there are.
func windowsOf(axis *windows.Axis) string {
	all := axis.Windows()
	switch len(all) {
	case 0:
		return "0 windows"
	case 1:
		return "1 window of time, " + all[0].Label
	}
	return fmt.Sprintf("%d windows of time, %s to %s", len(all), all[0].Label, all[len(all)-1].Label)
}

// empty is the error of a store of which nothing can be shown.
func (s *Store) empty(op string) error {
	if s.window != "" {
		return core.Errorf(core.NotFound, op, s.URL, "no finished shard holds data in window %s", s.window)
	}
	return core.Errorf(core.NotFound, op, s.URL, "no finished shard holds data")
}

// RecordLabel is the label of a shard's record, in the window that the store is narrowed to.
func (s *Store) RecordLabel(shard string) string {
	if s.window == "" {
		return shard
	}
	return plan.WindowLabel(shard, s.window)
}

// Window is the label of the window that the store is narrowed to; "": none.
func (s *Store) Window() string { return s.window }

// WindowLabels are the store's windows of time, in order; none where it has none.
func (s *Store) WindowLabels() []string {
	axis := s.Made.Windows
	if axis == nil || axis.Check() != nil {
		return nil
	}
	var labels []string
	for _, w := range axis.Windows() {
		labels = append(labels, w.Label)
	}
	return labels
}

// CutWindow is the shard and the window of a record's label; the window is "" where it has none.
func CutWindow(record string) (shard, window string) {
	if i := strings.LastIndexByte(record, '_'); i >= 0 {
		return record[:i], record[i+1:]
	}
	return record, ""
}

// ShardLabel is the label of a record's shard; false where the record is of another window.
func (s *Store) ShardLabel(record string) (string, bool) {
	if s.window == "" {
		return record, true
	}
	return strings.CutSuffix(record, plan.WindowLabel("", s.window))
}

// WindowInfo is what a window of a store holds.
type WindowInfo struct {
	Label        string    `json:"label"`
	Start        time.Time `json:"start"`
	End          time.Time `json:"end"`
	Shards       int       `json:"shards_done"`
	Observations int64     `json:"observations"`
}

// windowInfos are those of the store, in order.
func (s *Store) windowInfos() []WindowInfo {
	if s.Made.Windows == nil || s.Made.Windows.Check() != nil {
		return nil
	}
	var out []WindowInfo
	for _, w := range s.Made.Windows.Windows() {
		i := WindowInfo{Label: w.Label, Start: w.Start, End: w.End}
		for _, r := range s.Records {
			if strings.HasSuffix(r.Label, plan.WindowLabel("", w.Label)) {
				i.Shards++
				i.Observations += r.Receipt.Observations.Kept
			}
		}
		out = append(out, i)
	}
	return out
}
