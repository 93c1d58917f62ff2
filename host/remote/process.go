package remote

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/hashicorp/go-plugin/runner"

	"github.com/englacial/zagg/core"
)

// A process is one run of a plugin's executable, as go-plugin drives it.
type process struct {
	name         string
	path         string
	dir          string // where it must listen
	cmd          *exec.Cmd
	tail         tail
	log          func(line string)
	redact       func(string) string
	input        *os.File // our end of its standard input: it ends when we do
	toFirst      *io.PipeWriter
	first        *io.PipeReader         // the first line of its standard output, for go-plugin
	hello        atomic.Pointer[string] // that line
	started      atomic.Pointer[os.Process]
	stdoutClosed chan struct{} // closed when its standard output has ended
	stderrClosed chan struct{} // closed when its standard error has ended
	done         chan struct{} // closed when it has ended and so has its group
	ended        error         // as the system has it; read after done
	ending       atomic.Bool   // we asked for it
}

var _ runner.Runner = (*process)(nil)

func newProcess(name, dir string, cmd *exec.Cmd, log func(line string), redact func(string) string) *process {
	p := &process{name: name, dir: dir, path: cmd.Path, cmd: cmd, log: log, redact: redact, stdoutClosed: make(chan struct{}), stderrClosed: make(chan struct{}), done: make(chan struct{})}
	p.first, p.toFirst = io.Pipe()
	return p
}

// Start starts the process and the goroutines that listen to it.
func (p *process) Start(context.Context) error {
	var ends [6]*os.File // stdin, stdout, stderr: theirs, ours
	for i := 0; i < 6; i += 2 {
		r, w, err := os.Pipe()
		if err != nil {
			closeAll(ends[:])
			return core.Errorf(core.Unavailable, "plugin", p.name, "%w", err)
		}
		ends[i], ends[i+1] = r, w
	}
	in, out, errs := ends[0], ends[3], ends[5]
	p.input = ends[1]
	p.cmd.Stdin, p.cmd.Stdout, p.cmd.Stderr = in, out, errs
	p.cmd.SysProcAttr = attributes()
	started := make(chan error)
	go p.live(started)
	err := <-started
	closeAll([]*os.File{in, out, errs})
	if err != nil {
		closeAll([]*os.File{ends[1], ends[2], ends[4]})
		return p.startError(err)
	}
	if p.ending.Load() {
		signalGroup(p.cmd.Process, syscall.SIGKILL)
	}
	go p.listen(ends[2])
	go func() {
		defer close(p.stderrClosed)
		defer ends[4].Close()
		scanLines(ends[4], p.say)
	}()
	return nil
}

func closeAll(files []*os.File) {
	for _, f := range files {
		if f != nil {
			f.Close()
		}
	}
}

func (p *process) startError(err error) error {
	switch {
	case errors.Is(err, fs.ErrPermission):
		return core.Errorf(core.Invalid, "plugin", p.name, "%s is not executable: %w", p.path, err)
	case errors.Is(err, syscall.ENOEXEC):
		return core.Errorf(core.Invalid, "plugin", p.name, "%s is not a program for this machine (%s/%s): %w", p.path, runtime.GOOS, runtime.GOARCH, err)
	case errors.Is(err, fs.ErrNotExist):
		return core.Errorf(core.NotFound, "plugin", p.name, "%s, or the interpreter its first line names, is not there: %w", p.path, err)
	}
	return core.Errorf(core.Unavailable, "plugin", p.name, "%w", err)
}

// live starts the process and waits for its end on one thread, because the kernel ends the process with the thread that started it.
func (p *process) live(started chan<- error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	err := p.cmd.Start()
	for try := 0; try < 20 && busy(err); try++ { // a copy that another starting process still has open
		time.Sleep(5 * time.Millisecond)
		c := p.cmd
		p.cmd = &exec.Cmd{Path: c.Path, Args: c.Args, Env: c.Env, Dir: c.Dir, Stdin: c.Stdin, Stdout: c.Stdout, Stderr: c.Stderr, SysProcAttr: c.SysProcAttr}
		err = p.cmd.Start()
	}
	if err != nil {
		started <- err
		return
	}
	p.started.Store(p.cmd.Process)
	started <- nil
	p.ended = p.cmd.Wait()
	signalGroup(p.cmd.Process, syscall.SIGKILL) // what it started
	p.input.Close()
	select { // the last lines; a process that left the group may keep them from ending
	case <-p.stderrClosed:
	case <-time.After(time.Second):
	}
	close(p.done)
}

