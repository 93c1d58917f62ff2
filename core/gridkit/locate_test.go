package gridkit

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
)

// within is what Gather means, point by point.
func (b *Bounds) within(lon, lat float64) bool {
	d := math.Mod(lon-b.West, 360)
	if d < 0 {
		d += 360
	}
	return lat >= b.South && lat <= b.North && (d <= b.Width || math.Abs(lon) > 1e5)
}

func TestGather(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	odd := []float64{math.NaN(), math.Inf(1), math.Inf(-1), 1e6, -1e6, 360, -360, 180, -180, 0, 90, -90}
	for range 200 {
		b := Bounds{West: r.Float64()*720 - 360, Width: r.Float64() * 360, South: r.Float64()*180 - 90, North: r.Float64()*180 - 90}
		n := r.IntN(MostGathered + 1)
		lon, lat, slot := make([]float64, n), make([]float64, n), make([]int32, n)
		for i := range n {
			lon[i], lat[i], slot[i] = r.Float64()*1000-500, r.Float64()*200-100, 7
			if r.IntN(8) == 0 {
				lon[i] = odd[r.IntN(len(odd))]
			}
			if r.IntN(8) == 0 {
				lat[i] = odd[r.IntN(len(odd))]
			}
		}
		var inside [MostGathered]int32
		var want []int32
		for i := range n {
			if b.within(lon[i], lat[i]) {
				want = append(want, int32(i))
			}
		}
		got := inside[:b.Gather(&inside, lon, lat, slot)]
		require.Len(t, got, len(want), "%+v", b)
		for i := range want {
			require.Equal(t, want[i], got[i], "%+v", b)
		}
		for i := range slot {
			require.EqualValues(t, -1, slot[i])
		}
	}
}

func TestEachSlot(t *testing.T) {
	seen := []int32{}
	note := func(i int, slot int32) error {
		require.Len(t, seen, i)
		seen = append(seen, slot)
		return nil
	}
	require.NoError(t, EachSlot(t.Context(), "op", "key", []int32{3, 0, 3}, 4, note))
	require.Equal(t, []int32{3, 0, 3}, seen)
	for _, bad := range []int32{-1, 4} {
		err := EachSlot(t.Context(), "op", "key", []int32{0, bad}, 4, func(int, int32) error { return nil })
		require.True(t, core.Is(err, core.Invalid), "%v", err)
		require.ErrorContains(t, err, "in a shard of 4")
	}
	failed := core.Errorf(core.Internal, "", "", "no")
	require.ErrorIs(t, EachSlot(t.Context(), "op", "key", []int32{1}, 4, func(int, int32) error { return failed }), failed)
	ctx, stop := context.WithCancel(t.Context())
	stop()
	require.ErrorIs(t, EachSlot(ctx, "op", "key", []int32{1}, 4, note), context.Canceled)
}
