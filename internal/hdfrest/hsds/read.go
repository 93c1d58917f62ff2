package hsds

import (
	"context"
	"errors"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/hdfrest"
)

// fill reads n elements from the chunks of parts, all as they were at one moment: a change of several chunks is seen whole or not
// at all.
func (d *dataset) fill(ctx context.Context, n uint64, shape []uint64, parts []part) ([]byte, error) {
	if d.l.linked != nil {
		p := d.picture(n, shape)
		if err := d.fillLinked(ctx, p, parts); err != nil {
			return nil, err
		}
		return p.wire(), nil
	}
	for try := 0; ; try++ {
		v := &view{d: d, p: d.picture(n, shape), parts: parts, seen: make([]core.ObjectInfo, len(parts))}
		err := v.read(ctx)
		if err == nil {
			return v.p.wire(), nil
		}
		if !errors.Is(err, errChanging) {
			return nil, err
		}
		if err := again(ctx, try, d.id.String()); err != nil {
			return nil, err
		}
	}
}

// errChanging is values that changed while they were read.
var errChanging = errors.New("they change while they are read")

// A view is the values of some chunks while they are read.
type view struct {
	d       *dataset
	p       *picture
	parts   []part
	seen    []core.ObjectInfo // of each chunk; without an ETag: it is not there
	pending *journal          // a change that is to be seen as made
}

func (v *view) read(ctx context.Context) error {
	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() (err error) {
		v.pending, err = v.d.pending(gctx)
		return err
	})
	g.Go(func() error { return v.each(gctx, v.first) })
	if err := g.Wait(); err != nil {
		return err
	}
	if err := v.again(ctx); err != nil {
		return err
	}
	return v.overlay(ctx)
}

// again looks whether what was read may be of two moments. If no chunk is another the second time, all were at once what they are;
// and what is under way between is so then. A chunk that is not there, or was put lately, may be what a smaller extent left of it.
func (v *view) again(ctx context.Context) (err error) {
	young := v.recentlyWritten()
	if v.d.id.Old || !young && !v.gaps() {
		return nil
	}
	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() error { return v.d.notSmaller(gctx) })
	if young && len(v.parts) > 1 {
		if v.pending, err = v.d.pending(ctx); err != nil {
			return err
		}
		g.Go(func() error { return v.each(gctx, v.same) })
	}
	return g.Wait()
}

// gaps reports that a chunk was not there.
func (v *view) gaps() bool {
	return slices.ContainsFunc(v.seen, func(info core.ObjectInfo) bool { return info.ETag == "" })
}

// notSmaller is an error (hdfrest.ErrReplaced) of a dataset whose extent became smaller: what is beyond is removed.
func (d *dataset) notSmaller(ctx context.Context) error {
	is, err := d.d.fresh(ctx, d.id)
	switch {
	case err != nil && !core.Is(err, core.NotFound):
		return err
	case err == nil && is.meta.dataset != nil && slices.EqualFunc(is.meta.dataset.shape.Dims, d.l.shape.Dims, func(now, before uint64) bool { return now >= before }):
		return nil
	}
	return core.Errorf(core.Unavailable, "hsds", d.id.String(), "%w", hdfrest.ErrReplaced)
}

// each does something with every part.
func (v *view) each(ctx context.Context, do func(ctx context.Context, i int) error) error {
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(v.d.inFlight())
	for i := range v.parts {
		g.Go(func() error { return do(gctx, i) })
	}
	return g.Wait()
}

// first reads a chunk.
func (v *view) first(ctx context.Context, i int) error {
	chunk, info, err := v.d.chunk(ctx, v.parts[i].index)
	if v.seen[i] = info; err != nil || chunk == nil {
		return err
	}
	return v.d.damaged(v.parts[i].index, v.p.add(&v.parts[i], chunk))
}

// same is an error where a chunk is no longer what was read.
func (v *view) same(ctx context.Context, i int) error {
	changed, err := v.d.changed(ctx, v.parts[i].index, v.seen[i].ETag)
	if err == nil && changed {
		err = errChanging
	}
	return err
}

// longAgo is more than a clock may be apart from that of a store, which takes no request that is signed at another time.
const longAgo = 20 * time.Minute

// recentlyWritten reports that a chunk may have been put while they were read. If none was, nothing needs to be asked again: what was made
// is seen whole, and of what is being made nothing.
func (v *view) recentlyWritten() bool {
	for _, info := range v.seen {
		if info.ETag != "" && time.Since(info.Modified) < longAgo {
			return true
		}
	}
	return false
}

// overlay has what is under way seen as made.
func (v *view) overlay(ctx context.Context) error {
	if v.pending == nil {
		return nil
	}
	edits, err := v.d.edits(v.pending.What.elements())
	if err != nil {
		return nil // it is not of this extent any more, and will not be made
	}
	for i := range v.parts {
		at := edits.find(v.parts[i].index)
		if at < 0 {
			continue
		}
		chunk, info, err := v.d.chunk(ctx, v.parts[i].index)
		if err != nil {
			return err
		}
		if info.ETag != v.seen[i].ETag {
			return errChanging
		}
		changed, err := edits.apply(at, chunk)
		if err != nil {
			return err
		}
		if err := v.p.add(&v.parts[i], changed); err != nil {
			return err
		}
	}
	return nil
}

// pending is the change of values that is under way; nil: there is none.
func (d *dataset) pending(ctx context.Context) (*journal, error) {
	if d.id.Old {
		return nil, nil
	}
	for try := 0; ; try++ {
		j, err := d.d.journal(ctx, d.id)
		if err != nil || j == nil || !j.Write {
			return nil, err
		}
		if ok, err := d.d.read(ctx, j); ok || err != nil {
			return j, err
		}
		if err := again(ctx, try, journalKey(d.id)); err != nil {
			return nil, err
		}
	}
}
