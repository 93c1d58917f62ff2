package host

// Types of arrays: what statistics give, and what configurations say.

import (
	"fmt"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/config"
	"github.com/englacial/zagg/internal/engine"
)

// typed is a variable with the type of its cells and the fill value for it, which is what its statistic gives. The
// configuration may repeat the type, and is refused if it says another, except for statistics that can be stored as
// any type.
func (c *compiler) typed(a *config.Array, info core.StatisticInfo, inputs []engine.Input) (*config.Array, error) {
	if a.Expression != "" {
		return a, nil
	}
	first := info.Outputs[0]
	t, err := c.typeOf(a, info, inputs)
	if err != nil {
		return nil, err
	}
	if info.AnyType {
		first.Fill = nil
	}
	out, err := a.As(t, first.Fill)
	if err != nil {
		return nil, c.recipe.Config.Errorf(a.Key+".fill_value", "%w, which %s gives", err, a.Function)
	}
	if !info.AnyType && a.DefaultType && a.DefaultFill && len(first.Fill) == 0 && !t.IsFloat() && !out.Ragged {
		c.recipe.Notes = append(c.recipe.Notes, fmt.Sprintf("%s: %s gives %s and there is no fill_value: cells without observations hold 0", a.Key, a.Function, t))
	}
	return out, nil
}

// typeOf is the type of the first output of a statistic.
func (c *compiler) typeOf(a *config.Array, info core.StatisticInfo, inputs []engine.Input) (core.Type, error) {
	gives := info.Outputs[0].Type
	switch {
	case gives == core.Bytes:
		return 0, c.recipe.Config.Errorf(a.Key, "%s gives texts, which no array of numbers can hold", a.Function)
	case info.AnyType, gives == 0 && !a.DefaultType:
		return a.Type, nil
	case gives == 0:
		return c.inputType(inputs), nil
	case !a.DefaultType && a.Type != gives:
		return 0, c.recipe.Config.Errorf(a.Key+".dtype", "%s gives %s, and the configuration says dtype: %s: leave that out, or repeat what it gives", a.Function, gives, a.Type)
	}
	return gives, nil
}

// chunkType is the type of a chunk value, which is NaN for chunks without one: what its statistic gives, if that type
// has NaN.
func (c *compiler) chunkType(a *config.Array, info core.StatisticInfo, inputs []engine.Input) (core.Type, error) {
	if gives := info.Outputs[0].Type; !a.DefaultType && gives != core.Bytes && !gives.IsFloat() || a.Expression != "" {
		return a.Type, nil
	}
	t, err := c.typeOf(a, info, inputs)
	if err == nil && !t.IsFloat() {
		t = core.Float64
	}
	return t, err
}

// inputType is the type of the first column that a statistic takes.
func (c *compiler) inputType(inputs []engine.Input) core.Type {
	for _, in := range inputs {
		switch {
		case in.Cell > 0 || in.Area || in.Chunk > 0: // of cells, not of rows
			continue
		case in.Column >= 0:
			return c.fields[in.Column].Type
		case in.Place:
			return core.Uint64
		case in.Derived >= 0:
			if _, words := c.recipe.pipeline.Derived[in.Derived].(*engine.Clock); words {
				return core.Uint64
			}
		}
		return core.Float64
	}
	return core.Float64
}
