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
	state   core.ObjectInfo
	changed bool
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

// Stat is the state of the version that is known, or gets to know it.
func (s *Steady) Stat(ctx context.Context, url string) (core.ObjectInfo, error) {
	info, err := s.reader.Stat(ctx, url)
	if err == nil && !s.free(url) && !s.object(url).is(info) {
		return core.ObjectInfo{}, s.object(url).replaced(url)
	}
	return info, err
}

// State is the version of an object that was read; false if none was, or the service does not tell.
func (s *Steady) State(url string) (core.ObjectInfo, bool) { return s.object(url).get() }

// Expect says which version of an object is to be read.
func (s *Steady) Expect(url string, state core.ObjectInfo) { s.object(url).is(state) }

// Changed reports whether an object was found to be another than the one that was read first.
func (s *Steady) Changed(url string) bool {
	o := s.object(url)
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.changed
}

// Forget lets the next read decide which version of an object is read.
func (s *Steady) Forget(url string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.of, url)
}

func (o *steadyObject) get() (core.ObjectInfo, bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.state, o.known
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
		o.state, o.known = now, true
		return true
	case now.ETag != "" && o.state.ETag != "":
		return now.ETag == o.state.ETag
	}
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
