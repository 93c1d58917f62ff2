package zarr

// Arrays to be read, by boxes of elements or by blocks.

import (
	"context"
	"encoding/json"
	"math"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/englacial/zagg/core"
)

const opRead = "zarr.Read"

// A Dataset is an opened array. It is immutable, and safe for concurrent use if its ObjectReader is.
type Dataset struct {
	URL   string
	Name  string // last part of its path
	Type  core.Type
	Shape []int64         // elements along each dimension
	Shard []int64         // elements of one stored object
	Chunk []int64         // elements of one inner chunk; equal to Shard where there is no shard
	Fill  []byte          // the fill value, one little-endian element
	Dims  []string        // dimension names, "" for one without; nil: none has a name
	Attrs json.RawMessage // a JSON object

	layout
	src                     core.ObjectReader
	keyPrefix, keySeparator string
	codecs, indexCodecs     chain
	sharded, indexAtStart   bool

	whole *Dataset // the array that this one is a place of, along its first dimension; nil: it is whole
	place int64
}

// fixed is the array at a place along its first dimension: an array of one dimension less.
func (d *Dataset) fixed(place int64) (*Dataset, error) {
	if place < 0 || place >= d.Shape[0] {
		return nil, core.Errorf(core.Corrupt, opRead, d.URL, "place %d along %s, which has %d", place, d.Dims[0], d.Shape[0])
	}
	f := *d
	f.Shape, f.Shard, f.Chunk, f.Dims = d.Shape[1:], d.Shard[1:], d.Chunk[1:], d.Dims[1:]
	f.whole, f.place = d, place
	return &f, nil
}

// within is a box of a fixed array as a box of the whole one.
func (d *Dataset) within(start, count []int64) (wholeStart, wholeCount []int64) {
	return append([]int64{d.place}, start...), append([]int64{1}, count...)
}

// Blocks is the number of objects along each dimension, whether or not they exist.
func (d *Dataset) Blocks() []int64 { return ceilDivide(d.Shape, d.Shard) }

// Key is the key of a block's object relative to the array's URL.
func (d *Dataset) Key(block []int64) string {
	if d.whole != nil {
		return d.whole.Key(append([]int64{d.place / d.whole.Shard[0]}, block...))
	}
	if len(block) == 0 && d.keyPrefix == "" {
		return "0"
	}
	return chunkKey(d.keyPrefix, d.keySeparator, block)
}

// Occupied lists the blocks that have an object, in C order. Objects that belong to no block are passed over.
func (d *Dataset) Occupied(ctx context.Context, store core.ObjectStore) ([][]int64, error) {
	var all [][]int64
	blocks := d.Blocks()
	err := store.List(ctx, d.URL+"/"+d.keyPrefix, func(info core.ObjectInfo) error {
		if at, ok := d.blockOf(strings.TrimPrefix(info.URL, d.URL+"/"), blocks); ok {
			all = append(all, at)
		}
		return nil
	})
	slices.SortFunc(all, slices.Compare[[]int64])
	return all, err
}

// blockOf is the inverse of Key; false for keys that Key never gives ("c/00").
func (d *Dataset) blockOf(key string, blocks []int64) ([]int64, bool) {
	parts := []string{}
	if len(blocks) > 0 {
		rest, ok := strings.CutPrefix(key, d.keyPrefix)
		if ok && d.keyPrefix != "" {
			rest, ok = strings.CutPrefix(rest, d.keySeparator)
		}
		if parts = strings.Split(rest, d.keySeparator); !ok || len(parts) != len(blocks) {
			return nil, false
		}
	}
	at := make([]int64, len(blocks))
	for i, part := range parts {
		n, err := strconv.ParseInt(part, 10, 64)
		if err != nil || n < 0 || n >= blocks[i] {
			return nil, false
		}
		at[i] = n
	}
	return at, d.Key(at) == key
}

