package sources

import (
	"context"
	"strconv"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/catalog"
	"github.com/englacial/zagg/internal/catalog/geometry"
	"github.com/englacial/zagg/internal/catalog/geoparquet"
)

// A Recorder hands granules on, counts them, and keeps them for a catalog file. What a map does not need stays out of it.
type Recorder struct {
	Source   catalog.Source
	Area     core.Region        // that was asked for
	Writer   *geoparquet.Writer // of the catalog file; nil: none is kept
	Cover    core.Grid          // a grid whose shards are the cells to note; nil: none
	Order    int                // of Cover
	Progress func(n int)        // told after each granule

	Count    int
	Anywhere int            // granules without a footprint
	Doubtful int            // granules whose footprint was taken larger than it may be
	Doubt    string         // of the first of them
	Products map[string]int // granules of each, as their names or the catalog say
	Meta     catalog.Meta   // of all, when Granules has returned

	pending []*catalog.Entry // whose cells are not known yet
}

var _ catalog.Source = (*Recorder)(nil)

// indexAtOnce is how many footprints are covered in one call.
const indexAtOnce = 1000

// Granules is the source's, in its order.
func (t *Recorder) Granules(ctx context.Context, q catalog.Query, visit func(*catalog.Entry) error) (catalog.Meta, error) {
	meta, err := t.Source.Granules(ctx, q, func(g *catalog.Entry) error {
		if t.Cover == nil {
			return t.pass(g, visit)
		}
		if t.pending = append(t.pending, g); len(t.pending) < indexAtOnce {
			return nil
		}
		return t.index(ctx, visit)
	})
	if err == nil {
		err = t.index(ctx, visit)
	}
	b := geometry.Bounds(t.Area.Polygons)
	meta.BBox = b[:]
	t.Meta = meta
	return meta, err
}

// index notes the cells of the granules that wait for theirs, and passes them on.
func (t *Recorder) index(ctx context.Context, visit func(*catalog.Entry) error) error {
	var regions []core.Region
	var of []*catalog.Entry
	for _, g := range t.pending {
		if len(g.Footprint.Polygons) > 0 && len(g.Cells) == 0 {
			regions, of = append(regions, g.Footprint), append(of, g)
		}
	}
	if len(of) > 0 {
		covers, err := t.Cover.Cover(ctx, regions)
		if err != nil {
			return err
		}
		for i, g := range of {
			g.CellsOrder = t.Order
			for _, key := range covers[i] {
				word, err := strconv.ParseUint(string(key), 10, 64)
				if err != nil {
					return core.Errorf(core.Internal, "--index-footprints", g.ID, "%s is not a word", key)
				}
				g.Cells = append(g.Cells, word)
			}
		}
	}
	for _, g := range t.pending {
		if err := t.pass(g, visit); err != nil {
			return err
		}
	}
	t.pending = t.pending[:0]
	return nil
}

func (t *Recorder) pass(g *catalog.Entry, visit func(*catalog.Entry) error) error {
	t.Count++
	if g.Product != "" {
		if t.Products == nil {
			t.Products = map[string]int{}
		}
		t.Products[g.Product]++
	}
	if len(g.Footprint.Polygons) == 0 && len(g.Cells) == 0 {
		t.Anywhere++
	}
	if g.Doubt != "" {
		if t.Doubtful++; t.Doubtful == 1 {
			t.Doubt = g.ID + ", " + g.Doubt
		}
	}
	if t.Writer != nil {
		if err := t.Writer.Add(g); err != nil {
			return err
		}
	}
	for name, a := range g.Siblings {
		if !catalog.IsData(a.Any()) { // metadata and pictures are for the catalog
			delete(g.Siblings, name)
		}
	}
	t.Progress(t.Count)
	return visit(g)
}
