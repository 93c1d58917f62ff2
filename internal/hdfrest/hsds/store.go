package hsds

// The storage of HSDS in buckets: which domains there are, and remembering of metadata that was read.

import (
	"context"
	"math"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/objstore"
	"github.com/englacial/zagg/internal/hdfrest"
)

// A Source is where objects are stored.
type Source interface {
	core.ObjectStore
	// Folder visits what is directly under a prefix that is empty or ends in "/", in the order of URLs and after a URL
	// ("": all): objects, and prefixes that end in "/".
	Folder(ctx context.Context, prefix, after string, visit func(core.ObjectInfo) error) error
}

// A Bucket is a Source under a name.
type Bucket struct {
	Name   string
	Source Source
	Base   string // URL of the key "": what is before every key
	// Allowed are the folders and domains that may be served, as paths; none: all. "/a" allows "/a" and "/a/b", not "/ab".
	// The objects of a domain are elsewhere, and served with it.
	Allowed []string
}

func (b *Bucket) url(key string) string { return b.Base + key }

func (b *Bucket) allows(p string) bool {
	return len(b.Allowed) == 0 || slices.ContainsFunc(b.Allowed, func(a string) bool {
		return a == "/" || p == a || strings.HasPrefix(p, a+"/")
	})
}

// Options are a Store's options. Zero fields have the defaults given.
type Options struct {
	// Bucket gives the bucket of a name; NotFound where it may not be used.
	Bucket      func(ctx context.Context, name string) (*Bucket, error)
	ValueBytes  int64 // of one read; 1 GiB
	ChunkBytes  int64 // of chunks in memory at once, by their sizes; 512 MiB. A chunk is at most that long
	CacheBytes  int64 // of metadata that is remembered, and checked before each use; 32 MiB
	Concurrency int   // requests to a Source at once, of one read; 64
	Write       bool  // domains may be made, changed and removed
	// Unconditional also writes to a bucket that does not keep the conditions of Puts. Changes at the same time are lost then.
	Unconditional bool
	// Lease is how long others wait for a change of several objects whose maker gives no more signs of being at work, before
	// they make it in his place; 5 s.
	Lease time.Duration
	Retry objstore.Policy
	Usage *objstore.Counter // counts the requests to sources; may be nil
}

// A Store is a hdfrest.Keeper over buckets in HSDS's format. It is safe for concurrent use; mu guards the fields
// below it.
type Store struct {
	options Options

	mu    sync.Mutex
	known map[string]remembered
	bytes int64
	// probed buckets keep the conditions of Puts.
	probed map[string]bool
}

var _ hdfrest.Keeper = (*Store)(nil)

// A remembered is an object of metadata that was read, decoded.
type remembered struct {
	etag string
	size int64
	meta any
}

// New makes a store.
func New(o Options) *Store {
	def(&o.ValueBytes, 1<<30)
	def(&o.ChunkBytes, 512<<20)
	def(&o.CacheBytes, 32<<20)
	def(&o.Concurrency, 64)
	def(&o.Lease, 5*time.Second)
	if o.Usage == nil {
		o.Usage = &objstore.Counter{}
	}
	return &Store{options: o, known: map[string]remembered{}, probed: map[string]bool{}}
}

func def[T int | int64 | time.Duration](v *T, d T) {
	if *v <= 0 {
		*v = d
	}
}

// over is a source as it is used here: its requests are counted and repeated.
func (s *Store) over(src Source) core.ObjectStore {
	return objstore.Retry(objstore.Meter(src, s.options.Usage), s.options.Retry)
}

// A version is an object of metadata as it was read.
type version[T any] struct {
	url, etag string
	meta      T
	made      bool // what was pending is in meta
}

// read returns an object of metadata, decoded: the remembered one if it has not changed, which costs one request
// either way.
func read[T any](ctx context.Context, s *Store, src core.ObjectReader, url string, parse func([]byte) (T, error)) (version[T], error) {
	s.mu.Lock()
	old := s.known[url]
	s.mu.Unlock()
	if _, ok := old.meta.(T); !ok {
		old = remembered{}
	}
	data, info, err := objstore.Get(ctx, src, url, old.etag, maxMeta)
	v := version[T]{url: url}
	if old.meta != nil && isUnchanged(err) {
		v.etag, v.meta = old.etag, old.meta.(T)
		return v, nil
	}
	if err != nil {
		return v, err
	}
	m, err := parse(data)
	if err != nil {
		return v, core.Errorf(core.Corrupt, "hsds", url, "%w", err)
	}
	s.remember(url, remembered{info.ETag, int64(len(data)), m})
	v.etag, v.meta = info.ETag, m
	return v, nil
}

// remember keeps an object; if there is no room left, all others are forgotten.
func (s *Store) remember(url string, r remembered) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.bytes += r.size - s.known[url].size
	if s.bytes > s.options.CacheBytes {
		clear(s.known)
		if s.bytes = r.size; r.size > s.options.CacheBytes {
			s.bytes = 0
			return
		}
	}
	s.known[url] = r
}

// One is Options.Bucket for a single bucket whose keys are below a base URL.
func One(name string, source Source, base string) func(context.Context, string) (*Bucket, error) {
	b := &Bucket{Name: name, Source: source, Base: base}
	return func(_ context.Context, want string) (*Bucket, error) {
		if want != name {
			return nil, core.Errorf(core.NotFound, "hsds", want, "there is no such bucket here")
		}
		return b, nil
	}
}

