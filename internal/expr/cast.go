package expr

import (
	"math"

	"github.com/englacial/zagg/core"
)

// cast is numpy's astype. A float that the integer type cannot hold is an error (numpy: undefined); integers wrap.
func (e *evaluator) cast(n *node, v value, t core.Type) (value, error) {
	switch t {
	case core.Bool:
		return e.convert(n, v, kindBool)
	case core.Float64:
		return e.convert(n, v, kindFloat)
	case core.Float32:
		if v.kind == kindSingle {
			return v, nil
		}
		v, err := e.convert(n, v, kindFloat)
		if err != nil {
			return v, err
		}
		r, err := e.reuse(n, kindSingle, &v)
		if err != nil {
			return r, err
		}
		dst := r.floats()
		for i, x := range v.floats() {
			dst[i] = float64(float32(x))
		}
		e.releaseOperands(&r, &v)
		return r, nil
	}
	k := kindInt
	if t == core.Uint64 {
		k = kindUint
	}
	if !v.kind.float() {
		v, err := e.convert(n, v, k)
		if err != nil || t == core.Int64 || t == core.Uint64 {
			return v, err
		}
		r, err := e.reuse(n, k, &v)
		if err != nil {
			return r, err
		}
		wrap(r.ints(), v.ints(), t)
		e.releaseOperands(&r, &v)
		return r, nil
	}
	return e.truncate(n, v, k, t)
}

// wrap keeps the low bits that a type has.
func wrap(dst, src []int64, t core.Type) {
	drop := 64 - 8*uint(t.Size())
	for i, x := range src {
		if t.IsSigned() {
			dst[i] = x << drop >> drop
		} else {
			dst[i] = int64(uint64(x) << drop >> drop)
		}
	}
}

// truncate cuts the fractions off.
func (e *evaluator) truncate(n *node, v value, k kind, t core.Type) (value, error) {
	size := 8 * t.Size()
	low, high := 0.0, math.Ldexp(1, size)
	if t.IsSigned() {
		low, high = -math.Ldexp(1, size-1), math.Ldexp(1, size-1)
	}
	l := layout{vec: v.vec, off: v.off}
	r, err := e.reuse(n, k, &v)
	if err != nil {
		return r, err
	}
	src, dst := v.floats(), r.ints()
	for i, x := range src {
		x = math.Trunc(x)
		switch {
		case !(x >= low && x < high):
			if err := e.cellError(n, l.cellOf(i), "%g does not fit %s", src[i], t); err != nil {
				return r, err
			}
			dst[i] = 0
		case k == kindUint:
			dst[i] = int64(uint64(x))
		default:
			dst[i] = int64(x)
		}
	}
	e.releaseOperands(&r, &v)
	return r, nil
}

// toFloat is float(x) of a number.
func (e *evaluator) toFloat(n *node, args []value) (value, error) {
	v := args[0]
	if v.vec || !v.number() {
		return v, e.errorf(n, "float(x) needs a number, not %s; np.float64 converts arrays", v.describe())
	}
	v, err := e.convert(n, v, kindFloat)
	v.py = true
	return v, err
}

// toInt is int(x) of a number: the fraction is cut off.
func (e *evaluator) toInt(n *node, args []value) (value, error) {
	v := args[0]
	if v.vec || !v.number() {
		return v, e.errorf(n, "int(x) needs a number, not %s; x.astype('int64') converts arrays", v.describe())
	}
	if v.kind == kindUint {
		return v, nil
	}
	v, err := e.cast(n, v, core.Int64)
	v.py = true
	return v, err
}

func (e *evaluator) astype(n *node, args []value) (value, error) {
	v, err := e.numeric(n, args[0])
	if err != nil {
		return v, err
	}
	if args[1].kind != kindType {
		return v, e.errorf(n, "%s needs a type, as in x.astype('float32')", n.text)
	}
	v, err = e.cast(n, v, args[1].typ)
	v.py = false
	return v, err
}
