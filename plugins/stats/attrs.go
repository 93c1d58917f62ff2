package stats

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/reduce"
)

// describe gives an output what CF says of it: "{source}" stands for the name of what is reduced.
func describe(f core.Field, longName string, more map[string]string) core.Field {
	attrs := map[string]string{"long_name": longName}
	for k, v := range more {
		attrs[k] = v
	}
	if raw, err := json.Marshal(attrs); err == nil { // text always has JSON
		f.Attrs = raw
	}
	return f
}

// describeOp is describe for a reduction. CF has no word for quantiles other than the median.
func describeOp(f core.Field, op reduce.Op, args reduce.Args) core.Field {
	name := strings.TrimPrefix(op.String(), "nan")
	method := map[string]string{"mean": "mean", "average": "mean", "min": "minimum", "max": "maximum", "sum": "sum", "var": "variance", "std": "standard_deviation", "median": "median"}[name]
	switch {
	case op == reduce.OpLen || op == reduce.OpCount:
		return describe(f, "number of observations", map[string]string{"standard_name": "number_of_observations"})
	case op.TakesQ():
		what := "quantiles"
		if len(args.Q) == 1 {
			what = "quantile"
		}
		return describe(f, fmt.Sprintf("%s %s of {source}", what, strings.Trim(fmt.Sprint(args.Q), "[]")), nil)
	case method == "":
		return describe(f, name+" of {source}", nil)
	}
	words := map[string]string{"average": "mean", "min": "minimum", "max": "maximum", "var": "variance", "std": "standard deviation"}
	if w := words[name]; w != "" {
		name = w
	}
	return describe(f, name+" of {source}", map[string]string{"cell_methods": "area: " + method})
}
