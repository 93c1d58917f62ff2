package hsds

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/objstore"
	"github.com/englacial/zagg/internal/hdfrest"
	"github.com/englacial/zagg/internal/hdfrest/blosc"
	"github.com/englacial/zagg/internal/hdfrest/pyjson"
)

// A set of edits is what is to be written, chunk by chunk.
type edits struct {
	d      *dataset
	e      *hdfrest.Elements
	parts  []part
	shape  []uint64
	values [][]byte // of elements that have no fixed size
	width  int      // bytes of an element of the data
	limit  []uint64 // elements from here on are not there yet, and begin as fill; nil: all are
}

// edits cuts what is to be written at the borders of chunks. It is an error if it is not within the extent.
func (d *dataset) edits(e *hdfrest.Elements) (*edits, error) {
	if d.l.linked != nil {
		return nil, core.Errorf(core.Denied, "hsds.Write", d.id.String(), "the values are in HDF5 files, and read only")
	}
	x := &edits{d: d, e: e}
	if err := d.inside(e); err != nil {
		return nil, err
	}
	if e.Points != nil {
		x.parts, x.shape = d.l.partsOfPoints(e.Points), []uint64{uint64(len(e.Points))}
	} else if !slices.Contains(d.l.shape.Dims, 0) || e.Axes != nil {
		if err := d.l.checkParts(e.Axes); err != nil {
			return nil, core.Errorf(core.Invalid, "hsds.Write", d.id.String(), "%w", err)
		}
		x.parts, x.shape = d.l.partsOf(e.Axes)
	}
	return x, x.cut()
}

// inside checks a selection against the extent as it is now.
func (d *dataset) inside(e *hdfrest.Elements) error {
	dims := d.l.shape.Dims
	outside := func() error {
		return core.Errorf(core.Invalid, "hsds.Write", d.id.String(), "what is to be written is beyond the extent of %v", dims)
	}
	for _, p := range e.Points {
		for i, x := range p {
			if i >= len(dims) || x >= dims[i] {
				return outside()
			}
		}
	}
	for i, a := range e.Axes {
		if i >= len(dims) {
			return outside()
		}
		last := a.Start + (max(a.Count, 1)-1)*a.Step
		if len(a.Points) > 0 {
			last = slices.Max(a.Points)
		}
		if a.Len() > 0 && last >= dims[i] {
			return outside()
		}
	}
	return nil
}

// cut finds the elements in the data.
func (x *edits) cut() error {
	n := uint64(1)
	for _, d := range x.shape {
		n *= d
	}
	if x.parts == nil {
		n = 0
	}
	t := x.d.m.t
	if x.e.Fields != nil {
		sub := &hdfrest.Type{Class: hdfrest.Compound}
		for _, f := range x.e.Fields {
			sub.Members = append(sub.Members, t.Members[f])
		}
		t = sub
	}
	var fixed bool
	if x.width, fixed = t.Width(); fixed && x.d.l.fixed {
		if n != uint64(len(x.e.Data)/x.width) || len(x.e.Data)%x.width != 0 {
			return core.Errorf(core.Invalid, "hsds.Write", x.d.id.String(), "%d bytes for %d elements of %d", len(x.e.Data), n, x.width)
		}
		return nil
	}
	data := x.e.Data
	for i := range n {
		w := t.WidthOf(data)
		if w < 0 {
			return core.Errorf(core.Invalid, "hsds.Write", x.d.id.String(), "element %d is cut off", i)
		}
		x.values, data = append(x.values, data[:w:w]), data[w:]
	}
	return nil
}

// find is the part of a chunk; -1: nothing of it is written.
func (x *edits) find(index []uint64) int {
	return slices.IndexFunc(x.parts, func(p part) bool { return slices.Equal(p.index, index) })
}

// value is an element of the data.
func (x *edits) value(i uint64) []byte {
	if x.values != nil {
		return x.values[i]
	}
	w := uint64(x.width)
	return x.e.Data[i*w : (i+1)*w]
}

// apply gives the bytes of a chunk (nil: it is not there) after what is written of it.
func (x *edits) apply(at int, chunk []byte) ([]byte, error) {
	l, p := x.d.l, &x.parts[at]
	if !l.fixed {
		return x.applyCells(p, chunk)
	}
	n, _ := l.chunkElements()
	if chunk == nil {
		chunk = repeated(l.fill, n)
	} else {
		chunk = slices.Clone(chunk)
	}
	if x.limit != nil {
		l.trim(p.index, x.limit, func(i uint64) { copy(chunk[i*uint64(l.width):], l.fill) })
	}
	w := uint64(l.width)
	p.each(l.grid, x.shape, func(in, out, n, step uint64) {
		if step == 1 && x.e.Fields == nil {
			copy(chunk[in*w:(in+n)*w], x.e.Data[out*w:])
			return
		}
		for k := range n {
			cell := chunk[(in+k*step)*w : (in+k*step+1)*w]
			if x.e.Fields == nil {
				copy(cell, x.value(out+k))
			} else {
				copy(cell, x.merged(cell, x.value(out+k)))
			}
		}
	})
	return chunk, nil
}

