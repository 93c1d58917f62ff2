package view

import (
	"cmp"
	"context"
	"encoding/json"
	"math"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/sphere"
	"github.com/englacial/zagg/internal/plot"
	"github.com/englacial/zagg/internal/stored"
)

// Options are how a store is shown.
type Options struct {
	// Grid makes a grid by its name and settings.
	Grid func(ctx context.Context, name string, config core.Config) (core.Grid, error)
	// Variables are shown before the others: names, or selections as h_q[1] and h_tdigest@q97.5.
	Variables []string
	Time      string        // window to begin with, of a store with windows of time (stored.Store.AtTime); "": the latest with a shard that is done
	Planned   []Planned     // shards that a run shall compute, if that is known
	Memory    int64         // bytes of what is kept; 0: 512 MiB
	Patience  time.Duration // how long a tile waits for shards; 0: 150 ms

	cache *cache
}

// A Planned is a shard of a shard map.
type Planned struct {
	Key      core.ShardKey
	Granules int
}

const (
	defaultMemory   = 512 << 20
	defaultPatience = 150 * time.Millisecond
)

// A scene is a store as it is shown. It is safe for concurrent use.
type scene struct {
	o         Options
	title     string
	window    string        // that is shown; "": the store has no windows
	windows   []string      // among which can be chosen
	store     *stored.Store // nil: a shard map alone
	grid      core.Grid
	levels    []*level // of the store, the finest first
	variables []*variable
	cache     *cache
	planes    map[string]plot.Plane
	painting  chan struct{} // bounds the tiles that are painted at once

	reading sync.Mutex // one look at the records at a time
	mu      sync.Mutex
	shards  []*shard // in the order of labels
	version int      // grows whenever shards changes
	looked  time.Time
	pending int // records that are known of and not yet read
	fault   error
	ever    []string      // labels of shards with a record in any window; none where there are no windows
	settled chan struct{} // closed when the records have been read for the first time
	once    sync.Once
}

// A shard is what is known of one.
type shard struct {
	core.Shard
	cap     sphere.Cap
	state   string // "planned", or the record's status
	block   []int64
	changed string // tells versions of its record apart
	granules, cells, observations,
	seconds float64 // NaN: not known
}

// open opens a store to be shown, at one of its windows.
func open(ctx context.Context, address string, o Options) (*scene, error) {
	s, err := stored.OpenGroup(ctx, address)
	if err == nil {
		err = s.AtTime(o.Time)
	}
	if err != nil {
		return nil, err
	}
	grid, err := o.Grid(ctx, s.Made.Grid, s.Made.GridConfig)
	if err != nil {
		return nil, err
	}
	scene := newScene(grid, o)
	scene.store, scene.title, scene.window = s, s.Title(), s.Window()
	scene.openLevels(ctx)
	if err := scene.findVariables(ctx); err != nil {
		return nil, err
	}
	return scene, scene.plan(ctx)
}

// openMap shows a shard map.
func openMap(ctx context.Context, title string, grid core.Grid, o Options) (*scene, error) {
	scene := newScene(grid, o)
	scene.title, scene.variables = title, []*variable{{text: "granules", title: "granules of each shard", shard: func(s *shard) float64 { return s.granules }}}
	scene.once.Do(func() { close(scene.settled) })
	return scene, scene.plan(ctx)
}

// memoryOf is what may be kept.
func memoryOf(o Options) int64 { return cmp.Or(o.Memory, defaultMemory) }

func newScene(grid core.Grid, o Options) *scene {
	if o.Patience == 0 {
		o.Patience = defaultPatience
	}
	s := &scene{o: o, grid: grid, cache: o.cache, planes: map[string]plot.Plane{}, painting: make(chan struct{}, runtime.NumCPU()), settled: make(chan struct{})}
	for _, name := range plot.PlaneNames() {
		s.planes[name], _ = plot.PlaneOf(name) // the names are its own
	}
	return s
}

// plan notes the shards that are planned.
func (s *scene) plan(ctx context.Context) error {
	var keys []core.ShardKey
	for _, p := range s.o.Planned {
		keys = append(keys, p.Key)
	}
	shards, err := s.grid.Shards(ctx, keys)
	if err != nil {
		return err
	}
	for i := range shards {
		t := newShard(shards[i])
		t.granules = float64(s.o.Planned[i].Granules)
		s.shards = append(s.shards, t)
	}
	sortShards(s.shards)
	return nil
}

