package worker

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/internal/job"
)

// Whatever is wrong with an event is answered by 400 before anything is read, in words of the event: no Go types, and no text
// that stands where a key should.
func TestEventsThatCannotBe(t *testing.T) {
	b := newBench(t)
	b.setup(spheres)
	before := b.s3.Usage()
	granules := `"granule_urls": ["s3://ins/a"]`
	keys := func(more string) string {
		return `"s3_credentials": {"accessKeyId": "a", "secretAccessKey": "b"` + more + `}`
	}
	for _, c := range []struct {
		want  string
		parts []string
	}{
		{`read shard key {}: want an integer`, []string{`"shard_key": {}`}},
		{"granule_urls: want a list, not a number", []string{shard, toStore, `"granule_urls": 5`}},
		{"granule_urls: want an object, not a number", []string{shard, toStore, `"granule_urls": [5]`}},
		{"granule_urls.url: want a text, not a number", []string{shard, toStore, `"granule_urls": [{"url": 5}]`}},
		{"granule_urls[0] has no address", []string{shard, toStore, withSpheres, `"granule_urls": [""]`}},
		{"event ftp://x/a: a cloud worker reads", []string{shard, toStore, withSpheres, `"granule_urls": ["ftp://x/a"]`}},
		{"event nothing: a cloud worker reads", []string{shard, toStore, withSpheres, `"granule_urls": ["nothing"]`}},
		{"profile: want true or false, not a text", []string{shard, toStore, granules, `"profile": "x"`}},
		{"parent_order: want an integer, not 1.5", []string{shard, toStore, granules, `"parent_order": 1.5`}},
		{"run_id: want a text, not an object", []string{shard, toStore, granules, `"run_id": {}`}},
		{"result_url: want a text, not a number", []string{shard, toStore, granules, `"result_url": 7`}},
		{"store_path: want a text, not a number", []string{shard, `"store_path": 5`, granules}},
		{"event nothing: a cloud worker reads", []string{shard, toStore, granules, withSpheres, `"result_url": "nothing"`}},
		{"event result_url: stores can be written", []string{shard, toStore, granules, withSpheres, `"result_url": "https://x/a"`}},
		{"event result_url: want s3://bucket/key", []string{shard, toStore, granules, withSpheres, `"result_url": "s3://out"`}},
		{"event started_url: want s3://bucket/key", []string{shard, toStore, granules, withSpheres, `"started_url": "s3://"`}},
		{"window: want an object, not a number", []string{shard, toStore, granules, withSpheres, `"window": 5`}},
		{"window.place: want an integer, not a text", []string{shard, toStore, granules, withSpheres, `"window": {"axis": {}, "place": "x"}`}},
		{"window: want times such as", []string{shard, toStore, granules, withSpheres, `"window": {"axis": {}, "start": "x"}`}},
		{"not to ftp://", []string{shard, `"store_path": "ftp://x/y"`, granules, withSpheres}},
		{"want s3://bucket/key", []string{shard, `"store_path": "s3://"`, granules, withSpheres}},
		{"want s3://bucket/key", []string{shard, `"store_path": "s3://bucket"`, granules, withSpheres}},
		{"config:1:1: expected a map", []string{shard, toStore, granules, `"config": 5`}},
		{`healpix shard key "zzz"`, []string{`"shard_key": "zzz"`, toStore, granules, withSpheres}},
		{"home: want ascending places", []string{shard, toStore, granules, withSpheres, `"home": [3]`}},
		{"the job was planned for grid", []string{shard, toStore, granules, withSpheres, `"grid_signature": {"a": 1}`}},
		{"expected a JSON object of strings", []string{shard, toStore, granules, withSpheres, `"s3_credentials": 5`}},
		{"there is a key that is not known", []string{shard, toStore, granules, withSpheres, keys(`, "GoSecret": "x"`)}},
		{"endpointUrl must be", []string{shard, toStore, granules, withSpheres, keys(`, "endpointUrl": "::not a URL"`)}},
		{"endpointUrl must be", []string{shard, toStore, granules, withSpheres, keys(`, "endpointUrl": "file:///etc"`)}},
		{"endpointUrl must be", []string{shard, toStore, granules, withSpheres, keys(`, "endpointUrl": "127.0.0.1:1"`)}},
		{"endpointUrl must be", []string{shard, toStore, granules, withSpheres, keys(`, "endpointUrl": "http://GoSecret:x@host"`)}},
		{"169.254.169.254 is not the address", []string{shard, toStore, granules, withSpheres, keys(`, "endpointUrl": "http://169.254.169.254/latest"`)}},
		{"is not the address", []string{shard, toStore, granules, withSpheres, keys(`, "endpointUrl": "http://[fe80::1]:80"`)}},
	} {
		r := b.handle(t.Context(), event(c.parts...))
		require.Equal(t, 400, r.StatusCode, "%s: %s", c.want, r.Body)
		d, err := r.Done()
		require.NoError(t, err)
		require.Contains(t, *d.Error, c.want)
		require.NotContains(t, *d.Error, "Go", "%s", c.want)
		require.NotContains(t, *d.Error, "job.")
	}
	require.Equal(t, before, b.s3.Usage())
	b.done(400, shard, toStore, granules, withSpheres, `"run_id": {}`, `"region": 5`, `"result_url": "s3://out/refused"`)
	res, err := job.DecodeResult(b.read("s3://out/refused"))
	require.NoError(t, err)
	require.Contains(t, *res.Error, ": want a text, not ", "who waits for the answer has it whatever else is wrong")
}

