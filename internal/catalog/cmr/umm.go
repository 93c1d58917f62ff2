package cmr

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/catalog"
	"github.com/englacial/zagg/internal/catalog/geometry"
)

// bad is what is wrong with a granule's metadata; the caller names the granule.
func bad(format string, args ...any) error { return core.Errorf(core.Corrupt, "", "", format, args...) }

// A page is an answer of the granule search.
type page struct {
	Hits  *int              `json:"hits"`
	Items []json.RawMessage `json:"items"`
}

type item struct {
	Meta struct {
		ConceptID  string `json:"concept-id"`
		NativeID   string `json:"native-id"`
		Collection string `json:"collection-concept-id"`
	} `json:"meta"`
	UMM *granule `json:"umm"`
}

// granule is the part of UMM-G that is read.
type granule struct {
	GranuleUR      string
	TemporalExtent struct {
		RangeDateTime *struct {
			BeginningDateTime string
			EndingDateTime    string
		}
		SingleDateTime string
	}
	SpatialExtent struct {
		HorizontalSpatialDomain struct {
			Geometry *shapes
			Orbit    *orbit
		}
	}
	RelatedUrls []struct {
		URL, Type, Subtype string
	}
	DataGranule struct {
		ArchiveAndDistributionInformation []fileSize
	}
}

type fileSize struct {
	Name        string
	SizeInBytes float64
	Size        float64
	SizeUnit    string
	Files       []fileSize
}

type shapes struct {
	Points             []point
	BoundingRectangles []struct {
		WestBoundingCoordinate, EastBoundingCoordinate, NorthBoundingCoordinate, SouthBoundingCoordinate *float64
	}
	GPolygons []struct {
		Boundary      boundary
		ExclusiveZone struct{ Boundaries []boundary }
	}
	Lines []boundary
}

type boundary struct{ Points []point }

type point struct{ Longitude, Latitude *float64 }

// A decoder turns metadata into granules of one collection.
type decoder struct {
	collection *Collection
	rules      catalog.Rules
	anywhere   bool // granules without a footprint are taken to be anywhere
	namer      *catalog.Namer
}

// granule decodes an item of a page. What is wrong with it names the granule.
func (d *decoder) granule(raw json.RawMessage) (*catalog.Entry, string, error) {
	var it item
	if err := json.Unmarshal(raw, &it); err != nil || it.UMM == nil {
		var head struct {
			Meta struct {
				ConceptID string `json:"concept-id"`
			} `json:"meta"`
		}
		_ = json.Unmarshal(raw, &head) // for its name alone
		if err == nil {
			err = bad("the item has no umm")
		}
		return nil, "", core.Errorf(core.Corrupt, "cmr", head.Meta.ConceptID, "its metadata do not decode: %w", err)
	}
	g := &catalog.Entry{Collection: d.collection.ID, Product: d.collection.ShortName, Version: d.collection.Version}
	name := it.UMM.GranuleUR
	if name == "" {
		name = it.Meta.ConceptID
	}
	if err := d.fill(g, it.UMM, name); err != nil {
		return nil, "", core.Wrap(err, "cmr", name)
	}
	id := it.Meta.ConceptID
	if id == "" {
		id = name
	}
	return g, id, nil
}

func (d *decoder) fill(g *catalog.Entry, u *granule, name string) error {
	if err := d.rules.Assign(g, links(u)); err != nil {
		return err
	}
	if g.ID = catalog.FileID(g.Data.Any()); g.ID == "" || g.ID == "." || g.ID == "/" {
		g.ID = name
	}
	for _, f := range u.DataGranule.ArchiveAndDistributionInformation {
		f.sizeOf(g)
	}
	if err := times(g, u); err != nil {
		return err
	}
	d.namer.Fill(g)
	h := &u.SpatialExtent.HorizontalSpatialDomain
	var err error
	switch {
	case h.Geometry != nil && h.Geometry.any():
		g.Footprint, g.Doubt, err = h.Geometry.region(d.collection.Planar)
	case h.Orbit != nil && d.collection.orbit != nil:
		g.Footprint, err = h.Orbit.region(d.collection.orbit)
	case !d.anywhere:
		err = catalog.ErrNoFootprint()
	}
	return err
}

// links names a granule's URLs by their type: data and data_s3 by the rules, metadata, thumbnails in order.
func links(u *granule) []catalog.Link {
	var out []catalog.Link
	pictures := 0
	for _, r := range u.RelatedUrls {
		l := catalog.Link{Href: r.URL, Name: catalog.FileID(r.URL)}
		switch r.Type {
		case "GET DATA", "GET DATA VIA DIRECT ACCESS":
			l.Role = "data"
		case "GET RELATED VISUALIZATION":
			l.Name, l.Role = fmt.Sprintf("thumbnail_%d", pictures), "thumbnail"
			pictures++
		case "EXTENDED METADATA", "VIEW RELATED INFORMATION":
			if lower := strings.ToLower(r.URL); !strings.HasSuffix(lower, ".xml") && !strings.HasSuffix(lower, ".json") {
				continue
			}
			l.Name, l.Role = "metadata", "metadata"
		default: // services and pages for people
			continue
		}
		out = append(out, l)
	}
	return out
}

