package engine

// Finding shards and cells of points by asking the grid.

import (
	"context"
	"slices"

	"github.com/englacial/zagg/core"
)

// A finder finds the shards and slots of points. Its memory is reused from call to call; it belongs to one goroutine.
type finder struct {
	grid        core.Grid
	keys        []core.ShardKey
	slots       int64 // of a shard
	shard, slot []int32

	left     []int32 // points without a shard, for a grid that is asked shard by shard
	lon, lat []float64
	found    []int32
}

// find puts the places of points into f.shard, an index into keys or -1, and f.slot. What the grid answers is
// checked, as plugins may be wrong: a slot outside of the shard is Internal.
func (f *finder) find(ctx context.Context, lon, lat []float64) error {
	n := len(lon)
	f.shard, f.slot = slices.Grow(f.shard[:0], n)[:n], slices.Grow(f.slot[:0], n)[:n]
	many, ok := f.grid.(core.ShardLocator)
	var err error
	switch {
	case len(f.keys) == 1:
		if err = f.grid.Locate(ctx, f.keys[0], lon, lat, f.slot); err == nil {
			// With one shard, 0 stands for inside and -1 for outside, as a slot below 0 says.
			for i, s := range f.slot {
				f.shard[i] = min(s, 0)
			}
		}
	case ok:
		err = many.LocateIn(ctx, f.keys, lon, lat, f.shard, f.slot)
	default:
		err = f.oneByOne(ctx, lon, lat)
	}
	if err != nil {
		return err
	}
	for i, s := range f.shard {
		if s >= 0 && (int(s) >= len(f.keys) || f.slot[i] < 0 || int64(f.slot[i]) >= f.slots) {
			return core.Errorf(core.Internal, "engine", string(f.keys[min(int(s), len(f.keys)-1)]), "the grid gave slot %d in a shard of %d", f.slot[i], f.slots)
		}
	}
	return nil
}

// oneByOne asks each shard for the points that no shard before has claimed: a point belongs to one shard only.
func (f *finder) oneByOne(ctx context.Context, lon, lat []float64) error {
	f.left = f.left[:0]
	for i := range lon {
		f.shard[i], f.slot[i] = -1, -1
		f.left = append(f.left, int32(i))
	}
	for k, key := range f.keys {
		n := len(f.left)
		if n == 0 {
			break
		}
		f.lon, f.lat, f.found = slices.Grow(f.lon[:0], n)[:n], slices.Grow(f.lat[:0], n)[:n], slices.Grow(f.found[:0], n)[:n]
		for i, r := range f.left {
			f.lon[i], f.lat[i] = lon[r], lat[r]
		}
		if err := f.grid.Locate(ctx, key, f.lon, f.lat, f.found); err != nil {
			return err
		}
		rest := f.left[:0]
		for i, r := range f.left {
			if f.found[i] >= 0 {
				f.shard[r], f.slot[r] = int32(k), f.found[i]
			} else {
				rest = append(rest, r)
			}
		}
		f.left = rest
	}
	return nil
}
