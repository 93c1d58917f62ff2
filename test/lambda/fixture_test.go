//go:build suites

package lambda

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"io"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	sdk "github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/objstore"
	"github.com/englacial/zagg/core/objstore/s3store"
	"github.com/englacial/zagg/host"
	"github.com/englacial/zagg/internal/awstest"
	"github.com/englacial/zagg/internal/config"
	"github.com/englacial/zagg/internal/emulator"
	"github.com/englacial/zagg/internal/job"
	"github.com/englacial/zagg/internal/plan"
	layout "github.com/englacial/zagg/internal/store"
	"github.com/englacial/zagg/plugins/all"
)

const (
	function = "process-shard"
	granules = "granules"   // bucket
	stores   = "out.stores" // bucket; with a dot it must be addressed by path
)

// The keys of events: one may read, the other write.
var (
	sourceKey = awstest.Key{AccessKey: "ASIASOURCE", SecretKey: "source-secret", SessionToken: "source-token", ReadOnly: true}
	outputKey = awstest.Key{AccessKey: "AKIAOUTPUT", SecretKey: "output-secret"}
)

// A fixture is a deployed worker and its surroundings.
type fixture struct {
	*testing.T
	zip    string
	s3     *awstest.S3
	lambda *emulator.Lambda
	client *sdk.Client
	store  core.ObjectStore // as the owner, without faults
	host   *host.Host
}

func newFixture(t *testing.T) *fixture {
	f := &fixture{T: t, zip: build(t)}
	var err error
	f.s3, err = awstest.StartS3(t.Context(), awstest.S3Options{Exe: os.Getenv("ZAGG_VERSITYGW"), Buckets: []string{granules, stores}})
	require.NoError(t, err)
	t.Cleanup(func() { f.s3.Close() })
	f.s3.SetKey(sourceKey)
	f.s3.SetKey(outputKey)
	access, secret := f.s3.Owner()
	f.store, err = s3store.New(t.Context(), s3store.Options{Endpoint: f.s3.Direct(), Region: "us-east-1", Credentials: &s3store.Credentials{AccessKeyID: access, SecretAccessKey: secret}})
	require.NoError(t, err)
	f.lambda, err = emulator.New(emulator.Options{Region: "us-west-2", RetryDelay: 10 * time.Millisecond})
	require.NoError(t, err)
	t.Cleanup(func() { f.lambda.Close() })
	f.deploy(emulator.Function{Memory: 2048, Timeout: 5 * time.Minute})
	f.client = sdk.New(sdk.Options{BaseEndpoint: aws.String(f.lambda.URL()), Region: f.lambda.Region(), Credentials: credentials.NewStaticCredentialsProvider("AKID", "secret", ""),
		Retryer: aws.NopRetryer{}})
	f.host, err = host.New(all.Plugins()...)
	require.NoError(t, err)
	return f
}

// in is the fixture for a subtest.
func (f *fixture) in(t *testing.T) *fixture {
	g := *f
	g.T = t
	return &g
}

// build makes the zip that would be deployed, for this machine.
func build(t *testing.T) string {
	dir := t.TempDir()
	cmd := exec.Command("go", "build", "-tags", "lambda.norpc", "-trimpath", "-ldflags=-s -w", "-o", filepath.Join(dir, "bootstrap"), "../../cmd/zagg-worker")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH="+runtime.GOARCH)
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, string(out))
	path := filepath.Join(dir, "function.zip")
	file, err := os.Create(path)
	require.NoError(t, err)
	z := zip.NewWriter(file)
	h := &zip.FileHeader{Name: "bootstrap", Method: zip.Deflate}
	h.SetMode(0o755)
	w, err := z.CreateHeader(h)
	require.NoError(t, err)
	exe, err := os.Open(filepath.Join(dir, "bootstrap"))
	require.NoError(t, err)
	_, err = io.Copy(w, exe)
	require.NoError(t, err)
	require.NoError(t, exe.Close())
	require.NoError(t, z.Close())
	require.NoError(t, file.Close())
	return path
}

