package stored

import (
	"context"
	"math"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/job"
	"github.com/englacial/zagg/internal/plot"
	"github.com/englacial/zagg/internal/store"
	"github.com/englacial/zagg/internal/zarr"
)

// MapData reads a variable, or a quantile of one with digests (h_tdigest@q50), with the centres of its cells, shard by shard as the records list them.
func (s *Store) MapData(ctx context.Context, grid core.Grid, variable string) (*plot.Data, error) {
	variable, quantile, err := quantileOf(variable)
	if err != nil {
		return nil, err
	}
	array, err := s.Group.Array(ctx, variable)
	if core.Is(err, core.NotFound) {
		return nil, core.Errorf(core.NotFound, "plot", variable, "the store has no such variable; have %s", strings.Join(s.variableNames(ctx), ", "))
	}
	if err == nil {
		err = checkDigest(array, quantile)
	}
	if err != nil {
		return nil, err
	}
	frame := grid.Info().Frame
	if slices.ContainsFunc(frame.Coords, func(f core.Field) bool { return f.Name == variable }) {
		return nil, core.Errorf(core.Invalid, "plot", variable, "this is a coordinate, not a variable")
	}
	data := &plot.Data{Units: units(array.Attrs)}
	parts := make([]mapPart, len(s.Records))
	areas := make([]float64, len(s.Records)) // km²; 0: not drawn
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(recordsAtOnce)
	for i, r := range s.Records {
		if r.Status == job.Empty || r.Receipt.Cells == 0 {
			continue
		}
		g.Go(func() error {
			shard, err := s.readShard(gctx, grid, r, array, quantile, &parts[i])
			areas[i] = shard.AreaKM2
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	data.CellKM = math.Sqrt(mean(areas) / float64(frame.Slots()))
	var outlines [][]core.LonLat
	for i := range parts {
		outlines = append(outlines, parts[i].Outlines...)
		data.Corners = append(data.Corners, parts[i].Corners...)
		data.Lon = append(data.Lon, parts[i].Lon...)
		data.Lat = append(data.Lat, parts[i].Lat...)
		data.Values = append(data.Values, parts[i].Values...)
	}
	if len(outlines) > 0 {
		data.Corners = cornersIn(outlines)
	}
	if len(data.Values) == 0 {
		return nil, core.Errorf(core.NotFound, "plot", s.URL, "no finished shard holds data")
	}
	return data, nil
}

// mean is that of the values above 0.
func mean(values []float64) float64 {
	sum, n := 0.0, 0
	for _, v := range values {
		if v > 0 {
			sum += v
			n++
		}
	}
	return sum / float64(max(n, 1))
}

func (s *Store) arrayNames() []string {
	var names []string
	for _, m := range s.Group.Members() {
		if m.Array {
			names = append(names, m.Path)
		}
	}
	return names
}

// variableNames are those of arrays with a dimension: scalars only describe others.
func (s *Store) variableNames(ctx context.Context) []string {
	return slices.DeleteFunc(s.arrayNames(), func(name string) bool {
		a, err := s.Group.Array(ctx, name)
		return err != nil || len(a.Shape) == 0
	})
}

// A mapPart is what a shard gives to a map.
type mapPart struct {
	plot.Data
	Outlines [][]core.LonLat // of the cells, where the grid knows them
}

func (s *Store) readShard(ctx context.Context, grid core.Grid, r *store.Record, array *zarr.Dataset, quantile float64, part *mapPart) (core.Shard, error) {
	shards, err := grid.Shards(ctx, []core.ShardKey{r.ShardKey})
	if err != nil {
		return core.Shard{}, err
	}
	cells, err := grid.Cells(ctx, r.ShardKey)
	if err != nil {
		return core.Shard{}, err
	}
	block := s.block(r, shards[0])
	for len(block) < len(array.Shape) {
		return core.Shard{}, core.Errorf(core.Unsupported, "plot", array.URL, "it has %d values per cell: only one value per cell can be drawn", array.Shape[len(array.Shape)-1])
	}
	v, fill, err := numbersOf(ctx, array, block, quantile)
	if err != nil {
		return core.Shard{}, err
	}
	lon, lat := core.View[float64](cells[0].Data), core.View[float64](cells[1].Data)
	if len(v) != len(lon) {
		return core.Shard{}, core.Errorf(core.Unsupported, "plot", array.URL, "it has %d values in a shard of %d cells: only one value per cell can be drawn", len(v), len(lon))
	}
	corner := cornersOf(grid.Info().Frame.Dims, lon, lat)
	outliner, ok := grid.(core.Outliner)
	if ok {
		corner = nil
	}
	var slots []int32
	for i := range v {
		if v[i] == fill || math.IsNaN(v[i]) || math.IsNaN(lon[i]) {
			continue
		}
		part.Lon, part.Lat, part.Values = append(part.Lon, lon[i]), append(part.Lat, lat[i]), append(part.Values, v[i])
		slots = append(slots, int32(i)) //nolint:gosec // slots of a shard fit
		if corner != nil {
			c := corner(i)
			part.Corners = append(part.Corners, c[:]...)
		}
	}
	if ok {
		part.Outlines, err = outliner.Outlines(ctx, r.ShardKey, slots)
	}
	return shards[0], err
}

// cornersIn are outlines as plot.Data has them: the same number of corners for each cell, the last repeated where a cell has
// fewer. nil: a cell has none.
func cornersIn(outlines [][]core.LonLat) []core.LonLat {
	most := 0
	for _, ring := range outlines {
		if len(ring) == 0 {
			return nil
		}
		most = max(most, len(ring))
	}
	out := make([]core.LonLat, 0, most*len(outlines))
	for _, ring := range outlines {
		out = append(out, ring...)
		for range most - len(ring) {
			out = append(out, ring[len(ring)-1])
		}
	}
	return out
}
