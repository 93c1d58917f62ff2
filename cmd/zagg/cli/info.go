package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/dustin/go-humanize"
	"github.com/spf13/cobra"

	"github.com/englacial/zagg/internal/quantity"
	"github.com/englacial/zagg/internal/stored"
)

func (a *app) infoCommand() *cobra.Command {
	var asJSON bool
	var cell, at string
	c := &cobra.Command{
		Use:   "info STORE",
		Short: "Show the contents of a store, or of one of its cells",
		Long: `Show the grid, arrays, finished shards and observations of a store. With --cell, show the value of every array in one cell; for
t-digests, some quantiles and a small plot of the distribution from minimum to maximum.`,
		Example: "  zagg info heights.zarr\n  zagg info s3://bucket/heights.zarr --json\n  zagg info photons.zarr --cell 41108130209\n  zagg info photons.zarr --cell=-49.3,67.1",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if cell != "" {
				return a.cellInfo(cmd.Context(), args[0], cell, at, asJSON)
			}
			info, err := stored.Describe(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			if asJSON {
				return a.printJSON(info)
			}
			return a.printInfo(info)
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	c.Flags().StringVar(&at, "time", "", "with --cell: window of a store with windows of time: its label, or a time in it")
	c.Flags().StringVar(&cell, "cell", "", "name of a cell in its grid (zagg grid locate), or LON,LAT of a point in it")
	return c
}

// cellInfo prints what a store has of one cell.
func (a *app) cellInfo(ctx context.Context, address, id, at string, asJSON bool) error {
	s, err := stored.Open(ctx, address)
	if err == nil {
		err = s.AtTime(at)
	}
	if err != nil {
		return err
	}
	grid, err := a.grid(ctx, s.Made.Grid, s.Made.GridConfig)
	if err != nil {
		return err
	}
	c, err := s.Cell(ctx, grid, id)
	if err != nil {
		return err
	}
	if asJSON {
		return a.printJSON(c)
	}
	fmt.Fprintf(a.stdout, "shard %s, centre %.6f, %.6f\n", c.Shard, c.Lon, c.Lat)
	w := tabwriter.NewWriter(a.stdout, 2, 8, 2, ' ', 0)
	for _, v := range c.Values {
		text := v.Text()
		if v.Units != "1" {
			text += " " + v.Units
		}
		switch {
		case v.Fill:
			text = "no value"
		case v.Digest != nil:
			q := v.Digest.Quantiles
			text = fmt.Sprintf("%d centroids, weight %g\n\t%s\n\tmin %.7g, 5%% %.7g, 25%% %.7g, median %.7g, 75%% %.7g, 95%% %.7g, max %.7g",
				v.Digest.Centroids, v.Digest.Weight, v.Digest.Picture, q[0], q[1], q[2], q[3], q[4], q[5], q[6])
		}
		fmt.Fprintf(w, "  %s\t%s\n", v.Name, strings.TrimSpace(text))
	}
	return w.Flush()
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
	if i.Unlisted {
		fmt.Fprintf(a.stdout, "  shards        which are done cannot be told without s3:ListBucket, nor cells and observations\n")
	} else {
		fmt.Fprintf(a.stdout, "  shards        %d done, %d of them empty, %d without some granules\n", i.Shards, i.Empty, i.Partial)
	}
	for _, l := range i.Coarser {
		state := "up to date"
		if l.Stale {
			state = "stale: shards were computed after it was made; zagg coarsen makes it anew"
		}
		fmt.Fprintf(a.stdout, "  coarser       group %q, %s\n", l.Group, state)
	}
	for _, w := range i.Windows {
		fmt.Fprintf(a.stdout, "  window        %s: %s, %s\n", w.Label, quantity.Counted(int64(w.Shards), "shard"), quantity.Counted(w.Observations, "observation"))
	}
	if !i.Unlisted {
		fmt.Fprintf(a.stdout, "  cells         %s with data\n", humanize.Comma(i.Cells))
		fmt.Fprintf(a.stdout, "  observations  %s\n", humanize.Comma(i.Observations))
		fmt.Fprintf(a.stdout, "  objects       %s, %s\n", humanize.Comma(int64(i.Objects)), quantity.Bytes(i.Bytes))
	}
	fmt.Fprintln(a.stdout)
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
		parts[i] = humanize.Comma(n)
	}
	return strings.Join(parts, " × ")
}
