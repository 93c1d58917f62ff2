package cli

// "zagg bench", with its commands for the series of measurements and for releases. The work is in internal/bench and
// internal/release.

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/bench"
	"github.com/englacial/zagg/internal/release"
)

func (a *app) benchCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "bench",
		Short: "Measure the cost of a shard over the project's history",
		Long: `The benchmark of this repository, as single steps that its workflows call and that run anywhere: measure the densest shard
of every target, keep the records of merges, plot them, comment on a pull request, check who may start a run, and
distribute releases. docs/benchmark-setup.md describes the one-time set-up.`,
		Example: `  zagg bench run --targets bench/series/targets.json --emulate --store-prefix /tmp/bench
  zagg bench series --series series.parquet --records metrics.json
  zagg bench plot --series series.parquet --output site`,
	}
	c.AddCommand(a.benchRunCommand(), a.benchSeriesCommand(), a.benchPlotCommand(), a.benchCheckCommand(), a.benchCommentCommand(), a.benchGateCommand(),
		a.benchClosureCommand(), a.benchDistributeCommand(), a.benchResolveCommand(), a.benchReleaseCommand(), a.benchDoctorCommand())
	return c
}

// required marks flags that a command cannot do without.
func required(c *cobra.Command, names ...string) *cobra.Command {
	check := c.PreRunE
	c.PreRunE = func(cmd *cobra.Command, args []string) error {
		for _, n := range names {
			if !cmd.Flags().Changed(n) {
				return fmt.Errorf("--%s is missing: %w for `%s`", n, errUsage, cmd.CommandPath())
			}
		}
		if check != nil {
			return check(cmd, args)
		}
		return nil
	}
	return c
}

func (a *app) benchSeriesCommand() *cobra.Command {
	var series, records string
	c := &cobra.Command{
		Use:   "series --series FILE --records FILE",
		Short: "Add the records of a merge to the retained table",
		Long: `Add the records of merges to series.parquet. A record replaces an older one of the same commit and target. The series is
created if it does not exist. If it or the records cannot be read, the command fails and changes nothing. The same records
give the same bytes.`,
		Example: `  zagg bench series --series benchmarks/series.parquet --records metrics.json`,
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			history, err := bench.ReadSeries(series)
			if err != nil {
				return err
			}
			now, err := bench.ReadRecords(records)
			if err != nil {
				return err
			}
			kept, taken := bench.Retain(history, now)
			if taken > 0 {
				if err := bench.WriteSeries(series, kept); err != nil {
					return err
				}
			}
			fmt.Fprintf(a.stdout, "%s: %d of %d records taken, %d rows\n", series, taken, len(now), len(kept))
			return nil
		},
	}
	c.Flags().StringVar(&series, "series", "", "the table, parquet")
	c.Flags().StringVar(&records, "records", "", "records of a run, JSON")
	return required(c, "series", "records")
}

func (a *app) benchPlotCommand() *cobra.Command {
	var series, output string
	c := &cobra.Command{
		Use:     "plot --series FILE --output FOLDER",
		Short:   "Plot cost per shard and per 100 km² over the merges, with an index page",
		Example: `  zagg bench plot --series benchmarks/series.parquet --output benchmarks/site`,
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			rows, err := bench.ReadSeries(series)
			if err != nil {
				return err
			}
			return bench.WriteSite(output, rows)
		},
	}
	c.Flags().StringVar(&series, "series", "", "the table, Parquet; if it does not exist, the charts are empty")
	c.Flags().StringVarP(&output, "output", "o", "", "folder for the page and its images")
	return required(c, "series", "output")
}

func (a *app) benchCheckCommand() *cobra.Command {
	var history, counts string
	var retain bool
	limits := bench.DefaultLimits()
	c := &cobra.Command{
		Use:   "check --history FILE --counts FILE",
		Short: "Compare a run with the last merges, and fail if it takes more",
		Long: `Compare requests, bytes and seconds of the worker with the median of the last ten merges of the same target. Seconds are
measured in units of a calibration loop of the same run, so that a slower machine does not count as a regression. The exit
code is 1 if a limit is exceeded.`,
		Example: `  zagg bench check --history benchmarks/counts.json --counts counts.json --retain`,
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			before, err := bench.ReadCounts(history)
			if err != nil {
				return err
			}
			now, err := bench.ReadCounts(counts)
			if err != nil {
				return err
			}
			if len(now) == 0 {
				return core.Errorf(core.Invalid, "check", counts, "there are no counts to compare")
			}
			worse := bench.Regressions(before, now, limits)
			if retain {
				if err := bench.WriteCounts(history, bench.RetainCounts(before, now)); err != nil {
					return err
				}
			}
			for _, w := range worse {
				fmt.Fprintln(a.stdout, w)
			}
			if len(worse) > 0 {
				return core.Errorf(core.Invalid, "check", counts, "%d measures are worse than before", len(worse))
			}
			fmt.Fprintf(a.stdout, "%d targets take no more than before\n", len(now))
			return nil
		},
	}
	f := c.Flags()
	f.StringVar(&history, "history", "", "counts of merges, JSON")
	f.StringVar(&counts, "counts", "", "counts of this run, JSON")
	f.BoolVar(&retain, "retain", false, "add this run's counts to the history")
	f.Float64Var(&limits.Exact, "limit", limits.Exact, "limit for the growth of requests and bytes: 0.02 is 2 %")
	f.Float64Var(&limits.Seconds, "limit-seconds", limits.Seconds, "limit for the growth of seconds, as a fraction")
	return required(c, "history", "counts")
}

func (a *app) benchReleaseCommand() *cobra.Command {
	o := release.Options{Platforms: release.Platforms()}
	var only []string
	var noFunctions bool
	c := &cobra.Command{
		Use:   "release --tag X.Y.Z --output FOLDER",
		Short: "Build a release: programs, functions, checksums, components, notes",
		Long: `Build zagg for Linux, macOS and Windows on amd64 and arm64, the zips of its Lambda functions for both architectures in
lambda/, SHA256SUMS, the list of components (CycloneDX) and the notes (the section of CHANGELOG.md for the tag).
The grid h3 is included if a C compiler for the platform is found. The same sources give the same bytes.`,
		Example: `  zagg bench release --tag 1.2.3 --output dist
  zagg bench release --tag 1.2.3 --output dist --platform linux/amd64 --no-functions`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if len(only) > 0 {
				o.Platforms = nil
			}
			for _, name := range only {
				p, err := release.ParsePlatform(name)
				if err != nil {
					return fmt.Errorf("%w: %w for `zagg bench release`", err, errUsage)
				}
				o.Platforms = append(o.Platforms, p)
			}
			o.Log, o.Bundles = a.stderr, !noFunctions
			return release.Build(cmd.Context(), o)
		},
	}
	f := c.Flags()
	f.StringVar(&o.Tag, "tag", "", "the version, such as 1.2.3")
	f.StringVarP(&o.Out, "output", "o", "dist", "output folder")
	f.StringVar(&o.Source, "source", ".", "the repository")
	f.StringArrayVar(&only, "platform", nil, "build only this platform, such as linux/arm64; repeatable")
	f.BoolVar(&noFunctions, "no-functions", false, "do not build the zips of the functions")
	return required(c, "tag")
}
