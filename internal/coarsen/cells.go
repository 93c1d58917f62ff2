package coarsen

import (
	"context"
	"slices"
	"strconv"

	"github.com/englacial/zagg/core"
)

// cells are results of statistics in some cells, each of which is known by a point in it.
type cells struct {
	lon, lat []float64
	vars     []values // by variable
}

// values are the outputs of one statistic, in those of the cells that have some: row i is that of cell at[i], ascending.
type values struct {
	at   []int32
	cols []core.Column
}

// pick is some rows of a column.
func pick(c *core.Column, rows []int32) core.Column {
	out := core.Column{Name: c.Name, Type: c.Type, Width: max(c.Width, 1), Data: []byte{}}
	size := int64(out.Width * c.Type.Size())
	if c.Offsets == nil {
		out.Data = core.NewData(len(rows) * int(size))
		for i, r := range rows {
			copy(out.Data[int64(i)*size:], c.Data[int64(r)*size:(int64(r)+1)*size])
		}
		return out
	}
	out.Offsets = make([]int64, 1, len(rows)+1)
	for _, r := range rows {
		out.Offsets = append(out.Offsets, out.Offsets[len(out.Offsets)-1]+c.Offsets[r+1]-c.Offsets[r])
	}
	data, at := core.NewData(int(out.Offsets[len(rows)]*size)), 0
	for _, r := range rows {
		at += copy(data[at:], c.Data[c.Offsets[r]*size:c.Offsets[r+1]*size])
	}
	out.Data = data
	return out
}

// join is the rows of two columns, one after the other.
func join(a, b *core.Column) core.Column {
	out := *a
	out.Data = append(append(core.NewData(len(a.Data) + len(b.Data))[:0], a.Data...), b.Data...)
	if a.Offsets != nil {
		out.Offsets = slices.Clone(a.Offsets)
		for _, o := range b.Offsets[1:] {
			out.Offsets = append(out.Offsets, a.Offsets[len(a.Offsets)-1]+o)
		}
	}
	return out
}

// add puts other cells behind these.
func (c *cells) add(o *cells) {
	first := int32(len(c.lon))
	c.lon, c.lat = append(c.lon, o.lon...), append(c.lat, o.lat...)
	if c.vars == nil {
		c.vars = make([]values, len(o.vars))
	}
	for i := range o.vars {
		v, w := &c.vars[i], &o.vars[i]
		if len(w.at) == 0 {
			continue
		}
		for _, at := range w.at {
			v.at = append(v.at, first+at)
		}
		if v.cols == nil {
			v.cols = slices.Clone(w.cols)
			continue
		}
		for k := range v.cols {
			v.cols[k] = join(&v.cols[k], &w.cols[k])
		}
	}
}

// A spot is a cell of a grid.
type spot struct {
	key  core.ShardKey
	slot int32
}

// spots are the cells of a grid in which some points are.
func spots(ctx context.Context, grid core.Grid, lon, lat []float64) ([]spot, error) {
	namer, ok := grid.(core.CellNamer)
	if !ok {
		return nil, core.Errorf(core.Unsupported, "coarsen", "", "the grid does not say in which shard a place is")
	}
	names, err := namer.Names(ctx, lon, lat)
	if err != nil {
		return nil, err
	}
	k := slices.IndexFunc(names, func(c core.Column) bool { return c.Name == "shard_key" && c.Type == core.Uint64 })
	if k < 0 {
		return nil, core.Errorf(core.Unsupported, "coarsen", "", "the grid does not say in which shard a place is")
	}
	out := make([]spot, len(lon))
	of := map[core.ShardKey][]int32{}
	for i, w := range core.View[uint64](names[k].Data) {
		out[i].key = core.ShardKey(strconv.FormatUint(w, 10))
		of[out[i].key] = append(of[out[i].key], int32(i))
	}
	for key, rows := range of {
		x, y, slot := make([]float64, len(rows)), make([]float64, len(rows)), make([]int32, len(rows))
		for i, r := range rows {
			x[i], y[i] = lon[r], lat[r]
		}
		if err := grid.Locate(ctx, key, x, y, slot); err != nil {
			return nil, err
		}
		for i, r := range rows {
			if out[r].slot = slot[i]; slot[i] < 0 {
				return nil, core.Errorf(core.Internal, "coarsen", string(key), "the grid names a shard for a place that is not in it")
			}
		}
	}
	return out, nil
}

// fold makes the results of coarser cells of those of finer ones. in has the coarser cell of each; those of the result are in key order
// of shards and of slots.
func (c *cells) fold(ctx context.Context, folders []core.Folder, in []spot) (*cells, []spot, error) {
	order := make([]int32, len(in))
	for i := range order {
		order[i] = int32(i)
	}
	compare := func(a, b spot) int {
		if d := core.CompareKeys(a.key, b.key); d != 0 {
			return d
		}
		return int(a.slot) - int(b.slot)
	}
	slices.SortStableFunc(order, func(a, b int32) int { return compare(in[a], in[b]) })
	number := make([]int32, len(in)) // of the coarser cell of each
	out, where := &cells{vars: make([]values, len(folders))}, []spot{}
	for _, i := range order {
		if n := len(where); n == 0 || compare(where[n-1], in[i]) != 0 {
			where = append(where, in[i])
			out.lon, out.lat = append(out.lon, c.lon[i]), append(out.lat, c.lat[i])
		}
		number[i] = int32(len(where) - 1)
	}
	for k, f := range folders {
		var err error
		if out.vars[k], err = foldOne(ctx, f, &c.vars[k], number); err != nil {
			return nil, nil, err
		}
	}
	return out, where, nil
}

// foldOne folds the results of one statistic.
func foldOne(ctx context.Context, f core.Folder, v *values, number []int32) (values, error) {
	if len(v.at) == 0 {
		return values{}, nil
	}
	rows := make([]int32, len(v.at))
	for i := range rows {
		rows[i] = int32(i)
	}
	slices.SortStableFunc(rows, func(a, b int32) int { return int(number[v.at[a]]) - int(number[v.at[b]]) })
	g := &core.Groups{Offsets: []int64{0}}
	for i, r := range rows {
		n := number[v.at[r]]
		if last := len(g.Slots); last > 0 && g.Slots[last-1] == n {
			g.Offsets[last] = int64(i + 1)
		} else {
			g.Slots, g.Offsets = append(g.Slots, n), append(g.Offsets, int64(i+1))
		}
	}
	for k := range v.cols {
		g.Rows = append(g.Rows, pick(&v.cols[k], rows))
	}
	cols, err := f.Fold(ctx, g)
	return values{g.Slots, cols}, err
}
