package host

// Whose code a run uses: versions and digests of plugins, which are in records so that results of other code are not
// mixed.

import (
	"cmp"
	"os"
	"reflect"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/config"
	"github.com/englacial/zagg/internal/job"
	"github.com/englacial/zagg/internal/plugindigest"
)

// A Source is a plugin with the identity of its code.
type Source struct {
	core.Plugin
	ID job.Plugin
	As string // what the configuration calls it; "": by its name
}

// NewOf is New for plugins with known identity.
func NewOf(sources ...Source) (*Host, error) {
	plugins := make([]core.Plugin, len(sources))
	for i, s := range sources {
		plugins[i] = Aliased(s.Plugin, s.As)
	}
	h, err := index(plugins)
	if err != nil {
		return nil, err
	}
	h.sources = slices.Clone(sources)
	return h, nil
}

// Sources lists the plugins in the order given.
func (h *Host) Sources() []Source { return slices.Clone(h.sources) }

// Aliased renames what a plugin offers to "as.NAME". A single one, or one with the plugin's own name, is also called "as".
func Aliased(p core.Plugin, as string) core.Plugin {
	if as == "" {
		return p
	}
	alone := len(p.Grids)+len(p.Readers)+len(p.Statistics) == 1
	p.Grids, p.Readers, p.Statistics = renamed(p.Grids, p.Name, as, alone), renamed(p.Readers, p.Name, as, alone), renamed(p.Statistics, p.Name, as, alone)
	return p
}

// renamed offers each maker under the alias, and under the alias alone where that is unambiguous.
func renamed[T any](makers []core.Maker[T], plugin, as string, alone bool) []core.Maker[T] {
	var out []core.Maker[T]
	for _, m := range makers {
		own := m.Name
		m.Name = as + "." + own
		out = append(out, m)
		if alone || own == plugin {
			m.Name = as
			out = append(out, m)
		}
	}
	return out
}

// forConfig is the host with the aliases of a configuration, for linked-in plugins that have been given none.
func (h *Host) forConfig(cfg *config.Config) (*Host, error) {
	sources := h.Sources()
	changed := false
	for _, l := range cfg.Plugins {
		i := slices.IndexFunc(sources, func(s Source) bool { return s.Name == l.Name && s.As == "" })
		given := slices.ContainsFunc(sources, func(s Source) bool { return s.Name == l.Name && s.As == l.As })
		if l.As != "" && !given && i >= 0 {
			sources[i].As, changed = l.As, true
		}
	}
	if !changed {
		return h, nil
	}
	return NewOf(sources...)
}

// used are the identities of the plugins that a configuration's names lead to, sorted by name.
func (h *Host) used(cfg *config.Config) []job.Plugin {
	var ids []job.Plugin
	for _, s := range h.usedSources(cfg) {
		ids = append(ids, s.ID)
	}
	sortPlugins(ids)
	return ids
}

// usedSources are the plugins that a configuration's names lead to, each once.
func (h *Host) usedSources(cfg *config.Config) []Source {
	var out []Source
	for kind, name := range NeedsOf(cfg).all() {
		i, ok := h.owner[kind+" "+name]
		if ok && !slices.ContainsFunc(out, func(s Source) bool { return s.ID == h.sources[i].ID }) {
			out = append(out, h.sources[i])
		}
	}
	return out
}

func sortPlugins(ids []job.Plugin) {
	slices.SortFunc(ids, func(a, b job.Plugin) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Version, b.Version), cmp.Compare(a.Digest, b.Digest))
	})
}

// Plugins returns the identities of the plugins that the recipe uses, ordered by name.
func (r *Recipe) Plugins() []job.Plugin { return slices.Clone(r.plugins) }

// Sources returns the plugins that the recipe uses.
func (r *Recipe) Sources() []Source { return slices.Clone(r.sources) }

// Hash is the configuration hash of a store, including external plugins: see job.WithPlugins.
func (r *Recipe) Hash() string { return job.WithPlugins(r.Config.SemanticHash(), r.plugins) }

// As returns the recipe for a job that was planned elsewhere with these plugins, which may be the same code in another form, such as
// a process there and linked in here. Code known to differ is an error that names both versions.
func (r *Recipe) As(planned []job.Plugin) (*Recipe, error) {
	for _, p := range job.ForeignPlugins(planned) {
		i := slices.IndexFunc(r.plugins, func(q job.Plugin) bool { return q.Name == p.Name })
		if i < 0 || !r.plugins[i].Same(p) {
			have := "none of that name"
			if i >= 0 {
				have = r.plugins[i].String()
			}
			return nil, core.Errorf(core.Invalid, "plugin", p.Name, "the job was planned with %s and here is %s: deploy the same", p, have)
		}
	}
	if len(planned) == 0 {
		return r, nil
	}
	out := *r
	out.plugins = slices.DeleteFunc(r.Plugins(), job.Plugin.Foreign)
	out.plugins = append(out.plugins, job.ForeignPlugins(planned)...)
	sortPlugins(out.plugins)
	return &out, nil
}

// zaggModule is this module, whose own plugins are told apart by zagg's version.
const zaggModule = "github.com/englacial/zagg"

// Linked returns the identity of a linked-in plugin. Its module is determined from the functions of its makers.
func Linked(p core.Plugin) job.Plugin {
	id := job.Plugin{Name: p.Name, Version: p.Version}
	var functions []string
	functions = append(functions, makersOf(p.Grids)...)
	functions = append(functions, makersOf(p.Readers)...)
	functions = append(functions, makersOf(p.Statistics)...)
	for _, f := range functions {
		if f != "" && !within(f, zaggModule) {
			id.Digest = moduleDigest(f)
			break
		}
	}
	return id
}

// makersOf are the full names of the functions of makers, which begin with the path of their module.
func makersOf[T any](makers []core.Maker[T]) []string {
	var names []string
	for _, m := range makers {
		if m.New == nil {
			continue
		}
		if f := runtime.FuncForPC(reflect.ValueOf(m.New).Pointer()); f != nil {
			names = append(names, f.Name())
		}
	}
	return names
}

func within(function, module string) bool {
	rest, ok := strings.CutPrefix(function, module)
	return ok && (strings.HasPrefix(rest, "/") || strings.HasPrefix(rest, "."))
}

// moduleDigest is the sum in go.sum of the module that has a function, or the program's digest if it has none, as
// with a module that is replaced by a folder.
func moduleDigest(function string) string {
	info, ok := debug.ReadBuildInfo()
	longest, sum := 0, ""
	if ok {
		if strings.HasPrefix(function, "main.") && info.Main.Path == zaggModule {
			return ""
		}
		for _, d := range info.Deps {
			if within(function, d.Path) && len(d.Path) > longest {
				longest, sum = len(d.Path), d.Sum
				if d.Replace != nil {
					sum = d.Replace.Sum
				}
			}
		}
	}
	if sum != "" {
		return sum
	}
	return programDigest()
}

// programDigest is the digest of this program.
func programDigest() string {
	path, err := os.Executable()
	if err == nil {
		if code, err := plugindigest.Of([]string{path}); err == nil {
			return "program:" + code.Digest
		}
	}
	return "program:unknown"
}
