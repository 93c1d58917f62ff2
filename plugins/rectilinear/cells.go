package rectilinear

import (
	"context"
	"math"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/gridkit"
)

// Outlines implements core.Outliner: the corners, from the lower left one in the plane on, of what of a cell is in the
// domain of the projection.
func (g *grid) Outlines(ctx context.Context, key core.ShardKey, slots []int32) ([][]core.LonLat, error) {
	p, err := g.shardFromKey(key)
	if err != nil {
		return nil, err
	}
	c := &g.config
	out := make([][]core.LonLat, len(slots))
	err = gridkit.EachSlot(ctx, "rectilinear.Outlines", key, slots, c.Shard[0]*c.Shard[1], func(i int, slot int32) error {
		row, col := p.row*c.Shard[0]+int64(slot)/c.Shard[1], p.col*c.Shard[1]+int64(slot)%c.Shard[1]
		r := c.rect(row, col, 1, 1).Clip(g.domain)
		if r.Empty() {
			return nil
		}
		lon, lat := g.border(r, 1)
		out[i] = make([]core.LonLat, len(lon))
		for k := range lon {
			out[i][k] = core.LonLat{Lon: lon[k], Lat: lat[k]}
		}
		return nil
	})
	return out, err
}

// areaSteps is into how many arcs each side of a cell is cut to measure it.
const areaSteps = 2

// CellAreas implements core.CellMeasurer: what of a cell is in the domain of the projection.
func (g *grid) CellAreas(ctx context.Context, key core.ShardKey, slots []int32) ([]float64, error) {
	p, err := g.shardFromKey(key)
	if err != nil {
		return nil, err
	}
	c := &g.config
	out := make([]float64, len(slots))
	err = gridkit.EachSlot(ctx, "rectilinear.CellAreas", key, slots, c.Shard[0]*c.Shard[1], func(i int, slot int32) error {
		row, col := p.row*c.Shard[0]+int64(slot)/c.Shard[1], p.col*c.Shard[1]+int64(slot)%c.Shard[1]
		out[i] = math.NaN()
		switch r := c.rect(row, col, 1, 1).Clip(g.domain); {
		case r.Empty():
		case c.CRS.Geographic:
			_, out[i] = flatOutline(r)
		default:
			lon, lat := g.border(r, areaSteps)
			out[i] = g.area(r, lon, lat)
		}
		return nil
	})
	return out, err
}
