package zarr

// Encoding: blocks to objects.

import (
	"encoding/binary"
	"hash/crc32"
	"io"
	"math"

	"github.com/klauspost/compress/zstd"

	"github.com/englacial/zagg/core"
)

// An Encoder makes stored objects. It keeps compressors and scratch memory from one object to the next; the zero value
// is ready. One goroutine at a time may use it.
type Encoder struct {
	zstd    map[int]*zstd.Encoder // by level
	gather  []byte                // one inner chunk
	packed  []byte                // one inner chunk, compressed
	index   []byte                // of the shard being written
	started ObjectWriter          // handed out by Begin
}

// Encode writes the object of one block: its values in C order over a.Shard, little endian; the caller pads a block
// at the edge with the fill value. It reads block once, front to back, and returns the number of bytes written: 0
// when every element is the fill value, and then there is no object to store.
func (e *Encoder) Encode(dst io.Writer, a *Array, block []byte) (int64, error) {
	w, err := e.Begin(dst, a)
	if err != nil {
		return 0, err
	}
	if a.Type == core.Bytes {
		return 0, core.Errorf(core.Invalid, "zarr.Encode", a.Name, "cells of any number of bytes are appended chunk by chunk")
	}
	if int64(len(block)) != w.blockBytes {
		return 0, core.Errorf(core.Invalid, "zarr.Encode", a.Name, "a block of shape %v has %d bytes, not %d", a.Shard, w.blockBytes, len(block))
	}
	for i := range w.chunks {
		if err := w.Append(i, w.inner(block, i)); err != nil {
			return 0, err
		}
	}
	return w.Close()
}

// EncodeAll encodes a whole array, given in C order over a.Shape, and hands each object that is to be stored to
// visit: its key relative to the array's folder, and its bytes, whose memory is the Encoder's again when visit
// returns. It is for axes and other arrays that fit in memory.
func (e *Encoder) EncodeAll(a *Array, values []byte, visit func(key string, object []byte) error) error {
	const op = "zarr.EncodeAll"
	l, err := a.layout(op)
	if err != nil {
		return err
	}
	fill, err := a.FillValue()
	if err != nil {
		return err
	}
	if n, ok := product(a.Shape, int64(l.size), math.MaxInt64); !ok || n != int64(len(values)) {
		return core.Errorf(core.Invalid, op, a.Name, "%d bytes for an array of %v %s", len(values), a.Shape, a.Type)
	}
	if len(values) == 0 {
		return nil
	}
	blocks := a.Blocks()
	total, _ := product(blocks, 1, math.MaxInt64)
	block := core.NewData(int(l.blockBytes))
	var object appendWriter
	at := make([]int64, len(blocks))
	for i := range total {
		position(at, i, blocks)
		spread(block, fill)
		start, count := clip(at, a.Shard, a.Shape)
		copyBox(box{block, a.Shard, make([]int64, len(at))}, box{values, a.Shape, start}, count, l.size)
		object = object[:0]
		n, err := e.Encode(&object, a, block)
		if err != nil {
			return err
		}
		if n > 0 {
			if err := visit(a.Key(at), object); err != nil {
				return err
			}
		}
	}
	return nil
}

// clip is the first element of a block within the array, and how many elements of the block the array has.
func clip(block, shard, shape []int64) (start, count []int64) {
	start, count = make([]int64, len(block)), make([]int64, len(block))
	for i := range block {
		start[i] = block[i] * shard[i]
		count[i] = min(shard[i], shape[i]-start[i])
	}
	return start, count
}

type appendWriter []byte

// Write appends p.
func (w *appendWriter) Write(p []byte) (int, error) {
	*w = append(*w, p...)
	return len(p), nil
}

// An ObjectWriter writes one object chunk by chunk: Append any number of times, then Close.
type ObjectWriter struct {
	layout
	e       *Encoder
	a       *Array
	fill    []byte
	dst     io.Writer
	next    int64 // the first chunk that may still come
	written int64
	err     error
	at      [maxDims]int64
}

// Begin starts an object that is written to dst as its chunks come: the streaming form of Encode. The ObjectWriter
// belongs to the Encoder: only the one made last is valid.
func (e *Encoder) Begin(dst io.Writer, a *Array) (*ObjectWriter, error) {
	l, err := a.layout("zarr.Encode")
	if err != nil {
		return nil, err
	}
	fill, err := a.FillValue()
	if err != nil {
		return nil, err
	}
	e.started = ObjectWriter{layout: l, e: e, a: a, fill: fill, dst: dst}
	e.index = e.index[:0]
	if a.Sharded() {
		e.index = extend(e.index, int(16*l.chunks+4))
		for i := range e.index {
			e.index[i] = 0xff
		}
	}
	return &e.started, nil
}

