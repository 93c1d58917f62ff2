package h5

// Datasets: the messages of their headers, decoded and compared with each other.

import (
	"bytes"
	"fmt"
	"slices"
	"sync/atomic"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/h5/internal/cursor"
	"github.com/englacial/zagg/core/h5/internal/filter"
	"github.com/englacial/zagg/core/h5/internal/header"
	"github.com/englacial/zagg/core/h5/internal/space"
)

// A Dataset is an object with values. It is immutable but for its chunk table, which is read once, and safe for
// concurrent use.
type Dataset struct {
	*Object
	typ      *Datatype
	space    Dataspace
	layout   layout
	pipeline filter.Pipeline
	fill     []byte // one element; nil: zeros
	external bool   // values are in other files
	table    atomic.Pointer[[]Chunk]
}

// FilterInfo names one filter of a dataset with its parameters.
type FilterInfo = filter.Stage

// Dataset is the object as a dataset; Invalid if it is none. A header that does not decode is Corrupt.
func (o *Object) Dataset() (*Dataset, error) {
	if o.kind != DatasetKind {
		return nil, o.wrongKind(DatasetKind)
	}
	return o.dataset, o.f.fail("h5.Dataset", o.path, o.failed)
}

// decode reads the dataset's messages. Errors of the source (Unavailable) are told apart from a damaged header by
// their code.
func (d *Dataset) decode(r *space.Reader) error {
	for _, m := range []int{header.Datatype, header.Dataspace} {
		if d.head.First(m) == nil {
			return cursor.Corrupt("object header", int64(d.head.Addr)+r.Base, "dataset without message %#x", m)
		}
	}
	var err error
	if d.typ, err = d.f.datatype(r, d.head.First(header.Datatype)); err != nil {
		return err
	}
	c, _, err := d.f.message(r, d.head.First(header.Dataspace), "dataspace message")
	if err != nil {
		return err
	}
	if d.space = decodeDataspace(c); c.Err() != nil {
		return c.Err()
	}
	c = d.head.First(header.Layout).Cursor("data layout message", r.Sizes)
	if d.layout = decodeLayout(c); c.Err() != nil {
		return c.Err()
	}
	d.external = d.head.First(header.External) != nil
	if m := d.head.First(header.Filters); m != nil {
		if c, _, err = d.f.message(r, m, "filter pipeline message"); err != nil {
			return err
		}
		if d.pipeline, err = filter.Parse(c, d.f.filters); err != nil {
			return err
		}
	}
	for _, typ := range []int{header.Fill, header.OldFill} {
		if m := d.head.First(typ); m != nil && d.fill == nil {
			if c, _, err = d.f.message(r, m, "fill value message"); err != nil {
				return err
			}
			if d.fill, err = decodeFill(c, typ == header.OldFill); err != nil {
				return err
			}
		}
	}
	if err := d.check(); err != nil || d.layout.storage != Virtual {
		return err
	}
	return d.fixedShape(r)
}

// check compares the messages with each other, so that reading values needs no further checks of sizes.
func (d *Dataset) check() error {
	at := d.layout.at
	n, ok := product([]uint64{d.space.Elements(), uint64(d.typ.Size)})
	switch {
	case !ok:
		return cursor.Corrupt("dataspace message", at, "%v elements of %d bytes are more than can be counted", d.space.Dims, d.typ.Size)
	case d.layout.storage == Chunked && (d.space.Null || len(d.layout.chunk) != len(d.space.Dims)):
		return cursor.Corrupt("data layout message", at, "chunks of rank %d in a dataset of rank %d", len(d.layout.chunk), len(d.space.Dims))
	case d.layout.storage == Compact && n > uint64(len(d.layout.data)) && len(d.layout.data) > 0:
		return cursor.Corrupt("data layout message", at, "has %d bytes of values, not %d", len(d.layout.data), n)
	case d.layout.storage == Contiguous && d.layout.addr != NoAddress && !d.external && n > d.layout.size:
		return cursor.Corrupt("data layout message", at, "has room for %d bytes of values, not %d", d.layout.size, n)
	case d.layout.storage == Contiguous && d.layout.addr != NoAddress && !d.f.holds(d.layout.addr, n):
		return cursor.Corrupt("data layout message", at, "%d bytes of values at byte %d lie beyond the end of the file", n, int64(d.layout.addr)+d.f.space.Base)
	}
	if d.fill != nil && (len(d.fill) != d.typ.Size || d.typ.hasHeap()) {
		// Such a fill value points into a heap, and none comes with it.
		d.fill = nil // a fill value that points into a heap is that of nothing
	}
	if bytes.Count(d.fill, []byte{0}) == len(d.fill) {
		d.fill = nil
	}
	return nil
}

