package cli

// "zagg cost": what a run will cost, by the model in internal/cost, and its calibration and simulation.

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/englacial/zagg/internal/cost"
	"github.com/englacial/zagg/internal/predict"
	"github.com/englacial/zagg/internal/quantity"
	"github.com/englacial/zagg/internal/run"
	"github.com/englacial/zagg/internal/shardmap"
	"github.com/englacial/zagg/internal/simulate"
)

// costOptions are the flags of `zagg cost`.
type costOptions struct {
	predict.Options
	architecture string
	receipts     string
	constants    string
	jobSize      string // --shards-per-job
	config       string
	megabytes    float64 // a second
	json         bool

	simulated bool
	replay    predict.Replay
	calibrate int
	run       runOptions // with calibrate
}

func (a *app) costCommand() *cobra.Command {
	o := costOptions{}
	c := &cobra.Command{
		Use:   "cost SHARDMAP | cost --simulate [SHARDMAP]",
		Short: "Predict cost and time of a run on AWS Lambda",
		Long: `Read a shard map and predict dollars, wall time and the densest shard for a function's memory and concurrency.

The model has times per job, shard and granule. The time of a granule depends on CPU, bandwidth or latency, and requests and
bytes depend on how it is read: whole, in pieces, or with its index. The constants come from the benchmark in
docs/performance.md, or are fitted to the receipts of a store (--receipts).

--calibrate N computes N shards of the map, from the one with most granules to the one with fewest, like "zagg run" with the
same flags, fits the model to their times, and saves the constants in SHARDMAP.cost.yaml, without .json. zagg cost and
zagg run use this file from then on. The shards stay in the store; a run does not compute them again.

--simulate replays the run on a simulated clock, with the dispatcher's order and pace, and a Lambda that starts workers as AWS
documents. It repeats this with varied CPU, latency, bandwidth and cold starts, and prints medians, the range of four of five
replays, and what the run waits for. Without a map it simulates a synthetic cycle of 4,153 granules and 1,742 shards.
--target-wall finds the memory and the shards per job with the lowest cost that finish in time.`,
		Example: `  zagg cost shardmap.json
  zagg cost shardmap.json --memory 4096 --concurrency 500 --indexed
  zagg cost shardmap.json --sizes 20 --latency 15ms --bandwidth 90
  zagg cost shardmap.json --receipts s3://bucket/heights.zarr --json
  zagg cost shardmap.json --calibrate 5 --config atl06 --store s3://bucket/heights.zarr --backend lambda
  zagg cost shardmap.json --simulate --concurrency 1700 --shards-per-job 4
  zagg cost --simulate --target-wall 30s --indexed`,
		Args: func(cmd *cobra.Command, args []string) error {
			if o.simulated && len(args) == 0 {
				return nil
			}
			return cobra.ExactArgs(1)(cmd, args)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.predict(cmd.Context(), strings.Join(args, ""), o)
		},
	}
	f := c.Flags()
	f.IntVar(&o.Function.MemoryMB, "memory", 2048, "memory of a worker in MB, which also determines its CPU")
	f.IntVar(&o.Function.Concurrency, "concurrency", 1000, "maximum number of concurrent workers")
	f.StringVar(&o.architecture, "architecture", "arm64", "of the function: arm64, x86_64")
	f.IntVar(&o.Function.TmpMB, "tmp", 512, "ephemeral storage of a worker in MB")
	f.Float64Var(&o.Function.Timeout, "timeout", 720, "time-out of the function in seconds, for the maximum cost")
	f.DurationVar(&o.Latency, "latency", cost.DefaultLatency, "latency of the granules' service")
	f.Float64Var(&o.megabytes, "bandwidth", cost.DefaultBandwidth/1e6, "bandwidth in MB/s from the granules' service to a worker")
	f.IntVar(&o.Sizes, "sizes", 0, "number of granules without a size in the map to ask for (HEAD); sizes of local files are always read")
	f.BoolVar(&o.Indexed, "indexed", false, "the granules have sidecar indexes (zagg index build)")
	f.BoolVar(&o.Cells, "cell-index", false, "the indexes contain the cells of rows, so that no coordinates are read")
	f.StringVar(&o.receipts, "receipts", "", "fit the model to the receipts of this store")
	f.StringVar(&o.constants, "constants", "", "constants of the model, a file written by --calibrate (default SHARDMAP.cost.yaml, without .json, if it exists)")
	f.StringVar(&o.jobSize, "shards-per-job", "auto", "neighbouring shards per job: a number, or auto: the cheapest that makes the run at most a tenth longer")
	f.BoolVar(&o.json, "json", false, "print JSON")
	f.IntVar(&o.calibrate, "calibrate", 0, "number of shards to compute and fit the model to; needs --config and --store")
	f.StringVar(&o.config, "config", "", "configuration of the run, for --calibrate and for the labels of shards (default: the map's own grid)")
	f.StringVar(&o.run.store, "store", "", "with --calibrate: store for the shards, as for zagg run")
	f.StringVar(&o.run.backend, "backend", "local", "with --calibrate: where to compute shards: local, lambda")
	f.StringVar(&o.run.driver, "driver", "", "with --calibrate: read granules by s3 or https")
	f.StringVar(&o.run.region, "region", "", "with --calibrate: AWS region of the granules, the store and the function")
	f.IntVar(&o.run.maxWorkers, "max-workers", 0, "with --calibrate: concurrent shards (default 1 local)")
	o.run.lambda.flags(f)
	f.BoolVar(&o.simulated, "simulate", false, "replay the run on a simulated clock; without a map, a synthetic cycle")
	f.DurationVar(&o.replay.Wall, "target-wall", 0, "with --simulate: find the cheapest memory and shards per job that finish in this time")
	f.IntVar(&o.replay.Account, "account-concurrency", 0, "with --simulate: concurrency limit of the account, of which a twentieth and at least 100 stay free (0: unlimited)")
	f.IntVar(&o.replay.Burst, "burst", simulate.DefaultBurst, "with --simulate: workers that Lambda starts at once, and in every further ten seconds")
	f.DurationVar(&o.replay.ColdStart, "cold-start", simulate.DefaultColdStart, "with --simulate: unpaid delay before a new worker starts")
	f.IntVar(&o.replay.Times, "replays", 20, "with --simulate: number of replays with different random numbers")
	f.Uint64Var(&o.replay.Seed, "seed", 1, "with --simulate: seed of the random numbers and of the synthetic cycle")
	c.RegisterFlagCompletionFunc("architecture", fixed("arm64", "x86_64"))
	c.RegisterFlagCompletionFunc("backend", fixed("local", "lambda"))
	return c
}