// merged is an element with some of its members replaced.
func (x *edits) merged(old, value []byte) []byte {
	t := x.d.m.t
	parts := make([][]byte, len(t.Members))
	for i, m := range t.Members {
		n := m.Type.WidthOf(old)
		parts[i], old = old[:n], old[n:]
	}
	for _, f := range x.e.Fields {
		n := t.Members[f].Type.WidthOf(value)
		parts[f], value = value[:n], value[n:]
	}
	return slices.Concat(parts...)
}

func (x *edits) applyCells(p *part, chunk []byte) ([]byte, error) {
	l := x.d.l
	cells, err := l.cellsOf(x.d.m.t, chunk)
	if err != nil {
		return nil, x.d.damaged(p.index, err)
	}
	if x.limit != nil {
		l.trim(p.index, x.limit, func(i uint64) { cells[i] = l.fill })
	}
	p.each(l.grid, x.shape, func(in, out, n, step uint64) {
		for k := range n {
			value := x.value(out + k)
			if x.e.Fields != nil {
				value = x.merged(cells[in+k*step], value)
			}
			cells[in+k*step] = value
		}
	})
	return slices.Concat(cells...), nil
}

// trim visits the elements of a chunk that are beyond an extent.
func (l *layoutMeta) trim(index, extent []uint64, visit func(i uint64)) {
	n, _ := l.chunkElements()
	beyond := false
	for k := range l.grid {
		beyond = beyond || (index[k]+1)*l.grid[k] > extent[k]
	}
	if !beyond {
		return
	}
	for i := range n {
		for k, at := len(l.grid)-1, i; k >= 0; k-- {
			if index[k]*l.grid[k]+at%l.grid[k] >= extent[k] {
				visit(i)
				break
			}
			at /= l.grid[k]
		}
	}
}

// encode is a chunk as it is stored: what compresses is a container of Blosc with the element's size, which shuffles in itself.
func (l *layoutMeta) encode(chunk []byte) ([]byte, error) {
	f, ok := compressor(l.filters)
	if !ok {
		return chunk, nil
	}
	codec := map[int]blosc.Codec{deflateFilter: blosc.Zlib, zstdFilter: blosc.Zstd}[f.id]
	if codec == 0 {
		codec = blosc.LZ4
	}
	size := 1
	if l.fixed && shuffled(l.filters) {
		size = l.width
	}
	level := f.level
	if level < 0 {
		level = 5
	}
	return blosc.Encode(chunk, size, codec, level)
}

// empty reports a chunk of nothing but fill values.
func (l *layoutMeta) empty(chunk []byte) bool {
	if !l.fixed {
		for _, b := range chunk {
			if b != 0 {
				return false
			}
		}
		return true
	}
	w := l.width
	for i := 0; i+w <= len(chunk); i += w {
		if string(chunk[i:i+w]) != string(l.fill) {
			return false
		}
	}
	return true
}

// putChunk puts a chunk on the condition that what was read is still there.
func (d *dataset) putChunk(ctx context.Context, info core.ObjectInfo, chunk []byte) error {
	data, err := d.l.encode(chunk)
	if err != nil {
		return core.Errorf(core.Invalid, "hsds.Write", info.URL, "%w", err)
	}
	match := info.ETag
	if match == "" {
		if d.l.empty(chunk) {
			return nil
		}
		match = objstore.MustNotExist
	}
	return objstore.PutBytes(ctx, d.d.source, info.URL, data, core.PutOptions{IfMatch: match, ContentType: "application/octet-stream"})
}

// editChunk changes a chunk until nobody else does so at the same time. free, if not nil, says after the chunk was read whether
// it may be changed now.
func (x *edits) editChunk(ctx context.Context, at int, free func() (bool, error)) (bool, error) {
	for try := 0; ; try++ {
		chunk, info, err := x.d.chunk(ctx, x.parts[at].index)
		if err != nil {
			return false, err
		}
		if free != nil {
			if ok, err := free(); err != nil || !ok {
				return false, err
			}
		}
		changed, err := x.apply(at, chunk)
		if err != nil {
			return false, err
		}
		if err := x.d.putChunk(ctx, info, changed); !lost(err) {
			return err == nil, err
		}
		if free != nil {
			return false, nil
		}
		if err := again(ctx, try, info.URL); err != nil {
			return false, err
		}
	}
}

