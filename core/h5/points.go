package h5

// Reading single elements, for servers of the HDF REST protocol.

import (
	"context"
	"slices"

	"github.com/englacial/zagg/core"
)

// ReadPoints reads single elements, in the order of points, each the index of one element along every dimension.
// Elements of the same chunk cost one read. A point outside of the dataset is Invalid.
func (d *Dataset) ReadPoints(ctx context.Context, points [][]uint64) (*Values, error) {
	v, err := d.points(ctx, points)
	return v, d.f.fail("h5.ReadPoints", d.path, err)
}

func (d *Dataset) points(ctx context.Context, points [][]uint64) (*Values, error) {
	if err := d.readable(); err != nil {
		return nil, err
	}
	if err := d.f.LoadChunks(ctx, d); err != nil {
		return nil, err
	}
	if int64(len(points)) > d.f.opt.ValueBytes/int64(max(d.typ.Size, 1)) {
		return nil, core.Errorf(core.Invalid, "", "", "%d points exceed the %d bytes of Options.ValueBytes", len(points), d.f.opt.ValueBytes)
	}
	p := &Plan{d: d, conv: converter{in: d.typ.Size, out: d.typ.Size}}
	var err error
	if p.axes, err = d.axes(nil); err != nil {
		return nil, err
	}
	g := pointPlan{Plan: p, at: make([]place, len(points)), pieces: map[uint64]int{}}
	for i, point := range points {
		if err := g.add(i, point); err != nil {
			return nil, err
		}
	}
	p.raw = make([][]byte, len(p.pieces))
	if err := d.f.Fetch(ctx, p); err != nil {
		return nil, err
	}
	v := d.values(int64(len(points)))
	v.Shape = []uint64{uint64(len(points))}
	if err := g.decode(v.Data); err != nil {
		return nil, err
	}
	return v, v.resolve(d.f.space.Reader(ctx), d.f.opt.ValueBytes-int64(len(v.Data)))
}

// A pointPlan is a plan whose pieces hold single elements.
type pointPlan struct {
	*Plan
	at     []place
	pieces map[uint64]int // by chunk
}

// A place is where the element of a point lies: in which piece, and how many elements from its beginning.
type place struct {
	piece int
	index uint64
	point int
}

func (g *pointPlan) add(i int, point []uint64) error {
	d := g.d
	if len(point) != len(d.space.Dims) || d.space.Null {
		return core.Errorf(core.Invalid, "", "", "point %v in a dataset of shape %v", point, d.space.Dims)
	}
	var in, chunk uint64
	start := make([]int64, len(g.axes))
	for k, x := range point {
		n := d.space.Dims[k]
		if x >= n {
			return core.Errorf(core.Invalid, "", "", "point %v in a dataset of shape %v", point, d.space.Dims)
		}
		if d.layout.storage != Chunked {
			in = in*n + x
			continue
		}
		c := d.layout.chunk[k]
		in, chunk = in*c+x%c, chunk*((n-1)/c+1)+x/c
		start[k] = int64(x / c * c)
	}
	g.at[i] = place{g.piece(chunk, in, start), in, i}
	return nil
}

// piece is the number of the piece that holds an element, made if there is none yet.
func (g *pointPlan) piece(chunk, in uint64, start []int64) int {
	d := g.d
	if d.layout.storage != Chunked {
		chunk = in
	}
	n, ok := g.pieces[chunk]
	if ok {
		return n
	}
	n = len(g.Plan.pieces)
	g.pieces[chunk] = n
	if d.layout.storage == Chunked {
		if g.shape == nil {
			for _, c := range d.layout.chunk {
				g.shape = append(g.shape, int64(c))
			}
		}
		g.chunkFound(*d.table.Load(), chunk, start)
		return n
	}
	size := uint64(d.typ.Size)
	c := Piece{Address: d.layout.addr, Size: int64(size), rows: 1, stored: d.layout.storage == Compact && len(d.layout.data) > 0}
	if c.Address != NoAddress {
		c.Address += in * size
	}
	g.Plan.pieces = append(g.Plan.pieces, c)
	return n
}

// decode picks the elements, chunk by chunk, so that each chunk is decoded once.
func (g *pointPlan) decode(dst []byte) error {
	d, size := g.d, uint64(g.d.typ.Size)
	slices.SortFunc(g.at, func(a, b place) int { return a.piece - b.piece })
	var chunk []byte
	last := -1
	if d.layout.storage == Chunked && len(g.at) > 0 {
		b := d.f.scratch.Get(int(g.chunkBytes()))
		defer d.f.scratch.Put(b)
		chunk = *b
	}
	var src []byte
	for _, at := range g.at {
		to := dst[uint64(at.point)*size : uint64(at.point+1)*size]
		c := &g.Plan.pieces[at.piece]
		switch {
		case c.stored:
			copy(to, d.layout.data[at.index*size:])
		case c.Address == NoAddress:
			g.fillWith(to)
		case d.layout.storage != Chunked:
			copy(to, g.raw[at.piece])
		default:
			if at.piece != last {
				var err error
				if src, err = g.unfilter(at.piece, chunk, g.raw[at.piece]); err != nil {
					return err
				}
				last = at.piece
			}
			copy(to, src[at.index*size:(at.index+1)*size])
		}
	}
	return nil
}
