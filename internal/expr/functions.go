package expr

import (
	"math"
	"slices"
	"strings"

	"github.com/englacial/zagg/core/reduce"
)

// maxWidth bounds histograms and lists.
const maxWidth = 65536

// A function is one that expressions may call.
type function struct {
	name     string   // without np.
	params   []string // in order; the caller's keywords
	required int      // how many of params must be given
	where    where
	perRow   bool // gives a value per row, element by element: may be used in filters and params
	eval     func(e *evaluator, n *node, args []value) (value, error)
}

// where says how a function may be written.
type where uint8

const (
	numpy  where = 1 << iota // np.f(x)
	bare                     // f(x)
	method                   // x.f()
	starts                   // the first parameter is the list of positional arguments
	rows                     // it works on arrays of rows; so does what gives a value per row
)

// functions is the whole of what can be called, by name. Read only.
var functions = slices.Concat(elementwise(), reductions(), builders())

func elementwise() []function {
	var fs []function
	for name, f := range map[string]func(float64) float64{
		"log10": log10, "log2": log2, "log1p": math.Log1p, "expm1": math.Expm1, "sin": math.Sin, "cos": math.Cos,
		"tan": math.Tan, "arcsin": math.Asin, "arccos": math.Acos, "arctan": math.Atan, "rint": math.RoundToEven, "sqrt": math.Sqrt, "log": log, "exp": math.Exp,
	} {
		w := numpy
		if name == "sqrt" || name == "log" || name == "exp" {
			w |= bare
		}
		fs = append(fs, function{name, []string{"x"}, 1, w, true, floatFunction(f)})
	}
	for name, f := range map[string]func(float64) bool{
		"isnan": math.IsNaN, "isfinite": isFinite, "isinf": func(x float64) bool { return math.IsInf(x, 0) },
	} {
		fs = append(fs, function{name, []string{"x"}, 1, numpy, true, predicate(f)})
	}
	x, xy := []string{"x"}, []string{"x1", "x2"}
	return append(fs,
		function{"abs", x, 1, numpy | bare, true, (*evaluator).abs},
		function{"absolute", x, 1, numpy, true, (*evaluator).abs},
		function{"floor", x, 1, numpy, true, rounding(math.Floor)},
		function{"ceil", x, 1, numpy, true, rounding(math.Ceil)},
		function{"round", []string{"a", "decimals"}, 1, numpy | method, true, (*evaluator).round},
		function{"sign", x, 1, numpy, true, (*evaluator).sign},
		function{"square", x, 1, numpy, true, func(e *evaluator, n *node, a []value) (value, error) { return e.square(n, a[0]) }},
		function{"arctan2", xy, 2, numpy, true, (*evaluator).arctan2},
		function{"minimum", xy, 2, numpy, true, lesser},
		function{"maximum", xy, 2, numpy, true, greater},
		function{"clip", []string{"a", "a_min", "a_max"}, 3, numpy | method, true, (*evaluator).clip},
		function{"where", []string{"condition", "x", "y"}, 3, numpy, true, (*evaluator).whereCall},
		function{"logical_and", xy, 2, numpy, true, logical("&")},
		function{"logical_or", xy, 2, numpy, true, logical("|")},
		function{"logical_not", x, 1, numpy, true, (*evaluator).logicalNot},
		function{"float", x, 1, bare, true, (*evaluator).toFloat},
		function{"int", x, 1, bare, true, (*evaluator).toInt},
		function{"astype", []string{"x", "dtype"}, 2, method, true, (*evaluator).astype},
	)
}

func reductions() []function {
	var fs []function
	for _, op := range reduce.Ops() {
		params, required, w := []string{"a", "axis"}, 1, numpy
		switch {
		case op == reduce.OpLen || op == reduce.OpCount || op == reduce.OpAverage:
			continue
		case op.TakesQ():
			params, required = []string{"a", "q", "axis"}, 2
		case op.TakesDDoF():
			params = []string{"a", "axis", "ddof"}
		case op == reduce.OpSum:
			w |= bare
		}
		if !strings.HasPrefix(op.String(), "nan") && !op.TakesQ() && op != reduce.OpMedian {
			w |= method
		}
		fs = append(fs, function{op.String(), params, required, w, false, reducer(op)})
	}
	a := []string{"a", "axis"}
	return append(fs,
		function{"average", []string{"a", "axis", "weights"}, 1, numpy, false, (*evaluator).average},
		function{"amin", a, 1, numpy, false, reducer(reduce.OpMin)},
		function{"amax", a, 1, numpy, false, reducer(reduce.OpMax)},
		function{"min", []string{"a"}, 1, bare | starts, false, extremes(reduce.OpMin)},
		function{"max", []string{"a"}, 1, bare | starts, false, extremes(reduce.OpMax)},
		function{"any", a, 1, numpy | method, false, truths("any")},
		function{"all", a, 1, numpy | method, false, truths("all")},
		function{"count_nonzero", a, 1, numpy, false, truths("count_nonzero")},
		function{"len", []string{"x"}, 1, bare | rows, false, (*evaluator).length},
	)
}

func builders() []function {
	return []function{
		{"array", []string{"object", "dtype"}, 1, numpy | rows, false, (*evaluator).arrayCall},
		{"asarray", []string{"object", "dtype"}, 1, numpy | rows, false, (*evaluator).arrayCall},
		{"concatenate", []string{"arrays", "axis"}, 1, numpy | rows, false, (*evaluator).concatenate},
		{"column_stack", []string{"tup"}, 1, numpy, false, (*evaluator).columnStack},
		{"stack", []string{"arrays", "axis"}, 1, numpy, false, (*evaluator).stack},
		{"reshape", []string{"a"}, 1, numpy | method | starts | rows, false, (*evaluator).reshape},
		{"zeros", []string{"shape", "dtype"}, 1, numpy, false, filled(0)},
		{"ones", []string{"shape", "dtype"}, 1, numpy, false, filled(1)},
		{"arange", []string{"stop"}, 1, numpy, false, (*evaluator).arange},
		{"cumsum", []string{"a", "axis"}, 1, numpy | method, false, (*evaluator).cumsum},
		{"diff", []string{"a"}, 1, numpy, false, (*evaluator).diff},
		{"histogram", []string{"a", "bins", "range"}, 1, numpy, false, (*evaluator).histogram},
	}
}

// constants of the np. namespace.
func npConstant(name string) (value, bool) {
	switch name {
	case "pi":
		return constFloat(math.Pi), true
	case "e":
		return constFloat(math.E), true
	case "inf":
		return constFloat(math.Inf(1)), true
	case "nan":
		return constFloat(math.NaN()), true
	}
	return value{}, false
}

// find is the function of that name that may be written so.
func find(name string, w where) *function {
	for i := range functions {
		if functions[i].name == name && functions[i].where&w != 0 {
			return &functions[i]
		}
	}
	return nil
}

func functionNames(w where) []string {
	var names []string
	for _, f := range functions {
		for _, form := range []struct {
			where  where
			prefix string
		}{{bare, ""}, {numpy, "np."}, {method, "."}} {
			if f.where&w&form.where != 0 {
				names = append(names, form.prefix+f.name)
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}
