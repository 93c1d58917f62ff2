package tdigest

import (
	"context"
	"math"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/reduce"
)

var _ core.Folder = (*statistic)(nil)

// statistic is immutable.
type statistic struct{ delta float64 }

func newStatistic(config core.Config) (core.Statistic, error) {
	delta, err := parseConfig(config)
	if err != nil {
		return nil, err
	}
	return &statistic{delta}, nil
}

// Info names the inputs, and the one output: rows of mean and weight.
func (s *statistic) Info() core.StatisticInfo {
	return core.StatisticInfo{
		Inputs:  []core.Input{{Name: "source"}, {Name: "where", Optional: true}},
		Outputs: []core.Field{{Type: core.Float32, Width: 2, Ragged: true}},
	}
}

// Compute makes the digest of each cell's finite values.
func (s *statistic) Compute(ctx context.Context, groups *core.Groups) ([]core.Column, error) {
	if n := len(groups.Rows); n != 1 && n != 2 {
		return nil, core.Errorf(core.Invalid, "tdigest", "", "got %d columns; it takes source and, perhaps, where", n)
	}
	var columns [2][]float64
	for i := range groups.Rows {
		c := &groups.Rows[i]
		if c.Offsets != nil || c.Width > 1 || c.Type == core.Bytes || c.Type == 0 {
			return nil, core.Errorf(core.Unsupported, "tdigest", c.Name, "values must be single numbers, not %s×%d", c.Type, c.Width)
		}
		columns[i] = reduce.Float64s(c)
	}
	out, b := newOutput(len(groups.Slots)), builder{delta: s.delta}
	for i := range groups.Slots {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		b.values = b.values[:0]
		for r := groups.Offsets[i]; r < groups.Offsets[i+1]; r++ {
			v := columns[0][r]
			if columns[1] != nil && !holds(columns[1][r]) || math.IsNaN(v) || math.IsInf(v, 0) {
				continue
			}
			b.values = append(b.values, v)
		}
		out.add(b.build())
	}
	return out.columns(), nil
}

// holds is the truth of a mask's element.
func holds(v float64) bool { return v != 0 && v == v }

// Fold makes the digest of each cell of those of its parts. The only one that is not empty stays as it is.
func (s *statistic) Fold(ctx context.Context, groups *core.Groups) ([]core.Column, error) {
	if len(groups.Rows) != 1 || groups.Rows[0].Type != core.Float32 || groups.Rows[0].Width != 2 || groups.Rows[0].Offsets == nil {
		return nil, core.Errorf(core.Invalid, "tdigest", "", "what is folded must be digests: rows of float32 mean and weight")
	}
	c := &groups.Rows[0]
	numbers := core.View[float32](c.Data)
	out, m := newOutput(len(groups.Slots)), merger{delta: s.delta}
	for i := range groups.Slots {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		m.begin()
		for r := groups.Offsets[i]; r < groups.Offsets[i+1]; r++ {
			m.add(numbers[2*c.Offsets[r] : 2*c.Offsets[r+1]])
		}
		digest, err := m.merge()
		if err != nil {
			return nil, err
		}
		out.add(digest)
	}
	return out.columns(), nil
}

// An output is digests one after another.
type output struct {
	numbers []float32
	offsets []int64
}

func newOutput(cells int) *output {
	return &output{offsets: append(make([]int64, 0, cells+1), 0)}
}

func (o *output) add(digest []float32) {
	o.numbers = append(o.numbers, digest...)
	o.offsets = append(o.offsets, int64(len(o.numbers)/2))
}

func (o *output) columns() []core.Column {
	data := core.NewData(4 * len(o.numbers))
	copy(core.View[float32](data), o.numbers)
	return []core.Column{{Type: core.Float32, Width: 2, Data: data, Offsets: o.offsets}}
}
