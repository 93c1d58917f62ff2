package cli

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/internal/run"
	"github.com/englacial/zagg/internal/stored"
	"github.com/englacial/zagg/plugins/all"
)

// run runs one command line in this process.
func execute(t *testing.T, stdin string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	code = Run(t.Context(), args, strings.NewReader(stdin), &out, &errs, all.Plugins()...)
	return code, out.String(), errs.String()
}

func ok(t *testing.T, args ...string) string {
	t.Helper()
	code, out, errs := execute(t, "", args...)
	require.Zero(t, code, "%v\n%s%s", args, out, errs)
	return out
}

func sampleStore(t *testing.T) string {
	store := filepath.Join(t.TempDir(), "heights.zarr")
	ok(t, "run", "--config", "sample/demo.yaml", "--granules", "sample", "--store", store, "-q")
	return store
}

// Wrong command lines exit 2, work that cannot be done exits 1, and both say why.
func TestExitCodes(t *testing.T) {
	folder := t.TempDir()
	foreign := filepath.Join(folder, "foreign")
	require.NoError(t, os.MkdirAll(foreign, 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(foreign, "thesis.tex"), []byte("x"), 0o644))
	broken := filepath.Join(folder, "broken.yaml")
	require.NoError(t, os.WriteFile(broken, []byte("data_source:\n  redaer: x\n"), 0o644))
	sample := []string{"--config", "sample/demo.yaml", "--granules", "sample"}
	with := func(more ...string) []string { return append(append([]string{"run"}, sample...), more...) }
	for _, c := range []struct {
		code int
		want string
		args []string
	}{
		{0, "Usage:", nil},
		{0, "Examples:", []string{"run", "--help"}},
		{0, "zagg version " + Version, []string{"--version"}},
		{2, `did you mean plot`, []string{"plto"}},
		{2, `no command "lcate"; did you mean locate?`, []string{"grid", "lcate"}},
		{2, "unknown flag: --stroe", with("--stroe", "x")},
		{2, "--config is missing", []string{"run", "--granules", "sample", "--store", "x"}},
		{2, "no --store", with()},
		{2, "neither --catalog nor --granules", []string{"run", "--config", "atl06", "--store", "x"}},
		{2, "exclude each other", with("--catalog", "x", "--store", "y")},
		{2, "--driver is \"ftp\"", with("--driver", "ftp", "--store", "y")},
		{2, "accepts 2 arg(s)", []string{"plot", "x"}},
		{2, "png or .svg", []string{"plot", "x", "y", "-o", "map.pdf"}},
		{2, `--backend is "cloud"; have local, lambda`, with("--backend", "cloud", "--store", "y")},
		{2, "--emulate needs --backend lambda", with("--emulate", "--store", "y")},
		{2, "--invocation is", with("--backend", "lambda", "--invocation", "later", "--store", "y")},
		{1, "shipped configurations: atl03, ", []string{"run", "--config", "nope.yaml", "--granules", "sample", "--store", "x"}},
		{1, "no such file", []string{"run", "--config", "atl06", "--granules", "nothing*.h5", "--store", filepath.Join(folder, "a")}},
		{1, "not an HDF5 file", []string{"run", "--config", "atl06", "--granules", "cli.go", "--store", filepath.Join(folder, "b")}},
		{1, "holds thesis.tex", with("--store", foreign)},
		{1, "holds thesis.tex", with("--store", foreign, "--overwrite")},
		{1, "want the packed word of a cell of order 7", with("--store", filepath.Join(folder, "c"), "--morton-cell", "12345")},
		{1, "the plan of 25 shards", with("--store", filepath.Join(folder, "c"), "--morton-cell", "11111111")},
		{1, `broken.yaml:2:3`, []string{"config", "check", broken}},
		{1, "zarr.json", []string{"info", filepath.Join(folder, "none.zarr")}},
		{1, "latitude must be within", []string{"grid", "locate", "--grid", `{"type":"healpix","parent_order":6,"child_order":12}`}},
	} {
		code, out, errs := execute(t, "95,0\n", c.args...)
		require.Equal(t, c.code, code, "%v\n%s%s", c.args, out, errs)
		require.Contains(t, out+errs, c.want, "%v", c.args)
	}
	require.FileExists(t, filepath.Join(foreign, "thesis.tex"))
}

