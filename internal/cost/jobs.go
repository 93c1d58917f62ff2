package cost

import (
	"cmp"
	"slices"
	"time"
)

// A Job is what is known of the work of one invocation before it is done.
type Job struct {
	Shards     int
	Granules   int   // read, each once
	Pairs      int   // of shard and granule
	Whole      int   // of Granules, those that are read whole
	WholePairs int   // of Pairs
	Bytes      int64 // of Whole
}

// What one granule takes for further shards of a job. Neighbours share chunks: one serves sharedBy of them on average, so that
// a further shard adds that part of fetching and decoding, which is most of the CPU, and all of its own share of the rest.
const (
	sharedBy   = 3.4
	readingCPU = 0.75
)

// A load is what reading the granules of a job, or of several, takes.
type load struct{ cpu, trips, gets, bytes float64 }

func (l load) add(o load) load {
	return load{l.cpu + o.cpu, l.trips + o.trips, l.gets + o.gets, l.bytes + o.bytes}
}

// of is what so many granules take that so many shards of a job want, pairs together; whole granules are fetched once for all of them.
func (r *Reading) of(granules, pairs int, bytes int64) load {
	g, p := float64(granules), float64(pairs)
	decoded := g + (p-g)/sharedBy
	l := load{cpu: r.CPU * (readingCPU*decoded + (1-readingCPU)*p), trips: r.Trips * g, gets: r.Gets * g, bytes: float64(bytes)}
	if r.Bytes > 0 {
		l.gets, l.bytes = r.Gets*decoded, r.Bytes*decoded
	}
	return l
}

// seconds is what a worker takes for a load of n granules: whichever of its processor, its network and the granules under way at
// once is the narrowest.
func (f *Function) seconds(l load, n int) float64 {
	if n == 0 {
		return 0
	}
	transfer := l.bytes / cmp.Or(f.Bandwidth, DefaultBandwidth)
	lanes := min(f.lanes(), float64(n))
	return max(l.cpu/f.cpus(), transfer, (l.trips*f.Latency+l.cpu/min(f.cpus(), 1)+transfer)/lanes)
}

// loads are what a job's granules take: those that are read whole, and the others.
func (m *Model) loads(j Job) (whole, pieces load) {
	return m.Whole.of(j.Whole, j.WholePairs, j.Bytes), m.Pieces.of(j.Granules-j.Whole, j.Pairs-j.WholePairs, 0)
}

// SecondsOf is what a job takes, of a worker that has started.
func (m *Model) SecondsOf(j Job, f *Function) float64 {
	whole, pieces := m.loads(j)
	reading := cmp.Or(m.Whole.Factor, 1)*f.seconds(whole, j.Whole) + cmp.Or(m.Pieces.Factor, 1)*f.seconds(pieces, j.Granules-j.Whole)
	return m.JobSeconds + float64(j.Shards)*(m.ShardSeconds+m.ShardTrips*f.Latency) + reading
}

// Requests of a run beside those of its shards: by a worker for each job, its result and the sign of life that begins it; for the
// store's metadata, coordinates, note, claim and report.
const (
	jobPuts = 2
	runPuts = 16
	runGets = 16
	// perSign is how many seconds pass between a worker's signs of life.
	perSign = 10
	// PerList is how many results one LIST tells of; there are signs of life among them.
	PerList = 1000
)

// FirstLook, LooksPart and LastLook say how often results are looked for, which costs money, as not looking costs time: the pause is a part
// of how long they have been waited for, so that a short run is seen to end soon and a long one is listed a few hundred times.
const (
	FirstLook = 200 * time.Millisecond
	looksPart = 50
	lastLook  = 5 * time.Second
)

// Pause is how long to wait between two looks for results that have been waited for so long.
func Pause(waited, most time.Duration) time.Duration {
	return min(max(waited/looksPart, FirstLook), most)
}

// longestWall is more seconds than any run takes, and fewer than a time.Duration holds.
const longestWall = 1e9

// polls is how often results are looked for in so many seconds.
func polls(wall float64) int64 {
	n, _ := SeenAt(time.Duration(min(wall, longestWall) * float64(time.Second)))
	return n
}

// SeenAt is when a result is seen that comes so long after the first event, and how many looks that takes.
func SeenAt(came time.Duration) (looks int64, at time.Duration) {
	for at < came && Pause(at, lastLook) < lastLook {
		looks, at = looks+1, at+Pause(at, lastLook)
	}
	if at < came { // from now on they are evenly spaced
		more := (came - at + lastLook - 1) / lastLook
		looks, at = looks+int64(more), at+more*lastLook
	}
	return looks, at
}

