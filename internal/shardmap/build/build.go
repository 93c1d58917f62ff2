package build

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/catalog"
	"github.com/englacial/zagg/internal/catalog/geometry"
	"github.com/englacial/zagg/internal/shardmap"
)

// Options say how a shard map is built.
type Options struct {
	// Area keeps the map to the shards that meet it, whatever of the shards lies outside. No polygons: the whole Earth.
	Area core.Region
	// Readings say how the rings of the area were read; they are noted in the metadata.
	Readings []geometry.Reading
	// Allowance replaces the default of every product.
	Allowance *Allowance
	// IgnoreCells builds from footprints also where the catalog has their cells.
	IgnoreCells bool
	// Timings notes in the metadata how long the build took, which makes two builds of one map differ.
	Timings bool
}

// batch is how many footprints are covered in one call.
const batch = 1000

// Map makes the map of the granules of a source for a grid: for each granule the shards that its footprint meets, grown
// by its allowance, of those that meet the area. The same source gives the same map: shards in key order, granules in the
// order of the source. Errors name the granule.
func Map(ctx context.Context, grid core.Grid, source catalog.Source, q catalog.Query, o Options) (*shardmap.Map, error) {
	start := time.Now()
	b := &builder{grid: grid, options: o, shards: map[core.ShardKey]*[]int32{}, seen: map[string]bool{}}
	if len(o.Area.Polygons) > 0 {
		area, err := grid.Cover(ctx, []core.Region{o.Area})
		if err != nil {
			return nil, core.Wrap(err, "shard map", "area")
		}
		b.area = area[0]
		for _, key := range b.area {
			b.shards[key] = new([]int32)
		}
	}
	meta, err := b.stream(ctx, source, q)
	if err != nil {
		return nil, err
	}
	m, err := b.finish(meta)
	if err != nil || !o.Timings {
		return m, err
	}
	return m, b.annotate(m, meta, time.Since(start).Seconds())
}

// A builder collects pairs.
type builder struct {
	grid    core.Grid
	options Options
	area    []core.ShardKey            // nil: the whole Earth
	shards  map[core.ShardKey]*[]int32 // places in listed, by shard; all shards of the area have an entry
	listed  []*catalog.Entry           // granules that have a shard
	seen    map[string]bool            // ids
	total   int
	cells   bool // some granule's cells were used; noted while covering
}

// A covered is a batch of granules with their shards.
type covered struct {
	granules []*catalog.Entry
	shards   [][]core.ShardKey
}

// stream covers one batch while the source reads the next and the shards of the one before are noted.
func (b *builder) stream(ctx context.Context, source catalog.Source, q catalog.Query) (catalog.Meta, error) {
	var meta catalog.Meta
	batches, done := make(chan []*catalog.Entry, 1), make(chan covered, 1)
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error {
		defer close(batches)
		var err error
		meta, err = read(ctx, source, q, batches)
		return err
	})
	group.Go(func() error {
		defer close(done)
		for list := range batches {
			shards, err := b.cover(ctx, list)
			if err != nil {
				return err
			}
			if err := send(ctx, done, covered{list, shards}); err != nil {
				return err
			}
		}
		return nil
	})
	group.Go(func() error {
		for c := range done {
			if err := b.add(c); err != nil {
				return err
			}
		}
		return nil
	})
	err := group.Wait()
	return meta, err
}

// read sends the granules of a source in batches.
func read(ctx context.Context, source catalog.Source, q catalog.Query, batches chan<- []*catalog.Entry) (catalog.Meta, error) {
	var next []*catalog.Entry
	meta, err := source.Granules(ctx, q, func(g *catalog.Entry) error {
		if next = append(next, g); len(next) < batch {
			return nil
		}
		full := next
		next = nil
		return send(ctx, batches, full)
	})
	if err != nil || len(next) == 0 {
		return meta, err
	}
	return meta, send(ctx, batches, next)
}

