package healpix

// Covers of areas that are given as HEALPix cells themselves, as some catalogs do: most shards follow from the cells'
// numbers.

import (
	"context"
	"math"
	"slices"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/sphere"
)

// CoverCells lists for each set of packed words, cells of any orders, the shards that can own a point within a margin
// (metres) of them: in key order, once each. ok is false for a set with a word that is no cell, and for all if the grid's
// latitudes are not authalic, as those of cells in catalogs are.
func (g *grid) CoverCells(ctx context.Context, words [][]uint64, margins []float64) (keys [][]core.ShardKey, ok []bool, err error) {
	keys, ok = make([][]core.ShardKey, len(words)), make([]bool, len(words))
	if len(words) != len(margins) {
		return nil, nil, core.Errorf(core.Invalid, "healpix.CoverCells", "", "%d sets of cells, %d margins", len(words), len(margins))
	}
	if g.config.Latitude != sphere.AuthalicWGS84 {
		return keys, ok, nil
	}
	for i, set := range words {
		if err := ctx.Err(); err != nil {
			return nil, nil, err
		}
		c := coverer{ctx: ctx, order: g.config.ParentOrder}
		if ok[i], err = c.cells(set, margins[i]); err != nil {
			return nil, nil, err
		}
		if ok[i] {
			keys[i] = keysOf(c.order, c.found)
		}
	}
	return keys, ok, nil
}

// cells adds the shards of cells, and for those cells near the border of their shard also the shards within the
// margin.
func (c *coverer) cells(words []uint64, margin float64) (ok bool, err error) {
	reach := sphere.MarginAngle(margin)
	border := map[square]bool{}
	for _, w := range words {
		cell, ok := cellFromWord(w)
		if !ok {
			return false, nil
		}
		q := squareOf(cell)
		c.addAll(q.above(min(cell.order, c.order)))
		if c.nearBorder(q, reach) {
			border[q.above(min(cell.order, max(c.order, muchFiner(reach))))] = true
		}
	}
	var region core.Region
	for q := range border {
		o := outline(q, sphere.AuthalicWGS84)
		region.Polygons = append(region.Polygons, o.Polygons...)
		region.Margin = max(region.Margin, o.Margin+margin)
	}
	if len(border) > 0 && c.err == nil {
		r, err := sphere.NewRegion(region, sphere.AuthalicWGS84)
		if err != nil {
			return false, err
		}
		return true, c.cover(r)
	}
	slices.Sort(c.found)
	c.found = slices.Compact(c.found)
	return true, c.err
}

// above is the ancestor of a cell at a coarser order.
func (q square) above(order int) square {
	shift := q.order - order
	return square{order, q.face, q.x >> shift, q.y >> shift}
}

// nearBorder reports whether a cell may come within an angle (radians) of the border of its shard.
func (c *coverer) nearBorder(q square, reach float64) bool {
	const widest = 1.6 // the most by which a radian grows on a face, in sides of it; it is 1.52 near the poles
	shift := max(0, q.order-c.order)
	last := uint64(1)<<shift - 1
	x, y := q.x&last, q.y&last
	return reach > 0 && float64(min(x, y, last-x, last-y)) < reach*widest*math.Ldexp(1, q.order)
}

// muchFiner is the order of cells that are much smaller than an angle: with such a margin, their outlines are as good
// as those of finer cells.
func muchFiner(angle float64) int {
	return int(min(maxOrder, math.Ceil(math.Log2(8/angle))))
}
