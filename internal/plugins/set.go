// Package plugins manages the set of plugins of a command: those linked in, those of a configuration, and those in the usual places.
// It lists, describes and verifies them.
package plugins

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/host"
	"github.com/englacial/zagg/host/remote"
	"github.com/englacial/zagg/internal/config"
	"github.com/englacial/zagg/internal/job"
	"github.com/englacial/zagg/internal/pluginlock"
)

// A Set is the plugins that are linked in, and those in processes of their own that a command line has started. Each is started once.
type Set struct {
	Level string // of Levels: lines of plugins below it are not shown; "": all are

	Trust Trust

	linked *host.Host
	stderr io.Writer
	direct bool // stderr takes lines from several goroutines
	getenv func(string) string
	opened map[string]*remote.Plugin // by command and digest
	called map[*remote.Plugin]string // by configurations
	failed map[string]error

	mu    sync.Mutex
	lines []string // of plugins, where stderr is not a file
}

// NewSet has the plugins of linked, and none started yet. What plugins print goes to stderr: as it comes where direct says that
// stderr takes lines from several goroutines, else when the set is closed.
func NewSet(linked *host.Host, stderr io.Writer, direct bool) *Set {
	return &Set{linked: linked, stderr: stderr, direct: direct, getenv: os.Getenv, opened: map[string]*remote.Plugin{}, called: map[*remote.Plugin]string{}, failed: map[string]error{}}
}

// Open starts a plugin, or gives the one that was started by the same command.
func (s *Set) Open(ctx context.Context, o remote.Options) (*remote.Plugin, error) {
	key := strings.Join(append(slices.Clone(o.Command), o.SHA256), "\x00")
	if p := s.opened[key]; p != nil {
		return p, nil
	}
	if err := s.failed[key]; err != nil {
		return nil, err
	}
	o.Log = s.log
	err := checkPlaces(o)
	var p *remote.Plugin
	if err == nil {
		p, err = s.start(ctx, o)
	}
	if err != nil {
		if ctx.Err() == nil {
			s.failed[key] = err
		}
		return nil, err
	}
	s.opened[key] = p
	return p, nil
}

// start starts a plugin, or attaches to one that is said to be running.
func (s *Set) start(ctx context.Context, o remote.Options) (*remote.Plugin, error) {
	if socket := remote.Attached(s.getenv, o.Name); socket != "" && o.Name != "" {
		return remote.Attach(ctx, o.Name, socket)
	}
	return remote.Open(ctx, o)
}

