// Package sidecar reads and writes files that store data about a granule: a magic text, deflated content and a checksum. Readers
// check everything, like untrusted input.
package sidecar

import (
	"bytes"
	"compress/flate"
	"context"
	"encoding/binary"
	"hash/crc32"
	"io"
	"math"

	"github.com/englacial/zagg/core"
)

const (
	// MaxBytes bounds a sidecar, deflated or not: a full orbit of photons has some 100,000 chunks of 20 bytes.
	MaxBytes     = 16 << 20
	maxThings    = 1 << 20 // that Reader.Count takes
	firstRead    = 64 << 10
	checksumSize = 4
)

func castagnoli(b []byte) uint32 { return crc32.Checksum(b, crc32.MakeTable(crc32.Castagnoli)) }

// Seal makes a file of content; the same content always gives the same bytes. The last byte of magic is the version.
func Seal(magic string, content []byte) ([]byte, error) {
	out := bytes.NewBufferString(magic)
	w, err := flate.NewWriter(out, flate.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(content); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return binary.LittleEndian.AppendUint32(out.Bytes(), castagnoli(out.Bytes())), nil
}

// Open is the content of a file that Seal made. What is none, or damaged, is Corrupt, another version Unsupported; url and what
// ("index") are for errors.
func Open(url, what, magic string, data []byte) ([]byte, error) {
	const op = "sidecar.Open"
	body, sum := data[:max(len(data)-checksumSize, 0)], data[max(len(data)-checksumSize, 0):]
	version := len(magic) - 1
	switch {
	case len(data) < len(magic)+checksumSize || string(data[:version]) != magic[:version]:
		return nil, core.Errorf(core.Corrupt, op, url, "it is no %s", what)
	case data[version] != magic[version]:
		return nil, core.Errorf(core.Unsupported, op, url, "%s of version %d; this program reads version %d", what, data[version], magic[version])
	case castagnoli(body) != binary.LittleEndian.Uint32(sum):
		return nil, core.Errorf(core.Corrupt, op, url, "its checksum does not fit its %d bytes", len(data))
	}
	raw, err := io.ReadAll(io.LimitReader(flate.NewReader(bytes.NewReader(body[len(magic):])), MaxBytes+1))
	if err != nil || len(raw) > MaxBytes {
		return nil, core.Errorf(core.Corrupt, op, url, "its content does not inflate to at most %d bytes: %v", MaxBytes, err)
	}
	return raw, nil
}

// firstPiece is what Load asks for first.
func firstPiece() []core.Range { return []core.Range{{Length: firstRead}} }

// Load reads a sidecar, whose size is not known: nearly always one request.
func Load(ctx context.Context, src core.ObjectReader, url string) ([]byte, error) {
	var data []byte
	for n := int64(firstRead); ; n *= 4 {
		part, err := src.ReadRanges(ctx, url, []core.Range{{Offset: int64(len(data)), Length: n}})
		if err != nil {
			return nil, err
		}
		data = append(data, part[0]...)
		if int64(len(part[0])) < n {
			return data, nil
		}
		if len(data) > MaxBytes {
			return nil, core.Errorf(core.Corrupt, "sidecar.Load", url, "more than %d bytes are not a sidecar", MaxBytes)
		}
	}
}

// Current reports whether what was noted of a granule of this size and ETag is of the granule as it is now. A reader that can be held
// to that version is, and fails later where the granule is another; of others the granule's state is asked for. An ETag that is not
// known matches any.
func Current(ctx context.Context, src core.ObjectReader, granule string, size int64, etag string) (bool, error) {
	if etag != "" && core.Expect(src, core.ObjectInfo{URL: granule, ETag: etag, Size: size}) {
		return true, nil
	}
	now, err := src.Stat(ctx, granule)
	return err == nil && size == now.Size && (etag == "" || now.ETag == "" || etag == now.ETag), err
}

// AppendBytes appends a length and bytes, as Reader.Bytes takes them.
func AppendBytes(b, v []byte) []byte { return append(binary.AppendUvarint(b, uint64(len(v))), v...) }

// A Reader reads off the front of content; once something does not decode, everything is zero.
type Reader struct {
	rest []byte
	size int
	bad  bool
}

// NewReader begins at the front of content.
func NewReader(content []byte) *Reader { return &Reader{rest: content, size: len(content)} }

// Rest is what is not read yet.
func (r *Reader) Rest() []byte { return r.rest }

// Err is Corrupt if something did not decode.
func (r *Reader) Err(url string) error {
	if !r.bad {
		return nil
	}
	return core.Errorf(core.Corrupt, "sidecar.Reader", url, "its content of %d bytes does not decode", r.size)
}

// Fail says that what was read makes no sense.
func (r *Reader) Fail() { r.bad, r.rest = true, nil }

// Below is a number below a limit.
func (r *Reader) Below(limit uint64) uint64 {
	v, n := binary.Uvarint(r.rest)
	if n <= 0 || v >= limit {
		r.Fail()
		return 0
	}
	r.rest = r.rest[n:]
	return v
}

// Signed is a number of any sign.
func (r *Reader) Signed() int64 {
	v, n := binary.Varint(r.rest)
	if n <= 0 {
		r.Fail()
		return 0
	}
	r.rest = r.rest[n:]
	return v
}

// Count is a number of things of at least size bytes each, which must all be there.
func (r *Reader) Count(size uint64) uint64 {
	n := r.Below(maxThings + 1)
	if n*size > uint64(len(r.rest)) {
		r.Fail()
		return 0
	}
	return n
}

// Bytes is what AppendBytes appended; it shares the content's memory.
func (r *Reader) Bytes() []byte {
	n := r.Below(MaxBytes + 1)
	if n > uint64(len(r.rest)) {
		r.Fail()
		return nil
	}
	v := r.rest[:n:n]
	r.rest = r.rest[n:]
	return v
}

// Float is a float32 of four bytes, little-endian.
func (r *Reader) Float() float32 {
	if len(r.rest) < 4 {
		r.Fail()
		return 0
	}
	v := math.Float32frombits(binary.LittleEndian.Uint32(r.rest))
	r.rest = r.rest[4:]
	return v
}
