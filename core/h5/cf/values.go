package cf

import (
	"encoding/binary"
	"math"

	"github.com/englacial/zagg/core"
)

// Column makes a column of decoded elements. Those that are values as they are share the memory of data, and the column says
// which of them are none; packed ones become float64, NaN where there is no value.
func (m *Meaning) Column(name string, data []byte) core.Column {
	c := core.Column{Name: name, Type: m.Type, Width: 1, Data: data, Fill: m.Fill, Valid: m.Valid}
	if m.Packed == nil {
		return c
	}
	values := make([]float64, c.Rows())
	m.Floats(values, data)
	return core.ColumnOf(name, values)
}

// Floats puts the values of decoded elements into dst, NaN where there is none. data may be the end of dst's own memory.
func (m *Meaning) Floats(dst []float64, data []byte) {
	switch m.Type {
	case core.Int8:
		floats(m, dst, core.View[int8](data))
	case core.Int16:
		floats(m, dst, core.View[int16](data))
	case core.Int32:
		floats(m, dst, core.View[int32](data))
	case core.Int64:
		floats(m, dst, core.View[int64](data))
	case core.Bool, core.Uint8:
		floats(m, dst, core.View[uint8](data))
	case core.Uint16:
		floats(m, dst, core.View[uint16](data))
	case core.Uint32:
		floats(m, dst, core.View[uint32](data))
	case core.Uint64:
		floats(m, dst, core.View[uint64](data))
	case core.Float32:
		floats(m, dst, core.View[float32](data))
	case core.Float64:
		floats(m, dst, core.View[float64](data))
	}
}

type number interface {
	int8 | int16 | int32 | int64 | uint8 | uint16 | uint32 | uint64 | float32 | float64
}

// floats is Floats for one type. Product and sum are rounded one by one, so that results are the same on every machine.
func floats[T number](m *Meaning, dst []float64, v []T) {
	fills, valid := elements[T](m.Fill), elements[T](m.Valid)
	p := Packing{Scale: 1, Low: math.Inf(-1), High: math.Inf(1)}
	if m.Packed != nil {
		p = *m.Packed
	}
	for i, x := range v {
		f := float64(x)
		for _, none := range fills {
			if x == none {
				f = math.NaN()
			}
		}
		if len(valid) == 2 && (x < valid[0] || x > valid[1]) {
			f = math.NaN()
		}
		if m.Packed != nil {
			f = float64(f*p.Scale) + p.Offset
			if f < p.Low || f > p.High {
				f = math.NaN()
			}
		}
		dst[i] = f
	}
}

func elements[T number](b []byte) []T {
	return core.View[T](append(core.NewData(len(b))[:0], b...))
}

// Append appends the meaning in a form that Parse reads.
func (m *Meaning) Append(b []byte) []byte {
	b = append(b, byte(m.Stored), byte(m.Type))
	for _, part := range [][]byte{m.Fill, m.Valid} {
		b = append(binary.AppendUvarint(b, uint64(len(part))), part...)
	}
	if m.Packed == nil {
		return append(b, 0)
	}
	b = append(b, 1)
	for _, f := range []float64{m.Packed.Scale, m.Packed.Offset, m.Packed.Low, m.Packed.High} {
		b = binary.LittleEndian.AppendUint64(b, math.Float64bits(f))
	}
	return b
}

// Parse reads a meaning; false if it is none.
func Parse(b []byte) (Meaning, bool) {
	var m Meaning
	if len(b) < 2 || core.Type(b[0]) > core.Bytes || core.Type(b[1]).Size() != core.Type(b[0]).Size() {
		return m, false
	}
	m.Stored, m.Type = core.Type(b[0]), core.Type(b[1])
	b = b[2:]
	for _, part := range []*[]byte{&m.Fill, &m.Valid} {
		n, used := binary.Uvarint(b)
		if used <= 0 || n > uint64(len(b)-used) || n > 0 && (m.Type.Size() == 0 || n%uint64(m.Type.Size()) != 0) {
			return m, false
		}
		if n > 0 {
			*part = b[used : used+int(n)]
		}
		b = b[used+int(n):]
	}
	switch {
	case len(m.Valid) != 0 && len(m.Valid) != 2*m.Type.Size():
		return m, false
	case len(b) == 1 && b[0] == 0:
		return m, true
	case len(b) != 33 || b[0] != 1:
		return m, false
	}
	f := func(i int) float64 { return math.Float64frombits(binary.LittleEndian.Uint64(b[1+8*i:])) }
	m.Packed = &Packing{f(0), f(1), f(2), f(3)}
	return m, true
}
