package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/cost"
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
	perJob       string
	json         bool
}

func (a *app) costCommand() *cobra.Command {
	o := costOptions{}
	c := &cobra.Command{
		Use:   "cost SHARDMAP",
		Short: "Predict what a run on AWS Lambda costs and how long it takes",
		Long: `Read a shard map and predict dollars, wall time and the densest shard for a function's memory and concurrency.

The model is a time for each shard and a time for each granule of a shard. Its constants are those of the benchmark in
docs/performance.md, or are fitted to the receipts of a store that zagg has written (--receipts).`,
		Example: `  zagg cost shardmap.json
  zagg cost shardmap.json --memory 4096 --concurrency 500 --indexed
  zagg cost shardmap.json --receipts s3://bucket/heights.zarr --json`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.predict(cmd.Context(), args[0], o)
		},
	}
	f := c.Flags()
	f.IntVar(&o.function.MemoryMB, "memory", 2048, "memory of a worker in MB; CPU comes with it")
	f.IntVar(&o.function.Concurrency, "concurrency", 1000, "workers at once")
	f.StringVar(&o.architecture, "architecture", "arm64", "of the function: arm64, x86_64")
	f.IntVar(&o.function.TmpMB, "tmp", 512, "ephemeral storage of a worker in MB")
	f.Float64Var(&o.function.Timeout, "timeout", 720, "time-out of the function in seconds, for the ceiling")
	f.BoolVar(&o.indexed, "indexed", false, "the granules have sidecar indexes (zagg index build)")
	f.StringVar(&o.receipts, "receipts", "", "fit the model to the finished shards of this store")
	f.StringVar(&o.perJob, "shards-per-job", "auto", "neighbouring shards computed together: a number, or auto: as is cheapest without a run that is a tenth longer")
	f.BoolVar(&o.json, "json", false, "print JSON")
	c.RegisterFlagCompletionFunc("architecture", fixed("arm64", "x86_64"))
	return c
}

func (a *app) predict(ctx context.Context, name string, o costOptions) error {
	switch o.architecture {
	case "arm64":
	case "x86_64", "amd64":
		o.function.AMD64 = true
	default:
		return fmt.Errorf("--architecture is %q; have arm64, x86_64: %w for `zagg cost`", o.architecture, errUsage)
	}
	if f := o.function; f.MemoryMB < 128 || f.MemoryMB > 10240 || f.Concurrency < 1 || f.TmpMB < 512 || f.Timeout <= 0 {
		return fmt.Errorf("--memory must be 128 to 10240, --tmp at least 512, --concurrency at least 1 and --timeout positive: %w for `zagg cost`", errUsage)
	}
	m, err := run.ReadMap(ctx, name)
	if err != nil {
		return err
	}
	model, err := costModel(ctx, o)
	if err != nil {
		return err
	}
	perJob, e, err := expect(m, model, o)
	if err != nil {
		return err
	}
	if o.json {
		enc := json.NewEncoder(a.stdout)
		enc.SetIndent("", "  ")
		return enc.Encode(map[string]any{"function": o.function, "model": model, "shards_per_job": perJob, "expected": e})
	}
	return a.printExpectation(m, model, o, e, perJob)
}

// expect predicts jobs of so many shards as the flag says, or as is cheapest.
func expect(m *shardmap.Map, model cost.Model, o costOptions) (perJob int, e cost.Expectation, err error) {
	order := make([]int, len(m.Keys))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return core.CompareKeys(m.Keys[a], m.Keys[b]) })
	lists := make([][]*shardmap.Record, len(order))
	for i, at := range order {
		lists[i] = m.Granules[at]
	}
	jobs := func(n int) []cost.Job { return run.CloudJobs(lists, n, o.perJob != "auto", o.function.MemoryMB) }
	if o.perJob == "auto" {
		perJob, e = model.Cheapest(o.function, jobs)
		return perJob, e, nil
	}
	if perJob, err = strconv.Atoi(o.perJob); err != nil || perJob < 1 {
		return 0, e, fmt.Errorf("--shards-per-job is %q; want auto or a number from 1: %w for `zagg cost`", o.perJob, errUsage)
	}
	return perJob, model.ExpectJobs(jobs(perJob), o.function), nil
}

func costModel(ctx context.Context, o costOptions) (cost.Model, error) {
	switch {
	case o.receipts != "":
		return fittedModel(ctx, o.receipts)
	case o.indexed:
		return cost.Indexed(), nil
	}
	return cost.Direct(), nil
}

// fittedModel takes the constants from the receipts of a store.
func fittedModel(ctx context.Context, address string) (cost.Model, error) {
	s, err := stored.Open(ctx, address)
	if err != nil {
		return cost.Model{}, err
	}
	m, ok := s.Model()
	if !ok {
		return m, core.Errorf(core.NotFound, "--receipts", address, "no finished shard that read a granule; run something first, or leave --receipts out")
	}
	return m, nil
}

func (a *app) printExpectation(m *shardmap.Map, model cost.Model, o costOptions, e cost.Expectation, perJob int) error {
	densest := 0
	for i := range m.Keys {
		if len(m.Granules[i]) > len(m.Granules[densest]) {
			densest = i
		}
	}
	source := "the benchmark"
	if model.MeasuredOn > 0 {
		source = fmt.Sprintf("%d shards of %s", model.MeasuredOn, o.receipts)
	}
	w := tabwriter.NewWriter(a.stdout, 2, 8, 2, ' ', 0)
	fmt.Fprintf(w, "Shards\t%s, %s pairs of shard and granule\n", thousands(int64(e.Shards)), thousands(int64(e.Pairs)))
	how := "as given"
	if o.perJob == "auto" {
		how = "the cheapest that is not a tenth longer"
	}
	fmt.Fprintf(w, "Jobs\t%s of at most %d shards: %s\n", thousands(int64(e.Jobs)), perJob, how)
	if e.Shards > 0 {
		fmt.Fprintf(w, "Densest shard\t%s: %s granules; the longest job about %.1f s\n", m.Keys[densest], thousands(int64(len(m.Granules[densest]))), e.DensestSeconds)
	}
	fmt.Fprintf(w, "Compute\tabout %s worker-seconds of %s MB, %s\n", thousands(int64(e.WorkerSeconds+0.5)), thousands(int64(o.function.MemoryMB)), o.architecture)
	fmt.Fprintf(w, "Wall time\tabout %.1f s with %s workers\n", e.WallSeconds, thousands(int64(o.function.Concurrency)))
	fmt.Fprintf(w, "Cost\tabout %s: compute $%.4f, requests $%.4f, invocations $%.4f, /tmp $%.4f\n", e.Bill, e.Bill.Compute, e.Bill.Requests, e.Bill.Invoke, e.Bill.Tmp)
	fmt.Fprintf(w, "At most\t$%.2f, if every job ran into the time-out of %.0f s as often as it may be sent\n", e.CeilingUSD, o.function.Timeout)
	fmt.Fprintf(w, "Constants\tfrom %s: %.2f s a shard; %.3f CPU-s, %.3f s of waiting, %.0f requests and %s a granule\n", source,
		model.ShardSeconds, model.PairCPU, model.PairWait, model.PairGets, megabytes(int64(model.PairBytes)))
	if e.DensestSeconds > o.function.Timeout {
		fmt.Fprintf(w, "Warning\tthe longest job would not end within the time-out: use finer shards, indexes or more memory\n")
	}
	return w.Flush()
}
