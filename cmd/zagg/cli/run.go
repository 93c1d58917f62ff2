package cli

// "zagg run": its flags, and the options of a run that they are. The work is in internal/run.

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/host"
	"github.com/englacial/zagg/internal/budget"
	"github.com/englacial/zagg/internal/config"
	"github.com/englacial/zagg/internal/job"
	"github.com/englacial/zagg/internal/plugins"
	"github.com/englacial/zagg/internal/run"
	"github.com/englacial/zagg/internal/screen"
)

// runOptions are the flags of `zagg run`.
type runOptions struct {
	config, catalog, store, backend, cell, driver, region                        string
	granules                                                                     []string
	maxCells, maxWorkers                                                         int
	perJob, memory, scratch, appends                                             string
	overwrite, keep, allowMissing, allowContraction, dryRun, once, profile, json bool
	anonymous, quiet                                                             bool
	terms                                                                        job.Terms
	lambda                                                                       lambdaOptions
	selected                                                                     selectOptions
}

func (a *app) runCommand() *cobra.Command {
	o := runOptions{}
	c := &cobra.Command{
		Use:   "run --config FILE|NAME (--catalog SHARDMAP.json | --granules PATH…) --store STORE",
		Short: "Aggregate granules into a Zarr store",
		Long: `Read granules, assign each observation to a cell, compute the configured statistics and write a Zarr v3 store.

The shards come from a shard map (--catalog), or from reading the coordinates of the granules. Shards that are done with the
same granules and configuration are skipped: to resume a run, repeat the command. Shards of an earlier run that are not in
the plan are removed at the end, unless --keep is given.

With additional granules, only the shards that they touch are updated. If all statistics can be folded (counts, extremes, sums
of integers; with --append fold also sums of floats and t-digests, approximately) only the new granules are read.

--bbox, --polygon, --start and --end select single observations by position and time. The selection is part of the store's
identity: another selection needs another store. Times come from output.time_source, or from the reader if it knows them.

S3 access uses the settings of the AWS SDK: AWS_PROFILE, AWS_ACCESS_KEY_ID, AWS_ENDPOINT_URL_S3 and so on. EARTHDATA_TOKEN
is sent to NASA's HTTPS servers.

With --backend lambda each job is one invocation of a function that zagg deploy has created; the expected cost is shown for
confirmation first. --emulate runs the function on this machine instead of AWS.

If the names of several granules say that they hold the same observations, the newest release and revision is used and the
others are reported. If they cannot be ranked, the run fails.

The exit code is 1 if a shard failed, and 3 if granules were left out because of --allow-missing; the records name them.`,
		Example: `  zagg run --config atl06 --granules 'granules/*.h5' --store heights.zarr
  zagg run --config atl06 --granules 'granules/*.h5' --store march.zarr --bbox -50,68,-47,70 --start 2019-03-01 --end 2019-03-31
  zagg run --config my.yaml --catalog shardmap.json --store s3://bucket/heights.zarr --max-workers 8
  zagg run --config my.yaml --catalog shardmap.json --store out.zarr --morton-cell -5111123 --profile
  zagg run --config my.yaml --catalog shardmap.json --store s3://bucket/heights.zarr --backend lambda
  zagg run --config my.yaml --catalog shardmap.json --store out.zarr --backend lambda --emulate`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := o.check(); err != nil {
				return err
			}
			if !slices.Contains(plugins.Levels(), a.plugins.Level) {
				return fmt.Errorf("--plugin-log is %q; have %s: %w for `zagg run`", a.plugins.Level, strings.Join(plugins.Levels(), ", "), errUsage)
			}
			a.plugins.Trust.Starts = !o.dryRun
			return a.run(cmd.Context(), &o)
		},
	}
	f := c.Flags()
	f.StringVar(&o.config, "config", "", "run configuration: a YAML or JSON file, or the name of a shipped one (listed by \"zagg config show\")")
	f.StringVar(&o.catalog, "catalog", "", "shard map; overrides the configuration's catalog")
	f.StringArrayVar(&o.granules, "granules", nil, "granules: file, folder, glob, URL, s3://prefix/, several separated by commas, or @LIST (a text file, one per line); repeatable")
	f.StringVar(&o.store, "store", "", "where to write: a path or s3://bucket/key; overrides output.store")
	f.StringVar(&o.backend, "backend", "local", "where to compute shards: local, lambda")
	f.IntVar(&o.maxCells, "max-cells", 0, "compute only the first N shards of the plan (0: all)")
	f.StringVar(&o.cell, "morton-cell", "", "compute only this shard, given its label, such as -5111123, or its key")
	f.IntVar(&o.maxWorkers, "max-workers", 0, "concurrent jobs (default 4 local, 1700 lambda, twice the number of processors with --emulate)")
	f.StringVar(&o.perJob, "shards-per-job", "auto", "neighbouring shards per job: a number, or auto: as many as fit in memory; lambda: the cheapest that makes the run at most a tenth longer")
	f.StringVar(&o.memory, "memory", "", "memory budget for reading and computing, such as 512MB (default a quarter of the machine's or control group's memory)")
	f.StringVar(&o.scratch, "scratch", "", "folder for rows beyond --memory (default: the system's temporary folder)")
	f.StringVar(&o.driver, "driver", "", "read granules by s3 or https; overrides data_source.driver")
	f.StringVar(&o.region, "region", "", "AWS region of the granules, the store and the function")
	f.BoolVar(&o.anonymous, "anonymous", false, "read and write S3 without credentials")
	f.BoolVar(&o.terms.RequesterPays, "requester-pays", false, "read granules from requester-pays buckets, at your cost")
	f.StringVar(&o.terms.OutputACL, "output-acl", "", "canned ACL for objects written to S3, such as bucket-owner-full-control for another account's bucket")
	f.StringVar(&o.terms.OutputKMSKey, "output-kms-key", "", "KMS key (id, alias or ARN) for objects written to S3 (default: the bucket's setting)")
	f.BoolVar(&o.overwrite, "overwrite", false, "delete the contents of the store and start again")
	f.StringVar(&o.appends, "append", "auto", "fold new granules into finished shards: auto, if it gives the same bytes; fold, also if approximately; recompute, never")
	f.BoolVar(&o.keep, "keep", false, "keep shards of earlier runs that are not in the plan")
	f.BoolVar(&o.allowMissing, "allow-missing", false, "leave out granules that are missing or damaged and record them, instead of failing; the exit code is then 3")
	f.BoolVar(&o.allowContraction, "allow-contraction", false, "allow fewer granules than in the store: their observations are removed")
	f.BoolVar(&o.dryRun, "dry-run", false, "print what would be done, and write nothing")
	f.BoolVar(&o.once, "no-retry", false, "do not repeat a job that failed because a plugin or service did not answer")
	f.StringVar(&a.plugins.Level, "plugin-log", "debug", "minimum level of plugin log messages to show: "+strings.Join(plugins.Levels(), ", "))
	f.BoolVar(&o.profile, "profile", false, "print the time of each phase")
	f.BoolVar(&o.json, "json", false, "print the summary as JSON on standard output")
	f.BoolVarP(&o.quiet, "quiet", "q", false, "no progress, only the summary and errors")
	o.selected.flags(f)
	o.lambda.flags(f)
	c.RegisterFlagCompletionFunc("plugin-log", fixed(plugins.Levels()...))
	c.RegisterFlagCompletionFunc("backend", fixed("local", "lambda"))
	c.RegisterFlagCompletionFunc("append", fixed("auto", "fold", "recompute"))
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

