package engine

import (
	"bytes"

	"github.com/englacial/zagg/core"
)

// mask drops from keep the rows in which c is its fill value or NaN, and counts both. A vector row is dropped when any
// of its elements is.
func mask(c *core.Column, keep []int32) (kept []int32, fill, nan int64) {
	switch c.Type {
	case core.Float32:
		return maskFloat(core.View[float32](c.Data), core.View[float32](c.Fill), max(c.Width, 1), keep)
	case core.Float64:
		return maskFloat(core.View[float64](c.Data), core.View[float64](c.Fill), max(c.Width, 1), keep)
	}
	if c.Fill == nil {
		return keep, 0, 0
	}
	size, width := c.Type.Size(), max(c.Width, 1)
	kept = keep[:0]
	for _, r := range keep {
		if hasElement(c.Data[int(r)*width*size:(int(r)+1)*width*size], c.Fill) {
			fill++
		} else {
			kept = append(kept, r)
		}
	}
	return kept, fill, 0
}

func hasElement(row, element []byte) bool {
	for ; len(row) >= len(element) && len(element) > 0; row = row[len(element):] {
		if bytes.Equal(row[:len(element)], element) {
			return true
		}
	}
	return false
}

func maskFloat[T float32 | float64](v, fillValue []T, width int, keep []int32) (kept []int32, fill, nan int64) {
	kept = keep[:0]
	for _, r := range keep {
		isFill, isNaN := false, false
		for _, x := range v[int(r)*width : (int(r)+1)*width] {
			isFill = isFill || len(fillValue) > 0 && x == fillValue[0]
			isNaN = isNaN || x != x
		}
		switch {
		case isFill:
			fill++
		case isNaN:
			nan++
		default:
			kept = append(kept, r)
		}
	}
	return kept, fill, nan
}

// gather appends the given rows of src to dst, column by column. A nil dst starts new columns. Appending to what the
// sink holds keeps one growing buffer a column instead of one a batch.
func gather(dst, src []core.Column, rows []int32) ([]core.Column, error) {
	if dst == nil {
		dst = make([]core.Column, len(src))
		for i, c := range src {
			dst[i] = core.Column{Name: c.Name, Type: c.Type, Width: max(c.Width, 1), Fill: bytes.Clone(c.Fill)}
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
