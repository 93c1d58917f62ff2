//go:build suites

package expr_test

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
)

// A generator writes random expressions: mostly ones that numpy can evaluate, some that it refuses.
type generator struct {
	r      *rand.Rand
	budget int
	rows   bool // one value per row: no reductions
}

func (g *generator) one(list ...string) string { return list[g.r.IntN(len(list))] }

func (g *generator) spend() bool {
	g.budget--
	return g.budget > 0
}

func (g *generator) literal() string {
	switch g.r.IntN(6) {
	case 0:
		return strconv.Itoa(g.r.IntN(20))
	case 1:
		return strconv.FormatFloat(g.r.Float64()*100-50, 'g', -1, 64)
	case 2:
		return g.one("0", "1", "2", "0.0", "0.5", "1.0", "1e3", "-1", "-2.5")
	case 3:
		return g.one("np.nan", "np.inf", "np.pi", "True", "False")
	}
	return strconv.Itoa(g.r.IntN(5))
}

var (
	numberColumns = []string{"f", "g", "i", "j", "u", "s"}
	cellColumns   = []string{"cf", "ci"}
)

// vec is an array as long as the cell has rows.
func (g *generator) vec() string {
	if !g.spend() {
		return g.one(numberColumns...)
	}
	switch g.r.IntN(14) {
	case 0, 1, 2:
		return g.one(numberColumns...)
	case 3, 4, 5:
		return fmt.Sprintf("(%s %s %s)", g.vec(), g.one("+", "-", "*", "/", "//", "%"), g.vec())
	case 6, 7:
		if g.r.IntN(2) == 0 {
			return fmt.Sprintf("(%s %s %s)", g.scalar(), g.one("+", "-", "*", "/", "//", "%"), g.vec())
		}
		return fmt.Sprintf("(%s %s %s)", g.vec(), g.one("+", "-", "*", "/", "//", "%"), g.scalar())
	case 8:
		return fmt.Sprintf("(%s**%s)", g.vec(), g.one("2", "2", "1", "0", "2.0"))
	case 9:
		return fmt.Sprintf("np.where(%s, %s, %s)", g.bools(), g.either(), g.either())
	case 10:
		return fmt.Sprintf("np.%s(%s)", g.one("abs", "floor", "ceil", "rint", "round", "sqrt", "square", "sign", "float64"), g.vec())
	case 11:
		return fmt.Sprintf("np.%s(%s, %s)", g.one("minimum", "maximum"), g.vec(), g.either())
	case 12:
		if g.rows {
			return fmt.Sprintf("abs(%s)", g.vec())
		}
		return fmt.Sprintf("np.cumsum(%s)", g.vec())
	}
	if g.r.IntN(3) == 0 {
		return fmt.Sprintf("np.clip(%s, %s, %s)", g.vec(), g.scalar(), g.scalar())
	}
	return fmt.Sprintf("(-%s)", g.vec())
}

func (g *generator) either() string {
	if g.r.IntN(2) == 0 {
		return g.scalar()
	}
	return g.vec()
}

// bools is an array of bools as long as the cell has rows.
func (g *generator) bools() string {
	if !g.spend() {
		return g.one("b", "(g > 0)", "(i > j)")
	}
	switch g.r.IntN(8) {
	case 0:
		return "b"
	case 1, 2, 3:
		return fmt.Sprintf("(%s %s %s)", g.vec(), g.one("<", "<=", ">", ">=", "==", "!="), g.either())
	case 4, 5:
		return fmt.Sprintf("(%s %s %s)", g.bools(), g.one("&", "|", "^"), g.bools())
	case 6:
		return fmt.Sprintf("np.%s(%s)", g.one("isnan", "isfinite", "isinf", "logical_not"), g.vec())
	}
	return fmt.Sprintf("(~%s)", g.bools())
}

