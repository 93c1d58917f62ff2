package cf

import (
	"bytes"
	"encoding/binary"
	"math"
	"math/big"
	"strconv"
	"strings"

	"github.com/englacial/zagg/core"
)

// element is element i of an attribute as one of the dataset's; nil where none can equal it. What has the type of the stored
// elements is of the same bits, however these are read.
func element(c *core.Column, i int, m *Meaning) []byte {
	e := c.Data[i*c.Type.Size() : (i+1)*c.Type.Size()]
	if c.Type == m.Stored {
		return e
	}
	if v := castElement(e, c.Type, m.Type); v != nil {
		return v
	}
	if m.Type != m.Stored {
		return castElement(e, c.Type, m.Stored)
	}
	return nil
}

// contains reports whether one of the elements has these bits.
func contains(elements, e []byte) bool {
	for ; len(elements) >= len(e); elements = elements[len(e):] {
		if bytes.Equal(elements[:len(e)], e) {
			return true
		}
	}
	return false
}

func quoted(text string) string {
	if len(text) > 60 {
		text = strings.ToValidUTF8(text[:60], "") + "…"
	}
	return strconv.Quote(text)
}

// float is element i of a column as a float64.
func float(c *core.Column, i int) float64 {
	size := c.Type.Size()
	f, err := strconv.ParseFloat(decimal(c.Data[i*size:(i+1)*size], c.Type), 64)
	if err != nil && !math.IsInf(f, 0) {
		return math.NaN()
	}
	return f
}

// castElement is an element in another type, as some writers store the attribute; nil where that type cannot hold it,
// because then no row has it. It goes by decimal text, which is exact for every type.
func castElement(element []byte, from, to core.Type) []byte {
	if from == to {
		return element
	}
	text, bits := decimal(element, from), 8*to.Size()
	word := core.NewData(8)
	var err error
	switch {
	case to.IsSigned():
		var n int64
		n, err = strconv.ParseInt(text, 10, bits)
		binary.LittleEndian.PutUint64(word, uint64(n))
	case to.IsUnsigned():
		var n uint64
		n, err = strconv.ParseUint(text, 10, bits)
		binary.LittleEndian.PutUint64(word, n)
	case to.IsFloat():
		var f float64
		f, err = strconv.ParseFloat(text, bits)
		binary.LittleEndian.PutUint64(word, math.Float64bits(f))
		if to == core.Float32 {
			binary.LittleEndian.PutUint32(word, math.Float32bits(float32(f)))
		}
	default:
		return nil
	}
	if err != nil {
		return nil
	}
	return word[:to.Size()]
}

// decimal is a number in decimal digits without an exponent; "" if it is none.
func decimal(element []byte, t core.Type) string {
	var word [8]byte
	copy(word[:], element)
	u := binary.LittleEndian.Uint64(word[:])
	switch {
	case t.IsSigned():
		unused := 64 - 8*t.Size()
		return strconv.FormatInt(int64(u<<unused)>>unused, 10)
	case t.IsUnsigned():
		return strconv.FormatUint(u, 10)
	case t == core.Float32:
		return decimalFloat(float64(math.Float32frombits(uint32(u))))
	case t == core.Float64:
		return decimalFloat(math.Float64frombits(u))
	}
	return ""
}

func decimalFloat(f float64) string {
	if f == math.Trunc(f) {
		return strconv.FormatFloat(f, 'f', 0, 64) // every digit, not the fewest that tell it from its neighbours
	}
	return strconv.FormatFloat(f, 'f', -1, 64)
}

// A validity is the range of valid elements or values that attributes leave.
type validity struct {
	m          *Meaning
	low, high  *big.Float // of elements; nil: no bound
	least, top float64    // of unpacked values
	some       bool
}

func newValidity(m *Meaning) *validity {
	return &validity{m: m, least: math.Inf(-1), top: math.Inf(1)}
}

