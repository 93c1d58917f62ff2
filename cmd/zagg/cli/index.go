package cli

import (
	"context"
	"fmt"

	"github.com/dustin/go-humanize"
	"github.com/spf13/cobra"

	"github.com/englacial/zagg/internal/quantity"
	"github.com/englacial/zagg/internal/run"
	"github.com/englacial/zagg/internal/screen"
)

func (a *app) indexCommand() *cobra.Command {
	c := &cobra.Command{
		Use:     "index",
		Short:   "Make sidecar indexes of granules, so that runs read them with fewer requests",
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
		Short: "Write an index of each granule: chunk tables and the boxes of its chunks",
		Long: `Write for each granule PATH/<granule>.zidx: where the chunks of the configuration's datasets lie, and the box of longitude
and latitude of each. A run whose configuration says

  data_source:
    index: {backend: sidecar, store: PATH}

reads a shard's data in one round of requests after the index. With --cells there is also, for the configuration's grid, an index
of the cells that rows lie in; with {cells: true} beside store a run then reads no coordinates, and only chunks that hold rows
of its shards, whatever its statistics are. An index that no longer fits its granule (size, ETag) is
not used. Build indexes from where the runs read: another copy of a granule may have another ETag.

Indexes that fit are left as they are; --overwrite makes them again.`,
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
	f.BoolVar(&cells, "cells", false, "also note in which cells of the configuration's grid rows lie")
	f.StringVar(&o.config, "config", "atl06", "run configuration that says which datasets: a file, or the name of a shipped one")
	f.IntVar(&o.maxWorkers, "max-workers", 4, "granules indexed at once")
	f.StringVar(&o.region, "region", "", "AWS region of the granules and the indexes")
	f.BoolVar(&o.anonymous, "anonymous", false, "read and write S3 without credentials")
	f.BoolVar(&o.overwrite, "overwrite", false, "make indexes again that are there and fit")
	f.BoolVarP(&o.quiet, "quiet", "q", false, "no progress, only the summary and errors")
	return c
}

func (a *app) buildIndexes(ctx context.Context, o *runOptions, granules []string, out string, cells bool) error {
	cfg, _, err := loadConfig(o.config)
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
	fmt.Fprintf(a.stdout, "%d indexes made, %d fitted already, %d failed: %s bytes, %.2f %% of their granules; read %s, %s\n", s.Made, s.Fitted, s.Failed,
		humanize.Comma(s.Bytes), 100*float64(s.Bytes)/float64(max(s.Granules, 1)), quantity.Counted(s.Read.Gets+s.Read.Heads, "request"), quantity.Bytes(s.Read.Down))
	if s.Failed > 0 {
		return errSilent
	}
	return nil
}
