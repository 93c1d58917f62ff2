package run

// The backend that computes shards by functions on Lambda, or on its emulator.

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	awsconfig "github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"golang.org/x/sync/errgroup"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/objstore"
	"github.com/englacial/zagg/host"
	"github.com/englacial/zagg/internal/cost"
	"github.com/englacial/zagg/internal/drivers"
	"github.com/englacial/zagg/internal/fleet"
	"github.com/englacial/zagg/internal/job"
	"github.com/englacial/zagg/internal/plan"
	"github.com/englacial/zagg/internal/quantity"
	"github.com/englacial/zagg/internal/store"
)

// LambdaOptions are a function and how it is used.
type LambdaOptions struct {
	// LambdaOptions are a function and how it is used.
	Function   string // with worker.memory in the configuration its variant is taken, such as process-shard-4096, if there is one
	Sync       bool   // wait for each answer; otherwise events are sent and results looked for beside the store
	EventLimit int    // bytes of an event; longer lists of granules go through the store; 0: Lambda's own limit

	Manifest *host.Manifest             // of this program: the function must offer what the configuration needs, in the same versions
	Confirm  func(question string) bool // asked before money is spent; nil: yes
	// Interrupts tells of each time somebody wants the run to stop: after the second, shards at work are left to
	// themselves. It is called when the first shard is about to be computed. nil: they are always waited for.
	Interrupts func() (interrupts <-chan os.Signal, end func())

	Emulate bool   // run the function on this machine; nothing is asked then
	Bundle  string // with Emulate: the function as a zip or an executable; "": this program
	// MemoryMB and Timeout are the emulated function's; 0: those of the template that zagg deploys.
	MemoryMB int
	Timeout  time.Duration
}

// ErrDeclined is the error of a run whose cost was declined.
var ErrDeclined = errors.New("max-cost gate declined; nothing was computed")

// Lambda computes each job by an invocation of a function. Options.Append must not be AppendFold: an event may be
// delivered twice, and folding twice would count observations twice.
func Lambda(o LambdaOptions) Opener {
	return func(ctx context.Context, r *Run) (Backend, error) {
		if r.o.Append == job.AppendFold {
			return nil, core.Errorf(core.Unsupported, "append", r.o.Append, "functions on Lambda fold only if the bytes are the same, because an event may be delivered twice: leave --append out, or compute on this machine")
		}
		b := &cloud{r: r, o: o, runs: store.At(r.store).Run(r.id), wanted: r.o.Workers}
		switch {
		case b.wanted > 0:
		case o.Emulate:
			b.wanted = 2 * runtime.GOMAXPROCS(0)
		default:
			b.wanted = lambdaWorkers
		}
		if err := b.open(ctx); err != nil {
			b.Close()
			return nil, err
		}
		return b, nil
	}
}

// lambdaWorkers is how many invocations are at work at once unless the options say.
const lambdaWorkers = 1700

// A cloud computes shards as invocations of a function.
type cloud struct {
	r       *Run
	o       LambdaOptions
	fleet   *fleet.Fleet
	wanted  int    // invocations at once, if the account has room
	workers int    // that it has room for
	perJob  int    // shards of a job, at most
	signs   bool   // the function's workers show that they are at work
	local   func() // ends the emulator

	emulated string // folder of the emulator's records of failures
	runs     store.RunFolder
	flights  map[string]string // signs of life of earlier runs' workers, by label

	waiting context.Context // ends when what is at work is left to itself
	end     func()          // of waiting
	atWork  atomic.Int64    // invocations that are waited for
}

var _ Backend = (*cloud)(nil)

// timeToEnd is how long a function goes on that nobody waits for. The emulator's functions end with this process.
func (b *cloud) timeToEnd() time.Duration {
	if b.o.Emulate {
		return 0
	}
	return b.fleet.Function().Timeout
}

func (b *cloud) Close() {
	if b.end != nil {
		b.end()
	}
	if b.local != nil {
		b.local()
	}
}

