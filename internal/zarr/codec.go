package zarr

// Decoding of chunks, whatever codecs the metadata names among those known.

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"

	"github.com/klauspost/compress/zstd"

	"github.com/englacial/zagg/core"
)

// A chain is the codec bytes or vlen-bytes and the codecs behind it, in the order of encoding. It is safe for
// concurrent use.
type chain struct {
	first string
	swap  int      // bytes of an element that are stored most significant first; 0: little endian or single bytes
	steps []string // "zstd", "gzip", "crc32c"
	zstd  *zstd.Decoder
}

// parse makes a chain of the metadata's codecs. Codecs that are not known are Unsupported, by name.
func (c *chain) parse(url string, codecs []namedConfig, typ core.Type) error {
	if len(codecs) == 0 {
		return core.Errorf(core.Corrupt, opOpen, url, "no codecs")
	}
	if c.first = "bytes"; typ == core.Bytes {
		c.first = vlenBytes
	}
	if codecs[0].Name != c.first {
		return core.Errorf(core.Unsupported, opOpen, url, "codec %q of an array of type %s", codecs[0].Name, dataType(typ))
	}
	size := typ.Size()
	var config bytesConfig
	if err := codecs[0].config(url, &config); err != nil {
		return err
	}
	switch {
	case config.Endian == "big" && size > 1:
		c.swap = size
	case config.Endian != "little" && size > 1:
		return core.Errorf(core.Corrupt, opOpen, url, "endian %q of codec bytes is neither little nor big", config.Endian)
	}
	for _, codec := range codecs[1:] {
		switch codec.Name {
		case "zstd", "gzip", "crc32c":
			c.steps = append(c.steps, codec.Name)
		default:
			return core.Errorf(core.Unsupported, opOpen, url, "codec %q", codec.Name)
		}
	}
	// More would only serve to use up time and memory.
	if len(c.steps) > 8 {
		return core.Errorf(core.Unsupported, opOpen, url, "a chain of %d codecs", len(codecs))
	}
	return c.openZstd()
}

func (c *chain) openZstd() error {
	for _, step := range c.steps {
		if step == "zstd" && c.zstd == nil {
			var err error
			// The result must fit the slice that is handed in, which is all that DecodeAll allocates: a window as large as
			// the strongest level's costs nothing more.
			c.zstd, err = zstd.NewReader(nil, zstd.WithDecoderConcurrency(0), zstd.WithDecodeAllCapLimit(true),
				zstd.WithDecoderMaxWindow(1<<30), zstd.WithDecoderMaxMemory(maxChunkBytes*2))
			if err != nil {
				return core.Errorf(core.Internal, opOpen, "", "zstd: %w", err)
			}
		}
	}
	return nil
}

// fixedSize reports whether the stored length follows from the decoded one, as it must for a shard's index.
func (c *chain) fixedSize() bool {
	for _, step := range c.steps {
		if step != "crc32c" {
			return false
		}
	}
	return true
}

// maxStored is the most bytes that n bytes are stored in: exactly that many if the chain has a fixed size.
func (c *chain) maxStored(n int64) int64 {
	if c.fixedSize() {
		return n + 4*int64(len(c.steps))
	}
	return n + n/2 + 1024
}

// decodeAny decodes chunks of any length up to the most that a chunk may have. The room is quadrupled until the
// result fits, so that a few hostile bytes do not make a gigabyte of room.
func (c *chain) decodeAny(stored []byte) ([]byte, error) {
	for i := len(c.steps) - 1; i >= 0; i-- {
		limit := int64(max(4*len(stored), 1<<12))
		for {
			out, err := c.step(c.steps[i], stored, limit)
			if err == nil && int64(len(out)) <= limit {
				stored = out
				break
			}
			if c.steps[i] == "crc32c" || err != nil && !errors.Is(err, zstd.ErrDecoderSizeExceeded) || limit >= maxChunkBytes {
				return nil, fmt.Errorf("%s: it does not decode to at most %d bytes: %w", c.steps[i], maxChunkBytes, err)
			}
			limit = min(4*limit, maxChunkBytes)
		}
	}
	return stored, nil
}

// decode gives the n bytes that stored holds, little endian, in memory of its own or in stored's. Any other number is
// an error.
func (c *chain) decode(stored []byte, n int64) ([]byte, error) {
	for i := len(c.steps) - 1; i >= 0; i-- {
		limit := n
		if i > 0 {
			limit = (&chain{steps: c.steps[:i]}).maxStored(n)
		}
		var err error
		if stored, err = c.step(c.steps[i], stored, limit); err != nil {
			return nil, fmt.Errorf("%s: %w", c.steps[i], err)
		}
	}
	if int64(len(stored)) != n {
		return nil, fmt.Errorf("%d bytes, not %d", len(stored), n)
	}
	if c.swap > 0 {
		swapped := core.NewData(len(stored))
		for i := range stored {
			swapped[i] = stored[i-i%c.swap+c.swap-1-i%c.swap]
		}
		return swapped, nil
	}
	return stored, nil
}

// step undoes one codec whose result has at most limit bytes. A gzip result may be one byte longer, which tells that
// it is too long.
func (c *chain) step(name string, stored []byte, limit int64) ([]byte, error) {
	switch name {
	case "crc32c":
		n := len(stored) - 4
		if n < 0 {
			return nil, errorText("no room for a checksum")
		}
		want, got := binary.LittleEndian.Uint32(stored[n:]), crc32.Checksum(stored[:n], crc32.MakeTable(crc32.Castagnoli))
		if want != got {
			return nil, fmt.Errorf("checksum is %08x, not %08x", got, want)
		}
		return stored[:n], nil
	case "zstd":
		return c.zstd.DecodeAll(stored, core.NewData(int(limit))[:0])
	}
	z, err := gzip.NewReader(bytes.NewReader(stored))
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	if _, err := io.Copy(&b, io.LimitReader(z, limit+1)); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}
