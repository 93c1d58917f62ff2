package engine

// The order of cells within a shard: slots are in C order over the shard, places in C order over its inner chunks.

import "github.com/englacial/zagg/core"

// A layout tells how the slots of a shard lie in its inner chunks. A place is the number of a slot counted chunk by
// chunk, in C order of the chunks and within each.
type layout struct {
	slots, chunk int64       // of the shard; of an inner chunk
	dims         []layoutDim // nil: slots and places are the same
}

// A layoutDim is a dimension's elements in a shard, elements in a chunk, and chunks in a shard.
type layoutDim struct{ shard, chunk, chunks int64 }

// newLayout makes the layout of a frame's dimensions. Where chunks are runs of slots, which is so in one dimension,
// nothing is to be converted.
func newLayout(dims []core.Dim) layout {
	l := layout{slots: 1, chunk: 1}
	same := true // chunks are runs of slots
	outer := true
	for _, d := range dims {
		l.slots *= d.Shard
		l.chunk *= d.Chunk
		if !outer && d.Chunk != d.Shard {
			same = false
		}
		outer = outer && d.Chunk == 1
	}
	if !same {
		for _, d := range dims {
			l.dims = append(l.dims, layoutDim{d.Shard, d.Chunk, d.Shard / d.Chunk})
		}
	}
	return l
}

// place is the place of a slot; it is the inverse of slot.
func (l *layout) place(slot int32) int32 {
	if l.dims == nil {
		return slot
	}
	rest, chunk, within := int64(slot), int64(0), int64(0)
	chunks, size := int64(1), int64(1)
	for i := len(l.dims) - 1; i >= 0; i-- {
		d := &l.dims[i]
		x := rest % d.shard
		rest /= d.shard
		chunk += x / d.chunk * chunks
		within += x % d.chunk * size
		chunks *= d.chunks
		size *= d.chunk
	}
	return int32(chunk*l.chunk + within)
}

// slot is the slot at a place.
func (l *layout) slot(place int32) int32 {
	if l.dims == nil {
		return place
	}
	chunk, within := int64(place)/l.chunk, int64(place)%l.chunk
	slot, size := int64(0), int64(1)
	for i := len(l.dims) - 1; i >= 0; i-- {
		d := &l.dims[i]
		slot += (chunk%d.chunks*d.chunk + within%d.chunk) * size
		chunk /= d.chunks
		within /= d.chunk
		size *= d.shard
	}
	return int32(slot)
}
