package emulator

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"time"
)

// Error types as the service reports them.
const (
	exitError   = "Runtime.ExitError"
	outOfMemory = "Runtime.OutOfMemory"
	timedOut    = "Sandbox.Timedout"
	tooLarge    = "Function.ResponseSizeTooLarge"
)

// watchEvery is how often a sandbox's memory is looked at.
const watchEvery = 10 * time.Millisecond

// A process is a sandbox with a bootstrap in it, which asks for its events at a Runtime API of its own. Between calls
// it is frozen.
type process struct {
	f      *function
	id     string
	dir    string // its files; tmp/ below it is the function's /tmp
	cmd    *exec.Cmd
	api    *http.Server
	output *os.File // standard output and error of the current call
	asked  chan struct{}
	work   chan *task
	exited chan struct{}
	peak   int64 // bytes

	mu      sync.Mutex
	current *task
}

// A task is a call that a process works on.
type task struct {
	call     Call
	deadline time.Time
	posted   chan post
}

// A post is what the function answered.
type post struct {
	body   []byte
	failed bool
	kind   string // of the error
}

func newProcess(f *function) *process {
	id := NewID()
	return &process{f: f, id: id, dir: filepath.Join(f.lambda.o.Dir, "sandboxes", id), asked: make(chan struct{}, 1), work: make(chan *task), exited: make(chan struct{})}
}

func (p *process) run(call Call, timeout, kill time.Duration) outcome {
	out := outcome{}
	if p.cmd == nil {
		out.cold = true
		began := time.Now()
		ok := p.start(call, &out)
		out.init = time.Since(began)
		if !ok {
			p.end(&out)
			return out
		}
	} else {
		thaw(p.cmd.Process)
	}
	began := time.Now()
	p.serve(call, timeout, kill, &out)
	out.duration = time.Since(began)
	p.end(&out)
	return out
}

// end collects what the call left, and freezes the process or makes sure that it is dead.
func (p *process) end(out *outcome) {
	if p.cmd != nil && p.cmd.Process != nil {
		p.peak = max(p.peak, peakMemory(p.cmd.Process.Pid))
		if out.gone {
			p.kill()
		} else {
			freeze(p.cmd.Process)
		}
	}
	out.maxMemory = p.peak
	if p.output == nil {
		return
	}
	out.log, _ = os.ReadFile(p.output.Name())
	p.output.Truncate(0) //nolint:errcheck // a log
	if n := len(out.log); n > 0 && out.log[n-1] != '\n' {
		out.log = append(out.log, '\n')
	}
}

// start is the init phase: the process is started and asks for its first event.
func (p *process) start(call Call, out *outcome) bool {
	if err := p.launch(); err != nil {
		out.gone = true
		out.fails("error", "Runtime.InvalidEntrypoint", "RequestId: %s Error: %v", call.RequestID, err)
		return false
	}
	select {
	case <-p.asked:
		return true
	case <-p.exited:
		out.fails("error", exitError, "RequestId: %s Error: Runtime exited with error: %s", call.RequestID, p.cmd.ProcessState)
	case <-time.After(p.f.lambda.o.InitTimeout):
		out.fails("timeout", timedOut, "RequestId: %s Error: Init phase timed out after %.2f seconds", call.RequestID, p.f.lambda.o.InitTimeout.Seconds())
	case <-p.f.lambda.ctx.Done():
		out.fails("error", exitError, "RequestId: %s Error: Runtime exited with error: signal: killed", call.RequestID)
	}
	out.gone = true
	return false
}