// some is an array of any length.
func (g *generator) some() string {
	if !g.spend() {
		return g.vec()
	}
	switch g.r.IntN(12) {
	case 0, 1, 2:
		return fmt.Sprintf("%s[%s]", g.vec(), g.bools())
	case 3:
		m := g.bools()
		return fmt.Sprintf("(%s[%s] %s %s[%s])", g.vec(), m, g.one("+", "-", "*"), g.vec(), m)
	case 4, 5:
		return fmt.Sprintf("%s[%s]", g.vec(), g.slice())
	case 6:
		return fmt.Sprintf("np.diff(%s)", g.vec())
	case 7:
		return fmt.Sprintf("np.concatenate((%s, %s))", g.vec(), g.some())
	case 8:
		return fmt.Sprintf("np.array([%s, %s, %s])", g.scalar(), g.scalar(), g.scalar())
	case 9:
		return fmt.Sprintf("np.histogram(%s, %d, (%s, %s))[0]", g.vec(), 1+g.r.IntN(9), g.one("-1", "0.0", "-3.5"), g.one("1", "0.5", "10", "-9"))
	case 10:
		return fmt.Sprintf("np.percentile(%s, [%d, 50, %g])", g.vec(), 1+g.r.IntN(98), g.r.Float64()*100)
	}
	return g.vec()
}

func (g *generator) slice() string {
	part := func() string {
		if g.r.IntN(3) == 0 {
			return ""
		}
		return strconv.Itoa(g.r.IntN(12) - 6)
	}
	s := part() + ":" + part()
	if g.r.IntN(3) == 0 {
		s += ":" + g.one("2", "-1", "3", "-2", "")
	}
	return s
}

// scalar is one number.
func (g *generator) scalar() string {
	if g.rows || !g.spend() {
		return g.literal()
	}
	switch g.r.IntN(16) {
	case 0, 1, 2:
		return g.literal()
	case 3:
		return g.one(cellColumns...)
	case 4:
		return fmt.Sprintf("len(%s)", g.some())
	case 5, 6, 7:
		return fmt.Sprintf("np.%s(%s)", g.one("sum", "mean", "median", "min", "max", "var", "std", "count_nonzero",
			"nansum", "nanmin", "nanmax", "nanmean", "nanmedian", "nanstd", "nanvar"), g.some())
	case 8:
		return fmt.Sprintf("%s.%s()", g.some(), g.one("sum", "mean", "min", "max", "std", "var"))
	case 9:
		return fmt.Sprintf("np.%s(%s, %s)", g.one("quantile", "nanquantile"), g.some(), g.one("0.5", "0.25", fmt.Sprintf("%d/64", 1+g.r.IntN(63))))
	case 10, 11:
		return fmt.Sprintf("(%s %s %s)", g.scalar(), g.one("+", "-", "*", "/", "//", "%"), g.scalar())
	case 12:
		return fmt.Sprintf("(float(%s) if %s else float(%s))", g.scalar(), g.test(), g.scalar())
	case 13:
		return fmt.Sprintf("%s[%d]", g.some(), g.r.IntN(8)-4)
	case 14:
		return fmt.Sprintf("%s(%s, %s)", g.one("np.minimum", "np.maximum", "min", "max"), g.scalar(), g.scalar())
	}
	return g.one(
		fmt.Sprintf("np.average(%s, weights=%s)", "g", "s"),
		fmt.Sprintf("np.var(%s, ddof=1)", g.some()),
		fmt.Sprintf("float(%s)", g.scalar()),
		fmt.Sprintf("int(%s)", g.scalar()),
		fmt.Sprintf("abs(%s)", g.scalar()),
		fmt.Sprintf("(-%s)", g.scalar()),
	)
}

// test is a truth value of the cell.
func (g *generator) test() string {
	if !g.spend() {
		return "len(f) > 3"
	}
	switch g.r.IntN(7) {
	case 0, 1:
		return fmt.Sprintf("%s %s %s", g.scalar(), g.one("<", "<=", ">", ">=", "==", "!="), g.scalar())
	case 2:
		return fmt.Sprintf("(%s %s %s)", g.test(), g.one("and", "or"), g.test())
	case 3:
		return fmt.Sprintf("not (%s)", g.test())
	case 4:
		return fmt.Sprintf("np.%s(%s)", g.one("any", "all"), g.one(g.bools(), g.some()))
	case 5:
		return fmt.Sprintf("%s < %s <= %s", g.scalar(), g.scalar(), g.scalar())
	}
	return g.scalar()
}

