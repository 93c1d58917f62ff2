package stored

import (
	"context"
	"slices"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/export"
	"github.com/englacial/zagg/internal/job"
)

// Tables is the store for export: with the shards that hold something, in the order of their blocks.
func (s *Store) Tables(ctx context.Context, grid core.Grid) (*export.Store, error) {
	out := &export.Store{Group: s.Group, Grid: grid}
	for _, r := range s.Records {
		if r.Status == job.Empty || r.Receipt.Cells == 0 {
			continue
		}
		shards, err := grid.Shards(ctx, []core.ShardKey{r.ShardKey})
		if err != nil {
			return nil, err
		}
		out.Shards = append(out.Shards, export.Shard{Key: shards[0].Key, Block: s.block(r, shards[0])})
	}
	slices.SortFunc(out.Shards, func(a, b export.Shard) int { return slices.Compare(a.Block, b.Block) })
	if len(out.Shards) == 0 {
		return nil, s.empty("export")
	}
	return out, nil
}
