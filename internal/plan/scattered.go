package plan

import (
	"context"
	"maps"
	"slices"
	"sync"

	"github.com/englacial/zagg/core"
)

// Rows in no order, as of a table sorted by something else, lie each in a run of its own. To cover every one takes a thousand times as
// long as to find it among shards that are known already, of which there are soon most: they are sought there first, and what is in none
// of them is covered, more of them each time.

// leastScattered is how many rows that lie alone are not just covered.
const leastScattered = 2 * coverRuns

// A shardSet is safe for concurrent use.
type shardSet struct {
	mu   sync.Mutex
	keys map[core.ShardKey]bool
}

// add adds shards and gives all that there are, in no order.
func (s *shardSet) add(keys map[core.ShardKey]bool) []core.ShardKey {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.keys == nil {
		s.keys = map[core.ShardKey]bool{}
	}
	maps.Copy(s.keys, keys)
	return slices.Collect(maps.Keys(s.keys))
}

// candidates are the shards that can own a point of each run.
func (n *Near) candidates(ctx context.Context, lon, lat []float64, all *runs) ([][]core.ShardKey, error) {
	out := make([][]core.ShardKey, len(all.regions))
	var together, alone []int
	for i, rows := range all.rows {
		if rows[1]-rows[0] == 1 {
			alone = append(alone, i)
		} else {
			together = append(together, i)
		}
	}
	grid, ok := n.Grid.(core.ShardLocator)
	if !ok || len(alone) < leastScattered {
		return out, n.cover(ctx, all, append(together, alone...), out)
	}
	if err := n.cover(ctx, all, together, out); err != nil {
		return nil, err
	}
	found := map[core.ShardKey]bool{}
	for more := leastScattered; len(alone) > 0; more *= 2 {
		var err error
		if alone, err = within(ctx, grid, n.known.add(found), lon, lat, all, alone, out); err != nil {
			return nil, err
		}
		now := min(more, len(alone))
		if err := n.cover(ctx, all, alone[:now], out); err != nil {
			return nil, err
		}
		for _, run := range alone[:now] {
			for _, k := range out[run] {
				found[k] = true
			}
		}
		alone = alone[now:]
	}
	return out, nil
}

// cover asks the grid for the shards near some runs.
func (n *Near) cover(ctx context.Context, all *runs, some []int, out [][]core.ShardKey) error {
	for part := range slices.Chunk(some, coverRuns) {
		regions := make([]core.Region, len(part))
		for i, run := range part {
			regions[i] = all.regions[run]
		}
		covers, err := n.Grid.Cover(ctx, regions)
		if err != nil {
			return err
		}
		for i, run := range part {
			out[run] = covers[i]
		}
	}
	return nil
}

// within finds the rows that lie alone in one of some shards, and gives the runs of the others.
func within(ctx context.Context, grid core.ShardLocator, keys []core.ShardKey, lon, lat []float64, all *runs, alone []int, out [][]core.ShardKey) ([]int, error) {
	if len(keys) == 0 {
		return alone, nil
	}
	x, y := make([]float64, len(alone)), make([]float64, len(alone))
	for i, run := range alone {
		x[i], y[i] = lon[all.rows[run][0]], lat[all.rows[run][0]]
	}
	shard, slot := make([]int32, len(alone)), make([]int32, len(alone))
	if err := grid.LocateIn(ctx, keys, x, y, shard, slot); err != nil {
		return nil, err
	}
	var left []int
	for i, k := range shard {
		switch {
		case k < 0:
			left = append(left, alone[i])
		case int(k) >= len(keys):
			return nil, core.Errorf(core.Internal, "plan", "", "the grid found a row in shard %d of %d", k, len(keys))
		default:
			out[alone[i]] = keys[k : k+1]
		}
	}
	return left, nil
}
