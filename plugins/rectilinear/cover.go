package rectilinear

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/sphere"
)

// maxCover is the most shards that one region may have.
const maxCover = 1 << 22

// fineness is how often a cover halves a shard to see whether a region really meets it: one that the region misses by more
// than a 2^-fineness part of its size is left out.
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
			return nil, core.Errorf(core.CodeOf(err), "rectilinear.Cover", fmt.Sprintf("region %d", i), "%w", err)
		}
	}
	return covers, nil
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
	ctx   context.Context
	grid  *grid
	found []int64 // numbers of shards, once each
	err   error
	buf   [][]int32 // of the pieces, one for each level
}

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
	c.descend(b, r.Piece(), 0)
}

// meet is the part of a block in another.
func meet(a, b block) block {
	row, col := max(a.row, b.row), max(a.col, b.col)
	return block{row, col, min(a.row+a.rows, b.row+b.rows) - row, min(a.col+a.cols, b.col+b.cols) - col}
}

func (c *coverer) descend(b block, within sphere.Piece, level int) {
	if c.err == nil {
		c.err = c.ctx.Err()
	}
	if c.err != nil {
		return
	}
	t := c.grid.tileOf(c.grid.rectOf(b).Clip(c.grid.domain))
	piece, rel := within.Clip(t.cap(c.grid.config.CRS.Geographic), c.memory(level))
	c.buf[level] = piece.Memory()
	switch {
	case rel == sphere.Apart:
	case rel == sphere.Covers:
		c.addAll(b)
	case b.rows == 1 && b.cols == 1:
		if piece.Inside(t.at[middle]) || piece.Within(t.at[middle], t.inner()) || c.reaches(&t, piece, level+1, fineness) {
			c.addAll(b)
		}
	default:
		for _, half := range halves(b) {
			c.descend(half, piece, level+1)
		}
	}
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

// memory is that for the pieces of a level.
func (c *coverer) memory(level int) []int32 {
	for len(c.buf) <= level {
		c.buf = append(c.buf, nil)
	}
	return c.buf[level]
}

// reaches reports whether an edge comes into a tile, seen by the middles of the quarters of its quarters.
func (c *coverer) reaches(t *tile, piece sphere.Piece, level, left int) bool {
	if left == 0 {
		return true
	}
	quarters := c.grid.split(t)
	for i := range quarters {
		q := &quarters[i]
		part := piece.Edges(q.cap(c.grid.config.CRS.Geographic), c.memory(level))
		c.buf[level] = part.Memory()
		if !part.Empty() && (part.Within(q.at[middle], q.inner()) || c.reaches(q, part, level+1, left-1)) {
			return true
		}
	}
	return false
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
