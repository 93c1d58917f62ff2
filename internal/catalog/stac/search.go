package stac

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/sphere"
	"github.com/englacial/zagg/internal/catalog"
	"github.com/englacial/zagg/internal/catalog/geometry"
	"github.com/englacial/zagg/internal/catalog/web"
)

// Options say how a STAC API is searched.
type Options struct {
	URL         string          // of the search: https://…/search
	Post        bool            // search by POST; otherwise by GET
	Collections []string        // ids; none: SHORT_VERSION of the query, as CMR-STAC has them
	Limit       int             // items per page; 250
	Query       json.RawMessage // more members of a POST's body, an object: {"query": {"eo:cloud_cover": {"lt": 20}}}
	Items       ItemOptions
	Client      *web.Client
	// Progress is told after each page how many granules have come, and of how many (0: the service does not say).
	Progress func(done, total int)
}

// CMRSearch is the address of the search of CMR-STAC for a provider. base is CMR's, "" for NASA's.
func CMRSearch(base, provider string) string {
	return strings.TrimRight(cmp.Or(base, "https://cmr.earthdata.nasa.gov"), "/") + "/stac/" + url.PathEscape(provider) + "/search"
}

// A Source searches one STAC API. Safe for concurrent use.
type Source struct {
	options Options
	base    *url.URL
	client  *web.Client
}

var _ catalog.Source = (*Source)(nil)

// New makes a Source; it sends no request.
func New(o Options) (*Source, error) {
	base, err := url.Parse(o.URL)
	if err != nil || base.Host == "" || base.Scheme != "https" && base.Scheme != "http" {
		return nil, core.Errorf(core.Invalid, "stac", o.URL, "want the address of a search: https://host/…/search")
	}
	if len(o.Query) > 0 && (!o.Post || json.Unmarshal(o.Query, &map[string]json.RawMessage{}) != nil) {
		return nil, core.Errorf(core.Invalid, "stac", o.URL, "more members of the query must be a JSON object, and go with POST only")
	}
	o.Limit = cmp.Or(o.Limit, 250)
	s := &Source{options: o, base: base, client: o.Client}
	if s.client == nil {
		s.client = &web.Client{}
	}
	return s, nil
}

type link struct {
	Rel    string          `json:"rel"`
	Href   string          `json:"href"`
	Method string          `json:"method"`
	Body   json.RawMessage `json:"body"`
	Merge  bool            `json:"merge"`
}

type page struct {
	Type     string            `json:"type"`
	Features []json.RawMessage `json:"features"`
	Links    []link            `json:"links"`
	Matched  *int              `json:"numberMatched"`
	Context  struct {
		Matched *int `json:"matched"`
	} `json:"context"`
}

// Granules searches the collections for the query's time and the box around its region.
func (s *Source) Granules(ctx context.Context, q catalog.Query, visit func(*catalog.Entry) error) (catalog.Meta, error) {
	meta := q.Meta("STAC", nil)
	collections := s.options.Collections
	if len(collections) == 0 && q.ShortName != "" {
		collections = []string{strings.Trim(q.ShortName+"_"+q.Version, "_")}
	}
	if len(collections) == 0 {
		return meta, core.Errorf(core.Invalid, "stac", web.Subject(s.base), "which collection? Give a short name and a version, or its id")
	}
	meta.Collection = strings.Join(collections, ",")
	meta.PreserveThumbnails = s.options.Items.Rules.Thumbnails
	boxes := [][]float64{nil}
	if len(q.Region.Polygons) > 0 {
		box, err := sphere.Bounds(q.Region)
		if err != nil {
			return meta, err
		}
		boxes = split(box)
		b := geometry.Bounds(q.Region.Polygons)
		meta.BBox = b[:]
	}
	r := &run{source: s, visit: visit, namer: catalog.NewNamer(), seen: map[string]bool{}, collections: map[string]bool{}, query: q}
	for _, c := range collections {
		r.collections[c] = true
	}
	for _, box := range boxes {
		if err := r.search(ctx, collections, box); err != nil {
			return meta, err
		}
	}
	meta.TotalGranules = r.given
	return meta, nil
}