func (p *process) launch() error {
	tmp := filepath.Join(p.dir, "tmp")
	if err := os.MkdirAll(tmp, 0o700); err != nil {
		return err
	}
	var err error
	if p.output, err = os.OpenFile(filepath.Join(p.dir, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600); err != nil {
		return err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	p.api = &http.Server{Handler: p.runtimeAPI(), ReadHeaderTimeout: time.Minute}
	go p.api.Serve(listener) //nolint:errcheck // it ends with the sandbox
	cmd := exec.Command(p.f.Bootstrap)
	cmd.Dir, cmd.Env = p.f.root, p.environ(listener.Addr().String(), tmp)
	cmd.Stdout, cmd.Stderr = p.output, p.output
	cmd.SysProcAttr = Attributes()
	if err := cmd.Start(); err != nil {
		return err
	}
	p.cmd = cmd
	go func() {
		cmd.Wait() //nolint:errcheck // its state tells
		close(p.exited)
	}()
	return nil
}

// environ is what the developer guide lists under "Defined runtime environment variables".
func (p *process) environ(api, tmp string) []string {
	f := p.f
	env := map[string]string{
		"AWS_LAMBDA_RUNTIME_API": api, "AWS_LAMBDA_FUNCTION_NAME": f.Name, "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
		"AWS_LAMBDA_FUNCTION_MEMORY_SIZE": strconv.Itoa(f.Memory), "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
		"AWS_LAMBDA_LOG_GROUP_NAME":  "/aws/lambda/" + f.Name,
		"AWS_LAMBDA_LOG_STREAM_NAME": fmt.Sprintf("%s/[$LATEST]%s", time.Now().UTC().Format("2006/01/02"), p.id),
		"AWS_REGION":                 f.lambda.o.Region, "AWS_DEFAULT_REGION": f.lambda.o.Region, "_HANDLER": "bootstrap", "LAMBDA_TASK_ROOT": f.root,
		"LAMBDA_RUNTIME_DIR": "/var/runtime", "LANG": "en_US.UTF-8", "TZ": ":UTC", "PATH": "/usr/local/bin:/usr/bin/:/bin:/opt/bin",
		"TMPDIR": tmp, // a sandbox of AWS has a /tmp of its own
	}
	for k, v := range f.Env {
		env[k] = v
	}
	list := make([]string, 0, len(env))
	for k, v := range env {
		list = append(list, k+"="+v)
	}
	return list
}

// serve gives the process a call and waits for its end.
func (p *process) serve(call Call, timeout, kill time.Duration, out *outcome) {
	t := &task{call: call, deadline: time.Now().Add(timeout), posted: make(chan post, 1)}
	p.mu.Lock()
	p.current = t
	p.mu.Unlock()
	limit := time.NewTimer(timeout)
	defer limit.Stop()
	watch := time.NewTicker(watchEvery)
	defer watch.Stop()
	var killer <-chan time.Time
	if kill > 0 {
		killer = time.After(kill)
	}
	work, answered := p.work, false
	for {
		select {
		case work <- t:
			work = nil
		case got := <-t.posted:
			answered = true
			p.answered(got, out)
		case <-p.asked: // the call has ended
			if answered = p.late(t, out) || answered; !answered {
				out.fails("error", "Runtime.Unknown", "RequestId: %s Error: the runtime asked for the next event without an answer", call.RequestID)
			}
			return
		case <-p.exited:
			answered = p.late(t, out) || answered
			p.died(call, answered, out)
			return
		case <-watch.C:
			p.watch(out)
		case <-killer:
			out.killed = true
			p.kill()
		case <-limit.C:
			out.gone = true
			out.fails("timeout", timedOut, "RequestId: %s Error: Task timed out after %.2f seconds", call.RequestID, timeout.Seconds())
			return
		case <-p.f.lambda.ctx.Done():
			p.kill()
		}
	}
}

// late takes an answer that came at the same time as what ends the call.
func (p *process) late(t *task, out *outcome) bool {
	select {
	case got := <-t.posted:
		p.answered(got, out)
		return true
	default:
		return false
	}
}

// answered takes the function's answer.
func (p *process) answered(got post, out *outcome) {
	switch {
	case len(got.body) > maxRequest:
		out.fails("error", tooLarge, "Response payload size exceeded maximum allowed payload size (%d bytes).", maxRequest)
	case got.failed:
		out.failed, out.status, out.kind, out.payload = true, "error", got.kind, got.body
	default:
		out.payload = got.body
	}
}

// watch kills a process that has more memory than its function.
func (p *process) watch(out *outcome) {
	now := residentMemory(p.cmd.Process.Pid)
	p.peak = max(p.peak, now)
	if limit := int64(p.f.Memory) << 20; now > limit && out.kind != outOfMemory {
		p.peak, out.kind = limit, outOfMemory
		p.kill()
	}
}

// died is the end of a process in the middle of a call. That it was too large is told in the log alone; the caller sees
// a runtime that was killed.
func (p *process) died(call Call, answered bool, out *outcome) {
	out.gone = true
	if answered {
		return
	}
	kind := out.kind
	out.fails("error", exitError, "RequestId: %s Error: Runtime exited with error: %s", call.RequestID, p.cmd.ProcessState)
	if kind == outOfMemory {
		out.kind = kind
	}
}

func (p *process) kill() {
	KillGroup(p.cmd.Process)
	<-p.exited
}

// close ends the process and removes its files.
func (p *process) close() {
	if p.cmd != nil {
		p.kill()
	}
	if p.api != nil {
		p.api.Close() //nolint:errcheck // nobody is left to ask
	}
	if p.output != nil {
		p.output.Close() //nolint:errcheck // a log
	}
	os.RemoveAll(p.dir) //nolint:errcheck // a temporary folder
}

// runtimeAPI is the API of version 2018-06-01.
func (p *process) runtimeAPI() http.Handler {
	m := http.NewServeMux()
	m.HandleFunc("GET /2018-06-01/runtime/invocation/next", p.next)
	m.HandleFunc("POST /2018-06-01/runtime/invocation/{id}/response", func(w http.ResponseWriter, r *http.Request) { p.post(w, r, false) })
	m.HandleFunc("POST /2018-06-01/runtime/invocation/{id}/error", func(w http.ResponseWriter, r *http.Request) { p.post(w, r, true) })
	m.HandleFunc("POST /2018-06-01/runtime/init/error", func(w http.ResponseWriter, r *http.Request) {
		io.Copy(p.output, io.LimitReader(r.Body, 1<<16)) //nolint:errcheck // the process ends and that is reported
		w.WriteHeader(http.StatusAccepted)
	})
	return m
}

func (p *process) next(w http.ResponseWriter, r *http.Request) {
	select {
	case p.asked <- struct{}{}:
	case <-r.Context().Done():
		return
	}
	select {
	case t := <-p.work:
		h := w.Header()
		h.Set("Content-Type", "application/json")
		h.Set("Lambda-Runtime-Aws-Request-Id", t.call.RequestID)
		h.Set("Lambda-Runtime-Deadline-Ms", strconv.FormatInt(t.deadline.UnixMilli(), 10))
		h.Set("Lambda-Runtime-Invoked-Function-Arn", p.f.lambda.arn(p.f.Name))
		h.Set("Lambda-Runtime-Trace-Id", "Root=1-"+t.call.RequestID[:8]+"-"+t.call.RequestID[24:]+"0000;Sampled=0")
		io.Copy(w, bytes.NewReader(t.call.Payload)) //nolint:errcheck // the process is gone, which is seen elsewhere
	case <-r.Context().Done():
	case <-p.exited:
	}
}

func (p *process) post(w http.ResponseWriter, r *http.Request, failed bool) {
	p.mu.Lock()
	t := p.current
	if t != nil && t.call.RequestID == r.PathValue("id") {
		p.current = nil
	} else {
		t = nil
	}
	p.mu.Unlock()
	if t == nil {
		answer(w, http.StatusBadRequest, map[string]string{"errorType": "InvalidRequestID", "errorMessage": "Invalid request ID"})
		return
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, maxRequest+1))
	if err != nil {
		return // the process is gone
	}
	kind := r.Header.Get("Lambda-Runtime-Function-Error-Type")
	if failed && kind == "" {
		kind = "Function.Error"
	}
	t.posted <- post{body, failed, kind}
	w.WriteHeader(http.StatusAccepted)
}
