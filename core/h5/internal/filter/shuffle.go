package filter

import (
	"encoding/binary"
	"errors"

	"github.com/englacial/zagg/core/h5/internal/checksum"
	"github.com/englacial/zagg/core/h5/internal/shuffle"
)

// errRoom is the error of a stage that has more bytes than it was given room for.
var errRoom = errors.New("more bytes than a chunk has")

// unshuffle undoes shuffle; the parameter is the size of an element.
func unshuffle(dst, src []byte, params []uint32) (int, error) {
	if len(params) < 1 || params[0] == 0 {
		return 0, errors.New("element size missing")
	}
	if len(dst) < len(src) {
		return 0, errRoom
	}
	shuffle.Unshuffle(dst[:len(src)], src, int(params[0]))
	return len(src), nil
}

// fletcher checks and cuts off the checksum. Files of HDF5 before 1.6.3 on little-endian machines have its bytes swapped
// within each half, and the library accepts them.
func fletcher(src []byte) ([]byte, error) {
	if len(src) < 4 {
		return nil, errors.New("fletcher32: chunk is smaller than its checksum")
	}
	data, want := src[:len(src)-4], binary.LittleEndian.Uint32(src[len(src)-4:])
	sum := checksum.Fletcher32(data)
	swapped := sum&0x00ff00ff<<8 | sum>>8&0x00ff00ff
	if want != sum && want != swapped {
		return nil, errors.New("fletcher32: wrong checksum")
	}
	return data, nil
}
