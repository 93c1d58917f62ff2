package httpstore

import (
	"net/url"
	"sync"
	"time"
)

// Signed addresses hold for ten minutes and more; where one does not, the answer says so and it is forgotten.
const (
	movedFor  = 5 * time.Minute
	mostMoved = 4096
)

// locations are the addresses to which objects' own ones have redirected.
type locations struct {
	mu sync.Mutex
	of map[string]location
}

type location struct {
	url   *url.URL
	until time.Time
}

func (l *locations) get(of string) *url.URL {
	l.mu.Lock()
	defer l.mu.Unlock()
	if at, ok := l.of[of]; ok && time.Now().Before(at.until) {
		return at.url
	}
	return nil
}

func (l *locations) set(of string, u *url.URL) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.of == nil || len(l.of) >= mostMoved {
		l.of = map[string]location{}
	}
	l.of[of] = location{u, time.Now().Add(movedFor)}
}

func (l *locations) forget(of string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.of, of)
}
