package remote

import (
	"context"

	"golang.org/x/sync/errgroup"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/gridkit"
	"github.com/englacial/zagg/internal/wire"
	zaggv1 "github.com/englacial/zagg/proto/zagg/v1"
)

// A grid is a core.Grid whose methods are calls to a plugin process. Large arguments are split into calls of bounded size, and each
// call is repeated once if the process dies.
type grid struct {
	*instance
	info core.GridInfo
}

var _ core.Grid = (*grid)(nil)

// A naming grid can name cells.
type naming struct{ of *grid }

// A locating grid can find points in many shards at once.
type locating struct{ of *grid }

func (p *Plugin) newGrid(ctx context.Context, name string, config core.Config) (core.Grid, error) {
	i, err := p.make(ctx, zaggv1.Kind_KIND_GRID, name, config)
	if err != nil {
		return nil, err
	}
	info, err := wire.GridInfoFromProto(i.info.GetGrid())
	if err != nil {
		return nil, i.wrong(err)
	}
	g := &grid{instance: i, info: info}
	return g.withPowers(), nil
}

// withPowers returns the grid with exactly the optional interfaces that the plugin declared, so that type assertions are right.
func (g *grid) withPowers() core.Grid {
	var has gridkit.Powers
	can := g.instance.info
	if can.CanName {
		has.Names = naming{g}
	}
	if can.CanLocateIn {
		has.Locates = locating{g}
	}
	if can.CanCoverCells {
		has.Covers = covering{g}
	}
	if can.Legacy != nil {
		has.Restores = restoring{g}
	}
	if can.CanMeasure {
		has.Measures = measuring{g}
	}
	return has.With(g)
}

func (g *grid) Info() core.GridInfo { return g.info }

// requestBytes bounds the bytes of regions or keys in one call; a message has at most wire.MaxMessage.
const requestBytes = 8 << 20

func (g *grid) Cover(ctx context.Context, regions []core.Region) ([][]core.ShardKey, error) {
	out := make([][]core.ShardKey, 0, len(regions))
	for len(regions) > 0 {
		n, used := 0, 0
		for n < len(regions) && n < wire.MaxRegions && (n == 0 || used < requestBytes) {
			used += wire.RegionBytes(&regions[n])
			n++
		}
		if used > wire.MaxMessage-requestBytes {
			return nil, core.Errorf(core.Invalid, "plugin", g.plugin.options.Name, "a region of %d bytes is too large for a plugin: %d are the most", used, wire.MaxMessage-requestBytes)
		}
		part, err := retry(ctx, g.instance, "Grid.Cover", func(s *session, handle uint64) ([][]core.ShardKey, error) {
			return cover(ctx, s, handle, regions[:n])
		})
		if err != nil {
			return nil, err
		}
		out = append(out, part...)
		regions = regions[n:]
	}
	return out, nil
}

// cover is one call. The answer is streamed in parts, ordered by region; one region may have several parts.
func cover(ctx context.Context, s *session, handle uint64, regions []core.Region) ([][]core.ShardKey, error) {
	request := &zaggv1.CoverRequest{Handle: handle}
	for i := range regions {
		request.Regions = append(request.Regions, wire.RegionToProto(&regions[i]))
	}
	out := make([][]core.ShardKey, len(regions))
	at := uint32(0)
	err := collect(ctx, s, s.grid.Cover, request, func(r *zaggv1.CoverReply) error {
		for _, p := range r.Parts {
			if p.Region < at || int(p.Region) >= len(regions) {
				return core.Errorf(core.Internal, "", "", "it answers region %d after %d of %d", p.Region, at, len(regions))
			}
			at = p.Region
			for _, k := range p.Keys {
				out[at] = append(out[at], core.ShardKey(k))
			}
		}
		return nil
	})
	return out, err
}

func (g *grid) Shards(ctx context.Context, keys []core.ShardKey) ([]core.Shard, error) {
	out := make([]core.Shard, 0, len(keys))
	for len(keys) > 0 {
		n, used := 0, 0
		var texts []string
		for n < len(keys) && n < wire.MaxKeys && (n == 0 || used < requestBytes) {
			used += len(keys[n])
			texts = append(texts, string(keys[n]))
			n++
		}
		if err := wire.CheckText("shard key", texts...); err != nil {
			return nil, err
		}
		part, err := retry(ctx, g.instance, "Grid.Shards", func(s *session, handle uint64) ([]core.Shard, error) {
			return g.shards(ctx, s, &zaggv1.ShardsRequest{Handle: handle, Keys: texts})
		})
		if err != nil {
			return nil, err
		}
		out = append(out, part...)
		keys = keys[n:]
	}
	return out, nil
}

