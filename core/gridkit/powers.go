package gridkit

import (
	"context"

	"github.com/englacial/zagg/core"
)

// Powers are the optional powers of a grid, each nil where the grid has it not. What stands before a grid, as a guard or as
// one end of a protocol, puts its own in their place.
type Powers struct {
	Locates  locates  // of a core.ShardLocator
	Names    names    // of a core.CellNamer
	Covers   covers   // of a core.CellCoverer
	Restores restores // of a core.LegacyGrid
	Measures measures // of a core.CellMeasurer
}

type locates interface {
	LocateIn(ctx context.Context, keys []core.ShardKey, lon, lat []float64, shard, slot []int32) error
}

type names interface {
	Names(ctx context.Context, lon, lat []float64) ([]core.Column, error)
}

type covers interface {
	CoverCells(ctx context.Context, sets [][]uint64, margins []float64) (keys [][]core.ShardKey, ok []bool, err error)
}

type restores interface {
	Orders() (shard, cell int)
	Restore(ctx context.Context, old core.Legacy) (core.Restored, error)
}

type measures interface {
	CellAreas(ctx context.Context, key core.ShardKey, slots []int32) ([]float64, error)
}

// PowersOf are the powers that a grid has.
func PowersOf(g core.Grid) Powers {
	var p Powers
	if l, ok := g.(core.ShardLocator); ok {
		p.Locates = l
	}
	if n, ok := g.(core.CellNamer); ok {
		p.Names = n
	}
	if c, ok := g.(core.CellCoverer); ok {
		p.Covers = c
	}
	if r, ok := g.(core.LegacyGrid); ok {
		p.Restores = r
	}
	if m, ok := g.(core.CellMeasurer); ok {
		p.Measures = m
	}
	return p
}
