package heap

import (
	"github.com/englacial/zagg/core/h5/internal/space"
)

// GlobalMin is the least size of a global heap collection that the HDF5 library writes.
const GlobalMin = 4096

// A Global is the objects of one global heap collection by their index. They share the collection's memory.
type Global map[uint32][]byte

// ReadGlobal reads the collection at addr.
func ReadGlobal(r *space.Reader, addr uint64) (Global, error) {
	const what = "global heap collection"
	c, err := r.Peek(what, addr, GlobalMin)
	if err != nil {
		return nil, err
	}
	c.Magic("GCOL")
	c.Version(1, 1)
	c.Skip(3)
	n := c.Length()
	if c.Err() != nil {
		return nil, c.Err()
	}
	prefix := (c.Pos() + 7) &^ 7 // all parts begin at multiples of 8, whatever the size of lengths
	if c, err = r.Read(what, addr, int64(min(n, 1<<62))); err != nil {
		return nil, err
	}
	c.Skip(prefix)
	g := Global{}
	for c.Err() == nil && c.Len() >= 16 {
		index := c.U16()
		c.Skip(6) // reference count, reserved
		size := c.Length()
		c.Align(8)
		if index == 0 { // free space, to the end
			break
		}
		if size > uint64(c.Len()) {
			return nil, c.Fail("object %d has %d bytes, and %d are left", index, size, c.Len())
		}
		g[uint32(index)] = c.Bytes(int(size))
		c.Align(8)
	}
	return g, c.Err()
}

// Prefetch makes the collections at addrs be in the cache.
func Prefetch(r *space.Reader, addrs []uint64) error {
	pieces := make([]space.Piece, len(addrs))
	for i, a := range addrs {
		pieces[i] = space.Piece{Addr: a, N: GlobalMin}
	}
	if err := r.Prefetch(pieces); err != nil {
		return err
	}
	pieces = pieces[:0]
	for _, a := range addrs {
		c, err := r.Peek("global heap collection", a, GlobalMin)
		if err != nil {
			continue // reading it tells
		}
		c.Skip(8)
		if n := c.Length(); n > GlobalMin && n < 1<<31 {
			pieces = append(pieces, space.Piece{Addr: a, N: int64(n)})
		}
	}
	return r.Prefetch(pieces)
}
