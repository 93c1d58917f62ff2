package cli

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/internal/cost"
)

func smallMap(t *testing.T) string {
	name := filepath.Join(t.TempDir(), "map.json")
	text := `{"metadata":{},"grid_signature":{"type":"healpix"},"shard_keys":[1,2],"granules":[
		[{"id":"a.h5","s3":"s3://b/a.h5","https":""}],
		[{"id":"a.h5","s3":"s3://b/a.h5","https":""},{"id":"b.h5","s3":"s3://b/b.h5","https":""}]]}`
	require.NoError(t, os.WriteFile(name, []byte(text), 0o644))
	return name
}

func TestCostOfAShardMap(t *testing.T) {
	var got struct {
		Model    cost.Model       `json:"model"`
		Expected cost.Expectation `json:"expected"`
	}
	require.NoError(t, json.Unmarshal([]byte(ok(t, "cost", smallMap(t), "--json", "--concurrency", "1", "--shards-per-job", "1")), &got))
	require.Equal(t, 3, got.Expected.Pairs)
	require.Equal(t, 3, got.Expected.Whole, "granules of unknown size are taken for the benchmark's")
	require.EqualValues(t, 3*11.5e6, got.Expected.Bytes)
	require.Equal(t, cost.Direct(), got.Model)
	require.NoError(t, json.Unmarshal([]byte(ok(t, "cost", smallMap(t), "--json", "--concurrency", "1")), &got))
	require.Equal(t, 1, got.Expected.Jobs, "two neighbours together are cheaper and, with one worker, sooner done")
	text := ok(t, "cost", smallMap(t), "--architecture", "x86_64", "--indexed")
	require.Regexp(t, `Jobs\s+2 of at most 1 shard: the cheapest`, text)
	require.Contains(t, text, "2, 3 pairs of shard and granule")
	require.Regexp(t, `Densest shard\s+2: 2 granules`, text, "the map's grid is not known, so that a key is all there is")
	require.Regexp(t, `Granules\s+read by their indexes`, text)
	require.Regexp(t, `(?m)^Compute .*; \$0\.\d{4}$`, text)
	require.Regexp(t, `(?m)^Requests .*; \$0\.\d{4}$`, text)
}

// Sizes that the map has decide how granules are read, and shards are called by their labels.
func TestCostKnowsSizes(t *testing.T) {
	name := filepath.Join(t.TempDir(), "map.json")
	text := `{"metadata":{},"grid_signature":{"type":"healpix","indexing_scheme":"nested","parent_order":6,"child_order":12},"shard_keys":["-5111123"],"granules":[
		[{"id":"a.h5","s3":"s3://b/a.h5","https":"","size":20000000},{"id":"b.h5","s3":"s3://b/b.h5","https":"","size":900000000}]]}`
	require.NoError(t, os.WriteFile(name, []byte(text), 0o644))
	out := ok(t, "cost", name)
	require.Contains(t, out, "of 1 pairs read whole, of the others in pieces; 460.0 MB each in the mean of 2 whose sizes are known")
	require.Regexp(t, `Densest shard\s+-5111123: 2 granules`, out)
	require.Contains(t, ok(t, "cost", name, "--memory", "128"), "read in pieces")
}

// A calibration computes some shards, keeps them and what they say, and predictions go by it from then on.
func TestCostCalibrates(t *testing.T) {
	dir := t.TempDir()
	name, store := filepath.Join(dir, "map.json"), filepath.Join(dir, "heights.zarr")
	granules, err := filepath.Glob("sample/*.h5")
	require.NoError(t, err)
	var list []string
	for _, g := range granules {
		list = append(list, fmt.Sprintf(`{"id":%q,"s3":%q,"https":""}`, filepath.Base(g), g))
	}
	var keys []string
	for _, label := range []string{"-41121144", "-41121233"} {
		data, err := os.ReadFile(filepath.Join(sampleStore(t)+".status", "records", label+".json"))
		require.NoError(t, err)
		var rec struct {
			Key json.RawMessage `json:"shard_key"`
		}
		require.NoError(t, json.Unmarshal(data, &rec))
		keys = append(keys, string(rec.Key))
	}
	text := fmt.Sprintf(`{"metadata":{},"grid_signature":{"type":"healpix","indexing_scheme":"nested","parent_order":7,"child_order":12,"layout":"fullsphere"},"shard_keys":[%s,%s],"granules":[[%s],[%s]]}`,
		keys[0], keys[1], strings.Join(list[:6], ","), strings.Join(list, ","))
	require.NoError(t, os.WriteFile(name, []byte(text), 0o644))
	code, out, errs := execute(t, "", "cost", name, "--calibrate", "3", "--config", "sample/demo.yaml", "--store", store)
	require.Zero(t, code, errs)
	require.Contains(t, errs, "2 shards took")
	require.Regexp(t, `Constants\s+from 2 shards, as they are kept in .*map\.cost\.yaml`, out)
	kept := ok(t, "cost", name)
	require.Regexp(t, `Constants\s+from .*map\.cost\.yaml`, kept)
	require.Regexp(t, `Densest shard\s+-41121233: 10 granules`, kept)
	require.Contains(t, ok(t, "run", "--config", "sample/demo.yaml", "--catalog", name, "--store", store), "2 done before")
	require.NoError(t, os.WriteFile(filepath.Join(dir, "map.cost.yaml"), []byte("job_s: -1"), 0o644))
	code, _, errs = execute(t, "", "cost", name)
	require.Equal(t, exitFailure, code)
	require.Contains(t, errs, "map.cost.yaml")
	require.Contains(t, errs, "a constant is -1")
}

