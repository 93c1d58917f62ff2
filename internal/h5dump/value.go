package h5dump

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"math"
	"math/big"
	"slices"
	"strconv"
	"unicode"
	"unicode/utf8"

	"github.com/dustin/go-humanize"

	"github.com/englacial/zagg/core/h5"
)

// A valueStyle is how values are written: as JSON, in which nothing is lost, or for people.
type valueStyle struct {
	text  bool
	brief bool                        // text: cut long strings and lists
	path  func(address uint64) string // of what references point to
}

// What brief texts show of a string and of a list inside of an element.
const (
	briefBytes = 120
	briefItems = 8
)

// element appends one element of type t, which lies in v.
func (s *valueStyle) element(dst []byte, v *h5.Values, t *h5.Datatype, e []byte) []byte {
	switch t.Class {
	case h5.Integer, h5.Bitfield, h5.Time:
		return integerText(dst, t, e)
	case h5.Float:
		return s.float(dst, t, e)
	case h5.String:
		return s.string(dst, fixedString(t, e))
	case h5.Enum:
		return s.enum(dst, t, e)
	case h5.Compound:
		return s.compound(dst, v, t, e)
	case h5.Reference:
		return s.reference(dst, v, t, e)
	case h5.Array:
		return s.array(dst, v, t, t.Dims, e)
	case h5.Complex:
		n := t.Base.Size
		dst = s.element(s.key(append(dst, '{'), "r"), v, t.Base, e[:n])
		dst = s.element(s.key(s.comma(dst), "i"), v, t.Base, e[n:2*n])
		return append(dst, '}')
	case h5.Vlen:
		if t.Variable {
			text, _, _ := bytes.Cut(v.Heap(t, e), []byte{0})
			return s.string(dst, text)
		}
		data := v.Heap(t, e)
		return s.array(dst, v, t, []int{len(data) / max(t.Base.Size, 1)}, data)
	}
	return s.bytes(dst, e)
}

func (s *valueStyle) comma(dst []byte) []byte {
	if s.text {
		return append(dst, ", "...)
	}
	return append(dst, ',')
}

func (s *valueStyle) key(dst []byte, name string) []byte {
	if s.text {
		return append(append(dst, quoteName(name)...), ": "...)
	}
	return append(quoteText(dst, name), ':')
}

func (s *valueStyle) compound(dst []byte, v *h5.Values, t *h5.Datatype, e []byte) []byte {
	dst = append(dst, '{')
	for i, m := range t.Members {
		if i > 0 {
			dst = s.comma(dst)
		}
		dst = s.element(s.key(dst, m.Name), v, m.Type, e[m.Offset:m.Offset+m.Type.Size])
	}
	return append(dst, '}')
}

// array appends elements of t.Base as nested lists.
func (s *valueStyle) array(dst []byte, v *h5.Values, t *h5.Datatype, dims []int, data []byte) []byte {
	if len(dims) == 0 {
		return s.element(dst, v, t.Base, data)
	}
	dst = append(dst, '[')
	n := len(data) / max(dims[0], 1)
	for i := range dims[0] {
		if n == 0 {
			break
		}
		if i > 0 {
			dst = s.comma(dst)
		}
		if s.brief && i == briefItems && dims[0] > briefItems+1 {
			dst = append(dst, "… "+humanize.Comma(int64(dims[0]))+" in all"...)
			break
		}
		dst = s.array(dst, v, t, dims[1:], data[i*n:(i+1)*n])
	}
	return append(dst, ']')
}

// enum appends a value's name for people; JSON has the number, whose name the type tells, and true and false.
func (s *valueStyle) enum(dst []byte, t *h5.Datatype, e []byte) []byte {
	if t.Bool() && e[0] <= 1 {
		return strconv.AppendBool(dst, e[0] == 1)
	}
	if s.text {
		if i := slices.IndexFunc(t.Values, func(v []byte) bool { return bytes.Equal(v, e) }); i >= 0 {
			return append(dst, quoteName(t.Names[i])...)
		}
	}
	return s.element(dst, nil, t.Base, e)
}

