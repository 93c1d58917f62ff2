//go:build suites

package identity

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/cmd/zagg/cli"
	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/objstore"
	"github.com/englacial/zagg/core/objstore/s3store"
	"github.com/englacial/zagg/internal/awstest"
	"github.com/englacial/zagg/internal/job"
	layout "github.com/englacial/zagg/internal/store"
	"github.com/englacial/zagg/plugins/all"
)

// TestMain makes the test's program a function when the emulator starts it.
func TestMain(m *testing.M) {
	if os.Getenv("AWS_LAMBDA_RUNTIME_API") != "" {
		os.Exit(cli.Main(all.Plugins()...))
	}
	os.Exit(m.Run())
}

const config = `data_source:
  reader: atl06
  variables: {h_li: "/{group}/land_ice_segments/h_li"}
aggregation:
  variables:
    count: {function: len, source: h_li, dtype: int32, fill_value: 0}
    mean: {function: mean, source: h_li, dtype: float64}
output:
  grid: {type: healpix, indexing_scheme: nested, parent_order: 6, child_order: 10, layout: fullsphere}
`

const name = "ATL06_20190101000000_01230112_007_01.h5"

// A granule is what make_granules.py writes.
type granule struct {
	File string  `json:"file"`
	Seed int     `json:"seed"`
	Rows int     `json:"rows"` // of one beam; the other has half of them
	Bad  int     `json:"bad"`  // of each beam
	Lat  float64 `json:"lat"`
}

func (g granule) all() int64 { return int64(g.Rows + g.Rows/2) }

// write makes granules in a new folder, which it gives, and the configuration beside them.
func write(t *testing.T, granules ...granule) string {
	t.Helper()
	python := os.Getenv("ZAGG_PYTHON")
	if python == "" {
		t.Skip("ZAGG_PYTHON is not set")
	}
	folder := t.TempDir()
	for i := range granules {
		granules[i].File = filepath.Join(folder, "in", granules[i].File)
		if granules[i].Lat == 0 {
			granules[i].Lat = -78
		}
	}
	text, err := json.Marshal(granules)
	require.NoError(t, err)
	list := filepath.Join(folder, "granules.json")
	require.NoError(t, os.WriteFile(list, text, 0o644))
	out, err := exec.Command(python, "make_granules.py", list).CombinedOutput()
	require.NoError(t, err, string(out))
	require.NoError(t, os.WriteFile(filepath.Join(folder, "config.yaml"), []byte(config), 0o644))
	return folder
}

// A summary is what `zagg run --json` prints.
type summary struct {
	Observations int64            `json:"observations"`
	Dropped      map[string]int64 `json:"dropped"`
	Missing      []string         `json:"granules_missing"`
	Superseded   []job.Superseded `json:"granules_superseded"`
	Shards       struct{ Total, Skipped int }
	Store        string
}

// zagg runs a configuration of a folder and gives exit code, summary and what was said.
func zagg(t *testing.T, folder string, args ...string) (int, summary, string) {
	t.Helper()
	var out, errs bytes.Buffer
	args = append([]string{"run", "--config", filepath.Join(folder, "config.yaml"), "--store", filepath.Join(folder, "out.zarr"), "--json", "-q"}, args...)
	code := cli.Run(t.Context(), args, strings.NewReader(""), &out, &errs, all.Plugins()...)
	var s summary
	if out.Len() > 0 {
		require.NoError(t, json.Unmarshal(out.Bytes(), &s), out.String())
	}
	return code, s, errs.String()
}

// records reads all records of a folder's store.
func records(t *testing.T, folder string) []*layout.Record {
	t.Helper()
	store, url := &objstore.File{}, filepath.Join(folder, "out.zarr")
	labels, err := layout.ListRecords(t.Context(), store, url)
	require.NoError(t, err)
	out := make([]*layout.Record, len(labels))
	for i, l := range labels {
		out[i], err = layout.LoadRecord(t.Context(), store, url, l)
		require.NoError(t, err)
	}
	return out
}

