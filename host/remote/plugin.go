package remote

import (
	"context"
	"fmt"
	"slices"
	"sync/atomic"

	"google.golang.org/grpc"

	"github.com/englacial/zagg/core"
	zaggv1 "github.com/englacial/zagg/proto/zagg/v1"
)

// A Plugin is an executable that offers things, and the processes that run it at the moment. Safe for concurrent use.
type Plugin struct {
	options Options
	offer   core.Plugin
	digest  string // of the code; "" where somebody else started it
	connect func(context.Context) (*session, error)
	workers []*worker
	turn    atomic.Uint32 // whose it is next, of workers that have as much to do
}

// maxCrashes is how often in a row a plugin may die, without having answered anything, until it is not started any more.
const maxCrashes = 5

// Open starts an executable and asks what it offers.
func Open(ctx context.Context, o Options) (*Plugin, error) {
	o = o.withDefaults()
	if len(o.Command) == 0 || o.Command[0] == "" {
		return nil, core.Errorf(core.Invalid, "plugin", o.Name, "no command is given")
	}
	if o.SHA256 != "" {
		if err := checkDigest(o.Name, o.SHA256); err != nil {
			return nil, err
		}
	}
	if _, err := findExecutable(o.Name, o.Command[0]); err != nil {
		return nil, err
	}
	c, err := code(o.Name, o.Command)
	if err != nil {
		return nil, err
	}
	if err := checkPin(o, c); err != nil {
		return nil, err
	}
	o.first, o.counter = c.Digest, &counter{}
	p, err := open(ctx, o, func(ctx context.Context) (*session, error) { return launch(ctx, o) })
	if err != nil {
		return nil, err
	}
	p.digest = c.Digest
	return p, nil
}

// Connect presents what is served at the other end of a connection, which was made with DialOptions and stays the caller's. There is no
// process to start again.
func Connect(ctx context.Context, conn *grpc.ClientConn) (*Plugin, error) {
	o := Options{Name: "connected"}.withDefaults()
	first := true
	return open(ctx, o, func(context.Context) (*session, error) {
		if !first {
			return nil, core.Errorf(core.Unavailable, "plugin", o.Name, "the connection is lost")
		}
		first = false
		return newSession(o, conn, nil), nil
	})
}

func open(ctx context.Context, o Options, connect func(context.Context) (*session, error)) (*Plugin, error) {
	p := &Plugin{options: o, connect: connect}
	for range o.Processes {
		p.workers = append(p.workers, newWorker(p))
	}
	s, err := p.workers[0].acquire(ctx)
	if err != nil {
		return nil, err
	}
	start, cancel := context.WithTimeoutCause(ctx, o.Start, errStart)
	defer cancel()
	info, err := unary(start, s, s.plugin.Describe, &zaggv1.Empty{})
	if err == nil {
		o.silence.allow(info.Silence)
		err = p.present(info)
	}
	if err != nil {
		p.Close()
		return nil, err
	}
	return p, nil
}

// Core is the plugin as everybody knows plugins.
func (p *Plugin) Core() core.Plugin { return p.offer }

// Command is what was started.
func (p *Plugin) Command() []string { return slices.Clone(p.options.Command) }

// Digest is of the plugin's code, as package plugindigest has it: what pins it, and what tells its results from another version's.
// "" where another has started it.
func (p *Plugin) Digest() string { return p.digest }

// Executable is the file that was started, before it was copied to be checked.
func (p *Plugin) Executable() string {
	path, err := findExecutable(p.options.Name, p.options.Command[0])
	if err != nil {
		return p.options.Command[0]
	}
	return path
}

// Close ends the processes and all they started, and removes their folders. Things made by the plugin fail from then on.
func (p *Plugin) Close() error {
	for _, w := range p.workers {
		w.close()
	}
	return nil
}

// pick is the worker with the least to do.
func (p *Plugin) pick() *worker {
	first := int(p.turn.Add(1))
	best := p.workers[first%len(p.workers)]
	for i := range p.workers {
		if w := p.workers[(first+i)%len(p.workers)]; w.calls() < best.calls() {
			best = w
		}
	}
	return best
}

// present makes a core.Plugin of what the process says it offers.
func (p *Plugin) present(info *zaggv1.PluginInfo) error {
	p.offer = core.Plugin{Name: info.Name, Version: info.Version}
	if info.Name == "" || len(info.Makers) == 0 {
		return core.Errorf(core.Internal, "plugin", p.options.Name, "it has the name %q and offers %d things: both are needed", info.Name, len(info.Makers))
	}
	seen := map[string]bool{}
	for _, m := range info.Makers {
		name := fmt.Sprintf("%v %s", m.Kind, m.Name)
		if seen[name] || m.Name == "" {
			return core.Errorf(core.Internal, "plugin", p.options.Name, "it offers %q twice, or without a name", m.Name)
		}
		seen[name] = true
		switch m.Kind {
		case zaggv1.Kind_KIND_GRID:
			p.offer.Grids = append(p.offer.Grids, maker(m, p.newGrid))
		case zaggv1.Kind_KIND_READER:
			p.offer.Readers = append(p.offer.Readers, maker(m, p.newReader))
		case zaggv1.Kind_KIND_STATISTIC:
			p.offer.Statistics = append(p.offer.Statistics, maker(m, p.newStatistic))
		} // others are for later hosts
	}
	return nil
}

func maker[T any](m *zaggv1.Maker, make func(ctx context.Context, name string, config core.Config) (T, error)) core.Maker[T] {
	out := core.Maker[T]{Name: m.Name, Doc: m.Doc}
	if len(m.Schema) > 0 {
		out.Schema = m.Schema
	}
	name := m.Name
	out.New = func(ctx context.Context, config core.Config) (T, error) { return make(ctx, name, config) }
	return out
}
