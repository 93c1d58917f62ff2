//go:build suites

package lambda

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/objstore"
	"github.com/englacial/zagg/host"
	"github.com/englacial/zagg/internal/awstest"
	"github.com/englacial/zagg/internal/config"
	"github.com/englacial/zagg/internal/emulator"
	"github.com/englacial/zagg/internal/job"
	"github.com/englacial/zagg/internal/plan"
	"github.com/englacial/zagg/internal/secret"
	"github.com/englacial/zagg/internal/sharedtest"
	layout "github.com/englacial/zagg/internal/store"
)

func TestWorker(t *testing.T) {
	sharedtest.NotShort(t)
	sharedtest.Dir(t, "golden")
	f := newFixture(t)
	for _, c := range []struct {
		name string
		test func(*fixture)
	}{
		{"zip", (*fixture).size}, {"ping", (*fixture).ping}, {"events of today", (*fixture).today}, {"earlier events", (*fixture).earlier},
		{"jobs", (*fixture).jobs}, {"events", (*fixture).events}, {"faults of S3", (*fixture).faulty}, {"denied", (*fixture).denied},
		{"bad granules", (*fixture).bad}, {"time-outs", (*fixture).timeouts}, {"memory", (*fixture).memory}, {"warm", (*fixture).warm},
	} {
		t.Run(c.name, func(t *testing.T) { c.test(f.in(t)) })
	}
	f.quiet()
}

// The zip has to be small enough to be uploaded and to start fast.
func (f *fixture) size() {
	info, err := os.Stat(f.zip)
	require.NoError(f, err)
	f.Logf("the zip has %d bytes", info.Size())
	require.Less(f, info.Size(), int64(10<<20))
}

// dataSets are configurations with their granules.
func (f *fixture) dataSets() map[string]*run {
	golden := sharedtest.Dir(f.T, "golden")
	sets := map[string]*run{}
	for _, name := range []string{"small", "edge"} {
		files := glob(f.T, filepath.Join(golden, "granules_"+name, "*.h5"))
		f.upload(name, files...)
		sets[name] = f.local(load(f.T, filepath.Join(golden, name, "config.yaml")), files)
	}
	real := glob(f.T, filepath.Join(sharedtest.Dir(f.T, "data", "atl06"), "ATL06_2023*.h5"))
	real = append(real, glob(f.T, filepath.Join(sharedtest.Dir(f.T, "data", "atl06"), "processed_ATL06_20181015*.h5"))...)
	f.upload("real", real...)
	text, err := config.ShippedText("atl06")
	require.NoError(f, err)
	cfg, _, err := config.Parse("atl06.yaml", []byte(strings.Replace(string(text), "layout: compact", "layout: fullsphere", 1)))
	require.NoError(f, err)
	sets["real"] = f.local(cfg, real)
	return sets
}

// python is the event of a shard as the earlier system sends it.
func (f *fixture) python(folder string, r *run, s plan.Shard, store string) map[string]any {
	var orders map[string]any
	require.NoError(f, json.Unmarshal(r.recipe.Info().Signature, &orders))
	return map[string]any{
		"chunk_idx": s.Block, "shard_key": json.Number(s.Key), "parent_order": orders["parent_order"], "granule_urls": remote(folder, s.Granules),
		"store_path": store, "s3_credentials": source(), "child_order": orders["child_order"], "config": r.recipe.Config.JSON(),
		"output_credentials": f.output(), "profile": true, "handoff": "arrow", "run_id": "golden",
		"invoked_by":        map[string]string{"arn": "arn:aws:iam::123456789012:user/x", "userid": "AIDA"},
		"allow_contraction": false, "submap": map[string]any{"metadata": map[string]any{}},
	}
}

func (f *fixture) today() {
	for name, r := range f.dataSets() {
		f.Run(name, func(t *testing.T) {
			f := f.in(t)
			store := "s3://" + stores + "/today/" + name + ".zarr"
			f.setUp(map[string]any{"store_path": store, "config": r.recipe.Config.JSON(), "parent_order": 6, "dataset": nil,
				"run_manifest": map[string]any{"run_id": "golden", "shards": len(r.plan.Shards)}})
			for _, s := range r.plan.Shards {
				r := f.respond(f.python(name, r, s, store))
				d, err := r.Done()
				require.NoError(t, err)
				if d.Status == job.Empty { // its rows are not good enough
					require.Equal(t, 500, r.StatusCode)
					require.Equal(t, job.NoData, *d.Error)
				} else {
					require.Equal(t, 200, r.StatusCode, r.Body)
					require.Nil(t, d.Error)
				}
				require.Equal(t, s.Label, d.Label)
				require.Equal(t, s.Key, d.ShardKey)
				require.Equal(t, len(s.Granules), d.GranuleCount)
				require.EqualValues(t, len(s.Granules), d.FilesProcessed)
				require.Contains(t, d.PhaseTimings, "read")
			}
			f.same(r, store)
			t.Logf("%d shards, %d granules", len(r.plan.Shards), r.plan.Granules())
		})
	}
}

