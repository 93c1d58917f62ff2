package cli

// "zagg shardmap info": what a shard map contains and what it will cost.

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/cost"
	"github.com/englacial/zagg/internal/predict"
	"github.com/englacial/zagg/internal/run"
	"github.com/englacial/zagg/internal/shardmap"
	"github.com/englacial/zagg/internal/shardmap/mapview"
)

func (a *app) shardmapCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "shardmap",
		Short: "Inspect, convert and draw shard maps",
		Example: `  zagg shardmap info shardmap.json
  zagg shardmap convert shardmap.json shards.geojson
  zagg shardmap plot shardmap.json -o shards.png`,
	}
	c.AddCommand(a.shardmapInfo(), a.shardmapConvert(), a.shardmapPlot())
	return c
}

func (a *app) shardmapInfo() *cobra.Command {
	var asJSON bool
	var config string
	top := 10
	o := predict.Options{Function: cost.Function{MemoryMB: 2048, Concurrency: 1000, TmpMB: 512, Timeout: 720}}
	c := &cobra.Command{
		Use:   "info MAP",
		Short: "Show the number of shards and granules, the densest shards, and predicted cost and time",
		Long: `Show the number of shards and granules of a shard map, its densest shards, and the predicted cost and time of a run on AWS
Lambda, with the model of zagg cost, which has more details.`,
		Example: "  zagg shardmap info shardmap.json\n  zagg shardmap info shardmap.json --memory 4096 --json",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if o.Function.MemoryMB < 128 || o.Function.MemoryMB > 10240 || o.Function.Concurrency < 1 || top < 0 {
				return fmt.Errorf("--memory must be 128 to 10240, --concurrency at least 1 and --top at least 0: %w for `zagg shardmap info`", errUsage)
			}
			info, err := a.describeMap(cmd.Context(), args[0], config, top, o)
			if err != nil {
				return err
			}
			if asJSON {
				return a.printJSON(info)
			}
			return info.Print(a.stdout, o.Function, o.Indexed)
		},
	}
	f := c.Flags()
	f.BoolVar(&asJSON, "json", false, "print JSON")
	f.StringVar(&config, "config", "", "configuration whose grid the map is of (default: the map's own signature)")
	f.IntVar(&top, "top", top, "number of densest shards to list")
	f.IntVar(&o.Function.MemoryMB, "memory", o.Function.MemoryMB, "memory of a worker in MB")
	f.IntVar(&o.Function.Concurrency, "concurrency", o.Function.Concurrency, "maximum number of concurrent workers")
	f.BoolVar(&o.Indexed, "indexed", false, "the granules have sidecar indexes (zagg index build)")
	return c
}

// gridOfMap makes the grid of a map: that of a configuration, which must be the map's, or that of the map's own signature.
func (a *app) gridOfMap(ctx context.Context, m *shardmap.Map, file string) (core.Grid, error) {
	return mapview.Grid(ctx, m, file, a.host.Grid)
}

// gridIfKnown is the grid of a map; nil where the map's own signature does not make one.
func (a *app) gridIfKnown(ctx context.Context, m *shardmap.Map, file string) (core.Grid, error) {
	grid, err := a.gridOfMap(ctx, m, file)
	if err != nil && file == "" {
		return nil, nil
	}
	return grid, err
}

func (a *app) describeMap(ctx context.Context, name, config string, top int, o predict.Options) (*mapview.Info, error) {
	m, err := run.ReadMap(ctx, name)
	if err != nil {
		return nil, err
	}
	grid, err := a.gridIfKnown(ctx, m, config)
	if err != nil {
		return nil, err
	}
	return mapview.Describe(ctx, name, m, grid, top, o.Function, o.Indexed)
}
