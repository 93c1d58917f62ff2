package expr

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/englacial/zagg/core"
)

// A Mode is what an expression is for.
type Mode uint8

// The modes.
const (
	PerCell Mode = iota // a number, or an array of one length, per cell: a statistic
	PerRow              // a number per row: a param
	Filter              // a bool per row
)

// A Var is a column that expressions may name.
type Var struct {
	Name    string
	Type    core.Type // 0: not known yet; then what depends on it is checked when the expression is evaluated
	PerCell bool      // one value (or Width values) per cell rather than per row; not in filters and params
	Width   int       // of a PerCell column: the numbers per cell; 0 is 1
}

// Options say what an expression is for.
type Options struct {
	Mode   Mode
	Width  int  // PerCell: the length that every cell's array must have; 0: what the expression says
	Ragged bool // PerCell: cells may have arrays of any length
}

// A Program is a compiled expression. It is immutable and safe for concurrent use.
type Program struct {
	src    *source
	root   *node
	opt    Options
	inputs []Var
	typ    core.Type
	width  int
	widest int
	pool   sync.Pool // of *arena
}

// Compile checks an expression and makes it ready. Errors are Invalid and show the place. vars are all the columns there are;
// types that are given are checked now.
func Compile(text string, vars []Var, opt Options) (*Program, error) {
	src := &source{text}
	root, err := parse(src)
	if err != nil {
		return nil, err
	}
	r := &resolver{src: src, vars: vars, mode: opt.Mode}
	if err = r.resolve(root); err != nil {
		return nil, err
	}
	p := &Program{src: src, root: root, opt: opt, inputs: r.inputs}
	p.pool.New = func() any { return new(arena) }
	for _, v := range p.inputs {
		switch {
		case v.PerCell && opt.Mode != PerCell:
			return nil, src.errorf(0, "%s is a value per cell; not allowed in a filter or param", v.Name)
		case v.Type >= core.Bytes:
			return nil, src.errorf(0, "column %s is %s; expressions compute with numbers", v.Name, v.Type)
		}
	}
	if err := p.check(); err != nil {
		return nil, err
	}
	return p, nil
}

// check evaluates the program on no cells: every error that is none of the data's shows, and so does the type of the
// result. Columns of unknown type are taken for floats, then for integers, then for bools; the first that works will do.
func (p *Program) check() error {
	guesses := []core.Type{core.Float64, core.Int64, core.Bool}
	if !slices.ContainsFunc(p.inputs, func(v Var) bool { return v.Type == 0 }) {
		guesses = guesses[:1]
	}
	var first error
	for _, guess := range guesses {
		cols := make([]core.Column, len(p.inputs))
		for i, v := range p.inputs {
			cols[i] = core.Column{Name: v.Name, Type: v.Type, Width: max(v.Width, 1)}
			if v.Type == 0 {
				cols[i].Type = guess
			}
		}
		r, widest, err := p.dry(cols)
		if err == nil {
			if p.widest = widest; len(guesses) == 1 {
				p.typ, p.width = r.kind.columnType(), 1
				if r.vec && p.opt.Mode == PerCell {
					p.width = max(r.width, p.opt.Width)
				}
			}
			return nil
		}
		if first == nil {
			first = err
		}
	}
	return first
}

func (p *Program) dry(cols []core.Column) (value, int, error) {
	a := p.pool.Get().(*arena)
	defer p.pool.Put(a)
	e := p.evaluator(a, 0)
	e.cells, e.off = 0, []int64{0}
	if p.opt.Mode != PerCell {
		e.cells, e.off = 1, []int64{0, 0}
	}
	e.load = func(i int) (value, error) { return e.column(&cols[i], i, 0, 0, 0, 0) }
	r, err := e.eval(p.root)
	if err == nil {
		err = p.checkResult(&r)
	}
	return r, e.widest, err
}

// checkResult refuses what is no result.
func (p *Program) checkResult(r *value) error {
	switch {
	case !r.number():
		return p.src.errorf(p.root.pos, "the expression gives %s, not numbers", r.describe())
	case p.opt.Mode == Filter && r.kind != kindBool:
		return p.src.errorf(p.root.pos, "a filter must be true or false in each row; this gives %s", r.describe())
	case p.opt.Mode != PerCell || p.opt.Ragged:
		return nil
	case !r.vec && p.opt.Width > 1:
		return p.src.errorf(p.root.pos, "the expression gives one number per cell, not %d", p.opt.Width)
	case r.vec && r.width == 0:
		return p.src.errorf(p.root.pos, "the expression gives an empty array in every cell")
	case r.vec && r.width > 0 && p.opt.Width > 0 && r.width != p.opt.Width:
		return p.src.errorf(p.root.pos, "the expression gives %d numbers per cell, not %d", r.width, p.opt.Width)
	case r.vec && r.width < 0 && p.opt.Width == 0:
		return p.src.errorf(p.root.pos, "the expression gives an array whose length differs from cell to cell; reduce it, as with np.mean(…)")
	}
	return nil
}

// Source is the text.
func (p *Program) Source() string { return p.src.text }

// Inputs are the columns that the expression names, in order of first use.
func (p *Program) Inputs() []Var { return slices.Clone(p.inputs) }

// Type is the element type of the result: Bool, Int64, Uint64 or Float64; 0 while it depends on types not known.
func (p *Program) Type() core.Type { return p.typ }

// Width is the numbers per cell or row: 1 unless the result is a vector; 0 while not known.
func (p *Program) Width() int { return p.width }

// Constant is the value (bool, int64, uint64 or float64) of an expression that names no column; false for others.
func (p *Program) Constant() (any, bool) {
	if len(p.inputs) > 0 || p.root.kind == nodeTuple {
		return nil, false
	}
	r, _, err := p.dry(nil)
	if err != nil || !r.konst || r.vec {
		return nil, false
	}
	switch r.kind {
	case kindBool:
		return r.bools()[0] != 0, true
	case kindInt:
		return r.ints()[0], true
	case kindUint:
		return r.uints()[0], true
	}
	return r.floats()[0], true
}

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
	r, err := e.eval(p.root)
	if err == nil {
		err = p.checkResult(&r)
	}
	if err == nil {
		err = take(&r)
	}
	e.release(r)
	e.release(loaded...)
	e.arena.used = 0
	return err
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
		o.col = core.Column{Type: r.kind.columnType(), Width: 1}
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
			o.col.Offsets = append(o.col.Offsets, int64(len(o.col.Data)/size))
			continue
		}
		if len(from) != o.col.Width*size {
			return o.p.src.errorf(o.p.root.pos, "%s: an array of %d where every cell must have %d", e.name(i), len(from)/size, o.col.Width)
		}
		copy(o.col.Data[(int(c0)+i)*o.col.Width*size:], from)
	}
	return nil
}