// Events of the time before configurations: decimal keys, latitudes as they are.
func (f *fixture) earlier() {
	files := glob(f.T, filepath.Join(sharedtest.Dir(f.T, "golden", "granules_small"), "*.h5"))
	f.upload("small", files...)
	text, err := config.ShippedText("atl06")
	require.NoError(f, err)
	cfg, _, err := config.Parse("atl06.yaml", []byte(strings.Replace(string(text), "layout: compact", "layout: fullsphere\n    latitude: geodetic-spherical", 1)))
	require.NoError(f, err)
	r := f.local(cfg, files)
	const store = "s3://" + stores + "/earlier.zarr"
	f.setUp(map[string]any{"store_path": store, "config": cfg.JSON(), "parent_order": 6})
	for _, s := range r.plan.Shards {
		key, err := strconv.Atoi(s.Label)
		require.NoError(f, err)
		f.done(200, map[string]any{"shard_key": key, "parent_order": 6, "child_order": 12, "granule_urls": remote("small", s.Granules), "store_path": store,
			"s3_credentials": source(), "output_credentials": f.output()})
	}
	f.same(r, store)
}

// Jobs as this system's dispatcher makes them, of a compact store, with the granules beside the event.
func (f *fixture) jobs() {
	files := glob(f.T, filepath.Join(sharedtest.Dir(f.T, "golden", "granules_small"), "*.h5"))
	f.upload("small", files...)
	r := f.local(load(f.T, sharedtest.Dir(f.T, "golden", "small", "config.yaml"), "child_order: 12", "child_order: 12\n    layout: compact"), files)
	const store = "s3://" + stores + "/jobs.zarr"
	f.setUp(map[string]any{"store_path": store, "config": r.recipe.Config.JSON(), "shard_keys": r.plan.Keys()})
	for _, s := range r.plan.Shards {
		j := r.template.Job(&s, store)
		for k := range j.Granules {
			j.Granules[k].Assets = core.GranuleAt(remote("small", s.Granules)[k]).Assets
		}
		j.GranulesURL = store + ".status/r1/granules-" + s.Label + ".json"
		list, err := job.EncodeJSON(j.Granules)
		require.NoError(f, err)
		require.NoError(f, objstore.PutBytes(f.Context(), f.store, j.GranulesURL, list, core.PutOptions{}))
		j.Granules = nil
		j.S3Credentials = &job.Credentials{AccessKeyID: secret.Text(sourceKey.AccessKey), SecretAccessKey: secret.Text(sourceKey.SecretKey), SessionToken: secret.Text(sourceKey.SessionToken)}
		j.OutputCredentials = &job.Credentials{AccessKeyID: secret.Text(outputKey.AccessKey), SecretAccessKey: secret.Text(outputKey.SecretKey), EndpointURL: f.s3.URL()}
		event, err := j.Event()
		require.NoError(f, err)
		d := f.done(200, event)
		require.Equal(f, len(s.Granules), d.GranuleCount)
		require.True(f, f.done(200, event).Skipped)
	}
	f.same(r, store)
}

// one is a store with the shards of the small data set, set up, and the event of its densest shard.
func (f *fixture) one(name string) (event map[string]any, store string) {
	files := glob(f.T, filepath.Join(sharedtest.Dir(f.T, "golden", "granules_small"), "*.h5"))
	f.upload("small", files...)
	cfg := load(f.T, sharedtest.Dir(f.T, "golden", "small", "config.yaml"))
	store = "s3://" + stores + "/" + name + ".zarr"
	f.setUp(map[string]any{"store_path": store, "config": cfg.JSON(), "parent_order": 6})
	text, err := os.ReadFile(sharedtest.Dir(f.T, "golden", "small", "event_-5111123.json"))
	require.NoError(f, err)
	require.NoError(f, json.Unmarshal([]byte(strings.ReplaceAll(string(text), "s3://small/", "s3://"+granules+"/small/")), &event))
	event["shard_key"] = json.Number("12683825400535580678")
	event["store_path"], event["s3_credentials"], event["output_credentials"] = store, source(), f.output()
	return event, store
}

