package host_test

import (
	"context"
	"fmt"
	"log"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/host"
	"github.com/englacial/zagg/plugins/all"
)

// A host makes what a configuration names, whichever plugin offers it.
func ExampleHost_Grid() {
	plugins, err := host.New(all.Plugins()...)
	if err != nil {
		log.Fatal(err)
	}
	grid, err := plugins.Grid(context.Background(), "healpix", core.Config(`{"parent_order":6,"child_order":12}`))
	if err != nil {
		log.Fatal(err)
	}
	shards, err := grid.Cover(context.Background(), []core.Region{{Polygons: []core.Polygon{{{{Lon: -40, Lat: 72}}}}}})
	if err != nil {
		log.Fatal(err)
	}
	described, err := grid.Shards(context.Background(), shards[0])
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(described[0].Key, described[0].Label)
	_, err = plugins.Grid(context.Background(), "geohash", nil)
	fmt.Println(core.Is(err, core.NotFound))
	// Output:
	// 5699586803414073350 4441232
	// true
}
