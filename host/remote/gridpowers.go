package remote

import (
	"context"
	"fmt"
	"slices"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/wire"
	zaggv1 "github.com/englacial/zagg/proto/zagg/v1"
)

// A covering grid finds shards from the cells of catalogs.
type covering struct{ of *grid }

// A restoring grid knows what earlier releases wrote.
type restoring struct{ of *grid }

func (c covering) CoverCells(ctx context.Context, sets [][]uint64, margins []float64) (keys [][]core.ShardKey, ok []bool, err error) {
	if len(sets) != len(margins) {
		return nil, nil, core.Errorf(core.Invalid, "cover cells", c.of.plugin.options.Name, "%d sets of cells, %d margins", len(sets), len(margins))
	}
	keys, ok = make([][]core.ShardKey, 0, len(sets)), make([]bool, 0, len(sets))
	for len(sets) > 0 {
		n, used := 0, 0
		for n < len(sets) && n < wire.MaxRegions && (n == 0 || used < requestBytes) {
			used += 8*len(sets[n]) + 16
			n++
		}
		if used > wire.MaxMessage-requestBytes {
			return nil, nil, core.Errorf(core.Invalid, "plugin", c.of.plugin.options.Name, "a set of cells of %d bytes is too large for a plugin: %d are the most", used, wire.MaxMessage-requestBytes)
		}
		part, err := retry(ctx, c.of.instance, "Grid.CoverCells", func(s *session, handle uint64) (cellCover, error) {
			return coverCells(ctx, s, handle, sets[:n], margins[:n])
		})
		if err != nil {
			return nil, nil, err
		}
		keys, ok = append(keys, part.keys...), append(ok, part.ok...)
		sets, margins = sets[n:], margins[n:]
	}
	return keys, ok, nil
}

// A cellCover is the answer about some sets of cells.
type cellCover struct {
	keys [][]core.ShardKey
	ok   []bool
}

func coverCells(ctx context.Context, s *session, handle uint64, sets [][]uint64, margins []float64) (cellCover, error) {
	request := &zaggv1.CoverCellsRequest{Handle: handle}
	for i, words := range sets {
		request.Sets = append(request.Sets, &zaggv1.CellSet{Words: core.Raw(words), Margin: margins[i]})
	}
	c := cellCover{keys: make([][]core.ShardKey, len(sets)), ok: slices.Repeat([]bool{true}, len(sets))}
	at := uint32(0)
	err := collect(ctx, s, s.grid.CoverCells, request, func(r *zaggv1.CoverCellsReply) error {
		for _, i := range r.Unusable {
			if int(i) >= len(sets) || len(c.keys[i]) > 0 {
				return core.Errorf(core.Internal, "", "", "it cannot use set %d of %d, or has shards of it", i, len(sets))
			}
			c.ok[i] = false
		}
		for _, p := range r.Parts {
			if p.Region < at || int(p.Region) >= len(sets) || !c.ok[p.Region] {
				return core.Errorf(core.Internal, "", "", "it answers set %d after %d of %d, or one that it cannot use", p.Region, at, len(sets))
			}
			at = p.Region
			for _, k := range p.Keys {
				c.keys[at] = append(c.keys[at], core.ShardKey(k))
			}
		}
		return nil
	})
	return c, err
}

func (r restoring) Orders() (shard, cell int) {
	o := r.of.instance.info.Legacy
	return int(o.Shard), int(o.Cell)
}

// Restore asks with as many keys as fit. One key of an earlier release says as much as many do.
func (r restoring) Restore(ctx context.Context, old core.Legacy) (core.Restored, error) {
	var found core.Restored
	var spelled []core.ShardKey
	keys := old.Keys
	for first := true; first || len(keys) > 0; first = false {
		n := min(len(keys), wire.MaxKeys)
		old.Keys, keys = keys[:n], keys[n:]
		part, err := r.of.restore(ctx, &old)
		if err != nil {
			return part, err
		}
		if first || len(spelled) == 0 {
			found = part
		}
		spelled = append(spelled, part.Keys...)
	}
	found.Keys = spelled
	return found, nil
}

func (g *grid) restore(ctx context.Context, old *core.Legacy) (core.Restored, error) {
	request := wire.LegacyToProto(old)
	if err := wire.CheckText("shard key", request.Keys...); err != nil {
		return core.Restored{}, err
	}
	return retry(ctx, g.instance, "Grid.Restore", func(s *session, handle uint64) (core.Restored, error) {
		request.Handle = handle
		reply, err := unary(ctx, s, s.grid.Restore, request)
		if err != nil {
			return core.Restored{}, err
		}
		s.answered.Store(true)
		asked := map[string]bool{}
		for _, key := range request.Keys {
			asked[key] = true
		}
		for _, key := range reply.Keys {
			if !asked[key] {
				return core.Restored{}, s.wrong(fmt.Errorf("it says of key %q, which it was not asked about, that it is an old one", key))
			}
		}
		return wire.RestoredFromProto(reply), nil
	})
}

// A measuring grid knows how large cells are.
type measuring struct{ of *grid }

// slotsAtOnce is how many slots go into one call.
const slotsAtOnce = 1 << 18

// CellAreas asks for the areas of some slots at a time.
func (m measuring) CellAreas(ctx context.Context, key core.ShardKey, slots []int32) ([]float64, error) {
	if err := wire.CheckText("shard key", string(key)); err != nil {
		return nil, err
	}
	out := make([]float64, 0, len(slots))
	for part := range slices.Chunk(slots, slotsAtOnce) {
		areas, err := retry(ctx, m.of.instance, "Grid.CellAreas", func(s *session, handle uint64) ([]float64, error) {
			reply, err := unary(ctx, s, s.grid.CellAreas, &zaggv1.CellAreasRequest{Handle: handle, Key: string(key), Slots: core.Raw(part)})
			if err != nil {
				return nil, err
			}
			areas := make([]float64, len(part))
			if len(reply.Areas) != 8*len(part) {
				return nil, s.wrong(fmt.Errorf("it gives %d bytes of areas for %d slots", len(reply.Areas), len(part)))
			}
			copy(core.Raw(areas), reply.Areas)
			return areas, nil
		})
		if err != nil {
			return nil, err
		}
		out = append(out, areas...)
	}
	return out, nil
}
