package fleet

// A function on Lambda: what it is, what it is asked, and what its answers mean.

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"golang.org/x/time/rate"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/cost"
	"github.com/englacial/zagg/internal/dispatch"
	"github.com/englacial/zagg/internal/job"
	"github.com/englacial/zagg/internal/store"
)

// Limits of the Invoke API of AWS Lambda: bytes of an event that is waited for, and of one that is not.
const (
	syncLimit  = 6 << 20
	asyncLimit = 1 << 20
)

// MaxAge is how long Lambda keeps an event that it cannot run (deploy/template.yaml).
const MaxAge = 60 * time.Second

// deniedFor is how long a store may deny looking for results before it is given up: expired keys may be renewed.
const deniedFor = 20 * time.Second

// Options are a function and how it is used. Client, Function, Store, Runs, Credentials and Notice must be set.
type Options struct {
	Client   *lambda.Client // its own retries should be off; it must wait longer than the function's time-out
	Function string
	Async    bool             // send events and look for results; otherwise wait for each answer
	Store    core.ObjectStore // where results and long lists of granules lie
	Runs     store.RunFolder  // of this run
	Limit    int              // bytes of an event; 0: SyncLimit or AsyncLimit
	// Credentials are asked for before each event is sent, so that what they give may be short-lived.
	Credentials func(ctx context.Context) (granules, output *job.Credentials, err error)
	Poll        time.Duration // the most between looks for results, which a short run has more often; 0: five seconds
	Patience    time.Duration // for a result beyond the time-out and MaxAge, and at most with a store that denies looking; 0: 90 seconds
	Backoff     time.Duration // before the first retry; 0: one second
	Throttled   time.Duration // how long a request that Lambda throttles is sent again; 0: ten minutes
	Files       int           // that this process may open; 0: as the system says
	SignEvery   time.Duration // between two signs of life of a worker; 0: job.SignEvery
	// Failures opens the place where Lambda leaves records of events that came to nothing, of a bucket's name: what to read it
	// with, and the address of the bucket there. nil: these records are not read.
	Failures func(ctx context.Context, bucket string) (core.ObjectStore, string, error)
	// Finished is asked when no result came: a shard whose record is there is done all the same. nil: nothing is asked.
	Finished func(ctx context.Context, j *job.Job) *job.Done
	Notice   func(format string, args ...any)
}

// A Function describes what is deployed.
type Function struct {
	Name     string
	MemoryMB int
	TmpMB    int
	AMD64    bool
	Timeout  time.Duration
	Reserved int // concurrency of its own; 0: none
}

// A Fleet runs jobs on one function. It is safe for concurrent use once ExpectSigns was called, if it is.
type Fleet struct {
	o        Options
	function Function
	results  *results // of events; nil: every answer is waited for
	signs    bool     // workers show that they are at work
	pace     *dispatch.Pace
}

// New finds out what the function is. NotFound if there is none; a caller who may not ask gets the defaults of the
// template.
func New(ctx context.Context, o Options) (*Fleet, error) {
	if o.Limit == 0 {
		o.Limit = syncLimit
		if o.Async {
			o.Limit = asyncLimit
		}
	}
	if o.Poll == 0 {
		o.Poll = 5 * time.Second
	}
	if o.Patience == 0 {
		o.Patience = 90 * time.Second
	}
	if o.Backoff == 0 {
		o.Backoff = time.Second
	}
	if o.Throttled == 0 {
		o.Throttled = 10 * time.Minute
	}
	if o.SignEvery == 0 {
		o.SignEvery = job.SignEvery
	}
	if o.Files == 0 {
		o.Files = openFiles()
	}
	f := &Fleet{o: o, function: Function{Name: o.Function}}
	f.setPace(dispatch.Starts())
	c, err := o.Client.GetFunctionConfiguration(ctx, &lambda.GetFunctionConfigurationInput{FunctionName: &o.Function})
	if err != nil {
		if !denied(err) {
			return nil, f.fail("", err)
		}
		o.Notice("may not ask what function %s is (lambda:GetFunctionConfiguration): taking 2,048 MB and 900 s for it", o.Function)
		f.function.MemoryMB, f.function.TmpMB, f.function.Timeout = 2048, 512, 900*time.Second
	} else {
		f.take(c)
	}
	if o.Async {
		f.results = newResults(o.Store, o.Runs, o.Poll, min(o.Patience, deniedFor))
		f.results.signEvery = o.SignEvery
		if o.Notice != nil {
			f.results.notice = o.Notice
		}
		f.readEventConfig(ctx)
	}
	return f, nil
}

// ExpectSigns says that the function's workers show signs of life, so that workers without are not waited for. It
// must be called before the first job.
func (f *Fleet) ExpectSigns() { f.signs = true }

// headroom is the number of files that a process needs beside a connection for each request: those to the store, of
// which results and records take fetchAtOnce, and its own.
const headroom = fetchAtOnce + 64

// manyFiles is a limit that nothing here reaches.
const manyFiles = 1 << 20

// Connections is how many connections to Lambda this process has files for. Its HTTP client must keep to that: beside
// the connections in use it opens others that turn out not to be needed.
func Connections() int { return connections(openFiles()) }

func connections(files int) int { return max(files-headroom, 1) }

// connections is how many requests may be on their way at once.
func (o *Options) connections() int {
	room := connections(o.Files)
	if o.Async {
		room = min(room, dispatch.SendsAtOnce)
	}
	return room
}