func TestRunSummary(t *testing.T) {
	store := filepath.Join(t.TempDir(), "heights.zarr")
	args := []string{"run", "--config", "sample/demo.yaml", "--granules", "sample/*.h5", "--store", store}
	code, out, errs := execute(t, "", append(args, "--profile")...)
	require.Zero(t, code)
	for _, phase := range []string{"[1/7] ", "[2/7] ", "[3/7] Plan: 25 shards, 10 granules, 73 pairs", "[4/7] ", "[5/7] ", "[6/7] ", "[7/7] "} {
		require.Contains(t, errs, phase)
	}
	require.Regexp(t, `\[  25/25\] OK \([\d,]+ cells, [\d,]+ obs\) \| [\d.]+ cells/s, ETA 0.0s`, errs)
	for _, line := range []string{"Done: 25 shards with data, 41,068 obs, 0 errors", "25 total, 25 with data, 0 empty, 0 errors", "Cost ", "\nWorker phases (max across cells): ", "\nOutput: " + store + "\n"} {
		require.Contains(t, out, line)
	}
	code, out, _ = execute(t, "", append(args, "--json", "-q")...)
	require.Zero(t, code)
	var s struct {
		Shards       run.ShardCounts `json:"shards"`
		Observations int64           `json:"observations"`
		Dropped      map[string]int64
	}
	require.NoError(t, json.Unmarshal([]byte(out), &s))
	require.Equal(t, run.ShardCounts{Total: 25, WithData: 25, Skipped: 25}, s.Shards)
	require.Equal(t, int64(41068), s.Observations)
	require.Equal(t, map[string]int64{"filter": 45221 - 41068}, s.Dropped, "what is kept and what is dropped is what there is")
}

// A dry run writes nothing; selections stay inside the plan and remove nothing.
func TestSelection(t *testing.T) {
	store := filepath.Join(t.TempDir(), "heights.zarr")
	args := []string{"run", "--config", "sample/demo.yaml", "--granules", "sample", "--store", store}
	out := ok(t, append(args, "--dry-run")...)
	require.Contains(t, out, "[DRY RUN] Would process 25 cells\n")
	require.Contains(t, out, "Output: "+store)
	require.NoDirExists(t, store)

	ok(t, append(args, "--max-cells", "3", "-q")...)
	require.Contains(t, ok(t, "info", store), "3 done")
	records, err := os.ReadDir(store + ".status/records")
	require.NoError(t, err)
	label := strings.TrimSuffix(records[0].Name(), ".json")
	out = ok(t, append(args, "--morton-cell", label, "--overwrite", "-q")...)
	require.Contains(t, out, "1 total, 1 with data")
	require.Contains(t, ok(t, "info", store), "3 done", "one shard computed again leaves the others")
	ok(t, append(args, "-q")...)
	require.Contains(t, ok(t, "info", store), "25 done")
}

// A granule that is damaged fails its run by name, or is left out and recorded when that is allowed.
func TestDamagedGranule(t *testing.T) {
	folder := t.TempDir()
	files, err := filepath.Glob("sample/*.h5")
	require.NoError(t, err)
	for i, f := range files {
		data, err := os.ReadFile(f)
		require.NoError(t, err)
		if i == 3 {
			data = data[:len(data)/3]
		}
		require.NoError(t, os.WriteFile(filepath.Join(folder, filepath.Base(f)), data, 0o644))
	}
	damaged := filepath.Base(files[3])
	args := []string{"run", "--config", "sample/demo.yaml", "--granules", folder, "--store", filepath.Join(t.TempDir(), "h.zarr"), "-q"}
	code, _, errs := execute(t, "", args...)
	require.Equal(t, 1, code)
	require.Contains(t, errs, damaged)
	require.Contains(t, errs, "byte")
	code, out, errs := execute(t, "", append(args, "--allow-missing")...)
	require.Equal(t, 3, code, errs)
	require.Contains(t, out, "0 errors")
	require.Contains(t, errs, "1 granule is missing")
	store, err := stored.Open(t.Context(), args[6])
	require.NoError(t, err)
	var named []string
	for _, r := range store.Records {
		named = append(named, r.Missing...)
	}
	require.Equal(t, []string{damaged}, named, "one record names it")
}

func TestPlotAndInfo(t *testing.T) {
	store := sampleStore(t)
	for _, name := range []string{"map.png", "map.svg"} {
		picture := filepath.Join(t.TempDir(), name)
		ok(t, "plot", store, "h_mean", "-o", picture, "--title", "Heights")
		info, err := os.Stat(picture)
		require.NoError(t, err)
		require.Greater(t, info.Size(), int64(10000))
	}
	code, _, errs := execute(t, "", "plot", store, "h_maen")
	require.Equal(t, 1, code)
	require.Contains(t, errs, "have cell_ids, count, h_max")
	code, _, errs = execute(t, "", "plot", store, "cell_ids")
	require.Equal(t, 1, code)
	require.Contains(t, errs, "a coordinate, not a variable")
	code, _, errs = execute(t, "", "plot", store, "h_mean", "-o", filepath.Join(t.TempDir(), "nowhere", "map.png"))
	require.Equal(t, 1, code)
	require.Contains(t, errs, "there is no folder")
	var info stored.Info
	require.NoError(t, json.Unmarshal([]byte(ok(t, "info", store, "--json")), &info))
	require.Equal(t, "healpix", info.Grid)
	require.Equal(t, 25, info.Shards)
	require.Equal(t, int64(41068), info.Observations)
	for _, a := range info.Arrays {
		if a.Name == "h_mean" {
			require.Equal(t, "m", a.Units)
		}
	}
}

