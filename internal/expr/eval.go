package expr

import (
	"fmt"
	"slices"

	"github.com/englacial/zagg/core"
)

// An evaluator computes one block: some cells with their rows, or (perRow) a run of rows as the one array there is.
// It belongs to one goroutine.
type evaluator struct {
	p      *Program
	arena  *arena
	perRow bool
	cells  int
	off    []int64 // of the cells' rows, from 0
	cols   []value // of p.inputs; loaded when first used
	load   func(input int) (value, error)
	ones   []int64 // 0, 1, 2, …: offsets of arrays of one element
	active []bool  // cells whose value is wanted; nil: all
	name   func(cell int) string
	widest int // the longest array that has the same length in every cell
}

func (e *evaluator) errorf(n *node, format string, args ...any) error {
	return e.p.src.errorf(n.pos, format, args...)
}

// cellError is the error of one cell; nil if the cell's value is not wanted.
func (e *evaluator) cellError(n *node, cell int, format string, args ...any) error {
	if e.active != nil && cell < len(e.active) && !e.active[cell] {
		return nil
	}
	if e.perRow {
		return e.errorf(n, format, args...)
	}
	return e.errorf(n, "%s: %s", e.name(cell), fmt.Sprintf(format, args...))
}

// alloc is a value of n elements in scratch, not zeroed.
func (e *evaluator) alloc(at *node, k kind, n int) (value, error) {
	data := e.arena.get(n * k.size())
	if data == nil {
		return value{}, e.errorf(at, "intermediate results need more than %d MiB", e.arena.limit>>20)
	}
	return value{kind: k, temp: true, data: data}, nil
}

// like is alloc with the shape of v.
func (e *evaluator) like(at *node, k kind, v *value) (value, error) {
	r, err := e.alloc(at, k, v.len())
	r.vec, r.konst, r.py, r.width, r.off, r.inner = v.vec, v.konst, v.py, v.width, v.off, v.inner
	return r, err
}

// release gives back scratch.
func (e *evaluator) release(values ...value) {
	for _, v := range values {
		if v.temp {
			e.arena.put(v.data)
		}
		e.release(v.items...)
	}
}

// unit is the offsets of n arrays of one element each.
func (e *evaluator) unit(n int) []int64 {
	for len(e.ones) <= n {
		e.ones = append(e.ones, int64(len(e.ones)))
	}
	return e.ones[:n+1]
}

func (e *evaluator) eval(n *node) (value, error) {
	switch n.kind {
	case nodeConst, nodeType:
		return n.num, nil
	case nodeName:
		if v := e.cols[n.column]; v.given() {
			return v, nil
		}
		v, err := e.load(n.column)
		v.temp = false
		e.cols[n.column] = v
		return v, err
	case nodeUnary:
		return e.unary(n)
	case nodeBinary:
		a, err := e.eval(n.kids[0])
		if err != nil {
			return a, err
		}
		b, err := e.eval(n.kids[1])
		if err != nil {
			return b, err
		}
		return e.binary(n, n.text, a, b)
	case nodeCompare:
		return e.compareChain(n)
	case nodeAnd, nodeOr:
		return e.logic(n)
	case nodeNot:
		v, err := e.eval(n.kids[0])
		if err != nil {
			return v, err
		}
		return e.not(n, v)
	case nodeCond:
		return e.conditional(n)
	case nodeIndex:
		return e.index(n)
	case nodeTuple:
		t := value{kind: kindTuple, items: make([]value, len(n.kids))}
		for i, k := range n.kids {
			var err error
			if t.items[i], err = e.eval(k); err != nil {
				return t, err
			}
		}
		return t, nil
	case nodeCall:
		return e.call(n)
	}
	return value{}, e.errorf(n, "%s is not a value", clip(n.text, 40))
}

func (e *evaluator) call(n *node) (value, error) {
	args := make([]value, len(n.kids))
	for i, k := range n.kids {
		if k == nil {
			continue
		}
		var err error
		if args[i], err = e.eval(k); err != nil {
			return value{}, err
		}
	}
	if !n.fn.perRow && n.fn.where&rows == 0 {
		if err := e.flat(n, args); err != nil {
			return value{}, err
		}
	}
	v, err := n.fn.eval(e, n, args)
	if v.vec && v.width > e.widest {
		e.widest = v.width
	}
	return v, err
}

// truth is a number per cell (or a constant) as bool. Arrays have none.
func (e *evaluator) truth(n *node, v value) (value, error) {
	if v.vec || !v.number() {
		hint := "use &, | and ~ on arrays, np.where to choose, np.any or np.all to ask of all"
		return v, e.errorf(n, "%s is neither true nor false; %s", v.describe(), hint)
	}
	return e.convert(n, v, kindBool)
}

func (e *evaluator) not(n *node, v value) (value, error) {
	t, err := e.truth(n, v)
	if err != nil {
		return t, err
	}
	r, err := e.like(n, kindBool, &t)
	if err != nil {
		return r, err
	}
	r.py = true
	dst := r.bools()
	for i, x := range t.bools() {
		dst[i] = x ^ 1
	}
	e.release(t)
	return r, nil
}

// within evaluates a part whose value is wanted only in the cells where on is want.
func (e *evaluator) within(n *node, on []uint8, want uint8) (value, error) {
	outer := e.active
	inner := make([]bool, e.cells)
	for i := range inner {
		inner[i] = on[i] == want && (outer == nil || outer[i])
	}
	e.active = inner
	v, err := e.eval(n)
	e.active = outer
	return v, err
}

