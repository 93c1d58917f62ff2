package levels

// Narrowing: reading coordinates and keeping the rows inside the region's box.

import (
	"context"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/h5"
	"github.com/englacial/zagg/core/h5/cf"
)

// scratch is memory that one Read after the other uses. What a reading gets of it is valid until the next part is
// read.
type scratch struct {
	coords  [][]float64
	pass    []bool
	rows    []int64   // numbers of rows
	refused []int64   // of those that do not pass
	runs    [][2]int  // of rows that pass
	lons    []float64 // of rows that do not
	lats    []float64
	data    [][]byte
	wide    [][]byte // values of records, repeated to their rows
}

// floats is coordinate buffer i, grown to n.
func (s *scratch) floats(i, n int) []float64 {
	for len(s.coords) <= i {
		s.coords = append(s.coords, nil)
	}
	if cap(s.coords[i]) < n {
		s.coords[i] = make([]float64, n)
	}
	return s.coords[i][:n]
}

// buffer is column buffer i, grown to n bytes. Its contents are those of earlier use.
func (s *scratch) buffer(i, n int) []byte { return grown(&s.data, i, n) }

// repeated is buffer i for the values of records, grown to n bytes.
func (s *scratch) repeated(i, n int) []byte { return grown(&s.wide, i, n) }

func grown(data *[][]byte, i, n int) []byte {
	for len(*data) <= i {
		*data = append(*data, nil)
	}
	if cap((*data)[i]) < n {
		(*data)[i] = core.NewData(n)
	}
	return (*data)[i][:n]
}

// narrow finds the rows of each table that may be in the region among those that are chosen. With an index or by records most
// of these are, and without a region all are wanted: then everything is read in one round. Otherwise latitudes come first, and
// longitudes for what they leave; or both where rows that name no place are to be counted.
func (r *reading) narrow(ctx context.Context) error {
	if r.rows != nil {
		if !r.rows.Places {
			return nil
		}
		return r.readCoordinates(ctx, true, true)
	}
	// One round of requests costs more than the bytes of rows that turn out to be outside, where these are few.
	early := len(r.query.Region.Polygons) == 0
	for _, t := range r.tables {
		early = early || t.blocks != nil || t.planned
	}
	switch {
	case r.want.place >= 0:
		for i, t := range r.tables {
			r.inherit(i, t)
			r.keepInside(t)
		}
		return nil
	case early:
		return r.coordinates(ctx, true, true)
	case r.query.CountInvalid:
		return r.coordinates(ctx, true, false)
	}
	if err := r.latitudes(ctx); err != nil {
		return err
	}
	return r.coordinates(ctx, false, false)
}

// latitudes reads the latitudes of all chosen rows and keeps those in the box's belt: most tracks cross it for a
// short time, so most longitudes need not be read.
func (r *reading) latitudes(ctx context.Context) error {
	plans, err := r.plan(func(t *table) *h5.Dataset { return t.lat })
	if err != nil {
		return err
	}
	if err := r.file.Fetch(ctx, plans...); err != nil {
		return err
	}
	if err := r.decode(plans, r.latitude, r.ofLatitude); err != nil {
		return err
	}
	for i, t := range r.tables {
		lat := r.latitude(i)
		var runs rowRuns
		kept, at := 0, 0
		for _, s := range t.spans {
			for k, v := range lat[at : at+int(s.Count)] {
				if v >= r.box.South && v <= r.box.North {
					lat[kept] = v
					kept++
					continue
				}
				runs.skip(s.Start, k)
				if !core.Usable(0, v) {
					r.stats.Invalid++
				}
			}
			runs.end(s)
			at += int(s.Count)
		}
		t.spans, t.kept, t.latv = runs.spans, kept, lat[:kept]
	}
	return nil
}

// coordinates is readCoordinates and keeps the rows inside the box.
func (r *reading) coordinates(ctx context.Context, both, items bool) error {
	if err := r.readCoordinates(ctx, both, items); err != nil {
		return err
	}
	for _, t := range r.tables {
		if err := r.checkReach(t); err != nil {
			return err
		}
		r.keepInside(t)
	}
	return nil
}

