package zarr

// Fill values: from metadata to bytes, back, and telling whether values are nothing else.

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"math"
	"strconv"
	"strings"

	"github.com/englacial/zagg/core"
)

// FillValue is the array's fill value as one little-endian element. Fill may be a number, true or false, one of the
// strings "NaN", "Infinity", "-Infinity" (of a float, also without quotes), or "0x…" with the bits of a float in hex,
// most significant first (Zarr core specification, "Fill value representation"); nothing at all is zero. Integers are
// exact over their whole range. A value that the type cannot hold is Invalid.
func (a *Array) FillValue() ([]byte, error) {
	fill, err := parseFill(a.Type, a.Fill)
	if err != nil {
		return nil, core.Errorf(core.Invalid, "zarr.FillValue", a.Name, "fill value %s of a %s array: %w", a.Fill, a.Type, err)
	}
	return fill, nil
}

func parseFill(typ core.Type, raw json.RawMessage) ([]byte, error) {
	text := string(bytes.TrimSpace(raw))
	var bits uint64
	var err error
	switch {
	case typ.Size() == 0:
		return nil, errorText("this type has none")
	case typ == core.Bytes:
		if text == "" || text == `""` {
			return []byte{}, nil
		}
		return nil, errorText("a cell of any number of bytes is filled with none, and nothing else")
	case text == "":
	case typ == core.Bool:
		switch text {
		case "true":
			bits = 1
		case "false":
		default:
			err = errorText("must be true or false")
		}
	case typ.IsFloat():
		bits, err = parseFloatFill(typ, text)
	default:
		bits, err = parseIntFill(typ, text)
	}
	if err != nil {
		return nil, err
	}
	return binary.LittleEndian.AppendUint64(nil, bits)[:typ.Size():typ.Size()], nil
}

// FillAttribute is the value of the attribute _FillValue by which xarray takes the fill value of a float array for missing,
// which Zarr's own fill value is not to it: the base64 of the number as a little-endian float64. nil where the type is no
// float or the fill value is none.
func FillAttribute(typ core.Type, raw json.RawMessage) json.RawMessage {
	if !typ.IsFloat() {
		return nil
	}
	fill, err := parseFill(typ, raw)
	if err != nil {
		return nil
	}
	c := core.Column{Type: typ, Width: 1, Data: append(core.NewData(8)[:0], fill...)}
	var v float64
	if typ == core.Float32 {
		v = float64(core.View[float32](c.Data)[0])
	} else {
		v = core.View[float64](c.Data)[0]
	}
	return json.RawMessage(strconv.Quote(base64.StdEncoding.EncodeToString(binary.LittleEndian.AppendUint64(nil, math.Float64bits(v)))))
}

type errorText string

func (e errorText) Error() string { return string(e) }

// Two's complement: the low bytes of an int64 are the element.
func parseIntFill(typ core.Type, text string) (uint64, error) {
	width := typ.Size() * 8
	if n, err := strconv.ParseFloat(text, 64); err == nil && strings.ContainsAny(text, ".eE") &&
		n == math.Trunc(n) && math.Abs(n) <= 1<<53 {
		text = strconv.FormatInt(int64(n), 10) // 1e3 and 0.0 are integers that another writer may spell so
	}
	if typ.IsUnsigned() {
		n, err := strconv.ParseUint(text, 10, width)
		if err != nil {
			return 0, errorText("must be an integer in the type's range")
		}
		return n, nil
	}
	n, err := strconv.ParseInt(text, 10, width)
	if err != nil {
		return 0, errorText("must be an integer in the type's range")
	}
	return uint64(n), nil
}

// parseFloatFill accepts what zarr-python and people write; hexadecimal is for NaN with other bits than usual.
func parseFloatFill(typ core.Type, text string) (uint64, error) {
	if strings.HasPrefix(text, `"`) {
		if err := json.Unmarshal([]byte(text), &text); err != nil {
			return 0, err
		}
		if digits, ok := strings.CutPrefix(text, "0x"); ok {
			return parseHexFill(typ, digits)
		}
	}
	var v float64
	switch text {
	case "NaN":
		if typ == core.Float32 {
			return 0x7fc00000, nil
		}
		return 0x7ff8000000000000, nil
	case "Infinity":
		v = math.Inf(1)
	case "-Infinity":
		v = math.Inf(-1)
	default:
		if !json.Valid([]byte(text)) {
			return 0, errorText("must be a number, NaN, Infinity, -Infinity or 0x and hex digits")
		}
		var err error
		if v, err = strconv.ParseFloat(text, typ.Size()*8); err != nil {
			return 0, errorText("must be a number in the type's range")
		}
	}
	if typ == core.Float32 {
		return uint64(math.Float32bits(float32(v))), nil
	}
	return math.Float64bits(v), nil
}

