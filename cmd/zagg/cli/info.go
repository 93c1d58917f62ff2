package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/englacial/zagg/internal/stored"
)

func (a *app) infoCommand() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:     "info STORE",
		Short:   "Say what a store holds: grid, arrays, finished shards, observations",
		Example: "  zagg info heights.zarr\n  zagg info s3://bucket/heights.zarr --json",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			info, err := describeStore(cmd.Context(), args[0])
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

func describeStore(ctx context.Context, address string) (*stored.Info, error) {
	s, err := stored.Open(ctx, address)
	if err != nil {
		return nil, err
	}
	return s.Describe(ctx)
}

func (a *app) printInfo(i *stored.Info) error {
	var grid bytes.Buffer
	if err := json.Compact(&grid, i.GridConfig); err != nil {
		return err
	}
	fmt.Fprintf(a.stdout, "%s\n", i.Store)
	fmt.Fprintf(a.stdout, "  grid          %s %s\n", i.Grid, grid.String())
	fmt.Fprintf(a.stdout, "  layout        %s, group %q\n", i.Layout, i.Group)
	fmt.Fprintf(a.stdout, "  configuration %s\n", i.ConfigHash)
	for _, p := range i.Plugins {
		fmt.Fprintf(a.stdout, "  plugin        %s\n", p)
	}
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