func send[T any](ctx context.Context, to chan<- T, v T) error {
	select {
	case to <- v:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// add keeps the shards of the area.
func (b *builder) add(c covered) error {
	for i, g := range c.granules {
		if b.seen[g.ID] {
			return core.Errorf(core.Invalid, "shard map", g.ID, "the catalog has this granule twice; its observations would count twice")
		}
		b.seen[g.ID] = true
		b.total++
		place := int32(len(b.listed))
		for _, key := range c.shards[i] {
			places := b.shards[key]
			if places == nil {
				if b.area != nil {
					continue
				}
				places = new([]int32)
				b.shards[core.ShardKey(strings.Clone(string(key)))] = places // not the memory of the whole cover
			}
			*places = append(*places, place)
			if place == int32(len(b.listed)) {
				b.listed = append(b.listed, listed(g))
			}
		}
	}
	return nil
}

// cover lists the shards of each granule, inside and outside of the area.
func (b *builder) cover(ctx context.Context, list []*catalog.Entry) ([][]core.ShardKey, error) {
	covers := make([][]core.ShardKey, len(list))
	done := make([]bool, len(list))
	if coverer, ok := b.grid.(core.CellCoverer); ok && !b.options.IgnoreCells {
		if err := b.coverCells(ctx, coverer, list, covers, done); err != nil {
			return nil, err
		}
	}
	var regions []core.Region
	var places []int
	for i, g := range list {
		switch {
		case done[i]:
		case len(g.Footprint.Polygons) > 0:
			r := g.Footprint
			r.Margin = b.allowance(g).Of(&r)
			regions, places = append(regions, r), append(places, i)
		case b.area != nil:
			covers[i] = b.area
		default:
			return nil, core.Errorf(core.Invalid, "shard map", g.ID, "it has no footprint, so that it may have observed anywhere: give an area")
		}
	}
	found, err := b.coverRegions(ctx, list, regions, places)
	for k, i := range places {
		if err == nil {
			covers[i] = found[k]
		}
	}
	return covers, err
}

// coverRegions covers regions that are of the granules at places of a list.
func (b *builder) coverRegions(ctx context.Context, list []*catalog.Entry, regions []core.Region, places []int) ([][]core.ShardKey, error) {
	found, err := b.grid.Cover(ctx, regions)
	if err == nil || ctx.Err() != nil {
		return found, err
	}
	for k, i := range places { // which one is it?
		if _, own := b.grid.Cover(ctx, regions[k:k+1]); own != nil {
			return nil, core.Wrapf(own, "shard map", list[i].ID, "its footprint: %w", own)
		}
	}
	return nil, err
}

// coverCells covers the granules of which the catalog lists cells that the grid can use, and that are not at odds with
// the footprint: cells of another latitude convention lie elsewhere and would lose observations.
func (b *builder) coverCells(ctx context.Context, coverer core.CellCoverer, list []*catalog.Entry, covers [][]core.ShardKey, done []bool) error {
	var words [][]uint64
	var margins []float64
	var regions []core.Region
	var places []int
	for i, g := range list {
		if len(g.Cells) == 0 {
			continue
		}
		words, places = append(words, g.Cells), append(places, i)
		margins = append(margins, b.allowance(g).Of(&g.Footprint))
		bare := g.Footprint
		bare.Margin = 0
		regions = append(regions, bare)
	}
	if len(places) == 0 {
		return nil
	}
	found, usable, err := coverer.CoverCells(ctx, words, margins)
	if err != nil {
		return err
	}
	bare, err := b.coverRegions(ctx, list, regions, places)
	if err != nil {
		return err
	}
	for k, i := range places {
		if usable[k] && containsAll(found[k], bare[k]) {
			covers[i], done[i], b.cells = found[k], true, true
		}
	}
	return nil
}

// containsAll reports whether some sorted keys are all among others.
func containsAll(all, some []core.ShardKey) bool {
	for _, key := range some {
		if _, ok := slices.BinarySearchFunc(all, key, core.CompareKeys); !ok {
			return false
		}
	}
	return true
}

func (b *builder) allowance(g *catalog.Entry) Allowance {
	if b.options.Allowance != nil {
		return *b.options.Allowance
	}
	return allowanceOf(g.Product)
}

// listed is what a map keeps of a granule.
func listed(g *catalog.Entry) *catalog.Entry {
	return &catalog.Entry{Granule: g.Granule, Data: g.Data, Siblings: g.Siblings, Datetime: g.Datetime, TimeKey: g.TimeKey}
}

// finish puts shards in key order and leaves out those without granules.
func (b *builder) finish(meta catalog.Meta) (*shardmap.Map, error) {
	m := &shardmap.Map{GridSignature: b.grid.Info().Signature}
	for key, places := range b.shards {
		if len(*places) > 0 {
			m.Keys = append(m.Keys, key)
		}
	}
	slices.SortFunc(m.Keys, core.CompareKeys)
	for _, key := range m.Keys {
		places := *b.shards[key]
		list := make([]*catalog.Entry, len(places))
		for i, place := range places {
			list[i] = b.listed[place]
		}
		m.Granules = append(m.Granules, list)
		*b.shards[key] = nil // as many records again
	}
	return m, b.annotate(m, meta, 0)
}

// annotate writes the metadata: the catalog's, and how the map was made.
func (b *builder) annotate(m *shardmap.Map, meta catalog.Meta, seconds float64) error {
	about := struct {
		catalog.Meta
		Backend          string     `json:"backend"`
		Footprint        string     `json:"footprint"`
		FootprintMargin  *Allowance `json:"footprint_margin,omitempty"`
		FootprintCells   bool       `json:"footprint_cells,omitempty"`
		GranulesAssigned int        `json:"granules_assigned"`
		TotalShards      int        `json:"total_shards"`
		TotalPairs       int        `json:"total_pairs"`
		BuildWall        float64    `json:"build_wall_s,omitempty"`
		Area             *Area      `json:"area,omitempty"`
	}{Meta: meta, Backend: "zagg", Footprint: "swath", FootprintMargin: b.options.Allowance, FootprintCells: b.cells,
		GranulesAssigned: len(b.listed), TotalShards: len(m.Keys), TotalPairs: m.Pairs(), BuildWall: seconds, Area: areaOf(b.options.Readings)}
	about.TotalGranules = b.total
	var err error
	m.Metadata, err = json.Marshal(about)
	return err
}
