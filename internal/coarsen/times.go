package coarsen

import (
	"context"
	"slices"
	"strings"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/plan"
	"github.com/englacial/zagg/internal/store"
	"github.com/englacial/zagg/internal/zarr"
)

// An atTime is what a store has in one of its windows; where it has no windows, all of it.
type atTime struct {
	place   []int64 // along the store's windows; empty where there are none
	group   *zarr.Group
	records []*store.Record // with objects
	joined  cells           // of the order of shards, for coarser levels
}

// divide takes the store's records apart by its windows.
func (m *making) divide() {
	for _, r := range m.Store.Records {
		if len(r.Missing) > 0 {
			m.res.Partial = append(m.res.Partial, r.Label)
		}
	}
	axis := m.Store.Made.Windows
	if axis == nil {
		m.times = []atTime{{group: m.Store.Group, records: withObjects(m.Store.Records, "")}}
		return
	}
	for i, w := range axis.Windows() {
		m.times = append(m.times, atTime{place: []int64{int64(i)}, group: m.Store.Group.Fixed(store.TimeName, int64(i)), records: withObjects(m.Store.Records, plan.WindowLabel("", w.Label))})
	}
}

// withObjects are the records of shards with data whose labels end so.
func withObjects(all []*store.Record, end string) []*store.Record {
	var some []*store.Record
	for _, r := range all {
		if len(r.Objects) > 0 && strings.HasSuffix(r.Label, end) {
			some = append(some, r)
		}
	}
	return some
}

// shardKeys are the shards that the new groups are of: those with data, and of a store with windows all that have a record in any of them, so
// that who looks at one window knows them without the records of the others.
func (m *making) shardKeys() []core.ShardKey {
	var keys []core.ShardKey
	for _, r := range m.Store.Records {
		if len(r.Objects) > 0 || m.Store.Made.Windows != nil {
			keys = append(keys, r.ShardKey)
		}
	}
	slices.SortFunc(keys, core.CompareKeys)
	return slices.Compact(keys)
}

// A pile is cells of one time that are to be written, each in its spot.
type pile struct {
	at    *atTime
	cells cells
	where []spot
}

// add puts cells of a time on its pile.
func (l *level) add(at *atTime, c *cells, where []spot) {
	if n := len(l.pending); n == 0 || l.pending[n-1].at != at {
		l.pending = append(l.pending, pile{at: at})
	}
	p := &l.pending[len(l.pending)-1]
	p.cells.add(c)
	p.where = append(p.where, where...)
}

// shardKeys are those of the level's cells and, of a store with windows, those in which shards without data lie.
func (l *level) shardKeys(ctx context.Context, m *making) ([]core.ShardKey, error) {
	var keys []core.ShardKey
	for _, p := range l.pending {
		for _, s := range p.where {
			if !slices.Contains(keys, s.key) {
				keys = append(keys, s.key)
			}
		}
	}
	if m.Store.Made.Windows == nil {
		return keys, nil
	}
	var lon, lat []float64
	for _, k := range m.shardKeys() {
		centres, err := m.grid.Cells(ctx, k)
		if err != nil {
			return nil, err
		}
		lon, lat = append(lon, core.View[float64](centres[0].Data)[0]), append(lat, core.View[float64](centres[1].Data)[0])
	}
	in, err := spots(ctx, l.recipe.Grid, lon, lat)
	if err != nil {
		return nil, err
	}
	for _, s := range in {
		if !slices.Contains(keys, s.key) {
			keys = append(keys, s.key)
		}
	}
	return keys, nil
}