// open finds the function, tries it out, and asks whether the run may cost what it may.
func (b *cloud) open(ctx context.Context) error {
	if err := b.reachable(b.r.jobs); err != nil {
		return err
	}
	clients, err := b.clients(ctx)
	if err != nil {
		return err
	}
	if b.fleet, err = b.findFunction(ctx, clients); err != nil {
		return err
	}
	return b.ready(ctx, clients)
}

// lambdaClients are the clients of the services, or of the emulator.
type lambdaClients struct {
	lambda  *lambda.Client
	metrics *cloudwatch.Client
}

func (b *cloud) clients(ctx context.Context) (*lambdaClients, error) {
	if b.o.Emulate {
		c, end, err := b.emulate()
		b.local = end
		return c, err
	}
	return awsClients(ctx, b.r.o.Region)
}

// longestAnswer is how long an answer may take: the longest time-out that functions can have, and a minute.
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
// leaves retries to the fleet, which knows what may be sent twice.
func newLambdaClients(cfg aws.Config) *lambdaClients {
	client := awshttp.NewBuildableClient().WithTransportOptions(func(t *http.Transport) {
		t.MaxConnsPerHost, t.MaxIdleConnsPerHost, t.MaxIdleConns, t.ResponseHeaderTimeout = fleet.Connections(), 2048, 2048, longestAnswer
	})
	return &lambdaClients{
		lambda: lambda.NewFromConfig(cfg, func(o *lambda.Options) {
			o.HTTPClient, o.Retryer = client, aws.NopRetryer{}
		}),
		metrics: cloudwatch.NewFromConfig(cfg),
	}
}

// findFunction takes the function, or its variant for the configuration's worker size if there is one.
func (b *cloud) findFunction(ctx context.Context, c *lambdaClients) (*fleet.Fleet, error) {
	r := b.r
	o := fleet.Options{
		Client: c.lambda, Function: b.o.Function, Async: !b.o.Sync, Store: r.metered(), Runs: b.runs, Limit: b.o.EventLimit,
		Credentials: r.eventCredentials(), Notice: r.note,
		Finished: func(ctx context.Context, j *job.Job) *job.Done {
			return r.finished(ctx, j)
		},
	}
	o.Failures = b.failures
	if b.o.Emulate {
		o.Poll = 200 * time.Millisecond
	}
	if w := r.config.Worker; w.Memory > 0 {
		variant := o
		variant.Function += "-" + strconv.Itoa(w.Memory)
		if w.ExtraDisk {
			variant.Function += "-disk"
		}
		f, err := fleet.New(ctx, variant)
		if !core.Is(err, core.NotFound) {
			return f, err
		}
		r.note("there is no function %s: taking %s", variant.Function, o.Function)
	}
	return fleet.New(ctx, o)
}

// failures opens the bucket in which Lambda leaves records of events that came to nothing, with this process's own
// keys.
func (b *cloud) failures(ctx context.Context, bucket string) (core.ObjectStore, string, error) {
	if b.emulated != "" {
		return &objstore.File{}, b.emulated, nil
	}
	access := drivers.Environment()
	access.Region = b.r.o.Region
	url := "s3://" + bucket
	plain, err := drivers.Open(ctx, access, url)
	if err != nil {
		return nil, "", err
	}
	return objstore.Retry(plain, objstore.Policy{}), url, nil
}

// finished is the answer that a job would have given if its shards are all done already; nil if some are not.
func (r *Run) finished(ctx context.Context, j *job.Job) *job.Done {
	var all []job.Done
	for _, one := range j.Split() {
		rec, err := r.template.Finished(ctx, r.metered(), one, nil, nil)
		if err != nil || rec == nil {
			return nil
		}
		all = append(all, job.Done{ShardKey: rec.ShardKey, Label: rec.Label, Status: rec.Status, Receipt: &rec.Receipt})
	}
	if len(j.Shards) == 0 {
		return &all[0]
	}
	return &job.Done{Label: j.Label, Status: job.OK, Shards: all}
}

