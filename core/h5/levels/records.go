package levels

// The link between records and the rows that they own, and sets of rows as ascending spans.

import (
	"cmp"
	"slices"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/h5"
	"github.com/englacial/zagg/core/h5/cf"
)

// records are the runs of rows that the records of a level own, in the order of rows. Those that own none are left
// out. The slices are parallel: run k is rows begin[k]…end[k]-1, of record record[k].
type records struct {
	n      int64   // records of the level
	begin  []int64 // first row of each run
	end    []int64 // and the row after its last
	record []int32 // whose it is
}

// newRecords makes runs of a link. A link that names rows which are not there, or rows of two records, is Invalid
// with the record and its two numbers.
func newRecords(file string, l *Level, group string, begins, counts []int64, missing []bool, rows int64) (*records, error) {
	r := &records{n: int64(len(counts))}
	fail := func(i int, format string, args ...any) error {
		return core.Errorf(core.Invalid, "levels.Read", file, "level %s: record %d (from 0) has %s = %d and %s = %d: "+format,
			append([]any{l.Name, i, path(l.Begin, group), begins[i], path(l.Count, group), counts[i]}, args...)...)
	}
	for i, n := range counts {
		first := begins[i] - l.Base
		switch {
		case n == 0:
			continue
		case n < 0:
			return nil, fail(i, "no record owns so many rows")
		case missing[i] || first < 0:
			return nil, fail(i, "its rows begin nowhere; the first row is called %d (index_base)", l.Base)
		case first > rows || n > rows-first:
			return nil, fail(i, "its rows end beyond the %d that there are, of which the first is called %d (index_base)", rows, l.Base)
		}
		r.begin, r.end, r.record = append(r.begin, first), append(r.end, first+n), append(r.record, int32(i))
	}
	r.sort()
	for k := 1; k < len(r.begin); k++ {
		if r.begin[k] < r.end[k-1] {
			a, b := int(r.record[k-1]), int(r.record[k])
			return nil, fail(max(a, b), "row %d (from 0) belongs to record %d too, which has %d and %d", r.begin[k], min(a, b), begins[min(a, b)], counts[min(a, b)])
		}
	}
	return r, nil
}

// sort puts runs in the order of rows, which they nearly always have.
func (r *records) sort() {
	if slices.IsSorted(r.begin) {
		return
	}
	order := make([]int, len(r.begin))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(r.begin[a], r.begin[b]) })
	was := *r
	r.begin, r.end, r.record = make([]int64, len(order)), make([]int64, len(order)), make([]int32, len(order))
	for i, k := range order {
		r.begin[i], r.end[i], r.record[i] = was.begin[k], was.end[k], was.record[k]
	}
}

// walk visits the rows of ascending spans run by run: n rows of run k, of which the first is number at among the rows
// of its record; or n rows of no record, with k -1.
func (r *records) walk(spans []h5.Span, visit func(k int, at, n int64)) {
	k := 0
	for _, s := range spans {
		row, end := s.Start, s.Start+s.Count
		if k < len(r.end) && r.end[k] <= row {
			k, _ = slices.BinarySearch(r.end, row+1)
		}
		for row < end {
			switch {
			case k == len(r.begin) || r.begin[k] >= end:
				visit(-1, 0, end-row)
				row = end
			case r.begin[k] > row:
				visit(-1, 0, r.begin[k]-row)
				row = r.begin[k]
			default:
				to := min(r.end[k], end)
				visit(k, row-r.begin[k], to-row)
				if row = to; row == r.end[k] {
					k++
				}
			}
		}
	}
}

// rows are the rows of the runs for which keep holds, and with strays also those that no record owns.
func (r *records) rows(rows int64, strays bool, keep func(k int) bool) []h5.Span {
	spans := []h5.Span{}
	row := int64(0)
	r.walk([]h5.Span{{Count: rows}}, func(k int, _, n int64) {
		if k >= 0 && keep(k) || k < 0 && strays {
			spans = join(spans, row, n)
		}
		row += n
	})
	return spans
}

// join adds n rows from start on to ascending spans, as part of the last one if they follow it.
func join(spans []h5.Span, start, n int64) []h5.Span {
	if last := len(spans) - 1; last >= 0 && spans[last].Start+spans[last].Count == start {
		spans[last].Count += n
		return spans
	}
	return append(spans, h5.Span{Start: start, Count: n})
}

// intersect is the rows that are in both of two lists of ascending spans.
func intersect(a, b []h5.Span) []h5.Span {
	out := []h5.Span{}
	for i, k := 0, 0; i < len(a) && k < len(b); {
		start, end := max(a[i].Start, b[k].Start), min(a[i].Start+a[i].Count, b[k].Start+b[k].Count)
		if start < end {
			out = join(out, start, end-start)
		}
		if a[i].Start+a[i].Count < b[k].Start+b[k].Count {
			i++
		} else {
			k++
		}
	}
	return out
}

func countRows(spans []h5.Span) int64 {
	n := int64(0)
	for _, s := range spans {
		n += s.Count
	}
	return n
}

// integers64 is the elements of one half of a link, and which of them have no value.
func integers64(c *core.Column) (values []int64, missing []bool, err error) {
	values, missing = make([]int64, c.Rows()), make([]bool, c.Rows())
	switch c.Type {
	case core.Int8:
		widen(values, core.View[int8](c.Data))
	case core.Int16:
		widen(values, core.View[int16](c.Data))
	case core.Int32:
		widen(values, core.View[int32](c.Data))
	case core.Int64:
		widen(values, core.View[int64](c.Data))
	case core.Uint8:
		widen(values, core.View[uint8](c.Data))
	case core.Uint16:
		widen(values, core.View[uint16](c.Data))
	case core.Uint32:
		widen(values, core.View[uint32](c.Data))
	case core.Uint64:
		widen(values, core.View[uint64](c.Data))
	default:
		return nil, nil, core.Errorf(core.Invalid, "levels.Read", c.Name, "a link is integers, not %s", c.Type)
	}
	rows := make([]int32, c.Rows())
	for i := range rows {
		rows[i] = int32(i)
	}
	at, _, _ := core.Missing(c, rows)
	for _, i := range at {
		missing[i] = true
	}
	return values, missing, nil
}

// widen converts elements to int64. A uint64 beyond that range becomes a negative number, which no link may have.
func widen[T int8 | int16 | int32 | int64 | uint8 | uint16 | uint32 | uint64](dst []int64, src []T) {
	for i, v := range src {
		dst[i] = int64(v)
	}
}

// linkOf makes the runs of a level of a table from its datasets' elements. A count without a value is 0.
func linkOf(file string, l *Level, group string, begin, count []byte, means [2]*cf.Meaning, rows int64) (*records, error) {
	columns := [2]core.Column{means[0].Column(path(l.Begin, group), begin), means[1].Column(path(l.Count, group), count)}
	begins, missing, err := integers64(&columns[0])
	if err != nil {
		return nil, core.Errorf(core.Invalid, "levels.Read", file, "%w", err)
	}
	counts, none, err := integers64(&columns[1])
	if err != nil {
		return nil, core.Errorf(core.Invalid, "levels.Read", file, "%w", err)
	}
	for i := range counts {
		if none[i] {
			counts[i] = 0
		}
	}
	return newRecords(file, l, group, begins, counts, missing, rows)
}