// Times are how long a run takes.
type Times struct {
	Worker float64 // seconds that are paid for, Starts included
	Starts float64 // seconds in which workers start
	Wall   float64 // seconds from the first event to the last result
}

// ExpectJobs predicts a run of jobs of any number of shards. The longest start first.
func (m Model) ExpectJobs(jobs []Job, f Function) Expectation {
	if len(jobs) == 0 {
		return Expectation{}
	}
	tasks := make([]float64, len(jobs))
	t := Times{Starts: float64(min(len(jobs), max(f.Concurrency, 1))) * m.InitSeconds}
	t.Worker = t.Starts
	for i, j := range jobs {
		tasks[i] = m.SecondsOf(j, &f)
		t.Worker += tasks[i]
	}
	slices.SortFunc(tasks, func(a, b float64) int { return cmp.Compare(b, a) })
	t.Wall = makespan(tasks, f.Concurrency) + m.InitSeconds
	return m.Took(jobs, f, t)
}

// Took is what a run of jobs takes in requests, bytes and dollars that takes so long.
func (m Model) Took(jobs []Job, f Function, t Times) Expectation {
	e := Expectation{Jobs: len(jobs), WorkerSeconds: t.Worker, WallSeconds: t.Wall, Starts: t.Starts}
	var all load
	signs := 0.0
	for _, j := range jobs {
		task := m.SecondsOf(j, &f)
		e.Shards, e.Pairs, e.Whole = e.Shards+j.Shards, e.Pairs+j.Pairs, e.Whole+j.WholePairs
		e.Densest, e.DensestSeconds = max(e.Densest, j.Granules), max(e.DensestSeconds, task)
		whole, pieces := m.loads(j)
		all = all.add(whole).add(pieces)
		signs += float64(int(task / perSign))
	}
	e.Bytes = int64(all.bytes)
	e.Gets = int64(all.gets+float64(e.Shards)*m.ShardGets) + runGets
	e.Puts = int64(float64(e.Shards)*m.ShardPuts) + runPuts
	if !f.Sync {
		e.Gets += int64(e.Jobs) // of results
		e.Puts += int64(jobPuts*e.Jobs) + int64(signs) + polls(e.WallSeconds)*int64(1+e.Jobs/PerList)
	}
	use := Use{
		WorkerSeconds: e.WorkerSeconds, MemoryGB: float64(f.MemoryMB) / 1024, TmpGB: float64(f.TmpMB) / 1024, AMD64: f.AMD64,
		Invocations: int64(e.Jobs), Gets: e.Gets, Puts: e.Puts, Bytes: e.Bytes, LogBytes: int64(float64(e.Jobs) * m.LogBytes),
	}
	e.Bill = Of(use)
	e.USD = e.Bill.Total()
	e.Ceiling = ceiling(e, use, f)
	e.CeilingUSD = e.Ceiling.Total()
	return e
}

// shard is the job of one shard.
func shard(granules int) Job { return Job{Shards: 1, Granules: granules, Pairs: granules} }

// Expect predicts a run of jobs of one shard from the number of granules of each, none of which is read whole.
func (m Model) Expect(granules []int, f Function) Expectation {
	jobs := make([]Job, len(granules))
	for i, n := range granules {
		jobs[i] = shard(n)
	}
	return m.ExpectJobs(jobs, f)
}

// ceiling is the most that a run can cost of which use is expected: every job runs into the time-out, as often as it may be
// sent, each of its shards is then tried once more by itself with the same end, and all of them make their requests and start a worker.
// It is never less than what is expected.
func ceiling(e Expectation, use Use, f Function) Bill {
	sends := int64(cmp.Or(f.Sends, DefaultSends))
	invocations := sends * int64(e.Jobs+e.Shards)
	each := f.Timeout + e.Starts/float64(max(min(e.Jobs, max(f.Concurrency, 1)), 1))
	use.WorkerSeconds = max(float64(invocations)*each, use.WorkerSeconds)
	use.Gets, use.Puts = 2*sends*use.Gets, 2*sends*use.Puts
	if !f.Sync { // and signs of life, and looks for results, all the time
		use.Puts += int64(float64(invocations) * f.Timeout / perSign)
		rounds := (invocations-1)/int64(max(f.Concurrency, 1)) + 1
		use.Puts += polls(float64(rounds)*f.Timeout) * (1 + invocations/PerList)
	}
	use.LogBytes *= 2 * sends
	use.Invocations = max(invocations, use.Invocations)
	return Of(use)
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
