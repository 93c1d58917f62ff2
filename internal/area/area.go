// Package area reads the areas and places that people name: boxes, and files of GeoJSON, well-known text and well-known binary.
package area

import (
	"context"
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
	var n [4]float64
	parts := strings.Split(text, ",")
	for i, p := range parts {
		v, err := strconv.ParseFloat(strings.TrimSpace(p), 64)
		if err != nil || len(parts) != len(n) {
			return Area{}, fmt.Errorf("%s %s: want lon_min,lat_min,lon_max,lat_max", name, text)
		}
		n[i] = v
	}
	box, err := geometry.Box(n[0], n[1], n[2], n[3])
	if err != nil {
		return Area{}, fmt.Errorf("%s %s: %v", name, text, err)
	}
	return Area{box, []geometry.Reading{geometry.BoxReading(name, box)}}, nil
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
