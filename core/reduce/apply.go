package reduce

// Reductions by name, for columns whose type is known at run time only: expressions and configured statistics call
// Apply; code that knows its types calls the generic functions of the other files.

import (
	"github.com/englacial/zagg/core"
)

// An Op is a reduction, for callers that learn at run time which one they want and of what type. The zero Op is none.
type Op uint8

// The reductions. Their names are numpy's (OpFromName).
const (
	OpLen Op = iota + 1
	OpCount
	OpMin
	OpMax
	OpSum
	OpMean
	OpAverage
	OpMedian
	OpVar
	OpStd
	OpQuantile
	OpPercentile
	OpNanSum
	OpNanMin
	OpNanMax
	OpNanMean
	OpNanMedian
	OpNanVar
	OpNanStd
	OpNanQuantile
	OpNanPercentile
)

var opNames = [...]string{"", "len", "count", "min", "max", "sum", "mean", "average", "median", "var", "std", "quantile", "percentile",
	"nansum", "nanmin", "nanmax", "nanmean", "nanmedian", "nanvar", "nanstd", "nanquantile", "nanpercentile"}

// Ops lists all reductions in the order of their declaration.
func Ops() []Op {
	ops := make([]Op, 0, len(opNames)-1)
	for i := 1; i < len(opNames); i++ {
		ops = append(ops, Op(i))
	}
	return ops
}

// String is numpy's name of the reduction ("nanmedian"), without "np.".
func (o Op) String() string {
	if int(o) < len(opNames) {
		return opNames[o]
	}
	return "invalid"
}

// OpFromName is the inverse of String; false when there is no such reduction.
func OpFromName(name string) (Op, bool) {
	for i, n := range opNames {
		if i > 0 && n == name {
			return Op(i), true
		}
	}
	return 0, false
}

// TakesQ reports whether the reduction needs Args.Q: quantiles and percentiles do.
func (o Op) TakesQ() bool {
	return o == OpQuantile || o == OpPercentile || o == OpNanQuantile || o == OpNanPercentile
}

// TakesDDoF reports whether the reduction uses Args.DDoF: variances and standard deviations do.
func (o Op) TakesDDoF() bool { return o == OpVar || o == OpStd || o == OpNanVar || o == OpNanStd }

// Args are the constants and the second column of a reduction. Each reduction looks only at its own.
type Args struct {
	Q       []float64 // quantiles 0…1, percentiles 0…100; more than one give a result of that Width
	List    bool      // Q was a list even if it has one: see Quantiles
	DDoF    float64
	Weights *core.Column // of OpAverage, one per value; nil is the plain mean
}

// Apply reduces a column's rows cell by cell. The result has one row per cell (len(offsets)-1), no name, and the type
// the package comment says. c must have Width 1 and, except for OpLen and OpCount, be neither Bytes nor ragged.
// Errors are Invalid: a column or offsets of the wrong shape, a q out of range.
func Apply(op Op, c *core.Column, offsets []int64, a Args) (core.Column, error) {
	if err := check(op, c, offsets, &a); err != nil {
		return core.Column{}, err
	}
	n := max(len(offsets)-1, 0)
	if op == OpLen || op == OpCount {
		dst := make([]int64, n)
		Count(dst, offsets)
		return core.ColumnOf("", dst), nil
	}
	switch c.Type {
	case core.Bool:
		return apply[uint8, int64](op, c, offsets, &a, n), nil
	case core.Int8:
		return apply[int8, int64](op, c, offsets, &a, n), nil
	case core.Int16:
		return apply[int16, int64](op, c, offsets, &a, n), nil
	case core.Int32:
		return apply[int32, int64](op, c, offsets, &a, n), nil
	case core.Int64:
		return apply[int64, int64](op, c, offsets, &a, n), nil
	case core.Uint8:
		return apply[uint8, uint64](op, c, offsets, &a, n), nil
	case core.Uint16:
		return apply[uint16, uint64](op, c, offsets, &a, n), nil
	case core.Uint32:
		return apply[uint32, uint64](op, c, offsets, &a, n), nil
	case core.Uint64:
		return apply[uint64, uint64](op, c, offsets, &a, n), nil
	case core.Float32:
		return applyFloat[float32](op, c, offsets, &a, n), nil
	}
	return applyFloat[float64](op, c, offsets, &a, n), nil
}

func check(op Op, c *core.Column, offsets []int64, a *Args) error {
	name := "reduce." + op.String()
	if op == 0 || int(op) >= len(opNames) {
		return core.Errorf(core.Invalid, name, "", "no such reduction")
	}
	if counts := op == OpLen || op == OpCount; !counts {
		if err := plainColumn(name, c); err != nil {
			return err
		}
	}
	if a.Weights != nil && op == OpAverage {
		if err := plainColumn(name, a.Weights); err != nil {
			return err
		}
		if a.Weights.Rows() != c.Rows() {
			return core.Errorf(core.Invalid, name, a.Weights.Name, "%d weights for %d values", a.Weights.Rows(), c.Rows())
		}
	}
	if op.TakesQ() {
		if err := CheckQ(op, a.Q); err != nil {
			return err
		}
	}
	last, rows := int64(0), int64(c.Rows())
	for i, o := range offsets {
		if o < last || o > rows {
			return core.Errorf(core.Invalid, name, c.Name, "offset %d of cell %d is not between %d and the column's %d rows", o, i, last, rows)
		}
		last = o
	}
	return nil
}

