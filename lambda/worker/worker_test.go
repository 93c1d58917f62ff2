package worker

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/lambdacontext"
	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/host"
	"github.com/englacial/zagg/internal/job"
	"github.com/englacial/zagg/internal/sharedtest"
	layout "github.com/englacial/zagg/internal/store"
	"github.com/englacial/zagg/lambda/boot"
	"github.com/englacial/zagg/plugins/all"
)

const (
	withSpheres = `"config": ` + spheres
	toStore     = `"store_path": "s3://out/x.zarr"`
	shard       = `"shard_key": "1111", "parent_order": 3, "child_order": 5`
	// A place in shard 1111.
	lon, lat = 45.0, 2.0
)

func TestProcess(t *testing.T) {
	b := newBench(t)
	b.setup(spheres)
	b.table("a", [3]float64{lon, lat, 1}, [3]float64{lon, lat, 3})
	d := b.done(200, shard, toStore, withSpheres, `"granule_urls": ["s3://ins/a"]`, `"s3_credentials": `+b.keys(), `"run_id": "r1"`, `"result_url": "s3://out/x.zarr.status/r1/1111.json"`)
	require.Nil(t, d.Error)
	require.Equal(t, job.OK, d.Status)
	require.Equal(t, "1111", d.Label)
	require.EqualValues(t, 2, d.TotalObs)
	require.EqualValues(t, 1, d.CellsWithData)
	require.EqualValues(t, 1, d.FilesProcessed)
	require.Equal(t, "s3://out/x.zarr.status/records/1111.json", d.RecordURL)
	require.Positive(t, d.Receipt.CPUSeconds)
	require.Positive(t, d.Receipt.MaxMemory)
	require.Positive(t, d.MaxMemoryMB)
	require.Equal(t, 2, d.Generation)

	rec, err := layout.LoadRecord(t.Context(), b.store, "s3://out/x.zarr", "1111")
	require.NoError(t, err)
	require.Equal(t, "r1", rec.RunID)
	require.Equal(t, d.SemanticHash, rec.ConfigHash)
	res, err := job.DecodeResult(b.read("s3://out/x.zarr.status/r1/1111.json"))
	require.NoError(t, err)
	require.Equal(t, "ok", res.Status)
	require.Equal(t, 200, res.Code)
	require.Contains(t, res.Body, `"total_obs":2`)

	again := b.done(200, shard, toStore, withSpheres, `"granule_urls": ["s3://ins/a"]`)
	require.True(t, again.Skipped)
	require.EqualValues(t, 2, again.TotalObs)
}

func TestShardsWithoutData(t *testing.T) {
	b := newBench(t)
	b.setup(spheres)
	b.table("elsewhere", [3]float64{0, -80, 1})
	d := b.done(500, shard, toStore, withSpheres, `"granule_urls": ["s3://ins/elsewhere"]`, `"result_url": "s3://out/result"`)
	require.Equal(t, job.NoData, *d.Error)
	require.Equal(t, job.Empty, d.Status)
	require.Empty(t, d.Code)
	res, err := job.DecodeResult(b.read("s3://out/result"))
	require.NoError(t, err)
	require.Equal(t, "no_data", res.Status)
	require.Equal(t, job.NoData, *res.Error)
	d = b.done(500, `"shard_key": "1112", "parent_order": 3`, toStore, withSpheres, `"granule_urls": []`)
	require.Equal(t, job.NoGranules, *d.Error)
	require.Equal(t, job.Empty, d.Status)
	for _, label := range []string{"1111", "1112"} {
		rec, err := layout.LoadRecord(t.Context(), b.store, "s3://out/x.zarr", label)
		require.NoError(t, err)
		require.Equal(t, job.Empty, rec.Status)
	}
}

