package cli

import (
	"context"
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/parquet-go/parquet-go"
	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/host"
	"github.com/englacial/zagg/internal/awstest"
	"github.com/englacial/zagg/internal/drivers"
	"github.com/englacial/zagg/internal/emulator"
	"github.com/englacial/zagg/internal/job"
	"github.com/englacial/zagg/internal/run"
	"github.com/englacial/zagg/internal/sharedtest"
	"github.com/englacial/zagg/lambda/worker"
	"github.com/englacial/zagg/plugins/all"
)

// The test's program is also the function that --emulate starts.
func TestMain(m *testing.M) {
	if os.Getenv("AWS_LAMBDA_RUNTIME_API") != "" {
		worker.Main(all.Plugins()...)
	}
	os.Exit(m.Run())
}

const inCloud = "s3://out/heights.zarr"

var onCloud = []string{"run", "--config", "sample/demo.yaml", "--granules", "s3://ins/"}

var onSample = []string{"run", "--config", "sample/demo.yaml", "--granules", "sample"}

func onLambda(store string, more ...string) []string {
	return append(append(append([]string{}, onSample...), "--store", store, "--backend", "lambda", "--emulate"), more...)
}

// written are the files below a folder.
func written(t *testing.T, folder string) map[string]string {
	all := map[string]string{}
	require.NoError(t, filepath.WalkDir(folder, func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(p)
		name, _ := filepath.Rel(folder, p)
		all[name] = string(data)
		return err
	}))
	return all
}

// Invocations write what a local run writes, by either transport; the same command does what is missing, and no more.
func TestLambdaWritesTheSame(t *testing.T) {
	sharedtest.NotShort(t)
	want := written(t, sampleStore(t))
	for _, invocation := range []string{"async", "sync"} {
		store := filepath.Join(t.TempDir(), "heights.zarr")
		var s run.Summary
		require.NoError(t, json.Unmarshal([]byte(ok(t, onLambda(store, "--invocation", invocation, "--json", "-q")...)), &s))
		require.Equal(t, 25, s.Shards.WithData)
		require.EqualValues(t, 41068, s.Observations)
		require.Equal(t, want, written(t, store), invocation)

		for _, label := range []string{"-41121144", "-41121233"} {
			require.NoError(t, os.Remove(store+".status/records/"+label+".json"))
		}
		_, out, errs := execute(t, "", onLambda(store, "--invocation", invocation)...)
		require.Contains(t, errs, "23 shards were done before")
		require.Contains(t, errs, "Computing 2 shards")
		require.Contains(t, out, "25 with data, 0 empty, 0 errors (23 done before)")
		require.Equal(t, want, written(t, store), invocation)
	}
}

// What a run took lies beside its store, as JSON and as a table; another process can follow it.
func TestLambdaReportAndAttach(t *testing.T) {
	store := filepath.Join(t.TempDir(), "heights.zarr")
	ok(t, onLambda(store, "-q", "--max-cells", "3")...)
	tables, err := filepath.Glob(store + ".status/runs/*.parquet")
	require.NoError(t, err)
	require.Len(t, tables, 1)
	rows, err := parquet.ReadFile[run.ShardRow](tables[0])
	require.NoError(t, err)
	require.Len(t, rows, 3)
	for _, r := range rows {
		require.Equal(t, "ok", r.Status)
		require.Positive(t, r.Seconds)
		require.Positive(t, r.Reads)
		require.Positive(t, r.CostUSD)
	}
	var report run.Report
	data, err := os.ReadFile(strings.TrimSuffix(tables[0], "parquet") + "json")
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(data, &report))
	require.Equal(t, rows, report.Shards)
	require.Equal(t, "lambda", report.Backend)

	out := ok(t, "attach", store, "-q")
	require.Contains(t, out, "3 total, 3 with data")
	require.Contains(t, ok(t, "attach", store+".status/"+report.RunID, "-q"), "3 total, 3 with data")
	code, _, errs := execute(t, "", "attach", filepath.Join(t.TempDir(), "none.zarr"))
	require.Equal(t, exitFailure, code)
	require.Contains(t, errs, "no run on Lambda")
}

// awsHere is AWS as the environment tells of it: Lambda without a function, and S3 with the granules.
func awsHere(t *testing.T) (*emulator.Lambda, *awstest.S3) {
	l, err := emulator.New(emulator.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, l.Close()) })
	s3, err := awstest.StartS3(t.Context(), awstest.S3Options{Buckets: []string{"ins", "out"}})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s3.Close()) })
	for _, env := range []map[string]string{l.Environ(), s3.Environ()} {
		for k, v := range env {
			t.Setenv(k, v)
		}
	}
	upload(t)
	return l, s3
}

