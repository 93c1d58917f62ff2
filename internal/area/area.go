// Package area reads areas and positions given by users: boxes, and files of GeoJSON, well-known text and well-known binary.
package area

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/objstore"
	"github.com/englacial/zagg/core/sphere"
	"github.com/englacial/zagg/internal/catalog/geometry"
	"github.com/englacial/zagg/internal/drivers"
)

// Largest is the longest file of an area that is read, in bytes.
const Largest = 256 << 20

// An Area is a part of the Earth, and how its rings were read.
type Area struct {
	Region   core.Region
	Readings []geometry.Reading
}

// Box reads "lon_min,lat_min,lon_max,lat_max", in degrees; name is what the readings call it.
func Box(name, text string) (Area, error) {
	n, err := BoxOf(name, text)
	if err != nil {
		return Area{}, err
	}
	box, err := geometry.Box(n[0], n[1], n[2], n[3])
	if err != nil {
		return Area{}, fmt.Errorf("%s %s: %v", name, text, err)
	}
	return Area{box, []geometry.Reading{geometry.BoxReading(name, box)}}, nil
}

// BoxOf is the four numbers of a box that can be one.
func BoxOf(name, text string) ([4]float64, error) {
	var n [4]float64
	parts := strings.Split(text, ",")
	for i, p := range parts {
		v, err := strconv.ParseFloat(strings.TrimSpace(p), 64)
		if err != nil || len(parts) != len(n) {
			return n, fmt.Errorf("%s %s: want lon_min,lat_min,lon_max,lat_max", name, text)
		}
		n[i] = v
	}
	if _, err := geometry.Box(n[0], n[1], n[2], n[3]); err != nil {
		return n, fmt.Errorf("%s %s: %v", name, text, err)
	}
	return n, nil
}

// A Parse reads the shapes of a file's content: geometry.ParseGeoJSON and its like.
type Parse func([]byte) ([]geometry.Shape, error)

// WKT is geometry.ParseWKT as a Parse.
func WKT(data []byte) ([]geometry.Shape, error) { return geometry.ParseWKT(string(data)) }

// Read reads a file of this machine or of a store; errors name the flag that it was given by.
func Read(ctx context.Context, flag, name string, parse Parse, edges geometry.Edges) (Area, error) {
	store, err := drivers.Open(ctx, drivers.Environment(), name)
	if err != nil {
		return Area{}, err
	}
	data, err := objstore.ReadAll(ctx, objstore.RetryReader(store, objstore.Policy{}), name, Largest)
	if err != nil {
		return Area{}, core.Wrap(err, flag, name)
	}
	return Of(flag, name, data, parse, edges)
}

// Of is the area of a text. It encloses something. Where it is refused only in the end, the readings come with the error.
func Of(flag, name string, data []byte, parse Parse, edges geometry.Edges) (Area, error) {
	shapes, err := parse(data)
	if err != nil {
		return Area{}, core.Wrap(err, flag, name)
	}
	if len(shapes) == 0 {
		return Area{}, core.Errorf(core.Invalid, flag, name, "there is no place in it")
	}
	region, readings, err := geometry.Reader{Edges: edges}.Region(shapes)
	if err == nil {
		_, err = sphere.NewRegion(region, sphere.AuthalicWGS84)
	}
	if err != nil {
		err = core.Wrap(err, flag, name)
	}
	return Area{region, readings}, err
}

// GeoJSON reads a file of areas and gives them as GeoJSON of nothing but their rings, which reads the same.
func GeoJSON(ctx context.Context, flag, name string) (Area, json.RawMessage, error) {
	var shapes []geometry.Shape
	a, err := Read(ctx, flag, name, func(data []byte) ([]geometry.Shape, error) {
		var err error
		shapes, err = geometry.ParseGeoJSON(data)
		return shapes, err
	}, 0)
	if err != nil {
		return a, nil, err
	}
	rings := make([][][][2]float64, len(shapes))
	for i, s := range shapes {
		if !s.Polygon {
			return a, nil, core.Errorf(core.Invalid, flag, name, "%s is a line or a point; observations are chosen by polygons", placeOf(i, s.Place))
		}
		for _, ring := range s.Rings {
			points := make([][2]float64, len(ring), len(ring)+1)
			for k, v := range ring {
				points[k] = [2]float64{v.Lon, v.Lat}
			}
			if n := len(points); n > 0 && points[0] != points[n-1] {
				points = append(points, points[0])
			}
			rings[i] = append(rings[i], points)
		}
	}
	doc, err := json.Marshal(struct {
		Type        string           `json:"type"`
		Coordinates [][][][2]float64 `json:"coordinates"`
	}{"MultiPolygon", rings})
	return a, doc, err
}

func placeOf(i int, place string) string {
	if place == "" {
		return fmt.Sprintf("shape %d", i)
	}
	return place
}
