package objstore_test

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/objstore"
)

// Through a cache every range reads as without it, and one that is part of another read before costs no request.
func TestCache(t *testing.T) {
	store := &objstore.Mem{}
	body := make([]byte, 5000)
	for i := range body {
		body[i] = byte(i * 7)
	}
	require.NoError(t, objstore.PutBytes(t.Context(), store, "mem://a/b", body, core.PutOptions{}))
	rng := rand.New(rand.NewPCG(1, 1))
	for _, most := range []int64{0, 3000, 1 << 20} {
		left := most
		var used objstore.Counter
		cache := objstore.NewCache(func(n int64) bool {
			if n > left {
				return false
			}
			left -= n
			return true
		})
		r := cache.Over(objstore.MeterReader(store, &used))
		for range 300 {
			var ranges []core.Range
			for range 1 + rng.IntN(4) {
				ranges = append(ranges, core.Range{Offset: rng.Int64N(6000), Length: rng.Int64N(3000)})
			}
			want, err := store.ReadRanges(t.Context(), "mem://a/b", ranges)
			require.NoError(t, err)
			got, err := r.ReadRanges(t.Context(), "mem://a/b", ranges)
			require.NoError(t, err)
			require.Equal(t, want, got)
		}
		before := used.Usage().Gets
		_, err := r.ReadRanges(t.Context(), "mem://a/b", []core.Range{{Offset: 0, Length: 6000}})
		require.NoError(t, err)
		_, err = r.ReadRanges(t.Context(), "mem://a/b", []core.Range{{Offset: 10, Length: 100}, {Offset: 4990, Length: 50}})
		require.NoError(t, err)
		if most == 1<<20 {
			require.LessOrEqual(t, used.Usage().Gets, before+1)
		}
		before = used.Usage().Gets
		require.Equal(t, most-left, cache.Drop("mem://a/b"))
		require.Zero(t, cache.Drop("mem://a/b"))
		_, err = r.ReadRanges(t.Context(), "mem://a/b", []core.Range{{Offset: 10, Length: 100}})
		require.NoError(t, err)
		require.Equal(t, before+1, used.Usage().Gets, "it is read again")
		_, err = r.ReadRanges(t.Context(), "mem://a/none", []core.Range{{Length: 1}})
		require.Equal(t, core.NotFound, core.CodeOf(err))
	}
}
