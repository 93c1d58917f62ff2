package cli

// "zagg bench run": measuring the densest shard of every target.

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/englacial/zagg/internal/bench"
)

// benchRunOptions are the flags of `zagg bench run`.
type benchRunOptions struct {
	measured    bench.Options
	files       bench.Files
	failOnEmpty bool
}

func (a *app) benchRunCommand() *cobra.Command {
	o := benchRunOptions{failOnEmpty: true, measured: bench.Options{Run: bench.Run{Event: bench.EventManual, Version: Version}}}
	c := &cobra.Command{
		Use:   "run --targets FILE --store-prefix PREFIX",
		Short: "Measure the densest shard of every target",
		Long: `Run the shard with the most granules of every target as one invocation of a function, without retries, and write a record for
each: seconds of the worker, GB-seconds, dollars per shard and per 100 km². With --emulate the function runs on this machine,
where requests and bytes are exact; --out-counts saves them for "zagg bench check".`,
		Example: `  zagg bench run --targets bench/series/targets.json --emulate --store-prefix /tmp/bench --out-json metrics.json --out-counts counts.json
  zagg bench run --targets bench/series/targets.json --target atl06_healpix --store-prefix s3://my-grids/bench --event merge --commit "$GITHUB_SHA" --ref main
  zagg bench run --targets bench/series/targets.json --store-prefix /tmp/bench --dry-run`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.measure(cmd.Context(), o)
		},
	}
	f := c.Flags()
	f.StringVar(&o.measured.Targets, "targets", "", "file of targets")
	f.StringArrayVar(&o.measured.Names, "target", nil, "run only this target; repeatable")
	f.StringVar(&o.measured.Stores, "store-prefix", "", "folder or s3://bucket/prefix for the stores")
	f.StringVar(&o.measured.Region, "region", "", "AWS region of the function and the granules")
	f.StringVar(&o.measured.Function, "function-name", "process-shard", "function to invoke")
	f.StringVar(&o.measured.Program, "zagg", "", "zagg program to measure (default: this program)")
	f.BoolVar(&o.measured.Emulate, "emulate", false, "run the function on this machine")
	f.StringVar(&o.measured.Run.Event, "event", o.measured.Run.Event, "trigger of the run: merge, pr, manual; the series keeps merges")
	f.StringVar(&o.measured.Run.Commit, "commit", "", "commit to measure")
	f.StringVar(&o.measured.Run.Ref, "ref", "", "its branch or pull request")
	f.Int64Var(&o.measured.Run.PRNumber, "pr-number", 0, "the pull request")
	f.StringVar(&o.files.Records, "out-json", "metrics.json", "file for the records")
	f.StringVar(&o.files.Comment, "out-comment", "", "file for the comment on a pull request")
	f.StringVar(&o.files.Counts, "out-counts", "", "file for requests, bytes and seconds in calibration loops")
	f.StringVar(&o.files.Note, "worker-note", "", "a quoted line above the comment's table")
	f.BoolVar(&o.measured.DryRun, "dry-run", false, "print what would be measured")
	f.BoolVar(&o.failOnEmpty, "fail-on-empty", o.failOnEmpty, "fail if a shard has no observation")
	c.RegisterFlagCompletionFunc("event", fixed(bench.EventMerge, bench.EventPR, bench.EventManual))
	return required(c, "targets", "store-prefix")
}

func (a *app) measure(ctx context.Context, o benchRunOptions) error {
	m := o.measured
	if !slices.Contains([]string{bench.EventMerge, bench.EventPR, bench.EventManual}, m.Run.Event) {
		return fmt.Errorf("--event is %q; have merge, pr, manual: %w for `zagg bench run`", m.Run.Event, errUsage)
	}
	if m.Run.Commit == "" && m.Run.Event != bench.EventManual {
		return fmt.Errorf("--commit is missing: %w for `zagg bench run`", errUsage)
	}
	m.Run.Commit, m.Run.Time = cmp.Or(m.Run.Commit, "working-tree"), time.Now()
	m.AllowEmpty, m.Log = !o.failOnEmpty, a.stderr
	records, counts, err := bench.Measure(ctx, m)
	if err != nil || m.DryRun {
		return err
	}
	text, err := o.files.Write(records, counts)
	if err != nil {
		return err
	}
	fmt.Fprint(a.stdout, text)
	return nil
}
