// Package host manages the plugins of a program, makes the grid, reader and statistics that a run's configuration names, and
// creates and processes the jobs of a run. It treats linked-in plugins and plugin processes alike.
package host

import (
	"context"
	"slices"
	"strings"

	"github.com/englacial/zagg/core"
)

// A Host is the set of plugins of one program. It is immutable and safe for concurrent use.
type Host struct {
	sources []Source
	plugins []core.Plugin
	owner   map[string]int // place in sources of what offers a name, by kind and name
	grids   map[string]core.Maker[core.Grid]
	readers map[string]core.Maker[core.ProductReader]
	stats   map[string]core.Maker[core.Statistic]
}

// New returns a Host with linked-in plugins. Two plugins that offer the same name are Invalid.
func New(plugins ...core.Plugin) (*Host, error) {
	sources := make([]Source, len(plugins))
	for i, p := range plugins {
		sources[i] = Source{Plugin: p, ID: Linked(p)}
	}
	return NewOf(sources...)
}

// index checks that each name is offered once, and remembers by whom.
func index(plugins []core.Plugin) (*Host, error) {
	h := &Host{
		plugins: plugins,
		owner:   map[string]int{},
		grids:   map[string]core.Maker[core.Grid]{},
		readers: map[string]core.Maker[core.ProductReader]{},
		stats:   map[string]core.Maker[core.Statistic]{},
	}
	for i := range plugins {
		p := &plugins[i]
		if err := add(h, h.grids, "grid", i, p.Grids); err != nil {
			return nil, err
		}
		if err := add(h, h.readers, "reader", i, p.Readers); err != nil {
			return nil, err
		}
		if err := add(h, h.stats, "statistic", i, p.Statistics); err != nil {
			return nil, err
		}
	}
	return h, nil
}

func add[T any](h *Host, to map[string]core.Maker[T], kind string, plugin int, makers []core.Maker[T]) error {
	for _, m := range makers {
		if first, taken := h.owner[kind+" "+m.Name]; taken {
			return core.Errorf(core.Invalid, "load plugins", h.plugins[plugin].Name, "%s %q is also offered by plugin %s: leave one out", kind, m.Name, h.plugins[first].Name)
		}
		h.owner[kind+" "+m.Name] = plugin
		to[m.Name] = m
	}
	return nil
}

// Plugins lists the plugins in the order given.
func (h *Host) Plugins() []core.Plugin { return slices.Clone(h.plugins) }

// Grid makes the grid with this name from config; NotFound if no plugin offers it.
func (h *Host) Grid(ctx context.Context, name string, config core.Config) (core.Grid, error) {
	return makeOne(ctx, h.grids, "grid", name, config)
}

// Reader makes the product reader with this name from config; NotFound if no plugin offers it.
func (h *Host) Reader(ctx context.Context, name string, config core.Config) (core.ProductReader, error) {
	return makeOne(ctx, h.readers, "reader", name, config)
}

// Statistic makes the statistic with this name from config; a prefix "np." or "numpy." is ignored. NotFound if no plugin offers it.
func (h *Host) Statistic(ctx context.Context, name string, config core.Config) (core.Statistic, error) {
	return makeOne(ctx, h.stats, "statistic", bareName(name), config)
}

// bareName is a statistic's name without the prefix by which configurations of earlier releases marked numpy's.
func bareName(name string) string {
	name = strings.TrimPrefix(name, "numpy.")
	return strings.TrimPrefix(name, "np.")
}

func makeOne[T any](ctx context.Context, makers map[string]core.Maker[T], kind, name string, config core.Config) (T, error) {
	m, ok := makers[name]
	if !ok {
		var none T
		names := make([]string, 0, len(makers))
		for n := range makers {
			names = append(names, n)
		}
		slices.Sort(names)
		return none, core.Errorf(core.NotFound, "", "", "no %s %s in this binary; have %v", kind, name, names)
	}
	return m.New(ctx, config)
}
