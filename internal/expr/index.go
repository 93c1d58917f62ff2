package expr

// index is x[mask], x[i], x[a:b:c] and tuple[i].
func (e *evaluator) index(n *node) (value, error) {
	of, err := e.eval(n.kids[0])
	if err != nil {
		return of, err
	}
	if of.kind == kindTuple {
		return e.item(n, of)
	}
	if !of.vec {
		return of, e.errorf(n, "%s has no elements to index", of.describe())
	}
	if n.kids[1].kind == nodeSlice {
		return e.slice(n, n.kids[1], of)
	}
	i, err := e.eval(n.kids[1])
	switch {
	case err != nil:
		return i, err
	case i.inner != nil:
		return i, e.errorf(n.kids[1], "an index of rows is an array with one bool for each, not %s", i.describe())
	case i.vec && i.kind == kindBool:
		return e.masked(n, of, i)
	case of.inner != nil && !i.vec:
		return i, e.errorf(n, "one of the rows of %s has no use here; x[0:1] is an array of the first", of.describe())
	case !i.vec && i.kind.whole():
		return e.element(n, of, i)
	}
	return i, e.errorf(n.kids[1], "an index is an integer, a slice or an array of bools, not %s", i.describe())
}

// item is tuple[i].
func (e *evaluator) item(n *node, of value) (value, error) {
	if n.kids[1].kind == nodeSlice {
		return of, e.errorf(n, "slices of tuples are not supported; np.array makes an array")
	}
	i, err := e.eval(n.kids[1])
	if err != nil {
		return i, err
	}
	at, ok := i.constIndex()
	size := int64(len(of.items))
	if !ok || at < -size || at >= size {
		return i, e.errorf(n.kids[1], "a tuple of %d is indexed by a constant from %d to %d", size, -size, size-1)
	}
	at = (at + size) % size
	for j, v := range of.items {
		if int64(j) != at {
			e.release(v)
		}
	}
	return of.items[at], nil
}

// arrays is the number of arrays of v: one, or one per cell.
func (e *evaluator) arrays(vs ...*value) (n int, konst bool) {
	for _, v := range vs {
		if !v.konst {
			return e.cells, false
		}
	}
	return 1, true
}

// bounds is where array i of v lies in its data.
func (v *value) bounds(i int) (lo, hi int64) {
	if v.konst {
		return 0, v.off[1]
	}
	return v.off[i], v.off[i+1]
}

// element is x[i] for one number i per cell.
func (e *evaluator) element(n *node, of, i value) (value, error) {
	cells, konst := e.arrays(&of, &i)
	r, err := e.alloc(n, of.kind, cells)
	if err != nil {
		return r, err
	}
	r.konst = konst
	for c := range cells {
		lo, hi := of.bounds(c)
		size, at := hi-lo, i.ints()[c&i.mask()]
		if i.kind == kindUint && at < 0 {
			at = size
		}
		if at < -size || at >= size {
			if err := e.cellError(n, c, "index %d is not in an array of %d", at, size); err != nil {
				return r, err
			}
			r.put(c, nil, 0)
			continue
		}
		if at < 0 {
			at += size
		}
		r.put(c, &of, int(lo+at))
	}
	e.release(of, i)
	return r, nil
}

// put copies element j of v to element i; 0 if v is nil.
func (r *value) put(i int, v *value, j int) {
	switch {
	case v == nil && r.kind == kindBool:
		r.data[i] = 0
	case v == nil:
		r.uints()[i] = 0
	case r.kind == kindBool:
		r.data[i] = v.data[j]
	default:
		r.uints()[i] = v.uints()[j]
	}
}

// masked is x[mask].
func (e *evaluator) masked(n *node, of, mask value) (value, error) {
	cells, konst := e.arrays(&of, &mask)
	r, err := e.alloc(n, of.kind, e.most(cells, &of))
	if err != nil {
		return r, err
	}
	r.vec, r.konst, r.width, r.off, r.inner = true, konst, -1, make([]int64, cells+1), of.inner
	kept, row := int64(0), of.row()
	for c := range cells {
		lo, hi := of.bounds(c)
		mlo, mhi := mask.bounds(c)
		if (hi-lo)/row != mhi-mlo {
			if err := e.cellError(n, c, "a mask of %d does not fit an array of %d", mhi-mlo, (hi-lo)/row); err != nil {
				return r, err
			}
			mhi = min(mhi, mlo+(hi-lo)/row)
			hi = lo + (mhi-mlo)*row
		}
		m := mask.data[mlo:mhi]
		switch {
		case of.inner != nil:
			kept = r.keepRows(&of, lo, m, kept)
		case of.kind == kindBool:
			kept = keep(r.bools(), of.bools()[lo:hi], m, kept)
		default:
			kept = keep(r.uints(), of.uints()[lo:hi], m, kept)
		}
		r.off[c+1] = kept
	}
	r.data = r.data[:int(kept)*r.kind.size()]
	e.release(of, mask)
	return r, nil
}

