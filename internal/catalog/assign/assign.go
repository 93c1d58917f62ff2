// Package assign searches a catalog for the granules of a product in a time and an area, and assigns them to the shards of a grid.
// It is tested through the command, in cmd/zagg/cli.
package assign

import (
	"context"
	"errors"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/dustin/go-humanize"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/area"
	"github.com/englacial/zagg/internal/catalog"
	"github.com/englacial/zagg/internal/catalog/geometry"
	"github.com/englacial/zagg/internal/catalog/geoparquet"
	"github.com/englacial/zagg/internal/catalog/siblings"
	"github.com/englacial/zagg/internal/catalog/sources"
	"github.com/englacial/zagg/internal/job"
	"github.com/englacial/zagg/internal/shardmap"
	"github.com/englacial/zagg/internal/shardmap/build"
)

// A Search is what is asked of a catalog, checked.
type Search struct {
	o     Options
	query catalog.Query
	edges geometry.Edges
	Area  area.Area // that was asked for
}

// Begin reads what the options ask for, the area too. Of an area that is refused the readings come with the error.
func Begin(ctx context.Context, o Options) (*Search, error) {
	s := &Search{o: o}
	var err error
	if s.edges, err = s.o.check(); err != nil {
		return s, err
	}
	if s.query, err = s.o.query(); err != nil {
		return s, err
	}
	s.Area, err = s.o.readArea(ctx, s.edges)
	return s, err
}

// A Result is a shard map with what is known of the granules it was made of.
type Result struct {
	Map      *shardmap.Map
	Granules *sources.Recorder
	From     string // where the granules come from
	options  *Options
	close    func()
}

// Close lets go of the source.
func (r *Result) Close() { r.close() }

// A Target is what a map is for.
type Target struct {
	Grid     core.Grid
	Reader   core.ProductReader
	Margin   *float64          // metres by which footprints are widened where the options do not say; nil: by the product's own
	Siblings map[string]string // patterns of the names of files that belong beside granules, by the sibling
}

// Map searches, and assigns what is found to the shards of a grid: there is at least one, or an error. Granules of another product than
// the one that is read are warned of. The result is to be closed.
func (s *Search) Map(ctx context.Context, t Target) (*Result, error) {
	margin := t.Margin
	if s.o.Margin != nil {
		margin = s.o.Margin
	}
	options := build.Options{Area: s.Area.Region, Readings: s.Area.Readings, Timings: s.o.Timings}
	if margin != nil {
		options.Allowance = &build.Allowance{Metres: *margin}
	}
	var err error
	if s.query.Region, err = build.SearchArea(ctx, t.Grid, s.Area.Region, s.query.ShortName, options.Allowance); err != nil {
		return nil, err
	}
	r, err := s.open(ctx, &t)
	if err != nil {
		return nil, err
	}
	r.Map, err = build.Map(ctx, t.Grid, r.Granules, s.query, options)
	if err == nil {
		s.compare(t.Reader.Info().Product, r.Granules)
		err = s.found(r)
	}
	if err != nil {
		r.Close()
		return nil, err
	}
	if r.From = r.Granules.Meta.Source; s.o.Offline() {
		r.From = strings.Join(s.o.Files, " ")
	}
	return r, nil
}

// found refuses a map of nothing.
func (s *Search) found(r *Result) error {
	switch {
	case r.Granules.Count == 0:
		return core.Errorf(core.NotFound, "catalog", s.query.ShortName, "there is no granule in this time and area")
	case len(r.Map.Keys) == 0:
		return core.Errorf(core.NotFound, "catalog", s.query.ShortName, "none of the %s granules comes near the area", humanize.Comma(int64(r.Granules.Count)))
	}
	return nil
}

// compare warns where the granules are of another product than the one that the configuration reads.
func (s *Search) compare(product string, granules *sources.Recorder) {
	others := 0
	var names []string
	for _, name := range slices.Sorted(maps.Keys(granules.Products)) {
		if product != "" && !strings.EqualFold(name, product) {
			others += granules.Products[name]
			names = append(names, name)
		}
	}
	if others > 0 {
		s.o.Warn("%s of %s granules are of %s, and the configuration reads %s", humanize.Comma(int64(others)), humanize.Comma(int64(granules.Count)), strings.Join(names, ", "), product)
	}
}

// open opens the source, with what is counted and kept of it.
func (s *Search) open(ctx context.Context, t *Target) (*Result, error) {
	o := &s.o
	source, closer, err := sources.Open(ctx, sources.Options{
		Files: o.Files, Service: o.Service, CMR: o.CMR, STAC: o.STAC, Post: o.Method == "post", Provider: o.Provider, Collections: o.Collections, Query: o.Query,
		Rules: catalog.Rules{Thumbnails: o.Thumbnails, Data: o.Asset}, TimeKey: o.TimeKey, Anywhere: o.NoFootprint == "earth", Edges: s.edges,
		UserAgent: o.UserAgent, Fetched: o.Fetched, Retrying: o.Retrying,
	})
	if errors.Is(err, sources.ErrSeveral) {
		err = &UsageError{err.Error()}
	}
	if err != nil {
		return nil, err
	}
	if closer == nil {
		closer = io.NopCloser(nil)
	}
	if len(t.Siblings) > 0 {
		source = &siblings.Source{Source: source, Patterns: t.Siblings, Products: !o.Offline() && o.Service != "stac" && len(o.Collections) == 0,
			Identify: func(ctx context.Context, names []string) ([]core.Identity, error) {
				return job.IdentifyNames(ctx, t.Reader, names)
			}}
	}
	r := &Result{options: o, Granules: &sources.Recorder{Source: source, Area: s.Area.Region, Progress: o.Assigned}, close: func() { closer.Close() }}
	if o.Catalog == "" {
		return r, nil
	}
	if o.Index != nil {
		r.Granules.Order = *o.Index
		r.Granules.Cover, err = o.cells(ctx)
	}
	if err == nil {
		r.Granules.Writer, err = geoparquet.NewWriter("")
	}
	if err != nil {
		r.Close()
		return nil, err
	}
	r.close = func() { r.Granules.Writer.Close(); closer.Close() }
	return r, nil
}
