// Package stored reads stores written by zagg: their contents, variables as maps and tables, and the costs of their shards.
package stored

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

// A Store is one that zagg wrote.
type Store struct {
	URL     string
	Objects core.ObjectStore
	Group   *zarr.Group
	Name    string // of the group
	Made    store.Origin
	Records []*store.Record // of finished shards; none after OpenGroup

	root   *zarr.Group
	levels []string        // coarser groups, the finest first
	window string          // AtTime; "": all that there is
	place  int64           // of the window
	others []*store.Record // of the other windows
}

// Open opens a store's group and reads the records of its finished shards.
func Open(ctx context.Context, address string) (*Store, error) {
	s, err := OpenGroup(ctx, address)
	if err != nil {
		return nil, err
	}
	return s, store.NeedsList(s.readRecords(ctx), "open store", s.URL, "which shards are finished cannot be told")
}

// OpenGroup opens a store's group.
func OpenGroup(ctx context.Context, address string) (*Store, error) {
	url, err := readAddress(address)
	if err != nil {
		return nil, err
	}
	plain, err := drivers.Open(ctx, drivers.Environment(), url)
	if err != nil {
		return nil, err
	}
	s := &Store{URL: url, Objects: objstore.Retry(store.UnlistedToRead(plain, url), objstore.Policy{})}
	root, err := zarr.Open(ctx, s.Objects, url)
	if err != nil {
		return nil, s.lostRoot(ctx, err)
	}
	var ok bool
	if s.Name, ok = store.GroupOf(root.Attrs); !ok {
		return nil, core.Errorf(core.Unsupported, "open store", url, "zagg did not write it: its root has no attribute zagg.group")
	}
	if s.Group, err = root.Group(ctx, s.Name); err != nil {
		return nil, err
	}
	s.root = root
	if all := store.LevelsOf(root.Attrs); len(all) > 1 {
		s.levels = all[1:]
	}
	if s.Made, err = store.OriginOf(s.Group.Attrs); err != nil {
		return nil, core.Errorf(core.Corrupt, "open store", url, "attributes of group %s: %w", s.Name, err)
	}
	return s, nil
}

// lostRoot is the error of a store without a root: one that has records of shards was there, and is damaged.
func (s *Store) lostRoot(ctx context.Context, cause error) error {
	if !core.Is(cause, core.NotFound) {
		return cause
	}
	if labels, err := store.ListRecords(ctx, s.Objects, s.URL); err != nil || len(labels) == 0 {
		return cause
	}
	return core.Errorf(core.Corrupt, "open store", s.URL, "it is damaged: its zarr.json is lost, and there are records of its shards; the same run again makes it anew")
}

// readAddress is the address of a store that is read: it may be behind http and https too.
func readAddress(address string) (string, error) {
	if scheme := objstore.Scheme(address); scheme == "http" || scheme == "https" {
		return strings.TrimRight(address, "/"), nil
	}
	return store.Address(address, "")
}

// damaged is what is wrong with a store whose metadata are too damaged to open it; nil where nothing is known of its set-up, or
// nothing is wrong with what that wrote.
func damaged(ctx context.Context, address string, deep bool) (*Verification, error) {
	url, err := store.Address(address, "")
	if err != nil {
		return nil, err
	}
	plain, err := drivers.Open(ctx, drivers.Environment(), url)
	if err != nil {
		return nil, err
	}
	v := &store.Verifier{Objects: objstore.Retry(plain, objstore.Policy{}), URL: url, Deep: deep}
	faults, err := store.MadeFaults(ctx, v.Objects, url, deep)
	if err != nil || len(faults) == 0 {
		return nil, err
	}
	return &Verification{Verified: &store.Verified{Faults: faults, Unopened: true}, by: v}, nil
}

// recordsAtOnce bounds the records read at once.
const recordsAtOnce = 32

func (s *Store) readRecords(ctx context.Context) error {
	labels, err := store.ListRecords(ctx, s.Objects, s.URL)
	if err != nil {
		return err
	}
	s.Records = make([]*store.Record, len(labels))
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(recordsAtOnce)
	for i, l := range labels {
		g.Go(func() (err error) {
			s.Records[i], err = store.LoadRecord(gctx, s.Objects, s.URL, l)
			return err
		})
	}
	return g.Wait()
}

// block is where a record's shard lies in the arrays.
func (s *Store) block(r *store.Record, shard core.Shard) []int64 {
	if r.Block != nil {
		return []int64{*r.Block}
	}
	return shard.Block
}

// units is an array's attribute of that name.
func units(attrs json.RawMessage) string { return textOf(attrs, "units") }

// textOf is an attribute that is text, without white space around it; "": there is none.
func textOf(attrs json.RawMessage, name string) string {
	var all map[string]json.RawMessage
	var text string
	if json.Unmarshal(attrs, &all) != nil || json.Unmarshal(all[name], &text) != nil {
		return ""
	}
	return strings.TrimSpace(text)
}
