package cost

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestMakespan(t *testing.T) {
	require.Zero(t, makespan(nil, 10))
	require.InDelta(t, 6, makespan([]float64{3, 2, 1}, 1), 1e-12)
	require.InDelta(t, 3, makespan([]float64{3, 2, 1}, 2), 1e-12)
	require.InDelta(t, 3, makespan([]float64{3, 2, 1}, 100), 1e-12)
	tasks := make([]float64, 1500)
	for i := range tasks {
		tasks[i] = 20
	}
	require.InDelta(t, 30, makespan(tasks, 1700), 1e-12, "the second thousand starts ten seconds later")
}

func TestExpect(t *testing.T) {
	m := Model{ShardSeconds: 1, ShardPuts: 3, Pieces: Reading{CPU: 2, Gets: 10, Bytes: 100}}
	f := Function{MemoryMB: 2 * MBPerCPU, Concurrency: 3, Timeout: 900, Sync: true}
	e := m.Expect([]int{1, 4, 2}, f)
	require.Equal(t, 3, e.Shards)
	require.Equal(t, 7, e.Pairs)
	require.Equal(t, 4, e.Densest)
	require.InDelta(t, 1+4*2/2., e.DensestSeconds, 1e-4)
	require.InDelta(t, 3+2/1.+4*2/2.+2*2/2., e.WorkerSeconds, 1e-4, "one granule is decoded on one processor")
	require.InDelta(t, 5, e.WallSeconds, 1e-4)
	require.EqualValues(t, 70+runGets, e.Gets)
	require.EqualValues(t, 9+runPuts, e.Puts)
	require.EqualValues(t, 700, e.Bytes)
	require.InDelta(t, float64(e.Gets)*getRequest+float64(e.Puts)*PutRequest, e.Bill.Requests, 1e-12)
	require.InDelta(t, e.Bill.Total(), e.USD, 0)
	require.InDelta(t, Of(Use{WorkerSeconds: 900 * 12, MemoryGB: 2 * MBPerCPU / 1024., Invocations: 12, Gets: 4 * e.Gets, Puts: 4 * e.Puts}).Total(), e.CeilingUSD, 1e-9)
	require.Zero(t, m.Expect(nil, f).WorkerSeconds)
}

// What is slowest of processor, network and the granules under way at once is what reading takes.
func TestReadingIsBoundByTheNarrowest(t *testing.T) {
	f := Function{MemoryMB: MBPerCPU, Concurrency: 1, Latency: 0.03}
	m := Model{Whole: Reading{CPU: 0.05, Trips: 2, Gets: 2}}
	took := func(m Model, f Function, size int64) float64 {
		return m.SecondsOf(Job{Shards: 1, Granules: 40, Pairs: 40, Whole: 40, WholePairs: 40, Bytes: 40 * size}, &f)
	}
	require.InDelta(t, 40*0.05, took(m, f, 1e6), 1e-9, "the processor")
	require.InDelta(t, 40*15e6/75e6, took(m, f, 15e6), 1e-9, "the network")
	f.Bandwidth = 150e6
	require.InDelta(t, 40*15e6/150e6, took(m, f, 15e6), 1e-9, "another network")
	f.Latency, f.Bandwidth = 0.3, 1e12
	require.InDelta(t, 40*(0.6+0.05)/4, took(m, f, 15e6), 1e-3, "round trips, four granules at once")
	m.Whole.Factor = 2
	require.InDelta(t, 40*(0.6+0.05)/2, took(m, f, 15e6), 1e-3, "as measured")
}

// A granule that is read whole is fetched once for all shards of a job, one in pieces for each, but for what they share.
func TestWholeGranules(t *testing.T) {
	m, f := Direct(), Function{MemoryMB: 2048, Concurrency: 1}
	e := m.ExpectJobs([]Job{{Shards: 3, Granules: 10, Pairs: 30, Whole: 10, WholePairs: 30, Bytes: 115e6}}, f)
	require.EqualValues(t, 115e6, e.Bytes)
	require.EqualValues(t, 20+3*m.ShardGets+runGets+1, e.Gets)
	pieces := m.ExpectJobs([]Job{{Shards: 3, Granules: 10, Pairs: 30}}, f)
	require.Greater(t, pieces.Gets, int64(10*62))
	require.Less(t, pieces.Gets, int64(30*62))
	mixed := m.ExpectJobs([]Job{{Shards: 1, Granules: 2, Pairs: 2, Whole: 1, WholePairs: 1, Bytes: 1e6}}, f)
	require.EqualValues(t, 1e6+4.3e6, mixed.Bytes)
}

