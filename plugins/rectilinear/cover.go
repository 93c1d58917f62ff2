package rectilinear

import (
	"context"
	"slices"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/gridkit"
	"github.com/englacial/zagg/core/proj"
	"github.com/englacial/zagg/core/sphere"
)

// maxCover is the most shards that one region may have.
const maxCover = 1 << 22

// fineness is how often a cover halves a shard to see whether a region really meets it: one that the region misses by more
// than a 2^-fineness part of its size is left out.
const fineness = 9

// Cover implements core.Grid. A region without polygons has no shards. Regions are shared out among the processors.
func (g *grid) Cover(ctx context.Context, regions []core.Region) ([][]core.ShardKey, error) {
	return gridkit.Cover("rectilinear.Cover", regions, func() func(core.Region) ([]core.ShardKey, error) {
		return func(r core.Region) ([]core.ShardKey, error) { return g.coverOne(ctx, r) }
	})
}

func (g *grid) coverOne(ctx context.Context, region core.Region) ([]core.ShardKey, error) {
	r, err := sphere.NewRegion(region, latitude)
	if err != nil {
		return nil, err
	}
	c := coverer{ctx: ctx, grid: g}
	c.cover(r)
	if c.err != nil {
		return nil, c.err
	}
	slices.Sort(c.found)
	keys := make([]core.ShardKey, len(c.found))
	for i, n := range c.found {
		keys[i] = g.key(place{n / g.shards[1], n % g.shards[1]})
	}
	return keys, nil
}

// A coverer collects the shards that meet one region.
type coverer struct {
	ctx    context.Context
	grid   *grid
	found  []int64 // numbers of shards, once each
	err    error
	pieces [levels]sphere.Piece // what matters of the region, one for each level of the descent
}

// levels are those of halving a grid of at most 2⁵⁶ shards, and of quartering one.
const levels = 56 + fineness + 2

// cover looks at the shards around the region alone, and at none if they are one that holds all of it.
func (c *coverer) cover(r *sphere.Region) {
	if r.Empty() {
		return
	}
	g := c.grid
	around := r.Cap()
	lon, lat := around.Center.LonLat()
	near := g.plane.Around(lon, latitude.FromSphere(lat), around.Radius)
	b := meet(g.within(near, 1e-6), g.lively)
	if b.empty() {
		return
	}
	if b.rows == 1 && b.cols == 1 {
		if s := g.rectOf(b).Clip(g.domain); near.X0 > s.X0 && near.X1 < s.X1 && near.Y0 > s.Y0 && near.Y1 < s.Y1 {
			c.addAll(b)
			return
		}
	}
	c.pieces[0] = r.Piece()
	c.descend(b, 1)
}

// meet is the part of a block in another.
func meet(a, b block) block {
	row, col := max(a.row, b.row), max(a.col, b.col)
	return block{row, col, min(a.row+a.rows, b.row+b.rows) - row, min(a.col+a.cols, b.col+b.cols) - col}
}

// descend looks at a block with the piece of the level above.
func (c *coverer) descend(b block, level int) {
	if c.err == nil {
		c.err = c.ctx.Err()
	}
	if c.err != nil {
		return
	}
	g, rect := c.grid, c.grid.rectOf(b).Clip(c.grid.domain)
	if b.rows == 1 && b.cols == 1 {
		if t := g.tileOf(rect); c.meets(&t, level) {
			c.addAll(b)
		}
		return
	}
	switch c.clip(rect, level) {
	case sphere.Apart:
	case sphere.Covers:
		c.addAll(b)
	default:
		for _, half := range halves(b) {
			c.descend(half, level+1)
		}
	}
}

// clip makes the piece of a level from the one above.
func (c *coverer) clip(rect proj.Rect, level int) (relation sphere.Relation) {
	above, piece := &c.pieces[level-1], &c.pieces[level]
	if d, small := c.grid.rough(rect); small {
		return above.ClipDisc(&d, piece)
	}
	*piece, relation = above.Clip(sphere.Full(), piece.Memory())
	return relation
}

// meets reports whether the region has a point of a shard: its middle, or a point of an edge.
func (c *coverer) meets(t *tile, level int) bool {
	return c.pieces[level-1].Inside(t.at[middle]) || c.reaches(t, level, fineness)
}

// reaches reports whether an edge of the piece above comes into a tile, seen by the corners of the tile or of its quarters.
func (c *coverer) reaches(t *tile, level, left int) bool {
	piece := &c.pieces[level]
	q, small := c.grid.quad(t)
	switch {
	case !small:
		*piece = c.pieces[level-1].Edges(sphere.Full(), piece.Memory())
	case c.pieces[level-1].Touch(&q.Disc, piece) || piece.Meets(&q):
		return true
	}
	if piece.Empty() || left == 0 {
		return !piece.Empty()
	}
	quarters := c.grid.split(t)
	return c.reaches(&quarters[0], level+1, left-1) || c.reaches(&quarters[1], level+1, left-1) ||
		c.reaches(&quarters[2], level+1, left-1) || c.reaches(&quarters[3], level+1, left-1)
}

// halves divides a block along its longer side.
func halves(b block) [2]block {
	one, two := b, b
	if b.rows >= b.cols {
		one.rows = b.rows / 2
		two.row, two.rows = b.row+one.rows, b.rows-one.rows
	} else {
		one.cols = b.cols / 2
		two.col, two.cols = b.col+one.cols, b.cols-one.cols
	}
	return [2]block{one, two}
}

// addAll adds all shards of a block.
func (c *coverer) addAll(b block) {
	if b.rows > maxCover || b.cols > maxCover || int64(len(c.found))+b.rows*b.cols > maxCover {
		c.err = core.Errorf(core.Unsupported, "", "", "it has more than %d shards; give a smaller region, a coarser resolution or a larger chunk_shape", maxCover)
		return
	}
	for row := b.row; row < b.row+b.rows; row++ {
		for col := b.col; col < b.col+b.cols; col++ {
			c.found = append(c.found, row*c.grid.shards[1]+col)
		}
	}
}