// log prints a line of a plugin, or keeps it until the end.
func (s *Set) log(plugin, line string) {
	if !s.shown(line) {
		return
	}
	line = "plugin " + plugin + ": " + line + "\n"
	if s.direct {
		_, _ = io.WriteString(s.stderr, line)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lines = append(s.lines, line)
}

// Close ends the plugins.
func (s *Set) Close() {
	var all sync.WaitGroup
	for _, p := range s.opened {
		all.Go(func() { p.Close() })
	}
	all.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, line := range s.lines {
		fmt.Fprint(s.stderr, line)
	}
	s.lines = nil
}

// command is what starts a plugin of a configuration.
func (s *Set) command(p config.Plugin) ([]string, error) {
	if len(p.Command) > 0 {
		return p.Command, nil
	}
	candidates := remote.Discover(s.getenv)
	i := slices.IndexFunc(candidates, func(c remote.Candidate) bool { return c.Name == p.Name })
	if i < 0 {
		return nil, core.Errorf(core.NotFound, "plugin", p.Name, "there is no zagg-plugin-%s in $%s or %s; have %v: name the executable with command", p.Name, remote.PathVariable, remote.UserDir(s.getenv), candidateNames(candidates))
	}
	return []string{candidates[i].Path}, nil
}

// listed starts a plugin of a configuration, if that is trusted.
func (s *Set) listed(ctx context.Context, p config.Plugin) (*remote.Plugin, error) {
	command, err := s.command(p)
	if err != nil {
		return nil, err
	}
	pin := p.SHA256
	if len(p.Command) > 0 { // what lies in the usual places was put there by who runs this
		if pin, err = s.Trust.check(p, command); err != nil {
			return nil, err
		}
	}
	opened, err := s.Open(ctx, remote.Options{Name: p.Name, Command: command, SHA256: pin, Processes: p.Processes, Memory: p.Memory})
	if err != nil {
		return nil, err
	}
	if name := opened.Core().Name; name != p.Name {
		return nil, core.Errorf(core.Invalid, "plugin", p.Name, "%s says that it is plugin %q: give it its name", command[0], name)
	}
	return opened, nil
}

func candidateNames(candidates []remote.Candidate) []string {
	names := make([]string, len(candidates))
	for i, c := range candidates {
		names[i] = c.Name
	}
	return names
}

// Host has the plugins that are linked in, those that a configuration lists, and of those in the usual places the ones that offer
// what is still missing. Only then is any of them started.
func (s *Set) Host(ctx context.Context, listed []config.Plugin, needs host.Needs) (*host.Host, error) {
	sources := s.linked.Sources()
	where := make([]string, len(sources))
	for i := range where {
		where[i] = "linked in"
	}
	started := slices.DeleteFunc(slices.Clone(listed), func(l config.Plugin) bool {
		i := linkedAlias(sources, l)
		if i >= 0 {
			sources[i].As = l.As
		}
		return i >= 0
	})
	if missing := needs.Missing(offered(sources)...); !s.Trust.Starts && !s.Trust.All {
		if commands := s.commands(started); missing.Count() > 0 && len(commands) > 0 {
			return nil, &NotStartedError{Needs: missing.String(), Commands: commands}
		}
		return host.NewOf(sources...)
	}
	known := map[string]bool{}
	for _, l := range started {
		p, err := s.listed(ctx, l)
		if err != nil {
			return nil, err
		}
		known[l.Name], s.called[p] = true, cmp.Or(l.As, l.Name)
		sources, where = append(sources, source(p, l.As)), append(where, p.Command()[0])
	}
	missing := needs.Missing(offered(sources)...)
	if missing.Count() == 0 && len(listed) == 0 {
		return s.linked, nil
	}
	if missing.Count() > 0 {
		for _, c := range remote.Discover(s.getenv) {
			if known[c.Name] {
				continue
			}
			p, err := s.Open(ctx, remote.Options{Name: c.Name, Command: []string{c.Path}})
			if err != nil {
				if ctx.Err() != nil {
					return nil, err
				}
				fmt.Fprintf(s.stderr, "zagg: looking for plugins: %v\n", err)
				continue
			}
			if left := missing.Missing(p.Core()); left.Count() < missing.Count() {
				sources, where = append(sources, source(p, "")), append(where, c.Path)
			}
		}
	}
	h, err := host.NewOf(sources...)
	if err != nil {
		return nil, core.Wrapf(err, "", "", "%w, or list it under another name (plugins: [{name: NAME, as: OTHER}])\nplugins are %s", err, whereFrom(sources, where))
	}
	return h, nil
}

// commands are what could be started.
func (s *Set) commands(listed []config.Plugin) []string {
	var all []string
	for _, l := range listed {
		if command, err := s.command(l); err == nil {
			all = append(all, "`"+strings.Join(command, " ")+"`")
		}
	}
	for _, c := range remote.Discover(s.getenv) {
		all = append(all, c.Path)
	}
	return all
}

// Compile is a configuration with the plugins that it needs, which must be those of the lock beside it.
func (s *Set) Compile(ctx context.Context, cfg *config.Config) (*host.Recipe, error) {
	lock, err := pluginlock.Beside(cfg.File)
	if err != nil {
		return nil, err
	}
	recipe, err := s.unlocked(ctx, cfg)
	if unknown, ok := errors.AsType[*NotStartedError](err); ok && lock != nil {
		return nil, s.byLock(ctx, cfg, lock, unknown)
	}
	if err != nil {
		return nil, err
	}
	return recipe, lock.Check(recipe.Plugins())
}

func (s *Set) unlocked(ctx context.Context, cfg *config.Config) (*host.Recipe, error) {
	h, err := s.Host(ctx, cfg.Plugins, host.NeedsOf(cfg))
	if err != nil {
		return nil, err
	}
	return h.Compile(ctx, cfg)
}

// Lock writes the plugins that a configuration has now into the lock beside it.
func (s *Set) Lock(ctx context.Context, cfg *config.Config) (*pluginlock.Lock, error) {
	recipe, err := s.unlocked(ctx, cfg)
	if err != nil {
		return nil, err
	}
	return pluginlock.Write(cfg.File, recipe.Plugins(), offersOf(recipe.Sources()), recipe.Inputs())
}

// linkedAlias is the place of a plugin that is linked in and that a configuration gives another name, without saying where else it
// would be; -1: it does not.
func linkedAlias(sources []host.Source, l config.Plugin) int {
	if l.As == "" || len(l.Command) > 0 || l.SHA256 != "" {
		return -1
	}
	return slices.IndexFunc(sources, func(s host.Source) bool { return s.Name == l.Name && s.As == "" })
}

// source is a plugin in a process, under its name or another.
func source(p *remote.Plugin, as string) host.Source {
	offer := p.Core()
	return host.Source{Plugin: offer, ID: job.Plugin{Name: offer.Name, Version: offer.Version, Digest: "sha256:" + p.Digest()}, As: as}
}

// offered are the plugins of sources as a configuration knows them.
func offered(sources []host.Source) []core.Plugin {
	plugins := make([]core.Plugin, len(sources))
	for i, s := range sources {
		plugins[i] = host.Aliased(s.Plugin, s.As)
	}
	return plugins
}

// whereFrom says which plugin came from where.
func whereFrom(sources []host.Source, where []string) string {
	texts := make([]string, len(sources))
	for i, s := range sources {
		texts[i] = fmt.Sprintf("%s (%s)", s.Name, where[i])
	}
	return strings.Join(texts, ", ")
}
