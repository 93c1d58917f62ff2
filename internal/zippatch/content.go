package zippatch

import (
	"bytes"
	"fmt"
	"hash/crc32"
	"io"

	"github.com/klauspost/compress/flate"

	"github.com/englacial/zagg/core"
)

// A Content is a new content of a file, deflated once for however many archives and attempts it takes.
type Content struct {
	deflated []byte
	crc      uint32
	size     int64
}

// Size is the file's size in bytes, CRC its CRC-32 (IEEE).
func (c *Content) Size() int64 { return c.size }

// CRC is the file's CRC-32.
func (c *Content) CRC() uint32 { return c.crc }

// Bytes is a short content.
func Bytes(data []byte) *Content {
	c, err := Deflate(bytes.NewReader(data))
	if err != nil {
		panic(fmt.Sprintf("zippatch: deflating to memory: %v", err)) // nothing in it can fail
	}
	return c
}

// Deflate reads a content of at most MaxUnpacked bytes. Only what it deflates to is kept.
func Deflate(r io.Reader) (*Content, error) {
	var out bytes.Buffer
	w, err := flate.NewWriter(&out, flate.DefaultCompression)
	if err != nil {
		return nil, core.Errorf(core.Internal, op, "", "%w", err)
	}
	sum := crc32.NewIEEE()
	n, err := io.Copy(io.MultiWriter(w, sum), io.LimitReader(r, maxUnpacked+1))
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		return nil, core.Wrapf(err, op, "", "reading what is to be put in: %w", err)
	}
	if n > maxUnpacked {
		return nil, core.Errorf(core.Unsupported, op, "", "what is to be put in has more than %d MB", maxUnpacked>>20)
	}
	return &Content{out.Bytes(), sum.Sum32(), n}, nil
}

// packed gives the bytes of the content for a method: stored or deflated.
func (c *Content) packed(method uint16) ([]byte, error) {
	if method == methodDeflate {
		return c.deflated, nil
	}
	out := bytes.NewBuffer(make([]byte, 0, c.size))
	if _, err := io.Copy(out, flate.NewReader(bytes.NewReader(c.deflated))); err != nil {
		return nil, core.Errorf(core.Internal, op, "", "%w", err)
	}
	return out.Bytes(), nil
}