// More memory buys more CPU up to six, and the price of an hour of it rises with it.
func TestMemoryAndArchitecture(t *testing.T) {
	m := Direct()
	small := m.Expect([]int{100}, Function{MemoryMB: 1769, Concurrency: 1, Bandwidth: 1e12})
	large := m.Expect([]int{100}, Function{MemoryMB: 3538, Concurrency: 1, Bandwidth: 1e12})
	require.Less(t, large.WallSeconds, small.WallSeconds)
	amd := m.Expect([]int{100}, Function{MemoryMB: 1769, Concurrency: 1, AMD64: true, Bandwidth: 1e12})
	require.InDelta(t, AMD64PerGBSecond/ARM64PerGBSecond, amd.Bill.Compute/small.Bill.Compute, 1e-9)
}

// Starting workers, logs and looking for results are paid for.
func TestWhatIsPaidBesideShards(t *testing.T) {
	m := Direct()
	one := m.Expect([]int{5, 5, 5, 5}, Function{MemoryMB: 2048, Concurrency: 1})
	four := m.Expect([]int{5, 5, 5, 5}, Function{MemoryMB: 2048, Concurrency: 4})
	require.InDelta(t, 3*m.InitSeconds, four.WorkerSeconds-one.WorkerSeconds, 1e-9)
	require.InDelta(t, 4*m.LogBytes/1e9*logGB, one.Bill.Logs, 1e-15)
	waited := m.Expect([]int{5, 5, 5, 5}, Function{MemoryMB: 2048, Concurrency: 4, Sync: true})
	require.Greater(t, four.Puts, waited.Puts)
}

// Results are looked for five times a second at first and every five seconds in the end.
func TestLooks(t *testing.T) {
	require.Equal(t, FirstLook, Pause(0, lastLook))
	require.Equal(t, 2*time.Second, Pause(100*time.Second, lastLook))
	require.Equal(t, lastLook, Pause(time.Hour, lastLook))
	require.Zero(t, polls(0))
	require.EqualValues(t, 50, polls(10))
	require.InDelta(t, polls(1000)+200, polls(2000), 1)
}

func TestFitFindsTheModelAgain(t *testing.T) {
	for _, latency := range []float64{0, 0.03} {
		f := Function{MemoryMB: 2048, Concurrency: 1, Latency: latency}
		for _, whole := range []bool{true, false} {
			m := Direct()
			m.JobSeconds, m.Whole.Factor, m.Pieces.Factor = 0, 1.5, 1.5
			var samples []Sample
			var jobs []Job
			for _, n := range []int{5, 9, 40} {
				j := shard(n)
				s := Sample{Granules: n, CPUSeconds: float64(n) * m.Pieces.CPU, Reads: 62 * int64(n), Bytes: int64(n) * 4.3e6, Writes: 12}
				if whole {
					j.Whole, j.WholePairs, j.Bytes = n, n, int64(n)*11e6
					s.CPUSeconds, s.Reads, s.Bytes = float64(n)*m.Whole.CPU, 2*int64(n), j.Bytes
				}
				s.Seconds = m.SecondsOf(j, &f)
				samples, jobs = append(samples, s), append(jobs, j)
			}
			got, ok := Fit(append(samples, Sample{Seconds: 3}), f)
			require.True(t, ok)
			require.Equal(t, 3, got.MeasuredOn)
			want, is := m.ExpectJobs(jobs, f), got.ExpectJobs(jobs, f)
			require.InEpsilon(t, want.WorkerSeconds, is.WorkerSeconds, 1e-6)
			require.Equal(t, want.Gets, is.Gets)
			require.Equal(t, want.Puts, is.Puts)
			require.Equal(t, want.Bytes, is.Bytes)
		}
	}
}

func TestFitOfLittle(t *testing.T) {
	f := Function{MemoryMB: MBPerCPU}
	_, ok := Fit([]Sample{{Granules: 0, Seconds: 3}}, f)
	require.False(t, ok)
	m, ok := Fit([]Sample{{Granules: 4, Seconds: 2, Reads: 100, Bytes: 1e6}}, f)
	require.True(t, ok)
	require.InDelta(t, 2, m.SecondsOf(shard(4), &f), 1e-9)
}

