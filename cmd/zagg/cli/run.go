package cli

import (
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/englacial/zagg/internal/config"
)

// phases is how many steps a run announces.
const phases = 7

// runOptions are the flags of `zagg run`.
type runOptions struct {
	config, catalog, store, backend, cell, driver, region string
	granules                                              []string
	maxCells, maxWorkers                                  int
	overwrite, keep, allowMissing, dryRun, profile, json  bool
	anonymous, quiet                                      bool
	lambda                                                lambdaOptions
}

func (a *app) runCommand() *cobra.Command {
	o := runOptions{}
	c := &cobra.Command{
		Use:   "run --config FILE|NAME (--catalog SHARDMAP.json | --granules PATH…) --store STORE",
		Short: "Aggregate granules into a Zarr store",
		Long: `Read granules, give each observation its cell, compute the configured statistics and write a Zarr v3 store.

The shards come from a shard map (--catalog), or are found by reading the coordinates of the granules given. A shard
that is already done with the same granules and configuration is skipped, so the same command resumes a run that was
stopped. Shards of an earlier run that this plan does not have are removed at the end, unless --keep is given.

S3 is reached as the AWS SDK finds it: AWS_PROFILE, AWS_ACCESS_KEY_ID, AWS_ENDPOINT_URL_S3 and so on. EARTHDATA_TOKEN is
sent to NASA's HTTPS servers.
With --backend lambda each shard is one invocation of a function that zagg deploy has stood up; what it will cost is shown
and confirmed first. --emulate runs that function on this machine instead of AWS.

Of granules that hold the same observations, by their names, the newest release and revision is used and the others are named;
where that cannot be told it is an error.

Exit codes: 0, all that was asked for is in the store; 1, a shard failed or nothing could be done; 2, the command line is wrong;
3, granules could not be read, which --allow-missing allowed: the records name them; 130, stopped.`,
		Example: `  zagg run --config atl06 --granules 'granules/*.h5' --store heights.zarr
  zagg run --config my.yaml --catalog shardmap.json --store s3://bucket/heights.zarr --max-workers 8
  zagg run --config my.yaml --catalog shardmap.json --store out.zarr --morton-cell -5111123 --profile
  zagg run --config my.yaml --catalog shardmap.json --store s3://bucket/heights.zarr --backend lambda
  zagg run --config my.yaml --catalog shardmap.json --store out.zarr --backend lambda --emulate`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			r := &runner{app: a, o: o, start: time.Now()}
			return r.run(cmd.Context())
		},
	}
	f := c.Flags()
	f.StringVar(&o.config, "config", "", "run configuration: a YAML or JSON file, or the name of a shipped one ("+strings.Join(config.Shipped(), ", ")+")")
	f.StringVar(&o.catalog, "catalog", "", "shard map; overrides the configuration's catalog")
	f.StringArrayVar(&o.granules, "granules", nil, "granules: file, folder, glob, URL, s3://prefix/, several separated by commas, or @LIST (a text file, one a line); may be repeated")
	f.StringVar(&o.store, "store", "", "where to write: a path or s3://bucket/key; overrides output.store")
	f.StringVar(&o.backend, "backend", "local", "where shards are computed: local, lambda")
	f.IntVar(&o.maxCells, "max-cells", 0, "only the first N shards of the plan (0: all)")
	f.StringVar(&o.cell, "morton-cell", "", "only this shard: its label, such as -5111123, or its key")
	f.IntVar(&o.maxWorkers, "max-workers", 0, "shards computed at once (default 4 local, 1700 lambda, twice the processors with --emulate)")
	f.StringVar(&o.driver, "driver", "", "read granules by s3 or https; overrides data_source.driver")
	f.StringVar(&o.region, "region", "", "AWS region of the granules, the store and the function")
	f.BoolVar(&o.anonymous, "anonymous", false, "read and write S3 without credentials")
	f.BoolVar(&o.overwrite, "overwrite", false, "delete what the store holds and start again")
	f.BoolVar(&o.keep, "keep", false, "keep shards of earlier runs that this plan does not have")
	f.BoolVar(&o.allowMissing, "allow-missing", false, "leave out granules that are not there or damaged and record them, instead of failing; the exit code is then 3")
	f.BoolVar(&o.dryRun, "dry-run", false, "say what would be done and write nothing")
	f.BoolVar(&o.profile, "profile", false, "print seconds by phase")
	f.BoolVar(&o.json, "json", false, "print the summary as JSON on standard output")
	f.BoolVarP(&o.quiet, "quiet", "q", false, "no progress, only the summary and errors")
	o.lambda.flags(f)
	c.RegisterFlagCompletionFunc("backend", fixed("local", "lambda"))
	c.RegisterFlagCompletionFunc("invocation", fixed("async", "sync"))
	c.RegisterFlagCompletionFunc("driver", fixed("s3", "https"))
	c.RegisterFlagCompletionFunc("config", func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return config.Shipped(), cobra.ShellCompDirectiveDefault
	})
	c.RegisterFlagCompletionFunc("catalog", func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return []string{"json"}, cobra.ShellCompDirectiveFilterFileExt
	})
	return c
}

func fixed(values ...string) cobra.CompletionFunc {
	return func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return values, cobra.ShellCompDirectiveNoFileComp
	}
}
