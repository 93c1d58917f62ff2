package h5files

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/h5"
	"github.com/englacial/zagg/core/objstore"
	"github.com/englacial/zagg/internal/hdfrest"
)

// A Source is where files lie.
type Source interface {
	objstore.VersionReader
	// Folder visits what is directly under a prefix that is empty or ends in "/", in the order of URLs and after a URL
	// ("": all): objects, and prefixes that end in "/".
	Folder(ctx context.Context, prefix, after string, visit func(core.ObjectInfo) error) error
}

// A Bucket is a Source under a name.
type Bucket struct {
	Name   string
	Source Source
	Base   string // URL of "/": what is before the path without its slash
	// Allowed are the folders and files that may be read, as paths; none: all. "/a" allows "/a" and "/a/b", not "/ab".
	Allowed []string
}

// Options are a Store's. Zero fields have the defaults named.
type Options struct {
	// Bucket gives the bucket of a name; NotFound where it may not be read.
	Bucket func(ctx context.Context, name string) (*Bucket, error)
	Files  int        // open files remembered, each with up to H5.CacheBytes of metadata; 8
	H5     h5.Options // of files; WholeFile and CacheBytes default to 8 MiB
	Retry  objstore.Policy
	// Suffixes are the ends of names that listings show as domains, in lower case: what is behind a name is looked at only
	// when it is opened. Default: those of HDF5 and netCDF-4.
	Suffixes []string
	// Usage, if not nil, counts the requests to sources.
	Usage *objstore.Counter
}

// Store is a hdfrest.Store.
type Store struct {
	options Options

	mu    sync.Mutex
	files map[hdfrest.Name]*entry
	clock int64
}

var _ hdfrest.Store = (*Store)(nil)

// An entry is a file that is open or being opened.
type entry struct {
	version string
	used    int64
	ready   chan struct{} // closed when domain or err is there
	domain  *domain
	err     error
}

// New is a store.
func New(o Options) *Store {
	if o.Files <= 0 {
		o.Files = 8
	}
	if o.H5.WholeFile == 0 {
		o.H5.WholeFile = 8 << 20
	}
	if o.H5.CacheBytes == 0 {
		o.H5.CacheBytes = 8 << 20
	}
	if o.Suffixes == nil {
		o.Suffixes = []string{".h5", ".hdf5", ".he5", ".hdf", ".h5p", ".nc", ".nc4", ".cdf", ".netcdf"}
	}
	if o.Usage == nil {
		o.Usage = &objstore.Counter{}
	}
	return &Store{options: o, files: map[hdfrest.Name]*entry{}}
}

// One is Options.Bucket of a single bucket, whose "/" is at a base URL.
func One(name string, source Source, base string) func(context.Context, string) (*Bucket, error) {
	b := &Bucket{Name: name, Source: source, Base: base}
	return func(_ context.Context, want string) (*Bucket, error) {
		if want != name {
			return nil, core.Errorf(core.NotFound, "hdf", want, "there is no such bucket here")
		}
		return b, nil
	}
}

// within reports a path that is a folder or below it.
func within(p, folder string) bool {
	return folder == "/" || p == folder || strings.HasPrefix(p, folder+"/")
}

func (b *Bucket) allows(p string) bool {
	return len(b.Allowed) == 0 || slices.ContainsFunc(b.Allowed, func(a string) bool { return within(p, a) })
}

func (b *Bucket) url(p string) string { return b.Base + strings.TrimPrefix(p, "/") }

// errNone hides whether a name exists that may not be read.
func errNone(n hdfrest.Name) error {
	return core.Errorf(core.NotFound, "hdf", n.Bucket+n.Path, "there is no such file, or it may not be read here")
}

// Open opens the file of a name, or gives the one that is open if the object is still the same: that costs one HEAD.
func (s *Store) Open(ctx context.Context, n hdfrest.Name) (hdfrest.Domain, error) {
	b, err := s.options.Bucket(ctx, n.Bucket)
	if err != nil {
		return nil, err
	}
	if !b.allows(n.Path) || n.Path == "/" {
		return nil, errNone(n)
	}
	url := b.url(n.Path)
	info, err := s.retried(b.Source).Stat(ctx, url)
	if err != nil {
		return nil, err
	}
	info.URL = url
	for {
		e, mine := s.entry(n, info.ETag)
		if mine {
			s.fill(ctx, e, b, n, info)
			return e.domain, e.err
		}
		select {
		case <-e.ready:
		case <-ctx.Done():
			return nil, core.Errorf(core.Unavailable, "hdf", url, "opening: %w", context.Cause(ctx))
		}
		if e.err == nil {
			return e.domain, nil
		}
		if !core.Is(e.err, core.Unavailable) { // it was perhaps only the other's patience that ended
			return nil, e.err
		}
	}
}

// entry is the entry of a version of a file; mine: it is new, and the caller must fill it.
func (s *Store) entry(n hdfrest.Name, version string) (e *entry, mine bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.clock++
	if e = s.files[n]; e != nil && e.version == version {
		e.used = s.clock
		return e, false
	}
	if e == nil && len(s.files) >= s.options.Files {
		s.evict()
	}
	e = &entry{version: version, used: s.clock, ready: make(chan struct{})}
	s.files[n] = e
	return e, true
}

