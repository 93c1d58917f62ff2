package levels

// Reading rows by their numbers, for indexes of cells: they have noted which rows of a granule lie in a cell.

import (
	"context"
	"encoding/json"
	"slices"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/h5"
)

// A rowReader reads rows by number. It is the reader of layouts whose observations have coordinates of their own and
// no records above them.
type rowReader struct{ *reader }

var _ core.RowReader = rowReader{}

// Rows implements core.RowReader: a text that is the same for all readers that number rows alike.
func (r rowReader) Rows() string {
	l := &r.layout
	text, _ := json.Marshal(map[string]any{ // texts and booleans always encode
		"groups": l.Groups, "latitude": l.Latitude, "longitude": l.Longitude, "raw": [2]bool{l.raw(l.Latitude), l.raw(l.Longitude)},
	})
	return string(text)
}

// ReadRows implements core.RowReader. Where a group has other rows than were noted, the error is Corrupt with
// core.ErrOtherRows.
func (r rowReader) ReadRows(ctx context.Context, src core.ObjectReader, g core.Granule, q core.RowQuery, emit func(*core.Batch) error) (core.ReadStats, error) {
	q.Region, q.CountInvalid = core.Region{}, false
	read, done, err := r.begin(src, g, q.Query)
	if err != nil {
		return core.ReadStats{}, err
	}
	defer done()
	read.rows = &q
	if err := read.openAny(ctx, g, r.layout.groups()); err != nil {
		return read.stats, err
	}
	if err := read.chooseRows(q.Groups); err != nil {
		return read.stats, err
	}
	if err := read.partByPart(ctx, emit); err != nil {
		return read.stats, err
	}
	read.learn("", read.file)
	read.stats.Warnings = read.file.Warnings()
	return read.stats, nil
}

// chooseRows takes the rows that are asked for, after comparing what was noted of the groups with the file.
func (r *reading) chooseRows(groups []core.GroupRows) error {
	said := make(map[string]*core.GroupRows, len(groups))
	for i := range groups {
		said[groups[i].Group] = &groups[i]
	}
	for _, t := range r.tables {
		t.spans = []h5.Span{{Count: t.rows}}
		if groups != nil {
			of := said[t.group]
			if of == nil || of.Total != t.rows {
				return core.Errorf(core.Corrupt, "levels.ReadRows", r.file.URL(), "group %q has %d rows: %w than were noted", t.group, t.rows, core.ErrOtherRows)
			}
			if t.spans = spansOf(of.Rows, t.rows); t.spans == nil {
				return core.Errorf(core.Corrupt, "levels.ReadRows", r.file.URL(), "rows of group %q do not ascend or are not below %d: %w", t.group, t.rows, core.ErrOtherRows)
			}
			delete(said, t.group)
		}
		t.kept = int(countRows(t.spans))
		r.stats.Rows += int64(t.kept)
	}
	for _, of := range said {
		if of.Total != 0 {
			return core.Errorf(core.Corrupt, "levels.ReadRows", r.file.URL(), "group %q, of which %d rows were noted, has none: %w", of.Group, of.Total, core.ErrOtherRows)
		}
	}
	r.tables = slices.DeleteFunc(r.tables, func(t *table) bool { return t.kept == 0 })
	return nil
}

// spansOf is spans of rows as package h5 has them; nil if they are not ascending rows below total.
func spansOf(rows []core.Span, total int64) []h5.Span {
	spans := make([]h5.Span, 0, len(rows))
	end := int64(0)
	for _, s := range rows {
		if s.Start < end || s.Count < 0 || s.Start > total || s.Count > total-s.Start {
			return nil
		}
		end = s.Start + s.Count
		spans = join(spans, s.Start, s.Count)
	}
	return spans
}

// numbers are the numbers of the rows in a table's spans. The memory is the scratch's.
func (r *reading) numbers(t *table) []int64 {
	n := r.scratch.rows[:0]
	for _, s := range t.spans {
		for i := range s.Count {
			n = append(n, s.Start+i)
		}
	}
	r.scratch.rows = n
	return n
}
