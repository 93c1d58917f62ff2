package blosc

import (
	"bytes"
	"fmt"
	"io"

	"github.com/klauspost/compress/s2"
	"github.com/klauspost/compress/zlib"
	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
)

// A Codec compresses the streams of a container.
type Codec byte

// The codecs, by their numbers in the header.
const (
	BloscLZ Codec = 0
	LZ4     Codec = 1
	Snappy  Codec = 2
	Zlib    Codec = 3
	Zstd    Codec = 4
)

// decompress fills dst from a stream.
func decompress(dst, src []byte, codec byte) error {
	n := 0
	var err error
	switch Codec(codec) {
	case BloscLZ:
		n, err = decodeLZ(dst, src)
	case LZ4:
		n, err = lz4.UncompressBlock(src, dst)
	case Snappy:
		n, err = decodeSnappy(dst, src)
	case Zlib:
		n, err = inflate(dst, src)
	case Zstd:
		n, err = decodeZstd(dst, src)
	default:
		return fmt.Errorf("codec %d is not known", codec)
	}
	if err == nil && n != len(dst) {
		err = fmt.Errorf("%d bytes come out, not %d", n, len(dst))
	}
	return err
}

func decodeSnappy(dst, src []byte) (int, error) {
	if n, err := s2.DecodedLen(src); err != nil || n != len(dst) {
		return n, err
	}
	_, err := s2.Decode(dst, src)
	return len(dst), err
}

func inflate(dst, src []byte) (int, error) {
	r, err := zlib.NewReader(bytes.NewReader(src))
	if err != nil {
		return 0, err
	}
	defer r.Close() //nolint:errcheck // of a bytes.Reader
	n, err := io.ReadFull(r, dst)
	if err != nil {
		return n, err
	}
	if extra, _ := r.Read(make([]byte, 1)); extra > 0 {
		return n + extra, nil
	}
	return n, nil
}

func decodeZstd(dst, src []byte) (int, error) {
	d, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(uint64(max(len(dst), 1<<20))))
	if err != nil {
		return 0, err
	}
	defer d.Close()
	out, err := d.DecodeAll(src, dst[:0])
	if err == nil && len(out) == len(dst) && len(out) > 0 && &out[0] != &dst[0] {
		copy(dst, out)
	}
	return len(out), err
}

// compress is a stream of src, or nil where that would not be shorter.
func compress(src []byte, codec Codec, level int) ([]byte, error) {
	var out []byte
	switch codec {
	case Zlib:
		var b bytes.Buffer
		w, err := zlib.NewWriterLevel(&b, level)
		if err != nil {
			return nil, err
		}
		if _, err := w.Write(src); err != nil {
			return nil, err
		}
		if err := w.Close(); err != nil {
			return nil, err
		}
		out = b.Bytes()
	case Zstd:
		e, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithEncoderLevel(zstd.EncoderLevelFromZstd(level)), zstd.WithEncoderCRC(false))
		if err != nil {
			return nil, err
		}
		out = e.EncodeAll(src, nil)
	case LZ4:
		out = make([]byte, lz4.CompressBlockBound(len(src)))
		n, err := lz4.CompressBlock(src, out, nil)
		if err != nil {
			return nil, err
		}
		if n == 0 {
			return nil, nil
		}
		out = out[:n]
	default:
		return nil, fmt.Errorf("codec %d cannot be written", codec)
	}
	if len(out) >= len(src) {
		return nil, nil
	}
	return out, nil
}

// decodeLZ decodes a stream of BloscLZ: after a control byte c < 32 come c+1 bytes as they are; any other is a match of
// c>>5 + 2 bytes, or more where that is 9 and bytes follow that are added up to the first that is not 255. Its distance is
// the low 5 bits of c and the next byte, plus 1; where all those bits are set, the next two bytes plus 8192.
func decodeLZ(dst, src []byte) (int, error) {
	const far = 8191
	in, out := 0, 0
	take := func() (int, bool) {
		if in >= len(src) {
			return 0, false
		}
		in++
		return int(src[in-1]), true
	}
	for first := true; in < len(src); first = false {
		c, _ := take()
		if first {
			c &= 31
		}
		if c < 32 {
			n := c + 1
			if in+n > len(src) || out+n > len(dst) {
				return out, fmt.Errorf("byte %d: %d bytes do not fit", in, n)
			}
			copy(dst[out:], src[in:in+n])
			in, out = in+n, out+n
			continue
		}
		n, distance := c>>5+2, (c&31)<<8
		if n == 9 {
			for more, ok := 255, true; more == 255; n += more {
				if more, ok = take(); !ok {
					return out, io.ErrUnexpectedEOF
				}
			}
		}
		low, ok := take()
		if distance += low; ok && distance == far {
			var a, b int
			a, _ = take()
			b, ok = take()
			distance = far + a<<8 + b
		}
		if !ok {
			return out, io.ErrUnexpectedEOF
		}
		if distance++; distance > out || out+n > len(dst) {
			return out, fmt.Errorf("byte %d: a match of %d bytes at distance %d does not fit", in, n, distance)
		}
		for ; n > 0; n-- {
			dst[out] = dst[out-distance]
			out++
		}
	}
	return out, nil
}
