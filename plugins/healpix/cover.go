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

// fineness is how many orders below the shards a cover looks to see whether a region really meets a shard: a shard that
// the region misses by more than a 2^-fineness part of its size is left out.
const fineness = 9

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
	r, err := sphere.NewRegion(region, g.config.Latitude)
	if err != nil {
		return nil, err
	}
	c := coverer{ctx: ctx, order: g.config.ParentOrder}
	if err := c.cover(r); err != nil {
		return nil, err
	}
	keys := make([]core.ShardKey, len(c.found))
	for i, n := range c.found {
		keys[i] = keyOf(cellID{c.order, n})
	}
	return keys, nil
}

// A coverer collects the cells of one order that meet one region.
type coverer struct {
	ctx   context.Context
	order int
	found []uint64 // nested ids; in the end ascending, once each
	err   error
	buf   [maxOrder + fineness + 1][]int32 // of the pieces, one for each order
}

func (c *coverer) cover(r *sphere.Region) error {
	if r.Empty() {
		return nil
	}
	whole := r.Piece()
	for _, q := range c.roots(r.Cap()) {
		t := tileOf(q)
		c.descend(&t, whole)
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

func (c *coverer) descend(t *tile, within sphere.Piece) {
	if c.err == nil {
		c.err = c.ctx.Err()
	}
	if c.err != nil {
		return
	}
	piece, rel := within.Clip(t.cap(), c.buf[t.order])
	c.buf[t.order] = piece.Memory()
	switch {
	case rel == sphere.Apart:
	case rel == sphere.Covers:
		c.addAll(t.square)
	case t.order < c.order:
		children := t.split()
		for i := range children {
			c.descend(&children[i], piece)
		}
	case piece.Within(t.center, t.inner()) || piece.Inside(t.center) || c.reaches(t, piece):
		c.addAll(t.square)
	}
}

// reaches reports whether an edge comes into a cell, seen by the middles of its descendants.
func (c *coverer) reaches(t *tile, piece sphere.Piece) bool {
	if t.order == c.order+fineness {
		return true
	}
	children := t.split()
	for i := range children {
		child := &children[i]
		part := piece.Edges(child.cap(), c.buf[child.order])
		c.buf[child.order] = part.Memory()
		if !part.Empty() && (part.Within(child.center, child.inner()) || c.reaches(child, part)) {
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
