package worker

import (
	"context"
	"fmt"
	"runtime/debug"
	"slices"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/gridkit"
)

// A panicError is a panic of a plugin. Plugins are called from goroutines, where a panic would end the process before
// anybody learns which shard it was.
type panicError struct {
	where string
	value any
	stack []byte
}

func (p *panicError) Error() string { return fmt.Sprintf("%s panicked: %v", p.where, p.value) }

// recovered makes a panic the error of the function that defers it.
func recovered(where string, err *error) {
	if p := recover(); p != nil {
		*err = core.Errorf(core.Internal, "", "", "%w", &panicError{where: where, value: p, stack: debug.Stack()})
	}
}

// guard puts a recover around what a plugin makes.
func guard(p core.Plugin) core.Plugin {
	p.Grids = wrapped(p.Grids, "grid", func(where string, g core.Grid) core.Grid {
		has := gridkit.PowersOf(g)
		if has.Locates != nil {
			has.Locates = guardedLocator{has, where}
		}
		if has.Restores != nil {
			has.Restores = guardedLegacy{has, where}
		}
		if has.Measures != nil {
			has.Measures = guardedMeasurer{has, where}
		}
		has.Names, has.Covers = nil, nil // which no worker asks for
		return has.With(&guardedGrid{g, where})
	})
	p.Readers = wrapped(p.Readers, "reader", guardReader)
	p.Statistics = wrapped(p.Statistics, "statistic", func(where string, s core.Statistic) core.Statistic {
		g := guardedStatistic{s, where}
		if f, ok := s.(core.Folder); ok {
			return &guardedFolder{g, f}
		}
		return &g
	})
	return p
}

func wrapped[T any](makers []core.Maker[T], kind string, wrap func(string, T) T) []core.Maker[T] {
	makers = slices.Clone(makers)
	for i, m := range makers {
		where := kind + " " + m.Name
		makers[i].New = func(ctx context.Context, config core.Config) (made T, err error) {
			defer recovered(where, &err)
			if made, err = m.New(ctx, config); err == nil {
				made = wrap(where, made)
			}
			return made, err
		}
	}
	return makers
}

type guardedGrid struct {
	core.Grid
	where string
}

func (g *guardedGrid) Cover(ctx context.Context, regions []core.Region) (keys [][]core.ShardKey, err error) {
	defer recovered(g.where, &err)
	return g.Grid.Cover(ctx, regions)
}

func (g *guardedGrid) Shards(ctx context.Context, keys []core.ShardKey) (shards []core.Shard, err error) {
	defer recovered(g.where, &err)
	return g.Grid.Shards(ctx, keys)
}

func (g *guardedGrid) Cells(ctx context.Context, key core.ShardKey) (cols []core.Column, err error) {
	defer recovered(g.where, &err)
	return g.Grid.Cells(ctx, key)
}

func (g *guardedGrid) Locate(ctx context.Context, key core.ShardKey, lon, lat []float64, slot []int32) (err error) {
	defer recovered(g.where, &err)
	return g.Grid.Locate(ctx, key, lon, lat, slot)
}

type guardedLocator struct {
	of    gridkit.Powers
	where string
}

func (g guardedLocator) LocateIn(ctx context.Context, keys []core.ShardKey, lon, lat []float64, shard, slot []int32) (err error) {
	defer recovered(g.where, &err)
	return g.of.Locates.LocateIn(ctx, keys, lon, lat, shard, slot)
}

type guardedMeasurer struct {
	of    gridkit.Powers
	where string
}

func (g guardedMeasurer) CellAreas(ctx context.Context, key core.ShardKey, slots []int32) (areas []float64, err error) {
	defer recovered(g.where, &err)
	return g.of.Measures.CellAreas(ctx, key, slots)
}

type guardedLegacy struct {
	of    gridkit.Powers
	where string
}

func (g guardedLegacy) Orders() (shard, cell int) { return g.of.Restores.Orders() }

func (g guardedLegacy) Restore(ctx context.Context, old core.Legacy) (restored core.Restored, err error) {
	defer recovered(g.where, &err)
	return g.of.Restores.Restore(ctx, old)
}

// guardReader keeps the reader's optional powers, and adds none.
func guardReader(where string, r core.ProductReader) core.ProductReader {
	g := &guardedReader{r, where}
	indexer, indexes := r.(core.Indexer)
	numbering, numbers := r.(core.RowReader) // which is an Indexer
	identifier, identifies := r.(core.Identifier)
	index, rows, identify := guardedIndexer{indexer, where}, guardedRows{guardedIndexer{numbering, where}, numbering}, guardedIdentifier{identifier, where}
	switch {
	case numbers && identifies:
		return struct {
			*guardedReader
			guardedRows
			guardedIdentifier
		}{g, rows, identify}
	case numbers:
		return struct {
			*guardedReader
			guardedRows
		}{g, rows}
	case indexes && identifies:
		return struct {
			*guardedReader
			guardedIndexer
			guardedIdentifier
		}{g, index, identify}
	case indexes:
		return struct {
			*guardedReader
			guardedIndexer
		}{g, index}
	case identifies:
		return struct {
			*guardedReader
			guardedIdentifier
		}{g, identify}
	}
	return g
}

type guardedReader struct {
	core.ProductReader
	where string
}

func (g *guardedReader) Read(ctx context.Context, src core.ObjectReader, granule core.Granule, q core.Query, emit func(*core.Batch) error) (stats core.ReadStats, err error) {
	defer recovered(g.where, &err)
	return g.ProductReader.Read(ctx, src, granule, q, emit)
}

type guardedIndexer struct {
	indexer core.Indexer
	where   string
}

func (g guardedIndexer) Index(ctx context.Context, src core.ObjectReader, granule core.Granule, q core.Query) (data []byte, err error) {
	defer recovered(g.where, &err)
	return g.indexer.Index(ctx, src, granule, q)
}

type guardedRows struct {
	guardedIndexer
	of core.RowReader
}

func (g guardedRows) Rows() string { return g.of.Rows() }

func (g guardedRows) ReadRows(ctx context.Context, src core.ObjectReader, granule core.Granule, q core.RowQuery, emit func(*core.Batch) error) (stats core.ReadStats, err error) {
	defer recovered(g.where, &err)
	return g.of.ReadRows(ctx, src, granule, q, emit)
}

type guardedIdentifier struct {
	identifier core.Identifier
	where      string
}

func (g guardedIdentifier) Identify(ctx context.Context, names []string) (ids []core.Identity, err error) {
	defer recovered(g.where, &err)
	return g.identifier.Identify(ctx, names)
}

type guardedStatistic struct {
	core.Statistic
	where string
}

func (g *guardedStatistic) Compute(ctx context.Context, groups *core.Groups) (cols []core.Column, err error) {
	defer recovered(g.where, &err)
	return g.Statistic.Compute(ctx, groups)
}

type guardedFolder struct {
	guardedStatistic
	folder core.Folder
}

func (g *guardedFolder) Fold(ctx context.Context, groups *core.Groups) (cols []core.Column, err error) {
	defer recovered(g.where, &err)
	return g.folder.Fold(ctx, groups)
}
