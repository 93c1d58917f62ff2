package expr

import (
	"fmt"
	"math"

	"github.com/englacial/zagg/core"
)

// kind is what a value's elements are and how they are held.
type kind uint8

const (
	kindNone   kind = iota // an argument that was not given
	kindBool               // uint8, 0 or 1
	kindInt                // int64
	kindUint               // uint64
	kindSingle             // float64 that a float32 can hold: values of a float32 column, not yet computed with
	kindFloat              // float64
	kindTuple              // items
	kindType               // typ
)

var kindNames = [...]string{"nothing", "bool", "int64", "uint64", "float32", "float64", "a tuple", "a type"}

func (k kind) float() bool { return k == kindSingle || k == kindFloat }
func (k kind) whole() bool { return k == kindInt || k == kindUint }
func (k kind) size() int {
	if k == kindBool {
		return 1
	}
	return 8
}

// columnType is the type of a result of this kind.
func (k kind) columnType() core.Type {
	switch k {
	case kindBool:
		return core.Bool
	case kindInt:
		return core.Int64
	case kindUint:
		return core.Uint64
	}
	return core.Float64
}

// A value is one number or one array per cell.
//
//	konst, !vec   data has one element, the same for all cells
//	!vec          data has an element per cell
//	konst, vec    data is the array, the same for all cells; off is {0, len}
//	vec           data is the arrays end to end; cell i's is off[i]…off[i+1]
type value struct {
	kind  kind
	vec   bool
	konst bool
	py    bool // a Python number, which adapts to numpy's types; never an array
	temp  bool // data is scratch that this value alone owns
	width int  // of an array: its elements where these are as many in every cell whatever the data; -1: they are not
	off   []int64
	inner []int // of an array of rows: the extents of a row, whose elements lie together; nil: an array of one dimension
	data  []byte
	items []value
	typ   core.Type
}

func (v *value) given() bool { return v.kind != kindNone }

// number reports whether v has elements.
func (v *value) number() bool { return v.kind >= kindBool && v.kind <= kindFloat }

func (v *value) bools() []uint8    { return core.View[uint8](v.data) }
func (v *value) ints() []int64     { return core.View[int64](v.data) }
func (v *value) uints() []uint64   { return core.View[uint64](v.data) }
func (v *value) floats() []float64 { return core.View[float64](v.data) }

// len is the number of elements of all cells.
func (v *value) len() int { return len(v.data) / v.kind.size() }

// mask is what to and an element's index with: 0 repeats a constant, -1 changes nothing.
func (v *value) mask() int {
	if v.konst && !v.vec {
		return 0
	}
	return -1
}

// describe says what a value is, for messages: "an array of float64", "a bool".
func (v *value) describe() string {
	switch {
	case !v.number():
		return kindNames[v.kind]
	case v.inner != nil:
		return fmt.Sprintf("an array of rows of %s %s", extents(v.inner), kindNames[v.kind])
	case v.vec:
		return "an array of " + kindNames[v.kind]
	case v.kind == kindInt:
		return "an int64"
	}
	return "a " + kindNames[v.kind]
}

func constant[T core.Element](k kind, x T) value {
	return value{kind: k, konst: true, py: true, data: core.Raw([]T{x})}
}

func constBool(b bool) value {
	if b {
		return constant[uint8](kindBool, 1)
	}
	return constant[uint8](kindBool, 0)
}

func constInt(i int64) value     { return constant(kindInt, i) }
func constUint(u uint64) value   { return constant(kindUint, u) }
func constFloat(f float64) value { return constant(kindFloat, f) }

// element is element i as float64.
func (v *value) element(i int) float64 {
	switch v.kind {
	case kindBool:
		return float64(v.bools()[i])
	case kindInt:
		return float64(v.ints()[i])
	case kindUint:
		return float64(v.uints()[i])
	}
	return v.floats()[i]
}

// constIndex is a constant whole number, as an index or a size is one; false for anything else.
func (v *value) constIndex() (int64, bool) {
	if !v.konst || v.vec {
		return 0, false
	}
	switch v.kind {
	case kindBool:
		return int64(v.bools()[0]), true
	case kindInt:
		return v.ints()[0], true
	case kindUint:
		if u := v.uints()[0]; u <= math.MaxInt64 {
			return int64(u), true
		}
	}
	return 0, false
}

// An arena hands out scratch for one evaluation and takes it back; it keeps buffers between evaluations.
type arena struct {
	free  [40][][]byte // by the size's power of two
	used  int
	limit int
}

// get is n bytes, aligned for every type and not zeroed. It is nil where that would exceed the limit.
func (a *arena) get(n int) []byte {
	c := class(n)
	if a.used += 1 << c; a.used > a.limit {
		return nil
	}
	if f := a.free[c]; len(f) > 0 {
		b := f[len(f)-1]
		a.free[c] = f[:len(f)-1]
		return b[:n]
	}
	return core.NewData(1 << c)[:n]
}

// put takes back what get gave.
func (a *arena) put(b []byte) {
	c := class(cap(b))
	a.used -= 1 << c
	a.free[c] = append(a.free[c], b[:0])
}

// class is the power of two that holds n bytes; at least 64.
func class(n int) int {
	c := 6
	for 1<<c < n {
		c++
	}
	return c
}

// shrink drops buffers that an unusual evaluation has left behind: at most 32 of up to 128 KiB and 4 of up to 1 MiB
// stay of each size, 15 MiB in all.
func (a *arena) shrink() {
	a.used = 0
	for c := range a.free {
		most := 32
		if c > 20 {
			most = 0
		} else if c > 17 {
			most = 4
		}
		if len(a.free[c]) > most {
			clear(a.free[c][most:])
			a.free[c] = a.free[c][:most]
		}
	}
}
