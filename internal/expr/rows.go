package expr

import (
	"slices"
	"strconv"
	"strings"
)

// row is how many elements a row of an array has.
func (v *value) row() int64 { return product(v.inner) }

func product(inner []int) int64 {
	n := int64(1)
	for _, x := range inner {
		n *= int64(x)
	}
	return n
}

// extents are a row's, as people read them: 2 or 4×3.
func extents(inner []int) string {
	all := make([]string, len(inner))
	for i, x := range inner {
		all[i] = strconv.Itoa(x)
	}
	return strings.Join(all, "×")
}

// flat refuses arrays of rows where a function takes arrays of one dimension alone.
func (e *evaluator) flat(n *node, args []value) error {
	for i := range args {
		if args[i].inner != nil {
			return e.errorf(n, "%s does not work on %s; compute with the columns before they become rows", n.text, args[i].describe())
		}
		if err := e.flat(n, args[i].items); err != nil {
			return err
		}
	}
	return nil
}

// columnStack is np.column_stack((a, b, …)): row i has element i of each array. A number is an array of one.
func (e *evaluator) columnStack(n *node, args []value) (value, error) {
	if args[0].kind != kindTuple || len(args[0].items) == 0 {
		return args[0], e.errorf(n, "%s takes a tuple of arrays", n.text)
	}
	items := args[0].items
	for i := range items {
		var err error
		if items[i], err = e.array(n, items[i]); err != nil {
			return items[i], err
		}
	}
	return e.stacked(n, items)
}

// stack is np.stack((a, b, …), axis=1), and np.array((a, b, …)).T.
func (e *evaluator) stack(n *node, args []value) (value, error) {
	if axis, ok := args[1].constIndex(); !ok || axis != 1 && axis != -1 {
		return args[0], e.errorf(n, "%s: the rows of a cell are the first dimension: give axis=1, or write np.column_stack((a, b))", n.text)
	}
	if args[0].kind != kindTuple {
		return args[0], e.errorf(n, "%s takes a tuple of arrays", n.text)
	}
	for i := range args[0].items {
		if v := &args[0].items[i]; !v.vec {
			return *v, e.errorf(n, "%s joins arrays, not %s", n.text, v.describe())
		}
	}
	return e.columnStack(n, args[:1])
}

// stacked makes rows of arrays of one length in each cell.
func (e *evaluator) stacked(n *node, items []value) (value, error) {
	k, err := e.concatenated(n, items)
	if err != nil {
		return value{}, err
	}
	if len(items) > maxWidth {
		return value{}, e.errorf(n, "%s makes rows of %d numbers; at most %d", n.text, len(items), maxWidth)
	}
	vs := make([]*value, len(items))
	for i := range items {
		if items[i], err = e.convert(n, items[i], k); err != nil {
			return items[i], err
		}
		vs[i] = &items[i]
	}
	cells, konst := e.arrays(vs...)
	off, w := make([]int64, cells+1), int64(len(items))
	for c := range cells {
		rows := items[0].size(c)
		for _, v := range vs[1:] {
			if v.size(c) != rows {
				if err := e.cellError(n, c, "arrays of %d and %d values do not make rows together", rows, v.size(c)); err != nil {
					return value{}, err
				}
				rows = 0
			}
		}
		off[c+1] = off[c] + rows*w
	}
	r, err := e.alloc(n, k, int(off[cells]))
	if err != nil {
		return r, err
	}
	r.vec, r.konst, r.width, r.off, r.inner = true, konst, -1, off, []int{len(items)}
	for c := range cells {
		rows := int((off[c+1] - off[c]) / w)
		for j, v := range vs {
			lo, _ := v.bounds(c)
			for i := range rows {
				r.put(int(off[c])+i*len(vs)+j, v, int(lo)+i)
			}
		}
	}
	e.release(items...)
	return r, nil
}

