package healpix

// Covers: the shards that a region meets, found by descending the tree of cells.
//
// A cell that is apart from the region, or wholly within it, is done with. Otherwise its four children are compared
// with those edges that come near the cell (sphere.Piece). Comparisons go from cheap to exact: a disc around the cell
// and one within, its corners, and at last cells far smaller than shards.

import (
	"context"
	"math"
	"slices"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/gridkit"
	"github.com/englacial/zagg/core/sphere"
)

// maxCover is the most shards that a cover may have, more than there are on the globe at order 9.
const maxCover = 1 << 22

// finest is the order of the smallest cells by which a cover finds out whether an edge meets a shard: 0.4 mm. A shard
// that the region misses by less than that is listed.
const finest = 34

// Cover implements core.Grid. A region without polygons has no shards. Regions are divided among the processors.
func (g *grid) Cover(ctx context.Context, regions []core.Region) ([][]core.ShardKey, error) {
	return gridkit.Cover("healpix.Cover", regions, func() func(core.Region) ([]core.ShardKey, error) {
		c := &coverer{ctx: ctx, order: g.config.ParentOrder}
		if len(regions) >= manyRegions {
			c.discs = g.coarseDiscs()
		}
		return func(r core.Region) ([]core.ShardKey, error) { return c.keys(r, g.config.Latitude) }
	})
}

// A coverer collects the cells of one order that meet one region. It belongs to one goroutine, and its memory is used
// again for the next region.
type coverer struct {
	ctx    context.Context
	order  int
	found  []uint64 // nested ids; in the end ascending, once each
	err    error
	around sphere.Cap // of the region
	reach  float64    // radius of around as a chord
	levels [finest + 1]level
	flat   sphere.Flat
	discs  discs
}

// A level is the memory for one order of the descent.
type level struct {
	tile  tile
	piece sphere.Piece
}

// The discs of coarse cells are computed once if there are many regions: those of up to 65,532 cells, 2.6 MB.
const (
	manyRegions  = 100
	coarseOrders = 7
)

func (g *grid) coarseDiscs() discs {
	g.once.Do(func() { g.discs = newDiscs(min(coarseOrders, g.config.ParentOrder+1)) })
	return g.discs
}

// keys are the shards that meet a region, in key order.
func (c *coverer) keys(region core.Region, latitude sphere.Latitude) ([]core.ShardKey, error) {
	if err := c.ctx.Err(); err != nil {
		return nil, err
	}
	r, err := sphere.NewRegion(region, latitude)
	if err != nil {
		return nil, err
	}
	c.found = c.found[:0]
	if err := c.cover(r); err != nil {
		return nil, err
	}
	return keysOf(c.order, c.found), nil
}

// cover fills c.found with the cells that meet a region, ascending and each once.
func (c *coverer) cover(r *sphere.Region) error {
	if r.Empty() {
		return nil
	}
	whole := r.Piece()
	c.around = r.Cap()
	c.reach = 2 * math.Sin(c.around.Radius/2)
	for _, q := range c.roots(c.around) {
		root := &c.levels[q.order]
		root.tile.set(q, c.discs)
		if c.far(&root.tile) {
			continue
		}
		if q.order == c.order {
			if whole.Touch(&root.tile.Disc, &root.piece) || c.meets(root, &whole, root.tile.whole) {
				c.addAll(q)
			}
			continue
		}
		c.take(root, whole.ClipDisc(&root.tile.Disc, &root.piece))
	}
	slices.Sort(c.found)
	c.found = slices.Compact(c.found)
	return c.err
}

// far reports whether a cell is outside of the cap around the region.
func (c *coverer) far(t *tile) bool {
	d := t.Outer + c.reach
	return t.Center.Chord2(c.around.Center) > d*d
}

// roots are cells that together contain a cap: a cell and its eight neighbours, all on one face, of the finest order
// at which a neighbour is wide enough; or the twelve base cells.
func (c *coverer) roots(around sphere.Cap) []square {
	finest := math.Floor(math.Log2(blockReach / max(around.Radius, 1e-12)))
	if order := min(c.order, int(finest)); order >= 2 {
		lon, lat := around.Center.LonLat()
		face, u, v := project(lon, lat)
		x, y, last := gridIndex(u, order), gridIndex(v, order), uint64(1)<<order-1
		if x > 0 && y > 0 && x < last && y < last {
			block := make([]square, 0, 9)
			for i := range uint64(9) {
				block = append(block, square{order, face, x + i%3 - 1, y + i/3 - 1})
			}
			return block
		}
	}
	base := make([]square, 12)
	for i := range base {
		base[i] = square{face: i}
	}
	return base
}

// blockReach, divided by 2^order, is less than the angle from any point of a cell to the outside of the block of nine
// cells around it.
const blockReach = 0.4

// take adds a level's cell, which is coarser than the shards, or those parts of it that meet the region.
func (c *coverer) take(l *level, relation sphere.Relation) {
	switch {
	case relation == sphere.Apart:
		return
	case relation == sphere.Covers:
		c.addAll(l.tile.square)
		return
	case c.err == nil:
		c.err = c.ctx.Err()
	}
	if c.err != nil {
		return
	}
	if c.flatten(l) {
		c.takeFlat(l, l.tile.square, 0, 0, 1, c.flat.All())
		return
	}
	next := &c.levels[l.tile.order+1]
	child := &next.tile
	for i := range 4 {
		child.setChild(&l.tile, i, c.discs)
		if c.far(child) {
			continue
		}
		if child.order < c.order {
			c.take(next, l.piece.ClipDisc(&child.Disc, &next.piece))
		} else if l.piece.Touch(&child.Disc, &next.piece) || c.meets(next, &l.piece, func() sphere.Quad { return l.tile.quad(child, i) }) {
			c.addAll(child.square)
		}
	}
}

// meets reports whether the region has a point of a level's cell where the discs left that open. within is the region
// around the cell, and the level's piece has the edges that may enter it.
func (c *coverer) meets(l *level, within *sphere.Piece, corners func() sphere.Quad) bool {
	if !l.piece.Empty() {
		q := corners()
		if l.piece.Meets(&q) {
			return true
		}
	}
	if l.piece.Empty() {
		return within.InsideOf(&l.tile.Disc)
	}
	return within.Inside(l.tile.Center) || l.tile.order == finest || c.descendants(l)
}

// descendants reports whether an edge of a level's piece enters the cell, by looking at its descendants.
func (c *coverer) descendants(l *level) bool {
	next := &c.levels[l.tile.order+1]
	child := &next.tile
	for i := range 4 {
		child.setChild(&l.tile, i, c.discs)
		if l.piece.Touch(&child.Disc, &next.piece) {
			return true
		}
		if next.piece.Empty() {
			continue
		}
		if q := l.tile.quad(child, i); next.piece.Meets(&q) {
			return true
		}
		if !next.piece.Empty() && (child.order == finest || c.descendants(next)) {
			return true
		}
	}
	return false
}

// addAll adds all shards within a cell; more than maxCover are an error.
func (c *coverer) addAll(q square) {
	n := uint64(1) << (2 * (c.order - q.order))
	if uint64(len(c.found))+n > maxCover {
		c.err = core.Errorf(core.Unsupported, "", "", "it has more than %d shards of order %d; give a smaller region or a coarser parent_order", maxCover, c.order)
		return
	}
	first := q.cell().nest * n
	for i := range n {
		c.found = append(c.found, first+i)
	}
}
