package h5

// Data layout messages: how the values of a dataset lie in the file.

import (
	"slices"

	"github.com/englacial/zagg/core/h5/internal/cursor"
)

// A Storage is how a dataset's values lie in the file.
type Storage uint8

// The storages.
const (
	Compact    Storage = iota // in the object's header
	Contiguous                // in one piece
	Chunked
	Virtual // put together from other datasets; not readable
)

// String is the storage's name.
func (s Storage) String() string {
	if s <= Virtual {
		return [...]string{"compact", "contiguous", "chunked", "virtual"}[s]
	}
	return "unknown"
}

// An indexKind is how the chunks of a dataset are found.
type indexKind uint8

const (
	indexBTree1 indexKind = iota
	indexSingle
	indexImplicit
	indexFixed
	indexExtensible
	indexBTree2
)

// A layout is a decoded data layout message. Which fields hold depends on storage, and for chunked ones on index.
type layout struct {
	storage Storage
	addr    uint64 // of the data or the chunk index
	size    uint64 // contiguous: bytes
	data    []byte // compact
	chunk   []uint64
	index   indexKind
	version uint8

	plainEdges bool   // partial chunks at the edges are not filtered
	oneSize    uint64 // single chunk: bytes in the file if it is filtered
	oneMask    uint32
	mappings   heapRef // virtual: where its sources are listed
	at         int64   // of the message, for errors
}

// decodeLayout reads a data layout message (section IV.A.2.i). Version 5, of HDF5 2.0, differs from 4 in the width of
// chunk sizes inside of the indexes only.
func decodeLayout(c *cursor.Cursor) layout {
	l := layout{at: c.Base(), addr: NoAddress, version: c.Version(1, 5)}
	if l.version < 3 {
		l.old(c)
		return l
	}
	switch l.storage = Storage(c.U8()); {
	case c.Err() != nil:
	case l.storage == Compact:
		l.data = slices.Clone(c.Bytes(int(c.U16())))
	case l.storage == Contiguous:
		l.addr, l.size = c.Addr(), c.Length()
	case l.storage == Chunked && l.version == 3:
		rank := int(c.U8())
		l.addr = c.Addr()
		l.dims(c, rank, 4)
	case l.storage == Chunked:
		l.chunked4(c)
	case l.storage == Virtual:
		l.mappings = heapRef{c.Addr(), c.U32()}
	default:
		c.FailUnsupported("storage of class %d", l.storage)
	}
	return l
}

// old reads versions 1 and 2.
func (l *layout) old(c *cursor.Cursor) {
	rank := int(c.U8())
	l.storage = Storage(c.U8())
	c.Skip(5)
	if l.storage != Compact {
		l.addr = c.Addr()
	}
	switch l.storage {
	case Chunked:
		l.dims(c, rank, 4)
	case Contiguous:
		l.size = NoAddress // not said: the dataset's own
	case Compact:
		c.Skip(4 * rank)
		l.data = slices.Clone(c.Bytes(int(c.U32())))
	default:
		c.FailUnsupported("storage of class %d", l.storage)
	}
}

// dims reads the chunk's shape; its last entry is the element's size, which the datatype says too.
func (l *layout) dims(c *cursor.Cursor, rank, width int) {
	if rank < 2 || rank > maxRank+1 {
		c.Fail("chunks of rank %d", rank-1)
		return
	}
	for range rank - 1 {
		l.chunk = append(l.chunk, c.Uint(width))
	}
	c.Skip(width)
	if n, ok := product(l.chunk); c.Err() == nil && (n == 0 || !ok) {
		c.Fail("chunks of %v elements", l.chunk)
	}
}

// chunked4 reads the chunked layouts of versions 4 and 5. The parameters of an index repeat what its header says, and
// are skipped.
func (l *layout) chunked4(c *cursor.Cursor) {
	flags, rank, width := c.U8(), int(c.U8()), int(c.U8())
	l.plainEdges = flags&1 != 0
	if width == 0 || width > 8 {
		c.Fail("chunk dimensions of %d bytes", width)
		return
	}
	l.dims(c, rank, width)
	l.index = indexKind(c.U8())
	switch l.index {
	case indexSingle:
		if flags&2 != 0 {
			l.oneSize, l.oneMask = c.Length(), c.U32()
		}
	case indexImplicit:
	case indexFixed:
		c.Skip(1)
	case indexExtensible:
		c.Skip(5)
	case indexBTree2:
		c.Skip(6)
	default:
		c.FailUnsupported("chunk index of kind %d", l.index)
	}
	l.addr = c.Addr()
}