// CheckQ refuses an empty list and a q outside 0…1 (quantiles) or 0…100 (percentiles).
func CheckQ(op Op, qs []float64) error {
	top := 1.0
	if op == OpPercentile || op == OpNanPercentile {
		top = 100
	}
	if len(qs) == 0 {
		return core.Errorf(core.Invalid, op.String(), "q", "q is missing: give a number from 0 to %g", top)
	}
	for _, q := range qs {
		if !(q >= 0 && q <= top) {
			return core.Errorf(core.Invalid, op.String(), "q", "q is %g; it must be from 0 to %g", q, top)
		}
	}
	return nil
}

// plainColumn refuses what has not exactly one number per row: text, ragged columns, vectors.
func plainColumn(op string, c *core.Column) error {
	if c.Type == 0 || c.Type >= core.Bytes || c.Offsets != nil || c.Width > 1 {
		return core.Errorf(core.Invalid, op, c.Name, "needs one number per row; the column has %d %s per row (ragged: %t)",
			max(c.Width, 1), c.Type, c.Offsets != nil)
	}
	if s := c.Type.Size(); len(c.Data)%s != 0 {
		return core.Errorf(core.Invalid, op, c.Name, "%d bytes are not a whole number of %s", len(c.Data), c.Type)
	}
	return nil
}

// applyFloat does what only floats have (a sum that is float64, NaN to leave out), apply the rest.
func applyFloat[T Float](op Op, c *core.Column, offsets []int64, a *Args, n int) core.Column {
	v := core.View[T](c.Data)
	switch op {
	case OpSum, OpNanSum:
		dst := make([]float64, n)
		if op == OpSum {
			Sum(dst, v, offsets)
		} else {
			NanSum(dst, v, offsets)
		}
		return core.ColumnOf("", dst)
	}
	return apply[T, int64](op, c, offsets, a, n)
}

// apply does the reductions that every type has. S is the type of sums of T; the work is done on a view of the
// column's bytes, which is neither copied nor changed.
func apply[T Number, S int64 | uint64](op Op, c *core.Column, offsets []int64, a *Args, n int) core.Column {
	v := core.View[T](c.Data)
	switch op {
	case OpSum, OpNanSum:
		dst := make([]S, n)
		SumInt(dst, v, offsets)
		return core.ColumnOf("", dst)
	case OpMin, OpMax, OpNanMin, OpNanMax:
		dst := make([]T, n)
		extreme(op, dst, v, offsets)
		return core.Column{Type: c.Type, Width: 1, Data: core.Raw(dst)}
	case OpQuantile, OpPercentile, OpNanQuantile, OpNanPercentile:
		dst := make([]float64, n*len(a.Q))
		s := newSelector[T](offsets, fractions(op, a.Q))
		s.wide = a.List || len(a.Q) > 1
		s.quantiles(dst, v, offsets, op == OpNanQuantile || op == OpNanPercentile)
		r := core.ColumnOf("", dst)
		r.Width = len(a.Q)
		return r
	}
	dst := make([]float64, n)
	switch op {
	case OpMean:
		Mean(dst, v, offsets)
	case OpAverage:
		if a.Weights == nil {
			Mean(dst, v, offsets)
		} else {
			Average(dst, v, Float64s(a.Weights), offsets)
		}
	case OpMedian:
		Median(dst, v, offsets)
	case OpVar:
		Var(dst, v, offsets, a.DDoF)
	case OpStd:
		Std(dst, v, offsets, a.DDoF)
	case OpNanMean:
		NanMean(dst, v, offsets)
	case OpNanMedian:
		NanMedian(dst, v, offsets)
	case OpNanVar:
		NanVar(dst, v, offsets, a.DDoF)
	case OpNanStd:
		NanStd(dst, v, offsets, a.DDoF)
	}
	return core.ColumnOf("", dst)
}

func extreme[T Number](op Op, dst, v []T, offsets []int64) {
	switch op {
	case OpMin:
		Min(dst, v, offsets)
	case OpMax:
		Max(dst, v, offsets)
	case OpNanMin:
		NanMin(dst, v, offsets)
	default:
		NanMax(dst, v, offsets)
	}
}

// fractions turns percentiles into quantiles as numpy does, by a division.
func fractions(op Op, qs []float64) []float64 {
	if op != OpPercentile && op != OpNanPercentile {
		return qs
	}
	f := make([]float64, len(qs))
	for i, q := range qs {
		f[i] = q / 100
	}
	return f
}
