package cost

import (
	"container/heap"
	"errors"
	"fmt"
	"math"
	"time"
)

// A Model says what jobs, shards and granules take. Its constants come from receipts: the shipped ones from the benchmark in
// docs/performance.md, those of Fit from a user's own run.
type Model struct {
	JobSeconds   float64 `json:"job_s" yaml:"job_s"`     // of a worker, for each job: its event, the store's metadata, its answer
	ShardSeconds float64 `json:"shard_s" yaml:"shard_s"` // of a worker, for each shard, granules apart: its record, writing
	ShardTrips   float64 `json:"shard_trips" yaml:"shard_trips"`
	ShardGets    float64 `json:"shard_gets" yaml:"shard_gets"` // GETs and HEADs of the store for each shard, by the worker and by who sends the jobs
	ShardPuts    float64 `json:"shard_puts" yaml:"shard_puts"` // PUTs and LISTs
	Whole        Reading `json:"whole" yaml:"whole"`           // of granules that are read whole
	Pieces       Reading `json:"pieces" yaml:"pieces"`         // of others: in pieces, or by an index

	InitSeconds float64 `json:"init_s" yaml:"init_s"`                   // of a worker that is started: it is paid for
	LogBytes    float64 `json:"log_bytes" yaml:"log_bytes"`             // of an invocation
	MeasuredOn  int     `json:"measured_shards" yaml:"measured_shards"` // shards whose receipts the constants were fitted to; 0: shipped
}

// A Reading is what one granule takes.
type Reading struct {
	CPU    float64 `json:"cpu_s" yaml:"cpu_s"`   // CPU-seconds: decoding, locating, statistics
	Trips  float64 `json:"trips" yaml:"trips"`   // round trips one after the other
	Gets   float64 `json:"gets" yaml:"gets"`     // requests
	Bytes  float64 `json:"bytes" yaml:"bytes"`   // 0: all of the granule
	Factor float64 `json:"factor" yaml:"factor"` // by which reading took longer than the terms say; 0: not measured, 1
}

// Check refuses constants that predict nothing.
func (m *Model) Check() error {
	all := []float64{m.JobSeconds, m.ShardSeconds, m.ShardTrips, m.ShardGets, m.ShardPuts, m.InitSeconds, m.LogBytes}
	for _, r := range []Reading{m.Whole, m.Pieces} {
		all = append(all, r.CPU, r.Trips, r.Gets, r.Bytes, r.Factor)
	}
	for _, v := range all {
		if !(v >= 0 && v < 1e12) {
			return fmt.Errorf("a constant is %v; they are numbers from 0", v)
		}
	}
	if m.Pieces.Bytes == 0 {
		return errors.New("pieces.bytes is 0: what is read of a granule that is not read whole must be known")
	}
	return nil
}

// The shipped constants: about what the benchmark's shards take on the emulator, a function of 2 GB, one shard a job (zagg cost --calibrate
// fits those of other shards). Granules are of 11.5 MB. Of pieces and indexes it is the hot shard (39 granules; 1.9 and 0.94 CPU-seconds;
// 2,411 and 800 requests; 166 and 96 MB).
func shipped(pieces Reading) Model {
	return Model{
		JobSeconds: 0.03, ShardSeconds: 0.1, ShardTrips: 6, ShardGets: 7, ShardPuts: 13, InitSeconds: 0.05, LogBytes: 950,
		Whole:  Reading{CPU: 0.05, Trips: 2, Gets: 2},
		Pieces: pieces,
	}
}

// Direct is the model of granules without an index.
func Direct() Model { return shipped(Reading{CPU: 0.047, Trips: 10, Gets: 62, Bytes: 4.3e6}) }

// Indexed is the model of granules with a sidecar index, which are not read whole.
func Indexed() Model { return shipped(Reading{CPU: 0.024, Trips: 2, Gets: 21, Bytes: 2.5e6}) }

// CellIndexed is the model of granules with an index that knows the cells of their rows: no coordinates are read. Of the hot shard it took
// 0.6 of the CPU-seconds that indexes alone take, measured side by side, 535 requests and 38 MB.
func CellIndexed() Model { return shipped(Reading{CPU: 0.014, Trips: 3, Gets: 14, Bytes: 1.0e6}) }

// MBPerCPU is the memory in MB at which a Lambda function has one whole vCPU (AWS Lambda, "Configure function memory").
const MBPerCPU = 1769

// maxCPU is the most vCPUs that a Lambda function can have.
const maxCPU = 6

// DefaultSends is how often an event is sent: once, and once more when no result came of it.
const DefaultSends = 2

// scaleUp is how many environments of one function Lambda starts within scaleUpSeconds (AWS Lambda, "Scaling behavior").
const (
	scaleUp        = 1000
	scaleUpSeconds = 10
)

// DefaultLatency and DefaultBandwidth are what a worker on Lambda usually has of S3.
const (
	DefaultLatency   = 30 * time.Millisecond
	DefaultBandwidth = 75e6 // bytes a second
)

// A Function is where shards are computed.
type Function struct {
	MemoryMB    int     `json:"memory_mb"`
	TmpMB       int     `json:"tmp_mb"`
	AMD64       bool    `json:"x86_64"`
	Concurrency int     `json:"concurrency"` // workers at once
	Timeout     float64 `json:"timeout_s"`   // seconds, of one invocation
	Sends       int     `json:"sends"`       // how often one job may be sent before it counts as failed; 0: DefaultSends
	Latency     float64 `json:"latency_s"`   // seconds until S3 answers
	Bandwidth   float64 `json:"bandwidth"`   // bytes a second from S3 to a worker; 0: DefaultBandwidth
	Sync        bool    `json:"sync"`        // answers are waited for, results not looked for
}

// cpus are the vCPUs that come with the memory.
func (f *Function) cpus() float64 { return min(float64(f.MemoryMB)/MBPerCPU, maxCPU) }

// lanes are how many granules a worker reads at once: twice as many as can be computed with, from 4 to 8.
func (f *Function) lanes() float64 { return min(max(2*math.Ceil(f.cpus()), 4), 8) }

// An Expectation is what a run will take, and what it could take at most.
type Expectation struct {
	Jobs           int     `json:"jobs"`
	Shards         int     `json:"shards"`
	Pairs          int     `json:"pairs"`
	Whole          int     `json:"whole_pairs"` // of granules that are read whole
	Densest        int     `json:"densest_granules"`
	DensestSeconds float64 `json:"densest_s"`
	WorkerSeconds  float64 `json:"worker_s"` // that are paid for, Starts included
	Starts         float64 `json:"init_s"`   // seconds in which workers start
	WallSeconds    float64 `json:"wall_s"`
	Gets           int64   `json:"gets"` // GETs and HEADs, those of who sends the jobs included
	Puts           int64   `json:"puts"` // PUTs and LISTs
	Bytes          int64   `json:"bytes_read"`
	Bill           Bill    `json:"cost"`
	USD            float64 `json:"usd"`
	Ceiling        Bill    `json:"ceiling"` // if every invocation ran into the time-out, as often as it may be sent
	CeilingUSD     float64 `json:"ceiling_usd"`
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
