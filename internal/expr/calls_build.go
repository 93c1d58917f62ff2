package expr

import "slices"

// arrayCall is np.array: of a list of numbers, or of an array.
func (e *evaluator) arrayCall(n *node, args []value) (value, error) {
	v := args[0]
	var err error
	if v.kind == kindTuple {
		if v, err = e.arrayOf(n, v.items); err != nil {
			return v, err
		}
	} else if !v.number() {
		return v, e.errorf(n, "%s does not work on %s", n.text, v.describe())
	}
	v.py = false
	return e.typed(n, v, args[1])
}

// typed casts to a dtype argument, if it is given.
func (e *evaluator) typed(n *node, v, t value) (value, error) {
	if !t.given() {
		return v, nil
	}
	if t.kind != kindType {
		return v, e.errorf(n, "%s: dtype is a type, as np.float32", n.text)
	}
	return e.cast(n, v, t.typ)
}

// filled is np.zeros or np.ones of a constant length.
func filled(x float64) func(*evaluator, *node, []value) (value, error) {
	return func(e *evaluator, n *node, args []value) (value, error) {
		v, err := e.constArray(n, args[0])
		if err != nil {
			return v, err
		}
		for i := range v.floats() {
			v.floats()[i] = x
		}
		return e.typed(n, v, args[1])
	}
}

// constArray is floats of a constant length.
func (e *evaluator) constArray(n *node, size value) (value, error) {
	w, ok := size.constIndex()
	if !ok || w < 0 || w > maxWidth {
		return value{}, e.errorf(n, "%s needs a constant length of at most %d", n.text, maxWidth)
	}
	v, err := e.alloc(n, kindFloat, int(w))
	v.vec, v.konst, v.width, v.off = true, true, int(w), []int64{0, w}
	return v, err
}

// arange is np.arange(stop): 0, 1, 2, …
func (e *evaluator) arange(n *node, args []value) (value, error) {
	v, err := e.constArray(n, args[0])
	if err != nil {
		return v, err
	}
	v.kind = kindInt
	for i := range v.ints() {
		v.ints()[i] = int64(i)
	}
	return v, nil
}

// concatenate is np.concatenate((a, b, …)).
func (e *evaluator) concatenate(n *node, args []value) (value, error) {
	if err := e.axis(n, args[1]); err != nil {
		return value{}, err
	}
	if args[0].kind != kindTuple || len(args[0].items) == 0 {
		return args[0], e.errorf(n, "%s takes a tuple of arrays", n.text)
	}
	items := args[0].items
	k, err := e.concatenated(n, items)
	if err != nil {
		return value{}, err
	}
	var vs []*value
	for i := range items {
		if items[i], err = e.convert(n, items[i], k); err != nil {
			return items[i], err
		}
		vs = append(vs, &items[i])
	}
	cells, konst := e.arrays(vs...)
	off := make([]int64, cells+1)
	width := 0
	for _, v := range vs {
		if width = width + v.width; v.width < 0 || width < 0 {
			width = -1 << 30
		}
		for i := range cells {
			off[i+1] += v.size(i)
		}
	}
	for i := range cells {
		off[i+1] += off[i]
	}
	if width > maxWidth {
		return value{}, e.errorf(n, "%s makes an array of %d; at most %d", n.text, width, maxWidth)
	}
	r, err := e.alloc(n, k, int(off[cells]))
	if err != nil {
		return r, err
	}
	r.vec, r.konst, r.width, r.off, r.inner = true, konst, max(width, -1), off, items[0].inner
	join(&r, vs, cells)
	e.release(items...)
	return r, nil
}

// concatenated is the kind of arrays joined.
func (e *evaluator) concatenated(n *node, items []value) (kind, error) {
	k := kindNone
	for i := range items {
		v := &items[i]
		if v.kind == kindTuple {
			a, err := e.array(n, *v)
			if err != nil {
				return k, err
			}
			*v = a
		}
		if !v.vec {
			return k, e.errorf(n, "%s joins arrays, not %s", n.text, v.describe())
		}
		if k == kindNone {
			k = v.kind
			continue
		}
		if !slices.Equal(v.inner, items[0].inner) {
			return k, e.errorf(n, "%s cannot join %s and %s", n.text, items[0].describe(), v.describe())
		}
		var err error
		if k, err = e.promote(n, &value{kind: k}, v, true); err != nil {
			return k, err
		}
	}
	return k, nil
}

func join(r *value, vs []*value, cells int) {
	size := int64(r.kind.size())
	for i := range cells {
		at := r.off[i]
		for _, v := range vs {
			lo, hi := v.bounds(i)
			copy(r.data[at*size:], v.data[lo*size:hi*size])
			at += hi - lo
		}
	}
}

// cumsum is np.cumsum.
func (e *evaluator) cumsum(n *node, args []value) (value, error) {
	if err := e.axis(n, args[1]); err != nil {
		return value{}, err
	}
	v, err := e.whole(n, args[0])
	if err != nil {
		return v, err
	}
	k := max(v.kind, kindInt)
	if k == kindSingle {
		k = kindFloat
	}
	if v, err = e.convert(n, v, k); err != nil {
		return v, err
	}
	r, err := e.reuse(n, k, &v)
	if err != nil {
		return r, err
	}
	for i := range len(v.off) - 1 {
		lo, hi := v.off[i], v.off[i+1]
		if k == kindFloat {
			accumulate(r.floats()[lo:hi], v.floats()[lo:hi])
		} else {
			accumulate(r.ints()[lo:hi], v.ints()[lo:hi])
		}
	}
	e.releaseOperands(&r, &v)
	return r, nil
}

func accumulate[T int64 | float64](dst, src []T) {
	for i, x := range src {
		if i > 0 {
			x += dst[i-1]
		}
		dst[i] = x
	}
}

// diff is np.diff: the differences of neighbours; of bools, whether they differ.
func (e *evaluator) diff(n *node, args []value) (value, error) {
	v, err := e.whole(n, args[0])
	if err != nil {
		return v, err
	}
	if !args[0].vec && args[0].kind != kindTuple {
		return v, e.errorf(n, "%s needs an array, not %s", n.text, args[0].describe())
	}
	if v.kind == kindSingle {
		v.kind = kindFloat
	}
	r, err := e.alloc(n, v.kind, v.len())
	if err != nil {
		return r, err
	}
	r.vec, r.konst, r.off = true, v.konst, make([]int64, len(v.off))
	if r.width = max(v.width-1, 0); v.width < 0 {
		r.width = -1
	}
	for i := range len(v.off) - 1 {
		lo, hi, at := v.off[i], v.off[i+1], r.off[i]
		if r.off[i+1] = at; hi-lo < 2 {
			continue
		}
		r.off[i+1] = at + hi - lo - 1
		switch v.kind {
		case kindBool:
			differ(r.bools()[at:], v.bools()[lo:hi])
		case kindFloat:
			subtract(r.floats()[at:], v.floats()[lo:hi])
		default:
			subtract(r.ints()[at:], v.ints()[lo:hi])
		}
	}
	r.data = r.data[:int(r.off[len(r.off)-1])*r.kind.size()]
	e.release(v)
	return r, nil
}

func subtract[T int64 | float64](dst, src []T) {
	for i := range len(src) - 1 {
		dst[i] = src[i+1] - src[i]
	}
}

func differ(dst, src []uint8) {
	for i := range len(src) - 1 {
		dst[i] = src[i+1] ^ src[i]
	}
}
