package host

// Manifests: what a program can compute, for another program that wants to send it work.

import (
	"encoding/json"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/config"
	"github.com/englacial/zagg/internal/job"
)

// A Manifest describes a program, so that another can check whether a configuration would run there.
type Manifest struct {
	Version string           `json:"zagg_version"`
	Go      string           `json:"go_version"`
	Arch    string           `json:"arch"` // GOARCH
	Modules []Module         `json:"modules,omitempty"`
	Plugins []PluginManifest `json:"plugins"`
	// Signs is true if a worker with this program gives signs of life when an event asks for them.
	Signs bool `json:"signs_of_life,omitempty"`
}

// A Module is one of the Go modules that a program was built from.
type Module struct {
	Path    string `json:"path"`
	Version string `json:"version,omitempty"`
	Sum     string `json:"sum,omitempty"`
}

// A PluginManifest lists what a plugin offers.
type PluginManifest struct {
	Name       string  `json:"name"`
	Version    string  `json:"version"`
	Digest     string  `json:"digest,omitempty"` // of its module, as go.sum has it
	Grids      []Offer `json:"grids,omitempty"`
	Readers    []Offer `json:"readers,omitempty"`
	Statistics []Offer `json:"statistics,omitempty"`
}

// An Offer is one grid, reader or statistic.
type Offer struct {
	Name   string          `json:"name"`
	Doc    string          `json:"doc,omitempty"`
	Schema json.RawMessage `json:"schema,omitempty"`
}

// Manifest describes this program.
func (h *Host) Manifest() *Manifest {
	m := &Manifest{Version: Version, Go: runtime.Version(), Arch: runtime.GOARCH, Plugins: []PluginManifest{}, Signs: true}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, d := range info.Deps {
			if d.Replace != nil {
				d = d.Replace
			}
			m.Modules = append(m.Modules, Module{Path: d.Path, Version: d.Version, Sum: d.Sum})
		}
	}
	for i, p := range h.plugins {
		digest := h.sources[i].ID.Digest
		if strings.HasPrefix(digest, "program:") { // which says nothing to another program
			digest = ""
		}
		one := ManifestOf(p)
		one.Digest = digest
		m.Plugins = append(m.Plugins, one)
	}
	return m
}

// ManifestOf lists what a plugin offers.
func ManifestOf(p core.Plugin) PluginManifest {
	return PluginManifest{Name: p.Name, Version: p.Version, Grids: offers(p.Grids), Readers: offers(p.Readers), Statistics: offers(p.Statistics)}
}

func offers[T any](makers []core.Maker[T]) []Offer {
	list := make([]Offer, len(makers))
	for i, m := range makers {
		list[i] = Offer{Name: m.Name, Doc: m.Doc, Schema: m.Schema}
	}
	return list
}

// Check returns an error if the program called name lacks something that a configuration needs: "function process-shard has no
// statistic tdigest". Different versions of plugins in the manifest mine are an error too, because results may differ; mine
// may be nil.
func (m *Manifest) Check(name string, cfg *config.Config, mine *Manifest) error {
	have := map[string]string{} // plugin by kind and name
	for _, p := range m.Plugins {
		for kind, list := range map[string][]Offer{"grid": p.Grids, "reader": p.Readers, "statistic": p.Statistics} {
			for _, o := range list {
				have[kind+" "+o.Name] = p.Name
				for _, l := range cfg.Plugins {
					if l.Name == p.Name && l.As != "" {
						have[kind+" "+l.As], have[kind+" "+l.As+"."+o.Name] = p.Name, p.Name
					}
				}
			}
		}
	}
	var lacks []string
	used := map[string]bool{}
	for kind, needed := range NeedsOf(cfg).all() {
		want := kind + " " + needed
		plugin, ok := have[want]
		if !ok {
			lacks = append(lacks, want)
		}
		used[plugin] = true
	}
	if len(lacks) > 0 {
		return core.Errorf(core.NotFound, "", "", "function %s has no %s: deploy a bundle that has it", name, strings.Join(lacks, ", no "))
	}
	if mine == nil {
		return nil
	}
	for _, p := range mine.Plugins {
		i := slices.IndexFunc(m.Plugins, func(q PluginManifest) bool { return q.Name == p.Name })
		if i >= 0 && used[p.Name] && m.Plugins[i].Version != p.Version {
			return core.Errorf(core.Invalid, "", "", "function %s has plugin %s %s and this program has %s: deploy the same", name, p.Name, m.Plugins[i].Version, p.Version)
		}
	}
	return nil
}

// CheckPlugins compares the external plugins that a run was planned with to those of the program called name.
func (m *Manifest) CheckPlugins(name string, planned []job.Plugin) error {
	for _, p := range job.ForeignPlugins(planned) {
		i := slices.IndexFunc(m.Plugins, func(q PluginManifest) bool { return q.Name == p.Name })
		if i < 0 {
			return core.Errorf(core.NotFound, "", "", "function %s has no plugin %s: deploy a bundle that has it", name, p.Name)
		}
		have := job.Plugin{Name: m.Plugins[i].Name, Version: m.Plugins[i].Version, Digest: m.Plugins[i].Digest}
		if !p.Same(have) {
			return core.Errorf(core.Invalid, "", "", "function %s has plugin %s and the run was planned with %s: deploy the same", name, have, p)
		}
	}
	return nil
}
