package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/spf13/cobra"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/area"
	"github.com/englacial/zagg/internal/catalog"
	"github.com/englacial/zagg/internal/catalog/geometry"
	"github.com/englacial/zagg/internal/catalog/geoparquet"
	"github.com/englacial/zagg/internal/catalog/sources"
	"github.com/englacial/zagg/internal/config"
	"github.com/englacial/zagg/internal/drivers"
	"github.com/englacial/zagg/internal/run"
	"github.com/englacial/zagg/internal/shardmap"
	"github.com/englacial/zagg/internal/shardmap/build"
)

// catalogOptions are the flags of `zagg catalog`.
type catalogOptions struct {
	config, shortName, version, provider string
	startDate, endDate                   string
	cycle                                int
	polygon, bbox, aoiWKT, aoiWKB        string
	output, catalogOut                   string
	catalogIn                            string
	source, cmrURL, stacURL, stacMethod  string
	stacQuery, asset, timeKey            string
	collections                          []string
	edges, noFootprint, backend, shape   string
	margin                               float64
	indexOrder                           int
	thumbnails, timings, quiet, json     bool
}

func (a *app) catalogCommand() *cobra.Command {
	o := catalogOptions{}
	c := &cobra.Command{
		Use:   "catalog --config FILE|NAME --short-name NAME (--start-date DATE --end-date DATE | --cycle N) AREA [CATALOG|GRANULES…]",
		Short: "Find granules and assign them to shards",
		Long: `Search an archive's catalog for the granules of a product in a time and an area, assign each to the shards of the
configured grid that its footprint can meet, and write the shard map that zagg run reads.

The area is one of --polygon, --bbox, --aoi-wkt and --aoi-wkb. The search is widened so that shards at the border of the area
get all of their granules, and footprints by a margin, so that no observation is lost.
Granules come from NASA's CMR, from CMR-STAC or another STAC API (--source, --stac-url), or, without a network, from what is
given as arguments or by --catalog-in: a stac-geoparquet file, a JSON file of STAC items, or a list of files. Files without a
catalog have no footprint and go to every shard of the area; zagg run --granules finds their shards by reading them.

Restricted collections are searched with EARTHDATA_TOKEN, EARTHDATA_USERNAME and EARTHDATA_PASSWORD, or ~/.netrc.`,
		Example: `  zagg catalog --config atl06 --short-name ATL06 --cycle 22 --polygon basins.geojson --output map.json --catalog-out cat.parquet
  zagg catalog --config atl06 --short-name ATL06 --start-date 2024-01-01 --end-date 2024-03-31 --bbox -50,68,-47,70
  zagg catalog --config atl06 --polygon basins.geojson --output map.json cat.parquet`,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			r := &cataloger{app: a, o: o, args: args, versionGiven: cmd.Flags().Changed("version"), providerGiven: cmd.Flags().Changed("provider")}
			r.indexed = cmd.Flags().Changed("index-footprints")
			r.marginGiven = cmd.Flags().Changed("footprint-margin")
			return r.run(cmd.Context())
		},
	}
	f := c.Flags()
	f.StringVar(&o.config, "config", "", "run configuration, for its grid: a YAML or JSON file, or the name of a shipped one ("+strings.Join(config.Shipped(), ", ")+")")
	f.StringVar(&o.shortName, "short-name", "", "product, such as ATL06")
	f.StringVar(&o.version, "version", "007", "of the product")
	f.StringVar(&o.provider, "provider", "NSIDC_CPRD", "archive, as CMR calls it")
	f.StringVar(&o.startDate, "start-date", "", "first day, YYYY-MM-DD, or a time with its zone")
	f.StringVar(&o.endDate, "end-date", "", "last day, inclusive")
	f.IntVar(&o.cycle, "cycle", 0, "repeat cycle of ICESat-2 instead of dates: 91 days each, cycle 1 from 2018-10-13")
	f.StringVar(&o.polygon, "polygon", "", "area: GeoJSON file")
	f.StringVar(&o.bbox, "bbox", "", "area: lon_min,lat_min,lon_max,lat_max; lon_min above lon_max crosses the antimeridian")
	f.StringVar(&o.aoiWKT, "aoi-wkt", "", "area: well-known text, or a file of it")
	f.StringVar(&o.aoiWKB, "aoi-wkb", "", "area: file of well-known binary")
	f.StringVar(&o.output, "output", "", "shard map to write: path or s3://bucket/key (default shardmap_SHORT_START_END.json)")
	f.StringVar(&o.catalogOut, "catalog-out", "", "stac-geoparquet file of the granules to write as well")
	f.StringVar(&o.catalogIn, "catalog-in", "", "take the granules from this file instead of a search")
	f.StringVar(&o.source, "source", "cmr", "what to search: cmr, cmr-stac, stac")
	f.StringVar(&o.cmrURL, "cmr-url", os.Getenv("ZAGG_CMR_URL"), "another CMR (environment: ZAGG_CMR_URL)")
	f.StringVar(&o.stacURL, "stac-url", os.Getenv("ZAGG_STAC_URL"), "search of a STAC API: https://host/…/search (environment: ZAGG_STAC_URL)")
	f.StringVar(&o.stacMethod, "stac-method", "post", "how a STAC API is searched: get, post")
	f.StringVar(&o.stacQuery, "stac-query", "", `more of a STAC search, JSON: '{"query":{"eo:cloud_cover":{"lt":20}}}'`)
	f.StringArrayVar(&o.collections, "collection", nil, "id of a STAC collection (default SHORT_VERSION)")
	f.StringVar(&o.asset, "asset", "", "name of the asset that is the granule's file, where a catalog lists several")
	f.StringVar(&o.timeKey, "time-key", "", "property that groups granules of one acquisition")
	f.StringVar(&o.edges, "edges", "auto", "how the sides of the area and of footprints in files run: auto, geodesic, planar")
	f.StringVar(&o.noFootprint, "no-footprint", "error", "what a granule without a footprint is: error, earth (it may be anywhere)")
	f.Float64Var(&o.margin, "footprint-margin", 0, "metres by which footprints are widened, instead of data_source.footprint_margin or the product's own")
	f.IntVar(&o.indexOrder, "index-footprints", 0, "note in --catalog-out the HEALPix cells of this order that cover each footprint")
	f.BoolVar(&o.thumbnails, "preserve-thumbnails", false, "keep addresses of pictures in --catalog-out")
	f.BoolVar(&o.timings, "timings", false, "note in the map how long it took to build; two maps of the same granules then differ")
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
	app                         *app
	o                           catalogOptions
	args                        []string // granules or a catalog, instead of a search
	versionGiven, providerGiven bool
	indexed, marginGiven        bool
	edges                       geometry.Edges
}

