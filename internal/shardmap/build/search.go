package build

import (
	"context"
	"math"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/sphere"
)

// SearchArea is the area to search for granules: the area, and so far around it that shards that meet it are wholly inside, and footprints
// that are short by their allowance (nil: the product's) are still found.
func SearchArea(ctx context.Context, grid core.Grid, area core.Region, product string, allowance *Allowance) (core.Region, error) {
	covers, err := grid.Cover(ctx, []core.Region{area})
	if err != nil {
		return area, core.Wrap(err, "area", "")
	}
	if len(covers[0]) == 0 {
		return area, core.Errorf(core.Invalid, "area", "", "it lies outside of the grid")
	}
	// A sample tells: shards of a grid differ little in size, and least among neighbours.
	keys := covers[0]
	if n := len(keys); n > mostOutlines {
		for i := range mostOutlines {
			keys[i] = keys[i*n/mostOutlines]
		}
		keys = keys[:mostOutlines]
	}
	shards, err := grid.Shards(ctx, keys)
	if err != nil {
		return area, err
	}
	wide := area
	for i := range shards {
		wide.Margin = max(wide.Margin, area.Margin+1.25*diameter(&shards[i].Outline))
	}
	if allowance == nil {
		a := allowanceOf(product)
		allowance = &a
	}
	wide.Margin += allowance.Of(&core.Region{})
	return wide, nil
}

// mostOutlines is how many shards are measured.
const mostOutlines = 4096

// diameter is at least the distance between any two points of a shard, in metres.
func diameter(outline *core.Region) float64 {
	var points []sphere.Vec
	for _, p := range outline.Polygons {
		for _, ring := range p {
			for _, v := range ring {
				points = append(points, sphere.FromLonLat(v.Lon, v.Lat))
			}
		}
	}
	radius := min(sphere.CapAround(points...).Radius, math.Pi)
	return 2 * (radius*sphere.EarthRadius + outline.Margin)
}
