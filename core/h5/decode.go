package h5

// Decoding: undoing filters and putting selected elements in their places. It reads nothing and is pure CPU work.

import (
	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/h5/internal/cursor"
	"github.com/englacial/zagg/core/h5/internal/filter"
)

// Decode turns the fetched bytes into the selected elements, Size bytes of dst, in C order.
func (p *Plan) Decode(dst []byte) error { return p.d.f.Decode(1, []*Plan{p}, [][]byte{dst}) }

// Decode is Decode of many fetched plans of this file, of which plans[i] fills out[i], by a number of goroutines: chunks
// are decoded side by side, which even one goroutine does in less time than one after the other.
func (f *File) Decode(workers int, plans []*Plan, out [][]byte) error {
	w := works{f: f, plans: plans, out: out}
	if err := w.room("h5.Decode"); err != nil {
		return err
	}
	for k, p := range plans {
		for i := range p.pieces {
			w.ready = append(w.ready, work{k, i})
		}
	}
	return w.run(workers)
}

// A job is the decoding of one chunk. It is begun and finished by one goroutine, and used again for the next chunk.
type job struct {
	p     *Plan
	piece int
	dst   []byte
	whole bool // the chunk is decoded where it is to be, not in lent
	lent  *[]byte
	task  filter.Task
}

// begin decodes pieces that are no chunks at once. For a chunk it sets the job up and returns true: the caller has
// filters to undo.
func (j *job) begin(p *Plan, piece int, dst []byte) (more bool, err error) {
	c := &p.pieces[piece]
	src := p.raw[piece]
	switch {
	case c.stored:
		row := int(p.d.Width()) * p.d.typ.Size
		at := int(p.start(piece, 0)) * row
		src = p.d.layout.data[at : at+int(c.rows)*row]
	case c.Address == NoAddress:
		p.scatter(piece, dst, nil)
		return false, nil
	case src == nil:
		return false, core.Errorf(core.Invalid, "h5.Decode", p.d.f.url+" "+p.d.path, "the plan is not fetched: call File.Fetch first")
	}
	if p.d.layout.storage != Chunked {
		p.scatter(piece, dst, src)
		return false, nil
	}
	*j = job{p: p, piece: piece, dst: dst}
	n := p.chunkBytes()
	whole, at := p.whole(piece)
	var out []byte
	if j.whole = whole; whole {
		out = dst[at : at+n]
	} else {
		j.lent = p.d.f.scratch.Get(int(n))
		out = *j.lent
	}
	j.task = p.d.pipeline.Begin(&p.d.f.scratch, out, src, p.need(piece), c.Mask)
	return true, nil
}

// finish copies the elements of a chunk whose filters are undone, unless it was decoded right to its place, and gives
// back what was lent. It must be called once for each begin that returned true, also after an error.
func (j *job) finish(err error) error {
	var got []byte
	if err == nil {
		got, err = j.task.Result()
	}
	if err == nil && !(j.whole && j.task.InPlace(got)) {
		j.p.scatter(j.piece, j.dst, got)
	}
	j.task.End()
	if j.lent != nil {
		j.p.d.f.scratch.Put(j.lent)
	}
	err = j.p.corrupt(j.piece, err)
	j.p = nil
	return err
}

// chunkBytes is the size of a decoded chunk.
func (p *Plan) chunkBytes() int64 {
	n := int64(p.d.typ.Size)
	for _, k := range p.shape {
		n *= k
	}
	return n
}

// need is the bytes that chunk i must have: up to its last element inside of the dataset.
func (p *Plan) need(i int) int {
	return int(p.d.needed(func(k int) uint64 { return uint64(p.start(i, k)) }))
}

// unfilter undoes the filters of piece i. The result is out or a part of src, so it lives no longer than either.
func (p *Plan) unfilter(i int, out, src []byte) ([]byte, error) {
	got, err := p.d.pipeline.Decode(&p.d.f.scratch, out, src, p.need(i), p.pieces[i].Mask)
	return got, p.corrupt(i, err)
}

