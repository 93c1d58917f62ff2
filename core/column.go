package core

import (
	"encoding/json"
	"unsafe"
)

// Type is the element type of a column or array. The zero Type, where allowed, means the type of the input.
type Type uint8

// The element types. Bytes is text or opaque bytes; such a column has Offsets.
const (
	Bool Type = iota + 1
	Int8
	Int16
	Int32
	Int64
	Uint8
	Uint16
	Uint32
	Uint64
	Float32
	Float64
	Bytes
)

var typeNames = [...]string{"", "bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float32", "float64", "bytes"}
var typeSizes = [...]int{0, 1, 1, 2, 4, 8, 1, 2, 4, 8, 4, 8, 1}

// String is numpy's name of the type ("float32"); "" for the zero Type.
func (t Type) String() string {
	if int(t) < len(typeNames) {
		return typeNames[t]
	}
	return "invalid"
}

// Size is the size of one element in bytes; 0 for the zero Type.
func (t Type) Size() int {
	if int(t) < len(typeSizes) {
		return typeSizes[t]
	}
	return 0
}

// IsFloat reports Float32 and Float64.
func (t Type) IsFloat() bool { return t == Float32 || t == Float64 }

// IsSigned reports the signed integers, IsUnsigned the unsigned ones.
func (t Type) IsSigned() bool { return t >= Int8 && t <= Int64 }

// IsUnsigned reports the unsigned integers.
func (t Type) IsUnsigned() bool { return t >= Uint8 && t <= Uint64 }

// TypeFromName is the inverse of String; false if there is no such type.
func TypeFromName(name string) (Type, bool) {
	for i, n := range typeNames {
		if i > 0 && n == name {
			return Type(i), true
		}
	}
	return 0, false
}

// A Column contains rows of one type as little-endian bytes, 8-byte aligned. A row has Width elements. With Offsets (length
// rows+1, counted in units of Width elements) rows have variable length. A string column has Type Bytes and Offsets.
type Column struct {
	Name    string
	Type    Type
	Width   int
	Data    []byte
	Offsets []int64
	// Fill contains the elements that mean "no value" in this column (_FillValue and similar), encoded as in Data; nil: none.
	// NaN always means no value.
	Fill []byte
	// Absent is the element of rows for which the file has no value at all; it is also in Fill. nil: there are no such rows, or
	// they are NaN. These rows are missing even if fill values are used as data (mask_fill: false).
	Absent []byte
	// Valid contains the minimum and maximum valid element, encoded as in Data; nil: all elements are valid.
	Valid []byte
}

// Rows is the number of rows.
func (c *Column) Rows() int {
	if c.Offsets != nil {
		return len(c.Offsets) - 1
	}
	if n := max(c.Width, 1) * c.Type.Size(); n > 0 {
		return len(c.Data) / n
	}
	return 0
}

// An Element is a Go type in which a column's bytes can be viewed.
type Element interface {
	~int8 | ~int16 | ~int32 | ~int64 | ~uint8 | ~uint16 | ~uint32 | ~uint64 | ~float32 | ~float64 | ~bool
}

// View returns little-endian bytes as values without a copy; the result shares b's memory. len(b) must be a multiple of
// T's size and b aligned for T, as a Column's Data is. zagg runs only on little-endian machines.
func View[T Element](b []byte) []T {
	if len(b) == 0 {
		return nil
	}
	var t T
	return unsafe.Slice((*T)(unsafe.Pointer(unsafe.SliceData(b))), len(b)/int(unsafe.Sizeof(t)))
}

// Raw is the inverse of View: it returns values as little-endian bytes without a copy.
func Raw[T Element](v []T) []byte {
	if len(v) == 0 {
		return nil
	}
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(v))), len(v)*int(unsafe.Sizeof(v[0])))
}

// NewData returns n zero bytes, aligned for every Type.
func NewData(n int) []byte {
	return Raw(make([]uint64, (n+7)/8))[:n:n]
}

// ColumnOf returns a column of scalars that shares v's memory.
func ColumnOf[T Element](name string, v []T) Column {
	var t T
	var typ Type
	switch any(t).(type) {
	case bool:
		typ = Bool
	case int8:
		typ = Int8
	case int16:
		typ = Int16
	case int32:
		typ = Int32
	case int64:
		typ = Int64
	case uint8:
		typ = Uint8
	case uint16:
		typ = Uint16
	case uint32:
		typ = Uint32
	case uint64:
		typ = Uint64
	case float32:
		typ = Float32
	case float64:
		typ = Float64
	}
	return Column{Name: name, Type: typ, Width: 1, Data: Raw(v)}
}

// StringColumn returns a Bytes column.
func StringColumn(name string, v []string) Column {
	c := Column{Name: name, Type: Bytes, Width: 1, Offsets: make([]int64, 1, len(v)+1)}
	for _, s := range v {
		c.Data = append(c.Data, s...)
		c.Offsets = append(c.Offsets, int64(len(c.Data)))
	}
	return c
}

// A Batch is a run of observations. All columns have Len rows.
type Batch struct {
	Group    string // beam or band group
	Lon, Lat []float64
	Columns  []Column // as Query.Columns asked, same order
	// Positions of rows that a filter dropped, to count them by shard; a batch may contain nothing else.
	RefusedLon, RefusedLat []float64
	// Rows and RefusedRows are row numbers, ascending; RowReader.ReadRows returns them instead of RefusedLon and RefusedLat.
	Rows, RefusedRows []int64
}

// Len is the number of observations.
func (b *Batch) Len() int { return max(len(b.Lon), len(b.Rows)) }

// Groups contains observations grouped by cell: those of cell Slots[i] are rows Offsets[i] to Offsets[i+1] (exclusive) of each
// column of Rows. It has only cells with observations. Within a cell rows are in granule order, then file order.
type Groups struct {
	Slots   []int32 // ascending
	Offsets []int64 // len(Slots)+1
	Rows    []Column
	Cells   []Column // inputs per cell (chunk values, centres), one row for each of Slots
}

// A Field is the metadata of one array.
type Field struct {
	Name   string
	Type   Type
	Width  int  // elements per cell; 1 unless a vector
	Ragged bool // any number of rows of Width elements per cell
	Fill   json.RawMessage
	Units  string
	Attrs  json.RawMessage
	Dim    *VectorDim // dimension of a vector's elements; nil: unnamed
}