// An event that is wrong is answered by 400, and the answer is mirrored where the event says so much.
func TestRefusedEvents(t *testing.T) {
	b := newBench(t)
	b.setup(spheres)
	granules := `"granule_urls": ["s3://ins/a"]`
	for _, c := range []struct {
		parts      []string
		code, want string
	}{
		{[]string{shard}, "invalid", "Missing required parameters: granule_urls, store_path"},
		{[]string{shard, toStore, granules, withSpheres, `"window": {"label": "2024"}`}, "unsupported", "not supported yet: window"},
		{[]string{shard, toStore, granules, withSpheres, `"aoi_payload": [1]`}, "unsupported", "not supported yet: aoi_payload"},
		{[]string{shard, toStore, granules, withSpheres, `"s3_credentials": {"accessKeyId": "a"}`}, "invalid", "Missing s3_credentials keys: secretAccessKey"},
		{[]string{shard, toStore, granules, withSpheres, `"output_credentials": {"region": "a"}`}, "invalid", "Missing output_credentials keys: accessKeyId, secretAccessKey"},
		{[]string{shard, toStore, granules, `"config": {}`}, "invalid", "data_source"},
		{[]string{shard, toStore, granules, strings.Replace(withSpheres, `"mean", "source"`, `"nonesuch", "source"`, 1)}, "not found", "no statistic"},
		{[]string{strings.Replace(shard, "3", "4", 1), toStore, granules, withSpheres}, "invalid", "event parent_order: is 4, and the configuration's grid has 3"},
		{[]string{strings.Replace(shard, "5", "6", 1), toStore, granules, withSpheres}, "invalid", "event child_order: is 6"},
		{[]string{`"shard_kye": 1`}, "invalid", "shard_kye"},
	} {
		d := b.done(400, append(c.parts, `"result_url": "s3://out/result"`)...)
		require.Contains(t, *d.Error, c.want)
		require.Equal(t, c.code, d.Code, c.want)
		require.Equal(t, job.Failed, d.Status)
		res, err := job.DecodeResult(b.read("s3://out/result"))
		require.NoError(t, err)
		require.Equal(t, "failed", res.Status)
		require.Contains(t, *res.Error, c.want)
		require.NoError(t, b.store.Delete(t.Context(), "s3://out/result"))
	}
	for _, text := range []string{"", "{", "[]", "null", "12", `"x"`} {
		require.Equal(t, 400, b.handle(t.Context(), text).StatusCode, text)
	}
	require.Equal(t, 400, b.handle(t.Context(), `{"mode": "sweep", "store_path": "s3://out/x.zarr"}`).StatusCode)
}

// What fails while working is answered by 500 with its code.
func TestFailures(t *testing.T) {
	b := newBench(t)
	granules := `"granule_urls": ["s3://ins/a"]`
	d := b.done(500, shard, toStore, withSpheres, granules)
	require.Equal(t, "not found", d.Code)
	require.Contains(t, *d.Error, "there is no store yet: it must be set up")
	b.setup(spheres)
	other := strings.Replace(withSpheres, `"healpix",`, `"healpix", "latitude": "geodetic-spherical",`, 1)
	d = b.done(400, shard, toStore, other, granules)
	require.Equal(t, "invalid", d.Code)
	require.Contains(t, *d.Error, "the job is not for this store: the store has another grid")
	compact := strings.Replace(withSpheres, `"healpix",`, `"healpix", "layout": "compact",`, 1)
	require.Contains(t, *b.done(400, shard, toStore, compact, granules).Error, "needs plan, plan_shards and block")

	d = b.done(500, shard, toStore, withSpheres, granules)
	require.Equal(t, "not found", d.Code)
	require.Contains(t, *d.Error, "s3://ins/a")
	require.Equal(t, 1, d.ReadErrors)
	require.Len(t, d.Exemplars, 1)
	b.put("s3://ins/a", []byte("no JSON"))
	require.Equal(t, "corrupt", b.done(500, shard, toStore, withSpheres, granules).Code)
	d = b.done(500, shard, toStore, withSpheres, granules, `"s3_credentials": {"accessKeyId": "AKIANOBODY", "secretAccessKey": "hush-hush"}`)
	require.Equal(t, "denied", d.Code)
	require.Equal(t, 1, d.AuthErrors)
	b.table("c", [3]float64{lon, lat, 1})
	d = b.done(200, shard, toStore, withSpheres, `"granule_urls": ["s3://ins/a", "s3://ins/b", "s3://ins/c"]`, `"allow_missing": true`)
	require.Equal(t, job.Partial, d.Status)
	require.Equal(t, 2, d.GranuleErrors)
	require.EqualValues(t, 1, d.FilesProcessed)
	require.Contains(t, *b.done(400, shard, toStore, withSpheres, `"granule_urls": ["/etc/passwd"]`).Error, "a cloud worker reads s3:// and https://")
	require.Contains(t, *b.done(400, shard, `"store_path": "/tmp/x"`, withSpheres, granules).Error, "a cloud worker reads s3:// and https://")
	require.NotContains(t, b.log.String(), "hush-hush")
	require.NotContains(t, b.log.String(), "AKIANOBODY")
}

