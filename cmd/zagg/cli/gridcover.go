package cli

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/area"
	"github.com/englacial/zagg/internal/catalog/geometry"
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
		Short: "List the shards or cells that meet a polygon",
		Long: `Print the shards of a grid that meet the places in a GeoJSON file (a geometry, a feature, or a collection of features,
taken as one union; lines and points too), one a line: shard_key, label and block, which for HEALPix is the nested id.
With --order shards are cells of that order (HEALPix) or resolution (H3) instead of the grid's own shards.

Polygons may have holes, be concave, cross the antimeridian and contain a pole. Of each ring the smaller side is the inside.
Edges are great circles of the sphere to which the grid maps latitudes, or planar: straight in longitude and latitude. By
default planar are boxes along meridians and parallels, and shapes along the frame of a flat world map.`,
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
	f.StringVar(&o.grid, "grid", "", `the grid: JSON with "type" and the keys of output.grid`)
	f.StringVar(&o.polygon, "polygon", "", "GeoJSON file, or - for standard input")
	f.IntVar(&o.order, "order", 0, "cells of this HEALPix order or H3 resolution instead of the grid's shards")
	f.StringVar(&o.edges, "edges", "auto", "how edges run: auto, geodesic, planar")
	f.StringVar(&o.latitude, "latitude", "", "HEALPix: authalic-wgs84 or geodetic-spherical, instead of what --grid says")
	f.Float64Var(&o.margin, "margin", 0, "metres around the polygon that count as well")
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
		if o.grid, err = adjustGrid(o); err != nil {
			return err
		}
	}
	grid, err := a.gridFromJSON(cmd, o.grid)
	if err != nil {
		return err
	}
	features, err := a.readFeatures(o.polygon)
	if err != nil {
		return err
	}
	keys, err := a.coverPlaces(cmd.Context(), grid, features, edges, o.margin)
	if err != nil {
		return core.Errorf(core.CodeOf(err), "grid cover", o.polygon, "%w", err)
	}
	out := bufio.NewWriter(a.stdout)
	l := &coverLists{out: out, json: o.json, healpix: strings.Contains(string(grid.Info().Signature), `"healpix"`), Keys: []core.ShardKey{}, Labels: []string{}}
	const describe = 1 << 12 // shards at a time: they come with outlines
	fmt.Fprint(out, l.head())
	for part := range slices.Chunk(keys, describe) {
		shards, err := grid.Shards(cmd.Context(), part)
		if err != nil {
			return err
		}
		l.add(shards)
	}
	if err := l.finish(); err != nil {
		return err
	}
	return out.Flush()
}

// adjustGrid puts --order and --latitude into the grid's JSON.
func adjustGrid(o coverOptions) (string, error) {
	keys := map[string]json.RawMessage{}
	if err := json.Unmarshal([]byte(o.grid), &keys); err != nil {
		return "", core.Errorf(core.Invalid, "--grid", o.grid, "%w", err)
	}
	if o.latitude != "" {
		keys["latitude"], _ = json.Marshal(o.latitude) // a string always can be
	}
	if o.orderGiven {
		coarse, fine := "parent_order", "child_order"
		if string(keys["type"]) == `"h3"` {
			coarse, fine = "parent_resolution", "child_resolution"
		}
		if _, ok := keys[coarse]; !ok {
			return "", core.Errorf(core.Unsupported, "--order", strconv.Itoa(o.order), "this grid has no orders; leave --order out for its shards")
		}
		n := json.RawMessage(strconv.Itoa(o.order))
		keys[coarse], keys[fine] = n, n
		delete(keys, "chunk_inner")
	}
	text, err := json.Marshal(keys)
	return string(text), err
}

// A place is what one member of a GeoJSON file covers, and what to call it.
type place struct {
	name   string
	shapes []geometry.Shape
}

