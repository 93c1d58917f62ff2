package core

import (
	"context"
	"encoding/json"
)

// A CellCoverer is a Grid that finds shards from the HEALPix cells that a catalog lists for a footprint, which are more precise
// than its outline. (optional)
type CellCoverer interface {
	Grid
	// CoverCells returns for each set of cells all shards that can own a point within the set's margin (metres) of them, in key
	// order and without duplicates; len(margins) == len(sets). A cell is a packed word of 64 bits (mortie) of any order, on
	// authalic latitudes. ok is false for a set that this grid cannot use: a word is not a cell, or the grid uses other
	// latitudes.
	CoverCells(ctx context.Context, sets [][]uint64, margins []float64) (keys [][]ShardKey, ok []bool, err error)
}

// A CellMeasurer is a Grid that knows the areas of its cells, the input cell_area of statistics. (optional)
type CellMeasurer interface {
	Grid
	// CellAreas returns the areas of the cells of the slots of a shard, in km² on the sphere of Shard.AreaKM2; NaN for void
	// slots. The areas of all slots add up to the area of the shard, approximately if cells do not fill it exactly.
	CellAreas(ctx context.Context, key ShardKey, slots []int32) ([]float64, error)
}

// A LegacyGrid is a Grid that earlier releases supported. Their events give its orders, and in their shard maps the form of a key
// implies what is a setting today. (optional)
type LegacyGrid interface {
	Grid
	// Orders returns the orders of shards and of cells. It does no I/O.
	Orders() (shard, cell int)
	// Restore completes what an earlier release wrote for a grid of this kind. Complete values are returned unchanged.
	Restore(ctx context.Context, old Legacy) (Restored, error)
}

// Legacy is the description of a grid by an earlier release, or by this one. Every member may be missing.
type Legacy struct {
	Signature             json.RawMessage // signature given for the keys
	Keys                  []ShardKey
	Settings              Config // settings for a grid with these keys
	ShardOrder, CellOrder *int   // from an event
}

// Restored is a Legacy, complete.
type Restored struct {
	Signature json.RawMessage // as returned by Info for such a grid; nil if none was given
	Explicit  json.RawMessage // the same with the members that Info leaves out, so that the form of keys implies nothing else
	Settings  Config          // nil if none were given
	Keys      []ShardKey      // those keys that have the form of earlier releases
	Note      string          // what the keys imply beyond Settings, a clause for people; "": nothing
}
