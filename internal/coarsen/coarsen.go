// Package coarsen adds coarser groups to a store, computed from its own cells. It folds statistics that can be computed from their
// results on parts, and names and leaves out the others.
//
// Cells down to the order of shards are folded from the finest cells in one step, coarser ones from those of the order of shards in
// one step, so that a digest is merged at most twice.
package coarsen

import (
	"context"
	"slices"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/host"
	"github.com/englacial/zagg/internal/config"
	"github.com/englacial/zagg/internal/engine"
	"github.com/englacial/zagg/internal/plan"
	"github.com/englacial/zagg/internal/store"
	"github.com/englacial/zagg/internal/stored"
)

// A Job is coarser groups to make.
type Job struct {
	Store   *stored.Store // with its records
	Orders  []int         // of the cells
	Config  *config.Config
	Compile func(context.Context, *config.Config) (*host.Recipe, error)
	Shard   func(done, of int) // told after each shard; may be nil
}

// A Result is what was made.
type Result struct {
	Groups      []string `json:"groups"`      // the store's, the finest first
	Made        []Made   `json:"made"`        // the new ones
	Exact       []string `json:"exact"`       // variables whose values are those of the observations, by what their statistics say
	Approximate []string `json:"approximate"` // as of digests
	Left        []Left   `json:"left_out"`
	Partial     []string `json:"partial,omitempty"` // shards that lack granules
	Notes       []string `json:"notes,omitempty"`
	Source      string   `json:"source_records"` // hash of the records of which the groups were made

	url string // of the store
}

// Made is one group.
type Made struct {
	Group string `json:"group"`
	Cells int    `json:"cells"` // with data
}

// Left is a variable that cannot be folded.
type Left struct {
	Name string `json:"name"`
	Why  string `json:"why"`
}

// Run makes the groups. Until it has ended the store has none of them.
func (j *Job) Run(ctx context.Context) (*Result, error) {
	m := &making{Job: j, res: &Result{url: j.Store.URL, Exact: []string{}, Approximate: []string{}, Left: []Left{}}}
	if err := m.prepare(ctx); err != nil {
		return nil, err
	}
	if err := m.begin(ctx); err != nil {
		return nil, err
	}
	all, done := 0, 0
	for i := range m.times {
		all += len(m.times[i].records)
	}
	for i := range m.times {
		m.now = &m.times[i]
		for _, r := range m.now.records {
			if err := m.shard(ctx, r); err != nil {
				return nil, core.Wrap(err, "coarsen", r.Label)
			}
			if done++; j.Shard != nil {
				j.Shard(done, all)
			}
		}
	}
	return m.end(ctx)
}

// A making is a Job under way.
type making struct {
	*Job
	res     *Result
	grid    core.Grid
	frame   core.Frame
	vars    []variable
	folders []core.Folder
	shards  settings
	levels  []*level
	times   []atTime
	now     *atTime // of times
	coarser bool    // there are levels coarser than shards
}

// A variable is one that can be folded.
type variable struct {
	array  config.Array
	fields []core.Field
	count  int // of the variables, one that counts where this one has values; -1: none does
}

// A level is one group to make.
type level struct {
	order   int
	recipe  *host.Recipe
	tmpl    *host.Template
	plan    *plan.Plan
	rank    map[core.ShardKey]int
	direct  bool // it has the shards of the store: each is written at once
	pending []pile
	made    int
}

// begin lays out the levels whose shards are known.
func (m *making) begin(ctx context.Context) error {
	m.divide()
	keys := m.shardKeys()
	if !slices.ContainsFunc(m.times, func(t atTime) bool { return len(t.records) > 0 }) {
		return core.Errorf(core.NotFound, "coarsen", m.Store.URL, "no shard of the store has data")
	}
	for _, l := range m.levels {
		if !l.direct {
			continue
		}
		if err := l.layOut(ctx, m, keys); err != nil {
			return err
		}
	}
	return nil
}

// layOut makes the group of a level for some shards, without its own document.
func (l *level) layOut(ctx context.Context, m *making, keys []core.ShardKey) error {
	var err error
	if l.plan, err = plan.Make(ctx, l.recipe.Grid, keys, make([][]core.Granule, len(keys))); err != nil {
		return err
	}
	l.plan.Time = m.Store.Made.Windows
	if l.tmpl, err = l.recipe.Template(l.plan); err != nil {
		return err
	}
	l.rank = map[core.ShardKey]int{}
	for i := range l.plan.Shards {
		l.rank[l.plan.Shards[i].Key] = i
	}
	return l.tmpl.Store.BeginLevel(ctx, m.Store.Objects, m.Store.URL, l.plan)
}

