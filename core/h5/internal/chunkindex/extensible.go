package chunkindex

import (
	"math/bits"

	"github.com/englacial/zagg/core/h5/internal/cursor"
	"github.com/englacial/zagg/core/h5/internal/space"
)

const (
	extHeader = "extensible array header"
	extIndex  = "extensible array index block"
	extSuper  = "extensible array super block"
	extData   = "extensible array data block"
)

// An extensible array's elements are, by index: some in the index block; then those of data blocks that the index block
// points to; then those of data blocks that super blocks point to. Super block u (the first ones exist only as a way of
// counting) has 2^⌊u/2⌋ data blocks of 2^⌈u/2⌉ times the least number of elements.
type extensible struct {
	elements
	bits     int // of an index
	inIndex  int // elements in the index block
	least    int // elements of the smallest data blocks
	pointers int // least data blocks of a super block
	page     int // elements of a page
}

// Extensible reads the extensible array whose header is at addr.
func Extensible(r *space.Reader, addr uint64, visit Visit) error {
	c, err := r.Read(extHeader, addr, int64(16+6*r.Sizes.Length+r.Sizes.Offset))
	if err != nil {
		return err
	}
	c.Magic("EAHD")
	c.Version(0, 0)
	x := extensible{elements: elements{visit: visit}}
	x.check(c, c.U8(), int(c.U8()))
	x.bits, x.inIndex, x.least, x.pointers = int(c.U8()), int(c.U8()), int(c.U8()), int(c.U8())
	pageBits := int(c.U8())
	c.Skip(4 * c.Sizes.Length)
	x.limit = c.Length()
	c.Length()
	index := c.Addr()
	if c.Err() == nil {
		err = verified(c, 0)
	}
	if err := firstOf(c.Err(), err); err != nil || index == cursor.Undefined {
		return err
	}
	if x.bits > 64 || pageBits > 32 || x.least == 0 || x.least&(x.least-1) != 0 || x.pointers < 2 || x.pointers&(x.pointers-1) != 0 {
		return c.Fail("impossible shape: %d bits, %d elements, %d pointers, pages of 2^%d", x.bits, x.least, x.pointers, pageBits)
	}
	x.page = 1 << pageBits
	if err := clip(r, c, x.limit, uint64(x.size)); err != nil {
		return err
	}
	return x.index(r, index)
}

// supers is how many super blocks the index block stands in for.
func (x *extensible) supers() int { return 2 * (bits.Len(uint(x.pointers)) - 1) }

// shape is the data blocks of super block u and the elements of each.
func (x *extensible) shape(u int) (blocks, each uint64) {
	return 1 << (u / 2), uint64(x.least) << ((u + 1) / 2)
}

// A block is a data block with elements from index on.
type block struct {
	addr, index uint64
	n           uint64
	written     []byte // which pages were; nil if it has none or all are
}

// index reads the index block and what it points to. Super blocks and data blocks are fetched together, each kind with
// one request.
func (x *extensible) index(r *space.Reader, addr uint64) error {
	direct := 2 * (x.pointers - 1)
	count := max(1+x.bits-(bits.Len(uint(x.least))-1)-x.supers(), 0)
	body := x.inIndex*x.size + (direct+count)*r.Sizes.Offset
	c, err := r.Read(extIndex, addr, int64(6+r.Sizes.Offset+body+4))
	if err != nil {
		return err
	}
	c.Magic("EAIB")
	c.Version(0, 0)
	c.Skip(1 + c.Offset)
	if err := firstOf(c.Err(), verified(c, body)); err != nil {
		return err
	}
	if err := x.decode(c, 0, x.inIndex); err != nil {
		return err
	}
	at := uint64(x.inIndex)
	var data []block
	for u := range x.supers() {
		blocks, each := x.shape(u)
		for range blocks {
			data = x.append(data, block{addr: c.Addr(), index: at, n: each})
			at += each
		}
	}
	var supers []block
	for u := x.supers(); u < x.supers()+count; u++ {
		blocks, each := x.shape(u)
		supers = x.append(supers, block{addr: c.Addr(), index: at, n: uint64(u)})
		if at += blocks * each; at >= x.limit {
			break
		}
	}
	if c.Err() != nil {
		return c.Err()
	}
	if data, err = x.super(r, supers, data); err != nil {
		return err
	}
	return x.data(r, data)
}

