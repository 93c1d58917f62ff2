package hdfrest

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/englacial/zagg/internal/hdfrest/pyjson"
)

// encodeValue turns a value in JSON, lists nested by dims (none: one element), into the wire form. What is no such value is an
// error that says where and why: text for a number, a number that the type cannot hold, a text longer than its place.
func encodeValue(t *Type, dims []uint64, text pyjson.Raw) ([]byte, error) {
	return encoder{}.values(t, dims, text)
}

// DecodeStored is EncodeValue for what a store holds, of which other programs left out parts: null and 0 for what has no
// value are zeros, and what is too long is cut.
func DecodeStored(t *Type, dims []uint64, text pyjson.Raw) ([]byte, error) {
	return encoder{lenient: true}.values(t, dims, text)
}

// valueJSON is the inverse of EncodeValue.
func valueJSON(t *Type, dims []uint64, data []byte) ([]byte, error) {
	return render{}.values(nil, t, dims, data)
}

type encoder struct{ lenient bool }

func (e encoder) values(t *Type, dims []uint64, text pyjson.Raw) ([]byte, error) {
	n := uint64(1)
	for _, d := range dims {
		if d != 0 && n > (1<<40)/d {
			return nil, fmt.Errorf("too many elements")
		}
		n *= d
	}
	if e.lenient && (len(text) == 0 || text.Kind() == pyjson.Null) {
		return zeros(t, n)
	}
	items, err := flatten(nil, dims, text)
	if list := text.Items(); err != nil && uint64(len(list)) == n {
		items, err = list, nil // one list for all
	}
	if err != nil {
		return nil, err
	}
	var out []byte
	for i, item := range items {
		if out, err = e.value(out, t, item); err != nil {
			return nil, fmt.Errorf("element %d: %w", i, err)
		}
	}
	return out, nil
}

// zeros are n elements that were never written.
func zeros(t *Type, n uint64) ([]byte, error) {
	w, _ := t.Width() // of variable length: counts of 0
	if w > 0 && n > math.MaxInt32/uint64(w) {
		return nil, fmt.Errorf("too many elements")
	}
	return make([]byte, n*uint64(w)), nil
}