const healpix = `{"type":"healpix","parent_order":6,"child_order":12}`

func TestGridLocate(t *testing.T) {
	code, out, errs := execute(t, "name,lon,lat\nx,106.2,-75.1\ny,-253.8,-75.1\n", "grid", "locate", "--grid", healpix, "-")
	require.Zero(t, code, errs)
	rows, err := csv.NewReader(strings.NewReader(out)).ReadAll()
	require.NoError(t, err)
	require.Equal(t, []string{"lat", "lon", "cell_id", "morton", "decimal", "shard_key"}, rows[0])
	require.Equal(t, []string{"-75.1", "106.2", "153115887", "11674965139215351820", "-4131122414344", "11674737609027878918"}, rows[1])
	require.Equal(t, rows[1][2:], rows[2][2:], "longitudes that differ by 360 degrees are one place")

	code, out, _ = execute(t, "-75.1,106.2\n", "grid", "locate", "--json", "--grid", healpix)
	require.Zero(t, code)
	require.JSONEq(t, `[{"lat":-75.1,"lon":106.2,"cell_id":153115887,"morton":11674965139215351820,"decimal":"-4131122414344","shard_key":11674737609027878918}]`, out)
	code, out, _ = execute(t, "nan,1\n-75.1,106.2\n", "grid", "locate", "--grid", healpix)
	require.Zero(t, code)
	require.Contains(t, out, "\nnan,1,,,,\n-75.1,106.2,153115887,")
	code, out, _ = execute(t, "nan,1\n", "grid", "locate", "--json", "--grid", healpix)
	require.Zero(t, code)
	require.JSONEq(t, `[{"lat":null,"lon":1,"cell_id":null,"morton":null,"decimal":null,"shard_key":null}]`, out)
	code, out, _ = execute(t, "", "grid", "locate", "--json", "--grid", healpix)
	require.Zero(t, code)
	require.JSONEq(t, "[]", out)
	code, _, errs = execute(t, "1,2\n3,four\n", "grid", "locate", "--grid", healpix)
	require.Equal(t, 1, code)
	require.Contains(t, errs, "row 2")
	code, _, errs = execute(t, "1,2\n", "grid", "locate", "--grid", `{"type":"squares"}`)
	require.Equal(t, 1, code)
	require.Contains(t, errs, `no grid squares in this binary; have [`)
}

func TestConfigCommands(t *testing.T) {
	require.Contains(t, ok(t, "config", "check", "atl06", "sample/demo.yaml"), "sample/demo.yaml: ok, 6 variables")
	require.Contains(t, ok(t, "config", "show"), "atl06\n")
	mine := filepath.Join(t.TempDir(), "mine.yaml")
	require.NoError(t, os.WriteFile(mine, []byte(ok(t, "config", "show", "atl06")), 0o644))
	ok(t, "config", "check", mine)
	require.True(t, json.Valid([]byte(ok(t, "config", "schema"))))

	text, err := os.ReadFile(mine)
	require.NoError(t, err)
	for broken, want := range map[string][2]string{
		"unknown statistic":  {"function: max,", "function: maxx,"},
		"unknown column":     {"1.0 / s_li**2", "1.0 / s_lii**2"},
		"bad expression":     {"np.sqrt(np.sum", "np.sqt(np.sum"},
		"quantile beyond":    {"q: 0.75", "q: 1.75"},
		"order out of range": {"child_order: 12 ", "child_order: 32 "},
	} {
		changed := strings.Replace(string(text), want[0], want[1], 1)
		require.NotEqual(t, string(text), changed, broken)
		require.NoError(t, os.WriteFile(mine, []byte(changed), 0o644))
		code, _, errs := execute(t, "", "config", "check", mine)
		require.Equal(t, 1, code, broken)
		require.Regexp(t, `mine\.yaml:\d+`, errs, broken)
	}
}

func TestDemo(t *testing.T) {
	folder := t.TempDir()
	out := ok(t, "demo", "--store", filepath.Join(folder, "d.zarr"), "--picture", filepath.Join(folder, "d.png"))
	require.Contains(t, out, "41,068 obs")
	require.FileExists(t, filepath.Join(folder, "d.png"))
	require.FileExists(t, filepath.Join(folder, "sample", "demo.yaml"))
}

func TestCompletion(t *testing.T) {
	for _, shell := range []string{"bash", "zsh", "fish", "powershell"} {
		require.NotEmpty(t, ok(t, "completion", shell))
	}
	require.Contains(t, ok(t, "__complete", "run", "--driver", ""), "https")
}