// reference appends what an element points to; null: nothing.
func (s *valueStyle) reference(dst []byte, v *h5.Values, t *h5.Datatype, e []byte) []byte {
	r := v.Ref(t, e)
	if r.Address == h5.NoAddress {
		return append(dst, "null"...)
	}
	path := ""
	if r.File == "" {
		path = s.path(r.Address)
	}
	region := r.Kind == h5.RegionRef || r.Kind == h5.RegionRef2
	if s.text {
		return s.referenceText(dst, r, path, region)
	}
	dst = strconv.AppendUint(append(dst, `{"address":`...), r.Address, 10)
	for _, part := range [][2]string{{"path", path}, {"file", r.File}, {"attribute", r.Attribute}} {
		if part[1] != "" {
			dst = quoteText(append(dst, `,"`+part[0]+`":`...), part[1])
		}
	}
	if region {
		dst = s.bytes(append(dst, `,"selection":`...), r.Selection)
	}
	return append(dst, '}')
}

func (s *valueStyle) referenceText(dst []byte, r h5.Ref, path string, region bool) []byte {
	if path == "" {
		path = "object at " + strconv.FormatUint(r.Address, 10)
	}
	dst = append(append(dst, "→ "...), quoteName(path)...)
	if r.Attribute != "" {
		dst = append(append(dst, '@'), quoteName(r.Attribute)...)
	}
	if r.File != "" {
		dst = append(append(dst, " in file "...), quoteName(r.File)...)
	}
	if region {
		dst = append(dst, " (region)"...)
	}
	return dst
}

// bytes appends what is no text.
func (s *valueStyle) bytes(dst, b []byte) []byte {
	if !s.text {
		dst = base64.StdEncoding.AppendEncode(append(dst, `{"base64":"`...), b)
		return append(dst, `"}`...)
	}
	cut := b
	if s.brief {
		cut = b[:min(len(b), briefBytes/2)]
	}
	dst = append(dst, "0x"...)
	for _, c := range cut {
		dst = append(dst, "0123456789abcdef"[c>>4], "0123456789abcdef"[c&15])
	}
	return moreText(dst, len(b)-len(cut))
}

func moreText(dst []byte, n int) []byte {
	if n > 0 {
		dst = append(dst, "… and "+humanize.Comma(int64(n))+" bytes"...)
	}
	return dst
}

func (s *valueStyle) string(dst, b []byte) []byte {
	switch {
	case s.text:
		cut := b
		for s.brief && len(cut) > briefBytes {
			cut = cut[:briefBytes]
			for len(cut) > briefBytes-utf8.UTFMax && !utf8.RuneStart(b[len(cut)]) {
				cut = cut[:len(cut)-1]
			}
		}
		return moreText(strconv.AppendQuote(dst, string(cut)), len(b)-len(cut))
	case !utf8.Valid(b):
		return s.bytes(dst, b)
	}
	return quoteText(dst, string(b))
}

// fixedString is the string without its padding.
func fixedString(t *h5.Datatype, e []byte) []byte {
	switch t.Padding {
	case h5.SpacePadded:
		return bytes.TrimRight(bytes.TrimRight(e, " "), "\x00") // NUL where nothing was ever written
	case h5.NullPadded:
		return bytes.TrimRight(e, "\x00")
	}
	text, _, _ := bytes.Cut(e, []byte{0})
	return text
}

// quoteText appends a JSON string. Bytes that are not UTF-8 become the lone surrogates \udc80 to \udcff, as Python's
// "surrogateescape" has them: names need not be UTF-8, and must stay apart.
func quoteText(dst []byte, s string) []byte {
	const hex = "0123456789abcdef"
	dst = append(dst, '"')
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		switch c := s[i]; {
		case r == utf8.RuneError && n == 1:
			dst = append(dst, '\\', 'u', 'd', 'c', hex[c>>4], hex[c&15])
		case c < ' ' || c == 0x7f:
			dst = append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		case c == '"' || c == '\\':
			dst = append(dst, '\\', c)
		default:
			dst = append(dst, s[i:i+n]...)
		}
		i += n
	}
	return append(dst, '"')
}

