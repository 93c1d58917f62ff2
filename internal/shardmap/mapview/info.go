package mapview

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/cost"
	"github.com/englacial/zagg/internal/run"
	"github.com/englacial/zagg/internal/shardmap"
)

// Info is what a map has, and what a run of it is expected to take.
type Info struct {
	Path      string           `json:"path"`
	Grid      json.RawMessage  `json:"grid_signature"`
	Metadata  json.RawMessage  `json:"metadata,omitempty"`
	Shards    int              `json:"shards"`
	Granules  int              `json:"granules"`
	Pairs     int              `json:"pairs"`
	Least     int              `json:"granules_per_shard_min"`
	Most      int              `json:"granules_per_shard_max"`
	Mean      float64          `json:"granules_per_shard_avg"`
	Median    float64          `json:"granules_per_shard_median"`
	AreaKM2   float64          `json:"area_km2,omitempty"`
	First     string           `json:"first_time,omitempty"`
	Last      string           `json:"last_time,omitempty"`
	Legacy    int              `json:"legacy_keys,omitempty"`
	Densest   []DenseShard     `json:"densest"`
	Expected  cost.Expectation `json:"expected"`
	WithIndex cost.Expectation `json:"expected_indexed"`
}

// A DenseShard is a shard with its number of granules, and where it is, as far as the grid is known.
type DenseShard struct {
	Key      core.ShardKey `json:"shard_key"`
	Label    string        `json:"label,omitempty"`
	Granules int           `json:"granules"`
	Lon      *float64      `json:"lon,omitempty"`
	Lat      *float64      `json:"lat,omitempty"`
}

// Describe counts the shards and granules of a map, names its top densest shards and predicts what f takes for it; indexed says that
// granules have sidecar indexes. grid is nil where it is not known.
func Describe(ctx context.Context, name string, m *shardmap.Map, grid core.Grid, top int, f cost.Function, indexed bool) (*Info, error) {
	counts := counts(m)
	expect := func(model cost.Model, indexed bool) cost.Expectation {
		c, _ := run.CostsOf(ctx, m, 0, run.Shape{Indexed: indexed, Memory: f.MemoryMB, Latency: cost.DefaultLatency}) // sizes are the map's
		return model.ExpectJobs(c.Jobs(1, true), f)
	}
	info := &Info{
		Path: name, Grid: m.GridSignature, Metadata: m.Metadata, Shards: len(m.Keys), Granules: len(m.GranuleIDs()), Pairs: m.Pairs(),
		Densest: []DenseShard{}, Expected: expect(cost.Direct(), false), WithIndex: expect(cost.Indexed(), true),
	}
	if indexed {
		info.Expected = info.WithIndex
	}
	info.count(counts)
	info.First, info.Last = m.Times()
	if grid != nil {
		legacy, err := m.LegacyKeys(ctx, grid)
		if err != nil {
			return nil, err
		}
		info.Legacy = len(legacy)
	}
	return info, info.places(ctx, m, grid, counts, top)
}

// counts is how many granules each shard has.
func counts(m *shardmap.Map) []int {
	counts := make([]int, len(m.Keys))
	for i := range m.Keys {
		counts[i] = len(m.Granules[i])
	}
	return counts
}

func (info *Info) count(counts []int) {
	if len(counts) == 0 {
		return
	}
	sorted := slices.Sorted(slices.Values(counts))
	n := len(sorted)
	info.Least, info.Most = sorted[0], sorted[n-1]
	info.Mean = float64(info.Pairs) / float64(n)
	info.Median = float64(sorted[(n-1)/2]+sorted[n/2]) / 2
}

// places names the densest shards and sums the area, as far as the grid is known.
func (info *Info) places(ctx context.Context, m *shardmap.Map, grid core.Grid, counts []int, top int) error {
	order := make([]int, len(counts))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int { return cmp.Compare(counts[j], counts[i]) })
	var shards []core.Shard
	if grid != nil {
		var err error
		if shards, err = grid.Shards(ctx, m.Keys); err != nil {
			return err
		}
	}
	for _, i := range order[:min(top, len(order))] {
		d := DenseShard{Key: m.Keys[i], Granules: counts[i]}
		if shards != nil {
			at := centreOf(&shards[i].Outline)
			d.Label, d.Lon, d.Lat = shards[i].Label, &at.Lon, &at.Lat
		}
		info.Densest = append(info.Densest, d)
	}
	for i := range shards {
		info.AreaKM2 += shards[i].AreaKM2
	}
	return nil
}
