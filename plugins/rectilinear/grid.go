package rectilinear

import (
	"context"
	"encoding/json"
	"math"
	"sync"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/gridkit"
	"github.com/englacial/zagg/core/proj"
)

var (
	_ core.CellNamer    = (*grid)(nil)
	_ core.ShardLocator = (*grid)(nil)
)

// A grid is core.Grid by the checked config. Immutable but for a pool of scratch memory.
type grid struct {
	config  Config
	info    core.GridInfo
	plane   proj.Projection
	domain  proj.Rect
	shards  [2]int64  // rows and columns of shards
	lively  block     // the shards that have something of the domain
	scratch sync.Pool // of *points
	sets    gridkit.Sets[shardSet]
}

func newGrid(c Config) *grid {
	g := &grid{config: c, plane: c.CRS.Projection(c.XMin)}
	g.domain = g.plane.Domain()
	g.shards = [2]int64{c.Shape[0] / c.Shard[0], c.Shape[1] / c.Shard[1]}
	g.lively = g.within(g.domain, 0)
	g.scratch.New = func() any { return new(points) }
	g.info = core.GridInfo{Signature: signature(c), Frame: frame(c)}
	return g
}

// Info implements core.Grid.
func (g *grid) Info() core.GridInfo { return g.info }

// signature has the members of the Python zagg's spatial signature, in its order. How a shard is divided into chunks is no
// part of the grid.
func signature(c Config) json.RawMessage {
	return object(struct {
		Type   string     `json:"type"`
		CRS    string     `json:"crs"`
		Affine [6]float64 `json:"affine"`
		Shape  [2]int64   `json:"shape"`
		Shard  [2]int64   `json:"chunk_shape"`
	}{"rectilinear", c.CRS.String(), [6]float64{c.ResX, 0, c.XMin, 0, -c.ResY, c.YMax}, c.Shape, c.Shard})
}

// object is JSON of a value that cannot fail to have any.
func object(v any) json.RawMessage {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return b
}

// Shards implements core.Grid.
func (g *grid) Shards(ctx context.Context, keys []core.ShardKey) ([]core.Shard, error) {
	shards := make([]core.Shard, len(keys))
	for i, key := range keys {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		p, err := g.shardFromKey(key)
		if err != nil {
			return nil, err
		}
		outline, area := g.outline(g.rectOf(block{p.row, p.col, 1, 1}))
		canonical := g.key(p)
		shards[i] = core.Shard{Key: canonical, Label: string(canonical), Block: []int64{p.row, p.col}, Outline: outline, AreaKM2: area}
	}
	return shards, nil
}

// Cells implements core.Grid. A cell of which only a part is on Earth has its centre in the middle of that part; one of
// which nothing is, is void.
func (g *grid) Cells(ctx context.Context, key core.ShardKey) ([]core.Column, error) {
	p, err := g.shardFromKey(key)
	if err != nil {
		return nil, err
	}
	c := &g.config
	rows, cols := c.Shard[0], c.Shard[1]
	lon, lat := make([]float64, rows*cols), make([]float64, rows*cols)
	x := middles(c.XMin, c.ResX, p.col*cols, cols, g.domain.X0, g.domain.X1)
	y := middles(c.YMax, -c.ResY, p.row*rows, rows, g.domain.Y0, g.domain.Y1)
	across := make([]float64, cols)
	for r := range rows {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		for i := range across {
			across[i] = y[r]
		}
		g.plane.Inverse(x, across, lon[r*cols:(r+1)*cols], lat[r*cols:(r+1)*cols])
	}
	return []core.Column{core.ColumnOf("lon", lon), core.ColumnOf("lat", lat)}, nil
}

// middles are the centres, along one axis, of n cells from first: cell i goes from origin + i·step one step further. Those
// at the ends of what there is between low and high are of the cell's part there; beyond they are NaN.
func middles(origin, step float64, first, n int64, low, high float64) []float64 {
	out := make([]float64, n)
	for k := range out {
		i := float64(first + int64(k))
		a, b := origin+i*step, origin+(i+1)*step
		a, b = min(a, b), max(a, b)
		switch {
		case b <= low || a >= high:
			out[k] = math.NaN()
		case a < low || b > high:
			out[k] = (max(a, low) + min(b, high)) / 2
		default:
			out[k] = origin + step/2 + i*step
		}
	}
	return out
}

// Names implements core.CellNamer: the number of the cell of each point, row by row from the upper left corner, its row and
// column, the point's place in the plane, and the key of its shard. Outside the grid the numbers are -1, and where
// coordinates are no place on Earth all is 0.
func (g *grid) Names(ctx context.Context, lon, lat []float64) ([]core.Column, error) {
	if len(lon) != len(lat) {
		return nil, core.Errorf(core.Invalid, "rectilinear.Names", "", "%d longitudes, %d latitudes", len(lon), len(lat))
	}
	n, c := len(lon), &g.config
	x, y := make([]float64, n), make([]float64, n)
	ids, rows, cols, shards := make([]int64, n), make([]int64, n), make([]int64, n), make([]int64, n)
	for from := 0; from < n; from += batch {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		to := min(from+batch, n)
		g.plane.Forward(lon[from:to], lat[from:to], x[from:to], y[from:to])
	}
	for i := range n {
		if !(math.Abs(lat[i]) <= 90) || lon[i]-lon[i] != 0 {
			x[i], y[i] = 0, 0
			continue
		}
		row, col := cellOf(c.YMax-y[i], c.ResY, 1/c.ResY), cellOf(x[i]-c.XMin, c.ResX, 1/c.ResX)
		if math.IsNaN(x[i]) {
			x[i], y[i] = 0, 0
		}
		if !(row >= 0 && row < float64(c.Shape[0]) && col >= 0 && col < float64(c.Shape[1])) {
			ids[i], rows[i], cols[i], shards[i] = -1, -1, -1, -1
			continue
		}
		rows[i], cols[i] = int64(row), int64(col)
		ids[i] = rows[i]*c.Shape[1] + cols[i]
		shards[i] = rows[i]/c.Shard[0]*g.shards[1] + cols[i]/c.Shard[1]
	}
	return []core.Column{
		core.ColumnOf("cell_id", ids), core.ColumnOf("row", rows), core.ColumnOf("col", cols),
		core.ColumnOf("x", x), core.ColumnOf("y", y), core.ColumnOf("shard_key", shards),
	}, nil
}
