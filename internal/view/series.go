package view

import (
	"context"
	"path"
	"slices"
	"sync"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/store"
	"github.com/englacial/zagg/internal/stored"
)

// A Series is what a page shows: a store in each of its windows of time, or the one scene of what has none. It is safe for concurrent use.
type Series struct {
	ctx     context.Context
	address string
	o       Options
	windows []string // labels, in order of time; none
	first   string   // of windows, to begin with; "" where there are none
	asked   bool     // for that window

	mu     sync.Mutex
	scenes map[string]*scene
}

// Open opens a store to be shown. Its records are read as long as ctx lasts.
func Open(ctx context.Context, address string, o Options) (*Series, error) {
	s, err := stored.OpenGroup(ctx, address)
	if err != nil {
		return nil, err
	}
	all := &Series{ctx: ctx, address: address, o: o, windows: s.WindowLabels(), asked: o.Time != "", scenes: map[string]*scene{}}
	all.o.cache = newCache(ctx, memoryOf(o))
	if len(all.windows) > 0 && o.Time == "" {
		all.o.Time = latestWith(ctx, s, all.windows)
	}
	first, err := open(ctx, address, all.o)
	if err != nil {
		return nil, err
	}
	all.first = first.window
	first.windows = all.windows
	all.scenes[all.first] = first
	return all, nil
}

// latestWith is the latest window in which a shard is done, else the latest.
func latestWith(ctx context.Context, s *stored.Store, all []string) string {
	latest := all[len(all)-1]
	labels, err := store.ListRecords(ctx, s.Objects, s.URL)
	if err != nil { // who shows the store looks for its records in other ways too, and says what is wrong
		return latest
	}
	with := map[string]bool{}
	for _, l := range labels {
		_, window := stored.CutWindow(l)
		with[window] = true
	}
	for _, w := range slices.Backward(all) {
		if with[w] {
			return w
		}
	}
	return latest
}

// OpenMap shows a shard map.
func OpenMap(ctx context.Context, title string, grid core.Grid, o Options) (*Series, error) {
	o.cache = newCache(ctx, memoryOf(o))
	only, err := openMap(ctx, title, grid, o)
	if err != nil {
		return nil, err
	}
	return &Series{ctx: ctx, o: o, scenes: map[string]*scene{"": only}}, nil
}

// scene is that of a window, "": the one to begin with. It is opened when it is first asked for.
func (s *Series) scene(window string) (*scene, error) {
	if window == "" {
		window = s.first
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if scene := s.scenes[window]; scene != nil {
		return scene, nil
	}
	if !slices.Contains(s.windows, window) {
		return nil, core.Errorf(core.NotFound, "view", window, "the store has no such window of time")
	}
	o := s.o
	o.Time = window
	scene, err := open(s.ctx, s.address, o)
	if err != nil {
		return nil, err
	}
	scene.windows = s.windows
	s.scenes[window] = scene
	return scene, nil
}

// folder is where what belongs to a window is asked for, as a path without a last slash; "" where there are no windows.
func folder(window string) string {
	if window == "" {
		return ""
	}
	return path.Join("at", window)
}
