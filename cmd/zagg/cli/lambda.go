package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	awsconfig "github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/spf13/pflag"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/objstore"
	"github.com/englacial/zagg/host"
	"github.com/englacial/zagg/internal/cost"
	"github.com/englacial/zagg/internal/fleet"
	"github.com/englacial/zagg/internal/job"
	"github.com/englacial/zagg/internal/plan"
)

// lambdaOptions are the flags of `zagg run --backend lambda`.
type lambdaOptions struct {
	function, invocation     string
	outputCreds, sourceCreds string
	yes, emulate             bool
	bundle                   string
	eventLimit               int
}

func (o *lambdaOptions) flags(f *pflag.FlagSet) {
	f.StringVar(&o.function, "function-name", "process-shard", "lambda: name of the function; with worker.memory in the configuration its variant, such as process-shard-4096, if there is one")
	f.StringVar(&o.invocation, "invocation", "async", "lambda: async sends events and looks for results beside the store, sync waits for each answer")
	f.StringVar(&o.outputCreds, "output-creds", "", "JSON file with the keys to write the store with; read again when it changes")
	f.StringVar(&o.sourceCreds, "source-creds", "", "lambda: JSON file with the keys to read granules with; read again when it changes")
	f.BoolVarP(&o.yes, "yes", "y", false, "lambda: do not ask about the cost")
	f.BoolVar(&o.emulate, "emulate", false, "lambda: run the function on this machine")
	f.StringVar(&o.bundle, "bundle", "", "with --emulate: the function, a zip made by `zagg bundle` (default: this program)")
	f.IntVar(&o.eventLimit, "event-limit", 0, "lambda: bytes of an event; longer lists of granules go through the store (default 1 MiB async, 6 MiB sync)")
}

func (o *lambdaOptions) check(backend string) error {
	switch {
	case backend == "lambda" && o.invocation != "async" && o.invocation != "sync":
		return fmt.Errorf("--invocation is %q; have async, sync: %w for `zagg run`", o.invocation, errUsage)
	case o.emulate && backend != "lambda":
		return fmt.Errorf("--emulate needs --backend lambda: %w for `zagg run`", errUsage)
	case o.bundle != "" && !o.emulate:
		return fmt.Errorf("--bundle needs --emulate: %w for `zagg run`", errUsage)
	case o.eventLimit < 0:
		return fmt.Errorf("--event-limit must not be negative: %w for `zagg run`", errUsage)
	}
	return nil
}

// A lambdaBackend computes shards as invocations of a function.
type lambdaBackend struct {
	r       *runner
	fleet   *fleet.Fleet
	workers int
	local   func() // ends the emulator
	runs    string // folder of this run beside the store

	waiting context.Context // ends when what is at work is left to itself
	atWork  atomic.Int64    // invocations that are waited for
}

func (b *lambdaBackend) close() {
	if b.local != nil {
		b.local()
	}
}

// runFolder is where a run keeps its results, beside the store.
func runFolder(store, runID string) string { return store + ".status/" + runID }

// openLambda finds the function, tries it out, and asks whether the run may cost what it can.
func (r *runner) openLambda(ctx context.Context, t *host.Template, p *plan.Plan, ranks []int) (*lambdaBackend, error) {
	if err := r.reachable(r.jobs(t, p, ranks[:1])); err != nil {
		return nil, err
	}
	b := &lambdaBackend{r: r, runs: runFolder(r.store, r.runID)}
	clients, err := r.lambdaClients(ctx, b)
	if err != nil {
		return nil, err
	}
	b.fleet, err = r.findFunction(ctx, clients, t, b.runs)
	if err != nil {
		b.close()
		return nil, err
	}
	if err := b.ready(ctx, clients, p, ranks); err != nil {
		b.close()
		return nil, err
	}
	return b, nil
}

// lambdaClients are the services, or the emulator's.
type lambdaClients struct {
	lambda  *lambda.Client
	metrics *cloudwatch.Client
}

func (r *runner) lambdaClients(ctx context.Context, b *lambdaBackend) (*lambdaClients, error) {
	if r.o.lambda.emulate {
		c, end, err := r.emulate()
		b.local = end
		return c, err
	}
	return awsClients(ctx, r.o.region)
}

// longestAnswer is how long an answer may take: the longest time-out of a function, and a minute.
const longestAnswer = 16 * time.Minute

