package levels

// Filters: comparisons of a column with constants, compiled once and applied to many rows.

import (
	"cmp"
	"encoding/json"
	"errors"
	"math"
	"strconv"

	"github.com/englacial/zagg/core"
)

// A test clears pass[i] where row i of a column does not pass a filter.
type test func(c *core.Column, pass []bool) error

// newTest compiles a filter. Rows without a value are compared as NaN is: only ne and not_in hold for them. Integers
// are compared exactly, with each other and with values such as 0.5 or -1; floats in the precision of their column,
// as numpy does: 0.1 is the float32 nearest to it in a column of float32.
func newTest(f core.Filter) (test, error) {
	many := f.Op == core.OpIn || f.Op == core.OpNotIn
	signs, ok := signsOf(f.Op)
	switch {
	case !ok && !many:
		return nil, core.Errorf(core.Invalid, "filter", f.Column, "no op %q; have eq ne ge le lt gt in not_in", f.Op)
	case many && len(f.Values) == 0:
		return nil, core.Errorf(core.Invalid, "filter", f.Column, "op %s needs a list of values", f.Op)
	case !many && len(f.Values) != 1:
		return nil, core.Errorf(core.Invalid, "filter", f.Column, "op %s takes one value, not %d", f.Op, len(f.Values))
	}
	// Parsed as text, so that integers beyond 2⁵³ keep all of their digits.
	for _, v := range f.Values {
		if _, err := v.Float64(); err != nil && !errors.Is(err, strconv.ErrRange) || !json.Valid([]byte(v)) {
			return nil, core.Errorf(core.Invalid, "filter", f.Column, "%q is not a number", v)
		}
	}
	return func(c *core.Column, pass []bool) error {
		missing := withoutValue(c, pass)
		if err := apply(f, signs, c, pass); err != nil {
			return err
		}
		holds := f.Op == core.OpNe || f.Op == core.OpNotIn // as for NaN
		for _, i := range missing {
			pass[i] = holds != f.Drop
		}
		return nil
	}, nil
}

// signsOf says for which signs of column value minus wanted value (-1, 0, 1) a comparison holds.
func signsOf(op core.Op) (signs [3]bool, ok bool) {
	switch op {
	case core.OpEq:
		return [3]bool{false, true, false}, true
	case core.OpNe:
		return [3]bool{true, false, true}, true
	case core.OpGe:
		return [3]bool{false, true, true}, true
	case core.OpLe:
		return [3]bool{true, true, false}, true
	case core.OpLt:
		return [3]bool{true, false, false}, true
	case core.OpGt:
		return [3]bool{false, false, true}, true
	}
	return signs, false
}

func apply(f core.Filter, signs [3]bool, c *core.Column, pass []bool) error {
	switch c.Type {
	case core.Int8:
		integers(f, signs, core.View[int8](c.Data), signedLimit, pass)
	case core.Int16:
		integers(f, signs, core.View[int16](c.Data), signedLimit, pass)
	case core.Int32:
		integers(f, signs, core.View[int32](c.Data), signedLimit, pass)
	case core.Int64:
		integers(f, signs, core.View[int64](c.Data), signedLimit, pass)
	case core.Uint8, core.Bool:
		integers(f, signs, core.View[uint8](c.Data), unsignedLimit, pass)
	case core.Uint16:
		integers(f, signs, core.View[uint16](c.Data), unsignedLimit, pass)
	case core.Uint32:
		integers(f, signs, core.View[uint32](c.Data), unsignedLimit, pass)
	case core.Uint64:
		integers(f, signs, core.View[uint64](c.Data), unsignedLimit, pass)
	case core.Float32:
		floats(f, signs, core.View[float32](c.Data), 32, pass)
	case core.Float64:
		floats(f, signs, core.View[float64](c.Data), 64, pass)
	default:
		return core.Errorf(core.Unsupported, "filter", f.Column, "values of type %s cannot be compared", c.Type)
	}
	return nil
}

// A limit is a wanted value as it lies among integers: at itself where side is 0, otherwise just below (-1) or above
// (1). So 2.5 is above 2 and not equal to anything.
type limit[W int64 | uint64] struct {
	at   W
	side int
}

