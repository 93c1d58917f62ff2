package cli

// "zagg plot": a picture of a variable. The work is in internal/plot.

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/objstore"
	"github.com/englacial/zagg/internal/drivers"
	"github.com/englacial/zagg/internal/plot"
)

func (a *app) plotCommand() *cobra.Command {
	var out, title, ends, at string
	var o plot.Data
	var noCoast bool
	c := &cobra.Command{
		Use:   "plot STORE VARIABLE -o FILE.png|FILE.svg",
		Short: "Draw a variable of a store as a map",
		Long: `Draw one value per cell: a variable, one element of a vector (h_q[1]), or a quantile of digests (h_tdigest@q50). The
projection is polar stereographic if all cells are near a pole, else plate carrée. Cells without a value stay blank.`,
		Example: `  zagg plot heights.zarr h_mean -o map.png
  zagg plot heights.zarr h_mean -o map.png --range 0,3000 --cmap diverging --projection south --width 2400
  zagg plot heights.zarr 'h_q[1]' -o median.png --histogram --projection equal-south
  zagg plot monthly.zarr h_mean --time 2019-03 -o march.png
  zagg plot s3://bucket/heights.zarr count -o count.svg --title 'Observations per cell'`,
		Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			if out == "" {
				out = args[1] + ".png"
			}
			var err error
			if o.Range, err = rangeOf(ends); err != nil {
				return err
			}
			o.Title, o.Coast = title, !noCoast
			if err := a.plot(cmd.Context(), args[0], args[1], at, out, &o); err != nil {
				return err
			}
			fmt.Fprintln(a.stdout, out)
			return nil
		},
	}
	c.Flags().StringVarP(&out, "output", "o", "", "image to write, .png or .svg (default VARIABLE.png)")
	c.Flags().StringVar(&at, "time", "", "window of a store with windows of time: its label, or a time in it")
	c.Flags().StringVar(&title, "title", "", "title of the map (default: the variable's long_name or name)")
	c.Flags().StringVar(&ends, "range", "", "range of the colour bar, LOW,HIGH (default: the middle 96 % of the values)")
	c.Flags().StringVar(&o.Colors, "cmap", "", "colours: "+strings.Join(plot.ColorNames(), ", ")+" (default "+plot.ColorNames()[0]+")")
	c.Flags().StringVar(&o.Projection, "projection", "", "projection: "+strings.Join(plot.ProjectionNames(), ", ")+"; north and south are polar stereographic, equal-north and equal-south equal-area (default auto)")
	c.Flags().IntVar(&o.Width, "width", 0, "width of the map in pixels, 300 to 8000 (default 1250)")
	c.Flags().BoolVar(&o.Histogram, "histogram", false, "draw a histogram of the values beside the colour bar")
	c.Flags().BoolVar(&noCoast, "no-coast", false, "do not draw coastlines")
	c.RegisterFlagCompletionFunc("cmap", fixed(plot.ColorNames()...))
	c.RegisterFlagCompletionFunc("projection", fixed(plot.ProjectionNames()...))
	return c
}

// rangeOf reads LOW,HIGH; nil of nothing.
func rangeOf(text string) (*[2]float64, error) {
	if text == "" {
		return nil, nil
	}
	low, high, ok := strings.Cut(text, ",")
	var ends [2]float64
	var err error
	for i, s := range []string{low, high} {
		if ends[i], err = strconv.ParseFloat(strings.TrimSpace(s), 64); err != nil {
			ok = false
		}
	}
	if !ok {
		return nil, fmt.Errorf("--range is %q; want LOW,HIGH, such as -5,20: %w for `zagg plot`", text, errUsage)
	}
	return &ends, nil
}

// checkFolder refuses a file of this machine whose folder is not there, before anything is computed for it.
func checkFolder(op, file string) error {
	if objstore.Scheme(file) != "" {
		return nil
	}
	dir := filepath.Dir(file)
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return core.Errorf(core.NotFound, op, file, "there is no folder %s", dir)
	}
	return nil
}

func (a *app) plot(ctx context.Context, store, variable, at, out string, o *plot.Data) error {
	format := strings.TrimPrefix(strings.ToLower(filepath.Ext(out)), ".")
	if format != "png" && format != "svg" {
		return fmt.Errorf("--output %s: want a name that ends in .png or .svg: %w for `zagg plot`", out, errUsage)
	}
	if err := checkFolder("plot", out); err != nil {
		return err
	}
	s, grid, err := a.openStore(ctx, store, at)
	if err != nil {
		return err
	}
	data, err := s.MapData(ctx, grid, variable)
	if err != nil {
		return err
	}
	data.Title, data.Name, data.Source = cmp.Or(o.Title, data.Title), variable, s.Title()
	data.Range, data.Colors, data.Projection, data.Width, data.Coast, data.Histogram = o.Range, o.Colors, o.Projection, o.Width, o.Coast, o.Histogram
	return drivers.Write(ctx, out, func(w io.Writer) error { return plot.Map(w, format, *data) })
}
