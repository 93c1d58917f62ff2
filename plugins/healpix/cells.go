package healpix

// Outlines and areas of cells, for maps and statistics.

import (
	"context"
	"math"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/gridkit"
	"github.com/englacial/zagg/core/sphere"
)

// straightOrder is the order from which on a cell's sides are as good as straight between its corners.
const straightOrder = 8

// Outlines implements core.Outliner. A ring begins at the south corner and goes counter-clockwise.
func (g *grid) Outlines(ctx context.Context, key core.ShardKey, slots []int32) ([][]core.LonLat, error) {
	shard, err := g.shardFromKey(key)
	if err != nil {
		return nil, err
	}
	steps := 1
	if g.config.ChildOrder < straightOrder {
		steps = sideSteps
	}
	first := shard.nest << (2 * g.depth)
	out := make([][]core.LonLat, len(slots))
	err = gridkit.EachSlot(ctx, "healpix.Outlines", key, slots, 1<<(2*g.depth), func(i int, slot int32) error {
		q := squareOf(cellID{g.config.ChildOrder, first + uint64(slot)})
		ring := make([]core.LonLat, 0, 4*steps)
		for side := range 4 {
			for k := range steps {
				s := q.border(side, float64(k)/float64(steps))
				ring = append(ring, core.LonLat{Lon: s.lon, Lat: g.config.Latitude.FromSphere(s.lat())})
			}
		}
		out[i] = ring
		return nil
	})
	return out, err
}

// CellAreas implements core.CellMeasurer: HEALPix cells of one order all have the same area, that of a sphere with
// the Earth's mean radius.
func (g *grid) CellAreas(ctx context.Context, key core.ShardKey, slots []int32) ([]float64, error) {
	if _, err := g.shardFromKey(key); err != nil {
		return nil, err
	}
	const radius = sphere.EarthRadius / 1e3
	area := 4 * math.Pi * radius * radius / float64(cellCount(g.config.ChildOrder))
	out := make([]float64, len(slots))
	err := gridkit.EachSlot(ctx, "healpix.CellAreas", key, slots, 1<<(2*g.depth), func(i int, _ int32) error {
		out[i] = area
		return nil
	})
	return out, err
}
