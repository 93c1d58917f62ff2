package cli

// "zagg verify": comparing every object of a store with the records.

import (
	"context"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/englacial/zagg/internal/quantity"
	"github.com/englacial/zagg/internal/store"
	"github.com/englacial/zagg/internal/stored"
)

func (a *app) verifyCommand() *cobra.Command {
	var deep, repair, asJSON bool
	c := &cobra.Command{
		Use:   "verify STORE",
		Short: "Check every object of a store against the records",
		Long: `Compare a store with its records: every object of every finished shard exists with the right size and, with --deep, the right
bytes; the metadata is consistent; and there are no objects without a record. The exit code is 1 if something is wrong.

With --repair, remove the records of damaged shards and delete objects without a record: the same "zagg run" as before then
computes only those shards again. Do not repair a store while a run is writing to it.`,
		Example: `  zagg verify heights.zarr
  zagg verify s3://bucket/heights.zarr --deep
  zagg verify heights.zarr --deep --repair && zagg run --config my.yaml --granules 'granules/*.h5' --store heights.zarr`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.verifyStore(cmd.Context(), args[0], deep, repair, asJSON)
		},
	}
	f := c.Flags()
	f.BoolVar(&deep, "deep", false, "read every object and compare its SHA-256, not only its size")
	f.BoolVar(&repair, "repair", false, "remove records of damaged shards and objects without a record; a run then computes the shards again")
	f.BoolVar(&asJSON, "json", false, "print the result as JSON")
	return c
}

func (a *app) verifyStore(ctx context.Context, address string, deep, repair, asJSON bool) error {
	found, err := stored.Verify(ctx, address, deep, a.grid)
	if err != nil {
		return err
	}
	if err := a.printResult(found, asJSON); err != nil || len(found.Faults) == 0 {
		return err
	}
	if !repair {
		return errSilent
	}
	shards, err := found.Repair(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintf(a.stderr, "%s of damaged shards removed: the same `zagg run` computes them again\n", quantity.Counted(int64(shards), "record"))
	if slices.ContainsFunc(found.Faults, func(f store.Fault) bool { return f.SetUp }) {
		fmt.Fprintln(a.stderr, "The same `zagg run` rewrites what set-up wrote and is lost or damaged.")
	}
	if slices.ContainsFunc(found.Faults, func(f store.Fault) bool { return f.Shard == "" && !f.Stray && !f.SetUp }) {
		fmt.Fprintln(a.stderr, "Only `zagg run --overwrite` repairs damage of the store's metadata.")
		return errSilent
	}
	return nil
}