// reshape is x.reshape(-1, a, b, …): rows of a×b×… numbers, or single numbers again.
func (e *evaluator) reshape(n *node, args []value) (value, error) {
	v, shape := args[0], args[1:]
	if len(shape) == 1 && shape[0].kind == kindTuple {
		shape = shape[0].items
	} else if n.text != ".reshape" && len(shape) != 1 {
		return v, e.errorf(n, "%s takes an array and a shape, as in np.reshape(x, (-1, 2))", n.text)
	}
	if !v.vec {
		return v, e.errorf(n, "%s needs an array, not %s", n.text, v.describe())
	}
	var inner []int
	for i := range shape {
		x, ok := shape[i].constIndex()
		switch {
		case i == 0 && (!ok || x != -1):
			return v, e.errorf(n, "%s: the first extent is -1, the rows that a cell has", n.text)
		case i > 0 && (!ok || x < 1 || x > maxWidth || x*product(inner) > maxWidth):
			return v, e.errorf(n, "%s: the extents of a row are constants from 1, and at most %d numbers", n.text, maxWidth)
		case i > 0:
			inner = append(inner, int(x))
		}
	}
	if len(shape) == 0 {
		return v, e.errorf(n, "%s needs a shape, as in x.reshape(-1, 2)", n.text)
	}
	return e.rows(n, v, inner)
}

// rows sees the elements of each cell's array as rows. Where a cell whose value is not wanted has too many, these are left away.
func (e *evaluator) rows(n *node, v value, inner []int) (value, error) {
	size := product(inner)
	for c := range len(v.off) - 1 {
		if count := v.off[c+1] - v.off[c]; count%size != 0 {
			if err := e.cellError(n, c, "an array of %d numbers makes no whole rows of %s", count, extents(inner)); err != nil {
				return v, err
			}
			none, err := e.alloc(n, v.kind, 0)
			none.vec, none.konst, none.width, none.inner, none.off = true, v.konst, -1, inner, make([]int64, len(v.off))
			return none, err
		}
	}
	v.inner = inner
	return v, nil
}

// chooseArrays is, for each cell, the array of a where c, else that of b.
func (e *evaluator) chooseArrays(n *node, c, a, b value) (value, error) {
	if !slices.Equal(a.inner, b.inner) {
		return a, e.errorf(n, "a choice between %s and %s", a.describe(), b.describe())
	}
	k, err := e.promote(n, &a, &b, true)
	if err != nil {
		return a, err
	}
	if a, err = e.convert(n, a, k); err != nil {
		return a, err
	}
	if b, err = e.convert(n, b, k); err != nil {
		return b, err
	}
	from := func(i int) *value {
		if c.bools()[i] != 0 {
			return &a
		}
		return &b
	}
	off := make([]int64, e.cells+1)
	for i := range e.cells {
		off[i+1] = off[i] + from(i).size(i)
	}
	r, err := e.alloc(n, k, int(off[e.cells]))
	if err != nil {
		return r, err
	}
	r.vec, r.width, r.off, r.inner = true, -1, off, a.inner
	if a.width == b.width {
		r.width = a.width
	}
	size := int64(k.size())
	for i := range e.cells {
		v := from(i)
		lo, hi := v.bounds(i)
		copy(r.data[off[i]*size:], v.data[lo*size:hi*size])
	}
	e.release(c, a, b)
	return r, nil
}

// transposed is np.array((a, b, …)).T, the rows of np.stack((a, b, …), axis=1); false for other things.
func (r *resolver) transposed(n *node) bool {
	of := n.kids[0]
	if n.text != "T" || of.kind != nodeCall || len(of.keys) != 1 || of.keys[0] != "" || of.kids[1].kind != nodeTuple {
		return false
	}
	callee := of.kids[0]
	if callee.kind != nodeAttr || !r.isNumpy(callee.kids[0]) || !slices.Contains([]string{"array", "asarray", "vstack", "stack"}, callee.text) {
		return false
	}
	n.kind, n.pos, n.fn = nodeCall, callee.kids[0].pos, find("stack", numpy)
	n.text = "np." + callee.text + "(…).T"
	n.kids = []*node{of.kids[1], {kind: nodeConst, pos: n.pos, num: constInt(1)}}
	return true
}
