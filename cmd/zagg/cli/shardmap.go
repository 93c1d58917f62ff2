package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/dustin/go-humanize"
	"github.com/spf13/cobra"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/cost"
	"github.com/englacial/zagg/internal/quantity"
	"github.com/englacial/zagg/internal/run"
	"github.com/englacial/zagg/internal/shardmap"
	"github.com/englacial/zagg/internal/shardmap/build"
	"github.com/englacial/zagg/internal/shardmap/mapview"
)

func (a *app) shardmapCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "shardmap",
		Short: "Look at shard maps, convert and draw them",
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
		Short: "Count shards and granules, name the densest shards, predict cost and time",
		Long: `Count the shards and granules of a shard map, name its densest shards, and predict what a run of it takes on AWS Lambda with
the model of zagg cost, which has more to say about that.`,
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
				enc := json.NewEncoder(a.stdout)
				enc.SetIndent("", "  ")
				return enc.Encode(info)
			}
			return a.printMapInfo(info, o)
		},
	}
	f := c.Flags()
	f.BoolVar(&asJSON, "json", false, "print JSON")
	f.StringVar(&config, "config", "", "configuration whose grid the map is of (default: the map's own signature)")
	f.IntVar(&top, "top", top, "how many of the densest shards to list")
	f.IntVar(&o.function.MemoryMB, "memory", o.function.MemoryMB, "memory of a worker in MB")
	f.IntVar(&o.function.Concurrency, "concurrency", o.function.Concurrency, "workers at once")
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

func (a *app) printMapInfo(info *mapview.Info, o costOptions) error {
	w := tabwriter.NewWriter(a.stdout, 2, 8, 2, ' ', 0)
	fmt.Fprintf(w, "Shard map\t%s\n", info.Path)
	fmt.Fprintf(w, "Grid\t%s\n", oneLine(info.Grid))
	fmt.Fprintf(w, "Shards\t%s", humanize.Comma(int64(info.Shards)))
	if info.AreaKM2 > 0 {
		fmt.Fprintf(w, ", %s km²", humanize.Comma(int64(info.AreaKM2+0.5)))
	}
	fmt.Fprintf(w, "\nGranules\t%s, %s pairs of shard and granule\n", humanize.Comma(int64(info.Granules)), humanize.Comma(int64(info.Pairs)))
	fmt.Fprintf(w, "Per shard\tmin %d, median %g, avg %.1f, max %d granules\n", info.Least, info.Median, info.Mean, info.Most)
	printArea(w, info.Metadata)
	if info.First != "" {
		fmt.Fprintf(w, "Times\t%s to %s\n", info.First, info.Last)
	}
	if info.Legacy > 0 {
		fmt.Fprintf(w, "Keys\t%s are signed decimals of earlier releases, which took geodetic latitudes as those of a sphere; zagg shardmap convert rewrites them\n", humanize.Comma(int64(info.Legacy)))
	}
	for i, d := range info.Densest {
		name := "Densest"
		if i > 0 {
			name = ""
		}
		fmt.Fprintf(w, "%s\t%s", name, d.Key)
		if d.Label != "" && d.Label != string(d.Key) {
			fmt.Fprintf(w, " (%s)", d.Label)
		}
		fmt.Fprintf(w, ": %s granules", humanize.Comma(int64(d.Granules)))
		if d.Lat != nil {
			fmt.Fprintf(w, ", around %.3f, %.3f", *d.Lat, *d.Lon)
		}
		fmt.Fprintln(w)
	}
	e := info.Expected
	fmt.Fprintf(w, "On Lambda\tabout %s and %s with %s workers of %s MB; densest shard %.1f s; at most $%.2f\n",
		e.Bill, quantity.Seconds(e.WallSeconds), humanize.Comma(int64(o.function.Concurrency)), humanize.Comma(int64(o.function.MemoryMB)), e.DensestSeconds, e.CeilingUSD)
	if !o.indexed {
		fmt.Fprintf(w, "Indexed\tabout %s and %s if the granules have sidecar indexes\n", info.WithIndex.Bill, quantity.Seconds(info.WithIndex.WallSeconds))
	}
	return w.Flush()
}

func oneLine(object json.RawMessage) string {
	var b bytes.Buffer
	if json.Compact(&b, object) != nil {
		return string(object)
	}
	return b.String()
}

// printArea says how the rings of the area that a map was made for were read.
func printArea(w io.Writer, metadata json.RawMessage) {
	var m struct {
		Area build.Area `json:"area"`
	}
	if len(metadata) == 0 || json.Unmarshal(metadata, &m) != nil { // other programs' metadata may say anything
		return
	}
	for i := range m.Area.Readings {
		r := &m.Area.Readings[i]
		label := "Area"
		if i > 0 {
			label = ""
		}
		fmt.Fprintf(w, "%s\t%s: %s\n", label, r.Place, r.Text())
		if r.Other != "" {
			fmt.Fprintf(w, "\t  %s it would be %s km²\n", r.Other, humanize.Comma(int64(r.OtherKM2+0.5)))
		}
	}
	if more := m.Area.Rings - len(m.Area.Readings); more > 0 {
		fmt.Fprintf(w, "\tand %s more rings\n", humanize.Comma(int64(more)))
	}
}
