package coretest_test

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"sync"
	"testing"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/coretest"
	"github.com/englacial/zagg/core/sphere"
)

const (
	shardSide = 15.0 // degrees
	cellsSide = 10   // cells along a side of a shard
	shardRows = 12
	shardCols = 24
	voids     = 8 // void slots at the end of a shard
)

// latLon is a grid that keeps every promise: shards of 15° by 15°, cells of 1.5° in one dimension, and after those of a
// shard some slots that are void. Keys are numbers, row after row from the south.
type latLon struct{}

func (latLon) Info() core.GridInfo {
	const slots = cellsSide*cellsSide + voids
	return core.GridInfo{
		Signature: json.RawMessage(`{"type":"latlon","degrees":1.5}`),
		Frame: core.Frame{
			Group:  "latlon",
			Dims:   []core.Dim{{Name: "cells", Size: shardRows * shardCols * slots, Shard: slots, Chunk: slots / 2}},
			Coords: []core.Field{{Name: "cell_ids", Type: core.Int32, Width: 1, Fill: json.RawMessage("-1")}},
			Attrs:  json.RawMessage(`{"coordinates":"cell_ids"}`),
		},
	}
}

func parse(key core.ShardKey) (int, error) {
	n, err := strconv.Atoi(string(key))
	if err != nil || n < 0 || n >= shardRows*shardCols || strconv.Itoa(n) != string(key) {
		return 0, core.Errorf(core.Invalid, "latlon", fmt.Sprintf("key %.40q", string(key)), "want a number from 0 to %d", shardRows*shardCols-1)
	}
	return n, nil
}

// box is the sides of a shard in degrees.
func box(n int) (west, south float64) {
	return shardSide*float64(n%shardCols) - 180, shardSide*float64(n/shardCols) - 90
}

func (latLon) Shards(ctx context.Context, keys []core.ShardKey) ([]core.Shard, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	shards := make([]core.Shard, len(keys))
	for i, key := range keys {
		n, err := parse(key)
		if err != nil {
			return nil, err
		}
		w, s := box(n)
		ring := []core.LonLat{{Lon: w, Lat: s}, {Lon: w + shardSide, Lat: s}, {Lon: w + shardSide, Lat: s + shardSide}, {Lon: w, Lat: s + shardSide}}
		sin := func(deg float64) float64 { return math.Sin(deg * math.Pi / 180) }
		shards[i] = core.Shard{
			Key: key, Label: "s" + string(key), Block: []int64{int64(n)},
			Outline: core.Region{Polygons: []core.Polygon{{ring}}, Planar: true},
			AreaKM2: 6371.0088 * 6371.0088 * (sin(s+shardSide) - sin(s)) * shardSide * math.Pi / 180,
		}
	}
	return shards, nil
}

func (latLon) Cells(ctx context.Context, key core.ShardKey) ([]core.Column, error) {
	n, err := parse(key)
	if err := cmp.Or(err, ctx.Err()); err != nil {
		return nil, err
	}
	w, s := box(n)
	slots := cellsSide*cellsSide + voids
	lon, lat, ids := make([]float64, slots), make([]float64, slots), make([]int32, slots)
	for i := range slots {
		lon[i] = w + shardSide*(float64(i%cellsSide)+0.5)/cellsSide
		lat[i] = s + shardSide*(float64(i/cellsSide)+0.5)/cellsSide
		ids[i] = int32(n*slots + i)
		if i >= cellsSide*cellsSide {
			lon[i], lat[i], ids[i] = math.NaN(), math.NaN(), ids[0]
		}
	}
	return []core.Column{core.ColumnOf("lon", lon), core.ColumnOf("lat", lat), core.ColumnOf("cell_ids", ids)}, nil
}

// cellOf is the shard and slot of a place; -1, -1 for what is none.
func cellOf(lon, lat float64) (shard, slot int) {
	if !(math.Abs(lat) <= 90) || lon-lon != 0 {
		return -1, -1
	}
	x := math.Mod(lon, 360) + 180
	if x < 0 {
		x += 360
	}
	if x >= 360 {
		x -= 360
	}
	col := min(int(x/shardSide*cellsSide), shardCols*cellsSide-1)
	row := min(int((lat+90)/shardSide*cellsSide), shardRows*cellsSide-1)
	return row/cellsSide*shardCols + col/cellsSide, row%cellsSide*cellsSide + col%cellsSide
}