// most is the length of cells arrays of v, at least one: what is written but not kept needs a place.
func (e *evaluator) most(cells int, v *value) int {
	n := v.len()
	if v.konst {
		n *= cells
	}
	return n + 1
}

// keep appends the values that the mask has a 1 for. Each is written, and overwritten unless it stays.
func keep[T uint8 | uint64](dst, src []T, mask []uint8, n int64) int64 {
	mask = mask[:len(src)]
	for i, x := range src {
		dst[n] = x
		n += int64(mask[i])
	}
	return n
}

// keepRows appends the rows of v, from an element on, that the mask has a 1 for.
func (r *value) keepRows(v *value, from int64, mask []uint8, n int64) int64 {
	row, size := v.row(), int64(v.kind.size())
	for i, m := range mask {
		if m != 0 {
			at := from + int64(i)*row
			copy(r.data[n*size:], v.data[at*size:(at+row)*size])
			n += row
		}
	}
	return n
}

// A bound is one of the three numbers of a slice.
type bound struct {
	value
	none bool
}

func (e *evaluator) bound(n *node) (bound, error) {
	if n == nil {
		return bound{none: true}, nil
	}
	v, err := e.eval(n)
	switch {
	case err != nil:
		return bound{}, err
	case !v.given():
		return bound{none: true}, nil
	case v.vec || v.kind != kindInt:
		return bound{}, e.errorf(n, "a slice goes from one integer to another, not %s", v.describe())
	}
	return bound{value: v}, nil
}

// at is the bound in cell c, cut to an array of size by Python's rules.
func (b *bound) at(c int, size, step int64, none int64) int64 {
	if b.none {
		return none
	}
	low, high := int64(0), size
	if step < 0 {
		low, high = -1, size-1
	}
	x := b.ints()[c&b.mask()]
	if x < 0 {
		x += size
	}
	return max(low, min(high, x))
}

// span is a slice of an array of size: the first index and how many.
func span(from, to *bound, c int, size, step int64) (first, count int64) {
	none := [2]int64{0, size}
	if step < 0 {
		none = [2]int64{size - 1, -1}
	}
	first = from.at(c, size, step, none[0])
	last := to.at(c, size, step, none[1])
	switch {
	case step > 0 && last > first:
		count = (last-first-1)/step + 1
	case step < 0 && last < first:
		count = (last-first+1)/step + 1
	}
	return first, count
}

// slice is x[a:b:c]. The step is a constant.
func (e *evaluator) slice(n, s *node, of value) (value, error) {
	var b [3]bound
	var err error
	for i, k := range s.kids {
		if b[i], err = e.bound(k); err != nil {
			return of, err
		}
	}
	step := int64(1)
	if !b[2].none {
		i, ok := b[2].constIndex()
		if step = i; !ok || step == 0 || step < -maxStep || step > maxStep {
			return of, e.errorf(s, "the step of a slice is a constant between -%d and %d, and not 0", maxStep, maxStep)
		}
	}
	konst := of.konst && (b[0].none || b[0].konst) && (b[1].none || b[1].konst)
	cells := e.cells
	if konst {
		cells = 1
	}
	r, err := e.alloc(n, of.kind, e.most(cells, &of))
	if err != nil {
		return r, err
	}
	row := of.row()
	r.vec, r.konst, r.width, r.off, r.inner = true, konst, -1, make([]int64, cells+1), of.inner
	if of.width >= 0 && of.inner == nil && (b[0].none || b[0].konst) && (b[1].none || b[1].konst) {
		_, count := span(&b[0], &b[1], 0, int64(of.width), step)
		r.width = int(count)
	}
	kept := int64(0)
	for c := range cells {
		lo, hi := of.bounds(c)
		first, count := span(&b[0], &b[1], c, (hi-lo)/row, step)
		for i := range count {
			for j := range row {
				r.put(int(kept+i*row+j), &of, int(lo+(first+i*step)*row+j))
			}
		}
		kept += count * row
		r.off[c+1] = kept
	}
	r.data = r.data[:int(kept)*r.kind.size()]
	e.release(of)
	return r, nil
}

// maxStep keeps the arithmetic of slices from overflowing.
const maxStep = 1 << 31
