// Package cursor reads little-endian fields from untrusted bytes: every read is checked, the first failure
// sticks, and its error names the structure and the byte offset in the file.
package cursor

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/h5/internal/checksum"
)

// Undefined is the address that stands for "not there": all bits set, whatever the size of offsets.
const Undefined = math.MaxUint64

// Sizes are the widths in bytes of addresses and lengths in a file, from its superblock.
type Sizes struct{ Offset, Length int }

// A Cursor walks over the bytes of one structure.
type Cursor struct {
	Sizes
	what string
	base int64 // offset in the file of b[0]
	b    []byte
	p    int
	err  error
}

// New makes a Cursor over b, which lies at byte base of the file and holds the structure called what.
func New(what string, base int64, b []byte, sizes Sizes) *Cursor {
	return &Cursor{Sizes: sizes, what: what, base: base, b: b}
}

// Corrupt is the error of a structure at a byte offset that does not decode.
func Corrupt(what string, offset int64, format string, args ...any) error {
	return core.Errorf(core.Corrupt, "", fmt.Sprintf("%s at byte %d", what, offset), format, args...)
}

// Unsupported is the error of a structure that is well-formed but not something this package reads.
func Unsupported(what string, offset int64, format string, args ...any) error {
	return core.Errorf(core.Unsupported, "", fmt.Sprintf("%s at byte %d", what, offset), format, args...)
}

// Err is the first failure.
func (c *Cursor) Err() error { return c.err }

// Fail sets the error, unless there is one, at the structure's beginning.
func (c *Cursor) Fail(format string, args ...any) error {
	if c.err == nil {
		c.err = Corrupt(c.what, c.base, format, args...)
	}
	return c.err
}

// FailUnsupported sets the error, unless there is one, to Unsupported.
func (c *Cursor) FailUnsupported(format string, args ...any) error {
	if c.err == nil {
		c.err = Unsupported(c.what, c.base, format, args...)
	}
	return c.err
}

// Base is the offset in the file where the structure begins, Pos the bytes read, Len the bytes left.
func (c *Cursor) Base() int64 { return c.base }

// Pos is the number of bytes read.
func (c *Cursor) Pos() int { return c.p }

// Len is the number of bytes left; 0 after a failure.
func (c *Cursor) Len() int {
	if c.err != nil {
		return 0
	}
	return len(c.b) - c.p
}

// Bytes is the next n bytes; they share the structure's memory. It is nil after a failure.
func (c *Cursor) Bytes(n int) []byte {
	if c.err != nil {
		return nil
	}
	if n < 0 || n > len(c.b)-c.p {
		c.err = Corrupt(c.what, c.base, "ends at byte %d, %d more wanted at byte %d", c.base+int64(len(c.b)), n, c.base+int64(c.p))
		return nil
	}
	b := c.b[c.p : c.p+n : c.p+n]
	c.p += n
	return b
}

// Skip passes over n bytes.
func (c *Cursor) Skip(n int) { c.Bytes(n) }

// Align skips to a multiple of n bytes from the structure's beginning, or to its end if that comes first.
func (c *Cursor) Align(n int) {
	if r := c.p % n; r != 0 {
		c.Skip(min(n-r, c.Len()))
	}
}

// Uint reads an unsigned integer of n ≤ 8 bytes.
func (c *Cursor) Uint(n int) uint64 {
	if n > 8 {
		c.Fail("integer of %d bytes", n)
	}
	var v uint64
	for i, b := range c.Bytes(n) {
		v |= uint64(b) << (8 * i)
	}
	return v
}

// U8 reads a byte.
func (c *Cursor) U8() uint8 {
	if b := c.Bytes(1); b != nil {
		return b[0]
	}
	return 0
}

// U16 reads an unsigned integer of 2 bytes.
func (c *Cursor) U16() uint16 {
	if b := c.Bytes(2); b != nil {
		return binary.LittleEndian.Uint16(b)
	}
	return 0
}

// U32 reads an unsigned integer of 4 bytes.
func (c *Cursor) U32() uint32 {
	if b := c.Bytes(4); b != nil {
		return binary.LittleEndian.Uint32(b)
	}
	return 0
}

// U64 reads an unsigned integer of 8 bytes.
func (c *Cursor) U64() uint64 {
	if b := c.Bytes(8); b != nil {
		return binary.LittleEndian.Uint64(b)
	}
	return 0
}

// Addr reads an address; Undefined if all its bits are set.
func (c *Cursor) Addr() uint64 {
	v := c.Uint(c.Offset)
	if c.Offset < 8 && v == 1<<(8*c.Offset)-1 {
		return Undefined
	}
	return v
}

// Length reads a length.
func (c *Cursor) Length() uint64 { return c.Uint(c.Sizes.Length) }

// CString reads up to and over a NUL and returns what is before it.
func (c *Cursor) CString() string {
	if c.err != nil {
		return ""
	}
	n := bytes.IndexByte(c.b[c.p:], 0)
	if n < 0 {
		c.Fail("name at byte %d does not end", c.base+int64(c.p))
		return ""
	}
	s := string(c.b[c.p : c.p+n])
	c.p += n + 1
	return s
}

// Sub is a Cursor over the next n bytes, a structure of its own called what; failures are the parent's to look at.
func (c *Cursor) Sub(what string, n int) *Cursor {
	at := c.base + int64(c.p)
	b := c.Bytes(n)
	return &Cursor{Sizes: c.Sizes, what: what, base: at, b: b, err: c.err}
}

// Magic reads a signature and checks it.
func (c *Cursor) Magic(sig string) {
	if b := c.Bytes(len(sig)); b != nil && string(b) != sig {
		c.Fail("signature is %q, not %q", b, sig)
	}
}

// Version reads a version byte, which must be in lo…hi.
func (c *Cursor) Version(lo, hi uint8) uint8 {
	v := c.U8()
	if c.err == nil && (v < lo || v > hi) {
		c.FailUnsupported("version %d", v)
	}
	return v
}

// Checksum reads the checksum of all bytes from the beginning up to here, and checks it.
func (c *Cursor) Checksum() {
	at := c.p
	got := c.U32()
	if c.err == nil {
		c.Verify(at, got, checksum.Lookup3(c.b[:at], 0))
	}
}

// Verify sets the error if the checksum got, which lies at b[at], is not want.
func (c *Cursor) Verify(at int, got, want uint32) {
	if got != want {
		c.Fail("checksum at byte %d is %#08x, not %#08x", c.base+int64(at), got, want)
	}
}