func (r *cataloger) usage(format string, args ...any) error {
	return fmt.Errorf("%s: %w for `zagg catalog`", fmt.Sprintf(format, args...), errUsage)
}

func (r *cataloger) say(format string, args ...any) {
	if !r.o.quiet {
		fmt.Fprintf(r.app.stderr, format+"\n", args...)
	}
}

// offline reports whether granules come from files.
func (r *cataloger) offline() bool { return len(r.args) > 0 }

// check finds what is wrong with the flags before anything is read.
func (r *cataloger) check() error {
	o := &r.o
	if o.catalogIn != "" {
		r.args = append([]string{o.catalogIn}, r.args...)
	}
	if o.stacURL != "" && o.source == "cmr" {
		o.source = "stac"
	}
	areas := 0
	for _, a := range []string{o.polygon, o.bbox, o.aoiWKT, o.aoiWKB} {
		if a != "" {
			areas++
		}
	}
	dates := o.startDate != "" || o.endDate != ""
	for _, c := range []struct {
		wrong bool
		text  string
	}{
		{o.config == "", "--config is missing"},
		{areas != 1, "want one area: --polygon, --bbox, --aoi-wkt or --aoi-wkb"},
		{dates && o.cycle != 0, "--cycle and --start-date/--end-date exclude each other"},
		{!r.offline() && o.shortName == "" && len(o.collections) == 0, "--short-name is missing"},
		{!r.offline() && !dates && o.cycle == 0, "want --start-date and --end-date, or --cycle"},
		{!slices.Contains([]string{"cmr", "cmr-stac", "stac"}, o.source), "--source is one of cmr, cmr-stac, stac"},
		{o.source == "stac" && o.stacURL == "" && !r.offline(), "--source stac needs --stac-url"},
		{o.stacMethod != "get" && o.stacMethod != "post", "--stac-method is one of get, post"},
		{o.noFootprint != "error" && o.noFootprint != "earth", "--no-footprint is one of error, earth"},
		{r.marginGiven && !(o.margin >= 0 && o.margin < 2e7), "--footprint-margin is a distance in metres"},
		{r.indexed && (o.catalogOut == "" || o.indexOrder < 0 || o.indexOrder > 18), "--index-footprints is an order of 0 to 18, and goes with --catalog-out"},
	} {
		if c.wrong {
			return r.usage("%s", c.text)
		}
	}
	var err error
	if r.edges, err = geometry.ParseEdges(o.edges); err != nil {
		return r.usage("--edges: %v", err)
	}
	if o.shape != "swath" {
		r.say("--footprint %s: footprints are swaths, which lose nothing", o.shape)
	}
	return nil
}

