package levels

import (
	"context"

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
	if err != nil || attr.Rows() == 0 {
		return nil, nil
	}
	return castFill(&attr, c.Type), nil
}

// castFill is the first element of an attribute in a dataset's type. Some writers store the attribute in another one.
func castFill(c *core.Column, to core.Type) []byte {
	if c.Type == to {
		return c.Data[:to.Size()]
	}
	switch c.Type {
	case core.Int8:
		return castTo(core.View[int8](c.Data)[0], to)
	case core.Int16:
		return castTo(core.View[int16](c.Data)[0], to)
	case core.Int32:
		return castTo(core.View[int32](c.Data)[0], to)
	case core.Int64:
		return castTo(core.View[int64](c.Data)[0], to)
	case core.Uint8:
		return castTo(core.View[uint8](c.Data)[0], to)
	case core.Uint16:
		return castTo(core.View[uint16](c.Data)[0], to)
	case core.Uint32:
		return castTo(core.View[uint32](c.Data)[0], to)
	case core.Uint64:
		return castTo(core.View[uint64](c.Data)[0], to)
	case core.Float32:
		return castTo(core.View[float32](c.Data)[0], to)
	case core.Float64:
		return castTo(core.View[float64](c.Data)[0], to)
	}
	return nil
}

type number interface {
	int8 | int16 | int32 | int64 | uint8 | uint16 | uint32 | uint64 | float32 | float64
}

func castTo[T number](v T, to core.Type) []byte {
	switch to {
	case core.Int8:
		return core.Raw([]int8{int8(v)})
	case core.Int16:
		return core.Raw([]int16{int16(v)})
	case core.Int32:
		return core.Raw([]int32{int32(v)})
	case core.Int64:
		return core.Raw([]int64{int64(v)})
	case core.Uint8:
		return core.Raw([]uint8{uint8(v)})
	case core.Uint16:
		return core.Raw([]uint16{uint16(v)})
	case core.Uint32:
		return core.Raw([]uint32{uint32(v)})
	case core.Uint64:
		return core.Raw([]uint64{uint64(v)})
	case core.Float32:
		return core.Raw([]float32{float32(v)})
	case core.Float64:
		return core.Raw([]float64{float64(v)})
	}
	return nil
}