func parseHexFill(typ core.Type, digits string) (uint64, error) {
	b, err := hex.DecodeString(digits)
	if err != nil || len(b) != typ.Size() {
		return 0, errorText("must have " + strconv.Itoa(2*typ.Size()) + " hex digits")
	}
	if typ == core.Float32 {
		return uint64(binary.BigEndian.Uint32(b)), nil
	}
	return binary.BigEndian.Uint64(b), nil
}

// fillJSON is the canonical spelling of one little-endian element: Python's for finite floats, as zarr-python's
// documents have it; a NaN other than the usual one is given by its bits.
func fillJSON(typ core.Type, fill []byte) json.RawMessage {
	var b [8]byte
	copy(b[:], fill)
	u := binary.LittleEndian.Uint64(b[:])
	switch {
	case typ == core.Bytes:
		return json.RawMessage(`""`)
	case typ == core.Bool:
		return json.RawMessage(strconv.FormatBool(u != 0))
	case typ.IsUnsigned():
		return json.RawMessage(strconv.FormatUint(u, 10))
	case typ.IsSigned():
		shift := 64 - 8*typ.Size()
		return json.RawMessage(strconv.FormatInt(int64(u<<shift)>>shift, 10))
	}
	v, usual := math.Float64frombits(u), uint64(0x7ff8000000000000)
	if typ == core.Float32 {
		v, usual = float64(math.Float32frombits(uint32(u))), 0x7fc00000
	}
	switch {
	case math.IsNaN(v) && u != usual:
		digits := strconv.FormatUint(u, 16)
		return json.RawMessage(`"0x` + strings.Repeat("0", 2*typ.Size()-len(digits)) + digits + `"`)
	case math.IsNaN(v):
		return json.RawMessage(`"NaN"`)
	case math.IsInf(v, 1):
		return json.RawMessage(`"Infinity"`)
	case math.IsInf(v, -1):
		return json.RawMessage(`"-Infinity"`)
	}
	return json.RawMessage(pythonFloat(v))
}

// pythonFloat is repr(v): the shortest digits that give v back, with an exponent below 1e-4 and from 1e16.
func pythonFloat(v float64) string {
	if m := math.Abs(v); m != 0 && (m < 1e-4 || m >= 1e16) {
		return strconv.FormatFloat(v, 'e', -1, 64)
	}
	s := strconv.FormatFloat(v, 'f', -1, 64)
	if !strings.Contains(s, ".") {
		s += ".0"
	}
	return s
}

// isFill reports whether every element of values has the bits of fill; with a NaN as fill, whether every element is a
// NaN.
func isFill(typ core.Type, values, fill []byte) bool {
	n := len(fill)
	if len(values) >= n && bytes.Equal(values[:n], fill) && bytes.Equal(values[n:], values[:len(values)-n]) {
		return true // each element equals the one before it: a single memcmp
	}
	switch {
	case typ == core.Float64 && isNaN64(fill):
		for ; len(values) >= 8; values = values[8:] {
			if !isNaN64(values) {
				return false
			}
		}
		return true
	case typ == core.Float32 && isNaN32(fill):
		for ; len(values) >= 4; values = values[4:] {
			if !isNaN32(values) {
				return false
			}
		}
		return true
	}
	return len(values) == 0
}

// Without its sign, a NaN is more than infinity.
func isNaN64(b []byte) bool { return binary.LittleEndian.Uint64(b)&^(1<<63) > 0x7ff0000000000000 }
func isNaN32(b []byte) bool { return binary.LittleEndian.Uint32(b)&^(1<<31) > 0x7f800000 }

// spread fills b, whose length is a multiple of fill's, with it.
func spread(b, fill []byte) {
	if len(bytes.Trim(fill, "\x00")) == 0 {
		clear(b)
		return
	}
	for n := copy(b, fill); n < len(b); {
		n += copy(b[n:], b[:n])
	}
}
