package engine

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/objstore"
	"github.com/englacial/zagg/internal/expr"
	"github.com/englacial/zagg/internal/zarr"
)

var (
	_ core.Grid          = lineGrid{}
	_ core.ProductReader = &fakeReader{}
	_ core.Statistic     = fakeStat{}
)

// A lineGrid has shards "0", "1", … of one degree of longitude each, divided into cells.
type lineGrid struct{ cells int64 }

func (g lineGrid) dims() []core.Dim {
	return []core.Dim{{Name: "cells", Size: 4 * g.cells, Shard: g.cells, Chunk: g.cells}}
}

func (g lineGrid) Info() core.GridInfo {
	return core.GridInfo{Frame: core.Frame{Group: "line", Dims: g.dims()}}
}

func (lineGrid) Cover(context.Context, []core.Region) ([][]core.ShardKey, error) { return nil, nil }

func (lineGrid) Shards(context.Context, []core.ShardKey) ([]core.Shard, error) { return nil, nil }

func (g lineGrid) Cells(context.Context, core.ShardKey) ([]core.Column, error) {
	ids := make([]uint64, g.cells)
	for i := range ids {
		ids[i] = uint64(i) + 100
	}
	return []core.Column{core.ColumnOf("lon", make([]float64, g.cells)), core.ColumnOf("id", ids)}, nil
}

func (g lineGrid) Locate(_ context.Context, key core.ShardKey, lon, lat []float64, slot []int32) error {
	west, err := strconv.ParseFloat(string(key), 64)
	if err != nil {
		return core.Errorf(core.Invalid, "locate", string(key), "%w", err)
	}
	for i := range lon {
		slot[i] = -1
		if d := lon[i] - west; d >= 0 && d < 1 && lat[i] >= -90 && lat[i] <= 90 {
			slot[i] = int32(d * float64(g.cells))
		}
	}
	return nil
}

// A fakeReader emits prepared batches of granules by their id.
type fakeReader struct {
	batches map[string][]core.Batch
	stats   map[string]core.ReadStats
	fail    map[string]error // after all batches
	delay   time.Duration    // most, before each batch
}

func (r *fakeReader) Info() core.ProductInfo { return core.ProductInfo{} }

func (r *fakeReader) Read(ctx context.Context, _ core.ObjectReader, g core.Granule, _ core.Query, emit func(*core.Batch) error) (core.ReadStats, error) {
	for _, b := range r.batches[g.ID] {
		if r.delay > 0 {
			time.Sleep(rand.N(r.delay))
		}
		if err := ctx.Err(); err != nil {
			return core.ReadStats{}, err
		}
		own := core.Batch{Group: b.Group, Lon: slices.Clone(b.Lon), Lat: slices.Clone(b.Lat)}
		for _, c := range b.Columns {
			c.Data = append(core.NewData(len(c.Data))[:0], c.Data...)
			own.Columns = append(own.Columns, c)
		}
		if err := emit(&own); err != nil {
			return core.ReadStats{}, err
		}
		for _, c := range own.Columns { // the batch is the reader's again
			for i := range c.Data {
				c.Data[i] = 0xee
			}
		}
		for i := range own.Lon {
			own.Lon[i], own.Lat[i] = -1e9, -1e9
		}
	}
	return r.stats[g.ID], r.fail[g.ID]
}

// A fakeStat computes with a function; out are the fields it promises.
type fakeStat struct {
	out     []core.Field
	compute func(*core.Groups) ([]core.Column, error)
}

func (s fakeStat) Info() core.StatisticInfo { return core.StatisticInfo{Outputs: s.out} }

func (s fakeStat) Compute(_ context.Context, g *core.Groups) ([]core.Column, error) {
	return s.compute(g)
}

// list gives as many values per cell as width, in the order in which the cell has them, and NaN after them.
func list(width int) fakeStat {
	return fakeStat{compute: func(g *core.Groups) ([]core.Column, error) {
		v := core.View[float64](g.Rows[0].Data)
		out := make([]float64, 0, width*len(g.Slots))
		for c := range g.Slots {
			for k := range int64(width) {
				x := math.NaN()
				if at := g.Offsets[c] + k; at < g.Offsets[c+1] {
					x = v[at]
				}
				out = append(out, x)
			}
		}
		return []core.Column{{Type: core.Float64, Width: width, Data: core.Raw(out)}}, nil
	}}
}

