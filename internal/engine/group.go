package engine

// Grouping: rows to cells.

import (
	"slices"

	"github.com/englacial/zagg/core"
)

// A segment is n consecutive rows of a parcel, from one on, all of one task.
type segment struct {
	*parcel
	from, n int
}

// segments are the rows of a task: in the order of its granules, then as they were emitted. All that follows keeps
// this order, so that results do not depend on which granule was read first.
func (r *pass) segments(t int) []segment {
	var out []segment
	for _, i := range r.of[t] {
		for _, k := range r.granules[i].parcels {
			if p, ok := k.find(t); ok {
				out = append(out, segment{k, p.from, p.n})
			}
		}
	}
	return out
}

// slotsOf are the slots of a segment's rows, read back if they are on disk.
func (r *pass) slotsOf(s segment) ([]int32, error) {
	if s.at < 0 {
		return s.slots[s.from : s.from+s.n], nil
	}
	data := core.NewData(4 * s.n)
	return core.View[int32](data), r.scratch.read(data, s.at+4*int64(s.from))
}

// columnOf is a column of a segment's rows, read back if it is on disk.
func (r *pass) columnOf(s segment, i int) ([]byte, error) {
	c := &s.cols[i]
	size := c.Width * c.Type.Size()
	if s.at < 0 {
		return c.Data[s.from*size : (s.from+s.n)*size], nil
	}
	at := s.at + rowBytes(s.cols[:i])*int64(s.rows)
	data := core.NewData(s.n * size)
	return data, r.scratch.read(data, at+int64(s.from*size))
}

// A window is a run of places whose cells are computed together: all of a shard, or some of one inner chunk.
type window struct {
	*layout
	from, n int32
}

// at is the number of a slot within the window.
func (w window) at(slot int32) int32 { return w.place(slot) - w.from }

// whole is the window of all slots. Its places are the slots themselves: cells come out in the order of slots.
func (l *layout) whole() window {
	return window{&layout{slots: l.slots, chunk: l.slots}, 0, int32(l.slots)}
}

// group merges segments, which have no rows outside the window, into cells by one counting sort: granule order, then the
// order in which rows were emitted, is kept within a cell, so the same job gives the same bytes whatever the timing.
func (r *pass) group(w window, segs []segment) (*core.Groups, error) {
	slots := make([][]int32, len(segs))
	// First count the rows of each place, one further along, then add up: next[at] is where the first row of a place
	// goes.
	next := make([]int64, w.n+1)
	var total int64
	for i, s := range segs {
		var err error
		if slots[i], err = r.slotsOf(s); err != nil {
			return nil, err
		}
		for _, slot := range slots[i] {
			next[w.at(slot)+1]++
		}
		total += int64(s.n)
	}
	g := &core.Groups{Offsets: []int64{0}}
	for at := range next[1:] {
		if n := next[at+1]; n > 0 {
			g.Slots = append(g.Slots, w.slot(w.from+int32(at)))
			g.Offsets = append(g.Offsets, g.Offsets[len(g.Offsets)-1]+n)
		}
		next[at+1] += next[at]
	}
	if total == 0 {
		return g, nil
	}
	return g, r.scatterRows(g, w, segs, slots, next, total)
}

// scatterRows moves every row to its place; next[at] is where the next row of a cell goes. Column by column, so that
// at most one column of one segment is in memory twice.
func (r *pass) scatterRows(g *core.Groups, w window, segs []segment, slots [][]int32, next []int64, total int64) error {
	var places []int64
	for i, s := range segs {
		if g.Rows == nil {
			for _, c := range s.cols {
				c.Data = core.NewData(int(total) * c.Width * c.Type.Size())
				g.Rows = append(g.Rows, c)
			}
		}
		places = slices.Grow(places[:0], s.n)[:s.n]
		for k, slot := range slots[i] {
			at := w.at(slot)
			places[k] = next[at]
			next[at]++
		}
		slots[i] = nil
		for c := range s.cols {
			if s.cols[c].Type != g.Rows[c].Type || s.cols[c].Width != g.Rows[c].Width {
				return core.Errorf(core.Invalid, "engine", s.cols[c].Name, "granules disagree about the column: %s×%d and %s×%d",
					g.Rows[c].Type, g.Rows[c].Width, s.cols[c].Type, s.cols[c].Width)
			}
			data, err := r.columnOf(s, c)
			if err != nil {
				return err
			}
			place(g.Rows[c].Data, data, s.cols[c].Width*s.cols[c].Type.Size(), places)
		}
	}
	return nil
}

// place copies element r of src to places[r] of dst. Sizes of numbers have a loop of their own: a copy of eight bytes
// by memmove costs several times a store.
func place(dst, src []byte, size int, places []int64) {
	switch size {
	case 1:
		placeAs[uint8](dst, src, places)
	case 2:
		placeAs[uint16](dst, src, places)
	case 4:
		placeAs[uint32](dst, src, places)
	case 8:
		placeAs[uint64](dst, src, places)
	default:
		for r, at := range places {
			copy(dst[int(at)*size:(int(at)+1)*size], src[r*size:])
		}
	}
}

func placeAs[T core.Element](dst, src []byte, places []int64) {
	d, s := core.View[T](dst), core.View[T](src)
	for r, at := range places {
		d[at] = s[r]
	}
}
