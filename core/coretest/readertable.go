package coretest

import (
	"bytes"
	"fmt"
	"math"
	"slices"

	"github.com/englacial/zagg/core"
)

// A table is what a Read emitted.
type table struct {
	groups []string // in the order in which they came, those with rows
	parts  map[string]*part
	rows   int
}

// A part is the rows of one group.
type part struct {
	lon, lat               []float64
	columns                []core.Column
	refusedLon, refusedLat []float64
}

// add copies a batch to the end of its group.
func (t *table) add(b *core.Batch) {
	p := t.parts[b.Group]
	if p == nil {
		p = &part{}
		for i := range b.Columns {
			c := b.Columns[i]
			c.Data, c.Fill = nil, slices.Clone(c.Fill)
			if c.Offsets != nil {
				c.Offsets = []int64{0}
			}
			p.columns = append(p.columns, c)
		}
		t.parts[b.Group] = p
		t.groups = append(t.groups, b.Group)
	}
	p.lon, p.lat = append(p.lon, b.Lon...), append(p.lat, b.Lat...)
	p.refusedLon, p.refusedLat = append(p.refusedLon, b.RefusedLon...), append(p.refusedLat, b.RefusedLat...)
	for i := range b.Columns {
		c, from := &p.columns[i], &b.Columns[i]
		c.Data = append(c.Data, from.Data...)
		if from.Offsets != nil {
			end := c.Offsets[len(c.Offsets)-1]
			for _, o := range from.Offsets[1:] {
				c.Offsets = append(c.Offsets, end+o)
			}
		}
	}
	t.rows += len(b.Lon)
}

// cell is the bytes of a row of a column.
func cell(c *core.Column, row int) []byte {
	size := max(c.Width, 1) * c.Type.Size()
	from, to := row, row+1
	if c.Offsets != nil {
		from, to = int(c.Offsets[row]), int(c.Offsets[row+1])
	}
	return c.Data[from*size : to*size]
}

// sameRow reports rows of the same coordinates and values.
func sameRow(p, q *part, i, k int) bool {
	if math.Float64bits(p.lon[i]) != math.Float64bits(q.lon[k]) || math.Float64bits(p.lat[i]) != math.Float64bits(q.lat[k]) {
		return false
	}
	for n := range p.columns {
		if !bytes.Equal(cell(&p.columns[n], i), cell(&q.columns[n], k)) {
			return false
		}
	}
	return true
}

// matches finds the rows of one part, which must come in the same order, among those of another: which of its rows they
// are, and the first that is not there.
func matches(whole, some *part) (found []bool, missing int) {
	found = make([]bool, len(whole.lon))
	at := 0
	for i := range some.lon {
		for at < len(found) && !sameRow(whole, some, at, i) {
			at++
		}
		if at == len(found) {
			return found, i
		}
		found[at] = true
		at++
	}
	return found, -1
}

// diffTables says how a table differs from the one that is wanted; "" if they have the same rows in the same order.
func diffTables(want, got *table) string {
	for _, name := range slices.Concat(want.groups, got.groups) {
		p, q := want.group(name), got.group(name)
		if len(p.lon) != len(q.lon) {
			return fmt.Sprintf("group %q has %d rows, want %d", name, len(q.lon), len(p.lon))
		}
		for i := range p.lon {
			if math.Float64bits(p.lon[i]) != math.Float64bits(q.lon[i]) || math.Float64bits(p.lat[i]) != math.Float64bits(q.lat[i]) {
				return fmt.Sprintf("row %d of group %q is at %v, %v, want %v, %v", i, name, q.lon[i], q.lat[i], p.lon[i], p.lat[i])
			}
		}
		if len(p.lon) == 0 {
			continue
		}
		if d := diffAll(p.columns, q.columns); d != "" {
			return fmt.Sprintf("group %q, %s", name, d)
		}
	}
	return ""
}

// group is the rows of a group, or none.
func (t *table) group(name string) *part {
	if p := t.parts[name]; p != nil {
		return p
	}
	return &part{}
}

// without is a table of some of the rows and columns of another: those kept, in the order of names.
func (t *table) without(names []string, keep func(p *part, row int) bool) *table {
	out := &table{parts: map[string]*part{}}
	for _, name := range t.groups {
		p := t.parts[name]
		var rows []int
		q := &part{}
		for i := range p.lon {
			if keep == nil || keep(p, i) {
				rows = append(rows, i)
				q.lon, q.lat = append(q.lon, p.lon[i]), append(q.lat, p.lat[i])
			} else {
				q.refusedLon, q.refusedLat = append(q.refusedLon, p.lon[i]), append(q.refusedLat, p.lat[i])
			}
		}
		for _, column := range names {
			k := slices.IndexFunc(p.columns, func(c core.Column) bool { return c.Name == column })
			q.columns = append(q.columns, pickRows(&p.columns[k], rows, nil))
		}
		out.parts[name] = q
		out.groups = append(out.groups, name)
		out.rows += len(rows)
	}
	return out
}
