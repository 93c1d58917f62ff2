package cmr

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/catalog"
	"github.com/englacial/zagg/internal/catalog/geometry"
	"github.com/englacial/zagg/internal/catalog/web"
)

// Options say how to ask. The zero value asks NASA.
type Options struct {
	URL    string // "https://cmr.earthdata.nasa.gov"
	Client *web.Client
	Rules  catalog.Rules
	// Token is asked for a bearer token of Earthdata Login when a collection is not found without one. nil: none.
	Token func(context.Context) (string, error)
	// Anywhere takes granules without a footprint to be anywhere on Earth; otherwise they are an error.
	Anywhere bool
	PageSize int // 2000, the most that CMR gives
	// Progress is told after each page how many granules have come, and of how many.
	Progress func(done, total int)
}

// defaultURL is NASA's.
const defaultURL = "https://cmr.earthdata.nasa.gov"

// A Source searches CMR. Safe for concurrent use.
type Source struct {
	options Options
	client  *web.Client
	mu      sync.Mutex
	auth    http.Header // once a token was needed
}

var _ catalog.Source = (*Source)(nil)

// New makes a Source; it sends no request.
func New(o Options) *Source {
	o.URL = strings.TrimRight(cmp.Or(o.URL, defaultURL), "/")
	if o.PageSize <= 0 || o.PageSize > 2000 {
		o.PageSize = 2000
	}
	s := &Source{options: o, client: o.Client}
	if s.client == nil {
		s.client = &web.Client{}
	}
	return s
}

// Granules searches for the granules of the one collection that the query means, oldest first.
func (s *Source) Granules(ctx context.Context, q catalog.Query, visit func(*catalog.Entry) error) (catalog.Meta, error) {
	meta := q.Meta("CMR", nil)
	c, err := s.find(ctx, q)
	if err != nil {
		return meta, err
	}
	v, box, err := parameters(c, q)
	if err != nil {
		return meta, err
	}
	meta = q.Meta("CMR", box)
	meta.Provider, meta.Collection, meta.ShortName, meta.Version = c.Provider, c.ID, c.ShortName, c.Version
	meta.PreserveThumbnails = s.options.Rules.Thumbnails
	v.Set("page_size", strconv.Itoa(s.options.PageSize))
	r := &run{
		source: s, values: v, visit: visit, seen: map[string]bool{}, files: map[string]catalog.Address{},
		decode: decoder{collection: c, rules: s.options.Rules, anywhere: s.options.Anywhere, namer: catalog.NewNamer()},
	}
	err = r.pages(ctx)
	meta.TotalGranules = len(r.files)
	return meta, err
}

// find looks for the collection, again with a token if there is none without.
func (s *Source) find(ctx context.Context, q catalog.Query) (*Collection, error) {
	c, err := s.Collection(ctx, q)
	if !core.Is(err, core.NotFound) || s.options.Token == nil || s.header() != nil {
		return c, err
	}
	token, tokenErr := s.options.Token(ctx)
	if tokenErr != nil || token == "" {
		return c, err
	}
	s.mu.Lock()
	s.auth = http.Header{"Authorization": {"Bearer " + token}}
	s.mu.Unlock()
	return s.Collection(ctx, q)
}

func (s *Source) header() http.Header {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.auth
}

// parameters of a granule search, and the box of its area as a catalog notes it.
func parameters(c *Collection, q catalog.Query) (url.Values, []float64, error) {
	v := url.Values{"collection_concept_id": {c.ID}, "sort_key": {"start_date"}}
	if !q.Start.IsZero() || !q.End.IsZero() {
		if !q.Start.IsZero() && !q.End.IsZero() && q.End.Before(q.Start) {
			return nil, nil, core.Errorf(core.Invalid, "cmr", "", "the time ends at %s, before it begins at %s", timeText(q.End), timeText(q.Start))
		}
		v.Set("temporal", timeText(q.Start)+","+timeText(q.End))
	}
	if len(q.Region.Polygons) == 0 {
		return v, nil, nil
	}
	a, err := areaOf(q.Region, c.Planar)
	if err != nil {
		return nil, nil, err
	}
	if !c.NoSpatial {
		a.set(v)
	}
	box := geometry.Bounds(q.Region.Polygons)
	return v, box[:], nil
}

