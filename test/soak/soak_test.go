//go:build suites

package soak

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/cmd/zagg/cli"
	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/objstore"
	"github.com/englacial/zagg/core/objstore/s3store"
	"github.com/englacial/zagg/host/serve"
	"github.com/englacial/zagg/internal/awstest"
	"github.com/englacial/zagg/internal/emulator"
	"github.com/englacial/zagg/internal/sharedtest"
	layout "github.com/englacial/zagg/internal/store"
	"github.com/englacial/zagg/plugins/all"
	"github.com/englacial/zagg/test/remote/loop"
)

const (
	sample = "../../cmd/zagg/cli/sample"
	asCLI  = "ZAGG_SOAK_AS_CLI"
	bare   = "bare" // of asCLI: without plugins

	asPlugin = "ZAGG_SOAK_AS_PLUGIN"
)

// The test's program is the function, the command line and a plugin too.
func TestMain(m *testing.M) {
	if os.Getenv(asPlugin) != "" {
		serve.Main(loop.Everything())
		os.Exit(0)
	}
	if os.Getenv(asCLI) == bare {
		os.Exit(cli.Main())
	}
	if os.Getenv("AWS_LAMBDA_RUNTIME_API") != "" || os.Getenv(asCLI) != "" {
		os.Exit(cli.Main(all.Plugins()...))
	}
	os.Exit(m.Run())
}

// A bench is an account with the granules in it.
type bench struct {
	s3     *awstest.S3
	lambda *emulator.Lambda
	store  core.ObjectStore // past the proxy: nothing fails
	want   map[string][]byte
	dir    string
}

// patient is the function's time-out where nothing is to fail: a busy machine is no fault.
const patient = time.Minute

// usual is the function's memory in MB.
const usual = 2048

func newBench(t *testing.T) *bench {
	dir := t.TempDir()
	s3, err := awstest.StartS3(t.Context(), awstest.S3Options{Exe: os.Getenv("ZAGG_VERSITYGW"), Buckets: []string{"ins", "out", "failures"}})
	require.NoError(t, err)
	t.Cleanup(func() { s3.Close() }) //nolint:errcheck // it is a test's
	key, secret := s3.Owner()
	store, err := s3store.New(t.Context(), s3store.Options{Endpoint: s3.Direct(), Region: "us-east-1", Credentials: &s3store.Credentials{AccessKeyID: key, SecretAccessKey: secret}})
	require.NoError(t, err)
	b := &bench{s3: s3, store: store, dir: dir}
	granules, err := filepath.Glob(filepath.Join(sample, "*.h5"))
	require.NoError(t, err)
	for _, g := range granules {
		data, err := os.ReadFile(g)
		require.NoError(t, err)
		require.NoError(t, store.Put(t.Context(), "s3://ins/"+filepath.Base(g), bytes.NewReader(data), core.PutOptions{Size: int64(len(data))}))
	}
	b.lambda, err = emulator.New(emulator.Options{Concurrency: 1000, RetryDelay: time.Millisecond})
	require.NoError(t, err)
	t.Cleanup(func() { b.lambda.Close() }) //nolint:errcheck // it is a test's
	b.deploy(t, patient, usual)
	b.plan(t)
	return b
}

func (b *bench) deploy(t *testing.T, timeout time.Duration, memory int) {
	require.NoError(t, b.lambda.Deploy(emulator.Function{Name: "process-shard", Bootstrap: exe(t), Memory: memory, Timeout: timeout, Async: &emulator.AsyncConfig{Retries: 0, MaxAge: time.Minute}, Env: b.s3.Environ()}))
}

func exe(t *testing.T) string {
	name, err := os.Executable()
	require.NoError(t, err)
	return name
}

// plan makes the shard map of six shards and what an undisturbed local run of it writes.
func (b *bench) plan(t *testing.T) {
	whole := "s3://out/whole.zarr"
	out, err := b.command(context.Background(), "run", "--config", filepath.Join(sample, "demo.yaml"), "--granules", "s3://ins/", "--store", whole, "--max-cells", "6", "-q").CombinedOutput()
	require.NoError(t, err, string(out))
	b.want = b.contents(t, whole)
	require.NotEmpty(t, b.want)
}

