package host

// Attributes of arrays by the CF conventions: names, units and cell methods, from what the source says of its
// variables.

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/config"
	"github.com/englacial/zagg/internal/expr"
)

// described are the attributes of an output, with the name of what is reduced in place of "{source}", and with the
// source's standard name where CF lets a statistic have it. Those of an expression come from its text.
func (c *compiler) described(a *config.Array, attrs json.RawMessage, output int) json.RawMessage {
	all := map[string]json.RawMessage{}
	if len(attrs) > 0 && json.Unmarshal(attrs, &all) != nil {
		return attrs // refused where the array is laid out
	}
	text := func(name, value string) {
		if raw, err := json.Marshal(value); err == nil {
			all[name] = raw
		}
	}
	if a.Expression != "" && output == 0 {
		text("long_name", a.Expression)
		if method := map[string]string{"mean": "mean", "average": "mean", "min": "minimum", "max": "maximum", "sum": "sum", "var": "variance", "std": "standard_deviation",
			"median": "median"}[strings.TrimPrefix(c.reductionOf(a), "nan")]; method != "" {
			text("cell_methods", "area: "+method)
		}
	}
	for name, raw := range all {
		var value string
		if json.Unmarshal(raw, &value) == nil && strings.Contains(value, "{source}") {
			text(name, strings.ReplaceAll(value, "{source}", c.nameOf(a.Source)))
		}
	}
	_, named := all["standard_name"]
	if _, method := all["cell_methods"]; method && !named && a.Expression == "" && output == 0 && !strings.Contains(string(all["cell_methods"]), "sum") {
		if s := c.recipe.Config.DataSource.Attributes[a.Source]; s.StandardName != "" {
			text("standard_name", s.StandardName)
		}
	}
	if len(all) == 0 {
		return attrs
	}
	raw, err := json.Marshal(all)
	if err != nil {
		return attrs
	}
	return raw
}

// nameOf is what people call a column: its long name if there is one.
func (c *compiler) nameOf(column string) string {
	if long := c.recipe.Config.DataSource.Attributes[column].LongName; long != "" {
		return long + " (" + column + ")"
	}
	if column == "" {
		return "the observations"
	}
	return column
}

// program is a variable's expression, compiled; nil if it has none.
func (c *compiler) program(a *config.Array) *expr.Program {
	p, err := c.compile(a, c.chunks)
	if err != nil {
		return nil // said where it is compiled to be computed
	}
	return p
}

func (c *compiler) reductionOf(a *config.Array) string {
	if p := c.program(a); p != nil {
		return p.Reduction()
	}
	return ""
}

// expressionUnits are the units of an expression, derived from those of its columns.
func (c *compiler) expressionUnits(a *config.Array) string {
	p := c.program(a)
	if p == nil || a.Ragged {
		return ""
	}
	return p.Units(c.columnUnits)
}

// columnUnits are the units of a column: the reader's own, or else what the source says.
func (c *compiler) columnUnits(column string) string {
	if i := slices.IndexFunc(c.fields, func(f core.Field) bool { return f.Name == column }); i >= 0 && c.fields[i].Units != "" {
		return c.fields[i].Units
	}
	return c.recipe.Config.DataSource.Attributes[column].Units
}