// lambdaOptions are the flags of `zagg run --backend lambda`.
type lambdaOptions struct {
	function, invocation     string
	outputCreds, sourceCreds string
	yes, emulate             bool
	emulatedMB               int
	emulatedTime             time.Duration
	bundle                   string
	eventLimit               int
}

func (o *lambdaOptions) flags(f *pflag.FlagSet) {
	f.StringVar(&o.function, "function-name", "process-shard", "lambda: name of the function; with worker.memory in the configuration, its variant (process-shard-4096) if it exists")
	f.StringVar(&o.invocation, "invocation", "async", "lambda: async sends events and looks for results beside the store; sync waits for each answer")
	f.StringVar(&o.outputCreds, "output-creds", "", "JSON file with the keys to write the store with; read again when it changes")
	f.StringVar(&o.sourceCreds, "source-creds", "", "lambda: JSON file with the keys to read granules with; read again when it changes")
	f.BoolVarP(&o.yes, "yes", "y", false, "lambda: do not ask about the cost")
	f.BoolVar(&o.emulate, "emulate", false, "lambda: run the function on this machine")
	f.IntVar(&o.emulatedMB, "emulate-memory", 0, "with --emulate: the function's memory in MB (default 2048, as deployed)")
	f.DurationVar(&o.emulatedTime, "emulate-timeout", 0, "with --emulate: the function's time-out (default 12m, as deployed)")
	f.StringVar(&o.bundle, "bundle", "", "with --emulate: the function, a zip made by \"zagg bundle\" (default: this program)")
	f.IntVar(&o.eventLimit, "event-limit", 0, "lambda: maximum bytes of an event; longer lists of granules are put beside the store (default 1 MiB async, 6 MiB sync)")
}

