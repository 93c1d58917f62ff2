package bench

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/parquet-go/parquet-go"
	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/objstore"
)

func record(t *testing.T, event, commit, name string, day int) Record {
	run := Run{Commit: commit, Ref: "main", Event: event, Version: "0.1.0", Time: time.Date(2026, 6, day, 12, 0, 0, 0, time.UTC)}
	if event == EventPR {
		run.PRNumber = 17
	}
	r, err := newRecord(run, target{Name: name, targetConfig: targetConfig{Aggregator: "scalar", GridType: "healpix", GridSize: "o9"}}, measurement{
		Key: "11530143033882312713", Granules: 66, Observations: 1234567, Seconds: 43.25, AreaKM2: healPixArea(9),
		Function: function{MemoryMB: 2048, Timeout: 720},
	})
	require.NoError(t, err)
	return r
}

func TestRecordIsPriced(t *testing.T) {
	r := record(t, EventMerge, "0123456789abcdef", "a", 1)
	require.InDelta(t, 86.5, r.GBSeconds, 1e-12)
	require.InDelta(t, 86.5*0.0000133334, r.Cost, 1e-15)
	require.InDelta(t, r.Cost*100/r.Area, r.CostPerArea, 1e-18)
	require.InDelta(t, 43.25/720, r.PctTimeout, 1e-15)
	require.Equal(t, uint64(11530143033882312713), r.ShardKey)
	require.InDelta(t, 510064471.909788/(12*262144), r.Area, 1e-3)
	require.InDelta(t, 9, rectilinearArea(300, 300, -10, 10), 1e-12)
	_, err := newRecord(Run{}, target{Name: "h"}, measurement{Key: "8a2a1072b59ffff"})
	require.ErrorContains(t, err, "64-bit shard keys")
}

func TestColumnsAndTheirOrder(t *testing.T) {
	var names []string
	for _, f := range parquet.SchemaOf(Record{}).Fields() {
		names = append(names, f.Name())
	}
	require.Equal(t, strings.Fields(`timestamp commit ref event pr_number target aggregator grid_type grid_size shard_key n_granules total_obs
		runtime_s gb_seconds cost_per_shard_usd shard_area_km2 cost_per_100km2_usd function_timeout_s worker_pct_timeout memory_gb price_per_gb_sec
		zagg_version`), names)
}

func TestDensest(t *testing.T) {
	keys := []core.ShardKey{"10", "9", "7", "8"}
	n := []int{5, 5, 1, 4}
	i, err := densest(keys, func(i int) int { return n[i] })
	require.NoError(t, err)
	require.Equal(t, core.ShardKey("9"), keys[i], "of two with as many granules the lower key")
	_, err = densest(keys, func(int) int { return 0 })
	require.Error(t, err)
	_, err = densest(nil, func(int) int { return 1 })
	require.Error(t, err)
}

func TestRetention(t *testing.T) {
	path := filepath.Join(t.TempDir(), "series.parquet")
	history, err := ReadSeries(path)
	require.NoError(t, err)
	require.Empty(t, history)

	first := record(t, EventMerge, "aaaaaaaa", "x", 1)
	series, taken := Retain(history, []Record{first, record(t, EventMerge, "aaaaaaaa", "y", 1), record(t, EventPR, "aaaaaaaa", "x", 2), record(t, EventManual, "cccc", "x", 3)})
	require.Equal(t, 2, taken, "merges alone")
	again := first
	again.Runtime = 1
	series, taken = Retain(series, []Record{again, record(t, EventMerge, "bbbbbbbb", "x", 2)})
	require.Equal(t, 2, taken)
	require.Len(t, series, 3, "same commit and target: replaced")
	require.NoError(t, WriteSeries(path, series))
	b1, err := os.ReadFile(path)
	require.NoError(t, err)
	back, err := ReadSeries(path)
	require.NoError(t, err)
	require.Equal(t, series, back)
	require.InDelta(t, 1.0, back[0].Runtime, 0)
	require.NoError(t, WriteSeries(path, back))
	b2, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, b1, b2, "same records, same bytes: nothing to commit")

	require.NoError(t, os.WriteFile(path, []byte("PAR1 broken"), 0o644))
	_, err = ReadSeries(path)
	require.ErrorContains(t, err, path)
}

func TestRecordsFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "metrics.json")
	r := record(t, EventPR, "aaaaaaaa", "x", 1)
	r.CostPerArea = math.NaN()
	require.NoError(t, WriteRecords(path, []Record{r}))
	back, err := ReadRecords(path)
	require.NoError(t, err)
	require.True(t, math.IsNaN(back[0].CostPerArea))
	back[0].CostPerArea = 0
	r.CostPerArea = 0
	require.Equal(t, r, back[0])
	for _, bad := range []string{`{"target":"x"}`, `[{"target":"x"}]`, `[`, `[{"shard_key":1.5}]`} {
		require.NoError(t, os.WriteFile(path, []byte(bad), 0o644))
		_, err := ReadRecords(path)
		require.ErrorContains(t, err, path, bad)
	}
}

func TestComment(t *testing.T) {
	r := record(t, EventPR, "0123456789", "tdigest|o9", 1)
	require.Equal(t, `<!-- zagg-benchmark -->
### Benchmark

> Worker = stable
> not this

| target | obs | runtime (s) | cost/shard | cost/100 km² | % timeout |
|---|---:|---:|---:|---:|---:|
| tdigest\|o9 | 1,234,567 | 43.2 | $0.00115 | $0.00071 | 6.0% |

Commit `+"`0123456`"+`, zagg 0.1.0, 2 GB. One shard a target, the densest; pre-merge runs are not retained.
`, Comment([]Record{r}, "Worker = stable\nnot this"))
	r.CostPerArea, r.PctTimeout = math.NaN(), math.NaN()
	require.Contains(t, Comment([]Record{r}, ""), "| n/a | n/a |")
	require.Contains(t, Comment(nil, ""), "No target was measured")
}

func TestAsks(t *testing.T) {
	for _, yes := range []string{"/benchmark", "/benchmark please", "please\n/benchmark\nthanks", "/benchmark\r\n", "/benchmark\tnow", "```\nx\n```\n/benchmark"} {
		require.True(t, asks(yes), "%q", yes)
	}
	for _, no := range []string{"", "benchmark", "see /benchmark", " /benchmark", "> /benchmark", "/benchmarks", "/benchmark/", "/benchmark.md", "https://x/benchmark", "`/benchmark`",
		"```\n/benchmark\n```", "~~~\n/benchmark\n~~~", "/Benchmark", "/benchmark​x"} {
		require.False(t, asks(no), "%q", no)
	}
}

func TestEvents(t *testing.T) {
	comment := func(action, body string, pr bool) []byte {
		issue := map[string]any{"number": 7}
		if pr {
			issue["pull_request"] = map[string]any{}
		}
		b, err := json.Marshal(map[string]any{"action": action, "issue": issue, "comment": map[string]any{"body": body, "user": map[string]any{"login": "ann"}}, "sender": map[string]any{"login": "bob"}})
		require.NoError(t, err)
		return b
	}
	req, reason, err := parseEvent("issue_comment", comment("created", "/benchmark", true))
	require.NoError(t, err)
	require.Empty(t, reason)
	require.Equal(t, &request{PR: 7, Actor: "ann"}, req)
	for _, c := range [][]byte{comment("edited", "/benchmark", true), comment("created", "/benchmark", false), comment("created", "no /benchmark", true)} {
		req, reason, err = parseEvent("issue_comment", c)
		require.NoError(t, err)
		require.Nil(t, req)
		require.NotEmpty(t, reason)
	}
	labelled := func(label string) []byte {
		return fmt.Appendf(nil, `{"action":"labeled","label":{"name":%q},"pull_request":{"number":9,"head":{"sha":"0123456789012345678901234567890123456789"}},"sender":{"login":"cy"}}`, label)
	}
	req, _, err = parseEvent("pull_request_target", labelled("benchmark"))
	require.NoError(t, err)
	require.Equal(t, &request{PR: 9, Actor: "cy", Head: strings.Repeat("0123456789", 4)}, req)
	head, err := GitHub{}.head(t.Context(), req) // without a question: what was pushed since was not looked at
	require.NoError(t, err)
	require.Equal(t, req.Head, head)
	_, err = GitHub{}.head(t.Context(), &request{PR: 9, Head: "main"})
	require.ErrorContains(t, err, "names no commit")
	req, reason, err = parseEvent("pull_request_target", labelled("bug"))
	require.NoError(t, err)
	require.Nil(t, req)
	require.NotEmpty(t, reason)
	_, _, err = parseEvent("push", []byte("{}"))
	require.Error(t, err)
	_, _, err = parseEvent("issue_comment", []byte("{"))
	require.Error(t, err)
	for p, want := range map[string]bool{"admin": true, "write": true, "read": false, "none": false, "triage": false, "maintain": false, "": false} {
		require.Equal(t, want, mayRun(p), p)
	}
}

