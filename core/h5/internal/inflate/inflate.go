// Package inflate decodes zlib streams (RFC 1950, RFC 1951) whose decoded size is known, as that of an HDF5 chunk is.
//
// Knowing both ends is what makes it quick: there is no window to slide and no state to keep between calls. Far from the
// ends a loop with few checks for them decodes from 64 bits at a time, by tables that hold what a code stands for, how
// many bits it has and how many follow it; near the ends a careful loop takes over. The tables follow libdeflate's, whose
// source comments explain them.
//
// What then limits a stream is the way from one code to the next, for which the processor waits: load an entry, shift by
// it, mask. A Pair decodes two streams side by side, so that one is worked on while the other waits.
package inflate

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// An Error says what is wrong with a stream, and where.
type Error struct {
	Offset int // of the byte in the stream at which it was noticed
	Reason string
}

func (e *Error) Error() string { return fmt.Sprintf("zlib stream, byte %d: %s", e.Offset, e.Reason) }

// TooLong reports the error of a stream that has more data than there was room for.
func TooLong(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.Reason == tooLong
}

// The reasons of an Error.
const (
	badHeader     = "not a zlib header (RFC 1950 §2.2)"
	presetDict    = "needs a preset dictionary"
	truncated     = "the stream ends too early"
	tooLong       = "there is more data than expected"
	badBlock      = "reserved block type"
	badStored     = "the length of a stored block does not match its complement"
	badCounts     = "too many length or distance codes"
	badRepeat     = "code lengths repeat what is not there"
	badCode       = "oversubscribed or incomplete code"
	noEnd         = "the code has no end of block"
	badSymbol     = "bits that are no code"
	badDistance   = "distance beyond the beginning of the data"
	wrongChecksum = "wrong Adler-32 checksum"
)

// A Decoder holds the tables of a stream's codes, 8 KB, to be used again: a Decode allocates nothing. The zero Decoder
// is ready to use, by one goroutine at a time.
type Decoder struct {
	src, dst []byte
	pos, out int    // the next byte of src and of dst
	bits     uint64 // bits read from src and not used; those above the lowest n are also src's next, or 0
	n        uint64 // how many
	last     bool   // the block is the stream's last
	sum      adler  // of dst[:summed]
	summed   int

	fixed   bool // the tables hold the fixed codes
	litlen  [litlenSize]uint32
	dist    [distSize]uint32
	precode [1 << precodeBits]uint32
	lens    [maxLitlen + maxDist]uint8
	sorted  [maxLitlen + 2]uint16
}

// Decode decodes a zlib stream with a Decoder of its own.
func Decode(dst, src []byte) (n int, err error) { return new(Decoder).Decode(dst, src) }

// Decode decodes the zlib stream at the beginning of src into dst and verifies its checksum. The stream may have fewer
// bytes than dst, of which the rest then holds anything, but not more. The error is an *Error.
func (d *Decoder) Decode(dst, src []byte) (n int, err error) {
	more, err := d.begin(dst, src)
	for more {
		more, err = d.resume(d.one())
	}
	return d.end(), err
}

// begin sets out to decode a stream, up to the codes of its first compressed block; more says that there is one, and
// otherwise the stream has ended.
func (d *Decoder) begin(dst, src []byte) (more bool, err error) {
	d.src, d.dst, d.pos, d.out, d.bits, d.n = src, dst, 0, 0, 0, 0
	d.last, d.sum, d.summed = false, adler{a: 1}, 0
	if len(src) < 2 {
		d.pos = len(src)
		return false, d.fail(truncated)
	}
	if src[0]&15 != 8 || src[0]>>4 > 7 || (uint(src[0])<<8|uint(src[1]))%31 != 0 {
		return false, d.fail(badHeader)
	}
	if src[1]&0x20 != 0 {
		return false, d.fail(presetDict)
	}
	d.pos = 2
	return d.block()
}

// end lets the slices go and says how many bytes were decoded.
func (d *Decoder) end() int {
	d.src, d.dst = nil, nil
	return d.out
}

// resume goes on where one or two stopped, up to the codes of the next compressed block; more is as of begin.
func (d *Decoder) resume(why stop) (more bool, err error) {
	switch why {
	case nearEnd:
		err = d.careful()
	case noSymbol:
		err = d.fail(badSymbol)
	case tooFar:
		err = d.fail(badDistance)
	case noRoom:
		err = d.fail(tooLong)
	}
	if err != nil {
		return false, err
	}
	// Now, while the bytes are in the processor's first cache.
	d.checksum()
	return d.block()
}

func (d *Decoder) checksum() {
	d.sum.add(d.dst[d.summed:d.out])
	d.summed = d.out
}

func (d *Decoder) fail(reason string) error { return &Error{d.pos - int(d.n>>3), reason} }

// block copies stored blocks and reads the codes of the compressed one behind them, or verifies the stream's end.
func (d *Decoder) block() (more bool, err error) {
	for !d.last {
		head, err := d.take(3)
		if err != nil {
			return false, err
		}
		d.last = head&1 != 0
		switch head >> 1 {
		case 0:
			if err := d.stored(); err != nil {
				return false, err
			}
		case 1:
			d.fixedCodes()
			return true, nil
		case 2:
			err := d.dynamicCodes()
			return err == nil, err
		default:
			return false, d.fail(badBlock)
		}
	}
	d.align()
	if len(d.src)-d.pos < 4 {
		d.pos = len(d.src)
		return false, d.fail(truncated)
	}
	d.checksum()
	if binary.BigEndian.Uint32(d.src[d.pos:]) != d.sum.value() {
		return false, d.fail(wrongChecksum)
	}
	return false, nil
}

// fill reads as many bytes as d.bits has room for and src has.
func (d *Decoder) fill() {
	if d.pos+8 <= len(d.src) {
		d.bits |= binary.LittleEndian.Uint64(d.src[d.pos:]) << (d.n & 63)
		d.pos += int((63 - d.n) >> 3)
		d.n |= 56
		return
	}
	for d.n <= 56 && d.pos < len(d.src) {
		d.bits |= uint64(d.src[d.pos]) << (d.n & 63)
		d.pos++
		d.n += 8
	}
}

// take uses the next n bits, at most 56.
func (d *Decoder) take(n uint64) (uint64, error) {
	if d.n < n {
		if d.fill(); d.n < n {
			return 0, d.fail(truncated)
		}
	}
	v := d.bits & (1<<n - 1)
	d.bits >>= n
	d.n -= n
	return v, nil
}

// align drops the bits up to the next byte and gives back the whole bytes in the buffer.
func (d *Decoder) align() {
	d.pos -= int(d.n >> 3)
	d.bits, d.n = 0, 0
}

// stored copies a block that is not compressed.
func (d *Decoder) stored() error {
	d.align()
	if len(d.src)-d.pos < 4 {
		return d.fail(truncated)
	}
	n := int(binary.LittleEndian.Uint16(d.src[d.pos:]))
	if n^0xffff != int(binary.LittleEndian.Uint16(d.src[d.pos+2:])) {
		return d.fail(badStored)
	}
	d.pos += 4
	if len(d.src)-d.pos < n {
		return d.fail(truncated)
	}
	if len(d.dst)-d.out < n {
		return d.fail(tooLong)
	}
	d.out += copy(d.dst[d.out:], d.src[d.pos:d.pos+n])
	d.pos += n
	return nil
}
