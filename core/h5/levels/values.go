package levels

import (
	"context"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/h5"
	"github.com/englacial/zagg/core/h5/cf"
)

// planItems plans the filters and columns of a table for its rows; nothing where no row is left.
func (r *reading) planItems(t *table) ([]*h5.Plan, error) {
	if t.kept == 0 {
		return nil, nil
	}
	plans := make([]*h5.Plan, len(t.items))
	for k, d := range t.items {
		sel := h5.Rows(t.spans...)
		if e := r.want.items[k].element; e >= 0 {
			sel = append(sel, []h5.Span{{Start: int64(e), Count: 1}})
		}
		var err error
		if plans[k], err = d.PlanSelection(sel); err != nil {
			return nil, err
		}
	}
	return plans, nil
}

// values reads the filters and columns of all tables in one round, unless they came with the coordinates, then emits
// table by table.
func (r *reading) values(ctx context.Context, emit func(*core.Batch) error) error {
	plans := make([][]*h5.Plan, len(r.tables))
	var fetch []*h5.Plan
	for i, t := range r.tables {
		var err error
		if plans[i], err = r.planItems(t); err != nil {
			return err
		}
		for k, p := range plans[i] {
			if t.early != nil {
				p.From(t.early[k])
			}
		}
		t.early = nil
		fetch = append(fetch, plans[i]...)
	}
	if err := r.file.Fetch(ctx, fetch...); err != nil {
		return err
	}
	for i, t := range r.tables {
		if t.kept == 0 {
			continue
		}
		b, err := r.batch(t, plans[i])
		if err != nil {
			return err
		}
		if err := r.emit(ctx, b, emit); err != nil {
			return err
		}
	}
	return nil
}

// batch decodes a table's columns and drops the rows that a filter refuses.
func (r *reading) batch(t *table, plans []*h5.Plan) (*core.Batch, error) {
	pass, all, err := r.filter(t, plans)
	if err != nil {
		return nil, err
	}
	b := &core.Batch{Group: t.group, Lon: t.lonv, Lat: t.latv}
	first := len(r.want.tests)
	if b.Columns, err = r.columns(plans[first:], r.want.items[first:], t.means[2+first:]); err != nil {
		return nil, err
	}
	if all {
		return b, nil
	}
	runs := runsOf(pass)
	for i, ok := range pass {
		if !ok {
			b.RefusedLon, b.RefusedLat = append(b.RefusedLon, b.Lon[i]), append(b.RefusedLat, b.Lat[i])
		}
	}
	b.Lon = core.View[float64](keep(core.Raw(b.Lon), 8, runs))
	b.Lat = core.View[float64](keep(core.Raw(b.Lat), 8, runs))
	for i := range b.Columns {
		c := &b.Columns[i]
		c.Data = keep(c.Data, c.Type.Size(), runs)
	}
	return b, nil
}

// columns decodes fetched plans, side by side, and lets the bytes go. Their memory is the scratch's, until the next call.
func (r *reading) columns(plans []*h5.Plan, items []item, means []cf.Meaning) ([]core.Column, error) {
	columns, out := make([]core.Column, len(plans)), make([][]byte, len(plans))
	for k, p := range plans {
		if p.Type() == core.Bytes {
			return nil, core.Errorf(core.Unsupported, "levels.Read", r.file.URL(), "column %s holds text or opaque bytes; a column must be numbers", items[k].name)
		}
		out[k] = r.scratch.buffer(k, int(p.Size()))
	}
	if err := r.file.Decode(1, plans, out); err != nil {
		return nil, err
	}
	for k, p := range plans {
		p.Release()
		columns[k] = means[k].Column(items[k].name, out[k])
	}
	return columns, nil
}

// filter says which rows pass every filter, and whether all do.
func (r *reading) filter(t *table, plans []*h5.Plan) (pass []bool, all bool, err error) {
	if cap(r.scratch.pass) < t.kept {
		r.scratch.pass = make([]bool, t.kept)
	}
	pass = r.scratch.pass[:t.kept]
	for i := range pass {
		pass[i] = true
	}
	columns, err := r.columns(plans[:len(r.want.tests)], r.want.items, t.means[2:])
	if err != nil {
		return nil, false, err
	}
	for i, test := range r.want.tests {
		if err := test(&columns[i], pass); err != nil {
			return nil, false, err
		}
	}
	for _, ok := range pass {
		if !ok {
			return pass, false, nil
		}
	}
	return pass, true, nil
}

// runsOf lists the runs of rows that pass, as [start, end).
func runsOf(pass []bool) [][2]int {
	var runs [][2]int
	for i := 0; i < len(pass); i++ {
		if !pass[i] {
			continue
		}
		start := i
		for i < len(pass) && pass[i] {
			i++
		}
		runs = append(runs, [2]int{start, i})
	}
	return runs
}

// keep moves the rows of the runs to the front.
func keep(data []byte, size int, runs [][2]int) []byte {
	at := 0
	for _, r := range runs {
		at += copy(data[at:], data[r[0]*size:r[1]*size])
	}
	return data[:at]
}

// emit hands out batches of at most query.Rows rows that share the table's memory.
func (r *reading) emit(ctx context.Context, b *core.Batch, emit func(*core.Batch) error) error {
	rows, refused := len(b.Lon), len(b.RefusedLon)
	step := max(rows, refused, 1)
	if n := r.query.Rows; n > 8 {
		step = n &^ 7 // keeps columns aligned
	} else if n > 0 {
		step = n
	}
	for at := 0; at < max(rows, refused); at += step {
		if err := ctx.Err(); err != nil {
			return err
		}
		from, end := min(at, rows), min(at+step, rows)
		part := core.Batch{Group: b.Group, Lon: b.Lon[from:end], Lat: b.Lat[from:end], Columns: make([]core.Column, len(b.Columns))}
		for i, c := range b.Columns {
			size := c.Type.Size()
			c.Data = aligned(c.Data[from*size:end*size], from*size)
			part.Columns[i] = c
		}
		first, last := min(at, refused), min(at+step, refused)
		part.RefusedLon, part.RefusedLat = b.RefusedLon[first:last], b.RefusedLat[first:last]
		r.stats.Emitted += int64(end - from)
		if err := emit(&part); err != nil {
			return err
		}
	}
	return nil
}

// aligned is data, which begins at an offset into an aligned column, or a copy where that is not a multiple of eight.
func aligned(data []byte, offset int) []byte {
	if offset%8 == 0 {
		return data
	}
	return append(core.NewData(len(data))[:0], data...)
}
