package expr

import (
	"errors"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/reduce"
)

// axis refuses what is not the only axis there is.
func (e *evaluator) axis(n *node, v value) error {
	if i, ok := v.constIndex(); v.given() && (!ok || i != 0 && i != -1) {
		return e.errorf(n, "%s: arrays have one dimension; leave axis out", n.text)
	}
	return nil
}

// whole is an argument as an array that a reduction takes.
func (e *evaluator) whole(n *node, v value) (value, error) {
	if v.kind == kindTuple || v.number() {
		return e.array(n, v)
	}
	return v, e.errorf(n, "%s does not work on %s", n.text, v.describe())
}

// constNumbers is one constant number, or several.
func (e *evaluator) constNumbers(n *node, what string, v value) ([]float64, error) {
	if v.kind == kindTuple {
		a, err := e.array(n, v)
		if err != nil {
			return nil, err
		}
		v = a
	}
	if !v.number() || !v.konst {
		return nil, e.errorf(n, "%s: %s is a constant number or a list of them, not %s", n.text, what, v.describe())
	}
	f := make([]float64, v.len())
	for i := range f {
		f[i] = v.element(i)
	}
	return f, nil
}

// reducer is a reduction of package reduce. Its arguments are a, (q | axis, ddof), …: see reductions.
func reducer(op reduce.Op) func(*evaluator, *node, []value) (value, error) {
	return func(e *evaluator, n *node, args []value) (value, error) {
		var a reduce.Args
		var err error
		vector := false
		axis := args[1]
		switch {
		case op.TakesQ():
			axis = args[2]
			if a.Q, err = e.constNumbers(n, "q", args[1]); err != nil {
				return value{}, err
			}
			vector = args[1].vec || args[1].kind == kindTuple
			a.List = vector
			if err := reduce.CheckQ(op, a.Q); err != nil {
				return value{}, e.errorf(n, "%s: %s", n.text, cause(err))
			}
			if len(a.Q) > maxQuantiles {
				return value{}, e.errorf(n, "%s: %d quantiles; at most %d", n.text, len(a.Q), maxQuantiles)
			}
		case op.TakesDDoF() && args[2].given():
			d, err := e.constNumbers(n, "ddof", args[2])
			if err != nil || len(d) != 1 {
				return value{}, e.errorf(n, "%s: ddof is a constant number", n.text)
			}
			a.DDoF = d[0]
		}
		if err := e.axis(n, axis); err != nil {
			return value{}, err
		}
		v, err := e.whole(n, args[0])
		if err != nil {
			return v, err
		}
		return e.reduce(n, op, v, a, vector)
	}
}

// maxQuantiles bounds the quantiles of one call: they share a sort, but each rank is looked for.
const maxQuantiles = 1024

// reduce applies op to each array of v. vector asks for an array of the quantiles.
func (e *evaluator) reduce(n *node, op reduce.Op, v value, a reduce.Args, vector bool) (value, error) {
	if err := e.refuseEmpty(n, op, &v); err != nil {
		return v, err
	}
	single := v.kind == kindSingle
	c := core.Column{Type: v.kind.columnType(), Width: 1, Data: v.data}
	ranks := op.TakesQ() || op == reduce.OpMedian || op == reduce.OpNanMedian
	if single && ranks {
		s, err := e.alloc(n, kindFloat, (v.len()+1)/2)
		if err != nil {
			return s, err
		}
		defer e.release(s)
		narrow := core.View[float32](s.data)[:v.len()]
		for i, x := range v.floats() {
			narrow[i] = float32(x)
		}
		c.Type, c.Data = core.Float32, core.Raw(narrow)
	}
	out, err := reduce.Apply(op, &c, v.off, a)
	if err != nil {
		return v, e.errorf(n, "%s: %s", n.text, cause(err))
	}
	r := value{konst: v.konst, data: out.Data}
	switch out.Type {
	case core.Bool:
		r.kind = kindBool
	case core.Int64:
		r.kind = kindInt
	case core.Uint64:
		r.kind = kindUint
	default:
		r.kind = kindFloat
		if single && !a.List && (ranks || op == reduce.OpMin || op == reduce.OpMax || op == reduce.OpNanMin || op == reduce.OpNanMax) {
			r.kind = kindSingle
		}
	}
	if vector {
		r.vec, r.width, r.off = true, len(a.Q), evenOffsets(len(v.off)-1, len(a.Q))
	}
	e.release(v)
	return r, nil
}

