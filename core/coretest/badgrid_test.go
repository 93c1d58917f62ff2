package coretest_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"testing"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/coretest"
)

// A badGrid is a good one with some methods replaced.
type badGrid struct {
	latLon
	info   func(core.GridInfo) core.GridInfo
	cover  func(context.Context, []core.Region, [][]core.ShardKey, error) ([][]core.ShardKey, error)
	shards func([]core.ShardKey, []core.Shard, error) ([]core.Shard, error)
	cells  func(core.ShardKey, []core.Column) []core.Column
	locate func(ctx context.Context, key core.ShardKey, lon, lat []float64, slot []int32) error
	names  func([]core.Column) []core.Column
}

func (b badGrid) Info() core.GridInfo {
	if b.info == nil {
		return b.latLon.Info()
	}
	return b.info(b.latLon.Info())
}

func (b badGrid) Cover(ctx context.Context, regions []core.Region) ([][]core.ShardKey, error) {
	covers, err := b.latLon.Cover(ctx, regions)
	if b.cover == nil {
		return covers, err
	}
	return b.cover(ctx, regions, covers, err)
}

func (b badGrid) Shards(ctx context.Context, keys []core.ShardKey) ([]core.Shard, error) {
	shards, err := b.latLon.Shards(ctx, keys)
	if b.shards == nil {
		return shards, err
	}
	return b.shards(keys, shards, err)
}

func (b badGrid) Cells(ctx context.Context, key core.ShardKey) ([]core.Column, error) {
	columns, err := b.latLon.Cells(ctx, key)
	if b.cells == nil || err != nil {
		return columns, err
	}
	return b.cells(key, columns), nil
}

func (b badGrid) Locate(ctx context.Context, key core.ShardKey, lon, lat []float64, slot []int32) error {
	if b.locate == nil {
		return b.latLon.Locate(ctx, key, lon, lat, slot)
	}
	return b.locate(ctx, key, lon, lat, slot)
}

func (b badGrid) Names(ctx context.Context, lon, lat []float64) ([]core.Column, error) {
	columns, err := b.latLon.Names(ctx, lon, lat)
	if b.names == nil || err != nil {
		return columns, err
	}
	return b.names(columns), nil
}

// each changes every cover of more than some shards.
func each(least int, change func(r core.Region, keys []core.ShardKey) []core.ShardKey) func(context.Context, []core.Region, [][]core.ShardKey, error) ([][]core.ShardKey, error) {
	return func(_ context.Context, regions []core.Region, covers [][]core.ShardKey, err error) ([][]core.ShardKey, error) {
		for i := range covers {
			if len(covers[i]) >= least {
				covers[i] = change(regions[i], covers[i])
			}
		}
		return covers, err
	}
}

// after changes the slots that a good Locate gives.
func after(change func(key core.ShardKey, lon, lat []float64, slot []int32)) func(context.Context, core.ShardKey, []float64, []float64, []int32) error {
	return func(ctx context.Context, key core.ShardKey, lon, lat []float64, slot []int32) error {
		err := latLon{}.Locate(ctx, key, lon, lat, slot)
		if err == nil {
			change(key, lon, lat, slot)
		}
		return err
	}
}

// shard changes the shards that a good Shards gives.
func shard(change func(*core.Shard)) func([]core.ShardKey, []core.Shard, error) ([]core.Shard, error) {
	return func(_ []core.ShardKey, shards []core.Shard, err error) ([]core.Shard, error) {
		for i := range shards {
			change(&shards[i])
		}
		return shards, err
	}
}

// column of n is 0 for the westernmost.
func column(key core.ShardKey) int {
	n, _ := parse(key)
	return n % shardCols
}

