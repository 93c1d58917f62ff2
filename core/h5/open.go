package h5

// What is read when a file is opened: superblock, its extension and what these say of the whole file.

import (
	"fmt"
	"strings"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/h5/internal/cursor"
	"github.com/englacial/zagg/core/h5/internal/header"
	"github.com/englacial/zagg/core/h5/internal/space"
	"github.com/englacial/zagg/core/h5/internal/super"
)

// open reads the superblock, its extension and what these say of the whole file. A file that is shorter than it says
// is Corrupt with that as the reason, whatever else fails in it.
func (f *File) open(r *space.Reader) error {
	sb, err := super.Read(r, f.opt.FirstRead)
	if err != nil {
		return err
	}
	f.super = sb
	f.space.Sizes, f.space.Base, f.space.Size = sb.Sizes, sb.At, sb.End
	if sb.Driver != NoAddress {
		if err := f.driverBlock(r); err != nil {
			return err
		}
	}
	f.hint()
	if sb.Extension != NoAddress {
		err = f.extension(r)
	}
	if met := f.space.Met(); met >= 0 && met < sb.End && sb.At == 0 && (err == nil || core.Is(err, core.Corrupt)) {
		return space.Truncated(met, sb.End)
	}
	if err != nil {
		return err
	}
	f.space.Whole = sb.At == 0
	if f.space.Latency() < quick { // it costs nothing to look at the end now
		_, err = r.Peek("file", uint64(sb.End-sb.At-1), 1)
	}
	return err
}

// extension reads the messages of the superblock's extension.
func (f *File) extension(r *space.Reader) error {
	ext, err := header.Read(r, f.super.Extension, nil)
	if err != nil {
		return err
	}
	if m := ext.First(header.DriverInfo); m != nil {
		c := m.Cursor("driver info message", r.Sizes)
		c.Version(0, 0)
		if name := c.Bytes(8); c.Err() == nil {
			return driver(c, name)
		}
		return c.Err()
	}
	if m := ext.First(header.BTreeK); m != nil {
		c := m.Cursor("B-tree K values", r.Sizes)
		c.Version(0, 0)
		f.super.ChunkK, f.super.GroupK, f.super.GroupLeafK = int(c.U16()), int(c.U16()), int(c.U16())
		if c.Err() != nil {
			return c.Err()
		}
	}
	if m := ext.First(header.CacheImage); m != nil {
		if err := f.cacheImage(r, m); err != nil {
			return err
		}
	}
	if m := ext.First(header.SharedTable); m != nil {
		f.shared, err = openShared(m.Cursor("shared message table message", r.Sizes))
	}
	return err
}

// driverBlock reads the driver information block that superblocks of versions 0 and 1 may have (section II.B).
func (f *File) driverBlock(r *space.Reader) error {
	c, err := r.Read("driver information block", f.super.Driver, 16)
	if err != nil {
		return err
	}
	c.Version(0, 0)
	c.Skip(7)
	if name := c.Bytes(8); c.Err() == nil {
		return driver(c, name)
	}
	return c.Err()
}

// driver is the error (Unsupported) of a file that the HDF5 library's driver of a name has spread over several:
// addresses in it are not places in this file.
func driver(c *cursor.Cursor, name []byte) error {
	id := strings.TrimRight(string(name), "\x00 ")
	what, ok := map[string]string{"NCSAfami": "family", "NCSAmult": "multi or split"}[id]
	if !ok {
		what = fmt.Sprintf("%q", id)
	}
	return c.FailUnsupported("the file was written by the %s driver (%q): its parts lie in several files; make one of them with h5repack", what, id)
}

// Consistency flags of a superblock of version 3.
const (
	openForWrite = 1
	openForSWMR  = 4
)

// Warnings says what is wrong with the file as a whole without keeping this package from reading it; the HDF5 library
// refuses such files.
func (f *File) Warnings() []string {
	var out []string
	if flags := f.super.Flags; flags&openForSWMR != 0 {
		out = append(out, "the file is marked as open for writing (SWMR): what its writer had not flushed is missing; h5clear -s takes the mark away")
	} else if flags&openForWrite != 0 {
		out = append(out, "the file is marked as open for writing: it was not closed properly, or is being written; h5clear -s takes the mark away")
	}
	if met := f.space.Met(); met >= 0 && met < f.super.End {
		out = append(out, fmt.Sprintf("%v (there is a user block of %d bytes, and some writers count it twice)", space.Truncated(met, f.super.End), f.super.At))
	}
	return out
}
