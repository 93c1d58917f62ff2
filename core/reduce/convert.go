package reduce

// Columns as float64, for weights and arithmetic.

import "github.com/englacial/zagg/core"

// Float64s is a column's values as float64, booleans as 0 and 1; nil for a column of Bytes. The result shares the
// memory of a Float64 column and must not be changed; of any other it is a copy. Integers beyond ±2⁵³ are rounded.
func Float64s(c *core.Column) []float64 {
	switch c.Type {
	case core.Float64:
		return core.View[float64](c.Data)
	case core.Float32:
		return widen[float32](c)
	case core.Int8:
		return widen[int8](c)
	case core.Int16:
		return widen[int16](c)
	case core.Int32:
		return widen[int32](c)
	case core.Int64:
		return widen[int64](c)
	case core.Bool, core.Uint8:
		return widen[uint8](c)
	case core.Uint16:
		return widen[uint16](c)
	case core.Uint32:
		return widen[uint32](c)
	case core.Uint64:
		return widen[uint64](c)
	}
	return nil
}

func widen[T Number](c *core.Column) []float64 {
	v := core.View[T](c.Data)
	f := make([]float64, len(v))
	for i, x := range v {
		f[i] = float64(x)
	}
	return f
}
