package cli

// "zagg catalog": searching for granules and building shard maps. Sources are in internal/catalog.

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/spf13/cobra"

	"github.com/englacial/zagg/internal/catalog/assign"
	"github.com/englacial/zagg/internal/catalog/geometry"
	"github.com/englacial/zagg/internal/config"
	"github.com/englacial/zagg/internal/quantity"
)

// catalogOptions are the flags of `zagg catalog`.
type catalogOptions struct {
	assign.Options
	config, catalogIn, output string
	backend, shape            string
	margin                    float64
	indexOrder                int
	quiet, json               bool
}

func (a *app) catalogCommand() *cobra.Command {
	o := catalogOptions{}
	c := &cobra.Command{
		Use:   "catalog --config FILE|NAME --short-name NAME (--start-date DATE --end-date DATE | --cycle N) AREA [CATALOG|GRANULES…]",
		Short: "Find granules and assign them to shards",
		Long: `Search an archive's catalog for the granules of a product in a time and an area, assign each to the shards of the
configured grid that its footprint may meet, and write a shard map for zagg run.

Give the area by one of --polygon, --bbox, --aoi-wkt and --aoi-wkb. The search is wider than the area, so that shards at its
border get all their granules, and footprints get a margin, so that no observation is lost.

Granules come from NASA's CMR, from CMR-STAC or another STAC API (--source, --stac-url), or, without a network, from the
arguments or --catalog-in: a stac-geoparquet file, a JSON file of STAC items, or a list of files. Files without a catalog have
no footprint and are assigned to every shard of the area; zagg run --granules finds their shards by reading them. Sibling
products (data_source.assets.*.files of the configuration) are looked for in the same files, or by a separate search of the CMR.

Restricted collections are searched with EARTHDATA_TOKEN, EARTHDATA_USERNAME and EARTHDATA_PASSWORD, or ~/.netrc.`,
		Example: `  zagg catalog --config atl06 --short-name ATL06 --cycle 22 --polygon basins.geojson --output map.json --catalog-out cat.parquet
  zagg catalog --config atl06 --short-name ATL06 --start-date 2024-01-01 --end-date 2024-03-31 --bbox -50,68,-47,70
  zagg catalog --config atl06 --polygon basins.geojson --output map.json cat.parquet`,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			r := &cataloger{app: a, o: o}
			if err := r.check(cmd, args); err != nil {
				return err
			}
			return r.run(cmd.Context())
		},
	}
	f := c.Flags()
	f.StringVar(&o.config, "config", "", "run configuration with the grid: a YAML or JSON file, or the name of a shipped one (listed by \"zagg config show\")")
	f.StringVar(&o.ShortName, "short-name", "", "product, such as ATL06")
	f.StringVar(&o.Version, "version", "007", "version of the product")
	f.StringVar(&o.Provider, "provider", "NSIDC_CPRD", "archive, as named by the CMR")
	f.StringVar(&o.StartDate, "start-date", "", "first day, YYYY-MM-DD, or a time with its zone")
	f.StringVar(&o.EndDate, "end-date", "", "last day, inclusive")
	f.IntVar(&o.Cycle, "cycle", 0, "ICESat-2 repeat cycle instead of dates: 91 days each, cycle 1 from 2018-10-13")
	f.StringVar(&o.Polygon, "polygon", "", "area: GeoJSON file")
	f.StringVar(&o.BBox, "bbox", "", "area: lon_min,lat_min,lon_max,lat_max; lon_min greater than lon_max crosses the antimeridian")
	f.StringVar(&o.WKT, "aoi-wkt", "", "area: well-known text, or a file with it")
	f.StringVar(&o.WKB, "aoi-wkb", "", "area: file with well-known binary")
	f.StringVar(&o.output, "output", "", "shard map to write: path or s3://bucket/key (default shardmap_SHORT_START_END.json)")
	f.StringVar(&o.Catalog, "catalog-out", "", "also write the granules to this stac-geoparquet file")
	f.StringVar(&o.catalogIn, "catalog-in", "", "read the granules from this file instead of searching")
	f.StringVar(&o.Service, "source", "cmr", "service to search: cmr, cmr-stac, stac")
	f.StringVar(&o.CMR, "cmr-url", os.Getenv("ZAGG_CMR_URL"), "address of the CMR (environment: ZAGG_CMR_URL)")
	f.StringVar(&o.STAC, "stac-url", os.Getenv("ZAGG_STAC_URL"), "search address of a STAC API: https://host/…/search (environment: ZAGG_STAC_URL)")
	f.StringVar(&o.Method, "stac-method", "post", "HTTP method for searching a STAC API: get, post")
	f.StringVar(&o.Query, "stac-query", "", `additional JSON members of a STAC search: '{"query":{"eo:cloud_cover":{"lt":20}}}'`)
	f.StringArrayVar(&o.Collections, "collection", nil, "id of a STAC collection (default SHORT_VERSION)")
	f.StringVar(&o.Asset, "asset", "", "name of the asset with the granule's file, if a catalog lists several")
	f.StringVar(&o.TimeKey, "time-key", "", "property that groups granules of one acquisition")
	f.StringVar(&o.Edges, "edges", "auto", "edges of the area and of footprints in files: auto, geodesic, planar")
	f.StringVar(&o.NoFootprint, "no-footprint", "error", "a granule without a footprint: error, earth (anywhere)")
	f.Float64Var(&o.margin, "footprint-margin", 0, "margin of footprints in metres, instead of data_source.footprint_margin or the default")
	f.IntVar(&o.indexOrder, "index-footprints", 0, "write the HEALPix cells of this order that cover each footprint to --catalog-out")
	f.BoolVar(&o.Thumbnails, "preserve-thumbnails", false, "keep addresses of thumbnails in --catalog-out")
	f.BoolVar(&o.Timings, "timings", false, "write the build time into the map; two maps of the same granules then differ")
	f.BoolVar(&o.json, "json", false, "print the summary as JSON on standard output")
	f.BoolVarP(&o.quiet, "quiet", "q", false, "no progress, only warnings, the summary and errors")
	f.StringVar(&o.backend, "backend", "auto", "accepted for old command lines; there is one way, and it is exact")
	f.StringVar(&o.shape, "footprint", "swath", "accepted for old command lines; footprints are swaths")
	f.MarkHidden("backend")
	f.MarkHidden("footprint")
	c.RegisterFlagCompletionFunc("source", fixed("cmr", "cmr-stac", "stac"))
	c.RegisterFlagCompletionFunc("stac-method", fixed("get", "post"))
	c.RegisterFlagCompletionFunc("edges", fixed("auto", "geodesic", "planar"))
	c.RegisterFlagCompletionFunc("no-footprint", fixed("error", "earth"))
	return c
}