// check refuses values that mean nothing.
func (o *costOptions) check() error {
	switch o.architecture {
	case "arm64":
	case "x86_64", "amd64":
		o.Function.AMD64 = true
	default:
		return fmt.Errorf("--architecture is %q; have arm64, x86_64: %w for `zagg cost`", o.architecture, errUsage)
	}
	f := &o.Function
	if f.MemoryMB < 128 || f.MemoryMB > 10240 || f.Concurrency < 1 || f.TmpMB < 512 || f.Timeout <= 0 {
		return fmt.Errorf("--memory must be 128 to 10240, --tmp at least 512, --concurrency at least 1 and --timeout positive: %w for `zagg cost`", errUsage)
	}
	if o.Latency < 0 || o.Latency > time.Minute || !(o.megabytes > 0) || o.Sizes < 0 || o.calibrate < 0 {
		return fmt.Errorf("--latency must be 0 to 1m, --bandwidth positive, --sizes and --calibrate at least 0: %w for `zagg cost`", errUsage)
	}
	if o.constants != "" && o.receipts != "" || o.calibrate > 0 && (o.constants != "" || o.receipts != "") {
		return fmt.Errorf("--constants, --receipts and --calibrate exclude each other: %w for `zagg cost`", errUsage)
	}
	if o.calibrate > 0 && (o.config == "" || o.run.store == "") {
		return fmt.Errorf("--calibrate needs --config and --store: %w for `zagg cost`", errUsage)
	}
	if o.jobSize != "auto" {
		var err error
		if o.PerJob, err = strconv.Atoi(o.jobSize); err != nil || o.PerJob < 1 {
			return fmt.Errorf("--shards-per-job is %q; want auto or a number from 1: %w for `zagg cost`", o.jobSize, errUsage)
		}
	}
	if r := &o.replay; o.simulated && (r.Wall < 0 || r.Account < 0 || r.Burst < 1 || r.ColdStart < 0 || r.ColdStart > time.Minute || r.Times < 1 || r.Times > 1000 || o.calibrate > 0) {
		return fmt.Errorf("with --simulate: --target-wall and --account-concurrency at least 0, --burst at least 1, --cold-start 0 to 1m, --replays 1 to 1000, and --calibrate in a call of its own: %w for `zagg cost`", errUsage)
	}
	o.Indexed = o.Indexed || o.Cells
	f.Latency, f.Bandwidth, f.Sync = o.Latency.Seconds(), o.megabytes*1e6, o.run.lambda.invocation == "sync"
	return nil
}

