package predict

import (
	"context"
	"fmt"
	"time"

	"github.com/englacial/zagg/internal/cost"
	"github.com/englacial/zagg/internal/run"
	"github.com/englacial/zagg/internal/shardmap"
	"github.com/englacial/zagg/internal/simulate"
)

// A Replay says how a run is replayed.
type Replay struct {
	Wall      time.Duration // find what costs least and ends in this time; 0: replay as the options say
	Account   int           // workers that the account may have at once; 0: enough
	Burst     int           // workers that Lambda starts at once
	ColdStart time.Duration
	Times     int
	Seed      uint64
}

// A Simulation is what replays found.
type Simulation struct {
	Function     cost.Function    `json:"function"`
	Model        cost.Model       `json:"model"`
	Constants    string           `json:"constants"`
	ShardsPerJob int              `json:"shards_per_job"`
	Met          *bool            `json:"target_met,omitempty"` // of Replay.Wall
	Simulated    *simulate.Result `json:"simulated"`
	Bounds       []simulate.Bound `json:"bounds"`

	options Options
	replay  Replay
	from    string // of the shards
}

// Simulate replays a run of a shard map that is called name, or of a made-up cycle where m is nil.
func Simulate(ctx context.Context, m *shardmap.Map, name string, model Model, o Options, r Replay) (*Simulation, error) {
	s := &Simulation{Model: model.Model, Constants: model.From, ShardsPerJob: o.PerJob, options: o, replay: r, from: name}
	var costs *run.MapCosts
	if m == nil {
		s.from = fmt.Sprintf("made up, seed %d", r.Seed)
		costs = run.CostsOfLists(simulate.Cycle(r.Seed), o.shape())
	} else {
		costs = o.costs(ctx, m)
	}
	return s, s.run(ctx, costs)
}

// run chooses what the options leave open, and replays.
func (s *Simulation) run(ctx context.Context, costs *run.MapCosts) (err error) {
	o, r := &s.options, &s.replay
	set := &simulate.Setting{Model: s.Model, Function: o.Function, Account: r.Account, Burst: r.Burst, ColdStart: r.ColdStart, Send: simulate.DefaultSend}
	jobs := func(c simulate.Choice) []cost.Job {
		costs.Memory = c.MemoryMB
		return costs.Jobs(c.ShardsPerJob, o.PerJob > 0)
	}
	choice := simulate.Choice{MemoryMB: o.Function.MemoryMB, ShardsPerJob: s.ShardsPerJob}
	switch {
	case r.Wall > 0:
		var met bool
		if choice, met, err = set.Cheapest(ctx, r.Wall.Seconds(), r.Seed, r.Times, jobs); err != nil {
			return err
		}
		s.Met = &met
	case choice.ShardsPerJob == 0:
		choice.ShardsPerJob, _ = s.Model.Cheapest(o.Function, func(n int) []cost.Job {
			return jobs(simulate.Choice{MemoryMB: choice.MemoryMB, ShardsPerJob: n})
		})
	}
	set.Function.MemoryMB, set.Jobs = choice.MemoryMB, jobs(choice)
	s.Function, s.ShardsPerJob = set.Function, choice.ShardsPerJob
	if len(set.Jobs) == 0 {
		return fmt.Errorf("%s has no shards: there is nothing to simulate", s.from)
	}
	if s.Simulated, err = set.Run(ctx, r.Seed, r.Times); err != nil {
		return err
	}
	s.Bounds, err = set.Bounds(ctx)
	return err
}
