package dispatch

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/time/rate"
)

var (
	errThrottled = errors.New("too many requests")
	errLost      = errors.New("connection reset")
)

func judge(err error) Verdict {
	switch {
	case errors.Is(err, errThrottled):
		return Throttled
	case errors.Is(err, errLost):
		return Lost
	}
	return Final
}

func testPace(clock Clock, atOnce int, backoff time.Duration) *Pace {
	random := rand.New(rand.NewPCG(1, 2))
	return NewPace(Options{Clock: clock, AtOnce: atOnce, Starts: Starts(), Backoff: backoff, Patience: 10 * time.Minute, Judge: judge, Jitter: func(d time.Duration) time.Duration {
		return time.Duration(random.Int64N(int64(d) + 1))
	}})
}

// Throttling doubles the gap between requests, as long as it lasts, and what is taken closes it again.
func TestPace(t *testing.T) {
	p := testPace(&Virtual{}, 2, 64*time.Millisecond)
	ask := func(throttled bool) time.Duration {
		require.NoError(t, p.slots.Enter(t.Context()))
		p.raised = time.Time{}
		p.leave(throttled)
		return p.gap
	}
	require.Zero(t, ask(false))
	require.Equal(t, 2*time.Millisecond, ask(true))
	require.Equal(t, 4*time.Millisecond, ask(true))
	require.Less(t, ask(false), 4*time.Millisecond)
	for range 9 {
		ask(true)
	}
	require.Equal(t, 64*time.Millisecond, p.gap)
	for range 100 {
		ask(false)
	}
	require.Zero(t, p.gap)
	now := time.Now()
	p.gap, p.next = time.Second, now
	require.Zero(t, p.turn(now))
	require.Equal(t, time.Second, p.turn(now))
	require.Equal(t, 2*time.Second, p.turn(now))
}

func TestPaceEnds(t *testing.T) {
	ended, end := context.WithCancel(t.Context())
	end()
	for _, clock := range []Clock{RealTime{}, &Virtual{}} {
		p := testPace(clock, 1, time.Second)
		require.ErrorIs(t, p.enter(ended), context.Canceled)
		require.NoError(t, p.enter(t.Context()), "a place that was not taken is free")
	}
}

// Three in ten requests are throttled for three minutes in which Lambda has few workers to give: all 1,742 jobs are done in the end, none
// after a few tries only, and while it lasts requests come at a falling rate.
func TestThrottledForMinutes(t *testing.T) {
	const jobs, lasting = 1742, 3 * time.Minute
	clock := &Virtual{}
	start := clock.Now()
	random := rand.New(rand.NewPCG(3, 4))
	p := testPace(clock, 1700, time.Second)
	taken := map[int]int{}
	var refused []time.Duration
	var tries [18]int // by ten seconds
	err := Each(t.Context(), clock, slices.Collect(numbers(jobs)), 1700, func(ctx context.Context, j int) (int, error) {
		return j, p.Send(ctx, func(ctx context.Context) error {
			at := clock.Now().Sub(start)
			if at < lasting {
				tries[at/(10*time.Second)]++
			}
			clock.Sleep(ctx, 30*time.Millisecond) //nolint:errcheck // ctx does not end
			if at < lasting && (random.IntN(10) < 3 || len(taken) >= jobs/2) {
				refused = append(refused, at)
				return errThrottled
			}
			taken[j]++
			return nil
		})
	}, func(d Ended[int, int]) {
		require.NoError(t, d.Err)
	})
	require.NoError(t, err)
	require.Len(t, taken, jobs)
	for j, n := range taken {
		require.Equal(t, 1, n, j)
	}
	require.Greater(t, slices.Max(refused), lasting-10*time.Second, "it was waited out")
	require.EqualValues(t, len(refused), p.Retries())
	require.Greater(t, tries[0], 500)
	for i := range tries[1:] {
		require.LessOrEqual(t, tries[i+1], tries[i], "a falling rate: %v", tries)
	}
	require.Equal(t, 10, tries[len(tries)-1], "a request a second while all are refused")
	require.Less(t, clock.Now().Sub(start), lasting+time.Minute, "and then forgotten")
}

func numbers(n int) func(func(int) bool) {
	return func(yield func(int) bool) {
		for i := range n {
			if !yield(i) {
				return
			}
		}
	}
}

// What is lost on the way is sent four times, what is refused for good once, and throttling is given up after the patience.
func TestSend(t *testing.T) {
	for _, c := range []struct {
		err   error
		tries int
	}{{errLost, MaxTries}, {errors.New("no such function"), 1}} {
		clock := &Virtual{}
		tries := 0
		send(t, clock, testPace(clock, 1, time.Second), func(context.Context) error {
			tries++
			return c.err
		}, c.err)
		require.Equal(t, c.tries, tries)
	}
	clock := &Virtual{}
	start := clock.Now()
	send(t, clock, testPace(clock, 1, time.Second), func(context.Context) error { return errThrottled }, errThrottled)
	require.InDelta(t, 10*time.Minute, clock.Now().Sub(start), float64(20*time.Second))
}

func send(t *testing.T, clock Clock, p *Pace, request func(context.Context) error, want error) {
	require.NoError(t, Each(t.Context(), clock, []int{1}, 1, func(ctx context.Context, _ int) (int, error) {
		return 0, p.Send(ctx, request)
	}, func(d Ended[int, int]) { require.ErrorIs(t, d.Err, want) }))
}

// Requests go at Lambda's rate: 1,000 at once and 100 a second.
func TestStarts(t *testing.T) {
	clock := &Virtual{}
	start := clock.Now()
	p := testPace(clock, 2000, time.Second)
	require.NoError(t, Each(t.Context(), clock, make([]int, 1742), 1742, func(ctx context.Context, _ int) (int, error) {
		return 0, p.Send(ctx, func(context.Context) error { return nil })
	}, func(Ended[int, int]) {}))
	require.InDelta(t, 7.42, clock.Now().Sub(start).Seconds(), 0.01)
	require.Equal(t, rate.Limit(startsPerSecond), Starts().Limit())
}
