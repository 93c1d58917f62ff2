package coretest

import (
	"bytes"
	"errors"
	"math"
	"slices"

	"github.com/englacial/zagg/core"
)

// A numbered is what a ReadRows emitted.
type numbered struct {
	table         *table
	rows, refused map[string][]int64
}

// readRows calls ReadRows of a reader that has this power.
func (r *readerSuite) readRows(c *check, reader core.RowReader, g core.Granule, q core.RowQuery) (*numbered, error) {
	c.Helper()
	n := &numbered{&table{parts: map[string]*part{}}, map[string][]int64{}, map[string][]int64{}}
	src := newSource(r.src, g)
	src.ends = r.ends
	stats, err := reader.ReadRows(c.ctx, src, g, q, func(b *core.Batch) error {
		c.that(len(b.RefusedLon) == 0 && len(b.RefusedLat) == 0, "ReadRows gives the places of refused rows; it is to give RefusedRows")
		c.that(q.Rows <= 0 || len(b.Rows) <= q.Rows, "a batch has %d rows; at most %d were asked for", len(b.Rows), q.Rows)
		places := 0
		if q.Places {
			places = len(b.Rows)
		}
		c.that(len(b.Lon) == places && len(b.Lat) == places, "a batch of %d rows has %d longitudes and %d latitudes, with RowQuery.Places %v", len(b.Rows), len(b.Lon), len(b.Lat), q.Places)
		for i := range b.Columns {
			fault := columnFault(&b.Columns[i], len(b.Rows))
			c.that(fault == "", "column %s %s", b.Columns[i].Name, fault)
		}
		n.table.add(b)
		n.rows[b.Group] = append(n.rows[b.Group], b.Rows...)
		n.refused[b.Group] = append(n.refused[b.Group], b.RefusedRows...)
		return nil
	})
	src.check(c)
	if err == nil {
		emitted := 0
		for _, rows := range n.rows {
			emitted += len(rows)
		}
		c.that(stats.Emitted == int64(emitted), "ReadStats.Emitted is %d, but %d rows were emitted", stats.Emitted, emitted)
	}
	return n, err
}

// checkRows: rows that are asked for by number are those that a Read of everything has there, whatever their order and filters.
func (r *readerSuite) checkRows(c *check) {
	reader, ok := r.reader.(core.RowReader)
	if !ok {
		return
	}
	c.that(reader.Rows() != "", "Rows does not say which rows there are")
	for i, g := range r.granules {
		all, err := r.readRows(c, reader, g, core.RowQuery{Query: r.query(), Places: true})
		c.must(err, "ReadRows of all of "+g.ID)
		usable := all.table.without(r.columns, func(p *part, row int) bool { return core.Usable(p.lon[row], p.lat[row]) })
		d := diffTables(r.tables[i], usable)
		c.that(d == "", "%s: ReadRows of all rows, of those that have a place: %s", g.ID, d)
		for group, rows := range all.rows {
			for k, row := range rows {
				c.that(row == int64(k), "%s: the number of row %d of group %q is %d", g.ID, k, group, row)
			}
		}
		filters := r.makeFilters(c, r.tables[i])
		for k := range c.few(20) {
			q := core.RowQuery{Query: r.query(), Groups: r.someRows(c, all), Places: k%2 == 0}
			q.Rows = 1 + c.rand.IntN(4000)
			if k%3 == 0 && len(filters) > 0 {
				q.Filters = filters[c.rand.IntN(len(filters)):][:1]
			}
			got, err := r.readRows(c, reader, g, q)
			c.must(err, "ReadRows of some rows of "+g.ID)
			for _, asked := range q.Groups {
				r.checkGroupRows(c, all, got, asked, q)
			}
		}
		r.checkOtherRows(c, reader, g, all)
	}
}

// someRows are random rows of all groups, none of some of them.
func (r *readerSuite) someRows(c *check, all *numbered) []core.GroupRows {
	var out []core.GroupRows
	for _, group := range all.table.groups {
		g := core.GroupRows{Group: group, Total: int64(len(all.rows[group]))}
		most := 1 + c.rand.Int64N(g.Total)
		for at := c.rand.Int64N(g.Total + 1); at < g.Total && c.rand.IntN(8) > 0; {
			n := min(1+c.rand.Int64N(most), g.Total-at)
			g.Rows = append(g.Rows, core.Span{Start: at, Count: n})
			at += n + c.rand.Int64N(most)
		}
		out = append(out, g)
	}
	return out
}

// checkGroupRows holds the rows of a group that were asked for against those of the whole granule.
func (r *readerSuite) checkGroupRows(c *check, all, got *numbered, asked core.GroupRows, q core.RowQuery) {
	c.Helper()
	var want, refused []int64
	whole := all.table.group(asked.Group)
	for _, s := range asked.Rows {
		for row := s.Start; row < s.Start+s.Count; row++ {
			if len(q.Filters) == 0 || passes(whole, int(row), q.Filters[0]) {
				want = append(want, row)
			} else {
				refused = append(refused, row)
			}
		}
	}
	c.that(slices.Equal(want, got.rows[asked.Group]) && slices.Equal(refused, got.refused[asked.Group]),
		"group %q: of rows %v with filters %+v other rows come or are refused than %d and %d", asked.Group, asked.Rows, q.Filters, len(want), len(refused))
	part := got.table.group(asked.Group)
	for k, row := range want {
		if q.Places {
			same := math.Float64bits(part.lon[k]) == math.Float64bits(whole.lon[row]) && math.Float64bits(part.lat[k]) == math.Float64bits(whole.lat[row])
			c.that(same, "row %d of group %q is at %v, %v, want %v, %v", row, asked.Group, part.lon[k], part.lat[k], whole.lon[row], whole.lat[row])
		}
		for i := range part.columns {
			c.that(bytes.Equal(cell(&part.columns[i], k), cell(&whole.columns[i], int(row))), "row %d of group %q has another value of %s", row, asked.Group, part.columns[i].Name)
		}
	}
}

// checkOtherRows: what was noted of another granule is refused before anything is emitted.
func (r *readerSuite) checkOtherRows(c *check, reader core.RowReader, g core.Granule, all *numbered) {
	for _, group := range all.table.groups {
		for _, change := range []func([]core.GroupRows) []core.GroupRows{
			func(q []core.GroupRows) []core.GroupRows { q[0].Total++; return q },
			func(q []core.GroupRows) []core.GroupRows { q[0].Total--; return q },
			func(q []core.GroupRows) []core.GroupRows {
				q[0].Rows = []core.Span{{Start: q[0].Total, Count: 1}}
				return q
			},
			func(q []core.GroupRows) []core.GroupRows { return q[1:] },
			func(q []core.GroupRows) []core.GroupRows {
				return append(q, core.GroupRows{Group: "coretest-other", Total: 1})
			},
		} {
			q := core.RowQuery{Query: r.query(), Groups: []core.GroupRows{{Group: group, Total: int64(len(all.rows[group]))}}}
			for _, other := range all.table.groups {
				if other != group {
					q.Groups = append(q.Groups, core.GroupRows{Group: other, Total: int64(len(all.rows[other]))})
				}
			}
			q.Groups = change(q.Groups)
			got, err := r.readRows(c, reader, g, q)
			c.that(errors.Is(err, core.ErrOtherRows) && len(got.table.groups) == 0, "%s: ReadRows of other rows, %+v, gives the error %v after batches of %q; want ErrOtherRows before any", g.ID, q.Groups, err, got.table.groups)
		}
	}
}
