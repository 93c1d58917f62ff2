package plugins

import (
	"context"
	"os"
	"slices"
	"strings"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/host"
	"github.com/englacial/zagg/host/remote"
	"github.com/englacial/zagg/internal/config"
	"github.com/englacial/zagg/internal/run"
)

// Info is what listings say of a plugin.
type Info struct {
	Name       string       `json:"name"`
	Version    string       `json:"version"`
	Command    []string     `json:"command,omitempty"` // none: linked in
	SHA256     string       `json:"sha256,omitempty"`  // of its code (package plugindigest)
	Grids      []host.Offer `json:"grids,omitempty"`
	Readers    []host.Offer `json:"readers,omitempty"`
	Statistics []host.Offer `json:"statistics,omitempty"`
}

func infoOf(p core.Plugin, command []string, digest string) Info {
	m := host.ManifestOf(p)
	return Info{Name: m.Name, Version: m.Version, Command: command, SHA256: digest, Grids: m.Grids, Readers: m.Readers, Statistics: m.Statistics}
}

// Place is where a plugin is.
func (p *Info) Place() string {
	if len(p.Command) == 0 {
		return "linked in"
	}
	return strings.Join(p.Command, " ")
}

// A Kind is the offers of one kind: "grid", "reader", "statistic".
type Kind struct {
	Name   string
	Offers []host.Offer
}

// Kinds are the offers by their kinds.
func (p *Info) Kinds() []Kind {
	return []Kind{{"grid", p.Grids}, {"reader", p.Readers}, {"statistic", p.Statistics}}
}

// All are the plugins linked in, those a configuration lists, and those in the usual places. Errors are of executables
// that could not be started.
func (s *Set) All(ctx context.Context, listed []config.Plugin) (infos []Info, failures []error, err error) {
	for _, p := range s.linked.Plugins() {
		infos = append(infos, infoOf(p, nil, ""))
	}
	take := func(p *remote.Plugin, err error) {
		if err != nil {
			failures = append(failures, err)
			return
		}
		infos = append(infos, infoOf(p.Core(), p.Command(), p.Digest()))
	}
	known := map[string]bool{}
	for _, l := range listed {
		take(s.listed(ctx, l))
		known[l.Name] = true
	}
	for _, c := range remote.Discover(s.getenv) {
		if !known[c.Name] {
			take(s.Open(ctx, remote.Options{Name: c.Name, Command: []string{c.Path}}))
		}
	}
	return infos, failures, ctx.Err()
}

// Conflicts are pairs of plugins that offer the same names.
func Conflicts(infos []Info) []error {
	first := map[string]int{}
	shared := map[[2]int][]string{}
	var pairs [][2]int
	for i := range infos {
		for _, k := range infos[i].Kinds() {
			for _, o := range k.Offers {
				name := k.Name + " " + o.Name
				f, taken := first[name]
				if !taken {
					first[name] = i
					continue
				}
				pair := [2]int{f, i}
				if shared[pair] == nil {
					pairs = append(pairs, pair)
				}
				shared[pair] = append(shared[pair], name)
			}
		}
	}
	var out []error
	for _, pair := range pairs {
		p, q := &infos[pair[0]], &infos[pair[1]]
		out = append(out, core.Errorf(core.Invalid, "", "", "plugins %s (%s) and %s (%s) both offer %s: a run that needs both is refused", p.Name, p.Place(), q.Name, q.Place(), run.Abbreviate(shared[pair])))
	}
	return out
}

// isExecutable reports that arguments are a command and not the name of a plugin.
func isExecutable(args []string) bool {
	if len(args) > 1 || strings.ContainsRune(args[0], os.PathSeparator) {
		return true
	}
	info, err := os.Stat(args[0])
	return err == nil && info.Mode().IsRegular()
}

// Named are the plugins that a name or a command means. The failures are those of All.
func (s *Set) Named(ctx context.Context, args []string) (found []Info, failures []error, err error) {
	if isExecutable(args) {
		p, err := s.Open(ctx, remote.Options{Command: inFolder(args)})
		if err != nil {
			return nil, nil, err
		}
		info := infoOf(p.Core(), p.Command(), p.Digest())
		return []Info{info}, nil, nil
	}
	infos, failures, err := s.All(ctx, nil)
	if err != nil {
		return nil, nil, err
	}
	var names []string
	for _, p := range infos {
		match := p.Name == args[0]
		names = append(names, p.Name)
		for _, k := range p.Kinds() {
			match = match || slices.ContainsFunc(k.Offers, func(o host.Offer) bool { return o.Name == args[0] })
		}
		if match {
			found = append(found, p)
		}
	}
	if len(found) == 0 {
		return nil, failures, core.Errorf(core.NotFound, "plugins", args[0], "no plugin of this name, and none that offers it; plugins are %s", strings.Join(names, ", "))
	}
	return found, nil, nil
}

// inFolder makes a file of the working folder a path, which a bare name is not.
func inFolder(args []string) []string {
	if info, err := os.Stat(args[0]); err == nil && info.Mode().IsRegular() && !strings.ContainsRune(args[0], os.PathSeparator) {
		return append([]string{"." + string(os.PathSeparator) + args[0]}, args[1:]...)
	}
	return args
}
