package engine

// From the rows of a shard to its objects, within the memory budget.
//
// A shard that fits is computed at once, in memory. One that does not is cut into windows of whole inner chunks,
// whose rows are read back from disk one window after the other, and its objects are put together on disk.

import (
	"cmp"
	"context"
	"time"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/zarr"
)

// shard computes and writes one task's shard: all at once if the budget has room for that, otherwise an inner chunk
// at a time. A lease is held until the objects are written, so that shards wait for each other's memory and not for
// each other.
func (r *pass) shard(ctx context.Context, t int, res *Result) error {
	segs := r.segments(t)
	need := r.needs(segs)
	if r.tasks[t].Onto != nil {
		need = min(need+2*r.p.blockBytes(r.layout.slots), r.p.Budget.MostLease())
	} else if need > r.p.Budget.MostLease() && len(segs) > 0 {
		return r.chunks(ctx, t, segs, res)
	}
	release, err := r.p.Budget.Lease(ctx, need)
	if err != nil {
		return err
	}
	defer release()
	clock := time.Now()
	lap := func() float64 {
		d := time.Since(clock).Seconds()
		clock = time.Now()
		return d
	}
	groups, err := r.group(r.layout.whole(), segs)
	if err != nil {
		return err
	}
	r.let(t)
	res.Cells = int64(len(groups.Slots))
	res.Phases.Group = lap()
	if r.tasks[t].Onto != nil && len(groups.Slots) == 0 {
		res.Same = true
		return nil
	}
	blocks, err := r.p.reduce(ctx, r.tasks[t], groups, res)
	if err != nil {
		return err
	}
	res.Phases.Reduce = lap()
	if onto := r.tasks[t].Onto; onto != nil {
		if err := onto.Begin(ctx); err != nil {
			return err
		}
	}
	enc := r.encoder()
	defer r.encoders.Put(enc)
	if err := r.p.write(ctx, r.tasks[t], blocks, res, enc); err != nil {
		return err
	}
	res.Phases.Write = lap()
	return nil
}

// needs is about how many bytes it takes to compute a shard at once: its rows grouped and what is derived from them,
// its blocks, and these once more, encoded.
func (r *pass) needs(segs []segment) int64 {
	rows, row := int64(0), int64(0)
	for _, s := range segs {
		rows += int64(s.n)
		row = rowBytes(s.cols)
	}
	if rows == 0 {
		return 0
	}
	return rows*r.p.workRow(row) + 2*r.p.blockBytes(r.layout.slots) + 16*r.layout.slots
}

// workRow is about what a row takes while it is computed with: itself grouped (row bytes), its place, what is derived
// from it, and what a statistic needs; and once more where a statistic takes it without the rows that lack an input.
func (p *Pipeline) workRow(row int64) int64 {
	n := row + 8*int64(len(p.Derived))
	if p.Mask != MaskRows {
		n *= 2
	}
	return n + 16
}

// blockBytes is the size of the values of so many slots of all arrays.
func (p *Pipeline) blockBytes(slots int64) int64 {
	n := p.arrayBytes(slots, p.Coords)
	for i := range p.Vars {
		n += p.arrayBytes(slots, p.Vars[i].Arrays)
	}
	return n
}

// arrayBytes is the size of the values of so many slots of some arrays. Cells of varying length count nothing: their
// size is known only once they are computed.
func (p *Pipeline) arrayBytes(slots int64, arrays []*zarr.Array) int64 {
	n, all := int64(0), p.slots()
	for _, a := range arrays {
		n += slots * int64(cellWidth(a, all)*a.Type.Size())
	}
	return n
}

