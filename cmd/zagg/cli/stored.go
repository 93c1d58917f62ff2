package cli

import (
	"context"
	"encoding/json"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/objstore"
	"github.com/englacial/zagg/internal/drivers"
	"github.com/englacial/zagg/internal/store"
	"github.com/englacial/zagg/internal/zarr"
)

// A stored is a store that zagg wrote, opened for looking at.
type stored struct {
	url     string
	store   core.ObjectStore
	group   *zarr.Group
	name    string // of the group
	made    store.Origin
	records []*store.Record
}

// openStored opens a store's group and reads the records of its finished shards.
func openStored(ctx context.Context, address string) (*stored, error) {
	s, err := openGroup(ctx, address)
	if err != nil {
		return nil, err
	}
	return s, s.readRecords(ctx)
}

// openGroup opens a store's group.
func openGroup(ctx context.Context, address string) (*stored, error) {
	url, err := store.Address(address, "")
	if err != nil {
		return nil, err
	}
	plain, err := drivers.Open(ctx, drivers.Environment(), url)
	if err != nil {
		return nil, err
	}
	s := &stored{url: url, store: objstore.Retry(plain, objstore.Policy{})}
	root, err := zarr.Open(ctx, s.store, url)
	if err != nil {
		return nil, err
	}
	var ok bool
	if s.name, ok = store.GroupOf(root.Attrs); !ok {
		return nil, core.Errorf(core.Unsupported, "open store", url, "zagg did not write it: its root has no attribute zagg.group")
	}
	if s.group, err = root.Group(ctx, s.name); err != nil {
		return nil, err
	}
	if s.made, err = store.OriginOf(s.group.Attrs); err != nil {
		return nil, core.Errorf(core.Corrupt, "open store", url, "attributes of group %s: %w", s.name, err)
	}
	return s, nil
}

// recordsAtOnce bounds the records read at once.
const recordsAtOnce = 32

func (s *stored) readRecords(ctx context.Context) error {
	labels, err := store.ListRecords(ctx, s.store, s.url)
	if err != nil && core.CodeOf(err) != core.NotFound {
		return err
	}
	s.records = make([]*store.Record, len(labels))
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(recordsAtOnce)
	for i, l := range labels {
		g.Go(func() (err error) {
			s.records[i], err = store.LoadRecord(gctx, s.store, s.url, l)
			return err
		})
	}
	return g.Wait()
}

// block is where a record's shard lies in the arrays.
func (s *stored) block(r *store.Record, shard core.Shard) []int64 {
	if r.Block != nil {
		return []int64{*r.Block}
	}
	return shard.Block
}

// units is an array's attribute of that name.
func units(attrs json.RawMessage) string {
	var a struct {
		Units string `json:"units"`
	}
	if json.Unmarshal(attrs, &a) != nil {
		return ""
	}
	return strings.TrimSpace(a.Units)
}