// badGrids break one promise each; the named check must say so.
func badGrids() map[string]struct {
	caught string
	grid   badGrid
} {
	type bad = struct {
		caught string
		grid   badGrid
	}
	calls := 0
	drop := func(keys []core.ShardKey, which func(core.ShardKey) bool) []core.ShardKey {
		return slices.DeleteFunc(keys, which)
	}
	return map[string]bad{
		"cover misses the last shard":         {"CoverCaps", badGrid{cover: each(2, func(_ core.Region, keys []core.ShardKey) []core.ShardKey { return keys[:len(keys)-1] })}},
		"cover forgets the margin of tracks":  {"CoverTracks", badGrid{cover: forget(func(r *core.Region) { r.Margin /= 2 })}},
		"cover takes boxes for great circles": {"CoverBoxes", badGrid{cover: forget(func(r *core.Region) { r.Planar = false })}},
		"cover looks at the first polygon":    {"CoverPolygons", badGrid{cover: forget(func(r *core.Region) { r.Polygons = r.Polygons[:min(len(r.Polygons), 1)] })}},
		"cover ignores orientation":           {"CoverHuge", badGrid{cover: forget(func(r *core.Region) { r.Oriented = false })}},
		"cover ends at the antimeridian": {"OneSlot", badGrid{cover: each(2, func(_ core.Region, keys []core.ShardKey) []core.ShardKey {
			if slices.ContainsFunc(keys, func(k core.ShardKey) bool { return column(k) == 0 }) && slices.ContainsFunc(keys, func(k core.ShardKey) bool { return column(k) == shardCols-1 }) {
				return drop(keys, func(k core.ShardKey) bool { return column(k) < shardCols/2 })
			}
			return keys
		})}},
		"cover misses shards around a pole": {"CoverPoles", badGrid{cover: each(shardCols, func(_ core.Region, keys []core.ShardKey) []core.ShardKey {
			return drop(keys, func(k core.ShardKey) bool { n, _ := parse(k); return n%shardCols > 12 && n >= (shardRows-1)*shardCols })
		})}},
		"cover lists neighbours":      {"CoverNearMinimal", badGrid{cover: each(1, neighbours)}},
		"cover is not in order":       {"Find", badGrid{cover: each(2, func(_ core.Region, keys []core.ShardKey) []core.ShardKey { slices.Reverse(keys); return keys })}},
		"cover lists a shard twice":   {"Find", badGrid{cover: each(1, func(_ core.Region, keys []core.ShardKey) []core.ShardKey { return append(keys, keys[len(keys)-1]) })}},
		"cover gives other spellings": {"Find", badGrid{cover: each(1, func(_ core.Region, keys []core.ShardKey) []core.ShardKey { keys[0] = "0" + keys[0]; return keys })}},
		"cover takes NaN for nothing": {"CoverInvalid", badGrid{cover: func(_ context.Context, r []core.Region, covers [][]core.ShardKey, err error) ([][]core.ShardKey, error) {
			if core.Is(err, core.Invalid) {
				return make([][]core.ShardKey, len(r)), nil
			}
			return covers, err
		}}},
		"cover has everything for nothing": {"CoverEmpty", badGrid{cover: func(_ context.Context, r []core.Region, covers [][]core.ShardKey, err error) ([][]core.ShardKey, error) {
			for i := range covers {
				if len(r[i].Polygons) == 0 {
					covers[i] = []core.ShardKey{"0", "1"}
				}
			}
			return covers, err
		}}},
		"cover joins regions": {"CoverTogether", badGrid{cover: func(_ context.Context, _ []core.Region, covers [][]core.ShardKey, err error) ([][]core.ShardKey, error) {
			if len(covers) > 100 && len(covers[0]) > 0 {
				all := append(slices.Concat(covers[0], covers[1]), covers[2]...)
				slices.SortFunc(all, core.CompareKeys)
				covers[0] = slices.Compact(all)
				covers[1], covers[2] = covers[0], covers[0]
				for i := range covers {
					covers[i] = union(covers[i], covers[0])
				}
			}
			return covers, err
		}}},
		"cover does not stop": {"Cancelled", badGrid{cover: func(ctx context.Context, r []core.Region, covers [][]core.ShardKey, err error) ([][]core.ShardKey, error) {
			return latLon{}.Cover(context.WithoutCancel(ctx), r)
		}}},
		"locate does not stop": {"Cancelled", badGrid{locate: func(ctx context.Context, key core.ShardKey, lon, lat []float64, slot []int32) error {
			return latLon{}.Locate(context.WithoutCancel(ctx), key, lon, lat, slot)
		}}},
		"slots are off by one": {"Cells", badGrid{locate: after(func(_ core.ShardKey, _, _ []float64, slot []int32) {
			for i := range slot {
				if slot[i] > 0 {
					slot[i]--
				}
			}
		})}},
		"two cells are swapped": {"Cells", badGrid{cells: func(_ core.ShardKey, columns []core.Column) []core.Column {
			lon := core.View[float64](columns[0].Data)
			lon[3], lon[4] = lon[4], lon[3]
			return columns
		}}},
		"latitude comes first": {"Cells", badGrid{cells: func(_ core.ShardKey, columns []core.Column) []core.Column {
			columns[0].Name, columns[1].Name = "lat", "lon"
			return columns
		}}},
		"a row of cells is missing": {"Find", badGrid{cells: func(_ core.ShardKey, columns []core.Column) []core.Column {
			columns[0].Data = columns[0].Data[8:]
			return columns
		}}},
		"a coordinate is missing": {"Cells", badGrid{cells: func(_ core.ShardKey, columns []core.Column) []core.Column { return columns[:2] }}},
		"ids are of another type": {"Cells", badGrid{cells: func(_ core.ShardKey, columns []core.Column) []core.Column {
			columns[2] = core.ColumnOf("cell_ids", make([]int64, 108))
			return columns
		}}},
		"void slots have id 0": {"VoidSlots", badGrid{cells: func(key core.ShardKey, columns []core.Column) []core.Column {
			core.View[int32](columns[2].Data)[105] = -1
			return columns
		}}},
		"void slots have half a centre": {"Cells", badGrid{cells: func(_ core.ShardKey, columns []core.Column) []core.Column {
			core.View[float64](columns[1].Data)[101] = 7
			return columns
		}}},
		"points are in void slots": {"Cells", badGrid{locate: after(func(_ core.ShardKey, _, _ []float64, slot []int32) {
			for i := range slot {
				if slot[i] == 0 {
					slot[i] = 104
				}
			}
		})}},
		"a cell is nowhere": {"OneSlot", badGrid{
			cells: func(_ core.ShardKey, columns []core.Column) []core.Column {
				core.View[float64](columns[0].Data)[33], core.View[float64](columns[1].Data)[33] = math.NaN(), math.NaN()
				core.View[int32](columns[2].Data)[33] = core.View[int32](columns[2].Data)[0]
				return columns
			},
			locate: after(func(_ core.ShardKey, _, _ []float64, slot []int32) {
				for i := range slot {
					if slot[i] == 33 {
						slot[i] = -1
					}
				}
			}),
		}},
		"points at a pole are nowhere": {"OneSlot", badGrid{locate: after(func(_ core.ShardKey, _, lat []float64, slot []int32) {
			for i := range slot {
				if math.Abs(lat[i]) > 89.9999 {
					slot[i] = -1
				}
			}
		})}},
		"borders are nowhere": {"Borders", badGrid{locate: after(func(_ core.ShardKey, lon, lat []float64, slot []int32) {
			for i := range slot {
				if d := math.Remainder(lat[i], shardSide/cellsSide); math.Abs(d) < 1e-9 && math.Abs(lat[i]) < 89 && lon[i] != 180 {
					slot[i] = -1
				}
			}
		})}},
		"borders are in both shards": {"Find", badGrid{locate: after(func(key core.ShardKey, lon, lat []float64, slot []int32) {
			n, _ := parse(key)
			for i := range slot {
				if s, at := cellOf(lon[i]-1e-9, lat[i]); s == n && slot[i] < 0 {
					slot[i] = int32(at)
				}
			}
		})}},
		"slots beyond the last": {"Cells", badGrid{locate: after(func(_ core.ShardKey, _, _ []float64, slot []int32) {
			for i := range slot {
				if slot[i] == 99 {
					slot[i] = 108
				}
			}
		})}},
		"latitudes are clamped": {"NotOnEarth", badGrid{locate: func(ctx context.Context, key core.ShardKey, lon, lat []float64, slot []int32) error {
			clamped := slices.Clone(lat)
			for i := range clamped {
				clamped[i] = max(-90, min(90, lat[i]))
			}
			return latLon{}.Locate(ctx, key, lon, clamped, slot[:len(slot):len(slot)])
		}}},
		"NaN is in slot 0": {"NotOnEarth", badGrid{locate: after(func(_ core.ShardKey, lon, _ []float64, slot []int32) {
			for i := range slot {
				if lon[i] != lon[i] {
					slot[i] = 0
				}
			}
		})}},
		"longitudes are not wrapped": {"Turns", badGrid{locate: after(func(_ core.ShardKey, lon, _ []float64, slot []int32) {
			for i := range slot {
				if lon[i] >= 180.5 || lon[i] < -720 {
					slot[i] = -1
				}
			}
		})}},
		"writes behind the slots": {"Find", badGrid{locate: after(func(_ core.ShardKey, _, _ []float64, slot []int32) {
			slot[:len(slot)+1][len(slot)] = -1
		})}},
		"changes the longitudes": {"Find", badGrid{locate: after(func(_ core.ShardKey, lon, _ []float64, _ []int32) {
			for i := range lon {
				lon[i] += 360
			}
		})}},
		"leaves slots as they were": {"OneSlot", badGrid{locate: func(ctx context.Context, key core.ShardKey, lon, lat []float64, slot []int32) error {
			if len(lon) < 500 {
				return latLon{}.Locate(ctx, key, lon, lat, slot)
			}
			n := len(slot) - 3
			return latLon{}.Locate(ctx, key, lon[:n], lat[:n], slot[:n])
		}}},
		"panics when slices do not fit": {"Lengths", badGrid{locate: func(ctx context.Context, key core.ShardKey, lon, lat []float64, slot []int32) error {
			return latLon{}.Locate(ctx, key, lon, lat[:len(lon)], slot[:len(lon)])
		}}},
		"is wrong after 65,536 points": {"Large", badGrid{locate: after(func(_ core.ShardKey, _, _ []float64, slot []int32) {
			if len(slot) > 65536 {
				slot[65536] = -slot[65536] - 1
				slot[65536] = max(-1, min(99, -slot[65536]))
			}
		})}},
		"remembers the call before": {"Pure", badGrid{locate: after(func(_ core.ShardKey, _, _ []float64, slot []int32) {
			if calls++; len(slot) == 5000 && calls%3 == 0 {
				slot[0] = -1 - min(0, slot[0])
				slot[1] = 50 - slot[1]/2
			}
		})}},
		"blocks collide":           {"Shards", badGrid{shards: shard(func(s *core.Shard) { s.Block[0] /= 2 })}},
		"blocks are out of range":  {"Shards", badGrid{shards: shard(func(s *core.Shard) { s.Block[0] += shardRows * shardCols / 2 })}},
		"labels collide":           {"Shards", badGrid{shards: shard(func(s *core.Shard) { s.Label = s.Label[:2] })}},
		"labels are paths":         {"Shards", badGrid{shards: shard(func(s *core.Shard) { s.Label = "a/" + s.Label })}},
		"areas are in m²":          {"Find", badGrid{shards: shard(func(s *core.Shard) { s.AreaKM2 *= 1e6 })}},
		"areas are those of cells": {"Areas", badGrid{shards: shard(func(s *core.Shard) { s.AreaKM2 /= 2 })}},
		"outlines are too small": {"Outlines", badGrid{shards: shard(func(s *core.Shard) {
			for i := range s.Outline.Polygons[0][0] {
				s.Outline.Polygons[0][0][i].Lon += 0.01
			}
		})}},
		"unknown keys are the first shard": {"UnknownKeys", badGrid{shards: func(keys []core.ShardKey, shards []core.Shard, err error) ([]core.Shard, error) {
			if err == nil {
				return shards, nil
			}
			return latLon{}.Shards(context.Background(), slices.Repeat([]core.ShardKey{"0"}, len(keys)))
		}}},
		"errors have no code": {"UnknownKeys", badGrid{shards: func(_ []core.ShardKey, shards []core.Shard, err error) ([]core.Shard, error) {
			if err != nil {
				err = fmt.Errorf("no such key")
			}
			return shards, err
		}}},
		"chunks do not divide shards": {"Info", badGrid{info: func(i core.GridInfo) core.GridInfo { i.Frame.Dims[0].Chunk = 50; return i }}},
		"the signature has spaces":    {"Info", badGrid{info: func(i core.GridInfo) core.GridInfo { i.Signature = json.RawMessage(`{"a": 1}`); return i }}},
		"the signature is not fixed": {"New", badGrid{info: func(i core.GridInfo) core.GridInfo {
			calls++
			i.Signature = json.RawMessage(fmt.Sprintf(`{"a":%d}`, calls))
			return i
		}}},
		"a fill value is not of its type": {"Info", badGrid{info: func(i core.GridInfo) core.GridInfo { i.Frame.Coords[0].Fill = json.RawMessage("1.5"); return i }}},
		"names are of other cells": {"Names", badGrid{names: func(c []core.Column) []core.Column {
			if ids := core.View[int32](c[0].Data); len(ids) > 0 {
				ids[0]++
			}
			return c
		}}},
	}
}

