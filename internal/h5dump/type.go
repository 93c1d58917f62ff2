package h5dump

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/dustin/go-humanize"

	"github.com/englacial/zagg/core/h5"
)

// A safeText is a string from a file in JSON: see quoteText.
type safeText string

// MarshalJSON implements json.Marshaler.
func (s safeText) MarshalJSON() ([]byte, error) { return quoteText(nil, string(s)), nil }

// An typeOf is a datatype as a JSON tree. Sizes are bytes; what concerns bits counts from an element's lowest.
type typeOf struct {
	Class     string       `json:"class"`
	Size      int          `json:"size"`
	Order     string       `json:"byte_order,omitempty"` // of numbers of more than a byte
	Signed    *bool        `json:"signed,omitempty"`     // integer
	Precision int          `json:"precision,omitempty"`  // bits, where they are not all of the element's
	Offset    int          `json:"bit_offset,omitempty"`
	Bits      *floatBits   `json:"bits,omitempty"` // float that is not one of IEEE 754
	Variable  bool         `json:"variable,omitempty"`
	Padding   string       `json:"padding,omitempty"`
	Charset   string       `json:"charset,omitempty"`
	Tag       *safeText    `json:"tag,omitempty"`
	To        string       `json:"to,omitempty"` // reference
	Members   []memberInfo `json:"members,omitempty"`
	Values    []constantOf `json:"values,omitempty"`
	Dims      []int        `json:"dims,omitempty"`
	Base      *typeOf      `json:"base,omitempty"`
	Committed *uint64      `json:"committed,omitempty"` // address of the named datatype
}

type floatBits struct {
	Sign         int    `json:"sign"`
	Exponent     int    `json:"exponent"`
	ExponentSize int    `json:"exponent_size"`
	Mantissa     int    `json:"mantissa"`
	MantissaSize int    `json:"mantissa_size"`
	Bias         uint32 `json:"bias"`
	Implied      bool   `json:"implied"`
}

type memberInfo struct {
	Name   safeText `json:"name"`
	Offset int      `json:"offset"`
	Type   *typeOf  `json:"type"`
}

type constantOf struct {
	Name  safeText        `json:"name"`
	Value json.RawMessage `json:"value"`
}

// typeTree describes a datatype.
func typeTree(t *h5.Datatype) *typeOf {
	if t == nil {
		return nil
	}
	d := &typeOf{Class: t.Class.String(), Size: t.Size}
	if t.Committed != 0 && t.Committed != h5.NoAddress {
		d.Committed = &t.Committed
	}
	switch t.Class {
	case h5.Integer, h5.Bitfield, h5.Float, h5.Time:
		d.number(t)
	case h5.String:
		d.text(t)
	case h5.Vlen:
		if t.Variable {
			d.Class, d.Variable = h5.String.String(), true
			d.text(t)
			break
		}
		d.Base = typeTree(t.Base)
	case h5.Opaque:
		tag := safeText(t.Tag)
		d.Tag = &tag
	case h5.Reference:
		d.To = strings.TrimSuffix(t.String(), " reference")
	case h5.Compound:
		for _, m := range t.Members {
			d.Members = append(d.Members, memberInfo{safeText(m.Name), m.Offset, typeTree(m.Type)})
		}
	case h5.Enum:
		d.Base = typeTree(t.Base)
		for i, name := range t.Names {
			d.Values = append(d.Values, constantOf{safeText(name), integerText(nil, t.Base, t.Values[i])})
		}
	default:
		d.Dims, d.Base = t.Dims, typeTree(t.Base)
	}
	return d
}

func (d *typeOf) number(t *h5.Datatype) {
	if t.Size > 1 {
		d.Order = map[bool]string{false: "little", true: "big"}[t.BigEndian]
	}
	if t.Class == h5.Integer {
		d.Signed = &t.Signed
	}
	if t.Precision != 8*t.Size || t.Offset != 0 {
		d.Precision, d.Offset = t.Precision, t.Offset
	}
	if t.Class == h5.Float && !t.IEEE() {
		b := t.Bits
		d.Bits = &floatBits{b.Sign, b.Exponent, b.ExponentSize, b.Mantissa, b.MantissaSize, b.Bias, b.Implied}
	}
}

func (d *typeOf) text(t *h5.Datatype) {
	d.Charset = map[bool]string{false: "ascii", true: "utf-8"}[t.UTF8]
	d.Padding = map[h5.Padding]string{h5.NullTerminated: "null-terminated", h5.NullPadded: "null-padded", h5.SpacePadded: "space-padded"}[t.Padding]
}

// typeLines describes a datatype for people, one line for a member of a compound or a constant of an enum.
func typeLines(t *h5.Datatype, indent string) []string {
	switch t.Class {
	case h5.Compound:
		out := []string{fmt.Sprintf("compound of %d bytes", t.Size)}
		for _, m := range t.Members {
			lines := typeLines(m.Type, indent+"  ")
			out = append(out, fmt.Sprintf("%s  %s: %s at byte %d", indent, quoteName(m.Name), lines[0], m.Offset))
			out = append(out, lines[1:]...)
		}
		return out
	case h5.Enum:
		if t.Bool() {
			return []string{"bool (enum of int8)"}
		}
		out := []string{t.String()}
		for i, name := range t.Names {
			out = append(out, fmt.Sprintf("%s  %s = %s", indent, quoteName(name), integerText(nil, t.Base, t.Values[i])))
		}
		return out
	case h5.Array, h5.Vlen:
		if t.Base == nil || t.Variable {
			break
		}
		lines := typeLines(t.Base, indent)
		lines[0] = strings.TrimSuffix(t.String(), t.Base.String()) + lines[0]
		return lines
	}
	return []string{typeName(t)}
}

// typeName is a datatype on one line, with what is no text quoted.
func typeName(t *h5.Datatype) string {
	if t.Bool() {
		return "bool"
	}
	return quoteName(t.String())
}

// shapeText prints dimensions as 1,200 × 3.
func shapeText(s h5.Dataspace) string {
	switch {
	case s.Null:
		return "null"
	case len(s.Dims) == 0:
		return "scalar"
	}
	return numbersOf(s.Dims)
}

func numbersOf(dims []uint64) string {
	parts := make([]string, len(dims))
	for i, n := range dims {
		switch {
		case n == h5.Unlimited:
			parts[i] = "unlimited"
		case n > 1<<62:
			parts[i] = strconv.FormatUint(n, 10)
		default:
			parts[i] = humanize.Comma(int64(n))
		}
	}
	return strings.Join(parts, " × ")
}

// filterName is how a filter is known.
func filterName(f h5.FilterInfo) string {
	known := map[int]string{1: "deflate", 2: "shuffle", 3: "fletcher32", 4: "szip", 5: "nbit", 6: "scaleoffset", 307: "bzip2", 32000: "lzf",
		32001: "blosc", 32004: "lz4", 32008: "bitshuffle", 32013: "zfp", 32015: "zstd", 32026: "blosc2"}
	if n := known[f.ID]; n != "" {
		return n
	}
	if f.Name != "" {
		return f.Name
	}
	return "filter " + strconv.Itoa(f.ID)
}

// filtersText prints filters with their parameters.
func filtersText(filters []h5.FilterInfo) string {
	var parts []string
	for _, f := range filters {
		p := quoteName(filterName(f))
		if len(f.Params) > 0 {
			p += strings.Join(strings.Fields(fmt.Sprint(f.Params)), ",")
		}
		parts = append(parts, p)
	}
	return strings.Join(parts, " ")
}