// deploy replaces the function. Its role's key is nobody's: what works, works by the keys of events.
func (f *fixture) deploy(fn emulator.Function) {
	f.Helper()
	fn.Name, fn.Bootstrap = function, f.zip
	env := map[string]string{"AWS_ENDPOINT_URL_S3": f.s3.URL(), "AWS_ACCESS_KEY_ID": "ASIAROLE", "AWS_SECRET_ACCESS_KEY": "role-secret", "AWS_EC2_METADATA_DISABLED": "true"}
	maps.Copy(env, fn.Env)
	fn.Env = env
	require.NoError(f, f.lambda.Deploy(fn))
}

// upload puts files into the bucket of granules, in a folder: data sets have files of the same names.
func (f *fixture) upload(folder string, files ...string) {
	f.Helper()
	for _, name := range files {
		data, err := os.ReadFile(name)
		require.NoError(f, err)
		require.NoError(f, objstore.PutBytes(f.Context(), f.store, address(folder, filepath.Base(name)), data, core.PutOptions{}))
	}
}

func address(folder, name string) string { return "s3://" + granules + "/" + folder + "/" + name }

// invoke sends an event and waits for the function's answer.
func (f *fixture) invoke(event any) (payload []byte, functionError string) {
	f.Helper()
	data, ok := event.([]byte)
	if !ok {
		var err error
		data, err = json.Marshal(event)
		require.NoError(f, err)
	}
	out, err := f.client.Invoke(f.Context(), &sdk.InvokeInput{FunctionName: aws.String(function), Payload: data, LogType: types.LogTypeTail})
	require.NoError(f, err)
	return out.Payload, aws.ToString(out.FunctionError)
}

// send sends an event and does not wait.
func (f *fixture) send(event any) {
	f.Helper()
	data, err := json.Marshal(event)
	require.NoError(f, err)
	_, err = f.client.Invoke(f.Context(), &sdk.InvokeInput{FunctionName: aws.String(function), Payload: data, InvocationType: types.InvocationTypeEvent})
	require.NoError(f, err)
}

// respond sends an event that the function must answer.
func (f *fixture) respond(event any) *job.Response {
	f.Helper()
	payload, failed := f.invoke(event)
	require.Empty(f, failed, "%s", payload)
	var r job.Response
	require.NoError(f, json.Unmarshal(payload, &r))
	return &r
}

func (f *fixture) done(status int, event any) *job.Done {
	f.Helper()
	r := f.respond(event)
	require.Equal(f, status, r.StatusCode, r.Body)
	d, err := r.Done()
	require.NoError(f, err)
	return d
}

// credentials as events spell them.
func source() map[string]string {
	return map[string]string{"accessKeyId": sourceKey.AccessKey, "secretAccessKey": sourceKey.SecretKey, "sessionToken": sourceKey.SessionToken}
}

func (f *fixture) output() map[string]string {
	return map[string]string{"accessKeyId": outputKey.AccessKey, "secretAccessKey": outputKey.SecretKey, "endpointUrl": f.s3.URL(), "region": "us-east-1"}
}

// setUp has the worker make a store.
func (f *fixture) setUp(event map[string]any) {
	f.Helper()
	event["mode"], event["overwrite"], event["output_credentials"] = "setup", false, f.output()
	r := f.respond(event)
	require.Equal(f, 200, r.StatusCode, r.Body)
}

// A run is one configuration with granules on this machine.
type run struct {
	recipe   *host.Recipe
	plan     *plan.Plan
	template *host.Template
	store    string // local
}

// local computes everything on this machine.
func (f *fixture) local(cfg *config.Config, files []string) *run {
	f.Helper()
	ctx, disk := f.Context(), &objstore.File{}
	recipe, err := f.host.Compile(ctx, cfg)
	require.NoError(f, err)
	list := make([]core.Granule, len(files))
	for i, name := range files {
		list[i] = core.GranuleAt(name)
	}
	_, err = job.Identify(ctx, recipe.Reader, list)
	require.NoError(f, err)
	scan := &plan.Scan{Grid: recipe.Grid, Reader: recipe.Reader, Source: disk, Workers: 2}
	p, _, err := scan.Run(ctx, list, false)
	require.NoError(f, err)
	r := &run{recipe: recipe, plan: p, store: filepath.Join(f.TempDir(), "local.zarr")}
	r.template, err = recipe.Template(p)
	require.NoError(f, err)
	_, err = r.template.Store.SetUp(ctx, disk, r.store, p, false, false)
	require.NoError(f, err)
	for i := range p.Shards {
		j := r.template.Job(&p.Shards[i], r.store)
		_, err := r.template.Process(ctx, host.NewStores(disk, disk, files[0]), &j, host.Version)
		require.NoError(f, err)
	}
	return r
}