// forget covers a region as if something of it were not there.
func forget(change func(*core.Region)) func(context.Context, []core.Region, [][]core.ShardKey, error) ([][]core.ShardKey, error) {
	return func(ctx context.Context, regions []core.Region, covers [][]core.ShardKey, err error) ([][]core.ShardKey, error) {
		if err != nil {
			return covers, err
		}
		changed := slices.Clone(regions)
		for i := range changed {
			change(&changed[i])
		}
		return latLon{}.Cover(ctx, changed)
	}
}

func neighbours(_ core.Region, keys []core.ShardKey) []core.ShardKey {
	var more []core.ShardKey
	for _, key := range keys {
		n, _ := parse(key)
		for _, d := range []int{-shardCols, -1, 0, 1, shardCols} {
			if k := n + d; k >= 0 && k < shardRows*shardCols {
				more = append(more, core.ShardKey(strconv.Itoa(k)))
			}
		}
	}
	return union(more, nil)
}

func union(a, b []core.ShardKey) []core.ShardKey {
	all := slices.Concat(a, b)
	slices.SortFunc(all, core.CompareKeys)
	return slices.Compact(all)
}

func TestBadGrids(t *testing.T) {
	for name, bad := range badGrids() {
		t.Run(name, func(t *testing.T) {
			caught(t, bad.caught, func(o only) {
				coretest.Grid(o, always[core.Grid](bad.grid), coretest.GridOptions{})
			})
		})
	}
}