func (g *grid) shards(ctx context.Context, s *session, request *zaggv1.ShardsRequest) ([]core.Shard, error) {
	var out []core.Shard
	err := collect(ctx, s, s.grid.Shards, request, func(r *zaggv1.ShardsReply) error {
		for _, m := range r.Shards {
			shard, err := wire.ShardFromProto(m)
			if err != nil {
				return err
			}
			if len(out) == len(request.Keys) {
				return core.Errorf(core.Internal, "", "", "it answers %d shards with more", len(request.Keys))
			}
			if !g.holds(shard.Block) {
				return core.Errorf(core.Internal, "", string(shard.Key), "it answers block %v, which its arrays do not have", shard.Block)
			}
			out = append(out, shard)
		}
		return nil
	})
	if err == nil && len(out) != len(request.Keys) {
		err = s.wrong(core.Errorf(core.Internal, "", "", "it answers %d of %d shards", len(out), len(request.Keys)))
	}
	return out, err
}

// holds reports whether arrays have a block.
func (g *grid) holds(block []int64) bool {
	dims := g.info.Frame.Dims
	for i := range block {
		if len(block) != len(dims) || block[i] < 0 || dims[i].Shard <= 0 || block[i] >= dims[i].Size/dims[i].Shard {
			return false
		}
	}
	return len(block) == len(dims)
}

// within wants numbers from -1 to below a count: slots of a shard, or shards of a list.
func within(what string, numbers []int32, count int64) error {
	for i, n := range numbers {
		if n < -1 || int64(n) >= count {
			return core.Errorf(core.Internal, "", "", "it answers %s %d for point %d; there are %d", what, n, i, count)
		}
	}
	return nil
}

func (g *grid) Cells(ctx context.Context, key core.ShardKey) ([]core.Column, error) {
	if err := wire.CheckText("shard key", string(key)); err != nil {
		return nil, err
	}
	slots, coords := uint64(g.info.Frame.Slots()), g.info.Frame.Coords
	limit := wire.Limit{Columns: 2 + len(coords), Bytes: slots * 16}
	for i := range coords {
		row := uint64(max(coords[i].Width, 1) * coords[i].Type.Size())
		if coords[i].Type == core.Bytes || coords[i].Ragged {
			row = 1 << 10 // text per cell
		}
		limit.Bytes += slots * row
	}
	return retry(ctx, g.instance, "Grid.Cells", func(s *session, handle uint64) ([]core.Column, error) {
		cols, err := columns(ctx, s, s.grid.Cells, &zaggv1.CellsRequest{Handle: handle, Key: string(key)}, limit)
		if err == nil {
			err = checkRows(s, cols, 2+len(coords), int(slots))
		}
		return cols, err
	})
}

// checkRows holds columns against how many of them and of their rows there must be; want < 0: any number of columns.
func checkRows(s *session, cols []core.Column, want, rows int) error {
	if want >= 0 && len(cols) != want {
		return s.wrong(core.Errorf(core.Internal, "", "", "it answers %d columns where %d belong", len(cols), want))
	}
	for i := range cols {
		if n := cols[i].Rows(); n != rows {
			return s.wrong(core.Errorf(core.Internal, "", cols[i].Name, "it answers %d rows where %d belong", n, rows))
		}
	}
	return nil
}

// locateTogether is how many calls a Locate of many points makes at once.
const locateTogether = 4