// count is the number of rows of each cell.
func count() fakeStat {
	return fakeStat{compute: func(g *core.Groups) ([]core.Column, error) {
		out := make([]int64, len(g.Slots))
		for c := range out {
			out[c] = g.Offsets[c+1] - g.Offsets[c]
		}
		return []core.Column{core.ColumnOf("", out)}, nil
	}}
}

// array is an array over the grid's line with vector dimensions after it; its objects are the plain bytes.
func (g lineGrid) array(name string, t core.Type, fill string, shape ...int64) *zarr.Array {
	a := &zarr.Array{Name: name, Type: t, Shape: []int64{4 * g.cells}, Shard: []int64{g.cells}, Chunk: []int64{g.cells}, Fill: json.RawMessage(fill)}
	for _, n := range shape {
		a.Shape, a.Shard, a.Chunk = append(a.Shape, n), append(a.Shard, n), append(a.Chunk, n)
	}
	return a
}

const listed = 16 // values per cell that the pipeline's list keeps

// pipeline lists column v and counts rows.
func pipeline(g lineGrid, r core.ProductReader) *Pipeline {
	return &Pipeline{
		Grid: g, Reader: r, Columns: []string{"v"}, Mask: MaskRows, Granules: 4, Batch: 100, Group: "line", Dims: g.dims(),
		Vars: []Variable{
			{Name: "list", Stat: list(listed), Inputs: []Input{{Name: "source", Column: 0, Derived: -1}}, Arrays: []*zarr.Array{g.array("list", core.Float64, `"NaN"`, listed)}},
			{Name: "count", Stat: count(), Inputs: []Input{{Name: "source", Column: 0, Derived: -1}}, Arrays: []*zarr.Array{g.array("count", core.Int32, "0")}},
		},
	}
}

func task(key string, store core.ObjectStore, granules ...string) *Task {
	t := &Task{Shard: core.Shard{Key: core.ShardKey(key), Label: "label" + key}, Block: []int64{1}, Store: store, StoreURL: "mem://s/"}
	for _, id := range granules {
		t.Granules = append(t.Granules, core.Granule{ID: id})
	}
	return t
}

func batch(lon []float64, v []float64) core.Batch {
	lat := make([]float64, len(lon))
	return core.Batch{Group: "g", Lon: lon, Lat: lat, Columns: []core.Column{core.ColumnOf("v", v)}}
}

func object(t testing.TB, store core.ObjectReader, key string) []byte {
	t.Helper()
	data, err := objstore.ReadAll(t.Context(), store, "mem://s/"+key, 1<<30)
	require.NoError(t, err)
	return append(core.NewData(len(data))[:0], data...)
}

// objects is everything in a store by URL.
func objects(t testing.TB, store core.ObjectStore) map[string]string {
	t.Helper()
	all := map[string]string{}
	require.NoError(t, store.List(t.Context(), "", func(o core.ObjectInfo) error {
		data, err := objstore.ReadAll(t.Context(), store, o.URL, 1<<30)
		all[o.URL] = string(data)
		return err
	}))
	return all
}

func rowFilter(t testing.TB, text string) RowFilter {
	t.Helper()
	p, err := expr.Compile(text, []expr.Var{{Name: "v"}}, expr.Options{Mode: expr.Filter})
	require.NoError(t, err)
	return RowFilter{Text: text, Program: p}
}

// A slowStore waits before each Put and notes how many are under way.
type slowStore struct {
	core.ObjectStore
	put func(ctx context.Context, url string, body []byte) error
}

func (s slowStore) Put(ctx context.Context, url string, body io.Reader, opt core.PutOptions) error {
	var b bytes.Buffer
	if _, err := b.ReadFrom(body); err != nil {
		return err
	}
	if err := s.put(ctx, url, b.Bytes()); err != nil {
		return err
	}
	return s.ObjectStore.Put(ctx, url, &b, opt)
}
