package hsds

import (
	"context"
	"reflect"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/hdfrest"
)

// WriteChosen writes what choose makes of the values. Others that choose wait for the dataset's lock. What is in one chunk is put on
// the condition that the chunk is what choose saw, because a change of a single chunk that began before takes no lock.
func (w *writer) WriteChosen(ctx context.Context, id hdfrest.ID, choose func(hdfrest.Dataset) (*hdfrest.Elements, error)) error {
	return w.changing(ctx, func() error {
		j := newJournal(nil)
		return w.locked(ctx, id, j, func(ctx context.Context) error {
			for try := 0; ; try++ {
				done, err := w.tryChosen(ctx, id, j, choose)
				if err != nil || done {
					return err
				}
				if err := again(ctx, try, id.String()); err != nil {
					return err
				}
			}
		})
	})
}

// tryChosen is one try. If the chunk is there after a Put that was refused, only the answer of an earlier Put was lost.
func (w *writer) tryChosen(ctx context.Context, id hdfrest.ID, j *journal, choose func(hdfrest.Dataset) (*hdfrest.Elements, error)) (bool, error) {
	x, err := w.chosen(ctx, id, choose)
	if err != nil || len(x.parts) == 0 {
		return err == nil, err
	}
	if len(x.parts) > 1 {
		if err := w.describe(ctx, id, j, x.e); err != nil {
			return false, err
		}
		return true, x.all(ctx)
	}
	chunk, info, err := x.d.chunk(ctx, x.parts[0].index)
	if err != nil {
		return false, err
	}
	same, err := w.chosen(ctx, id, choose)
	if err != nil || !reflect.DeepEqual(same.e, x.e) {
		return false, err
	}
	changed, err := x.apply(0, chunk)
	if err != nil {
		return false, err
	}
	err = x.d.putChunk(ctx, info, changed)
	if !lost(err) {
		return err == nil, err
	}
	there, _, err := x.d.chunk(ctx, x.parts[0].index)
	return err == nil && there != nil && string(there) == string(changed), err
}

// chosen are the edits that choose makes of a dataset as it is now.
func (w *writer) chosen(ctx context.Context, id hdfrest.ID, choose func(hdfrest.Dataset) (*hdfrest.Elements, error)) (*edits, error) {
	d, err := w.dataset(ctx, id)
	if err != nil {
		return nil, err
	}
	e, err := choose(d)
	if err != nil {
		return nil, err
	}
	return d.edits(e)
}

// describe adds to a journal that is written down what is to be written, so that others complete it.
func (w *writer) describe(ctx context.Context, id hdfrest.ID, j *journal, e *hdfrest.Elements) error {
	what := newJournal(e).What
	for {
		last, err := w.slot(ctx, id)
		if err != nil {
			return err
		}
		if last.Done || last.Token != j.Token {
			return core.Errorf(core.Unavailable, "hsds.Write", id.String(), "%w", errTakenOver)
		}
		last.Write, last.What = true, what
		if err = putJSON(ctx, w.source, w.b.url(journalKey(id)), last, last.etag); !lost(err) {
			j.Write = err == nil
			return err
		}
	}
}
