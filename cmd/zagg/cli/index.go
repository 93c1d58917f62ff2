package cli

// "zagg index": sidecar indexes of granules. The work is internal/run.Index.

import (
	"context"
	"fmt"

	"github.com/dustin/go-humanize"
	"github.com/spf13/cobra"

	"github.com/englacial/zagg/internal/config"
	"github.com/englacial/zagg/internal/quantity"
	"github.com/englacial/zagg/internal/run"
	"github.com/englacial/zagg/internal/screen"
)

func (a *app) indexCommand() *cobra.Command {
	c := &cobra.Command{
		Use:     "index",
		Short:   "Build sidecar indexes of granules, so that runs need fewer requests",
		Example: "  zagg index build 'granules/*.h5' --out indexes",
	}
	c.AddCommand(a.indexBuild())
	return c
}

func (a *app) indexBuild() *cobra.Command {
	o := runOptions{}
	var out string
	var cells bool
	c := &cobra.Command{
		Use:   "build GRANULES… --out PATH",
		Short: "Write an index of each granule: chunk tables and bounding boxes of chunks",
		Long: `Write PATH/<granule>.zidx for each granule: the positions of the chunks of the configuration's datasets, and their bounding
boxes in longitude and latitude. A run with the configuration

  data_source:
    index: {backend: sidecar, store: PATH}

then reads the index, and a shard's data in one round trip. With --cells the command also writes an index of the grid cells of
rows; a run with {cells: true} beside store then reads no coordinates, and only chunks with rows of its shards. An index is
not used if the size or ETag of its granule has changed. Build indexes from the same addresses that runs read: another copy of
a granule may have another ETag.

Current indexes are kept; --overwrite builds them again.`,
		Example: `  zagg index build 'granules/*.h5' --out indexes
  zagg index build s3://bucket/granules/ --out s3://bucket/indexes --config my.yaml --max-workers 16`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if out == "" {
				return fmt.Errorf("--out is missing: %w for `zagg index build`", errUsage)
			}
			return a.buildIndexes(cmd.Context(), &o, args, out, cells)
		},
	}
	f := c.Flags()
	f.StringVar(&out, "out", "", "folder or s3:// prefix to write to")
	f.BoolVar(&cells, "cells", false, "also write an index of the cells of rows in the configuration's grid")
	f.StringVar(&o.config, "config", "atl06", "run configuration with the datasets: a file, or the name of a shipped one")
	f.IntVar(&o.maxWorkers, "max-workers", 4, "granules to index concurrently")
	f.StringVar(&o.region, "region", "", "AWS region of the granules and the indexes")
	f.BoolVar(&o.anonymous, "anonymous", false, "read and write S3 without credentials")
	f.BoolVar(&o.overwrite, "overwrite", false, "rebuild current indexes too")
	f.BoolVarP(&o.quiet, "quiet", "q", false, "no progress, only the summary and errors")
	return c
}

func (a *app) buildIndexes(ctx context.Context, o *runOptions, granules []string, out string, cells bool) error {
	cfg, _, err := config.Open(o.config)
	if err != nil {
		return err
	}
	s, err := run.Index(ctx, run.Options{
		Config: cfg, Compile: a.compile, Granules: granules, Workers: o.maxWorkers, Region: o.region, Anonymous: o.anonymous,
		Overwrite: o.overwrite, Progress: screen.NewReporter(a.stderr, o.quiet),
	}, out, cells)
	if err != nil {
		return err
	}
	fmt.Fprintf(a.stdout, "%s made, %d fitted already, %d failed: %s bytes, %.2f %% of their granules; read %s, %s\n", quantity.Counted(int64(s.Made), "index"), s.Fitted, s.Failed,
		humanize.Comma(s.Bytes), 100*float64(s.Bytes)/float64(max(s.Granules, 1)), quantity.Counted(s.Read.Gets+s.Read.Heads, "request"), quantity.Bytes(s.Read.Down))
	if s.Failed > 0 {
		return errSilent
	}
	return nil
}
