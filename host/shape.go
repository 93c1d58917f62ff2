package host

// Shapes of cells: what statistics give, and what configurations say.

import (
	"fmt"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/config"
)

// shaped is a variable with the shape of its cells, which is what its statistic gives. The configuration may repeat
// it, and is refused if it says something else. The shape of an expression is what the configuration says, and the
// compiler of expressions checks it.
func (c *compiler) shaped(a *config.Array, info core.StatisticInfo) (*config.Array, error) {
	cfg := c.recipe.Config
	if a.Expression != "" {
		return a, nil
	}
	if len(info.Outputs) == 0 {
		return nil, cfg.Errorf(a.Key, "%s gives nothing to store", a.Function)
	}
	first := info.Outputs[0]
	n := max(first.Width, 1)
	if a.Kind != "" {
		if first.Ragged != a.Ragged || n != a.Width() {
			return nil, cfg.Errorf(a.Key, "%s gives %s, and the configuration says %s: leave that out, or repeat what it gives", a.Function, shapeText(first), saidShape(a))
		}
		return a, nil
	}
	shaped := *a
	switch {
	case first.Ragged:
		shaped.Ragged, shaped.Inner, shaped.Fill = true, []int{n}, nil // a cell without observations has no rows
	case n > 1:
		shaped.Shape = []int{n}
	}
	return &shaped, nil
}

// shapeText describes what a field holds for each cell, in words and as a configuration would say it.
func shapeText(f core.Field) string {
	n := max(f.Width, 1)
	switch {
	case f.Ragged:
		return fmt.Sprintf("any number of rows of %d values per cell (kind: ragged, inner_shape: [%d])", n, n)
	case n > 1:
		return fmt.Sprintf("%d values per cell (kind: vector, trailing_shape: [%d])", n, n)
	}
	return "one value per cell (kind: scalar)"
}

// saidShape is what a configuration says about a variable's shape.
func saidShape(a *config.Array) string {
	switch {
	case a.Ragged:
		return fmt.Sprintf("kind: ragged, inner_shape: %d", a.Inner)
	case a.Shape != nil:
		return fmt.Sprintf("kind: vector, trailing_shape: %d", a.Shape)
	}
	return "kind: " + a.Kind
}
