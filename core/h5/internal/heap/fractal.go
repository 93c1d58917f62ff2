package heap

import (
	"math/bits"
	"slices"
	"sync"

	"github.com/englacial/zagg/core/h5/internal/btree"
	"github.com/englacial/zagg/core/h5/internal/checksum"
	"github.com/englacial/zagg/core/h5/internal/cursor"
	"github.com/englacial/zagg/core/h5/internal/space"
)

// Unfilter undoes the filters of an encoded pipeline message; the result must have size bytes, any number if -1.
type Unfilter func(pipeline *cursor.Cursor, data []byte, mask uint32, size int64) ([]byte, error)

// A Fractal is a fractal heap. Its blocks are found when it is opened and read when an object is wanted.
type Fractal struct {
	at        int64
	addr      uint64
	idLen     int
	sums      bool // direct blocks have checksums
	maxObject uint64
	hugeTree  uint64
	width     int // blocks of a row
	start     uint64
	maxDirect uint64
	offWidth  int // bytes of an offset in the heap
	lenWidth  int
	root      uint64
	rows      int // of the root block; 0: it is direct
	rootSize  uint64
	rootMask  uint32
	pipeline  []byte
	sizes     cursor.Sizes
	unfilter  Unfilter

	blocks []block // by offset
	mu     sync.Mutex
	data   map[uint64][]byte // direct blocks read, by address
	huge   map[uint64]hugeObject
}

// A block is a direct block: size bytes of the heap from offset off.
type block struct {
	off, size, addr uint64
	stored          uint64 // bytes in the file
	mask            uint32
}

const (
	fractal   = "fractal heap"
	direct    = "fractal heap direct block"
	indirect  = "fractal heap indirect block"
	maxBlocks = 1 << 20
)

// OpenFractal reads the heap header at addr and the tables of its blocks.
func OpenFractal(r *space.Reader, addr uint64, unfilter Unfilter) (*Fractal, error) {
	n := int64(26 + 12*r.Sizes.Length + 3*r.Sizes.Offset)
	c, err := r.Peek(fractal, addr, n)
	if err != nil {
		return nil, err
	}
	h := &Fractal{at: c.Base(), addr: addr, sizes: r.Sizes, unfilter: unfilter, data: map[uint64][]byte{}}
	filters := h.header(c)
	if filters > 0 && c.Err() == nil {
		prefix := c.Pos()
		if c, err = r.Read(fractal, addr, int64(prefix+r.Sizes.Length+4+filters+4)); err != nil {
			return nil, err
		}
		c.Skip(prefix)
		h.rootSize, h.rootMask = c.Length(), c.U32()
		h.pipeline = slices.Clone(c.Bytes(filters))
	}
	c.Checksum()
	if c.Err() != nil {
		return nil, c.Err()
	}
	return h, h.table(r)
}

// header reads the fixed part and returns the bytes of filter information.
func (h *Fractal) header(c *cursor.Cursor) int {
	c.Magic("FRHP")
	c.Version(0, 0)
	h.idLen = int(c.U16())
	filters := int(c.U16())
	h.sums = c.U8()&2 != 0
	h.maxObject = uint64(c.U32())
	c.Length() // next huge id
	h.hugeTree = c.Addr()
	c.Length() // free space
	c.Addr()
	c.Skip(8 * c.Sizes.Length) // counts and sizes of managed, huge and tiny objects
	h.width = int(c.U16())
	h.start, h.maxDirect = c.Length(), c.Length()
	heapBits := int(c.U16())
	c.Skip(2)
	h.root, h.rows = c.Addr(), int(c.U16())
	h.offWidth = (heapBits + 7) / 8
	h.lenWidth = min((bits.Len64(h.maxDirect)-1+7)/8, width(h.maxObject))
	if c.Err() == nil && (h.width == 0 || h.width&(h.width-1) != 0 || h.start == 0 || h.start&(h.start-1) != 0 ||
		h.maxDirect < h.start || h.maxDirect&(h.maxDirect-1) != 0 || h.maxDirect > 1<<31 || heapBits > 64 || h.idLen < 2 || h.rows > 64) {
		c.Fail("impossible shape: %d columns, blocks of %d to %d bytes, %d bits", h.width, h.start, h.maxDirect, heapBits)
	}
	return filters
}

// width is the bytes that hold numbers up to n.
func width(n uint64) int { return (max(bits.Len64(n), 1)-1)/8 + 1 }

// rowSize is the size of the blocks of a row, rowOff the offset of a row in its indirect block.
func (h *Fractal) rowSize(row int) uint64 { return h.start << max(row-1, 0) }

func (h *Fractal) rowOff(row int) uint64 {
	if row == 0 {
		return 0
	}
	return uint64(h.width) * h.rowSize(row)
}

// directRows is how many rows of an indirect block hold direct blocks.
func (h *Fractal) directRows() int { return bits.Len64(h.maxDirect) - bits.Len64(h.start) + 2 }

// A node is an indirect block.
type node struct {
	addr, off uint64
	rows      int
}