func (e *evaluator) conditional(n *node) (value, error) {
	c, err := e.eval(n.kids[1])
	if err != nil {
		return c, err
	}
	if c, err = e.truth(n.kids[1], c); err != nil {
		return c, err
	}
	if c.konst {
		if c.bools()[0] != 0 {
			return e.eval(n.kids[0])
		}
		return e.eval(n.kids[2])
	}
	a, err := e.within(n.kids[0], c.bools(), 1)
	if err != nil {
		return a, err
	}
	b, err := e.within(n.kids[2], c.bools(), 0)
	if err != nil {
		return b, err
	}
	if a.vec && b.vec && !e.perRow {
		return e.chooseArrays(n, c, a, b)
	}
	return e.choose(n, c, a, b)
}

// choose is a where c, else b, of numbers per cell.
func (e *evaluator) choose(n *node, c, a, b value) (value, error) {
	for i, v := range []*value{&a, &b} {
		if v.vec || !v.number() {
			return *v, e.errorf(n.kids[min(2*i, len(n.kids)-1)], "a choice between numbers of a cell cannot give %s; use np.where, or give an array in both cases", v.describe())
		}
	}
	py := a.py && b.py
	r, err := e.where(n, c, a, b)
	r.py = py
	return r, err
}

// logic is Python's and, or: the value of the operand that decides.
func (e *evaluator) logic(n *node) (value, error) {
	left, err := e.eval(n.kids[0])
	for _, k := range n.kids[1:] {
		if err != nil {
			return left, err
		}
		var c value
		keep := left
		keep.temp = false // c may be left itself
		if c, err = e.truth(n, keep); err != nil {
			return left, err
		}
		stop := uint8(0) // the truth value with which left is the result
		if n.kind == nodeOr {
			stop = 1
		}
		if c.konst {
			if c.bools()[0] != stop {
				left, err = e.eval(k)
				continue
			}
			// The rest is not evaluated, but must be numbers all the same.
			continue
		}
		var right value
		if right, err = e.within(k, c.bools(), stop^1); err != nil {
			return right, err
		}
		if n.kind == nodeOr {
			left, err = e.choose(n, c, left, right)
		} else {
			left, err = e.choose(n, c, right, left)
		}
	}
	if err == nil && (left.vec || !left.number()) {
		_, err = e.truth(n, left)
	}
	return left, err
}

// compareChain is a < b < c: each pair compared, and joined.
func (e *evaluator) compareChain(n *node) (value, error) {
	left, err := e.eval(n.kids[0])
	if err != nil {
		return left, err
	}
	var all value
	for i, op := range n.ops {
		right, err := e.link(n.kids[i+1], all)
		if err != nil {
			return right, err
		}
		last := i == len(n.ops)-1
		again := right // compare releases what it is given
		again.temp = again.temp && last
		left.temp = left.temp && i == 0
		c, err := e.compare(n, op, left, again)
		if err != nil {
			return c, err
		}
		if c.vec && len(n.ops) > 1 {
			return c, e.errorf(n, "a chain of comparisons of arrays has no truth value; write (a < x) & (x < b)")
		}
		if all.given() {
			if c, err = e.binary(n, "&", all, c); err != nil {
				return c, err
			}
		}
		if all, left = c, right; all.konst && !all.vec && all.bools()[0] == 0 {
			break
		}
	}
	return all, nil
}

// link evaluates the next operand of a chain, wanted where the comparisons so far hold.
func (e *evaluator) link(n *node, all value) (value, error) {
	if !all.given() || all.konst || all.vec {
		return e.eval(n)
	}
	return e.within(n, all.bools(), 1)
}

// sameLengths reports whether two sets of offsets are of arrays of the same lengths.
func sameLengths(a, b []int64) bool {
	return len(a) == len(b) && (len(a) == 0 || &a[0] == &b[0] || slices.Equal(a, b))
}

// loadColumn makes the value of rows lo…hi of a column; the shape is the caller's.
func (e *evaluator) loadColumn(c *core.Column, lo, hi int64) (value, error) {
	size := int64(c.Type.Size())
	data := c.Data[lo*size : hi*size]
	switch c.Type {
	case core.Float64:
		return value{kind: kindFloat, data: data}, nil
	case core.Int64:
		return value{kind: kindInt, data: data}, nil
	case core.Uint64:
		return value{kind: kindUint, data: data}, nil
	case core.Bool:
		r, err := e.alloc(e.p.root, kindBool, len(data))
		for i, b := range data {
			r.data[i] = min(b, 1)
		}
		return r, err
	}
	k := kindInt
	if c.Type == core.Float32 {
		k = kindSingle
	}
	r, err := e.alloc(e.p.root, k, int(hi-lo))
	if err != nil {
		return r, err
	}
	switch c.Type {
	case core.Float32:
		convert(r.floats(), core.View[float32](data))
	case core.Int8:
		convert(r.ints(), core.View[int8](data))
	case core.Int16:
		convert(r.ints(), core.View[int16](data))
	case core.Int32:
		convert(r.ints(), core.View[int32](data))
	case core.Uint8:
		convert(r.ints(), core.View[uint8](data))
	case core.Uint16:
		convert(r.ints(), core.View[uint16](data))
	case core.Uint32:
		convert(r.ints(), core.View[uint32](data))
	}
	return r, nil
}