// chunks computes a shard an inner chunk at a time. Its objects are put together on disk, because a dozen objects
// that grow at once would each hold tens of megabytes on its way to S3, and because a statistic may yet fail.
func (r *pass) chunks(ctx context.Context, t int, segs []segment, res *Result) error {
	release, err := r.p.Budget.Lease(ctx, r.p.Budget.MostLease())
	if err != nil {
		return err
	}
	defer release()
	for _, s := range segs {
		// Rows must be in the order of places, so that the rows of a window are one run of each segment.
		if s.at < 0 {
			s.sort(part{t, s.from, s.n}, &r.layout)
		}
	}
	room := r.p.Budget.MostLease()
	portions := r.portions(room / 4)
	cut, err := r.cut(segs, room, portions)
	if err != nil {
		return err
	}
	objects, err := r.open(ctx, t)
	if err != nil {
		return err
	}
	clock := time.Now()
	for from := 0; from < len(cut.windows); {
		to := cut.sameChunk(from)
		for i := range portions {
			if err := r.chunk(ctx, t, segs, cut, from, to, &portions[i], objects, res); err != nil {
				return err
			}
		}
		from = to
	}
	for i := range portions {
		if err := objects.appendPerChunk(portions[i].at, portions[i].before); err != nil {
			return err
		}
	}
	r.let(t)
	res.Phases.Reduce = time.Since(clock).Seconds()
	clock = time.Now()
	err = objects.put(ctx, res)
	res.Phases.Write = time.Since(clock).Seconds()
	return err
}

// A portion is consecutive variables that are computed together.
type portion struct {
	vars  []Variable
	first int   // of them, in Pipeline.Vars
	at    int   // their first array, among those of all variables
	bytes int64 // of their arrays' blocks of one inner chunk

	before []block // of the inner chunk before
}

// portions divides the variables so that one inner chunk of a portion's arrays takes at most so many bytes, as far as
// the arrays of a single variable do.
func (r *pass) portions(most int64) []portion {
	var out []portion
	arrays := 0
	for i := range r.p.Vars {
		v := &r.p.Vars[i]
		n := r.p.arrayBytes(r.layout.chunk, v.Arrays)
		if last := len(out) - 1; last >= 0 && out[last].bytes+n <= most {
			out[last].vars, out[last].bytes = r.p.Vars[out[last].first:i+1], out[last].bytes+n
		} else {
			out = append(out, portion{vars: r.p.Vars[i : i+1], first: i, at: arrays, bytes: n})
		}
		arrays += len(v.Arrays)
	}
	if len(out) == 0 {
		out = []portion{{}}
	}
	return out
}

// blocks are the blocks of one inner chunk of a portion's arrays; those that get no value stay without data. Arrays
// that have one value for each chunk are not divided by chunk: their blocks go on from the chunk before.
func (b *portion) blocks() []block {
	var out []block
	for i := range b.vars {
		for _, a := range b.vars[i].Arrays {
			if b.vars[i].Chunk && b.before != nil {
				out = append(out, b.before[len(out)])
			} else {
				out = append(out, block{array: a})
			}
		}
	}
	return out
}

// chunk computes a portion of the variables for the windows of one inner chunk and appends the result to their
// objects.
func (r *pass) chunk(ctx context.Context, t int, segs []segment, cut *cutting, from, to int, b *portion, objects *assembly, res *Result) error {
	blocks := b.blocks()
	for i := from; i < to; i++ {
		if ctx.Err() != nil {
			return core.Errorf(core.Unavailable, "compute", r.tasks[t].Shard.Label, "%w", context.Cause(ctx))
		}
		groups, err := r.group(cut.windows[i], cut.segments(segs, i))
		if err != nil {
			return err
		}
		if b.first == 0 {
			res.Cells += int64(len(groups.Slots))
		}
		if err := r.p.reduceInto(ctx, r.tasks[t], groups, &r.layout, b, blocks, res); err != nil {
			return err
		}
	}
	b.before = blocks
	return objects.append(cut.chunkOf(from), b.at, blocks)
}

// reduceInto runs a portion's statistics over the cells of some groups of one inner chunk and puts the outputs into
// the chunk's blocks.
func (p *Pipeline) reduceInto(ctx context.Context, t *Task, g *core.Groups, l *layout, some *portion, blocks []block, res *Result) error {
	in, err := p.inputs(ctx, t, g)
	if err != nil {
		return err
	}
	if res.LeftOut == nil {
		res.LeftOut = make([]int64, len(p.Vars))
	}
	at := 0
	for i := range some.vars {
		v := &some.vars[i]
		out, left, err := in.outputs(ctx, v)
		if err != nil {
			return core.Wrap(err, "compute", t.Shard.Label+" "+v.Name)
		}
		res.LeftOut[some.first+i] += left
		for k := range out {
			b := &blocks[at]
			if len(out[k].slots) == 0 {
				at++
				continue
			}
			scatter := scatterChunk
			if v.Chunk {
				scatter = (*block).scatterPerChunk
			}
			if err := scatter(b, l, out[k].slots, &out[k].column); err != nil {
				return core.Wrap(err, "compute", t.Shard.Label+" "+v.Name)
			}
			at++
		}
	}
	return nil
}

