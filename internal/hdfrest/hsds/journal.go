package hsds

import (
	"cmp"
	"context"
	"errors"
	"strings"
	"time"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/objstore"
	"github.com/englacial/zagg/internal/hdfrest"
)

// A change of a dataset that concerns several objects (chunks, or chunks and the extent) is first written down as one
// object, the journal, which is also the dataset's lock. Once it is there the change will be made: by its maker or,
// if that does not happen in time, by the next one who wants to change the dataset. Readers meanwhile read as if it
// were made. Afterwards the object stays and says that it is done: a DELETE has no condition, and one that is sent
// twice could remove the next change's journal.

// journalFolder is the prefix of the keys of journals.
const journalFolder = ".zagg/"

// valuesSuffix is the suffix of the keys of values that are stored apart from their journal.
const valuesSuffix = ".values"

func journalKey(id hdfrest.ID) string { return journalFolder + half(id) + "/" + rest(id) + ".write" }

// A journal is a change that is under way, as it is stored.
type journal struct {
	Token string    `json:"token"`
	Until time.Time `json:"until"` // when its maker has given it up, if he does not put it anew
	// Write is a change of values; of others nothing needs to be done again: the extent, which is put last, decides.
	Write bool     `json:"write,omitempty"`
	Done  bool     `json:"done,omitempty"`
	What  *written `json:"what,omitempty"`
	Apart string   `json:"apart,omitempty"` // the key of What, where that is long
	etag  string
}

// A written is the elements that a change writes.
type written struct {
	Whole  bool           `json:"whole,omitempty"` // everything is written
	Axes   []hdfrest.Axis `json:"axes,omitempty"`
	Points [][]uint64     `json:"points,omitempty"`
	Fields []int          `json:"fields,omitempty"`
	Data   []byte         `json:"data,omitempty"`
}

func (x *written) elements() *hdfrest.Elements {
	e := &hdfrest.Elements{Axes: x.Axes, Points: x.Points, Fields: x.Fields, Data: x.Data}
	if x.Whole {
		e.Axes, e.Points = nil, nil
	}
	return e
}

func newJournal(e *hdfrest.Elements) *journal {
	j := &journal{Token: newToken()}
	if e != nil {
		j.Write = true
		j.What = &written{Whole: e.Axes == nil && e.Points == nil, Axes: e.Axes, Points: e.Points, Fields: e.Fields, Data: e.Data}
	}
	return j
}

const (
	maxJournal  = 2 << 30
	maxTogether = 32 << 10 // bytes that a journal itself has, which is put again and again
)

// slot reads the last journal of a dataset; its ETag is "" if there is none.
func (d *domain) slot(ctx context.Context, id hdfrest.ID) (*journal, error) {
	j := &journal{}
	etag, ok, err := getJSON(ctx, d.source, d.b.url(journalKey(id)), j)
	if !ok {
		j.Done = true
	}
	j.etag = etag
	return j, err
}

// journal is the change of a dataset that is under way; nil if there is none.
func (d *domain) journal(ctx context.Context, id hdfrest.ID) (*journal, error) {
	j, err := d.slot(ctx, id)
	if err != nil || j.Done {
		return nil, err
	}
	return j, nil
}

// read completes a journal whose values are stored apart. It returns false if the change was made meanwhile.
func (d *domain) read(ctx context.Context, j *journal) (bool, error) {
	if j.What != nil || j.Apart == "" {
		return true, nil
	}
	what := &written{}
	_, ok, err := getJSON(ctx, d.source, d.b.url(j.Apart), what)
	if ok {
		j.What = what
	}
	return ok, err
}

