package healpix

// The grid: shards, cells and their names.

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"sync"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/gridkit"
	"github.com/englacial/zagg/core/morton"
	"github.com/englacial/zagg/core/sphere"
)

// The names of the two kinds of latitude in settings, signatures and stores.
const (
	authalic  = "authalic-wgs84"
	spherical = "geodetic-spherical"
)

var (
	_ core.CellNamer    = (*grid)(nil)
	_ core.ShardLocator = (*grid)(nil)
)

// A grid implements core.Grid. It is safe for concurrent use: immutable except for what it computes once and
// remembers.
type grid struct {
	config Config
	depth  int // orders from shard to cell
	info   core.GridInfo
	curves curves
	sets   gridkit.Sets[*shardSet]
	once   sync.Once
	discs  discs // of coarse cells, after once
}

func newGrid(c Config) *grid {
	g := &grid{config: c, depth: c.ChildOrder - c.ParentOrder, curves: curvesOf(c.Latitude)}
	g.info = core.GridInfo{Signature: signature(c), Frame: frame(c)}
	return g
}

// Info implements core.Grid.
func (g *grid) Info() core.GridInfo { return g.info }

// signature has the members of the spatial signature of zagg's Python releases, in their order, and latitude only if
// it is not authalic. The layout of a store is not part of the grid, so that member is always "fullsphere".
func signature(c Config) json.RawMessage {
	s := fmt.Sprintf(`{"type":"healpix","indexing_scheme":"nested","parent_order":%d,"child_order":%d,"layout":"fullsphere"`, c.ParentOrder, c.ChildOrder)
	if c.Latitude == sphere.GeodeticSpherical {
		s += `,"latitude":"` + spherical + `"`
	}
	return json.RawMessage(s + "}")
}

// Shards implements core.Grid.
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
		label := c.decimal()
		shards[i] = core.Shard{
			Key:     keyOf(c),
			Label:   label,
			Path:    hivePath(label),
			Block:   []int64{int64(c.nest)},
			Outline: outline(squareOf(c), g.config.Latitude),
			AreaKM2: 4 * math.Pi * (sphere.EarthRadius / 1e3) * (sphere.EarthRadius / 1e3) / float64(cellCount(c.order)),
		}
	}
	return shards, nil
}

// hivePath is the folders of a shard: its base cell with the sign, then one digit each (mortie specification, "hive
// naming").
func hivePath(label string) []string {
	n := 1
	if label[0] == '-' {
		n = 2
	}
	path := append(make([]string, 0, 1+len(label)-n), label[:n])
	for i := n; i < len(label); i++ {
		path = append(path, label[i:i+1])
	}
	return path
}

// Cells implements core.Grid. All cells of a row with one x+y have one latitude, which is therefore computed once.
func (g *grid) Cells(ctx context.Context, key core.ShardKey) ([]core.Column, error) {
	shard, err := g.shardFromKey(key)
	if err != nil {
		return nil, err
	}
	n := 1 << (2 * g.depth)
	lon, lat := make([]float64, n), make([]float64, n)
	words, ids := make([]uint64, n), make([]uint64, n)
	q := squareOf(shard)
	side := 1 << g.depth
	lats := make([]float64, 2*side-1)
	for i := range lats {
		x := min(i, side-1)
		s := g.centre(q, x, i-x)
		lats[i] = g.config.Latitude.FromSphere(s.lat())
	}
	first := shard.nest << (2 * g.depth)
	for i := range n {
		if i&0xffff == 0 {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
		}
		x, y := int(squeeze(uint64(i))), int(squeeze(uint64(i)>>1))
		lon[i], lat[i] = g.centre(q, x, y).lon, lats[x+y]
		ids[i] = first + uint64(i)
		words[i] = cellID{g.config.ChildOrder, ids[i]}.word()
	}
	columns := []core.Column{core.ColumnOf("lon", lon), core.ColumnOf("lat", lat), core.ColumnOf("morton", words)}
	if g.config.EmitCellIDs {
		columns = append(columns, core.ColumnOf("cell_ids", ids))
	}
	return columns, nil
}

// centre is the centre of the cell at column x and row y of a shard.
func (g *grid) centre(q square, x, y int) spot {
	side := 1 / float64(uint64(1)<<g.config.ChildOrder)
	u := (float64(q.x<<g.depth+uint64(x)) + 0.5) * side
	v := (float64(q.y<<g.depth+uint64(y)) + 0.5) * side
	return unproject(q.face, u, v)
}

// Names implements core.CellNamer: the nested id, packed word and decimal string of the cell of each point, and the key
// of its shard.
func (g *grid) Names(ctx context.Context, lon, lat []float64) ([]core.Column, error) {
	if len(lon) != len(lat) {
		return nil, core.Errorf(core.Invalid, "healpix.Names", "", "%d longitudes, %d latitudes", len(lon), len(lat))
	}
	n := len(lon)
	ids, words, shards, points := make([]uint64, n), make([]uint64, n), make([]uint64, n), make([]uint64, n)
	decimals := make([]string, n)
	for i := range n {
		if i&0xffff == 0 {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
		}
		if !onEarth(lon[i], lat[i]) {
			continue
		}
		face, u, v := project(lon[i], g.config.Latitude.ToSphere(lat[i]))
		points[i] = morton.Point(nestOf(face, u, v, morton.MaxOrder))
		c := cellID{g.config.ChildOrder, nestOf(face, u, v, g.config.ChildOrder)}
		ids[i], words[i], decimals[i] = c.nest, c.word(), c.decimal()
		shards[i] = c.parent(g.config.ParentOrder).word()
	}
	return []core.Column{
		core.ColumnOf("cell_id", ids), core.ColumnOf("morton", words),
		core.StringColumn("decimal", decimals), core.ColumnOf("shard_key", shards), core.ColumnOf(core.PointColumn, points),
	}, nil
}

// onEarth reports whether coordinates are finite and the latitude is within ±90. x-x is 0 for finite numbers only.
func onEarth(lon, lat float64) bool { return math.Abs(lat) <= 90 && lon-lon == 0 }

// frame is the arrays' frame: one dimension, the nested ids.
func frame(c Config) core.Frame {
	cells := func(order int) int64 { return 1 << (2 * (c.ChildOrder - order)) }
	scalars, varAttrs := mapping(c)
	return core.Frame{
		Group:    strconv.Itoa(c.ChildOrder),
		Dims:     []core.Dim{{Name: "cells", Size: int64(cellCount(c.ChildOrder)), Shard: cells(c.ParentOrder), Chunk: cells(c.ChunkInner)}},
		Coords:   coords(c),
		Attrs:    groupAttrs(c),
		Scalars:  scalars,
		VarAttrs: varAttrs,
	}
}
