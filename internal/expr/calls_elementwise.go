package expr

import "math"

// numeric checks an argument and makes an array of a tuple.
func (e *evaluator) numeric(n *node, v value) (value, error) {
	if v.kind == kindTuple {
		return e.array(n, v)
	}
	if !v.number() {
		return v, e.errorf(n, "%s does not work on %s", n.text, v.describe())
	}
	return v, nil
}

// floats is an argument as float64.
func (e *evaluator) floats(n *node, v value) (value, error) {
	v, err := e.numeric(n, v)
	if err != nil {
		return v, err
	}
	return e.convert(n, v, kindFloat)
}

// fresh makes the result of a numpy function: numpy's, even of Python numbers.
func (e *evaluator) fresh(n *node, k kind, v *value) (value, error) {
	r, err := e.reuse(n, k, v)
	r.py = false
	return r, err
}

// each applies f to every float of v.
func (e *evaluator) each(n *node, k kind, v value, f func(float64) float64) (value, error) {
	r, err := e.fresh(n, k, &v)
	if err != nil {
		return r, err
	}
	dst := r.floats()
	for i, x := range v.floats() {
		dst[i] = f(x)
	}
	e.releaseOperands(&r, &v)
	return r, nil
}

func floatFunction(f func(float64) float64) func(*evaluator, *node, []value) (value, error) {
	return func(e *evaluator, n *node, args []value) (value, error) {
		v, err := e.floats(n, args[0])
		if err != nil {
			return v, err
		}
		return e.each(n, kindFloat, v, f)
	}
}

// log is math.Log, which on some machines is wrong for subnormal numbers.
func log(x float64) float64 {
	if x > 0 && x < 0x1p-1022 {
		return math.Log(x*0x1p54) - 54*math.Ln2
	}
	return math.Log(x)
}

// log2 and log10 avoid math's difference of two large terms near 1, and are exact for exact powers as math's are.
func log2(x float64) float64 {
	if x > 0.5 && x < 2 {
		return math.Log(x) / math.Ln2
	}
	return math.Log2(x)
}

func log10(x float64) float64 {
	if x > 0.5 && x < 2 {
		return math.Log(x) / math.Ln10
	}
	if x > 0 && x < 0x1p-1022 {
		return math.Log10(x*0x1p54) - 54*(math.Ln2/math.Ln10)
	}
	return math.Log10(x)
}

func isFinite(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }

func predicate(f func(float64) bool) func(*evaluator, *node, []value) (value, error) {
	return func(e *evaluator, n *node, args []value) (value, error) {
		v, err := e.floats(n, args[0])
		if err != nil {
			return v, err
		}
		r, err := e.like(n, kindBool, &v)
		if err != nil {
			return r, err
		}
		r.py = false
		dst := r.bools()
		for i, x := range v.floats() {
			dst[i] = bit(f(x))
		}
		e.release(v)
		return r, nil
	}
}

// abs keeps the kind; the least int64 has no absolute value and stays.
func (e *evaluator) abs(n *node, args []value) (value, error) {
	v, err := e.numeric(n, args[0])
	switch {
	case err != nil || v.kind == kindUint:
		return v, err
	case v.kind == kindBool && v.py:
		return e.convert(n, v, kindInt)
	case v.kind == kindBool:
		return v, nil
	case v.kind.float():
		return e.each(n, v.kind, v, math.Abs)
	}
	r, err := e.reuse(n, kindInt, &v)
	if err != nil {
		return r, err
	}
	dst := r.ints()
	for i, x := range v.ints() {
		dst[i] = max(x, -x)
		if x == math.MinInt64 {
			dst[i] = x
		}
	}
	e.releaseOperands(&r, &v)
	return r, nil
}

// rounding is a function that leaves integers as they are.
func rounding(f func(float64) float64) func(*evaluator, *node, []value) (value, error) {
	return func(e *evaluator, n *node, args []value) (value, error) {
		v, err := e.numeric(n, args[0])
		if err != nil || !v.kind.float() {
			v.py = false
			return v, err
		}
		return e.each(n, v.kind, v, f)
	}
}

