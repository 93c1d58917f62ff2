package sphere_test

import (
	"fmt"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/sphere"
)

// A region is compiled once and then asked about many points.
func ExampleNewRegion() {
	greenland := core.Region{Polygons: []core.Polygon{{{{Lon: -70, Lat: 76}, {Lon: -45, Lat: 60}, {Lon: -20, Lat: 70}, {Lon: -25, Lat: 82}}}}}
	region, err := sphere.NewRegion(greenland, sphere.AuthalicWGS84)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, p := range []core.LonLat{{Lon: -40, Lat: 72}, {Lon: 320, Lat: 72}, {Lon: 0, Lat: 72}} {
		fmt.Println(p, region.Contains(sphere.AuthalicWGS84.Point(p.Lon, p.Lat)))
	}
	// Output:
	// {-40 72} true
	// {320 72} true
	// {0 72} false
}