func (f *Fleet) take(c *lambda.GetFunctionConfigurationOutput) {
	f.function.MemoryMB = int(aws.ToInt32(c.MemorySize))
	f.function.Timeout = time.Duration(aws.ToInt32(c.Timeout)) * time.Second
	f.function.TmpMB = 512
	if c.EphemeralStorage != nil {
		f.function.TmpMB = int(aws.ToInt32(c.EphemeralStorage.Size))
	}
	f.function.AMD64 = len(c.Architectures) == 1 && c.Architectures[0] == types.ArchitectureX8664
}

// Function is what was found out about the function.
func (f *Fleet) Function() Function { return f.function }

// Sends is how often a job may be sent, and paid for, before it counts as failed.
func (f *Fleet) Sends() int {
	if f.o.Async {
		return cost.DefaultSends
	}
	return dispatch.MaxTries
}

// Retries is the number of requests that were sent again.
func (f *Fleet) Retries() int64 { return f.pace.Retries() }

func (f *Fleet) setPace(starts *rate.Limiter) {
	f.pace = dispatch.NewPace(dispatch.Options{Clock: dispatch.RealTime{}, AtOnce: f.o.connections(), Starts: starts, Backoff: f.o.Backoff, Patience: f.o.Throttled, Judge: verdictOf})
}

// Call runs one event of a mode other than process and waits for the answer. An answer that is not OK is an error
// with the worker's code, beside the answer.
func (f *Fleet) Call(ctx context.Context, c *job.Call) (*job.CallDone, error) {
	granules, output, err := f.o.Credentials(ctx)
	if err != nil {
		return nil, err
	}
	call := *c
	call.OutputCredentials = output
	if call.GranuleURL != "" {
		call.S3Credentials = granules
	}
	event, err := call.Event()
	if err != nil {
		return nil, err
	}
	if len(event) > syncLimit {
		return nil, core.Errorf(core.Unsupported, c.Mode, f.o.Function, "the event has %d bytes, more than the %d that Lambda takes", len(event), syncLimit)
	}
	answer, err := f.invoke(ctx, c.Mode, event)
	if err != nil {
		return nil, err
	}
	done, err := answer.CallDone()
	if err != nil {
		return nil, err
	}
	if !done.OK {
		return done, core.Errorf(job.CodeOf(done.Code), c.Mode, f.o.Function, "%s", textOf(done.Error, answer))
	}
	return done, nil
}

// Run does one job and waits for its end. A shard that failed is an error with the worker's code. For a job of many,
// Done.Shards says what became of each (ErrorOf).
func (f *Fleet) Run(ctx context.Context, j job.Job) (*job.Done, error) {
	if f.results != nil {
		return f.send(ctx, j)
	}
	return f.ask(ctx, &j)
}

// decodeOutcome reads the answer to a job.
func decodeOutcome(label string, answer *job.Response) (*job.Done, error) {
	done, err := answer.Done()
	if err != nil {
		return nil, err
	}
	if len(done.Shards) > 0 { // each says for itself
		return done, nil
	}
	if done.Status == job.Failed || answer.StatusCode != 200 && (done.Error == nil || !job.IsNoData(*done.Error)) {
		return done, core.Errorf(job.CodeOf(done.Code), "shard", label, "%s", textOf(done.Error, answer))
	}
	return done, nil
}

// ErrorOf is the error of a shard in the answer to a job of many; nil if it is done.
func ErrorOf(d *job.Done) error {
	if d.Status != job.Failed {
		return nil
	}
	text := "the worker does not say why"
	if d.Error != nil {
		text = *d.Error
	}
	return core.Errorf(job.CodeOf(d.Code), "shard", d.Label, "%s", text)
}

func textOf(text *string, answer *job.Response) string {
	if text != nil && *text != "" {
		return *text
	}
	return fmt.Sprintf("the worker answered %d: %.300s", answer.StatusCode, answer.Body)
}

// event is the job with fresh credentials. If a list of granules makes it too large, the list goes into an object of
// its own, encrypted with a key that is in the event.
func (f *Fleet) event(ctx context.Context, j *job.Job) ([]byte, error) {
	var err error
	if j.S3Credentials, j.OutputCredentials, err = f.o.Credentials(ctx); err != nil {
		return nil, err
	}
	event, err := j.Event()
	if err != nil || len(event) <= f.o.Limit {
		return event, err
	}
	list, key, err := j.SealedGranules()
	if err != nil {
		return nil, err
	}
	url := f.o.Runs.Granules(j.Label)
	if err := f.o.Store.Put(ctx, url, strings.NewReader(string(list)), core.PutOptions{Size: int64(len(list)), ContentType: "application/json"}); err != nil {
		return nil, err
	}
	moved := *j // whose list stays with j, so that it can be asked whether it is done
	moved.Granules, moved.GranulesURL, moved.GranulesKey = nil, url, key
	event, err = moved.Event()
	if err == nil && len(event) > f.o.Limit {
		err = core.Errorf(core.Unsupported, "shard", j.Label, "without its granules the event still has %d bytes, more than %d: make the configuration smaller", len(event), f.o.Limit)
	}
	return event, err
}

// fail gives an error of Lambda's API its code and a hint.
func (f *Fleet) fail(label string, err error) error {
	subject := f.o.Function
	if label != "" {
		subject = label
	}
	code, hint := classify(err)
	return core.Errorf(code, "invoke "+f.o.Function, subject, "%w%s", err, hint)
}
