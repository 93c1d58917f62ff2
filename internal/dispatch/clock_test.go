package dispatch

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Hours pass at once, and everything happens in the same order each time.
func TestVirtual(t *testing.T) {
	story := func() (said []string, passed time.Duration) {
		clock := &Virtual{}
		start := clock.Now()
		gate := clock.Gate(2)
		err := Each(t.Context(), clock, []int{5, 3, 1, 4, 2}, 4, func(ctx context.Context, hours int) (string, error) {
			if err := gate.Enter(ctx); err != nil {
				return "", err
			}
			defer gate.Leave()
			err := clock.Sleep(ctx, time.Duration(hours)*time.Hour)
			return fmt.Sprintf("%d at %s", hours, clock.Now().Sub(start)), err
		}, func(d Ended[int, string]) {
			require.NoError(t, d.Err)
			said = append(said, d.Result)
		})
		require.NoError(t, err)
		return said, clock.Now().Sub(start)
	}
	for range 20 {
		said, passed := story()
		require.Equal(t, []string{"3 at 3h0m0s", "1 at 4h0m0s", "5 at 5h0m0s", "2 at 7h0m0s", "4 at 8h0m0s"}, said)
		require.Equal(t, 8*time.Hour, passed)
	}
}

// The time of day and the simulated one keep to the same words.
func TestGates(t *testing.T) {
	for _, clock := range []Clock{RealTime{}, &Virtual{}} {
		inside, most := 0, 0
		gate := clock.Gate(3)
		both := clock.Gate(1)
		err := Each(t.Context(), clock, make([]int, 40), 10, func(ctx context.Context, _ int) (int, error) {
			require.NoError(t, gate.Enter(ctx))
			defer gate.Leave()
			count := func(n int) {
				require.NoError(t, both.Enter(ctx))
				defer both.Leave()
				inside += n
				most = max(most, inside)
			}
			count(1)
			defer count(-1)
			return 0, clock.Sleep(ctx, time.Millisecond)
		}, func(d Ended[int, int]) { require.NoError(t, d.Err) })
		require.NoError(t, err)
		require.LessOrEqual(t, most, 3)
		require.Zero(t, inside)
	}
}
