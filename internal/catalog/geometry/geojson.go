package geometry

import (
	"bytes"
	"encoding/json"
	"strconv"
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
// without a geometry are no shapes; a collection must have one that has.
func ParseGeoJSON(data []byte) ([]Shape, error) {
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
	shapes, err := g.shapes(0)
	if err == nil && len(shapes) == 0 && g.Type == "FeatureCollection" {
		err = bad("GeoJSON: the collection has no feature with a geometry")
	}
	return shapes, err
}

func (g *geoJSON) shapes(depth int) ([]Shape, error) {
	if depth > maxDepth {
		return nil, bad("GeoJSON: collections are nested more than %d deep", maxDepth)
	}
	if err := g.checkCRS(); err != nil {
		return nil, err
	}
	switch g.Type {
	case "FeatureCollection":
		return join(g.Features, func(i int, f *geoJSON) string { return "feature " + strconv.Itoa(i) + f.name() },
			func(f *geoJSON) ([]Shape, error) { return f.shapes(depth + 1) })
	case "Feature":
		if g.Geometry == nil {
			return nil, nil
		}
		return g.Geometry.shapes(depth + 1)
	case "GeometryCollection":
		return join(g.Geometries, numbered[geoJSON]("geometry"), func(m *geoJSON) ([]Shape, error) { return m.shapes(depth + 1) })
	}
	return g.coordinates()
}

// join is the shapes of the members of a list, each with its place in it.
func join[T any](list []T, place func(int, *T) string, each func(*T) ([]Shape, error)) ([]Shape, error) {
	var out []Shape
	for i := range list {
		p, err := each(&list[i])
		if err != nil {
			return nil, core.Wrapf(err, "", "", "%s: %w", place(i, &list[i]), err)
		}
		out = append(out, within(place(i, &list[i]), p)...)
	}
	return out, nil
}

func numbered[T any](word string) func(int, *T) string {
	return func(i int, _ *T) string { return word + " " + strconv.Itoa(i) }
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
	if bytes.Contains(data, []byte("null")) {
		return bad("a coordinate of the position %.80s is null, which is not a number", data)
	}
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

func (g *geoJSON) coordinates() ([]Shape, error) {
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
		return join(c, numbered[[]position]("line"), func(l *[]position) ([]Shape, error) { return fromLine(*l) })
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
		return join(c, numbered[[][]position]("polygon"), func(r *[][]position) ([]Shape, error) { return fromRings(*r) })
	}
	return nil, bad("GeoJSON: type %.40q is none of its geometries", g.Type)
}

func fromPositions(list []position) ([]core.LonLat, error) {
	out := make([]core.LonLat, len(list))
	for i, p := range list {
		v, err := Vertex(p[0], p[1])
		if err != nil {
			return nil, core.Wrapf(err, "", "", "vertex %d: %w", i, err)
		}
		out[i] = v
	}
	return out, nil
}

func fromPoints(list []position) ([]Shape, error) {
	points, err := fromPositions(list)
	if err != nil {
		return nil, err
	}
	return pointShapes(points), nil
}

func fromLine(list []position) ([]Shape, error) {
	points, err := fromPositions(list)
	if err != nil {
		return nil, err
	}
	return LineShape(points)
}

func fromRings(list [][]position) ([]Shape, error) {
	rings := make([][]core.LonLat, len(list))
	for i, r := range list {
		points, err := fromPositions(r)
		if err != nil {
			return nil, core.Wrapf(err, "", "", "ring %d: %w", i, err)
		}
		rings[i] = points
	}
	return PolygonShape(rings)
}
