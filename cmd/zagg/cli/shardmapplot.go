package cli

// "zagg shardmap plot": a picture of a shard map.

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"path"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/drivers"
	"github.com/englacial/zagg/internal/plot"
	"github.com/englacial/zagg/internal/shardmap/mapview"
)

func (a *app) shardmapPlot() *cobra.Command {
	var out, title, config string
	c := &cobra.Command{
		Use:   "plot MAP [-o FILE.png|FILE.svg|FILE.geojson]",
		Short: "Draw the shards of a map, coloured by their number of granules",
		Long: `Draw the shards of a map, coloured by their number of granules. The projection is polar stereographic if all are near a pole,
else plate carrée. If the file name ends in .geojson, write the outlines instead, for other programs.`,
		Example: "  zagg shardmap plot shardmap.json -o shards.png\n  zagg shardmap plot shardmap.json -o shards.svg --title 'Cycle 22'",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if out == "" {
				out = strings.TrimSuffix(path.Base(filepath.ToSlash(args[0])), path.Ext(args[0])) + ".png"
			}
			if err := a.plotMap(cmd.Context(), args[0], out, title, config); err != nil {
				return err
			}
			fmt.Fprintln(a.stdout, out)
			return nil
		},
	}
	c.Flags().StringVarP(&out, "output", "o", "", "file to write; .png, .svg or .geojson (default: the map's name with .png)")
	c.Flags().StringVar(&title, "title", "", "title of the image")
	c.Flags().StringVar(&config, "config", "", "configuration whose grid the map is of (default: the map's own signature)")
	return c
}

func (a *app) plotMap(ctx context.Context, name, out, title, config string) error {
	format := strings.TrimPrefix(strings.ToLower(path.Ext(out)), ".")
	if format != "png" && format != "svg" && format != "geojson" {
		return fmt.Errorf("--output %s: want a name that ends in .png, .svg or .geojson: %w for `zagg shardmap plot`", out, errUsage)
	}
	m, err := mapview.Read(ctx, name)
	if err != nil {
		return err
	}
	grid, err := a.gridOfMap(ctx, m, config)
	if err != nil {
		return err
	}
	shards, err := mapview.Canonical(ctx, grid, m, false)
	if err != nil {
		return err
	}
	if format == "geojson" {
		return drivers.Write(ctx, out, func(w io.Writer) error { return mapview.WriteGeoJSON(w, m, shards) })
	}
	if len(shards) == 0 {
		return core.Errorf(core.NotFound, "shardmap plot", name, "the map has no shards")
	}
	data := mapview.Picture(m, shards)
	data.Title, data.Source = cmp.Or(title, data.Title), path.Base(filepath.ToSlash(name))
	return drivers.Write(ctx, out, func(w io.Writer) error { return plot.Map(w, format, *data) })
}
