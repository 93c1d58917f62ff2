package cli

// "zagg coarsen": groups of coarser cells in a store. The work is in internal/coarsen.

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/englacial/zagg/internal/coarsen"
	"github.com/englacial/zagg/internal/config"
	"github.com/englacial/zagg/internal/stored"
)

func (a *app) coarsenCommand() *cobra.Command {
	var levels []int
	var order int
	var path string
	var asJSON bool
	c := &cobra.Command{
		Use:   "coarsen STORE (--order N | --levels N,N,…)",
		Short: "Add coarser groups to a store, computed from its own cells",
		Long: `Compute cells of coarser orders from the cells of a store, and write each order to a group of the same store. Counts, sums,
minima and maxima are exact, t-digests approximate. Variables that cannot be computed from their own results, such as medians,
are named and left out. The attributes finer_group and coarser_group link the groups; the store's root lists them under
multiscales.

Later runs do not update these groups: run coarsen again.`,
		Example: `  zagg coarsen heights.zarr --order 8
  zagg coarsen s3://bucket/photons.zarr --levels 17,15,13,11`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if cmd.Flags().Changed("order") {
				levels = append(levels, order)
			}
			return a.coarsen(cmd.Context(), args[0], path, levels, asJSON)
		},
	}
	f := c.Flags()
	f.IntVar(&order, "order", 0, "order of the coarser cells")
	f.IntSliceVar(&levels, "levels", nil, "orders of several groups; may include the store's own")
	f.StringVar(&path, "config", "", "the configuration of the store (default: the copy beside the store)")
	f.BoolVar(&asJSON, "json", false, "print the result as JSON")
	c.MarkFlagsOneRequired("order", "levels")
	return c
}

func (a *app) coarsen(ctx context.Context, address, path string, levels []int, asJSON bool) error {
	s, err := stored.Open(ctx, address)
	if err != nil {
		return err
	}
	j := &coarsen.Job{Store: s, Orders: levels, Compile: a.compile}
	if path != "" {
		if j.Config, _, err = config.Open(path); err != nil {
			return err
		}
	}
	res, err := j.Run(ctx)
	if err != nil {
		return err
	}
	if !asJSON {
		for _, text := range res.Remarks() {
			fmt.Fprintf(a.stderr, "NOTE %s\n", text)
		}
	}
	return a.printResult(res, asJSON)
}
