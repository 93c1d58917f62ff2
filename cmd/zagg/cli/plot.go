package cli

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/objstore"
	"github.com/englacial/zagg/internal/job"
	"github.com/englacial/zagg/internal/plot"
	"github.com/englacial/zagg/internal/store"
	"github.com/englacial/zagg/internal/zarr"
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
	s, err := openStored(ctx, store)
	if err != nil {
		return err
	}
	data, err := a.mapData(ctx, s, variable)
	if err != nil {
		return err
	}
	data.Title, data.Name, data.Source = title, variable, path.Base(s.url)
	var picture bytes.Buffer
	if err := plot.Map(&picture, format, *data); err != nil {
		return err
	}
	return objstore.PutBytes(ctx, &objstore.File{}, out, picture.Bytes(), core.PutOptions{})
}

// mapData reads a variable with the centres of its cells, shard by shard as the records list them.
func (a *app) mapData(ctx context.Context, s *stored, variable string) (*plot.Data, error) {
	variable, quantile, err := quantileOf(variable)
	if err != nil {
		return nil, err
	}
	array, err := s.group.Array(ctx, variable)
	if core.CodeOf(err) == core.NotFound {
		return nil, core.Errorf(core.NotFound, "plot", variable, "the store has no such variable; have %s", strings.Join(variableNames(ctx, s.group), ", "))
	}
	if err == nil {
		err = checkDigest(array, quantile)
	}
	if err != nil {
		return nil, err
	}
	grid, err := a.grid(ctx, s.made.Grid, s.made.GridConfig)
	if err != nil {
		return nil, err
	}
	frame := grid.Info().Frame
	if slices.ContainsFunc(frame.Coords, func(f core.Field) bool { return f.Name == variable }) {
		return nil, core.Errorf(core.Invalid, "plot", variable, "this is a coordinate, not a variable")
	}
	data := &plot.Data{Units: units(array.Attrs)}
	parts := make([]plot.Data, len(s.records))
	areas := make([]float64, len(s.records)) // km²; 0: not drawn
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(recordsAtOnce)
	for i, r := range s.records {
		if r.Status == job.Empty || r.Receipt.Cells == 0 {
			continue
		}
		g.Go(func() error {
			shard, err := s.readShard(gctx, grid, r, array, quantile, &parts[i])
			areas[i] = shard.AreaKM2
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	data.CellKM = math.Sqrt(mean(areas) / float64(frame.Slots()))
	for i := range parts {
		data.Corners = append(data.Corners, parts[i].Corners...)
		data.Lon = append(data.Lon, parts[i].Lon...)
		data.Lat = append(data.Lat, parts[i].Lat...)
		data.Values = append(data.Values, parts[i].Values...)
	}
	if len(data.Values) == 0 {
		return nil, core.Errorf(core.NotFound, "plot", s.url, "no finished shard holds data")
	}
	return data, nil
}

// mean is that of the values above 0.
func mean(values []float64) float64 {
	sum, n := 0.0, 0
	for _, v := range values {
		if v > 0 {
			sum += v
			n++
		}
	}
	return sum / float64(max(n, 1))
}

func arrayNames(g *zarr.Group) []string {
	var names []string
	for _, m := range g.Members() {
		if m.Array {
			names = append(names, m.Path)
		}
	}
	return names
}

// variableNames are those of arrays with a dimension: scalars only describe others.
func variableNames(ctx context.Context, g *zarr.Group) []string {
	return slices.DeleteFunc(arrayNames(g), func(name string) bool {
		a, err := g.Array(ctx, name)
		return err != nil || len(a.Shape) == 0
	})
}

func (s *stored) readShard(ctx context.Context, grid core.Grid, r *store.Record, array *zarr.Dataset, quantile float64, part *plot.Data) (core.Shard, error) {
	shards, err := grid.Shards(ctx, []core.ShardKey{r.ShardKey})
	if err != nil {
		return core.Shard{}, err
	}
	cells, err := grid.Cells(ctx, r.ShardKey)
	if err != nil {
		return core.Shard{}, err
	}
	block := s.block(r, shards[0])
	for len(block) < len(array.Shape) {
		return core.Shard{}, core.Errorf(core.Unsupported, "plot", array.URL, "it has %d values per cell: only one value per cell can be drawn", array.Shape[len(array.Shape)-1])
	}
	v, fill, err := numbersOf(ctx, array, block, quantile)
	if err != nil {
		return core.Shard{}, err
	}
	lon, lat := core.View[float64](cells[0].Data), core.View[float64](cells[1].Data)
	if len(v) != len(lon) {
		return core.Shard{}, core.Errorf(core.Unsupported, "plot", array.URL, "it has %d values in a shard of %d cells: only one value per cell can be drawn", len(v), len(lon))
	}
	corner := cornersOf(grid.Info().Frame.Dims, lon, lat)
	for i := range v {
		if v[i] == fill || math.IsNaN(v[i]) || math.IsNaN(lon[i]) {
			continue
		}
		part.Lon, part.Lat, part.Values = append(part.Lon, lon[i]), append(part.Lat, lat[i]), append(part.Values, v[i])
		if corner != nil {
			c := corner(i)
			part.Corners = append(part.Corners, c[:]...)
		}
	}
	return shards[0], nil
}
