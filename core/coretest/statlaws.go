package coretest

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/englacial/zagg/core"
)

// sizes are the rows of some cells: one, a few, many.
func sizes(c *check) []int {
	out := []int{1, 2, 3, 1, 17}
	for range c.few(40) {
		out = append(out, 1+c.rand.IntN(1<<c.rand.IntN(9)))
	}
	return out
}

// compute calls Compute, and looks that it only reads and that its answer has the shape that Info promises.
func (s *statisticSuite) compute(c *check, f form, g *core.Groups) []core.Column {
	c.Helper()
	before := cloneGroups(g)
	out, err := s.statistic.Compute(c.ctx, g)
	c.must(err, fmt.Sprintf("Compute with inputs of types %v", f))
	same := slices.Equal(g.Slots, before.Slots) && slices.Equal(g.Offsets, before.Offsets) && diffAll(g.Rows, before.Rows) == "" && diffAll(g.Cells, before.Cells) == ""
	c.that(same, "Compute changes its inputs")
	s.checkOutputs(c, "Compute", f, out, len(g.Slots))
	return out
}

// checkOutputs: as many columns as Info has outputs, in order, one row per cell.
func (s *statisticSuite) checkOutputs(c *check, what string, f form, out []core.Column, rows int) {
	c.Helper()
	c.that(len(out) == len(s.info.Outputs), "%s gives %d columns, Info has %d outputs", what, len(out), len(s.info.Outputs))
	for i := range out {
		field, col := &s.info.Outputs[i], &out[i]
		name := fmt.Sprintf("output %d (%q) of %s", i, field.Name, what)
		c.that((col.Offsets != nil) == field.Ragged, "%s: ragged is %t in Info, %t in the column", name, field.Ragged, col.Offsets != nil)
		checkColumn(c, name, col, rows)
		c.that(max(col.Width, 1) == max(field.Width, 1), "%s has width %d, in Info %d", name, col.Width, field.Width)
		want := field.Type
		if want == 0 {
			want = f[0]
		}
		// A sum of integers may stay one where Info says float64: see core/reduce.
		exact := want == core.Float64 && len(f) > 0 && !f[0].IsFloat() && (col.Type == core.Int64 || col.Type == core.Uint64)
		c.that(col.Type == want || exact, "%s is %s, by Info %s", name, col.Type, want)
	}
}

// checkCompute finds the types that the statistic takes: float64 for all inputs, or those listed in the options, at least.
func (s *statisticSuite) checkCompute(c *check) {
	for i, f := range s.candidates() {
		g := s.groups(c.rand, f, plain, sizes(c))
		err := c.guard(fmt.Sprintf("Compute with inputs of types %v", f), func() error {
			_, err := s.statistic.Compute(c.ctx, cloneGroups(g))
			return err
		})
		if err != nil {
			c.that(i > 0, "Compute with inputs of types %v: %v (if it is made for other types or values, say so in StatisticOptions)", f, err)
			c.refused(err, fmt.Sprintf("Compute with inputs of types %v", f), core.Invalid, core.Unsupported)
			continue
		}
		s.compute(c, f, g)
		s.forms = append(s.forms, f)
	}
	c.Logf("takes %v", s.forms)
}

// checkEmpty: no cells, no rows.
func (s *statisticSuite) checkEmpty(c *check) {
	for _, f := range s.forms {
		s.compute(c, f, s.groups(c.rand, f, plain, nil))
	}
}

// checkSizes: cells of one row, and one of very many.
func (s *statisticSuite) checkSizes(c *check) {
	for _, f := range s.forms[:min(len(s.forms), 3)] {
		s.compute(c, f, s.groups(c.rand, f, plain, slices.Repeat([]int{1}, 300)))
		s.compute(c, f, s.groups(c.rand, f, plain, []int{1}))
		s.compute(c, f, s.groups(c.rand, f, plain, []int{c.few(100_000)}))
	}
}

// checkOddValues: values that a file can hold are no reason to fail, nor to look at other cells.
func (s *statisticSuite) checkOddValues(c *check) {
	for _, f := range s.forms {
		for range c.few(5) {
			s.permuted(c, f, s.groups(c.rand, f, odd, sizes(c)))
		}
		one := s.groups(c.rand, f, plain, []int{5, 5})
		for i := range one.Rows {
			for k := range 5 {
				setNumber(&one.Rows[i], k, 0)
				if one.Rows[i].Type.IsFloat() {
					setNumber(&one.Rows[i], k, math.NaN())
				}
			}
		}
		s.compute(c, f, one)
	}
}

// checkSameBytes: same groups, same bytes, also from another statistic of the same config.
func (s *statisticSuite) checkSameBytes(c *check) {
	for _, f := range s.forms {
		g := s.groups(c.rand, f, plain, sizes(c))
		want := cloneColumns(s.compute(c, f, g))
		s.compute(c, f, s.groups(c.rand, f, odd, sizes(c)))
		d := diffAll(want, s.compute(c, f, g))
		c.that(d == "", "Compute of the same groups gives other bytes the second time: %s", d)
		out, err := s.made[1].Compute(c.ctx, g)
		c.must(err, "Compute of another statistic of the same config")
		d = diffAll(want, out)
		c.that(d == "", "another statistic of the same config gives other bytes: %s", d)
	}
}

