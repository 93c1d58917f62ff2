package expr

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
)

// A dimension is units as powers of what columns have; nil: not known. none is that of plain numbers.
type dimension map[string]float64

func none() dimension { return dimension{} }

// Units are those of the program's result, by those of its columns: "" where they are not known, "1" of a plain number. They follow the
// rules of quantities: what is added or compared has the same, products and powers have theirs, logarithms take plain numbers.
func (p *Program) Units(of func(column string) string) string {
	d := p.root.dimension(of)
	if d == nil {
		return ""
	}
	var over, under []string
	for _, name := range slices.Sorted(maps.Keys(d)) {
		power := d[name]
		if power != math.Trunc(power) {
			return "" // no unit that others read has such a power
		}
		text := name
		if power != 1 {
			if strings.ContainsAny(name, " /*.^") {
				text = "(" + name + ")"
			}
			text = fmt.Sprintf("%s^%g", text, power)
		}
		switch {
		case power > 0:
			over = append(over, text)
		case power < 0:
			under = append(under, text)
		}
	}
	if all := append(over, under...); len(all) > 0 {
		return strings.Join(all, " ")
	}
	return "1"
}

func (n *node) dimension(of func(string) string) dimension {
	switch n.kind {
	case nodeConst, nodeCompare, nodeAnd, nodeOr, nodeNot:
		return none()
	case nodeName:
		return dimensionOf(of(n.text))
	case nodeUnary, nodeIndex:
		return n.kids[0].dimension(of)
	case nodeCond:
		return common(n.kids[0], n.kids[2], of)
	case nodeBinary:
		return n.binaryDimension(of)
	case nodeCall:
		return n.callDimension(of)
	}
	return nil
}

// dimensionOf reads a unit. One that counts from an epoch is no quantity.
func dimensionOf(units string) dimension {
	switch {
	case units == "" || strings.Contains(units, " since "):
		return nil
	case units == "1":
		return none()
	}
	return dimension{units: 1}
}

// common is the dimension of two parts that must have the same. Constants have any.
func common(a, b *node, of func(string) string) dimension {
	x, y := a.dimension(of), b.dimension(of)
	switch {
	case b.constant():
		return x
	case a.constant():
		return y
	case x == nil || y == nil || !maps.Equal(x, y):
		return nil
	}
	return x
}

// constant reports a number that is written, perhaps with a sign.
func (n *node) constant() bool {
	return n.kind == nodeConst || n.kind == nodeUnary && n.kids[0].constant()
}

func (n *node) binaryDimension(of func(string) string) dimension {
	a, b := n.kids[0], n.kids[1]
	switch n.text {
	case "+", "-":
		return common(a, b, of)
	case "*":
		return a.dimension(of).times(b.dimension(of), 1)
	case "/":
		return a.dimension(of).times(b.dimension(of), -1)
	case "**":
		if power, ok := b.written(); ok {
			return none().times(a.dimension(of), power)
		}
	}
	return nil
}

// written is the value of a constant.
func (n *node) written() (float64, bool) {
	switch {
	case n.kind == nodeConst && n.num.number() && n.num.len() == 1:
		return n.num.element(0), true
	case n.kind == nodeUnary && n.text != "~":
		v, ok := n.kids[0].written()
		if n.text == "-" {
			v = -v
		}
		return v, ok
	}
	return 0, false
}

// times is d times a power of another.
func (d dimension) times(o dimension, power float64) dimension {
	if d == nil || o == nil {
		return nil
	}
	out := maps.Clone(d)
	for name, p := range o {
		if out[name] += p * power; out[name] == 0 {
			delete(out, name)
		}
	}
	return out
}

func (n *node) callDimension(of func(string) string) dimension {
	if n.fn == nil || len(n.kids) == 0 || n.kids[0] == nil {
		return nil
	}
	first := n.kids[0].dimension(of)
	switch strings.TrimPrefix(n.fn.name, "nan") {
	case "min", "max", "amin", "amax", "mean", "average", "median", "sum", "std", "quantile", "percentile", "ptp", "abs", "absolute", "fabs", "round", "around",
		"floor", "ceil", "trunc", "rint", "sort", "unique", "diff", "array", "asarray", "float", "flip", "float64", "float32":
		return first
	case "var", "square":
		return none().times(first, 2)
	case "sqrt":
		return none().times(first, 0.5)
	case "len", "count", "count_nonzero", "size", "sign", "any", "all", "isnan", "isfinite", "isinf", "argmin", "argmax":
		return none()
	case "where":
		if len(n.kids) == 3 && n.kids[1] != nil && n.kids[2] != nil {
			return common(n.kids[1], n.kids[2], of)
		}
	case "exp", "expm1", "log", "log10", "log2", "log1p", "sin", "cos", "tan", "arcsin", "arccos", "arctan":
		if first != nil && len(first) == 0 {
			return none()
		}
	}
	return nil
}

// Reduction is the name of the function that makes the result out of the values of a column or of an expression of each observation: "mean"
// of np.mean(h); "" where it is none alone.
func (p *Program) Reduction() string {
	n := p.root
	if n.kind != nodeCall || n.fn == nil || n.fn.perRow {
		return ""
	}
	return n.fn.name
}