// call is an event for this run that is not one of its jobs.
func (b *cloud) call(mode string) *job.Call {
	r := b.r
	return &job.Call{Mode: mode, StorePath: r.store, Config: r.config.JSON(), Plugins: job.ForeignPlugins(r.recipe.Plugins()), RunID: r.id, Region: r.o.Region, Terms: r.o.Terms}
}

// probeRefused is what a ping says of a permission that is not granted, and not needed.
const probeRefused = "not granted"

// ready tries the function out with a ping, compares what it offers with what the run needs, and asks whether to go
// on.
func (b *cloud) ready(ctx context.Context, c *lambdaClients) error {
	r := b.r
	fn := b.fleet.Function()
	r.note("function %s: %d MB, time-out %s", fn.Name, fn.MemoryMB, fn.Timeout)
	ping := b.call(job.ModePing)
	for i := range r.jobs {
		if granules := r.jobs[i].Granules; len(granules) > 0 {
			ping.GranuleURL = granules[0].URL()
			break
		}
	}
	done, err := b.fleet.Call(ctx, ping)
	if err != nil && (done == nil || done.Check != "config") {
		return err
	}
	m, e := decodeManifest(done.Manifest)
	if e != nil {
		return cmp.Or(err, e)
	}
	if b.signs = m.Signs; m.Signs {
		b.fleet.ExpectSigns()
	}
	if e := m.Check(fn.Name, r.config, b.o.Manifest); e != nil { // it says more than the function's own error
		return e
	}
	if e := m.CheckPlugins(fn.Name, r.recipe.Plugins()); e != nil {
		return e
	}
	if err != nil {
		return err
	}
	if done.Granule != "" && done.Granule != "ok" {
		r.note("the function does not find the first granule: %s", done.Granule)
	}
	if done.ListProbe == probeRefused {
		r.note("the function may not list the store's bucket, and does without")
	}
	var notes []string
	b.workers, notes = b.fleet.Capacity(ctx, c.metrics, b.wanted, len(r.jobs))
	for _, n := range notes {
		r.note("%s", n)
	}
	r.total.ranOn(fn.Name, fn.MemoryMB, fn.TmpMB, fn.AMD64)
	return b.confirm(ctx)
}

// confirm shows what the run is expected to cost and the most that it can cost, and asks.
func (b *cloud) confirm(ctx context.Context) error {
	r := b.r
	model, from := b.model()
	e := b.size(ctx, model)
	if b.perJob > 1 {
		r.note("%s a job: %s", quantity.Counted(int64(b.perJob), "shard"), quantity.Counted(int64(e.Jobs), "invocation"))
	}
	r.note("expected: %.0f worker-seconds, %.1f s; compute $%.4f and requests $%.4f, $%.4f in all%s", e.WorkerSeconds, e.WallSeconds, e.Bill.Compute, e.Bill.Requests, e.USD, from)
	r.note("at most $%.2f: compute $%.2f, requests $%.2f, if every invocation ran into the time-out as often as it may be sent", e.CeilingUSD, e.Ceiling.Compute, e.Ceiling.Requests)
	if b.o.Emulate || b.o.Confirm == nil || b.o.Confirm(fmt.Sprintf("Run %s for at most $%.2f?", quantity.Counted(int64(len(r.jobs)), "shard"), e.CeilingUSD)) {
		return nil
	}
	return ErrDeclined
}

// model is the cost model of a calibration beside the shard map, or the shipped one; from says which it is.
func (b *cloud) model() (m cost.Model, from string) {
	r := b.r
	if name := cmp.Or(r.o.Catalog, r.config.Catalog); name != "" && len(r.o.Granules) == 0 && isLocal(name) {
		switch m, err := ReadConstants(ConstantsName(name)); {
		case err == nil:
			return m, ", by " + ConstantsName(name)
		case !core.Is(err, core.NotFound):
			r.note("using the default cost constants: %v", err)
		}
	}
	switch index := &r.config.DataSource.Index; {
	case index.Store == "":
		return cost.Direct(), ""
	case index.Cells && r.recipe.LocatesRows() == nil:
		return cost.CellIndexed(), ""
	}
	return cost.Indexed(), ""
}

