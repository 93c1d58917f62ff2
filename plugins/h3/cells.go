//go:build cgo

package h3

// Outlines and areas of cells, for maps and statistics.

import (
	"context"
	"math"

	uber "github.com/uber/h3-go/v4"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/gridkit"
	"github.com/englacial/zagg/core/sphere"
)

// Outlines implements core.Outliner: the cells' own boundaries, counter-clockwise. Void slots have none.
func (g *grid) Outlines(ctx context.Context, key core.ShardKey, slots []int32) ([][]core.LonLat, error) {
	shard, err := g.shardFromKey(key)
	if err != nil {
		return nil, err
	}
	child := g.config.ChildResolution
	n := power7(child - shard.resolution())
	out := make([][]core.LonLat, len(slots))
	err = gridkit.EachSlot(ctx, "h3.Outlines", key, slots, n, func(i int, slot int32) error {
		c := shard.descendant(child, int64(slot))
		if c.isVoid() {
			return nil
		}
		boundary, err := uber.CellToBoundary(uber.Cell(c))
		if err != nil {
			return core.Errorf(core.Internal, "h3.CellToBoundary", c.String(), "%w", err)
		}
		out[i] = make([]core.LonLat, len(boundary))
		for k, v := range boundary {
			out[i][k] = core.LonLat{Lon: v.Lng, Lat: v.Lat}
		}
		return nil
	})
	return out, err
}

// CellAreas implements core.CellMeasurer: areas on a sphere with the Earth's mean radius; NaN for void slots.
func (g *grid) CellAreas(ctx context.Context, key core.ShardKey, slots []int32) ([]float64, error) {
	shard, err := g.shardFromKey(key)
	if err != nil {
		return nil, err
	}
	const radius = sphere.EarthRadius / 1e3
	child := g.config.ChildResolution
	n := power7(child - shard.resolution())
	out := make([]float64, len(slots))
	err = gridkit.EachSlot(ctx, "h3.CellAreas", key, slots, n, func(i int, slot int32) error {
		c := shard.descendant(child, int64(slot))
		if c.isVoid() {
			out[i] = math.NaN()
			return nil
		}
		steradians, err := uber.CellAreaRads2(uber.Cell(c))
		if err != nil {
			return core.Errorf(core.Internal, "h3.CellAreaRads2", c.String(), "%w", err)
		}
		out[i] = steradians * radius * radius
		return nil
	})
	return out, err
}
