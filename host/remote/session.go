package remote

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/dustin/go-humanize"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/wire"
	zaggv1 "github.com/englacial/zagg/proto/zagg/v1"
)

// A session is a connection to one process, from its start to its death.
type session struct {
	options   Options
	conn      *grpc.ClientConn
	process   *running // nil: the connection is another's
	plugin    zaggv1.PluginClient
	grid      zaggv1.GridClient
	reader    zaggv1.ReaderClient
	statistic zaggv1.StatisticClient
	values    *values
	redact    *redactor

	calls    atomic.Int32 // open
	answered atomic.Bool  // a call beside Configure was answered
	dead     chan struct{}
	dying    sync.Once
	err      error // why; read after dead
	closing  sync.Once
}

// DialOptions are what a connection for Connect needs.
func DialOptions() []grpc.DialOption {
	stream, conn := wire.Windows()
	return []grpc.DialOption{
		grpc.WithInitialWindowSize(stream), grpc.WithInitialConnWindowSize(conn), grpc.WithDisableRetry(), grpc.WithDisableServiceConfig(),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(wire.MaxMessage), grpc.MaxCallSendMsgSize(wire.MaxMessage), grpc.ForceCodecV2(wire.NewCodec())),
		grpc.WithReadBufferSize(wire.SocketBuffer), grpc.WithWriteBufferSize(wire.SocketBuffer),
	}
}

func newSession(o Options, conn *grpc.ClientConn, process *running) *session {
	s := &session{
		options: o, conn: conn, process: process, redact: newRedactor(nil), dead: make(chan struct{}),
		plugin: zaggv1.NewPluginClient(conn), grid: zaggv1.NewGridClient(conn), reader: zaggv1.NewReaderClient(conn), statistic: zaggv1.NewStatisticClient(conn),
	}
	if process != nil {
		s.redact = process.redact
	}
	s.values = newValues(s)
	go s.watch()
	if process != nil && o.Memory > 0 {
		go s.watchMemory()
	}
	return s
}

// watch notices the death of the process, and asks for a sign of life while calls are open.
func (s *session) watch() {
	tick := time.NewTicker(s.options.Check)
	defer tick.Stop()
	for {
		select {
		case <-s.dead:
			return
		case <-s.exited():
			s.die("%s", s.process.exitReason())
			return
		case <-tick.C:
			if s.calls.Load() > 0 {
				s.checkHealth()
			}
		}
	}
}

// memoryCheck is how often the memory of a process with a bound is looked at.
const memoryCheck = 200 * time.Millisecond

// watchMemory ends a process that has more memory than it may.
func (s *session) watchMemory() {
	tick := time.NewTicker(memoryCheck)
	defer tick.Stop()
	for {
		select {
		case <-s.dead:
			return
		case <-s.exited():
			return
		case <-tick.C:
			if has := residentMemory(s.process.cmd.Process.Pid); has > s.options.Memory {
				s.die("has %s of memory, more than the %s that it may have, so it was killed", humanize.IBytes(uint64(has)), humanize.IBytes(uint64(s.options.Memory)))
				return
			}
		}
	}
}

// exited is closed when the process has ended; nil where there is none.
func (s *session) exited() <-chan struct{} {
	if s.process == nil {
		return nil
	}
	return s.process.done
}

func (s *session) checkHealth() {
	limit := s.options.silence.or(s.options.Health)
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	done := make(chan error, 1)
	go func() {
		_, err := grpc_health_v1.NewHealthClient(s.conn).Check(ctx, &grpc_health_v1.HealthCheckRequest{Service: "plugin"})
		done <- err
	}()
	select {
	case <-s.exited(): // watch says how
	case <-s.dead:
	case err := <-done: // any answer is one
		if status.Code(err) == codes.DeadlineExceeded {
			s.die("does not answer: no sign of life for %v, so it was killed", limit)
		}
	}
}

// die ends the session: it is said why, open calls fail, and the process is killed. The first reason counts.
func (s *session) die(format string, args ...any) {
	s.dying.Do(func() {
		last := ""
		if s.process != nil {
			select {
			case <-s.process.done:
			default:
				_ = s.process.Kill(context.Background())
			}
			last = s.process.tail.String()
		}
		s.err = core.Errorf(core.Unavailable, "plugin", s.options.Name, format+"%s", append(args, last)...)
		close(s.dead)
		if s.process != nil {
			s.conn.Close()
		}
	})
}

// endError is why the session ended; nil while it lives.
func (s *session) endError() error {
	select {
	case <-s.dead:
		return s.err
	default:
		return nil
	}
}

// close ends the process, gently if it lives, and removes its folder.
func (s *session) close() {
	s.closing.Do(func() {
		s.dying.Do(func() {
			s.err = core.Errorf(core.Unavailable, "plugin", s.options.Name, "it has been ended")
			close(s.dead)
		})
		s.values.close()
		if s.process != nil {
			s.process.close(s.options.Exit)
		}
	})
}

// errStall and errStart are why a call was given up.
var (
	errStall = errors.New("no sign of life within the call")
	errStart = errors.New("no answer at start")
)

// nearly is how much earlier than here a deadline may be over at the other end.
const nearly = 100 * time.Millisecond