func (b *bench) command(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, os.Args[0], args...)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + b.dir, asCLI + "=1"}
	for k, v := range b.lambda.Environ() {
		cmd.Env = append(cmd.Env, k+"="+v)
	}
	for k, v := range b.s3.Environ() {
		cmd.Env = append(cmd.Env, k+"="+v)
	}
	return cmd
}

func (b *bench) run(ctx context.Context, store string, async bool) *exec.Cmd {
	invocation := "sync"
	if async {
		invocation = "async"
	}
	return b.command(ctx, "run", "--config", filepath.Join(sample, "demo.yaml"), "--granules", "s3://ins/", "--store", store, "--max-cells", "6", "-q",
		"--backend", "lambda", "--invocation", invocation, "--yes")
}

// contents are the objects of a store.
func (b *bench) contents(t *testing.T, store string) map[string][]byte {
	all := map[string][]byte{}
	require.NoError(t, b.store.List(t.Context(), store+"/", func(o core.ObjectInfo) error {
		data, err := objstore.ReadAll(t.Context(), b.store, o.URL, 1<<30)
		all[strings.TrimPrefix(o.URL, store+"/")] = sharedtest.WithoutPlugins(data)
		return err
	}))
	return all
}

// records checks that each shard has a record, that it names what is there, and how many there are.
func (b *bench) records(t *testing.T, store string) int {
	n := 0
	labels, err := layout.ListRecords(t.Context(), b.store, store)
	require.NoError(t, err)
	for _, label := range labels {
		rec, err := layout.LoadRecord(t.Context(), b.store, store, label)
		require.NoError(t, err)
		for _, o := range rec.Objects {
			require.Len(t, b.want[o.Path], int(o.Size), "%s of %s", o.Path, label)
		}
		n++
	}
	return n
}

func TestEverythingFails(t *testing.T) {
	sharedtest.NotShort(t)
	seed, once := uint64(time.Now().UnixNano()), os.Getenv("ZAGG_SOAK_SEED")
	if once != "" {
		var err error
		seed, err = strconv.ParseUint(once, 10, 64)
		require.NoError(t, err)
	}
	long := 15 * time.Second
	if text := os.Getenv("ZAGG_SOAK"); text != "" {
		var err error
		long, err = time.ParseDuration(text)
		require.NoError(t, err)
	}
	b := newBench(t)
	runs, kills := 0, 0
	for end := time.Now().Add(long); time.Now().Before(end); runs++ {
		kills += b.one(t, seed, fmt.Sprintf("s3://out/run-%d.zarr", runs))
		if t.Failed() || once != "" {
			t.Logf("ZAGG_SOAK_SEED=%d", seed)
			break
		}
		seed++
	}
	s := b.lambda.Stats()
	t.Logf("%d stores, %d dispatchers killed; %d invocations, %d throttled, %d failed, %d killed, %d timed out; %d events, %d lost, %d twice",
		runs, kills, s.Invocations, s.Throttled, s.Failed, s.Killed, s.TimedOut, s.Events, s.EventsLost, s.EventsTwice)
}

// one makes one store while everything fails, and gives how often its dispatcher was killed.
func (b *bench) one(t *testing.T, seed uint64, store string) (kills int) {
	t.Helper()
	random := rand.New(rand.NewPCG(seed, 2))
	rate := func(most float64) float64 { return random.Float64() * most }
	b.lambda.SetFault(awstest.RandomFaults(seed, awstest.FaultRates{
		Throttle: rate(0.3), Unavailable: rate(0.1), Lose: rate(0.05), Twice: rate(0.3), Kill: rate(0.3), Cut: rate(0.1), KillWithin: 300 * time.Millisecond, MaxDelay: 50 * time.Millisecond,
	}))
	b.s3.SetFault(awstest.RandomS3Faults(seed, awstest.S3FaultRates{
		SlowDown: rate(0.02), InternalError: rate(0.02), Reset: rate(0.02), Forget: rate(0.02), Truncate: rate(0.02), Burst: random.IntN(4), MaxDelay: 5 * time.Millisecond,
	}))
	b.deploy(t, time.Second+time.Duration(rate(float64(3*time.Second))), usual)
	for range random.IntN(4) {
		cmd := b.run(context.Background(), store, random.IntN(2) == 0)
		require.NoError(t, cmd.Start())
		time.Sleep(time.Duration(random.Int64N(int64(1500 * time.Millisecond))))
		if cmd.Process.Kill() == nil {
			kills++
		}
		cmd.Wait() //nolint:errcheck // killed
	}
	b.lambda.SetFault(nil)
	b.s3.SetFault(nil)
	b.deploy(t, patient, usual)
	var said bytes.Buffer
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	defer cancel()
	cmd := b.run(ctx, store, random.IntN(2) == 0)
	cmd.Stdout, cmd.Stderr = io.Discard, &said
	if err := cmd.Run(); err != nil {
		t.Errorf("seed %d: %v\n%s", seed, err, said.String())
		return kills
	}
	b.check(t, seed, store)
	return kills
}