// table lists the direct blocks, walking the indirect ones level by level.
func (h *Fractal) table(r *space.Reader) error {
	if h.root == cursor.Undefined {
		return nil
	}
	if h.rows == 0 {
		b := block{0, h.start, h.root, h.start, h.rootMask}
		if h.pipeline != nil {
			b.stored = h.rootSize
		}
		h.blocks = []block{b}
		return r.Prefetch([]space.Piece{{Addr: b.addr, N: int64(min(b.stored, 1<<31))}})
	}
	seen := map[uint64]bool{}
	for level := []node{{h.root, 0, h.rows}}; len(level) > 0; {
		want := make([]space.Piece, len(level))
		for i, n := range level {
			want[i] = space.Piece{Addr: n.addr, N: h.nodeSize(n)}
		}
		if err := r.Prefetch(want); err != nil {
			return err
		}
		var next []node
		for i, n := range level {
			if seen[n.addr] {
				return cursor.Corrupt(indirect, int64(n.addr), "is reached twice")
			}
			seen[n.addr] = true
			below, err := h.indirect(r, n, want[i].N)
			if err != nil {
				return err
			}
			next = append(next, below...)
		}
		level = next
	}
	slices.SortFunc(h.blocks, func(a, b block) int {
		if a.off < b.off {
			return -1
		}
		return 1
	})
	return nil
}

func (h *Fractal) nodeSize(n node) int64 {
	entry := h.sizes.Offset
	if h.pipeline != nil {
		entry += h.sizes.Length + 4
	}
	d := min(n.rows, h.directRows())
	return int64(5 + h.sizes.Offset + h.offWidth + h.width*(d*entry+(n.rows-d)*h.sizes.Offset) + 4)
}

// indirect reads one indirect block: it notes the direct blocks and returns the indirect ones.
func (h *Fractal) indirect(r *space.Reader, n node, size int64) ([]node, error) {
	c, err := r.Read(indirect, n.addr, size)
	if err != nil {
		return nil, err
	}
	c.Magic("FHIB")
	c.Version(0, 0)
	c.Addr()
	if off := c.Uint(h.offWidth); c.Err() == nil && off != n.off {
		c.Fail("is for offset %d, not %d", off, n.off)
	}
	var below []node
	for row := 0; row < n.rows && c.Err() == nil; row++ {
		for col := range h.width {
			off := n.off + h.rowOff(row) + uint64(col)*h.rowSize(row)
			b := block{off: off, size: h.rowSize(row), addr: c.Addr()}
			b.stored = b.size
			if row >= h.directRows() {
				rows := bits.Len64(b.size) - bits.Len64(h.start*uint64(h.width)) + 1
				if b.addr != cursor.Undefined && rows > 0 {
					below = append(below, node{b.addr, off, rows})
				}
				continue
			}
			if h.pipeline != nil {
				b.stored, b.mask = c.Length(), c.U32()
			}
			if b.addr != cursor.Undefined {
				h.blocks = append(h.blocks, b)
			}
		}
	}
	if len(h.blocks) > maxBlocks {
		c.Fail("heap has more than %d blocks", maxBlocks)
	}
	c.Checksum()
	return below, c.Err()
}

// find is the direct block that holds offset off.
func (h *Fractal) find(off uint64) (block, bool) {
	i, ok := slices.BinarySearchFunc(h.blocks, off, func(b block, off uint64) int {
		switch {
		case b.off+b.size <= off:
			return -1
		case b.off > off:
			return 1
		}
		return 0
	})
	if !ok {
		return block{}, false
	}
	return h.blocks[i], true
}

// read is a direct block's bytes, checked and unfiltered.
func (h *Fractal) read(r *space.Reader, b block) ([]byte, error) {
	h.mu.Lock()
	data := h.data[b.addr]
	h.mu.Unlock()
	if data != nil {
		return data, nil
	}
	c, err := r.Read(direct, b.addr, int64(min(b.stored, 1<<62)))
	if err != nil {
		return nil, err
	}
	data = slices.Clone(c.Bytes(c.Len()))
	if h.pipeline != nil {
		p := cursor.New("filters of fractal heap", h.at, h.pipeline, h.sizes)
		if data, err = h.unfilter(p, data, b.mask, int64(b.size)); err != nil {
			return nil, err
		}
	}
	d := cursor.New(direct, c.Base(), data, h.sizes)
	d.Magic("FHDB")
	d.Version(0, 0)
	d.Addr()
	if off := d.Uint(h.offWidth); d.Err() == nil && off != b.off {
		d.Fail("is for offset %d, not %d", off, b.off)
	}
	if h.sums {
		at := d.Pos()
		got := d.U32()
		if d.Err() == nil {
			clear(data[at : at+4])
			d.Verify(at, got, checksum.Lookup3(data, 0))
		}
	}
	if d.Err() != nil {
		return nil, d.Err()
	}
	h.mu.Lock()
	h.data[b.addr] = data
	h.mu.Unlock()
	return data, nil
}

