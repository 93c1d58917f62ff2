package bench

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsconfig "github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	lambdatypes "github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/run"
	"github.com/englacial/zagg/internal/shardmap"
)

// Of functions on the emulator, which no configuration describes.
const (
	emulatedMemory  = 2048 // MB
	emulatedTimeout = 720  // seconds
)

// Options say what is measured, and where.
type Options struct {
	Targets    string   // the file of targets
	Names      []string // of the targets to measure; none: all
	Stores     string   // folder or s3://bucket/prefix that stores are written below
	Region     string   // of the function and the granules
	Function   string   // that is invoked
	Program    string   // the zagg that is measured; "": this program
	Emulate    bool     // run the function on this machine
	DryRun     bool     // say what would be measured
	AllowEmpty bool     // a shard without an observation is no error
	Run        Run      // what records say of it
	Log        io.Writer
}

// Measure runs the densest shard of every target, one after another. Of a dry run there are no records.
func Measure(ctx context.Context, o Options) ([]Record, []Counts, error) {
	targets, err := readTargets(o.Targets)
	if err != nil {
		return nil, nil, err
	}
	selected, err := targets.Select(o.Names)
	if err != nil {
		return nil, nil, err
	}
	function, err := o.describe(ctx)
	if err != nil {
		return nil, nil, err
	}
	var records []Record
	var counts []Counts
	for _, t := range selected {
		record, count, err := o.target(ctx, t, function)
		if err != nil {
			return nil, nil, err
		}
		if record != nil {
			records, counts = append(records, *record), append(counts, *count)
		}
	}
	return records, counts, nil
}

// describe asks what the function is.
func (o *Options) describe(ctx context.Context) (function, error) {
	if o.Emulate || o.DryRun {
		return function{MemoryMB: emulatedMemory, Timeout: emulatedTimeout}, nil
	}
	cfg, err := configuration(ctx)
	if err != nil {
		return function{}, err
	}
	f, err := lambda.NewFromConfig(cfg, func(l *lambda.Options) { l.Region = cmp.Or(o.Region, l.Region) }).
		GetFunctionConfiguration(ctx, &lambda.GetFunctionConfigurationInput{FunctionName: &o.Function})
	if err != nil {
		return function{}, core.Errorf(core.Denied, "describe function", o.Function, "%w", err)
	}
	amd64 := len(f.Architectures) == 0 || f.Architectures[0] == lambdatypes.ArchitectureX8664
	return function{MemoryMB: int(aws.ToInt32(f.MemorySize)), Timeout: float64(aws.ToInt32(f.Timeout)), AMD64: amd64}, nil
}

// configuration is AWS's as the environment has it.
func configuration(ctx context.Context) (aws.Config, error) {
	cfg, err := awsconfig.LoadDefaultConfig(ctx)
	if err == nil && cfg.Region == "" {
		err = errors.New("no region: set AWS_REGION")
	}
	if err != nil {
		return cfg, core.Errorf(core.Invalid, "AWS", "configuration", "%w", err)
	}
	return cfg, nil
}

// target runs the densest shard of a target.
func (o *Options) target(ctx context.Context, t target, function function) (*Record, *Counts, error) {
	m, err := run.ReadMap(ctx, t.ShardMapPath)
	if err != nil {
		return nil, nil, err
	}
	i, err := densest(m.Keys, func(i int) int { return len(m.Granules[i]) })
	if err != nil {
		return nil, nil, core.Errorf(core.Invalid, "measure", t.ShardMapPath, "%w", err)
	}
	fmt.Fprintf(o.Log, "%s: shard %s with %d granules\n", t.Name, m.Keys[i], len(m.Granules[i]))
	if o.DryRun {
		return nil, nil, nil
	}
	program, err := o.program()
	if err != nil {
		return nil, nil, err
	}
	r := runner{program: program, flags: []string{"--function-name", o.Function, "--invocation", "sync"}, progress: o.Log}
	if o.Emulate {
		r.flags = []string{"--emulate", "--invocation", "sync"}
	}
	if o.Region != "" {
		r.flags = append(r.flags, "--region", o.Region)
	}
	store := strings.TrimSuffix(o.Stores, "/") + "/" + t.Name + "/" + o.Run.Commit[:min(12, len(o.Run.Commit))] + ".zarr"
	s, err := r.run(ctx, t, m.Keys[i], store)
	if err != nil {
		return nil, nil, err
	}
	if s.Observations == 0 && !o.AllowEmpty {
		return nil, nil, core.Errorf(core.Invalid, "measure", t.Name, "shard %s has no observation; --fail-on-empty=false records it all the same", m.Keys[i])
	}
	return o.record(t, m, i, s, function)
}

func (o *Options) record(t target, m *shardmap.Map, i int, s *summary, function function) (*Record, *Counts, error) {
	r, err := newRecord(o.Run, t, measurement{
		Key: m.Keys[i], Granules: int64(len(m.Granules[i])), Observations: s.Observations, Seconds: s.seconds(), AreaKM2: shardArea(m.GridSignature), Function: function,
	})
	if err != nil {
		return nil, nil, err
	}
	return &r, &Counts{Commit: r.Commit, Target: r.Target, Timestamp: r.Timestamp, Requests: s.Source.Gets + s.Source.Heads, Bytes: s.Source.Down, Seconds: r.Runtime}, nil
}

// program is the zagg that is measured.
func (o *Options) program() (string, error) {
	if o.Program != "" {
		return filepath.Abs(o.Program)
	}
	program, err := os.Executable()
	if err != nil {
		return "", core.Errorf(core.Internal, "measure", "this program", "%w", err)
	}
	return program, nil
}

// Files are where a run's results go.
type Files struct {
	Records string
	Counts  string // "": not written
	Comment string // "": not written
	Note    string // a quoted line above the comment's table
}

// Write writes what was measured; counts with a calibration loop of now. The comment's text comes back without its marker.
func (f Files) Write(records []Record, counts []Counts) (string, error) {
	if err := WriteRecords(f.Records, records); err != nil {
		return "", err
	}
	if f.Counts != "" {
		loop := calibrate()
		for i := range counts {
			counts[i].Calibration = loop
		}
		if err := WriteCounts(f.Counts, counts); err != nil {
			return "", err
		}
	}
	text := Comment(records, f.Note)
	return strings.TrimPrefix(text, Marker+"\n"), WriteComment(f.Comment, text)
}

// WriteComment writes a comment to a file; "": it is not wanted.
func WriteComment(file, text string) error {
	if file == "" {
		return nil
	}
	return core.Wrap(os.WriteFile(file, []byte(text), 0o644), "comment", file)
}
