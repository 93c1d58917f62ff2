package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/spf13/pflag"

	"github.com/englacial/zagg/internal/cost"
	"github.com/englacial/zagg/internal/quantity"
	"github.com/englacial/zagg/internal/run"
	"github.com/englacial/zagg/internal/simulate"
)

// simulateOptions are the flags of `zagg cost --simulate`.
type simulateOptions struct {
	on        bool
	wall      time.Duration
	account   int
	burst     int
	coldStart time.Duration
	replays   int
	seed      uint64
}

func (o *simulateOptions) flags(f *pflag.FlagSet) {
	f.BoolVar(&o.on, "simulate", false, "replay the run on a simulated clock; without a map, a synthetic cycle")
	f.DurationVar(&o.wall, "target-wall", 0, "with --simulate: find the cheapest memory and shards per job that finish in this time")
	f.IntVar(&o.account, "account-concurrency", 0, "with --simulate: concurrency limit of the account, of which a twentieth and at least 100 stay free (0: unlimited)")
	f.IntVar(&o.burst, "burst", simulate.DefaultBurst, "with --simulate: workers that Lambda starts at once, and in every further ten seconds")
	f.DurationVar(&o.coldStart, "cold-start", simulate.DefaultColdStart, "with --simulate: unpaid delay before a new worker starts")
	f.IntVar(&o.replays, "replays", 20, "with --simulate: number of replays with different random numbers")
	f.Uint64Var(&o.seed, "seed", 1, "with --simulate: seed of the random numbers and of the synthetic cycle")
}

func (o *simulateOptions) check(calibrate int) error {
	if o.wall < 0 || o.account < 0 || o.burst < 1 || o.coldStart < 0 || o.coldStart > time.Minute || o.replays < 1 || o.replays > 1000 || calibrate > 0 {
		return fmt.Errorf("with --simulate: --target-wall and --account-concurrency at least 0, --burst at least 1, --cold-start 0 to 1m, --replays 1 to 1000, and --calibrate in a call of its own: %w for `zagg cost`", errUsage)
	}
	return nil
}

// A simulation is what is printed.
type simulation struct {
	Function     cost.Function     `json:"function"`
	Model        cost.Model        `json:"model"`
	Constants    string            `json:"constants"`
	ShardsPerJob int               `json:"shards_per_job"`
	Met          *bool             `json:"target_met,omitempty"` // of --target-wall
	Simulated    *simulate.Result  `json:"simulated"`
	Bounds       []simulate.Bound  `json:"bounds"`
	setting      *simulate.Setting // of Simulated
	from         string            // of the shards
}

// simulate replays a run of a shard map, or of a made-up cycle where name is "".
func (a *app) simulate(ctx context.Context, name string, o costOptions) error {
	if err := o.check(); err != nil {
		return err
	}
	if err := o.simulate.check(o.calibrate); err != nil {
		return err
	}
	perJob, err := o.shardsPerJob()
	if err != nil {
		return err
	}
	s := simulation{ShardsPerJob: perJob}
	costs, err := a.simulated(ctx, name, &o, &s)
	if err != nil {
		return err
	}
	if s.Model, s.Constants, err = a.costModel(ctx, name, &o); err != nil {
		return err
	}
	if err := s.run(ctx, costs, &o); err != nil {
		return err
	}
	if o.json {
		enc := json.NewEncoder(a.stdout)
		enc.SetIndent("", "  ")
		return enc.Encode(s)
	}
	return a.printSimulation(&s, &o)
}

// simulated are the shards of the map or of the made-up cycle.
func (a *app) simulated(ctx context.Context, name string, o *costOptions, s *simulation) (*run.MapCosts, error) {
	shape := run.Shape{Indexed: o.indexed, Memory: o.function.MemoryMB, Latency: o.latency}
	if name == "" {
		s.from = fmt.Sprintf("made up, seed %d", o.simulate.seed)
		return run.CostsOfLists(simulate.Cycle(o.simulate.seed), shape), nil
	}
	s.from = name
	m, err := run.ReadMap(ctx, name)
	if err != nil {
		return nil, err
	}
	costs, unknown := run.CostsOf(ctx, m, o.sizes, shape)
	if unknown != nil {
		fmt.Fprintf(a.stderr, "The sizes of some granules could not be asked for: %v\n", unknown)
	}
	return costs, nil
}