// decodeFill reads a fill value message (sections IV.A.2.e and f); nil: zeros.
func decodeFill(c *cursor.Cursor, old bool) ([]byte, error) {
	if old {
		return slices.Clone(c.Bytes(int(c.U32()))), c.Err()
	}
	version := c.Version(1, 3)
	defined := true
	if version == 3 {
		defined = c.U8()&0x20 != 0
	} else {
		c.Skip(2)
		if d := c.U8(); version == 2 {
			defined = d != 0
		}
	}
	if !defined || c.Err() != nil {
		return nil, c.Err()
	}
	n := int32(c.U32()) // -1 in version 1: undefined
	if n <= 0 {
		return nil, c.Err()
	}
	return slices.Clone(c.Bytes(int(n))), c.Err()
}

// Type is the type of the elements.
func (d *Dataset) Type() *Datatype { return d.typ }

// Space is the dataset's shape with its limits.
func (d *Dataset) Space() Dataspace { return d.space }

// Shape is the size of each dimension; empty for a scalar.
func (d *Dataset) Shape() []uint64 { return slices.Clone(d.space.Dims) }

// Rows is the size of the first dimension; 1 for a scalar, 0 for a null dataspace.
func (d *Dataset) Rows() int64 {
	switch {
	case d.space.Null:
		return 0
	case len(d.space.Dims) == 0:
		return 1
	}
	return int64(d.space.Dims[0])
}

// Width is the number of elements of a row: the product of all dimensions but the first; 1 for a scalar.
func (d *Dataset) Width() int64 {
	if d.space.Null || len(d.space.Dims) < 2 {
		return 1
	}
	n, _ := product(d.space.Dims[1:])
	return int64(n)
}

// Storage tells how the values lie in the file.
func (d *Dataset) Storage() Storage { return d.layout.storage }

// ChunkShape is the elements of a chunk along each dimension; nil if the dataset is not chunked.
func (d *Dataset) ChunkShape() []uint64 { return slices.Clone(d.layout.chunk) }

// Filters lists the filters in the order in which they were applied.
func (d *Dataset) Filters() []FilterInfo { return slices.Clone(d.pipeline.Stages) }

// FillStored reports whether the file has a fill value other than zeros. It is one of the file's own bytes then, so
// Fill cannot be larger than the file.
func (d *Dataset) FillStored() bool { return d.fill != nil }

// Fill is the value of elements that were never written, in the file's byte order; zeros if it is not defined.
func (d *Dataset) Fill() []byte {
	if d.fill == nil {
		return make([]byte, d.typ.Size)
	}
	return slices.Clone(d.fill)
}

// Readable is the error (Unsupported) of a dataset whose values cannot be read at all: they are in other files, or a
// filter is not known.
func (d *Dataset) Readable() error { return d.f.fail("h5.Read", d.path, d.readable()) }

// readable is an error where values cannot be read at all.
func (d *Dataset) readable() error {
	switch {
	case d.layout.storage == Virtual:
		return core.Errorf(core.Unsupported, "", "", "virtual dataset")
	case d.external:
		return core.Errorf(core.Unsupported, "", "", "values are stored in external files")
	}
	return d.pipeline.Supported()
}

// chunkSize is the bytes of a decoded chunk; Unsupported beyond Options.ChunkBytes.
func (d *Dataset) chunkSize() (int64, error) {
	n, ok := product(append([]uint64{uint64(d.typ.Size)}, d.layout.chunk...))
	if !ok || int64(n) > d.f.opt.ChunkBytes {
		return 0, cursor.Unsupported("data layout message", d.layout.at, "chunks of %v elements of %d bytes exceed the %d bytes of Options.ChunkBytes", d.layout.chunk, d.typ.Size, d.f.opt.ChunkBytes)
	}
	return int64(n), nil
}

// plausible is an error where size bytes cannot come from stored ones, so that they must not be allocated: deflate, the
// densest of the filters known, gives at most 1032 bytes for one.
func plausible(p filter.Pipeline, stored, size, most int64) error {
	switch {
	case size < 0 || size > most:
		return fmt.Errorf("%d bytes exceed the %d allowed", size, most)
	case len(p.Stages) == 0 && size > stored:
		return fmt.Errorf("%d bytes cannot come from %d", size, stored)
	case len(p.Stages) == 1 && p.Stages[0].ID == filter.Deflate && size/1032 > stored:
		return fmt.Errorf("%d bytes cannot be inflated from %d", size, stored)
	}
	return nil
}
