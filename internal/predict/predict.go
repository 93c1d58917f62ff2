// Package predict says what a run of a shard map takes on Lambda: by the model of cost, and by a replay on a simulated clock.
package predict

import (
	"context"
	"fmt"
	"time"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/cost"
	"github.com/englacial/zagg/internal/quantity"
	"github.com/englacial/zagg/internal/run"
	"github.com/englacial/zagg/internal/shardmap"
	"github.com/englacial/zagg/internal/stored"
)

// Options say what is predicted.
type Options struct {
	Function cost.Function
	Indexed  bool // the granules have indexes
	Cells    bool // which know cells
	Latency  time.Duration
	Sizes    int         // ask for the sizes of so many granules
	PerJob   int         // shards per job; 0: as many as is cheapest
	Warn     func(error) // told why sizes could not be asked for
}

// A Model has constants and says where they come from.
type Model struct {
	cost.Model
	From string
}

// Fitted are the constants that the finished shards of a store tell.
func Fitted(ctx context.Context, address string, f cost.Function) (Model, error) {
	s, err := stored.Open(ctx, address)
	if err != nil {
		return Model{}, err
	}
	m, ok := s.Model(f)
	if !ok {
		return Model{}, core.Errorf(core.NotFound, "--receipts", address, "no finished shard that read a granule; run something first, or leave --receipts out")
	}
	return Model{m, fmt.Sprintf("%s of %s", quantity.Counted(int64(m.MeasuredOn), "shard"), address)}, nil
}

// Kept are the constants of a file.
func Kept(file string) (Model, error) {
	m, err := run.ReadConstants(file)
	return Model{m, file}, err
}

// Model are the constants that a calibration has left beside a map, or else those of the benchmark.
func (o *Options) Model(shardMap string) (Model, error) {
	if shardMap != "" && !o.Cells {
		if m, err := Kept(run.ConstantsName(shardMap)); !core.Is(err, core.NotFound) {
			return m, err
		}
	}
	switch {
	case o.Cells:
		return Model{cost.CellIndexed(), "the benchmark"}, nil
	case o.Indexed:
		return Model{cost.Indexed(), "the benchmark"}, nil
	}
	return Model{cost.Direct(), "the benchmark"}, nil
}

func (o *Options) shape() run.Shape {
	return run.Shape{Indexed: o.Indexed, Memory: o.Function.MemoryMB, Latency: o.Latency}
}

// costs are the jobs of a map.
func (o *Options) costs(ctx context.Context, m *shardmap.Map) *run.MapCosts {
	c, unknown := run.CostsOf(ctx, m, o.Sizes, o.shape())
	if unknown != nil {
		o.Warn(unknown)
	}
	return c
}

// A Prediction is what the model expects.
type Prediction struct {
	Constants    string           `json:"constants"`
	Densest      string           `json:"densest"` // label of the shard with most granules, or its key where the grid is not known
	Expected     cost.Expectation `json:"expected"`
	Function     cost.Function    `json:"function"`
	Model        cost.Model       `json:"model"`
	ShardsPerJob int              `json:"shards_per_job"`

	options  Options
	sizes    *run.Sizes
	granules int // of the densest shard
}

// Map predicts a run of a shard map. grid is nil where it is not known.
func Map(ctx context.Context, m *shardmap.Map, grid core.Grid, model Model, o Options) *Prediction {
	costs := o.costs(ctx, m)
	p := &Prediction{Constants: model.From, Function: o.Function, Model: model.Model, ShardsPerJob: o.PerJob, options: o, sizes: costs.Sizes}
	jobs := func(n int) []cost.Job { return costs.Jobs(n, o.PerJob > 0) }
	if o.PerJob == 0 {
		p.ShardsPerJob, p.Expected = model.Cheapest(o.Function, jobs)
	} else {
		p.Expected = model.ExpectJobs(jobs(o.PerJob), o.Function)
	}
	p.densest(ctx, m, grid)
	return p
}

// densest finds the shard with most granules.
func (p *Prediction) densest(ctx context.Context, m *shardmap.Map, grid core.Grid) {
	at := -1
	for i := range m.Keys {
		if at < 0 || len(m.Granules[i]) > len(m.Granules[at]) {
			at = i
		}
	}
	if at < 0 {
		return
	}
	p.Densest, p.granules = string(m.Keys[at]), len(m.Granules[at])
	if grid == nil {
		return
	}
	if shards, err := grid.Shards(ctx, m.Keys[at:at+1]); err == nil {
		p.Densest = shards[0].Label
	}
}