// dataset reads a dataset as it is now.
func (w *writer) dataset(ctx context.Context, id hdfrest.ID) (*dataset, error) {
	v, err := w.fresh(ctx, id)
	if err != nil {
		return nil, err
	}
	if v.meta.dataset == nil || v.meta.dataset.shape.Null {
		return nil, core.Errorf(core.Invalid, "hsds.Write", id.String(), "has no values")
	}
	return &dataset{object{w.domain, id, v.meta}, v.meta.dataset}, nil
}

// Write writes elements. What is in one chunk is one conditional Put; what is in several is written down first.
func (w *writer) Write(ctx context.Context, id hdfrest.ID, e *hdfrest.Elements) error {
	return w.changing(ctx, func() error {
		if e.Append > 0 {
			return w.append(ctx, id, e)
		}
		return w.write(ctx, id, e)
	})
}

func (w *writer) write(ctx context.Context, id hdfrest.ID, e *hdfrest.Elements) error {
	var wait waiter
	for try := 0; ; try++ {
		d, err := w.dataset(ctx, id)
		if err != nil {
			return err
		}
		x, err := d.edits(e)
		if err != nil || len(x.parts) == 0 {
			return err
		}
		if len(x.parts) > 1 {
			return w.locked(ctx, id, newJournal(e), func(ctx context.Context) error { return w.applyAll(ctx, id, e) })
		}
		var other *journal
		done, err := x.editChunk(ctx, 0, func() (bool, error) {
			other, err = w.journal(ctx, id)
			return other == nil, err
		})
		if err != nil || done {
			return err
		}
		if err := w.await(ctx, id, other, &wait, try); err != nil {
			return err
		}
	}
}

// applyAll makes a change that is written down.
func (w *writer) applyAll(ctx context.Context, id hdfrest.ID, e *hdfrest.Elements) error {
	d, err := w.dataset(ctx, id)
	if err != nil {
		return err
	}
	x, err := d.edits(e)
	if err != nil {
		return err
	}
	return x.all(ctx)
}

func (x *edits) all(ctx context.Context) error {
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(min(x.d.inFlight(), 16))
	for i := range x.parts {
		g.Go(func() error {
			_, err := x.editChunk(gctx, i, nil)
			return err
		})
	}
	return g.Wait()
}

// firstValues writes the values of a dataset that is not there yet.
func (w *writer) firstValues(ctx context.Context, d *dataset, data []byte) error {
	x, err := d.edits(&hdfrest.Elements{Data: data})
	if err != nil {
		return err
	}
	return x.all(ctx)
}

// setExtent is the change of a dataset's extent; it is only made where the extent is what it was.
func setExtent(before, after []uint64) change {
	return func(o *objectMeta) ([]pyjson.Member, error) {
		if !slices.Equal(o.dataset.shape.Dims, before) {
			return nil, errMoved
		}
		shape := o.dataset.shape
		shape.Dims = after
		return []pyjson.Member{{Name: "shape", Value: shapeJSON(shape)}}, nil
	}
}

// errMoved is an extent that is another than it was.
var errMoved = errors.New("the extent is another by now")

// append writes beyond the extent, where nobody sees it, then makes the dataset longer.
func (w *writer) append(ctx context.Context, id hdfrest.ID, e *hdfrest.Elements) error {
	if _, err := w.appended(ctx, id, e); err != nil {
		return err // before anything is locked
	}
	return w.locked(ctx, id, newJournal(nil), func(ctx context.Context) error {
		x, err := w.appended(ctx, id, e)
		if err != nil {
			return err
		}
		if err := x.all(ctx); err != nil {
			return err
		}
		return w.change(ctx, id, setExtent(x.limit, x.d.l.shape.Dims))
	})
}

