package run_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/host"
	"github.com/englacial/zagg/internal/config"
	"github.com/englacial/zagg/internal/job"
	"github.com/englacial/zagg/internal/run"
	"github.com/englacial/zagg/plugins/all"
)

const sample = "../../cmd/zagg/cli/sample"

// sampleRun is a run over the sample data into a folder.
func sampleRun(folder string) (run.Options, error) {
	plugins, err := host.New(all.Plugins()...)
	if err != nil {
		return run.Options{}, err
	}
	cfg, _, err := config.Load(filepath.Join(sample, "demo.yaml"))
	return run.Options{Config: cfg, Compile: plugins.Compile, Granules: []string{sample}, Store: filepath.Join(folder, "heights.zarr")}, err
}

// A counting backend does jobs of two shards with nothing but what an opener is told.
type counting struct {
	run  *run.Run
	jobs atomic.Int64
}

func (c *counting) SetUp(ctx context.Context) (*run.Ready, error) {
	fresh, err := c.run.SetUp(ctx)
	return &run.Ready{Fresh: fresh, Workers: 2, Jobs: c.run.Groups(c.run.Jobs(), 2)}, err
}

func (c *counting) Compute(ctx context.Context, jobs []*job.Job) ([]run.Result, []error) {
	c.jobs.Add(1)
	outcomes, errs := c.run.Template().ProcessAll(ctx, c.run.Stores(), jobs, host.Version)
	results := make([]run.Result, len(jobs))
	for i, o := range outcomes {
		results[i].Outcome = o
	}
	return results, errs
}

func (c *counting) Prune(ctx context.Context) ([]string, error) { return c.run.Prune(ctx) }

func (c *counting) Close() {}

// An executor of one's own is a Backend and an Opener.
func ExampleOpener() {
	folder, err := os.MkdirTemp("", "zagg")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(folder)
	options, err := sampleRun(folder)
	if err != nil {
		log.Fatal(err)
	}
	var backend *counting
	options.Open = func(_ context.Context, r *run.Run) (run.Backend, error) {
		backend = &counting{run: r}
		return backend, nil
	}
	summary, err := run.Do(context.Background(), options)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(summary.Shards.WithData, "shards in", backend.jobs.Load(), "jobs")
	// Output: 25 shards in 13 jobs
}

// A backend of one's own gives what Local gives, and is told where the store lies.
func TestOwnBackend(t *testing.T) {
	own, err := sampleRun(t.TempDir())
	require.NoError(t, err)
	own.Open = func(_ context.Context, r *run.Run) (run.Backend, error) {
		require.Equal(t, own.Store, r.Store())
		require.NotEmpty(t, r.ID())
		for _, j := range r.Jobs() {
			require.Equal(t, r.ID(), j.RunID)
		}
		_, err := r.Output().Stat(t.Context(), r.Store()+"/zarr.json")
		require.Error(t, err, "it is not set up")
		r.Note("opened")
		return &counting{run: r}, nil
	}
	got, err := run.Do(t.Context(), own)
	require.NoError(t, err)
	local, err := sampleRun(t.TempDir())
	require.NoError(t, err)
	want, err := run.Do(t.Context(), local)
	require.NoError(t, err)
	require.Equal(t, want.Shards, got.Shards)
	require.Equal(t, want.Observations, got.Observations)
	require.Equal(t, want.Dropped, got.Dropped)
}
