//go:build suites

package soak

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/internal/awstest"
	"github.com/englacial/zagg/internal/cost"
	"github.com/englacial/zagg/internal/emulator"
	"github.com/englacial/zagg/internal/fleet"
	"github.com/englacial/zagg/internal/sharedtest"
)

// near is how far predictions may be off, of what happened.
const near = 0.25

// What a calibration predicts of the benchmark's shards is what they then take: worker-seconds, requests and bytes, as S3 and Lambda
// count them. Seconds are of this machine before and after the prediction, which may be busier in between: they have three tries.
func TestCostsArePredicted(t *testing.T) {
	sharedtest.NeedsSweep(t)
	golden := sharedtest.Dir(t, "golden", "bench")
	granules := benchGranules(t)
	for _, latency := range []time.Duration{0, 30 * time.Millisecond} {
		t.Run(latency.String(), func(t *testing.T) {
			for try := 1; ; try++ {
				c := newCosts(t, granules, golden, latency)
				one, took := c.singly(t)
				replayed := c.replay(t)
				t.Logf("replayed: %.2f worker-seconds", replayed.WorkerSeconds)
				require.Equal(t, one.Bytes, replayed.Bytes)
				require.InEpsilon(t, one.Gets+one.Puts, replayed.Gets+replayed.Puts, 0.02, "looks for results apart")
				require.InEpsilon(t, one.WorkerSeconds, replayed.WorkerSeconds, 0.02)
				if try == 3 || took.seconds > one.WorkerSeconds*(1-near) && took.seconds < one.WorkerSeconds*(1+near) {
					require.InEpsilon(t, took.seconds, one.WorkerSeconds, near)
					break
				}
			}
			if latency == 0 {
				newCosts(t, granules, golden, latency).together(t)
			}
		})
	}
}

// benchGranules is a folder with the benchmark's granules.
func benchGranules(t *testing.T) string {
	if dir := os.Getenv("ZAGG_BENCH_GRANULES"); dir != "" {
		return dir
	}
	python := cmp.Or(os.Getenv("ZAGG_PYTHON"), "python3")
	dir := t.TempDir()
	out, err := exec.CommandContext(t.Context(), python, sharedtest.Dir(t, "tools", "gen_granules.py"), dir, "bench").CombinedOutput()
	require.NoError(t, err, string(out))
	found, err := filepath.Glob(filepath.Join(dir, "*.h5"))
	require.NoError(t, err)
	if len(found) == 0 {
		return filepath.Join(dir, "granules_bench")
	}
	return dir
}

// costs are an account with the benchmark's granules.
type costs struct {
	*bench
	config, shardMap string
	latency          time.Duration
	granules         atomic.Int64 // GETs of granules
}

func newCosts(t *testing.T, granules, golden string, latency time.Duration) *costs {
	root := t.TempDir()
	s3, err := awstest.StartS3(t.Context(), awstest.S3Options{Exe: os.Getenv("ZAGG_VERSITYGW"), Root: root, Buckets: []string{"out"}, Latency: latency})
	require.NoError(t, err)
	t.Cleanup(func() { s3.Close() }) //nolint:errcheck // it is a test's
	require.NoError(t, os.Symlink(granules, filepath.Join(root, "bench")))
	c := &costs{bench: &bench{s3: s3, dir: t.TempDir()}, config: filepath.Join(golden, "config.yaml"), latency: latency}
	s3.SetFault(func(r *http.Request) awstest.S3Fault {
		if r.Method == http.MethodGet && strings.HasPrefix(r.URL.Path, "/bench/") {
			c.granules.Add(1)
		}
		return awstest.S3Fault{}
	})
	c.shardMap = filepath.Join(c.dir, "map.json")
	data, err := os.ReadFile(filepath.Join(golden, "shardmap.json"))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(c.shardMap, data, 0o644))
	c.lambda, err = emulator.New(emulator.Options{Concurrency: 1000})
	require.NoError(t, err)
	t.Cleanup(func() { c.lambda.Close() }) //nolint:errcheck // it is a test's
	require.NoError(t, c.lambda.Deploy(emulator.Function{Name: "process-shard", Bootstrap: exe(t), Memory: usual, Timeout: 12 * time.Minute, Async: &emulator.AsyncConfig{MaxAge: fleet.MaxAge}, Env: s3.Environ()}))
	return c
}