func TestGranulesURL(t *testing.T) {
	b := newBench(t)
	b.setup(spheres)
	b.table("a", [3]float64{lon, lat, 1})
	b.put("s3://out/list.json", []byte(`["s3://ins/a"]`))
	d := b.done(200, shard, toStore, withSpheres, `"granules_url": "s3://out/list.json"`)
	require.EqualValues(t, 1, d.TotalObs)
	require.Equal(t, 1, d.GranuleCount)
	require.Equal(t, "not found", b.done(500, shard, toStore, withSpheres, `"granules_url": "s3://out/none.json"`).Code)
	b.put("s3://out/list.json", []byte(`["s3://ins/a"`))
	require.Equal(t, "corrupt", b.done(500, shard, toStore, withSpheres, `"granules_url": "s3://out/list.json"`).Code)
}

// The densest shard that is known, at 88°S, has 5,536 granules.
func TestManyGranules(t *testing.T) {
	b := newBench(t)
	b.env["ZAGG_LOCAL_FILES"] = "1"
	b.setup(spheres)
	dir := t.TempDir()
	first := filepath.Join(dir, "granule")
	require.NoError(t, os.WriteFile(first, []byte(fmt.Sprintf("[[%v, %v, 1]]", lon, lat)), 0o600))
	whole := job.Job{}
	for i := range 5536 {
		name := filepath.Join(dir, fmt.Sprintf("ATL03_20181014001049_02350102_006_%04d.h5", i))
		require.NoError(t, os.Link(first, name))
		whole.Granules = append(whole.Granules, core.GranuleAt(name))
	}
	list, _, err := whole.SealedGranules()
	require.NoError(t, err)
	b.put("s3://out/list.json", list)
	d := b.done(200, shard, toStore, withSpheres, `"granules_url": "s3://out/list.json"`)
	require.EqualValues(t, 5536, d.TotalObs)
	require.Equal(t, 5536, d.GranuleCount)
}

// A job of 100,000 granules that fails with its first does not go on to the others.
func TestFirstOfManyGranulesFails(t *testing.T) {
	sharedtest.NotShort(t)
	b := newBench(t)
	b.setup(spheres)
	whole := job.Job{}
	for i := range 100_000 {
		whole.Granules = append(whole.Granules, core.GranuleAt(fmt.Sprintf("s3://ins/ATL03_20181014001049_02350102_006_%06d.h5", i)))
	}
	list, _, err := whole.SealedGranules()
	require.NoError(t, err)
	b.put("s3://out/list.json", list)
	before := b.s3.Usage().Requests
	d := b.done(500, shard, toStore, withSpheres, `"granules_url": "s3://out/list.json"`)
	require.Equal(t, "not found", d.Code)
	require.Less(t, b.s3.Usage().Requests-before, int64(100), "a few granules are under way at once")
}

