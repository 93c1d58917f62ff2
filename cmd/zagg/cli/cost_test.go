package cli

import (
	"encoding/json"
	"os"
	"path/filepath"
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
	require.Equal(t, cost.Direct().Expect([]int{1, 2}, cost.Function{MemoryMB: 2048, TmpMB: 512, Concurrency: 1, Timeout: 720}), got.Expected)
	require.NoError(t, json.Unmarshal([]byte(ok(t, "cost", smallMap(t), "--json", "--concurrency", "1")), &got))
	require.Equal(t, 1, got.Expected.Jobs, "two neighbours together are cheaper and, with one worker, sooner done")
	text := ok(t, "cost", smallMap(t), "--architecture", "x86_64", "--indexed")
	require.Regexp(t, `Jobs\s+2 of at most 1 shards: the cheapest`, text)
	require.Contains(t, text, "2, 3 pairs of shard and granule")
	require.Regexp(t, `Densest shard\s+2: 2 granules`, text)
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
	} {
		code, _, errs := execute(t, "", append([]string{"cost", smallMap(t)}, args...)...)
		require.Equal(t, exitUsage, code)
		require.Contains(t, errs, want)
	}
	code, _, errs := execute(t, "", "cost", "nowhere.json")
	require.Equal(t, exitFailure, code)
	require.Contains(t, errs, "nowhere.json")
}
