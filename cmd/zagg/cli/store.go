package cli

// "zagg store unlock": the runs at work on a store, and releasing their claim.

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/objstore"
	"github.com/englacial/zagg/internal/drivers"
	"github.com/englacial/zagg/internal/quantity"
	"github.com/englacial/zagg/internal/store"
)

func (a *app) storeCommand() *cobra.Command {
	c := &cobra.Command{
		Use:     "store",
		Short:   "Release the claim on a store",
		Example: "  zagg store unlock s3://bucket/heights.zarr",
	}
	c.AddCommand(a.storeUnlock())
	return c
}

func (a *app) storeUnlock() *cobra.Command {
	var yes bool
	c := &cobra.Command{
		Use:   "unlock STORE",
		Short: "Show the runs at work on a store, and release their claim",
		Long: `A run claims its store, so that no run with another configuration or other granules writes it at the same time. The claim ends
with the run. The claim of a killed run expires at once on the same machine, after two minutes elsewhere, and after the
function's time-out and two minutes if functions may still be at work.

This command shows the runs that hold the claim and releases it. A run that is still at work notices this within half a minute
and ends.`,
		Example: `  zagg store unlock heights.zarr
  zagg store unlock s3://bucket/heights.zarr --yes`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return a.unlock(cmd.Context(), args[0], yes) },
	}
	c.Flags().BoolVarP(&yes, "yes", "y", false, "do not ask, even if runs seem to be at work")
	return c
}

func (a *app) unlock(ctx context.Context, address string, yes bool) error {
	url, err := store.Address(address, "")
	if err != nil {
		return err
	}
	plain, err := drivers.Open(ctx, drivers.Environment(), url)
	if err != nil {
		return err
	}
	objects := objstore.Retry(plain, objstore.Policy{})
	claim, _, err := store.LoadClaim(ctx, objects, url)
	if err != nil && !core.Is(err, core.Corrupt) {
		return err
	}
	switch {
	case err != nil:
		fmt.Fprintln(a.stdout, err)
	case claim == nil || len(claim.Holders) == 0:
		fmt.Fprintf(a.stdout, "%s is free: no run is at work on it\n", url)
		return nil
	default:
		for _, h := range claim.Holders {
			fmt.Fprintln(a.stdout, h)
		}
	}
	if live := claim.Live(); len(live) > 0 && !a.confirm(yes, fmt.Sprintf("Take the store from %s?", quantity.Counted(int64(len(live)), "run"))) {
		fmt.Fprintln(a.stderr, "The store stays as it is.")
		return errSilent
	}
	if err := store.Unlock(ctx, objects, url); err != nil {
		return err
	}
	fmt.Fprintf(a.stdout, "%s is free\n", url)
	return nil
}
