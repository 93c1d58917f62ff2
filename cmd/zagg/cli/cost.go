package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/spf13/cobra"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/cost"
	"github.com/englacial/zagg/internal/quantity"
	"github.com/englacial/zagg/internal/run"
	"github.com/englacial/zagg/internal/shardmap"
	"github.com/englacial/zagg/internal/stored"
)

// costOptions are the flags of `zagg cost`.
type costOptions struct {
	function     cost.Function
	architecture string
	indexed      bool
	receipts     string
	constants    string
	perJob       string
	config       string
	latency      time.Duration
	megabytes    float64 // a second
	sizes        int
	json         bool
	cells        bool // indexes know cells

	simulate  simulateOptions
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
			if o.simulate.on && len(args) == 0 {
				return nil
			}
			return cobra.ExactArgs(1)(cmd, args)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if o.simulate.on {
				return a.simulate(cmd.Context(), strings.Join(args, ""), o)
			}
			return a.predict(cmd.Context(), args[0], o)
		},
	}
	f := c.Flags()
	f.IntVar(&o.function.MemoryMB, "memory", 2048, "memory of a worker in MB, which also determines its CPU")
	f.IntVar(&o.function.Concurrency, "concurrency", 1000, "maximum number of concurrent workers")
	f.StringVar(&o.architecture, "architecture", "arm64", "of the function: arm64, x86_64")
	f.IntVar(&o.function.TmpMB, "tmp", 512, "ephemeral storage of a worker in MB")
	f.Float64Var(&o.function.Timeout, "timeout", 720, "time-out of the function in seconds, for the maximum cost")
	f.DurationVar(&o.latency, "latency", cost.DefaultLatency, "latency of the granules' service")
	f.Float64Var(&o.megabytes, "bandwidth", cost.DefaultBandwidth/1e6, "bandwidth in MB/s from the granules' service to a worker")
	f.IntVar(&o.sizes, "sizes", 0, "number of granules without a size in the map to ask for (HEAD); sizes of local files are always read")
	f.BoolVar(&o.indexed, "indexed", false, "the granules have sidecar indexes (zagg index build)")
	f.BoolVar(&o.cells, "cell-index", false, "the indexes contain the cells of rows, so that no coordinates are read")
	f.StringVar(&o.receipts, "receipts", "", "fit the model to the receipts of this store")
	f.StringVar(&o.constants, "constants", "", "constants of the model, a file written by --calibrate (default SHARDMAP.cost.yaml, without .json, if it exists)")
	f.StringVar(&o.perJob, "shards-per-job", "auto", "neighbouring shards per job: a number, or auto: the cheapest that makes the run at most a tenth longer")
	f.BoolVar(&o.json, "json", false, "print JSON")
	f.IntVar(&o.calibrate, "calibrate", 0, "number of shards to compute and fit the model to; needs --config and --store")
	f.StringVar(&o.config, "config", "", "configuration of the run, for --calibrate and for the labels of shards (default: the map's own grid)")
	f.StringVar(&o.run.store, "store", "", "with --calibrate: store for the shards, as for zagg run")
	f.StringVar(&o.run.backend, "backend", "local", "with --calibrate: where to compute shards: local, lambda")
	f.StringVar(&o.run.driver, "driver", "", "with --calibrate: read granules by s3 or https")
	f.StringVar(&o.run.region, "region", "", "with --calibrate: AWS region of the granules, the store and the function")
	f.IntVar(&o.run.maxWorkers, "max-workers", 0, "with --calibrate: concurrent shards (default 1 local)")
	o.run.lambda.flags(f)
	o.simulate.flags(f)
	c.RegisterFlagCompletionFunc("architecture", fixed("arm64", "x86_64"))
	c.RegisterFlagCompletionFunc("backend", fixed("local", "lambda"))
	return c
}

// check refuses values that mean nothing.
func (o *costOptions) check() error {
	switch o.architecture {
	case "arm64":
	case "x86_64", "amd64":
		o.function.AMD64 = true
	default:
		return fmt.Errorf("--architecture is %q; have arm64, x86_64: %w for `zagg cost`", o.architecture, errUsage)
	}
	f := &o.function
	if f.MemoryMB < 128 || f.MemoryMB > 10240 || f.Concurrency < 1 || f.TmpMB < 512 || f.Timeout <= 0 {
		return fmt.Errorf("--memory must be 128 to 10240, --tmp at least 512, --concurrency at least 1 and --timeout positive: %w for `zagg cost`", errUsage)
	}
	if o.latency < 0 || o.latency > time.Minute || !(o.megabytes > 0) || o.sizes < 0 || o.calibrate < 0 {
		return fmt.Errorf("--latency must be 0 to 1m, --bandwidth positive, --sizes and --calibrate at least 0: %w for `zagg cost`", errUsage)
	}
	if o.constants != "" && o.receipts != "" || o.calibrate > 0 && (o.constants != "" || o.receipts != "") {
		return fmt.Errorf("--constants, --receipts and --calibrate exclude each other: %w for `zagg cost`", errUsage)
	}
	if o.calibrate > 0 && (o.config == "" || o.run.store == "") {
		return fmt.Errorf("--calibrate needs --config and --store: %w for `zagg cost`", errUsage)
	}
	o.indexed = o.indexed || o.cells
	f.Latency, f.Bandwidth, f.Sync = o.latency.Seconds(), o.megabytes*1e6, o.run.lambda.invocation == "sync"
	return nil
}

