package engine

// Rows without a valid value, and gathering of rows that are kept.

import (
	"bytes"

	"github.com/englacial/zagg/core"
)

// A Mask says what becomes of a row in which a column has no valid value: the value is NaN, one of the elements that
// stand for "no value", or outside of the range of valid values.
type Mask uint8

// The masks.
const (
	MaskNone   Mask = iota // such values are data like any other; left out are rows that have none, as with MaskInputs
	MaskRows               // the row is dropped for every variable
	MaskInputs             // each variable leaves out the rows in which one of its own inputs is missing
)

// without removes the elements at ascending positions, in place.
func without(rows, at []int32) []int32 {
	if len(at) == 0 {
		return rows
	}
	kept := rows[:at[0]]
	for i, p := range at {
		end := len(rows)
		if i+1 < len(at) {
			end = int(at[i+1])
		}
		kept = append(kept, rows[p+1:end]...)
	}
	return kept
}

// marksName is the name of the column of marks in a sink and in groups. No column of a reader has it.
const marksName = "\x00missing"

// mark makes the marks of a batch of n rows, for those in keep, in scratch that may be reused. Each row has one bit
// for every column, set where the column has no valid value; with absent only where the file has none at all. Marks
// travel with the rows, because granules may differ in what stands for "no value".
func mark(columns []core.Column, n int, keep []int32, scratch []byte, absent bool) core.Column {
	width := (len(columns) + 7) / 8
	if cap(scratch) < n*width {
		scratch = core.NewData(n * width)
	}
	m := core.Column{Name: marksName, Type: core.Uint8, Width: width, Data: scratch[:n*width]}
	clear(m.Data)
	for i := range columns {
		c := &columns[i]
		if absent {
			if c.Absent == nil {
				continue
			}
			c = &core.Column{Type: c.Type, Width: c.Width, Data: c.Data, Fill: c.Absent}
		}
		at, _, _ := core.Missing(c, keep)
		for _, k := range at {
			m.Data[int(keep[k])*width+i/8] |= 1 << (i % 8)
		}
	}
	return m
}

// gather appends the given rows of src to dst, column by column; a nil dst starts new columns. Appending to what the
// sink holds keeps one growing buffer per column instead of one per batch.
func gather(dst, src []core.Column, rows []int32) ([]core.Column, error) {
	if dst == nil {
		dst = noRows(src)
	}
	for i := range src {
		s, d := &src[i], &dst[i]
		if s.Type != d.Type || max(s.Width, 1) != d.Width {
			return nil, core.Errorf(core.Invalid, "engine", s.Name, "the column changes from %s×%d to %s×%d between groups of a granule", d.Type, d.Width, s.Type, max(s.Width, 1))
		}
		switch n := d.Width * s.Type.Size(); n {
		case 1:
			d.Data = gatherInto[uint8](d.Data, s.Data, rows)
		case 2:
			d.Data = gatherInto[uint16](d.Data, s.Data, rows)
		case 4:
			d.Data = gatherInto[uint32](d.Data, s.Data, rows)
		case 8:
			d.Data = gatherInto[uint64](d.Data, s.Data, rows)
		default:
			at := len(d.Data)
			d.Data = grow(d.Data, len(rows)*n)
			for _, r := range rows {
				at += copy(d.Data[at:], s.Data[int(r)*n:(int(r)+1)*n])
			}
		}
	}
	return dst, nil
}

// noRows are columns with the names and types of others and without a row.
func noRows(like []core.Column) []core.Column {
	out := make([]core.Column, len(like))
	for i, c := range like {
		out[i] = core.Column{Name: c.Name, Type: c.Type, Width: max(c.Width, 1), Fill: bytes.Clone(c.Fill), Valid: bytes.Clone(c.Valid)}
	}
	return out
}

// grow makes room for n more bytes. New memory is allocated as words of 8 bytes, so that data stay aligned for every
// element type.
func grow(d []byte, n int) []byte {
	need := len(d) + n
	if cap(d) < need {
		grown := core.NewData(max(need, 2*cap(d), 4096))[:len(d)]
		copy(grown, d)
		d = grown
	}
	return d[:need]
}

func gatherInto[T core.Element](d, s []byte, rows []int32) []byte {
	var t T
	at := len(d)
	d = grow(d, len(rows)*len(core.Raw([]T{t})))
	from, to := core.View[T](s), core.View[T](d[at:])
	for i, r := range rows {
		to[i] = from[r]
	}
	return d
}
