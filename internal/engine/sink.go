package engine

// What is kept of a granule while it is read, and its way into memory or to disk.

import (
	"slices"

	"github.com/englacial/zagg/core"
)

// A sink holds what one attempt at one granule kept, for all tasks that have it. It counts only if the reader
// returned no error.
type sink struct {
	counts  []Counts // by place among the granule's tasks
	stats   core.ReadStats
	located core.IndexUse // what became of the index of its cells
	parcels []*parcel
	spilled int64 // bytes that went to disk

	runs  []run // of what follows
	slots []int32
	cols  []core.Column
	spare [][]byte // memory for cols
}

// buffers is memory that one sink after the other uses: page faults of fresh memory cost more than filling it.
type buffers struct {
	runs  []run
	slots []int32
	data  [][]byte // of columns
}

// borrow takes memory for rows that are not a parcel yet.
func (s *sink) borrow(b *buffers) { s.runs, s.slots, s.spare = b.runs[:0], b.slots[:0], b.data }

// giveBack gives it back, with what it has grown by.
func (s *sink) giveBack(b *buffers) {
	b.runs, b.slots, b.data = s.runs, s.slots, s.spare
	for i := range s.cols {
		if i == len(b.data) {
			b.data = append(b.data, nil)
		}
		b.data[i] = s.cols[i].Data
	}
	s.runs, s.slots, s.cols, s.spare = nil, nil, nil, nil
}

// begin makes the columns when rows of the granule are kept for the first time: their types are known only then.
func (s *sink) begin(like []core.Column) {
	if s.cols != nil {
		return
	}
	s.cols = noRows(like)
	for i := range s.cols {
		if i < len(s.spare) {
			s.cols[i].Data = s.spare[i][:0]
		}
	}
}

// rewind makes room for more rows once the last ones are a parcel.
func (s *sink) rewind() {
	s.runs, s.slots = s.runs[:0], s.slots[:0]
	for i := range s.cols {
		s.cols[i].Data = s.cols[i].Data[:0]
	}
}

// A run is consecutive rows for one of the granule's tasks.
type run struct{ want, from, n int }

// add notes that the last n slots are rows for the task number want.
func (s *sink) add(want, n int) {
	if last := len(s.runs) - 1; last >= 0 && s.runs[last].want == want {
		s.runs[last].n += n
	} else {
		s.runs = append(s.runs, run{want, len(s.slots) - n, n})
	}
}

// bytes is the size of the rows that are not a parcel yet.
func (s *sink) bytes() int64 { return int64(len(s.slots)) * rowBytes(s.cols) }

// flush makes a parcel of the rows so far: in memory if the budget has room, otherwise, if they must go, on disk.
func (r *pass) flush(g *granule, s *sink, must bool) error {
	size := s.bytes()
	if size == 0 {
		return nil
	}
	kept := r.p.Budget.Keep(size)
	if !kept && !must {
		return nil
	}
	k := s.parcel(g.wants)
	s.rewind()
	if kept {
		k.kept.Store(size)
		// On disk the rows are in the order of places, so that a window is read back in one piece.
	} else {
		for _, p := range k.parts {
			k.sort(p, &r.layout)
		}
		var err error
		if k.at, err = r.scratch.spill(k); err != nil {
			return err
		}
		s.spilled += size
		k.slots = nil
		for i := range k.cols {
			k.cols[i].Data = nil
		}
	}
	s.parcels = append(s.parcels, k)
	return nil
}

// parcel moves the rows of each task together, in the order in which they came.
func (s *sink) parcel(wants []int) *parcel {
	k := &parcel{rows: len(s.slots), at: -1}
	slices.SortStableFunc(s.runs, func(a, b run) int { return a.want - b.want })
	at := 0
	for _, r := range s.runs {
		if n := len(k.parts); n > 0 && k.parts[n-1].task == wants[r.want] {
			k.parts[n-1].n += r.n
		} else {
			k.parts = append(k.parts, part{wants[r.want], at, r.n})
		}
		at += r.n
	}
	k.users.Store(int32(len(k.parts)))
	k.slots = core.View[int32](s.move(core.Raw(s.slots), 4))
	k.cols = slices.Clone(s.cols)
	for i := range k.cols {
		c := &k.cols[i]
		c.Data = s.move(c.Data, c.Width*c.Type.Size())
	}
	return k
}

// move puts the runs of a column, of size bytes per row, one after another.
func (s *sink) move(data []byte, size int) []byte {
	out, at := core.NewData(len(s.slots)*size), 0
	for _, r := range s.runs {
		at += copy(out[at:], data[r.from*size:(r.from+r.n)*size])
	}
	return out
}

// sort puts the rows of a part in the order of their places; rows of one place stay in the order they have.
func (k *parcel) sort(p part, l *layout) {
	slots := k.slots[p.from : p.from+p.n]
	places := make([]int32, p.n)
	sorted := true
	for i, s := range slots {
		places[i] = l.place(s)
		sorted = sorted && (i == 0 || places[i-1] <= places[i])
	}
	if sorted {
		return
	}
	order := make([]int32, p.n)
	for i := range order {
		order[i] = int32(i)
	}
	// With rows in many of the slots, counting is quicker than comparing.
	if int64(p.n) >= l.slots/4 {
		next := make([]int32, l.slots+1)
		for _, at := range places {
			next[at+1]++
		}
		for i := range next[1:] {
			next[i+1] += next[i]
		}
		for i, at := range places {
			order[next[at]] = int32(i)
			next[at]++
		}
	} else {
		slices.SortStableFunc(order, func(a, b int32) int { return int(places[a]) - int(places[b]) })
	}
	permute(core.Raw(slots), 4, order)
	for i := range k.cols {
		c := &k.cols[i]
		size := c.Width * c.Type.Size()
		permute(c.Data[p.from*size:(p.from+p.n)*size], size, order)
	}
}

// permute puts row order[i] into row i; rows have size bytes.
func permute(data []byte, size int, order []int32) {
	was := slices.Clone(data)
	for i, r := range order {
		copy(data[i*size:(i+1)*size], was[int(r)*size:])
	}
}
