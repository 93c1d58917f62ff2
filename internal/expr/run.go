package expr

import (
	"context"
	"fmt"
	"slices"

	"github.com/englacial/zagg/core"
)

// Sizes of evaluation. A block's arrays of 64 KiB stay in a core's second-level cache.
const (
	blockRows     = 8192
	blockElements = 1 << 20  // fixed-length arrays of a block together
	baseMemory    = 64 << 20 // scratch of a block whatever its rows
	rowMemory     = 256      // and for each row
)

// evaluator makes one for blocks of at most rows rows.
func (p *Program) evaluator(a *arena, rows int64) *evaluator {
	a.limit = baseMemory + int(rows)*rowMemory
	return &evaluator{p: p, arena: a, perRow: p.opt.Mode != PerCell, cols: make([]value, len(p.inputs)), name: func(c int) string { return fmt.Sprintf("cell %d", c) }}
}

// column is the value of an input in a block.
func (e *evaluator) column(c *core.Column, input int, row0, row1, cell0, cell1 int64) (value, error) {
	v := e.p.inputs[input]
	if !v.PerCell {
		r, err := e.loadColumn(c, row0, row1)
		r.vec, r.width, r.off = true, -1, e.off
		return r, err
	}
	w := int64(max(c.Width, 1))
	r, err := e.loadColumn(c, cell0*w, cell1*w)
	if max(v.Width, 1) > 1 {
		r.vec, r.width, r.off = true, int(w), evenOffsets(int(cell1-cell0), int(w))
		e.widest = max(e.widest, int(w))
	}
	return r, err
}

// bind finds the inputs among columns by name and checks their shape.
func (p *Program) bind(rows, cells []core.Column, nrows, ncells int64) ([]*core.Column, error) {
	cols := make([]*core.Column, len(p.inputs))
	for i, v := range p.inputs {
		from, n := rows, nrows
		if v.PerCell {
			from, n = cells, ncells
		}
		at := slices.IndexFunc(from, func(c core.Column) bool { return c.Name == v.Name })
		if at < 0 {
			return nil, p.invalid("column %s is missing", v.Name)
		}
		c := &from[at]
		width := 1
		if v.PerCell {
			width = max(v.Width, 1)
		}
		switch {
		case c.Type == 0 || c.Type >= core.Bytes || c.Offsets != nil || max(c.Width, 1) != width:
			return nil, p.invalid("column %s has %d %s in a row; expressions need %d of numbers", v.Name, max(c.Width, 1), c.Type, width)
		case v.Type != 0 && v.Type != c.Type:
			return nil, p.invalid("column %s is %s; the expression was compiled for %s", v.Name, c.Type, v.Type)
		case int64(len(c.Data)) != n*int64(width)*int64(c.Type.Size()):
			return nil, p.invalid("column %s has %d bytes; expected %d rows of %s", v.Name, len(c.Data), n, c.Type)
		}
		cols[i] = c
	}
	return cols, nil
}

func (p *Program) invalid(format string, args ...any) error {
	return core.Errorf(core.Invalid, "expression", fmt.Sprintf("%q", clip(p.src.text, 60)), format, args...)
}

// run evaluates one block and gives its result to take, which must not keep it.
func (p *Program) run(e *evaluator, cols []*core.Column, row0, row1, cell0, cell1 int64, take func(r *value) error) error {
	clear(e.cols)
	var loaded []value
	e.load = func(i int) (value, error) {
		v, err := e.column(cols[i], i, row0, row1, cell0, cell1)
		loaded = append(loaded, v)
		return v, err
	}
	r, err := e.program()
	if err == nil {
		err = take(&r)
	}
	e.release(r)
	e.release(loaded...)
	e.arena.used = 0
	return err
}

// program evaluates the whole expression. Where cells have several numbers, those of a tuple are an array.
func (e *evaluator) program() (value, error) {
	p := e.p
	r, err := e.eval(p.root)
	if err == nil && r.kind == kindTuple && (p.opt.Inner != nil || p.opt.Mode == PerCell && p.opt.Width > 0 && !p.opt.Scalar) {
		r, err = e.arrayOf(p.root, r.items)
	}
	if err == nil {
		err = p.checkResult(&r)
	}
	if err == nil && p.opt.Inner != nil && r.inner == nil {
		r, err = e.rows(p.root, r, p.opt.Inner)
	}
	return r, err
}

