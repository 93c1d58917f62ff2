package simulate

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/internal/cost"
)

func TestCycle(t *testing.T) {
	lists := Cycle(1)
	most, least, pairs, granules := 0, 1<<30, 0, map[string]bool{}
	for _, list := range lists {
		most, least, pairs = max(most, len(list)), min(least, len(list)), pairs+len(list)
		for _, g := range list {
			granules[g] = true
		}
	}
	t.Log(len(lists), most, least, pairs, len(granules))
	require.Len(t, lists, cycleShards)
	require.Equal(t, cycleMost, most)
	require.Equal(t, 1, least)
	require.InEpsilon(t, cyclePairs, pairs, 0.05)
	require.InEpsilon(t, cycleGranules, len(granules), 0.01)
	require.Equal(t, lists, Cycle(1))
	require.NotEqual(t, lists, Cycle(2))
}

// jobs are shards of the generated cycle, one a job, densest first.
func jobs() []cost.Job {
	var out []cost.Job
	for n := cycleMost; n > 0; n-- {
		for range 2 {
			out = append(out, cost.Job{Shards: 1, Granules: n, Pairs: n})
		}
	}
	return out
}

func setting() *Setting {
	return &Setting{
		Jobs: jobs(), Model: cost.Direct(), Burst: DefaultBurst, ColdStart: DefaultColdStart, Send: DefaultSend,
		Function: cost.Function{MemoryMB: 2048, TmpMB: 512, Concurrency: 1700, Timeout: 720, Latency: 0.03, Bandwidth: 75e6},
	}
}

// The same seed is the same run, and what the model says is what workers are paid for.
func TestReplay(t *testing.T) {
	s := setting()
	for _, seed := range []uint64{0, 7} {
		first, err := s.Replay(t.Context(), seed)
		require.NoError(t, err)
		for range 3 {
			again, err := s.Replay(t.Context(), seed)
			require.NoError(t, err)
			require.Equal(t, first, again)
		}
	}
	central, err := s.Replay(t.Context(), 0)
	require.NoError(t, err)
	want := s.Model.ExpectJobs(s.Jobs, s.Function)
	require.InEpsilon(t, want.WorkerSeconds-want.Starts, central.Worker-central.Starts, 1e-9)
	require.Positive(t, central.ColdStarts)
	require.LessOrEqual(t, central.ColdStarts, len(s.Jobs))
	require.InDelta(t, want.WallSeconds, central.Wall, 8)
}

// More workers, a larger burst, less latency or a faster processor never make a run longer by more than chance, and each bound binds where
// it is narrow.
func TestBounds(t *testing.T) {
	for want, narrow := range map[string]func(*Setting){
		"the number of workers":                   func(s *Setting) { s.Function.Concurrency = 20 },
		"the rate at which Lambda starts workers": func(s *Setting) { s.Burst = 10 },
		"cold starts":                             func(s *Setting) { s.ColdStart = 5 * time.Minute },
		"the service's latency":                   func(s *Setting) { s.Function.Latency = 3 },
		"the service's bandwidth":                 func(s *Setting) { s.Function.Bandwidth = 1e5 },
		"the workers' processors":                 func(s *Setting) { s.Model.Pieces.CPU = 3 },
		"the longest job":                         func(s *Setting) { s.Jobs[0].Granules, s.Jobs[0].Pairs = 5000, 5000 },
	} {
		s := setting()
		narrow(s)
		b, err := s.Bounds(t.Context())
		require.NoError(t, err)
		require.NotEmpty(t, b, want)
		names := map[string]int{}
		for i, one := range b {
			names[one.Name] = i + 1
		}
		require.Contains(t, names, want)
		require.LessOrEqual(t, names[want], 2, "%s: %v", want, b)
	}
}

// Who waits for answers is throttled by an account with little room, waits, and ends.
func TestThrottledReplay(t *testing.T) {
	s := setting()
	s.Function.Sync, s.Burst = true, 50
	o, err := s.Replay(t.Context(), 0)
	require.NoError(t, err)
	require.Positive(t, o.Throttled)
	s.Function.Sync = false
	o, err = s.Replay(t.Context(), 0)
	require.NoError(t, err)
	require.Zero(t, o.Throttled, "events wait at Lambda")
	s = setting()
	s.Account = 300
	o, err = s.Replay(t.Context(), 0)
	require.NoError(t, err)
	require.LessOrEqual(t, o.ColdStarts, 200, "a hundred are kept free")
}

// Requests and bytes are those of the model of cost; a median lies among its replays.
func TestRun(t *testing.T) {
	s := setting()
	r, err := s.Run(t.Context(), 1, 9)
	require.NoError(t, err)
	for _, span := range []Span{r.WorkerSeconds, r.WallSeconds, r.ComputeUSD, r.USD} {
		require.Less(t, span.Low, span.High)
		require.GreaterOrEqual(t, span.Median, span.Low)
		require.LessOrEqual(t, span.Median, span.High)
	}
	want := s.Model.ExpectJobs(s.Jobs, s.Function)
	require.Equal(t, want.Gets, r.Expected.Gets)
	require.Equal(t, want.Bytes, r.Expected.Bytes)
	again, err := s.Run(t.Context(), 1, 9)
	require.NoError(t, err)
	require.Equal(t, r, again)
}

// The cheapest choice under a wall time ends in time and costs no more than others that do; an impossible one is said to be.
func TestCheapest(t *testing.T) {
	s := setting()
	shards := s.Jobs
	jobs := func(c Choice) []cost.Job {
		var out []cost.Job
		for i := 0; i < len(shards); i += c.ShardsPerJob {
			var j cost.Job
			for _, one := range shards[i:min(i+c.ShardsPerJob, len(shards))] {
				j.Shards, j.Pairs, j.Granules = j.Shards+1, j.Pairs+one.Pairs, max(j.Granules, one.Granules)
			}
			out = append(out, j)
		}
		return out
	}
	loose, met, err := s.Cheapest(t.Context(), 600, 1, 5, jobs)
	require.NoError(t, err)
	require.True(t, met)
	tight, met, err := s.Cheapest(t.Context(), 45, 1, 5, jobs)
	require.NoError(t, err)
	require.True(t, met)
	price := func(c Choice) float64 {
		other := *s
		other.Function.MemoryMB, other.Jobs = c.MemoryMB, jobs(c)
		r, err := other.Run(t.Context(), 1, 5)
		require.NoError(t, err)
		return r.Expected.USD
	}
	t.Log(loose, price(loose), tight, price(tight))
	require.LessOrEqual(t, price(loose), price(tight))
	_, met, err = s.Cheapest(t.Context(), 0.1, 1, 5, jobs)
	require.NoError(t, err)
	require.False(t, met)
}
