package stats

import (
	"context"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/reduce"
)

var (
	_ core.Statistic = statistic{}
	_ core.Folder    = folder{}
)

// statistic is one reduction with its constants. It is immutable.
type statistic struct {
	op   reduce.Op
	args reduce.Args
}

func newStatistic(op reduce.Op, config core.Config) (core.Statistic, error) {
	args, err := parseConfig(op, config)
	if err != nil {
		return nil, err
	}
	s := statistic{op, args}
	if f, ok := foldOp(op); ok {
		return folder{s, f}, nil
	}
	return s, nil
}

// Info names the inputs and the type of the result; for sums of integers see the package comment.
func (s statistic) Info() core.StatisticInfo {
	info := core.StatisticInfo{Inputs: []core.Input{{Name: "source"}}, AnyType: true}
	if s.op == reduce.OpAverage {
		info.Inputs = append(info.Inputs, core.Input{Name: "weights", Optional: true})
	}
	out := core.Field{Type: core.Float64, Width: max(1, len(s.args.Q)), Units: "{source}"}
	switch s.op {
	case reduce.OpVar, reduce.OpNanVar:
		out.Units = "{source}^2"
	case reduce.OpLen, reduce.OpCount:
		out.Type, out.Units = core.Int64, "1"
	case reduce.OpMin, reduce.OpMax, reduce.OpNanMin, reduce.OpNanMax:
		out.Type = 0
	}
	info.Outputs = []core.Field{describeOp(out, s.op, s.args)}
	switch f, ok := foldOp(s.op); {
	case ok && f == reduce.OpSum:
		info.Folds = core.FoldsIntegers
	case ok:
		info.Folds = core.FoldsExactly
	}
	return info
}

// Compute reduces the source of each cell.
func (s statistic) Compute(ctx context.Context, groups *core.Groups) ([]core.Column, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	args := s.args
	switch n := len(groups.Rows); {
	case n == 2 && s.op == reduce.OpAverage:
		args.Weights = &groups.Rows[1]
	case n != 1:
		return nil, invalid(s.op, "got %d columns", n)
	}
	return one(reduce.Apply(s.op, &groups.Rows[0], offsets(groups), args))
}

// folder is a reduction whose results on parts of a cell can be reduced to its result on the cell.
type folder struct {
	statistic
	fold reduce.Op
}

// foldOp is the reduction that joins results of op on parts. The sum of part sums of floats may differ from the sum
// of all values in the last digits.
func foldOp(op reduce.Op) (reduce.Op, bool) {
	switch op {
	case reduce.OpLen, reduce.OpCount, reduce.OpSum, reduce.OpNanSum:
		return reduce.OpSum, true
	case reduce.OpMin, reduce.OpMax, reduce.OpNanMin, reduce.OpNanMax:
		return op, true
	}
	return 0, false
}

// Fold joins results of Compute or Fold.
func (f folder) Fold(ctx context.Context, groups *core.Groups) ([]core.Column, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if n := len(groups.Rows); n != 1 {
		return nil, invalid(f.op, "got %d columns to fold; it has one output", n)
	}
	return one(reduce.Apply(f.fold, &groups.Rows[0], offsets(groups), reduce.Args{}))
}

// offsets of no cells may be left out by the caller.
func offsets(g *core.Groups) []int64 {
	if len(g.Offsets) == 0 {
		return []int64{0}
	}
	return g.Offsets
}

func one(c core.Column, err error) ([]core.Column, error) {
	if err != nil {
		return nil, err
	}
	return []core.Column{c}, nil
}
