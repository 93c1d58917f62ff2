package simulate

import (
	"cmp"
	"context"
	"slices"

	"github.com/englacial/zagg/internal/cost"
)

// A Choice is what Cheapest decides.
type Choice struct {
	MemoryMB     int `json:"memory_mb"`
	ShardsPerJob int `json:"shards_per_job"`
}

// memories and sizes are what is tried: 1,769 MB are one processor.
func memories() []int { return []int{1024, 1769, 2048, 3072, 4096, 5307, 7076} }

func sizes() []int { return []int{1, 2, 3, 4, 6, 8, 12, 16, 32} }

// Cheapest tries memories and shards per job and gives the cheapest whose replays, nine of ten of them, end within so many seconds; met is
// false, and the choice the quickest, where none does. jobs are those of a choice.
func (s *Setting) Cheapest(ctx context.Context, wall float64, seed uint64, replays int, jobs func(Choice) []cost.Job) (best Choice, met bool, err error) {
	type tried struct {
		Choice
		setting Setting
		wall    float64
		usd     float64
	}
	var all []tried
	for _, memory := range memories() {
		for _, n := range sizes() {
			t := tried{Choice: Choice{memory, n}, setting: *s}
			t.setting.Function.MemoryMB, t.setting.Jobs = memory, jobs(t.Choice)
			o, err := t.setting.Replay(ctx, 0)
			if err != nil {
				return best, false, err
			}
			t.wall, t.usd = o.Wall, t.setting.Model.Took(t.setting.Jobs, t.setting.Function, o.Times).USD
			all = append(all, t)
		}
	}
	slices.SortStableFunc(all, func(a, b tried) int { return cmp.Compare(a.usd, b.usd) })
	for _, t := range all {
		if t.wall > wall {
			continue
		}
		r, err := t.setting.Run(ctx, seed, replays)
		if err != nil {
			return best, false, err
		}
		if r.WallSeconds.High <= wall {
			return t.Choice, true, nil
		}
	}
	return slices.MinFunc(all, func(a, b tried) int { return cmp.Compare(a.wall, b.wall) }).Choice, false, nil
}
