package coretest

import (
	"context"

	"github.com/englacial/zagg/core"
)

// GridOptions are the options of Grid. All may be left out for a grid of the whole Earth.
type GridOptions struct {
	Options
	Points    []core.LonLat                   // places in the grid's domain, for a grid of a small part of the Earth
	Keys      []core.ShardKey                 // shards to look at besides those that are found
	Spellings map[core.ShardKey]core.ShardKey // other spellings of keys, and the canonical ones
	Regions   []core.Region                   // to cover besides those that the suite makes
	Outside   func(lon, lat float64) bool     // where the grid has no cells on purpose; nil: judged by the points around
	Excess    float64                         // how many times the shards that a region meets Cover may list, on average; 0: 1.5
	Config    string                          // for messages: what the grid was made from
}

// Grid tests the grids that make gives, which are all the same.
func Grid[S Tester[S]](t S, make func(context.Context) (core.Grid, error), opt GridOptions) {
	t.Helper()
	g := &gridSuite{GridOptions: opt, make: make}
	if g.Excess == 0 {
		g.Excess = 1.5
	}
	runAll(t, opt.Options,
		step{"New", g.checkNew},
		step{"Info", g.checkInfo},
	)
}

// A gridSuite is what the checks of a grid share.
type gridSuite struct {
	GridOptions
	make func(context.Context) (core.Grid, error)
	grid core.Grid
	info core.GridInfo
}
