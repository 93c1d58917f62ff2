package core

// Missing returns the indexes into rows, ascending, at which c has no valid value: NaN, an element of c.Fill, or one outside
// c.Valid. It counts NaN separately from the others. A vector is valid only if all its elements are.
func Missing(c *Column, rows []int32) (at []int32, fill, nan int64) {
	if !c.Type.IsFloat() && len(c.Fill) == 0 && len(c.Valid) == 0 {
		return nil, 0, 0
	}
	switch c.Type {
	case Float32:
		return scan[float32](c, rows)
	case Float64:
		return scan[float64](c, rows)
	case Int8:
		return scan[int8](c, rows)
	case Int16:
		return scan[int16](c, rows)
	case Int32:
		return scan[int32](c, rows)
	case Int64:
		return scan[int64](c, rows)
	case Uint16:
		return scan[uint16](c, rows)
	case Uint32:
		return scan[uint32](c, rows)
	case Uint64:
		return scan[uint64](c, rows)
	case Bool, Uint8:
		return scan[uint8](c, rows)
	}
	return nil, 0, 0
}

// scan is Missing for one type of element.
func scan[T int8 | int16 | int32 | int64 | uint8 | uint16 | uint32 | uint64 | float32 | float64](c *Column, rows []int32) (at []int32, fill, nan int64) {
	v, fills, valid := View[T](c.Data), elements[T](c.Fill), elements[T](c.Valid)
	width := max(c.Width, 1)
	if width == 1 && len(fills) == 0 && len(valid) == 0 {
		for k, r := range rows {
			if x := v[r]; x != x {
				at = append(at, int32(k))
			}
		}
		return at, 0, int64(len(at))
	}
	if width == 1 && len(fills) == 1 && len(valid) == 0 {
		f := fills[0]
		for k, r := range rows {
			if x := v[r]; x == f || x != x {
				at = append(at, int32(k))
				if x == f {
					fill++
				}
			}
		}
		return at, fill, int64(len(at)) - fill
	}
	for k, r := range rows {
		isFill, isNaN := false, false
		for _, x := range v[int(r)*width : (int(r)+1)*width] {
			isNaN = isNaN || x != x
			for _, f := range fills {
				isFill = isFill || x == f
			}
			if len(valid) == 2 {
				isFill = isFill || x < valid[0] || x > valid[1]
			}
		}
		if isFill || isNaN {
			at = append(at, int32(k))
		}
		switch {
		case isFill:
			fill++
		case isNaN:
			nan++
		}
	}
	return at, fill, nan
}

// elements are a few elements, whose bytes may come from anywhere, as values.
func elements[T Element](b []byte) []T {
	return View[T](append(NewData(len(b))[:0], b...))
}
