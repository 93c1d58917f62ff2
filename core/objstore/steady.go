package objstore

import (
	"context"
	"errors"
	"sync"

	"github.com/englacial/zagg/core"
)

// ErrChanged is in the chain of the error of reading an object that was replaced since it was read first.
var ErrChanged = errors.New("it was replaced while it was read")

// A Steady reads one version of each object: that of the first read, of which every later read is on the condition. Whoever
// reads an object in several calls gets bytes of one version or ErrChanged, never a mixture. What the reader below cannot tell
// the version of is read as it is. A Steady is safe for concurrent use.
type Steady struct {
	reader core.ObjectReader
	states StateReader     // nil: the reader tells no states
	only   map[string]bool // by URL; nil: all

	mu sync.Mutex
	of map[string]*steadyObject
}

type steadyObject struct {
	first   sync.Mutex // held while it is read for the first time
	mu      sync.Mutex
	known   bool
	seen    bool // a read has shown it in the state that is known
	state   core.ObjectInfo
	changed bool
	doubted bool // an earlier state that was known was found to be wrong: what others have noted of it does not count
}

// NewSteady is a Steady over r for some objects, or for all where none is named.
func NewSteady(r core.ObjectReader, urls ...string) *Steady {
	states, _ := r.(StateReader)
	s := &Steady{reader: r, states: states, of: map[string]*steadyObject{}}
	for _, url := range urls {
		if s.only == nil {
			s.only = map[string]bool{}
		}
		s.only[url] = true
	}
	return s
}

// free reports whether an object is read as it is.
func (s *Steady) free(url string) bool { return s.states == nil || s.only != nil && !s.only[url] }

var _ core.ObjectReader = (*Steady)(nil)

func (s *Steady) object(url string) *steadyObject {
	s.mu.Lock()
	defer s.mu.Unlock()
	o := s.of[url]
	if o == nil {
		o = &steadyObject{}
		s.of[url] = o
	}
	return o
}

// ReadRanges reads the version that is known, or gets to know it.
func (s *Steady) ReadRanges(ctx context.Context, url string, ranges []core.Range) ([][]byte, error) {
	if s.free(url) {
		return s.reader.ReadRanges(ctx, url, ranges)
	}
	o := s.object(url)
	o.first.Lock()
	state, known := o.get()
	if known {
		o.first.Unlock()
	} else {
		defer o.first.Unlock()
	}
	data, now, err := s.states.ReadState(ctx, url, state.ETag, ranges)
	if errors.Is(err, ErrPrecondition) || (err == nil || len(data) > 0) && !o.is(now) {
		return nil, o.replaced(url)
	}
	return data, err
}

// Stat is the state of the version that is known, without a request, or gets to know it. When an object was modified it tells only then.
func (s *Steady) Stat(ctx context.Context, url string) (core.ObjectInfo, error) {
	if !s.free(url) && s.object(url).held() {
		state, _ := s.object(url).get()
		return state, nil
	}
	info, err := s.reader.Stat(ctx, url)
	if err == nil && !s.free(url) && !s.object(url).is(info) {
		return core.ObjectInfo{}, s.object(url).replaced(url)
	}
	return info, err
}

// State is the version of an object that was read; false if none was, or the service does not tell.
func (s *Steady) State(url string) (core.ObjectInfo, bool) { return s.object(url).get() }

var _ core.Expecter = (*Steady)(nil)

// Know says which version of an object is to be read, as far as state tells.
func (s *Steady) Know(url string, state core.ObjectInfo) {
	o := s.object(url)
	o.is(state)
	o.mu.Lock()
	defer o.mu.Unlock()
	o.seen = false
}

// Expect says which version of an object is to be read; false if another is known, or if versions cannot be told.
func (s *Steady) Expect(state core.ObjectInfo) bool {
	return !s.free(state.URL) && s.object(state.URL).expect(state)
}

// Unseen reports whether nothing of an object was read yet whose version is known from Know or Expect.
func (s *Steady) Unseen(url string) bool {
	if s.free(url) {
		return false
	}
	o := s.object(url)
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.known && !o.seen
}

// Changed reports whether an object was found to be another than the one that was read first.
func (s *Steady) Changed(url string) bool {
	o := s.object(url)
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.changed
}

// Forget lets the next read decide which version of an object is read, whatever others expect.
func (s *Steady) Forget(url string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.of[url] = &steadyObject{doubted: true}
}

func (o *steadyObject) get() (core.ObjectInfo, bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.state, o.known
}

// held reports whether every read is on the condition of a version that is known.
func (o *steadyObject) held() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.known && o.state.ETag != "" && !o.changed
}

// expect takes a state for the known one where there is none; false if there is another.
func (o *steadyObject) expect(state core.ObjectInfo) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	state.ETag = StrongETag(state.ETag)
	switch {
	case o.doubted || o.changed || state.ETag == "":
		return false
	case !o.known:
		o.state, o.known = state, true
		return true
	}
	return o.state.ETag == state.ETag && o.state.Size == state.Size
}

// is reports whether a state is the known one; the first is.
func (o *steadyObject) is(now core.ObjectInfo) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	now.ETag = StrongETag(now.ETag)
	switch {
	case now.ETag == "" && now.Size <= 0:
		return true // nothing is said of it
	case !o.known:
		o.state, o.known, o.seen = now, true, true
		return true
	case now.ETag != "" && o.state.ETag != "":
		o.seen = now.ETag == o.state.ETag
		return o.seen
	}
	o.seen = o.seen || now.Size == o.state.Size
	return now.Size == o.state.Size
}

func (o *steadyObject) replaced(url string) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.changed = true
	return core.Errorf(core.Corrupt, "", url, "%w", ErrChanged)
}

// StrongETag is an ETag that stands for every byte of an object, "" for any other.
func StrongETag(etag string) string {
	if len(etag) > 1 && etag[0] == 'W' && etag[1] == '/' {
		return ""
	}
	return etag
}
