package coretest

import (
	"fmt"
	"math"

	"github.com/englacial/zagg/core"
)

// fold calls Fold on parts: part i of cell k is row i of the columns, from offsets[k] to offsets[k+1].
func (s *statisticSuite) fold(c *check, folder core.Folder, f form, parts []core.Column, offsets []int64) []core.Column {
	c.Helper()
	g := &core.Groups{Offsets: offsets, Rows: parts}
	for i := range len(offsets) - 1 {
		g.Slots = append(g.Slots, int32(2*i))
	}
	before := cloneColumns(parts)
	out, err := folder.Fold(c.ctx, g)
	c.must(err, fmt.Sprintf("Fold of results for inputs of types %v", f))
	c.that(diffAll(before, parts) == "", "Fold changes its inputs")
	s.checkOutputs(c, "Fold", f, out, len(g.Slots))
	return out
}

// cut splits the rows of each cell into one to four parts in order: the same observations in more cells, and which
// parts are of which cell.
func cut(c *check, g *core.Groups) (parts *core.Groups, offsets []int64) {
	parts = &core.Groups{Offsets: []int64{0}, Rows: g.Rows, Cells: g.Cells}
	offsets = []int64{0}
	var of []int // the cell of each part
	for i := range g.Slots {
		from, to := g.Offsets[i], g.Offsets[i+1]
		for n := 1 + c.rand.IntN(4); from < to; n-- {
			end := to
			if n > 1 {
				end = from + 1 + c.rand.Int64N(to-from)
			}
			parts.Slots = append(parts.Slots, int32(len(parts.Slots)))
			parts.Offsets = append(parts.Offsets, end)
			of = append(of, i)
			from = end
		}
		offsets = append(offsets, int64(len(parts.Slots)))
	}
	parts.Cells = nil
	for i := range g.Cells {
		parts.Cells = append(parts.Cells, pickRows(&g.Cells[i], of, nil))
	}
	return parts, offsets
}

// foldable calls do for each form, with observations, if the statistic is a Folder.
func (s *statisticSuite) foldable(c *check, do func(folder core.Folder, f form, g *core.Groups)) {
	folder, ok := s.statistic.(core.Folder)
	if !ok {
		c.absent("the statistic is no core.Folder")
	}
	for _, f := range s.forms {
		do(folder, f, s.groups(c.rand, f, positive, sizes(c)))
	}
}

// checkFold: the results on parts of a cell, folded, are the result on the cell.
func (s *statisticSuite) checkFold(c *check) {
	s.foldable(c, func(folder core.Folder, f form, g *core.Groups) {
		whole := s.compute(c, f, g)
		for range c.few(5) {
			parts, offsets := cut(c, g)
			s.same(c, f, "a Fold of parts and the whole", whole, s.fold(c, folder, f, s.compute(c, f, parts), offsets))
		}
		s.fold(c, folder, f, s.compute(c, f, s.groups(c.rand, f, plain, nil)), []int64{0})
	})
}

// checkFoldOfOne: folding one part changes nothing.
func (s *statisticSuite) checkFoldOfOne(c *check) {
	s.foldable(c, func(folder core.Folder, f form, g *core.Groups) {
		whole := s.compute(c, f, g)
		offsets := make([]int64, len(g.Slots)+1)
		for i := range offsets {
			offsets[i] = int64(i)
		}
		s.same(c, f, "a Fold of one part and that part", whole, s.fold(c, folder, f, whole, offsets))
	})
}

// checkFoldOfFolds: parts can be folded in steps.
func (s *statisticSuite) checkFoldOfFolds(c *check) {
	s.foldable(c, func(folder core.Folder, f form, g *core.Groups) {
		parts, offsets := cut(c, g)
		results := s.compute(c, f, parts)
		once := s.fold(c, folder, f, results, offsets)
		// First the first two parts of each cell, then that and the rest.
		inner, outer := []int64{0}, []int64{0}
		for i := range len(offsets) - 1 {
			for at := offsets[i]; at < offsets[i+1]; {
				if at == offsets[i] {
					at = min(at+2, offsets[i+1])
				} else {
					at++
				}
				inner = append(inner, at)
			}
			outer = append(outer, int64(len(inner)-1))
		}
		twice := s.fold(c, folder, f, s.fold(c, folder, f, results, inner), outer)
		s.same(c, f, "a Fold of Folds and one of all parts", once, twice)
	})
}

// checkFoldWrongInputs: Fold takes its own outputs and nothing else.
func (s *statisticSuite) checkFoldWrongInputs(c *check) {
	folder, ok := s.statistic.(core.Folder)
	if !ok {
		c.absent("the statistic is no core.Folder")
	}
	results := s.compute(c, s.forms[0], s.groups(c.rand, s.forms[0], plain, []int{3, 4}))
	for what, rows := range map[string][]core.Column{
		"no columns":           nil,
		"a column too many":    append(cloneColumns(results), core.ColumnOf("more", []float64{1, 2})),
		"text for each output": texts(len(results)),
	} {
		err := c.guard("Fold of "+what, func() error {
			_, err := folder.Fold(c.ctx, &core.Groups{Slots: []int32{0}, Offsets: []int64{0, 2}, Rows: rows})
			return err
		})
		c.refused(err, "Fold of "+what, core.Invalid, core.Unsupported)
	}
}

func texts(n int) []core.Column {
	out := make([]core.Column, n)
	for i := range out {
		out[i] = core.StringColumn("", []string{"a", "b"})
	}
	return out
}

// same compares results: integers exactly, floats but for rounding.
func (s *statisticSuite) same(c *check, f form, what string, want, got []core.Column) {
	c.Helper()
	if s.SameFold == nil && s.info.Folds == core.FoldsApproximately {
		return
	}
	if s.SameFold != nil {
		c.must(s.SameFold(want, got), what+" differ")
		return
	}
	for i := range want {
		a, b := &want[i], &got[i]
		d := diffColumns(a, b)
		if d == "" {
			continue
		}
		c.that(s.info.Folds != core.FoldsExactly, "%s differ for inputs of types %v, though the statistic says that it folds exactly: output %d: %s", what, f, i, d)
		comparable := a.Type == b.Type && a.Type.IsFloat() && a.Offsets == nil && len(a.Data) == len(b.Data)
		c.that(comparable, "%s differ for inputs of types %v: output %d: %s", what, f, i, d)
		for k := range len(a.Data) / a.Type.Size() {
			x, y := number(a, k), number(b, k)
			near := math.Abs(x-y) <= s.Rounding*max(math.Abs(x), math.Abs(y))
			c.that(x == y || near || x != x && y != y, "%s differ for inputs of types %v: output %d, element %d: %v and %v", what, f, i, k, x, y)
		}
	}
}
