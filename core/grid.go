package core

import (
	"context"
	"encoding/json"
)

// A Grid divides the Earth, or a part of it, into cells, and groups cells into shards. Coordinates are WGS84 geodetic degrees
// with any longitude; how a grid treats latitudes is its own decision and part of its signature. Implementations are immutable
// and safe for concurrent use.
type Grid interface {
	// Info is constant for a grid and does no I/O.
	Info() GridInfo
	// Cover returns for each region all shards that can own a point of it, in key order and without duplicates. It may include
	// shards that only come near the region, but never omits one.
	Cover(ctx context.Context, regions []Region) ([][]ShardKey, error)
	// Shards describes shards. It accepts keys in any form that people or old catalogs use, and returns canonical keys. A key
	// that does not exist is NotFound or Invalid.
	Shards(ctx context.Context, keys []ShardKey) ([]Shard, error)
	// Cells returns columns with one row per slot: the centre ("lon", "lat" in degrees; NaN: the slot is void, it has no cell),
	// then Info().Frame.Coords in that order.
	Cells(ctx context.Context, key ShardKey) ([]Column, error)
	// Locate sets slot[i] to the slot of observation i's cell, or to -1 if it lies outside the shard or its coordinates are not
	// finite or |lat| > 90. len(slot) == len(lon) == len(lat). Every point of the grid's domain is in exactly one slot of one
	// shard.
	Locate(ctx context.Context, key ShardKey, lon, lat []float64, slot []int32) error
}

// A ShardLocator is a Grid that locates points in many shards in one pass. For other grids Locate is called shard by shard.
// (optional)
type ShardLocator interface {
	Grid
	// LocateIn sets shard[i] to the index in keys of the shard that owns observation i, and slot[i] to its slot there, as Locate
	// for that key, or both to -1 if none of the shards owns it. The same shard twice in keys, in any form, is Invalid. lon,
	// lat, shard and slot have the same length.
	LocateIn(ctx context.Context, keys []ShardKey, lon, lat []float64, shard, slot []int32) error
}

// A CellNamer is a Grid that knows names of cells used by people and other tools (columns such as cell_id, morton, decimal,
// shard_key; one row per point, 0 or "" if the coordinates are not finite or |lat| > 90). `zagg grid locate` prints them.
// (optional)
type CellNamer interface {
	Grid
	Names(ctx context.Context, lon, lat []float64) ([]Column, error)
}

// PointColumn is the name of the column of CellNamer.Names with the packed word (package morton) of the point itself, uint64, if
// the grid has one. `location: leaf_id` of a variable stores it.
const PointColumn = "point"

// An Outliner is a Grid that knows the borders of its cells, for drawing and exporting them as areas. (optional)
type Outliner interface {
	Grid
	// Outlines returns for each of the slots of a shard the outline of its cell: three or more points in order, the first not
	// repeated, in WGS84 geodetic degrees; none if the slot is void. Between the points the border is practically straight.
	Outlines(ctx context.Context, key ShardKey, slots []int32) ([][]LonLat, error)
}

// GridInfo has the signature, against which stores and shard maps are checked, and the frame of the arrays.
type GridInfo struct {
	// Signature is a canonical JSON object. Members added in later releases are left out while they have their defaults. Used as
	// a configuration it makes the same grid; this is how the grid of a shard map is made.
	Signature json.RawMessage
	Frame     Frame
}

// A Frame is the shape of the arrays of a run. A slot is a position in a shard's block, in C order over Dims.
type Frame struct {
	Group  string          // path of the group: "12", "rectilinear"
	Dims   []Dim           // spatial only; the engine adds time before and vector dimensions after
	Coords []Field         // coordinate variables with one value per cell, written by each shard
	Attrs  json.RawMessage // the group's attributes, a JSON object
	// Scalars are variables without dimensions that others refer to, such as a CF grid mapping: attributes, and one value,
	// which is Fill. Written once by set-up.
	Scalars []Field
	// VarAttrs are attributes of every computed variable, such as the name of the grid mapping: a JSON object. Attributes of
	// the configuration take precedence.
	VarAttrs json.RawMessage
}

// Slots is the number of slots of one shard.
func (f *Frame) Slots() int64 {
	n := int64(1)
	for _, d := range f.Dims {
		n *= d.Shard
	}
	return n
}

// A Dim divides Size into shards and shards into chunks: Chunk divides Shard divides Size.
type Dim struct {
	Name               string
	Size, Shard, Chunk int64
	Axis               *Axis // a coordinate along this dimension (x, y), written once by set-up; nil: none
}

// An Axis is a coordinate that is regular along one dimension: value i is Start + i*Step.
type Axis struct {
	Field
	Start, Step float64
}

// A Shard describes a shard without listing its cells.
type Shard struct {
	Key     ShardKey // canonical
	Label   string   // for people, logs and file names, such as "-5111123"
	Path    []string // folders for a hierarchical layout, such as "-5","1",…; nil: none
	Block   []int64  // its position along each Dim, in shards
	Outline Region   // contains every point that Locate accepts
	AreaKM2 float64  // km² on the sphere of radius 6371.0088 km
}

// A Region is the union of its polygons, plus all points within Margin metres of them.
type Region struct {
	Polygons []Polygon
	Margin   float64 // metres
	Planar   bool    // edges are straight in lon/lat; otherwise great circles of the sphere to which the grid maps latitudes
	Oriented bool    // the inside is the left side of each ring; otherwise the smaller side

	// Straight, if not nil, replaces Planar: for each ring, polygon by polygon, whether its edges are straight in lon/lat. It
	// cannot be combined with Oriented.
	Straight []bool
}

// PlanarRing reports whether the edges of ring k are straight in lon/lat; k counts the rings of all polygons from 0.
func (r *Region) PlanarRing(k int) bool {
	if r.Straight == nil {
		return r.Planar
	}
	return k < len(r.Straight) && r.Straight[k]
}

// Rings is the number of rings of all polygons.
func (r *Region) Rings() int {
	n := 0
	for _, p := range r.Polygons {
		n += len(p)
	}
	return n
}

// A Polygon is a shell followed by holes. A ring of two vertices is an arc, a ring of one a point. (An arc with a margin is a
// swath.)
type Polygon [][]LonLat

// LonLat is a point in WGS84 geodetic degrees; any longitude.
type LonLat struct{ Lon, Lat float64 }
