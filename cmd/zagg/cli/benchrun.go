package cli

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	lambdatypes "github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/spf13/cobra"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/bench"
	"github.com/englacial/zagg/internal/run"
	"github.com/englacial/zagg/internal/shardmap"
)

// benchRunOptions are the flags of `zagg bench run`.
type benchRunOptions struct {
	targets, stores, program, function, region string
	names                                      []string
	run                                        bench.Run
	records, comment, counts, note             string
	emulate, dryRun, failOnEmpty               bool
}

// Of functions on the emulator, which no configuration describes.
const (
	benchMemory  = 2048 // MB
	benchTimeout = 720  // seconds
)

func (a *app) benchRunCommand() *cobra.Command {
	o := benchRunOptions{failOnEmpty: true, run: bench.Run{Event: bench.EventManual, Version: Version}}
	c := &cobra.Command{
		Use:   "run --targets FILE --store-prefix PREFIX",
		Short: "Measure the densest shard of every target",
		Long: `Run one shard of every target, that with the most granules, as one invocation of a function, and write a record for each:
seconds of the worker, GB-seconds, dollars a shard and for 100 km². Nothing is tried again. With --emulate the function
runs on this machine, where requests and bytes are exact; --out-counts keeps them for "zagg bench check".`,
		Example: `  zagg bench run --targets bench/series/targets.json --emulate --store-prefix /tmp/bench --out-json metrics.json --out-counts counts.json
  zagg bench run --targets bench/series/targets.json --target atl06_healpix --store-prefix s3://my-grids/bench --event merge --commit "$GITHUB_SHA" --ref main
  zagg bench run --targets bench/series/targets.json --store-prefix /tmp/bench --dry-run`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.measure(cmd.Context(), o)
		},
	}
	f := c.Flags()
	f.StringVar(&o.targets, "targets", "", "file of targets")
	f.StringArrayVar(&o.names, "target", nil, "only this target; may be repeated")
	f.StringVar(&o.stores, "store-prefix", "", "folder or s3://bucket/prefix that stores are written below")
	f.StringVar(&o.region, "region", "", "AWS region of the function and the granules")
	f.StringVar(&o.function, "function-name", "process-shard", "the function that is invoked")
	f.StringVar(&o.program, "zagg", "", "the zagg that is measured (default: this program)")
	f.BoolVar(&o.emulate, "emulate", false, "run the function on this machine")
	f.StringVar(&o.run.Event, "event", o.run.Event, "what made the run: merge, pr, manual; the series keeps merges")
	f.StringVar(&o.run.Commit, "commit", "", "the commit that is measured")
	f.StringVar(&o.run.Ref, "ref", "", "its branch or pull request")
	f.Int64Var(&o.run.PRNumber, "pr-number", 0, "the pull request")
	f.StringVar(&o.records, "out-json", "metrics.json", "file for the records")
	f.StringVar(&o.comment, "out-comment", "", "file for the comment on a pull request")
	f.StringVar(&o.counts, "out-counts", "", "file for requests, bytes and seconds in calibration loops")
	f.StringVar(&o.note, "worker-note", "", "a quoted line above the comment's table")
	f.BoolVar(&o.dryRun, "dry-run", false, "say what would be measured")
	f.BoolVar(&o.failOnEmpty, "fail-on-empty", o.failOnEmpty, "fail if a shard has no observation")
	c.RegisterFlagCompletionFunc("event", fixed(bench.EventMerge, bench.EventPR, bench.EventManual))
	return required(c, "targets", "store-prefix")
}

func (a *app) measure(ctx context.Context, o benchRunOptions) error {
	switch o.run.Event {
	case bench.EventMerge, bench.EventPR, bench.EventManual:
	default:
		return fmt.Errorf("--event is %q; have merge, pr, manual: %w for `zagg bench run`", o.run.Event, errUsage)
	}
	if o.run.Commit == "" && o.run.Event != bench.EventManual {
		return fmt.Errorf("--commit is missing: %w for `zagg bench run`", errUsage)
	}
	o.run.Commit = cmp.Or(o.run.Commit, "working-tree")
	targets, err := bench.ReadTargets(o.targets)
	if err != nil {
		return err
	}
	selected, err := targets.Select(o.names)
	if err != nil {
		return err
	}
	function, err := o.describe(ctx)
	if err != nil {
		return err
	}
	o.run.Time = time.Now()
	var records []bench.Record
	var counts []bench.Counts
	for _, t := range selected {
		record, count, err := a.measureTarget(ctx, o, t, function)
		if err != nil {
			return err
		}
		if record != nil {
			records, counts = append(records, *record), append(counts, *count)
		}
	}
	if o.dryRun {
		return nil
	}
	return a.keepRecords(o, records, counts)
}

