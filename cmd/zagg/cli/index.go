package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/objstore"
	"github.com/englacial/zagg/host"
	"github.com/englacial/zagg/internal/dispatch"
	"github.com/englacial/zagg/internal/job"
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
	c := &cobra.Command{
		Use:   "build GRANULES… --out PATH",
		Short: "Write an index of each granule: chunk tables and the boxes of its chunks",
		Long: `Write for each granule PATH/<granule>.zidx: where the chunks of the configuration's datasets lie, and the box of longitude
and latitude of each. A run whose configuration says

  data_source:
    index: {backend: sidecar, store: PATH}

reads a shard's data in one round of requests after the index. An index that no longer fits its granule (size, ETag) is
not used. Build indexes from where the runs read: another copy of a granule may have another ETag.

Indexes that fit are left as they are; --overwrite makes them again.`,
		Example: `  zagg index build 'granules/*.h5' --out indexes
  zagg index build s3://bucket/granules/ --out s3://bucket/indexes --config my.yaml --max-workers 16`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if out == "" {
				return fmt.Errorf("--out is missing: %w for `zagg index build`", errUsage)
			}
			r := &runner{app: a, o: o}
			return r.buildIndexes(cmd.Context(), args, out)
		},
	}
	f := c.Flags()
	f.StringVar(&out, "out", "", "folder or s3:// prefix to write to")
	f.StringVar(&o.config, "config", "atl06", "run configuration that says which datasets: a file, or the name of a shipped one")
	f.IntVar(&o.maxWorkers, "max-workers", 4, "granules indexed at once")
	f.StringVar(&o.region, "region", "", "AWS region of the granules and the indexes")
	f.BoolVar(&o.anonymous, "anonymous", false, "read and write S3 without credentials")
	f.BoolVar(&o.overwrite, "overwrite", false, "make indexes again that are there and fit")
	f.BoolVarP(&o.quiet, "quiet", "q", false, "no progress, only the summary and errors")
	return c
}

// An indexed is one granule's sidecar: bytes written, 0 where it was there and fits.
type indexed struct{ size, granule int64 }

func (r *runner) buildIndexes(ctx context.Context, args []string, out string) error {
	cfg, _, err := loadConfig(r.o.config)
	if err != nil {
		return err
	}
	r.config = cfg
	r.config.DataSource.Index.Store = out
	if r.recipe, err = r.app.compile(ctx, cfg); err != nil {
		return err
	}
	if err := r.findKeys(); err != nil {
		return err
	}
	store, err := drivers(ctx, r.source(), args...)
	if err != nil {
		return err
	}
	granules, err := expandGranules(ctx, objstore.Retry(store, objstore.Policy{}), args)
	if err != nil {
		return err
	}
	if _, err := job.Identify(ctx, r.recipe.Reader, granules); err != nil {
		return err
	}
	src, err := r.openGranules(ctx, granules)
	if err != nil {
		return err
	}
	way := host.NewStores(src.reader, src.reader, src.url)
	reader := way.Reader(&src.used)
	var total indexed
	made, failed := 0, 0
	bar := newProgress(r.app.stderr, len(granules), "granules", r.o.quiet)
	err = dispatch.Run(ctx, granules, r.o.maxWorkers, func(ctx context.Context, g core.Granule) (indexed, error) {
		return r.buildIndex(ctx, reader, src.reader, g)
	}, func(d dispatch.Done[core.Granule, indexed]) {
		switch {
		case d.Err != nil:
			failed++
			bar.say(fmt.Sprintf("ERROR %s: %v", d.Job.ID, d.Err))
			bar.step("ERROR " + d.Job.ID)
		case d.Result.size == 0:
			bar.step(d.Job.ID + " fits")
		default:
			made++
			total.size += d.Result.size
			total.granule += d.Result.granule
			bar.step(fmt.Sprintf("%s %s bytes (%.2f %%)", d.Job.ID, thousands(d.Result.size), 100*float64(d.Result.size)/float64(max(d.Result.granule, 1))))
		}
	})
	bar.finish()
	if err != nil {
		return err
	}
	used := src.used.Usage()
	fmt.Fprintf(r.app.stdout, "%d indexes made, %d fitted already, %d failed: %s bytes, %.2f %% of their granules; read %s requests, %s\n", made, len(granules)-made-failed, failed,
		thousands(total.size), 100*float64(total.size)/float64(max(total.granule, 1)), thousands(used.Gets+used.Heads), megabytes(used.Down))
	if failed > 0 {
		return errSilent
	}
	return nil
}

// nowhere is a region that no observation lies in: reading it opens a granule and fetches no values.
func nowhere() core.Region {
	return core.Region{Polygons: []core.Polygon{{{{Lon: 0.123456789, Lat: 89.999999}}}}}
}

func (r *runner) buildIndex(ctx context.Context, src core.ObjectReader, to core.ObjectStore, g core.Granule) (indexed, error) {
	g = r.recipe.WithIndex(g)
	if !r.o.overwrite {
		if _, err := to.Stat(ctx, g.Assets["index"]); err == nil && r.recipe.IndexFits(ctx, src, g, nowhere()) {
			return indexed{}, nil
		}
	}
	data, err := r.recipe.Index(ctx, src, g)
	if err != nil {
		return indexed{}, err
	}
	info, err := to.Stat(ctx, g.Assets["data"])
	if err != nil {
		return indexed{}, err
	}
	return indexed{int64(len(data)), info.Size}, objstore.PutBytes(ctx, objstore.Retry(to, objstore.Policy{}), g.Assets["index"], data, core.PutOptions{})
}