// readFeatures reads a GeoJSON file feature by feature.
func (a *app) readFeatures(name string) ([]place, error) {
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
	// The whole is read first, for its errors.
	all, err := geometry.ParseGeoJSON(data)
	if err == nil && len(all) == 0 {
		err = core.Errorf(core.Invalid, "", "", "there is no place in it")
	}
	if err != nil {
		return nil, core.Errorf(core.CodeOf(err), "--polygon", name, "%w", err)
	}
	var collection struct {
		Features []json.RawMessage `json:"features"`
	}
	if err := json.Unmarshal(data, &collection); err != nil || len(collection.Features) == 0 {
		return []place{{"", all}}, nil
	}
	features := make([]place, len(collection.Features))
	for i, raw := range collection.Features {
		shapes, err := geometry.ParseGeoJSON(raw)
		if err != nil {
			return nil, core.Errorf(core.CodeOf(err), "--polygon", name, "feature %d: %w", i, err)
		}
		features[i] = place{featureName(i, raw), shapes}
	}
	return features, nil
}

// featureName is what a person may know a feature by.
func featureName(i int, raw json.RawMessage) string {
	var f struct {
		ID         json.RawMessage            `json:"id"`
		Properties map[string]json.RawMessage `json:"properties"`
	}
	name := "feature " + strconv.Itoa(i)
	if json.Unmarshal(raw, &f) != nil {
		return name
	}
	if v := f.Properties["name"]; len(v) > 0 {
		return name + " (" + strings.Trim(string(v), `"`) + ")"
	}
	if len(f.ID) > 0 {
		return name + " (id " + string(f.ID) + ")"
	}
	return name
}

// coverPlaces lists the shards that meet the union of features, in key order. Errors name the feature.
func (a *app) coverPlaces(ctx context.Context, grid core.Grid, features []place, edges geometry.Edges, margin float64) ([]core.ShardKey, error) {
	var regions []core.Region
	var names []string
	for _, f := range features {
		if len(f.shapes) == 0 {
			continue
		}
		region, readings, err := geometry.Reader{Edges: edges}.Region(f.shapes)
		if err != nil && f.name != "" {
			err = core.Errorf(core.CodeOf(err), "", "", "%s: %w", f.name, err)
		}
		if err != nil {
			return nil, err
		}
		for i := range readings {
			if f.name != "" {
				readings[i].Place = f.name + ", " + readings[i].Place
			}
		}
		a.warnReadings(readings)
		region.Margin = margin
		regions, names = append(regions, region), append(names, f.name)
	}
	covers, err := grid.Cover(ctx, regions)
	if err != nil {
		for i := range regions { // which one is it?
			if _, own := grid.Cover(ctx, regions[i:i+1]); own != nil && ctx.Err() == nil && names[i] != "" {
				return nil, core.Errorf(core.CodeOf(own), "", "", "%s: %w", names[i], own)
			}
		}
		return nil, err
	}
	keys := slices.Concat(covers...)
	slices.SortFunc(keys, core.CompareKeys)
	return slices.Compact(keys), nil
}

// coverLists are the shards found, as they are printed. The canonical key of a HEALPix shard is its packed word, its block
// the nested id.
type coverLists struct {
	out           io.Writer
	json, healpix bool
	Keys          []core.ShardKey `json:"shard_keys"`
	Labels        []string        `json:"labels"`
	Nested        []int64         `json:"nested,omitempty"`
	Morton        []core.ShardKey `json:"morton,omitempty"`
}

// head is the first line of the text.
func (l *coverLists) head() string {
	if l.json {
		return ""
	}
	return "shard_key,label,block\n"
}

func (l *coverLists) add(shards []core.Shard) {
	for i := range shards {
		s := &shards[i]
		if !l.json {
			fmt.Fprintf(l.out, "%s,%s,%s\n", s.Key, s.Label, strings.Trim(strings.ReplaceAll(fmt.Sprint(s.Block), " ", "/"), "[]"))
			continue
		}
		l.Keys, l.Labels = append(l.Keys, s.Key), append(l.Labels, s.Label)
		if l.healpix {
			l.Nested = append(l.Nested, s.Block[0])
		}
	}
}

func (l *coverLists) finish() error {
	if !l.json {
		return nil
	}
	if l.healpix {
		l.Morton = l.Keys
	}
	return json.NewEncoder(l.out).Encode(l)
}
