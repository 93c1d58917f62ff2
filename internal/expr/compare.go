package expr

// compare is one comparison, element by element.
func (e *evaluator) compare(n *node, op string, a, b value) (value, error) {
	if err := e.operands(n, op, &a, &b); err != nil {
		return a, err
	}
	py := a.py && b.py
	mixed := a.kind == kindInt && b.kind == kindUint || a.kind == kindUint && b.kind == kindInt
	var err error
	if !mixed {
		k := max(a.kind, b.kind)
		if k == kindSingle {
			k = kindFloat
		}
		if a, err = e.convert(n, a, k); err != nil {
			return a, err
		}
		if b, err = e.convert(n, b, k); err != nil {
			return b, err
		}
	}
	l, err := e.align(n, &a, &b)
	if err != nil {
		return a, err
	}
	r, err := e.result(n, kindBool, &l, &a, &b)
	if err != nil {
		return r, err
	}
	r.py = py
	ma, mb := a.mask(), b.mask()
	switch dst := r.bools(); {
	case mixed && a.kind == kindInt:
		compareMixed(op, dst, a.ints(), b.uints(), ma, mb)
	case mixed:
		compareMixed(mirror(op), dst, b.ints(), a.uints(), mb, ma)
	case a.kind == kindBool:
		compareLoop(op, dst, a.bools(), b.bools(), ma, mb)
	case a.kind == kindInt:
		compareLoop(op, dst, a.ints(), b.ints(), ma, mb)
	case a.kind == kindUint:
		compareLoop(op, dst, a.uints(), b.uints(), ma, mb)
	default:
		compareLoop(op, dst, a.floats(), b.floats(), ma, mb)
	}
	e.releaseOperands(&r, &a, &b)
	return r, nil
}

// mirror is the operator that gives the same with the operands exchanged.
func mirror(op string) string {
	switch op {
	case "<":
		return ">"
	case "<=":
		return ">="
	case ">":
		return "<"
	case ">=":
		return "<="
	}
	return op
}

// compareMixed compares int64 with uint64 exactly: by what is left of a negative number, nothing.
func compareMixed(op string, dst []uint8, a []int64, b []uint64, ma, mb int) {
	for i := range dst {
		x, y := a[i&ma], b[i&mb]
		less, equal := x < 0 || uint64(x) < y, x >= 0 && uint64(x) == y
		switch op {
		case "<":
			dst[i] = bit(less)
		case "<=":
			dst[i] = bit(less || equal)
		case ">":
			dst[i] = bit(!less && !equal)
		case ">=":
			dst[i] = bit(!less)
		case "==":
			dst[i] = bit(equal)
		default:
			dst[i] = bit(!equal)
		}
	}
}

func compareLoop[T uint8 | number](op string, dst []uint8, a, b []T, ma, mb int) {
	switch op {
	case "<":
		for i := range dst {
			dst[i] = bit(a[i&ma] < b[i&mb])
		}
	case "<=":
		for i := range dst {
			dst[i] = bit(a[i&ma] <= b[i&mb])
		}
	case ">":
		for i := range dst {
			dst[i] = bit(a[i&ma] > b[i&mb])
		}
	case ">=":
		for i := range dst {
			dst[i] = bit(a[i&ma] >= b[i&mb])
		}
	case "==":
		for i := range dst {
			dst[i] = bit(a[i&ma] == b[i&mb])
		}
	default:
		for i := range dst {
			dst[i] = bit(a[i&ma] != b[i&mb])
		}
	}
}