func (a *app) predict(ctx context.Context, name string, o costOptions) error {
	if err := o.check(); err != nil {
		return err
	}
	m, err := run.ReadMap(ctx, name)
	if err != nil {
		return err
	}
	model, source, err := a.costModel(ctx, name, &o)
	if err != nil {
		return err
	}
	p := prediction{name: name, model: model, source: source}
	costs, unknown := run.CostsOf(ctx, m, o.sizes, run.Shape{Indexed: o.indexed, Memory: o.function.MemoryMB, Latency: o.latency})
	if unknown != nil {
		fmt.Fprintf(a.stderr, "The sizes of some granules could not be asked for: %v\n", unknown)
	}
	p.sizes = costs.Sizes
	if err := p.expect(costs, &o); err != nil {
		return err
	}
	if p.densest, p.granules, err = a.densest(ctx, m, o.config); err != nil {
		return err
	}
	if o.json {
		enc := json.NewEncoder(a.stdout)
		enc.SetIndent("", "  ")
		return enc.Encode(map[string]any{"function": o.function, "model": model, "constants": source, "shards_per_job": p.perJob, "expected": p.e, "densest": p.densest})
	}
	return a.printPrediction(&p, &o)
}

// A prediction is what is printed.
type prediction struct {
	name, source string
	model        cost.Model
	sizes        *run.Sizes
	perJob       int
	e            cost.Expectation
	densest      string // label of the shard with most granules
	granules     int
}

// expect predicts jobs of so many shards as the flag says, or as is cheapest.
func (p *prediction) expect(costs *run.MapCosts, o *costOptions) (err error) {
	jobs := func(n int) []cost.Job { return costs.Jobs(n, o.perJob != "auto") }
	if p.perJob, err = o.shardsPerJob(); err != nil {
		return err
	}
	if p.perJob == 0 {
		p.perJob, p.e = p.model.Cheapest(o.function, jobs)
		return nil
	}
	p.e = p.model.ExpectJobs(jobs(p.perJob), o.function)
	return nil
}

// shardsPerJob is the number that the flag says; 0: auto.
func (o *costOptions) shardsPerJob() (int, error) {
	if o.perJob == "auto" {
		return 0, nil
	}
	n, err := strconv.Atoi(o.perJob)
	if err != nil || n < 1 {
		return 0, fmt.Errorf("--shards-per-job is %q; want auto or a number from 1: %w for `zagg cost`", o.perJob, errUsage)
	}
	return n, nil
}

// densest is the label of the shard with most granules, or its key where the grid is not known, and their number.
func (a *app) densest(ctx context.Context, m *shardmap.Map, config string) (label string, granules int, err error) {
	if len(m.Keys) == 0 {
		return "", 0, nil
	}
	at := 0
	for i := range m.Keys {
		if len(m.Granules[i]) > len(m.Granules[at]) {
			at = i
		}
	}
	grid, err := a.gridOfMap(ctx, m, config)
	if err == nil {
		var shards []core.Shard
		if shards, err = grid.Shards(ctx, m.Keys[at:at+1]); err == nil {
			return shards[0].Label, len(m.Granules[at]), nil
		}
	}
	if config != "" {
		return "", 0, err
	}
	return string(m.Keys[at]), len(m.Granules[at]), nil
}

// costModel are the constants, and where they come from.
func (a *app) costModel(ctx context.Context, name string, o *costOptions) (m cost.Model, source string, err error) {
	switch file := run.ConstantsName(name); {
	case o.calibrate > 0:
		m, err = a.calibrate(ctx, name, o)
		return m, fmt.Sprintf("%s, as they are kept in %s", quantity.Counted(int64(m.MeasuredOn), "shard"), file), err
	case o.receipts != "":
		m, err = fittedModel(ctx, o)
		return m, fmt.Sprintf("%s of %s", quantity.Counted(int64(m.MeasuredOn), "shard"), o.receipts), err
	case o.constants != "":
		m, err = run.ReadConstants(o.constants)
		return m, o.constants, err
	case name != "" && !o.cells:
		if m, err = run.ReadConstants(file); !core.Is(err, core.NotFound) {
			return m, file, err
		}
	}
	switch {
	case o.cells:
		return cost.CellIndexed(), "the benchmark", nil
	case o.indexed:
		return cost.Indexed(), "the benchmark", nil
	default:
		return cost.Direct(), "the benchmark", nil
	}
}

