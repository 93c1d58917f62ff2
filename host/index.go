package host

// Sidecar indexes beside granules: where they are, making them, and writing missing ones back during a run.

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"sync"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/objstore"
	"github.com/englacial/zagg/internal/job"
	"github.com/englacial/zagg/internal/zarr"
)

// IndexSuffix is the extension of sidecar indexes: "<granule>.zidx" in data_source.index.store.
const IndexSuffix = ".zidx"

// IndexURL is the address of a granule's sidecar index in a folder or prefix. If the granule's ID is an address, the name of the
// index contains a part of its SHA-256, because another granule may have the same file name.
func IndexURL(store, id string) string { return sidecarURL(store, id, IndexSuffix) }

func sidecarURL(store, id, suffix string) string {
	name := job.BareName(id)
	if name != id {
		sum := sha256.Sum256([]byte(id))
		name += "-" + hex.EncodeToString(sum[:8])
	}
	return zarr.Join(store, name+suffix)
}

// WithIndex adds the address of its sidecar index to a granule, if the configuration names a store of indexes.
func (r *Recipe) WithIndex(g core.Granule) core.Granule {
	if store := r.Config.DataSource.Index.Store; store != "" && g.Assets["index"] == "" {
		assets := map[string]string{"index": IndexURL(store, g.ID)}
		for k, v := range g.Assets {
			assets[k] = v
		}
		g.Assets = assets
	}
	return g
}

// Index builds the sidecar index of a granule for this recipe; Unsupported if the reader cannot.
func (r *Recipe) Index(ctx context.Context, src core.ObjectReader, g core.Granule) ([]byte, error) {
	indexer, ok := r.Reader.(core.Indexer)
	if !ok {
		return nil, core.Errorf(core.Unsupported, "index", g.ID, "reader %s makes no indexes", r.Config.DataSource.Reader)
	}
	return indexer.Index(ctx, src, g, core.Query{Columns: r.pipeline.Columns, Filters: r.pipeline.Filters})
}

// An IndexStore writes missing sidecar indexes. Within a process each is built once per address, for any number of
// shards. mu guards made.
type IndexStore struct {
	Store core.ObjectStore

	mu   sync.Mutex
	made map[string]bool
}

// claim reports whether the caller is the first to make a sidecar, which it must then do or release.
func (s *IndexStore) claim(url string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.made[url] {
		return false
	}
	if s.made == nil {
		s.made = map[string]bool{}
	}
	s.made[url] = true
	return true
}

// release lets another try to make a sidecar.
func (s *IndexStore) release(url string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.made, url)
}

// writeBack writes the sidecars that were missing or did not fit, if the configuration says so: indexes of the
// granules unindexed, and indexes of cells of the granules unlocated.
func (r *Recipe) writeBack(ctx context.Context, to *IndexStore, src core.ObjectReader, granules []core.Granule, unindexed, unlocated []string) error {
	if to == nil || !r.Config.DataSource.Index.WriteBack {
		return nil
	}
	for _, g := range granules {
		if slices.Contains(unindexed, g.ID) {
			if err := to.put(ctx, g.Assets["index"], func() ([]byte, error) { return r.Index(ctx, src, g) }); err != nil {
				return err
			}
		}
		if slices.Contains(unlocated, g.ID) {
			if err := to.put(ctx, r.CellsURL(g), func() ([]byte, error) { return r.Cells(ctx, src, g) }); err != nil {
				return err
			}
		}
	}
	return nil
}

// put makes and writes a sidecar, unless another goroutine has.
func (s *IndexStore) put(ctx context.Context, url string, content func() ([]byte, error)) error {
	if !s.claim(url) {
		return nil
	}
	data, err := content()
	if err == nil {
		err = objstore.PutBytes(ctx, objstore.Retry(s.Store, objstore.Policy{}), url, data, core.PutOptions{})
	}
	if err != nil {
		s.release(url)
	}
	return err
}

// IndexFits reports whether a read of a region of the granule would use its sidecar index.
func (r *Recipe) IndexFits(ctx context.Context, src core.ObjectReader, g core.Granule, region core.Region) bool {
	q := core.Query{Region: region, Columns: r.pipeline.Columns, Filters: r.pipeline.Filters}
	stats, err := r.Reader.Read(ctx, src, g, q, func(*core.Batch) error { return nil })
	return err == nil && stats.Index == core.IndexUsed
}