// Plain reports a name that a terminal shows as it is.
func Plain(name string) bool {
	for _, r := range name {
		if !unicode.IsPrint(r) || r == utf8.RuneError {
			return false
		}
	}
	return utf8.ValidString(name)
}

// quoteName is a name for people: quoted where it holds what a terminal must not be sent.
func quoteName(name string) string {
	if Plain(name) {
		return name
	}
	return strconv.Quote(name)
}

// wordText is the first 8 bytes of an element, or fewer, as a little-endian number.
func wordText(t *h5.Datatype, e []byte) uint64 {
	var b [8]byte
	copy(b[:], e)
	if t.BigEndian {
		slices.Reverse(b[:min(len(e), 8)])
	}
	return binary.LittleEndian.Uint64(b[:])
}

// integerText appends the exact value of an integer of any size.
func integerText(dst []byte, t *h5.Datatype, e []byte) []byte {
	bits := t.Precision
	if t.Size <= 8 && bits > 0 && bits+t.Offset <= 8*t.Size {
		v := wordText(t, e) >> t.Offset << (64 - bits)
		if t.Signed {
			return strconv.AppendInt(dst, int64(v)>>(64-bits), 10)
		}
		return strconv.AppendUint(dst, v>>(64-bits), 10)
	}
	b := slices.Clone(e)
	if !t.BigEndian {
		slices.Reverse(b)
	}
	v := new(big.Int).SetBytes(b)
	v.Rsh(v, uint(t.Offset)).And(v, new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), uint(bits)), big.NewInt(1)))
	if t.Signed && bits > 0 && v.Bit(bits-1) == 1 {
		v.Sub(v, new(big.Int).Lsh(big.NewInt(1), uint(bits)))
	}
	return v.Append(dst, 10)
}

// float appends a floating-point number, in JSON with the digits of the float64 that it equals. Formats that float64 does
// not hold are bytes.
func (s *valueStyle) float(dst []byte, t *h5.Datatype, e []byte) []byte {
	f, ok := floatText(t, e)
	size := 64
	switch {
	case !ok:
		return s.bytes(dst, e)
	case math.IsNaN(f) || math.IsInf(f, 0):
		name := map[bool]string{true: "Infinity", false: "-Infinity"}[f > 0]
		if f != f {
			name = "NaN"
		}
		if s.text {
			return append(dst, name...)
		}
		return quoteText(dst, name)
	case s.text && t.Size <= 4:
		size = 32
	}
	at := len(dst)
	dst = strconv.AppendFloat(dst, f, 'g', -1, size)
	if !bytes.ContainsAny(dst[at:], ".e") {
		dst = append(dst, ".0"...)
	}
	return dst
}

// floatText decodes floats that have a sign, an exponent and a mantissa with a leading 1 that is not stored, of no more bits
// than those of float64; like IEEE 754, all ones in the exponent are infinities and NaN.
func floatText(t *h5.Datatype, e []byte) (float64, bool) {
	w := wordText(t, e)
	if t.IEEE() && t.Size == 8 {
		return math.Float64frombits(w), true
	}
	b := t.Bits
	if t.Size > 8 || !b.Implied || b.ExponentSize < 1 || b.ExponentSize > 11 || b.MantissaSize < 0 || b.MantissaSize > 52 ||
		max(b.Sign, b.Exponent, b.Mantissa) > 63 || min(b.Sign, b.Exponent, b.Mantissa) < 0 || b.Bias > 2000 {
		return 0, false
	}
	top := uint64(1)<<b.ExponentSize - 1
	exp, man := w>>b.Exponent&top, w>>b.Mantissa&(1<<b.MantissaSize-1)
	var f float64
	switch {
	case exp == top && man == 0:
		f = math.Inf(1)
	case exp == top:
		return math.NaN(), true
	case exp == 0:
		f = math.Ldexp(float64(man), 1-int(b.Bias)-b.MantissaSize)
	default:
		f = math.Ldexp(float64(man|1<<b.MantissaSize), int(exp)-int(b.Bias)-b.MantissaSize)
	}
	if w>>b.Sign&1 == 1 {
		f = -f
	}
	return f, true
}