// size decides how many shards a job has: as the options say, or as is cheapest.
func (b *cloud) size(ctx context.Context, model cost.Model) cost.Expectation {
	fn := b.fleet.Function()
	on := cost.Function{
		MemoryMB: fn.MemoryMB, TmpMB: fn.TmpMB, AMD64: fn.AMD64, Concurrency: b.workers, Timeout: fn.Timeout.Seconds(), Sends: b.fleet.Sends(),
		Latency: cost.DefaultLatency.Seconds(), Sync: b.o.Sync,
	}
	g, shape := b.r.grouped(b.r.jobs), b.r.shapeOf(ctx, fn.MemoryMB)
	if b.perJob = b.r.o.PerJob; b.perJob > 0 {
		return model.ExpectJobs(shape.shapes(b.groups(g)), on)
	}
	var e cost.Expectation
	b.perJob, e = model.Cheapest(on, func(n int) []cost.Job {
		b.perJob = n
		return shape.shapes(b.groups(g))
	})
	return e
}

// groups are groups of at most b.perJob neighbours whose rows are expected to fit in a function's memory.
func (b *cloud) groups(g *grouping) [][]*job.Job {
	most := plan.Bound{Shards: b.perJob}
	if b.r.o.PerJob == 0 {
		most.Granules, most.Bytes = mostGranules, int64(b.fleet.Function().MemoryMB)<<20/4
	}
	return g.within(most)
}

// SetUp makes the store ready, through the function if this process may not write there. Shards that are done need no
// invocation; those that are left are noted beside the store, for Attach.
func (b *cloud) SetUp(ctx context.Context) (*Ready, error) {
	ready := &Ready{Workers: b.workers}
	var err error
	if ready.Fresh, err = b.r.setUpHere(ctx); core.Is(err, core.Denied) {
		ready.Fresh, err = b.setUpThere(ctx)
	}
	if err != nil {
		return nil, err
	}
	left, done, err := b.unfinished(ctx)
	if err != nil {
		return nil, err
	}
	ready.Jobs, ready.Done = b.groups(b.r.grouped(left)), done
	if len(ready.Jobs) > 0 && !b.o.Sync {
		switch err := b.writeNote(ctx, ready.Jobs, nil); {
		case core.Is(err, core.Denied):
			ready.Notes = append(ready.Notes, "this process may not write beside the store: zagg attach will not find the run")
		case err != nil:
			return nil, err
		default:
			ready.Notes = append(ready.Notes, fmt.Sprintf("run %s (zagg attach shows how it ends)", b.runs))
			n, err := b.noteFlights(ctx, ready.Jobs)
			if err != nil {
				return nil, err
			}
			if n > 0 {
				ready.Notes = append(ready.Notes, fmt.Sprintf("%d shards are at work for an earlier run: waiting for them; they are sent again only if no result appears", n))
			}
		}
	}
	b.wait(ctx)
	return ready, nil
}

func (b *cloud) setUpThere(ctx context.Context) (fresh bool, err error) {
	b.r.note("this process may not write there: the function sets the store up")
	c := b.call(job.ModeSetup)
	c.ShardKeys, c.Windows, c.Overwrite, c.Selected = b.r.plan.Keys(), b.r.plan.Time, b.r.o.Overwrite, b.r.selected()
	done, err := b.fleet.Call(ctx, c)
	if err != nil {
		return false, err
	}
	return done.Fresh, nil
}

// Prune removes what the plan does not have, through the function if this process may not.
func (b *cloud) Prune(ctx context.Context) ([]string, error) {
	gone, err := b.r.pruneHere(ctx)
	if !core.Is(err, core.Denied) || errors.Is(err, objstore.ErrUnlisted) {
		return gone, err
	}
	c := b.call(job.ModeFinalize)
	c.ShardKeys, c.Windows, c.Prune = b.r.plan.Keys(), b.r.plan.Time, true
	for _, in := range b.r.plan.InWindows() {
		c.Planned = append(c.Planned, job.Planned{Place: in.Place, ShardKeys: in.Keys})
	}
	done, err := b.fleet.Call(ctx, c)
	if err != nil {
		return nil, err
	}
	return done.Removed, nil
}

