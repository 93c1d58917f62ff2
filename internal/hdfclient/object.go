package hdfclient

import (
	"encoding/json"
	"fmt"
	"strings"
)

// object is what the API says of an object.
type object struct {
	ID             string
	Class          string
	Shape          shape
	Type           json.RawMessage
	LinkCount      int
	AttributeCount int
	Attributes     map[string]struct{ Value json.RawMessage }
	Properties     struct {
		Layout struct {
			Class string
			Dims  []uint64
		}
		Filters []struct{ Name string }
	} `json:"creationProperties"`
}

type shape struct {
	Class string
	Dims  []uint64
}

// String is the shape as numpy prints it.
func (s shape) String() string {
	switch s.Class {
	case "H5S_NULL":
		return "null"
	case "H5S_SCALAR":
		return "()"
	}
	parts := make([]string, len(s.Dims))
	for i, d := range s.Dims {
		parts[i] = fmt.Sprint(d)
	}
	if len(parts) == 1 {
		return "(" + parts[0] + ",)"
	}
	return "(" + strings.Join(parts, ", ") + ")"
}

// typeName is a type on one line.
func typeName(text json.RawMessage) string {
	var t struct {
		Class  string
		Base   json.RawMessage
		Length json.RawMessage
		Fields []struct {
			Name string
			Type json.RawMessage
		}
		Dims    []int
		Size    json.RawMessage
		Mapping map[string]json.RawMessage
	}
	var name string
	if json.Unmarshal(text, &name) == nil {
		return predefined(name)
	}
	if json.Unmarshal(text, &t) != nil {
		return string(text)
	}
	switch t.Class {
	case "H5T_STRING":
		if string(t.Length) == `"H5T_VARIABLE"` {
			return "string"
		}
		return "string of " + string(t.Length) + " bytes"
	case "H5T_COMPOUND":
		parts := make([]string, len(t.Fields))
		for i, f := range t.Fields {
			parts[i] = f.Name + " " + typeName(f.Type)
		}
		return "{" + strings.Join(parts, ", ") + "}"
	case "H5T_ARRAY":
		return fmt.Sprintf("%s%v", typeName(t.Base), t.Dims)
	case "H5T_VLEN":
		return "sequence of " + typeName(t.Base)
	case "H5T_ENUM":
		if len(t.Mapping) == 2 && t.Mapping["FALSE"] != nil && t.Mapping["TRUE"] != nil {
			return "bool"
		}
		return "enum of " + typeName(t.Base)
	case "H5T_OPAQUE":
		return "opaque of " + string(t.Size) + " bytes"
	case "H5T_REFERENCE":
		return "reference"
	}
	return typeName(t.Base)
}

// predefined is a short name of H5T_IEEE_F64LE and its like.
func predefined(name string) string {
	short := strings.TrimPrefix(strings.TrimPrefix(name, "H5T_STD_"), "H5T_IEEE_")
	order := ""
	if strings.HasSuffix(short, "BE") {
		order = " big-endian"
	}
	short = strings.TrimSuffix(strings.TrimSuffix(short, "LE"), "BE")
	if len(short) < 2 {
		return name
	}
	return map[byte]string{'I': "int", 'U': "uint", 'F': "float"}[short[0]] + short[1:] + order
}