func timeText(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02T15:04:05.000Z")
}

// longestURL is where a query goes into the body of a POST instead.
const longestURL = 1500

const searchAfter = "CMR-Search-After"

// search asks for one page in UMM JSON; after continues where an answer's header says.
func (s *Source) search(ctx context.Context, what string, v url.Values, after string, to any) (http.Header, error) {
	r := web.Request{URL: s.options.URL + "/search/" + what + ".umm_json", Header: http.Header{"Accept": {"application/vnd.nasa.cmr.umm_results+json, application/json"}}}
	for k, h := range s.header() {
		r.Header[k] = h
	}
	if after != "" {
		r.Header.Set(searchAfter, after)
	}
	if query := v.Encode(); len(query) <= longestURL {
		r.URL += "?" + query
	} else {
		r.Body, r.Type = []byte(query), "application/x-www-form-urlencoded"
	}
	answer, err := s.client.JSON(ctx, r, to)
	if err != nil {
		if core.Is(err, core.Denied) && r.Header.Get("Authorization") != "" {
			err = core.Errorf(core.Denied, "", "", "%w; CMR refuses the token of Earthdata Login: has it expired?", err)
		}
		return nil, err
	}
	return answer.Header, nil
}

// A run is one search on its way through the pages.
type run struct {
	source *Source
	values url.Values
	decode decoder
	visit  func(*catalog.Entry) error
	seen   map[string]bool            // concept ids: a granule that changes meanwhile can come again
	files  map[string]catalog.Address // by granule id
	hits   int
}

func (r *run) pages(ctx context.Context) error {
	after := ""
	for {
		var p page
		header, err := r.source.search(ctx, "granules", r.values, after, &p)
		if err != nil {
			return err
		}
		if err := r.count(&p, header); err != nil {
			return err
		}
		for _, raw := range p.Items {
			if err := ctx.Err(); err != nil {
				return err
			}
			if err := r.granule(raw); err != nil {
				return err
			}
		}
		if r.source.options.Progress != nil {
			r.source.options.Progress(len(r.seen), r.hits)
		}
		next := header.Get(searchAfter)
		if next == "" || len(p.Items) == 0 {
			return r.complete()
		}
		if next == after {
			return core.Errorf(core.Corrupt, "cmr", r.decode.collection.ID, "CMR repeats a page after %d of %d granules", len(r.seen), r.hits)
		}
		after = next
	}
}

// count takes what CMR says of how many granules there are.
func (r *run) count(p *page, header http.Header) error {
	text := header.Get("CMR-Hits")
	if text == "" && p.Hits != nil {
		text = strconv.Itoa(*p.Hits)
	}
	hits, err := strconv.Atoi(text)
	if err != nil || hits < 0 {
		return core.Errorf(core.Corrupt, "cmr", r.decode.collection.ID, "the answer does not say how many granules there are (CMR-Hits %.20q), so it cannot be known to be whole", text)
	}
	r.hits = hits
	return nil
}

func (r *run) granule(raw []byte) error {
	g, concept, err := r.decode.granule(raw)
	if err != nil {
		return err
	}
	if r.seen[concept] {
		return nil
	}
	r.seen[concept] = true
	switch other, ok := r.files[g.ID]; {
	case ok && other == g.Data:
		return nil // catalogued twice
	case ok:
		return core.Errorf(core.Corrupt, "cmr", g.ID, "two files of this name are catalogued, %s and %s; their observations could count twice", other.Any(), g.Data.Any())
	}
	r.files[g.ID] = g.Data
	return r.visit(g)
}

// complete compares what came with what there is.
func (r *run) complete() error {
	if len(r.seen) < r.hits {
		return core.Errorf(core.Unavailable, "cmr", r.decode.collection.ID, "CMR has %d granules and gave %d; search again", r.hits, len(r.seen))
	}
	return nil
}
