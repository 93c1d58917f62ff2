package plugins

import (
	"bufio"
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health/grpc_health_v1"

	"github.com/englacial/zagg/core/coretest"
	"github.com/englacial/zagg/host/remote"
)

// Limits of what a process may take, as proto/zagg/v1/zagg.proto has them.
const (
	toStart = 30 * time.Second
	toEnd   = 5 * time.Second
)

// process holds a plugin's process against its contract, in any language: the handshake, health, signals and its end.
func (v *Verification) process(ctx context.Context) {
	v.recorder.Run("process", func(r *coretest.Recorder) {
		for _, s := range []struct {
			name  string
			check func(*coretest.Recorder)
		}{{"ByHand", v.byHand}, {"Health", v.health}, {"Interrupt", v.interrupt}, {"Terminate", v.terminate}, {"HostGone", v.hostGone}, {"Quiet", v.quiet}} {
			r.Run(s.name, s.check)
		}
	})
}

// A started is a plugin's process without a host.
type started struct {
	cmd     *exec.Cmd
	in      io.Closer
	out     *bufio.Reader
	dir     string
	ended   chan error
	late    chan string // what comes on stdout after the handshake, when that has ended
	address string
}

// start starts the process and reads its handshake.
func (v *Verification) start(r *coretest.Recorder) *started {
	dir, err := remote.PrivateDir()
	if err != nil {
		r.Errorf("%v", err)
		r.FailNow()
	}
	s := &started{cmd: exec.Command(v.Process[0], v.Process[1:]...), dir: dir, ended: make(chan error, 1), late: make(chan string, 1)}
	s.cmd.Env = append(remote.Environment(os.Environ()), "ZAGG_PLUGIN=grids-readers-statistics", "PLUGIN_PROTOCOL_VERSIONS=1", "PLUGIN_UNIX_SOCKET_DIR="+dir)
	out, errOut := s.cmd.StdoutPipe()
	in, errIn := s.cmd.StdinPipe()
	if errOut != nil || errIn != nil {
		r.Errorf("it cannot be started: %v %v", errOut, errIn)
		r.FailNow()
	}
	s.in, s.out = in, bufio.NewReader(out)
	if err := s.cmd.Start(); err != nil {
		r.Errorf("it cannot be started: %v", err)
		r.FailNow()
	}
	line := make(chan string, 1)
	go func() {
		text, _ := s.out.ReadString('\n')
		line <- strings.TrimSpace(text)
		late, _ := io.ReadAll(io.LimitReader(s.out, 200)) // what was read counts
		_, _ = io.Copy(io.Discard, s.out)
		s.late <- string(late)
		s.ended <- s.cmd.Wait()
	}()
	select {
	case text := <-line:
		parts := strings.Split(text, "|")
		if len(parts) < 5 || parts[0] != "1" || parts[1] != "1" || parts[2] != "unix" || parts[4] != "grpc" || filepath.Dir(parts[3]) != filepath.Clean(dir) {
			s.close()
			r.Errorf("the first line on stdout is %.200q; want 1|1|unix|%s/NAME|grpc|, and nothing before it", text, dir)
			r.FailNow()
		}
		s.address = parts[3]
	case <-time.After(toStart):
		s.close()
		r.Errorf("no handshake line on stdout after %v: flush it", toStart)
		r.FailNow()
	}
	return s
}

func (s *started) close() {
	_ = s.cmd.Process.Kill()
	os.RemoveAll(s.dir) //nolint:errcheck // a temporary folder
}

// ends wants the process to end soon.
func (s *started) ends(r *coretest.Recorder, what string) {
	select {
	case <-s.ended:
	case <-time.After(toEnd):
		r.Errorf("it has not ended %v after %s", toEnd, what)
	}
}

// healthy wants an answer to a health check.
func (s *started) healthy(r *coretest.Recorder, what string) {
	conn, err := grpc.NewClient("unix:"+s.address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		r.Errorf("%v", err)
		return
	}
	defer conn.Close() //nolint:errcheck // nothing was written
	ctx, cancel := context.WithTimeout(r.Context(), toEnd)
	defer cancel()
	reply, err := grpc_health_v1.NewHealthClient(conn).Check(ctx, &grpc_health_v1.HealthCheckRequest{Service: "plugin"}, grpc.WaitForReady(true))
	switch {
	case err != nil:
		r.Errorf("%s it does not answer /grpc.health.v1.Health/Check: %v", what, err)
	case reply.Status != grpc_health_v1.HealthCheckResponse_SERVING:
		r.Errorf("%s its health is %v; want SERVING (1)", what, reply.Status)
	}
}

// byHand: without the cookie a plugin says what it is, on stderr, and exits 1.
func (v *Verification) byHand(r *coretest.Recorder) {
	ctx, cancel := context.WithTimeout(r.Context(), toStart)
	defer cancel()
	cmd := exec.CommandContext(ctx, v.Process[0], v.Process[1:]...)
	cmd.Env = remote.Environment(os.Environ())
	var said strings.Builder
	cmd.Stderr = &said
	cmd.WaitDelay = time.Second
	err := cmd.Run()
	switch {
	case ctx.Err() != nil:
		r.Errorf("started by hand, without $ZAGG_PLUGIN, it does not end within %v", toStart)
	case err == nil:
		r.Errorf("started by hand, without $ZAGG_PLUGIN, it exits with 0; want 1")
	case cmd.ProcessState.ExitCode() != 1:
		r.Errorf("started by hand, without $ZAGG_PLUGIN, it exits with %d; want 1", cmd.ProcessState.ExitCode())
	case strings.TrimSpace(said.String()) == "":
		r.Errorf("started by hand it says nothing on stderr; say what it is")
	}
}

func (v *Verification) health(r *coretest.Recorder) {
	s := v.start(r)
	defer s.close()
	s.healthy(r, "after the handshake")
}

// interrupt: ^C is the host's to handle.
func (v *Verification) interrupt(r *coretest.Recorder) {
	s := v.start(r)
	defer s.close()
	s.healthy(r, "after the handshake")
	_ = s.cmd.Process.Signal(syscall.SIGINT)
	s.healthy(r, "after SIGINT, which is to be ignored,")
}

func (v *Verification) terminate(r *coretest.Recorder) {
	s := v.start(r)
	defer s.close()
	s.healthy(r, "after the handshake")
	_ = s.cmd.Process.Signal(syscall.SIGTERM)
	s.ends(r, "SIGTERM")
}

// hostGone: the end of standard input is the end of the host.
func (v *Verification) hostGone(r *coretest.Recorder) {
	s := v.start(r)
	defer s.close()
	s.in.Close() //nolint:errcheck // that is what is tried
	s.ends(r, "the end of standard input")
}

// quiet: standard output is the handshake's alone.
func (v *Verification) quiet(r *coretest.Recorder) {
	s := v.start(r)
	defer s.close()
	s.healthy(r, "after the handshake")
	s.in.Close() //nolint:errcheck // it ends then
	s.ends(r, "the end of standard input")
	select {
	case late := <-s.late:
		if late != "" {
			r.Errorf("after the handshake line it writes %.200q to stdout: text for people belongs on stderr", late)
		}
	default:
	}
}
