package rectilinear

import (
	"context"
	"math"

	"github.com/englacial/zagg/core"
)

// batch is how many points are projected at once: their coordinates stay in a core's nearest cache.
const batch = 512

// points are places in the plane.
type points struct{ x, y [batch]float64 }

// Locate implements core.Grid. A point is projected, and its column and row are the whole part of its distance from the
// left and from the upper border of the grid in cells.
func (g *grid) Locate(ctx context.Context, key core.ShardKey, lon, lat []float64, slot []int32) error {
	if len(lon) != len(lat) || len(lon) != len(slot) {
		return core.Errorf(core.Invalid, "rectilinear.Locate", string(key), "%d longitudes, %d latitudes, room for %d slots", len(lon), len(lat), len(slot))
	}
	p, err := g.shardFromKey(key)
	if err != nil {
		return err
	}
	room := g.scratch.Get().(*points)
	defer g.scratch.Put(room)
	for len(lon) > 0 {
		if err := ctx.Err(); err != nil {
			return err
		}
		n := min(batch, len(lon))
		g.plane.Forward(lon[:n], lat[:n], room.x[:n], room.y[:n])
		g.slots(p, room.x[:n], room.y[:n], slot[:n])
		lon, lat, slot = lon[n:], lat[n:], slot[n:]
	}
	return nil
}

// slots finds the slots of places in the plane; NaN is in none.
func (g *grid) slots(p place, x, y []float64, slot []int32) {
	c := &g.config
	rows, cols := float64(c.Shard[0]), float64(c.Shard[1])
	firstRow, firstCol := float64(p.row)*rows, float64(p.col)*cols
	invX, invY, width := 1/c.ResX, 1/c.ResY, int32(c.Shard[1])
	for i := range x {
		col := cellOf(x[i]-c.XMin, c.ResX, invX) - firstCol
		row := cellOf(c.YMax-y[i], c.ResY, invY) - firstRow
		slot[i] = -1
		if col >= 0 && col < cols && row >= 0 && row < rows {
			slot[i] = int32(row)*width + int32(col)
		}
	}
}

// cellOf is ⌊distance/size⌋ without a rounding error, as numpy's floor_divide has it: the product with the inverse is off
// by less than one, and the sign of the remainder, which a fused multiply-add gives exactly, says which way. distance is
// at most some 2⁵⁰ sizes; NaN stays NaN.
func cellOf(distance, size, inverse float64) float64 {
	n := math.Floor(distance * inverse)
	switch r := math.FMA(-n, size, distance); {
	case r < 0:
		return n - 1
	case r >= size:
		return n + 1
	}
	return n
}