// append adds a block that exists and has elements in use.
func (x *extensible) append(list []block, b block) []block {
	if b.addr == cursor.Undefined || b.index >= x.limit {
		return list
	}
	return append(list, b)
}

// offset is the bytes of a block's offset in the array.
func (x *extensible) offset() int { return (x.bits + 7) / 8 }

// super reads super blocks, whose n is their number, and appends their data blocks.
func (x *extensible) super(r *space.Reader, supers, data []block) ([]block, error) {
	want := make([]space.Piece, len(supers))
	for i, s := range supers {
		blocks, each := x.shape(int(s.n))
		if each > 1<<40 || blocks > uint64(r.Size)/uint64(r.Sizes.Offset) {
			return nil, cursor.Corrupt(extSuper, int64(s.addr)+r.Base, "%d data blocks of %d elements do not fit into the file", blocks, each)
		}
		n := blocks * uint64(x.bitmap(each)+r.Sizes.Offset)
		want[i] = space.Piece{Addr: s.addr, N: int64(10+r.Sizes.Offset+x.offset()) + int64(n)}
	}
	if err := r.Prefetch(want); err != nil {
		return nil, err
	}
	for i, s := range supers {
		c, err := r.Read(extSuper, s.addr, want[i].N)
		if err != nil {
			return nil, err
		}
		c.Magic("EASB")
		c.Version(0, 0)
		c.Skip(1 + c.Offset + x.offset())
		if err := firstOf(c.Err(), verified(c, c.Len()-4)); err != nil {
			return nil, err
		}
		blocks, each := x.shape(int(s.n))
		n := x.bitmap(each)
		maps := c.Bytes(int(blocks) * n)
		at := s.index
		for k := range int(blocks) {
			b := block{addr: c.Addr(), index: at, n: each}
			if n > 0 {
				b.written = maps[k*n : (k+1)*n]
			}
			data = x.append(data, b)
			at += each
		}
		if c.Err() != nil {
			return nil, c.Err()
		}
	}
	return data, nil
}

// bitmap is the bytes that say which pages of a data block were written; 0 if it is not paged.
func (x *extensible) bitmap(each uint64) int {
	if each <= uint64(x.page) {
		return 0
	}
	return int((each/uint64(x.page) + 7) / 8)
}

// data visits the elements of data blocks. A block of more than a page of elements consists of pages after its prefix.
func (x *extensible) data(r *space.Reader, data []block) error {
	prefix := 6 + r.Sizes.Offset + x.offset()
	var want []space.Piece
	var pages []page
	for _, b := range data {
		if b.n <= uint64(x.page) {
			want = append(want, space.Piece{Addr: b.addr, N: int64(prefix + int(b.n)*x.size + 4)})
			continue
		}
		at := b.addr + uint64(prefix+4)
		for i := 0; uint64(i) < b.n/uint64(x.page) && b.index+uint64(i*x.page) < x.limit; i++ {
			if b.written == nil || bit(b.written, i) {
				pages = append(pages, page{at, b.index + uint64(i*x.page), x.page})
			}
			at += uint64(x.page*x.size + 4)
		}
	}
	if err := r.Prefetch(want); err != nil {
		return err
	}
	for _, b := range data {
		if b.n > uint64(x.page) {
			continue
		}
		c, err := r.Read(extData, b.addr, int64(prefix+int(b.n)*x.size+4))
		if err != nil {
			return err
		}
		c.Magic("EADB")
		c.Version(0, 0)
		c.Skip(prefix - 5)
		if err := firstOf(c.Err(), verified(c, int(b.n)*x.size)); err != nil {
			return err
		}
		if err := x.decode(c, b.index, int(b.n)); err != nil {
			return err
		}
	}
	return x.pages(r, pages)
}