func errNone(n hdfrest.Name) error {
	return core.Errorf(core.NotFound, "hsds", n.Bucket+n.Path, "there is no such domain, or it may not be used here")
}

// at finds the bucket of a name that may be used here; NotFound for other names.
func (s *Store) at(ctx context.Context, n hdfrest.Name) (*Bucket, error) {
	b, err := s.options.Bucket(ctx, n.Bucket)
	if err != nil {
		return nil, err
	}
	if !b.allows(n.Path) {
		return nil, errNone(n)
	}
	return b, nil
}

// meta reads the .domain.json of a name.
func (s *Store) meta(ctx context.Context, b *Bucket, n hdfrest.Name) (version[*domainMeta], error) {
	return read(ctx, s, s.over(b.Source), b.url(domainKey(n.Path)), parseDomain)
}

// lookUp finds a domain or folder: its bucket and its metadata.
func (s *Store) lookUp(ctx context.Context, n hdfrest.Name) (*Bucket, version[*domainMeta], error) {
	b, err := s.at(ctx, n)
	if err != nil {
		return nil, version[*domainMeta]{}, err
	}
	v, err := s.meta(ctx, b, n)
	return b, v, err
}

// Open opens a domain with one request.
func (s *Store) Open(ctx context.Context, n hdfrest.Name) (hdfrest.Domain, error) {
	b, v, err := s.lookUp(ctx, n)
	if err != nil {
		return nil, err
	}
	if v.meta.folder {
		return nil, core.Errorf(core.NotFound, "hsds", n.Path, "is a folder")
	}
	d := s.domain(b, n, v)
	if s.options.Write && !v.meta.root.Old {
		return &writer{d}, nil
	}
	return d, nil
}

func timeOf(seconds float64) time.Time {
	whole, part := math.Modf(seconds)
	return time.Unix(int64(whole), int64(part*1e9))
}

func entryOf(n hdfrest.Name, m *domainMeta) hdfrest.Entry {
	return hdfrest.Entry{Name: n, Folder: m.folder, Root: m.root, Created: timeOf(m.created), Modified: timeOf(m.modified), Owner: m.owner, ACLs: m.list()}
}

// list is the rights of all users; never nil.
func (m *domainMeta) list() []hdfrest.ACL {
	out := []hdfrest.ACL{}
	for _, a := range m.acls {
		out = append(out, hdfrest.ACL{User: a.user, Rights: a.rights, Given: a.given})
	}
	return out
}

// Describe reads the metadata of a domain or folder.
func (s *Store) Describe(ctx context.Context, n hdfrest.Name) (hdfrest.Entry, error) {
	_, v, err := s.lookUp(ctx, n)
	if err != nil {
		return hdfrest.Entry{}, err
	}
	return entryOf(n, v.meta), nil
}

// folderBatch is how many entries of a folder are read at once.
const folderBatch = 64

// Folder visits the domains and folders in a folder: prefixes that have a .domain.json.
func (s *Store) Folder(ctx context.Context, n hdfrest.Name, after string, visit func(hdfrest.Entry) error) error {
	b, err := s.options.Bucket(ctx, n.Bucket)
	if err != nil {
		return err
	}
	prefix := b.url(strings.TrimPrefix(strings.TrimSuffix(n.Path, "/")+"/", "/"))
	if after != "" {
		after = b.url(strings.TrimPrefix(after, "/")) + "/"
	}
	any := false
	var batch []hdfrest.Name
	flush := func() error {
		shown, err := s.describeAll(ctx, b, batch)
		batch = batch[:0]
		for _, e := range shown {
			any = true
			if err := visit(e); err != nil {
				return err
			}
		}
		return err
	}
	var stop error
	err = s.options.Retry.Do(ctx, func() error {
		if stop != nil {
			return nil
		}
		return b.Source.Folder(ctx, prefix, after, func(o core.ObjectInfo) error {
			after = o.URL
			p := "/" + strings.TrimSuffix(o.URL[len(b.Base):], "/")
			if !strings.HasSuffix(o.URL, "/") || !b.allows(p) {
				return nil
			}
			if batch = append(batch, hdfrest.Name{Bucket: n.Bucket, Path: p}); len(batch) == folderBatch {
				stop = flush()
			}
			return stop
		})
	})
	if stop == nil && err == nil {
		stop = flush()
	}
	switch {
	case stop != nil:
		return stop
	case err == nil && !any && n.Path != "/" && after == "":
		return errNone(n)
	}
	return err
}

// describeAll reads the metadata of some names, and leaves out those that are neither domain nor folder.
func (s *Store) describeAll(ctx context.Context, b *Bucket, names []hdfrest.Name) ([]hdfrest.Entry, error) {
	all := make([]*hdfrest.Entry, len(names))
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(s.options.Concurrency)
	for i, n := range names {
		g.Go(func() error {
			v, err := s.meta(gctx, b, n)
			if err != nil {
				if code := core.CodeOf(err); code == core.NotFound || code == core.Denied || code == core.Corrupt {
					return nil
				}
				return err
			}
			e := entryOf(n, v.meta)
			all[i] = &e
			return nil
		})
	}
	err := g.Wait()
	var out []hdfrest.Entry
	for _, e := range all {
		if e != nil {
			out = append(out, *e)
		}
	}
	return out, err
}