// round is np.round: half to even, after a multiplication with a power of ten.
func (e *evaluator) round(n *node, args []value) (value, error) {
	digits := int64(0)
	if args[1].given() {
		var ok bool
		if digits, ok = args[1].constIndex(); !ok || digits < -300 || digits > 300 {
			return value{}, e.errorf(n, "%s: decimals is a constant integer from -300 to 300", n.text)
		}
	}
	if digits == 0 {
		return rounding(math.RoundToEven)(e, n, args[:1])
	}
	v, err := e.numeric(n, args[0])
	switch {
	case err != nil:
		return v, err
	case !v.kind.float() && digits > 0:
		return v, nil
	case !v.kind.float():
		return v, e.errorf(n, "%s: negative decimals need floats, not %s", n.text, v.describe())
	}
	p := math.Pow10(int(max(digits, -digits)))
	v.kind = kindFloat
	if digits < 0 {
		return e.each(n, kindFloat, v, func(x float64) float64 { return math.RoundToEven(x/p) * p })
	}
	return e.each(n, kindFloat, v, func(x float64) float64 { return math.RoundToEven(x*p) / p })
}

func (e *evaluator) sign(n *node, args []value) (value, error) {
	v, err := e.numeric(n, args[0])
	switch {
	case err != nil:
		return v, err
	case v.kind == kindBool:
		return v, e.errorf(n, "bools have no sign")
	case v.kind.float():
		return e.each(n, v.kind, v, func(x float64) float64 {
			switch {
			case x > 0:
				return 1
			case x < 0:
				return -1
			}
			return x + 0 // NaN, and 0 for -0
		})
	}
	r, err := e.fresh(n, v.kind, &v)
	if err != nil {
		return r, err
	}
	dst := r.ints()
	for i, x := range v.ints() {
		switch {
		case x == 0:
			dst[i] = 0
		case x < 0 && v.kind == kindInt:
			dst[i] = -1
		default:
			dst[i] = 1
		}
	}
	e.releaseOperands(&r, &v)
	return r, nil
}

// square is v*v.
func (e *evaluator) square(n *node, v value) (value, error) {
	v, err := e.numeric(n, v)
	if err != nil {
		return v, err
	}
	if v.kind == kindBool {
		if v, err = e.convert(n, v, kindInt); err != nil {
			return v, err
		}
	}
	again := v
	again.temp = false
	v.py = false
	return e.binary(n, "*", v, again)
}

// pair gives two arguments one kind and shape.
func (e *evaluator) pair(n *node, k kind, a, b *value) (layout, error) {
	var err error
	if *a, err = e.convert(n, *a, k); err != nil {
		return layout{}, err
	}
	if *b, err = e.convert(n, *b, k); err != nil {
		return layout{}, err
	}
	return e.align(n, a, b)
}

func (e *evaluator) arctan2(n *node, args []value) (value, error) {
	a, err := e.floats(n, args[0])
	if err != nil {
		return a, err
	}
	b, err := e.floats(n, args[1])
	if err != nil {
		return b, err
	}
	l, err := e.align(n, &a, &b)
	if err != nil {
		return a, err
	}
	r, err := e.result(n, kindFloat, &l, &a, &b)
	if err != nil {
		return r, err
	}
	dst, y, x := r.floats(), a.floats(), b.floats()
	ma, mb := a.mask(), b.mask()
	for i := range dst {
		dst[i] = math.Atan2(y[i&ma], x[i&mb])
	}
	e.releaseOperands(&r, &a, &b)
	return r, nil
}

func lesser(e *evaluator, n *node, args []value) (value, error) {
	return e.extreme(n, args[0], args[1], false)
}

func greater(e *evaluator, n *node, args []value) (value, error) {
	return e.extreme(n, args[0], args[1], true)
}

