package cost

import (
	"testing"

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
	m := Model{ShardSeconds: 1, PairCPU: 2, PairWait: 0.5, PairGets: 10, PairBytes: 100, ShardPuts: 3}
	e := m.Expect([]int{1, 4, 2}, Function{MemoryMB: 2 * mbPerCPU, Concurrency: 3, Timeout: 900})
	require.Equal(t, 3, e.Shards)
	require.Equal(t, 7, e.Pairs)
	require.Equal(t, 4, e.Densest)
	require.InDelta(t, 1+4*1+4*0.5, e.DensestSeconds, 1e-12)
	require.InDelta(t, 3+7*1.5, e.WorkerSeconds, 1e-12)
	require.InDelta(t, 7, e.WallSeconds, 1e-12)
	require.InDelta(t, 70*GetRequest+9*PutRequest, e.Bill.Requests, 1e-12)
	require.InDelta(t, e.Bill.Total(), e.USD, 0)
	require.Greater(t, e.CeilingUSD, e.USD)
	require.InDelta(t, Of(Use{WorkerSeconds: 900 * 12, MemoryGB: 2 * mbPerCPU / 1024., Invocations: 12, Gets: 280, Puts: 36}).Total(), e.CeilingUSD, 1e-12)
	require.Zero(t, m.Expect(nil, Function{MemoryMB: 2048}).WorkerSeconds)
}

// More memory buys more CPU up to six, and the price of an hour of it rises with it.
func TestMemoryAndArchitecture(t *testing.T) {
	m := Direct()
	small := m.Expect([]int{100}, Function{MemoryMB: 1769, Concurrency: 1})
	large := m.Expect([]int{100}, Function{MemoryMB: 3538, Concurrency: 1})
	require.Less(t, large.WallSeconds, small.WallSeconds)
	require.Greater(t, large.Bill.Compute, small.Bill.Compute)
	amd := m.Expect([]int{100}, Function{MemoryMB: 1769, Concurrency: 1, AMD64: true})
	require.InDelta(t, AMD64PerGBSecond/ARM64PerGBSecond, amd.Bill.Compute/small.Bill.Compute, 1e-9)
}

func TestFitFindsTheModelAgain(t *testing.T) {
	m := Model{ShardSeconds: 0.5, PairCPU: 0.05, PairWait: 0.02, PairGets: 20, PairBytes: 1e6, ShardPuts: 12}
	var samples []Sample
	for _, n := range []int{1, 5, 9, 40, 0} {
		samples = append(samples, Sample{
			Granules: n, Seconds: m.seconds(n, Function{MemoryMB: 2 * mbPerCPU}), CPUSeconds: float64(n) * 0.05,
			Reads: int64(n) * 20, Bytes: int64(n) * 1e6, Writes: 12,
		})
	}
	got, ok := Fit(samples, 2)
	require.True(t, ok)
	require.Equal(t, 4, got.MeasuredOn)
	got.MeasuredOn = 0
	require.InDelta(t, m.ShardSeconds, got.ShardSeconds, 1e-9)
	require.InDelta(t, m.PairCPU, got.PairCPU, 1e-9)
	require.InDelta(t, m.PairWait, got.PairWait, 1e-9)
	require.InDelta(t, m.PairGets, got.PairGets, 1e-9)
	require.InDelta(t, m.ShardPuts, got.ShardPuts, 1e-9)
}

func TestFitOfLittle(t *testing.T) {
	_, ok := Fit([]Sample{{Granules: 0, Seconds: 3}}, 1)
	require.False(t, ok)
	m, ok := Fit([]Sample{{Granules: 4, Seconds: 2, CPUSeconds: 8}}, 1)
	require.True(t, ok)
	require.InDelta(t, 2, m.seconds(4, Function{MemoryMB: mbPerCPU}), 1e-9)
	require.GreaterOrEqual(t, m.PairWait, 0.0)
}

// A ceiling is one: whatever the function and the map, no run is expected to cost more.
func TestCeiling(t *testing.T) {
	for _, timeout := range []float64{0, 1, 900} {
		for _, sends := range []int{0, 1, 4} {
			for _, m := range []Model{Direct(), Indexed(), {PairGets: 1e6}, {ShardSeconds: 1e4}} {
				for _, granules := range [][]int{{1}, {400, 1, 1}, make([]int, 100)} {
					f := Function{MemoryMB: 2048, TmpMB: 10240, Timeout: timeout, Sends: sends, Concurrency: 3}
					e := m.Expect(granules, f)
					require.GreaterOrEqual(t, e.CeilingUSD, e.USD)
					j := m.ExpectJobs([]Job{{Shards: 3, Granules: 4, Pairs: 9}, {1, 1, 1}}, f)
					require.GreaterOrEqual(t, j.CeilingUSD, j.USD)
				}
			}
		}
	}
}
