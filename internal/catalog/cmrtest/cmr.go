package cmrtest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/sphere"
	"github.com/englacial/zagg/internal/catalog"
)

func readBody(r *http.Request) string {
	data, err := io.ReadAll(r.Body)
	if err != nil {
		return ""
	}
	r.Body = io.NopCloser(bytes.NewReader(data))
	return string(data)
}

func (s *Server) collections(w http.ResponseWriter, r *http.Request) {
	_ = r.ParseForm() // a bad form has no values
	items := []any{}
	for _, c := range s.Collections {
		same := func(key, value string) bool {
			return r.Form.Get(key) == "" || strings.EqualFold(r.Form.Get(key), value)
		}
		if c.Restricted && r.Header.Get("Authorization") != "Bearer "+s.Token || !same("short_name", c.ShortName) || !same("version", c.Version) || !same("provider", c.Provider) {
			continue
		}
		spatial := map[string]any{"GranuleSpatialRepresentation": c.Representation}
		if c.Orbit != "" {
			spatial["OrbitParameters"] = json.RawMessage(c.Orbit)
		}
		items = append(items, map[string]any{
			"meta": map[string]any{"concept-id": c.ID, "provider-id": c.Provider},
			"umm": map[string]any{"ShortName": c.ShortName, "Version": c.Version, "SpatialExtent": spatial,
				"DirectDistributionInformation": map[string]any{"Region": "us-west-2", "S3CredentialsAPIEndpoint": s.Archive.URL + "/s3credentials"}},
		})
	}
	w.Header().Set("CMR-Hits", strconv.Itoa(len(items)))
	writeJSON(w, map[string]any{"hits": len(items), "items": items})
}

// granules is the granule search. Like CMR it wants closed polygons, counter-clockwise.
func (s *Server) granules(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		refuse(w, http.StatusBadRequest, err.Error())
		return
	}
	found, err := s.find(r.Form)
	if err != nil {
		refuse(w, http.StatusBadRequest, err.Error())
		return
	}
	from := 0
	if after := r.Header.Get("CMR-Search-After"); after != "" {
		if from, err = strconv.Atoi(strings.Trim(after, `[]"`)); err != nil || from > len(found) {
			refuse(w, http.StatusBadRequest, "the search-after value is not one of mine")
			return
		}
	}
	asked, _ := strconv.Atoi(r.Form.Get("page_size"))
	to := min(from+s.pageSize(asked, 10), len(found))
	items := []json.RawMessage{}
	for _, g := range found[from:to] {
		if text, ok := s.Items[g.ID]; ok {
			items = append(items, json.RawMessage(text))
			continue
		}
		items = append(items, s.UMM(g, "G-"+g.ID))
	}
	hits := len(found) + s.HitsOff
	w.Header().Set("CMR-Hits", strconv.Itoa(hits))
	if to > from {
		if s.RepeatCursor {
			to = 1
		}
		w.Header().Set("CMR-Search-After", fmt.Sprintf(`["%d"]`, to))
	}
	writeJSON(w, map[string]any{"hits": hits, "took": 1, "items": items})
}

func (s *Server) find(form url.Values) ([]*catalog.Entry, error) {
	var q catalog.Query
	if t := form.Get("temporal"); t != "" {
		start, end, _ := strings.Cut(t, ",")
		for _, p := range []struct {
			text string
			to   *time.Time
		}{{start, &q.Start}, {end, &q.End}} {
			if p.text == "" {
				continue
			}
			var err error
			if *p.to, err = time.Parse(time.RFC3339, p.text); err != nil {
				return nil, err
			}
		}
	}
	inside, err := places(form)
	if err != nil {
		return nil, err
	}
	var out []*catalog.Entry
	for _, g := range s.Granules {
		if g.Collection == form.Get("collection_concept_id") && q.InTime(g) && inside(g) {
			out = append(out, g)
		}
	}
	return out, nil
}

// places is whether a granule meets one of the polygons or the box of a search.
func places(form url.Values) (func(*catalog.Entry) bool, error) {
	lists, box := form["polygon[]"], form.Get("bounding_box")
	if len(lists) > 1 && form.Get("options[polygon][or]") != "true" {
		return nil, fmt.Errorf("several polygons are joined with and")
	}
	var regions []*sphere.Region
	for _, text := range lists {
		r, err := searchPolygon(text)
		if err != nil {
			return nil, err
		}
		regions = append(regions, r)
	}
	n, err := numbers(box)
	if err != nil || box != "" && len(n) != 4 {
		return nil, fmt.Errorf("bounding_box %s is not four numbers", box)
	}
	return func(g *catalog.Entry) bool {
		if len(lists) == 0 && box == "" || len(g.Footprint.Polygons) == 0 {
			return true
		}
		for _, p := range dense(g) {
			if box != "" {
				b := sphere.Box{West: n[0], Width: n[2] - n[0], South: n[1], North: n[3]}
				if b.Width < 0 {
					b.Width += 360
				}
				if b.Contains(p.Lon, p.Lat) {
					return true
				}
			}
			for _, r := range regions {
				if r.Contains(sphere.FromLonLat(p.Lon, p.Lat)) {
					return true
				}
			}
		}
		return false
	}, nil
}

