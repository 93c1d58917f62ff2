package h5

// Virtual datasets: they are described, but their values, which are in other files, are not read.

import (
	"github.com/englacial/zagg/core/h5/internal/cursor"
	"github.com/englacial/zagg/core/h5/internal/heap"
	"github.com/englacial/zagg/core/h5/internal/space"
)

// The kinds of serialized selections (section VII.C).
const (
	selectNone = iota
	selectPoints
	selectHyperslab
	selectAll
)

// maxMappings bounds the sources of a virtual dataset.
const maxMappings = 1 << 20

// fixedShape is an error for a virtual dataset whose shape is not the stored one: where a mapping has no end, the HDF5
// library works the shape out of the sources that it finds.
func (d *Dataset) fixedShape(r *space.Reader) error {
	at := d.layout.mappings
	if at.addr == NoAddress {
		return nil
	}
	g, err := heap.ReadGlobal(r, at.addr)
	if err != nil {
		return err
	}
	b, ok := g[at.index]
	if !ok {
		return cursor.Corrupt("global heap collection", int64(at.addr)+r.Base, "has no object %d, the mappings of a virtual dataset", at.index)
	}
	c := cursor.New("virtual dataset mappings", int64(at.addr)+r.Base, b, r.Sizes)
	version, endless := c.U8(), false
	if version == 0 {
		n := c.Length()
		if n > maxMappings {
			return c.Fail("%d mappings", n)
		}
		for ; n > 0 && c.Err() == nil && !endless; n-- {
			c.CString() // file
			c.CString() // dataset
			source := endlessSelection(c)
			endless = endlessSelection(c) || source
		}
	} else { // what HDF5 2.0 may write: the limits of the dimensions must tell
		for _, m := range d.space.Max {
			endless = endless || m == Unlimited
		}
	}
	if endless && c.Err() == nil {
		return cursor.Unsupported("data layout message", d.layout.at, "virtual dataset without fixed shape: it depends on the source files, which are not opened")
	}
	return c.Err()
}

// endlessSelection reads a serialized selection and reports whether it goes on without end along a dimension.
func endlessSelection(c *cursor.Cursor) bool {
	kind, version := c.U32(), c.U32()
	switch {
	case c.Err() != nil:
	case kind == selectNone, kind == selectAll, version == 1:
		c.Skip(4)
		c.Skip(int(c.U32()))
	case kind == selectPoints && version == 2:
		width, rank := int(c.U8()), uint64(c.U32())
		skipMany(c, rank, c.Uint(width), width)
	case kind == selectHyperslab && version <= 3:
		return endlessHyperslab(c, version)
	default:
		c.FailUnsupported("selection of kind %d and version %d", kind, version)
	}
	return false
}

// endlessHyperslab reads versions 2 and 3, in which every dimension has start, stride, count and block, or blocks are listed.
func endlessHyperslab(c *cursor.Cursor, version uint32) bool {
	regular, width := c.U8()&1 != 0, 8
	if version == 3 {
		width = int(c.U8())
	} else {
		c.Skip(4)
	}
	rank := uint64(c.U32())
	switch {
	case width < 1 || width > 8 || rank > maxRank:
		c.Fail("selection of rank %d with numbers of %d bytes", rank, width)
		return false
	case !regular:
		skipMany(c, 2*rank, c.Uint(width), width)
		return false
	}
	endless := false
	for range rank {
		c.Skip(2 * width)
		for range 2 {
			endless = c.Uint(width) == 1<<(8*width)-1 || endless
		}
	}
	return endless
}

// skipMany passes over per · count numbers of width bytes.
func skipMany(c *cursor.Cursor, per, count uint64, width int) {
	n, ok := product([]uint64{per, count, uint64(width)})
	if !ok || n > uint64(c.Len()) {
		c.Fail("selection of %d times %d numbers", count, per)
		return
	}
	c.Skip(int(n))
}
