// Package simulate simulates a run on Lambda: jobs go through the dispatcher's own order and pace (package dispatch) on a simulated
// clock, to a Lambda that starts workers as AWS documents, with times from the cost model.
package simulate

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"golang.org/x/time/rate"

	"github.com/englacial/zagg/internal/cost"
	"github.com/englacial/zagg/internal/dispatch"
)

// A Setting is a run and where it runs.
type Setting struct {
	Jobs     []cost.Job // in the order in which they are sent
	Model    cost.Model
	Function cost.Function
	// Account is how many workers the account may have at once, of which some are kept free; 0: Function.Concurrency is all that bounds.
	Account   int
	Burst     int           // workers that Lambda starts at once, and every ten seconds after that
	ColdStart time.Duration // before a new worker begins to start, which is not paid for
	Send      time.Duration // for an event to be taken

	flat   bool // all jobs take the same time
	unseen bool // results are known of at once
	free   bool // the dispatcher sends as fast as it can
}

// What a Setting has where nothing else is said: 1,000 workers at once and every ten seconds, as AWS documents it; a cold start as is
// usual for a small zip on provided.al2023 (estimated).
const (
	DefaultBurst     = 1000
	DefaultColdStart = 200 * time.Millisecond
	DefaultSend      = 30 * time.Millisecond
)

// How far what is not known may be off: the standard deviation of the logarithm of a factor, of a run for processor, latency and
// bandwidth, of each job for its time, of each worker for its cold start.
const (
	spreadCPU       = 0.15
	spreadLatency   = 0.25
	spreadBandwidth = 0.25
	spreadJob       = 0.10
	spreadCold      = 0.40
)

// An Outcome is one replay.
type Outcome struct {
	cost.Times
	ColdStarts int
	Throttled  int64 // requests that were sent again
}

