package cmrtest

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/catalog"
)

// search is what both APIs are asked.
type search struct {
	Collections []string  `json:"collections"`
	BBox        []float64 `json:"bbox"`
	Datetime    string    `json:"datetime"`
	Limit       int       `json:"limit"`
	Token       string    `json:"token"`
	Cursor      string    `json:"cursor,omitempty"`
}

// stacGet pages by links to GET, as CMR-STAC does.
func (s *Server) stacGet(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	limit, _ := strconv.Atoi(q.Get("limit"))
	box, err := numbers(q.Get("bbox"))
	if err != nil {
		refuse(w, http.StatusBadRequest, err.Error())
		return
	}
	found, from, to := s.page(search{Collections: strings.Split(q.Get("collections"), ","), BBox: box, Datetime: q.Get("datetime"), Limit: limit, Token: q.Get("cursor")})
	links := []any{map[string]any{"rel": "self", "href": s.URL + r.URL.String()}}
	if to < len(found) {
		q.Set("cursor", strconv.Itoa(to))
		links = append(links, map[string]any{"rel": "next", "href": r.URL.Path + "?" + q.Encode()}) // relative
	}
	s.features(w, found, from, to, links)
}

// stacPost pages by links to POST with a body.
func (s *Server) stacPost(w http.ResponseWriter, r *http.Request) {
	var q search
	if err := json.NewDecoder(r.Body).Decode(&q); err != nil {
		refuse(w, http.StatusBadRequest, err.Error())
		return
	}
	found, from, to := s.page(q)
	links := []any{}
	if to < len(found) {
		next := map[string]any{"rel": "next", "href": s.URL + "/api/search", "method": "POST"}
		if q.Token = strconv.Itoa(to); s.MergeBody {
			next["body"], next["merge"] = map[string]any{"token": q.Token}, true
		} else {
			next["body"] = q
		}
		links = append(links, next)
	}
	s.features(w, found, from, to, links)
}

func (s *Server) page(q search) (found []*catalog.Entry, from, to int) {
	var times catalog.Query
	if start, end, ok := strings.Cut(q.Datetime, "/"); ok {
		times.Start, _ = time.Parse(time.RFC3339, start) // ".." is open
		times.End, _ = time.Parse(time.RFC3339, end)
	}
	for _, g := range s.Granules {
		if slices.Contains(q.Collections, g.Collection) && times.InTime(g) && meets(g, q.BBox) {
			found = append(found, g)
		}
	}
	from, _ = strconv.Atoi(q.Token)
	from = min(from, len(found))
	return found, from, min(from+s.pageSize(q.Limit, 10), len(found))
}

// meets is as most services have it: a box that crosses the antimeridian finds nothing.
func meets(g *catalog.Entry, b []float64) bool {
	if len(b) != 4 {
		return true
	}
	return slices.ContainsFunc(dense(g), func(p core.LonLat) bool {
		return p.Lon >= b[0] && p.Lon <= b[2] && p.Lat >= b[1] && p.Lat <= b[3]
	})
}

func (s *Server) features(w http.ResponseWriter, found []*catalog.Entry, from, to int, links []any) {
	items := []json.RawMessage{}
	for _, g := range found[from:to] {
		items = append(items, s.item(g))
	}
	writeJSON(w, map[string]any{"type": "FeatureCollection", "numberMatched": len(found) + s.HitsOff, "numberReturned": len(items), "features": items, "links": links})
}

func (s *Server) item(g *catalog.Entry) json.RawMessage {
	if text, ok := s.STACItems[g.ID]; ok {
		return json.RawMessage(text)
	}
	var polygons [][][][2]float64
	for _, p := range g.Footprint.Polygons {
		var rings [][][2]float64
		for _, r := range p {
			var ring [][2]float64
			for _, v := range append(r[:len(r):len(r)], r[0]) {
				ring = append(ring, [2]float64{v.Lon, v.Lat})
			}
			rings = append(rings, ring)
		}
		polygons = append(polygons, rings)
	}
	properties := map[string]any{"datetime": nil}
	if !g.Start.IsZero() {
		properties["start_datetime"], properties["end_datetime"] = g.Start.Format(time.RFC3339Nano), g.End.Format(time.RFC3339Nano)
	}
	assets := map[string]any{}
	if g.Data.HTTPS != "" {
		assets["data"] = map[string]any{"href": g.Data.HTTPS, "roles": []string{"data"}}
	}
	if g.Data.S3 != "" {
		assets["data_s3"] = map[string]any{"href": g.Data.S3, "roles": []string{"data"}}
	}
	text, err := json.Marshal(map[string]any{
		"type": "Feature", "stac_version": "1.0.0", "id": g.ID, "collection": g.Collection, "properties": properties, "assets": assets,
		"geometry": map[string]any{"type": "MultiPolygon", "coordinates": polygons},
	})
	if err != nil {
		panic(err) // a granule of a test with a footprint that is no number
	}
	return text
}