// check compares a store with the undisturbed one.
func (b *bench) check(t *testing.T, seed uint64, store string) {
	got := b.contents(t, store)
	for name, data := range b.want {
		if !bytes.Equal(got[name], data) {
			t.Errorf("seed %d: %s has %d bytes, want %d", seed, name, len(got[name]), len(data))
		}
		delete(got, name)
	}
	for name := range got {
		t.Errorf("seed %d: %s should not be there", seed, name)
	}
	if n := b.records(t, store); n != 6 {
		t.Errorf("seed %d: %d records", seed, n)
	}
}

// writeKeys keeps a key in a file, which is replaced at once.
func writeKeys(t *testing.T, file string, k awstest.Key, url string) {
	data, err := json.Marshal(map[string]string{"AccessKeyId": k.AccessKey, "SecretAccessKey": k.SecretKey, "SessionToken": k.SessionToken, "endpointUrl": url, "region": "us-east-1"})
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(file+".new", data, 0o600))
	require.NoError(t, os.Rename(file+".new", file))
}

// Keys that end while a run goes on are renewed in their file, and later events and the dispatcher itself have the new ones.
func TestKeysEndInMidRun(t *testing.T) {
	sharedtest.NotShort(t)
	b := newBench(t)
	file := filepath.Join(b.dir, "keys.json")
	renew := func(name string, life time.Duration) {
		k := awstest.Key{AccessKey: name, SecretKey: name + "-secret", SessionToken: "token-" + name, Expires: time.Now().Add(life)}
		b.s3.SetKey(k)
		writeKeys(t, file, k, b.s3.URL())
	}
	renew("first", 1500*time.Millisecond)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	go func() {
		for i := 0; ; i++ {
			select {
			case <-ctx.Done():
				return
			case <-time.After(500 * time.Millisecond):
				renew(fmt.Sprintf("next%d", i), 1500*time.Millisecond)
			}
		}
	}()
	b.s3.SetFault(awstest.RandomS3Faults(1, awstest.S3FaultRates{MaxDelay: 100 * time.Millisecond})) // so that it takes longer than a key lives
	store := "s3://out/keys.zarr"
	args := []string{"--output-creds", file, "--source-creds", file, "--max-workers", "1"}
	var err error
	var out []byte
	for range 5 { // a shard whose key ended under way has failed, and the same command does it again
		cmd := b.run(t.Context(), store, false)
		cmd.Args = append(cmd.Args, args...)
		if out, err = cmd.CombinedOutput(); err == nil {
			break
		}
	}
	require.NoError(t, err, string(out))
	require.NotContains(t, string(out), "-secret")
	b.check(t, 0, store)
}

// Keys that have ended end a run with an error that says so, and not with empty shards.
func TestKeysThatHaveEnded(t *testing.T) {
	b := newBench(t)
	b.s3.SetKey(awstest.Key{AccessKey: "old", SecretKey: "old-secret", SessionToken: "x", Expires: time.Now().Add(-time.Minute)})
	file := filepath.Join(b.dir, "keys.json")
	require.NoError(t, os.WriteFile(file, []byte(`{"access_key_id":"old","secret_access_key":"old-secret","session_token":"x","endpoint_url":"`+b.s3.URL()+`"}`), 0o600))
	store := "s3://out/ended.zarr"
	cmd := b.run(t.Context(), store, false)
	cmd.Args = append(cmd.Args, "--source-creds", file)
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	require.True(t, errors.As(err, &exit))
	require.Equal(t, 1, exit.ExitCode())
	require.Contains(t, string(out), "expired", path.Base(store))
	require.NotContains(t, string(out), "old-secret")
	require.Zero(t, b.records(t, store))
}