func (r *cataloger) run(ctx context.Context) error {
	if err := r.check(); err != nil {
		return err
	}
	query, err := r.query()
	if err != nil {
		return err
	}
	where, err := r.readArea(ctx)
	r.app.warnReadings(where.Readings)
	if err != nil {
		return err
	}
	cfg, notes, err := loadConfig(r.o.config)
	if err != nil {
		return err
	}
	for _, n := range notes {
		r.say("%s", n)
	}
	recipe, err := r.app.compile(ctx, cfg)
	if err != nil {
		return err
	}
	options := build.Options{Area: where.Region, Readings: where.Readings, Timings: r.o.timings}
	if m := cfg.DataSource.FootprintMargin; m != nil && !r.marginGiven {
		r.marginGiven, r.o.margin = true, *m
	}
	if r.marginGiven {
		options.Allowance = &build.Allowance{Metres: r.o.margin}
	}
	if query.Region, err = build.SearchArea(ctx, recipe.Grid, where.Region, query.ShortName, options.Allowance); err != nil {
		return err
	}
	granules, closer, err := r.open(ctx, where.Region)
	if err != nil {
		return err
	}
	defer closer()
	m, err := build.Map(ctx, recipe.Grid, granules, query, options)
	if err == nil {
		r.compare(recipe.Reader.Info().Product, granules)
	}
	switch {
	case err != nil:
		return err
	case granules.Count == 0:
		return core.Errorf(core.NotFound, "catalog", query.ShortName, "there is no granule in this time and area")
	case len(m.Keys) == 0:
		return core.Errorf(core.NotFound, "catalog", query.ShortName, "none of the %s granules comes near the area", humanize.Comma(int64(granules.Count)))
	}
	return r.write(ctx, m, granules)
}

