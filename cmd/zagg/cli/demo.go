package cli

// "zagg demo": a first store and picture, from granules that come with the program.

import (
	"context"
	"embed"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/plot"
)

// The granules are made by sample/make_sample.py; the configuration is one a user could write.
//
//go:embed sample/*.h5 sample/demo.yaml
var sample embed.FS

func (a *app) demoCommand() *cobra.Command {
	var store, picture string
	c := &cobra.Command{
		Use:   "demo",
		Short: "Aggregate ten small sample granules and draw the map",
		Long: `Aggregate ten synthetic granules in the layout of ICESat-2 ATL06, which come with this program, over a fictitious outlet
glacier, and draw the mean heights. This is an ordinary run: the granules and the configuration are written beside the store,
for your own experiments.`,
		Example: "  zagg demo\n  zagg demo --store /tmp/demo.zarr --picture /tmp/demo.png",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.demo(cmd.Context(), store, picture)
		},
	}
	c.Flags().StringVar(&store, "store", filepath.Join("zagg-demo", "heights.zarr"), "store to write; replaces that of an earlier demo")
	c.Flags().StringVar(&picture, "picture", filepath.Join("zagg-demo", "h_mean.png"), "image to draw")
	return c
}

func (a *app) demo(ctx context.Context, store, picture string) error {
	folder := filepath.Join(filepath.Dir(store), "sample")
	if err := unpack(folder); err != nil {
		return err
	}
	config := filepath.Join(folder, "demo.yaml")
	fmt.Fprintf(a.stderr, "zagg run --config %s --granules %s --store %s --overwrite\n", config, folder, store)
	o := runOptions{config: config, granules: []string{folder}, store: store, backend: "local", overwrite: true}
	if err := a.run(ctx, &o); err != nil {
		return err
	}
	fmt.Fprintf(a.stderr, "zagg plot %s h_mean -o %s\n", store, picture)
	if err := a.plot(ctx, store, "h_mean", "", picture, &plot.Data{Title: "Mean surface height of the sample glacier", Coast: true}); err != nil {
		return err
	}
	fmt.Fprintf(a.stdout, "  %-14s %s\n", "Map", picture)
	fmt.Fprintf(a.stdout, "\nOpen it in Python:\n  xarray.open_zarr(%q, group=\"12\").pipe(xdggs.decode)\n", store)
	return nil
}

// unpack writes the sample granules and the configuration into a folder.
func unpack(folder string) error {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return core.Errorf(core.Invalid, "demo", folder, "%w", err)
	}
	files, err := sample.ReadDir("sample")
	if err != nil {
		return err
	}
	for _, f := range files {
		data, err := sample.ReadFile("sample/" + f.Name())
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(folder, f.Name()), data, 0o644); err != nil {
			return core.Errorf(core.Invalid, "demo", folder, "%w", err)
		}
	}
	return nil
}
