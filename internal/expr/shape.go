package expr

import (
	"math"
	"slices"
)

type number interface{ int64 | uint64 | float64 }

type anyNumber interface {
	int8 | int16 | int32 | int64 | uint8 | uint16 | uint32 | uint64 | float32 | float64
}

func convert[D number, S anyNumber](dst []D, src []S) {
	dst = dst[:len(src)]
	for i, x := range src {
		dst[i] = D(x)
	}
}

// convert makes v's elements those of another kind, as numpy does when kinds meet: never from floats to integers. From
// anything to bool is "not zero".
func (e *evaluator) convert(n *node, v value, k kind) (value, error) {
	if v.kind == k || v.kind == kindSingle && k == kindFloat {
		v.kind = k
		return v, nil
	}
	r, err := e.like(n, k, &v)
	if err != nil {
		return r, err
	}
	switch {
	case k == kindBool:
		toBool(r.bools(), &v)
	case k.float() && v.kind == kindBool:
		convert(r.floats(), v.bools())
	case k.float() && v.kind == kindInt:
		convert(r.floats(), v.ints())
	case k.float() && v.kind == kindUint:
		convert(r.floats(), v.uints())
	case k == kindInt && v.kind == kindBool:
		convert(r.ints(), v.bools())
	case k == kindUint && v.kind == kindBool:
		convert(r.uints(), v.bools())
	default: // int64 and uint64: the same bits
		copy(r.data, v.data)
	}
	e.release(v)
	return r, nil
}

func toBool(dst []uint8, v *value) {
	switch v.kind {
	case kindInt, kindUint:
		for i, x := range v.uints() {
			dst[i] = bit(x != 0)
		}
	default:
		for i, x := range v.floats() {
			dst[i] = bit(x != 0)
		}
	}
}

// bit compiles to a move without a jump.
func bit(b bool) uint8 {
	if b {
		return 1
	}
	return 0
}

// A layout is the common shape of operands: n elements in all.
type layout struct {
	n     int
	vec   bool
	konst bool
	width int
	off   []int64
	inner []int
}

func (l *layout) shape(v *value) {
	v.vec, v.konst, v.width, v.off, v.inner = l.vec, l.konst, l.width, l.off, l.inner
}

// align gives operands a common shape: afterwards each has layout.n elements, or is one constant. As in numpy, a
// number or an array of length one is repeated.
func (e *evaluator) align(n *node, vs ...*value) (layout, error) {
	var arrays []*value
	konst := true
	for _, v := range vs {
		konst = konst && v.konst
		if v.vec {
			arrays = append(arrays, v)
		}
	}
	if len(arrays) == 0 {
		l := layout{n: e.cells, konst: konst}
		if konst {
			l.n = 1
		}
		return l, nil
	}
	l, err := e.target(n, konst, arrays)
	if err != nil {
		return l, err
	}
	for _, v := range vs {
		if v.konst && !v.vec || v.vec && v.konst == konst && sameLengths(v.off, l.off) {
			continue
		}
		if err := e.spread(n, v, &l); err != nil {
			return l, err
		}
	}
	return l, nil
}

// target finds the lengths that arrays have together.
func (e *evaluator) target(n *node, konst bool, arrays []*value) (layout, error) {
	first := arrays[0]
	same, width := true, first.width
	for _, v := range arrays[1:] {
		if !slices.Equal(v.inner, first.inner) {
			return layout{}, e.errorf(n, "%s and %s do not go together; compute with the columns before they become rows", first.describe(), v.describe())
		}
		same = same && v.konst == first.konst && sameLengths(v.off, first.off)
		if width == 1 || width < 0 && v.width > 1 {
			width = v.width
		}
	}
	if same && first.konst == konst {
		return layout{n: first.len(), vec: true, konst: konst, width: width, off: first.off, inner: first.inner}, nil
	}
	cells := e.cells
	if konst {
		cells = 1
	}
	off := make([]int64, cells+1)
	for i := range cells {
		size := int64(1)
		for _, v := range arrays {
			s := v.size(i)
			if size == 1 {
				size = s
			} else if s != 1 && s != size {
				if err := e.cellError(n, i, "arrays of %d and %d values do not go together", size, s); err != nil {
					return layout{}, err
				}
			}
		}
		off[i+1] = off[i] + size
	}
	return layout{n: int(off[cells]), vec: true, konst: konst, width: width, off: off, inner: first.inner}, nil
}

// size is the length of cell i's array.
func (v *value) size(i int) int64 {
	switch {
	case !v.vec:
		return 1
	case v.konst:
		return v.off[1]
	}
	return v.off[i+1] - v.off[i]
}