// readCoordinates reads longitudes; with both also latitudes, and with items whatever else will be needed of these
// rows, in the same round of requests.
func (r *reading) readCoordinates(ctx context.Context, both, items bool) error {
	lons, err := r.plan(func(t *table) *h5.Dataset { return t.lon })
	if err != nil {
		return err
	}
	fetch := lons
	var lats []*h5.Plan
	if both {
		if lats, err = r.plan(func(t *table) *h5.Dataset { return t.lat }); err != nil {
			return err
		}
		fetch = append(append([]*h5.Plan{}, lats...), lons...)
	}
	for _, t := range r.tables {
		if !items {
			break
		}
		if t.early, err = r.planItems(t); err != nil {
			return err
		}
		for _, p := range t.early {
			if p != nil {
				fetch = append(fetch, p)
			}
		}
	}
	if err := r.file.Fetch(ctx, fetch...); err != nil {
		return err
	}
	if both {
		if err := r.decode(lats, r.latitude, r.ofLatitude); err != nil {
			return err
		}
	}
	if err := r.decode(lons, r.longitude, r.ofLongitude); err != nil {
		return err
	}
	for i, t := range r.tables {
		if both {
			t.latv = r.latitude(i)
		}
		t.lonv = r.longitude(i)
	}
	return nil
}

// keepInside drops the rows of a table that are outside of the box or have no usable place, and counts the latter.
func (r *reading) keepInside(t *table) {
	var runs rowRuns
	kept, at := 0, 0
	for _, s := range t.spans {
		lats := t.latv[at : at+int(s.Count)]
		for k, lon := range t.lonv[at : at+int(s.Count)] {
			lat := lats[k]
			if core.Usable(lon, lat) {
				if r.box.Contains(lon, lat) {
					t.lonv[kept], t.latv[kept] = lon, lat
					kept++
					continue
				}
			} else if !r.counted {
				r.stats.Invalid++
			}
			runs.skip(s.Start, k)
		}
		runs.end(s)
		at += int(s.Count)
	}
	t.spans, t.kept, t.lonv, t.latv = runs.spans, kept, t.lonv[:kept], t.latv[:kept]
}

// rowRuns collects what is left of spans when rows are skipped in ascending order. Rows that stay cost nothing.
type rowRuns struct {
	spans []h5.Span
	from  int // row of the span under way, from its start, that follows the last one skipped
}

// skip leaves out row k of the span that begins at start.
func (r *rowRuns) skip(start int64, k int) {
	if k > r.from {
		r.spans = join(r.spans, start+int64(r.from), int64(k-r.from))
	}
	r.from = k + 1
}

// end takes what is left of the span under way; the next one begins.
func (r *rowRuns) end(s h5.Span) {
	r.skip(s.Start, int(s.Count))
	r.from = 0
}

// plan plans one dataset of each table for its rows.
func (r *reading) plan(of func(*table) *h5.Dataset) ([]*h5.Plan, error) {
	plans := make([]*h5.Plan, len(r.tables))
	for i, t := range r.tables {
		var err error
		if plans[i], err = of(t).Plan(t.rowSpans()); err != nil {
			return nil, err
		}
	}
	return plans, nil
}

// rowSpans is spans; an empty selection is not nil, which would mean all rows.
func (t *table) rowSpans() []h5.Span {
	if t.spans == nil {
		return []h5.Span{}
	}
	return t.spans
}

// latitude is the memory for the latitudes of table i.
func (r *reading) latitude(i int) []float64 { return r.scratch.floats(2*i, r.tables[i].kept) }

// longitude is the memory for the longitudes of table i.
func (r *reading) longitude(i int) []float64 { return r.scratch.floats(2*i+1, r.tables[i].kept) }

// ofLatitude is what the elements of table i's latitudes mean.
func (r *reading) ofLatitude(i int) *cf.Meaning { return &r.tables[i].means[0] }

// ofLongitude is what the elements of table i's longitudes mean.
func (r *reading) ofLongitude(i int) *cf.Meaning { return &r.tables[i].means[1] }

// decode fills of(i) with the values of fetched plan i, NaN where there is none, and lets the fetched bytes go.
// Elements are decoded into the end of that memory and widened in place from the front, so that no element is
// overwritten before it is read.
func (r *reading) decode(plans []*h5.Plan, of func(i int) []float64, means func(i int) *cf.Meaning) error {
	out := make([][]byte, len(plans))
	for i, p := range plans {
		if !p.Type().IsFloat() && (means(i).Packed == nil || p.Type() == core.Bytes) {
			return core.Errorf(core.Invalid, "levels.Read", r.file.URL(), "coordinates are %s; they must be floating-point degrees, or packed by scale_factor", p.Type())
		}
		all := core.Raw(of(i))
		out[i] = all[len(all)-len(of(i))*p.Type().Size():]
	}
	if err := r.file.Decode(1, plans, out); err != nil {
		return err
	}
	for i, p := range plans {
		p.Release()
		if m := means(i); p.Type() != core.Float64 || m.Fill != nil || m.Valid != nil || m.Packed != nil {
			m.Floats(of(i), out[i])
		}
	}
	return nil
}