// Replay goes through a run once. With seed 0 all is as the model says, with others as far off as it may be; the same seed gives the same.
func (s *Setting) Replay(ctx context.Context, seed uint64) (Outcome, error) {
	random := rand.New(rand.NewPCG(seed, 19))
	vary := func(sigma float64) float64 {
		if seed == 0 {
			return 1
		}
		return math.Exp(sigma * random.NormFloat64())
	}
	m, f := s.Model, s.Function
	scaleCPU(&m, vary(spreadCPU))
	f.Latency *= vary(spreadLatency)
	f.Bandwidth *= vary(spreadBandwidth)
	r := &replay{s: s, clock: &dispatch.Virtual{}, tasks: make([]time.Duration, len(s.Jobs)), init: seconds(m.InitSeconds)}
	r.cold = func() time.Duration { return time.Duration(float64(s.ColdStart) * vary(spreadCold)) }
	for i, j := range s.Jobs {
		r.tasks[i] = seconds(m.SecondsOf(j, &f) * vary(spreadJob))
	}
	if s.flat {
		r.flatten()
	}
	return r.run(ctx, random)
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// scaleCPU makes the processor slower by a factor.
func scaleCPU(m *cost.Model, by float64) {
	m.JobSeconds, m.ShardSeconds, m.Whole.CPU, m.Pieces.CPU = m.JobSeconds*by, m.ShardSeconds*by, m.Whole.CPU*by, m.Pieces.CPU*by
}

// A replay is a run under way, on a Lambda with workers that wait for a next event.
type replay struct {
	s     *Setting
	clock *dispatch.Virtual
	start time.Time
	tasks []time.Duration // of jobs
	init  time.Duration
	cold  func() time.Duration

	room    dispatch.Gate // of workers
	workers int           // that there are room for
	busy    int
	idle    int
	burst   *rate.Limiter
	out     Outcome
}

// flatten gives all jobs the mean time.
func (r *replay) flatten() {
	sum := time.Duration(0)
	for _, t := range r.tasks {
		sum += t
	}
	for i := range r.tasks {
		r.tasks[i] = sum / time.Duration(len(r.tasks))
	}
}

// errThrottled is Lambda's answer to who waits for one, where there is no room for another worker.
var errThrottled = errors.New("too many requests")

func verdictOf(err error) dispatch.Verdict {
	if errors.Is(err, errThrottled) {
		return dispatch.Throttled
	}
	return dispatch.Final
}

// backoff and patience are those of the fleet.
const (
	backoff  = time.Second
	patience = 10 * time.Minute
)

func (r *replay) run(ctx context.Context, random *rand.Rand) (Outcome, error) {
	s := r.s
	dispatchers := max(s.Function.Concurrency, 1)
	r.workers = dispatchers
	if s.Account > 0 {
		room, _ := dispatch.Room(s.Account, 0)
		dispatchers, r.workers = max(min(dispatchers, room), 1), s.Account
	}
	r.start, r.room = r.clock.Now(), r.clock.Gate(r.workers)
	r.burst = rate.NewLimiter(rate.Limit(float64(s.Burst)/10), s.Burst)
	o := dispatch.Options{Clock: r.clock, AtOnce: dispatch.SendsAtOnce, Starts: dispatch.Starts(), Backoff: backoff, Patience: patience, Judge: verdictOf}
	if s.Function.Sync || s.free {
		o.AtOnce = dispatchers
	}
	if s.free {
		o.Starts = rate.NewLimiter(rate.Inf, 1)
	}
	o.Jitter = func(d time.Duration) time.Duration { return time.Duration(random.Int64N(int64(d) + 1)) }
	pace := dispatch.NewPace(o)
	places := make([]int, len(s.Jobs))
	for i := range places {
		places[i] = i
	}
	var failed error
	err := dispatch.Each(ctx, r.clock, places, dispatchers, func(ctx context.Context, i int) (time.Duration, error) {
		err := r.job(ctx, pace, i)
		return r.clock.Now().Sub(r.start), err
	}, func(d dispatch.Ended[int, time.Duration]) {
		r.out.Wall = max(r.out.Wall, d.Result.Seconds())
		failed = errors.Join(failed, d.Err)
	})
	r.out.Throttled = pace.Retries()
	return r.out, errors.Join(err, failed)
}

// job sends one job and waits for what comes of it, as the fleet does.
func (r *replay) job(ctx context.Context, pace *dispatch.Pace, i int) error {
	if r.s.Function.Sync {
		return pace.Send(ctx, func(ctx context.Context) error {
			if r.busy >= r.workers || r.idle == 0 && !r.burst.AllowN(r.clock.Now(), 1) {
				return errors.Join(r.clock.Sleep(ctx, r.s.Send), errThrottled)
			}
			return errors.Join(r.clock.Sleep(ctx, r.s.Send), r.work(ctx, i, false))
		})
	}
	err := pace.Send(ctx, func(ctx context.Context) error { return r.clock.Sleep(ctx, r.s.Send) })
	if err != nil {
		return err
	}
	if err := r.work(ctx, i, true); err != nil || r.s.unseen {
		return err
	}
	now := r.clock.Now().Sub(r.start)
	_, seen := cost.SeenAt(now)
	return r.clock.Sleep(ctx, seen-now)
}

// work is a job on a worker: one that waits, or a new one. An event waits for the rate at which those start.
func (r *replay) work(ctx context.Context, i int, event bool) error {
	r.busy++
	if err := r.room.Enter(ctx); err != nil {
		return err
	}
	defer func() {
		r.busy, r.idle = r.busy-1, r.idle+1
		r.room.Leave()
	}()
	begin := time.Duration(0)
	if r.idle > 0 {
		r.idle--
	} else {
		if event {
			now := r.clock.Now()
			begin = r.burst.ReserveN(now, 1).DelayFrom(now)
		}
		r.out.ColdStarts++
		r.out.Starts += r.init.Seconds()
		r.out.Worker += r.init.Seconds()
		begin += r.cold() + r.init
	}
	r.out.Worker += r.tasks[i].Seconds()
	return r.clock.Sleep(ctx, begin+r.tasks[i])
}

// A Span is a median, and between what four of five replays lie.
type Span struct {
	Median float64 `json:"median"`
	Low    float64 `json:"p10"`
	High   float64 `json:"p90"`
}

func spanOf(values []float64) Span {
	v := slices.Sorted(slices.Values(values))
	at := func(q float64) float64 { return v[int(math.Round(q*float64(len(v)-1)))] }
	return Span{Median: at(0.5), Low: at(0.1), High: at(0.9)}
}

// A Result is what a run is expected to take, of several replays.
type Result struct {
	WorkerSeconds Span             `json:"worker_s"`
	WallSeconds   Span             `json:"wall_s"`
	ComputeUSD    Span             `json:"compute_usd"`
	USD           Span             `json:"usd"`
	ColdStarts    int              `json:"cold_starts"` // where all is as the model says
	Throttled     int64            `json:"throttled"`
	Expected      cost.Expectation `json:"expected"` // where all is as the model says: requests and bytes are the same in all
}

// Run replays a run as the model says, and then so many times as far off as it may be.
func (s *Setting) Run(ctx context.Context, seed uint64, replays int) (*Result, error) {
	central, err := s.Replay(ctx, 0)
	if err != nil {
		return nil, err
	}
	r := &Result{ColdStarts: central.ColdStarts, Throttled: central.Throttled, Expected: s.Model.Took(s.Jobs, s.Function, central.Times)}
	worker, wall, compute, usd := []float64{central.Worker}, []float64{central.Wall}, []float64{r.Expected.Bill.Compute}, []float64{r.Expected.USD}
	for i := range replays {
		o, err := s.Replay(ctx, seed+uint64(i)+1)
		if err != nil {
			return nil, err
		}
		e := s.Model.Took(s.Jobs, s.Function, o.Times)
		worker, wall, compute, usd = append(worker, o.Worker), append(wall, o.Wall), append(compute, e.Bill.Compute), append(usd, e.USD)
	}
	r.WorkerSeconds, r.WallSeconds, r.ComputeUSD, r.USD = spanOf(worker), spanOf(wall), spanOf(compute), spanOf(usd)
	return r, nil
}
