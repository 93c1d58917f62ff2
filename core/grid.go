package core

import (
	"context"
	"encoding/json"
)

// A Grid divides (part of) the Earth into cells and gathers cells into shards. Coordinates are WGS84 geodetic
// degrees, any longitude; what a grid does to latitude is its own decision and part of its signature.
// Implementations are immutable and safe for concurrent use.
type Grid interface {
	// Info is fixed when the grid is made; it never calls out.
	Info() GridInfo
	// Cover lists for each region, in key order and once each, every shard that can own a point of it. It may list
	// a shard whose border only comes near; it never leaves one out.
	Cover(ctx context.Context, regions []Region) ([][]ShardKey, error)
	// Shards describes shards. It accepts any spelling a person or an old catalog uses and answers in canonical form.
	Shards(ctx context.Context, keys []ShardKey) ([]Shard, error)
	// Cells gives, one row per slot, the centre (columns "lon", "lat"; NaN: the slot is void, no cell is there) and
	// then Info().Frame.Coords in that order.
	Cells(ctx context.Context, key ShardKey) ([]Column, error)
	// Locate writes into slot[i] the slot of observation i's cell, or -1 outside the shard and for coordinates that are
	// not finite or |lat| > 90, which the engine counts.
	// len(slot) == len(lon) == len(lat). Every point of the grid's domain is in exactly one slot of one shard.
	Locate(ctx context.Context, key ShardKey, lon, lat []float64, slot []int32) error
}

// A ShardLocator is a Grid that finds points in many shards in one pass over them. Where a grid has not this power, Locate
// is asked shard by shard. (optional)
type ShardLocator interface {
	Grid
	// LocateIn writes into shard[i] the index in keys of the shard that owns observation i and into slot[i] the slot of
	// its cell there, as Locate would for that key, or -1 into both where none of the shards owns it. Two spellings of one
	// shard in keys are Invalid. All of lon, lat, shard and slot have one length.
	LocateIn(ctx context.Context, keys []ShardKey, lon, lat []float64, shard, slot []int32) error
}

// A CellNamer is a Grid that can say what a person or another tool calls a cell (columns such as cell_id, morton,
// decimal, shard_key; one row per point, 0 or "" where the coordinates are not finite or |lat| > 90).
// `zagg grid locate` prints what it gives. (optional)
type CellNamer interface {
	Grid
	Names(ctx context.Context, lon, lat []float64) ([]Column, error)
}

// PointColumn is the column of CellNamer.Names with a packed word (package morton) of the point itself, uint64, where the grid has such:
// it is what `location: leaf_id` of a variable stores.
const PointColumn = "point"

// An Outliner is a Grid that knows the borders of its cells. What draws or exports cells as areas asks it. (optional)
type Outliner interface {
	Grid
	// Outlines gives, for each of some slots of a shard, points of the border of its cell: three or more, in order around
	// it, the first not repeated, in WGS84 geodetic degrees; none where the slot is void. Between them the border is as
	// good as straight.
	Outlines(ctx context.Context, key ShardKey, slots []int32) ([][]LonLat, error)
}

// GridInfo is what a store and a shard map are checked against, and the frame of the arrays.
type GridInfo struct {
	// Signature is a canonical JSON object: today's members always, newer ones only when not at their default. Given as a
	// configuration it should make this grid again: that is how the grid of a shard map is made.
	Signature json.RawMessage
	Frame     Frame
}

// A Frame is the shape of every array of a run. A slot is a position in a shard's block, in C order over Dims.
type Frame struct {
	Group  string          // path of the group: "12", "rectilinear"
	Dims   []Dim           // spatial only; the engine adds time before and vector dimensions after
	Coords []Field         // coordinate variables with one value per cell, written by each shard
	Attrs  json.RawMessage // the group's attributes, a JSON object
	// Scalars are variables of no dimension that others refer to, such as a CF grid mapping: attributes, and one value,
	// which is Fill. Written once by setup.
	Scalars []Field
	// VarAttrs are attributes of every variable that is computed, a JSON object: such as the name of the grid mapping.
	// Those of the configuration go before them.
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
	Axis               *Axis // a coordinate along this dimension alone (x, y), written once by setup; nil: none
}

// An Axis is a coordinate that is regular along one dimension: value i is Start + i*Step.
type Axis struct {
	Field
	Start, Step float64
}

// A Shard is what is known of a shard without listing its cells.
type Shard struct {
	Key     ShardKey // canonical
	Label   string   // for people, logs and file names: "-5111123"
	Path    []string // folders for the hierarchical layout: "-5","1",…; nil: the grid has none
	Block   []int64  // its place along each Dim, in shards
	Outline Region   // contains every point that Locate would accept
	AreaKM2 float64  // km² on the sphere of radius 6371.0088 km
}

// A Region is the union of its polygons, and every point within Margin metres of them.
type Region struct {
	Polygons []Polygon
	Margin   float64 // metres
	Planar   bool    // edges are straight in lon/lat (GeoJSON boxes); otherwise great circles of the sphere to which the grid maps latitudes
	Oriented bool    // the inside is on the left of each ring; otherwise it is the smaller side

	// Straight, if it is not nil, says in place of Planar of each ring, polygon by polygon, whether its edges are straight
	// in lon/lat: a box can lie beside a ring of great circles. Not together with Oriented.
	Straight []bool
}

// PlanarRing reports whether the edges of ring k are straight in lon/lat; rings are counted through all polygons.
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

// A Polygon is a shell and then holes. A ring of two vertices is an arc, of one a point (a swath is an arc with
// a margin).
type Polygon [][]LonLat

// LonLat is a point in WGS84 geodetic degrees; any longitude.
type LonLat struct{ Lon, Lat float64 }