// remote gives the granules of a shard their addresses in S3.
func remote(folder string, g []core.Granule) []string {
	urls := make([]string, len(g))
	for i := range g {
		urls[i] = address(folder, g[i].ID)
	}
	return urls
}

// same holds the store in S3 and its records against the local run's, byte for byte where they do not tell of the run.
func (f *fixture) same(r *run, url string) {
	f.Helper()
	mineAll, theirsAll := folder(f, r.store), objects(f, f.store, url)
	require.Equal(f, slices.Sorted(maps.Keys(mineAll)), slices.Sorted(maps.Keys(theirsAll)))
	for key, data := range mineAll {
		require.True(f, data == theirsAll[key], "%s differs", key)
	}
	mine, err := layout.ListRecords(f.Context(), &objstore.File{}, r.store)
	require.NoError(f, err)
	theirs, err := layout.ListRecords(f.Context(), f.store, url)
	require.NoError(f, err)
	require.Equal(f, mine, theirs)
	for _, label := range mine {
		want, got := record(f, &objstore.File{}, r.store, label), record(f, f.store, url, label)
		require.Len(f, got.Versions, len(want.Versions))
		for i := range got.Versions { // which lie elsewhere
			require.Equal(f, want.Versions[i].ID, got.Versions[i].ID)
			require.Equal(f, want.Versions[i].Size, got.Versions[i].Size)
		}
		want.Versions, got.Versions = nil, nil
		if got.Home == nil {
			want.Home = nil // the Python zagg's events name no home
		}
		require.Equal(f, want, got)
	}
}

// record is what a record says of a shard and not of the run: seconds, requests and bytes apart.
func record(f *fixture, store core.ObjectReader, url, label string) *layout.Record {
	r, err := layout.LoadRecord(f.Context(), store, url, label)
	require.NoError(f, err)
	r.RunID, r.WrittenAt = "", time.Time{}
	r.Receipt = job.Receipt{Observations: r.Receipt.Observations, Cells: r.Receipt.Cells, Granules: r.Receipt.Granules, NoGroup: r.Receipt.NoGroup, EmptyGroup: r.Receipt.EmptyGroup}
	return r
}

func folder(f *fixture, root string) map[string]string {
	all := map[string]string{}
	require.NoError(f, filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(p)
		rel, _ := filepath.Rel(root, p)
		all[filepath.ToSlash(rel)] = string(data)
		return err
	}))
	return all
}

func objects(f *fixture, store core.ObjectStore, url string) map[string]string {
	all := map[string]string{}
	require.NoError(f, store.List(f.Context(), url+"/", func(o core.ObjectInfo) error {
		data, err := objstore.ReadAll(f.Context(), store, o.URL, 1<<30)
		all[strings.TrimPrefix(o.URL, url+"/")] = string(data)
		return err
	}))
	return all
}

// quiet checks that no key shows in the function's log.
func (f *fixture) quiet() {
	f.Helper()
	log := f.lambda.Logs(function)
	require.Contains(f, log, "processing_complete")
	for _, secret := range []string{sourceKey.SecretKey, sourceKey.SessionToken, sourceKey.AccessKey, outputKey.SecretKey, outputKey.AccessKey, "role-secret"} {
		require.NotContains(f, log, secret)
	}
}

func load(t *testing.T, path string, edits ...string) *config.Config {
	t.Helper()
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	for i := 0; i < len(edits); i += 2 {
		require.True(t, bytes.Contains(text, []byte(edits[i])), edits[i])
		text = bytes.Replace(text, []byte(edits[i]), []byte(edits[i+1]), 1)
	}
	cfg, _, err := config.Parse(filepath.Base(path), text)
	require.NoError(t, err)
	return cfg
}

func glob(t *testing.T, pattern string) []string {
	t.Helper()
	files, err := filepath.Glob(pattern)
	require.NoError(t, err)
	require.NotEmpty(t, files, pattern)
	return files
}
