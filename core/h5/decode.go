package h5

import (
	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/h5/internal/cursor"
)

// Decode turns the fetched bytes into the selected elements, Size bytes of dst, in C order.
func (p *Plan) Decode(dst []byte) error {
	for i := range p.pieces {
		if err := p.DecodePiece(i, dst); err != nil {
			return err
		}
	}
	return nil
}

// DecodePiece is Decode of one of Pieces: it fills that piece's part of dst and nothing else, so that pieces can be decoded
// at the same time.
func (p *Plan) DecodePiece(i int, dst []byte) error {
	if int64(len(dst)) < p.Size() {
		return core.Errorf(core.Invalid, "h5.Decode", p.d.f.url+" "+p.d.path, "room for %d bytes, not %d", len(dst), p.Size())
	}
	c := &p.pieces[i]
	if c.Address == NoAddress && !c.stored {
		p.scatter(i, dst, nil)
		return nil
	}
	src := p.raw[i]
	switch {
	case c.stored:
		row := int(p.d.Width()) * p.d.typ.Size
		at := int(p.start(i, 0)) * row
		src = p.d.layout.data[at : at+int(c.rows)*row]
	case src == nil:
		return core.Errorf(core.Invalid, "h5.Decode", p.d.f.url+" "+p.d.path, "the plan is not fetched: call File.Fetch first")
	}
	if p.d.layout.storage != Chunked {
		p.scatter(i, dst, src)
		return nil
	}
	return p.chunk(i, dst, src)
}

// chunk undoes the filters and copies the elements. A chunk that becomes a run of the result as it is, is decoded there.
func (p *Plan) chunk(i int, dst, src []byte) error {
	n := p.chunkBytes()
	whole, at := p.whole(i)
	var out []byte
	if whole {
		out = dst[at : at+n]
	} else {
		b := p.d.f.scratch.Get(int(n))
		defer p.d.f.scratch.Put(b)
		out = *b
	}
	got, err := p.unfilter(i, out, src)
	if err != nil || whole && &got[0] == &out[0] {
		return err
	}
	p.scatter(i, dst, got)
	return nil
}

// chunkBytes is the size of a decoded chunk.
func (p *Plan) chunkBytes() int64 {
	n := int64(p.d.typ.Size)
	for _, k := range p.shape {
		n *= k
	}
	return n
}

// unfilter undoes the filters of piece i; the result is out or a part of src.
func (p *Plan) unfilter(i int, out, src []byte) ([]byte, error) {
	c := &p.pieces[i]
	got, err := p.d.pipeline.Decode(&p.d.f.scratch, out, src, c.Mask)
	if err != nil {
		return nil, p.d.f.fail("h5.Decode", p.d.path, cursor.Corrupt("chunk", int64(c.Address)+p.d.f.space.Base, "%w", err))
	}
	return got, nil
}

// whole reports whether all of a chunk's elements, unconverted, are one run of the result, and where in it.
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

// rowSize is the bytes of the result that one step along the axis before dim is apart.
func (p *Plan) rowSize(dim int) int64 {
	n := int64(p.conv.out)
	for i := dim; i < len(p.axes); i++ {
		n *= p.axes[i].n
	}
	return n
}

// scatter copies the selected elements of a piece from src to their places in dst; src nil: the fill value.
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
	for ; n < len(to); n *= 2 {
		copy(to[n:], to[:n])
	}
}
