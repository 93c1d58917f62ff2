package healpix

import (
	"context"
	"math"
	"slices"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/sphere"
)

// maxCover is the most shards that one region may have: the list alone takes half a gigabyte.
const maxCover = 1 << 24

// fineness is how many orders below the shards a cover looks to see whether a region really meets a shard: a shard that
// the region misses by more than a 2^-fineness part of its size is left out.
const fineness = 9

// Cover implements core.Grid. A region without polygons has no shards.
func (g *grid) Cover(ctx context.Context, regions []core.Region) ([][]core.ShardKey, error) {
	covers := make([][]core.ShardKey, len(regions))
	for i, region := range regions {
		r, err := sphere.NewRegion(region, g.config.Latitude)
		if err != nil {
			return nil, core.Errorf(core.CodeOf(err), "healpix.Cover", "", "region %d: %w", i, err)
		}
		c := coverer{ctx: ctx, order: g.config.ParentOrder}
		if err := c.cover(r); err != nil {
			return nil, core.Errorf(core.CodeOf(err), "healpix.Cover", "", "region %d: %w", i, err)
		}
		covers[i] = make([]core.ShardKey, len(c.found))
		for j, n := range c.found {
			covers[i][j] = keyOf(cellID{c.order, n})
		}
	}
	return covers, nil
}

// A coverer collects the cells of one order that meet one region.
type coverer struct {
	ctx   context.Context
	order int
	found []uint64 // nested ids; in the end ascending, once each
	err   error
	buf   [maxOrder + fineness + 1][]int32
}

func (c *coverer) cover(r *sphere.Region) error {
	if r.Empty() {
		return nil
	}
	whole := r.Piece()
	for _, q := range c.roots(r.Cap()) {
		c.descend(q, whole)
	}
	slices.Sort(c.found)
	c.found = slices.Compact(c.found)
	return c.err
}

// roots are cells that together contain a cap: a cell and its eight neighbours, all on one face, of the finest order at
// which a neighbour is wide enough, or the base cells.
func (c *coverer) roots(around sphere.Cap) []square {
	if order := min(c.order, int(math.Floor(math.Log2(blockReach/max(around.Radius, 1e-12))))); order >= 2 {
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

// blockReach is less than the angle, times 2^order, from any point of a cell to the outside of the block of nine cells
// around it (0.55 is the least found by sampling cells of all shapes).
const blockReach = 0.4

func (c *coverer) descend(q square, within sphere.Piece) {
	if c.err != nil {
		return
	}
	if c.err = c.ctx.Err(); c.err != nil {
		return
	}
	around := q.cap()
	piece, rel := within.Clip(around, c.buf[q.order])
	c.buf[q.order] = piece.Memory()
	switch {
	case rel == sphere.Apart:
	case rel == sphere.Covers:
		c.addAll(q)
	case q.order < c.order:
		for i := range 4 {
			c.descend(q.child(i), piece)
		}
	case c.reaches(q, around.Center, piece) || piece.Inside(around.Center):
		c.addAll(q)
	}
}

// reaches reports whether an edge comes into a cell, seen by its middle or else by those of its descendants.
func (c *coverer) reaches(q square, center sphere.Vec, piece sphere.Piece) bool {
	if q.order == c.order+fineness || piece.Within(center, q.inner(center)) {
		return true
	}
	for i := range 4 {
		child := q.child(i)
		around := child.cap()
		part := piece.Edges(around, c.buf[child.order])
		c.buf[child.order] = part.Memory()
		if !part.Empty() && c.reaches(child, around.Center, part) {
			return true
		}
	}
	return false
}

// addAll adds all shards of a cell.
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

// outerFactor allows for rounding: of the points of a cell a corner is the farthest from the middle. innerFactor makes
// the distance of the nearest middle of a side less than that of the nearest point of the border (0.79 of it at least).
// Both are checked on cells of all shapes.
const (
	outerFactor = 1.001
	innerFactor = 0.7
)

// cap contains the cell; its centre is the cell's middle.
func (q square) cap() sphere.Cap {
	center := q.at(0.5, 0.5).vec()
	far := 0.0
	for side := range 4 {
		far = max(far, center.Chord2(q.border(side, 0).vec()))
	}
	return sphere.Cap{Center: center, Radius: 2 * math.Asin(math.Sqrt(far)/2) * outerFactor}
}

// inner is the radius of a cap around the middle that the cell contains.
func (q square) inner(center sphere.Vec) float64 {
	close := 4.0
	for side := range 4 {
		close = min(close, center.Chord2(q.border(side, 0.5).vec()))
	}
	return math.Sqrt(close) * innerFactor
}
