package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/englacial/zagg/internal/job"
)

func (a *app) infoCommand() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:     "info STORE",
		Short:   "Say what a store holds: grid, arrays, finished shards, observations",
		Example: "  zagg info heights.zarr\n  zagg info s3://bucket/heights.zarr --json",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			info, err := describe(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			if asJSON {
				enc := json.NewEncoder(a.stdout)
				enc.SetIndent("", "  ")
				return enc.Encode(info)
			}
			return a.printInfo(info)
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return c
}

// A storeInfo is what `zagg info` prints.
type storeInfo struct {
	Store        string          `json:"store"`
	Group        string          `json:"group"`
	Grid         string          `json:"grid"`
	GridConfig   json.RawMessage `json:"grid_config"`
	Layout       string          `json:"layout"`
	ConfigHash   string          `json:"config_hash"`
	Arrays       []arrayInfo     `json:"arrays"`
	Shards       int             `json:"shards_done"`
	Empty        int             `json:"shards_empty"`
	Partial      int             `json:"shards_partial"`
	Cells        int64           `json:"cells_with_data"`
	Observations int64           `json:"observations"`
	Objects      int             `json:"objects"`
	Bytes        int64           `json:"bytes"`
}

type arrayInfo struct {
	Name   string   `json:"name"`
	Type   string   `json:"dtype"`
	Shape  []int64  `json:"shape"`
	Shard  []int64  `json:"shard"`
	Chunk  []int64  `json:"chunk"`
	Dims   []string `json:"dims"`
	Codecs string   `json:"codecs"`
	Units  string   `json:"units,omitempty"`
}

func describe(ctx context.Context, address string) (*storeInfo, error) {
	s, err := openStored(ctx, address)
	if err != nil {
		return nil, err
	}
	info := &storeInfo{Store: s.url, Group: s.name, Grid: s.made.Grid, GridConfig: s.made.GridConfig, Layout: s.made.Layout, ConfigHash: s.made.ConfigHash}
	for _, name := range arrayNames(s.group) {
		d, err := s.group.Array(ctx, name)
		if err != nil {
			return nil, err
		}
		info.Arrays = append(info.Arrays, arrayInfo{Name: name, Type: d.Type.String(), Shape: d.Shape, Shard: d.Shard, Chunk: d.Chunk,
			Dims: d.Dims, Codecs: d.Codecs(), Units: units(d.Attrs)})
	}
	for _, r := range s.records {
		info.Shards++
		switch r.Status {
		case job.Empty:
			info.Empty++
		case job.Partial:
			info.Partial++
		}
		info.Cells += r.Receipt.Cells
		info.Observations += r.Receipt.Observations.Kept
		info.Objects += len(r.Objects)
		for _, o := range r.Objects {
			info.Bytes += o.Size
		}
	}
	return info, nil
}

func (a *app) printInfo(i *storeInfo) error {
	var grid bytes.Buffer
	if err := json.Compact(&grid, i.GridConfig); err != nil {
		return err
	}
	fmt.Fprintf(a.stdout, "%s\n", i.Store)
	fmt.Fprintf(a.stdout, "  grid          %s %s\n", i.Grid, grid.String())
	fmt.Fprintf(a.stdout, "  layout        %s, group %q\n", i.Layout, i.Group)
	fmt.Fprintf(a.stdout, "  configuration %s\n", i.ConfigHash)
	fmt.Fprintf(a.stdout, "  shards        %d done, %d of them empty, %d without some granules\n", i.Shards, i.Empty, i.Partial)
	fmt.Fprintf(a.stdout, "  cells         %s with data\n", thousands(i.Cells))
	fmt.Fprintf(a.stdout, "  observations  %s\n", thousands(i.Observations))
	fmt.Fprintf(a.stdout, "  objects       %s, %s\n\n", thousands(int64(i.Objects)), megabytes(i.Bytes))
	w := tabwriter.NewWriter(a.stdout, 2, 8, 2, ' ', 0)
	fmt.Fprintln(w, "  variable\tdtype\tunits\tdims\tshape\tobject\tchunk\tcodecs")
	for _, v := range i.Arrays {
		fmt.Fprintf(w, "  %s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", v.Name, v.Type, v.Units, strings.Join(v.Dims, ","), numbers(v.Shape), numbers(v.Shard), numbers(v.Chunk), v.Codecs)
	}
	return w.Flush()
}

func numbers(v []int64) string {
	parts := make([]string, len(v))
	for i, n := range v {
		parts[i] = thousands(n)
	}
	return strings.Join(parts, " × ")
}