// split is a box as one or, across the antimeridian, two in [-180, 180].
func split(b sphere.Box) [][]float64 {
	east := b.West + b.Width
	switch {
	case b.Width >= 360:
		return [][]float64{{-180, b.South, 180, b.North}}
	case east > 180:
		return [][]float64{{b.West, b.South, 180, b.North}, {-180, b.South, east - 360, b.North}}
	}
	return [][]float64{{b.West, b.South, east, b.North}}
}

// A run is a search on its way through the pages.
type run struct {
	source      *Source
	query       catalog.Query
	collections map[string]bool
	visit       func(*catalog.Entry) error
	namer       *catalog.Namer
	seen        map[string]bool // item ids
	given       int
}

// mostEmpty is how many pages without items may follow each other before that is the end.
const mostEmpty = 3

func (r *run) search(ctx context.Context, collections []string, box []float64) error {
	req, body, err := r.source.first(collections, box, r.query)
	if err != nil {
		return err
	}
	inBox, asked := map[string]bool{}, map[string]bool{}
	for empty := 0; ; {
		var p page
		answer, err := r.source.client.JSON(ctx, req, &p)
		if err != nil {
			return err
		}
		if p.Features == nil || p.Type != "" && p.Type != "FeatureCollection" {
			return core.Errorf(core.Corrupt, "stac", web.Subject(answer.URL), "the answer is not a collection of items: %s", web.Excerpt(answer.Body))
		}
		if err := r.items(ctx, &p, answer.URL, inBox); err != nil {
			return err
		}
		if len(p.Features) > 0 {
			empty = 0
		} else {
			empty++
		}
		next := p.next()
		if next == nil || empty >= mostEmpty {
			return r.complete(&p, len(inBox), next != nil)
		}
		if req, err = follow(next, answer.URL, req, body); err != nil {
			return err
		}
		key := req.URL + "\x00" + string(req.Body)
		if asked[key] {
			return core.Errorf(core.Corrupt, "stac", web.Subject(answer.URL), "the service repeats a page after %d items", len(inBox))
		}
		asked[key] = true
	}
}

// first is the first request of a search, and its body.
func (s *Source) first(collections []string, box []float64, q catalog.Query) (web.Request, map[string]json.RawMessage, error) {
	r := web.Request{URL: s.options.URL, Header: http.Header{"Accept": {"application/geo+json, application/json"}}}
	when := ""
	if !q.Start.IsZero() || !q.End.IsZero() {
		when = timeText(q.Start) + "/" + timeText(q.End)
	}
	if !s.options.Post {
		v := s.base.Query()
		v.Set("collections", strings.Join(collections, ","))
		v.Set("limit", strconv.Itoa(s.options.Limit))
		if box != nil {
			v.Set("bbox", numbers(box))
		}
		if when != "" {
			v.Set("datetime", when)
		}
		u := *s.base
		u.RawQuery = v.Encode()
		r.URL = u.String()
		return r, nil, nil
	}
	body := map[string]json.RawMessage{}
	if len(s.options.Query) > 0 {
		if err := json.Unmarshal(s.options.Query, &body); err != nil {
			return r, nil, core.Errorf(core.Invalid, "stac", s.options.URL, "%w", err)
		}
	}
	for name, v := range map[string]any{"collections": collections, "limit": s.options.Limit, "bbox": box, "datetime": when} {
		if name == "bbox" && box == nil || v == "" {
			continue
		}
		text, err := json.Marshal(v)
		if err != nil {
			return r, nil, core.Errorf(core.Invalid, "stac", s.options.URL, "%w", err)
		}
		body[name] = text
	}
	err := setBody(&r, body)
	return r, body, err
}

