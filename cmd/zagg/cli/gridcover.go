package cli

// "zagg grid cover": the shards or cells of an area, for any grid.

import (
	"fmt"
	"io"
	"math"
	"os"

	"github.com/spf13/cobra"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/area"
	"github.com/englacial/zagg/internal/catalog/geometry"
	"github.com/englacial/zagg/internal/config"
	"github.com/englacial/zagg/internal/places"
)

// coverOptions are the flags of `zagg grid cover`.
type coverOptions struct {
	grid, polygon, edges, latitude string
	order                          int
	orderGiven                     bool
	margin                         float64
	json                           bool
}

func (a *app) gridCover() *cobra.Command {
	o := coverOptions{}
	c := &cobra.Command{
		Use:   "cover --grid JSON --polygon FILE.geojson|-",
		Short: "List the shards or cells that meet an area",
		Long: `Print the shards of a grid that meet the geometries in a GeoJSON file (a geometry, a feature, or a collection of features;
lines and points are allowed), one per line: shard_key, label and block (for HEALPix the nested id). With --order, print cells
of this order (HEALPix) or resolution (H3) instead of shards.

Polygons may have holes, be concave, cross the antimeridian and contain a pole. The inside of a ring is its smaller side.
Edges are great circles of the sphere to which the grid maps latitudes, or planar: straight in longitude and latitude. By
default, boxes along meridians and parallels, and shapes along the frame of a flat world map, are planar.`,
		Example: `  zagg grid cover --grid '{"type":"healpix","parent_order":6,"child_order":12}' --polygon basin.geojson
  zagg grid cover --grid '{"type":"healpix","parent_order":6,"child_order":12}' --polygon basin.geojson --order 9 --json
  zagg grid cover --grid '{"type":"h3","parent_resolution":3,"child_resolution":9}' --polygon track.geojson --margin 5000
  zagg grid cover --grid '{"type":"healpix","parent_order":6,"child_order":12}' --polygon box.geojson --edges planar --latitude geodetic-spherical`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			o.orderGiven = cmd.Flags().Changed("order")
			return a.cover(cmd, o)
		},
	}
	f := c.Flags()
	gridFlags(f, &o.grid)
	f.StringVar(&o.polygon, "polygon", "", "GeoJSON file, or - for standard input")
	f.IntVar(&o.order, "order", 0, "cells of this HEALPix order or H3 resolution instead of the grid's shards")
	f.StringVar(&o.edges, "edges", "auto", "edges: auto, geodesic, planar")
	f.StringVar(&o.latitude, "latitude", "", "HEALPix: authalic-wgs84 or geodetic-spherical; overrides --grid")
	f.Float64Var(&o.margin, "margin", 0, "margin around the area in metres")
	f.BoolVar(&o.json, "json", false, "print one JSON object with the lists shard_keys and labels and, for HEALPix, nested and morton")
	c.RegisterFlagCompletionFunc("edges", fixed("auto", "geodesic", "planar"))
	c.RegisterFlagCompletionFunc("latitude", fixed("authalic-wgs84", "geodetic-spherical"))
	return c
}

func (a *app) cover(cmd *cobra.Command, o coverOptions) error {
	edges, err := geometry.ParseEdges(o.edges)
	switch {
	case err != nil:
		return fmt.Errorf("--edges: %w: %w for `%s`", err, errUsage, cmd.CommandPath())
	case o.polygon == "":
		return fmt.Errorf("--polygon is missing: %w for `%s`", errUsage, cmd.CommandPath())
	case !(o.margin >= 0) || math.IsInf(o.margin, 0):
		return fmt.Errorf("--margin is a distance in metres: %w for `%s`", errUsage, cmd.CommandPath())
	}
	if o.grid != "" {
		order := &o.order
		if !o.orderGiven {
			order = nil
		}
		if o.grid, err = config.GridText(o.grid); err != nil {
			return err
		}
		if o.grid, err = places.Adjust(o.grid, o.latitude, order); err != nil {
			return err
		}
	}
	grid, err := a.gridFromJSON(cmd, o.grid)
	if err != nil {
		return err
	}
	text, err := a.readPolygon(o.polygon)
	if err != nil {
		return err
	}
	features, err := places.Read(text, o.polygon)
	if err != nil {
		return err
	}
	keys, readings, err := places.Cover(cmd.Context(), grid, features, edges, o.margin)
	a.warnReadings(readings)
	if err != nil {
		return core.Wrap(err, "grid cover", o.polygon)
	}
	return places.Write(cmd.Context(), a.stdout, grid, keys, o.json)
}

// readPolygon is the text of --polygon.
func (a *app) readPolygon(name string) ([]byte, error) {
	in := a.stdin
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return nil, core.Errorf(core.NotFound, "--polygon", name, "%w", err)
		}
		defer f.Close()
		in = f
	}
	data, err := io.ReadAll(io.LimitReader(in, area.Largest+1))
	if err != nil {
		return nil, core.Errorf(core.Unavailable, "--polygon", name, "%w", err)
	}
	return data, nil
}
