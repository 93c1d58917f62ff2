package stored

import (
	"context"
	"math"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/job"
	"github.com/englacial/zagg/internal/plot"
	"github.com/englacial/zagg/internal/store"
	"github.com/englacial/zagg/internal/zarr"
)

// MapData reads what is selected (Select), with the centres of its cells, shard by shard as the records list them.
func (s *Store) MapData(ctx context.Context, grid core.Grid, variable string) (*plot.Data, error) {
	frame := grid.Info().Frame
	selected, err := Select(ctx, s.Group, &frame, variable)
	if err != nil {
		return nil, err
	}
	data := &plot.Data{Title: textOf(selected.Array.Attrs, "long_name"), Units: units(selected.Array.Attrs)}
	parts := make([]mapPart, len(s.Records))
	areas := make([]float64, len(s.Records)) // km²; 0: not drawn
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(recordsAtOnce)
	for i, r := range s.Records {
		if r.Status == job.Empty || r.Receipt.Cells == 0 {
			continue
		}
		g.Go(func() error {
			shard, err := s.readShard(gctx, grid, r, selected, &parts[i])
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
		if data.CellKM > 0 { // there are shards with data
			return nil, core.Errorf(core.NotFound, "plot", s.URL, "no cell has a value of %s", variable)
		}
		return nil, s.empty("plot")
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

func (s *Store) arrayNames() []string { return arrayNames(s.Group) }

func arrayNames(group *zarr.Group) []string {
	var names []string
	for _, m := range group.Members() {
		if m.Array {
			names = append(names, m.Path)
		}
	}
	return names
}

// variableNames are those of arrays with a dimension: scalars only describe others.
func variableNames(ctx context.Context, group *zarr.Group) []string {
	return slices.DeleteFunc(arrayNames(group), func(name string) bool {
		a, err := group.Array(ctx, name)
		return err != nil || len(a.Shape) == 0
	})
}

// A mapPart is what a shard gives to a map.
type mapPart struct {
	plot.Data
	Outlines [][]core.LonLat // of the cells, where the grid knows them
}

func (s *Store) readShard(ctx context.Context, grid core.Grid, r *store.Record, selected *Selection, part *mapPart) (core.Shard, error) {
	shards, err := grid.Shards(ctx, []core.ShardKey{r.ShardKey})
	if err != nil {
		return core.Shard{}, err
	}
	cells, err := grid.Cells(ctx, r.ShardKey)
	if err != nil {
		return core.Shard{}, err
	}
	frame := grid.Info().Frame
	v, err := selected.Read(ctx, &frame, s.block(r, shards[0]))
	if err != nil {
		return core.Shard{}, err
	}
	lon, lat := core.View[float64](cells[0].Data), core.View[float64](cells[1].Data)
	corner := cornersOf(frame.Dims, lon, lat)
	outliner, ok := grid.(core.Outliner)
	if ok {
		corner = nil
	}
	var slots []int32
	for i := range v {
		if math.IsNaN(v[i]) || math.IsNaN(lon[i]) {
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