// sizeOf notes the size of the granule's own file.
func (f *fileSize) sizeOf(g *catalog.Entry) {
	for i := range f.Files {
		f.Files[i].sizeOf(g)
	}
	scale := map[string]float64{"KB": 1 << 10, "MB": 1 << 20, "GB": 1 << 30, "TB": 1 << 40}[f.SizeUnit]
	size := f.SizeInBytes
	if size == 0 {
		size = f.Size * scale
	}
	if (f.Name == g.ID || g.Size == 0 && len(f.Files) == 0) && size > 0 && size < 1<<53 {
		g.Size = int64(math.Round(size))
	}
}

func times(g *catalog.Entry, u *granule) error {
	t := &u.TemporalExtent
	parse := func(text, what string, to *time.Time) error {
		if text == "" {
			return nil
		}
		at, err := time.Parse(time.RFC3339, text)
		if err != nil {
			return bad("its %s: %w", what, err)
		}
		*to = at.UTC()
		return nil
	}
	if t.RangeDateTime == nil {
		err := parse(t.SingleDateTime, "SingleDateTime", &g.Start)
		g.End = g.Start
		return err
	}
	if err := parse(t.RangeDateTime.BeginningDateTime, "BeginningDateTime", &g.Start); err != nil {
		return err
	}
	return parse(t.RangeDateTime.EndingDateTime, "EndingDateTime", &g.End)
}

func (s *shapes) any() bool {
	return len(s.Points)+len(s.BoundingRectangles)+len(s.GPolygons)+len(s.Lines) > 0
}

// region is the union of the shapes, and what is doubtful of them. Rectangles are along parallels, whatever the
// collection's edges are.
func (s *shapes) region(planar bool) (core.Region, string, error) {
	list, err := s.list()
	if err != nil {
		return core.Region{}, "", err
	}
	reader := geometry.Reader{Edges: geometry.EdgesGeodesic, Footprint: true}
	if planar {
		reader.Edges = geometry.EdgesPlanar
	}
	r, readings, err := reader.Region(list)
	if err != nil {
		return r, "", bad("its %w", err)
	}
	for i, b := range s.BoundingRectangles {
		if b.WestBoundingCoordinate == nil || b.EastBoundingCoordinate == nil || b.SouthBoundingCoordinate == nil || b.NorthBoundingCoordinate == nil {
			return r, "", bad("its rectangle %d lacks a side", i)
		}
		box, err := geometry.Box(*b.WestBoundingCoordinate, *b.SouthBoundingCoordinate, *b.EastBoundingCoordinate, *b.NorthBoundingCoordinate)
		if err != nil {
			return r, "", bad("its rectangle %d: %w", i, err)
		}
		r = geometry.Union(r, box)
	}
	return r, geometry.AmbiguityText(readings), nil
}

// list is the points, lines and polygons.
func (s *shapes) list() ([]geometry.Shape, error) {
	var out []geometry.Shape
	add := func(place string, shape []geometry.Shape, err error) error {
		if err != nil {
			return bad("its %s: %w", place, err)
		}
		for _, one := range shape {
			one.Place = place
			out = append(out, one)
		}
		return nil
	}
	for i, p := range s.Points {
		v, err := p.vertex()
		if err := add(fmt.Sprintf("point %d", i), []geometry.Shape{{Rings: [][]core.LonLat{{v}}}}, err); err != nil {
			return nil, err
		}
	}
	for i, l := range s.Lines {
		points, err := l.vertices()
		var shape []geometry.Shape
		if err == nil {
			shape, err = geometry.LineShape(points)
		}
		if err := add(fmt.Sprintf("line %d", i), shape, err); err != nil {
			return nil, err
		}
	}
	for i, g := range s.GPolygons {
		var rings [][]core.LonLat
		var err error
		for _, b := range append([]boundary{g.Boundary}, g.ExclusiveZone.Boundaries...) {
			points, failed := b.vertices()
			if err == nil {
				err = failed
			}
			rings = append(rings, points)
		}
		var shape []geometry.Shape
		if err == nil {
			shape, err = geometry.PolygonShape(rings)
		}
		if err := add(fmt.Sprintf("polygon %d", i), shape, err); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (b *boundary) vertices() ([]core.LonLat, error) {
	out := make([]core.LonLat, len(b.Points))
	for i, p := range b.Points {
		v, err := p.vertex()
		if err != nil {
			return nil, err
		}
		out[i] = v
	}
	return out, nil
}

func (p *point) vertex() (core.LonLat, error) {
	if p.Longitude == nil || p.Latitude == nil {
		return core.LonLat{}, bad("a vertex lacks a coordinate")
	}
	return geometry.Vertex(*p.Longitude, *p.Latitude)
}