// checkCellsApart: a cell's result is that of its observations, wherever the cell is and whatever is in others.
func (s *statisticSuite) checkCellsApart(c *check) {
	for _, f := range s.forms {
		for range c.few(5) {
			s.permuted(c, f, s.groups(c.rand, f, plain, sizes(c)))
		}
	}
}

func (s *statisticSuite) permuted(c *check, f form, g *core.Groups) {
	c.Helper()
	whole := s.compute(c, f, g)
	order := c.rand.Perm(len(g.Slots))
	got := s.compute(c, f, pick(g, order, g.Slots))
	for i := range whole {
		want := pickRows(&whole[i], order, nil)
		d := diffColumns(&want, &got[i])
		c.that(d == "", "the cells in another order give other results: output %d: %s", i, d)
	}
}

// checkParts: the cells of a shard in two calls give what they give in one.
func (s *statisticSuite) checkParts(c *check) {
	for _, f := range s.forms {
		g := s.groups(c.rand, f, plain, sizes(c))
		whole := s.compute(c, f, g)
		n := len(g.Slots)
		cells := make([]int, n)
		for i := range cells {
			cells[i] = i
		}
		for _, cut := range []int{1, n / 2, n - 1} {
			for _, part := range [][]int{cells[:cut], cells[cut:]} {
				got := s.compute(c, f, pick(g, part, g.Slots[part[0]:part[len(part)-1]+1]))
				for i := range whole {
					want := pickRows(&whole[i], part, nil)
					d := diffColumns(&want, &got[i])
					c.that(d == "", "cells %d to %d of %d alone give other results: output %d: %s", part[0], part[len(part)-1], n, i, d)
				}
			}
		}
	}
}

// checkWrongInputs: what cannot be computed is refused with a code.
func (s *statisticSuite) checkWrongInputs(c *check) {
	if len(s.info.Inputs) == 0 {
		c.absent("the statistic has no inputs")
	}
	f := s.forms[0]
	good := s.groups(c.rand, f, plain, []int{2, 1, 4})
	wrong := func(what string, must bool, change func(g *core.Groups)) {
		g := cloneGroups(good)
		change(g)
		var out []core.Column
		err := c.guard("Compute with "+what, func() (err error) {
			out, err = s.statistic.Compute(c.ctx, g)
			return err
		})
		if err == nil && !must {
			c.that(len(out) == len(s.info.Outputs), "Compute with %s gives %d columns and no error", what, len(out))
			for i := range out {
				checkColumn(c, "output of Compute with "+what, &out[i], len(g.Slots))
			}
			return
		}
		c.refused(err, "Compute with "+what, core.Invalid, core.Unsupported)
	}
	needed := slices.ContainsFunc(s.info.Inputs, func(in core.Input) bool { return !in.Optional })
	wrong("no columns", needed, func(g *core.Groups) { g.Rows, g.Cells = nil, nil })
	for i := range good.Rows {
		name := good.Rows[i].Name
		wrong("text for "+name, false, func(g *core.Groups) {
			g.Rows[i] = core.StringColumn(name, []string{"a", "", "7", "a longer one", "é", "\x00", "NaN"})
		})
		wrong("vectors for "+name, false, func(g *core.Groups) {
			g.Rows[i] = core.Column{Name: name, Type: core.Float64, Width: 3, Data: core.NewData(7 * 24)}
		})
		wrong("lists for "+name, false, func(g *core.Groups) {
			g.Rows[i] = core.Column{Name: name, Type: core.Float32, Width: 1, Offsets: []int64{0, 1, 1, 5, 5, 6, 7, 9}, Data: core.NewData(36)}
		})
	}
	for i := range good.Cells {
		name := good.Cells[i].Name
		wrong("text for "+name, false, func(g *core.Groups) { g.Cells[i] = core.StringColumn(name, []string{"a", "b", ""}) })
	}
}

// checkConcurrent: calls at the same time do not see each other.
func (s *statisticSuite) checkConcurrent(c *check) {
	var questions []answer
	for i, f := range s.forms {
		if i > 3 {
			break
		}
		g := s.groups(c.rand, f, plain, sizes(c))
		questions = append(questions, answer{what: fmt.Sprintf("Compute with inputs of types %v", f), ask: func(ctx context.Context) (any, error) {
			out, err := s.statistic.Compute(ctx, g)
			return bitsOf(out), err
		}})
	}
	questions = append(questions, answer{what: "Info", ask: func(context.Context) (any, error) { return s.statistic.Info(), nil }})
	concurrently(c, questions, 20)
}

// checkCancelled: work that is no longer wanted is not done.
func (s *statisticSuite) checkCancelled(c *check) {
	ctx, cancel := context.WithCancel(c.ctx)
	cancel()
	g := s.groups(c.rand, s.forms[0], plain, sizes(c))
	_, err := s.statistic.Compute(ctx, g)
	c.cancelled(err, "Compute")
	s.compute(c, s.forms[0], g)
}
