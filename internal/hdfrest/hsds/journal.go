package hsds

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"time"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/objstore"
	"github.com/englacial/zagg/internal/hdfrest"
)

// A change of a dataset that concerns several objects (chunks, or chunks and the extent) is first written down, as one object,
// which is also the dataset's lock. Once that object is there the change will be made: by who wrote it or, if he does not come
// to it in his time, by the next who wants to change the dataset; readers meanwhile read as if it were made.

// journalFolder is what the keys of journals begin with.
const journalFolder = ".zagg/"

func journalKey(id hdfrest.ID) string { return journalFolder + half(id) + "/" + rest(id) + ".write" }

// A journal is a change that is under way.
type journal struct {
	Token string    `json:"token"`
	Until time.Time `json:"until"` // when its maker has given it up
	// Write is a change of values; of others nothing needs to be done again: the extent, which is put last, decides.
	Write  bool           `json:"write"`
	Whole  bool           `json:"whole,omitempty"` // everything is written
	Axes   []hdfrest.Axis `json:"axes,omitempty"`
	Points [][]uint64     `json:"points,omitempty"`
	Fields []int          `json:"fields,omitempty"`
	Data   string         `json:"data,omitempty"` // base64
	etag   string
}

func (j *journal) elements() (*hdfrest.Elements, error) {
	data, err := base64.StdEncoding.DecodeString(j.Data)
	e := &hdfrest.Elements{Axes: j.Axes, Points: j.Points, Fields: j.Fields, Data: data}
	if j.Whole {
		e.Axes, e.Points = nil, nil
	}
	return e, err
}

// patience is how long the maker of a change works at it: it has given up before others make it.
func (s *Store) patience() time.Duration { return s.options.Lease * 3 / 4 }

func newJournal(e *hdfrest.Elements) *journal {
	j := &journal{Token: newToken()}
	if e != nil {
		j.Write, j.Whole = true, e.Axes == nil && e.Points == nil
		j.Axes, j.Points, j.Fields, j.Data = e.Axes, e.Points, e.Fields, base64.StdEncoding.EncodeToString(e.Data)
	}
	return j
}

const maxJournal = 1 << 30

// journal reads the change of a dataset that is under way; nil: there is none.
func (d *domain) journal(ctx context.Context, id hdfrest.ID) (*journal, error) {
	url := d.b.url(journalKey(id))
	data, info, err := objstore.Get(ctx, d.source, url, "", maxJournal)
	switch code := core.CodeOf(err); {
	case err == nil:
	case code == core.NotFound, code == core.Denied: // who may not list is told so of what is not there
		return nil, nil
	default:
		return nil, err
	}
	j := &journal{etag: info.ETag}
	if err := json.Unmarshal(data, j); err != nil {
		return nil, core.Errorf(core.Corrupt, "hsds", url, "%w", err)
	}
	return j, nil
}

// pending is the change of values that is under way; nil: there is none.
func (d *dataset) pending(ctx context.Context) (*journal, error) {
	if d.id.Old {
		return nil, nil
	}
	j, err := d.d.journal(ctx, d.id)
	if err != nil || j == nil || !j.Write {
		return nil, err
	}
	return j, nil
}

// overlaid is a picture as it is when a change that is under way is made.
func (d *dataset) overlaid(ctx context.Context, p *picture, parts []part, pending *journal) ([]byte, error) {
	if pending == nil {
		return p.wire(), nil
	}
	e, err := pending.elements()
	if err != nil {
		return nil, core.Errorf(core.Corrupt, "hsds.Read", journalKey(d.id), "%w", err)
	}
	edits, err := d.edits(e)
	if err != nil {
		return p.wire(), nil // it is not of this extent any more, and will not be made
	}
	for i := range parts {
		at := edits.find(parts[i].index)
		if at < 0 {
			continue
		}
		chunk, _, err := d.chunk(ctx, parts[i].index)
		if err != nil {
			return nil, err
		}
		changed, err := edits.apply(at, chunk)
		if err != nil {
			return nil, err
		}
		if err := p.add(&parts[i], changed); err != nil {
			return nil, err
		}
	}
	return p.wire(), nil
}

// lock writes a change down when no other is under way.
func (w *writer) lock(ctx context.Context, id hdfrest.ID, j *journal) error {
	url := w.b.url(journalKey(id))
	for try := 0; ; try++ {
		j.Until = time.Now().Add(w.s.options.Lease)
		text, err := json.Marshal(j)
		if err != nil {
			return err
		}
		err = w.source.Put(ctx, url, bytes.NewReader(text), core.PutOptions{Size: int64(len(text)), IfMatch: objstore.MustNotExist})
		if !errors.Is(err, objstore.ErrPrecondition) {
			return err
		}
		other, err := w.journal(ctx, id)
		if err != nil {
			return err
		}
		if other != nil && other.Token == j.Token {
			return nil
		}
		if err := w.await(ctx, id, other, try); err != nil {
			return err
		}
	}
}

// await lets another's change be made: it waits, or makes it itself where the other has given it up.
func (w *writer) await(ctx context.Context, id hdfrest.ID, other *journal, try int) error {
	if other != nil && time.Now().After(other.Until) {
		return w.finish(ctx, id, other)
	}
	return again(ctx, min(try, changeTries/2), w.b.url(journalKey(id)))
}

// finish makes a change that its maker has given up. Only one does: who gets to put it again.
func (w *writer) finish(ctx context.Context, id hdfrest.ID, j *journal) error {
	url := w.b.url(journalKey(id))
	mine := *j
	mine.Until = time.Now().Add(w.s.options.Lease)
	mine.Token = newToken()
	text, err := json.Marshal(&mine)
	if err != nil {
		return err
	}
	err = w.source.Put(ctx, url, bytes.NewReader(text), core.PutOptions{Size: int64(len(text)), IfMatch: j.etag})
	if lost(err) {
		return nil // another does, or it is done
	}
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, w.s.patience())
	defer cancel()
	if mine.Write {
		e, err := mine.elements()
		if err != nil {
			return core.Errorf(core.Corrupt, "hsds.Write", url, "%w", err)
		}
		if err := w.applyAll(ctx, id, e); err != nil && core.Is(err, core.Unavailable) {
			return err
		}
	}
	return w.unlock(ctx, id)
}

// unlock says that a change is made.
func (w *writer) unlock(ctx context.Context, id hdfrest.ID) error {
	return w.source.Delete(ctx, w.b.url(journalKey(id)))
}

// locked makes a change that concerns several objects. What goes wrong before the change is written down leaves nothing; what
// goes wrong after is made by others, so that its caller is told that it may be made.
func (w *writer) locked(ctx context.Context, id hdfrest.ID, j *journal, do func(ctx context.Context) error) error {
	if err := w.lock(ctx, id, j); err != nil {
		return err
	}
	within, cancel := context.WithTimeout(ctx, w.s.patience())
	defer cancel()
	err := do(within)
	if err != nil && j.Write && core.Is(err, core.Unavailable) {
		return err
	}
	end, cancel := unwinding(ctx)
	defer cancel()
	return errors.Join(err, w.unlock(end, id))
}
