package levels

import (
	"context"
	"encoding/binary"
	"math"
	"strconv"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/h5"
)

// fillValue is the element that stands for "no value" in a dataset, nil if none does: the attribute _FillValue (CF
// conventions, section 2.5.1). Writers that set it also set HDF5's own fill value, which lies in the object header and
// costs nothing; where that is set and not zero it is taken and the attribute, often in another part of the file, is not
// read.
func fillValue(ctx context.Context, d *h5.Dataset) ([]byte, error) {
	native := h5.Values{Type: d.Type(), Data: d.Fill()}
	c, err := native.Column("")
	if err != nil || c.Type == core.Bytes {
		return nil, nil // not numbers; whoever decodes them says so
	}
	for _, b := range c.Data {
		if b != 0 {
			return c.Data[:c.Type.Size()], nil
		}
	}
	a, err := d.Attribute(ctx, "_FillValue")
	if core.CodeOf(err) == core.NotFound {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	v, err := a.Values(ctx)
	if err != nil {
		return nil, err
	}
	attr, err := v.Column("")
	if err != nil || attr.Type == core.Bytes || attr.Rows() == 0 {
		return nil, nil
	}
	return castFill(attr.Data[:attr.Type.Size()], attr.Type, c.Type), nil
}

// castFill is an element in another type, as some writers store the attribute; nil where that type cannot hold it,
// because then no row has it. It goes by decimal text, which is exact for every type.
func castFill(element []byte, from, to core.Type) []byte {
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
