package remote

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/hashicorp/go-hclog"
	goplugin "github.com/hashicorp/go-plugin"
	"github.com/hashicorp/go-plugin/runner"
	"google.golang.org/grpc"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/wire"
)

// A running process has its folder and go-plugin's client beside it.
type running struct {
	*process
	client *goplugin.Client
	dir    string // private to this process
	redact *redactor
}

// close ends the process and removes its folder.
func (r *running) close(patience time.Duration) {
	r.end(patience)
	r.client.Kill() // nothing is left to kill: lets go-plugin end its goroutines
	os.RemoveAll(r.dir)
}

// launch starts an executable and connects to it. The digest is of the code that runs.
func launch(ctx context.Context, o Options) (*session, error) {
	path, err := findExecutable(o.Name, o.Command[0])
	if err != nil {
		return nil, err
	}
	dir, err := PrivateDir()
	if err != nil {
		return nil, core.Errorf(core.Unavailable, "plugin", o.Name, "%w", err)
	}
	path, own, err := pinned(o, path, dir)
	if err != nil {
		os.RemoveAll(dir)
		return nil, err
	}
	r := &running{dir: dir, redact: newRedactor(os.Environ())}
	conn, err := r.start(ctx, o, path)
	if err == nil && !own {
		err = unchanged(o)
	}
	if err != nil {
		_ = r.Kill(context.Background())
		r.client.Kill()
		os.RemoveAll(dir)
		return nil, err
	}
	return newSession(o, conn, r), nil
}

// pinned checks the code that is about to be started: where a digest is given a copy of an executable that is all there is (own), else
// the files where they are.
func pinned(o Options, path, dir string) (start string, own bool, err error) {
	c, err := code(o.Name, o.Command)
	if err != nil {
		return "", false, err
	}
	if err := checkPin(o, c); err != nil || o.SHA256 == "" || len(c.Files) > 1 {
		return path, false, err
	}
	if path, err = copied(o.Name, path, dir); err != nil {
		return "", false, err
	}
	if c, err = code(o.Name, append([]string{path}, o.Command[1:]...)); err != nil {
		return "", false, err
	}
	return path, true, checkPin(o, c)
}

// unchanged checks the code again after it was started.
func unchanged(o Options) error {
	c, err := code(o.Name, o.Command)
	if err != nil {
		return err
	}
	return checkPin(o, c)
}

// start has go-plugin start the process and connect.
func (r *running) start(ctx context.Context, o Options, path string) (*grpc.ClientConn, error) {
	cmd := &exec.Cmd{Path: path, Args: o.Command, Env: environment(os.Environ())}
	r.process = newProcess(o.Name, r.dir, cmd, func(line string) { o.Log(o.Name, line) }, r.redact.text)
	spawn := func(_ hclog.Logger, spec *exec.Cmd, _ string) (runner.Runner, error) {
		cmd.Env = append(cmd.Env, spec.Env...)
		return r.process, nil
	}
	r.client = goplugin.NewClient(&goplugin.ClientConfig{
		HandshakeConfig:  goplugin.HandshakeConfig{ProtocolVersion: wire.Version, MagicCookieKey: wire.CookieKey, MagicCookieValue: wire.CookieValue},
		Plugins:          goplugin.PluginSet{},
		RunnerFunc:       spawn,
		SkipHostEnv:      true,
		AllowedProtocols: []goplugin.Protocol{goplugin.ProtocolGRPC},
		StartTimeout:     o.Start,
		Logger:           hclog.NewNullLogger(),
		GRPCDialOptions:  o.dialOptions(),
		UnixSocketConfig: &goplugin.UnixSocketConfig{TempDir: r.dir},
	})
	type result struct {
		protocol goplugin.ClientProtocol
		err      error
	}
	connected := make(chan result, 1)
	go func() {
		protocol, err := r.client.Client()
		connected <- result{protocol, err}
	}()
	limit := time.NewTimer(o.Start)
	defer limit.Stop()
	select {
	case c := <-connected:
		if c.err != nil {
			return nil, r.startFailure(o, c.err)
		}
		return c.protocol.(*goplugin.GRPCClient).Conn, nil
	case <-ctx.Done():
	case <-limit.C:
	}
	_ = r.Kill(context.Background())
	c := <-connected
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	return nil, r.startFailure(o, c.err)
}

// dialOptions are those of a connection whose calls are counted.
func (o *Options) dialOptions() []grpc.DialOption {
	if o.counter == nil {
		return DialOptions()
	}
	return append(DialOptions(), grpc.WithStatsHandler(o.counter))
}

// startFailure says what went wrong in the words of the user.
func (r *running) startFailure(o Options, err error) error {
	if r.started.Load() == nil {
		if !core.Is(err, core.Internal) {
			return err
		}
		return core.Errorf(core.Unavailable, "plugin", o.Name, "%w", err)
	}
	what := fmt.Sprintf("printed no handshake line within %v, so it was killed", o.Start)
	switch {
	case r.wrongHello() != "":
		what = r.wrongHello()
	case r.hello.Load() != nil:
		what = fmt.Sprintf("started, but zagg cannot connect to it: %v", err)
	case !r.killed():
		what = r.exitReason() + " before it printed its handshake line: is it a plugin for zagg?"
	}
	_ = r.Kill(context.Background())
	return core.Errorf(core.Invalid, "plugin", o.Name, "%s %s%s", o.Command[0], what, r.tail.String())
}

// killed reports that the process did not end by itself, waiting a little for it to.
func (r *running) killed() bool {
	if r.ending.Load() {
		return true
	}
	select {
	case <-r.done:
		return r.ending.Load()
	case <-time.After(lastMoment):
		return true
	}
}

const dirPrefix = "zagg-plugin-"

// PrivateDir makes a folder of mode 0700 whose name has our process id, and removes those of hosts that were killed. Paths of sockets
// may not be long: where the temporary folder's is, /tmp is taken.
func PrivateDir() (string, error) {
	const longest = 40 // of 104, less our name, go-plugin's two and their digits
	parent := os.TempDir()
	if len(parent) > longest {
		parent = "/tmp"
	}
	left, _ := filepath.Glob(filepath.Join(parent, dirPrefix+"*")) // fails only for a bad pattern
	for _, dir := range left {
		owner, _, _ := strings.Cut(strings.TrimPrefix(filepath.Base(dir), dirPrefix), "-")
		if pid, err := strconv.Atoi(owner); err == nil && !alive(pid) {
			os.RemoveAll(dir)
		}
	}
	return os.MkdirTemp(parent, fmt.Sprintf("%s%d-", dirPrefix, os.Getpid()))
}
