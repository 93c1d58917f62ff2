package dispatch

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestEachReportsEveryJobOnce(t *testing.T) {
	jobs := make([]int, 100)
	for i := range jobs {
		jobs[i] = i
	}
	var busy, most atomic.Int32
	seen := map[int]bool{}
	odd := errors.New("odd")
	err := Each(context.Background(), RealTime{}, jobs, 7, func(_ context.Context, j int) (int, error) {
		n := busy.Add(1)
		defer busy.Add(-1)
		for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
		}
		if j%2 == 1 {
			return 0, odd
		}
		return j * j, nil
	}, func(d Ended[int, int]) {
		require.False(t, seen[d.Job])
		seen[d.Job] = true
		if d.Job%2 == 1 {
			require.ErrorIs(t, d.Err, odd)
		} else {
			require.Equal(t, d.Job*d.Job, d.Result)
		}
	})
	require.NoError(t, err)
	require.Len(t, seen, 100)
	require.LessOrEqual(t, most.Load(), int32(7))
}

func TestEachStopsStartingWhenCancelled(t *testing.T) {
	ctx, cancel := context.WithCancelCause(context.Background())
	stop := errors.New("stopped by the user")
	started := 0
	err := Each(ctx, RealTime{}, make([]int, 50), 1, func(context.Context, int) (int, error) {
		started++
		if started == 3 {
			cancel(stop)
		}
		return 0, nil
	}, func(Ended[int, int]) {})
	require.ErrorIs(t, err, stop)
	require.Less(t, started, 50)
}

func TestEachNothing(t *testing.T) {
	require.NoError(t, Each(context.Background(), RealTime{}, nil, 4, func(context.Context, int) (int, error) { return 0, nil }, func(Ended[int, int]) { t.Fatal("no job") }))
}