// open opens the source, with what is counted and kept of it.
func (r *cataloger) open(ctx context.Context, within core.Region) (granules *sources.Recorder, closeAll func(), err error) {
	o := &r.o
	options := sources.Options{
		Files: r.args, Service: o.source, CMR: o.cmrURL, STAC: o.stacURL, Post: o.stacMethod == "post", Provider: o.provider, Collections: o.collections, Query: o.stacQuery,
		Rules: catalog.Rules{Thumbnails: o.thumbnails, Data: o.asset}, TimeKey: o.timeKey, Anywhere: o.noFootprint == "earth", Edges: r.edges,
		UserAgent: "zagg/" + Version, Fetched: r.fetched,
		Retrying: func(err error, wait time.Duration) {
			r.say("      %v; again in %s", err, wait.Round(100*time.Millisecond))
		},
	}
	source, closer, err := sources.Open(ctx, options)
	if errors.Is(err, sources.ErrSeveral) {
		err = r.usage("%v", err)
	}
	if err != nil {
		return nil, nil, err
	}
	if closer == nil {
		closer = io.NopCloser(nil)
	}
	granules = &sources.Recorder{Source: source, Area: within, Progress: r.progress()}
	closeAll = func() { closer.Close() }
	if o.catalogOut == "" {
		return granules, closeAll, nil
	}
	if r.indexed {
		granules.Order = o.indexOrder
		text := fmt.Sprintf(`{"type":"healpix","parent_order":%d,"child_order":%d}`, o.indexOrder, o.indexOrder)
		granules.Cover, err = r.app.host.Grid(ctx, "healpix", core.Config(text))
	}
	if err == nil {
		granules.Writer, err = geoparquet.NewWriter("")
	}
	if err != nil {
		closeAll()
		return nil, nil, err
	}
	return granules, func() { granules.Writer.Close(); closer.Close() }, nil
}

// readArea reads the one area that is given.
func (r *cataloger) readArea(ctx context.Context) (area.Area, error) {
	o := &r.o
	switch {
	case o.bbox != "":
		box, err := area.Box("--bbox", o.bbox)
		if err != nil {
			err = r.usage("%v", err)
		}
		return box, err
	case o.polygon != "":
		return area.Read(ctx, "--polygon", o.polygon, geometry.ParseGeoJSON, r.edges)
	case o.aoiWKB != "":
		return area.Read(ctx, "--aoi-wkb", o.aoiWKB, geometry.ParseWKB, r.edges)
	}
	if _, err := os.Stat(o.aoiWKT); err == nil || !strings.Contains(o.aoiWKT, "(") {
		return area.Read(ctx, "--aoi-wkt", o.aoiWKT, area.WKT, r.edges)
	}
	return area.Of("--aoi-wkt", "", []byte(o.aoiWKT), area.WKT, r.edges)
}

func (r *cataloger) fetched(done, total int) {
	if total > 0 {
		r.say("      %s of %s granules", humanize.Comma(int64(done)), humanize.Comma(int64(total)))
		return
	}
	r.say("      %s granules", humanize.Comma(int64(done)))
}

// progress tells how many granules of a file have been assigned.
func (r *cataloger) progress() func(int) {
	const every = 50_000
	return func(n int) {
		if n%every == 0 && r.offline() {
			r.say("      %s granules", humanize.Comma(int64(n)))
		}
	}
}

// query is what the flags ask for, but for the region.
func (r *cataloger) query() (catalog.Query, error) {
	o := &r.o
	q := catalog.Query{ShortName: o.shortName, Version: o.version, Provider: o.provider}
	if r.offline() && !r.versionGiven {
		q.Version = ""
	}
	if r.offline() && !r.providerGiven {
		q.Provider = ""
	}
	if o.source == "stac" && !r.versionGiven {
		q.Version = ""
	}
	if o.source == "stac" && !r.providerGiven {
		q.Provider = ""
	}
	var err error
	if o.cycle != 0 {
		first, last, err := catalog.CycleDates(o.cycle)
		if err != nil {
			return q, r.usage("--cycle: %v", err)
		}
		q.Start, q.End = first, catalog.EndOfDay(last)
		return q, nil
	}
	if q.Start, _, err = catalog.ParseTime(o.startDate); err != nil {
		return q, r.usage("--start-date: %v", err)
	}
	var day bool
	if q.End, day, err = catalog.ParseTime(o.endDate); err != nil {
		return q, r.usage("--end-date: %v", err)
	}
	if day {
		q.End = catalog.EndOfDay(q.End)
	}
	if !q.Start.IsZero() && !q.End.IsZero() && q.End.Before(q.Start) {
		return q, r.usage("--end-date is before --start-date")
	}
	return q, nil
}

