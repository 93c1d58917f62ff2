package zarr

// Reading of objects: which chunks a box needs, and where their elements go.

import (
	"context"
	"encoding/binary"
	"math"

	"github.com/englacial/zagg/core"
)

// tiles is the first tile of a given shape that a box touches, and how many tiles it touches along each dimension.
// The box must not be empty.
func tiles(start, count, shape []int64) (first, number []int64) {
	first, number = make([]int64, len(start)), make([]int64, len(start))
	for i := range start {
		first[i] = start[i] / shape[i]
		number[i] = (start[i]+count[i]-1)/shape[i] - first[i] + 1
	}
	return first, number
}

// A reading fills data, which holds the box of count elements at start.
type reading struct {
	d            *Dataset
	start, count []int64
	data         []byte
	cells        [][]byte // of an array of Type Bytes, in place of data
}

// A piece is an inner chunk that is wanted and exists.
type piece struct {
	at     []int64 // in chunks of the array
	stored core.Range
}

// object reads what is wanted from the object of a block. If there is none, data keep the fill value.
func (r *reading) object(ctx context.Context, block []int64) error {
	d := r.d
	url := d.URL + "/" + d.Key(block)
	info, err := d.src.Stat(ctx, url)
	if core.Is(err, core.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	var pieces []piece
	if d.sharded {
		if pieces, err = r.pieces(ctx, url, info.Size, block); err != nil {
			return err
		}
	} else {
		pieces = []piece{{block, core.Range{Offset: 0, Length: info.Size}}}
	}
	// Not more than some 64 MiB of stored bytes at once, and whatever one chunk needs.
	for len(pieces) > 0 {
		n, bytes := 0, int64(0)
		for n < len(pieces) && (n == 0 || bytes+pieces[n].stored.Length <= 64<<20) {
			if err := d.checkStored(url, pieces[n].stored); err != nil {
				return err
			}
			bytes += pieces[n].stored.Length
			n++
		}
		if err := r.fetch(ctx, url, pieces[:n]); err != nil {
			return err
		}
		pieces = pieces[n:]
	}
	return nil
}

// checkStored refuses a chunk that is longer than it can be, or for codecs of fixed size also shorter, before it is
// read.
func (d *Dataset) checkStored(url string, stored core.Range) error {
	if d.Type == core.Bytes {
		if stored.Length > maxChunkBytes {
			return core.Errorf(core.Corrupt, opRead, url, "offset %d: a chunk of %d bytes; at most %d are read", stored.Offset, stored.Length, maxChunkBytes)
		}
		return nil
	}
	limit := d.codecs.maxStored(d.chunkBytes)
	if stored.Length > limit || d.codecs.fixedSize() && stored.Length != limit {
		return core.Errorf(core.Corrupt, opRead, url, "offset %d: %d bytes for a chunk of %d %s (%s)",
			stored.Offset, stored.Length, d.chunkBytes/int64(d.size), d.Type, d.Codecs())
	}
	return nil
}

// pieces reads a shard's index and picks the chunks that are wanted, in C order. Entries that point outside of the
// object are Corrupt.
func (r *reading) pieces(ctx context.Context, url string, size int64, block []int64) ([]piece, error) {
	d := r.d
	length := d.indexCodecs.maxStored(16 * d.chunks)
	if size < length {
		return nil, core.Errorf(core.Corrupt, opRead, url, "%d bytes; a shard's index alone has %d", size, length)
	}
	where := core.Range{Offset: size - length, Length: length}
	if d.indexAtStart {
		where.Offset = 0
	}
	stored, err := readRanges(ctx, d.src, url, []core.Range{where})
	if err != nil {
		return nil, err
	}
	index, err := d.indexCodecs.decode(stored[0], 16*d.chunks)
	if err != nil {
		return nil, core.Errorf(core.Corrupt, opRead, url, "offset %d: shard index: %w", where.Offset, err)
	}
	var found []piece
	start, count := r.within(block)
	first, number := tiles(start, count, d.Chunk)
	wanted, _ := product(number, 1, math.MaxInt64)
	for i := range wanted {
		at := make([]int64, len(block))
		position(at, i, number)
		entry := int64(0)
		for j := range at {
			entry = entry*d.grid[j] + first[j] + at[j]
			at[j] += first[j] + block[j]*d.grid[j]
		}
		offset, n := binary.LittleEndian.Uint64(index[16*entry:]), binary.LittleEndian.Uint64(index[16*entry+8:])
		switch {
		case offset == math.MaxUint64 && n == math.MaxUint64:
		case offset > uint64(size) || n > uint64(size)-offset:
			return nil, core.Errorf(core.Corrupt, opRead, url, "offset %d: shard index has chunk %d at %d with %d bytes; the object has %d",
				where.Offset+16*entry, entry, offset, n, size)
		default:
			found = append(found, piece{at, core.Range{Offset: int64(offset), Length: int64(n)}})
		}
	}
	return found, nil
}

// within is the part of the wanted box that lies in a block, relative to the block.
func (r *reading) within(block []int64) (start, count []int64) {
	start, count = make([]int64, len(block)), make([]int64, len(block))
	for i, b := range block {
		origin := b * r.d.Shard[i]
		start[i] = max(r.start[i]-origin, 0)
		count[i] = min(r.start[i]+r.count[i]-origin, r.d.Shard[i]) - start[i]
	}
	return start, count
}

// fetch reads chunks of one object, decodes them and copies what is wanted of each into the box.
func (r *reading) fetch(ctx context.Context, url string, pieces []piece) error {
	d := r.d
	ranges := make([]core.Range, len(pieces))
	for i, p := range pieces {
		ranges[i] = p.stored
	}
	stored, err := readRanges(ctx, d.src, url, ranges)
	if err != nil {
		return err
	}
	dims := len(d.Shape)
	from, to, n := make([]int64, dims), make([]int64, dims), make([]int64, dims)
	for i, p := range pieces {
		if d.Type == core.Bytes {
			if err := r.takeCells(p, stored[i]); err != nil {
				return core.Errorf(core.Corrupt, opRead, url, "offset %d: chunk %v of %d stored bytes: %w", p.stored.Offset, p.at, p.stored.Length, err)
			}
			continue
		}
		values, err := d.codecs.decode(stored[i], d.chunkBytes)
		if err != nil {
			return core.Errorf(core.Corrupt, opRead, url, "offset %d: chunk %v of %d stored bytes: %w", p.stored.Offset, p.at, p.stored.Length, err)
		}
		for j := range dims {
			origin := p.at[j] * d.Chunk[j]
			low, high := max(r.start[j], origin), min(r.start[j]+r.count[j], origin+d.Chunk[j])
			from[j], to[j], n[j] = low-origin, low-r.start[j], high-low
		}
		copyBox(box{r.data, r.count, to}, box{values, d.Chunk, from}, n, d.size)
	}
	return nil
}

// readRanges reads ranges that lie inside of an object; fewer bytes than that are Corrupt.
func readRanges(ctx context.Context, src core.ObjectReader, url string, ranges []core.Range) ([][]byte, error) {
	got, err := src.ReadRanges(ctx, url, ranges)
	if err != nil {
		return nil, err
	}
	for i, r := range ranges {
		if int64(len(got[i])) != r.Length {
			return nil, core.Errorf(core.Corrupt, opRead, url, "offset %d: %d of %d bytes; did the object change?", r.Offset, len(got[i]), r.Length)
		}
	}
	return got, nil
}