// spent is what an account was asked for.
type spent struct {
	seconds    float64 // billed
	gets, puts int64   // GETs and HEADs, and PUTs; S3 lists by GET
	bytes      int64
}

func (c *costs) spent() spent {
	u := c.s3.Usage()
	return spent{seconds: c.lambda.Stats().Billed.Seconds(), gets: u.ByMethod["GET"] + u.ByMethod["HEAD"], puts: u.ByMethod["PUT"], bytes: u.Down}
}

// zagg runs a command and gives what it prints.
func (c *costs) zagg(t *testing.T, args ...string) []byte {
	cmd := c.command(t.Context(), args...)
	out, err := cmd.Output()
	if err != nil {
		e, _ := err.(*exec.ExitError) //nolint:errorlint // of Output
		t.Fatalf("%v: %v\n%s", args, err, e.Stderr)
	}
	return out
}

// predict is what zagg cost says of jobs of so many shards.
func (c *costs) predict(t *testing.T, perJob string, more ...string) cost.Expectation {
	var p struct {
		Expected cost.Expectation `json:"expected"`
	}
	out := c.zagg(t, append([]string{"cost", c.shardMap, "--json", "--sizes", "5", "--latency", c.latency.String(), "--bandwidth", "1000", "--concurrency", "1", "--shards-per-job", perJob}, more...)...)
	require.NoError(t, json.Unmarshal(out, &p))
	return p.Expected
}

// replay is what zagg cost --simulate says of all shards, by the constants of the calibration.
func (c *costs) replay(t *testing.T) cost.Expectation {
	var p struct {
		Simulated struct {
			Expected cost.Expectation `json:"expected"`
		} `json:"simulated"`
	}
	out := c.zagg(t, "cost", c.shardMap, "--simulate", "--json", "--sizes", "5", "--latency", c.latency.String(), "--bandwidth", "1000", "--concurrency", "1", "--shards-per-job", "1", "--cold-start", "0")
	require.NoError(t, json.Unmarshal(out, &p))
	return p.Simulated.Expected
}

const costsStore = "s3://out/heights.zarr"

func (c *costs) run(t *testing.T, perJob string) {
	c.zagg(t, "run", "--config", c.config, "--catalog", c.shardMap, "--store", costsStore, "--backend", "lambda", "--yes", "--max-workers", "1", "--shards-per-job", perJob, "-q")
}

// compare holds requests and bytes against what was predicted. S3's LISTs are GETs here, so that all requests are summed.
func (c *costs) compare(t *testing.T, e cost.Expectation, was spent) {
	t.Logf("%s, %d jobs: predicted %.2f worker-seconds, %d requests, %d bytes; were %.2f, %d, %d", c.latency, e.Jobs, e.WorkerSeconds, e.Gets+e.Puts, e.Bytes, was.seconds, was.gets+was.puts, was.bytes)
	require.InEpsilon(t, was.bytes, e.Bytes, 0.02, "sizes are those of five granules")
	require.InEpsilon(t, was.gets+was.puts, e.Gets+e.Puts, near)
}

// singly calibrates by 5 shards, computes the others, each by itself, and gives the prediction and all that was spent.
func (c *costs) singly(t *testing.T) (cost.Expectation, spent) {
	e := c.predict(t, "1", "--calibrate", "5", "--config", c.config, "--store", costsStore, "--backend", "lambda", "--yes", "--max-workers", "1")
	c.run(t, "1")
	was := c.spent()
	c.compare(t, e, was)
	require.Equal(t, e.Pairs, e.Whole)
	require.InDelta(t, 2*e.Pairs+2, c.granules.Load(), 10, "two of each pair, and the first bytes that the ping of either run reads; some may be sent again")
	return e, was
}

// together computes jobs of 4 shards.
func (c *costs) together(t *testing.T) {
	e := c.predict(t, "4")
	c.run(t, "4")
	was := c.spent()
	c.compare(t, e, was)
	require.InEpsilon(t, was.gets+was.puts, e.Gets+e.Puts, 0.1, "but for how often results are looked for")
	require.Less(t, e.Jobs, e.Shards, fmt.Sprint(e))
}
