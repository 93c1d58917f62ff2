package cli

// "zagg info": what is in a store. The work is in internal/stored.

import (
	"context"

	"github.com/spf13/cobra"

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
			return a.printResult(info, asJSON)
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	c.Flags().StringVar(&at, "time", "", "with --cell: window of a store with windows of time: its label, or a time in it")
	c.Flags().StringVar(&cell, "cell", "", "name of a cell in its grid (zagg grid locate), or LON,LAT of a point in it")
	return c
}

// cellInfo prints what a store has of one cell.
func (a *app) cellInfo(ctx context.Context, address, id, at string, asJSON bool) error {
	s, grid, err := a.openStore(ctx, address, at)
	if err != nil {
		return err
	}
	c, err := s.Cell(ctx, grid, id)
	if err != nil {
		return err
	}
	return a.printResult(c, asJSON)
}
