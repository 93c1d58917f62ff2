// Package chunkindex reads the array indexes of chunked datasets: fixed and extensible arrays, plain and paged (HDF5 File
// Format Specification 3.0, section VII, appendix C). Both give for every chunk, by its number, where it is.
//
// Its tests are those of core/h5, which reads files of every form, damages and fuzzes them.
package chunkindex

import (
	"github.com/englacial/zagg/core/h5/internal/cursor"
	"github.com/englacial/zagg/core/h5/internal/space"
)

// A Visit is told of chunk index: its address, bytes in the file (0 if it is not filtered) and filter mask.
type Visit func(index, addr, size uint64, mask uint32) error

// elements is how an array stores its elements.
type elements struct {
	filtered bool
	size     int // bytes of an element
	visit    Visit
	limit    uint64 // elements at this index and above are not in use
}

// decode visits n elements from index on.
func (e *elements) decode(c *cursor.Cursor, index uint64, n int) error {
	for i := range n {
		b := c.Sub("chunk index element", e.size)
		if c.Err() != nil {
			return c.Err()
		}
		at := index + uint64(i)
		addr := b.Addr()
		if addr == cursor.Undefined || at >= e.limit {
			continue
		}
		var size uint64
		var mask uint32
		if e.filtered {
			size = b.Uint(e.size - b.Offset - 4)
			mask = b.U32()
		}
		if b.Err() != nil {
			return b.Err()
		}
		if err := e.visit(at, addr, size, mask); err != nil {
			return err
		}
	}
	return nil
}

// check sets what the header says, which must be possible.
func (e *elements) check(c *cursor.Cursor, client uint8, size int) {
	e.filtered, e.size = client == 1, size
	n := size - c.Offset
	if e.filtered {
		n -= 5
	}
	if c.Err() == nil && (client > 1 || n < 0 || n > 7 || !e.filtered && n != 0) {
		c.Fail("elements of %d bytes of kind %d", size, client)
	}
}

// A page is a run of elements with a checksum of its own.
type page struct {
	addr  uint64
	index uint64
	n     int
}

const pageOf = "page of chunk index"

// pages visits the elements of pages, all fetched together.
func (e *elements) pages(r *space.Reader, pages []page) error {
	want := make([]space.Piece, len(pages))
	for i, p := range pages {
		want[i] = space.Piece{Addr: p.addr, N: int64(p.n*e.size + 4)}
	}
	if err := r.Prefetch(want); err != nil {
		return err
	}
	for i, p := range pages {
		c, err := r.Read(pageOf, p.addr, want[i].N)
		if err == nil {
			err = verified(c, p.n*e.size)
		}
		if err == nil {
			err = e.decode(c, p.index, p.n)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// verified checks the sum after the next n bytes, without moving c.
func verified(c *cursor.Cursor, n int) error {
	look := *c
	look.Skip(n)
	look.Checksum()
	return look.Err()
}

// bit is bit i of a bitmap, the most significant of a byte first.
func bit(b []byte, i int) bool { return b[i>>3]>>(7-i&7)&1 != 0 }

// clip bounds a count that is about to become an allocation or a loop by what a file of the size can hold.
func clip(r *space.Reader, c *cursor.Cursor, n, each uint64) error {
	if each > 0 && n > uint64(r.Size)/each {
		return c.Fail("%d elements of %d bytes do not fit into the file of %d", n, each, r.Size)
	}
	return nil
}