// github is a server that keeps comments as GitHub does.
func github(t *testing.T, comments *[]string) GitHub {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /repos/o/r/collaborators/{user}/permission", func(w http.ResponseWriter, r *http.Request) {
		if r.PathValue("user") == "stranger" {
			http.NotFound(w, r)
			return
		}
		fmt.Fprintf(w, `{"permission":%q}`, map[string]string{"ann": "write", "bob": "read"}[r.PathValue("user")])
	})
	mux.HandleFunc("GET /repos/o/r/issues/7/comments", func(w http.ResponseWriter, r *http.Request) {
		var page, from int
		fmt.Sscan(r.URL.Query().Get("page"), &page) //nolint:errcheck // 0 then
		list := []map[string]any{}
		for from = (page - 1) * 100; from < min(page*100, len(*comments)); from++ {
			list = append(list, map[string]any{"id": from, "body": (*comments)[from]})
		}
		json.NewEncoder(w).Encode(list) //nolint:errcheck // a test's server
	})
	body := func(r *http.Request) string {
		var b struct{ Body string }
		json.NewDecoder(r.Body).Decode(&b) //nolint:errcheck // a test's server
		return b.Body
	}
	mux.HandleFunc("POST /repos/o/r/issues/7/comments", func(w http.ResponseWriter, r *http.Request) {
		*comments = append(*comments, body(r))
		w.WriteHeader(http.StatusCreated)
	})
	mux.HandleFunc("PATCH /repos/o/r/issues/comments/{id}", func(_ http.ResponseWriter, r *http.Request) {
		var id int
		fmt.Sscan(r.PathValue("id"), &id) //nolint:errcheck // 0 then
		(*comments)[id] = body(r)
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return GitHub{API: server.URL, Repo: "o/r", Token: "secret-token"}
}

func TestCommentIsUpdatedInPlace(t *testing.T) {
	comments := make([]string, 130)
	g := github(t, &comments)
	created, err := g.Post(t.Context(), 7, Marker+"\none")
	require.NoError(t, err)
	require.True(t, created)
	created, err = g.Post(t.Context(), 7, Marker+"\ntwo")
	require.NoError(t, err)
	require.False(t, created)
	require.Len(t, comments, 131)
	require.Equal(t, Marker+"\ntwo", comments[130])
}

func TestPermission(t *testing.T) {
	g := github(t, &[]string{})
	for user, want := range map[string]string{"ann": "write", "bob": "read", "stranger": "none"} {
		p, err := g.permission(t.Context(), user)
		require.NoError(t, err)
		require.Equal(t, want, p)
	}
	_, err := g.permission(t.Context(), "")
	require.Error(t, err)
	g.API = "http://127.0.0.1:1"
	_, err = g.permission(t.Context(), "ann")
	require.Error(t, err)
	require.NotContains(t, err.Error(), "secret-token")
}

func TestCharts(t *testing.T) {
	var series []Record
	for day := 1; day < 25; day++ {
		series = append(series, record(t, EventMerge, fmt.Sprintf("%07x000", day*7919), "healpix", day), record(t, EventMerge, fmt.Sprintf("%07x000", day*7919), "rectilinear", day))
		series[len(series)-1].Runtime = 30 + 5*math.Sin(float64(day))
		series[len(series)-1].CostPerArea = math.NaN()
	}
	for _, s := range [][]Record{nil, series[:1], series} {
		for _, c := range charts() {
			var png, svg bytes.Buffer
			require.NoError(t, c.Draw(&png, "png", s))
			require.NoError(t, c.Draw(&svg, "svg", s))
			require.True(t, bytes.HasPrefix(png.Bytes(), []byte("\x89PNG")))
			require.Contains(t, svg.String(), "</svg>")
			require.Error(t, c.Draw(&svg, "gif", s))
			if dir := os.Getenv("ZAGG_CHARTS"); dir != "" && len(s) > 1 {
				require.NoError(t, os.WriteFile(filepath.Join(dir, c.Name+".png"), png.Bytes(), 0o644))
			}
		}
		var page bytes.Buffer
		require.NoError(t, index(&page, s))
		require.Contains(t, page.String(), "cost_per_shard.png")
	}
}

func TestVersions(t *testing.T) {
	v := Versions{}
	for _, step := range []struct{ tag, latest string }{{"0.9.0", "0.9"}, {"0.10.0", "0.10"}, {"0.9.1", "0.10"}, {"1.0.0", "1.0"}, {"v0.10.2", "1.0"}} {
		next, err := v.With(step.tag)
		require.NoError(t, err)
		require.Equal(t, step.latest, next.Latest)
		require.Equal(t, step.tag, next.LatestTag)
		v = next
	}
	require.Equal(t, []string{"0.9", "0.10", "1.0"}, v.Minors)
	for _, bad := range []string{"", "1", "1.2", "1.2.x", "1.2.3-rc1", "01.2.3", "1.2.3\n"} {
		_, err := v.With(bad)
		require.Error(t, err, bad)
	}
}

func TestDistribute(t *testing.T) {
	zips, store, base := t.TempDir(), &objstore.Mem{}, "mem://dist"
	for _, name := range Bundles() {
		require.NoError(t, os.WriteFile(filepath.Join(zips, name), []byte(name), 0o644))
	}
	require.Len(t, Bundles(), 6)
	minor, err := Resolve(t.Context(), store, base, "latest", "nonsense", "0.3.7")
	require.NoError(t, err, "nothing is distributed yet: the latest tag")
	require.Equal(t, "0.3", minor)

	for range 2 {
		v, err := Distribute(t.Context(), store, base, zips, "0.10.0")
		require.NoError(t, err)
		require.Equal(t, Versions{Minors: []string{"0.10"}, Latest: "0.10", LatestTag: "0.10.0"}, v)
	}
	v, err := Distribute(t.Context(), store, base, zips, "0.9.4")
	require.NoError(t, err)
	require.Equal(t, Versions{Minors: []string{"0.9", "0.10"}, Latest: "0.10", LatestTag: "0.9.4"}, v)

	for asked, want := range map[string]string{"": "0.10", "latest": "0.10", "0.9": "0.9", "0.9.4": "0.9", "v1.2.3": "1.2"} {
		minor, err := Resolve(t.Context(), store, base, asked)
		require.NoError(t, err)
		require.Equal(t, want, minor)
	}
	_, err = Resolve(t.Context(), store, base, "newest")
	require.Error(t, err)

	found, err := Locate(t.Context(), store, []string{"mem://nowhere", base}, "0.9", "lambda_function_arm64.zip")
	require.NoError(t, err)
	require.Equal(t, "mem://dist/0.9/lambda_function_arm64.zip", found)
	_, err = Locate(t.Context(), store, []string{base}, "0.8", "lambda_function_arm64.zip")
	require.ErrorContains(t, err, "none of mem://dist has it")

	require.NoError(t, os.WriteFile(filepath.Join(zips, "lambda_layer_arm64.zip"), nil, 0o644))
	require.NoError(t, os.Remove(filepath.Join(zips, "lambda_hdf_arm64.zip")))
	_, err = Distribute(t.Context(), store, base, zips, "2.0.0")
	require.ErrorContains(t, err, "lambda_hdf_arm64.zip is missing, lambda_layer_arm64.zip does not belong there")
	v, err = readVersions(t.Context(), store, base)
	require.NoError(t, err)
	require.NotContains(t, v.Minors, "2.0", "nothing was uploaded")
}
