package stored

import (
	"cmp"
	"context"
	"slices"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/export"
	"github.com/englacial/zagg/internal/job"
	"github.com/englacial/zagg/internal/store"
)

// Tables is the store for export: with the shards that hold something, window by window, in the order of their blocks. Of a store with windows
// of time it is those of all windows, or of the one that the store is narrowed to.
func (s *Store) Tables(ctx context.Context, grid core.Grid) (*export.Store, error) {
	out := &export.Store{Group: s.Group, Grid: grid}
	var err error
	if out.Windows, err = s.exported(); err != nil {
		return nil, err
	}
	for _, r := range s.Records {
		if r.Status == job.Empty || r.Receipt.Cells == 0 {
			continue
		}
		shards, err := grid.Shards(ctx, []core.ShardKey{r.ShardKey})
		if err != nil {
			return nil, err
		}
		shard := export.Shard{Key: shards[0].Key, Block: s.block(r, shards[0])}
		if len(out.Windows) > 0 {
			_, label := CutWindow(r.Label)
			shard.Window = slices.IndexFunc(out.Windows, func(w export.Window) bool { return w.Label == label })
			if shard.Window < 0 {
				return nil, core.Errorf(core.Corrupt, "export", s.URL, "record %s is of a window that the store does not have", r.Label)
			}
		}
		out.Shards = append(out.Shards, shard)
	}
	slices.SortFunc(out.Shards, func(a, b export.Shard) int {
		return cmp.Or(cmp.Compare(a.Window, b.Window), slices.Compare(a.Block, b.Block))
	})
	if len(out.Shards) == 0 {
		return nil, s.empty("export")
	}
	return out, nil
}

// exported are the windows of time that are exported; none where the store has none.
func (s *Store) exported() ([]export.Window, error) {
	axis := s.Made.Windows
	if axis == nil {
		return nil, nil
	}
	if err := axis.Check(); err != nil {
		return nil, core.Wrap(err, "", s.URL)
	}
	var out []export.Window
	for i, w := range axis.Windows() {
		switch s.window {
		case "":
			out = append(out, export.Window{Label: w.Label, Start: w.Start, End: w.End, Group: s.Group.Fixed(store.TimeName, int64(i))})
		case w.Label:
			out = append(out, export.Window{Label: w.Label, Start: w.Start, End: w.End, Group: s.Group})
		}
	}
	return out, nil
}