// notDone checks that a shard has no record.
func (f *fixture) notDone(store string) {
	f.Helper()
	_, err := layout.LoadRecord(f.Context(), f.store, store, "-5111123")
	require.Equal(f, core.NotFound, core.CodeOf(err))
}

// Event invocations are told of by their mirrored results, also when they run twice.
func (f *fixture) events() {
	event, store := f.one("events")
	f.lambda.SetFault(func(emulator.Call) emulator.Fault { return emulator.Fault{Twice: true} })
	defer f.lambda.SetFault(nil)
	event["result_url"] = store + ".status/golden/-5111123.json"
	before := f.lambda.Stats().Invocations
	f.send(event)
	require.Eventually(f, func() bool { return f.lambda.Stats().Invocations == before+2 }, time.Minute, 5*time.Millisecond)
	data, err := objstore.ReadAll(f.Context(), f.store, event["result_url"].(string), 1<<20)
	require.NoError(f, err)
	res, err := job.DecodeResult(data)
	require.NoError(f, err)
	require.Equal(f, "ok", res.Status)
	d, err := res.Done()
	require.NoError(f, err)
	require.EqualValues(f, 47898, d.TotalObs)
	require.EqualValues(f, 456, d.CellsWithData)
}

// Requests that fail for a while change nothing.
func (f *fixture) faulty() {
	event, _ := f.one("faulty")
	f.s3.SetFault(awstest.RandomS3Faults(11, awstest.S3FaultRates{SlowDown: 0.02, InternalError: 0.02, Reset: 0.02, Forget: 0.02, Truncate: 0.02, MaxDelay: 2 * time.Millisecond}))
	defer f.s3.SetFault(nil)
	d := f.done(200, event)
	require.EqualValues(f, 47898, d.TotalObs)
	require.EqualValues(f, 456, d.CellsWithData)
}

// Reads that are denied are errors and never an empty shard.
func (f *fixture) denied() {
	event, store := f.one("denied")
	key := sourceKey
	defer f.s3.SetKey(sourceKey)
	key.Deny = []string{granules + "/small/ATL06_20241102"}
	f.s3.SetKey(key)
	d := f.done(500, event)
	require.Equal(f, "denied", d.Code)
	require.Equal(f, 1, d.AuthErrors)
	require.False(f, d.Expired)
	require.Contains(f, *d.Error, "ATL06_20241102011500_01012511_007_01.h5")
	require.Contains(f, *d.Error, "AccessDenied")
	f.notDone(store)

	key.Deny, key.Expires = nil, time.Now()
	f.s3.SetKey(key)
	d = f.done(500, event)
	require.Equal(f, "denied", d.Code)
	require.Contains(f, *d.Error, "credentials expired: renew them")
	require.True(f, d.Expired)
	f.notDone(store)

	// They expire in the middle.
	f.s3.SetKey(sourceKey)
	var n atomic.Int64
	f.s3.SetFault(func(r *http.Request) awstest.S3Fault {
		if strings.HasPrefix(r.URL.Path, "/"+granules+"/") && n.Add(1) > 5 {
			return awstest.ExpiredToken()
		}
		return awstest.S3Fault{}
	})
	d = f.done(500, event)
	f.s3.SetFault(nil)
	require.Equal(f, "denied", d.Code)
	f.notDone(store)

	event["output_credentials"] = source() // which may only read
	require.Equal(f, "denied", f.done(500, event).Code)
	event["output_credentials"] = f.output()
	f.done(200, event)
}

// Granules that are missing, cut off or of another kind fail the shard by name.
func (f *fixture) bad() {
	event, store := f.one("bad")
	file := glob(f.T, filepath.Join(sharedtest.Dir(f.T, "golden", "granules_small"), "*.h5"))[0]
	data, err := os.ReadFile(file)
	require.NoError(f, err)
	for name, c := range map[string]struct {
		data []byte
		code string
	}{
		"missing.h5":   {nil, "not found"},
		"truncated.h5": {data[:len(data)/2], "corrupt"},
		"other.h5":     {[]byte("<html>not a granule</html>"), "corrupt"},
		"empty.h5":     {[]byte{}, "corrupt"},
	} {
		url := address("small", name)
		if c.data != nil {
			require.NoError(f, objstore.PutBytes(f.Context(), f.store, url, c.data, core.PutOptions{}))
		}
		event["granule_urls"] = append(remote("small", []core.Granule{{ID: filepath.Base(file)}}), url)
		d := f.done(500, event)
		require.Equal(f, c.code, d.Code, "%s: %s", name, *d.Error)
		require.Contains(f, *d.Error, name)
		require.NotEmpty(f, d.Exemplars)
		f.notDone(store)
	}
	event["window"] = map[string]string{"label": "2024", "start": "0", "end": "1"}
	d := f.done(400, event)
	require.Equal(f, "unsupported", d.Code)
	require.Contains(f, *d.Error, "not supported yet: window")
}