// A panic of a plugin is an error of the function that names the shard; the worker goes on.
func TestPanics(t *testing.T) {
	b := newBench(t)
	b.setup(spheres)
	b.table("panic", [3]float64{lon, lat, 1})
	text := event(shard, toStore, withSpheres, `"label": "1111"`, `"granule_urls": ["s3://ins/panic"]`, `"result_url": "s3://out/result"`)
	_, err := b.w.Handle(t.Context(), []byte(text))
	require.EqualError(t, err, "shard 1111: reader table panicked: index out of range; the stack is in the function's log")
	require.Contains(t, b.log.String(), "fakes_test.go")
	res, err := job.DecodeResult(b.read("s3://out/result"))
	require.NoError(t, err)
	require.Contains(t, *res.Error, "reader table panicked")
	_, err = b.w.Handle(t.Context(), []byte(event(shard, toStore, strings.Replace(withSpheres, `"mean", "source"`, `"broken", "source"`, 1), `"granule_urls": []`)))
	require.ErrorContains(t, err, "shard 1111: statistic broken panicked: no such thing")
	b.table("a", [3]float64{lon, lat, 1})
	b.done(200, shard, toStore, withSpheres, `"granule_urls": ["s3://ins/a"]`)
}

// A job that would not end in time stops before, and says how far it came.
func TestDeadline(t *testing.T) {
	b := newBench(t)
	b.setup(spheres)
	b.table("slow")
	b.table("a", [3]float64{lon, lat, 1})
	ctx, cancel := context.WithTimeout(lambdacontext.NewContext(t.Context(), &lambdacontext.LambdaContext{AwsRequestID: "id-1"}), 900*time.Millisecond)
	defer cancel()
	r := b.handle(ctx, event(shard, toStore, withSpheres, `"granule_urls": ["s3://ins/a", "s3://ins/slow"]`, `"result_url": "s3://out/result"`))
	d, err := r.Done()
	require.NoError(t, err)
	require.Equal(t, 500, r.StatusCode)
	require.Equal(t, "unavailable", d.Code)
	require.True(t, d.TimedOut)
	require.Equal(t, "id-1", d.RequestID)
	require.Contains(t, *d.Error, "0.5 s before the function's time-out: 2 of 2 granules were opened")
	require.Contains(t, *d.Error, "0 objects written; give the function more time")
	require.NoError(t, ctx.Err())
	_, err = job.DecodeResult(b.read("s3://out/result"))
	require.NoError(t, err)
	require.Equal(t, 10*time.Second, early(15*time.Minute))
	require.Equal(t, 5*time.Second, early(100*time.Second))
}

