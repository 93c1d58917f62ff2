package cli

import (
	"context"
	"fmt"
	"math"
	"os"
	"strconv"
	"strings"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/objstore"
	"github.com/englacial/zagg/core/sphere"
	"github.com/englacial/zagg/internal/catalog/geometry"
	"github.com/englacial/zagg/internal/drivers"
	"github.com/englacial/zagg/internal/shardmap/build"
)

// largestArea is the longest file of an area that is read.
const largestArea = 256 << 20

// readArea reads the one area that is given.
func (r *cataloger) readArea(ctx context.Context) (core.Region, error) {
	o := &r.o
	switch {
	case o.bbox != "":
		return r.readBox(o.bbox)
	case o.polygon != "":
		return r.parseArea(ctx, "--polygon", o.polygon, geometry.ParseGeoJSON)
	case o.aoiWKB != "":
		return r.parseArea(ctx, "--aoi-wkb", o.aoiWKB, geometry.ParseWKB)
	}
	parse := func(data []byte) ([]geometry.Shape, error) { return geometry.ParseWKT(string(data)) }
	if _, err := os.Stat(o.aoiWKT); err == nil || !strings.Contains(o.aoiWKT, "(") {
		return r.parseArea(ctx, "--aoi-wkt", o.aoiWKT, parse)
	}
	shapes, err := parse([]byte(o.aoiWKT))
	return r.checkedArea("--aoi-wkt", "", shapes, err)
}

func (r *cataloger) readBox(text string) (core.Region, error) {
	var n [4]float64
	parts := strings.Split(text, ",")
	for i, p := range parts {
		v, err := strconv.ParseFloat(strings.TrimSpace(p), 64)
		if err != nil || len(parts) != len(n) {
			return core.Region{}, r.usage("--bbox %s: want lon_min,lat_min,lon_max,lat_max", text)
		}
		n[i] = v
	}
	box, err := geometry.Box(n[0], n[1], n[2], n[3])
	if err != nil {
		return box, r.usage("--bbox %s: %v", text, err)
	}
	r.readings = []geometry.Reading{geometry.BoxReading("--bbox", box)}
	return box, nil
}

func (r *cataloger) parseArea(ctx context.Context, flag, name string, parse func([]byte) ([]geometry.Shape, error)) (core.Region, error) {
	store, err := drivers.Open(ctx, drivers.Environment(), name)
	if err != nil {
		return core.Region{}, err
	}
	data, err := objstore.ReadAll(ctx, objstore.RetryReader(store, objstore.Policy{}), name, largestArea)
	if err != nil {
		return core.Region{}, core.Errorf(core.CodeOf(err), flag, name, "%w", err)
	}
	shapes, err := parse(data)
	return r.checkedArea(flag, name, shapes, err)
}

// checkedArea is an area that encloses something, with edges as --edges has it.
func (r *cataloger) checkedArea(flag, name string, shapes []geometry.Shape, err error) (core.Region, error) {
	if err != nil {
		return core.Region{}, core.Errorf(core.CodeOf(err), flag, name, "%w", err)
	}
	if len(shapes) == 0 {
		return core.Region{}, core.Errorf(core.Invalid, flag, name, "there is no place in it")
	}
	region, readings, err := geometry.Reader{Edges: r.edges}.Region(shapes)
	if err != nil {
		return region, core.Errorf(core.CodeOf(err), flag, name, "%w", err)
	}
	r.readings = readings
	r.app.warnReadings(readings)
	if _, err := sphere.NewRegion(region, sphere.AuthalicWGS84); err != nil {
		return region, core.Errorf(core.CodeOf(err), flag, name, "%w", err)
	}
	return region, nil
}

// widened is the area to search: the area, and so far around it that shards that meet it are wholly inside, and footprints
// that are short by their margin are still found.
func (r *cataloger) widened(ctx context.Context, product string) (core.Region, error) {
	covers, err := r.grid.Cover(ctx, []core.Region{r.area})
	if err != nil {
		return r.area, core.Errorf(core.CodeOf(err), "area", "", "%w", err)
	}
	if len(covers[0]) == 0 {
		return r.area, core.Errorf(core.Invalid, "area", "", "it lies outside of the grid")
	}
	// A sample tells: shards of a grid differ little in size, and least among neighbours.
	keys := covers[0]
	if n := len(keys); n > mostOutlines {
		for i := range mostOutlines {
			keys[i] = keys[i*n/mostOutlines]
		}
		keys = keys[:mostOutlines]
	}
	shards, err := r.grid.Shards(ctx, keys)
	if err != nil {
		return r.area, err
	}
	wide := r.area
	for i := range shards {
		wide.Margin = max(wide.Margin, r.area.Margin+1.25*across(&shards[i].Outline))
	}
	allowance := build.AllowanceOf(product).Of(&core.Region{})
	if r.marginGiven {
		allowance = r.o.margin
	}
	wide.Margin += allowance
	return wide, nil
}

// mostOutlines is how many shards are measured.
const mostOutlines = 4096

// across is at least the distance between any two points of a shard, in metres.
func across(outline *core.Region) float64 {
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

// mostWarnings is how many rings of an area are warned of one by one.
const mostWarnings = 5

// warnReadings says on standard error which rings might have been read quite differently.
func (a *app) warnReadings(readings []geometry.Reading) {
	said := 0
	for i := range readings {
		w := readings[i].Warning()
		if w == "" {
			continue
		}
		if said++; said <= mostWarnings {
			fmt.Fprintf(a.stderr, "Warning: %s\n", w)
		}
	}
	if said > mostWarnings {
		fmt.Fprintf(a.stderr, "Warning: %d more rings were read in one of two ways that differ much; zagg shardmap info lists rings\n", said-mostWarnings)
	}
}
