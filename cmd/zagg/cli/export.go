package cli

// "zagg export": stores as tables and rasters. The work is in internal/export.

import (
	"context"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/englacial/zagg/internal/drivers"
	"github.com/englacial/zagg/internal/export"
	"github.com/englacial/zagg/internal/stored"
)

func (a *app) exportCommand() *cobra.Command {
	var to, out, at string
	var variables []string
	c := &cobra.Command{
		Use:   "export STORE --to parquet|geoparquet|csv|cog|netcdf",
		Short: "Write a store's cells as a table or an image for other tools",
		Long: `Write the non-empty cells of all finished shards as a table: parquet or csv with the centre of each cell, geoparquet with its
outline. A variable with several values per cell becomes several columns: h_q_0, h_q_1. netcdf has a list of cells with centres
and corners, following the CF conventions, and keeps the dimensions of variables. A rectilinear store can also be written
as a Cloud Optimized GeoTIFF (cog), one variable per file.

Of a store with windows of time, all windows are written: tables and netcdf have the column time, the start of the window,
and an image has a band for each window. --time chooses one window.`,
		Example: `  zagg export heights.zarr --to geoparquet -o heights.parquet
  zagg export s3://bucket/heights.zarr --to csv --variables h_mean,count
  zagg export heights.zarr --to netcdf -o heights.nc      # xarray.open_dataset("heights.nc")
  zagg export polar.zarr --to cog --variables h_mean -o h_mean.tif
  zagg export monthly.zarr --to csv --time 2019-04        # one month; without --time all`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			formats := export.Formats()
			i := slices.IndexFunc(formats, func(f export.Format) bool { return f.Name == to })
			if i < 0 {
				return fmt.Errorf("--to %q; have parquet, geoparquet, csv, cog, netcdf: %w for `zagg export`", to, errUsage)
			}
			if out == "" {
				out = strings.TrimSuffix(path.Base(strings.TrimRight(args[0], "/")), ".zarr") + formats[i].Ending
			}
			if err := a.export(cmd.Context(), args[0], at, out, formats[i], variables); err != nil {
				return err
			}
			fmt.Fprintln(a.stdout, out)
			return nil
		},
	}
	c.Flags().StringVar(&to, "to", "", "format: parquet, geoparquet, csv, cog, netcdf")
	c.Flags().StringVarP(&out, "output", "o", "", "file to write (default: the store's name with the extension of the format)")
	c.Flags().StringVar(&at, "time", "", "only this window of a store with windows of time: its label, or a time in it (default: all)")
	c.Flags().StringSliceVar(&variables, "variables", nil, "variables to write (default: all)")
	return c
}

// export writes a file that appears when it is whole.
func (a *app) export(ctx context.Context, address, at, out string, f export.Format, variables []string) error {
	if err := checkFolder("export", out); err != nil {
		return err
	}
	s, err := stored.Open(ctx, address)
	if err == nil && at != "" {
		err = s.AtTime(at)
	}
	if err != nil {
		return err
	}
	grid, err := a.grid(ctx, s.Made.Grid, s.Made.GridConfig)
	if err != nil {
		return err
	}
	from, err := s.Tables(ctx, grid)
	if err != nil {
		return err
	}
	return drivers.Write(ctx, out, func(w io.Writer) error { return f.Write(from, ctx, w, variables) })
}
