package plan

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/windows"
)

// A Window is the window of a shard in a plan.
type Window struct {
	windows.Window
	Number int   // of the schedule's
	Place  int64 // along Plan.Time
}

// WindowLabel names a shard in a window.
func WindowLabel(shard, window string) string { return shard + "_" + window }

// Computes tells of labels whether they are of a window that the plan has shards in; where there are no windows they all are.
func (p *Plan) Computes() func(label string) bool {
	own := map[string]bool{}
	for i := range p.Shards {
		if w := p.Shards[i].Window; w != nil {
			own[w.Label] = true
		}
	}
	return func(label string) bool { return p.Time == nil || own[label[strings.LastIndexByte(label, '_')+1:]] }
}

// Divide divides the shards by windows. in says in which windows a shard may have rows of a granule, by their numbers, ascending: nil leaves
// the granule out, and one that is in none is in the shard's first, to be counted there. Only windows from first to before last are kept; what
// is counted once is counted in the earliest window of all, so that a run of other windows counts the same there.
func (p *Plan) Divide(s *windows.Schedule, first, last int, in func(core.ShardKey, core.Granule) []int) {
	var all []Shard
	for i := range p.Shards {
		whole := &p.Shards[i]
		by := map[int]*Shard{}
		at := func(n int) *Shard {
			if by[n] == nil {
				w := s.Window(n)
				by[n] = &Shard{Shard: whole.Shard, Rank: whole.Rank, Window: &Window{Window: w, Number: n}, Untimed: []int{}}
				by[n].Label = WindowLabel(whole.Label, w.Label)
			}
			return by[n]
		}
		numbers := make([][]int, len(whole.Granules))
		for k, g := range whole.Granules {
			numbers[k] = in(whole.Key, g)
			for _, n := range numbers[k] {
				at(n)
			}
		}
		if len(by) == 0 {
			continue
		}
		earliest := slices.Min(slices.Collect(maps.Keys(by)))
		for k, g := range whole.Granules {
			if numbers[k] != nil && len(numbers[k]) == 0 {
				numbers[k] = []int{earliest}
			}
			for m, n := range numbers[k] {
				e := at(n)
				if m == 0 {
					e.Untimed = append(e.Untimed, len(e.Granules))
				}
				e.Granules = append(e.Granules, g)
			}
		}
		for _, n := range slices.Sorted(maps.Keys(by)) {
			all = append(all, *by[n])
		}
	}
	slices.SortStableFunc(all, func(a, b Shard) int {
		return cmp.Or(cmp.Compare(a.Window.Number, b.Window.Number), core.CompareKeys(a.Key, b.Key))
	})
	p.Shards = all
	p.settle()
	p.Shards = slices.DeleteFunc(p.Shards, func(s Shard) bool { return s.Window.Number < first || s.Window.Number >= last })
}

// trim leaves the places out that have no shard in any window.
func (p *Plan) trim() {
	used := map[core.ShardKey]bool{}
	for i := range p.Shards {
		used[p.Shards[i].Key] = true
	}
	p.Places = slices.DeleteFunc(p.Places, func(s core.Shard) bool { return !used[s.Key] })
	p.rank(p.Places)
}

// rank gives each shard its rank among places.
func (p *Plan) rank(places []core.Shard) {
	rank := map[core.ShardKey]int{}
	for i := range places {
		rank[places[i].Key] = i
	}
	for i := range p.Shards {
		p.Shards[i].Rank = rank[p.Shards[i].Key]
	}
	p.Places = places
}

// Span are the windows that the plan has shards in, from first to before last.
func (p *Plan) Span() (first, last int) {
	if len(p.Shards) == 0 {
		return 0, 0
	}
	return p.Shards[0].Window.Number, p.Shards[len(p.Shards)-1].Window.Number + 1
}

// Along says where the plan's windows lie along the axis of its store.
func (p *Plan) Along(axis *windows.Axis) {
	p.Time = axis
	for i := range p.Shards {
		p.Shards[i].Window.Place = axis.Place(p.Shards[i].Window.Number)
	}
}

// Within makes the plan one of more shards: those of a compact store that it adds to. A shard that the store does not have is an error,
// which names it.
func (p *Plan) Within(ctx context.Context, grid core.Grid, keys []core.ShardKey) error {
	places, err := grid.Shards(ctx, keys)
	if err != nil {
		return err
	}
	there := map[core.ShardKey]bool{}
	for i := range places {
		there[places[i].Key] = true
	}
	for i := range p.Shards {
		if !there[p.Shards[i].Key] {
			return core.Errorf(core.Invalid, "plan", p.Shards[i].Label, "the store has %d shards and not this one: a compact store has no room for it. Use output.grid.layout: fullsphere, or make the store anew (--overwrite) from a shard map of the whole area",
				len(keys))
		}
	}
	p.rank(places)
	return nil
}

// An InWindow is the shards of a plan in one window.
type InWindow struct {
	Place int64 // along Plan.Time
	Keys  []core.ShardKey
}

// InWindows are the shards of the plan, window by window; none where there are no windows.
func (p *Plan) InWindows() []InWindow {
	var all []InWindow
	for i := range p.Shards {
		s := &p.Shards[i]
		if s.Window == nil {
			return nil
		}
		if len(all) == 0 || all[len(all)-1].Place != s.Window.Place {
			all = append(all, InWindow{Place: s.Window.Place})
		}
		all[len(all)-1].Keys = append(all[len(all)-1].Keys, s.Key)
	}
	return all
}

// Restore makes a plan of shards alone one of these shards in windows of an axis.
func (p *Plan) Restore(axis *windows.Axis, in []InWindow) error {
	rank := map[core.ShardKey]int{}
	for i := range p.Places {
		rank[p.Places[i].Key] = i
	}
	p.Time, p.Shards = axis, nil
	for _, w := range in {
		window := axis.Window(int(w.Place))
		for _, k := range w.Keys {
			i, ok := rank[k]
			if !ok {
				return core.Errorf(core.Invalid, "plan", string(k), "it is planned in window %s and is not a shard of the plan", window.Label)
			}
			s := Shard{Shard: p.Places[i], Rank: i, Window: &Window{Window: window, Place: w.Place}}
			s.Label = WindowLabel(s.Label, window.Label)
			p.Shards = append(p.Shards, s)
		}
	}
	return nil
}
