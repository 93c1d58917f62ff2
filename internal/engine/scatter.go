package engine

// Putting results of cells into blocks of fill values, in the type of the array.

import (
	"math"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/zarr"
)

// scatter makes the block of an array: n slots of fill value, and the rows of c in their slots, cast to the array's
// type. Integers never pass through float. A value that an integer type cannot hold exactly is an error; a float64
// beyond float32 becomes infinite, as in numpy.
func scatter(a *zarr.Array, n int64, slots []int32, c *core.Column) ([]byte, error) {
	if err := checkScatter(a, n, slots, c); err != nil {
		return nil, err
	}
	fill, err := a.FillValue()
	if err != nil {
		return nil, err
	}
	data := filled(int(n)*max(c.Width, 1)*a.Type.Size(), fill)
	if at, err := castRows(data, a.Type, slots, max(c.Width, 1), c); err != nil {
		return nil, misfit(a, slots[at], err)
	}
	return data, nil
}

// checkScatter compares a statistic's output with the array, whose objects have n slots.
func checkScatter(a *zarr.Array, n int64, slots []int32, c *core.Column) error {
	width := max(c.Width, 1)
	if c.Offsets != nil {
		return core.Errorf(core.Unsupported, "scatter", a.Name, "results of varying length cannot be stored")
	}
	if c.Rows() != len(slots) || a.Type.Size() == 0 {
		return core.Errorf(core.Internal, "scatter", a.Name, "%d rows for %d cells of %s", c.Rows(), len(slots), a.Type)
	}
	if want := cellWidth(a, n); width != want {
		return core.Errorf(core.Invalid, "scatter", a.Name, "the statistic gives %d values per cell and the array holds %d: set kind: vector and trailing_shape: [%d]", width, want, width)
	}
	return nil
}

// misfit adds to the error of a value that does not fit which cell it is of and what to do.
func misfit(a *zarr.Array, slot int32, err error) error {
	return core.Wrapf(err, "scatter", a.Name, "cell %d of the shard: %w as its dtype %s: give the variable another dtype", slot, err, a.Type)
}

// filled is size bytes of fill values, by doubling copies.
func filled(size int, fill []byte) []byte {
	data := core.NewData(size)
	for at := copy(data, fill); at < len(data); at *= 2 {
		copy(data[at:], data[:at])
	}
	return data
}

// cellWidth is the number of elements of a cell: what an object's shape has beyond its slots.
func cellWidth(a *zarr.Array, slots int64) int {
	n := int64(1)
	for _, s := range a.Shard {
		n *= s
	}
	return int(n / slots)
}

// castRows picks the loop for the type of the array, castFrom that for the type of the values; cast is the loop.
func castRows(dst []byte, to core.Type, slots []int32, width int, c *core.Column) (int, error) {
	switch to {
	case core.Bool:
		if c.Type != core.Bool {
			return 0, core.Errorf(core.Invalid, "cast", "", "%s values do not fit dtype bool", c.Type)
		}
		return castFrom(core.View[uint8](dst), slots, width, c)
	case core.Int8:
		return castFrom(core.View[int8](dst), slots, width, c)
	case core.Int16:
		return castFrom(core.View[int16](dst), slots, width, c)
	case core.Int32:
		return castFrom(core.View[int32](dst), slots, width, c)
	case core.Int64:
		return castFrom(core.View[int64](dst), slots, width, c)
	case core.Uint8:
		return castFrom(core.View[uint8](dst), slots, width, c)
	case core.Uint16:
		return castFrom(core.View[uint16](dst), slots, width, c)
	case core.Uint32:
		return castFrom(core.View[uint32](dst), slots, width, c)
	case core.Uint64:
		return castFrom(core.View[uint64](dst), slots, width, c)
	case core.Float32:
		return castFrom(core.View[float32](dst), slots, width, c)
	case core.Float64:
		return castFrom(core.View[float64](dst), slots, width, c)
	}
	return 0, core.Errorf(core.Unsupported, "cast", "", "arrays of %s", to)
}

func castFrom[D number](dst []D, slots []int32, width int, c *core.Column) (int, error) {
	switch c.Type {
	case core.Int8:
		return cast(dst, slots, width, core.View[int8](c.Data))
	case core.Int16:
		return cast(dst, slots, width, core.View[int16](c.Data))
	case core.Int32:
		return cast(dst, slots, width, core.View[int32](c.Data))
	case core.Int64:
		return cast(dst, slots, width, core.View[int64](c.Data))
	case core.Bool, core.Uint8:
		return cast(dst, slots, width, core.View[uint8](c.Data))
	case core.Uint16:
		return cast(dst, slots, width, core.View[uint16](c.Data))
	case core.Uint32:
		return cast(dst, slots, width, core.View[uint32](c.Data))
	case core.Uint64:
		return cast(dst, slots, width, core.View[uint64](c.Data))
	case core.Float32:
		return cast(dst, slots, width, core.View[float32](c.Data))
	case core.Float64:
		return cast(dst, slots, width, core.View[float64](c.Data))
	}
	return 0, core.Errorf(core.Unsupported, "cast", "", "values of %s", c.Type)
}

type number interface {
	int8 | int16 | int32 | int64 | uint8 | uint16 | uint32 | uint64 | float32 | float64
}

// cast writes row i of src, width values, into slot slots[i]. It reports the row of the first value that an integer
// type cannot hold exactly.
func cast[D, S number](dst []D, slots []int32, width int, src []S) (int, error) {
	exact := !isFloat[D]() // conversion must lose nothing
	end := math.Inf(1)     // the first float beyond an integer type: what converting it gives is up to the processor
	if exact && isFloat[S]() {
		end = math.Ldexp(1, bits[D]())
	}
	for i, s := range slots {
		for w := range width {
			v := src[i*width+w]
			d := D(v)
			if exact && (S(d) != v || (d < 0) != (v < 0) || float64(v) >= end) {
				return i, core.Errorf(core.Invalid, "cast", "", "value %v cannot be stored exactly", v)
			}
			dst[int(s)*width+w] = d
		}
	}
	return 0, nil
}

// isFloat needs no reflection: only floats keep a half.
func isFloat[T number]() bool {
	half := 0.5
	return T(half) != 0
}

// bits is the number of binary digits of an integer type, its sign left out.
func bits[T number]() int {
	var t T
	n := 8 * len(core.Raw([]T{t}))
	if t--; t < 0 {
		n--
	}
	return n
}
