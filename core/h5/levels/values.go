package levels

// Columns: planning, decoding, filtering and emitting.

import (
	"context"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/h5"
)

// planItems plans the filters and columns of a table for its rows, and items of levels for the records that own these
// rows. The entry of an item that is not read here is nil; a table without rows has no entries at all.
func (r *reading) planItems(t *table) ([]*h5.Plan, error) {
	if t.kept == 0 {
		return nil, nil
	}
	plans := make([]*h5.Plan, len(t.items))
	plan := func(k int) (err error) {
		i := &r.want.items[k]
		rows := t.spans
		if i.level >= 0 {
			rows = t.joined(i.level).records
		}
		plans[k], err = i.plan(t.items[k], rows)
		return err
	}
	for k := range r.want.tests {
		if r.want.items[k].level < 0 {
			if err := plan(k); err != nil {
				return nil, err
			}
		}
	}
	for _, c := range r.want.columns {
		for _, k := range []int{c.item, c.stop} {
			if k < 0 || c.join > 0 {
				continue
			}
			if err := plan(k); err != nil {
				return nil, err
			}
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
			if p == nil {
				continue
			}
			if t.early != nil {
				// What came with the coordinates is not read again.
				p.From(t.early[k])
			}
			fetch = append(fetch, p)
		}
		t.early = nil
	}
	if err := r.file.Fetch(ctx, fetch...); err != nil {
		return err
	}
	for i, t := range r.tables {
		if err := r.emitRefused(ctx, t, emit); err != nil {
			return err
		}
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
	if r.rows != nil {
		b.Rows = r.numbers(t)
	}
	if b.Columns, err = r.columns(t, plans); err != nil {
		return nil, err
	}
	if all {
		return b, nil
	}
	r.refuse(b, pass)
	for i := range b.Columns {
		c := &b.Columns[i]
		c.Data = keep(c.Data, c.Type.Size(), r.scratch.runs)
	}
	return b, nil
}

// refuse notes which rows of a batch do not pass, and keeps the places and numbers of those that do.
func (r *reading) refuse(b *core.Batch, pass []bool) {
	m := r.scratch
	m.lons, m.lats, m.refused = m.lons[:0], m.lats[:0], m.refused[:0]
	for i, ok := range pass {
		switch {
		case ok:
		case b.Rows != nil:
			m.refused = append(m.refused, b.Rows[i])
		default:
			m.lons, m.lats = append(m.lons, b.Lon[i]), append(m.lats, b.Lat[i])
		}
	}
	b.RefusedLon, b.RefusedLat, b.RefusedRows = m.lons, m.lats, m.refused
	m.runs = runsOf(m.runs[:0], pass)
	b.Lon = core.View[float64](keep(core.Raw(b.Lon), 8, m.runs))
	b.Lat = core.View[float64](keep(core.Raw(b.Lat), 8, m.runs))
	b.Rows = core.View[int64](keep(core.Raw(b.Rows), 8, m.runs))
}

// columns makes the query's columns of fetched plans. The memory is the scratch's, until the next call.
func (r *reading) columns(t *table, plans []*h5.Plan) ([]core.Column, error) {
	var items []int
	for _, c := range r.want.columns {
		if c.join > 0 {
			continue
		}
		if items = append(items, c.item); c.stop >= 0 {
			items = append(items, c.stop)
		}
	}
	decoded, err := r.decodeItems(t, plans, items)
	if err != nil {
		return nil, err
	}
	columns, at := make([]core.Column, len(r.want.columns)), 0
	for i, c := range r.want.columns {
		if c.join > 0 {
			if columns[i], err = r.ofSibling(t, c, i); err != nil {
				return nil, err
			}
			continue
		}
		level := r.want.items[c.item].level
		switch {
		case c.stop >= 0:
			columns[i] = r.line(t, c, &decoded[at], &decoded[at+1], i)
			at++
		case level >= 0:
			if columns[i], err = r.repeat(t, level, &decoded[at], i); err != nil {
				return nil, err
			}
		default:
			columns[i] = decoded[at]
		}
		at++
	}
	return columns, nil
}

// decodeItems decodes items of fetched plans side by side and lets the fetched bytes go.
func (r *reading) decodeItems(t *table, plans []*h5.Plan, items []int) ([]core.Column, error) {
	columns, out, some := make([]core.Column, len(items)), make([][]byte, len(items)), make([]*h5.Plan, len(items))
	for i, k := range items {
		some[i] = plans[k]
		if some[i].Type() == core.Bytes {
			return nil, core.Errorf(core.Unsupported, "levels.Read", r.file.URL(), "column %s holds text or opaque bytes; a column must be numbers", r.want.items[k].name)
		}
		out[i] = r.scratch.buffer(i, int(some[i].Size()))
	}
	if err := r.file.Decode(1, some, out); err != nil {
		return nil, err
	}
	for i, k := range items {
		some[i].Release()
		columns[i] = t.means[2+k].Column(r.want.items[k].name, out[i])
	}
	return columns, nil
}

// filter reports which rows pass every filter, and whether all do.
func (r *reading) filter(t *table, plans []*h5.Plan) (pass []bool, all bool, err error) {
	if cap(r.scratch.pass) < t.kept {
		r.scratch.pass = make([]bool, t.kept)
	}
	pass = r.scratch.pass[:t.kept]
	for i := range pass {
		pass[i] = true
	}
	var items []int
	for i := range r.want.tests {
		if r.want.items[i].level < 0 {
			items = append(items, i)
		}
	}
	columns, err := r.decodeItems(t, plans, items)
	if err != nil {
		return nil, false, err
	}
	for i, k := range items {
		if err := r.want.tests[k](&columns[i], pass); err != nil {
			return nil, false, err
		}
	}
	t.dropRefused(pass)
	for _, ok := range pass {
		if !ok {
			return pass, false, nil
		}
	}
	return pass, true, nil
}

// runsOf appends the runs of rows that pass, as [start, end): copying runs is quicker than copying rows.
func runsOf(runs [][2]int, pass []bool) [][2]int {
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

// keep moves the rows of the runs to the front of data, in place; size is the bytes of a row.
func keep(data []byte, size int, runs [][2]int) []byte {
	if data == nil {
		return nil
	}
	at := 0
	for _, r := range runs {
		at += copy(data[at:], data[r[0]*size:r[1]*size])
	}
	return data[:at]
}

// emit hands out batches of at most query.Rows rows that share the table's memory.
func (r *reading) emit(ctx context.Context, b *core.Batch, emit func(*core.Batch) error) error {
	rows, refused := b.Len(), max(len(b.RefusedLon), len(b.RefusedRows))
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
		part := core.Batch{Group: b.Group, Lon: some(b.Lon, from, end), Lat: some(b.Lat, from, end), Rows: some(b.Rows, from, end), Columns: make([]core.Column, len(b.Columns))}
		for i, c := range b.Columns {
			size := c.Type.Size()
			c.Data = aligned(c.Data[from*size:end*size], from*size)
			part.Columns[i] = c
		}
		first, last := min(at, refused), min(at+step, refused)
		part.RefusedLon, part.RefusedLat, part.RefusedRows = some(b.RefusedLon, first, last), some(b.RefusedLat, first, last), some(b.RefusedRows, first, last)
		r.stats.Emitted += int64(end - from)
		r.refusals += int64(last - first)
		if err := emit(&part); err != nil {
			return err
		}
	}
	return nil
}

// some is the elements from…end-1; nil of an empty slice, for columns that a batch does not have.
func some[T any](v []T, from, end int) []T {
	if len(v) == 0 {
		return nil
	}
	return v[from:end]
}

// aligned is data, which begins at an offset into an aligned column, or a copy of it where that is not a multiple of
// eight: columns are viewed as numbers of up to eight bytes.
func aligned(data []byte, offset int) []byte {
	if offset%8 == 0 {
		return data
	}
	return append(core.NewData(len(data))[:0], data...)
}