func TestCalls(t *testing.T) {
	b := newBench(t)
	p := b.call(200, `"mode": "ping"`)
	require.True(t, p.OK)
	require.Equal(t, host.Version, p.Version)
	var m host.Manifest
	require.NoError(t, json.Unmarshal(p.Manifest, &m))
	require.Equal(t, "tables", m.Plugins[len(m.Plugins)-1].Name)
	p = b.call(200, `"mode": "ping"`, toStore, withSpheres, `"output_credentials": `+b.keys())
	require.Equal(t, "ok", p.WriteProbe)
	require.Equal(t, "ok", p.ProbeDelete)
	require.Contains(t, p.ProbeKey, "s3://out/x.zarr.status/probe-")
	require.Equal(t, "ok", p.ListProbe)
	b.table("first", [3]float64{0, 0, 1})
	require.Equal(t, "ok", b.call(200, `"mode": "ping"`, toStore, `"granule_url": "s3://ins/first"`).Granule)
	require.Contains(t, b.call(200, `"mode": "ping"`, toStore, `"granule_url": "s3://ins/none"`).Granule, "no such object")
	refused := b.call(500, `"mode": "ping"`, toStore, `"granule_url": "s3://ins/first"`, `"s3_credentials": {"accessKeyId": "x", "secretAccessKey": "y"}`)
	require.Equal(t, "granule_probe", refused.Check)
	require.Equal(t, "denied", refused.Code)
	_, err := b.store.Stat(t.Context(), p.ProbeKey)
	require.Equal(t, core.NotFound, core.CodeOf(err))
	p = b.call(500, `"mode": "ping"`, toStore, `"output_credentials": {"accessKeyId": "x", "secretAccessKey": "y"}`)
	require.Equal(t, "write_probe", p.Check)
	require.Equal(t, "denied", p.Code)
	p = b.call(400, `"mode": "ping"`, strings.Replace(withSpheres, `"mean", "source"`, `"no_such_statistic", "source"`, 1))
	require.Equal(t, "config", p.Check)
	require.NotEmpty(t, p.Manifest)

	compact := strings.Replace(withSpheres, `"healpix",`, `"healpix", "layout": "compact",`, 1)
	require.Contains(t, *b.call(400, `"mode": "setup"`, toStore, compact).Error, "without the keys of its shards")
	s := b.call(200, `"mode": "setup"`, toStore, compact, `"shard_keys": ["1111", "-1111"]`)
	require.True(t, s.Fresh)
	require.Equal(t, "flat", s.Layout)
	require.False(t, b.call(200, `"mode": "setup"`, toStore, compact, `"shard_keys": ["1111", "-1111"]`).Fresh)
	require.Equal(t, "invalid", b.call(500, `"mode": "setup"`, toStore, withSpheres).Code)
	require.Equal(t, "invalid", b.call(400, `"mode": "setup"`, toStore, compact, `"parent_order": 4`, `"shard_keys": ["1111"]`).Code)
	require.True(t, b.call(200, `"mode": "setup"`, toStore, withSpheres, `"overwrite": true`).Fresh)

	b.table("a", [3]float64{lon, lat, 1})
	b.done(200, shard, toStore, withSpheres, `"granule_urls": ["s3://ins/a"]`)
	require.True(t, b.call(200, `"mode": "finalize"`, toStore).OK)
	f := b.call(200, `"mode": "finalize"`, toStore, withSpheres, `"prune": true`, `"shard_keys": ["1112"]`, `"result_url": "s3://out/result"`)
	require.Equal(t, []string{"1111"}, f.Removed)
	res, err := job.DecodeResult(b.read("s3://out/result"))
	require.NoError(t, err)
	require.Equal(t, "ok", res.Status)
	b.call(400, `"mode": "setup"`, toStore)
	b.call(400, `"mode": "coverage"`)
}

// Events of the time before configurations.
func TestDefaultConfig(t *testing.T) {
	plugins, err := host.New(all.Plugins()...)
	require.NoError(t, err)
	six, twelve := 6, 12
	for key, latitude := range map[core.ShardKey]string{"-6134114": "geodetic-spherical", "6134114": "geodetic-spherical", "12683825400535580678": ""} {
		cfg, err := configOf(t.Context(), plugins, &job.Job{ShardKey: key, ParentOrder: &six, ChildOrder: &twelve})
		require.NoError(t, err)
		require.Equal(t, "fullsphere", cfg.Output.Grid.Layout)
		require.Equal(t, "atl06", cfg.DataSource.Reader)
		var grid map[string]any
		require.NoError(t, json.Unmarshal(cfg.Output.Grid.Config, &grid))
		require.EqualValues(t, 6, grid["parent_order"])
		if latitude == "" {
			require.NotContains(t, grid, "latitude")
		} else {
			require.Equal(t, latitude, grid["latitude"])
		}
	}
}

func TestManifestFlag(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, boot.PrintManifest(&out, all.Plugins()))
	var m host.Manifest
	require.NoError(t, json.Unmarshal(out.Bytes(), &m))
	require.NotEmpty(t, m.Plugins)
	p := all.Plugins()
	require.Error(t, boot.PrintManifest(&out, append(p, p[0])))
}

// A worker remembers a few things, however many events it sees.
func TestMemory(t *testing.T) {
	var m memory[string, int]
	for i := range 100 {
		m.put(fmt.Sprint(i), i)
		v, ok := m.get(fmt.Sprint(i))
		require.True(t, ok)
		require.Equal(t, i, v)
		require.LessOrEqual(t, len(m.kept), keep)
	}
}

// Half of the function's memory is for its work.
func TestBudget(t *testing.T) {
	b := newBench(t)
	require.Zero(t, b.w.budget.Total())
	w, err := New(func(k string) string { return map[string]string{"AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512"}[k] }, io.Discard)
	require.NoError(t, err)
	require.EqualValues(t, 256<<20, w.budget.Total())
}
