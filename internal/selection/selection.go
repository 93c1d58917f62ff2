// Package selection selects observations by position and time, exactly and row by row.
package selection

import (
	"math"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/reduce"
	"github.com/englacial/zagg/core/sphere"
	"github.com/englacial/zagg/internal/catalog/geometry"
	"github.com/englacial/zagg/internal/config"
)

// A Selection chooses rows. It is immutable and safe for concurrent use. The zero value and nil choose all.
type Selection struct {
	place  placed
	Region core.Region // contains every place that is chosen; no polygons: the whole Earth
	// Time is the column of the observations' times, of which those from From to before To are chosen; "": all are.
	Time     string
	From, To float64
	// Windows divide the rows by time, in place of From and To; nil: there are none.
	Windows *Windows
}

// A placed chooses rows by their places.
type placed interface {
	keep(lon, lat []float64, rows []int32) []int32
}

// InPlace is the selection by place of a configuration; key is how errors name it.
func InPlace(c *config.Selection) (*Selection, error) {
	s := &Selection{From: math.Inf(-1), To: math.Inf(1)}
	switch {
	case c.Box != nil:
		box := *c.Box
		region, err := geometry.Box(box[0], box[1], box[2], box[3])
		if err != nil {
			return nil, core.Errorf(core.Invalid, "", "bbox", "%w", err)
		}
		s.place, s.Region = boxed(box), region
	case c.Area != nil:
		shapes, err := geometry.ParseGeoJSON(c.Area)
		if err != nil {
			return nil, core.Wrap(err, "", "polygon")
		}
		region, _, err := geometry.Reader{}.Region(shapes)
		if err != nil {
			return nil, core.Wrap(err, "", "polygon")
		}
		on, err := sphere.NewRegion(region, sphere.AuthalicWGS84)
		if err != nil {
			return nil, core.Wrap(err, "", "polygon")
		}
		if on.Empty() {
			return nil, core.Errorf(core.Invalid, "", "polygon", "there is no area in it")
		}
		bounds, err := sphere.Bounds(region)
		if err != nil {
			return nil, core.Wrap(err, "", "polygon")
		}
		s.place, s.Region = &inArea{on: on, whole: on.Piece(), bounds: bounds, planar: planarRings(&region)}, region
	}
	return s, nil
}

// All reports whether every row is chosen.
func (s *Selection) All() bool { return s == nil || s.place == nil && s.Time == "" }

// Placed reports whether rows are chosen by their places.
func (s *Selection) Placed() bool { return s != nil && s.place != nil }

// Columns are those that are needed to choose.
func (s *Selection) Columns() []string {
	if s == nil || s.Time == "" {
		return nil
	}
	return []string{s.Time}
}

// Keep is those of some rows of a batch that are chosen; the others' places in rows are overwritten. A row without a valid time
// is not chosen by time.
func (s *Selection) Keep(b *core.Batch, rows []int32) ([]int32, error) {
	if s.All() || len(rows) == 0 {
		return rows, nil
	}
	if s.Time != "" && s.Windows == nil {
		var err error
		if rows, err = s.keepTimes(b, rows); err != nil {
			return nil, err
		}
	}
	if s.place == nil || len(rows) == 0 {
		return rows, nil
	}
	return s.place.keep(b.Lon, b.Lat, rows), nil
}

func (s *Selection) keepTimes(b *core.Batch, rows []int32) ([]int32, error) {
	times, missing, err := times(b, s.Time, rows)
	if err != nil {
		return nil, err
	}
	kept, next := rows[:0], 0
	for k, r := range rows {
		if next < len(missing) && int(missing[next]) == k {
			next++
			continue
		}
		if t := times[r]; t >= s.From && t < s.To {
			kept = append(kept, r)
		}
	}
	return kept, nil
}

// times are the times of a batch, in the units of their column, and the positions in rows of those that have no valid one.
func times(b *core.Batch, column string, rows []int32) (times []float64, missing []int32, err error) {
	for i := range b.Columns {
		c := &b.Columns[i]
		if c.Name != column {
			continue
		}
		if max(c.Width, 1) != 1 {
			return nil, nil, core.Errorf(core.Invalid, "select", column, "a time is one number; the column has %d for each observation", c.Width)
		}
		switch c.Type {
		case core.Bytes, core.Bool, core.Int8, core.Uint8:
			return nil, nil, core.Errorf(core.Invalid, "select", column, "times are numbers; the column is %s", c.Type)
		}
		missing, _, _ = core.Missing(c, rows)
		return reduce.Float64s(c), missing, nil
	}
	return nil, nil, core.Errorf(core.Internal, "select", column, "the reader emitted no such column")
}
