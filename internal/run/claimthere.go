package run

// Claims that a function writes, for processes that may not write beside the store.

import (
	"context"
	"io"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/objstore"
	"github.com/englacial/zagg/internal/job"
	"github.com/englacial/zagg/internal/store"
)

// A claiming backend can write the run's claim where this process may not.
type claiming interface {
	claims(reads core.ObjectStore) core.ObjectStore
}

// claimsThere is a store whose claim the function writes; it is read by this process.
type claimsThere struct {
	core.ObjectStore
	b *cloud
}

var _ claiming = (*cloud)(nil)

func (b *cloud) claims(reads core.ObjectStore) core.ObjectStore { return &claimsThere{reads, b} }

// Put has the function write the claim on the same condition. Nothing else is written this way.
func (s *claimsThere) Put(ctx context.Context, url string, body io.Reader, opt core.PutOptions) error {
	if url != store.At(s.b.r.store).Claim() {
		return s.ObjectStore.Put(ctx, url, body, opt)
	}
	data, err := io.ReadAll(body)
	if err != nil {
		return err
	}
	c := s.b.call(job.ModeClaim)
	c.Claim, c.IfMatch = data, opt.IfMatch
	done, err := s.b.fleet.Call(ctx, c)
	if done != nil && done.Unmet {
		return core.Wrapf(objstore.ErrPrecondition, "claim", url, "%w", objstore.ErrPrecondition)
	}
	return err
}
