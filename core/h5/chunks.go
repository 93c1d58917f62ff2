package h5

// Chunk tables: where the pieces of a dataset are in the file. The kinds of index are in chunks_array.go.

import (
	"context"
	"fmt"
	"slices"
	"sort"

	"github.com/englacial/zagg/core/h5/internal/btree"
	"github.com/englacial/zagg/core/h5/internal/cursor"
	"github.com/englacial/zagg/core/h5/internal/space"
)

// A Chunk is one stored piece of a dataset. Of a contiguous dataset there is one, of a compact one none. Chunks are
// immutable and shared by all who ask for the table.
type Chunk struct {
	First   int64    // first row
	Rows    int64    // rows, cut at the dataset's end
	Start   []uint64 // first element along each dimension
	Address uint64   // relative to the end of the user block
	Size    int64    // bytes in the file
	Mask    uint32   // bit i: filter i was not applied
	index   uint64   // its place in the grid of chunks, in C order
}

// Chunks is the dataset's chunk table in the order of their places (C order); chunks that were never written are not
// in it. It is read on the first call; the caller must not change it.
func (d *Dataset) Chunks(ctx context.Context) ([]Chunk, error) {
	if err := d.f.LoadChunks(ctx, d); err != nil {
		return nil, err
	}
	return *d.table.Load(), nil
}

// LoadChunks reads the chunk tables of many datasets with few requests: one for each level of their trees, for all
// together. Nil datasets are passed over.
func (f *File) LoadChunks(ctx context.Context, datasets ...*Dataset) error {
	var todo []*Dataset
	for _, d := range datasets {
		if d != nil && d.table.Load() == nil && !slices.Contains(todo, d) {
			todo = append(todo, d)
		}
	}
	if len(todo) == 0 {
		return nil
	}
	r := f.space.Reader(ctx)
	return r.Each(len(todo), func(i int) error {
		return f.fail("h5.Chunks", todo[i].path, todo[i].load(r))
	})
}

// load reads the chunk table.
func (d *Dataset) load(r *space.Reader) error {
	t, err := d.chunkTable(r)
	if err == nil {
		d.table.Store(&t)
	}
	return err
}

// chunkTable reads the table of any storage. Nil says that no values were ever written, or that they are not in this
// file.
func (d *Dataset) chunkTable(r *space.Reader) ([]Chunk, error) {
	if d.layout.addr == NoAddress || d.external || d.layout.storage == Compact || d.layout.storage == Virtual {
		return nil, nil
	}
	if d.layout.storage == Contiguous {
		n := int64(d.space.Elements()) * int64(d.typ.Size)
		return []Chunk{{Rows: d.Rows(), Start: make([]uint64, len(d.space.Dims)), Address: d.layout.addr, Size: n}}, nil
	}
	if d.space.Elements() == 0 {
		return nil, nil
	}
	g, err := d.grid()
	if err != nil {
		return nil, err
	}
	if err := g.read(r); err != nil {
		return nil, err
	}
	return g.sorted()
}

// A grid collects the chunks of a dataset. It belongs to the goroutine that reads one table.
type grid struct {
	d      *Dataset
	shape  []uint64 // chunks along each dimension
	bytes  int64    // of a decoded chunk
	chunks []Chunk
	starts []uint64 // arena of Chunk.Start
}

func (d *Dataset) grid() (*grid, error) {
	n, err := d.chunkSize()
	if err != nil {
		return nil, err
	}
	return &grid{d: d, bytes: n, shape: chunkCounts(d.space.Dims, d.layout.chunk)}, nil
}

// chunkCounts is the number of chunks along each dimension, the partial one at the end included.
func chunkCounts(dims, chunk []uint64) []uint64 {
	n := make([]uint64, len(dims))
	for i := range n {
		n[i] = dims[i] / chunk[i]
		if dims[i]%chunk[i] != 0 {
			n[i]++
		}
	}
	return n
}

