// Package super finds and reads the superblock (HDF5 File Format Specification 3.0, section II.A), from which everything
// else in a file is reached.
//
// Its tests are those of core/h5, which reads files of every form, damages and fuzzes them.
package super

import (
	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/filekind"
	"github.com/englacial/zagg/core/h5/internal/cursor"
	"github.com/englacial/zagg/core/h5/internal/space"
)

const signature = "\x89HDF\r\n\x1a\n"

// A Superblock is what the rest of a file's reading depends on.
type Superblock struct {
	Version    uint8
	Sizes      cursor.Sizes
	At         int64  // byte of the file at which it lies: the user block's size, and where address 0 is
	End        int64  // bytes of the file as its writer noted
	Root       uint64 // address of the root group's object header
	Extension  uint64 // address of its extension; Undefined: none
	GroupLeafK int    // of symbol table nodes: at most 2K symbols
	GroupK     int    // of group B-trees: at most 2K children
	ChunkK     int    // of chunk B-trees
	Driver     uint64 // address of the driver information block; Undefined: none
	Flags      uint8  // consistency flags of version 3: what a writer that has the file open sets
}

// Read finds the superblock at byte 0, 512, 1024, 2048 and so on, and decodes it. head is the size of the first read.
func Read(r *space.Reader, head int64) (*Superblock, error) {
	for at := int64(0); ; at = max(512, at*2) {
		n := int64(128)
		if at == 0 {
			n = head
		}
		c, err := r.Peek("superblock", uint64(at), n)
		if err != nil {
			return nil, err
		}
		got := int64(c.Len())
		if c.Len() >= len(signature) && string(c.Bytes(len(signature))) == signature {
			return decode(c, at)
		}
		if got < 128 || at > 1<<40 {
			first, err := r.Peek("superblock", 0, filekind.Head)
			if err != nil {
				return nil, err
			}
			what := filekind.Recognise(first.Bytes(first.Len()), -1)
			return nil, core.Errorf(core.Corrupt, "", "", "not an HDF5 file, but %s: no superblock at byte 0, 512, 1024, … up to %d", what, at+got)
		}
	}
}

func decode(c *cursor.Cursor, at int64) (*Superblock, error) {
	sb := &Superblock{At: at, Version: c.Version(0, 3), GroupLeafK: 4, GroupK: 16, ChunkK: 32, Extension: cursor.Undefined, Driver: cursor.Undefined}
	var base, end uint64
	if sb.Version < 2 {
		c.Skip(4) // versions of free space and root symbol table, reserved, version of shared headers
		sizes(c)
		c.Skip(1)
		sb.GroupLeafK, sb.GroupK = int(c.U16()), int(c.U16())
		c.Skip(4)
		if sb.Version == 1 {
			sb.ChunkK = int(c.U16())
			c.Skip(2)
		}
		base = c.Addr()
		c.Addr() // free space
		end = c.Addr()
		sb.Driver = c.Addr()
		c.Addr() // name of the root
		sb.Root = c.Addr()
	} else {
		sizes(c)
		if flags := c.U8(); sb.Version >= 3 {
			sb.Flags = flags
		}
		base, sb.Extension, end, sb.Root = c.Addr(), c.Addr(), c.Addr(), c.Addr()
		c.Checksum()
	}
	sb.Sizes = c.Sizes
	if sb.End = int64(end) + at - int64(base); c.Err() == nil && (end > 1<<62 || base > end || sb.End <= at) {
		c.Fail("impossible end of file %d with base address %d", end, base)
	}
	if sb.GroupK == 0 || sb.GroupLeafK == 0 || sb.ChunkK == 0 {
		c.Fail("B-tree of rank 0")
	}
	return sb, c.Err()
}

// sizes reads and sets the widths of addresses and lengths.
func sizes(c *cursor.Cursor) {
	o, l := int(c.U8()), int(c.U8())
	if (o != 2 && o != 4 && o != 8) || (l != 2 && l != 4 && l != 8) {
		c.FailUnsupported("addresses of %d and lengths of %d bytes", o, l)
		return
	}
	c.Sizes = cursor.Sizes{Offset: o, Length: l}
}