// sums wants that records add up to rows, bad of which have no position.
func sums(t *testing.T, folder string, rows, bad int64) {
	t.Helper()
	var total job.Receipt
	for _, r := range records(t, folder) {
		o := r.Receipt.Observations
		parts := o.Kept
		for _, n := range o.Dropped {
			parts += n
		}
		require.Equal(t, o.Read, parts, "a record adds up")
		total.Add(&r.Receipt)
	}
	require.Equal(t, rows, total.Observations.Read)
	require.Equal(t, bad, total.Observations.Dropped[job.DropCoordinates])
	require.Equal(t, rows-bad, total.Observations.Kept)
}

// Rows without a position are counted once, on any way: here, in the cloud, with sidecars, and when granules come and go between
// runs.
func TestSumsOfRecords(t *testing.T) {
	a, b := granule{File: name, Seed: 1, Rows: 2000, Bad: 9}, granule{File: "ATL06_20190102000000_01380112_007_01.h5", Seed: 2, Rows: 3000, Bad: 5, Lat: -80}
	c := granule{File: "ATL06_20190103000000_01530112_007_01.h5", Seed: 3, Rows: 6, Bad: 3} // one beam has no place at all
	for way, more := range map[string][]string{
		"here":     nil,
		"alone":    {"--max-workers", "1"},
		"lambda":   {"--backend", "lambda", "--emulate"},
		"sidecars": {"index"},
	} {
		folder := write(t, a, b, c)
		if way == "sidecars" {
			more = nil
			text := strings.Replace(config, "  reader: atl06\n", fmt.Sprintf("  reader: atl06\n  index: {backend: sidecar, store: %q, write_back: true}\n", filepath.Join(folder, "indexes")), 1)
			require.NoError(t, os.WriteFile(filepath.Join(folder, "config.yaml"), []byte(text), 0o644))
			code, _, errs := zagg(t, folder, "--granules", filepath.Join(folder, "in"))
			require.Zero(t, code, errs)
			more = []string{"--overwrite"}
		}
		run := func(granules ...granule) {
			t.Helper()
			args, rows, bad := append(slices.Clone(more), "--allow-contraction"), int64(0), int64(0)
			for _, g := range granules {
				args = append(args, "--granules", filepath.Join(folder, "in", g.File))
				rows, bad = rows+g.all(), bad+2*int64(g.Bad)
			}
			code, s, errs := zagg(t, folder, args...)
			require.Zero(t, code, "%s: %s", way, errs)
			require.Equal(t, bad, s.Dropped[job.DropCoordinates], way)
			sums(t, folder, rows, bad)
		}
		run(a)
		run(a, b)
		run(b, c)
		run(a, b, c)
		if way != "sidecars" {
			code, s, _ := zagg(t, folder, append(more, "--granules", filepath.Join(folder, "in"))...)
			require.Zero(t, code)
			require.Equal(t, s.Shards.Total, s.Shards.Skipped, "%s: nothing is computed twice", way)
		}
	}
}

// A granule none of whose rows has a position is counted too.
func TestGranuleWithoutAPlace(t *testing.T) {
	folder := write(t, granule{File: name, Seed: 1, Rows: 200, Bad: 0}, granule{File: "ATL06_20190103000000_01530112_007_01.h5", Seed: 3, Rows: 3, Bad: 1})
	nowhere := granule{File: "ATL06_20190104000000_01680112_007_01.h5", Seed: 4, Rows: 2, Bad: 1}
	other := write(t, nowhere)
	require.NoError(t, os.Rename(filepath.Join(other, "in", nowhere.File), filepath.Join(folder, "in", nowhere.File)))
	code, s, errs := zagg(t, folder, "--granules", filepath.Join(folder, "in"))
	require.Zero(t, code, errs)
	require.Equal(t, int64(4), s.Dropped[job.DropCoordinates])
	sums(t, folder, 300+4+3, 4)
}

