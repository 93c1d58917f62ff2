package hdfrest

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"math"
	"net/http"
	"slices"

	"github.com/englacial/zagg/core"
)

// width is the bytes of the element of type t that data begins with; -1 if data is too short for it.
func (t *Type) width(data []byte) int {
	n, fixed := t.Width()
	if n > len(data) {
		return -1
	}
	if fixed {
		return n
	}
	switch t.Class {
	case Compound:
		at := 0
		for _, m := range t.Members {
			k := m.Type.width(data[at:])
			if k < 0 {
				return -1
			}
			at += k
		}
		return at
	case Array:
		at := 0
		for range t.count() {
			k := t.Base.width(data[at:])
			if k < 0 {
				return -1
			}
			at += k
		}
		return at
	}
	k := uint64(binary.LittleEndian.Uint32(data)) + 4
	if k > uint64(len(data)) {
		return -1
	}
	return int(k)
}

// whole reports an element whose sequences consist of whole elements.
func (t *Type) whole(data []byte) bool {
	if _, fixed := t.Width(); fixed {
		return true
	}
	each := func(t *Type, data []byte) bool {
		for len(data) > 0 {
			n := t.width(data)
			if n <= 0 || !t.whole(data[:n]) {
				return false
			}
			data = data[n:]
		}
		return true
	}
	switch t.Class {
	case Vlen:
		return each(t.Base, data[4:])
	case Array:
		return each(t.Base, data)
	case Compound:
		for _, m := range t.Members {
			n := m.Type.width(data)
			if n < 0 || !m.Type.whole(data[:n]) {
				return false
			}
			data = data[n:]
		}
	}
	return true
}

// project keeps of each element of a compound the members at.
func (t *Type) project(data []byte, at []int) ([]byte, error) {
	out := make([]byte, 0, len(data))
	parts := make([][]byte, len(t.Members))
	for len(data) > 0 {
		for i, m := range t.Members {
			n := m.Type.width(data)
			if n < 0 {
				return nil, errShort()
			}
			parts[i], data = data[:n], data[n:]
		}
		for _, i := range at {
			out = append(out, parts[i]...)
		}
	}
	return out, nil
}

func errShort() error {
	return core.Errorf(core.Internal, "hdfrest", "", "values end in the middle of an element")
}

// A render writes values as JSON.
type render struct{ ignoreNaN bool }

// maxLists is how many lists may be nested in each other that have no elements: those of dimensions before one of 0.
const maxLists = 1 << 20

// checkLists is an error of dimensions that are no elements, but more lists than JSON can have.
func checkLists(dims []uint64) error {
	n := uint64(1)
	for _, d := range dims[:max(slices.Index(dims, 0), 0)] {
		if d > maxLists/n {
			return errStatus(http.StatusRequestEntityTooLarge, "%v are more than %d empty lists: ask for binary values", dims, maxLists)
		}
		n *= d
	}
	return nil
}

// values appends elements as lists nested by dims; none: one element.
func (r render) values(b []byte, t *Type, dims []uint64, data []byte) ([]byte, error) {
	if err := checkLists(dims); err != nil {
		return nil, err
	}
	b, rest := r.nested(b, t, dims, data)
	if b == nil || len(rest) > 0 {
		return nil, errShort()
	}
	return b, nil
}

func (r render) nested(b []byte, t *Type, dims []uint64, data []byte) (out, rest []byte) {
	if len(dims) == 0 {
		n := t.width(data)
		if n < 0 {
			return nil, nil
		}
		b, _ = r.value(b, t, data[:n])
		return b, data[n:]
	}
	b = append(b, '[')
	for i := range dims[0] {
		if i > 0 {
			b = append(b, ',')
		}
		if b, data = r.nested(b, t, dims[1:], data); b == nil {
			return nil, nil
		}
	}
	return append(b, ']'), data
}