// wrong is something that numpy may refuse.
func (g *generator) wrong() string {
	return g.one(
		fmt.Sprintf("%s[%s] + %s", g.vec(), g.bools(), g.vec()),
		fmt.Sprintf("%s & %s", g.vec(), g.bools()),
		fmt.Sprintf("~%s", g.vec()),
		fmt.Sprintf("-%s", g.bools()),
		fmt.Sprintf("b - %s", g.bools()),
		fmt.Sprintf("%s[%s]", g.scalar(), g.scalar()),
		fmt.Sprintf("%s if %s else 0", g.scalar(), g.bools()),
		fmt.Sprintf("%s[5]", g.some()),
		fmt.Sprintf("i ** %s", g.scalar()),
		fmt.Sprintf("np.quantile(%s, %s)", g.vec(), g.literal()),
		fmt.Sprintf("np.max(%s[%s])", g.vec(), g.bools()),
		fmt.Sprintf("len(%s)", g.scalar()),
		fmt.Sprintf("float(%s)", g.vec()),
		fmt.Sprintf("int(%s)", g.scalar()),
		fmt.Sprintf("np.average(%s, weights=%s)", g.vec(), g.some()),
		fmt.Sprintf("np.histogram(%s, 3)[0]", g.vec()),
		fmt.Sprintf("u * %s", g.literal()),
		fmt.Sprintf("%s | %s", g.literal(), g.literal()),
		fmt.Sprintf("not %s", g.vec()),
		fmt.Sprintf("(1, 2) + %s", g.vec()),
		fmt.Sprintf("%s %s", g.vec(), g.vec()),
		fmt.Sprintf("%s[::0]", g.vec()),
	)
}

// whole is arithmetic of integers of all sizes, which wrap around. (Of quantiles of such integers numpy's are wrong.)
func (g *generator) whole() string {
	w := g.one("w", "u", "i", "j", "(w + w)", "(w - u)", "(-w)")
	switch g.r.IntN(5) {
	case 0:
		return fmt.Sprintf("np.%s(%s)", g.one("sum", "min", "max", "abs", "square", "sign", "cumsum", "diff", "mean"), w)
	case 1:
		return fmt.Sprintf("%s %s %s", w, g.one("<", "<=", ">", ">=", "==", "!="), g.one("u", "w", "18446744073709551615", "-1", "1e18"))
	case 2:
		return fmt.Sprintf("%s %s %s", w, g.one("&", "|", "^", "<<", ">>"), g.one("3", "w", "i[0]", "b", "5"))
	case 3:
		return fmt.Sprintf("%s ** %s", w, g.one("2", "3", "7", "0", "j"))
	}
	return fmt.Sprintf("%s %s %s", w, g.one("+", "-", "*", "/", "//", "%"), g.one("w", "u", "i", "-1", "3", "0", "2**62"))
}

// libm is a function of the mathematical library on top of an expression, with nothing but a mean above.
func (g *generator) libm() string {
	f := g.one("log", "log10", "log2", "log1p", "exp", "expm1", "sin", "cos", "tan", "arctan")
	s := fmt.Sprintf("np.%s(%s)", f, g.vec())
	switch g.r.IntN(6) {
	case 0:
		s = fmt.Sprintf("np.arctan2(%s, %s)", g.one(numberColumns...), g.one(numberColumns...))
	case 1:
		s = fmt.Sprintf("%s ** %s", g.vec(), g.one("0.5", "-1", "3", "-2", "1.7", "4", "(0.5)", "i", "g"))
	case 2:
		s = fmt.Sprintf("%s(%s)", g.one("sqrt", "log", "exp"), g.scalar())
	}
	return s
}

// top is a whole expression.
func (g *generator) top() string {
	g.budget = 2 + g.r.IntN(14)
	switch n := g.r.IntN(20); {
	case g.rows && n < 8:
		return g.bools()
	case g.rows && n < 17:
		return g.vec()
	case n < 2:
		return g.wrong()
	case n < 4:
		return g.one(g.libm(), g.whole())
	case n < 13:
		return g.scalar()
	case n < 14:
		return g.test()
	case n < 15:
		return fmt.Sprintf("np.float32(%s)", g.scalar())
	case n < 16:
		return g.bools()
	}
	return g.some()
}

// usesLibm reports an expression whose value may differ from numpy's in the last digits.
func usesLibm(text string) bool {
	for _, f := range []string{"log", "exp", "sin(", "cos(", "tan(", "arctan", "**"} {
		if strings.Contains(text, f) {
			return true
		}
	}
	return false
}