// fittedModel takes the constants from the receipts of a store.
func fittedModel(ctx context.Context, o *costOptions) (cost.Model, error) {
	s, err := stored.Open(ctx, o.receipts)
	if err != nil {
		return cost.Model{}, err
	}
	m, ok := s.Model(o.function)
	if !ok {
		return m, core.Errorf(core.NotFound, "--receipts", o.receipts, "no finished shard that read a granule; run something first, or leave --receipts out")
	}
	return m, nil
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
	m, total, err := run.Calibrate(ctx, *options, o.calibrate, o.function)
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

func (a *app) printPrediction(p *prediction, o *costOptions) error {
	e, model := &p.e, &p.model
	w := tabwriter.NewWriter(a.stdout, 2, 8, 2, ' ', 0)
	fmt.Fprintf(w, "Shards\t%s, %s pairs of shard and granule\n", humanize.Comma(int64(e.Shards)), humanize.Comma(int64(e.Pairs)))
	fmt.Fprintf(w, "Granules\t%s\n", p.howRead(o))
	how := "as given"
	if o.perJob == "auto" {
		how = "the cheapest that is not a tenth longer"
	}
	fmt.Fprintf(w, "Jobs\t%s of at most %s: %s\n", humanize.Comma(int64(e.Jobs)), quantity.Counted(int64(p.perJob), "shard"), how)
	if e.Shards > 0 {
		fmt.Fprintf(w, "Densest shard\t%s: %s granules; the longest job about %.1f s\n", p.densest, humanize.Comma(int64(p.granules)), e.DensestSeconds)
	}
	fmt.Fprintf(w, "Compute\tabout %s worker-seconds of %s MB, %s; $%.4f\n", humanize.Comma(int64(e.WorkerSeconds+0.5)), humanize.Comma(int64(o.function.MemoryMB)), o.architecture, e.Bill.Compute)
	fmt.Fprintf(w, "Requests\tabout %s that read and %s that write or list; $%.4f\n", humanize.Comma(e.Gets), humanize.Comma(e.Puts), e.Bill.Requests)
	fmt.Fprintf(w, "Read\tabout %s\n", quantity.Bytes(e.Bytes))
	fmt.Fprintf(w, "Wall time\tabout %.1f s with %s workers\n", e.WallSeconds, humanize.Comma(int64(o.function.Concurrency)))
	fmt.Fprintf(w, "Cost\tabout %s: compute $%.4f, requests $%.4f, invocations $%.4f, logs $%.4f, /tmp $%.4f\n", e.Bill, e.Bill.Compute, e.Bill.Requests, e.Bill.Invoke, e.Bill.Logs, e.Bill.Tmp)
	fmt.Fprintf(w, "At most\t$%.2f: compute $%.2f, requests $%.2f, if every job ran into the time-out of %.0f s as often as it may be sent\n", e.CeilingUSD, e.Ceiling.Compute, e.Ceiling.Requests, o.function.Timeout)
	r, kind := &model.Pieces, "in pieces"
	switch {
	case o.indexed:
		kind = "by its index"
	case 2*e.Whole > e.Pairs:
		r, kind = &model.Whole, "whole"
	}
	fmt.Fprintf(w, "Constants\tfrom %s: %.2f s a shard; %.3f CPU-s, %.0f round trips and %.0f requests a granule that is read %s\n", p.source, model.JobSeconds+model.ShardSeconds, r.CPU, r.Trips, r.Gets, kind)
	if e.DensestSeconds > o.function.Timeout {
		fmt.Fprintf(w, "Warning\tthe longest job would not end within the time-out: use finer shards, indexes or more memory\n")
	}
	return w.Flush()
}

// howRead says how granules are read, and of what sizes they are taken to be.
func (p *prediction) howRead(o *costOptions) string {
	size := quantity.Bytes(p.sizes.Usual()) + " each, as those of the benchmark; --sizes asks for theirs"
	if n := p.sizes.Known(); n > 0 {
		size = fmt.Sprintf("%s each in the mean of %s whose sizes are known", quantity.Bytes(p.sizes.Usual()), humanize.Comma(int64(n)))
	}
	switch whole := p.e.Whole; {
	case o.indexed:
		return "read by their indexes; " + size
	case whole == p.e.Pairs:
		return "read whole; " + size
	case whole == 0:
		return "read in pieces; " + size
	default:
		return fmt.Sprintf("of %s pairs read whole, of the others in pieces; %s", humanize.Comma(int64(whole)), size)
	}
}