// shard folds one shard of the store.
func (m *making) shard(ctx context.Context, r *store.Record) error {
	c, err := m.read(ctx, r)
	if err != nil || len(c.lon) == 0 {
		return err
	}
	for _, l := range m.levels {
		if l.order < m.shards.parent {
			continue
		}
		in, err := spots(ctx, l.recipe.Grid, c.lon, c.lat)
		if err != nil {
			return err
		}
		folded, where, err := c.fold(ctx, m.folders, in)
		if err != nil {
			return err
		}
		l.made += len(where)
		if l.direct {
			err = l.write(ctx, m, &pile{m.now, *folded, where})
		} else {
			l.add(m.now, folded, where)
		}
		if err != nil {
			return err
		}
	}
	if !m.coarser {
		return nil
	}
	in := make([]spot, len(c.lon)) // all in one
	folded, _, err := c.fold(ctx, m.folders, in)
	if err != nil {
		return err
	}
	m.now.joined.add(folded)
	return nil
}

// end writes the levels whose shards hold cells of several of the store's, and links all groups.
func (m *making) end(ctx context.Context) (*Result, error) {
	for _, l := range m.levels {
		if l.direct {
			continue
		}
		if l.order < m.shards.parent {
			if err := l.join(ctx, m); err != nil {
				return nil, err
			}
		}
		keys, err := l.shardKeys(ctx, m)
		if err != nil {
			return nil, err
		}
		if err := l.layOut(ctx, m, keys); err != nil {
			return nil, err
		}
		for i := range l.pending {
			if err := l.write(ctx, m, &l.pending[i]); err != nil {
				return nil, err
			}
		}
	}
	return m.link(ctx)
}

// join folds the cells of the order of shards.
func (l *level) join(ctx context.Context, m *making) error {
	for i := range m.times {
		at := &m.times[i]
		if len(at.joined.lon) == 0 {
			continue
		}
		in, err := spots(ctx, l.recipe.Grid, at.joined.lon, at.joined.lat)
		if err != nil {
			return err
		}
		folded, where, err := at.joined.fold(ctx, m.folders, in)
		if err != nil {
			return err
		}
		l.made += len(where)
		l.add(at, folded, where)
	}
	return nil
}

// link writes the documents of the groups.
func (m *making) link(ctx context.Context) (*Result, error) {
	m.res.Source = m.Store.RecordsHash()
	var made []*store.Template
	for _, l := range m.levels {
		made = append(made, l.tmpl.Store)
		m.res.Made = append(m.res.Made, Made{l.tmpl.Store.Group(), l.made})
	}
	var err error
	m.res.Groups, err = store.EndLevels(ctx, m.Store.Objects, m.Store.URL, made, m.res.Source)
	return m.res, err
}

// write writes cells of a level, which are in the order of its shards and slots where they come from one shard of the store.
func (l *level) write(ctx context.Context, m *making, p *pile) error {
	where := p.where
	byShard := map[core.ShardKey][]int32{}
	for i, s := range where {
		byShard[s.key] = append(byShard[s.key], int32(i))
	}
	for i := range l.plan.Shards {
		shard := &l.plan.Shards[i]
		mine := byShard[shard.Key]
		if len(mine) == 0 {
			continue
		}
		slot := make([]int32, len(where)) // of cells in the shard, -1: elsewhere
		for k := range slot {
			slot[k] = -1
		}
		for _, k := range mine {
			slot[k] = where[k].slot
		}
		var outs []engine.Output
		for k, v := range l.tmpl.Variables() {
			outs = append(outs, outputs(&p.cells.vars[k], v, slot)...)
		}
		place := shard.Block
		if l.tmpl.Store.Compact {
			place = []int64{int64(l.rank[shard.Key])}
		}
		place = append(slices.Clone(p.at.place), place...)
		if err := l.tmpl.Put(ctx, m.Store.Objects, m.Store.URL, shard.Shard, place, outs); err != nil {
			return err
		}
	}
	return nil
}

// outputs are the arrays of a variable in the cells that have a slot.
func outputs(v *values, of engine.Variable, slot []int32) []engine.Output {
	var rows []int32
	for i, at := range v.at {
		if slot[at] >= 0 {
			rows = append(rows, int32(i))
		}
	}
	slices.SortFunc(rows, func(a, b int32) int { return int(slot[v.at[a]]) - int(slot[v.at[b]]) })
	out := make([]engine.Output, len(of.Arrays))
	for k, a := range of.Arrays {
		out[k].Array = a
		if len(rows) == 0 {
			continue
		}
		out[k].Column = pick(&v.cols[k], rows)
		for _, r := range rows {
			out[k].Slots = append(out[k].Slots, slot[v.at[r]])
		}
	}
	return out
}
