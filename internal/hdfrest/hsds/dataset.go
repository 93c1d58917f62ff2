package hsds

import (
	"context"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/objstore"
	"github.com/englacial/zagg/internal/hdfrest"
)

type dataset struct {
	object
	l *layoutMeta
}

var _ hdfrest.Dataset = (*dataset)(nil)

func (d *dataset) Type() *hdfrest.Type { return d.m.t }

func (d *dataset) Shape() hdfrest.Shape { return d.l.shape }

func (d *dataset) Properties() hdfrest.Properties {
	p := hdfrest.Properties{Layout: d.l.class}
	if p.Layout == hdfrest.Chunked {
		p.Chunk = d.l.grid
	}
	return p
}

// A picture is the values of a selection while they are put together from chunks.
type picture struct {
	d     *dataset
	shape []uint64
	data  []byte   // elements of fixed size
	cells [][]byte // of variable size
}

// fits is an error of more elements than are read at once.
func (d *dataset) fits(n uint64) error {
	width := uint64(d.l.width)
	if !d.l.fixed {
		width += 24 // what points to a cell
	}
	if limit := uint64(d.d.s.options.ValueBytes); n > limit/max(width, 1) {
		return core.Errorf(core.Invalid, "hsds.Read", d.id.String(), "%d elements are more than the %d bytes of one read", n, limit)
	}
	return nil
}

// picture is room for n elements that have the fill value.
func (d *dataset) picture(n uint64, shape []uint64) *picture {
	p := &picture{d: d, shape: shape}
	if d.l.fixed {
		p.data = repeated(d.l.fill, n)
	} else {
		p.cells = make([][]byte, n)
	}
	return p
}

// repeated is n times an element.
func repeated(fill []byte, n uint64) []byte {
	out := make([]byte, n*uint64(len(fill)))
	zero := true
	for _, b := range fill {
		zero = zero && b == 0
	}
	if zero || n == 0 {
		return out
	}
	for done := copy(out, fill); done < len(out); done *= 2 {
		copy(out[done:], out[:done])
	}
	return out
}

// wire is the values in the wire form.
func (p *picture) wire() []byte {
	if p.d.l.fixed {
		return p.data
	}
	var out []byte
	for _, c := range p.cells {
		if c == nil {
			c = p.d.l.fill
		}
		out = append(out, c...)
	}
	return out
}

// add puts what a part selects of a decoded chunk into the picture. Parts are of different places, so that several may be
// added at once.
func (p *picture) add(part *part, chunk []byte) error {
	l := p.d.l
	if !l.fixed {
		cells, err := l.cellsOf(p.d.m.t, chunk)
		if err != nil {
			return err
		}
		part.each(l.grid, p.shape, func(in, out, n, step uint64) {
			for k := range n {
				p.cells[out+k] = cells[in+k*step]
			}
		})
		return nil
	}
	w := uint64(l.width)
	part.each(l.grid, p.shape, func(in, out, n, step uint64) {
		if step == 1 {
			copy(p.data[out*w:(out+n)*w], chunk[in*w:(in+n)*w])
			return
		}
		for k := range n {
			copy(p.data[(out+k)*w:(out+k+1)*w], chunk[(in+k*step)*w:])
		}
	})
	return nil
}

func (d *dataset) Read(ctx context.Context, sel []hdfrest.Axis) ([]byte, error) {
	n := uint64(1)
	for i, s := range d.l.shape.Dims {
		if i < len(sel) {
			s = sel[i].Len()
		}
		if s > 0 && n > (1<<62)/s {
			n = 1 << 62
			break
		}
		n *= s
	}
	if err := d.fits(n); err != nil {
		return nil, err
	}
	if err := d.l.checkParts(sel); err != nil && n > 0 {
		return nil, core.Errorf(core.Invalid, "hsds.Read", d.id.String(), "%w", err)
	}
	var parts []part
	var shape []uint64
	if n > 0 {
		parts, shape = d.l.partsOf(sel)
	}
	return d.fill(ctx, n, shape, parts)
}

func (d *dataset) ReadPoints(ctx context.Context, points [][]uint64) ([]byte, error) {
	n := uint64(len(points))
	if err := d.fits(n); err != nil {
		return nil, err
	}
	return d.fill(ctx, n, []uint64{n}, d.l.partsOfPoints(points))
}

// inFlight is how many chunks are read at once: as many as fit.
func (d *dataset) inFlight() int {
	n := d.l.nominal()
	if !d.l.fixed {
		n = max(n, 1<<20)
	}
	return int(min(max(d.d.s.options.ChunkBytes/max(2*n, 1), 1), int64(d.d.s.options.Concurrency)))
}

// chunk reads and decodes a chunk of HSDS's own; nil: it was never written. info has the ETag.
func (d *dataset) chunk(ctx context.Context, index []uint64) ([]byte, core.ObjectInfo, error) {
	limit := d.l.nominal()
	if limit > d.d.s.options.ChunkBytes {
		return nil, core.ObjectInfo{}, core.Errorf(core.Unsupported, "hsds.Read", d.id.String(), "chunks of %d bytes are longer than %d", limit, d.d.s.options.ChunkBytes)
	}
	if limit += limit/64 + 4096; !d.l.fixed {
		limit = d.d.s.options.ChunkBytes
	}
	url := d.d.b.url(chunkKey(d.id, index))
	data, info, err := objstore.Get(ctx, d.d.source, url, "", limit)
	switch {
	case core.Is(err, core.NotFound) && err != nil:
		return nil, core.ObjectInfo{URL: url}, nil
	case core.Is(err, core.Invalid) && err != nil:
		return nil, info, core.Errorf(core.Corrupt, "hsds.Read", url, "%w", err)
	case err != nil:
		return nil, info, err
	}
	chunk, err := d.l.decodeChunk(data, d.d.s.options.ChunkBytes)
	return chunk, info, d.damaged(index, err)
}

// changed reports a chunk that has no longer an ETag ("": is there, where it was not).
func (d *dataset) changed(ctx context.Context, index []uint64, etag string) (bool, error) {
	info, err := d.d.source.Stat(ctx, d.d.b.url(chunkKey(d.id, index)))
	if core.Is(err, core.NotFound) {
		return etag != "", nil
	}
	return info.ETag != etag, err
}

// damaged names the chunk whose bytes do not decode.
func (d *dataset) damaged(index []uint64, err error) error {
	if err == nil {
		return nil
	}
	return core.Errorf(core.Corrupt, "hsds.Read", chunkKey(d.id, index), "%w", err)
}

// Stored counts the chunks; those in files count with their bytes there.
func (d *dataset) Stored(ctx context.Context) (chunks, bytes int64, err error) {
	if d.l.linked != nil && d.l.linked.whole {
		return 1, d.l.linked.size, nil
	}
	if d.l.linked != nil || d.id.Old { // the keys of schema 1 share no beginning
		return 0, 0, nil
	}
	folder := d.d.b.url(objectFolder(d.id))
	err = d.d.source.List(ctx, folder, func(o core.ObjectInfo) error {
		if _, ok := parseChunk(o.URL[len(folder):], len(d.l.grid)); ok {
			chunks, bytes = chunks+1, bytes+o.Size
		}
		return nil
	})
	return chunks, bytes, err
}
