package host

// Versions of granules: reading one version of each, and noticing that a file was replaced.

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/objstore"
	"github.com/englacial/zagg/internal/budget"
	"github.com/englacial/zagg/internal/job"
	"github.com/englacial/zagg/internal/store"
)

// VersionChecks finds granules that have changed since a record was written. Each granule is checked once. It is safe
// for concurrent use; mu guards of and others.
type VersionChecks struct {
	reader core.ObjectReader
	mu     sync.Mutex
	of     map[string]*look
	others map[string]bool // addresses of files that were replaced since a shard was made of them
	failed atomic.Int64
}

// A look is one granule's state now, looked up once.
type look struct {
	once sync.Once
	info core.ObjectInfo
	ok   bool
}

// NewVersionChecks checks granules through r.
func NewVersionChecks(r core.ObjectReader) *VersionChecks {
	return &VersionChecks{reader: r, of: map[string]*look{}, others: map[string]bool{}}
}

// at is the state of a granule now; false if it cannot be seen.
func (l *VersionChecks) at(ctx context.Context, url string) (core.ObjectInfo, bool) {
	l.mu.Lock()
	one := l.of[url]
	if one == nil {
		one = &look{}
		l.of[url] = one
	}
	l.mu.Unlock()
	one.once.Do(func() {
		info, err := l.reader.Stat(ctx, url)
		if one.info, one.ok = info, err == nil; err != nil {
			l.failed.Add(1)
		}
	})
	return one.info, one.ok
}

// Failed is the number of granules that could not be checked; they count as unchanged.
func (l *VersionChecks) Failed() int64 { return l.failed.Load() }

// Replaced returns the sorted addresses of files that differ from those that a shard was computed from.
func (l *VersionChecks) Replaced() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Sorted(maps.Keys(l.others))
}

// replaced reports whether one of some granules, or of the files beside them, is no longer the file that the record
// was made from.
func (l *VersionChecks) replaced(ctx context.Context, r *store.Record, granules []core.Granule) bool {
	if l == nil {
		return false
	}
	files := make(map[string]map[string]string, len(granules))
	for _, g := range granules {
		files[g.ID] = g.Assets
	}
	for i := range r.Versions {
		v := &r.Versions[i]
		url, ok := files[v.ID][cmp.Or(v.File, granuleFile)]
		if !ok {
			continue
		}
		if now, ok := l.at(ctx, url); ok && !v.Is(url, now) {
			l.mu.Lock()
			l.others[job.PlainAddress(url)] = true
			l.mu.Unlock()
			return true
		}
	}
	return false
}

// Names of assets of a granule: the file itself, and its index. Whether an index fits the granule is for the reader
// to decide.
const (
	granuleFile = "data"
	indexFile   = "index"
)

// pinVersions makes all works read one version of each granule: the version by which their shards were found, if it
// is known.
func (p *processing) pinVersions(jobs []*job.Job) {
	var urls []string
	for i := range jobs {
		for _, g := range jobs[i].Granules {
			for _, url := range g.Assets {
				urls = append(urls, url)
			}
		}
	}
	if len(urls) == 0 {
		return
	}
	p.steady, p.expected = objstore.NewSteady(p.stores.Source, urls...), map[string]bool{}
	for i := range jobs {
		for _, g := range jobs[i].Granules {
			if g.Found.ETag != "" || g.Found.Size > 0 {
				p.expected[g.URL()] = true
				p.steady.Know(g.URL(), g.Found)
			}
		}
	}
	p.stores.Source = p.steady
}

// changed is the error of a granule that was replaced while it was read, or since its shards were found. The next
// read of it begins with the version that is there then.
func (p *processing) changed(ctx context.Context, g core.Granule) error {
	for _, url := range g.Assets {
		if p.steady.Unseen(url) { // nothing was wanted of it; whether it is as was noted one byte tells
			if _, err := p.source.ReadRanges(ctx, url, []core.Range{{Length: 1}}); err != nil && !p.steady.Changed(url) {
				return err
			}
		}
		if p.expected[url] && p.steady.Changed(url) {
			return core.Errorf(core.Corrupt, "", "", "it was replaced since its shards were found: run again")
		}
	}
	return Changed(p.steady, p.stores.Cache, p.stores.Budget, g)
}

// Changed returns the error of a granule that was replaced while it was read through s. It also drops everything cached for it, so
// that the next read starts with the current version. cache may be nil.
func Changed(s *objstore.Steady, cache *objstore.Cache, b *budget.Budget, g core.Granule) error {
	var err error
	for _, url := range g.Assets {
		if s == nil || !s.Changed(url) {
			continue
		}
		s.Forget(url)
		if cache != nil {
			b.Let(cache.Drop(url))
		}
		err = core.Errorf(core.Corrupt, "", "", "%w, more than once", objstore.ErrChanged)
	}
	return err
}

// versions are the versions of a shard's granules that were read, each with those of the files beside it.
func (p *processing) versions(granules []core.Granule, missing []string) []store.Version {
	left := map[string]bool{}
	for _, id := range missing {
		left[id] = true
	}
	var all []store.Version
	for _, g := range granules {
		if p.steady == nil || left[g.ID] {
			continue
		}
		add := func(name, file string) {
			url := g.Assets[name]
			if state, ok := p.steady.State(url); ok {
				all = append(all, store.Version{ID: g.ID, File: file, Address: job.PlainAddress(url), ETag: state.ETag, Size: state.Size})
			}
		}
		add(granuleFile, "")
		for _, name := range slices.Sorted(maps.Keys(g.Assets)) {
			if name != granuleFile && name != indexFile {
				add(name, name)
			}
		}
	}
	return all
}
