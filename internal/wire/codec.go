package wire

import (
	"fmt"
	"sync"

	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/proto"
)

// A codec is gRPC's for protocol buffers with buffers that fit: gRPC's own takes 1 MiB for a frame of 256 KiB, new memory for
// anything larger, and clears all of it each time, at both ends.
type codec struct{ frames *framePool }

var _ encoding.CodecV2 = codec{}

// NewCodec makes the codec for one connection or server.
func NewCodec() encoding.CodecV2 { return codec{frames: &framePool{}} }

// Name is that of gRPC's codec: the bytes are the same.
func (codec) Name() string { return "proto" }

// Marshal encodes a message.
func (c codec) Marshal(v any) (mem.BufferSlice, error) {
	m, ok := v.(proto.Message)
	if !ok {
		return nil, fmt.Errorf("%T is not a message", v)
	}
	buf := c.frames.Get(proto.Size(m))
	b, err := proto.MarshalOptions{UseCachedSize: true}.MarshalAppend((*buf)[:0], m)
	if err != nil {
		c.frames.Put(buf)
		return nil, err
	}
	*buf = b
	return mem.BufferSlice{mem.NewBuffer(buf, c.frames)}, nil
}

// Unmarshal decodes a message, which shares no memory with the data.
func (c codec) Unmarshal(data mem.BufferSlice, v any) error {
	m, ok := v.(proto.Message)
	if !ok {
		return fmt.Errorf("%T is not a message", v)
	}
	buf := data.MaterializeToBuffer(c.frames)
	defer buf.Free()
	return proto.Unmarshal(buf.ReadOnlyData(), m)
}

// A framePool keeps buffers for messages of the sizes there are, 256 KiB, 1 MiB and 4 MiB, with room for what a message adds.
type framePool struct{ tiers [3]sync.Pool }

var _ mem.BufferPool = (*framePool)(nil)

// tierBytes is how large the buffers of a tier are.
func tierBytes(tier int) int { return FrameBytes<<(2*tier) + 16<<10 }

// Get gives a buffer that may hold anything. Small and huge ones are not kept.
func (p *framePool) Get(n int) *[]byte {
	for tier := range p.tiers {
		size := tierBytes(tier)
		if n > size || n < size/8 {
			continue
		}
		if b, ok := p.tiers[tier].Get().(*[]byte); ok {
			*b = (*b)[:n]
			return b
		}
		b := make([]byte, n, size)
		return &b
	}
	b := make([]byte, n)
	return &b
}

// Put takes one back.
func (p *framePool) Put(b *[]byte) {
	for tier := range p.tiers {
		if cap(*b) == tierBytes(tier) {
			p.tiers[tier].Put(b)
			return // it is another's from here on
		}
	}
}