func TestCostFromReceipts(t *testing.T) {
	text := ok(t, "cost", smallMap(t), "--receipts", sampleStore(t))
	require.Regexp(t, `Constants\s+from [1-9]\d* shards of `, text)
}

func TestCostRefuses(t *testing.T) {
	for want, args := range map[string][]string{
		"--architecture is \"sparc\"": {"--architecture", "sparc"},
		"--memory must be 128":        {"--memory", "10"},
		"--shards-per-job is \"0\"":   {"--shards-per-job", "0"},
		"--latency must be":           {"--latency", "-1s"},
		"--bandwidth positive":        {"--bandwidth", "0"},
		"--calibrate needs --config":  {"--calibrate", "3"},
		"exclude each other":          {"--calibrate", "3", "--receipts", "x.zarr"},
	} {
		code, _, errs := execute(t, "", append([]string{"cost", smallMap(t)}, args...)...)
		require.Equal(t, exitUsage, code)
		require.Contains(t, errs, want)
	}
	code, _, errs := execute(t, "", "cost", "nowhere.json")
	require.Equal(t, exitFailure, code)
	require.Contains(t, errs, "nowhere.json")
}

// A simulation is the same each time, prices the shard map's own pairs and requests, and tells whether the target can be met.
func TestCostSimulates(t *testing.T) {
	name := smallMap(t)
	type simulation struct {
		Function     cost.Function `json:"function"`
		ShardsPerJob int           `json:"shards_per_job"`
		Met          *bool         `json:"target_met"`
		Simulated    struct {
			Wall     struct{ Median, P10, P90 float64 } `json:"wall_s"`
			Expected cost.Expectation                   `json:"expected"`
		} `json:"simulated"`
	}
	simulate := func(args ...string) (s simulation) {
		require.NoError(t, json.Unmarshal([]byte(ok(t, append([]string{"cost", "--simulate", "--json", "--replays", "4"}, args...)...)), &s))
		return s
	}
	one := simulate(name, "--shards-per-job", "1")
	require.Equal(t, one, simulate(name, "--shards-per-job", "1"))
	require.Equal(t, 2, one.Simulated.Expected.Jobs)
	require.Equal(t, 3, one.Simulated.Expected.Pairs)
	require.Nil(t, one.Met)
	require.Less(t, one.Simulated.Wall.P10, one.Simulated.Wall.P90)
	loose := simulate(name, "--target-wall", "10m")
	require.True(t, *loose.Met)
	require.LessOrEqual(t, loose.Simulated.Expected.USD, one.Simulated.Expected.USD)
	require.False(t, *simulate(name, "--target-wall", "1ms").Met)
	out := ok(t, "cost", "--simulate", "--replays", "2", "--cell-index", "--concurrency", "1700", "--shards-per-job", "4")
	require.Contains(t, out, "1,742, 100,000 pairs of shard and granule; made up, seed 1")
	require.Regexp(t, `(?m)^Waits for +\S`, out)
	require.Contains(t, out, "constants from the benchmark")
	for _, args := range [][]string{{"--burst", "0"}, {"--replays", "0"}, {"--target-wall", "-1s"}, {"--calibrate", "3", "--config", "x", "--store", "y"}, {"--shards-per-job", "x"}} {
		code, _, errs := execute(t, "", append([]string{"cost", "--simulate", name}, args...)...)
		require.Equal(t, exitUsage, code, errs)
		require.Contains(t, errs, args[0])
	}
	code, _, _ := execute(t, "", "cost")
	require.Equal(t, exitUsage, code, "a map is needed without --simulate")
}
