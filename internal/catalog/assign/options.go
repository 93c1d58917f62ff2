package assign

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/area"
	"github.com/englacial/zagg/internal/catalog"
	"github.com/englacial/zagg/internal/catalog/geometry"
)

// Options are what is searched, as people give it: the flags of `zagg catalog`, by which errors call them.
type Options struct {
	ShortName, Version, Provider string   // of the product
	VersionGiven, ProviderGiven  bool     // not the defaults, which files and STAC APIs are not asked for
	StartDate, EndDate           string   // days or times; both or neither, unless Files
	Cycle                        int      // repeat cycle of ICESat-2 instead of dates; 0: none
	Polygon, BBox, WKT, WKB      string   // the area: one of them
	Files                        []string // a catalog, or granules; none: a service is searched
	Service, CMR, STAC, Method   string   // "cmr", "cmr-stac" or "stac", its address, and how it is asked: "get" or "post"
	Query, Asset, TimeKey        string   // more of a STAC search, JSON; asset that is the file; property that groups granules
	Collections                  []string
	Edges, NoFootprint           string   // how sides run; what a granule without a footprint is: "error" or "earth"
	Margin                       *float64 // metres by which footprints are widened; nil: see Search.Map
	Catalog                      string   // file of the granules that will be written; "": none
	Index                        *int     // order of the cells of footprints that it notes; nil: none
	Thumbnails, Timings          bool     // noted in the catalog; noted in the map
	UserAgent                    string

	Grid     func(ctx context.Context, name string, config core.Config) (core.Grid, error) // makes grids, for Index
	Fetched  func(done, total int)                                                         // told as pages of a service arrive; total 0: unknown
	Retrying func(err error, wait time.Duration)
	Assigned func(n int) // told after each granule
	Warn     func(format string, args ...any)
}

// A UsageError is of options that are wrong as they were given.
type UsageError struct{ text string }

func (e *UsageError) Error() string { return e.text }

// Offline reports whether granules come from files.
func (o *Options) Offline() bool { return len(o.Files) > 0 }

// check finds what is wrong with the options before anything is read.
func (o *Options) check() (geometry.Edges, error) {
	if o.STAC != "" && o.Service == "cmr" {
		o.Service = "stac"
	}
	areas := 0
	for _, a := range []string{o.Polygon, o.BBox, o.WKT, o.WKB} {
		if a != "" {
			areas++
		}
	}
	dates := o.StartDate != "" || o.EndDate != ""
	for _, c := range []struct {
		wrong bool
		text  string
	}{
		{areas != 1, "want one area: --polygon, --bbox, --aoi-wkt or --aoi-wkb"},
		{dates && o.Cycle != 0, "--cycle and --start-date/--end-date exclude each other"},
		{!o.Offline() && o.ShortName == "" && len(o.Collections) == 0, "--short-name is missing"},
		{!o.Offline() && !dates && o.Cycle == 0, "want --start-date and --end-date, or --cycle"},
		{!slices.Contains([]string{"cmr", "cmr-stac", "stac"}, o.Service), "--source is one of cmr, cmr-stac, stac"},
		{o.Service == "stac" && o.STAC == "" && !o.Offline(), "--source stac needs --stac-url"},
		{o.Method != "get" && o.Method != "post", "--stac-method is one of get, post"},
		{o.NoFootprint != "error" && o.NoFootprint != "earth", "--no-footprint is one of error, earth"},
		{o.Margin != nil && !(*o.Margin >= 0 && *o.Margin < 2e7), "--footprint-margin is a distance in metres"},
		{o.Index != nil && (o.Catalog == "" || *o.Index < 0 || *o.Index > 18), "--index-footprints is an order of 0 to 18, and goes with --catalog-out"},
	} {
		if c.wrong {
			return geometry.Edges(0), &UsageError{c.text}
		}
	}
	edges, err := geometry.ParseEdges(o.Edges)
	if err != nil {
		err = &UsageError{"--edges: " + err.Error()}
	}
	return edges, err
}

// query is what is asked for, but for the region.
func (o *Options) query() (catalog.Query, error) {
	q := catalog.Query{ShortName: o.ShortName, Version: o.Version, Provider: o.Provider}
	any := o.Offline() || o.Service == "stac"
	if any && !o.VersionGiven {
		q.Version = ""
	}
	if any && !o.ProviderGiven {
		q.Provider = ""
	}
	if o.Cycle != 0 {
		first, last, err := catalog.CycleDates(o.Cycle)
		if err != nil {
			return q, &UsageError{"--cycle: " + err.Error()}
		}
		q.Start, q.End = first, catalog.EndOfDay(last)
		return q, nil
	}
	var day bool
	var err error
	if q.Start, _, err = catalog.ParseTime(o.StartDate); err != nil {
		return q, &UsageError{"--start-date: " + err.Error()}
	}
	if q.End, day, err = catalog.ParseTime(o.EndDate); err != nil {
		return q, &UsageError{"--end-date: " + err.Error()}
	}
	if day {
		q.End = catalog.EndOfDay(q.End)
	}
	if !q.Start.IsZero() && !q.End.IsZero() && q.End.Before(q.Start) {
		return q, &UsageError{"--end-date is before --start-date"}
	}
	return q, nil
}

// readArea reads the one area that is given.
func (o *Options) readArea(ctx context.Context, edges geometry.Edges) (area.Area, error) {
	switch {
	case o.BBox != "":
		box, err := area.Box("--bbox", o.BBox)
		if err != nil {
			err = &UsageError{err.Error()}
		}
		return box, err
	case o.Polygon != "":
		return area.Read(ctx, "--polygon", o.Polygon, geometry.ParseGeoJSON, edges)
	case o.WKB != "":
		return area.Read(ctx, "--aoi-wkb", o.WKB, geometry.ParseWKB, edges)
	}
	if _, err := os.Stat(o.WKT); err == nil || !strings.Contains(o.WKT, "(") {
		return area.Read(ctx, "--aoi-wkt", o.WKT, area.WKT, edges)
	}
	return area.Of("--aoi-wkt", "", []byte(o.WKT), area.WKT, edges)
}

// cells makes the grid whose shards are the cells that catalogs note of footprints (core.CellCoverer), whatever the run's grid.
func (o *Options) cells(ctx context.Context) (core.Grid, error) {
	return o.Grid(ctx, "healpix", core.Config(fmt.Sprintf(`{"type":"healpix","parent_order":%d,"child_order":%d}`, *o.Index, *o.Index)))
}