// Of the same observations one granule is used, from every source, and the others are named in the output and in one record.
func TestRevisions(t *testing.T) {
	for _, other := range []string{strings.Replace(name, "_01.h5", "_02.h5", 1), strings.Replace(name, "007_01", "008_01", 1), "processed_" + strings.Replace(name, "007_01", "006_01", 1), "processed_" + name} {
		folder := write(t, granule{File: name, Seed: 1, Rows: 400}, granule{File: other, Seed: 1, Rows: 400})
		used, left := name, other
		if !strings.HasPrefix(other, "processed") {
			used, left = other, name
		}
		in := func(n string) string { return filepath.Join(folder, "in", n) }
		list := filepath.Join(folder, "list.txt")
		require.NoError(t, os.WriteFile(list, []byte(in(other)+"\n"+in(name)+"\n"), 0o644))
		for source, args := range map[string][]string{
			"folder": {"--granules", filepath.Join(folder, "in")}, "list": {"--granules", "@" + list}, "map": {"--catalog", shardMap(t, folder, map[string]string{"one": in(name), "two": in(other)})},
		} {
			code, s, errs := zagg(t, folder, append(args, "--overwrite")...)
			require.Zero(t, code, errs)
			require.Equal(t, int64(600), s.Observations, "%s of %s", other, source)
			require.Equal(t, []job.Superseded{{Granule: left, By: used}}, s.Superseded)
			require.Contains(t, errs, left)
			var named []job.Superseded
			for _, r := range records(t, folder) {
				named = append(named, r.Superseded...)
			}
			require.Equal(t, s.Superseded, named)
		}
	}
}

// shardMap writes a map of the two shards of the test's track with granules by id.
func shardMap(t *testing.T, folder string, granules map[string]string) string {
	t.Helper()
	ids := slices.Sorted(maps.Keys(granules))
	first := granules[ids[0]]
	probe := filepath.Join(folder, "probe.zarr")
	var out, errs bytes.Buffer
	code := cli.Run(t.Context(), []string{"run", "--config", filepath.Join(folder, "config.yaml"), "--store", probe, "--granules", first, "--overwrite", "-q"}, strings.NewReader(""), &out, &errs, all.Plugins()...)
	require.Zero(t, code, errs.String())
	labels, err := layout.ListRecords(t.Context(), &objstore.File{}, probe)
	require.NoError(t, err)
	m := map[string]any{"metadata": map[string]any{}}
	var keys []json.RawMessage
	var lists [][]map[string]any
	for _, l := range labels {
		r, err := layout.LoadRecord(t.Context(), &objstore.File{}, probe, l)
		require.NoError(t, err)
		m["grid_signature"] = r.Signature
		keys = append(keys, json.RawMessage(r.ShardKey))
		var list []map[string]any
		for _, id := range ids {
			list = append(list, map[string]any{"id": id, "s3": granules[id], "https": nil})
		}
		lists = append(lists, list)
	}
	m["shard_keys"], m["granules"] = keys, lists
	text, err := json.Marshal(m)
	require.NoError(t, err)
	file := filepath.Join(folder, fmt.Sprintf("map%d.json", len(granules)))
	require.NoError(t, os.WriteFile(file, text, 0o644))
	return file
}

// Two files of one name in two folders, of no known product, are two granules: a second one is computed, and each has its sidecar.
func TestFoldersWithOneName(t *testing.T) {
	folder := write(t, granule{File: "one/data.h5", Seed: 1, Rows: 400}, granule{File: "two/data.h5", Seed: 2, Rows: 600})
	indexes := filepath.Join(folder, "indexes")
	text := strings.Replace(config, "  reader: atl06\n", fmt.Sprintf("  reader: atl06\n  index: {backend: sidecar, store: %q, write_back: true}\n", indexes), 1)
	require.NoError(t, os.WriteFile(filepath.Join(folder, "config.yaml"), []byte(text), 0o644))
	one, two := filepath.Join(folder, "in", "one", "data.h5"), filepath.Join(folder, "in", "two", "data.h5")
	first := shardMap(t, folder, map[string]string{"a": one})
	both := shardMap(t, folder, map[string]string{"a": one, "b": two})
	for _, way := range [][]string{nil, {"--backend", "lambda", "--emulate"}} {
		code, s, errs := zagg(t, folder, append(way, "--catalog", first, "--overwrite")...)
		require.Zero(t, code, errs)
		require.Equal(t, int64(600), s.Observations)
		for range 2 {
			code, s, errs = zagg(t, folder, append(way, "--catalog", both)...)
			require.Zero(t, code, errs)
			require.Equal(t, int64(1500), s.Observations)
		}
		require.Equal(t, s.Shards.Total, s.Shards.Skipped)
	}
	code, s, errs := zagg(t, folder, "--granules", filepath.Join(folder, "in"), "--overwrite")
	require.Zero(t, code, errs)
	require.Equal(t, int64(1500), s.Observations)
	files, err := os.ReadDir(indexes)
	require.NoError(t, err)
	require.Len(t, files, 2, "a sidecar for each")
}