func newShard(c core.Shard) *shard {
	nan := math.NaN()
	return &shard{Shard: c, cap: capOf(&c.Outline), state: "planned", granules: nan, cells: nan, observations: nan, seconds: nan}
}

func sortShards(shards []*shard) {
	slices.SortFunc(shards, func(a, b *shard) int { return core.CompareKeys(core.ShardKey(a.Label), core.ShardKey(b.Label)) })
}

// capOf is a cap around a region, with some room for edges that bulge.
func capOf(r *core.Region) sphere.Cap {
	var points []sphere.Vec
	for _, p := range r.Polygons {
		for _, ring := range p {
			for _, v := range ring {
				points = append(points, sphere.FromLonLat(v.Lon, v.Lat))
			}
		}
	}
	c := sphere.CapAround(points...)
	return c.Grow(0.1*c.Radius + r.Margin/6.3e6 + 0.004) // and of latitudes that are not those of a sphere
}

// all is the shards as they are known now.
func (s *scene) all() []*shard {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.shards
}

// A variable is what can be chosen to be seen.
type variable struct {
	text, title, units string
	shard              func(*shard) float64 // of a variable with a value for each shard
	selected           []*stored.Selection  // by level; nil where a level has it not
}

func (s *scene) findVariables(ctx context.Context) error {
	finest := s.levels[0]
	for _, text := range s.o.Variables {
		one, err := stored.Select(ctx, finest.group, &finest.frame, text)
		if err != nil {
			return err
		}
		s.add(ctx, one)
	}
	for _, one := range stored.Selections(ctx, finest.group, &finest.frame) {
		s.add(ctx, one)
	}
	if len(s.variables) == 0 {
		return core.Errorf(core.NotFound, "view", s.store.URL, "the store has no variable with a value for each cell")
	}
	of := func(text, title string, value func(*shard) float64) {
		s.variables = append(s.variables, &variable{text: text, title: title, shard: value})
	}
	of("shards: granules", "granules of each shard", func(t *shard) float64 { return t.granules })
	of("shards: cells", "cells with data of each shard", func(t *shard) float64 { return t.cells })
	of("shards: observations", "observations of each shard", func(t *shard) float64 { return t.observations })
	of("shards: seconds", "seconds to compute each shard", func(t *shard) float64 { return t.seconds })
	return nil
}

// add lists a variable of cells, once.
func (s *scene) add(ctx context.Context, one *stored.Selection) {
	if slices.ContainsFunc(s.variables, func(v *variable) bool { return v.text == one.Text }) {
		return
	}
	var attrs struct {
		Title any `json:"long_name"`
		Units any `json:"units"`
	}
	_ = json.Unmarshal(one.Array.Attrs, &attrs) // what has other types than text is left out
	v := &variable{text: one.Text, title: shown(attrs.Title), units: unitsOf(attrs.Units), selected: []*stored.Selection{one}}
	for _, l := range s.levels[1:] {
		coarse, err := stored.Select(ctx, l.group, &l.frame, one.Text)
		if err != nil {
			coarse = nil
		}
		v.selected = append(v.selected, coarse)
	}
	s.variables = append(s.variables, v)
}

// first is the variable to begin with: one that was asked for, else a mean or a median, else whatever is no count.
func (s *scene) first() int {
	if len(s.o.Variables) > 0 {
		return 0
	}
	best, most := 0, -1
	for i, v := range s.variables {
		rank := 0
		switch name := strings.ToLower(v.text); {
		case v.shard != nil:
			continue
		case strings.Contains(name, "mean") || strings.Contains(name, "median") || strings.Contains(name, "q50"):
			rank = 2
		case v.selected[0].Array.Type.IsFloat():
			rank = 1
		}
		if rank > most {
			best, most = i, rank
		}
	}
	return best
}

// longest is the most characters of an attribute that are shown.
const longest = 300

func shown(v any) string {
	text, _ := v.(string)
	if runes := []rune(text); len(runes) > longest {
		return string(runes[:longest]) + "…"
	}
	return text
}

// unitsOf leaves out the unit of plain numbers.
func unitsOf(v any) string {
	if text := shown(v); text != "1" {
		return text
	}
	return ""
}