func (latLon) Locate(ctx context.Context, key core.ShardKey, lon, lat []float64, slot []int32) error {
	n, err := parse(key)
	if err := cmp.Or(err, ctx.Err()); err != nil {
		return err
	}
	if len(lon) != len(lat) || len(lon) != len(slot) {
		return core.Errorf(core.Invalid, "latlon", string(key), "%d, %d and %d points", len(lon), len(lat), len(slot))
	}
	for i := range lon {
		slot[i] = -1
		if shard, at := cellOf(lon[i], lat[i]); shard == n {
			slot[i] = int32(at)
		}
	}
	return nil
}

// Cover descends from each shard until a tile is apart from the region, covered by it, or a 16th of the shard.
func (latLon) Cover(ctx context.Context, regions []core.Region) ([][]core.ShardKey, error) {
	covers := make([][]core.ShardKey, len(regions))
	for i := range regions {
		r, err := sphere.NewRegion(regions[i], sphere.GeodeticSpherical)
		if err := cmp.Or(err, ctx.Err()); err != nil {
			return nil, err
		}
		for n, around := range shardCaps() {
			if r.Empty() || r.Relate(around) == sphere.Apart {
				continue
			}
			if w, s := box(n); meets(r.Piece(), w, s, shardSide) {
				covers[i] = append(covers[i], core.ShardKey(strconv.Itoa(n)))
			}
		}
	}
	return covers, nil
}

// shardCaps are caps around the shards.
var shardCaps = sync.OnceValue(func() []sphere.Cap {
	caps := make([]sphere.Cap, shardRows*shardCols)
	for n := range caps {
		w, s := box(n)
		caps[n] = capOf(w, s, shardSide)
	}
	return caps
})

// capOf is a cap around a tile.
func capOf(west, south, side float64) sphere.Cap {
	point := func(x, y float64) sphere.Vec { return sphere.FromLonLat(west+x*side, south+y*side) }
	around := sphere.Cap{Center: point(0.5, 0.5)}
	for i := range 9 {
		around.Radius = max(around.Radius, 1.02*sphere.Angle(around.Center, point(float64(i%3)/2, float64(i/3)/2)))
	}
	return around
}

func meets(within sphere.Piece, west, south, side float64) bool {
	piece, relation := within.Clip(capOf(west, south, side), nil)
	if relation != sphere.Near || side <= shardSide/16 {
		return relation != sphere.Apart
	}
	side /= 2
	return meets(piece, west, south, side) || meets(piece, west+side, south, side) || meets(piece, west, south+side, side) || meets(piece, west+side, south+side, side)
}

// Names implements core.CellNamer.
func (latLon) Names(ctx context.Context, lon, lat []float64) ([]core.Column, error) {
	if len(lon) != len(lat) {
		return nil, core.Errorf(core.Invalid, "latlon", "", "%d and %d points", len(lon), len(lat))
	}
	ids, keys := make([]int32, len(lon)), make([]string, len(lon))
	for i := range lon {
		if shard, slot := cellOf(lon[i], lat[i]); shard >= 0 {
			ids[i] = int32(shard*(cellsSide*cellsSide+voids) + slot)
			keys[i] = strconv.Itoa(shard)
		}
	}
	return []core.Column{core.ColumnOf("cell_ids", ids), core.StringColumn("shard_key", keys)}, ctx.Err()
}

func always[T any](thing T) func(context.Context) (T, error) {
	return func(context.Context) (T, error) { return thing, nil }
}

// TestGrid is what a plugin author writes.
func TestGrid(t *testing.T) {
	coretest.Grid(t, always[core.Grid](latLon{}), coretest.GridOptions{Options: coretest.Options{Short: true}, Regions: []core.Region{
		{Polygons: []core.Polygon{{{{Lon: 1, Lat: 2}, {Lon: 50, Lat: 3}, {Lon: 20, Lat: 40}}}}, Margin: 1000},
		{Polygons: []core.Polygon{{{{Lon: 170, Lat: -60}, {Lon: 200, Lat: -60}, {Lon: 200, Lat: -89}, {Lon: 170, Lat: -89}}}}, Planar: true},
	}})
}
