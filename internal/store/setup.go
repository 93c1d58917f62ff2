package store

import (
	"context"
	"errors"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/objstore"
	"github.com/englacial/zagg/internal/plan"
)

// SetUp makes the store ready for jobs of a plan: it writes the template into a new store, accepts one that already is
// what this run would write and mends what is lost or damaged of it, adds windows at the end of one that lacks but these, and refuses any other unless overwrite is set or no shard of it is finished, so that it binds
// nobody; then what was there is deleted first, records before data. A store that fits is not deleted for the sake of a few
// selected shards. It returns whether the store is new.
func (t *Template) SetUp(ctx context.Context, objects core.ObjectStore, url string, p *plan.Plan, overwrite, selected bool) (fresh bool, err error) {
	old, err := existing(ctx, objects, url)
	if err != nil {
		return false, err
	}
	if old == nil {
		return true, t.create(ctx, objects, url, p)
	}
	fits, err := t.fits(ctx, objects, url, old)
	fits = fits || t.ownsDamaged(old)
	grows := false
	if err == nil && !fits {
		grows, err = t.grows(ctx, objects, url, old)
	}
	switch {
	case err != nil:
		return false, err
	case grows && !(overwrite && !selected):
		return false, t.grow(ctx, objects, url, p, old.made)
	case fits && !(overwrite && !selected):
		return false, t.restoreSetUp(ctx, objects, url, p, old.made)
	case !fits && !overwrite:
		bound, err := mayHaveFinishedShards(ctx, objects, url)
		if err != nil {
			return false, err
		}
		if bound {
			return false, core.Errorf(core.Invalid, "set up", url, "%s: choose another --store, or --overwrite to delete what is there", t.difference(ctx, objects, url, old))
		}
	}
	if err := clearStore(ctx, objects, url, append(old.levels, t.Group())...); err != nil {
		return false, err
	}
	return true, t.create(ctx, objects, url, p)
}

// mayHaveFinishedShards reports whether a store is to be kept for what it was made for: a shard of it is finished, or that cannot be told, because
// nothing is known of the runs that made it.
func mayHaveFinishedShards(ctx context.Context, objects core.ObjectStore, url string) (bool, error) {
	labels, err := ListRecords(ctx, objects, url)
	if errors.Is(err, objstore.ErrUnlisted) { // so it is kept
		return true, nil
	}
	if err != nil || len(labels) > 0 {
		return true, err
	}
	claim, _, err := LoadClaim(ctx, objects, url)
	return claim == nil || claim.Runs < 2, err
}

// create writes a new store. A marker beside it comes first and goes last: what set-up left half-way is known by it, and
// without it nothing that lies at the address is taken for zagg's own.
func (t *Template) create(ctx context.Context, objects core.ObjectStore, url string, p *plan.Plan) error {
	if err := putJSON(ctx, objects, At(url).Marker(), []byte(`{"zagg_setup":"`+t.Group()+`"}`)); err != nil {
		return err
	}
	// Someone may have deleted a store and not its records, which would have its shards skipped.
	if err := clearRecords(ctx, objects, url, p); err != nil {
		return err
	}
	if err := putJSON(ctx, objects, At(url).Config(), core.ShownJSON(t.spec.Config.JSON())); err != nil {
		return err
	}
	if err := t.make(ctx, objects, url, p, nil); err != nil {
		return err
	}
	return objects.Delete(ctx, At(url).Marker())
}
