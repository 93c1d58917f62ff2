package cost

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// A job of one shard is what the model of shards says; several together take less than alone, and more than one of them.
func TestJobs(t *testing.T) {
	f := Function{MemoryMB: 2048, Concurrency: 100, Timeout: 900}
	m := Direct()
	one := m.ExpectJobs([]Job{shard(30), shard(10)}, f)
	old := m.Expect([]int{30, 10}, f)
	require.InDelta(t, old.WorkerSeconds, one.WorkerSeconds, 1e-9)
	require.InDelta(t, old.USD, one.USD, 1e-9)
	require.InDelta(t, old.WallSeconds, one.WallSeconds, 1e-9)
	together := m.ExpectJobs([]Job{{Shards: 4, Granules: 30, Pairs: 90}}, f)
	apart := m.ExpectJobs([]Job{shard(30), shard(30), shard(15), shard(15)}, f)
	require.Less(t, together.USD, apart.USD)
	require.Greater(t, together.USD, m.ExpectJobs([]Job{shard(30)}, f).USD)
}

// With workers to spare a run is not made longer to be cheaper; with few of them jobs get large.
func TestCheapest(t *testing.T) {
	jobs := func(n int) []Job {
		var out []Job
		for at := 0; at < 1000; at += n {
			out = append(out, Job{Shards: n, Granules: 40 + 5*n, Pairs: 50 * n})
		}
		return out
	}
	few, e := Direct().Cheapest(Function{MemoryMB: 2048, Concurrency: 10, Timeout: 900}, jobs)
	require.Greater(t, few, 8)
	require.Less(t, e.USD, Direct().ExpectJobs(jobs(1), Function{MemoryMB: 2048, Concurrency: 10}).USD)
	many, _ := Direct().Cheapest(Function{MemoryMB: 2048, Concurrency: 1000, Timeout: 900}, jobs)
	require.Equal(t, 1, many)
	short, _ := Direct().Cheapest(Function{MemoryMB: 2048, Concurrency: 10, Timeout: 12}, jobs)
	require.Less(t, short, few)
}