// narrow applies element i of an attribute as the least (end 0) or greatest (end 1) that is valid. A NaN is no bound.
func (v *validity) narrow(c *core.Column, i, end int) {
	f := float(c, i)
	if math.IsNaN(f) {
		return
	}
	if v.m.Packed != nil && c.Type.IsFloat() && !v.m.Type.IsFloat() {
		if end == 0 {
			v.least = max(v.least, f)
		} else {
			v.top = min(v.top, f)
		}
		return
	}
	e, t := c.Data[i*c.Type.Size():(i+1)*c.Type.Size()], c.Type
	if t == v.m.Stored {
		t = v.m.Type
	}
	x := exact(decimal(e, t))
	if v.m.Type == core.Float32 && !x.IsInf() { // 0.1 is the float32 nearest to it
		f32, _ := x.Float32()
		x = exact(decimalFloat(float64(f32)))
	}
	v.some = true
	if end == 0 && (v.low == nil || x.Cmp(v.low) > 0) {
		v.low = x
	}
	if end == 1 && (v.high == nil || x.Cmp(v.high) < 0) {
		v.high = x
	}
}

// exact is a decimal number with every digit that an element can have.
func exact(text string) *big.Float {
	f, _, err := big.ParseFloat(strings.TrimPrefix(text, "+"), 10, 2200, big.ToNearestEven)
	if err != nil {
		return new(big.Float)
	}
	return f
}

// ends are the least and greatest element in range; nil where there is none.
func (v *validity) ends() []byte {
	low, high := limits(v.m.Type)
	if v.low != nil && v.low.Cmp(low) > 0 {
		low = v.low
	}
	if v.high != nil && v.high.Cmp(high) < 0 {
		high = v.high
	}
	if !v.m.Type.IsFloat() {
		low, high = whole(low, true), whole(high, false)
	}
	if low.Cmp(high) > 0 {
		return nil
	}
	return append(encode(low, v.m.Type), encode(high, v.m.Type)...)
}

// whole is the nearest whole number at or above x, or at or below it.
func whole(x *big.Float, above bool) *big.Float {
	n, accuracy := x.Int(nil) // towards zero
	switch {
	case above && accuracy == big.Below:
		n.Add(n, big.NewInt(1))
	case !above && accuracy == big.Above:
		n.Sub(n, big.NewInt(1))
	}
	return new(big.Float).SetPrec(200).SetInt(n)
}

// limits are the least and the greatest number of a type; of floats the infinities.
func limits(t core.Type) (low, high *big.Float) {
	bits := uint(8 * t.Size())
	one := big.NewInt(1)
	number := func(n *big.Int) *big.Float { return new(big.Float).SetPrec(200).SetInt(n) }
	switch {
	case t.IsSigned():
		half := new(big.Int).Lsh(one, bits-1)
		return number(new(big.Int).Neg(half)), number(half.Sub(half, one))
	case t.IsFloat():
		return new(big.Float).SetInf(true), new(big.Float).SetInf(false)
	}
	full := new(big.Int).Lsh(one, bits)
	return number(new(big.Int)), number(full.Sub(full, one))
}

// encode is a number that a type can hold as one of its elements.
func encode(x *big.Float, t core.Type) []byte {
	word := core.NewData(8)
	switch {
	case t == core.Float32:
		f, _ := x.Float32()
		binary.LittleEndian.PutUint32(word, math.Float32bits(f))
	case t == core.Float64:
		f, _ := x.Float64()
		binary.LittleEndian.PutUint64(word, math.Float64bits(f))
	case t.IsSigned():
		n, _ := x.Int64()
		binary.LittleEndian.PutUint64(word, uint64(n))
	default:
		n, _ := x.Uint64()
		binary.LittleEndian.PutUint64(word, n)
	}
	return word[:t.Size()]
}

// empty reports that nothing is valid.
func (v *validity) empty() bool { return v.least > v.top || v.ends() == nil }

// apply puts the range into the meaning.
func (v *validity) apply() {
	if v.some {
		v.m.Valid = v.ends()
	}
	if v.m.Packed != nil {
		v.m.Packed.Low, v.m.Packed.High = v.least, v.top
	}
}
