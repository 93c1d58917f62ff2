package store

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/objstore"
	"github.com/englacial/zagg/internal/plan"
	"github.com/englacial/zagg/internal/zarr"
)

// deleteBatch is how many objects are deleted by one request: S3's limit.
const deleteBatch = 1000

// clearStore deletes the records, that of the set-up too, then each group from its document on, and last the root's document: if this ends
// half-way, what is left is known as a store of zagg and never taken for a whole one.
func clearStore(ctx context.Context, objects core.ObjectStore, url string, groups ...string) error {
	if err := clearRecords(ctx, objects, url, nil); err != nil {
		if errors.Is(err, objstore.ErrUnlisted) {
			err = core.Errorf(core.Denied, "set up", url, "what the store holds cannot be deleted without s3:ListBucket: choose another --store (%w)", err)
		}
		return err
	}
	if err := objects.Delete(ctx, At(url).Made()); err != nil {
		return err
	}
	for _, g := range groups {
		if err := objects.Delete(ctx, At(url).Metadata(g)); err != nil {
			return err
		}
		if err := deletePrefix(ctx, objects, At(url).Below(g)); err != nil {
			return err
		}
	}
	return objects.Delete(ctx, At(url).Metadata())
}

// clearRecords deletes the records that there are; where that cannot be told, those that shards of the plan would have.
func clearRecords(ctx context.Context, objects core.ObjectStore, url string, p *plan.Plan) error {
	labels, err := ListRecords(ctx, objects, url)
	if errors.Is(err, objstore.ErrUnlisted) && p != nil {
		labels, err = nil, nil
		for i := range p.Shards {
			labels = append(labels, p.Shards[i].Label)
		}
	}
	if err != nil {
		return err
	}
	urls := make([]string, len(labels))
	for i, l := range labels {
		urls[i] = At(url).Record(l)
	}
	return Delete(ctx, objects, urls)
}

func deletePrefix(ctx context.Context, objects core.ObjectStore, prefix string) error {
	var urls []string
	err := objects.List(ctx, prefix, func(o core.ObjectInfo) error {
		urls = append(urls, o.URL)
		return nil
	})
	if err != nil {
		return err
	}
	return Delete(ctx, objects, urls)
}

// Delete removes objects, in as few requests as may be. That there is none is no error.
func Delete(ctx context.Context, objects core.ObjectStore, urls []string) error {
	for part := range slices.Chunk(urls, deleteBatch) {
		if err := objects.Delete(ctx, part...); err != nil {
			return err
		}
	}
	return nil
}

// Prune removes what the store holds of shards that are not in the plan: their records first, then every object in a block
// of the arrays that is no planned shard's, whether a record names it or a killed run left it. It returns the labels of
// the records.
func (t *Template) Prune(ctx context.Context, objects core.ObjectStore, url string, p *plan.Plan) ([]string, error) {
	stale, err := Stale(ctx, objects, url, p)
	if err != nil {
		return nil, err
	}
	records := make([]string, len(stale))
	for i, label := range stale {
		records[i] = At(url).Record(label)
	}
	if err := Delete(ctx, objects, records); err != nil {
		return nil, err
	}
	if t.Compact && p.Time == nil { // its only blocks are the plan's
		return stale, nil
	}
	planned := make(map[string]bool, len(p.Shards))
	for i := range p.Shards {
		planned[blockName(t.blockOf(&p.Shards[i]))] = true
	}
	var orphans []string
	for _, array := range t.shardArrays() {
		for _, window := range windowPlaces(p) {
			prefix := At(url).Below(append([]string{t.Group(), array.Name, "c"}, window...)...)
			err := objects.List(ctx, prefix, func(o core.ObjectInfo) error {
				parts := strings.Split(strings.TrimPrefix(o.URL, prefix), "/")
				if !planned[strings.Join(append(window, parts[:min(len(parts), len(t.info.Frame.Dims))]...), "/")] {
					orphans = append(orphans, o.URL)
				}
				return nil
			})
			if err != nil {
				return nil, err
			}
		}
	}
	return stale, Delete(ctx, objects, orphans)
}

// blockOf is where the objects of a planned shard lie in the arrays.
func (t *Template) blockOf(s *plan.Shard) []int64 {
	block := s.Block
	if t.Compact {
		block = []int64{int64(s.Rank)}
	}
	if s.Window != nil {
		block = append([]int64{s.Window.Place}, block...)
	}
	return block
}

// windowPlaces begin the blocks of the windows that a plan computes, each in a list; an empty one where there are no windows.
func windowPlaces(p *plan.Plan) [][]string {
	if p.Time == nil {
		return [][]string{{}}
	}
	var places [][]string
	for i := range p.Shards {
		if place := []string{strconv.FormatInt(p.Shards[i].Window.Place, 10)}; i == 0 || places[len(places)-1][0] != place[0] {
			places = append(places, place)
		}
	}
	return places
}

// shardArrays are the arrays that jobs write.
func (t *Template) shardArrays() []*zarr.Array {
	return append(slices.Clone(t.Cells), slices.Concat(t.Vars...)...)
}

// blockName is a block as object keys spell it: "3/14".
func blockName(block []int64) string {
	parts := make([]string, len(block))
	for i, n := range block {
		parts[i] = strconv.FormatInt(n, 10)
	}
	return strings.Join(parts, "/")
}

// Stale lists the labels of shards that have a record and are not in the plan. Those of windows that the plan does not have count as
// another plan's.
func Stale(ctx context.Context, objects core.ObjectStore, url string, p *plan.Plan) ([]string, error) {
	labels, err := ListRecords(ctx, objects, url)
	if err != nil {
		return nil, err
	}
	planned := make(map[string]bool, len(p.Shards))
	for i := range p.Shards {
		planned[p.Shards[i].Label] = true
	}
	var stale []string
	computes := p.Computes()
	for _, l := range labels {
		if !planned[l] && computes(l) {
			stale = append(stale, l)
		}
	}
	return stale, nil
}
