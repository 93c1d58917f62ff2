package ranged

import (
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/englacial/zagg/core"
)

// A State is the version of an object that answers are of. Changed is the error, of code core.Invalid, of answers that are of
// different versions, or of another than that with the ETag Want, which may be empty.
type State struct {
	Want    string
	Changed error

	mu       sync.Mutex
	etag     string
	size     int64 // -1: not known
	modified time.Time
	seen     bool
}

// Info is what the answers said: the zero value where there was none.
func (s *State) Info(url string) core.ObjectInfo {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.seen {
		return core.ObjectInfo{}
	}
	return core.ObjectInfo{URL: url, ETag: s.etag, Size: max(s.size, 0), Modified: s.modified}
}

// is holds the head of an answer against those before; size is the object's, -1 where it is not told.
func (o *Object) is(resp *http.Response, size int64) error {
	s := o.State
	if s == nil {
		return nil
	}
	etag := resp.Header.Get("ETag")
	if strings.HasPrefix(etag, "W/") {
		etag = ""
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.seen {
		s.seen, s.etag, s.size = true, etag, size
		s.modified, _ = time.Parse(http.TimeFormat, resp.Header.Get("Last-Modified"))
	}
	differ := etag != s.etag && etag != "" && s.etag != "" || size != s.size && size >= 0 && s.size >= 0
	if differ || s.Want != "" && etag != "" && etag != s.Want {
		return core.Errorf(core.Invalid, o.Op, o.URL, "%w", s.Changed)
	}
	return nil
}