// evict forgets the file that was used longest ago; who reads it goes on. s.mu is held.
func (s *Store) evict() {
	var oldest hdfrest.Name
	var old *entry
	for n, e := range s.files {
		if old == nil || e.used < old.used {
			oldest, old = n, e
		}
	}
	delete(s.files, oldest)
}

// fill opens the file for an entry; one that fails is not remembered.
func (s *Store) fill(ctx context.Context, e *entry, b *Bucket, n hdfrest.Name, info core.ObjectInfo) {
	e.domain, e.err = s.open(ctx, b, n, info)
	if e.err != nil {
		s.mu.Lock()
		if s.files[n] == e {
			delete(s.files, n)
		}
		s.mu.Unlock()
	}
	close(e.ready)
}

func (s *Store) open(ctx context.Context, b *Bucket, n hdfrest.Name, info core.ObjectInfo) (*domain, error) {
	src := replaced{objstore.RetryReader(objstore.MeterReader(objstore.Pin(b.Source, info), s.options.Usage), s.options.Retry)}
	f, err := h5.Open(ctx, src, info.URL, s.options.H5)
	if core.Is(err, core.Corrupt) && err != nil {
		return nil, core.Errorf(core.NotFound, "hdf", info.URL, "is not an HDF5 file: %w", err)
	}
	if err != nil {
		return nil, err
	}
	root, err := f.Root(ctx)
	if err != nil {
		return nil, err
	}
	return newDomain(f, root, n, info), nil
}

func (s *Store) retried(src Source) core.ObjectReader {
	return objstore.RetryReader(objstore.MeterReader(src, s.options.Usage), s.options.Retry)
}

// A replaced source says of an object that is another one now that it is so.
type replaced struct{ core.ObjectReader }

func (r replaced) ReadRanges(ctx context.Context, url string, ranges []core.Range) ([][]byte, error) {
	data, err := r.ObjectReader.ReadRanges(ctx, url, ranges)
	if errors.Is(err, objstore.ErrPrecondition) || core.Is(err, core.NotFound) && err != nil {
		return nil, core.Errorf(core.Unavailable, "hdf", url, "%w: %w", hdfrest.ErrReplaced, err)
	}
	return data, err
}

// Folder lists a folder of a bucket.
func (s *Store) Folder(ctx context.Context, n hdfrest.Name, after string, visit func(hdfrest.Entry) error) error {
	b, err := s.options.Bucket(ctx, n.Bucket)
	if err != nil {
		return err
	}
	if !b.allows(n.Path) {
		return listAllowed(b, n, after, visit)
	}
	prefix := b.url(n.Path)
	if n.Path != "/" {
		prefix += "/"
	}
	if after != "" {
		after = b.url(after)
	}
	any, stop := false, error(nil)
	err = objstore.Policy.Do(s.options.Retry, ctx, func() error {
		if stop != nil {
			return nil
		}
		return b.Source.Folder(ctx, prefix, after, func(o core.ObjectInfo) error {
			after = o.URL // where to go on after a failure
			e, ok := s.listed(b, o)
			if any = any || ok; !ok {
				return nil
			}
			stop = visit(e)
			return stop
		})
	})
	switch {
	case stop != nil:
		return stop
	case err == nil && !any && n.Path != "/" && after == "":
		return errNone(n)
	}
	return err
}

// listed is a listing's entry; false: it is nothing to show.
func (s *Store) listed(b *Bucket, o core.ObjectInfo) (hdfrest.Entry, bool) {
	path := "/" + strings.TrimPrefix(o.URL, b.Base)
	n := hdfrest.Name{Bucket: b.Name, Path: strings.TrimSuffix(path, "/")}
	if strings.HasSuffix(path, "/") {
		return hdfrest.Entry{Name: n, Folder: true, Modified: time.Unix(0, 0)}, true
	}
	lower := strings.ToLower(path)
	if !slices.ContainsFunc(s.options.Suffixes, func(end string) bool { return strings.HasSuffix(lower, end) }) {
		return hdfrest.Entry{}, false
	}
	return hdfrest.Entry{Name: n, Root: hdfrest.RootID(key(n, o.ETag).domain), Size: o.Size, Modified: o.Modified}, true
}

// listAllowed lists a folder that may not be read, but in which are some that may.
func listAllowed(b *Bucket, n hdfrest.Name, after string, visit func(hdfrest.Entry) error) error {
	var names []string
	for _, a := range b.Allowed {
		if within(a, n.Path) {
			rest := strings.TrimPrefix(strings.TrimPrefix(a, n.Path), "/")
			first, _, _ := strings.Cut(rest, "/")
			names = append(names, strings.TrimSuffix(n.Path, "/")+"/"+first)
		}
	}
	if len(names) == 0 {
		return errNone(n)
	}
	slices.Sort(names)
	for _, p := range slices.Compact(names) {
		if p <= after {
			continue
		}
		if err := visit(hdfrest.Entry{Name: hdfrest.Name{Bucket: b.Name, Path: p}, Folder: true, Modified: time.Unix(0, 0)}); err != nil {
			return err
		}
	}
	return nil
}
