package host

// The names that a configuration needs plugins for.

import (
	"iter"
	"slices"
	"strings"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/config"
)

// Needs are names that plugins must offer.
type Needs struct{ Grids, Readers, Statistics []string }

// NeedsOf returns the grid, the reader and the statistics of a configuration, each once. A variable with an expression needs no
// statistic.
func NeedsOf(cfg *config.Config) Needs {
	n := Needs{Grids: []string{cfg.Output.Grid.Type}, Readers: []string{cfg.DataSource.Reader}}
	for _, a := range slices.Concat(cfg.Aggregation.ChunkValues, cfg.Aggregation.Arrays) {
		if name := bareName(a.Function); a.Expression == "" && !slices.Contains(n.Statistics, name) {
			n.Statistics = append(n.Statistics, name)
		}
	}
	return n
}

// Missing returns the names in n that none of the plugins offers.
func (n Needs) Missing(plugins ...core.Plugin) Needs {
	m := Needs{Grids: slices.Clone(n.Grids), Readers: slices.Clone(n.Readers), Statistics: slices.Clone(n.Statistics)}
	for _, p := range plugins {
		m.Grids, m.Readers, m.Statistics = without(m.Grids, p.Grids), without(m.Readers, p.Readers), without(m.Statistics, p.Statistics)
	}
	return m
}

// without removes the names that some makers have.
func without[T any](names []string, makers []core.Maker[T]) []string {
	return slices.DeleteFunc(names, func(n string) bool {
		return slices.ContainsFunc(makers, func(m core.Maker[T]) bool { return m.Name == n })
	})
}

// Count is the number of names.
func (n Needs) Count() int { return len(n.Grids) + len(n.Readers) + len(n.Statistics) }

// String lists the names: "grid hexes, statistic spread".
func (n Needs) String() string {
	var texts []string
	for kind, name := range n.all() {
		texts = append(texts, kind+" "+name)
	}
	return strings.Join(texts, ", ")
}

// all yields each name with what it is a name of: grid, reader or statistic.
func (n Needs) all() iter.Seq2[string, string] {
	return func(yield func(kind, name string) bool) {
		for _, l := range []struct {
			kind  string
			names []string
		}{{"grid", n.Grids}, {"reader", n.Readers}, {"statistic", n.Statistics}} {
			for _, name := range l.names {
				if !yield(l.kind, name) {
					return
				}
			}
		}
	}
}
