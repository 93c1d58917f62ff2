package expr

// operands turns what meets an operator into numbers: a tuple beside an array becomes one.
func (e *evaluator) operands(n *node, op string, vs ...*value) error {
	numbers := 0
	for _, v := range vs {
		if v.number() {
			numbers++
		}
	}
	for _, v := range vs {
		if v.kind == kindTuple && numbers > 0 {
			a, err := e.array(n, *v)
			if err != nil {
				return err
			}
			*v = a
		}
		if !v.number() {
			return e.errorf(n, "%s does not work on %s; np.array makes an array of a tuple", op, v.describe())
		}
	}
	return nil
}

// binary is an arithmetic or bitwise operator.
func (e *evaluator) binary(n *node, op string, a, b value) (value, error) {
	if err := e.operands(n, op, &a, &b); err != nil {
		return a, err
	}
	py := a.py && b.py
	k, err := e.operandKind(n, op, &a, &b)
	if err != nil {
		return a, err
	}
	if py && (op == "/" || op == "//" || op == "%") && b.konst && a.konst && b.element(0) == 0 {
		return a, e.errorf(n, "division by zero")
	}
	if a, err = e.convert(n, a, k); err != nil {
		return a, err
	}
	if b, err = e.convert(n, b, k); err != nil {
		return b, err
	}
	l, err := e.align(n, &a, &b)
	if err != nil {
		return a, err
	}
	r, err := e.result(n, k, &l, &a, &b)
	if err != nil {
		return r, err
	}
	r.py = py
	if bad := compute(op, &r, &a, &b, py); bad >= 0 {
		why := "an integer to a negative power is not an integer; use a float"
		if op != "**" || py {
			why = "the integer result does not fit 64 bits"
		}
		if err := e.cellError(n, l.cellOf(bad), "%s", why); err != nil {
			return r, err
		}
	}
	e.releaseOperands(&r, &a, &b)
	return r, nil
}

// cellOf is the cell of element i.
func (l *layout) cellOf(i int) int {
	if !l.vec {
		return i
	}
	for c := range len(l.off) - 1 {
		if int64(i) < l.off[c+1] {
			return c
		}
	}
	return 0
}

// result is where an operation writes: over an operand that is scratch and no longer needed, or new scratch.
func (e *evaluator) result(n *node, k kind, l *layout, operands ...*value) (value, error) {
	for _, v := range operands {
		if v.temp && v.kind.size() == k.size() && v.len() == l.n {
			r := value{kind: k, temp: true, data: v.data}
			l.shape(&r)
			return r, nil
		}
	}
	r, err := e.alloc(n, k, l.n)
	l.shape(&r)
	return r, err
}

// releaseOperands gives operands back, except the one that became the result.
func (e *evaluator) releaseOperands(r *value, operands ...*value) {
	for _, v := range operands {
		// Scratch has room for an element even where it holds none.
		if v.temp && !(r.temp && &v.data[:1][0] == &r.data[:1][0]) {
			e.arena.put(v.data)
		}
	}
}

// operandKind is the kind that an operator computes in.
func (e *evaluator) operandKind(n *node, op string, a, b *value) (kind, error) {
	k, err := e.promote(n, a, b, false)
	if err != nil {
		return k, err
	}
	bools := k == kindBool
	switch op {
	case "&", "|", "^", "<<", ">>":
		if k.float() {
			return k, e.errorf(n, "%s works on bools and integers, not on %s and %s", op, a.describe(), b.describe())
		}
		if bools && (op == "<<" || op == ">>") {
			return kindInt, nil
		}
		if k == kindInt && a.kind == kindBool && b.kind == kindBool && op != "<<" && op != ">>" {
			return kindBool, nil // True & True stays a bool in Python too
		}
		return k, nil
	case "/":
		return kindFloat, nil
	case "-":
		if bools {
			return k, e.errorf(n, "bools are not subtracted; use ^ or ~")
		}
	case "//", "%", "**":
		if bools {
			return kindInt, nil
		}
		if op == "**" && k == kindInt && a.py && b.py && (!b.konst || b.element(0) < 0) {
			return kindFloat, nil
		}
	}
	if k == kindSingle {
		k = kindFloat
	}
	return k, nil
}

// compute does the loop. The result is the first element where integers went wrong, or -1; checked asks for overflow.
func compute(op string, r, a, b *value, checked bool) int {
	ma, mb := a.mask(), b.mask()
	switch r.kind {
	case kindBool:
		computeBools(op, r.bools(), a.bools(), b.bools(), ma, mb)
	case kindInt:
		if checked {
			return computeChecked(op, r.ints(), a.ints(), b.ints(), ma, mb)
		}
		if op == "**" {
			for i, x := range b.ints() {
				if x < 0 {
					return i
				}
			}
		}
		computeInts(op, r.ints(), a.ints(), b.ints(), ma, mb)
	case kindUint:
		computeInts(op, r.uints(), a.uints(), b.uints(), ma, mb)
	default:
		computeFloats(op, r.floats(), a.floats(), b.floats(), ma, mb)
	}
	return -1
}

func computeBools(op string, dst, a, b []uint8, ma, mb int) {
	switch op {
	case "&", "*":
		for i := range dst {
			dst[i] = a[i&ma] & b[i&mb]
		}
	case "^":
		for i := range dst {
			dst[i] = a[i&ma] ^ b[i&mb]
		}
	default: // | and +
		for i := range dst {
			dst[i] = a[i&ma] | b[i&mb]
		}
	}
}

// unary is - + ~ on a value.
func (e *evaluator) unary(n *node) (value, error) {
	v, err := e.eval(n.kids[0])
	if err != nil {
		return v, err
	}
	if err := e.operands(n, n.text, &v); err != nil {
		return v, err
	}
	if v.kind == kindBool && v.py {
		if v, err = e.convert(n, v, kindInt); err != nil {
			return v, err
		}
	}
	switch {
	case v.kind == kindBool && n.text != "~":
		return v, e.errorf(n, "bools have no sign; ~ is not")
	case v.kind.float() && n.text == "~":
		return v, e.errorf(n, "~ works on bools and integers, not on %s", v.describe())
	case n.text == "+":
		return v, nil
	}
	r, err := e.reuse(n, v.kind, &v)
	if err != nil {
		return r, err
	}
	negate(n.text, &r, &v)
	if n.text == "-" && v.py && v.kind == kindUint { // the literal 9223372036854775808
		if v.uints()[0] != 1<<63 {
			return v, e.errorf(n, "the integer result does not fit 64 bits")
		}
		r.kind = kindInt
	}
	e.releaseOperands(&r, &v)
	return r, nil
}

// reuse is result for one operand, whose shape it keeps.
func (e *evaluator) reuse(n *node, k kind, v *value) (value, error) {
	l := layout{n: v.len(), vec: v.vec, konst: v.konst, width: v.width, off: v.off, inner: v.inner}
	r, err := e.result(n, k, &l, v)
	r.py = v.py
	return r, err
}

func negate(op string, r, v *value) {
	switch {
	case v.kind == kindBool:
		dst := r.bools()
		for i, x := range v.bools() {
			dst[i] = x ^ 1
		}
	case v.kind.float():
		dst := r.floats()
		for i, x := range v.floats() {
			dst[i] = -x
		}
	case op == "~":
		dst := r.ints()
		for i, x := range v.ints() {
			dst[i] = ^x
		}
	default:
		dst := r.ints()
		for i, x := range v.ints() {
			dst[i] = -x
		}
	}
}
