//go:build cgo

package h3

// Locating points in many shards at once.

import (
	"context"
	"math"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/gridkit"
	"github.com/englacial/zagg/core/sphere"
)

// A shardSet is the shards of one call of LocateIn, prepared. It is immutable and shared by goroutines.
type shardSet struct {
	index    map[uint64]int32 // by cell
	locators []*locator
	parent   int // resolution of shards
}

func (g *grid) shardSet(keys []core.ShardKey) (*shardSet, error) {
	s := &shardSet{locators: make([]*locator, len(keys)), parent: g.config.ParentResolution}
	ids := make([]uint64, len(keys))
	for i, key := range keys {
		c, err := g.shardFromKey(key)
		if err != nil {
			return nil, err
		}
		ids[i] = uint64(c)
		if s.locators[i], err = g.newLocator(c); err != nil {
			return nil, err
		}
	}
	var err error
	s.index, err = gridkit.Index("h3.LocateIn", keys, ids)
	return s, err
}

// LocateIn implements core.ShardLocator. Points come along tracks, so the shard of the point before is asked first.
// Other points are compared with the cap of each shard, some nanoseconds for one; H3 is only asked about points that
// lie in several caps and too close to a border.
func (g *grid) LocateIn(ctx context.Context, keys []core.ShardKey, lon, lat []float64, shard, slot []int32) error {
	if err := gridkit.Lengths("h3.LocateIn", lon, lat, shard, slot); err != nil {
		return err
	}
	set, err := g.sets.Get(keys, g.shardSet)
	if err != nil {
		return err
	}
	last := 0
	for i := range lon {
		if i&(1<<14-1) == 0 {
			if err := ctx.Err(); err != nil {
				return err
			}
		}
		if shard[i], slot[i], err = set.find(lon[i], lat[i], last); err != nil {
			return err
		}
		if shard[i] >= 0 {
			last = int(shard[i])
		}
	}
	return nil
}

// find is a point's shard and slot; last is the shard that is asked first.
func (s *shardSet) find(lon, lat float64, last int) (shard, slot int32, err error) {
	if !(math.Abs(lat) <= 90) || lon-lon != 0 || len(s.locators) == 0 {
		return -1, -1, nil
	}
	lon = turn(lon)
	p := sphere.FromLonLat(lon, lat)
	slot, sure := s.locators[last].quick(p)
	if slot >= 0 {
		return int32(last), slot, nil
	}
	for i, l := range s.locators {
		if i == last {
			continue
		}
		at, ok := l.quick(p)
		if at >= 0 {
			return int32(i), at, nil
		}
		sure = sure && ok
	}
	if sure {
		return -1, -1, nil
	}
	c, err := cellOf(lon, lat, s.locators[0].child)
	if err != nil {
		return -1, -1, err
	}
	at, ok := s.index[uint64(c.parent(s.parent))]
	if !ok {
		return -1, -1, nil
	}
	return at, int32(c.slot(s.parent)), nil
}

// quick is the slot of a place without asking H3, or -1; with -1 sure says that the place is certainly not in the
// shard.
func (l *locator) quick(p sphere.Vec) (slot int32, sure bool) {
	if p.Chord2(l.center) > l.chord2 {
		return -1, true
	}
	if l.lattice == nil {
		return -1, false
	}
	if slot, sure = l.lattice.slot(p); !sure {
		return -1, false
	}
	return slot, true
}
