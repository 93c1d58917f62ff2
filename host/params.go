package host

// Params of statistics: which are columns, which are expressions, and which are constants.

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/config"
	"github.com/englacial/zagg/internal/engine"
	"github.com/englacial/zagg/internal/expr"
)

// resolve decides what the texts of a variable's params are: a text that names columns of the reader is a column or
// an expression, and any other is a constant of the statistic. texts are these constants.
func (c *compiler) resolve(a *config.Array) (params []config.Param, texts []string) {
	return resolve(a.Params, func(_, name string) bool {
		_, ok := c.columns[name]
		return ok || name == config.TimeColumn
	})
}

func resolve(given []config.Param, isColumn func(param, name string) bool) (params []config.Param, texts []string) {
	params = slices.Clone(given)
	for i := range params {
		p := &params[i]
		if p.Const != nil || p.Outright || namesColumn(p, isColumn) {
			continue
		}
		text, _ := json.Marshal(p.Column + p.Expression) // one of them is empty; a text always marshals
		texts = append(texts, string(text))
		p.Const, p.Column, p.Expression = text, "", ""
	}
	return params, texts
}

// namesColumn reports whether a text that may also be a constant is about columns.
func namesColumn(p *config.Param, isColumn func(param, name string) bool) bool {
	if p.Expression != "" {
		return slices.ContainsFunc(expr.Names(p.Expression), func(name string) bool { return isColumn(p.Name, name) })
	}
	return isColumn(p.Name, p.Column)
}

// Constants is what a variable's statistic is made from: those params that are constants, by name. isColumn reports
// whether a name under a param is that of a column.
func Constants(a *config.Array, isColumn func(param, name string) bool) (json.RawMessage, error) {
	params, _ := resolve(a.Params, isColumn)
	return constantsOf(a, params)
}

func constantsOf(a *config.Array, params []config.Param) (json.RawMessage, error) {
	constants := map[string]json.RawMessage{}
	for _, p := range params {
		if p.Const != nil {
			constants[p.Name] = p.Const
		}
	}
	if a.Location != "" {
		constants["located"] = json.RawMessage("true")
	}
	if a.Times == "per-centroid" {
		constants["timed"] = json.RawMessage("true")
	}
	return json.Marshal(constants)
}

// statistic makes a statistic from its constant params; the other params are its inputs.
func (c *compiler) statistic(ctx context.Context, a *config.Array) (core.Statistic, error) {
	params, texts := c.resolve(a)
	cfg, err := constantsOf(a, params)
	if err != nil {
		return nil, err
	}
	s, err := c.host.Statistic(ctx, a.Function, cfg)
	if err != nil {
		if len(texts) > 0 && core.Is(err, core.Invalid) {
			err = core.Errorf(core.Invalid, "", "", "%w; what names no variable in params is a constant: there is no variable %s; have %s", err, strings.Join(texts, ", "), c.columnsThereAre())
		}
		return nil, at(c.recipe.Config, a.Key+".function", err)
	}
	return s, nil
}

// What a statistic may ask for without being given it under params: the position and time of the observation; and the
// centre of its cell, its id (which is the grid's first coordinate), its area in km², and any coordinate of the grid
// by its name.
const (
	inputLon, inputLat         = "lon", "lat"
	inputTime                  = "time"
	inputCellLon, inputCellLat = "cell_lon", "cell_lat"
	inputCellID                = "cell_id"
	inputCellArea              = "cell_area"
)

// cellInput is an input that is one value for each cell: a column of Grid.Cells, or the area.
func (c *compiler) cellInput(a *config.Array, name string) (engine.Input, error) {
	in := engine.Input{Name: name, Column: -1, Derived: -1}
	coords := c.recipe.info.Frame.Coords
	names := []string{inputCellLon, inputCellLat}
	for _, f := range coords {
		names = append(names, f.Name)
	}
	in.Cell = slices.Index(names, name) + 1
	if name == inputCellID && in.Cell == 0 && len(coords) > 0 {
		in.Cell = 3
	}
	_, measures := c.recipe.Grid.(core.CellMeasurer)
	if name == inputCellArea && in.Cell == 0 && measures {
		in.Area = true
	}
	switch {
	case in.Cell == 0 && !in.Area && name == inputCellArea:
		return in, c.recipe.Config.Errorf(a.Key, "%s needs %s, and grid %s neither knows the areas of cells nor has a coordinate of that name", a.Function, name, c.recipe.Config.Output.Grid.Type)
	case in.Cell == 0 && !in.Area:
		if len(coords) > 0 {
			names = append(names, inputCellID)
		}
		return in, c.recipe.Config.Errorf(a.Key, "not supported yet: input %s of %s, which is one value per cell; have %s, %s", name, a.Function, strings.Join(names, ", "), inputCellArea)
	case a.Chunk:
		return in, c.recipe.Config.Errorf(a.Key, "input %s of %s is one value per cell, and this is computed of chunks", name, a.Function)
	}
	c.recipe.pipeline.Cells = c.recipe.pipeline.Cells || in.Cell > 0
	return in, nil
}

// units replaces the names of inputs in braces by the units of their columns. If a unit is not known the result is
// empty; a unit "1" takes its factor away. Where a column counts from an epoch, the epoch is left out of what is of
// another kind than the column, such as a variance or a sum.
func (c *compiler) units(a *config.Array, template string) string {
	if a.Expression != "" && template == "" {
		return c.expressionUnits(a)
	}
	if !strings.Contains(template, "{") {
		return template
	}
	var factors []string
	for _, factor := range strings.Fields(template) {
		open, end := strings.IndexByte(factor, '{'), strings.IndexByte(factor, '}')
		if open < 0 || end < open {
			factors = append(factors, factor)
			continue
		}
		units := c.unitsOf(a, factor[open+1:end])
		if units == "" {
			return ""
		}
		if unit, _, ok := strings.Cut(units, " since "); ok && (template != "{"+factor[open+1:end]+"}" || slices.Contains([]string{"std", "nanstd", "sum", "nansum"}, a.Function)) {
			units = unit
		}
		before, power := factor[:open], factor[end+1:]
		switch {
		case units == "1" && before == "":
			continue
		case power != "" && strings.ContainsAny(units, " /*."):
			units = "(" + units + ")"
		}
		factors = append(factors, before+units+power)
	}
	if len(factors) == 0 {
		return "1"
	}
	return strings.Join(factors, " ")
}

// unitsOf are the units of the column that an input is; "" if they are not known.
func (c *compiler) unitsOf(a *config.Array, input string) string {
	column := ""
	if input == "source" {
		column = a.Source
	}
	params, _ := c.resolve(a)
	for _, p := range params {
		if p.Name == input && p.Const == nil {
			column = p.Column
		}
	}
	if _, ok := c.columns[column]; ok {
		return c.columnUnits(column)
	}
	switch input {
	case inputLon, inputLat, inputCellLon, inputCellLat:
		return "degrees"
	case inputCellArea:
		return "km2"
	case inputTime:
		return "seconds since 1970-01-01T00:00:00Z"
	}
	return ""
}
