package cli

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/cost"
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
	o := costOptions{architecture: "arm64", function: cost.Function{MemoryMB: 2048, Concurrency: 1000, TmpMB: 512, Timeout: 720}}
	c := &cobra.Command{
		Use:   "info MAP",
		Short: "Show the number of shards and granules, the densest shards, and predicted cost and time",
		Long: `Show the number of shards and granules of a shard map, its densest shards, and the predicted cost and time of a run on AWS
Lambda, with the model of zagg cost, which has more details.`,
		Example: "  zagg shardmap info shardmap.json\n  zagg shardmap info shardmap.json --memory 4096 --json",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if o.function.MemoryMB < 128 || o.function.MemoryMB > 10240 || o.function.Concurrency < 1 || top < 0 {
				return fmt.Errorf("--memory must be 128 to 10240, --concurrency at least 1 and --top at least 0: %w for `zagg shardmap info`", errUsage)
			}
			info, err := a.describeMap(cmd.Context(), args[0], config, top, o)
			if err != nil {
				return err
			}
			if asJSON {
				return a.printJSON(info)
			}
			return info.Print(a.stdout, o.function, o.indexed)
		},
	}
	f := c.Flags()
	f.BoolVar(&asJSON, "json", false, "print JSON")
	f.StringVar(&config, "config", "", "configuration whose grid the map is of (default: the map's own signature)")
	f.IntVar(&top, "top", top, "number of densest shards to list")
	f.IntVar(&o.function.MemoryMB, "memory", o.function.MemoryMB, "memory of a worker in MB")
	f.IntVar(&o.function.Concurrency, "concurrency", o.function.Concurrency, "maximum number of concurrent workers")
	f.BoolVar(&o.indexed, "indexed", false, "the granules have sidecar indexes (zagg index build)")
	return c
}

// gridOfMap makes the grid of a map: that of a configuration, which must be the map's, or that of the map's signature, which is one
// of a grid's configurations.
func (a *app) gridOfMap(ctx context.Context, m *shardmap.Map, config string) (core.Grid, error) {
	settings := m.GridSignature
	var head struct {
		Type string `json:"type"`
	}
	if err := json.Unmarshal(settings, &head); err != nil {
		return nil, core.Errorf(core.Invalid, "shard map", "grid_signature", "%w", err)
	}
	if config != "" {
		cfg, _, err := loadConfig(config)
		if err != nil {
			return nil, err
		}
		head.Type, settings = cfg.Output.Grid.Type, cfg.Output.Grid.Config
	}
	grid, err := a.host.Grid(ctx, head.Type, settings)
	if err != nil {
		return nil, err
	}
	restored, note, err := m.GridSettings(ctx, grid, settings)
	if err == nil && note != "" {
		grid, err = a.host.Grid(ctx, head.Type, restored)
	}
	if err != nil {
		return nil, err
	}
	return grid, m.CheckGrid(ctx, grid)
}

func (a *app) describeMap(ctx context.Context, name, config string, top int, o costOptions) (*mapview.Info, error) {
	m, err := run.ReadMap(ctx, name)
	if err != nil {
		return nil, err
	}
	grid, err := a.gridOfMap(ctx, m, config)
	if err != nil && config != "" {
		return nil, err
	}
	return mapview.Describe(ctx, name, m, grid, top, o.function, o.indexed)
}
