// Package heap reads the three heaps of the HDF5 format (File Format Specification 3.0, sections III.D, III.E and
// III.G): local ones with the names of old groups, global ones with variable-length data, and fractal ones with links,
// attributes and shared messages.
//
// Its tests are those of core/h5, which reads files of every form, damages and fuzzes them.
package heap

import (
	"bytes"

	"github.com/englacial/zagg/core/h5/internal/cursor"
	"github.com/englacial/zagg/core/h5/internal/space"
)

// A Local is the data segment of a local heap.
type Local struct {
	at   int64
	data []byte
}

// ReadLocal reads the local heap at addr.
func ReadLocal(r *space.Reader, addr uint64) (*Local, error) {
	const what = "local heap"
	c, err := r.Read(what, addr, int64(8+2*r.Sizes.Length+r.Sizes.Offset))
	if err != nil {
		return nil, err
	}
	c.Magic("HEAP")
	c.Version(0, 0)
	c.Skip(3)
	n := c.Length()
	c.Length()
	data := c.Addr()
	if c.Err() != nil || n == 0 {
		return &Local{at: c.Base()}, c.Err()
	}
	if c, err = r.Read("local heap data", data, int64(min(n, 1<<62))); err != nil {
		return nil, err
	}
	return &Local{at: c.Base(), data: c.Bytes(int(n))}, nil
}

// String is the text that begins at an offset in the heap.
func (l *Local) String(offset uint64) (string, error) {
	if offset < uint64(len(l.data)) {
		if n := bytes.IndexByte(l.data[offset:], 0); n >= 0 {
			return string(l.data[offset : int(offset)+n]), nil
		}
	}
	return "", cursor.Corrupt("local heap data", l.at, "no text at offset %d of %d", offset, len(l.data))
}
