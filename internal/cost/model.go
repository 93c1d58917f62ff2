package cost

import (
	"cmp"
	"container/heap"
)

// A Model says what a shard and each of its granules take. Its constants come from receipts: the shipped ones from the
// benchmark in docs/performance.md, those of Fit from a user's own run.
type Model struct {
	ShardSeconds float64 `json:"shard_s"`         // of a worker, whatever the shard holds: start, grid, statistics, writing
	PairCPU      float64 `json:"granule_cpu_s"`   // CPU-seconds for each granule of a shard
	PairWait     float64 `json:"granule_wait_s"`  // seconds for each granule of a shard that more CPU does not shorten
	PairGets     float64 `json:"granule_gets"`    // requests that read, for each granule of a shard
	PairBytes    float64 `json:"granule_bytes"`   // bytes read, for each granule of a shard
	ShardPuts    float64 `json:"shard_puts"`      // requests that write, for each shard
	MeasuredOn   int     `json:"measured_shards"` // shards whose receipts the constants were fitted to; 0: shipped
}

// Direct is what granules without an index take, Indexed what those with a sidecar take: the hot shard of the benchmark
// (39 granules; 1.9 and 0.94 CPU-seconds; 2,411 and 800 requests; 166 and 96 MB), eight granules at once, 30 ms a round
// trip, ten rounds without an index and two with one.
func Direct() Model {
	return Model{ShardSeconds: 0.4, PairCPU: 0.047, PairWait: 0.0375, PairGets: 62, PairBytes: 4.3e6, ShardPuts: 12}
}

// Indexed is Direct for granules with a sidecar index.
func Indexed() Model {
	return Model{ShardSeconds: 0.4, PairCPU: 0.024, PairWait: 0.0075, PairGets: 21, PairBytes: 2.5e6, ShardPuts: 12}
}

// mbPerCPU is the memory in MB at which a Lambda function has one whole vCPU (AWS Lambda, "Configure function memory").
const mbPerCPU = 1769

// maxCPU is the most vCPUs that a Lambda function can have.
const maxCPU = 6

// DefaultSends is how often an event is sent: once, and once more when no result came of it.
const DefaultSends = 2

// scaleUp is how many environments of one function Lambda starts within scaleUpSeconds (AWS Lambda, "Scaling behavior").
const (
	scaleUp        = 1000
	scaleUpSeconds = 10
)

// A Function is where shards are computed.
type Function struct {
	MemoryMB    int     `json:"memory_mb"`
	TmpMB       int     `json:"tmp_mb"`
	AMD64       bool    `json:"x86_64"`
	Concurrency int     `json:"concurrency"` // workers at once
	Timeout     float64 `json:"timeout_s"`   // seconds, of one invocation
	Sends       int     `json:"sends"`       // how often one job may be sent before it counts as failed; 0: DefaultSends
}

// An Expectation is what a run will take, and what it could take at most.
type Expectation struct {
	Jobs           int     `json:"jobs"`
	Shards         int     `json:"shards"`
	Pairs          int     `json:"pairs"`
	Densest        int     `json:"densest_granules"`
	DensestSeconds float64 `json:"densest_s"`
	WorkerSeconds  float64 `json:"worker_s"`
	WallSeconds    float64 `json:"wall_s"`
	Bill           Bill    `json:"cost"`
	USD            float64 `json:"usd"`
	CeilingUSD     float64 `json:"ceiling_usd"` // if every invocation ran into the time-out, as often as it may be sent
}

// seconds is what a job of one shard takes.
func (m Model) seconds(granules int, f Function) float64 { return m.jobSeconds(shard(granules), f) }

// shard is the job of one shard.
func shard(granules int) Job { return Job{Shards: 1, Granules: granules, Pairs: granules} }

// Expect predicts a run of jobs of one shard from the number of granules of each. The densest shards start first.
func (m Model) Expect(granules []int, f Function) Expectation {
	jobs := make([]Job, len(granules))
	for i, n := range granules {
		jobs[i] = shard(n)
	}
	return m.ExpectJobs(jobs, f)
}

// ceiling is the most that a run can cost of which use is expected: every job runs into the time-out, as often as it may be
// sent, each of its shards is then tried once more by itself with the same end, and all of them make their requests. It is
// never less than what is expected.
func ceiling(e Expectation, use Use, f Function) Bill {
	sends := cmp.Or(f.Sends, DefaultSends)
	invocations := int64(sends) * int64(e.Jobs+e.Shards)
	use.WorkerSeconds = max(float64(invocations)*f.Timeout, use.WorkerSeconds)
	use.Gets, use.Puts = 2*int64(sends)*use.Gets, 2*int64(sends)*use.Puts
	use.Invocations = invocations
	return Of(use)
}

// makespan is when the last of the tasks ends if each worker takes the next one as it is free.
func makespan(tasks []float64, workers int) float64 {
	free := make(times, min(max(workers, 1), max(len(tasks), 1)))
	for i := range free {
		free[i] = float64(i / scaleUp * scaleUpSeconds)
	}
	last := 0.0
	for _, t := range tasks {
		free[0] += t
		last = max(last, free[0])
		heap.Fix(&free, 0)
	}
	return last
}

// times is a heap, earliest first.
type times []float64

func (t times) Len() int           { return len(t) }
func (t times) Less(i, j int) bool { return t[i] < t[j] }
func (t times) Swap(i, j int)      { t[i], t[j] = t[j], t[i] }
func (t *times) Push(x any)        { *t = append(*t, x.(float64)) }
func (t *times) Pop() any          { panic("cost: workers do not leave") }

// A Sample is what one finished shard took.
type Sample struct {
	Granules            int
	Seconds, CPUSeconds float64 // CPUSeconds 0: not measured, all seconds are taken for it
	Reads, Writes       int64
	Bytes               int64
}

// Fit takes the constants from samples: seconds by least squares over the number of granules, the rest as means. cpus is
// how many vCPUs a shard had to itself. Without a sample that read a granule, ok is false.
func Fit(samples []Sample, cpus float64) (m Model, ok bool) {
	var n, sumX, sumY, sumXX, sumXY, cpu, reads, writes, bytes float64
	for _, s := range samples {
		if s.Granules == 0 {
			continue
		}
		x := float64(s.Granules)
		n, sumX, sumY, sumXX, sumXY = n+1, sumX+x, sumY+s.Seconds, sumXX+x*x, sumXY+x*s.Seconds
		cpu += s.CPUSeconds
		reads, writes, bytes = reads+float64(s.Reads), writes+float64(s.Writes), bytes+float64(s.Bytes)
	}
	if n == 0 {
		return Model{}, false
	}
	slope, base := sumY/sumX, 0.0
	if d := n*sumXX - sumX*sumX; d > 0 {
		if b := (n*sumXY - sumX*sumY) / d; b > 0 && (sumY-b*sumX)/n > 0 {
			slope, base = b, (sumY-b*sumX)/n
		}
	}
	if cpu == 0 {
		cpu = slope * cpus * sumX
	}
	m = Model{ShardSeconds: base, PairCPU: min(cpu/sumX, slope*cpus), PairGets: reads / sumX, PairBytes: bytes / sumX, ShardPuts: writes / n, MeasuredOn: int(n)}
	m.PairWait = slope - m.PairCPU/cpus
	return m, true
}