// A cataloger is one `zagg catalog`.
type cataloger struct {
	*app
	o catalogOptions
}

// check completes the options from what was given on the command line.
func (r *cataloger) check(c *cobra.Command, args []string) error {
	o := &r.o
	if o.Files = args; o.catalogIn != "" {
		o.Files = append([]string{o.catalogIn}, args...)
	}
	given := c.Flags().Changed
	o.VersionGiven, o.ProviderGiven = given("version"), given("provider")
	if given("index-footprints") {
		o.Index = &o.indexOrder
	}
	if given("footprint-margin") {
		o.Margin = &o.margin
	}
	o.UserAgent, o.Grid = "zagg/"+Version, r.host.Grid
	o.Fetched, o.Assigned = r.fetched, r.assigned
	o.Retrying = func(err error, wait time.Duration) {
		r.say("      %v; again in %s", err, wait.Round(100*time.Millisecond))
	}
	o.Warn = func(format string, args ...any) { fmt.Fprintf(r.stderr, "WARNING "+format+"\n", args...) }
	if o.config == "" {
		return r.usage("--config is missing")
	}
	return nil
}

func (r *cataloger) usage(text string) error {
	return fmt.Errorf("%s: %w for `zagg catalog`", text, errUsage)
}

// found is an error of the search: of the command line, where it is of what was given there.
func (r *cataloger) found(err error) error {
	if e, ok := errors.AsType[*assign.UsageError](err); ok {
		return r.usage(e.Error())
	}
	return err
}

func (r *cataloger) say(format string, args ...any) {
	if !r.o.quiet {
		fmt.Fprintf(r.stderr, format+"\n", args...)
	}
}

func (r *cataloger) run(ctx context.Context) error {
	search, err := assign.Begin(ctx, r.o.Options)
	r.warnReadings(search.Area.Readings)
	if err != nil {
		return r.found(err)
	}
	if r.o.shape != "swath" {
		r.say("--footprint %s: footprints are swaths, which lose nothing", r.o.shape)
	}
	cfg, notes, err := config.Open(r.o.config)
	if err != nil {
		return err
	}
	for _, n := range notes {
		r.say("%s", n)
	}
	recipe, err := r.compile(ctx, cfg)
	if err != nil {
		return err
	}
	result, err := search.Map(ctx, assign.Target{Grid: recipe.Grid, Reader: recipe.Reader, Margin: cfg.DataSource.FootprintMargin, Siblings: cfg.DataSource.Siblings})
	if err != nil {
		return r.found(err)
	}
	defer result.Close()
	written, err := result.Write(ctx, r.o.output)
	if err != nil {
		return err
	}
	return r.printResult(written, r.o.json)
}

func (r *cataloger) fetched(done, total int) {
	if total > 0 {
		r.say("      %s of %s granules", humanize.Comma(int64(done)), humanize.Comma(int64(total)))
		return
	}
	r.say("      %s", quantity.Counted(int64(done), "granule"))
}

// assigned tells how many granules of a file have been assigned.
func (r *cataloger) assigned(n int) {
	const every = 50_000
	if n%every == 0 && r.o.Offline() {
		r.say("      %s", quantity.Counted(int64(n), "granule"))
	}
}

// warnReadings says on standard error which rings might have been read quite differently.
func (a *app) warnReadings(readings []geometry.Reading) {
	for _, w := range geometry.Warnings(readings) {
		fmt.Fprintf(a.stderr, "Warning: %s\n", w)
	}
}