// keepRecords writes what was measured.
func (a *app) keepRecords(o benchRunOptions, records []bench.Record, counts []bench.Counts) error {
	if err := bench.WriteRecords(o.records, records); err != nil {
		return err
	}
	if o.counts != "" {
		loop := bench.Calibrate()
		for i := range counts {
			counts[i].Calibration = loop
		}
		if err := bench.WriteCounts(o.counts, counts); err != nil {
			return err
		}
	}
	text := bench.Comment(records, o.note)
	if o.comment != "" {
		if err := os.WriteFile(o.comment, []byte(text), 0o644); err != nil {
			return core.Wrap(err, "comment", o.comment)
		}
	}
	fmt.Fprint(a.stdout, strings.TrimPrefix(text, bench.Marker+"\n"))
	return nil
}

// describe asks what the function is.
func (o benchRunOptions) describe(ctx context.Context) (bench.Function, error) {
	if o.emulate || o.dryRun {
		return bench.Function{MemoryMB: benchMemory, Timeout: benchTimeout}, nil
	}
	cfg, err := awsConfiguration(ctx)
	if err != nil {
		return bench.Function{}, err
	}
	f, err := lambda.NewFromConfig(cfg, func(l *lambda.Options) { l.Region = cmp.Or(o.region, l.Region) }).
		GetFunctionConfiguration(ctx, &lambda.GetFunctionConfigurationInput{FunctionName: &o.function})
	if err != nil {
		return bench.Function{}, core.Errorf(core.Denied, "describe function", o.function, "%w", err)
	}
	amd64 := len(f.Architectures) == 0 || f.Architectures[0] == lambdatypes.ArchitectureX8664
	return bench.Function{MemoryMB: int(aws.ToInt32(f.MemorySize)), Timeout: float64(aws.ToInt32(f.Timeout)), AMD64: amd64}, nil
}

// measureTarget runs the densest shard of a target.
func (a *app) measureTarget(ctx context.Context, o benchRunOptions, t bench.Target, function bench.Function) (*bench.Record, *bench.Counts, error) {
	m, err := run.ReadMap(ctx, t.ShardMapPath)
	if err != nil {
		return nil, nil, err
	}
	i, err := bench.Densest(m.Keys, func(i int) int { return len(m.Granules[i]) })
	if err != nil {
		return nil, nil, core.Errorf(core.Invalid, "measure", t.ShardMapPath, "%w", err)
	}
	fmt.Fprintf(a.stderr, "%s: shard %s with %d granules\n", t.Name, m.Keys[i], len(m.Granules[i]))
	if o.dryRun {
		return nil, nil, nil
	}
	program, err := o.measured()
	if err != nil {
		return nil, nil, err
	}
	runner := bench.Runner{Program: program, Flags: []string{"--function-name", o.function, "--invocation", "sync"}, Progress: a.stderr}
	if o.emulate {
		runner.Flags = []string{"--emulate", "--invocation", "sync"}
	}
	if o.region != "" {
		runner.Flags = append(runner.Flags, "--region", o.region)
	}
	store := strings.TrimSuffix(o.stores, "/") + "/" + t.Name + "/" + o.run.Commit[:min(12, len(o.run.Commit))] + ".zarr"
	s, err := runner.Run(ctx, t, m.Keys[i], store)
	if err != nil {
		return nil, nil, err
	}
	if s.Observations == 0 && o.failOnEmpty {
		return nil, nil, core.Errorf(core.Invalid, "measure", t.Name, "shard %s has no observation; --fail-on-empty=false records it all the same", m.Keys[i])
	}
	return o.record(t, m, i, s, function)
}

func (o benchRunOptions) record(t bench.Target, m *shardmap.Map, i int, s *bench.Summary, function bench.Function) (*bench.Record, *bench.Counts, error) {
	r, err := bench.NewRecord(o.run, t, bench.Measurement{
		Key: m.Keys[i], Granules: int64(len(m.Granules[i])), Observations: s.Observations, Seconds: s.Seconds(), AreaKM2: bench.ShardArea(m.GridSignature), Function: function,
	})
	if err != nil {
		return nil, nil, err
	}
	return &r, &bench.Counts{Commit: r.Commit, Target: r.Target, Timestamp: r.Timestamp, Requests: s.Source.Gets + s.Source.Heads, Bytes: s.Source.Down, Seconds: r.Runtime}, nil
}

// measured is the program that is measured.
func (o benchRunOptions) measured() (string, error) {
	if o.program != "" {
		return filepath.Abs(o.program)
	}
	program, err := os.Executable()
	if err != nil {
		return "", core.Errorf(core.Internal, "measure", "this program", "%w", err)
	}
	return program, nil
}
