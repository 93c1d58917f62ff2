package hsds

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/objstore"
)

// A change of several objects is written down as one object, which says until when its maker is at work. The maker
// puts it again as long as that is so; if it has not for the time of a lease, others take the change over.

// clockSkew is how far clocks may be apart where a time in an object is compared with now.
const clockSkew = 10 * time.Second

// workLimit is how long the maker of a change works without having put it again: it stops before others take the
// change over.
func (s *Store) workLimit() time.Duration { return s.options.Lease * 3 / 4 }

// A waiter waits for another's change. It goes by its own clock, so that clocks need not agree: a change that was not
// put again for the time of a lease is given up.
type waiter struct {
	etag  string
	since time.Time
}

// givenUp reports whether the maker of a change is gone.
func (w *waiter) givenUp(etag string, until time.Time, lease time.Duration) bool {
	now := time.Now()
	if etag != w.etag {
		w.etag, w.since = etag, now
	}
	return now.Sub(w.since) > lease || now.After(until.Add(clockSkew))
}

// errTakenOver is the cause with which a change ends that others are making now.
var errTakenOver = errors.New("it took so long that others took it over")

// renewing does work while renew puts the change again, which reports whether it is still the caller's. began is when
// it was put last. The context of do ends before others may take the change over.
func (w *writer) renewing(ctx context.Context, began time.Time, renew func(ctx context.Context) (bool, error), do func(ctx context.Context) error) error {
	patience := w.s.workLimit()
	within, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	deadline := time.AfterFunc(patience-time.Since(began), func() { cancel(errTakenOver) })
	defer deadline.Stop()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		tick := time.NewTicker(patience / 3)
		defer tick.Stop()
		for {
			select {
			case <-within.Done():
				return
			case began := <-tick.C:
				switch mine, err := renew(within); {
				case err != nil: // perhaps the next time
				case !mine:
					cancel(errTakenOver)
				default:
					deadline.Reset(patience - time.Since(began))
				}
			}
		}
	}()
	err := do(within)
	if err != nil && within.Err() != nil && ctx.Err() == nil {
		err = core.Errorf(core.Unavailable, "hsds.Write", w.name.Path, "%w: %w", context.Cause(within), err)
	}
	cancel(nil)
	<-ended // so that nothing is put after this
	return err
}

// getJSON reads an object that says what is under way; ok is false if there is none.
func getJSON(ctx context.Context, src core.ObjectReader, url string, into any) (etag string, ok bool, err error) {
	data, info, err := objstore.Get(ctx, src, url, "", maxJournal)
	switch code := core.CodeOf(err); {
	case err == nil:
	case code == core.NotFound, code == core.Denied: // who may not list is told so of what is not there
		return "", false, nil
	default:
		return "", false, err
	}
	if err := json.Unmarshal(data, into); err != nil {
		return "", false, core.Errorf(core.Corrupt, "hsds", url, "%w", err)
	}
	return info.ETag, true, nil
}

// putJSON puts such an object on a condition.
func putJSON(ctx context.Context, src core.ObjectStore, url string, what any, match string) error {
	text, err := json.Marshal(what)
	if err != nil {
		return core.Errorf(core.Internal, "hsds.Write", url, "%w", err)
	}
	return objstore.PutBytes(ctx, src, url, text, core.PutOptions{IfMatch: match, ContentType: "application/json"})
}
