package host

// Which observations are used, by area and time, and the clock that tells their times.

import (
	"math"
	"slices"
	"strings"
	"time"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/config"
	"github.com/englacial/zagg/internal/job"
	"github.com/englacial/zagg/internal/selection"
)

// selected compiles data_source.select and output.windowing.
func (c *compiler) selected(columns []core.Field) (*selection.Selection, error) {
	cfg := c.recipe.Config
	want := &cfg.DataSource.Select
	s, err := selection.InPlace(want)
	if err != nil {
		return nil, at(cfg, "data_source.select", err)
	}
	if cfg.Output.Windowing != nil {
		if err := c.windowed(s, columns); err != nil {
			return nil, err
		}
	} else if want.Timed() {
		clock, err := c.clock("data_source.select", columns)
		if err != nil {
			return nil, err
		}
		s.Time, c.recipe.clock = clock.Field, clock
		if !want.Start.IsZero() {
			s.From = clock.At(want.Start)
		}
		if !want.End.IsZero() {
			s.To = clock.At(want.End)
		}
	}
	c.recipe.pipeline.Select = s
	return s, nil
}

// windowed divides the rows by windows, and says which of these are wanted.
func (c *compiler) windowed(s *selection.Selection, columns []core.Field) error {
	cfg := c.recipe.Config
	own, want := cfg.Output.Windowing, &cfg.DataSource.Select
	clock := own.Clock
	if clock == nil {
		var err error
		if clock, err = c.clock("output.windowing", columns); err != nil {
			return err
		}
	}
	s.Time, c.recipe.clock = clock.Field, clock
	s.Windows = &selection.Windows{Clock: clock, Schedule: &own.Schedule, First: math.MinInt, Last: math.MaxInt}
	if !want.Start.IsZero() {
		s.Windows.First, _, _ = own.Meeting(want.Start, want.Start.Add(1))
	}
	if !want.End.IsZero() {
		_, s.Windows.Last, _ = own.Meeting(want.End.Add(-1), want.End)
	}
	return nil
}

// timed has the times of observations noted if they are read anyway.
func (c *compiler) timed(columns []core.Field) {
	r := c.recipe
	if r.clock == nil {
		r.clock, _ = c.clock("", columns) // needed by nothing
	}
	if r.clock != nil && slices.Contains(r.pipeline.Columns, r.clock.Field) {
		r.pipeline.Time = r.clock.Field
	}
}

// observed is when observations were made, given the clock's first and last value; nil if that is not a time.
func (r *Recipe) observed(e selection.Extent) *job.Observed {
	if !e.Any {
		return nil
	}
	first, last := r.clock.Unix(e.First), r.clock.Unix(e.Last)
	if !(first > earliest && last < latest) {
		return nil
	}
	return &job.Observed{First: toMillisecond(first), Last: toMillisecond(last)}
}

// Times are noted from the year 1 to the year 9999; the bounds are seconds since 1970.
const earliest, latest = -6.2e10, 2.5e11

func toMillisecond(unix float64) time.Time {
	return time.UnixMilli(int64(math.Round(unix * 1e3))).UTC()
}

// Selection returns the selection of observations by area and time.
func (r *Recipe) Selection() *selection.Selection { return r.pipeline.Select }

// clock is the clock of the observations: output.time_source, or the one column of the reader that counts from an
// epoch. key is the key that needs it, for the error.
func (c *compiler) clock(key string, columns []core.Field) (*config.Clock, error) {
	cfg := c.recipe.Config
	if own := cfg.Output.Clock; own != nil {
		return own, nil
	}
	var clocks []*config.Clock
	for _, f := range columns {
		if k := config.ClockOf(f.Name, f.Units); k != nil {
			clocks = append(clocks, k)
		}
	}
	if i := slices.IndexFunc(clocks, func(k *config.Clock) bool { return k.Field == "delta_time" }); i >= 0 {
		return clocks[i], nil
	}
	if len(clocks) == 1 {
		return clocks[0], nil
	}
	names := make([]string, len(columns))
	for i, f := range columns {
		names[i] = f.Name
	}
	return nil, cfg.Errorf(key, "which variable tells the time of an observation? Reader %s does not say: set output.time_source: {field: NAME, epoch: 2018-01-01T00:00:00}, where NAME is a variable that counts seconds from the epoch; have %s",
		cfg.DataSource.Reader, strings.Join(names, ", "))
}
