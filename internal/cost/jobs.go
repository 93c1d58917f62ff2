package cost

import (
	"cmp"
	"slices"
)

// A Job is what is known of the work of one invocation before it is done.
type Job struct {
	Shards   int
	Granules int // read, each once
	Pairs    int // of shard and granule
}

// What one granule takes for further shards of a job. Neighbours share chunks: one serves sharedBy of them on average, so that
// a further shard adds that part of fetching and decoding, which is most of the CPU, and all of its own share of the rest.
const (
	sharedBy   = 3.4
	readingCPU = 0.75
	// startPart is the part of Model.ShardSeconds that a job takes once, however many shards it has.
	startPart = 0.5
)

// reading is how many granules' worth of fetching a job does.
func (j Job) reading() float64 {
	return float64(j.Granules) + float64(j.Pairs-j.Granules)/sharedBy
}

// jobSeconds is what a job takes. Granules are read several at once, so that more than one vCPU helps.
func (m Model) jobSeconds(j Job, f Function) float64 {
	cpus := min(float64(f.MemoryMB)/mbPerCPU, maxCPU)
	cpu := m.PairCPU * (readingCPU*j.reading() + (1-readingCPU)*float64(j.Pairs))
	return m.ShardSeconds*(startPart+(1-startPart)*float64(j.Shards)) + cpu/cpus + float64(j.Granules)*m.PairWait
}

// ExpectJobs predicts a run of jobs of any number of shards. The longest start first.
func (m Model) ExpectJobs(jobs []Job, f Function) Expectation {
	e := Expectation{Jobs: len(jobs)}
	order := slices.Clone(jobs)
	slices.SortStableFunc(order, func(a, b Job) int { return cmp.Compare(m.jobSeconds(b, f), m.jobSeconds(a, f)) })
	tasks := make([]float64, len(order))
	reading := 0.0
	for i, j := range order {
		tasks[i] = m.jobSeconds(j, f)
		e.Shards, e.Pairs = e.Shards+j.Shards, e.Pairs+j.Pairs
		e.WorkerSeconds += tasks[i]
		e.Densest = max(e.Densest, j.Granules)
		reading += j.reading()
	}
	if len(tasks) > 0 {
		e.DensestSeconds = tasks[0]
	}
	e.WallSeconds = makespan(tasks, f.Concurrency)
	use := Use{
		WorkerSeconds: e.WorkerSeconds, MemoryGB: float64(f.MemoryMB) / 1024, TmpGB: float64(f.TmpMB) / 1024, AMD64: f.AMD64,
		Invocations: int64(e.Jobs), Gets: int64(reading * m.PairGets), Puts: int64(float64(e.Shards) * m.ShardPuts), Bytes: int64(reading * m.PairBytes),
	}
	e.Bill = Of(use)
	e.USD = e.Bill.Total()
	e.CeilingUSD = ceiling(e, use, f).Total()
	return e
}

// longer is how much longer a run may get for being cheaper, and mostOfTimeout what part of a function's time-out its longest job
// may take.
const (
	longer        = 1.1
	mostOfTimeout = 0.5
)

// sizes are the numbers of shards of a job that are compared.
func sizes() []int { return []int{1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64} }

// Cheapest is the number of shards of a job, one of Sizes, for which a run costs least, without getting longer than Longer times
// what it takes with jobs of one shard. jobsOf makes the jobs of a size.
func (m Model) Cheapest(f Function, jobsOf func(shards int) []Job) (shards int, e Expectation) {
	shards, e = 1, m.ExpectJobs(jobsOf(1), f)
	longest := e.WallSeconds * longer
	for _, n := range sizes()[1:] {
		next := m.ExpectJobs(jobsOf(n), f)
		if next.USD < e.USD && next.WallSeconds <= longest && (f.Timeout <= 0 || next.DensestSeconds <= mostOfTimeout*f.Timeout) {
			shards, e = n, next
		}
	}
	return shards, e
}
