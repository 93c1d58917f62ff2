package levels

import (
	"encoding/json"
	"math"
	"strconv"

	"github.com/englacial/zagg/core"
)

// A test says which rows of a column pass a filter; it clears pass[i] where row i does not. Integers are compared as
// integers, so that flags beyond 2^53 are told apart.
type test func(c *core.Column, pass []bool) error

// newTest compiles a filter; the dataset's type decides how its values are read, once per column.
func newTest(f core.Filter) (test, error) {
	if len(f.Values) == 0 || len(f.Values) > 1 && f.Op != core.OpIn && f.Op != core.OpNotIn {
		return nil, core.Errorf(core.Invalid, "filter", f.Column, "op %s takes %s, not %d", f.Op, "one value", len(f.Values))
	}
	switch f.Op {
	case core.OpEq, core.OpNe, core.OpGe, core.OpLe, core.OpLt, core.OpGt, core.OpIn, core.OpNotIn:
	default:
		return nil, core.Errorf(core.Invalid, "filter", f.Column, "no op %q; have eq ne ge le lt gt in not_in", f.Op)
	}
	return func(c *core.Column, pass []bool) error { return apply(f, c, pass) }, nil
}

func apply(f core.Filter, c *core.Column, pass []bool) error {
	switch c.Type {
	case core.Int8:
		return signed(f, core.View[int8](c.Data), pass)
	case core.Int16:
		return signed(f, core.View[int16](c.Data), pass)
	case core.Int32:
		return signed(f, core.View[int32](c.Data), pass)
	case core.Int64:
		return signed(f, core.View[int64](c.Data), pass)
	case core.Uint8, core.Bool:
		return unsigned(f, core.View[uint8](c.Data), pass)
	case core.Uint16:
		return unsigned(f, core.View[uint16](c.Data), pass)
	case core.Uint32:
		return unsigned(f, core.View[uint32](c.Data), pass)
	case core.Uint64:
		return unsigned(f, core.View[uint64](c.Data), pass)
	case core.Float32:
		return asFloats(f, core.View[float32](c.Data), pass)
	case core.Float64:
		return asFloats(f, core.View[float64](c.Data), pass)
	}
	return core.Errorf(core.Unsupported, "filter", f.Column, "values of type %s cannot be compared", c.Type)
}

func signed[T int8 | int16 | int32 | int64](f core.Filter, v []T, pass []bool) error {
	want, exact := parse(f.Values, func(s string) (int64, error) { return strconv.ParseInt(s, 10, 64) })
	if !exact {
		return asFloats(f, v, pass)
	}
	compare(f, v, func(x T) int64 { return int64(x) }, want, pass)
	return nil
}

func unsigned[T uint8 | uint16 | uint32 | uint64](f core.Filter, v []T, pass []bool) error {
	want, exact := parse(f.Values, func(s string) (uint64, error) { return strconv.ParseUint(s, 10, 64) })
	if !exact {
		return asFloats(f, v, pass)
	}
	compare(f, v, func(x T) uint64 { return uint64(x) }, want, pass)
	return nil
}

// asFloats compares as float64: for float columns, and for integers against a value like 0.5 or -1.
func asFloats[T int8 | int16 | int32 | int64 | uint8 | uint16 | uint32 | uint64 | float32 | float64](f core.Filter, v []T, pass []bool) error {
	want, ok := parse(f.Values, func(s string) (float64, error) { return strconv.ParseFloat(s, 64) })
	if !ok {
		return core.Errorf(core.Invalid, "filter", f.Column, "values %v are not numbers", f.Values)
	}
	compare(f, v, func(x T) float64 { return float64(x) }, want, pass)
	return nil
}

func parse[W any](values []json.Number, read func(string) (W, error)) ([]W, bool) {
	want := make([]W, len(values))
	for i, v := range values {
		w, err := read(v.String())
		if err != nil {
			return nil, false
		}
		want[i] = w
	}
	return want, true
}

// compare clears pass where the filter does not hold. NaN holds for ne and not_in only, as in numpy.
func compare[T any, W int64 | uint64 | float64](f core.Filter, v []T, value func(T) W, want []W, pass []bool) {
	holds := holder(f.Op, want)
	for i := range pass {
		if pass[i] && holds(value(v[i])) == f.Drop {
			pass[i] = false
		}
	}
}

func holder[W int64 | uint64 | float64](op core.Op, want []W) func(W) bool {
	w := want[0]
	switch op {
	case core.OpEq:
		return func(x W) bool { return x == w }
	case core.OpNe:
		return func(x W) bool { return x != w }
	case core.OpGe:
		return func(x W) bool { return x >= w }
	case core.OpLe:
		return func(x W) bool { return x <= w }
	case core.OpLt:
		return func(x W) bool { return x < w }
	case core.OpGt:
		return func(x W) bool { return x > w }
	}
	set := make(map[W]bool, len(want))
	for _, x := range want {
		set[x] = true
	}
	in := op == core.OpIn
	return func(x W) bool { return set[x] == in }
}

// finite reports coordinates that name a place.
func finite(lon, lat float64) bool {
	return lat >= -90 && lat <= 90 && !math.IsNaN(lon) && !math.IsInf(lon, 0)
}
