package stored

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/dustin/go-humanize"

	"github.com/englacial/zagg/internal/quantity"
)

// Print writes what a store holds, for people.
func (i *Info) Print(out io.Writer) error {
	var grid bytes.Buffer
	if err := json.Compact(&grid, i.GridConfig); err != nil {
		return err
	}
	fmt.Fprintf(out, "%s\n", i.Store)
	fmt.Fprintf(out, "  grid          %s %s\n", i.Grid, grid.String())
	fmt.Fprintf(out, "  layout        %s, group %q\n", i.Layout, i.Group)
	fmt.Fprintf(out, "  configuration %s\n", i.ConfigHash)
	for _, p := range i.Plugins {
		fmt.Fprintf(out, "  plugin        %s\n", p)
	}
	if i.Unlisted {
		fmt.Fprintf(out, "  shards        finished shards, cells and observations are unknown without s3:ListBucket\n")
	} else {
		fmt.Fprintf(out, "  shards        %d done, %d of them empty, %d without some granules\n", i.Shards, i.Empty, i.Partial)
	}
	for _, l := range i.Coarser {
		state := "up to date"
		if l.Stale {
			state = "stale: shards were computed after it was made; zagg coarsen makes it anew"
		}
		fmt.Fprintf(out, "  coarser       group %q, %s\n", l.Group, state)
	}
	for _, w := range i.Windows {
		fmt.Fprintf(out, "  window        %s: %s, %s\n", w.Label, quantity.Counted(int64(w.Shards), "shard"), quantity.Counted(w.Observations, "observation"))
	}
	if !i.Unlisted {
		fmt.Fprintf(out, "  cells         %s with data\n", humanize.Comma(i.Cells))
		fmt.Fprintf(out, "  observations  %s\n", humanize.Comma(i.Observations))
		fmt.Fprintf(out, "  objects       %s, %s\n", humanize.Comma(int64(i.Objects)), quantity.Bytes(i.Bytes))
	}
	fmt.Fprintln(out)
	w := tabwriter.NewWriter(out, 2, 8, 2, ' ', 0)
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

// Print writes what a store has of a cell, for people.
func (c *Cell) Print(out io.Writer) error {
	fmt.Fprintf(out, "shard %s, centre %.6f, %.6f\n", c.Shard, c.Lon, c.Lat)
	w := tabwriter.NewWriter(out, 2, 8, 2, ' ', 0)
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