// extreme is np.minimum or np.maximum; NaN wins.
func (e *evaluator) extreme(n *node, a, b value, largest bool) (value, error) {
	var err error
	if a, err = e.numeric(n, a); err != nil {
		return a, err
	}
	if b, err = e.numeric(n, b); err != nil {
		return b, err
	}
	k, err := e.promote(n, &a, &b, true)
	if err != nil {
		return a, err
	}
	l, err := e.pair(n, k, &a, &b)
	if err != nil {
		return a, err
	}
	r, err := e.result(n, k, &l, &a, &b)
	if err != nil {
		return r, err
	}
	ma, mb := a.mask(), b.mask()
	switch k {
	case kindBool:
		extremeLoop(r.bools(), a.bools(), b.bools(), ma, mb, largest)
	case kindInt:
		extremeLoop(r.ints(), a.ints(), b.ints(), ma, mb, largest)
	case kindUint:
		extremeLoop(r.uints(), a.uints(), b.uints(), ma, mb, largest)
	default:
		extremeLoop(r.floats(), a.floats(), b.floats(), ma, mb, largest)
	}
	e.releaseOperands(&r, &a, &b)
	return r, nil
}

// extremeLoop takes b where the two are equal, as numpy does: it shows in the sign of a zero.
func extremeLoop[T uint8 | number](dst, a, b []T, ma, mb int, largest bool) {
	if largest {
		for i := range dst {
			x, y := a[i&ma], b[i&mb]
			if x > y || x != x {
				y = x
			}
			dst[i] = y
		}
		return
	}
	for i := range dst {
		x, y := a[i&ma], b[i&mb]
		if x < y || x != x {
			y = x
		}
		dst[i] = y
	}
}

// clip is minimum(maximum(a, low), high).
func (e *evaluator) clip(n *node, args []value) (value, error) {
	v := args[0]
	var err error
	if args[1].given() {
		if v, err = e.extreme(n, v, args[1], true); err != nil {
			return v, err
		}
	}
	if args[2].given() {
		v, err = e.extreme(n, v, args[2], false)
	}
	return v, err
}

func (e *evaluator) whereCall(n *node, args []value) (value, error) {
	c, err := e.numeric(n, args[0])
	if err != nil {
		return c, err
	}
	if c, err = e.convert(n, c, kindBool); err != nil {
		return c, err
	}
	return e.where(n, c, args[1], args[2])
}

// where is a where c (bools), else b.
func (e *evaluator) where(n *node, c, a, b value) (value, error) {
	var err error
	if a, err = e.numeric(n, a); err != nil {
		return a, err
	}
	if b, err = e.numeric(n, b); err != nil {
		return b, err
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
	l, err := e.align(n, &c, &a, &b)
	if err != nil {
		return a, err
	}
	r, err := e.result(n, k, &l, &a, &b)
	if err != nil {
		return r, err
	}
	mc, ma, mb := c.mask(), a.mask(), b.mask()
	if k == kindBool {
		whereLoop(r.bools(), c.bools(), a.bools(), b.bools(), mc, ma, mb)
	} else {
		whereLoop(r.uints(), c.bools(), a.uints(), b.uints(), mc, ma, mb)
	}
	e.releaseOperands(&r, &a, &b)
	e.release(c)
	return r, nil
}

func whereLoop[T uint8 | uint64](dst []T, c []uint8, a, b []T, mc, ma, mb int) {
	for i := range dst {
		x := b[i&mb]
		if y := a[i&ma]; c[i&mc] != 0 {
			x = y
		}
		dst[i] = x
	}
}

// logical is np.logical_and (&) or np.logical_or (|).
func logical(op string) func(*evaluator, *node, []value) (value, error) {
	return func(e *evaluator, n *node, args []value) (value, error) {
		for i := range args {
			var err error
			if args[i], err = e.numeric(n, args[i]); err != nil {
				return args[i], err
			}
			if args[i], err = e.convert(n, args[i], kindBool); err != nil {
				return args[i], err
			}
			args[i].py = false
		}
		return e.binary(n, op, args[0], args[1])
	}
}

func (e *evaluator) logicalNot(n *node, args []value) (value, error) {
	v, err := e.numeric(n, args[0])
	if err != nil {
		return v, err
	}
	zero := constBool(false)
	if v.kind != kindBool {
		zero = constInt(0)
	}
	v.py = false
	return e.compare(n, "==", v, zero)
}
