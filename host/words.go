package host

// Columns that no file has: the grid's words for places, and times by the configuration's clock.

import (
	"context"

	"github.com/englacial/zagg/core/toc"
	"github.com/englacial/zagg/internal/config"
	"github.com/englacial/zagg/internal/engine"
)

// needPlaces has the grid's word for each row's place kept, if the grid has such words.
func (c *compiler) needPlaces(ctx context.Context, a *config.Array) error {
	if _, err := engine.Places(ctx, c.recipe.Grid, nil, nil); err != nil {
		return at(c.recipe.Config, a.Key+".location", err)
	}
	c.recipe.pipeline.Places = true
	return nil
}

// deriveTimes derives words of time by the configuration's clock, once for all statistics that take them.
func (c *compiler) deriveTimes() (int, error) {
	return c.clocked(config.TimeColumn, func(clock engine.Clock) engine.Derived { return &clock })
}

// secondsName is not one that a configuration can give.
const secondsName = "seconds of " + config.TimeColumn

// deriveSeconds derives seconds since 1970, UTC, by the configuration's clock.
func (c *compiler) deriveSeconds() (int, error) {
	return c.clocked(secondsName, func(clock engine.Clock) engine.Derived { return &engine.Seconds{Clock: clock} })
}

func (c *compiler) clocked(name string, make func(engine.Clock) engine.Derived) (int, error) {
	if i, ok := c.derived[name]; ok {
		return i, nil
	}
	clock := c.recipe.Config.Output.Clock
	k, err := c.column("output.time_source.field", clock.Field)
	if err != nil {
		return 0, err
	}
	return c.addDerived(name, make(engine.Clock{Column: clock.Field, At: k, Clock: toc.NewClock(clock.Epoch, clock.Unit)})), nil
}

// addDerived adds a value that is derived for each row, under a name by which others find it.
func (c *compiler) addDerived(name string, d engine.Derived) int {
	pl := &c.recipe.pipeline
	if c.derived == nil {
		c.derived = map[string]int{}
	}
	c.derived[name] = len(pl.Derived)
	pl.Derived = append(pl.Derived, d)
	return len(pl.Derived) - 1
}
