package blosc

import (
	"encoding/binary"
	"fmt"
	"math"
)

// blockBytes is about how long a block is.
const blockBytes = 256 << 10

// Encode makes a container of data. Elements of typeSize bytes are shuffled if that is more than 1 and at most 255. level is
// from 0 to 9. BloscLZ and Snappy are not written.
func Encode(data []byte, typeSize int, codec Codec, level int) ([]byte, error) {
	if uint64(len(data)) > math.MaxInt32-headerSize {
		return nil, fmt.Errorf("%d bytes do not fit into a container", len(data))
	}
	if typeSize < 1 || typeSize > 255 {
		typeSize = 1
	}
	block := min(max(blockBytes/typeSize/8*8, 8)*typeSize, max(len(data), 1))
	blocks := (len(data) + block - 1) / block
	out := make([]byte, headerSize+4*blocks, headerSize+4*blocks+len(data)/2)
	out[0], out[1], out[2], out[3] = version, 1, byte(codec)<<5|flagWhole, byte(typeSize)
	if typeSize > 1 {
		out[2] |= flagShuffle
	}
	binary.LittleEndian.PutUint32(out[4:], uint32(len(data)))
	binary.LittleEndian.PutUint32(out[8:], uint32(block))
	spare := make([]byte, block)
	for i := range blocks {
		part := data[i*block : min((i+1)*block, len(data))]
		if typeSize > 1 {
			shuffle(spare[:len(part)], part, typeSize)
			part = spare[:len(part)]
		}
		stream, err := compress(part, codec, level)
		if err != nil {
			return nil, err
		}
		if stream == nil {
			stream = part
		}
		binary.LittleEndian.PutUint32(out[headerSize+4*i:], uint32(len(out)))
		out = append(binary.LittleEndian.AppendUint32(out, uint32(len(stream))), stream...)
	}
	if len(out) >= headerSize+len(data) {
		out = append(out[:headerSize], data...)
		out[2] |= flagCopy
	}
	binary.LittleEndian.PutUint32(out[12:], uint32(len(out)))
	return out, nil
}
