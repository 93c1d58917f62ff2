package cli

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/export"
	"github.com/englacial/zagg/internal/stored"
)

// A format is a kind of file that a store is exported to.
type format struct {
	name, ending string
	write        func(*export.Store, context.Context, io.Writer, []string) error
}

func formats() []format {
	return []format{
		{"parquet", ".parquet", (*export.Store).Parquet},
		{"geoparquet", ".geo.parquet", (*export.Store).GeoParquet},
		{"csv", ".csv", (*export.Store).CSV},
		{"cog", ".tif", (*export.Store).COG},
		{"netcdf", ".nc", (*export.Store).NetCDF},
	}
}

func (a *app) exportCommand() *cobra.Command {
	var to, out, at string
	var variables []string
	c := &cobra.Command{
		Use:   "export STORE --to parquet|geoparquet|csv|cog|netcdf",
		Short: "Write a store's cells as a table or an image for other tools",
		Long: `Write the non-empty cells of all finished shards as a table: parquet or csv with the centre of each cell, geoparquet with its
outline. A variable with several values per cell becomes several columns: h_q_0, h_q_1. netcdf has a list of cells with centres
and corners, following the CF conventions, and keeps the dimensions of variables. A rectilinear store can also be written
as a Cloud Optimized GeoTIFF (cog), one variable per file.`,
		Example: `  zagg export heights.zarr --to geoparquet -o heights.parquet
  zagg export s3://bucket/heights.zarr --to csv --variables h_mean,count
  zagg export heights.zarr --to netcdf -o heights.nc      # xarray.open_dataset("heights.nc")
  zagg export polar.zarr --to cog --variables h_mean -o h_mean.tif`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			i := slices.IndexFunc(formats(), func(f format) bool { return f.name == to })
			if i < 0 {
				return fmt.Errorf("--to %q; have parquet, geoparquet, csv, cog, netcdf: %w for `zagg export`", to, errUsage)
			}
			f := formats()[i]
			if out == "" {
				out = strings.TrimSuffix(path.Base(strings.TrimRight(args[0], "/")), ".zarr") + f.ending
			}
			if err := a.export(cmd.Context(), args[0], at, out, f, variables); err != nil {
				return err
			}
			fmt.Fprintln(a.stdout, out)
			return nil
		},
	}
	c.Flags().StringVar(&to, "to", "", "format: parquet, geoparquet, csv, cog, netcdf")
	c.Flags().StringVarP(&out, "output", "o", "", "file to write (default: the store's name with the extension of the format)")
	c.Flags().StringVar(&at, "time", "", "window of a store with windows of time: its label, or a time in it")
	c.Flags().StringSliceVar(&variables, "variables", nil, "variables to write (default: all)")
	return c
}

// export writes a file that appears when it is whole.
func (a *app) export(ctx context.Context, address, at, out string, f format, variables []string) (err error) {
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
	from, err := s.Tables(ctx, grid)
	if err != nil {
		return err
	}
	file, err := os.CreateTemp(filepath.Dir(out), "."+filepath.Base(out)+"-*")
	if err != nil {
		return core.Errorf(core.NotFound, "export", out, "%w", err)
	}
	defer func() {
		if err != nil {
			_ = file.Close()
			_ = os.Remove(file.Name())
		}
	}()
	w := bufio.NewWriterSize(file, 1<<20)
	if err := f.write(from, ctx, w, variables); err != nil {
		return err
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if err := file.Chmod(0o644); err != nil {
		return err
	}
	if err := file.Close(); err != nil {
		return err
	}
	return os.Rename(file.Name(), out)
}
