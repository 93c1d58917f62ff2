package hsds

import (
	"context"
	"errors"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/objstore"
	"github.com/englacial/zagg/internal/hdfrest"
)

// Writable is an error where Options.Write is not set, and where the bucket does not keep the conditions of Puts, on which it
// rests that no change is lost. A bucket is tried once.
func (s *Store) Writable(ctx context.Context, n hdfrest.Name) error {
	if !s.options.Write {
		return core.Errorf(core.Denied, "hsds", n.Path, "domains are read only here")
	}
	b, err := s.options.Bucket(ctx, n.Bucket)
	if err != nil || s.options.Unconditional {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.probed[n.Bucket] {
		return nil
	}
	if err := probe(ctx, s.over(b.Source), b.url(journalFolder+"probe-"+newToken())); err != nil {
		return err
	}
	s.probed[n.Bucket] = true
	return nil
}

// probe tries the two conditions with an object of its own.
func probe(ctx context.Context, src core.ObjectStore, url string) error {
	put := func(match string) error {
		return objstore.PutBytes(ctx, src, url, []byte(match), core.PutOptions{IfMatch: match})
	}
	if err := put(objstore.MustNotExist); err != nil {
		return err
	}
	ctx2, cancel := rollbackContext(ctx)
	defer cancel()
	defer src.Delete(ctx2, url) //nolint:errcheck // an object of a few bytes stays
	for _, match := range []string{objstore.MustNotExist, `"00000000000000000000000000000000"`} {
		switch err := put(match); {
		case errors.Is(err, objstore.ErrPrecondition):
		case core.Is(err, core.Unavailable):
			return err
		default:
			return core.Errorf(core.Denied, "hsds", url, "this store does not keep the conditions If-Match and If-None-Match of a PUT: "+
				"changes of several at once would be lost, so that none are made")
		}
	}
	return nil
}
