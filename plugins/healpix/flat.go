package healpix

import "github.com/englacial/zagg/core/sphere"

// A cell many times the size of the shards can still be so small that places are affine in its coordinates to a fraction
// of a shard. Below such a cell edges are compared with squares of the plane, and only what is closer than that error is
// looked at on the sphere.

// flatness is the largest error of places, in sides of a shard, with which a cell is taken to be flat.
const flatness = 0.06

// flatten reports whether a level's cell is flat enough, and prepares c.flat for it. Cells on the border of a polar
// cap never are, because the projection has a bend there.
func (c *coverer) flatten(l *level) bool {
	off := flatFactor * l.tile.curvature()
	if l.tile.bent() || off > flatness/float64(uint64(1)<<c.order) {
		return false
	}
	q := l.tile.whole()
	inner := 0.9 * l.tile.Inner / float64(uint64(1)<<(c.order-l.tile.order))
	return l.piece.Flatten(&q, off, inner, &c.flat)
}

// takeFlat adds those shards of a square within a level's cell that meet the region. The square is around (u, v) in
// the cell's coordinates, with sides of twice half, and edges are those that may enter it.
func (c *coverer) takeFlat(l *level, q square, u, v, half float64, edges sphere.Edges) {
	half /= 2
	for i := range 4 {
		child := q.child(i)
		u, v := u+half*float64(2*(i&1)-1), v+half*float64(2*(i>>1)-1)
		near, covers := c.flat.Near(u, v, half, edges)
		switch {
		case covers || near == 0 && c.insideFlat(l, child, u, v):
			c.addAll(child)
		case near == 0:
		case child.order < c.order:
			c.takeFlat(l, child, u, v, half, near)
		case c.flat.Touches(u, v, half, near) || c.meetsFlat(l, child):
			c.addAll(child)
		}
	}
}

// insideFlat reports whether a square that no edge comes near is inside of a polygon.
func (c *coverer) insideFlat(l *level, q square, u, v float64) bool {
	inside, known := c.flat.Inside(u, v)
	if !known {
		return l.piece.Inside(q.at(0.5, 0.5).vec())
	}
	return inside
}

// meetsFlat reports whether the region has a point of a shard within a level's cell, decided on the sphere.
func (c *coverer) meetsFlat(l *level, q square) bool {
	own := &c.levels[q.order]
	own.tile.set(q, c.discs)
	return l.piece.Touch(&own.tile.Disc, &own.piece) || c.meets(own, &l.piece, own.tile.whole)
}