// Prefetch makes the blocks that hold the objects of ids be in the cache.
func (h *Fractal) Prefetch(r *space.Reader, ids [][]byte) error {
	var want []space.Piece
	last := uint64(cursor.Undefined)
	for _, id := range ids {
		if len(id) == 0 || id[0]>>4&3 != 0 {
			continue
		}
		c := cursor.New(fractal, h.at, id[1:], h.sizes)
		if b, ok := h.find(c.Uint(h.offWidth)); ok && b.addr != last {
			last = b.addr
			want = append(want, space.Piece{Addr: b.addr, N: int64(min(b.stored, 1<<31))})
		}
	}
	return r.Prefetch(want)
}

// Object is the object of an id, managed, huge or tiny.
func (h *Fractal) Object(r *space.Reader, id []byte) (*cursor.Cursor, error) {
	c := cursor.New("heap object of "+fractal, h.at, id, h.sizes)
	flags := c.U8()
	switch {
	case c.Err() != nil:
		return nil, c.Err()
	case flags>>6 != 0:
		return nil, c.FailUnsupported("id of version %d", flags>>6)
	case flags>>4&3 == 0:
		return h.managed(r, c)
	case flags>>4&3 == 1:
		return h.hugeOne(r, c)
	case flags>>4&3 == 2:
		return h.tiny(c, flags)
	}
	return nil, c.Fail("id of an unknown kind: %#x", flags)
}

func (h *Fractal) managed(r *space.Reader, c *cursor.Cursor) (*cursor.Cursor, error) {
	off, n := c.Uint(h.offWidth), c.Uint(h.lenWidth)
	if c.Err() != nil {
		return nil, c.Err()
	}
	b, ok := h.find(off)
	if !ok || n > b.size || off-b.off > b.size-n {
		return nil, c.Fail("%d bytes at offset %d are not in a block", n, off)
	}
	data, err := h.read(r, b)
	if err != nil {
		return nil, err
	}
	at := off - b.off
	if at+n > uint64(len(data)) {
		return nil, c.Fail("%d bytes at offset %d are not in its block of %d", n, at, len(data))
	}
	return cursor.New("heap object", int64(b.addr+at)+r.Base, data[at:at+n], h.sizes), nil
}

func (h *Fractal) tiny(c *cursor.Cursor, flags uint8) (*cursor.Cursor, error) {
	n := int(flags&15) + 1
	if h.idLen-1 > 16 {
		n = int(flags&15)<<8 + int(c.U8()) + 1
	}
	return cursor.New("tiny heap object", h.at, c.Bytes(n), h.sizes), c.Err()
}

// A hugeObject is where an object lies that has no place in a block.
type hugeObject struct {
	addr, size, memory uint64
	mask               uint32
}

func (h *Fractal) hugeFields(c *cursor.Cursor) hugeObject {
	o := hugeObject{addr: c.Addr(), size: c.Length()}
	if h.pipeline != nil {
		o.mask, o.memory = c.U32(), c.Length()
	}
	return o
}

func (h *Fractal) hugeOne(r *space.Reader, c *cursor.Cursor) (*cursor.Cursor, error) {
	direct := h.sizes.Offset + h.sizes.Length
	if h.pipeline != nil {
		direct += 4 + h.sizes.Length
	}
	var o hugeObject
	if direct <= h.idLen-1 {
		o = h.hugeFields(c)
	} else {
		all, err := h.hugeAll(r)
		if err != nil {
			return nil, err
		}
		id := c.Uint(min(h.idLen-1, 8, h.sizes.Length))
		var ok bool
		if o, ok = all[id]; !ok {
			return nil, c.Fail("no huge object %d", id)
		}
	}
	if c.Err() != nil {
		return nil, c.Err()
	}
	d, err := r.Read("huge heap object", o.addr, int64(min(o.size, 1<<62)))
	if err != nil || h.pipeline == nil {
		return d, err
	}
	if o.memory > 1<<32 {
		return nil, c.Fail("huge object of %d bytes", o.memory)
	}
	p := cursor.New("filters of fractal heap", h.at, h.pipeline, h.sizes)
	data, err := h.unfilter(p, slices.Clone(d.Bytes(d.Len())), o.mask, int64(o.memory))
	return cursor.New("huge heap object", d.Base(), data, h.sizes), err
}

// hugeAll reads the tree of huge objects once.
func (h *Fractal) hugeAll(r *space.Reader) (map[uint64]hugeObject, error) {
	h.mu.Lock()
	all := h.huge
	h.mu.Unlock()
	if all != nil {
		return all, nil
	}
	t, err := btree.ReadV2(r, h.hugeTree, 1, 2)
	if err != nil {
		return nil, err
	}
	all = map[uint64]hugeObject{}
	err = t.Walk(r, func(c *cursor.Cursor) error {
		o := h.hugeFields(c)
		all[c.Length()] = o
		return c.Err()
	})
	if err != nil {
		return nil, err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.huge = all
	return all, nil
}
