package view

import (
	"context"
	"math"
	"slices"
	"sync"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/job"
	"github.com/englacial/zagg/internal/store"
	"github.com/englacial/zagg/internal/zarr"
)

// A level is one group of the store.
type level struct {
	group *zarr.Group
	grid  core.Grid
	frame core.Frame
	plan  string // hash of its arrangement of shards
	whole bool   // its arrays have room for every shard of the grid

	mu      sync.Mutex
	version int // of the scene that shards were made of
	shards  []*shard
	cellKM  float64
}

// openLevels opens all groups of the store. A coarser one that cannot be opened is none.
func (s *scene) openLevels(ctx context.Context) {
	s.levels = []*level{{group: s.store.Group, grid: s.grid, frame: s.grid.Info().Frame}}
	for _, name := range s.store.CoarserNames() {
		if l := s.openLevel(ctx, name); l != nil {
			s.levels = append(s.levels, l)
		}
	}
}

func (s *scene) openLevel(ctx context.Context, name string) *level {
	group, err := s.store.Coarser(ctx, name)
	if err != nil {
		return nil
	}
	made, err := store.OriginOf(group.Attrs)
	if err != nil || made.Grid == "" {
		return nil
	}
	grid, err := s.o.Grid(ctx, made.Grid, made.GridConfig)
	if err != nil {
		return nil
	}
	return &level{group: group, grid: grid, frame: grid.Info().Frame, plan: made.Plan, whole: made.Layout != "compact"}
}

// shardsOf is the shards of a level with data, as they are known now; ok is false where a coarser level is of other shards than the
// store has now.
func (s *scene) shardsOf(ctx context.Context, l *level) (shards []*shard, ok bool) {
	s.mu.Lock()
	all, version, complete := s.shards, s.version, s.pending == 0
	s.mu.Unlock()
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.version != version || l.shards == nil {
		l.shards, l.version = nil, version
		with := slices.DeleteFunc(slices.Clone(all), func(t *shard) bool { return t.block == nil || t.state == string(job.Empty) || t.cells == 0 })
		switch {
		case l == s.levels[0]:
			l.shards = with
		case complete:
			l.shards = s.coarse(ctx, l, with)
		}
		l.measure()
	}
	return l.shards, l.shards != nil
}

// everThere is the shards with a record in any window: those that a coarser level of a store with windows was made of.
func (s *scene) everThere(ctx context.Context) ([]*shard, error) {
	s.mu.Lock()
	labels := s.ever
	s.mu.Unlock()
	var keys []core.ShardKey
	for _, l := range labels {
		keys = append(keys, core.ShardKey(l))
	}
	found, err := s.grid.Shards(ctx, keys)
	if err != nil {
		return nil, err
	}
	var all []*shard
	for i := range found {
		all = append(all, newShard(found[i]))
	}
	return all, nil
}

// coarse finds the shards of a coarser level: those that hold shards of the store. nil: the level was made of others.
func (s *scene) coarse(ctx context.Context, l *level, fine []*shard) []*shard {
	if s.window != "" {
		var err error
		if fine, err = s.everThere(ctx); err != nil {
			return nil
		}
	}
	var regions []core.Region
	for _, t := range fine {
		lon, lat := t.cap.Center.LonLat()
		regions = append(regions, core.Region{Polygons: []core.Polygon{{{{Lon: lon, Lat: lat}}}}})
	}
	covers, err := l.grid.Cover(ctx, regions)
	if err != nil {
		return nil
	}
	var keys []core.ShardKey
	for _, c := range covers {
		keys = append(keys, c...)
	}
	slices.SortFunc(keys, core.CompareKeys)
	keys = slices.Compact(keys)
	if !l.whole && job.PlanHash("compact", keys) != l.plan {
		return nil
	}
	found, err := l.grid.Shards(ctx, keys)
	if err != nil {
		return nil
	}
	out := make([]*shard, len(found))
	for i := range found {
		out[i] = newShard(found[i])
		out[i].state, out[i].block = string(job.OK), found[i].Block
		if !l.whole {
			out[i].block = []int64{int64(i)}
		}
	}
	return out
}

// measure is the side of a square as large as a cell.
func (l *level) measure() {
	sum := 0.0
	for _, t := range l.shards {
		sum += t.AreaKM2
	}
	if len(l.shards) > 0 {
		l.cellKM = math.Sqrt(sum / float64(len(l.shards)) / float64(l.frame.Slots()))
	}
}

// choose is the level whose cells suit a map of so many pixels to a km: the coarsest with cells of at most two pixels, else the
// store's own.
func (s *scene) choose(ctx context.Context, v *variable, scale float64) int {
	for i := len(s.levels) - 1; i > 0; i-- {
		l := s.levels[i]
		if v.selected[i] == nil {
			continue
		}
		if _, ok := s.shardsOf(ctx, l); ok && l.cellKM > 0 && l.cellKM*scale <= 2 {
			return i
		}
	}
	return 0
}
