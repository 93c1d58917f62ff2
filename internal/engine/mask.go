package engine

import (
	"bytes"

	"github.com/englacial/zagg/core"
)

// A Mask says what becomes of a row in which a column has no valid value: it is NaN, one of the elements that stand for
// "no value", or outside the range of valid values.
type Mask uint8

// The masks.
const (
	MaskNone   Mask = iota // such values are data like any other
	MaskRows               // the row is dropped for every variable
	MaskInputs             // each variable leaves out the rows in which one of its own inputs is missing
)

// absent lists the positions in rows at which c has no valid value, ascending, and counts those that are NaN apart from the
// others. A vector has no valid value when any of its elements is none.
func absent(c *core.Column, rows []int32) (at []int32, fill, nan int64) {
	switch c.Type {
	case core.Float32:
		return scan[float32](c, rows, true)
	case core.Float64:
		return scan[float64](c, rows, true)
	}
	if len(c.Fill) == 0 && len(c.Valid) == 0 {
		return nil, 0, 0
	}
	switch c.Type {
	case core.Int8:
		return scan[int8](c, rows, false)
	case core.Int16:
		return scan[int16](c, rows, false)
	case core.Int32:
		return scan[int32](c, rows, false)
	case core.Int64:
		return scan[int64](c, rows, false)
	case core.Uint16:
		return scan[uint16](c, rows, false)
	case core.Uint32:
		return scan[uint32](c, rows, false)
	case core.Uint64:
		return scan[uint64](c, rows, false)
	}
	return scan[uint8](c, rows, false)
}

// scan is absent for one type of element.
func scan[T number](c *core.Column, rows []int32, float bool) (at []int32, fill, nan int64) {
	v, fills, valid := core.View[T](c.Data), elements[T](c.Fill), elements[T](c.Valid)
	width := max(c.Width, 1)
	if float && width == 1 && len(fills) == 0 && len(valid) == 0 {
		for k, r := range rows {
			if x := v[r]; x != x {
				at = append(at, int32(k))
			}
		}
		return at, 0, int64(len(at))
	}
	for k, r := range rows {
		isFill, isNaN := false, false
		for _, x := range v[int(r)*width : (int(r)+1)*width] {
			isNaN = isNaN || x != x
			for _, f := range fills {
				isFill = isFill || x == f
			}
			if len(valid) == 2 {
				isFill = isFill || x < valid[0] || x > valid[1]
			}
		}
		if isFill || isNaN {
			at = append(at, int32(k))
		}
		switch {
		case isFill:
			fill++
		case isNaN:
			nan++
		}
	}
	return at, fill, nan
}

// elements are a few elements, whose bytes may come from anywhere, as values.
func elements[T number](b []byte) []T {
	return core.View[T](append(core.NewData(len(b))[:0], b...))
}

// without removes the elements at ascending positions.
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

// mark makes the marks of a batch of n rows for those in keep, in scratch that may be reused: each row has one bit for every
// one of the columns, set where it holds no valid value. Marks travel with the rows because granules may differ in what
// stands for "no value".
func mark(columns []core.Column, n int, keep []int32, scratch []byte) core.Column {
	width := (len(columns) + 7) / 8
	if cap(scratch) < n*width {
		scratch = core.NewData(n * width)
	}
	m := core.Column{Name: marksName, Type: core.Uint8, Width: width, Data: scratch[:n*width]}
	clear(m.Data)
	for i := range columns {
		at, _, _ := absent(&columns[i], keep)
		for _, k := range at {
			m.Data[int(keep[k])*width+i/8] |= 1 << (i % 8)
		}
	}
	return m
}

// gather appends the given rows of src to dst, column by column. A nil dst starts new columns. Appending to what the
// sink holds keeps one growing buffer a column instead of one a batch.
func gather(dst, src []core.Column, rows []int32) ([]core.Column, error) {
	if dst == nil {
		dst = make([]core.Column, len(src))
		for i, c := range src {
			dst[i] = core.Column{Name: c.Name, Type: c.Type, Width: max(c.Width, 1), Fill: bytes.Clone(c.Fill), Valid: bytes.Clone(c.Valid)}
		}
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

// grow makes room for n more bytes and keeps the data aligned for every element type: it allocates anew as 8-byte words.
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
