package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core/objstore"
	"github.com/englacial/zagg/internal/awstest"
	"github.com/englacial/zagg/internal/drivers"
	"github.com/englacial/zagg/internal/emulator"
	"github.com/englacial/zagg/internal/job"
	"github.com/englacial/zagg/internal/sharedtest"
	"github.com/englacial/zagg/plugins/all"
)

// Lines that logs are searched for say the same in every release.
func TestLambdaPrintsForScrapers(t *testing.T) {
	store := t.TempDir() + "/heights.zarr"
	out := ok(t, onLambda(store, "-q", "--max-cells", "2", "--profile")...)
	require.Regexp(t, `(?m)^Done: 2 shards with data, [\d,]+ obs, 0 errors, [\d.]+ s$`, out)
	require.Regexp(t, `(?m)^Lambda compute: [\d.]+s total, [\d.]+ GB-s, ~\$0\.\d{4}$`, out)
	require.Regexp(t, `(?m)^Worker phases \(max across cells\): group [\d.]+s, .*write [\d.]+s$`, out)
	require.Regexp(t, `(?m)^  Cost +about \$0\.\d+: compute \$.*; 2 GB, \w+, /tmp 0\.5 GB$`, out)
	require.True(t, strings.HasSuffix(out, "\nOutput: "+store+"\n"), out)
}

// A said is what a command has printed so far.
type said struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (s *said) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(p)
}

func (s *said) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

// The first ^C sends no more shards, the second leaves those at work, and what is said tells how to go on.
func TestInterruptTwice(t *testing.T) {
	sharedtest.NotShort(t)
	l := account(t, ours(t))
	manifest, err := json.Marshal(ours(t))
	require.NoError(t, err)
	release := make(chan struct{})
	var begun atomic.Int64
	t.Cleanup(func() { close(release) })
	require.NoError(t, l.Deploy(emulator.Function{Name: "process-shard", Memory: 2048, Timeout: time.Minute, Handler: func(_ context.Context, event []byte) ([]byte, error) {
		if job.ModeOf(event) == job.ModeProcess {
			begun.Add(1)
			<-release
		}
		r, err := job.NewResponse(200, job.CallDone{OK: true, Manifest: manifest})
		if err != nil {
			return nil, err
		}
		return json.Marshal(r)
	}}))
	for invocation, want := range map[string]string{"async": "zagg attach s3://out/", "sync": "the same command finds what they have done"} {
		ctx, stop := signal.NotifyContext(t.Context(), os.Interrupt)
		before, errs, code := begun.Load(), &said{}, make(chan int, 1)
		args := append(onCloud, "--store", "s3://out/"+invocation+".zarr", "--backend", "lambda", "--yes", "--max-workers", "2", "--shards-per-job", "1", "--invocation", invocation)
		go func() {
			code <- Run(ctx, args, strings.NewReader(""), &said{}, errs, all.Plugins()...)
		}()
		interrupt := func(after func() bool) {
			require.Eventually(t, after, time.Minute, 5*time.Millisecond, "%s", errs)
			require.NoError(t, syscall.Kill(os.Getpid(), syscall.SIGINT))
		}
		interrupt(func() bool { return begun.Load() == before+2 })
		interrupt(func() bool { return strings.Contains(errs.String(), "waiting for 2 at work. ^C again leaves them") })
		select {
		case c := <-code:
			require.Equal(t, exitInterrupt, c)
		case <-time.After(time.Minute):
			t.Fatal("it goes on")
		}
		stop()
		require.Contains(t, errs.String(), "Stopped: 0 of 25 shards are done. The same command goes on from there.")
		require.Contains(t, errs.String(), "2 more are at work on Lambda")
		require.Contains(t, errs.String(), want)
		if _, address, sent := strings.Cut(errs.String(), "zagg attach s3://"); sent {
			require.Len(t, unsent(t, "s3://"+strings.Fields(address)[0]), 23, "so that nobody waits for them")
		}
		require.Equal(t, before+2, begun.Load())
	}
}

// unsent are the shards that the note of a run says were not sent.
func unsent(t *testing.T, folder string) []string {
	s, err := drivers.Open(t.Context(), drivers.Environment(), folder)
	require.NoError(t, err)
	data, err := objstore.ReadAll(t.Context(), s, folder+"/run.json", 1<<20)
	require.NoError(t, err)
	var note struct {
		Unsent []string `json:"unsent"`
	}
	require.NoError(t, json.Unmarshal(data, &note))
	return note.Unsent
}

// A shard that a worker of an earlier run shows to be at work on is waited for, and not paid for twice; once that worker is silent it is
// computed.
func TestShardsAtWorkAreWaitedFor(t *testing.T) {
	sharedtest.NotShort(t)
	store := filepath.Join(t.TempDir(), "heights.zarr")
	ok(t, onLambda(store, "-q", "--max-cells", "3")...)
	records, err := filepath.Glob(store + ".status/records/*.json")
	require.NoError(t, err)
	require.Len(t, records, 3)
	kept, err := os.ReadFile(records[0])
	require.NoError(t, err)
	require.NoError(t, os.Remove(records[0]))
	label := strings.TrimSuffix(filepath.Base(records[0]), ".json")
	sign := filepath.Join(store+".status", "20260101T000000.000Z-earl", label+".started")
	require.NoError(t, os.MkdirAll(filepath.Dir(sign), 0o755))
	require.NoError(t, os.WriteFile(sign, []byte("{}"), 0o644))
	errs, code := &said{}, make(chan int, 1)
	var out said
	go func() {
		code <- Run(t.Context(), onLambda(store, "--max-cells", "3", "--shards-per-job", "1"), strings.NewReader(""), &out, errs, all.Plugins()...)
	}()
	require.Eventually(t, func() bool { return strings.Contains(errs.String(), "1 shards are at work for an earlier run") }, time.Minute, 5*time.Millisecond, "%s", errs)
	require.NoError(t, os.WriteFile(records[0], kept, 0o644)) // the worker ends
	require.NoError(t, os.Remove(sign))
	select {
	case c := <-code:
		require.Zero(t, c, "%s", errs)
	case <-time.After(time.Minute):
		t.Fatal("it goes on")
	}
	require.Contains(t, out.String(), "3 total, 3 with data, 0 empty, 0 errors (3 done before)")
}

