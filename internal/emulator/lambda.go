package emulator

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/englacial/zagg/core"
)

// Options are an account in a region. The zero value is one as AWS opens it.
type Options struct {
	Address     string        // to listen on; "127.0.0.1:0"
	Region      string        // "us-east-1"
	Account     string        // "123456789012"
	Concurrency int           // of the account; 1000
	InUse       int           // of that, by functions of others
	Scale       int           // sandboxes that a function may start at once, and then in ten seconds; 1000
	MaxEvent    int64         // bytes of the payload of an event invocation; 1 MiB
	RetryDelay  time.Duration // before an event that failed runs again (twice that before the next time); a minute
	IdleAfter   time.Duration // an idle sandbox is kept so long; five minutes
	InitTimeout time.Duration // for a sandbox to ask for its first event; ten seconds
	Dir         string        // of the sandboxes' files; "": a temporary folder, which Close removes
	Log         io.Writer     // gets every line that functions log
	// Fault is asked before each delivery of a request to a function what goes wrong with it. It is called from any
	// number of goroutines. SetFault replaces it.
	Fault func(Call) Fault
	// Refuse is asked whether a request to an API is refused, as by IAM; nil is no.
	Refuse func(Request) *Refusal
}

// A Request is one to an API of AWS, as IAM sees it.
type Request struct {
	Action    string // "lambda:InvokeFunction"
	Resource  string // ARN, or "*"
	AccessKey string
}

// A Refusal is the answer to a Request that is not served.
type Refusal struct {
	Status        int
	Code, Message string
}

// Denied is the refusal of IAM.
func Denied(r Request) *Refusal {
	return &Refusal{http.StatusForbidden, "AccessDeniedException",
		fmt.Sprintf("User: %s is not authorized to perform: %s on resource: %s because no identity-based policy allows the %s action", r.AccessKey, r.Action, r.Resource, r.Action)}
}

// A Function is what is deployed: a bootstrap, or a Go function that stands for one.
type Function struct {
	Name string
	// Bootstrap is the path of an executable for this machine, or of a zip with one called bootstrap.
	Bootstrap string
	// Handler runs in this process instead: cheap sandboxes to try a caller with. It should end with its context, at
	// the function's time-out; its memory is not watched.
	Handler  func(ctx context.Context, event []byte) ([]byte, error)
	Memory   int           // MB; 128
	Timeout  time.Duration // 3 s, at most 15 minutes
	Tmp      int           // MB of ephemeral storage, as told to callers; 512
	Arch     string        // "arm64" or "x86_64", as told to callers; "": this machine's
	Env      map[string]string
	Reserved int          // concurrency of its own, which also is its limit; 0: the account's
	Async    *AsyncConfig // nil: as AWS does without one
}

// An AsyncConfig says what becomes of events.
type AsyncConfig struct {
	Retries int           // how often an event that failed runs again, 0 to 2; without a config: 2
	MaxAge  time.Duration // an event older than this is dropped; without a config: six hours
	// OnFailure gets a record of each event that failed to the end or was dropped, as an S3 bucket that is a function's
	// destination for failures does. The zero Destination is none.
	OnFailure Destination
}

// A Destination is a bucket, or a folder that stands for one.
type Destination struct {
	Bucket string // as callers are told: "failures"
	Store  core.ObjectStore
	URL    string // of the bucket for Store: "s3://failures"
}

// Lambda is the service. It is safe for concurrent use.
type Lambda struct {
	o      Options
	url    string
	server *http.Server
	ownDir bool
	ctx    context.Context // ends with Close
	cancel context.CancelFunc
	wg     sync.WaitGroup // events and sandboxes under way
	calls  atomic.Int64
	fault  atomic.Pointer[func(Call) Fault]
	log    *logs

	mu        sync.Mutex // guards what follows
	functions map[string]*function
	busy      int // sandboxes at work that are not reserved
	stats     Stats
	reports   []Report
	peaks     map[int64]int // the most sandboxes at work, by minute
	closed    bool
}

// Stats counts what happened.
type Stats struct {
	Invocations   int64 // begun in a sandbox
	Throttled     int64 // requests answered by 429
	ColdStarts    int64
	Failed        int64 // function errors, of which:
	TimedOut      int64
	OutOfMemory   int64
	Killed        int64 // by a fault
	Events        int64 // accepted
	EventsLost    int64 // by a fault
	EventsTwice   int64 // by a fault
	EventRetries  int64
	EventsDropped int64 // failed to the end, or too old
	MaxAtWork     int   // sandboxes at once
	Billed        time.Duration
	GBSeconds     float64
}

// A Report is the REPORT line of one invocation.
type Report struct {
	Function, RequestID string
	Duration, Billed    time.Duration
	Init                time.Duration // 0: the sandbox was warm
	MaxMemory           int64         // bytes, the highest that the sandbox has met
	Status              string        // "": success; "timeout" or "error"
	ErrorType           string
}

// keptReports is how many Reports are kept.
const keptReports = 10_000