// A catalogSummary is what --json prints.
type catalogSummary struct {
	Metadata json.RawMessage `json:"metadata"`
	ShardMap string          `json:"shard_map"`
	Catalog  string          `json:"catalog,omitempty"`
}

func (r *cataloger) write(ctx context.Context, m *shardmap.Map, granules *sources.Recorder) error {
	out := &r.o.output
	if *out == "" {
		*out = defaultMapName(granules.Meta)
	}
	if r.o.catalogOut != "" {
		if err := drivers.Write(ctx, r.o.catalogOut, func(w io.Writer) error { return granules.Writer.Write(w, granules.Meta) }); err != nil {
			return err
		}
	}
	if err := drivers.Write(ctx, *out, m.Write); err != nil {
		return err
	}
	if r.o.json {
		enc := json.NewEncoder(r.app.stdout)
		enc.SetIndent("", "  ")
		return enc.Encode(catalogSummary{Metadata: m.Metadata, ShardMap: *out, Catalog: r.o.catalogOut})
	}
	w := r.app.stdout
	from := granules.Meta.Source
	if r.offline() {
		from = strings.Join(r.args, " ")
	}
	fmt.Fprintf(w, "Fetched %s granules%s from %s\n", humanize.Comma(int64(granules.Count)), ofProduct(granules.Meta), core.Shown(run.Abbreviate(strings.Fields(from))))
	if r.indexed {
		fmt.Fprintf(w, "Indexed footprints at order %d\n", r.o.indexOrder)
	}
	if r.o.catalogOut != "" {
		fmt.Fprintf(w, "Catalog: %s\n", r.o.catalogOut)
	}
	if granules.Doubtful > 0 {
		fmt.Fprintf(w, "%s footprints may mean more than one place and were taken for all of it, such as %s\n", humanize.Comma(int64(granules.Doubtful)), granules.Doubt)
	}
	if granules.Anywhere > 0 {
		fmt.Fprintf(w, "%s granules have no footprint and are in every shard of the area\n", humanize.Comma(int64(granules.Anywhere)))
	}
	fmt.Fprintf(w, "Shard map: %s shards, %s pairs of shard and granule, %s of %s granules: %s\n", humanize.Comma(int64(len(m.Keys))), humanize.Comma(int64(m.Pairs())),
		humanize.Comma(int64(len(m.GranuleIDs()))), humanize.Comma(int64(granules.Count)), *out)
	return nil
}

func ofProduct(m catalog.Meta) string {
	if m.ShortName == "" {
		return ""
	}
	return strings.TrimRight(" of "+m.ShortName+" "+m.Version, " ")
}

// defaultMapName is shardmap_SHORT_START_END.json of what is known.
func defaultMapName(m catalog.Meta) string {
	parts := slices.DeleteFunc([]string{"shardmap", m.ShortName, m.StartDate, m.EndDate}, func(s string) bool { return s == "" })
	return strings.ReplaceAll(strings.Join(parts, "_"), string(os.PathSeparator), "-") + ".json"
}

// compare warns where the granules are of another product than the one that the configuration reads.
func (r *cataloger) compare(product string, granules *sources.Recorder) {
	others := 0
	var names []string
	for _, name := range slices.Sorted(maps.Keys(granules.Products)) {
		if product != "" && !strings.EqualFold(name, product) {
			others += granules.Products[name]
			names = append(names, name)
		}
	}
	if others > 0 {
		fmt.Fprintf(r.app.stderr, "WARNING %s of %s granules are of %s, and the configuration reads %s\n", humanize.Comma(int64(others)), humanize.Comma(int64(granules.Count)), strings.Join(names, ", "), product)
	}
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