// Chunks is the number of inner chunks of an object.
func (w *ObjectWriter) Chunks() int64 { return w.chunks }

// Append writes the inner chunk with the given number, counted in C order over the object, whose values are in C order
// over a.Chunk. Numbers ascend; a chunk left out holds the fill value, and one that holds nothing else is left out.
func (w *ObjectWriter) Append(chunk int64, values []byte) error {
	switch {
	case w.err != nil:
		return w.err
	case chunk < w.next || chunk >= w.chunks:
		return w.fail(core.Errorf(core.Invalid, "zarr.Append", w.a.Name, "chunk %d after chunk %d of %d", chunk, w.next-1, w.chunks))
	case w.a.Type == core.Bytes || int64(len(values)) != w.chunkBytes:
		return w.fail(core.Errorf(core.Invalid, "zarr.Append", w.a.Name, "a chunk of shape %v has %d bytes, not %d", w.a.Chunk, w.chunkBytes, len(values)))
	}
	w.next = chunk + 1
	if isFill(w.a.Type, values, w.fill) {
		return nil
	}
	return w.put(chunk, values)
}

// put compresses a chunk, notes its place in the index and writes it.
func (w *ObjectWriter) put(chunk int64, values []byte) error {
	if w.a.Compression.Codec == "zstd" {
		var err error
		if values, err = w.e.compress(w.a.Compression.Level, values); err != nil {
			return w.fail(core.Errorf(core.Internal, "zarr.Append", w.a.Name, "zstd: %w", err))
		}
	}
	if len(w.e.index) > 0 {
		entry := w.e.index[16*chunk:]
		binary.LittleEndian.PutUint64(entry, uint64(w.written))
		binary.LittleEndian.PutUint64(entry[8:], uint64(len(values)))
	}
	return w.write(values)
}

// Close ends the object and returns its length in bytes: 0 when no chunk was written, and then there is no object to
// store.
func (w *ObjectWriter) Close() (int64, error) {
	if w.err != nil {
		return 0, w.err
	}
	if index := w.e.index; len(index) > 0 && w.written > 0 {
		n := len(index) - 4
		binary.LittleEndian.PutUint32(index[n:], crc32.Checksum(index[:n], crc32.MakeTable(crc32.Castagnoli)))
		if err := w.write(index); err != nil {
			return 0, err
		}
	}
	w.err = core.Errorf(core.Invalid, "zarr.Append", w.a.Name, "the object is closed")
	return w.written, nil
}

func (w *ObjectWriter) write(b []byte) error {
	n, err := w.dst.Write(b)
	w.written += int64(n)
	if err != nil {
		return w.fail(err)
	}
	return nil
}

// fail makes every later call fail with the same error: a half-written object cannot be finished.
func (w *ObjectWriter) fail(err error) error {
	w.err = err
	return err
}

// inner is the i-th inner chunk of a block: a part of the block where it is contiguous, otherwise a copy in scratch
// memory.
func (w *ObjectWriter) inner(block []byte, i int64) []byte {
	dims := len(w.grid)
	at := w.at[:dims]
	position(at, i, w.grid)
	contiguous, outer := true, true
	for d := range at {
		at[d] *= w.a.Chunk[d]
		// Contiguous: dimensions of one element, then any one, then whole ones.
		if !outer && w.a.Chunk[d] != w.a.Shard[d] {
			contiguous = false
		}
		outer = outer && w.a.Chunk[d] == 1
	}
	src := box{block, w.a.Shard, at}
	if contiguous {
		start := offset(src, nil, w.size)
		return block[start : start+w.chunkBytes]
	}
	w.e.gather = extend(w.e.gather[:0], int(w.chunkBytes))
	var zero [maxDims]int64
	copyBox(box{w.e.gather, w.a.Chunk, zero[:dims]}, src, w.a.Chunk, w.size)
	return w.e.gather
}

// compress is values as one zstd frame, in scratch memory that the next call uses again.
func (e *Encoder) compress(level int, values []byte) ([]byte, error) {
	z := e.zstd[level]
	if z == nil {
		var err error
		// One goroutine: the same bytes always, and no worker of the library outlives the Encoder.
		z, err = zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithEncoderCRC(false),
			zstd.WithEncoderLevel(zstd.EncoderLevelFromZstd(level)), zstd.WithLowerEncoderMem(true))
		if err != nil {
			return nil, err
		}
		if e.zstd == nil {
			e.zstd = map[int]*zstd.Encoder{}
		}
		e.zstd[level] = z
	}
	e.packed = z.EncodeAll(values, e.packed[:0])
	return e.packed, nil
}

// extend is b with n elements of any content, in the same memory if it is large enough.
func extend(b []byte, n int) []byte {
	if cap(b) >= n {
		return b[:n]
	}
	return make([]byte, n)
}