// refuseEmpty is an error where numpy raises for no values.
func (e *evaluator) refuseEmpty(n *node, op reduce.Op, v *value) error {
	switch op {
	case reduce.OpMin, reduce.OpMax, reduce.OpNanMin, reduce.OpNanMax, reduce.OpQuantile, reduce.OpPercentile:
	default:
		return nil
	}
	for i := range len(v.off) - 1 {
		if v.off[i] == v.off[i+1] {
			if err := e.cellError(n, i, "%s of no values", n.text); err != nil {
				return err
			}
		}
	}
	return nil
}

// average is np.average(a, weights=w).
func (e *evaluator) average(n *node, args []value) (value, error) {
	if err := e.axis(n, args[1]); err != nil {
		return value{}, err
	}
	v, err := e.whole(n, args[0])
	if err != nil {
		return v, err
	}
	if !args[2].given() {
		return e.reduce(n, reduce.OpMean, v, reduce.Args{}, false)
	}
	w, err := e.whole(n, args[2])
	if err != nil {
		return w, err
	}
	cells, _ := e.arrays(&v, &w)
	for i := range cells {
		if a, b := v.size(i), w.size(i); a != b {
			if err := e.cellError(n, i, "%s: %d weights for %d values", n.text, b, a); err != nil {
				return v, err
			}
		}
	}
	if w, err = e.convert(n, w, kindFloat); err != nil {
		return w, err
	}
	l, err := e.align(n, &v, &w)
	if err != nil {
		return v, err
	}
	l.shape(&v)
	weights := core.Column{Type: core.Float64, Width: 1, Data: w.data}
	r, err := e.reduce(n, reduce.OpAverage, v, reduce.Args{Weights: &weights}, false)
	e.release(w)
	return r, err
}

// extremes is min(…) or max(…): of one array, or of several numbers.
func extremes(op reduce.Op) func(*evaluator, *node, []value) (value, error) {
	return func(e *evaluator, n *node, args []value) (value, error) {
		if len(args) == 1 {
			v, err := e.whole(n, args[0])
			if err != nil {
				return v, err
			}
			return e.reduce(n, op, v, reduce.Args{}, false)
		}
		v := args[0]
		py := true
		for _, a := range args {
			if a.vec || !a.number() {
				return a, e.errorf(n, "%s of several arguments compares numbers, not %s; use np.%simum", n.text, a.describe(), n.text)
			}
			py = py && a.py
		}
		for _, a := range args[1:] {
			var err error
			if v, err = e.extreme(n, v, a, op == reduce.OpMax); err != nil {
				return v, err
			}
		}
		v.py = py
		return v, nil
	}
}

// truths is np.any, np.all or np.count_nonzero.
func truths(name string) func(*evaluator, *node, []value) (value, error) {
	return func(e *evaluator, n *node, args []value) (value, error) {
		if err := e.axis(n, args[1]); err != nil {
			return value{}, err
		}
		v, err := e.whole(n, args[0])
		if err != nil {
			return v, err
		}
		off := v.off
		if v, err = e.convert(n, v, kindBool); err != nil {
			return v, err
		}
		count, err := e.reduce(n, reduce.OpSum, v, reduce.Args{}, false)
		if err != nil || name == "count_nonzero" {
			return count, err
		}
		r := value{kind: kindBool, konst: count.konst, data: make([]byte, count.len())}
		for i, c := range count.ints() {
			if name == "any" {
				r.data[i] = bit(c > 0)
			} else {
				r.data[i] = bit(c == off[i+1]-off[i])
			}
		}
		return r, nil
	}
}

// length is len(x).
func (e *evaluator) length(n *node, args []value) (value, error) {
	v := args[0]
	switch {
	case v.kind == kindTuple:
		e.release(v)
		return constInt(int64(len(v.items))), nil
	case !v.vec:
		return v, e.errorf(n, "%s has no length", v.describe())
	}
	lengths := make([]int64, len(v.off)-1)
	reduce.Count(lengths, v.off)
	for i := range lengths {
		lengths[i] /= v.row()
	}
	e.release(v)
	return value{kind: kindInt, py: true, konst: v.konst, data: core.Raw(lengths)}, nil
}

// cause is what an error of another package says, without its operation and subject.
func cause(err error) string {
	if e, ok := errors.AsType[*core.Error](err); ok {
		return e.Err.Error()
	}
	return err.Error()
}
