// Package blosc reads and writes Blosc-1 containers: blocks of bytes, each shuffled and compressed for itself.
//
// Source: the header's description in Blosc's README_HEADER, and containers of known contents.
package blosc

import (
	"encoding/binary"
	"fmt"
)

// Flags of the header's third byte; its top three bits are the codec.
const (
	flagShuffle    = 0x01
	flagCopy       = 0x02 // the bytes follow the header as they are
	flagBitShuffle = 0x04
	flagWhole      = 0x10 // blocks are not split into one stream a byte of the element
)

const (
	headerSize = 16
	version    = 2
	maxSplits  = 16  // elements of more bytes are not split
	minStream  = 128 // bytes of a split's stream, at least
)

// A header is the first 16 bytes.
type header struct {
	flags, typeSize        byte
	bytes, block, compress uint32
}

// parse reads the header of a container that fills data.
func parse(data []byte) (h header, err error) {
	if len(data) < headerSize {
		return h, fmt.Errorf("%d bytes are not a container", len(data))
	}
	h = header{data[2], data[3], binary.LittleEndian.Uint32(data[4:]), binary.LittleEndian.Uint32(data[8:]), binary.LittleEndian.Uint32(data[12:])}
	switch {
	case data[0] != version:
		return h, fmt.Errorf("format version %d", data[0])
	case uint64(h.compress) != uint64(len(data)):
		return h, fmt.Errorf("the header says %d bytes, there are %d", h.compress, len(data))
	case h.bytes > 0 && (h.block == 0 || h.block > h.bytes):
		return h, fmt.Errorf("blocks of %d bytes in %d", h.block, h.bytes)
	case h.typeSize == 0:
		return h, fmt.Errorf("elements of 0 bytes")
	}
	return h, nil
}

// Size is the bytes that data decode to, if data is a container by its looks: version, its own length, a block size that can be.
func Size(data []byte) (n int64, ok bool) {
	h, err := parse(data)
	return int64(h.bytes), err == nil
}

// Decode gives the bytes in a container, at most most.
func Decode(data []byte, most int64) ([]byte, error) {
	h, err := parse(data)
	if err != nil {
		return nil, err
	}
	if int64(h.bytes) > most {
		return nil, fmt.Errorf("%d bytes, more than the %d that are expected", h.bytes, most)
	}
	if h.flags&flagCopy != 0 {
		if uint64(len(data)) != headerSize+uint64(h.bytes) {
			return nil, fmt.Errorf("%d bytes follow the header, not %d", len(data)-headerSize, h.bytes)
		}
		return append([]byte(nil), data[headerSize:]...), nil
	}
	if h.bytes == 0 {
		return []byte{}, nil
	}
	blocks := (uint64(h.bytes) + uint64(h.block) - 1) / uint64(h.block)
	if headerSize+4*blocks > uint64(len(data)) {
		return nil, fmt.Errorf("%d blocks in %d bytes", blocks, len(data))
	}
	out := make([]byte, h.bytes)
	var spare []byte
	if h.shuffled() {
		spare = make([]byte, h.block)
	}
	for i := range blocks {
		at := uint64(binary.LittleEndian.Uint32(data[headerSize+4*i:]))
		if at < headerSize+4*blocks || at > uint64(len(data)) {
			return nil, fmt.Errorf("block %d begins at byte %d of %d", i, at, len(data))
		}
		to := out[i*uint64(h.block) : min((i+1)*uint64(h.block), uint64(h.bytes))]
		if err := h.decodeBlock(to, data[at:], spare); err != nil {
			return nil, fmt.Errorf("block %d: %w", i, err)
		}
	}
	return out, nil
}

func (h *header) shuffled() bool {
	return h.flags&flagShuffle != 0 && h.typeSize > 1 || h.flags&flagBitShuffle != 0
}

// decodeBlock fills dst from the streams that src begins with.
func (h *header) decodeBlock(dst, src, spare []byte) error {
	to := dst
	if h.shuffled() {
		to = spare[:len(dst)]
	}
	splits := 1
	if n := uint32(h.typeSize); h.flags&flagWhole == 0 && n <= maxSplits && h.block/n >= minStream && len(dst) == int(h.block) {
		splits = int(n)
	}
	size := len(to) / splits
	for i := range splits {
		part := to[i*size : (i+1)*size]
		if len(src) < 4 {
			return fmt.Errorf("stream %d is missing", i)
		}
		n := uint64(binary.LittleEndian.Uint32(src))
		if src = src[4:]; n > uint64(len(src)) {
			return fmt.Errorf("stream %d has %d bytes, more than the %d left", i, n, len(src))
		}
		if n == uint64(len(part)) {
			copy(part, src)
		} else if err := decompress(part, src[:n], h.flags>>5); err != nil {
			return fmt.Errorf("stream %d: %w", i, err)
		}
		src = src[n:]
	}
	if splits*size < len(to) {
		return fmt.Errorf("a block of %d bytes is split into %d streams", len(to), splits)
	}
	switch {
	case !h.shuffled():
	case h.flags&flagShuffle != 0 && h.typeSize > 1:
		unshuffle(dst, to, int(h.typeSize))
	default:
		unshuffleBits(dst, to, int(h.typeSize))
	}
	return nil
}