// What is missing is in the records, from every source, and the exit code is 3.
func TestMissing(t *testing.T) {
	folder := write(t, granule{File: name, Seed: 1, Rows: 400})
	good, gone := filepath.Join(folder, "in", name), filepath.Join(folder, "in", strings.Replace(name, "2019", "2020", 1))
	for source, args := range map[string][]string{
		"granules": {"--granules", good, "--granules", gone},
		"map":      {"--catalog", shardMap(t, folder, map[string]string{"a": good, "b": gone})},
	} {
		if source == "granules" {
			list := filepath.Join(folder, "list.txt")
			require.NoError(t, os.WriteFile(list, []byte(good+"\n"+gone+"\n"), 0o644))
			args = []string{"--granules", "@" + list}
		}
		code, _, _ := zagg(t, folder, append(args, "--overwrite")...)
		require.Equal(t, 1, code, source)
		for _, way := range [][]string{nil, {"--backend", "lambda", "--emulate"}} {
			code, s, errs := zagg(t, folder, slices.Concat(args, way, []string{"--overwrite", "--allow-missing"})...)
			require.Equal(t, 3, code, "%s %v: %s", source, way, errs)
			require.Equal(t, []string{filepath.Base(gone)}, s.Missing, source)
			named := 0
			for _, r := range records(t, folder) {
				if slices.Contains(r.Missing, filepath.Base(gone)) {
					named++
					require.Equal(t, job.Partial, r.Status)
				}
			}
			require.Positive(t, named, source)
		}
	}
}

// Listings in S3 are tried again like all requests; a granule to which access is denied is no missing one.
func TestS3(t *testing.T) {
	folder := write(t, granule{File: name, Seed: 1, Rows: 400}, granule{File: strings.Replace(name, "2019", "2020", 1), Seed: 2, Rows: 400})
	s3, err := awstest.StartS3(t.Context(), awstest.S3Options{Root: t.TempDir(), Buckets: []string{"inputs"}})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s3.Close()) })
	for k, v := range s3.Environ() {
		t.Setenv(k, v)
	}
	store, err := s3store.New(t.Context(), s3store.Options{})
	require.NoError(t, err)
	files, err := filepath.Glob(filepath.Join(folder, "in", "*.h5"))
	require.NoError(t, err)
	for _, f := range files {
		data, err := os.ReadFile(f)
		require.NoError(t, err)
		require.NoError(t, objstore.PutBytes(t.Context(), store, "s3://inputs/g/"+filepath.Base(f), data, core.PutOptions{}))
	}
	for _, fault := range []awstest.S3Fault{awstest.SlowDown(), awstest.InternalError()} {
		for _, pattern := range []string{"s3://inputs/g/", "s3://inputs/g/*.h5"} {
			var listings atomic.Int64
			s3.SetFault(func(r *http.Request) awstest.S3Fault {
				if strings.Contains(r.URL.RawQuery, "list-type") && listings.Add(1) == 1 {
					return fault
				}
				return awstest.S3Fault{}
			})
			code, s, errs := zagg(t, folder, "--granules", pattern, "--overwrite")
			require.Zero(t, code, errs)
			require.Equal(t, int64(1200), s.Observations)
			require.EqualValues(t, 2, listings.Load())
		}
	}
	s3.SetFault(func(r *http.Request) awstest.S3Fault {
		if strings.Contains(r.URL.Path, "ATL06_2020") {
			return awstest.AccessDenied()
		}
		return awstest.S3Fault{}
	})
	code, _, errs := zagg(t, folder, "--granules", "s3://inputs/g/", "--overwrite", "--allow-missing")
	require.Equal(t, 1, code, errs)
	require.Contains(t, errs, "ATL06_2020")
}
