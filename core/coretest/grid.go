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
}

// Grid tests the grids that make gives, which are all the same. Those that are io.Closers are closed in the end.
func Grid[S Tester[S]](t S, make func(context.Context) (core.Grid, error), opt GridOptions) {
	t.Helper()
	g := newGridSuite(opt, make)
	defer func() { closeAll(g.made) }()
	runAll(t, opt.Options, g.steps())
}

// A gridSuite is what the checks of a grid share.
type gridSuite struct {
	GridOptions
	make  func(context.Context) (core.Grid, error)
	made  []core.Grid
	grid  core.Grid
	info  core.GridInfo
	homes []home                   // shards that are known, and places in them
	voids map[core.ShardKey][]bool // by slot, of shards whose cells were listed
	poles []core.LonLat            // those of the two that are in the domain
	seam  []core.LonLat            // places in the domain where longitudes jump
}

func newGridSuite(opt GridOptions, make func(context.Context) (core.Grid, error)) *gridSuite {
	if opt.Excess == 0 {
		opt.Excess = 1.5
	}
	return &gridSuite{GridOptions: opt, make: make, voids: map[core.ShardKey][]bool{}}
}

func (g *gridSuite) steps() []step {
	return []step{
		{name: "New", run: g.checkNew, needed: true},
		{name: "Info", run: g.checkInfo, needed: true},
		{name: "Find", run: g.find, needed: true},
		{name: "Shards", run: g.checkShards},
		{name: "UnknownKeys", run: g.checkUnknownKeys},
		{name: "Outlines", run: g.checkOutlines},
		{name: "Areas", run: g.checkAreas, share: 30},
		{name: "AreasTogether", run: g.checkAreasTogether},
		{name: "Cells", run: g.checkCells},
		{name: "Axes", run: g.checkAxes},
		{name: "VoidSlots", run: g.checkVoids},
		{name: "OneSlot", run: g.checkOneSlot, share: 13},
		{name: "Borders", run: g.checkBorders, share: 19},
		{name: "NotOnEarth", run: g.checkNotOnEarth},
		{name: "Turns", run: g.checkTurns},
		{name: "Lengths", run: g.checkLengths},
		{name: "Large", run: g.checkLarge, share: 130},
		{name: "CoverPoints", run: g.coverOf(g.pointAreas)},
		{name: "CoverBorders", run: g.coverOf(g.borderAreas), share: 80},
		{name: "CoverCaps", run: g.coverOf(g.capAreas), share: 6},
		{name: "CoverTracks", run: g.coverOf(g.trackAreas)},
		{name: "CoverBoxes", run: g.coverOf(g.boxAreas), share: 7},
		{name: "CoverPolygons", run: g.coverOf(g.polygonAreas), share: 25},
		{name: "CoverPoles", run: g.coverOf(g.poleAreas), share: 30},
		{name: "CoverAntimeridian", run: g.coverOf(g.seamAreas), share: 28},
		{name: "CoverHuge", run: g.checkHuge, share: 20},
		{name: "CoverGiven", run: g.coverOf(g.givenAreas)},
		{name: "CoverEmpty", run: g.checkCoverEmpty},
		{name: "CoverInvalid", run: g.checkCoverInvalid},
		{name: "CoverTogether", run: g.checkCoverTogether, share: 15},
		{name: "CoverNearMinimal", run: g.checkNearMinimal, share: 570},
		{name: "LocateIn", run: g.checkLocateIn, use: "runs place the observations of several shards in one pass"},
		{name: "CellOutlines", run: g.checkCellOutlines, use: "maps, the viewer and exports draw cells; of grids that are linked in"},
		{name: "CellAreas", run: g.checkCellAreas, use: "runs give statistics the input cell_area"},
		{name: "Names", run: g.checkNames, use: "runs write places beside rows (location: leaf_id), and commands name cells"},
		{name: "CoverCells", run: g.checkCoverCells, share: 6, use: "shard maps are made of catalogs that list cells"},
		{name: "Legacy", run: g.checkLegacy, use: "events, maps and stores of earlier releases are read"},
		{name: "Pure", run: g.checkPure},
		{name: "Concurrent", run: g.checkConcurrent, share: 8},
		{name: "Cancelled", run: g.checkCancelled},
	}
}