// listen gives go-plugin the first line of standard output; there should be no more.
func (p *process) listen(out *os.File) {
	defer out.Close()
	defer close(p.stdoutClosed)
	defer p.toFirst.Close()
	scanLines(out, func(line string) {
		if p.hello.Load() != nil {
			p.say(line)
			return
		}
		p.hello.Store(&line)
		_, _ = io.WriteString(p.toFirst, line+"\n") // nobody listens any more if it fails
	})
}

func (p *process) say(line string) {
	line = p.redact(line)
	p.tail.add(line)
	p.log(line)
}

// Wait waits for the end of the process.
func (p *process) Wait(context.Context) error {
	<-p.done
	return p.ended
}

// lastMoment is how long a process may take from closing its standard output to its end.
const lastMoment = 500 * time.Millisecond

// Kill ends the process and all it started at once. One that has closed its standard output without a word is about to end by
// itself, and is left the moment to say how.
func (p *process) Kill(context.Context) error {
	proc := p.started.Load()
	if proc == nil {
		p.ending.Store(true)
		return nil
	}
	var last <-chan time.Time
	select {
	case <-p.stdoutClosed:
		last = time.After(lastMoment)
	default:
		last = time.After(0)
	}
	select {
	case <-p.done:
		return nil
	case <-last:
	}
	p.ending.Store(true)
	signalGroup(proc, syscall.SIGKILL)
	<-p.done
	return nil
}

// end asks the process to end, and kills it if it does not in time.
func (p *process) end(patience time.Duration) {
	select {
	case <-p.done:
		return
	default:
	}
	p.ending.Store(true)
	p.input.Close()
	signalGroup(p.cmd.Process, syscall.SIGTERM)
	select {
	case <-p.done:
	case <-time.After(patience):
		_ = p.Kill(context.Background())
	}
}

// Stdout is the line with the address.
func (p *process) Stdout() io.ReadCloser { return p.first }

// Stderr is empty: it is read here.
func (p *process) Stderr() io.ReadCloser { return io.NopCloser(strings.NewReader("")) }

// Diagnose adds nothing to go-plugin's errors, which are not shown.
func (p *process) Diagnose(context.Context) string { return "" }

// Name is the executable.
func (p *process) Name() string { return p.path }

// ID is the process id; "" before it has one.
func (p *process) ID() string {
	if proc := p.started.Load(); proc != nil {
		return fmt.Sprint(proc.Pid)
	}
	return ""
}

// PluginToHost lets no connection be made that the handshake line should not ask for.
func (p *process) PluginToHost(network, address string) (string, string, error) {
	if wrong := p.wrongHello(); wrong != "" {
		return "", "", errors.New(wrong)
	}
	return network, address, nil
}

// wrongHello says what is wrong with the line that the plugin began with; "" if nothing is, or there is none.
func (p *process) wrongHello() string {
	if hello := p.hello.Load(); hello != nil {
		return p.redact(checkHello(*hello, p.dir))
	}
	return ""
}

// HostToPlugin is the same place.
func (p *process) HostToPlugin(network, address string) (string, string, error) {
	return network, address, nil
}

// exitReason says how the process ended.
func (p *process) exitReason() string {
	state := p.cmd.ProcessState
	if status, ok := state.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		text := "was ended by signal " + status.Signal().String()
		if status.Signal() == syscall.SIGKILL {
			text += ", as when memory is short"
		}
		return text
	}
	return fmt.Sprintf("exited with status %d", state.ExitCode())
}

// checkHello says what is wrong with the line a plugin began with; "" if nothing is.
func checkHello(line, dir string) string {
	parts := strings.Split(strings.TrimSpace(line), "|")
	if len(parts) < 5 {
		return fmt.Sprintf("printed %q where the handshake line belongs: nothing else may be written to stdout, what is for people goes to stderr", shorten(line))
	}
	switch {
	case parts[0] != "1":
		return fmt.Sprintf("speaks version %q of go-plugin's handshake; zagg speaks 1", shorten(parts[0]))
	case parts[1] != "1":
		return fmt.Sprintf("speaks version %q of the plugin protocol; this zagg speaks 1: use versions of plugin and zagg that match", shorten(parts[1]))
	case parts[4] != "grpc":
		return fmt.Sprintf("speaks %q; zagg speaks grpc", shorten(parts[4]))
	case parts[2] != "unix":
		return fmt.Sprintf("listens on %q; zagg connects to unix sockets", shorten(parts[2]))
	}
	if rel, err := filepath.Rel(dir, parts[3]); err != nil || !filepath.IsLocal(rel) {
		return fmt.Sprintf("listens at %q, which is not in the folder it was given", shorten(parts[3]))
	}
	return ""
}

func shorten(s string) string {
	if len(s) > 100 {
		return s[:100] + "…"
	}
	return s
}
