package healpix

// Locating points in many shards at once.

import (
	"context"
	"math"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/gridkit"
)

// A shardSet is the shards of one call of LocateIn, prepared. It is immutable and shared by goroutines.
type shardSet struct {
	index  map[uint64]int32 // by tileID
	common locator          // of no shard: what finding a cell needs
}

// tileID is one number for a shard's place: its face, column and row.
func tileID(face int, x, y uint32) uint64 { return uint64(face)<<58 | uint64(x)<<29 | uint64(y) }

func (g *grid) shardSet(keys []core.ShardKey) (*shardSet, error) {
	ids := make([]uint64, len(keys))
	for i, key := range keys {
		c, err := g.shardFromKey(key)
		if err != nil {
			return nil, err
		}
		q := squareOf(c)
		ids[i] = tileID(q.face, uint32(q.x), uint32(q.y))
	}
	index, err := gridkit.Index("healpix.LocateIn", keys, ids)
	if err != nil {
		return nil, err
	}
	side := float64(uint64(1) << g.config.ChildOrder)
	s := &shardSet{index: index, common: locator{
		depth: g.depth, mask: 1<<g.depth - 1, side: side, near: near * side, order: g.config.ChildOrder,
		latitude: g.config.Latitude, curves: &g.curves,
	}}
	s.common.polarReach, s.common.bandReach = bends(side)
	return s, nil
}

// LocateIn implements core.ShardLocator. A point's cell is found once; its shard is nearly always that of the point
// before, because points come along tracks.
func (g *grid) LocateIn(ctx context.Context, keys []core.ShardKey, lon, lat []float64, shard, slot []int32) error {
	if err := gridkit.Lengths("healpix.LocateIn", lon, lat, shard, slot); err != nil {
		return err
	}
	set, err := g.sets.Get(keys, g.shardSet)
	if err != nil {
		return err
	}
	const run = 1 << 16
	for len(lon) > 0 {
		if err := ctx.Err(); err != nil {
			return err
		}
		n := min(run, len(lon))
		set.locate(lon[:n], lat[:n], shard[:n], slot[:n])
		lon, lat, shard, slot = lon[n:], lat[n:], shard[n:], slot[n:]
	}
	return nil
}

// locate first computes the heights of points in the projection, so that a processor can work at several of them at
// once, and then finds their cells. But as long as most points lie in the cells of those before, it computes the
// heights of the others only.
func (s *shardSet) locate(lon, lat []float64, shard, slot []int32) {
	var height [256]float64
	seen := lastShard{id: math.MaxUint64, at: -1}
	alike := true
	for len(lon) > 0 {
		n := min(len(height), len(lon))
		heights := height[:0]
		if !alike {
			heights = height[:n]
			s.common.curves.heights(heights, lat[:n])
		}
		alike = s.cells(&seen, heights, lon[:n], lat[:n], shard[:n], slot[:n]) >= n/2
		lon, lat, shard, slot = lon[n:], lat[n:], shard[n:], slot[n:]
	}
}

// heights evaluates for each latitude the polynomial that is valid there, band or polar. The terms are paired
// (Estrin's scheme), so that they do not wait for each other.
func (c *curves) heights(height, lat []float64) {
	height = height[:len(lat)]
	for i, y := range lat {
		p, x := &c.band, y*(1.0/45)
		if a := math.Abs(y); a > c.limit {
			p, x = &c.polar, (90-a)*(1.0/45)
		}
		t := x * x
		t2 := t * t
		height[i] = x * ((p[0] + t*p[1]) + t2*(p[2]+t*p[3]) + t2*t2*((p[4]+t*p[5])+t2*(p[6]+t*p[7])))
	}
}

// A lastShard is where the last point was.
type lastShard struct {
	id          uint64
	at          int32 // -1: none of the set
	shard, slot int32
	reach       reach
}

// cells finds the shards and slots of points, and reports how many are those of the point before. Without heights it
// computes those that it needs, for points that are in no reach of the ones before.
func (s *shardSet) cells(seen *lastShard, heights, lon, lat []float64, shard, slot []int32) (known int) {
	l := &s.common
	limit, side, sure := l.curves.limit, l.side, 0.5-l.near
	lat, shard, slot = lat[:len(lon)], shard[:len(lon)], slot[:len(lon)]
	var height [1]float64
	for i := 0; i < len(lon); i++ {
		held := 0
		if seen.reach.most > 0 {
			held = seen.reach.holds(lon[i:], lat[i:])
		}
		for range held {
			shard[i], slot[i] = seen.shard, seen.slot
			i++
		}
		if known += held; i == len(lon) {
			break
		}
		// Not within reach: the projection must be evaluated.
		x, y := lon[i], lat[i]
		shard[i], slot[i] = -1, -1
		a := math.Abs(y)
		if !(a <= 90) || x-x != 0 {
			continue
		}
		if len(heights) > 0 {
			height[0] = heights[i]
		} else {
			l.curves.heights(height[:], lat[i:i+1])
		}
		var face int
		var u, v float64
		t := x
		if !(t >= 0 && t < 360) {
			t = turn(t)
		}
		if t *= 1.0 / 90; a > limit {
			face, u, v = projectPolar(t, height[0], y < 0)
		} else {
			face, u, v = projectBand(t, height[0])
		}
		u, v = u*side, v*side
		iu, iv := int64(u), int64(v)
		cx, cy := uint32(iu), uint32(iv)
		exact := math.Abs(u-float64(iu)-0.5) > sure || math.Abs(v-float64(iv)-0.5) > sure || math.Abs(a-limit) < 1e-9
		if exact {
			face, cx, cy = l.exactCell(x, y)
		}
		if id := tileID(face, cx>>l.depth, cy>>l.depth); id != seen.id {
			at, ok := s.index[id]
			if !ok {
				at = -1
			}
			seen.id, seen.at = id, at
		}
		if seen.at >= 0 {
			shard[i], slot[i] = seen.at, slotOf(cx&l.mask, cy&l.mask)
		}
		if shard[i] >= 0 && shard[i] == seen.shard && slot[i] == seen.slot {
			known++
		}
		seen.shard, seen.slot = shard[i], slot[i]
		if seen.reach.most = 0; !exact && len(heights) == 0 {
			seen.reach.set(l, x, y, t, height[0])
		}
	}
	return known
}
