package filter

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/zlib"
)

// inflate undoes deflate: src is a zlib stream of at most len(dst) bytes.
func inflate(dst, src []byte) (int, error) {
	z, err := zlib.NewReader(bytes.NewReader(src))
	if err != nil {
		return 0, err
	}
	n, err := io.ReadFull(z, dst)
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return n, nil
	}
	if err != nil {
		return n, err
	}
	var one [1]byte
	if k, err := z.Read(one[:]); k > 0 || !errors.Is(err, io.EOF) {
		return n, fmt.Errorf("stream does not end after %d bytes: %w", n, err)
	}
	return n, nil
}
