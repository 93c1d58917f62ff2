// Package gridkit contains code shared by grids: strict decoding of settings, parallel covers, bounds of shards, caches of
// sets of shards, and optional methods.
package gridkit

import (
	"slices"
	"sync"

	"github.com/englacial/zagg/core"
)

// At most so many sets of shards are remembered, a few jobs at once, each with a few granules under way, and so many shards in all
// sets but the last: what is made of one may take half a kilobyte.
const (
	keptSets = 32
	keptKeys = 1 << 16
)

// Sets remembers what a grid has made of sets of shards, because core.ShardLocator is asked batch by batch for the same
// ones. The zero Sets is empty. It is safe for concurrent use.
type Sets[T any] struct {
	mu   sync.Mutex
	kept []set[T] // the one used last is first
}

type set[T any] struct {
	keys []core.ShardKey
	made T
}

// Get is what make gives for keys, now or when it was last asked. It keeps no slice of the caller's.
func (s *Sets[T]) Get(keys []core.ShardKey, make func([]core.ShardKey) (T, error)) (T, error) {
	s.mu.Lock()
	for i := range s.kept {
		if found := s.kept[i]; slices.Equal(found.keys, keys) {
			copy(s.kept[1:i+1], s.kept[:i])
			s.kept[0] = found
			s.mu.Unlock()
			return found.made, nil
		}
	}
	s.mu.Unlock()
	made, err := make(keys)
	if err != nil {
		return made, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.kept = slices.Insert(s.kept, 0, set[T]{slices.Clone(keys), made})
	n, shards := 1, len(keys)
	for n < min(len(s.kept), keptSets) && shards+len(s.kept[n].keys) <= keptKeys {
		shards += len(s.kept[n].keys)
		n++
	}
	clear(s.kept[n:])
	s.kept = s.kept[:n]
	return made, nil
}

// Index is the place of each id among ids; the first that comes twice is an error (Invalid), because the rows of its shard
// would be counted in one of two places.
func Index(op string, keys []core.ShardKey, ids []uint64) (map[uint64]int32, error) {
	index := make(map[uint64]int32, len(ids))
	for i, id := range ids {
		if first, twice := index[id]; twice {
			return nil, core.Errorf(core.Invalid, op, string(keys[i]), "the shard is listed twice, first as %s", keys[first])
		}
		index[id] = int32(i)
	}
	return index, nil
}

// Lengths refuses (Invalid) slices of different lengths.
func Lengths(op string, lon, lat []float64, shard, slot []int32) error {
	if n := len(lon); len(lat) != n || len(shard) != n || len(slot) != n {
		return core.Errorf(core.Invalid, op, "", "%d longitudes, %d latitudes, room for %d shards and %d slots", n, len(lat), len(shard), len(slot))
	}
	return nil
}