// fail is what a failed call means: the caller's own cancellation, the plugin's answer, or a plugin that is dead or broken. refusals
// are the host's own errors, which the plugin's answer may be about.
func (s *session) fail(caller, call context.Context, err error, md metadata.MD, refusals func(uint32) error) error {
	if caller.Err() != nil {
		return s.given(caller)
	}
	f := wire.FailureOf(err, md)
	if end, ok := caller.Deadline(); ok && time.Until(end) < nearly && (f.Err == nil || f.Err.Code == core.Unavailable) {
		<-caller.Done()
		return s.given(caller)
	}
	if f.Err != nil {
		switch {
		case !f.Coded || f.Err.Op == "plugin" && f.Err.Subject == "": // of the border, not of what is behind it
			f.Err.Op, f.Err.Subject = "plugin", s.options.Name
		case f.Err.Code == core.Internal || f.Err.Op == "" && f.Err.Code != core.Invalid: // a bug of the plugin, or nobody says who found it
			own := *f.Err
			own.Op = strings.TrimPrefix(own.Op, "plugin")
			f.Err.Op, f.Err.Subject, f.Err.Err = "plugin", s.options.Name, &own
		}
		if refusals != nil && f.Refused != 0 {
			if own := refusals(f.Refused); own != nil {
				f.Err.Err = &refused{text: f.Err.Err.Error(), own: own}
			}
		}
		s.answered.Store(true)
		return f.Err
	}
	if context.Cause(call) == errStall {
		s.die("gave no sign of life within a call for %v, so it was killed", s.options.silence.or(s.options.Stall))
		return s.err
	}
	select {
	case <-s.dead:
	case <-time.After(s.options.Exit):
		s.die("broke the connection (%s), so it was killed", f.Text)
	case <-caller.Done():
		return caller.Err()
	}
	return s.endError()
}

// given is why a caller gave up: its own reason, or that the plugin did not say in time what it offers.
func (s *session) given(caller context.Context) error {
	if context.Cause(caller) == errStart {
		s.die("started, and then did not say within %v what it offers", s.options.Start)
		return s.err
	}
	return caller.Err()
}

// A refused error has the plugin's text and is the host's own error.
type refused struct {
	text string
	own  error
}

func (r *refused) Error() string { return r.text }

// Unwrap gives the error that the host refused an ask with.
func (r *refused) Unwrap() error { return r.own }

// wrong is an answer that breaks the protocol.
func (s *session) wrong(err error) error {
	return core.Errorf(core.Internal, "plugin", s.options.Name, "%w", err)
}

// unary makes a call with one answer.
func unary[Q, R any](ctx context.Context, s *session, call func(context.Context, *Q, ...grpc.CallOption) (*R, error), request *Q) (*R, error) {
	within, _, end := guard(ctx, s)
	defer end()
	var md metadata.MD
	reply, err := call(within, request, grpc.Trailer(&md))
	if err != nil {
		return nil, s.fail(ctx, within, err, md, nil)
	}
	return reply, nil
}

// A watchdog ends a streaming call when nothing comes for too long.
type watchdog struct {
	timer *time.Timer
	after time.Duration
}

// guard gives a call a context that ends when the watchdog is not fed.
func guard(ctx context.Context, s *session) (context.Context, *watchdog, context.CancelFunc) {
	within, cancel := context.WithCancelCause(ctx)
	w := &watchdog{after: s.options.silence.or(s.options.Stall)}
	w.timer = time.AfterFunc(w.after, func() { cancel(errStall) })
	s.calls.Add(1)
	return within, w, sync.OnceFunc(func() {
		w.timer.Stop()
		cancel(nil)
		s.calls.Add(-1)
	})
}

func (w *watchdog) feed()  { w.timer.Reset(w.after) }
func (w *watchdog) sleep() { w.timer.Stop() }

// collect makes a call with many answers and gives each to take.
func collect[Q, R any](ctx context.Context, s *session, call func(context.Context, *Q, ...grpc.CallOption) (grpc.ServerStreamingClient[R], error), request *Q, take func(*R) error) error {
	within, dog, end := guard(ctx, s)
	defer end()
	stream, err := call(within, request)
	if err != nil {
		return s.fail(ctx, within, err, nil, nil)
	}
	for {
		m, err := stream.Recv()
		if isEnd(err) {
			s.answered.Store(true)
			return nil
		}
		if err != nil {
			return s.fail(ctx, within, err, stream.Trailer(), nil)
		}
		dog.feed()
		if err := take(m); err != nil {
			return s.wrong(err)
		}
	}
}

// columns makes a call that is answered with columns.
func columns[Q any](ctx context.Context, s *session, call func(context.Context, *Q, ...grpc.CallOption) (grpc.ServerStreamingClient[zaggv1.ColumnFrame], error), request *Q, limit wire.Limit) ([]core.Column, error) {
	a := wire.NewAssembler(limit)
	if err := collect(ctx, s, call, request, a.Add); err != nil {
		return nil, err
	}
	cols, err := a.Complete(-1)
	if err != nil {
		return nil, s.wrong(err)
	}
	return cols, nil
}
