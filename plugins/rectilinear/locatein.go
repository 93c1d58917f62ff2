package rectilinear

import (
	"context"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/gridkit"
)

// shardSet is some shards to find points in, by their numbers.
type shardSet map[uint64]int32

func (g *grid) shardSet(keys []core.ShardKey) (shardSet, error) {
	ids := make([]uint64, len(keys))
	for i, key := range keys {
		p, err := g.shardFromKey(key)
		if err != nil {
			return nil, err
		}
		ids[i] = uint64(p.row*g.shards[1] + p.col)
	}
	return gridkit.Index("rectilinear.LocateIn", keys, ids)
}

// LocateIn implements core.ShardLocator. A point is projected once, whatever the number of shards.
func (g *grid) LocateIn(ctx context.Context, keys []core.ShardKey, lon, lat []float64, shard, slot []int32) error {
	if err := gridkit.Lengths("rectilinear.LocateIn", lon, lat, shard, slot); err != nil {
		return err
	}
	set, err := g.sets.Get(keys, g.shardSet)
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
		g.slotsIn(set, room.x[:n], room.y[:n], shard[:n], slot[:n])
		lon, lat, shard, slot = lon[n:], lat[n:], shard[n:], slot[n:]
	}
	return nil
}

// slotsIn finds the shards and slots of places in the plane; NaN is in none.
func (g *grid) slotsIn(set shardSet, x, y []float64, shard, slot []int32) {
	c := &g.config
	rows, cols := float64(c.Shape[0]), float64(c.Shape[1])
	invX, invY := 1/c.ResX, 1/c.ResY
	last, at := int64(-1), int32(-1)
	for i := range x {
		shard[i], slot[i] = -1, -1
		col := cellOf(x[i]-c.XMin, c.ResX, invX)
		row := cellOf(c.YMax-y[i], c.ResY, invY)
		if !(col >= 0 && col < cols && row >= 0 && row < rows) {
			continue
		}
		r, k := int64(row), int64(col)
		if number := r/c.Shard[0]*g.shards[1] + k/c.Shard[1]; number != last {
			found, ok := set[uint64(number)]
			if last, at = number, found; !ok {
				at = -1
			}
		}
		if at >= 0 {
			shard[i], slot[i] = at, int32(r%c.Shard[0]*c.Shard[1]+k%c.Shard[1])
		}
	}
}