func awsClients(ctx context.Context, region string) (*lambdaClients, error) {
	var options []func(*awsconfig.LoadOptions) error
	if region != "" {
		options = append(options, awsconfig.WithRegion(region))
	}
	cfg, err := awsconfig.LoadDefaultConfig(ctx, options...)
	if err != nil {
		return nil, core.Errorf(core.Invalid, "lambda", region, "AWS configuration: %w", err)
	}
	if cfg.Region == "" {
		cfg.Region = "us-west-2"
	}
	return newLambdaClients(cfg), nil
}

// newLambdaClients makes a client that waits as long as a function may run, keeps a connection for each worker, and
// leaves retries to the fleet.
func newLambdaClients(cfg aws.Config) *lambdaClients {
	client := awshttp.NewBuildableClient().WithTransportOptions(func(t *http.Transport) {
		t.MaxIdleConnsPerHost, t.MaxIdleConns, t.ResponseHeaderTimeout = 2048, 2048, longestAnswer
	})
	return &lambdaClients{
		lambda: lambda.NewFromConfig(cfg, func(o *lambda.Options) {
			o.HTTPClient, o.Retryer = client, aws.NopRetryer{}
		}),
		metrics: cloudwatch.NewFromConfig(cfg),
	}
}

// findFunction takes the variant for the configuration's worker size if there is one.
func (r *runner) findFunction(ctx context.Context, c *lambdaClients, t *host.Template, runs string) (*fleet.Fleet, error) {
	o := fleet.Options{
		Client: c.lambda, Function: r.o.lambda.function, Async: r.o.lambda.invocation == "async", Store: r.metered(), Runs: runs, Limit: r.o.lambda.eventLimit,
		Credentials: r.eventCredentials(), Notice: func(format string, args ...any) { r.say("      "+format, args...) },
		Finished: func(ctx context.Context, j *job.Job) *job.Done {
			rec, err := t.Finished(ctx, r.metered(), j)
			if err != nil || rec == nil {
				return nil
			}
			return &job.Done{Label: rec.Label, Status: rec.Status, Receipt: &rec.Receipt}
		},
	}
	if r.o.lambda.emulate {
		o.Poll = 200 * time.Millisecond
	}
	if w := r.config.Worker; w.Memory > 0 {
		variant := o
		variant.Function += "-" + strconv.Itoa(w.Memory)
		if w.ExtraDisk {
			variant.Function += "-disk"
		}
		f, err := fleet.New(ctx, variant)
		if core.CodeOf(err) != core.NotFound {
			return f, err
		}
		r.say("      there is no function %s: taking %s", variant.Function, o.Function)
	}
	return fleet.New(ctx, o)
}

// ready tries the function out and asks whether to go on.
func (b *lambdaBackend) ready(ctx context.Context, c *lambdaClients, p *plan.Plan, ranks []int) error {
	r := b.r
	fn := b.fleet.Function()
	r.say("      function %s: %d MB, time-out %s", fn.Name, fn.MemoryMB, fn.Timeout)
	done, err := b.fleet.Call(ctx, &job.Call{Mode: job.ModePing, StorePath: r.store, Config: r.config.JSON(), RunID: r.runID, Region: r.o.region})
	if err != nil && (done == nil || done.Check != "config") {
		return err
	}
	var m host.Manifest
	if e := decodeManifest(done.Manifest, &m); e != nil {
		return cmp.Or(err, e)
	}
	if e := m.Check(fn.Name, r.config, r.app.host.Manifest()); e != nil { // it says more than the function's own error
		return e
	}
	if err != nil {
		return err
	}
	var notes []string
	b.workers, notes = b.fleet.Capacity(ctx, c.metrics, r.o.maxWorkers, len(ranks))
	for _, n := range notes {
		r.say("      %s", n)
	}
	r.total.ranOn(fn.Name, fn.MemoryMB, fn.TmpMB, fn.AMD64)
	return b.confirm(p, ranks)
}

// confirm shows what the run is expected to cost and what it can cost at most.
func (b *lambdaBackend) confirm(p *plan.Plan, ranks []int) error {
	counts := make([]int, len(ranks))
	for i, rank := range ranks {
		counts[i] = len(p.Shards[rank].Granules)
	}
	fn := b.fleet.Function()
	model := cost.Direct()
	if b.r.config.DataSource.Index.Store != "" {
		model = cost.Indexed()
	}
	e := model.Expect(counts, cost.Function{MemoryMB: fn.MemoryMB, TmpMB: fn.TmpMB, AMD64: fn.AMD64, Concurrency: b.workers, Timeout: fn.Timeout.Seconds()})
	b.r.say("      expected: %.0f worker-seconds, %.1f s, $%.4f; at most $%.2f, if every shard ran into the time-out", e.WorkerSeconds, e.WallSeconds, e.USD, e.CeilingUSD)
	if b.r.o.lambda.emulate || b.r.app.confirm(b.r.o.lambda.yes, fmt.Sprintf("Run %d shards for at most $%.2f?", len(ranks), e.CeilingUSD)) {
		return nil
	}
	fmt.Fprintln(b.r.app.stderr, "Aborted: max-cost gate declined; nothing was computed")
	return errSilent
}

