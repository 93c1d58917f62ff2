package export

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/englacial/zagg/core"
)

// The classic netCDF format with 64-bit sizes and all integer types ("CDF-5", netCDF User's Guide, appendix B): a header, and then
// records, which have a row of each variable. All numbers are big-endian, everything begins at a multiple of 4.
const (
	cdfDimension, cdfVariable, cdfAttribute = 10, 11, 12
	cdfByte, cdfChar, cdfShort, cdfInt, cdfFloat, cdfDouble,
	cdfUbyte, cdfUshort, cdfUint, cdfInt64, cdfUint64 = 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11
)

// A cdfFile is a header of netCDF. Dimension 0 is that of records.
type cdfFile struct {
	records   int64
	dims      []cdfDim
	attrs     []cdfAttr
	variables []cdfVar
}

type cdfDim struct {
	name string
	size int64 // 0: records
}

// A cdfAttr is text, or numbers.
type cdfAttr struct {
	name   string
	typ    int
	count  int
	values []byte // big-endian
}

type cdfVar struct {
	name  string
	typ   int
	dims  []int
	attrs []cdfAttr
	data  []byte // of one without records, big-endian
}

// cdfType is the type of a column's values; truth values are bytes.
func cdfType(t core.Type) int {
	switch t {
	case core.Int8:
		return cdfByte
	case core.Bool, core.Uint8:
		return cdfUbyte
	case core.Int16:
		return cdfShort
	case core.Uint16:
		return cdfUshort
	case core.Int32:
		return cdfInt
	case core.Uint32:
		return cdfUint
	case core.Int64:
		return cdfInt64
	case core.Uint64:
		return cdfUint64
	case core.Float32:
		return cdfFloat
	}
	return cdfDouble
}

func cdfSize(typ int) int64 {
	switch typ {
	case cdfByte, cdfChar, cdfUbyte:
		return 1
	case cdfShort, cdfUshort:
		return 2
	case cdfInt, cdfFloat, cdfUint:
		return 4
	}
	return 8
}

func textAttr(name, text string) cdfAttr {
	return cdfAttr{name, cdfChar, len(text), []byte(text)}
}

func doubleAttr(name string, values ...float64) cdfAttr {
	a := cdfAttr{name: name, typ: cdfDouble, count: len(values)}
	for _, v := range values {
		a.values = binary.BigEndian.AppendUint64(a.values, math.Float64bits(v))
	}
	return a
}

// cdfAttrs are the members of a JSON object but some: text and numbers as they are, all else as JSON text.
func cdfAttrs(raw json.RawMessage, but ...string) ([]cdfAttr, error) {
	var members map[string]json.RawMessage
	if len(raw) > 0 {
		if err := json.Unmarshal(raw, &members); err != nil {
			return nil, core.Errorf(core.Corrupt, op, "attributes", "%w", err)
		}
	}
	var out []cdfAttr
	for name, value := range members {
		var text string
		var number float64
		var numbers []float64
		switch {
		case slices.Contains(but, name) || !cdfName(name) || string(value) == "null":
		case json.Unmarshal(value, &text) == nil:
			out = append(out, textAttr(name, text))
		case json.Unmarshal(value, &number) == nil:
			out = append(out, doubleAttr(name, number))
		case json.Unmarshal(value, &numbers) == nil && len(numbers) > 0:
			out = append(out, doubleAttr(name, numbers...))
		default:
			out = append(out, textAttr(name, string(value)))
		}
	}
	slices.SortFunc(out, func(a, b cdfAttr) int { return strings.Compare(a.name, b.name) })
	return out, nil
}

// cdfName reports whether netCDF takes a name.
func cdfName(name string) bool {
	return name != "" && len(name) <= 256 && utf8.ValidString(name) && !strings.ContainsAny(name, "/\x00") && !strings.HasSuffix(name, " ") &&
		!strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r == 0x7f }) && !strings.ContainsAny(name[:1], "!\"#$%&'()*+,-.:;<=>?@[\\]^`{|}~ ")
}

// row is how many bytes a record has of a variable, without what fills it up to a multiple of 4.
func (f *cdfFile) row(v *cdfVar) int64 {
	n := cdfSize(v.typ)
	for _, d := range v.dims {
		if f.dims[d].size > 0 {
			n *= f.dims[d].size
		}
	}
	return n
}

func (v *cdfVar) isRecord() bool { return len(v.dims) > 0 && v.dims[0] == 0 }

func padded(n int64) int64 { return (n + 3) &^ 3 }

// header is everything before the records.
func (f *cdfFile) header() []byte {
	at := int64(len(f.head(nil)))
	var begins []int64
	for i := range f.variables { // variables without records come first
		begins = append(begins, at)
		if v := &f.variables[i]; !v.isRecord() {
			at += padded(int64(len(v.data)))
		}
	}
	for i := range f.variables {
		if v := &f.variables[i]; v.isRecord() {
			begins[i] = at
			at += padded(f.row(v))
		}
	}
	out := f.head(begins)
	for i := range f.variables {
		if v := &f.variables[i]; !v.isRecord() {
			out = append(out, v.data...)
			out = append(out, make([]byte, padded(int64(len(v.data)))-int64(len(v.data)))...)
		}
	}
	return out
}

// head is the header proper; without begins it has the right length.
func (f *cdfFile) head(begins []int64) []byte {
	var b bytes.Buffer
	b.WriteString("CDF\x05")
	put64(&b, f.records)
	list(&b, cdfDimension, len(f.dims))
	for _, d := range f.dims {
		putName(&b, d.name)
		put64(&b, d.size)
	}
	putAttrs(&b, f.attrs)
	list(&b, cdfVariable, len(f.variables))
	for i := range f.variables {
		v := &f.variables[i]
		putName(&b, v.name)
		put64(&b, int64(len(v.dims)))
		for _, d := range v.dims {
			put64(&b, int64(d))
		}
		putAttrs(&b, v.attrs)
		put32(&b, v.typ)
		put64(&b, padded(f.row(v)))
		if begins == nil {
			put64(&b, 0)
		} else {
			put64(&b, begins[i])
		}
	}
	return b.Bytes()
}

func putAttrs(b *bytes.Buffer, attrs []cdfAttr) {
	list(b, cdfAttribute, len(attrs))
	for _, a := range attrs {
		putName(b, a.name)
		put32(b, a.typ)
		put64(b, int64(a.count))
		putPadded(b, a.values)
	}
}

// list begins a list; an empty one has no tag.
func list(b *bytes.Buffer, tag, n int) {
	if n == 0 {
		tag = 0
	}
	put32(b, tag)
	put64(b, int64(n))
}

func putName(b *bytes.Buffer, name string) {
	put64(b, int64(len(name)))
	putPadded(b, []byte(name))
}

func putPadded(b *bytes.Buffer, data []byte) {
	b.Write(data)
	b.Write(make([]byte, padded(int64(len(data)))-int64(len(data))))
}

func put32(b *bytes.Buffer, v int) { b.Write(binary.BigEndian.AppendUint32(nil, uint32(v))) } //nolint:gosec // tags and types

func put64(b *bytes.Buffer, v int64) { b.Write(binary.BigEndian.AppendUint64(nil, uint64(v))) } //nolint:gosec // sizes

// bigEndian appends an element of a column's bytes in the order of netCDF.
func bigEndian(dst, element []byte) []byte {
	for i := len(element) - 1; i >= 0; i-- {
		dst = append(dst, element[i])
	}
	return dst
}
