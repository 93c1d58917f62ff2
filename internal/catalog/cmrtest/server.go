package cmrtest

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/englacial/zagg/internal/catalog"
)

// A Collection is one of the server's.
type Collection struct {
	ID, ShortName, Version, Provider string
	Representation                   string // "GEODETIC", "CARTESIAN", "ORBIT", "NO_SPATIAL"
	Orbit                            string // JSON of OrbitParameters; "": none
	Restricted                       bool   // shown only with the token
}

// A Server is CMR under /search, a STAC API for GET under /stac/{provider} and one for POST under /api, and Earthdata
// Login under /oauth and /api/users. Its Archive is a host of its own. Fields are set before the first request.
type Server struct {
	*httptest.Server
	Archive     *httptest.Server // credentials service, /s3credentials
	Collections []Collection
	Granules    []*catalog.Entry  // with the Collection's ID
	Items       map[string]string // UMM-G JSON by granule id, instead of what is made from the granule
	STACItems   map[string]string // the same for STAC items

	HitsOff      int           // added to the number of granules that CMR says there are
	Token        string        // that Earthdata Login takes
	User, Pass   string        // that it takes
	NoBearer     bool          // the archive takes no tokens itself
	Unapproved   bool          // Earthdata Login answers with a page
	Lifetime     time.Duration // of keys; 1 h
	Expiration   string        // of keys as it is written, instead of Lifetime's
	PageSize     int           // most items of a page, whatever is asked; 0: no limit
	MergeBody    bool          // the POST API's next link has merge: true and only the token
	RepeatCursor bool          // CMR gives the same CMR-Search-After for ever

	faults faults
	mu     sync.Mutex
	log    []Request
	keys   int
}

// A Request is one that came.
type Request struct {
	Host, Method, Path, Query, Body string
	Header                          http.Header
}

// New starts a server that is closed when the test ends.
func New(t testing.TB) *Server {
	s := &Server{Token: "good-token", User: "user", Pass: "p:ss word", Lifetime: time.Hour}
	s.Server = httptest.NewServer(s.wrap(s.routes()))
	archive := http.NewServeMux()
	archive.HandleFunc("/s3credentials", s.credentials)
	archive.HandleFunc("/login", s.archiveLogin)
	s.Archive = httptest.NewServer(s.wrap(archive))
	t.Cleanup(s.Server.Close)
	t.Cleanup(s.Archive.Close)
	return s
}

func (s *Server) routes() http.Handler {
	m := http.NewServeMux()
	m.HandleFunc("/search/collections.umm_json", s.collections)
	m.HandleFunc("/search/granules.umm_json", s.granules)
	m.HandleFunc("GET /stac/{provider}/search", s.stacGet)
	m.HandleFunc("POST /api/search", s.stacPost)
	m.HandleFunc("GET /oauth/authorize", s.authorize)
	m.HandleFunc("POST /api/users/find_or_create_token", s.makeToken)
	return m
}

// wrap notes requests and lets faults happen.
func (s *Server) wrap(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body := readBody(r)
		s.mu.Lock()
		s.log = append(s.log, Request{r.Host, r.Method, r.URL.Path, r.URL.RawQuery, body, r.Header.Clone()})
		s.mu.Unlock()
		if f := s.faults.next(r.URL.Path); f != nil {
			f(w, r, h)
			return
		}
		h.ServeHTTP(w, r)
	})
}

// Requests are those that came, whose path contains path.
func (s *Server) Requests(path string) []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(s.log), func(r Request) bool { return !strings.Contains(r.Path, path) })
}

func (s *Server) pageSize(asked, otherwise int) int {
	if asked <= 0 {
		asked = otherwise
	}
	if s.PageSize > 0 {
		asked = min(asked, s.PageSize)
	}
	return asked
}

func writeJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v) // the client may have gone
}

func refuse(w http.ResponseWriter, code int, text string) {
	w.WriteHeader(code)
	writeJSON(w, map[string]any{"errors": []string{text}})
}
