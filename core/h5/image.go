package h5

// Metadata cache images: files that were closed with one have newer metadata in the image than at its own address.

import (
	"github.com/englacial/zagg/core/h5/internal/cursor"
	"github.com/englacial/zagg/core/h5/internal/header"
	"github.com/englacial/zagg/core/h5/internal/space"
)

// cacheImage reads the metadata cache image that a message of the superblock's extension names: structures as they were in
// the library's memory when the file was closed. What lies at their own addresses is older, or was never written. The
// image's form is that of H5Cimage.c in HDF5 1.10 and later; the file format specification knows the message alone.
func (f *File) cacheImage(r *space.Reader, m *header.Message) error {
	c := m.Cursor("metadata cache image message", r.Sizes)
	c.Version(0, 0)
	addr, n := c.Addr(), c.Length()
	if c.Err() != nil || addr == NoAddress {
		return c.Err()
	}
	c, err := r.Read("metadata cache image", addr, int64(min(n, 1<<62)))
	if err != nil {
		return err
	}
	c.Magic("MDCI")
	c.Version(0, 0)
	c.Skip(1)  // flags
	c.Length() // of the image without this header
	var over []space.Patch
	for count := c.U32(); count > 0 && c.Err() == nil; count-- {
		p := imageEntry(c, r.Base)
		if c.Err() == nil && (p.Off < r.Base || p.Off > r.Size-int64(len(p.Data))) {
			return c.Fail("structure of %d bytes at byte %d lies beyond the end of the file", len(p.Data), p.Off)
		}
		over = append(over, p)
	}
	if c.Checksum(); c.Err() != nil {
		return c.Err()
	}
	r.Overlay(over)
	return nil
}

// imageEntry reads one structure of the image.
func imageEntry(c *cursor.Cursor, base int64) space.Patch {
	c.Skip(4 + 4) // type, flags, ring, age; dependent structures, and how many of them were changed
	parents := int(c.U16())
	c.Skip(4) // rank in the list of those used last
	addr, n := c.Addr(), c.Length()
	if addr > 1<<62 || n > 1<<62 {
		c.Fail("structure of %d bytes at address %d", n, addr)
		return space.Patch{}
	}
	c.Skip(parents * c.Offset)
	return space.Patch{Off: int64(addr) + base, Data: c.Bytes(int(n))}
}