// A worker that has not enough time says so; one that is killed leaves no record.
func (f *fixture) timeouts() {
	event, store := f.one("timeouts")
	f.deploy(emulator.Function{Memory: 2048, Timeout: 3 * time.Second})
	defer f.deploy(emulator.Function{Memory: 2048, Timeout: 5 * time.Minute})
	f.s3.SetFault(func(r *http.Request) awstest.S3Fault {
		if strings.Contains(r.URL.Path, "ATL06_20241103") {
			return awstest.S3Fault{Delay: time.Minute}
		}
		return awstest.S3Fault{}
	})
	d := f.done(500, event)
	require.True(f, d.TimedOut)
	require.Equal(f, "unavailable", d.Code)
	require.Contains(f, *d.Error, "before the function's time-out: 3 of 3 granules were opened")
	f.notDone(store)

	f.lambda.SetFault(func(emulator.Call) emulator.Fault { return emulator.Fault{Kill: 200 * time.Millisecond} })
	payload, failed := f.invoke(event)
	f.lambda.SetFault(nil)
	f.s3.SetFault(nil)
	require.Equal(f, "Unhandled", failed)
	require.Contains(f, string(payload), "Runtime exited with error: signal: killed")
	f.notDone(store)
	f.done(200, event)
}

// A shard that needs more memory than the function has ends the sandbox, and the log says why.
func (f *fixture) memory() {
	event, store := f.one("memory")
	f.deploy(emulator.Function{Memory: 128, Timeout: 5 * time.Minute})
	defer f.deploy(emulator.Function{Memory: 2048, Timeout: 5 * time.Minute})
	d := f.done(200, event) // it is enough for a small one
	require.Less(f, d.MaxMemoryMB, 128.0)
	cfg := load(f.T, sharedtest.Dir(f.T, "golden", "small", "config.yaml"), "child_order: 12", "child_order: 17")
	store = strings.Replace(store, "memory", "large", 1)
	f.setUp(map[string]any{"store_path": store, "config": cfg.JSON(), "parent_order": 6})
	event["config"], event["child_order"], event["store_path"] = cfg.JSON(), 17, store
	payload, failed := f.invoke(event)
	require.Equal(f, "Unhandled", failed, "%s", payload)
	require.Contains(f, string(payload), "Runtime exited with error: signal: killed")
	require.Contains(f, f.lambda.Logs(function), "Error Type: Runtime.OutOfMemory")
	f.notDone(store)
}

// Warm sandboxes start at once and do not grow.
func (f *fixture) warm() {
	event, _ := f.one("warm")
	f.deploy(emulator.Function{Memory: 512, Timeout: 5 * time.Minute})
	defer f.deploy(emulator.Function{Memory: 2048, Timeout: 5 * time.Minute})
	few, many := 20, 60
	if os.Getenv("ZAGG_SOAK") != "" {
		few, many = 200, 1000
	}
	event["granule_urls"] = event["granule_urls"].([]any)[:1]
	event["overwrite"] = true
	rss := map[int]float64{}
	for i := 1; i <= many+1; i++ {
		d := f.done(200, event)
		require.Equal(f, i, d.Generation)
		rss[i] = d.RSSStartMB
	}
	reports := f.lambda.Reports()
	first := reports[len(reports)-many-1]
	require.Positive(f, first.Init)
	f.Logf("init %v; %.1f MB after %d invocations, %.1f MB after %d", first.Init, rss[few+1], few, rss[many+1], many)
	require.Less(f, rss[many+1], 1.25*rss[few+1]+16)
}

func (f *fixture) ping() {
	_, store := f.one("ping")
	r := f.respond(map[string]any{"mode": "ping", "store_path": store, "parent_order": 6, "overwrite": false, "dataset": nil, "output_credentials": f.output()})
	require.Equal(f, 200, r.StatusCode, r.Body)
	d, err := r.CallDone()
	require.NoError(f, err)
	require.Equal(f, "ok", d.WriteProbe)
	require.Equal(f, "ok", d.ProbeDelete)
	var m host.Manifest
	require.NoError(f, json.Unmarshal(d.Manifest, &m))
	require.NoError(f, m.Check(function, load(f.T, sharedtest.Dir(f.T, "golden", "small", "config.yaml")), f.host.Manifest()))
}