// A ceiling is one: whatever the function and the map, no run is expected to cost more.
func TestCeiling(t *testing.T) {
	for _, timeout := range []float64{0, 1, 900} {
		for _, sends := range []int{0, 1, 4} {
			for _, m := range []Model{Direct(), Indexed(), {Pieces: Reading{Gets: 1e6, Bytes: 1}}, {ShardSeconds: 1e4}, {LogBytes: 1e9}, {InitSeconds: 1e4}} {
				for _, granules := range [][]int{{1}, {400, 1, 1}, make([]int, 100)} {
					for _, sync := range []bool{false, true} {
						f := Function{MemoryMB: 2048, TmpMB: 10240, Timeout: timeout, Sends: sends, Concurrency: 3, Sync: sync, Latency: 0.03}
						e := m.Expect(granules, f)
						require.GreaterOrEqual(t, e.CeilingUSD, e.USD)
						j := m.ExpectJobs([]Job{{Shards: 3, Granules: 4, Pairs: 9, Whole: 2, WholePairs: 3, Bytes: 1e9}, {Shards: 1, Granules: 1, Pairs: 1}}, f)
						for _, part := range [][2]float64{
							{j.Ceiling.Compute, j.Bill.Compute}, {j.Ceiling.Invoke, j.Bill.Invoke}, {j.Ceiling.Requests, j.Bill.Requests}, {j.Ceiling.Tmp, j.Bill.Tmp}, {j.Ceiling.Logs, j.Bill.Logs},
						} {
							require.GreaterOrEqual(t, part[0], part[1])
						}
					}
				}
			}
		}
	}
}

// Whatever the map, the function and the constants, calibrated or simulated, no ceiling is below what is expected, in sum or in any part; and
// what is expected grows with each job.
func TestCeilingOfAnything(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	some := func(most float64) float64 { // often nothing, often little, sometimes the most
		switch random.IntN(4) {
		case 0:
			return 0
		case 1:
			return most
		}
		return most * math.Pow(random.Float64(), 4)
	}
	reading := func() Reading {
		return Reading{CPU: some(100), Trips: some(1000), Gets: some(1e5), Bytes: 1 + some(1e11), Factor: some(20)}
	}
	for range 3000 {
		m := Model{JobSeconds: some(1e3), ShardSeconds: some(1e4), ShardTrips: some(1e3), ShardGets: some(1e4), ShardPuts: some(1e4), Whole: reading(), Pieces: reading(), InitSeconds: some(1e3), LogBytes: some(1e8)}
		require.NoError(t, m.Check())
		f := Function{
			MemoryMB: 128 + random.IntN(10113), TmpMB: 512 + random.IntN(9729), AMD64: random.IntN(2) == 0, Concurrency: random.IntN(3000), Timeout: some(900), Sends: random.IntN(4),
			Latency: some(60), Bandwidth: 1e4 + some(1e9), Sync: random.IntN(2) == 0,
		}
		var jobs []Job
		last := 0.0
		for range 1 + random.IntN(6) {
			shards, granules := 1+random.IntN(64), random.IntN(500)
			j := Job{Shards: shards, Granules: granules, Pairs: granules * (1 + random.IntN(shards))}
			j.Whole = random.IntN(granules + 1)
			j.WholePairs = min(j.Pairs, j.Whole*(1+random.IntN(shards)))
			j.Bytes = int64(j.Whole) * int64(some(1e10))
			jobs = append(jobs, j)
			e := m.ExpectJobs(jobs, f)
			holdsCeiling(t, e, f)
			require.GreaterOrEqual(t, e.USD, last*(1-1e-12))
			last = e.USD
			holdsCeiling(t, m.Took(jobs, f, Times{Worker: some(1e6), Starts: some(1e3), Wall: some(1e5)}), f)
		}
	}
}

func holdsCeiling(t *testing.T, e Expectation, f Function) {
	for _, part := range [][2]float64{
		{e.CeilingUSD, e.USD}, {e.Ceiling.Compute, e.Bill.Compute}, {e.Ceiling.Invoke, e.Bill.Invoke}, {e.Ceiling.Requests, e.Bill.Requests}, {e.Ceiling.Tmp, e.Bill.Tmp}, {e.Ceiling.Logs, e.Bill.Logs},
	} {
		require.GreaterOrEqual(t, part[0], part[1], "%+v %+v", e, f)
	}
	for _, part := range []float64{e.WorkerSeconds, e.WallSeconds, e.USD, e.CeilingUSD} {
		require.False(t, math.IsNaN(part) || math.IsInf(part, 0) || part < 0, "%+v %+v", e, f)
	}
}
