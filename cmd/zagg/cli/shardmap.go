package cli

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/cost"
	"github.com/englacial/zagg/internal/run"
	"github.com/englacial/zagg/internal/shardmap"
	"github.com/englacial/zagg/internal/shardmap/build"
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
			info, err := a.mapInfo(cmd.Context(), args[0], config, top, o)
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

// A mapInfo is what `zagg shardmap info` says.
type mapInfo struct {
	Path      string           `json:"path"`
	Grid      json.RawMessage  `json:"grid_signature"`
	Metadata  json.RawMessage  `json:"metadata,omitempty"`
	Shards    int              `json:"shards"`
	Granules  int              `json:"granules"`
	Pairs     int              `json:"pairs"`
	Least     int              `json:"granules_per_shard_min"`
	Most      int              `json:"granules_per_shard_max"`
	Mean      float64          `json:"granules_per_shard_avg"`
	Median    float64          `json:"granules_per_shard_median"`
	AreaKM2   float64          `json:"area_km2,omitempty"`
	First     string           `json:"first_time,omitempty"`
	Last      string           `json:"last_time,omitempty"`
	Legacy    int              `json:"legacy_keys,omitempty"`
	Densest   []denseShard     `json:"densest"`
	Expected  cost.Expectation `json:"expected"`
	WithIndex cost.Expectation `json:"expected_indexed"`
}

type denseShard struct {
	Key      core.ShardKey `json:"shard_key"`
	Label    string        `json:"label,omitempty"`
	Granules int           `json:"granules"`
	Lon      *float64      `json:"lon,omitempty"`
	Lat      *float64      `json:"lat,omitempty"`
}

func (a *app) mapInfo(ctx context.Context, name, config string, top int, o costOptions) (*mapInfo, error) {
	m, err := run.ReadMap(ctx, name)
	if err != nil {
		return nil, err
	}
	counts := granulesByShard(m)
	info := &mapInfo{
		Path: name, Grid: m.GridSignature, Metadata: m.Metadata, Shards: len(m.Keys), Granules: len(m.GranuleIDs()), Pairs: m.Pairs(),
		Densest: []denseShard{}, Expected: cost.Direct().Expect(counts, o.function), WithIndex: cost.Indexed().Expect(counts, o.function),
	}
	if o.indexed {
		info.Expected = info.WithIndex
	}
	info.count(counts)
	info.times(m)
	grid, err := a.gridOfMap(ctx, m, config)
	if err != nil && config != "" {
		return nil, err
	}
	if grid != nil {
		legacy, err := m.LegacyKeys(ctx, grid)
		if err != nil {
			return nil, err
		}
		info.Legacy = len(legacy)
	}
	return info, info.places(ctx, m, grid, counts, top)
}

func (info *mapInfo) count(counts []int) {
	if len(counts) == 0 {
		return
	}
	sorted := slices.Sorted(slices.Values(counts))
	n := len(sorted)
	info.Least, info.Most = sorted[0], sorted[n-1]
	info.Mean = float64(info.Pairs) / float64(n)
	info.Median = float64(sorted[(n-1)/2]+sorted[n/2]) / 2
}

// times are the first and last that the granules have; their texts sort as times, since all are RFC 3339 in UTC.
func (info *mapInfo) times(m *shardmap.Map) {
	for _, list := range m.Granules {
		for _, rec := range list {
			start, end := cmp.Or(rec.TimeStart, rec.Datetime), cmp.Or(rec.TimeEnd, rec.TimeStart, rec.Datetime)
			if start != "" && (info.First == "" || start < info.First) {
				info.First = start
			}
			info.Last = max(info.Last, end)
		}
	}
}

// places names the densest shards and sums the area, as far as the grid is known.
func (info *mapInfo) places(ctx context.Context, m *shardmap.Map, grid core.Grid, counts []int, top int) error {
	order := make([]int, len(counts))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int { return cmp.Compare(counts[j], counts[i]) })
	var shards []core.Shard
	if grid != nil {
		var err error
		if shards, err = grid.Shards(ctx, m.Keys); err != nil {
			return err
		}
	}
	for _, i := range order[:min(top, len(order))] {
		d := denseShard{Key: m.Keys[i], Granules: counts[i]}
		if shards != nil {
			at := centreOf(&shards[i].Outline)
			d.Label, d.Lon, d.Lat = shards[i].Label, &at.Lon, &at.Lat
		}
		info.Densest = append(info.Densest, d)
	}
	for i := range shards {
		info.AreaKM2 += shards[i].AreaKM2
	}
	return nil
}

func (a *app) printMapInfo(info *mapInfo, o costOptions) error {
	w := tabwriter.NewWriter(a.stdout, 2, 8, 2, ' ', 0)
	fmt.Fprintf(w, "Shard map\t%s\n", info.Path)
	fmt.Fprintf(w, "Grid\t%s\n", oneLine(info.Grid))
	fmt.Fprintf(w, "Shards\t%s", thousands(int64(info.Shards)))
	if info.AreaKM2 > 0 {
		fmt.Fprintf(w, ", %s km²", thousands(int64(info.AreaKM2+0.5)))
	}
	fmt.Fprintf(w, "\nGranules\t%s, %s pairs of shard and granule\n", thousands(int64(info.Granules)), thousands(int64(info.Pairs)))
	fmt.Fprintf(w, "Per shard\tmin %d, median %g, avg %.1f, max %d granules\n", info.Least, info.Median, info.Mean, info.Most)
	printArea(w, info.Metadata)
	if info.First != "" {
		fmt.Fprintf(w, "Times\t%s to %s\n", info.First, info.Last)
	}
	if info.Legacy > 0 {
		fmt.Fprintf(w, "Keys\t%s are signed decimals of earlier releases, which took geodetic latitudes as those of a sphere; zagg shardmap convert rewrites them\n", thousands(int64(info.Legacy)))
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
		fmt.Fprintf(w, ": %s granules", thousands(int64(d.Granules)))
		if d.Lat != nil {
			fmt.Fprintf(w, ", around %.3f, %.3f", *d.Lat, *d.Lon)
		}
		fmt.Fprintln(w)
	}
	e := info.Expected
	fmt.Fprintf(w, "On Lambda\tabout %s and %s with %s workers of %s MB; densest shard %.1f s; at most $%.2f\n",
		e.Bill, seconds(e.WallSeconds), thousands(int64(o.function.Concurrency)), thousands(int64(o.function.MemoryMB)), e.DensestSeconds, e.CeilingUSD)
	if !o.indexed {
		fmt.Fprintf(w, "Indexed\tabout %s and %s if the granules have sidecar indexes\n", info.WithIndex.Bill, seconds(info.WithIndex.WallSeconds))
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
			fmt.Fprintf(w, "\t  %s it would be %s km²\n", r.Other, thousands(int64(r.OtherKM2+0.5)))
		}
	}
	if more := m.Area.Rings - len(m.Area.Readings); more > 0 {
		fmt.Fprintf(w, "\tand %s more rings\n", thousands(int64(more)))
	}
}
