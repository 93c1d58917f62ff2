package h5

// The kinds of chunk index of HDF5 1.10 and later (section VII of the format, "Appendix C: Types of Indexes for
// Dataset Chunks").

import (
	"slices"

	"github.com/englacial/zagg/core/h5/internal/btree"
	"github.com/englacial/zagg/core/h5/internal/chunkindex"
	"github.com/englacial/zagg/core/h5/internal/cursor"
	"github.com/englacial/zagg/core/h5/internal/space"
)

// read fills the grid from the dataset's index.
func (g *grid) read(r *space.Reader) error {
	l := &g.d.layout
	switch l.index {
	case indexBTree1:
		return g.btree1(r)
	case indexBTree2:
		return g.btree2(r)
	case indexSingle:
		size := l.oneSize
		if size == 0 {
			size = uint64(g.bytes)
		}
		return g.add(r, make([]uint64, len(g.shape)), l.addr, size, l.oneMask)
	case indexImplicit:
		return g.implicit(r)
	case indexFixed:
		return chunkindex.Fixed(r, l.addr, g.visit(r, -1))
	}
	return chunkindex.Extensible(r, l.addr, g.visit(r, slices.Index(g.d.space.Max, Unlimited)))
}

// implicit is the index of datasets without filters whose space was allocated at once: all chunks lie one after
// another, in the order of the greatest shape.
func (g *grid) implicit(r *space.Reader) error {
	n, ok := product(g.shape)
	if !ok || n > uint64(r.Size)/uint64(max(g.bytes, 1)) {
		return cursor.Corrupt("data layout message", g.d.layout.at, "%v chunks of %d bytes do not fit into the file", g.shape, g.bytes)
	}
	most, ok := product(chunkCounts(g.d.space.Max, g.d.layout.chunk))
	if !ok || most > uint64(r.Size)/uint64(max(g.bytes, 1)) {
		return cursor.Corrupt("data layout message", g.d.layout.at, "%v elements do not fit into the file", g.d.space.Max)
	}
	visit := g.visit(r, -1)
	for i := range most {
		if err := visit(i, g.d.layout.addr+i*uint64(g.bytes), 0, 0); err != nil {
			return err
		}
	}
	return nil
}

// visit places chunks that an index numbers: in C order over the greatest sizes of the dimensions, of which the one that
// is unlimited, if it is not -1, counts slowest.
func (g *grid) visit(r *space.Reader, unlimited int) chunkindex.Visit {
	counts := chunkCounts(g.d.space.Max, g.d.layout.chunk)
	order := make([]int, 0, len(counts)) // dimensions from the slowest
	if unlimited >= 0 {
		order = append(order, unlimited)
	}
	for i := range counts {
		if i != unlimited {
			order = append(order, i)
		}
	}
	// at is used again for each chunk; add copies what it keeps.
	at := make([]uint64, len(counts))
	return func(index, addr, size uint64, mask uint32) error {
		for i := len(order) - 1; i > 0; i-- {
			n := max(counts[order[i]], 1)
			at[order[i]] = index % n
			index /= n
		}
		at[order[0]] = index
		// The index notes no size where no filter could change it.
		if size == 0 && mask == 0 {
			size = uint64(g.bytes)
		}
		return g.add(r, at, addr, size, mask)
	}
}

// btree2 reads the chunks from a version 2 B-tree.
func (g *grid) btree2(r *space.Reader) error {
	t, err := btree.ReadV2(r, g.d.layout.addr, 10, 11)
	if err != nil {
		return err
	}
	rank := len(g.shape)
	width := t.Size - r.Sizes.Offset - 4 - 8*rank // of a chunk's size, if chunks are filtered
	if t.Type == 11 && (width < 1 || width > 8) || t.Type == 10 && t.Size != r.Sizes.Offset+8*rank {
		return cursor.Corrupt("v2 B-tree header", int64(g.d.layout.addr)+r.Base, "records of %d bytes are not of chunks of rank %d", t.Size, rank)
	}
	at := make([]uint64, rank)
	return t.Walk(r, func(c *cursor.Cursor) error {
		addr, size, mask := c.Addr(), uint64(g.bytes), uint32(0)
		if t.Type == 11 {
			size, mask = c.Uint(width), c.U32()
		}
		for i := range at {
			at[i] = c.U64()
		}
		if c.Err() != nil {
			return c.Err()
		}
		return g.add(r, at, addr, size, mask)
	})
}
