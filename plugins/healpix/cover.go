package healpix

import (
	"context"
	"fmt"
	"math"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/sphere"
)

// maxCover is the most shards that one region may have, more than the globe's at order 9.
const maxCover = 1 << 22

// finest is the order of the smallest cells by which a cover finds out whether an edge meets a shard. They are as small
// as the rounding of coordinates, 2e-13 rad or a micrometre: a shard that the region misses by less is listed.
const finest = 42

// Cover implements core.Grid. A region without polygons has no shards. Regions are shared out among the processors.
func (g *grid) Cover(ctx context.Context, regions []core.Region) ([][]core.ShardKey, error) {
	covers, errs := make([][]core.ShardKey, len(regions)), make([]error, len(regions))
	var next atomic.Int64
	var wait sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(regions)) {
		wait.Go(func() {
			for i := next.Add(1) - 1; i < int64(len(regions)); i = next.Add(1) - 1 {
				if covers[i], errs[i] = g.coverOne(ctx, regions[i]); errs[i] != nil {
					next.Store(int64(len(regions)))
				}
			}
		})
	}
	wait.Wait()
	for i, err := range errs {
		if err != nil {
			return nil, core.Errorf(core.CodeOf(err), "healpix.Cover", fmt.Sprintf("region %d", i), "%w", err)
		}
	}
	return covers, nil
}

func (g *grid) coverOne(ctx context.Context, region core.Region) ([]core.ShardKey, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	r, err := sphere.NewRegion(region, g.config.Latitude)
	if err != nil {
		return nil, err
	}
	c := coverer{ctx: ctx, order: g.config.ParentOrder}
	if err := c.cover(r); err != nil {
		return nil, err
	}
	return keysOf(c.order, c.found), nil
}

// A coverer collects the cells of one order that meet one region.
type coverer struct {
	ctx    context.Context
	order  int
	found  []uint64 // nested ids; in the end ascending, once each
	err    error
	levels [finest + 1]level
}

// A level is the memory of one order of the descent.
type level struct {
	tile  tile
	piece sphere.Piece
}

func (c *coverer) cover(r *sphere.Region) error {
	if r.Empty() {
		return nil
	}
	whole := r.Piece()
	for _, q := range c.roots(r.Cap()) {
		root := &c.levels[q.order]
		root.tile.set(q)
		if q.order == c.order {
			if root.touches(&whole) || !root.piece.Empty() && c.reaches(root, root.tile.whole()) {
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

// roots are cells that together contain a cap: a cell and its eight neighbours, all on one face, of the finest order at
// which a neighbour is wide enough, or the base cells.
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

// blockReach is less than the angle, times 2^order, from any point of a cell to the outside of the block of nine cells
// around it.
const blockReach = 0.4

var NS [4]int

// take adds a level's cell, which is coarser than the shards, or what of it meets the region.
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
	next := &c.levels[l.tile.order+1]
	child := &next.tile
	for i := range 4 {
		child.set(l.tile.child(i))
		if child.order < c.order {
			c.take(next, l.piece.ClipDisc(&child.Disc, &next.piece))
		} else if next.touches(&l.piece) || !next.piece.Empty() && c.reaches(next, l.tile.quad(child, i)) {
			c.addAll(child.square)
		}
	}
}

// touches reports whether the region surely has a point of the cell; else the level's piece has the edges that may come in.
func (l *level) touches(within *sphere.Piece) bool {
	return within.Touch(&l.tile.Disc, &l.piece) || within.Inside(l.tile.Center)
}

// reaches reports whether an edge of the level's piece comes into the cell, seen by its corners or those of its
// descendants.
func (c *coverer) reaches(l *level, q sphere.Quad) bool {
	if l.piece.Meets(&q) || l.piece.Empty() || l.tile.order == finest {
		return !l.piece.Empty()
	}
	next := &c.levels[l.tile.order+1]
	child := &next.tile
	for i := range 4 {
		child.set(l.tile.child(i))
		if l.piece.Touch(&child.Disc, &next.piece) || !next.piece.Empty() && c.reaches(next, l.tile.quad(child, i)) {
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
