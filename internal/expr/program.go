package expr

import (
	"slices"
	"strings"
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
	Width  int   // PerCell: the length that every cell's array must have; 0: what the expression says
	Ragged bool  // PerCell: cells may have any number of rows
	Inner  []int // of Ragged: the extents of a row; nil: rows are single numbers, and a number is an array of one
	Scalar bool  // PerCell: cells have one number, so an array whose length only the data says is refused
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
	r, err := e.program()
	return r, e.widest, err
}

// checkResult refuses what is no result.
func (p *Program) checkResult(r *value) error {
	switch {
	case !r.number():
		return p.src.errorf(p.root.pos, "the expression gives %s, not numbers", r.describe())
	case p.opt.Mode == Filter && r.kind != kindBool:
		return p.src.errorf(p.root.pos, "a filter must be true or false in each row; this gives %s", r.describe())
	case p.opt.Mode != PerCell:
		return nil
	case p.opt.Ragged:
		return p.checkRows(r)
	case r.inner != nil:
		return p.src.errorf(p.root.pos, "the expression gives %s, which only kind: ragged with inner_shape: %s holds", r.describe(), listed(r.inner))
	case !r.vec && p.opt.Width > 1:
		return p.src.errorf(p.root.pos, "the expression gives one number per cell, not %d", p.opt.Width)
	case r.vec && r.width == 0:
		return p.src.errorf(p.root.pos, "the expression gives an empty array in every cell")
	case r.vec && r.width > 0 && p.opt.Width > 0 && r.width != p.opt.Width:
		return p.src.errorf(p.root.pos, "the expression gives %d numbers per cell, not %d", r.width, p.opt.Width)
	case r.vec && r.width < 0 && (p.opt.Width == 0 || p.opt.Scalar):
		return p.src.errorf(p.root.pos, "the expression gives an array whose length differs from cell to cell; reduce it, as with np.mean(…)")
	}
	return nil
}

// checkRows refuses what is no rows of the extents there must be. An array of one dimension is cut into rows of one dimension, as the
// numbers of a cell are.
func (p *Program) checkRows(r *value) error {
	want := p.opt.Inner
	switch {
	case want == nil || slices.Equal(r.inner, want):
		return nil
	case !r.vec:
		return p.src.errorf(p.root.pos, "the expression gives %s for a cell, not rows: leave out kind: ragged, or write np.array((a, b)) of the numbers of a row", r.describe())
	case r.inner == nil && len(want) == 1:
		return nil
	case r.inner == nil:
		return p.src.errorf(p.root.pos, "the expression gives %s, and inner_shape: %s says how long a row is: x.reshape((-1, %s)) makes rows of an array", r.describe(), listed(want), strings.Trim(listed(want), "[]"))
	}
	return p.src.errorf(p.root.pos, "the expression gives %s: set inner_shape: %s", r.describe(), listed(r.inner))
}

// listed are extents as a configuration has them: [4, 3].
func listed(inner []int) string { return "[" + strings.ReplaceAll(extents(inner), "×", ", ") + "]" }

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