// appended are the edits of a dataset as long as it becomes, beyond what it has now.
func (w *writer) appended(ctx context.Context, id hdfrest.ID, e *hdfrest.Elements) (*edits, error) {
	d, err := w.dataset(ctx, id)
	if err != nil {
		return nil, err
	}
	before := d.l.shape.Dims
	if e.Dim >= len(before) || d.l.shape.Max == nil {
		return nil, core.Errorf(core.Invalid, "hsds.Write", id.String(), "dimension %d cannot grow", e.Dim)
	}
	after := slices.Clone(before)
	after[e.Dim] += e.Append
	if most := d.l.shape.Max[e.Dim]; most != 0 && after[e.Dim] > most {
		return nil, core.Errorf(core.Invalid, "hsds.Write", id.String(), "%w: dimension %d may have at most %d", hdfrest.ErrConflict, e.Dim, most)
	}
	if err := hdfrest.CheckExtent(after); err != nil {
		return nil, core.Errorf(core.Invalid, "hsds.Write", id.String(), "%w", err)
	}
	axes := make([]hdfrest.Axis, len(before))
	for i := range axes {
		axes[i] = hdfrest.Axis{Count: before[i], Step: 1}
	}
	axes[e.Dim] = hdfrest.Axis{Start: before[e.Dim], Count: e.Append, Step: 1}
	longer := *d
	l := *d.l
	l.shape.Dims = after
	longer.l = &l
	x, err := longer.edits(&hdfrest.Elements{Axes: axes, Fields: e.Fields, Data: e.Data})
	if err != nil {
		return nil, err
	}
	x.limit = before
	return x, nil
}

// Resize changes the extent. What a smaller one leaves outside is removed after it is put; a larger one is put when nothing is
// left where it grows to.
func (w *writer) Resize(ctx context.Context, id hdfrest.ID, next func(hdfrest.Shape) ([]uint64, error)) (before, after []uint64, err error) {
	if _, _, err := w.resized(ctx, id, next); err != nil {
		return nil, nil, err // before anything is locked
	}
	err = w.changing(ctx, func() error {
		return w.locked(ctx, id, newJournal(nil), func(ctx context.Context) error {
			d, is, err := w.resized(ctx, id, next)
			if err != nil {
				return err
			}
			before, after = d.l.shape.Dims, is
			if slices.Equal(before, after) {
				return nil
			}
			kept := slices.Clone(after)
			for i := range kept {
				kept[i] = min(kept[i], before[i])
			}
			if err := d.clean(ctx, before); err != nil {
				return err
			}
			if err := w.change(ctx, id, setExtent(before, after)); err != nil {
				return err
			}
			return d.clean(ctx, kept)
		})
	})
	return before, after, err
}

// resized is a dataset as it is now, and the extent that it is to have.
func (w *writer) resized(ctx context.Context, id hdfrest.ID, next func(hdfrest.Shape) ([]uint64, error)) (*dataset, []uint64, error) {
	d, err := w.dataset(ctx, id)
	if err != nil {
		return nil, nil, err
	}
	after, err := next(d.l.shape)
	if err == nil && (d.l.linked != nil || d.l.class != hdfrest.Chunked) {
		err = core.Errorf(core.Denied, "hsds.Write", id.String(), "the layout of this dataset cannot grow or shrink")
	}
	return d, after, err
}

// clean removes what is stored beyond an extent.
func (d *dataset) clean(ctx context.Context, extent []uint64) error {
	folder := d.d.b.url(objectFolder(d.id))
	var gone []string
	var cut [][]uint64
	err := d.d.source.List(ctx, folder, func(o core.ObjectInfo) error {
		index, ok := parseChunk(o.URL[len(folder):], len(d.l.grid))
		if !ok {
			return nil
		}
		outside, across := false, false
		for i, k := range index {
			outside = outside || k*d.l.grid[i] >= extent[i]
			across = across || (k+1)*d.l.grid[i] > extent[i]
		}
		switch {
		case outside:
			gone = append(gone, o.URL)
		case across:
			cut = append(cut, index)
		}
		return nil
	})
	if err != nil {
		return err
	}
	for batch := range slices.Chunk(gone, 1000) {
		if err := d.d.source.Delete(ctx, batch...); err != nil {
			return err
		}
	}
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(min(d.inFlight(), 16))
	for _, index := range cut {
		g.Go(func() error { return d.trimChunk(gctx, index, extent) })
	}
	return g.Wait()
}

// trimChunk gives what of a chunk is beyond an extent the fill value.
func (d *dataset) trimChunk(ctx context.Context, index, extent []uint64) error {
	x := &edits{d: d, e: &hdfrest.Elements{}, limit: extent, parts: []part{{index: index, cells: []cell{}}}}
	for try := 0; ; try++ {
		chunk, info, err := d.chunk(ctx, index)
		if err != nil || chunk == nil {
			return err
		}
		trimmed, err := x.apply(0, chunk)
		if err != nil {
			return err
		}
		if string(trimmed) == string(chunk) {
			return nil
		}
		if err := d.putChunk(ctx, info, trimmed); !lost(err) {
			return err
		}
		if err := again(ctx, try, info.URL); err != nil {
			return fmt.Errorf("cutting off what is beyond the extent: %w", err)
		}
	}
}
