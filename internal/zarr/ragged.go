package zarr

// Arrays whose cells have any number of bytes (codec vlen-bytes).

import (
	"encoding/binary"
	"math"

	"github.com/englacial/zagg/core"
)

// AppendCells writes the inner chunk with the given number of an array of Type Bytes: cell places[i], counted in C order within the
// chunk and ascending, has the bytes from offsets[i] to offsets[i+1] of data; the others have none. A chunk without a byte is left out.
//
// A chunk is, before compression, the number of its cells and then of each the number of its bytes and these; numbers are uint32,
// little endian (codec vlen-bytes).
func (w *ObjectWriter) AppendCells(chunk int64, places []int32, offsets []int64, data []byte) error {
	cells := w.chunkBytes // of one byte each
	switch {
	case w.err != nil:
		return w.err
	case w.a.Type != core.Bytes || len(offsets) != len(places)+1:
		return w.fail(core.Errorf(core.Invalid, "zarr.AppendCells", w.a.Name, "%d cells and %d offsets in an array of %s", len(places), len(offsets), w.a.Type))
	case chunk < w.next || chunk >= w.chunks:
		return w.fail(core.Errorf(core.Invalid, "zarr.AppendCells", w.a.Name, "chunk %d after chunk %d of %d", chunk, w.next-1, w.chunks))
	}
	w.next = chunk + 1
	if len(places) == 0 || offsets[len(places)] == offsets[0] {
		return nil
	}
	if total := offsets[len(places)] - offsets[0] + 4*(cells+1); total > maxChunkBytes {
		return w.fail(core.Errorf(core.Unsupported, "zarr.AppendCells", w.a.Name, "chunk %d has %d bytes, more than %d: make inner chunks smaller", chunk, total, maxChunkBytes))
	}
	frame := binary.LittleEndian.AppendUint32(w.e.gather[:0], uint32(cells))
	next := int32(0)
	for i, p := range places {
		if p < next || int64(p) >= cells || offsets[i+1] < offsets[i] || offsets[i+1] > int64(len(data)) || offsets[i+1]-offsets[i] > math.MaxUint32 {
			return w.fail(core.Errorf(core.Invalid, "zarr.AppendCells", w.a.Name, "cell %d, from byte %d to %d of %d, after cell %d of %d", p, offsets[i], offsets[i+1], len(data), next-1, cells))
		}
		for ; next < p; next++ {
			frame = append(frame, 0, 0, 0, 0)
		}
		next++
		frame = binary.LittleEndian.AppendUint32(frame, uint32(offsets[i+1]-offsets[i]))
		frame = append(frame, data[offsets[i]:offsets[i+1]]...)
	}
	for ; int64(next) < cells; next++ {
		frame = append(frame, 0, 0, 0, 0)
	}
	w.e.gather = frame
	return w.put(chunk, frame)
}

// takeCells decodes a chunk and takes the cells that are in the box.
func (r *reading) takeCells(p piece, stored []byte) error {
	d := r.d
	frame, err := d.codecs.decodeAny(stored)
	if err != nil {
		return err
	}
	all, err := cells(frame, d.chunkBytes)
	if err != nil {
		return err
	}
	at := make([]int64, len(d.Shape))
next:
	for i, c := range all {
		// at is the place of cell i in the chunk, k its place in the box, to its number in the result.
		position(at, int64(i), d.Chunk)
		to := int64(0)
		for j := range at {
			k := p.at[j]*d.Chunk[j] + at[j] - r.start[j]
			if k < 0 || k >= r.count[j] {
				continue next
			}
			to = to*r.count[j] + k
		}
		r.cells[to] = c
	}
	return nil
}

// cells divides a decoded chunk of n cells. The cells share its memory.
func cells(frame []byte, n int64) ([][]byte, error) {
	if len(frame) < 4 || int64(binary.LittleEndian.Uint32(frame)) != n {
		return nil, errorText("it does not begin with the number of its cells")
	}
	at := frame[4:]
	out := make([][]byte, n)
	for i := range out {
		if len(at) < 4 || uint64(binary.LittleEndian.Uint32(at)) > uint64(len(at)-4) {
			return nil, errorText("it ends within a cell")
		}
		size := 4 + int(binary.LittleEndian.Uint32(at))
		out[i], at = at[4:size:size], at[size:]
	}
	if len(at) > 0 {
		return nil, errorText("there are bytes behind its last cell")
	}
	return out, nil
}
