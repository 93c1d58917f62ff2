package geometry

import (
	"encoding/json"
	"strings"

	"github.com/englacial/zagg/core"
)

type geoJSON struct {
	Type        string          `json:"type"`
	ID          json.RawMessage `json:"id"`
	Coordinates json.RawMessage `json:"coordinates"`
	Geometries  []geoJSON       `json:"geometries"`
	Geometry    *geoJSON        `json:"geometry"`
	Features    []geoJSON       `json:"features"`
	Properties  json.RawMessage `json:"properties"`
	CRS         json.RawMessage `json:"crs"`
}

// ParseGeoJSON reads a geometry, a feature or a collection of features, all of which are one union. null and features
// without a geometry are no polygons; a collection must have one that has.
func ParseGeoJSON(data []byte) ([]core.Polygon, error) {
	if len(data) > maxBytes {
		return nil, bad("%d bytes of GeoJSON are too many", len(data))
	}
	var g *geoJSON
	if err := json.Unmarshal(data, &g); err != nil {
		return nil, bad("GeoJSON: %w", err)
	}
	if g == nil {
		return nil, nil
	}
	polygons, err := g.polygons(0)
	if err == nil && len(polygons) == 0 && g.Type == "FeatureCollection" {
		err = bad("GeoJSON: the collection has no feature with a geometry")
	}
	return polygons, err
}

func (g *geoJSON) polygons(depth int) ([]core.Polygon, error) {
	if depth > maxDepth {
		return nil, bad("GeoJSON: collections are nested more than %d deep", maxDepth)
	}
	if err := g.checkCRS(); err != nil {
		return nil, err
	}
	switch g.Type {
	case "FeatureCollection":
		return join(g.Features, func(i int, f *geoJSON) ([]core.Polygon, error) {
			p, err := f.polygons(depth + 1)
			if err != nil {
				return nil, core.Errorf(core.CodeOf(err), "", "", "feature %d%s: %w", i, f.name(), err)
			}
			return p, nil
		})
	case "Feature":
		if g.Geometry == nil {
			return nil, nil
		}
		return g.Geometry.polygons(depth + 1)
	case "GeometryCollection":
		return join(g.Geometries, func(i int, m *geoJSON) ([]core.Polygon, error) {
			p, err := m.polygons(depth + 1)
			if err != nil {
				return nil, core.Errorf(core.CodeOf(err), "", "", "geometry %d: %w", i, err)
			}
			return p, nil
		})
	}
	return g.coordinates()
}

func join[T any](list []T, each func(int, *T) ([]core.Polygon, error)) ([]core.Polygon, error) {
	var out []core.Polygon
	for i := range list {
		p, err := each(i, &list[i])
		if err != nil {
			return nil, err
		}
		out = append(out, p...)
	}
	return out, nil
}

// name is what a person may know a feature by.
func (g *geoJSON) name() string {
	var properties struct {
		Name string `json:"name"`
	}
	switch _ = json.Unmarshal(g.Properties, &properties); { // properties of other types have no name
	case properties.Name != "":
		return " (" + properties.Name + ")"
	case len(g.ID) > 0:
		return " (id " + string(g.ID) + ")"
	}
	return ""
}

// checkCRS refuses what the 2008 form of GeoJSON could say: other reference systems than WGS84.
func (g *geoJSON) checkCRS() error {
	if len(g.CRS) == 0 || string(g.CRS) == "null" {
		return nil
	}
	if text := string(g.CRS); strings.Contains(text, "CRS84") || strings.Contains(text, "EPSG::4326") || strings.Contains(text, "EPSG:4326") {
		return nil
	}
	return unsupported("GeoJSON: the reference system %.100s is not longitude and latitude in WGS84", g.CRS)
}

// A position is two numbers or more.
type position [2]float64

func (p *position) UnmarshalJSON(data []byte) error {
	var v []float64
	if err := json.Unmarshal(data, &v); err != nil {
		return err
	}
	if len(v) < 2 {
		return bad("a position has %d numbers", len(v))
	}
	*p = position{v[0], v[1]}
	return nil
}

func (g *geoJSON) coordinates() ([]core.Polygon, error) {
	decode := func(v any) error {
		if len(g.Coordinates) == 0 || string(g.Coordinates) == "null" {
			return bad("GeoJSON: a %s has no coordinates", g.Type)
		}
		if err := json.Unmarshal(g.Coordinates, v); err != nil {
			return bad("GeoJSON: coordinates of a %s: %w", g.Type, err)
		}
		return nil
	}
	switch g.Type {
	case "Point":
		var c position
		if err := decode(&c); err != nil {
			return nil, err
		}
		return fromPoints([]position{c})
	case "MultiPoint":
		var c []position
		if err := decode(&c); err != nil {
			return nil, err
		}
		return fromPoints(c)
	case "LineString":
		var c []position
		if err := decode(&c); err != nil {
			return nil, err
		}
		return fromLine(c)
	case "MultiLineString":
		var c [][]position
		if err := decode(&c); err != nil {
			return nil, err
		}
		return join(c, func(_ int, l *[]position) ([]core.Polygon, error) { return fromLine(*l) })
	case "Polygon":
		var c [][]position
		if err := decode(&c); err != nil {
			return nil, err
		}
		return fromRings(c)
	case "MultiPolygon":
		var c [][][]position
		if err := decode(&c); err != nil {
			return nil, err
		}
		return join(c, func(i int, r *[][]position) ([]core.Polygon, error) {
			p, err := fromRings(*r)
			if err != nil {
				return nil, core.Errorf(core.CodeOf(err), "", "", "polygon %d: %w", i, err)
			}
			return p, nil
		})
	}
	return nil, bad("GeoJSON: type %.40q is none of its geometries", g.Type)
}

func fromPositions(list []position) ([]core.LonLat, error) {
	out := make([]core.LonLat, len(list))
	for i, p := range list {
		v, err := Vertex(p[0], p[1])
		if err != nil {
			return nil, core.Errorf(core.CodeOf(err), "", "", "vertex %d: %w", i, err)
		}
		out[i] = v
	}
	return out, nil
}

func fromPoints(list []position) ([]core.Polygon, error) {
	points, err := fromPositions(list)
	if err != nil {
		return nil, err
	}
	out := make([]core.Polygon, len(points))
	for i := range points {
		out[i] = core.Polygon{points[i : i+1]}
	}
	return out, nil
}

func fromLine(list []position) ([]core.Polygon, error) {
	points, err := fromPositions(list)
	if err != nil {
		return nil, err
	}
	return Line(points)
}

func fromRings(list [][]position) ([]core.Polygon, error) {
	rings := make([][]core.LonLat, len(list))
	for i, r := range list {
		points, err := fromPositions(r)
		if err != nil {
			return nil, core.Errorf(core.CodeOf(err), "", "", "ring %d: %w", i, err)
		}
		rings[i] = points
	}
	p, err := Polygon(rings)
	if err != nil {
		return nil, err
	}
	return []core.Polygon{p}, nil
}
