package view

import (
	"bytes"
	"compress/gzip"
	"context"
	"embed"
	"encoding/binary"
	"encoding/json"
	"io/fs"
	"math"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"

	"github.com/englacial/zagg/core"
)

//go:embed page
var files embed.FS

// policy is what the page may do: nothing but ask where it came from.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// A server answers requests about a series.
type server struct {
	series *Series
	names  []string
	page   http.Handler
}

// Handler serves a series. Requests must name, in Host, an address, localhost or one of names: any other site's page that reaches this
// server by a name of its own is refused.
func Handler(series *Series, names ...string) http.Handler {
	page, _ := fs.Sub(files, "page") // which is embedded above
	s := &server{series: series, names: names, page: http.FileServerFS(page)}
	if scene, err := series.scene(""); err == nil {
		go func() { _ = scene.Look(scene.cache.ctx) }() // so that much is known when the page asks; a failure is in the state
	}
	mux := http.NewServeMux()
	for _, at := range []string{"", "/at/{window}"} {
		mux.HandleFunc("GET "+at+"/view.json", s.json(begin))
		mux.HandleFunc("GET "+at+"/state.json", s.json(state))
		mux.HandleFunc("GET "+at+"/shards.json", s.json(func(_ context.Context, scene *scene, _ url.Values) (any, error) { return scene.Shards(), nil }))
		mux.HandleFunc("GET "+at+"/cell.json", s.json(cell))
		mux.HandleFunc("GET "+at+"/tiles/{variable}/{plane}/{z}/{x}/{y}", s.tile)
	}
	mux.HandleFunc("GET /coast.json", s.json(func(context.Context, *scene, url.Values) (any, error) { return coastLines() }))
	mux.Handle("GET /", s.page)
	return s.guard(mux)
}

// guard refuses what no page of ours asks, and says what a page of ours may do.
func (s *server) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cache-Control", "no-cache")
		switch {
		case !s.known(r.Host):
			http.Error(w, "this server does not answer to that name; start zagg view with --host NAME", http.StatusMisdirectedRequest)
		case r.Method != http.MethodGet && r.Method != http.MethodHead:
			h.Set("Allow", "GET, HEAD")
			http.Error(w, "this server is read only", http.StatusMethodNotAllowed)
		case len(r.URL.RequestURI()) > longestRequest:
			http.Error(w, "too long", http.StatusRequestURITooLong)
		default:
			next.ServeHTTP(w, r)
		}
	})
}

// longestRequest is the longest path with a query, in bytes.
const longestRequest = 2048

// known reports whether a Host is an address, or a name that was given: only names can be made to lead elsewhere.
func (s *server) known(host string) bool {
	name := host
	if h, _, err := net.SplitHostPort(host); err == nil {
		name = h
	}
	name = strings.TrimSuffix(strings.TrimPrefix(name, "["), "]")
	if _, err := netip.ParseAddr(name); err == nil || strings.EqualFold(name, "localhost") {
		return true
	}
	for _, n := range s.names {
		if strings.EqualFold(n, name) {
			return true
		}
	}
	return false
}

// json answers with what a function gives of a scene.
func (s *server) json(answer func(context.Context, *scene, url.Values) (any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		scene, err := s.series.scene(r.PathValue("window"))
		if err != nil {
			s.fail(w, err)
			return
		}
		v, err := answer(r.Context(), scene, r.URL.Query())
		if err != nil {
			s.fail(w, err)
			return
		}
		body, err := json.Marshal(v)
		if err != nil {
			s.fail(w, core.Errorf(core.Internal, "view", "", "%w", err))
			return
		}
		w.Header().Set("Content-Type", "application/json")
		if len(body) > 1<<14 && strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
			w.Header().Set("Content-Encoding", "gzip")
			body = squeeze(body)
		}
		_, _ = w.Write(body) // a client that has gone needs no answer
	}
}

func (s *server) fail(w http.ResponseWriter, err error) {
	status := http.StatusInternalServerError
	switch core.CodeOf(err) {
	case core.NotFound:
		status = http.StatusNotFound
	case core.Invalid:
		status = http.StatusBadRequest
	case core.Unavailable:
		status = http.StatusServiceUnavailable
	}
	http.Error(w, err.Error(), status)
}

// begin is the page's first answer, which waits a moment for shards to be known.
func begin(ctx context.Context, s *scene, _ url.Values) (any, error) {
	go func() { _ = s.Look(s.cache.ctx) }() // a failure is in the state
	s.Settle(ctx)
	return s.Page(ctx)
}

// state looks for new records first, which goes on when who asked has gone.
func state(_ context.Context, s *scene, _ url.Values) (any, error) {
	go func() { _ = s.Look(s.cache.ctx) }() // a failure is in the state
	return s.State(), nil
}

func cell(ctx context.Context, s *scene, q url.Values) (any, error) {
	lon, errX := strconv.ParseFloat(q.Get("lon"), 64)
	lat, errY := strconv.ParseFloat(q.Get("lat"), 64)
	if errX != nil || errY != nil {
		return nil, core.Errorf(core.Invalid, "cell", "", "want lon and lat")
	}
	return s.At(ctx, lon, lat)
}

func (s *server) tile(w http.ResponseWriter, r *http.Request) {
	var n [4]int
	for i, name := range []string{"variable", "z", "x", "y"} {
		var err error
		if n[i], err = strconv.Atoi(strings.TrimSuffix(r.PathValue(name), ".bin")); err != nil {
			http.NotFound(w, r)
			return
		}
	}
	scene, err := s.series.scene(r.PathValue("window"))
	if err != nil {
		s.fail(w, err)
		return
	}
	t, err := scene.tile(r.Context(), n[0], address{r.PathValue("plane"), n[1], n[2], n[3]})
	if err != nil {
		s.fail(w, err)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "application/octet-stream")
	h.Set("X-Zagg-Pending", strconv.Itoa(t.Pending))
	if t.TooMany > 0 {
		h.Set("X-Zagg-Too-Many", strconv.FormatInt(t.TooMany, 10))
	}
	if t.Failed != nil {
		h.Set("X-Zagg-Failed", url.PathEscape(shown(t.Failed.Error())))
	}
	if t.Values != nil {
		_, _ = w.Write(t.Encode())
	}
}

// Encode is a tile as it is sent and written: gzip of little-endian float32.
func (t *tile) Encode() []byte {
	raw := make([]byte, 4*len(t.Values))
	for i, v := range t.Values {
		binary.LittleEndian.PutUint32(raw[4*i:], math.Float32bits(v))
	}
	return squeeze(raw)
}

func squeeze(data []byte) []byte {
	var b bytes.Buffer
	z, _ := gzip.NewWriterLevel(&b, gzip.BestSpeed) // the level is one of its own
	_, _ = z.Write(data)                            // a buffer takes all
	_ = z.Close()
	return b.Bytes()
}
