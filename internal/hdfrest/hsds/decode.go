package hsds

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/zlib"

	"github.com/englacial/zagg/internal/hdfrest"
	"github.com/englacial/zagg/internal/hdfrest/blosc"
)

// decodeChunk gives the bytes of a chunk's elements. What the list of filters says is only believed where the bytes do not
// tell: a container of Blosc and a stream of zlib are what they look like, and what has a chunk's size is a chunk, as where a
// dataset was shrunk. Of elements of variable size the size of a chunk is not known, at most most.
func (l *layoutMeta) decodeChunk(data []byte, most int64) ([]byte, error) {
	_, listed := compressor(l.filters)
	size, container := blosc.Size(data)
	if !l.fixed {
		if listed && container {
			return blosc.Decode(data, most)
		}
		if listed && looksDeflated(data) {
			if out, err := inflate(data, most); err == nil {
				return out, nil
			}
		}
		return data, nil
	}
	nominal := l.nominal()
	switch {
	case !listed && int64(len(data)) == nominal:
		return data, nil
	case container && size == nominal:
		return blosc.Decode(data, nominal)
	case int64(len(data)) == nominal:
		return data, nil
	case looksDeflated(data):
		out, err := inflate(data, nominal)
		if err == nil && int64(len(out)) != nominal {
			err = fmt.Errorf("a stream of zlib gives %d bytes, not the %d of a chunk", len(out), nominal)
		}
		if err == nil && shuffled(l.filters) {
			out = blosc.Unshuffle(out, l.width)
		}
		return out, err
	}
	return nil, fmt.Errorf("%d bytes are neither a chunk of %d nor a container of one", len(data), nominal)
}

// looksDeflated reports the two bytes that a stream of zlib begins with.
func looksDeflated(data []byte) bool {
	return len(data) >= 2 && data[0]&0x0f == 8 && binary.BigEndian.Uint16(data)%31 == 0
}

// inflate decodes a stream of zlib into at most most bytes; what follows the stream is not looked at.
func inflate(data []byte, most int64) ([]byte, error) {
	r, err := zlib.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	defer r.Close() //nolint:errcheck // of a bytes.Reader
	var out bytes.Buffer
	out.Grow(int(min(most, 64<<20)))
	n, err := io.Copy(&out, io.LimitReader(r, most+1))
	if err == nil && n > most {
		err = fmt.Errorf("more than the %d bytes that are expected", most)
	}
	return out.Bytes(), err
}

// decodeFileChunk undoes HDF5's filters of a chunk in a file. Checksums may be there although they are not listed.
func (l *layoutMeta) decodeFileChunk(data []byte) ([]byte, error) {
	nominal := l.nominal()
	for i := len(l.filters) - 1; i >= 0; i-- {
		switch id := l.filters[i].id; id {
		case fletcherFilter:
			if len(data) < 4 {
				return nil, errors.New("it is shorter than its checksum")
			}
			data = data[:len(data)-4]
		case deflateFilter:
			out, err := inflate(data, nominal+4)
			if err != nil {
				return nil, err
			}
			data = out
		case shuffleFilter:
			if int64(len(data)) == nominal+4 {
				data = data[:nominal]
			}
			data = blosc.Unshuffle(data, l.width)
		default:
			return nil, fmt.Errorf("%w: filter %d of chunks in files", errors.ErrUnsupported, id)
		}
	}
	if int64(len(data)) == nominal+4 {
		data = data[:nominal]
	}
	if int64(len(data)) != nominal {
		return nil, fmt.Errorf("%d bytes, not the %d of a chunk", len(data), nominal)
	}
	return data, nil
}

// cellsOf cuts the bytes of a chunk of elements of variable size into them. A chunk that ends early has empty ones after it.
func (l *layoutMeta) cellsOf(t *hdfrest.Type, data []byte) ([][]byte, error) {
	n, _ := l.chunkElements()
	if len(data) > 0 && uint64(len(data)) < n*uint64(l.width) {
		return nil, fmt.Errorf("%d bytes are too few for %d elements", len(data), n)
	}
	out := make([][]byte, n)
	for i := range out {
		if len(data) == 0 {
			out[i] = l.fill
			continue
		}
		w := t.WidthOf(data)
		if w < 0 {
			return nil, fmt.Errorf("element %d is cut off", i)
		}
		out[i], data = data[:w:w], data[w:]
	}
	if len(data) > 0 {
		return nil, fmt.Errorf("%d bytes follow the last element", len(data))
	}
	return out, nil
}