// New starts the service. Close ends it.
func New(o Options) (*Lambda, error) {
	o.Address = cmp.Or(o.Address, "127.0.0.1:0")
	o.Region = cmp.Or(o.Region, "us-east-1")
	o.Account = cmp.Or(o.Account, "123456789012")
	o.Concurrency = cmp.Or(o.Concurrency, 1000)
	o.Scale = cmp.Or(o.Scale, 1000)
	o.MaxEvent = cmp.Or(o.MaxEvent, 1<<20)
	o.RetryDelay = cmp.Or(o.RetryDelay, time.Minute)
	o.IdleAfter = cmp.Or(o.IdleAfter, 5*time.Minute)
	o.InitTimeout = cmp.Or(o.InitTimeout, 10*time.Second)
	l := &Lambda{o: o, functions: map[string]*function{}, peaks: map[int64]int{}, log: &logs{to: o.Log, lines: map[string][]byte{}}}
	l.SetFault(o.Fault)
	if o.Dir == "" {
		dir, err := os.MkdirTemp("", "zagg-lambda-")
		if err != nil {
			return nil, core.Errorf(core.Internal, "emulator.New", "", "%w", err)
		}
		l.o.Dir, l.ownDir = dir, true
	}
	listener, err := net.Listen("tcp", o.Address)
	if err != nil {
		return nil, core.Errorf(core.Unavailable, "emulator.New", o.Address, "%w", err)
	}
	l.url = "http://" + listener.Addr().String()
	l.ctx, l.cancel = context.WithCancel(context.Background())
	l.server = &http.Server{Handler: l.routes(), ReadHeaderTimeout: time.Minute}
	go l.server.Serve(listener) //nolint:errcheck // it ends with Close
	return l, nil
}

// URL is the base endpoint of the service, for Lambda and for CloudWatch.
func (l *Lambda) URL() string { return l.url }

// Region is the region of the service.
func (l *Lambda) Region() string { return l.o.Region }

// Environ is what makes an AWS SDK talk to the service.
func (l *Lambda) Environ() map[string]string {
	return map[string]string{
		"AWS_ENDPOINT_URL_LAMBDA": l.url, "AWS_ENDPOINT_URL_CLOUDWATCH": l.url, "AWS_REGION": l.o.Region,
		"AWS_ACCESS_KEY_ID": "AKIDEMULATED", "AWS_SECRET_ACCESS_KEY": "emulated", "AWS_EC2_METADATA_DISABLED": "true",
	}
}

// SetFault replaces Options.Fault; nil: nothing goes wrong.
func (l *Lambda) SetFault(fault func(Call) Fault) {
	if fault == nil {
		fault = func(Call) Fault { return Fault{} }
	}
	l.fault.Store(&fault)
}

// Deploy creates a function, or replaces one of the same name: its sandboxes end when they have nothing to do.
func (l *Lambda) Deploy(f Function) error {
	const op = "emulator.Deploy"
	f.Memory = cmp.Or(f.Memory, 128)
	f.Timeout = cmp.Or(f.Timeout, 3*time.Second)
	f.Tmp = cmp.Or(f.Tmp, 512)
	f.Arch = cmp.Or(f.Arch, hostArch())
	switch {
	case f.Name == "" || strings.Trim(f.Name, letters) != "":
		return core.Errorf(core.Invalid, op, f.Name, "a function's name is letters, digits, - and _: %q", f.Name)
	case (f.Bootstrap == "") == (f.Handler == nil):
		return core.Errorf(core.Invalid, op, f.Name, "want either a bootstrap or a handler")
	case f.Memory < 128 || f.Memory > 10240:
		return core.Errorf(core.Invalid, op, f.Name, "memory must be 128 to 10240 MB, not %d", f.Memory)
	case f.Timeout > 15*time.Minute:
		return core.Errorf(core.Invalid, op, f.Name, "time-out must be at most 15 minutes, not %v", f.Timeout)
	}
	made := &function{Function: f, lambda: l, tokens: float64(l.o.Scale), filled: time.Now(), modified: time.Now()}
	if f.Bootstrap != "" {
		if err := made.unpack(filepath.Join(l.o.Dir, "code", fmt.Sprintf("%s-%d", f.Name, made.modified.UnixNano()))); err != nil {
			return core.Errorf(core.Invalid, op, f.Name, "%w", err)
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	old := l.functions[f.Name]
	l.functions[f.Name] = made
	if old != nil {
		old.retire()
	}
	return nil
}

const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

// Stats is the count so far.
func (l *Lambda) Stats() Stats {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.stats
}

// Reports are the last invocations, oldest first.
func (l *Lambda) Reports() []Report {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]Report(nil), l.reports...)
}

// Logs is the end of what a function logged.
func (l *Lambda) Logs(function string) string { return l.log.of(function) }

// spawn starts what Close waits for; false: the service has ended.
func (l *Lambda) spawn(do func()) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return false
	}
	l.wg.Go(do)
	return true
}

// Close ends the service, kills all sandboxes and waits for them.
func (l *Lambda) Close() error {
	l.mu.Lock()
	l.closed = true
	functions := l.functions
	l.functions = map[string]*function{}
	for _, f := range functions {
		f.retire()
	}
	l.mu.Unlock()
	l.cancel()
	err := l.server.Close()
	l.wg.Wait()
	if l.ownDir {
		return cmp.Or(err, os.RemoveAll(l.o.Dir))
	}
	return err
}