// check refuses flags that contradict each other.
func (o *runOptions) check() error {
	l := &o.lambda
	for _, c := range []struct {
		wrong bool
		text  string
	}{
		{o.config == "", "--config is missing"},
		{o.backend != "local" && o.backend != "lambda", fmt.Sprintf("--backend is %q; have local, lambda", o.backend)},
		{o.driver != "" && o.driver != "s3" && o.driver != "https", fmt.Sprintf("--driver is %q; have s3, https", o.driver)},
		{o.maxWorkers < 0 || o.maxCells < 0, "--max-workers must be at least 1 and --max-cells at least 0"},
		{!slices.Contains([]string{"auto", "fold", "recompute"}, o.appends), fmt.Sprintf("--append is %q; have auto, fold, recompute", o.appends)},
		{o.appends == "fold" && o.overwrite, "--append fold and --overwrite exclude each other"},
		{o.keep && o.overwrite, "--keep and --overwrite exclude each other"},
		{o.catalog != "" && len(o.granules) > 0, "--catalog and --granules exclude each other"},
		{o.backend == "lambda" && l.invocation != "async" && l.invocation != "sync", fmt.Sprintf("--invocation is %q; have async, sync", l.invocation)},
		{l.emulate && o.backend != "lambda", "--emulate needs --backend lambda"},
		{l.bundle != "" && !l.emulate, "--bundle needs --emulate"},
		{(l.emulatedMB != 0 || l.emulatedTime != 0) && !l.emulate, "--emulate-memory and --emulate-timeout need --emulate"},
		{l.eventLimit < 0, "--event-limit must not be negative"},
	} {
		if c.wrong {
			return fmt.Errorf("%s: %w for `zagg run`", c.text, errUsage)
		}
	}
	return nil
}

// sizes are --shards-per-job (0: auto) and --memory in bytes (0: the default).
func (o *runOptions) sizes() (perJob int, memory int64, err error) {
	if o.perJob != "auto" && o.perJob != "" {
		if perJob, err = strconv.Atoi(o.perJob); err != nil || perJob < 1 {
			return 0, 0, fmt.Errorf("--shards-per-job is %q; want auto or a number from 1: %w for `zagg run`", o.perJob, errUsage)
		}
	}
	if o.memory != "" {
		n, err := humanize.ParseBytes(o.memory)
		if err != nil || n < budget.Least || n > 1<<50 {
			return 0, 0, fmt.Errorf("--memory is %q; want bytes with a unit, such as 512MB, at least 32MiB: %w for `zagg run`", o.memory, errUsage)
		}
		memory = int64(n)
	}
	if o.scratch != "" {
		if info, err := os.Stat(o.scratch); err != nil || !info.IsDir() {
			return 0, 0, fmt.Errorf("--scratch is %q, which is not a folder: %w for `zagg run`", o.scratch, errUsage)
		}
		if err := host.CheckScratch(o.scratch); err != nil {
			return 0, 0, fmt.Errorf("--scratch is %q: %w: %w for `zagg run`", o.scratch, err, errUsage)
		}
	}
	return perJob, memory, nil
}

// run does what the flags say and prints what became of it.
func (a *app) run(ctx context.Context, o *runOptions) error {
	options, err := a.runOptions(ctx, o)
	if err != nil {
		return err
	}
	if o.dryRun {
		f, err := run.Dry(ctx, *options)
		if err != nil {
			return err
		}
		if o.json {
			return json.NewEncoder(a.stdout).Encode(f)
		}
		return f.Print(a.stdout)
	}
	budget.LimitProcess(options.Memory, 0)
	if len(o.granules) > 0 { // they are read from the beginning, to find their shards
		budget.NewGarbage(options.Memory).Limit(budget.Few)
	}
	total, err := run.Do(ctx, *options)
	if total != nil {
		if err := printSummary(a.stdout, total, o.json, o.profile); err != nil {
			return err
		}
	}
	return a.explain(err, "failed; the same command tries them again")
}