// Whatever the mode of an event, a field of another kind, keys that are not whole and an endpoint that is none are refused by 400 before
// anything is asked for.
func TestCallsThatCannotBe(t *testing.T) {
	b := newBench(t)
	before := b.s3.Usage()
	wrong := []string{
		`"store_path": 5`, `"config": 5`, `"config": {"GoSecret": 1}`, `"plugins": {}`, `"parent_order": "x"`, `"child_order": 1.5`, `"overwrite": "yes"`, `"selected": 1`, `"prune": []`, `"run_id": {}`,
		`"result_url": 7`, `"region": []`, `"shard_keys": 5`, `"shard_keys": [{}]`, `"granule_url": []`, `"if_match": 1`, `"GoSecret": 1`,
		`"store_path": "ftp://x/y"`, `"store_path": "nothing"`, `"store_path": "s3://bucket"`, `"result_url": "nothing"`, `"result_url": "https://x/y"`, `"granule_url": "nothing"`,
		`"output_credentials": 5`, `"output_credentials": {"accessKeyId": "a"}`, `"output_credentials": {"accessKeyId": "a", "secretAccessKey": "b", "GoSecret": "x"}`,
		`"s3_credentials": {"accessKeyId": "a", "secretAccessKey": "b", "endpointUrl": "http://GoSecret@169.254.169.254/"}`,
	}
	for _, mode := range []string{"setup", "finalize", "ping", "claim"} {
		for _, field := range wrong {
			parts := []string{`"mode": "` + mode + `"`, field}
			if !strings.HasPrefix(field, `"store_path"`) {
				parts = append(parts, toStore)
			}
			if !strings.HasPrefix(field, `"config"`) {
				parts = append(parts, withSpheres)
			}
			d := b.call(400, parts...)
			require.False(t, d.OK)
			for _, word := range []string{"Go ", "json:", "job.", "core.", "struct", "int64"} {
				require.NotContains(t, *d.Error, word, "%s %s", mode, field)
			}
			if strings.Contains(field, "_credentials") {
				require.NotContains(t, *d.Error, "GoSecret", "%s %s", mode, field)
			}
		}
	}
	require.Equal(t, before, b.s3.Usage())
}

// Whatever the mode of an event, a configuration that does not compile is the event's fault: 400, and nothing is written.
func TestConfigurationsThatDoNotCompile(t *testing.T) {
	b := newBench(t)
	before := b.s3.Usage()
	for _, c := range [][2]string{
		{`"mean", "source"`, `"nonesuch", "source"`},
		{`"healpix",`, `"nonesuch",`},
		{`"healpix",`, `"healpix", "latitude": "GoSecret",`},
	} {
		wrong := strings.Replace(withSpheres, c[0], c[1], 1)
		require.NotEqual(t, withSpheres, wrong)
		b.done(400, shard, toStore, wrong, `"granule_urls": ["s3://ins/a"]`)
		for _, mode := range []string{"setup", "ping", "finalize"} {
			d := b.call(400, `"mode": "`+mode+`"`, toStore, wrong)
			require.NotEmpty(t, *d.Error)
			require.Equal(t, mode == "ping", d.Check == "config", "%s: %s", mode, *d.Error)
		}
	}
	require.Equal(t, before, b.s3.Usage())
}

// An event that is for another store than the one it names is answered by 400 as well.
func TestPlacesThatDoNotFit(t *testing.T) {
	b := newBench(t)
	compact := strings.Replace(withSpheres, `"healpix",`, `"healpix", "layout": "compact",`, 1)
	flat := `"store_path": "s3://out/flat.zarr"`
	b.call(200, `"mode": "setup"`, toStore, compact, `"shard_keys": ["1111", "-1111"]`)
	b.call(200, `"mode": "setup"`, flat, withSpheres)
	in := &invocation{Worker: b.w, event: []byte(event(`"mode": "setup"`, toStore, compact, `"shard_keys": ["1111", "-1111"]`))}
	p, err := in.prepareCall(t.Context(), &job.CallDone{})
	require.NoError(t, err)
	made := p.template.Store.Plan
	plan := func(hash string) string { return `"plan": "` + hash + `"` }
	for _, c := range [][]string{
		{toStore, compact, plan(made), `"plan_shards": 2`, `"block": 2`},
		{toStore, compact, plan(made), `"plan_shards": 2`, `"block": -1`},
		{toStore, compact, plan(made), `"plan_shards": 2`},
		{toStore, compact, plan(made), `"plan_shards": 3`, `"block": 2`},
		{toStore, compact, plan("0000"), `"plan_shards": 2`, `"block": 0`},
		{toStore, withSpheres},
		{flat, withSpheres, `"block": 0`},
		{flat, withSpheres, plan("0000")},
		{flat, compact, plan(made), `"plan_shards": 2`, `"block": 0`},
	} {
		d := b.done(400, append(c, shard, `"granule_urls": ["s3://ins/a"]`)...)
		require.Equal(t, "invalid", d.Code, "%v: %s", c, *d.Error)
	}
	b.call(400, `"mode": "finalize"`, flat, compact, `"prune": true`, `"shard_keys": ["1111"]`)
	b.done(500, toStore, compact, shard, plan(made), `"plan_shards": 2`, `"block": 0`, `"granule_urls": []`) // no granules: done, without data
}
