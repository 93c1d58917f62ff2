package expr

import (
	"context"

	"github.com/englacial/zagg/core"
)

var _ core.Statistic = statistic{}

type statistic struct{ p *Program }

// NewStatistic is a program compiled PerCell as a statistic. Its inputs are the columns the expression names, in
// order of first use; its output is one field of the program's Type and Width. Where the type was not known when the
// program was compiled, the field says Float64 and the column that Compute returns says what it is.
func NewStatistic(p *Program) core.Statistic { return statistic{p} }

// Info names the columns of the expression.
func (s statistic) Info() core.StatisticInfo {
	out := core.Field{Type: s.p.typ, Width: max(s.p.width, 1), Ragged: s.p.opt.Ragged}
	if out.Type == 0 {
		out.Type = core.Float64
	}
	if out.Ragged {
		out.Width = int(product(s.p.opt.Inner))
	}
	info := core.StatisticInfo{Outputs: []core.Field{out}, AnyType: true}
	for _, v := range s.p.inputs {
		info.Inputs = append(info.Inputs, core.Input{Name: v.Name, PerCell: v.PerCell})
	}
	return info
}

// Compute evaluates the expression in every cell.
func (s statistic) Compute(ctx context.Context, groups *core.Groups) ([]core.Column, error) {
	c, err := s.p.Cells(ctx, groups)
	if err != nil {
		return nil, err
	}
	return []core.Column{c}, nil
}
