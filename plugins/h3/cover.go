//go:build cgo

package h3

// Covers: the shards that a region meets, found by descending the tree of cells with caps around everything below a
// cell.

import (
	"context"
	"slices"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/gridkit"
	"github.com/englacial/zagg/core/sphere"
)

// maxCover is the most shards that a cover may have, more than there are on the globe at resolution 5.
const maxCover = 1 << 22

// fineness is how many resolutions below the shards a cover looks to see whether a region really meets a shard: a
// shard that the region misses by more than 7^(-fineness/2) of its size is left out.
const fineness = 6

// Cover implements core.Grid. A region without polygons has no shards. H3's own fill of polygons is not used: it is
// planar, takes the hexagons for the shards, and fails around poles. Regions are divided among the processors.
func (g *grid) Cover(ctx context.Context, regions []core.Region) ([][]core.ShardKey, error) {
	return gridkit.Cover("h3.Cover", regions, func() func(core.Region) ([]core.ShardKey, error) {
		return func(r core.Region) ([]core.ShardKey, error) { return g.coverOne(ctx, r) }
	})
}

func (g *grid) coverOne(ctx context.Context, region core.Region) ([]core.ShardKey, error) {
	r, err := sphere.NewRegion(region, sphere.GeodeticSpherical)
	if err != nil {
		return nil, err
	}
	c := coverer{ctx: ctx, grid: g, parent: g.config.ParentResolution, child: g.config.ChildResolution}
	c.cover(r)
	if c.err != nil {
		return nil, c.err
	}
	slices.Sort(c.found)
	keys := make([]core.ShardKey, len(c.found))
	for i, cell := range c.found {
		keys[i] = cell.key()
	}
	return keys, nil
}

// A coverer collects the shards that meet one region. It belongs to one goroutine.
type coverer struct {
	ctx           context.Context
	grid          *grid
	parent, child int // resolutions
	found         []cellID
	err           error
	buf           [maxResolution + 1][]int32 // of the pieces, one for each resolution
}

func (c *coverer) cover(r *sphere.Region) {
	if r.Empty() {
		return
	}
	whole, around := r.Piece(), r.Cap()
	for i := range c.grid.base {
		t := &c.grid.base[i]
		if sphere.Angle(t.center, around.Center) <= around.Radius+t.outer(c.child)+1e-9 {
			c.descend(t, whole)
		}
	}
}

// descend adds those shards below a tile that meet the region; within is the region's piece around it.
func (c *coverer) descend(t *tile, within sphere.Piece) {
	if c.err == nil {
		c.err = c.ctx.Err()
	}
	if c.err != nil {
		return
	}
	piece, rel := c.clip(t, within)
	switch {
	case rel == sphere.Apart:
	case rel == sphere.Covers:
		c.addAll(t.cell)
	case t.cell.resolution() < c.parent:
		c.eachChild(t, func(child *tile) bool {
			c.descend(child, piece)
			return false
		})
	case piece.Within(t.center, t.inner(c.child)) || piece.Inside(t.center) || c.reaches(t, piece):
		c.addAll(t.cell)
	}
}

// clip clips the piece to the cap around everything below the tile.
func (c *coverer) clip(t *tile, within sphere.Piece) (sphere.Piece, sphere.Relation) {
	r := t.cell.resolution()
	piece, rel := within.Clip(sphere.Cap{Center: t.center, Radius: t.outer(c.child)}, c.buf[r])
	c.buf[r] = piece.Memory()
	return piece, rel
}

// reaches reports whether an edge enters a shard of which t is a part. If the region and the shard meet but the
// shard's centre is not in the region, then somewhere on the way from the centre through cells of the shard the
// region begins: at an edge, or within the margin of one.
func (c *coverer) reaches(t *tile, piece sphere.Piece) bool {
	if r := t.cell.resolution(); r == c.child || r == c.parent+fineness {
		return true
	}
	return c.eachChild(t, func(child *tile) bool {
		r := child.cell.resolution()
		part := piece.Edges(sphere.Cap{Center: child.center, Radius: child.outer(c.child)}, c.buf[r])
		c.buf[r] = part.Memory()
		return !part.Empty() && (part.Within(child.center, child.inner(c.child)) || c.reaches(child, part))
	})
}

// eachChild calls do for the children of a cell until one call returns true. Pentagons have no child with digit 1.
func (c *coverer) eachChild(t *tile, do func(child *tile) bool) bool {
	for digit := range 7 {
		if digit == 1 && t.cell.isPentagon() {
			continue
		}
		child, err := c.grid.ico.tileOf(t.cell.child(digit))
		if err != nil {
			c.err = err
			return false
		}
		if do(&child) {
			return true
		}
	}
	return false
}

// addAll adds all shards below a cell; more than maxCover are an error.
func (c *coverer) addAll(cell cellID) {
	n := power7(c.parent - cell.resolution())
	if int64(len(c.found))+n > maxCover {
		c.err = core.Errorf(core.Unsupported, "", "", "it has more than %d shards of resolution %d; give a smaller region or a coarser parent_resolution", maxCover, c.parent)
		return
	}
	for i := range n {
		if d := cell.descendant(c.parent, i); !d.isVoid() {
			c.found = append(c.found, d)
		}
	}
}