// btree1 reads the chunks from a version 1 B-tree (section III.A.1): keys have the size, the filter mask and the
// place of a chunk in elements, with one more number for the element's own bytes, which is always 0.
func (g *grid) btree1(r *space.Reader) error {
	rank := len(g.shape)
	t := btree.V1{Type: 1, K: g.d.f.super.ChunkK, Key: 8 + 8*(rank+1)}
	at := make([]uint64, rank)
	return t.Walk(r, g.d.layout.addr, func(key *cursor.Cursor, child uint64) error {
		size, mask := key.U32(), key.U32()
		for i := range at {
			at[i] = key.U64()
			if at[i]%g.d.layout.chunk[i] != 0 {
				return key.Fail("chunk begins at %d, not a multiple of %d", at[i], g.d.layout.chunk[i])
			}
			at[i] /= g.d.layout.chunk[i]
		}
		return g.add(r, at, child, uint64(size), mask)
	})
}

// add notes the chunk at a place in the grid. Places outside of it are passed over: a dataset that was made smaller
// keeps its chunks.
func (g *grid) add(r *space.Reader, at []uint64, addr, size uint64, mask uint32) error {
	if addr == NoAddress {
		return nil
	}
	if !g.d.f.holds(addr, size) {
		return cursor.Corrupt("chunk", int64(min(addr, 1<<62))+r.Base, "of %d bytes lies beyond the end of the file at byte %d", size, r.Size)
	}
	c := Chunk{Address: addr, Size: int64(size), Mask: mask}
	partial := false
	for i, a := range at {
		if a >= g.shape[i] {
			return nil
		}
		c.index = c.index*g.shape[i] + a
		start := a * g.d.layout.chunk[i]
		partial = partial || g.d.space.Dims[i]-start < g.d.layout.chunk[i]
		g.starts = append(g.starts, start)
	}
	n := len(g.starts)
	c.Start = g.starts[n-len(at) : n : n]
	c.First = int64(c.Start[0])
	c.Rows = int64(min(g.d.layout.chunk[0], g.d.space.Dims[0]-c.Start[0]))
	if partial && g.d.layout.plainEdges {
		c.Mask, c.Size = ^uint32(0), g.bytes
	}
	if err := g.plausible(&c); err != nil {
		return cursor.Corrupt("chunk", int64(addr)+r.Base, "%w", err)
	}
	g.chunks = append(g.chunks, c)
	return nil
}

// plausible refuses a chunk whose stored bytes cannot give what a decoded chunk needs, before anything is allocated
// for it.
func (g *grid) plausible(c *Chunk) error {
	p := g.d.pipeline
	all := true
	for i := range p.Stages {
		all = all && c.Mask>>i&1 != 0
	}
	need := g.d.needed(func(k int) uint64 { return c.Start[k] })
	if all && c.Size < need {
		return fmt.Errorf("has %d bytes without filters, not %d", c.Size, need)
	}
	return plausible(p, c.Size, need, g.d.f.opt.ChunkBytes)
}

// needed is the bytes of the chunk that begins at start up to its last element inside of the dataset: writers leave out what
// is behind it.
func (d *Dataset) needed(start func(dim int) uint64) int64 {
	last := uint64(0) // index in the chunk of the last element
	for k, n := range d.layout.chunk {
		last = last*n + min(n, d.space.Dims[k]-start(k)) - 1
	}
	return int64(last+1) * int64(d.typ.Size)
}

// sorted is the table in the order of places.
func (g *grid) sorted() ([]Chunk, error) {
	less := func(i, j int) bool { return g.chunks[i].index < g.chunks[j].index }
	if !sort.SliceIsSorted(g.chunks, less) {
		sort.Slice(g.chunks, less)
	}
	for i := 1; i < len(g.chunks); i++ {
		if c := &g.chunks[i]; c.index == g.chunks[i-1].index {
			return nil, cursor.Corrupt("chunk", int64(c.Address), "is at %v, where there is another one already", c.Start)
		}
	}
	return g.chunks, nil
}