func setBody(r *web.Request, body map[string]json.RawMessage) (err error) {
	r.Type = "application/json"
	r.Body, err = json.Marshal(body)
	return err
}

func timeText(t time.Time) string {
	if t.IsZero() {
		return ".."
	}
	return t.UTC().Format("2006-01-02T15:04:05.999Z")
}

func numbers(n []float64) string {
	text := make([]string, len(n))
	for i, x := range n {
		text[i] = strconv.FormatFloat(x, 'f', -1, 64)
	}
	return strings.Join(text, ",")
}

func (p *page) next() *link {
	for i := range p.Links {
		if p.Links[i].Rel == "next" && p.Links[i].Href != "" {
			return &p.Links[i]
		}
	}
	return nil
}

func (p *page) matched() (int, bool) {
	for _, n := range []*int{p.Matched, p.Context.Matched} {
		if n != nil {
			return *n, true
		}
	}
	return 0, false
}

// follow is the request of a next link. Services behind a proxy may write http for their own https address.
func follow(next *link, at *url.URL, before web.Request, first map[string]json.RawMessage) (web.Request, error) {
	to, err := at.Parse(next.Href)
	if err != nil {
		return before, core.Errorf(core.Corrupt, "stac", web.Subject(at), "the link to the next page is not an address")
	}
	if at.Scheme == "https" && to.Scheme == "http" && to.Hostname() == at.Hostname() {
		to.Scheme, to.Host = "https", at.Host
	}
	if to.Scheme != at.Scheme && to.Scheme != "https" {
		return before, core.Errorf(core.Corrupt, "stac", web.Subject(at), "the link to the next page leads to an unprotected address on %s", to.Host)
	}
	r := web.Request{URL: to.String(), Header: before.Header.Clone()}
	if !strings.EqualFold(next.Method, http.MethodPost) {
		return r, nil
	}
	body := map[string]json.RawMessage{}
	if next.Merge || len(next.Body) == 0 {
		for k, v := range first {
			body[k] = v
		}
	}
	if len(next.Body) > 0 && !bytes.Equal(next.Body, []byte("null")) {
		if err := json.Unmarshal(next.Body, &body); err != nil {
			return r, core.Errorf(core.Corrupt, "stac", web.Subject(at), "the body of the link to the next page: %w", err)
		}
	}
	err = setBody(&r, body)
	return r, err
}

func (r *run) items(ctx context.Context, p *page, at *url.URL, inBox map[string]bool) error {
	for _, raw := range p.Features {
		if err := ctx.Err(); err != nil {
			return err
		}
		g, err := decode(raw, at, r.source.options.Items, r.namer)
		if err != nil {
			return err
		}
		if g.Collection != "" && !r.collections[g.Collection] {
			return core.Errorf(core.Corrupt, "stac", g.ID, "it is of collection %s, which was not asked for", g.Collection)
		}
		inBox[g.ID] = true
		if r.seen[g.ID] {
			continue // in both boxes, or moved to a later page
		}
		r.seen[g.ID] = true
		if r.query.ShortName != "" && g.Product == "" {
			g.Product, g.Version = r.query.ShortName, r.query.Version
		}
		r.given++
		if err := r.visit(g); err != nil {
			return err
		}
	}
	if r.source.options.Progress != nil {
		n, _ := p.matched()
		r.source.options.Progress(r.given, n)
	}
	return nil
}

// complete compares what came with what there is.
func (r *run) complete(p *page, came int, more bool) error {
	if n, ok := p.matched(); ok && came < n {
		return core.Errorf(core.Unavailable, "stac", web.Subject(r.source.base), "the service has %d items and gave %d; search again", n, came)
	} else if !ok && more {
		return core.Errorf(core.Unavailable, "stac", web.Subject(r.source.base), "the service gives empty pages after %d items and says there are more", came)
	}
	return nil
}
