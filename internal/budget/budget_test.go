package budget

import (
	"context"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
)

// However many want however much, nobody waits for ever, and no more than the budget is taken.
func TestNoDeadlock(t *testing.T) {
	const total = 1000
	b := New(total)
	var used atomic.Int64
	check := func(n int64) {
		if now := used.Add(n); now > total {
			t.Errorf("%d of %d bytes are taken", now, total)
		}
	}
	var all sync.WaitGroup
	for k := range 16 {
		all.Go(func() {
			r := rand.New(rand.NewPCG(uint64(k), 1))
			var kept []int64
			for range 500 {
				n := r.Int64N(2 * total)
				release, err := b.Lease(t.Context(), n)
				if err != nil {
					t.Error(err)
					return
				}
				n = min(n, b.MostLease())
				check(n)
				if m := r.Int64N(total / 4); b.Keep(m) {
					check(m)
					kept = append(kept, m)
				}
				used.Add(-n)
				release()
				release()
				if len(kept) > 3 {
					for _, m := range kept {
						used.Add(-m)
						b.Let(m)
					}
					kept = nil
				}
			}
			for _, m := range kept {
				used.Add(-m)
				b.Let(m)
			}
		})
	}
	all.Wait()
	require.Zero(t, b.leased)
	require.Zero(t, b.kept)
	require.LessOrEqual(t, b.Peak(), int64(total))
}

func TestFirstComeFirstServed(t *testing.T) {
	b := New(100)
	release, err := b.Lease(t.Context(), 50)
	require.NoError(t, err)
	require.True(t, b.Keep(50))
	require.False(t, b.Keep(1), "half is the most that is kept")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = b.Lease(ctx, 10)
	require.Equal(t, core.Unavailable, core.CodeOf(err))
	require.Zero(t, b.waiting.Len())
	got := make(chan func())
	go func() {
		r, err := b.Lease(t.Context(), 1<<40)
		if err != nil {
			t.Error(err)
		}
		got <- r
	}()
	release()
	(<-got)()
	b.Let(50)
	require.Zero(t, b.leased+b.kept)
}

func TestWithoutBounds(t *testing.T) {
	var b *Budget
	release, err := b.Lease(t.Context(), 1<<60)
	require.NoError(t, err)
	release()
	require.True(t, b.Keep(1<<60))
	b.Let(1 << 60)
	require.Zero(t, b.Total()+b.Peak())
}