// Rows evaluates a filter or param on n rows: one row of the result, which is new, for each. Columns are found by name.
func (p *Program) Rows(cols []core.Column, n int) (core.Column, error) {
	if p.opt.Mode == PerCell {
		return core.Column{}, p.invalid("compiled for cells, evaluated on rows")
	}
	bound, err := p.bind(cols, nil, int64(n), 0)
	if err != nil {
		return core.Column{}, err
	}
	a := p.pool.Get().(*arena)
	defer p.pool.Put(a)
	defer a.shrink()
	var out core.Column
	e := p.evaluator(a, blockRows)
	e.cells = 1
	for lo := 0; lo == 0 || lo < n; lo += blockRows {
		hi := min(n, lo+blockRows)
		e.off = []int64{0, int64(hi - lo)}
		err := p.run(e, bound, int64(lo), int64(hi), 0, 0, func(r *value) error {
			if out.Type == 0 {
				out = core.Column{Type: r.kind.columnType(), Width: 1, Data: core.NewData(n * r.kind.size())}
			}
			size := r.kind.size()
			dst := out.Data[lo*size : hi*size]
			if r.vec {
				copy(dst, r.data)
				return nil
			}
			for at := 0; at < len(dst); at += size {
				copy(dst[at:], r.data[:size])
			}
			return nil
		})
		if err != nil {
			return core.Column{}, err
		}
	}
	return out, nil
}

// Cells evaluates a statistic: one row of the result for each cell of groups. Columns are found by name.
func (p *Program) Cells(ctx context.Context, g *core.Groups) (core.Column, error) {
	if p.opt.Mode != PerCell {
		return core.Column{}, p.invalid("compiled for rows, evaluated on cells")
	}
	off := g.Offsets
	if len(off) == 0 {
		off = []int64{0}
	}
	cells := int64(len(off) - 1)
	for i := range cells {
		if off[i+1] < off[i] {
			return core.Column{}, p.invalid("offsets of the cells decrease at cell %d", i)
		}
	}
	bound, err := p.bind(g.Rows, g.Cells, off[cells], cells)
	if err != nil {
		return core.Column{}, err
	}
	a := p.pool.Get().(*arena)
	defer p.pool.Put(a)
	defer a.shrink()
	out := output{p: p, cells: cells}
	most := max(1, int64(blockElements/max(p.widest, 1)))
	for c0 := int64(0); c0 == 0 || c0 < cells; {
		if err := ctx.Err(); err != nil {
			return core.Column{}, err
		}
		c1 := min(c0+1, cells)
		for c1 < cells && c1-c0 < most && off[c1+1]-off[c0] <= blockRows {
			c1++
		}
		e := p.evaluator(a, off[c1]-off[c0])
		e.cells = int(c1 - c0)
		e.name = func(c int) string { return cellName(g, off, c0+int64(c)) }
		e.off = make([]int64, e.cells+1)
		for i := range e.off {
			e.off[i] = off[c0+int64(i)] - off[c0]
		}
		err := p.run(e, bound, off[c0], off[c1], c0, c1, func(r *value) error { return out.take(e, r, c0) })
		if err != nil {
			return core.Column{}, err
		}
		if c0 = c1; cells == 0 {
			break
		}
	}
	return out.col, nil
}

// cellName tells which cell an error is about.
func cellName(g *core.Groups, off []int64, c int64) string {
	if c < int64(len(g.Slots)) && c+1 < int64(len(off)) {
		return fmt.Sprintf("the cell of slot %d (%d rows)", g.Slots[c], off[c+1]-off[c])
	}
	return fmt.Sprintf("cell %d", c)
}

// output collects the results of blocks.
type output struct {
	p     *Program
	cells int64
	col   core.Column
}

func (o *output) take(e *evaluator, r *value, c0 int64) error {
	size := r.kind.size()
	if o.col.Type == 0 {
		o.col = core.Column{Type: r.kind.columnType(), Width: int(r.row())}
		if o.p.opt.Ragged {
			o.col.Offsets = make([]int64, 1, o.cells+1)
		} else {
			if r.vec {
				o.col.Width = max(r.width, o.p.opt.Width)
			}
			o.col.Data = core.NewData(int(o.cells) * o.col.Width * size)
		}
	}
	for i := range e.cells {
		from := r.data
		switch {
		case r.vec:
			lo, hi := r.bounds(i)
			from = r.data[int(lo)*size : int(hi)*size]
		case !r.konst:
			from = r.data[i*size : (i+1)*size]
		}
		if o.p.opt.Ragged {
			o.col.Data = append(o.col.Data, from...)
			o.col.Offsets = append(o.col.Offsets, int64(len(o.col.Data)/(size*o.col.Width)))
			continue
		}
		if len(from) != o.col.Width*size {
			return o.p.src.errorf(o.p.root.pos, "%s: an array of %d where every cell must have %d", e.name(i), len(from)/size, o.col.Width)
		}
		copy(o.col.Data[(int(c0)+i)*o.col.Width*size:], from)
	}
	return nil
}
