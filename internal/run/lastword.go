package run

// The last check of a run: is what it reports really in the store?

import (
	"context"

	"golang.org/x/sync/errgroup"

	"github.com/englacial/zagg/core"
)

// lastWord asks the store itself whether what the run reports is there: its metadata, and for each shard that counts
// as done a record of this configuration and these granules. Whatever deleted or replaced them in the meantime, a
// shard that cannot be found there has failed. It costs one request for each shard.
func (r *Run) lastWord(ctx context.Context) error {
	err := r.template.Store.Check(ctx, r.metered(), r.store)
	switch code := core.CodeOf(err); {
	case code == core.Denied:
		r.note("this process may not read the store: whether all of it is there was not looked at")
		return nil
	case err != nil && code != core.NotFound && code != core.Invalid && code != core.Corrupt:
		return err
	case err != nil:
		for i := range r.jobs {
			r.total.markLost(r.jobs[i].Label, err)
		}
		return nil
	}
	lost := make([]error, len(r.jobs))
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(recordsAtOnce)
	for i := range r.jobs {
		g.Go(func() error {
			there, err := r.template.HasRecord(gctx, r.metered(), r.jobs[i])
			if err == nil && !there {
				lost[i] = core.Errorf(core.NotFound, "", "", "it was done, and its record is not in the store any more or is of another run: another process has changed the store")
			}
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	for i := range r.jobs {
		if lost[i] != nil {
			r.total.markLost(r.jobs[i].Label, lost[i])
		}
	}
	return nil
}

// markLost turns a shard that counts as done into a failed one, in all counts.
func (s *Summary) markLost(label string, why error) {
	for i := range s.rows {
		row := &s.rows[i]
		if row.Shard != label || row.Error != "" {
			continue
		}
		row.Status, row.Error = "failed", why.Error()
		s.Shards.Errors++
		s.Failed = append(s.Failed, Failure{label, row.Error})
		if row.Cells > 0 {
			s.Shards.WithData--
		} else {
			*s.Shards.emptyBy(row.Granules)--
			s.Shards.Empty--
		}
		if row.Skipped {
			s.Shards.Skipped--
		}
		s.Cells -= row.Cells
		s.Observations -= row.Observations
	}
}
