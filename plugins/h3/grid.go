//go:build cgo

package h3

// The grid: shards, cells and their names.

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"sync/atomic"

	uber "github.com/uber/h3-go/v4"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/gridkit"
	"github.com/englacial/zagg/core/sphere"
)

var (
	_ core.CellNamer    = (*grid)(nil)
	_ core.ShardLocator = (*grid)(nil)
)

// A grid implements core.Grid. It is safe for concurrent use: immutable except for what it remembers.
type grid struct {
	config Config
	info   core.GridInfo
	ico    *icosahedron
	base   []tile // the base cells
	last   atomic.Pointer[locator]
	sets   gridkit.Sets[*shardSet]
}

func newGrid(c Config) (*grid, error) {
	ico, err := newIcosahedron()
	if err != nil {
		return nil, err
	}
	g := &grid{config: c, ico: ico, base: make([]tile, baseCells)}
	for b := range g.base {
		if g.base[b], err = ico.tileOf(baseCell(b)); err != nil {
			return nil, err
		}
	}
	g.info = core.GridInfo{
		Signature: fmt.Appendf(json.RawMessage(nil), `{"type":"h3","parent_resolution":%d,"child_resolution":%d}`, c.ParentResolution, c.ChildResolution),
		Frame:     frame(c),
	}
	return g, nil
}

// Info implements core.Grid.
func (g *grid) Info() core.GridInfo { return g.info }

// Shards implements core.Grid. AreaKM2 is the area of the shard's hexagon; those of all shards add up to the Earth's.
func (g *grid) Shards(ctx context.Context, keys []core.ShardKey) ([]core.Shard, error) {
	shards := make([]core.Shard, len(keys))
	for i, key := range keys {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		c, err := g.shardFromKey(key)
		if err != nil {
			return nil, err
		}
		outline, err := g.outline(c)
		if err != nil {
			return nil, err
		}
		steradians, err := uber.CellAreaRads2(uber.Cell(c))
		if err != nil {
			return nil, core.Errorf(core.Internal, "h3.CellAreaRads2", c.String(), "%w", err)
		}
		shards[i] = core.Shard{
			Key:     c.key(),
			Label:   c.String(),
			Path:    path(c),
			Block:   []int64{int64(c.base())*power7(c.resolution()) + c.slot(0)},
			Outline: outline,
			AreaKM2: steradians * (sphere.EarthRadius / 1e3) * (sphere.EarthRadius / 1e3),
		}
	}
	return shards, nil
}

// outline is the hexagon of a shard as H3 draws it, with a margin as wide as its cells extend beyond it.
func (g *grid) outline(c cellID) (core.Region, error) {
	boundary, err := uber.CellToBoundary(uber.Cell(c))
	if err != nil {
		return core.Region{}, core.Errorf(core.Internal, "h3.CellToBoundary", c.String(), "%w", err)
	}
	t, err := g.ico.tileOf(c)
	if err != nil {
		return core.Region{}, err
	}
	margin := t.rounding()
	if c.resolution() < g.config.ChildResolution {
		margin += t.atMost(outerReach) * (overflow / outerReach)
	}
	ring := make([]core.LonLat, len(boundary))
	for i, v := range boundary {
		ring[i] = core.LonLat{Lon: v.Lng, Lat: v.Lat}
	}
	return core.Region{Polygons: []core.Polygon{{ring}}, Margin: margin*sphere.EarthRadius + 0.001, Oriented: true}, nil
}

// Cells implements core.Grid. Void slots have NaN for a centre, and the id of the shard's middle cell.
func (g *grid) Cells(ctx context.Context, key core.ShardKey) ([]core.Column, error) {
	shard, err := g.shardFromKey(key)
	if err != nil {
		return nil, err
	}
	child := g.config.ChildResolution
	n := power7(child - shard.resolution())
	lon, lat, ids := make([]float64, n), make([]float64, n), make([]uint64, n)
	middle := shard.center(child)
	for i := range n {
		if i&0x3fff == 0 {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
		}
		c := shard.descendant(child, i)
		if c.isVoid() {
			lon[i], lat[i], ids[i] = math.NaN(), math.NaN(), uint64(middle)
			continue
		}
		at, err := uber.CellToLatLng(uber.Cell(c))
		if err != nil {
			return nil, core.Errorf(core.Internal, "h3.CellToLatLng", c.String(), "%w", err)
		}
		lon[i], lat[i], ids[i] = at.Lng, at.Lat, uint64(c)
	}
	return []core.Column{core.ColumnOf("lon", lon), core.ColumnOf("lat", lat), core.ColumnOf("cell_ids", ids)}, nil
}

// Names implements core.CellNamer: the index of the cell of each point as a number and as H3 prints it, and the key
// of its shard. Points that are not on Earth have 0 and "".
func (g *grid) Names(ctx context.Context, lon, lat []float64) ([]core.Column, error) {
	if len(lon) != len(lat) {
		return nil, core.Errorf(core.Invalid, "h3.Names", "", "%d longitudes, %d latitudes", len(lon), len(lat))
	}
	n := len(lon)
	ids, shards, names := make([]uint64, n), make([]uint64, n), make([]string, n)
	for i := range n {
		if i&0x3fff == 0 {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
		}
		if !(math.Abs(lat[i]) <= 90) || lon[i]-lon[i] != 0 {
			continue
		}
		c, err := cellOf(turn(lon[i]), lat[i], g.config.ChildResolution)
		if err != nil {
			return nil, err
		}
		ids[i], names[i], shards[i] = uint64(c), c.String(), uint64(c.parent(g.config.ParentResolution))
	}
	return []core.Column{core.ColumnOf("cell_id", ids), core.StringColumn("h3", names), core.ColumnOf("shard_key", shards)}, nil
}