func searchPolygon(text string) (*sphere.Region, error) {
	n, err := numbers(text)
	if err != nil || len(n) < 8 || len(n)%2 != 0 || n[0] != n[len(n)-2] || n[1] != n[len(n)-1] {
		return nil, fmt.Errorf("polygon %s is not a closed ring of pairs", text)
	}
	var ring []core.LonLat
	turned := 0.0
	for i := 0; i+3 < len(n); i += 2 {
		ring = append(ring, core.LonLat{Lon: n[i], Lat: n[i+1]})
		if i >= 4 {
			a, b, c := sphere.FromLonLat(n[0], n[1]), sphere.FromLonLat(n[i-2], n[i-1]), sphere.FromLonLat(n[i], n[i+1])
			turned += a.Dot(b.Cross(c))
		}
	}
	if turned <= 0 {
		return nil, fmt.Errorf("the points of polygon %s are in clockwise order", text)
	}
	return sphere.NewRegion(core.Region{Polygons: []core.Polygon{{ring}}}, sphere.GeodeticSpherical)
}

func numbers(text string) ([]float64, error) {
	if text == "" {
		return nil, nil
	}
	var out []float64
	for _, t := range strings.Split(text, ",") {
		v, err := strconv.ParseFloat(t, 64)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, nil
}

// dense is points along a footprint's outline, close enough to find it in any sensible area.
func dense(g *catalog.Entry) []core.LonLat {
	var out []core.LonLat
	for _, p := range g.Footprint.Polygons {
		ring := p[0]
		for i, a := range ring {
			va, b := sphere.FromLonLat(a.Lon, a.Lat), ring[(i+1)%len(ring)]
			vb := sphere.FromLonLat(b.Lon, b.Lat)
			const parts = 24
			for k := range parts {
				var q core.LonLat
				q.Lon, q.Lat = va.Mul(1 - float64(k)/parts).Add(vb.Mul(float64(k) / parts)).LonLat()
				out = append(out, q)
			}
		}
	}
	return out
}

// UMM is a granule's metadata under a concept id: its footprint as polygons, lines and points.
func (s *Server) UMM(g *catalog.Entry, concept string) json.RawMessage {
	shapes := map[string][]any{}
	for _, p := range g.Footprint.Polygons {
		switch len(p[0]) {
		case 1:
			shapes["Points"] = append(shapes["Points"], ummPoints(p[0])[0])
		case 2:
			shapes["Lines"] = append(shapes["Lines"], map[string]any{"Points": ummPoints(p[0])})
		default:
			zones := []any{}
			for _, hole := range p[1:] {
				zones = append(zones, map[string]any{"Points": ummPoints(append(hole[:len(hole):len(hole)], hole[0]))})
			}
			shapes["GPolygons"] = append(shapes["GPolygons"], map[string]any{
				"Boundary": map[string]any{"Points": ummPoints(append(p[0][:len(p[0]):len(p[0])], p[0][0]))}, "ExclusiveZone": map[string]any{"Boundaries": zones}})
		}
	}
	domain := map[string]any{}
	if len(shapes) > 0 {
		domain["Geometry"] = shapes
	}
	urls := []any{map[string]any{"URL": "https://opendap.example/" + g.ID, "Type": "USE SERVICE API"}}
	if g.Data.HTTPS != "" {
		urls = append(urls, map[string]any{"URL": g.Data.HTTPS, "Type": "GET DATA"})
	}
	if g.Data.S3 != "" {
		urls = append(urls, map[string]any{"URL": g.Data.S3, "Type": "GET DATA VIA DIRECT ACCESS"})
	}
	umm := map[string]any{
		"GranuleUR": g.ID, "RelatedUrls": urls, "SpatialExtent": map[string]any{"HorizontalSpatialDomain": domain},
		"DataGranule": map[string]any{"ArchiveAndDistributionInformation": []any{map[string]any{"Name": g.ID, "SizeInBytes": g.Size, "Size": float64(g.Size) / (1 << 20), "SizeUnit": "MB"}}},
	}
	if !g.Start.IsZero() {
		umm["TemporalExtent"] = map[string]any{"RangeDateTime": map[string]any{"BeginningDateTime": g.Start.Format(time.RFC3339Nano), "EndingDateTime": g.End.Format(time.RFC3339Nano)}}
	}
	text, err := json.Marshal(map[string]any{"meta": map[string]any{"concept-id": concept, "native-id": g.ID, "collection-concept-id": g.Collection}, "umm": umm})
	if err != nil {
		panic(err) // a granule of a test with a footprint that is no number
	}
	return text
}

func ummPoints(ring []core.LonLat) []any {
	var out []any
	for _, v := range ring {
		out = append(out, map[string]any{"Longitude": v.Lon, "Latitude": v.Lat})
	}
	return out
}
