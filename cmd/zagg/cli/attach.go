package cli

// "zagg attach": following a run on Lambda from another terminal. The work is internal/run.Attach.

import (
	"github.com/spf13/cobra"

	"github.com/englacial/zagg/internal/run"
	"github.com/englacial/zagg/internal/screen"
)

func (a *app) attachCommand() *cobra.Command {
	o := run.AttachOptions{}
	var asJSON, quiet bool
	c := &cobra.Command{
		Use:   "attach RUN",
		Short: "Follow a run on AWS Lambda that another zagg has started",
		Long: `Wait for the results of a run that another process started, on this machine or elsewhere, and print its summary. RUN is the
address that "zagg run" printed, or a store, for its latest run. Shards that were not sent because the run was stopped are
computed when you repeat "zagg run".`,
		Example: "  zagg attach s3://bucket/heights.zarr\n  zagg attach s3://bucket/heights.zarr.status/20261121T170000.000Z",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.Address, o.Progress = args[0], screen.NewReporter(a.stderr, quiet)
			total, err := run.Attach(cmd.Context(), o)
			if total != nil {
				if err := printSummary(a.stdout, total, asJSON, false); err != nil {
					return err
				}
			}
			return a.explain(err, "failed or were not sent; the same `zagg run` computes them")
		},
	}
	c.Flags().StringVar(&o.Region, "region", "", "AWS region of the store")
	c.Flags().StringVar(&o.OutputKeys, "output-creds", "", "JSON file with the keys to read the store with")
	c.Flags().BoolVar(&asJSON, "json", false, "print the summary as JSON")
	c.Flags().BoolVarP(&quiet, "quiet", "q", false, "no progress")
	return c
}