// account is AWS as the environment tells of it, with a function that answers pings with a manifest.
func account(t *testing.T, m *host.Manifest) *emulator.Lambda {
	l, _ := awsHere(t)
	manifest, err := json.Marshal(m)
	require.NoError(t, err)
	require.NoError(t, l.Deploy(emulator.Function{Name: "process-shard", Memory: 2048, Timeout: time.Minute, Handler: func(_ context.Context, event []byte) ([]byte, error) {
		if job.ModeOf(event) != job.ModePing {
			t.Errorf("a job was sent: %s", event)
		}
		r, err := job.NewResponse(200, job.CallDone{OK: true, Mode: job.ModePing, Manifest: manifest})
		if err != nil {
			return nil, err
		}
		return json.Marshal(r)
	}}))
	return l
}

// upload puts the sample into the bucket ins.
func upload(t *testing.T) {
	store, err := drivers.Open(t.Context(), drivers.Environment(), "s3://ins/")
	require.NoError(t, err)
	for name, data := range written(t, "sample") {
		require.NoError(t, store.Put(t.Context(), "s3://ins/"+name, strings.NewReader(data), core.PutOptions{Size: int64(len(data))}))
	}
}

func ours(t *testing.T) *host.Manifest {
	h, err := host.New(all.Plugins()...)
	require.NoError(t, err)
	return h.Manifest()
}

// Money is asked for before it is spent; no is the default.
func TestLambdaAsksFirst(t *testing.T) {
	account(t, ours(t))
	store := filepath.Join(t.TempDir(), "heights.zarr")
	code, _, errs := execute(t, "", append(onSample, "--store", store, "--backend", "lambda")...)
	require.Equal(t, exitFailure, code)
	require.Contains(t, errs, "cannot write to this machine")
	code, _, errs = execute(t, "", append(onSample, "--store", inCloud, "--backend", "lambda")...)
	require.Equal(t, exitFailure, code)
	require.Contains(t, errs, "cannot read files of this machine")
	for _, answer := range []string{"", "n\n", "\n"} {
		code, _, errs := execute(t, answer, append(onCloud, "--store", inCloud, "--backend", "lambda")...)
		require.Equal(t, exitFailure, code)
		require.Contains(t, errs, "Run 25 shards for at most $0.")
		require.Contains(t, errs, "Aborted: max-cost gate declined")
	}
	require.NoDirExists(t, store)
}

// A function that lacks what the configuration names is found out before anything is set up.
func TestLambdaLacksAStatistic(t *testing.T) {
	m := ours(t)
	for i := range m.Plugins {
		if m.Plugins[i].Name == "stats" {
			m.Plugins[i].Statistics = m.Plugins[i].Statistics[:1]
		}
	}
	account(t, m)
	code, _, errs := execute(t, "", append(onCloud, "--store", inCloud, "--backend", "lambda", "--yes")...)
	require.Equal(t, exitFailure, code)
	require.Contains(t, errs, "function process-shard has no statistic ")
	code, _, errs = execute(t, "", "info", inCloud)
	require.Equal(t, exitFailure, code, errs)
}

func TestLambdaThatIsNotThere(t *testing.T) {
	account(t, ours(t))
	code, _, errs := execute(t, "", append(onCloud, "--store", inCloud, "--backend", "lambda", "--function-name", "other", "--yes")...)
	require.Equal(t, exitFailure, code)
	require.Contains(t, errs, "`zagg deploy up` makes it")
}

// A function folds new granules in as a run here does; what is not the same in bytes is refused before anything is sent.
func TestLambdaFolds(t *testing.T) {
	sharedtest.NotShort(t)
	text, err := os.ReadFile("sample/demo.yaml")
	require.NoError(t, err)
	config := filepath.Join(t.TempDir(), "counts.yaml")
	kept := regexp.MustCompile(`(?m)^    h_(mean|sigma|q50): .*\n`).ReplaceAllString(strings.Replace(string(text), "layout: compact", "layout: fullsphere", 1), "")
	require.NoError(t, os.WriteFile(config, []byte(kept), 0o600))
	files, err := filepath.Glob("sample/*.h5")
	require.NoError(t, err)
	on := func(store string, n int, more ...string) []string {
		return append([]string{"run", "--config", config, "--granules", strings.Join(files[:n], ","), "--store", store}, more...)
	}
	whole, store := filepath.Join(t.TempDir(), "whole.zarr"), filepath.Join(t.TempDir(), "store.zarr")
	ok(t, on(whole, 8, "-q")...)
	ok(t, on(store, 7, "-q")...)
	require.Contains(t, ok(t, on(store, 8, "--backend", "lambda", "--emulate")...), " folded)")
	require.Equal(t, written(t, whole), written(t, store))
	code, _, errs := execute(t, "", on(store, 9, "--backend", "lambda", "--emulate", "--append", "fold")...)
	require.Equal(t, 1, code)
	require.Contains(t, errs, "functions on Lambda fold only if the bytes are the same")
}
