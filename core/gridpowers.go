package core

import (
	"context"
	"encoding/json"
)

// A CellCoverer is a Grid that finds shards from the HEALPix cells that a catalog lists for a footprint, which is closer than its
// outline. (optional)
type CellCoverer interface {
	Grid
	// CoverCells lists for each set of cells, in key order and once each, every shard that can own a point within a margin, in
	// metres, of them; margins are as many as sets. A cell is a packed word of 64 bits (mortie), of any order, on authalic
	// latitudes. ok is false for a set that this grid cannot use: one with a word that is no cell, or cells that its own latitudes
	// say nothing of.
	CoverCells(ctx context.Context, sets [][]uint64, margins []float64) (keys [][]ShardKey, ok []bool, err error)
}

// A CellMeasurer is a Grid that knows how large its cells are. What a statistic takes as cell_area comes from it. (optional)
type CellMeasurer interface {
	Grid
	// CellAreas gives the areas of the cells of some slots of a shard, km² on the sphere of Shard.AreaKM2; NaN where the slot is void.
	// Those of all slots of a shard add up to its own, or nearly, where cells do not fill it exactly.
	CellAreas(ctx context.Context, key ShardKey, slots []int32) ([]float64, error)
}

// A LegacyGrid is a Grid that earlier releases knew by its orders: their events state them, and in their shard maps the spelling
// of a key says what is a setting today. (optional)
type LegacyGrid interface {
	Grid
	// Orders are those of shards and of cells. It never calls out.
	Orders() (shard, cell int)
	// Restore completes what an earlier release wrote for a grid of this kind by what it implies. What is complete comes back
	// as it is.
	Restore(ctx context.Context, old Legacy) (Restored, error)
}

// Legacy is what an earlier release, or this one, wrote of a grid. Every part may be missing.
type Legacy struct {
	Signature             json.RawMessage // that keys are said to be of
	Keys                  []ShardKey
	Settings              Config // that a grid for keys shall be made from
	ShardOrder, CellOrder *int   // as an event states them
}

// Restored is a Legacy, complete.
type Restored struct {
	Signature json.RawMessage // as Info has it for such a grid; nil if none was given
	Explicit  json.RawMessage // the same with members that Info leaves out, so that no spelling of keys implies anything else
	Settings  Config          // nil if none were given
	Keys      []ShardKey      // those of the keys that are spelled as earlier releases did
	Note      string          // what these imply that Settings did not say: a clause for people; "": nothing
}