func (a *app) predict(ctx context.Context, name string, o costOptions) error {
	if err := o.check(); err != nil {
		return err
	}
	o.Warn = func(err error) { fmt.Fprintf(a.stderr, "The sizes of some granules could not be asked for: %v\n", err) }
	var m *shardmap.Map
	var err error
	if name != "" {
		if m, err = run.ReadMap(ctx, name); err != nil {
			return err
		}
	}
	model, err := a.costModel(ctx, name, &o)
	if err != nil {
		return err
	}
	if o.simulated {
		s, err := predict.Simulate(ctx, m, name, model, o.Options, o.replay)
		if err != nil {
			return err
		}
		return a.printResult(s, o.json)
	}
	grid, err := a.gridIfKnown(ctx, m, o.config)
	if err != nil {
		return err
	}
	return a.printResult(predict.Map(ctx, m, grid, model, o.Options), o.json)
}

// costModel are the constants that the flags ask for.
func (a *app) costModel(ctx context.Context, name string, o *costOptions) (predict.Model, error) {
	switch {
	case o.calibrate > 0:
		m, err := a.calibrate(ctx, name, o)
		return predict.Model{Model: m, From: fmt.Sprintf("%s, as they are kept in %s", quantity.Counted(int64(m.MeasuredOn), "shard"), run.ConstantsName(name))}, err
	case o.receipts != "":
		return predict.Fitted(ctx, o.receipts, o.Function)
	case o.constants != "":
		return predict.Kept(o.constants)
	}
	return o.Model(name)
}

// calibrate computes some shards and keeps what they say of the constants.
func (a *app) calibrate(ctx context.Context, name string, o *costOptions) (cost.Model, error) {
	r := o.run
	r.config, r.catalog, r.perJob, r.appends = o.config, name, "1", "auto"
	if r.maxWorkers == 0 && r.backend == "local" {
		r.maxWorkers = 1 // shards at once share the machine
	}
	if err := r.check(); err != nil {
		return cost.Model{}, err
	}
	options, err := a.runOptions(ctx, &r)
	if err != nil {
		return cost.Model{}, err
	}
	m, total, err := run.Calibrate(ctx, *options, o.calibrate, o.Function)
	if total != nil && err != nil {
		if e := printSummary(a.stderr, total, false, false); e != nil {
			return m, e
		}
	}
	if err = a.explain(err, "failed: nothing can be said of what the others will take"); err != nil {
		return m, err
	}
	file := run.ConstantsName(name)
	if err := run.WriteConstants(file, m); err != nil {
		return m, err
	}
	fmt.Fprintf(a.stderr, "%s took %s of workers, $%.4f; constants are in %s\n", quantity.Counted(int64(m.MeasuredOn), "shard"), quantity.Seconds(total.Compute), total.CostUSD, file)
	return m, nil
}