// corrupt adds to an error of piece i the dataset and the chunk's place in the file; nil stays nil.
func (p *Plan) corrupt(i int, err error) error {
	if err == nil {
		return nil
	}
	return p.d.f.fail("h5.Decode", p.d.path, cursor.Corrupt("chunk", int64(p.pieces[i].Address)+p.d.f.space.Base, "%w", err))
}

// whole reports whether all elements of a chunk, unconverted, are one run of the result, and at which byte: such a
// chunk is decoded to its place without a copy.
func (p *Plan) whole(i int) (bool, int64) {
	if !p.direct || p.conv.fn != nil {
		return false, 0
	}
	var few [4]run
	lo, n := p.start(i, 0), p.extent(i, 0)
	runs := p.axes[0].runs(few[:0], lo, lo+n)
	if len(runs) != 1 || runs[0].n != n || runs[0].stride != 1 {
		return false, 0
	}
	return true, runs[0].dst * p.rowSize(1)
}

// rowSize is the bytes of the result between two steps along axis dim-1.
func (p *Plan) rowSize(dim int) int64 {
	n := int64(p.conv.out)
	for i := dim; i < len(p.axes); i++ {
		n *= p.axes[i].n
	}
	return n
}

// scatter copies the selected elements of a piece from src to their places in dst; a nil src stands for the fill
// value.
func (p *Plan) scatter(i int, dst, src []byte) {
	if p.direct {
		width := int64(1)
		for k := 1; k < len(p.axes); k++ {
			width *= p.axes[k].n
		}
		var few [4]run
		lo := p.start(i, 0)
		for _, r := range p.axes[0].runs(few[:0], lo, lo+p.extent(i, 0)) {
			if r.stride == 1 {
				p.copy(dst, src, run{r.src * width, r.dst * width, r.n * width, 1})
				continue
			}
			for k := range r.n {
				p.copy(dst, src, run{(r.src + k*r.stride) * width, (r.dst + k) * width, width, 1})
			}
		}
		return
	}
	runs := make([][]run, len(p.axes))
	for k := range p.axes {
		runs[k] = p.axes[k].runs(nil, p.start(i, k), p.start(i, k)+p.extent(i, k))
	}
	p.nest(i, runs, 0, 0, 0, dst, src)
}

// nest copies along axis dim and those after it, from element s of the piece to element d of the result.
func (p *Plan) nest(i int, runs [][]run, dim int, s, d int64, dst, src []byte) {
	s, d = s*p.extent(i, dim), d*p.axes[dim].n
	for _, r := range runs[dim] {
		if dim == len(runs)-1 {
			p.copy(dst, src, run{s + r.src, d + r.dst, r.n, r.stride})
			continue
		}
		for k := range r.n {
			p.nest(i, runs, dim+1, s+r.src+k*r.stride, d+r.dst+k, dst, src)
		}
	}
}

// copy converts one run, counted in elements.
func (p *Plan) copy(dst, src []byte, r run) {
	in, out := int64(p.conv.in), int64(p.conv.out)
	to := dst[r.dst*out : (r.dst+r.n)*out]
	switch {
	case src == nil:
		p.fillWith(to)
	case r.stride == 1:
		p.conv.run(to, src[r.src*in:(r.src+r.n)*in])
	default:
		for k := range r.n {
			at := (r.src + k*r.stride) * in
			p.conv.run(to[k*out:(k+1)*out], src[at:at+in])
		}
	}
}

func (p *Plan) fillWith(to []byte) {
	if p.d.fill == nil {
		clear(to)
		return
	}
	n := p.conv.out
	p.conv.run(to[:n], p.d.fill)
	// Each copy doubles what is filled.
	for ; n < len(to); n *= 2 {
		copy(to[n:], to[:n])
	}
}
