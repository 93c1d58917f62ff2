package hdfrest

import (
	"math"
	"strconv"
	"unicode/utf8"
)

// A member is one of a JSON object whose order is kept.
type member struct {
	name  string
	value any
}

// An object is a JSON object in order.
type object []member

// raw is JSON already.
type raw []byte

// appendJSON appends a value made of nil, bool, int, int64, uint64, float64, string, raw, object, []object, []any, []string
// and []uint64. NaN and the infinities are the bare words that Python's json reads and writes, which standard JSON lacks.
func appendJSON(b []byte, v any) []byte {
	switch v := v.(type) {
	case nil:
		return append(b, "null"...)
	case bool:
		return strconv.AppendBool(b, v)
	case int:
		return strconv.AppendInt(b, int64(v), 10)
	case int64:
		return strconv.AppendInt(b, v, 10)
	case uint64:
		return strconv.AppendUint(b, v, 10)
	case float64:
		return appendFloat(b, v)
	case string:
		return appendString(b, v)
	case raw:
		return append(b, v...)
	case object:
		return appendObject(b, v)
	case []object:
		return appendArray(b, len(v), func(b []byte, i int) []byte { return appendObject(b, v[i]) })
	case []any:
		return appendArray(b, len(v), func(b []byte, i int) []byte { return appendJSON(b, v[i]) })
	case []string:
		return appendArray(b, len(v), func(b []byte, i int) []byte { return appendString(b, v[i]) })
	case []uint64:
		return appendArray(b, len(v), func(b []byte, i int) []byte { return strconv.AppendUint(b, v[i], 10) })
	}
	return append(b, "null"...)
}

func appendObject(b []byte, o object) []byte {
	b = append(b, '{')
	for i, m := range o {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(appendString(b, m.name), ':')
		b = appendJSON(b, m.value)
	}
	return append(b, '}')
}

func appendArray(b []byte, n int, one func(b []byte, i int) []byte) []byte {
	b = append(b, '[')
	for i := range n {
		if i > 0 {
			b = append(b, ',')
		}
		b = one(b, i)
	}
	return append(b, ']')
}

// appendFloat keeps a float a float: Python would read "-0" as the integer 0.
func appendFloat(b []byte, f float64) []byte {
	switch {
	case math.IsNaN(f):
		return append(b, "NaN"...)
	case math.IsInf(f, 1):
		return append(b, "Infinity"...)
	case math.IsInf(f, -1):
		return append(b, "-Infinity"...)
	}
	at := len(b)
	b = strconv.AppendFloat(b, f, 'g', -1, 64)
	for _, c := range b[at:] {
		if c == '.' || c == 'e' {
			return b
		}
	}
	return append(b, ".0"...)
}

// appendString escapes what JSON must; bytes that are no UTF-8 become lone surrogates U+DC80…U+DCFF, as Python's
// "surrogateescape" does, so that a name of any bytes survives the way.
func appendString(b []byte, s string) []byte {
	const hex = "0123456789abcdef"
	b = append(b, '"')
	for i := 0; i < len(s); {
		c := s[i]
		if c >= utf8.RuneSelf {
			r, n := utf8.DecodeRuneInString(s[i:])
			if r == utf8.RuneError && n == 1 {
				b = append(b, `\udc`...)
				b = append(b, hex[c>>4], hex[c&15])
			} else {
				b = append(b, s[i:i+n]...)
			}
			i += n
			continue
		}
		switch {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c == '\n':
			b = append(b, `\n`...)
		case c < 0x20 || c == 0x7f:
			b = append(b, `\u00`...)
			b = append(b, hex[c>>4], hex[c&15])
		default:
			b = append(b, c)
		}
		i++
	}
	return append(b, '"')
}