// ReadBlock reads the values of one block, as far as the array reaches, in C order. Values of a block without an
// object are the fill value.
func (d *Dataset) ReadBlock(ctx context.Context, block []int64) (core.Column, error) {
	blocks := d.Blocks()
	if len(block) != len(blocks) {
		return core.Column{}, core.Errorf(core.Invalid, opRead, d.URL, "block %v of an array of %d dimensions", block, len(blocks))
	}
	for i := range block {
		if block[i] < 0 || block[i] >= blocks[i] {
			return core.Column{}, core.Errorf(core.Invalid, opRead, d.URL, "block %v; the array has %v", block, blocks)
		}
	}
	start, count := clip(block, d.Shard, d.Shape)
	return d.Read(ctx, start, count)
}

// ReadBlocks reads several blocks, some at a time; the result has one Column for each, in their order.
func (d *Dataset) ReadBlocks(ctx context.Context, blocks [][]int64) ([]core.Column, error) {
	out := make([]core.Column, len(blocks))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(8)
	for i, block := range blocks {
		g.Go(func() error {
			var err error
			out[i], err = d.ReadBlock(ctx, block)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	return out, nil
}

// Read reads a box: count elements along each dimension from start on, in C order (a Column of Width 1). Only the
// inner chunks that the box touches are read. Boxes of more than 4 GiB are Unsupported.
func (d *Dataset) Read(ctx context.Context, start, count []int64) (core.Column, error) {
	if d.whole != nil {
		start, count = d.within(start, count)
		return d.whole.Read(ctx, start, count)
	}
	col := core.Column{Name: d.Name, Type: d.Type, Width: 1, Fill: d.Fill}
	if d.Type == core.Bytes {
		return col, core.Errorf(core.Unsupported, opRead, d.URL, "its cells are any number of bytes, not single values")
	}
	if err := d.checkBox(start, count); err != nil {
		return col, err
	}
	n, ok := product(count, int64(d.size), maxBlockBytes)
	if !ok {
		return col, core.Errorf(core.Unsupported, opRead, d.URL, "box %v is larger than %d bytes; read it in parts", count, int64(maxBlockBytes))
	}
	col.Data = core.NewData(int(n))
	if n == 0 {
		return col, nil
	}
	spread(col.Data, d.Fill)
	r := reading{d: d, start: start, count: count, data: col.Data}
	return col, r.objects(ctx)
}

// ReadCells reads a box of an array of Type Bytes: the bytes of each cell, in C order. A cell without a value has
// none.
func (d *Dataset) ReadCells(ctx context.Context, start, count []int64) ([][]byte, error) {
	if d.whole != nil {
		start, count = d.within(start, count)
		return d.whole.ReadCells(ctx, start, count)
	}
	if d.Type != core.Bytes {
		return nil, core.Errorf(core.Invalid, opRead, d.URL, "its cells are single values of type %s", d.Type)
	}
	if err := d.checkBox(start, count); err != nil {
		return nil, err
	}
	n, ok := product(count, 1, maxChunks)
	if !ok {
		return nil, core.Errorf(core.Unsupported, opRead, d.URL, "box %v has more than %d cells; read it in parts", count, maxChunks)
	}
	r := reading{d: d, start: start, count: count, cells: make([][]byte, n)}
	if n == 0 {
		return r.cells, nil
	}
	return r.cells, r.objects(ctx)
}

// checkBox refuses a box that is not within the array.
func (d *Dataset) checkBox(start, count []int64) error {
	if len(start) != len(d.Shape) || len(count) != len(d.Shape) {
		return core.Errorf(core.Invalid, opRead, d.URL, "box %v + %v of an array of %d dimensions", start, count, len(d.Shape))
	}
	for i, n := range d.Shape {
		if start[i] < 0 || count[i] < 0 || start[i] > n || count[i] > n-start[i] {
			return core.Errorf(core.Invalid, opRead, d.URL, "box %v + %v; the array has shape %v", start, count, d.Shape)
		}
	}
	return nil
}

// objects reads what is wanted from every object that the box touches, one after the other.
func (r *reading) objects(ctx context.Context) error {
	first, blocks := tiles(r.start, r.count, r.d.Shard)
	total, _ := product(blocks, 1, math.MaxInt64) // at most as many as elements
	at := make([]int64, len(blocks))
	for i := range total {
		position(at, i, blocks)
		for j := range at {
			at[j] += first[j]
		}
		if err := r.object(ctx, at); err != nil {
			return err
		}
	}
	return nil
}
