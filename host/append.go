package host

// Folding: adding new granules to a shard without computing the old ones again.

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"slices"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/objstore"
	"github.com/englacial/zagg/internal/engine"
	"github.com/englacial/zagg/internal/job"
	"github.com/englacial/zagg/internal/store"
	"github.com/englacial/zagg/internal/zarr"
)

// fresh finds out whether a shard is to be folded onto what its record says the store has, and returns the places of
// the granules that are new. why is the reason why it is not, although the record is of some of the granules; it is
// empty if the record is of others, or if nobody wants folding.
func (p *processing) fresh(ctx context.Context, w *work, r *store.Record, granules []core.Granule) (places []int, why string) {
	j := w.job
	if j.Append == job.AppendRecompute || j.Overwrite || !w.continues(r) {
		return nil, ""
	}
	known := map[string]bool{}
	for _, v := range r.Granulewise() {
		known[v.ID] = true
	}
	for i, g := range granules {
		if !known[g.ID] {
			places = append(places, i)
		}
	}
	switch {
	case len(places) == 0 || len(granules)-len(places) != len(known):
		return nil, "" // it is of granules that the job does not have
	case p.unfolded[w.shard.Label] != "":
		return nil, p.unfolded[w.shard.Label]
	case p.stores.VersionChecks.replaced(ctx, r, granules):
		return nil, "a granule was replaced since it was computed"
	}
	if err := p.t.pipeline.Foldable(j.Append != job.AppendFold); err != nil {
		return nil, err.Error()
	}
	if whole, lacks, err := r.Intact(ctx, w.store, j.StorePath); err != nil || !whole {
		return nil, lacks
	}
	return places, ""
}

// continues reports whether a record is of what the work wants, except for its granules, and names all granules it is
// of.
func (w *work) continues(r *store.Record) bool {
	want := w.want
	want.Granules, want.Home = r.Granules, nil
	if ok, _ := r.Matches(want); !ok || r.Home == nil || w.want.Home == nil {
		return false
	}
	var ids []string
	for _, v := range r.Granulewise() {
		ids = append(ids, v.ID)
	}
	home := slices.DeleteFunc(slices.Clone(w.want.Home), func(id string) bool { return !slices.Contains(ids, id) })
	return job.GranulesHash(ids) == r.Granules && slices.Equal(home, r.Home)
}

// onto is what the store has according to a record.
func (p *processing) onto(w *work, r *store.Record) *engine.Onto {
	cells := p.t.Recipe.info.Frame.Slots()
	return &engine.Onto{
		Exactly: w.job.Append != job.AppendFold,
		Read: func(ctx context.Context, a *zarr.Array, key string, block []int64) (core.Column, error) {
			var object []byte
			if i := slices.IndexFunc(r.Objects, func(o store.Object) bool { return o.Path == key }); i >= 0 {
				var err error
				if object, err = recordedObject(ctx, w.store, w.job.StorePath, &r.Objects[i]); err != nil {
					return core.Column{}, err
				}
			}
			return zarr.DecodeBlock(ctx, a, block, object, cells)
		},
		// Until everything is computed the shard is what it was; from now on it is not done, so that nothing is folded in twice.
		Begin: func(ctx context.Context) error {
			return store.DeleteRecord(ctx, w.store, w.job.StorePath, w.shard.Label)
		},
	}
}

// recordedObject reads an object, which must be the one in the record: Corrupt if it is another.
func recordedObject(ctx context.Context, from core.ObjectReader, url string, o *store.Object) ([]byte, error) {
	data, err := objstore.ReadAll(ctx, from, store.At(url).Object(o.Path), o.Size)
	if err != nil {
		return nil, err
	}
	if sum := sha256.Sum256(data); hex.EncodeToString(sum[:]) != o.SHA256 {
		return nil, core.Errorf(core.Corrupt, "fold", o.Path, "the store's object is not the one of the shard's record")
	}
	return data, nil
}

// folded turns r, the record of the new granules, into the record of the shard that was folded onto an older one.
func folded(r, old *store.Record, granules []core.Granule, res *engine.Result) {
	var ids []string
	for _, g := range granules {
		ids = append(ids, g.ID)
	}
	r.How, r.Folded = store.HowFolded, append(slices.Clone(old.Folded), ids)
	r.Versions = append(slices.Clone(old.Versions), r.Versions...)
	o, to := &old.Receipt, &r.Receipt
	to.Granules += o.Granules
	if res.Same {
		r.Objects, to.Cells = old.Objects, o.Cells
		if r.Status != job.Partial {
			r.Status = old.Status
		}
	}
	to.Add(&job.Receipt{Observations: o.Observations, Observed: o.Observed, NoGroup: o.NoGroup, EmptyGroup: o.EmptyGroup, Warnings: o.Warnings})
}

// again computes those shards that could not be folded, from all their granules. Their costs are added up.
func (p *processing) again(ctx context.Context, s Stores, jobs []*job.Job) {
	var some []*job.Job
	var at []int
	unfolded := map[string]string{}
	for _, w := range p.works {
		e, ok := errors.AsType[*engine.NotJoinedError](p.errs[w.at])
		if !ok || w.old == nil || ctx.Err() != nil {
			continue
		}
		some, at = append(some, jobs[w.at]), append(at, w.at)
		unfolded[w.shard.Label] = e.Error()
	}
	if len(some) == 0 {
		return
	}
	outs, errs := p.t.processAll(ctx, s, some, p.version, unfolded)
	for i, k := range at {
		outs[i].Source, outs[i].Output = outs[i].Source.Add(p.outs[k].Source), outs[i].Output.Add(p.outs[k].Output)
		p.outs[k], p.errs[k] = outs[i], errs[i]
	}
}
