package cli

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/objstore"
	"github.com/englacial/zagg/internal/plot"
	"github.com/englacial/zagg/internal/stored"
)

func (a *app) plotCommand() *cobra.Command {
	var out, title string
	c := &cobra.Command{
		Use:   "plot STORE VARIABLE -o FILE.png|FILE.svg",
		Short: "Draw a variable of a store as a map",
		Long: `Draw one value per cell: polar stereographic where all cells are near a pole, else plate carrée. Cells without a value
are left blank.`,
		Example: `  zagg plot heights.zarr h_mean -o map.png
  zagg plot s3://bucket/heights.zarr count -o count.svg --title 'Observations per cell'`,
		Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			if out == "" {
				out = args[1] + ".png"
			}
			if err := a.plot(cmd.Context(), args[0], args[1], out, title); err != nil {
				return err
			}
			fmt.Fprintln(a.stdout, out)
			return nil
		},
	}
	c.Flags().StringVarP(&out, "output", "o", "", "picture to write; .png or .svg (default VARIABLE.png)")
	c.Flags().StringVar(&title, "title", "", "title of the map (default: the variable's long_name or name)")
	return c
}

func (a *app) plot(ctx context.Context, store, variable, out, title string) error {
	format := strings.TrimPrefix(strings.ToLower(filepath.Ext(out)), ".")
	if format != "png" && format != "svg" {
		return fmt.Errorf("--output %s: want a name that ends in .png or .svg: %w for `zagg plot`", out, errUsage)
	}
	if dir := filepath.Dir(out); dir != "." {
		if info, err := os.Stat(dir); err != nil || !info.IsDir() {
			return core.Errorf(core.NotFound, "plot", out, "there is no folder %s", dir)
		}
	}
	s, err := stored.Open(ctx, store)
	if err != nil {
		return err
	}
	grid, err := a.grid(ctx, s.Made.Grid, s.Made.GridConfig)
	if err != nil {
		return err
	}
	data, err := s.MapData(ctx, grid, variable)
	if err != nil {
		return err
	}
	data.Title, data.Name, data.Source = title, variable, path.Base(s.URL)
	var picture bytes.Buffer
	if err := plot.Map(&picture, format, *data); err != nil {
		return err
	}
	return objstore.PutBytes(ctx, &objstore.File{}, out, picture.Bytes(), core.PutOptions{})
}