// run chooses what the flags leave open, and replays.
func (s *simulation) run(ctx context.Context, costs *run.MapCosts, o *costOptions) (err error) {
	set := &simulate.Setting{Model: s.Model, Function: o.function, Account: o.simulate.account, Burst: o.simulate.burst, ColdStart: o.simulate.coldStart, Send: simulate.DefaultSend}
	jobs := func(c simulate.Choice) []cost.Job {
		costs.Memory = c.MemoryMB
		return costs.Jobs(c.ShardsPerJob, o.perJob != "auto")
	}
	choice := simulate.Choice{MemoryMB: o.function.MemoryMB, ShardsPerJob: s.ShardsPerJob}
	switch {
	case o.simulate.wall > 0:
		var met bool
		if choice, met, err = set.Cheapest(ctx, o.simulate.wall.Seconds(), o.simulate.seed, o.simulate.replays, jobs); err != nil {
			return err
		}
		s.Met = &met
	case choice.ShardsPerJob == 0:
		choice.ShardsPerJob, _ = s.Model.Cheapest(o.function, func(n int) []cost.Job {
			return jobs(simulate.Choice{MemoryMB: choice.MemoryMB, ShardsPerJob: n})
		})
	}
	set.Function.MemoryMB, set.Jobs = choice.MemoryMB, jobs(choice)
	s.Function, s.ShardsPerJob, s.setting = set.Function, choice.ShardsPerJob, set
	if len(set.Jobs) == 0 {
		return fmt.Errorf("%s has no shards: there is nothing to simulate", s.from)
	}
	if s.Simulated, err = set.Run(ctx, o.simulate.seed, o.simulate.replays); err != nil {
		return err
	}
	s.Bounds, err = set.Bounds(ctx)
	return err
}

func (a *app) printSimulation(s *simulation, o *costOptions) error {
	r, e, f := s.Simulated, &s.Simulated.Expected, &s.Function
	w := tabwriter.NewWriter(a.stdout, 2, 8, 2, ' ', 0)
	fmt.Fprintf(w, "Shards\t%s, %s pairs of shard and granule; %s\n", humanize.Comma(int64(e.Shards)), humanize.Comma(int64(e.Pairs)), s.from)
	if s.Met != nil {
		found := "the cheapest of which nine in ten replays end in time"
		if !*s.Met {
			found = "the quickest: no memory and number of shards per job ends in time"
		}
		fmt.Fprintf(w, "Target\t%s: %s MB, %s per job: %s\n", o.simulate.wall, humanize.Comma(int64(f.MemoryMB)), quantity.Counted(int64(s.ShardsPerJob), "shard"), found)
	}
	fmt.Fprintf(w, "Jobs\t%s of at most %s, on %s MB of %s; the longest about %.1f s\n", humanize.Comma(int64(e.Jobs)), quantity.Counted(int64(s.ShardsPerJob), "shard"), humanize.Comma(int64(f.MemoryMB)), o.architecture, e.DensestSeconds)
	fmt.Fprintf(w, "Workers\t%s at once, %s cold starts; %d requests throttled\n", humanize.Comma(int64(f.Concurrency)), humanize.Comma(int64(r.ColdStarts)), r.Throttled)
	fmt.Fprintf(w, "Compute\t%s worker-seconds; $%.4f ($%.4f to $%.4f)\n", spanText(r.WorkerSeconds, 0), r.ComputeUSD.Median, r.ComputeUSD.Low, r.ComputeUSD.High)
	fmt.Fprintf(w, "Requests\t%s that read and %s that write or list; $%.4f; %s read\n", humanize.Comma(e.Gets), humanize.Comma(e.Puts), e.Bill.Requests, quantity.Bytes(e.Bytes))
	fmt.Fprintf(w, "Wall time\t%s s\n", spanText(r.WallSeconds, 1))
	fmt.Fprintf(w, "Cost\t$%.4f ($%.4f to $%.4f)\n", r.USD.Median, r.USD.Low, r.USD.High)
	fmt.Fprintf(w, "Waits for\t%s\n", boundsText(s.Bounds))
	fmt.Fprintf(w, "Assumed\tlatency %s, %.0f MB/s per worker, cold start %s, burst of %s workers and the same every 10 s; constants from %s\n", o.latency, o.megabytes, o.simulate.coldStart, humanize.Comma(int64(o.simulate.burst)), s.Constants)
	return w.Flush()
}

// spanText is a median and its bounds.
func spanText(s simulate.Span, digits int) string {
	text := func(v float64) string { return humanize.FormatFloat("#,###."+strings.Repeat("#", digits), v) }
	return fmt.Sprintf("%s (%s to %s)", text(s.Median), text(s.Low), text(s.High))
}

func boundsText(bounds []simulate.Bound) string {
	if len(bounds) == 0 {
		return "nothing alone"
	}
	var texts []string
	for _, b := range bounds {
		texts = append(texts, fmt.Sprintf("%s (%.1f s)", b.Name, b.Saves))
	}
	return strings.Join(texts, ", ")
}