// flatten lists the elements of lists nested by dims.
func flatten(out []pyjson.Raw, dims []uint64, text pyjson.Raw) ([]pyjson.Raw, error) {
	if len(dims) == 0 {
		return append(out, text), nil
	}
	list := text.Items()
	if text.Kind() != pyjson.Array || uint64(len(list)) != dims[0] {
		if len(out) == 0 && dims[0] == 1 && len(dims) == 1 && text.Kind() != pyjson.Array {
			return append(out, text), nil
		}
		return nil, fmt.Errorf("a list of %d is expected, not %.20q with %d", dims[0], text, len(list))
	}
	if len(dims) == 1 {
		return append(out, list...), nil
	}
	var err error
	for _, item := range list {
		if out, err = flatten(out, dims[1:], item); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func errValue(t *Type, text pyjson.Raw) error {
	return fmt.Errorf("%.40q is not a value of %s", text, t.Class)
}

// value appends one element.
func (e encoder) value(b []byte, t *Type, text pyjson.Raw) ([]byte, error) {
	if e.lenient && (len(text) == 0 || text.Kind() == pyjson.Null) {
		z, err := zeros(t, 1)
		return append(b, z...), err
	}
	switch t.Class {
	case Integer:
		return e.integer(b, t, text)
	case Float:
		return e.float(b, t, text)
	case Enum:
		return e.integer(b, t.Base, text)
	case String:
		if t.Size == 0 && e.lenient && text.Kind() == pyjson.Number { // an empty text, as some write it
			return append(b, 0, 0, 0, 0), nil
		}
		if text.Kind() != pyjson.String {
			return nil, errValue(t, text)
		}
		if t.Size == 0 {
			return counted(b, []byte(text.Text()))
		}
		return e.padded(b, t, []byte(text.Text()), t.Size)
	case Opaque:
		data, err := base64.StdEncoding.DecodeString(text.Text())
		if text.Kind() != pyjson.String || err != nil {
			return nil, fmt.Errorf("%w: base64 is expected", errValue(t, text))
		}
		return e.padded(b, t, data, t.Size)
	case Reference:
		return e.reference(b, t, text)
	case Vlen:
		return e.sequence(b, t, text)
	case Array:
		dims := make([]uint64, len(t.Dims))
		for i, d := range t.Dims {
			dims[i] = uint64(d)
		}
		data, err := e.values(t.Base, dims, text)
		return append(b, data...), err
	}
	return e.compound(b, t, text)
}

// compound takes a list, or an object by the members' names.
func (e encoder) compound(b []byte, t *Type, text pyjson.Raw) ([]byte, error) {
	list := text.Items()
	if text.Kind() == pyjson.Object {
		for _, m := range t.Members {
			list = append(list, text.Get(m.Name))
		}
		if len(text.Members()) != len(t.Members) || slices.ContainsFunc(list, func(r pyjson.Raw) bool { return r == nil }) {
			return nil, errValue(t, text)
		}
	}
	if len(list) != len(t.Members) {
		return nil, fmt.Errorf("%w: a list of its %d fields is expected", errValue(t, text), len(t.Members))
	}
	var err error
	for i, m := range t.Members {
		if b, err = e.value(b, m.Type, list[i]); err != nil {
			return nil, fmt.Errorf("field %q: %w", m.Name, err)
		}
	}
	return b, nil
}

func counted(b, data []byte) ([]byte, error) {
	if len(data) > math.MaxInt32 {
		return nil, fmt.Errorf("a text or sequence of %d bytes", len(data))
	}
	return append(binary.LittleEndian.AppendUint32(b, uint32(len(data))), data...), nil
}

func (e encoder) padded(b []byte, t *Type, data []byte, size int) ([]byte, error) {
	if len(data) > size && !e.lenient {
		return nil, fmt.Errorf("%d bytes do not fit into %s of %d", len(data), t.Class, size)
	}
	data = data[:min(len(data), size)]
	return append(append(b, data...), make([]byte, size-len(data))...), nil
}

// reference takes "datasets/<id>", or the id alone, to which it adds the collection.
func (e encoder) reference(b []byte, t *Type, text pyjson.Raw) ([]byte, error) {
	s := text.Text()
	if text.Kind() != pyjson.String {
		return nil, errValue(t, text)
	}
	if !e.lenient && s != "" { // what is stored is given as it is
		id, ok := ParseID(s[strings.LastIndexByte(s, '/')+1:])
		full := id.Kind.Collection() + "/" + id.String()
		if !ok || s != id.String() && s != full {
			return nil, errValue(t, text)
		}
		s = full
	}
	return e.padded(b, t, []byte(s), ReferenceSize)
}

func (e encoder) sequence(b []byte, t *Type, text pyjson.Raw) ([]byte, error) {
	if e.lenient && text.Kind() == pyjson.Number {
		return append(b, 0, 0, 0, 0), nil
	}
	if text.Kind() != pyjson.Array {
		return nil, errValue(t, text)
	}
	data, err := e.values(t.Base, []uint64{uint64(len(text.Items()))}, text)
	if err != nil {
		return nil, err
	}
	return counted(b, data)
}

func (e encoder) integer(b []byte, t *Type, text pyjson.Raw) ([]byte, error) {
	var v uint64
	switch kind := text.Kind(); {
	case kind == pyjson.True:
		v = 1
	case kind == pyjson.False:
	case kind != pyjson.Number:
		return nil, errValue(t, text)
	default:
		var err error
		if v, err = integerBits(t, string(text)); err != nil {
			return nil, err
		}
	}
	at := len(b)
	b = append(b, make([]byte, t.Size)...)
	putInteger(b[at:], t, v)
	return b, nil
}

// integerBits reads an integer that the type can hold; a float without a fraction is one.
func integerBits(t *Type, text string) (uint64, error) {
	bits := 8 * t.Size
	if t.Signed {
		v, err := strconv.ParseInt(text, 10, bits)
		if err == nil {
			return uint64(v), nil
		}
	} else if v, err := strconv.ParseUint(text, 10, bits); err == nil {
		return v, nil
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || f != math.Trunc(f) || math.IsInf(f, 0) || math.Abs(f) >= 1<<53 {
		return 0, fmt.Errorf("%.40s is not an integer of %d bits", text, bits)
	}
	low, high := 0.0, math.Ldexp(1, bits)
	if t.Signed {
		low, high = -math.Ldexp(1, bits-1), math.Ldexp(1, bits-1)
	}
	if f < low || f >= high {
		return 0, fmt.Errorf("%.40s does not fit into an integer of %d bits", text, bits)
	}
	return uint64(int64(f)), nil
}

func putInteger(b []byte, t *Type, v uint64) {
	switch t.Size {
	case 1:
		b[0] = byte(v)
	case 2:
		t.order().PutUint16(b, uint16(v))
	case 4:
		t.order().PutUint32(b, uint32(v))
	default:
		t.order().PutUint64(b, v)
	}
}

func (e encoder) float(b []byte, t *Type, text pyjson.Raw) ([]byte, error) {
	f, err := text.Float()
	if err != nil {
		return nil, errValue(t, text)
	}
	at := len(b)
	b = append(b, make([]byte, t.Size)...)
	switch t.Size {
	case 2:
		t.order().PutUint16(b[at:], toHalf(f))
	case 4:
		t.order().PutUint32(b[at:], math.Float32bits(float32(f)))
	default:
		t.order().PutUint64(b[at:], math.Float64bits(f))
	}
	if !e.lenient && math.IsInf(float(t, b[at:]), 0) && !bytes.HasSuffix(text, []byte("Infinity")) {
		return nil, fmt.Errorf("%.40s does not fit into a float of %d bits", text, 8*t.Size)
	}
	return b, nil
}

// toHalf rounds to the nearest IEEE 754 binary16, of two as near to the even one.
func toHalf(f float64) uint16 {
	sign := uint16(math.Float64bits(f)>>48) & 0x8000
	a := math.Abs(f)
	switch {
	case math.IsNaN(f):
		return sign | 0x7e00
	case a >= 65520:
		return sign | 0x7c00
	case a < math.Ldexp(1, -14):
		return sign | uint16(math.RoundToEven(math.Ldexp(a, 24)))
	}
	fraction, exponent := math.Frexp(a)                     // a = fraction·2^exponent, fraction in [0.5, 1)
	m := uint16(math.RoundToEven(math.Ldexp(fraction, 11))) // 1024 to 2048
	return sign | (uint16(exponent+13)<<10 + m)
}