func (l limit[W]) compare(x W) int { return cmp.Or(cmp.Compare(x, l.at), -l.side) }

// signedLimit is the limit of a number among int64; numbers beyond them are just outside of the range.
func signedLimit(v json.Number) limit[int64] {
	n, err := strconv.ParseInt(v.String(), 10, 64)
	if err == nil {
		return limit[int64]{at: n}
	}
	if errors.Is(err, strconv.ErrRange) {
		return limit[int64]{n, cmp.Compare(n, 0)}
	}
	f, _ := v.Float64()
	switch whole := math.Trunc(f); {
	case f < -0x1p63:
		return limit[int64]{math.MinInt64, -1}
	case f >= 0x1p63:
		return limit[int64]{math.MaxInt64, 1}
	default:
		return limit[int64]{int64(whole), cmp.Compare(f, whole)}
	}
}

func unsignedLimit(v json.Number) limit[uint64] {
	n, err := strconv.ParseUint(v.String(), 10, 64)
	if err == nil {
		return limit[uint64]{at: n}
	}
	if errors.Is(err, strconv.ErrRange) {
		return limit[uint64]{n, 1}
	}
	f, _ := v.Float64()
	switch whole := math.Trunc(f); {
	case f < 0:
		return limit[uint64]{0, -1}
	case f >= 0x1p64:
		return limit[uint64]{math.MaxUint64, 1}
	default:
		return limit[uint64]{uint64(whole), cmp.Compare(f, whole)}
	}
}

// integers compares in the widest type of the same sign, without a detour through floating point.
func integers[T int8 | int16 | int32 | int64 | uint8 | uint16 | uint32 | uint64, W int64 | uint64](
	f core.Filter, signs [3]bool, v []T, limitOf func(json.Number) limit[W], pass []bool,
) {
	set := map[W]bool{}
	for _, n := range f.Values {
		if l := limitOf(n); l.side == 0 {
			set[l.at] = true
		}
	}
	l := limitOf(f.Values[0])
	clearUnless(f, pass, func(i int) bool {
		x := W(v[i])
		if f.Op == core.OpIn || f.Op == core.OpNotIn {
			return set[x] == (f.Op == core.OpIn)
		}
		return signs[l.compare(x)+1]
	})
}

// floats compares as numpy does: NaN equals nothing, so only ne and not_in hold for it.
func floats[T float32 | float64](f core.Filter, signs [3]bool, v []T, bits int, pass []bool) {
	set := map[T]bool{}
	for _, n := range f.Values {
		x, _ := strconv.ParseFloat(n.String(), bits) // beyond the range: infinite
		set[T(x)] = true
	}
	first, _ := strconv.ParseFloat(f.Values[0].String(), bits)
	w := T(first)
	clearUnless(f, pass, func(i int) bool {
		switch x := v[i]; {
		case f.Op == core.OpIn || f.Op == core.OpNotIn:
			return set[x] == (f.Op == core.OpIn)
		case x != x:
			return f.Op == core.OpNe
		default:
			return signs[cmp.Compare(x, w)+1]
		}
	})
}

// clearUnless clears pass for rows that the filter refuses: those for which the comparison does not hold, or with
// Drop those for which it does.
func clearUnless(f core.Filter, pass []bool, holds func(i int) bool) {
	for i := range pass {
		if pass[i] && holds(i) == f.Drop {
			pass[i] = false
		}
	}
}

// withoutValue lists the rows that pass so far and in which the column has no value. It must be asked before the
// comparison, which sees a fill value as a number.
func withoutValue(c *core.Column, pass []bool) []int32 {
	if len(c.Fill) == 0 && len(c.Valid) == 0 {
		return nil
	}
	var missing []int32
	var some [1024]int32 // no memory of the heap for rows, which nearly always have a value
	for from := 0; from < len(pass); from += len(some) {
		rows := some[:0]
		for i, ok := range pass[from:min(from+len(some), len(pass))] {
			if ok {
				rows = append(rows, int32(from+i))
			}
		}
		at, _, _ := core.Missing(c, rows)
		for _, k := range at {
			missing = append(missing, rows[k])
		}
	}
	return missing
}