// Who may read the store and not write it has the function set it up, and end the run.
func TestStoreThatOnlyTheFunctionMayWrite(t *testing.T) {
	sharedtest.NotShort(t)
	l := account(t, ours(t))
	s3, err := awstest.StartS3(t.Context(), awstest.S3Options{Buckets: []string{"ins", "out"}})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s3.Close()) })
	s3.SetKey(awstest.Key{AccessKey: "reader", SecretKey: "reader-secret", ReadOnly: true})
	for k, v := range s3.Environ() {
		t.Setenv(k, v)
	}
	upload(t)
	exe, err := os.Executable()
	require.NoError(t, err)
	require.NoError(t, l.Deploy(emulator.Function{Name: "process-shard", Bootstrap: exe, Memory: 2048, Timeout: time.Minute, Env: s3.Environ()}))
	t.Setenv("AWS_ACCESS_KEY_ID", "reader")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "reader-secret")
	code, out, errs := execute(t, "", append(onCloud, "--store", inCloud, "--backend", "lambda", "--yes")...)
	require.Zero(t, code, errs)
	require.Contains(t, errs, "the function sets the store up")
	require.Contains(t, errs, "the run's report is not kept")
	require.Contains(t, out, "25 with data, 0 empty, 0 errors")
	require.Contains(t, ok(t, "info", inCloud), "25")
}

// A target that grants no listing takes a run as any other, by events and by answers, from this process and from the function.
func TestStoreThatNobodyMayList(t *testing.T) {
	sharedtest.NotShort(t)
	l := account(t, ours(t))
	s3, err := awstest.StartS3(t.Context(), awstest.S3Options{Exe: os.Getenv("ZAGG_VERSITYGW"), Buckets: []string{"ins", "out"}})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s3.Close()) })
	s3.SetKey(awstest.Key{AccessKey: "unlisted", SecretKey: "unlisted-secret", Unlisted: true})
	env := s3.Environ()
	for k, v := range env {
		t.Setenv(k, v)
	}
	upload(t)
	env["AWS_ACCESS_KEY_ID"], env["AWS_SECRET_ACCESS_KEY"] = "unlisted", "unlisted-secret"
	for k, v := range env {
		t.Setenv(k, v)
	}
	exe, err := os.Executable()
	require.NoError(t, err)
	require.NoError(t, l.Deploy(emulator.Function{Name: "process-shard", Bootstrap: exe, Memory: 2048, Timeout: time.Minute, Env: env}))
	var granules []string
	files, err := filepath.Glob("sample/*.h5")
	require.NoError(t, err)
	for _, f := range files {
		granules = append(granules, "s3://ins/"+filepath.Base(f))
	}
	store := "s3://out/unlisted.zarr"
	args := []string{"run", "--config", "sample/demo.yaml", "--granules", strings.Join(granules, ","), "--store", store, "--backend", "lambda", "--yes"}
	code, out, errs := execute(t, "", append(args, "--dry-run")...)
	require.Equal(t, exitFailure, code, out)
	require.Contains(t, errs, "without s3:ListBucket a store that is not there cannot be told from one that may not be read")
	code, _, errs = execute(t, "", append(args, "--invocation", "sync", "--max-cells", "2")...)
	require.Zero(t, code, errs)
	code, out, errs = execute(t, "", args...)
	require.Zero(t, code, errs)
	require.Contains(t, out, "25 with data, 0 empty, 0 errors (2 done before)")
	require.Contains(t, errs, "the function may not list the store's bucket, and does without")
	require.Contains(t, errs, "who may not list the bucket cannot tell what shards of earlier runs are there: they stay")
	_, address, sent := strings.Cut(errs, "run s3://")
	require.True(t, sent)
	require.Contains(t, ok(t, "attach", "s3://"+strings.Fields(address)[0], "-q"), "23 total")
	code, _, errs = execute(t, "", "attach", store, "-q")
	require.Equal(t, exitFailure, code)
	require.Contains(t, errs, "give the address of the run")
	code, _, errs = execute(t, "", append(args, "--overwrite")...)
	require.Equal(t, exitFailure, code)
	require.Contains(t, errs, "cannot be deleted without s3:ListBucket")
	code, out, errs = execute(t, "", append(args, "--dry-run")...)
	require.Zero(t, code, errs)
	require.Contains(t, out, "Would process 25 cells")
	require.Contains(t, errs, "what the run would remove is unknown without s3:ListBucket")
	code, out, errs = execute(t, "", "info", store)
	require.Zero(t, code, errs)
	require.Contains(t, out, "unknown without s3:ListBucket")
	require.Contains(t, out, "h_mean")
	for _, command := range [][]string{{"verify", store}, {"plot", store, "h_mean", "-o", filepath.Join(t.TempDir(), "map.png")}} {
		code, _, errs = execute(t, "", command...)
		require.Equal(t, exitFailure, code, errs)
		require.Contains(t, errs, "without s3:ListBucket")
	}
	for k, v := range s3.Environ() { // its owner sees that it is all there
		t.Setenv(k, v)
	}
	require.Contains(t, ok(t, "verify", store), "25")
}