// lock writes a journal down once no other is under way, and returns when it did so.
func (w *writer) lock(ctx context.Context, id hdfrest.ID, j *journal) (began time.Time, err error) {
	url := w.b.url(journalKey(id))
	if what := j.What; what != nil && len(what.Data)+24*len(what.Points) > maxTogether {
		j.What, j.Apart = nil, strings.TrimSuffix(journalKey(id), ".write")+"."+j.Token+valuesSuffix
		if err := putJSON(ctx, w.source, w.b.url(j.Apart), what, ""); err != nil {
			return began, err
		}
	}
	var wait waiter
	for try := 0; ; try++ {
		last, err := w.slot(ctx, id)
		switch {
		case err != nil:
			return began, err
		case last.Token == j.Token:
			return began, nil // an earlier try whose answer was lost
		case last.Done:
			began = time.Now()
			j.Until = began.Add(w.s.options.Lease)
			if err = putJSON(ctx, w.source, url, j, cmp.Or(last.etag, objstore.MustNotExist)); !lost(err) {
				return began, err
			}
		default:
			if err := w.await(ctx, id, last, &wait, try); err != nil {
				return began, err
			}
		}
	}
}

// await waits for another's change, or makes it if its maker has given it up.
func (w *writer) await(ctx context.Context, id hdfrest.ID, other *journal, wait *waiter, try int) error {
	if other != nil && wait.givenUp(other.etag, other.Until, w.s.options.Lease) {
		return w.finish(ctx, id, other)
	}
	return again(ctx, min(try, changeTries/2), w.b.url(journalKey(id)))
}

// renew puts a journal that is under way again; false if it is another's by now, or done.
func (w *writer) renew(ctx context.Context, id hdfrest.ID, token string) (bool, error) {
	j, err := w.journal(ctx, id)
	if err != nil || j == nil || j.Token != token {
		return false, err
	}
	j.Until = time.Now().Add(w.s.options.Lease)
	err = putJSON(ctx, w.source, w.b.url(journalKey(id)), j, j.etag)
	if lost(err) {
		j, err = w.journal(ctx, id) // it may have been this one, whose answer was lost
		return j != nil && j.Token == token, err
	}
	return err == nil, err
}

// finish makes a change that its maker has given up. Only one does: whoever succeeds in putting the journal again.
func (w *writer) finish(ctx context.Context, id hdfrest.ID, j *journal) error {
	url := w.b.url(journalKey(id))
	mine := *j
	began := time.Now()
	mine.Until = began.Add(w.s.options.Lease)
	mine.Token = newToken()
	switch err := putJSON(ctx, w.source, url, &mine, j.etag); {
	case lost(err):
		return nil // another does, or it is done
	case err != nil:
		return err
	}
	return w.holding(ctx, id, began, &mine, func(ctx context.Context) error {
		if ok, err := w.read(ctx, &mine); err != nil || !ok || !mine.Write {
			return err
		}
		err := w.applyAll(ctx, id, mine.What.elements())
		if err != nil && !core.Is(err, core.Unavailable) && !core.Is(err, core.Denied) {
			return nil // it is not of this dataset any more
		}
		return err
	})
}

// unlock says in the journal that the change is made.
func (w *writer) unlock(ctx context.Context, id hdfrest.ID, j *journal) error {
	for {
		last, err := w.slot(ctx, id)
		if err != nil || last.Done || last.Token != j.Token {
			return err
		}
		if err = putJSON(ctx, w.source, w.b.url(journalKey(id)), &journal{Token: j.Token, Done: true}, last.etag); lost(err) {
			continue
		}
		if err == nil && j.Apart != "" {
			err = w.source.Delete(ctx, w.b.url(j.Apart))
		}
		return err
	}
}

// locked makes a change that concerns several objects. What fails before the journal is written leaves nothing
// behind; what fails after it is made by others, so the caller is told that the change may still be made.
func (w *writer) locked(ctx context.Context, id hdfrest.ID, j *journal, do func(ctx context.Context) error) error {
	began, err := w.lock(ctx, id, j)
	if err != nil {
		return err
	}
	return w.holding(ctx, id, began, j, do)
}

// holding makes a change whose journal is written, renewing the journal meanwhile.
func (w *writer) holding(ctx context.Context, id hdfrest.ID, began time.Time, j *journal, do func(ctx context.Context) error) error {
	err := w.renewing(ctx, began, func(ctx context.Context) (bool, error) { return w.renew(ctx, id, j.Token) }, do)
	if err != nil && (j.Write && core.Is(err, core.Unavailable) || errors.Is(err, errTakenOver)) {
		return err
	}
	end, cancel := rollbackContext(ctx)
	defer cancel()
	return errors.Join(err, w.unlock(end, id, j))
}
