package h5

// Datatypes: what a file says of its elements, and which column they become.

import (
	"fmt"
	"strings"

	"github.com/englacial/zagg/core"
)

// A Class is a kind of datatype. The numbers are those of the file format.
type Class uint8

// The classes, numbered as in the file format.
const (
	Integer Class = iota
	Float
	Time
	String
	Bitfield
	Opaque
	Compound
	Reference
	Enum
	Vlen
	Array
	Complex
)

var classNames = [...]string{"integer", "float", "time", "string", "bitfield", "opaque", "compound", "reference", "enum", "vlen", "array", "complex"}

// String is the class's name.
func (c Class) String() string {
	if int(c) < len(classNames) {
		return classNames[c]
	}
	return fmt.Sprintf("class %d", uint8(c))
}

// A Padding is how a string of fixed size fills its bytes.
type Padding uint8

// The paddings.
const (
	NullTerminated Padding = iota
	NullPadded
	SpacePadded
)

// A RefKind tells what a reference points to.
type RefKind uint8

// The references: those of all versions (8 and 12 bytes), and those of HDF5 1.12, of which any may be in elements of one
// type: Values.Ref tells.
const (
	ObjectRef RefKind = iota
	RegionRef
	ObjectRef2
	RegionRef2
	AttributeRef
)

// A Datatype is a tree that says how to read an element of Size bytes. It is immutable once decoded.
type Datatype struct {
	Class     Class
	Size      int  // bytes of an element; of a vlen or variable string, of its pointer into a heap
	BigEndian bool // integer, float, time, bitfield
	Signed    bool // integer
	Offset    int  // bits below the value: integer, float, bitfield
	Precision int  // bits of the value

	Bits FloatBits // float

	Padding  Padding  // string, variable string
	UTF8     bool     // string; otherwise ASCII
	Variable bool     // vlen: it is a string
	Tag      string   // opaque
	Ref      RefKind  // reference
	Members  []Member // compound
	Names    []string // enum: of the values
	Values   [][]byte // enum: each an element of Base
	Dims     []int    // array
	Base     *Datatype
	// Committed is the address of the named datatype that this is; NoAddress if it is not one.
	Committed uint64
}

// FloatBits says where the parts of a float are, in bits from its least significant.
type FloatBits struct {
	Sign, Exponent, ExponentSize, Mantissa, MantissaSize int
	Bias                                                 uint32
	Implied                                              bool // the leading 1 of the mantissa is not stored
}

// A Member is a field of a compound.
type Member struct {
	Name   string
	Offset int // bytes from the element's beginning
	Type   *Datatype
}

// IEEE reports whether the type is a float with the parts of IEEE 754 binary16, binary32 or binary64.
func (t *Datatype) IEEE() bool {
	if t.Class != Float || t.Offset != 0 || t.Precision != 8*t.Size {
		return false
	}
	b := t.Bits
	switch t.Size {
	case 2:
		return b == FloatBits{15, 10, 5, 0, 10, 15, true}
	case 4:
		return b == FloatBits{31, 23, 8, 0, 23, 127, true}
	case 8:
		return b == FloatBits{63, 52, 11, 0, 52, 1023, true}
	}
	return false
}

// Bool reports whether the type is the enum of FALSE = 0 and TRUE = 1 over one byte by which h5py and others store
// booleans.
func (t *Datatype) Bool() bool {
	return t.Class == Enum && t.Size == 1 && len(t.Names) == 2 &&
		t.Names[0] == "FALSE" && t.Names[1] == "TRUE" && t.Values[0][0] == 0 && t.Values[1][0] == 1
}

// Column is the type of column that elements become: integers of odd sizes the next larger, float16 a float32, an
// enum its base type, strings of fixed size and opaque elements Bytes. Others are Unsupported.
func (t *Datatype) Column() (core.Type, error) {
	switch {
	case t.Class == Integer && t.Size <= 8, t.Class == Bitfield && t.Size <= 8:
		return integerColumn(t.Size, t.Signed), nil
	case t.Bool():
		return core.Bool, nil
	case t.Class == Enum && t.Base != nil && t.Base.Class == Integer && t.Base.Size <= 8:
		return integerColumn(t.Base.Size, t.Base.Signed), nil
	case t.IEEE() && t.Size == 8:
		return core.Float64, nil
	case t.IEEE():
		return core.Float32, nil
	case t.Class == String, t.Class == Opaque:
		return core.Bytes, nil
	}
	return 0, core.Errorf(core.Unsupported, "", "", "%s is not a column of numbers or fixed strings", t)
}

// integerColumn is the smallest integer type with room for size bytes, 1 to 8.
func integerColumn(size int, signed bool) core.Type {
	i := 0
	for 1<<i < size {
		i++
	}
	if signed {
		return [...]core.Type{core.Int8, core.Int16, core.Int32, core.Int64}[i]
	}
	return [...]core.Type{core.Uint8, core.Uint16, core.Uint32, core.Uint64}[i]
}

// String describes the type on one line: "int16 big-endian", "compound of 2 members".
func (t *Datatype) String() string {
	switch t.Class {
	case Integer:
		return t.numberName(map[bool]string{true: "int", false: "uint"}[t.Signed])
	case Float:
		return t.floatName()
	case Bitfield:
		return t.numberName("bitfield")
	case String:
		return fmt.Sprintf("string of %d bytes", t.Size)
	case Opaque:
		return fmt.Sprintf("opaque of %d bytes %q", t.Size, t.Tag)
	case Compound:
		parts := make([]string, len(t.Members))
		for i, m := range t.Members {
			parts[i] = m.Name + " " + m.Type.String()
		}
		return "compound {" + strings.Join(parts, ", ") + "}"
	case Reference:
		return [...]string{"object reference", "region reference", "standard reference", "standard region reference", "standard attribute reference"}[t.Ref]
	case Enum:
		return "enum of " + t.Base.String()
	case Vlen:
		if t.Variable {
			return "variable string"
		}
		return "vlen of " + t.Base.String()
	case Array:
		return fmt.Sprintf("array %v of %s", t.Dims, t.Base)
	case Complex:
		return "complex of " + t.Base.String()
	}
	return t.numberName(t.Class.String())
}

func (t *Datatype) numberName(kind string) string {
	name := fmt.Sprintf("%s%d", kind, 8*t.Size)
	if t.Precision != 8*t.Size || t.Offset != 0 {
		name += fmt.Sprintf(" (%d bits from bit %d)", t.Precision, t.Offset)
	}
	if t.BigEndian {
		name += " big-endian"
	}
	return name
}

func (t *Datatype) floatName() string {
	b := t.Bits
	switch {
	case t.IEEE():
		return t.numberName("float")
	case t.Size == 2 && b.ExponentSize == 8 && b.MantissaSize == 7:
		return "bfloat16"
	}
	return fmt.Sprintf("float of %d bytes with %d exponent and %d mantissa bits, which is none of IEEE 754", t.Size, b.ExponentSize, b.MantissaSize)
}

// hasHeap reports whether elements point into a heap somewhere.
func (t *Datatype) hasHeap() bool {
	switch t.Class {
	case Vlen:
		return true
	case Reference:
		return t.Ref != ObjectRef
	case Array, Enum, Complex:
		return t.Base.hasHeap()
	case Compound:
		for _, m := range t.Members {
			if m.Type.hasHeap() {
				return true
			}
		}
	}
	return false
}
