//go:build suites

package cicd

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/internal/sharedtest"
)

// From granules to records, series, charts and comment on the emulator; pandas reads the series as it was meant.
func TestBenchmarkOnTheEmulator(t *testing.T) {
	python := os.Getenv("ZAGG_PYTHON")
	if python == "" {
		t.Skip("ZAGG_PYTHON is not set: an interpreter with the packages of test/requirements.txt is needed")
	}
	dir := t.TempDir()
	zagg := sharedtest.Program(t, "zagg")
	run := func(want int, name string, args ...string) string {
		cmd := exec.Command(name, args...)
		var out, errs bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, &errs
		_ = cmd.Run() // the exit code says it
		require.Equal(t, want, cmd.ProcessState.ExitCode(), "%s %v\n%s%s", name, args, out.String(), errs.String())
		return out.String() + errs.String()
	}
	work := filepath.Join(dir, "work")
	run(0, python, "../../bench/series/granules.py", work, "3")
	in := func(name string) string { return filepath.Join(work, name) }
	for config, m := range map[string]string{"atl06_healpix.yaml": "healpix_o6.json", "atl06_rectilinear.yaml": "rectilinear_128km.json"} {
		run(0, zagg, "catalog", "-q", "--config", in(config), "--short-name", "ATL06", "--bbox=-50,69,-34,76", "--output", in("shardmaps/"+m), in("items.json"))
	}
	measure := func(event, commit string, more ...string) string {
		return run(0, zagg, append([]string{"bench", "run", "--targets", in("targets.json"), "--emulate", "--store-prefix", in("stores"), "--event", event, "--commit", commit,
			"--ref", "main", "--out-json", in("metrics.json"), "--out-counts", in("counts.json"), "--out-comment", in("comment.md")}, more...)...)
	}
	series := func() string {
		return run(0, zagg, "bench", "series", "--series", in("series.parquet"), "--records", in("metrics.json"))
	}
	check := func(want int) string {
		return run(want, zagg, "bench", "check", "--history", in("history.json"), "--counts", in("counts.json"), "--limit-seconds", "1000", "--retain")
	}

	require.Contains(t, measure("pr", strings.Repeat("c", 40), "--pr-number", "5", "--dry-run"), "with 3 granules")
	measure("merge", strings.Repeat("a", 40))
	series()
	check(0)
	measure("pr", strings.Repeat("b", 40), "--pr-number", "5", "--worker-note", "a note")
	require.Contains(t, series(), "0 of 2 records taken, 2 rows")
	comment, err := os.ReadFile(in("comment.md"))
	require.NoError(t, err)
	require.Contains(t, string(comment), "<!-- zagg-benchmark -->\n")
	require.Contains(t, string(comment), "> a note\n")
	require.Contains(t, string(comment), "| atl06_healpix_o6 |")
	measure("merge", strings.Repeat("d", 40))
	require.Contains(t, series(), "2 of 2 records taken, 4 rows")
	check(0)

	history, err := os.ReadFile(in("history.json"))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(in("history.json"), bytes.ReplaceAll(history, []byte(`"read_requests": `), []byte(`"read_requests": -1, "was": `)), 0o644))
	check(0) // nothing to compare with is no regression
	require.NoError(t, os.WriteFile(in("history.json"), []byte(`[{"commit":"old","target":"atl06_healpix_o6","timestamp":"2020-01-01T00:00:00Z","read_requests":1,"bytes_read":1,"worker_s":1,"calibration_s":1}]`), 0o644))
	require.Contains(t, check(1), "atl06_healpix_o6: read requests")

	run(0, zagg, "bench", "plot", "--series", in("series.parquet"), "--output", in("site"))
	for _, name := range []string{"index.html", "cost_per_shard.png", "cost_per_shard.svg", "cost_per_100km2.png", "cost_per_100km2.svg"} {
		info, err := os.Stat(filepath.Join(work, "site", name))
		require.NoError(t, err)
		require.Positive(t, info.Size())
	}
	run(0, python, "-c", `
import json, sys
import pyarrow.parquet as pq
table = pq.read_table(sys.argv[1])
assert table.column_names == """timestamp commit ref event pr_number target aggregator grid_type grid_size shard_key n_granules total_obs
  runtime_s gb_seconds cost_per_shard_usd shard_area_km2 cost_per_100km2_usd function_timeout_s worker_pct_timeout memory_gb price_per_gb_sec
  zagg_version""".split(), table.column_names
rows = table.to_pylist()
assert [r["event"] for r in rows] == ["merge"] * 4 and all(r["pr_number"] is None for r in rows)
keys = {r["target"]: r["shard_key"] for r in json.load(open(sys.argv[2]))}
assert {r["target"]: r["shard_key"] for r in rows} == keys and all(type(r["shard_key"]) is int for r in rows)
h = [r for r in rows if r["target"] == "atl06_healpix_o6"][0]
assert abs(h["shard_area_km2"] - 4 * 3.141592653589793 * 6371.0088**2 / (12 * 4**6)) < 1e-6
assert abs(h["cost_per_shard_usd"] - h["runtime_s"] * h["memory_gb"] * h["price_per_gb_sec"]) < 1e-15
`, in("series.parquet"), in("metrics.json"))
}