// runOptions are the flags as the options of a run.
func (a *app) runOptions(ctx context.Context, o *runOptions) (*run.Options, error) {
	cfg, notes, err := config.Open(o.config)
	if err != nil {
		return nil, err
	}
	if cfg, err = a.choose(ctx, cfg, &o.selected); err != nil {
		return nil, err
	}
	switch {
	case o.store == "" && cfg.Output.Store == "":
		return nil, fmt.Errorf("no --store, and the configuration has no output.store: %w for `zagg run`", errUsage)
	case len(o.granules) == 0 && o.catalog == "" && cfg.Catalog == "":
		return nil, fmt.Errorf("neither --catalog nor --granules is given, and the configuration has no catalog: %w for `zagg run`", errUsage)
	}
	perJob, memory, err := o.sizes()
	if err != nil {
		return nil, err
	}
	r := &run.Options{
		Command: a.command(),
		PerJob:  perJob, Memory: memory, Scratch: o.scratch,
		Config: cfg, Name: o.config, Notes: notes, Compile: a.compile, PluginUse: a.plugins.Use,
		Catalog: o.catalog, Granules: o.granules, Store: o.store, Shard: o.cell, Shards: o.maxCells, Workers: o.maxWorkers,
		Driver: o.driver, Region: o.region, Anonymous: o.anonymous, SourceKeys: o.lambda.sourceCreds, OutputKeys: o.lambda.outputCreds, Terms: o.terms,
		Overwrite: o.overwrite, Append: strings.TrimPrefix(o.appends, "auto"), Keep: o.keep, AllowMissing: o.allowMissing, AllowContraction: o.allowContraction, Once: o.once, Profile: o.profile,
		Began: a.began, Progress: screen.NewReporter(a.stderr, o.quiet), Open: openLocal(memory),
	}
	if len(o.granules) > 0 {
		r.Open = run.Local
	}
	if o.backend == "lambda" {
		l := &o.lambda
		r.Open = run.Lambda(run.LambdaOptions{
			Function: l.function, Sync: l.invocation == "sync", EventLimit: l.eventLimit, Emulate: l.emulate, Bundle: l.bundle, MemoryMB: l.emulatedMB, Timeout: l.emulatedTime,
			Manifest: a.host.Manifest(), Interrupts: interrupts,
			Confirm: func(question string) bool { return a.confirm(l.yes, question) },
		})
	}
	return r, nil
}

// command is the command line with addresses as they are shown: without what opens them.
func (a *app) command() []string {
	out := []string{"zagg"}
	for _, arg := range a.args {
		out = append(out, core.Shown(arg))
	}
	return out
}

// interrupts tells of each ^C; end goes back to what it did before.
func interrupts() (signals <-chan os.Signal, end func()) {
	c := make(chan os.Signal, 2)
	signal.Notify(c, os.Interrupt, syscall.SIGTERM)
	return c, func() { signal.Stop(c) }
}

// explain prints how a run ended that did not do all it was asked to; failed says it of shards, and how to have them done.
func (a *app) explain(err error, failed string) error {
	if stopped, ok := errors.AsType[*run.StoppedError](err); ok {
		fmt.Fprintf(a.stderr, "\nStopped: %d of %d shards are done. The same command goes on from there.\n", stopped.Done, stopped.Total)
		if stopped.Left > 0 {
			fmt.Fprintf(a.stderr, "%s more %s\n", humanize.Comma(int64(stopped.Left)), stopped.Then)
		}
		return errSilent
	}
	if e, ok := errors.AsType[*run.FailedError](err); ok {
		fmt.Fprintf(a.stderr, "zagg: %d of %d shards %s\n", e.Failed, e.Total, failed)
		return errSilent
	}
	if e, ok := errors.AsType[*run.MissingError](err); ok {
		fmt.Fprintf(a.stderr, "zagg: %s missing from the store; its records name what, and the same command tries again\n", e.What())
		return errIncomplete
	}
	if errors.Is(err, run.ErrDeclined) {
		fmt.Fprintf(a.stderr, "Aborted: %v\n", err)
		return errSilent
	}
	return err
}
