package cli

// "zagg shardmap convert": shard maps with canonical keys or labels, and as GeoJSON.

import (
	"context"
	"fmt"
	"io"
	"path"
	"strings"

	"github.com/spf13/cobra"

	"github.com/englacial/zagg/internal/drivers"
	"github.com/englacial/zagg/internal/shardmap/mapview"
)

func (a *app) shardmapConvert() *cobra.Command {
	var config, spelling string
	c := &cobra.Command{
		Use:   "convert MAP OUTPUT",
		Short: "Convert a shard map: canonical keys, labels, or GeoJSON and back",
		Long: `Convert a shard map. The file names determine the formats: .json is a shard map, .geojson a collection of the shards' outlines
with their granules, which can be converted back. Keys are written in canonical form: signed decimals of earlier releases
become packed words, and the signature says geodetic latitudes, unless --config or the map says otherwise.`,
		Example: `  zagg shardmap convert shardmap.json shards.geojson
  zagg shardmap convert old.json new.json
  zagg shardmap convert shardmap.json labels.json --keys label`,
		Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			if spelling != "canonical" && spelling != "label" {
				return fmt.Errorf("--keys is one of canonical, label: %w for `zagg shardmap convert`", errUsage)
			}
			return a.convertMap(cmd.Context(), args[0], args[1], config, spelling == "label")
		},
	}
	c.Flags().StringVar(&config, "config", "", "configuration whose grid the map is of (default: the map's own signature)")
	c.Flags().StringVar(&spelling, "keys", "canonical", "form of the keys: canonical, label")
	c.RegisterFlagCompletionFunc("keys", fixed("canonical", "label"))
	return c
}

func (a *app) convertMap(ctx context.Context, from, to, config string, labels bool) error {
	m, err := mapview.Read(ctx, from)
	if err != nil {
		return err
	}
	grid, err := a.gridOfMap(ctx, m, config)
	if err != nil {
		return err
	}
	shards, err := mapview.Canonical(ctx, grid, m, labels)
	if err != nil {
		return err
	}
	switch strings.ToLower(path.Ext(to)) {
	case ".json":
		err = drivers.Write(ctx, to, m.Write)
	case ".geojson":
		err = drivers.Write(ctx, to, func(w io.Writer) error { return mapview.WriteGeoJSON(w, m, shards) })
	default:
		return fmt.Errorf("%s: want a name that ends in .json or .geojson: %w for `zagg shardmap convert`", to, errUsage)
	}
	if err == nil {
		fmt.Fprintln(a.stdout, to)
	}
	return err
}
