package plan

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// Groups are runs of neighbours that hold every shard once and keep the bounds, unless a shard alone is beyond them.
func TestGroup(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	for range 300 {
		lists := make([][]int, rng.IntN(40))
		for i := range lists {
			for g := range 12 {
				if rng.IntN(3) == 0 {
					lists[i] = append(lists[i], i/2+g)
				}
			}
		}
		kept := NewKept(lists, func(g int) int64 { return int64(g%4) * 1000 })
		most := Bound{Shards: rng.IntN(6), Granules: rng.IntN(30), Bytes: int64(rng.IntN(3)) * 3000, Held: int64(rng.IntN(3)) * 4 * shardBytes}
		next := 0
		for _, group := range Group(lists, kept, most) {
			require.NotEmpty(t, group)
			granules, bytes, held := map[int]bool{}, int64(0), int64(0)
			for _, i := range group {
				require.Equal(t, next, i)
				next++
				bytes += kept.Of(lists[i])
				held += shardBytes + granuleBytes*int64(len(lists[i]))
				for _, g := range lists[i] {
					granules[g] = true
				}
			}
			if len(group) == 1 {
				continue
			}
			require.True(t, most.Shards == 0 || len(group) <= most.Shards)
			require.True(t, most.Granules == 0 || len(granules) <= most.Granules)
			require.True(t, most.Bytes == 0 || bytes+held <= most.Bytes)
			require.True(t, most.Held == 0 || held <= most.Held)
		}
		require.Equal(t, len(lists), next)
	}
	require.Len(t, Group([][]int{{1}, {1}, {1}}, NewKept([][]int{{1}, {1}, {1}}, func(int) int64 { return 0 }), Bound{}), 1)
}

// What a granule keeps is divided among all shards that it goes to, so that many shards with few rows each are few groups; but what
// a job holds of a shard itself counts too.
func TestKept(t *testing.T) {
	lists := make([][]string, 100_000)
	for i := range lists {
		lists[i] = []string{"a", "b"}
	}
	kept := NewKept(lists, func(string) int64 { return 3_000_000 })
	require.EqualValues(t, 20, kept.Of(lists[0]))
	groups := Group(lists, kept, Bound{Bytes: 128 << 20})
	require.InDelta(t, 100_000*(shardBytes+2*granuleBytes)/(128<<20), len(groups), 1)
}