// recordsAtOnce bounds how many records are read at once.
const recordsAtOnce = 32

// unfinished divides the jobs into those that are to be computed and the records of those that are done.
func (b *cloud) unfinished(ctx context.Context) (left []*job.Job, done []*store.Record, err error) {
	jobs := b.r.jobs
	records, looks := make([]*store.Record, len(jobs)), b.r.looks()
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(recordsAtOnce)
	for i := range jobs {
		g.Go(func() (err error) {
			records[i], err = b.r.template.Finished(gctx, b.r.metered(), jobs[i], looks, &b.r.records)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return nil, nil, err
	}
	b.r.reportReplaced(looks)
	for i, rec := range records {
		if rec == nil {
			left = append(left, jobs[i])
		} else {
			done = append(done, rec)
		}
	}
	return left, done, nil
}

// reachable gives local addresses a meaning for the emulator's function, whose working folder is another, and refuses
// them for a function that runs elsewhere.
func (b *cloud) reachable(jobs []*job.Job) error {
	if !b.o.Emulate && isLocal(b.r.store) {
		return core.Errorf(core.Invalid, "--store", b.r.store, "a function on AWS cannot write to this machine: give an s3:// address, or --emulate")
	}
	made := map[string]map[string]string{} // a granule's addresses, made once for all jobs that have it, by the first
	for i := range jobs {
		for k := range jobs[i].Granules {
			g := &jobs[i].Granules[k]
			url := g.URL()
			if made[url] == nil {
				var err error
				if made[url], err = b.reachableAssets(g.Assets); err != nil {
					return err
				}
			}
			g.Assets = made[url]
		}
	}
	return nil
}

// reachableAssets are the addresses of a granule as the function can use them. assets is not changed: the plan shares
// it.
func (b *cloud) reachableAssets(assets map[string]string) (map[string]string, error) {
	made := assets
	for name, url := range assets {
		if !isLocal(url) {
			continue
		}
		if !b.o.Emulate {
			return nil, core.Errorf(core.Invalid, "granule", url, "a function on AWS cannot read files of this machine: give s3:// or https:// addresses, or --emulate")
		}
		path, err := absolute(url)
		if err != nil {
			return nil, err
		}
		if path != url {
			made = maps.Clone(made)
			made[name] = path
		}
	}
	return made, nil
}

func isLocal(url string) bool {
	scheme := objstore.Scheme(url)
	return scheme == "" || scheme == "file"
}

// absolute is the path of a file of this machine from its root; other addresses stay as they are.
func absolute(url string) (string, error) {
	if !isLocal(url) {
		return url, nil
	}
	return filepath.Abs(strings.TrimPrefix(url, "file://"))
}

// resultOf is a worker's answer in the form of a local job's result. Seconds are the worker's own: the time that
// passed here includes waiting for a worker and for the result to be seen.
func resultOf(d *job.Done) Result {
	if d == nil {
		return Result{}
	}
	rec := &store.Record{ShardKey: d.ShardKey, Label: d.Label, Status: d.Status}
	if d.Receipt != nil {
		rec.Receipt = *d.Receipt
	}
	if len(d.Folded) > 0 {
		rec.How, rec.Folded = store.HowFolded, [][]string{d.Folded}
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
		return Result{Outcome: out, Seconds: rec.Receipt.Seconds}
	}
	return Result{Outcome: out}
}

// labelsOf are the labels of the shards of jobs, sorted.
func labelsOf(groups [][]*job.Job) []string {
	var labels []string
	for _, group := range groups {
		for i := range group {
			labels = append(labels, group[i].Label)
		}
	}
	slices.SortFunc(labels, strings.Compare)
	return labels
}

// manyOf are the shards of jobs of several, by the label under which their result appears.
func manyOf(groups [][]*job.Job) map[string][]string {
	many := map[string][]string{}
	for _, group := range groups {
		for i := range group {
			if len(group) > 1 {
				many[group[0].Label] = append(many[group[0].Label], group[i].Label)
			}
		}
	}
	return many
}
