package h5_test

import (
	"context"
	"fmt"
	"log"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/h5"
	"github.com/englacial/zagg/core/objstore"
)

const exampleGranule = "../../cmd/zagg/cli/sample/ATL06_20241101010000_01002511_007_01.h5"

// Rows of two datasets, from byte ranges: open, plan, fetch, decode. Any core.ObjectReader will do for the file.
func Example() {
	ctx := context.Background()
	f, err := h5.Open(ctx, &objstore.File{}, exampleGranule, h5.Options{})
	if err != nil {
		log.Fatal(err)
	}
	sets, err := f.Datasets(ctx, "/gt1l/land_ice_segments/latitude", "/gt1l/land_ice_segments/h_li")
	if err != nil {
		log.Fatal(err)
	}
	if err := f.LoadChunks(ctx, sets...); err != nil {
		log.Fatal(err)
	}
	plans := make([]*h5.Plan, len(sets))
	for i, d := range sets {
		if plans[i], err = d.Plan([]h5.Span{{Start: 100, Count: 3}}); err != nil {
			log.Fatal(err)
		}
	}
	if err := f.Fetch(ctx, plans...); err != nil { // the only request for values
		log.Fatal(err)
	}
	lat, height := make([]float64, 3), make([]float32, 3)
	if err := plans[0].Decode(core.Raw(lat)); err != nil {
		log.Fatal(err)
	}
	if err := plans[1].Decode(core.Raw(height)); err != nil {
		log.Fatal(err)
	}
	for i := range lat {
		fmt.Printf("%.4f %.2f m\n", lat[i], height[i])
	}
	// Output:
	// -81.9850 1646.35 m
	// -81.9836 1647.81 m
	// -81.9822 1649.38 m
}

// Walk over a group and show what its objects are.
func ExampleGroup_Links() {
	ctx := context.Background()
	f, err := h5.Open(ctx, &objstore.File{}, exampleGranule, h5.Options{})
	if err != nil {
		log.Fatal(err)
	}
	g, err := f.Group(ctx, "/gt1l/land_ice_segments")
	if err != nil {
		log.Fatal(err)
	}
	links, err := g.Links(ctx)
	if err != nil {
		log.Fatal(err)
	}
	for _, l := range links {
		d, err := f.Dataset(ctx, g.Path()+"/"+l.Name)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(l.Name, d.Type(), d.ChunkShape())
	}
	// Output:
	// atl06_quality_summary int8 [10000]
	// h_li float32 [10000]
	// h_li_sigma float32 [10000]
	// latitude float64 [10000]
	// longitude float64 [10000]
	// delta_time float64 [10000]
}