// value appends the element that data begins with, which must be whole, and says how long it is.
func (r render) value(b []byte, t *Type, data []byte) ([]byte, int) {
	n := t.width(data)
	switch t.Class {
	case Integer:
		return appendInteger(b, t, data), n
	case Float:
		f := float(t, data)
		if r.ignoreNaN && (math.IsNaN(f) || math.IsInf(f, 0)) {
			return append(b, "null"...), n
		}
		return appendFloat(b, f), n
	case Enum:
		if t.bool() && data[0] < 2 {
			return appendJSON(b, data[0] == 1), n
		}
		return r.value(b, t.Base, data)
	case String:
		if t.Size == 0 {
			return appendString(b, string(data[4:n])), n
		}
		return appendString(b, string(bytes.TrimRight(data[:n], "\x00"))), n
	case Opaque:
		return appendString(b, base64.StdEncoding.EncodeToString(data[:n])), n // as HDF5/JSON has it, and h5pyd 1.0 reads it
	case Reference:
		return appendString(b, string(bytes.TrimRight(data[:n], "\x00"))), n
	case Vlen:
		return r.sequence(b, t.Base, data[4:n]), n
	case Array:
		dims := make([]uint64, len(t.Dims))
		for i, d := range t.Dims {
			dims[i] = uint64(d)
		}
		b, _ = r.nested(b, t.Base, dims, data[:n])
		return b, n
	}
	b = append(b, '[')
	at := 0
	for i, m := range t.Members {
		if i > 0 {
			b = append(b, ',')
		}
		var k int
		b, k = r.value(b, m.Type, data[at:])
		at += k
	}
	return append(b, ']'), n
}

// sequence appends the elements of a variable-length one.
func (r render) sequence(b []byte, t *Type, data []byte) []byte {
	b = append(b, '[')
	for i := 0; len(data) > 0; i++ {
		n := t.width(data)
		if n <= 0 {
			break
		}
		if i > 0 {
			b = append(b, ',')
		}
		b, _ = r.value(b, t, data[:n])
		data = data[n:]
	}
	return append(b, ']')
}

func (t *Type) order() binary.ByteOrder {
	if t.BigEndian {
		return binary.BigEndian
	}
	return binary.LittleEndian
}

// integer is an integer's bits, with its sign extended.
func integer(t *Type, data []byte) uint64 {
	switch t.Size {
	case 1:
		if t.Signed {
			return uint64(int64(int8(data[0])))
		}
		return uint64(data[0])
	case 2:
		v := t.order().Uint16(data)
		if t.Signed {
			return uint64(int64(int16(v)))
		}
		return uint64(v)
	case 4:
		v := t.order().Uint32(data)
		if t.Signed {
			return uint64(int64(int32(v)))
		}
		return uint64(v)
	}
	return t.order().Uint64(data)
}

func appendInteger(b []byte, t *Type, data []byte) []byte {
	if t.Signed {
		return appendJSON(b, int64(integer(t, data)))
	}
	return appendJSON(b, integer(t, data))
}

// float is a number of 2, 4 or 8 bytes.
func float(t *Type, data []byte) float64 {
	switch t.Size {
	case 2:
		return half(t.order().Uint16(data))
	case 4:
		return float64(math.Float32frombits(t.order().Uint32(data)))
	}
	return math.Float64frombits(t.order().Uint64(data))
}

// half is an IEEE 754 binary16.
func half(h uint16) float64 {
	sign, exponent, mantissa := 1-2*float64(h>>15), int(h>>10&31), float64(h&1023)
	switch exponent {
	case 0:
		return sign * math.Ldexp(mantissa, -24)
	case 31:
		if mantissa != 0 {
			return math.NaN()
		}
		return math.Inf(int(sign))
	}
	return sign * math.Ldexp(1024+mantissa, exponent-25)
}

// WidthOf is the bytes of the element that data begins with; -1 if it is cut off.
func (t *Type) WidthOf(data []byte) int { return t.width(data) }
