package coretest

import (
	"bytes"
	"fmt"
	"slices"
	"unsafe"

	"github.com/englacial/zagg/core"
)

// columnFault says where the bytes of a column are not what its type, width and rows say, or not aligned for its type;
// "" if all is well.
func columnFault(col *core.Column, rows int) string {
	if col.Type < core.Bool || col.Type > core.Bytes || col.Width < 0 {
		return fmt.Sprintf("has type %d and width %d", col.Type, col.Width)
	}
	size := max(col.Width, 1) * col.Type.Size()
	elements := rows
	switch {
	case col.Offsets != nil:
		if len(col.Offsets) != rows+1 {
			return fmt.Sprintf("has %d offsets for %d rows; want one more than rows", len(col.Offsets), rows)
		}
		if col.Offsets[0] != 0 || !slices.IsSorted(col.Offsets) {
			return "has offsets that do not ascend from 0"
		}
		elements = int(col.Offsets[rows])
	case col.Type == core.Bytes:
		return "is text without offsets"
	}
	switch {
	case len(col.Data) != elements*size:
		return fmt.Sprintf("has %d bytes, want %d rows of %d (%s, width %d)", len(col.Data), elements, size, col.Type, col.Width)
	case uintptr(unsafe.Pointer(unsafe.SliceData(col.Data)))%uintptr(col.Type.Size()) != 0 && elements > 0:
		return fmt.Sprintf("has bytes that are not aligned for %s; make them with core.NewData", col.Type)
	case len(col.Fill) != 0 && len(col.Fill) != col.Type.Size():
		return fmt.Sprintf("has a fill value of %d bytes, want one %s", len(col.Fill), col.Type)
	}
	return ""
}

// checkColumn ends the check where a column has a fault.
func checkColumn(c *check, what string, col *core.Column, rows int) {
	c.Helper()
	if fault := columnFault(col, rows); fault != "" {
		c.fatalf("%s %s", what, fault)
	}
}

// diffColumns says how a column differs from the one that is wanted; "" if they have the same bytes.
func diffColumns(want, got *core.Column) string {
	name := "column " + got.Name
	switch {
	case want.Name != got.Name:
		return fmt.Sprintf("%s, want %s", name, want.Name)
	case want.Type != got.Type:
		return fmt.Sprintf("%s is %s, want %s", name, got.Type, want.Type)
	case max(want.Width, 1) != max(got.Width, 1):
		return fmt.Sprintf("%s has width %d, want %d", name, got.Width, want.Width)
	case !bytes.Equal(want.Fill, got.Fill):
		return fmt.Sprintf("%s has fill value %x, want %x", name, got.Fill, want.Fill)
	case (want.Offsets == nil) != (got.Offsets == nil) || !slices.Equal(want.Offsets, got.Offsets):
		return name + " has other offsets"
	case len(want.Data) != len(got.Data):
		return fmt.Sprintf("%s has %d rows, want %d", name, got.Rows(), want.Rows())
	}
	for at := range want.Data {
		if want.Data[at] != got.Data[at] {
			element := at / want.Type.Size()
			return fmt.Sprintf("element %d of %s is %s, want %s", element, name, elementText(got, element), elementText(want, element))
		}
	}
	return ""
}

// diffAll says how columns differ from those that are wanted; "" if they have the same bytes.
func diffAll(want, got []core.Column) string {
	if len(want) != len(got) {
		return fmt.Sprintf("%d columns, want %d", len(got), len(want))
	}
	for i := range want {
		if d := diffColumns(&want[i], &got[i]); d != "" {
			return d
		}
	}
	return ""
}

// elementText is element i of a column's data as people write it.
func elementText(c *core.Column, i int) string {
	b := c.Data[i*c.Type.Size():]
	switch c.Type {
	case core.Float32:
		return fmt.Sprint(core.View[float32](b[:4])[0])
	case core.Float64:
		return fmt.Sprint(core.View[float64](b[:8])[0])
	case core.Bytes, core.Bool:
		return fmt.Sprintf("%#x", b[0])
	}
	n, signed := integer(c, i)
	if signed {
		return fmt.Sprint(int64(n))
	}
	return fmt.Sprint(n)
}

// integer is element i of an integer column, extended to 64 bits.
func integer(c *core.Column, i int) (bits uint64, signed bool) {
	b := c.Data[i*c.Type.Size():][:c.Type.Size()]
	switch c.Type {
	case core.Int8:
		return uint64(int64(int8(b[0]))), true
	case core.Int16:
		return uint64(int64(core.View[int16](b)[0])), true
	case core.Int32:
		return uint64(int64(core.View[int32](b)[0])), true
	case core.Int64:
		return core.View[uint64](b)[0], true
	case core.Uint16:
		return uint64(core.View[uint16](b)[0]), false
	case core.Uint32:
		return uint64(core.View[uint32](b)[0]), false
	case core.Uint64:
		return core.View[uint64](b)[0], false
	}
	return uint64(b[0]), false
}

// number is element i of a column of numbers as a float64.
func number(c *core.Column, i int) float64 {
	switch c.Type {
	case core.Float32:
		return float64(core.View[float32](c.Data[i*4 : i*4+4])[0])
	case core.Float64:
		return core.View[float64](c.Data[i*8 : i*8+8])[0]
	}
	n, signed := integer(c, i)
	if signed {
		return float64(int64(n))
	}
	return float64(n)
}

// cloneColumn is a copy that shares nothing.
func cloneColumn(c *core.Column) core.Column {
	out := *c
	out.Data = append(core.NewData(len(c.Data))[:0], c.Data...)
	out.Offsets = slices.Clone(c.Offsets)
	out.Fill = slices.Clone(c.Fill)
	return out
}

// cloneColumns is copies that share nothing.
func cloneColumns(columns []core.Column) []core.Column {
	out := make([]core.Column, len(columns))
	for i := range columns {
		out[i] = cloneColumn(&columns[i])
	}
	return out
}
