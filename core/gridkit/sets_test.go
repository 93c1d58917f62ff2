package gridkit

import (
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
)

// Small sets are remembered together, a large one by itself until the next is asked for: 100,000 shards of a plan are not kept for a
// whole run.
func TestLargeSetsAreLetGo(t *testing.T) {
	keys := func(from, n int) []core.ShardKey {
		out := make([]core.ShardKey, n)
		for i := range out {
			out[i] = core.ShardKey(strconv.Itoa(from + i))
		}
		return out
	}
	var s Sets[int]
	made := 0
	get := func(k []core.ShardKey) {
		_, err := s.Get(k, func(k []core.ShardKey) (int, error) { made++; return len(k), nil })
		require.NoError(t, err)
	}
	a, b, large := keys(0, 10), keys(10, 10), keys(20, keptKeys+1)
	get(a)
	get(b)
	get(a)
	require.Equal(t, 2, made, "both are remembered")
	get(large)
	get(large)
	require.Equal(t, 3, made, "the last one is, however large")
	get(a)
	get(b)
	get(a)
	require.Equal(t, 5, made)
	get(large)
	require.Equal(t, 6, made, "it was let go")
}