// spread repeats v's numbers, or its arrays of length one, to a layout.
func (e *evaluator) spread(n *node, v *value, l *layout) error {
	r, err := e.alloc(n, v.kind, l.n)
	if err != nil {
		return err
	}
	if v.kind == kindBool {
		spread(r.bools(), v.bools(), v, l)
	} else {
		spread(r.uints(), v.uints(), v, l)
	}
	e.release(*v)
	l.shape(&r)
	*v = r
	return nil
}

func spread[T uint8 | uint64](dst, src []T, v *value, l *layout) {
	for i := range len(l.off) - 1 {
		to := dst[l.off[i]:l.off[i+1]]
		from := src
		switch {
		case !v.vec && !v.konst:
			from = src[i : i+1]
		case v.vec && !v.konst:
			from = src[v.off[i]:v.off[i+1]]
		}
		if len(from) == 1 {
			x := from[0]
			for j := range to {
				to[j] = x
			}
			continue
		}
		clear(to[copy(to, from):])
	}
}

// array makes an array of what is one in numpy's eyes: a tuple of numbers, or one number per cell.
func (e *evaluator) array(n *node, v value) (value, error) {
	switch {
	case v.kind == kindTuple:
		return e.arrayOf(n, v.items)
	case !v.number():
		return v, e.errorf(n, "%s is not an array", v.describe())
	case v.vec:
		return v, nil
	}
	v.vec, v.py, v.width = true, false, 1
	v.off = e.unit(v.len())
	return v, nil
}

// arrayOf is np.array([a, b, …]).
func (e *evaluator) arrayOf(n *node, items []value) (value, error) {
	if len(items) > maxWidth {
		return value{}, e.errorf(n, "a list of %d values; at most %d", len(items), maxWidth)
	}
	k, konst := kindNone, true
	for i := range items {
		v := &items[i]
		if v.vec || !v.number() {
			return *v, e.errorf(n, "a list with %s in it is not an array of one dimension; np.column_stack((a, b)) makes rows of arrays, np.concatenate((a, b)) one array", v.describe())
		}
		var err error
		if k, err = e.common(n, k, v, items[:i]); err != nil {
			return *v, err
		}
		konst = konst && v.konst
	}
	if k == kindNone {
		k = kindFloat
	}
	cells, w := e.cells, len(items)
	if konst {
		cells = 1
	}
	r, err := e.alloc(n, k, cells*w)
	if err != nil {
		return r, err
	}
	r.vec, r.konst, r.width, r.off = true, konst, w, evenOffsets(cells, w)
	for j := range items {
		v, err := e.convert(n, items[j], k)
		if err != nil {
			return v, err
		}
		m := v.mask()
		if k == kindBool {
			interleave(r.bools(), v.bools(), cells, w, j, m)
		} else {
			interleave(r.uints(), v.uints(), cells, w, j, m)
		}
		e.release(v)
	}
	e.widest = max(e.widest, w)
	return r, nil
}

// common is the kind of an array that already has kind k and gets v as well.
func (e *evaluator) common(n *node, k kind, v *value, before []value) (kind, error) {
	if k == kindNone {
		return v.kind, nil
	}
	a := value{kind: k, py: true}
	for i := range before {
		a.py = a.py && before[i].py
	}
	if k == v.kind {
		return k, nil
	}
	return e.promote(n, &a, v, true)
}

func interleave[T uint8 | uint64](dst, src []T, cells, w, j, mask int) {
	for i := range cells {
		dst[i*w+j] = src[i&mask]
	}
}

func evenOffsets(cells, w int) []int64 {
	off := make([]int64, cells+1)
	for i := range off {
		off[i] = int64(i * w)
	}
	return off
}

// promote is the kind in which two operands meet. selects says that the operation passes values on unchanged, so that
// float32 values stay such.
func (e *evaluator) promote(n *node, a, b *value, selects bool) (kind, error) {
	if a.kind > b.kind {
		a, b = b, a
	}
	switch {
	case b.kind.float():
		if selects && (a.kind == kindSingle && b.kind == kindSingle || fitsSingle(a) && b.kind == kindSingle || a.kind == kindSingle && fitsSingle(b)) {
			return kindSingle, nil
		}
		return kindFloat, nil
	case a.kind == kindInt && b.kind == kindUint:
		switch {
		case a.py && a.konst && a.data != nil && a.ints()[0] < 0:
			return 0, e.errorf(n, "the integer %d does not fit uint64", a.ints()[0])
		case a.py:
			return kindUint, nil
		case b.py:
			return 0, e.errorf(n, "the integer does not fit int64")
		}
		return kindFloat, nil
	case a.kind == kindBool && b.kind == kindBool && a.py && b.py && !selects:
		return kindInt, nil
	}
	return b.kind, nil
}

// fitsSingle reports a plain number that float32 holds exactly.
func fitsSingle(v *value) bool {
	if !v.py || !v.konst || v.vec || v.data == nil || !v.number() {
		return false
	}
	x := v.element(0)
	return math.IsNaN(x) || float64(float32(x)) == x
}
