package hdfrest

import "strings"

// A Class is a kind of type, spelled as in the API.
type Class string

// The classes.
const (
	Integer   Class = "H5T_INTEGER"
	Float     Class = "H5T_FLOAT"
	String    Class = "H5T_STRING"
	Enum      Class = "H5T_ENUM"
	Compound  Class = "H5T_COMPOUND"
	Array     Class = "H5T_ARRAY"
	Vlen      Class = "H5T_VLEN"
	Opaque    Class = "H5T_OPAQUE"
	Reference Class = "H5T_REFERENCE"
)

// ReferenceSize is the bytes of a reference in the wire form.
const ReferenceSize = 48

// A Type is a tree by which elements in the wire form are read.
type Type struct {
	Class     Class
	Size      int    // bytes: integer, float, string (0: variable), opaque
	Signed    bool   // integer
	BigEndian bool   // integer, float
	UTF8      bool   // string
	Pad       string // string: H5T_STR_NULLTERM, …
	Tag       string // opaque
	Region    bool   // reference: to a region of a dataset
	Members   []Member
	Dims      []int // array
	Base      *Type // array, vlen, enum
	Names     []string
	Values    [][]byte // enum: of Names, each an element of Base
	Committed ID       // the object that the type is of; none: it has no name
}

// A Member is a field of a compound.
type Member struct {
	Name string
	Type *Type
}

// Width is the bytes of an element in the wire form, or the fewest it can have, and whether it always has these.
func (t *Type) Width() (n int, fixed bool) {
	switch t.Class {
	case String:
		if t.Size == 0 {
			return 4, false
		}
		return t.Size, true
	case Vlen:
		return 4, false
	case Reference:
		return ReferenceSize, true
	case Enum:
		return t.Base.Width()
	case Array:
		n, fixed = t.Base.Width()
		return n * t.count(), fixed
	case Compound:
		fixed = true
		for _, m := range t.Members {
			k, f := m.Type.Width()
			n, fixed = n+k, fixed && f
		}
		return n, fixed
	}
	return t.Size, true
}

// count is the elements of an array.
func (t *Type) count() int {
	n := 1
	for _, d := range t.Dims {
		n *= d
	}
	return n
}

// bool reports the enum by which booleans are stored.
func (t *Type) bool() bool {
	if t.Class != Enum || t.Base.Class != Integer || t.Base.Size != 1 || len(t.Names) != 2 {
		return false
	}
	value := map[string]byte{}
	for i, n := range t.Names {
		value[n] = t.Values[i][0]
	}
	f, ok := value["FALSE"]
	yes, ok2 := value["TRUE"]
	return ok && ok2 && f == 0 && yes == 1
}

// json is the type as the API describes it.
func (t *Type) json() object {
	o := t.plain()
	if t.Committed != (ID{}) {
		o = append(o, member{"id", t.Committed.String()})
	}
	return o
}

func (t *Type) plain() object {
	o := object{{"class", string(t.Class)}}
	switch t.Class {
	case Integer, Float:
		return append(o, member{"base", t.predefined()})
	case String:
		var length any = "H5T_VARIABLE"
		if t.Size > 0 {
			length = t.Size
		}
		set := "H5T_CSET_ASCII"
		if t.UTF8 {
			set = "H5T_CSET_UTF8"
		}
		return append(o, member{"length", length}, member{"charSet", set}, member{"strPad", t.Pad})
	case Enum:
		mapping := object{}
		for i, n := range t.Names {
			v, _ := render{}.value(nil, t.Base, t.Values[i])
			mapping = append(mapping, member{n, raw(v)})
		}
		return append(o, member{"base", t.Base.json()}, member{"mapping", mapping})
	case Compound:
		fields := make([]object, len(t.Members))
		for i, m := range t.Members {
			fields[i] = object{{"name", m.Name}, {"type", m.Type.json()}}
		}
		return append(o, member{"fields", fields})
	case Array:
		dims := make([]any, len(t.Dims))
		for i, d := range t.Dims {
			dims[i] = d
		}
		return append(o, member{"base", t.Base.json()}, member{"dims", dims})
	case Vlen:
		return append(o, member{"base", t.Base.json()}, member{"size", "H5T_VARIABLE"})
	case Opaque:
		return append(o, member{"size", t.Size}, member{"tag", t.Tag})
	}
	base := "H5T_STD_REF_OBJ"
	if t.Region {
		base = "H5T_STD_REF_DSETREG"
	}
	return append(o, member{"base", base}, member{"length", ReferenceSize}, member{"charSet", "H5T_CSET_ASCII"}, member{"strPad", "H5T_STR_NULLPAD"})
}

// predefined is the name of a number's type: H5T_STD_I32LE.
func (t *Type) predefined() string {
	var s strings.Builder
	switch {
	case t.Class == Float:
		s.WriteString("H5T_IEEE_F")
	case t.Signed:
		s.WriteString("H5T_STD_I")
	default:
		s.WriteString("H5T_STD_U")
	}
	s.WriteString(map[int]string{1: "8", 2: "16", 4: "32", 8: "64"}[t.Size])
	if t.BigEndian {
		s.WriteString("BE")
	} else {
		s.WriteString("LE")
	}
	return s.String()
}

// fields is the type with some of its members, in the order asked; nil if one is not there or the type is no compound.
func (t *Type) fields(names []string) (*Type, []int) {
	if t.Class != Compound {
		return nil, nil
	}
	sub := &Type{Class: Compound}
	var at []int
	for _, n := range names {
		found := -1
		for i, m := range t.Members {
			if m.Name == n {
				found = i
			}
		}
		if found < 0 {
			return nil, nil
		}
		sub.Members = append(sub.Members, t.Members[found])
		at = append(at, found)
	}
	return sub, at
}