// A cutting is a shard's rows, divided into windows.
type cutting struct {
	windows []window
	starts  [][]int32 // by segment, where its rows of each window begin; and the end
}

// cut makes windows of inner chunks, or of parts of chunks that have more rows than fit. Cells are never cut. Windows
// without a row are left out.
func (r *pass) cut(segs []segment, room int64, portions []portion) (*cutting, error) {
	l := &r.layout
	counts := make([]int32, l.slots)
	row := int64(0)
	for _, s := range segs {
		slots, err := r.slotsOf(s)
		if err != nil {
			return nil, err
		}
		for _, slot := range slots {
			counts[l.place(slot)]++
		}
		row = rowBytes(s.cols)
	}
	blocks := int64(0)
	for i := range portions {
		blocks = max(blocks, portions[i].bytes)
	}
	rowRoom := max(room-2*blocks, room/4) // a chunk that alone is too large is not made better by tiny parts
	most := max(rowRoom/(2*r.p.workRow(row)), 1)
	c := &cutting{}
	from, rows := int64(0), int64(0)
	end := func(to int64) {
		if rows > 0 {
			c.windows = append(c.windows, window{l, int32(from), int32(to - from)})
		}
		from, rows = to, 0
	}
	for at, n := range counts {
		if int64(at)%l.chunk == 0 || rows > 0 && rows+int64(n) > most && !r.p.wholeChunks() {
			end(int64(at))
		}
		rows += int64(n)
	}
	end(l.slots)
	return c, c.index(r, segs)
}

// chunkOf is the inner chunk of window i.
func (c *cutting) chunkOf(i int) int64 { return int64(c.windows[i].from) / c.windows[i].chunk }

// sameChunk is the first window after i that is of another inner chunk.
func (c *cutting) sameChunk(i int) int {
	next := i + 1
	for next < len(c.windows) && c.chunkOf(next) == c.chunkOf(i) {
		next++
	}
	return next
}

// index finds where each segment's rows of each window begin: the rows are in the order of places.
func (c *cutting) index(r *pass, segs []segment) error {
	for _, s := range segs {
		slots, err := r.slotsOf(s)
		if err != nil {
			return err
		}
		starts, at := make([]int32, 0, len(c.windows)+1), 0
		for _, w := range c.windows {
			starts = append(starts, int32(at))
			for at < len(slots) && w.at(slots[at]) < w.n {
				at++
			}
		}
		c.starts = append(c.starts, append(starts, int32(at)))
	}
	return nil
}

// segments are the rows of window i, as parts of all segments.
func (c *cutting) segments(segs []segment, i int) []segment {
	var out []segment
	for k, s := range segs {
		from, to := c.starts[k][i], c.starts[k][i+1]
		if to > from {
			out = append(out, segment{s.parcel, s.from + int(from), int(to - from)})
		}
	}
	return out
}

// scatterChunk puts rows into a block of one inner chunk, which is filled with fill values first if it is new.
func scatterChunk(b *block, l *layout, slots []int32, c *core.Column) error {
	a := b.array
	if a.Type == core.Bytes {
		return b.addCells(l.slots, slots, c, func(slot int32) int32 { return l.place(slot) % int32(l.chunk) })
	}
	if err := checkScatter(a, l.slots, slots, c); err != nil || len(slots) == 0 {
		return err
	}
	if b.data == nil {
		fill, err := a.FillValue()
		if err != nil {
			return err
		}
		b.data = filled(int(l.chunk)*cmp.Or(c.Width, 1)*a.Type.Size(), fill)
	}
	places := make([]int32, len(slots))
	for i, s := range slots {
		places[i] = l.place(s) % int32(l.chunk)
	}
	if at, err := castRows(b.data, a.Type, places, max(c.Width, 1), c); err != nil {
		return misfit(a, slots[at], err)
	}
	return nil
}