// unfinished leaves out the shards that are done, which needs no invocation, and counts them. What is left is noted
// beside the store, for `zagg attach`.
func (b *lambdaBackend) unfinished(ctx context.Context, t *host.Template, jobs []job.Job) ([]job.Job, error) {
	records := make([]*job.Record, len(jobs))
	errs := make([]error, len(jobs))
	var readers sync.WaitGroup
	slots := make(chan struct{}, recordsAtOnce)
	for i := range jobs {
		slots <- struct{}{}
		readers.Go(func() {
			defer func() { <-slots }()
			records[i], errs[i] = t.Finished(ctx, b.r.metered(), &jobs[i])
		})
	}
	readers.Wait()
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	var left []job.Job
	for i, rec := range records {
		if rec == nil {
			left = append(left, jobs[i])
			continue
		}
		b.r.total.add(rec.Label, &host.Outcome{Record: rec, Skipped: true}, nil, 0)
	}
	if n := len(jobs) - len(left); n > 0 {
		b.r.say("      %d shards were done before", n)
	}
	if len(left) > 0 && b.r.o.lambda.invocation == "async" {
		switch err := b.note(ctx, left); {
		case core.CodeOf(err) == core.Denied:
			b.r.say("      this process may not write beside the store: zagg attach will not find the run")
		case err != nil:
			return nil, err
		default:
			b.r.say("      run %s (zagg attach shows how it ends)", b.runs)
		}
	}
	return left, nil
}

// reachable makes local addresses mean the same for the emulator's function, whose working folder is another, and
// refuses them for one that is elsewhere.
func (r *runner) reachable(jobs []job.Job) error {
	local := func(url string) bool { s := objstore.Scheme(url); return s == "" || s == "file" }
	if !r.o.lambda.emulate && local(r.store) {
		return core.Errorf(core.Invalid, "--store", r.store, "a function on AWS cannot write to this machine: give an s3:// address, or --emulate")
	}
	for i := range jobs {
		for k := range jobs[i].Granules {
			g := &jobs[i].Granules[k]
			if !local(g.URL) {
				continue
			}
			if !r.o.lambda.emulate {
				return core.Errorf(core.Invalid, "granule", g.URL, "a function on AWS cannot read files of this machine: give s3:// or https:// addresses, or --emulate")
			}
			var err error
			if g.URL, err = filepath.Abs(strings.TrimPrefix(g.URL, "file://")); err != nil {
				return err
			}
			for name, url := range g.Assets {
				if local(url) {
					if g.Assets[name], err = filepath.Abs(strings.TrimPrefix(url, "file://")); err != nil {
						return err
					}
				}
			}
		}
	}
	return nil
}

// outcomeOf is a worker's answer as the result of a local job; nil for nil.
func outcomeOf(d *job.Done) *host.Outcome {
	if d == nil {
		return nil
	}
	rec := &job.Record{ShardKey: d.ShardKey, Label: d.Label, Status: d.Status}
	if d.Receipt != nil {
		rec.Receipt = *d.Receipt
	}
	for _, e := range rec.Receipt.ReadErrors {
		rec.Missing = append(rec.Missing, e.Granule)
	}
	out := &host.Outcome{Record: rec, Skipped: d.Skipped}
	if d.Unwritten != "" {
		out.Unwritten = errors.New(d.Unwritten)
	}
	if !d.Skipped {
		rec.Receipt.Seconds = max(d.DurationS, rec.Receipt.Seconds)
		out.Source = objstore.Usage{Gets: rec.Receipt.Reads, Down: rec.Receipt.BytesRead}
		out.Output = objstore.Usage{Puts: rec.Receipt.Writes, Up: rec.Receipt.BytesWritten}
	}
	return out
}

// labelsOf are the shards of jobs.
func labelsOf(jobs []job.Job) []string {
	labels := make([]string, len(jobs))
	for i := range jobs {
		labels[i] = jobs[i].Label
	}
	slices.SortFunc(labels, strings.Compare)
	return labels
}
