package worker

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"runtime/debug"
	"strconv"
	"sync"
	"time"

	"github.com/aws/aws-lambda-go/lambdacontext"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/host"
	"github.com/englacial/zagg/internal/budget"
	"github.com/englacial/zagg/internal/config"
	"github.com/englacial/zagg/internal/job"
	"github.com/englacial/zagg/internal/store"
	"github.com/englacial/zagg/lambda/boot"
)

// A Worker is one sandbox: what it keeps between events.
type Worker struct {
	env     func(string) string
	log     *slog.Logger
	host    *host.Host
	started time.Time
	budget  *budget.Budget // nil: the function's memory is not known

	mu         sync.Mutex
	generation int
	recipes    memory[string, *host.Recipe] // by configuration
	drivers    memory[access, core.ObjectReader]
	ready      memory[string, store.Stamp] // stores that were found set up, by run
}

// New is a worker with these plugins. Settings come from the environment:
//
//	AWS_LAMBDA_FUNCTION_MEMORY_SIZE  MB, as Lambda sets it
//	ZAGG_LOCAL_FILES=1               addresses may be local paths: for an emulator on the user's own machine
//
// and what the AWS SDK reads.
func New(env func(string) string, log io.Writer, plugins ...core.Plugin) (*Worker, error) {
	guarded := make([]host.Source, len(plugins))
	for i, p := range plugins {
		guarded[i] = host.Source{Plugin: guard(p), ID: host.Linked(p)}
	}
	h, err := host.NewOf(guarded...)
	if err != nil {
		return nil, err
	}
	w := &Worker{env: env, log: boot.NewLog(log), host: h, started: time.Now()}
	if mb, err := strconv.Atoi(env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE")); err == nil && mb > 0 {
		w.budget = host.WorkerBudget(mb)
	}
	return w, nil
}

// A memory keeps the few things used last, so that a sandbox does not grow with the events it has seen.
type memory[K comparable, V any] struct{ kept map[K]V }

// keep is how many things a memory holds.
const keep = 4

func (m *memory[K, V]) get(k K) (V, bool) {
	v, ok := m.kept[k]
	return v, ok
}

func (m *memory[K, V]) put(k K, v V) {
	if m.kept == nil || len(m.kept) >= keep {
		m.kept = map[K]V{}
	}
	m.kept[k] = v
}

// An invocation is one event under way.
type invocation struct {
	*Worker
	event     []byte
	requestID string
	start     time.Time
	cpu       float64 // seconds that the process had used at the start
	container job.Container
	shard     core.ShardKey // for errors
	label     string
	mirror    mirror
	template  *host.Template // of the event's store
}

// Handle answers one event. The error is of a panic: it names the shard.
func (w *Worker) Handle(ctx context.Context, event []byte) (r job.Response, err error) {
	in := w.begin(ctx, event)
	defer func() {
		if p := recover(); p != nil {
			r, err = in.panicked(ctx, &panicError{where: "the worker", value: p, stack: debug.Stack()})
		}
	}()
	if mode := job.ModeOf(event); mode != job.ModeProcess {
		return in.call(ctx)
	}
	r, err = in.process(ctx)
	if p, ok := errors.AsType[*panicError](err); ok {
		return in.panicked(ctx, p)
	}
	return r, err
}

func (w *Worker) begin(ctx context.Context, event []byte) *invocation {
	in := &invocation{Worker: w, event: event, start: time.Now()}
	if lc, ok := lambdacontext.FromContext(ctx); ok {
		in.requestID = lc.AwsRequestID
	}
	in.cpu = cpuSeconds()
	w.mu.Lock()
	w.generation++
	in.container = job.Container{Cold: w.generation == 1, Generation: w.generation, RSSStartMB: megabytes(residentMemory()), InitTS: float64(w.started.UnixMicro()) / 1e6}
	w.mu.Unlock()
	if id := w.env("AWS_LAMBDA_LOG_STREAM_NAME"); id != "" {
		in.container.SandboxID = &id
	}
	return in
}

func megabytes(n int64) float64 { return float64(n) / (1 << 20) }

// used is what the process has used since the invocation began.
func (in *invocation) used() (cpu float64, memory int64) { return cpuSeconds() - in.cpu, peakMemory() }

// measured is the container at the end.
func (in *invocation) measured() job.Container {
	c := in.container
	cpu, peak := in.used()
	c.CPUSeconds, c.MaxMemoryMB, c.HighWaterMB = cpu, megabytes(peak), megabytes(peak)
	return c
}

// panicked is the end of an event in which something panicked: an error of the function, because nobody knows what
// state the plugin is in.
func (in *invocation) panicked(ctx context.Context, p *panicError) (job.Response, error) {
	err := fmt.Errorf("shard %s: %w; the stack is in the function's log", in.name(), p)
	in.log.Error("panic", "shard_key", in.shard, "label", in.label, "request_id", in.requestID, "error", p.Error(), "stack", string(p.stack))
	if r, e := in.failure(err); e == nil {
		in.publish(ctx, r, err.Error(), job.Failed) //nolint:errcheck // the panic counts more
	}
	return job.Response{}, err
}

// name is the shard as people know it.
func (in *invocation) name() string {
	if in.label != "" {
		return in.label
	}
	return string(in.shard)
}

// recipe compiles a configuration, once for all events that have it.
func (w *Worker) recipe(ctx context.Context, cfg *config.Config) (*host.Recipe, error) {
	key := string(cfg.JSON())
	w.mu.Lock()
	r, ok := w.recipes.get(key)
	w.mu.Unlock()
	if ok {
		return r, nil
	}
	r, err := w.host.Compile(ctx, cfg)
	if err != nil {
		return nil, err
	}
	w.mu.Lock()
	w.recipes.put(key, r)
	w.mu.Unlock()
	return r, nil
}