func (g *grid) Locate(ctx context.Context, key core.ShardKey, lon, lat []float64, slot []int32) error {
	if len(lat) != len(lon) || len(slot) != len(lon) {
		return core.Errorf(core.Invalid, "locate", string(key), "%d longitudes, %d latitudes, %d slots", len(lon), len(lat), len(slot))
	}
	if err := wire.CheckText("shard key", string(key)); err != nil {
		return err
	}
	if len(lon) <= wire.MaxPoints {
		return g.locate(ctx, key, lon, lat, slot)
	}
	calls, cctx := errgroup.WithContext(ctx)
	calls.SetLimit(locateTogether)
	for from := 0; from < len(lon); from += wire.MaxPoints {
		to := min(from+wire.MaxPoints, len(lon))
		calls.Go(func() error { return g.locate(cctx, key, lon[from:to], lat[from:to], slot[from:to]) })
	}
	err := calls.Wait()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

func (g *grid) locate(ctx context.Context, key core.ShardKey, lon, lat []float64, slot []int32) error {
	_, err := retry(ctx, g.instance, "Grid.Locate", func(s *session, handle uint64) (struct{}, error) {
		request := &zaggv1.LocateRequest{Handle: handle, Key: string(key), Lon: core.Raw(lon), Lat: core.Raw(lat)}
		reply, err := unary(ctx, s, s.grid.Locate, request)
		if err != nil {
			return struct{}{}, err
		}
		s.answered.Store(true)
		if len(reply.Slot) != 4*len(slot) {
			return struct{}{}, s.wrong(core.Errorf(core.Internal, "", string(key), "it answers %d bytes of slots for %d points", len(reply.Slot), len(slot)))
		}
		copy(core.Raw(slot), reply.Slot)
		if err := within("slot", slot, g.info.Frame.Slots()); err != nil {
			return struct{}{}, s.wrong(err)
		}
		return struct{}{}, nil
	})
	return err
}

func (l locating) LocateIn(ctx context.Context, keys []core.ShardKey, lon, lat []float64, shard, slot []int32) error {
	if len(lat) != len(lon) || len(shard) != len(lon) || len(slot) != len(lon) {
		return core.Errorf(core.Invalid, "locate", "", "%d longitudes, %d latitudes, room for %d shards and %d slots", len(lon), len(lat), len(shard), len(slot))
	}
	if len(keys) > wire.MaxKeys {
		return core.Errorf(core.Invalid, "locate", l.of.plugin.options.Name, "%d shards are more than the %d that a plugin is asked for at once", len(keys), wire.MaxKeys)
	}
	texts := make([]string, len(keys))
	for i, k := range keys {
		texts[i] = string(k)
	}
	if err := wire.CheckText("shard key", texts...); err != nil {
		return err
	}
	if len(lon) <= wire.MaxPoints {
		return l.of.locateIn(ctx, texts, lon, lat, shard, slot)
	}
	calls, cctx := errgroup.WithContext(ctx)
	calls.SetLimit(locateTogether)
	for from := 0; from < len(lon); from += wire.MaxPoints {
		to := min(from+wire.MaxPoints, len(lon))
		calls.Go(func() error {
			return l.of.locateIn(cctx, texts, lon[from:to], lat[from:to], shard[from:to], slot[from:to])
		})
	}
	err := calls.Wait()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

func (g *grid) locateIn(ctx context.Context, keys []string, lon, lat []float64, shard, slot []int32) error {
	_, err := retry(ctx, g.instance, "Grid.LocateIn", func(s *session, handle uint64) (struct{}, error) {
		request := &zaggv1.LocateInRequest{Handle: handle, Keys: keys, Lon: core.Raw(lon), Lat: core.Raw(lat)}
		reply, err := unary(ctx, s, s.grid.LocateIn, request)
		if err != nil {
			return struct{}{}, err
		}
		s.answered.Store(true)
		if len(reply.Shard) != 4*len(shard) || len(reply.Slot) != 4*len(slot) {
			return struct{}{}, s.wrong(core.Errorf(core.Internal, "", "", "it answers %d bytes of shards and %d of slots for %d points", len(reply.Shard), len(reply.Slot), len(slot)))
		}
		copy(core.Raw(shard), reply.Shard)
		copy(core.Raw(slot), reply.Slot)
		if err = within("shard", shard, int64(len(keys))); err == nil {
			err = within("slot", slot, g.info.Frame.Slots())
		}
		for i := 0; err == nil && i < len(shard); i++ {
			if shard[i] < 0 != (slot[i] < 0) {
				err = core.Errorf(core.Internal, "", "", "it answers shard %d and slot %d for point %d", shard[i], slot[i], i)
			}
		}
		if err != nil {
			return struct{}{}, s.wrong(err)
		}
		return struct{}{}, nil
	})
	return err
}

// nameBytes is the most that the names of a point's cell may take.
const nameBytes = 4 << 10

func (n naming) Names(ctx context.Context, lon, lat []float64) ([]core.Column, error) {
	if len(lat) != len(lon) {
		return nil, core.Errorf(core.Invalid, "names", "", "%d longitudes, %d latitudes", len(lon), len(lat))
	}
	var out []core.Column
	for from := 0; from == 0 || from < len(lon); from += wire.MaxPoints {
		to := min(from+wire.MaxPoints, len(lon))
		part, err := n.of.names(ctx, lon[from:to], lat[from:to])
		if err != nil {
			return nil, err
		}
		if from == 0 {
			out = part
			continue
		}
		if out, err = appendColumns(out, part); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (g *grid) names(ctx context.Context, lon, lat []float64) ([]core.Column, error) {
	limit := wire.Limit{Columns: 64, Bytes: uint64(len(lon)+1) * nameBytes}
	return retry(ctx, g.instance, "Grid.Names", func(s *session, handle uint64) ([]core.Column, error) {
		cols, err := columns(ctx, s, s.grid.Names, &zaggv1.NamesRequest{Handle: handle, Lon: core.Raw(lon), Lat: core.Raw(lat)}, limit)
		if err == nil {
			err = checkRows(s, cols, -1, len(lon))
		}
		return cols, err
	})
}

// appendColumns puts the rows of more under those of cols.
func appendColumns(cols, more []core.Column) ([]core.Column, error) {
	if len(cols) != len(more) {
		return nil, core.Errorf(core.Internal, "plugin", "", "it names cells in %d columns and then in %d", len(cols), len(more))
	}
	for i := range cols {
		c, m := &cols[i], &more[i]
		if c.Name != m.Name || c.Type != m.Type || c.Width != m.Width || (c.Offsets == nil) != (m.Offsets == nil) {
			return nil, core.Errorf(core.Internal, "plugin", c.Name, "it names cells in different columns than before")
		}
		if c.Offsets != nil {
			base := c.Offsets[len(c.Offsets)-1]
			for _, o := range m.Offsets[1:] {
				c.Offsets = append(c.Offsets, base+o)
			}
		}
		c.Data = append(c.Data, m.Data...)
	}
	return cols, nil
}
