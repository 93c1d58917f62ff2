//go:build suites

package golden

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go"
	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/internal/sharedtest"
)

// photonGranules is a folder with the first n granules of photons.
func photonGranules(t *testing.T, n int) string {
	files, err := filepath.Glob(filepath.Join(sharedtest.Dir(t, "golden", "granules_atl03"), "ATL03_*.h5"))
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(files), n)
	folder := t.TempDir()
	for _, f := range files[:n] {
		require.NoError(t, os.Symlink(f, filepath.Join(folder, filepath.Base(f))))
	}
	return folder
}

// Photons, linked to their segments: filters of segments, their variables at each photon, and no photon that a plan loses, at one,
// three and all shards a job.
func TestPhotons(t *testing.T) {
	var pairs []string // one start of Python for all
	for _, c := range []struct {
		name     string
		granules int
	}{{"levels", 4}, {"rect", 3}, {"rect_edge", 4}, {"waveform_chunk", 3}, {"tdigest_d64", 4}, {"tdigest_d8192", 4}, {"located", 4}} {
		dir := sharedtest.Dir(t, "golden", "atl03", c.name)
		granules := photonGranules(t, c.granules)
		var stores []string
		for _, perJob := range []string{"1", "3", "100"} {
			store := filepath.Join(t.TempDir(), "store.zarr")
			zagg(t, "run", "--config", unmasked(t, filepath.Join(dir, "config.yaml")), "--granules", granules, "--store", store, "-q", "--shards-per-job", perJob)
			stores = append(stores, store)
		}
		for _, expected := range []string{"expected.parquet", "chunks.parquet"} {
			if path := filepath.Join(dir, expected); exists(path) {
				pairs = append(append(pairs, path), stores...)
			}
		}
	}
	python(t, "golden/photons.py", pairs...)
}

// A referenceJob is a store to compare with an independent computation of its granules' photons.
type referenceJob struct {
	Store    string   `json:"store"`
	Granules []string `json:"granules"`
	Least    int      `json:"least"` // photons of a segment, below which it is left out
}

// Shipped configurations of photons run as they are written, and give what h5py, numpy and healpy give.
func TestShippedPhotons(t *testing.T) {
	folder := photonGranules(t, 3)
	granules, err := filepath.Glob(filepath.Join(folder, "*.h5"))
	require.NoError(t, err)
	var jobs []referenceJob
	for _, config := range []string{"atl03", "atl03_waveform_counts", "atl03_waveform_chunk", "atl03_gain_bias_healpix", "atl03_tdigest_healpix", "atl03_tdigest_strata_healpix"} {
		store := filepath.Join(t.TempDir(), config+".zarr")
		zagg(t, "run", "--config", config, "--granules", folder, "--store", store, "-q")
		jobs = append(jobs, referenceJob{store, granules, 0})
	}
	reference(t, jobs)

	store := jobs[4].Store // which the documentation reads
	zagg(t, "coarsen", store, "--levels", "17,15")
	read := t.TempDir()
	require.NoError(t, os.Symlink(store, filepath.Join(read, "photons.zarr")))
	page, err := filepath.Abs(filepath.Join("..", "..", "docs", "reading-stores.md"))
	require.NoError(t, err)
	python(t, "golden/recipe.py", page, read)
}

// Siblings are found by their names among the granules, and give what a shard map gives that names them; a granule without its sibling is
// refused. A configuration that asks for a hive gets one store, and is told so.
func TestSiblingsByName(t *testing.T) {
	granules := sharedtest.Dir(t, "golden", "granules_atl03")
	all := filepath.Join(granules, "GEDI0*.h5")
	var summary struct {
		Observations int64            `json:"observations"`
		Dropped      map[string]int64 `json:"dropped"`
	}
	out := zagg(t, "run", "--config", "gedi01b_waveform_healpix_hive", "--granules", all, "--store", filepath.Join(t.TempDir(), "gedi.zarr"), "--json", "-q")
	require.NoError(t, json.Unmarshal([]byte(out), &summary))
	require.Equal(t, int64(14876), summary.Observations)
	require.Equal(t, map[string]int64{"coordinates": 18888, "expression": 3118, "filter": 6053}, summary.Dropped)
	text, err := os.ReadFile(sharedtest.Dir(t, "golden", "atl03", "gedi", "config.yaml"))
	require.NoError(t, err)
	config, store := filepath.Join(t.TempDir(), "config.yaml"), filepath.Join(t.TempDir(), "store.zarr")
	require.NoError(t, os.WriteFile(config, []byte(strings.Replace(string(text), "    l2a:\n", "    l2a:\n      files: GEDI02_A_*\n", 1)), 0o644))
	require.Contains(t, zagg(t, "config", "check", config), "output.store_layout: one store is written, not one for each shard")
	zagg(t, "run", "--config", config, "--granules", all, "--store", store, "-q")
	python(t, "golden/photons.py", filepath.Join(sharedtest.Dir(t, "golden", "atl03", "gedi"), "expected.parquet"), store)
	require.Contains(t, refused(t, "run", "--config", config, "--granules", filepath.Join(granules, "GEDI01*.h5"), "--store", store), "2 of 2 granules, this the first, have no file GEDI02_A_*")
	require.Contains(t, refused(t, "run", "--config", config, "--granules", filepath.Join(granules, "GEDI02*.h5"), "--store", store), "none is a granule")
}

// Real photons, with the columns of their segments, strata and compositions, at one, three and all shards a job, with plans and without,
// give what h5py, numpy and healpy give.
func TestRealPhotons(t *testing.T) {
	granule := sharedtest.Dir(t, "data", "atl03", "ATL03_gt1l.h5")
	var jobs []referenceJob
	for _, c := range []struct {
		least  int
		plan   string
		perJob string
	}{{0, "", "1"}, {0, "", "3"}, {0, "", "100"}, {60, "", "1"}, {60, "read_plan: {spatial_index: null}", "100"}, {0, "read_plan: {pad: 2, full_read_threshold: 1, reach: 200}", "1"}} {
		config, store := filepath.Join(t.TempDir(), "config.yaml"), filepath.Join(t.TempDir(), "store.zarr")
		filter := ""
		if c.least > 0 {
			filter = fmt.Sprintf("- {level: segments, dataset: segment_ph_cnt, op: ge, value: %d}", c.least)
		}
		require.NoError(t, os.WriteFile(config, fmt.Appendf(nil, realPhotons, c.plan, filter), 0o644))
		zagg(t, "run", "--config", config, "--granules", granule, "--store", store, "-q", "--shards-per-job", c.perJob)
		jobs = append(jobs, referenceJob{store, []string{granule}, c.least})
	}
	reference(t, jobs)
}

const realPhotons = `
data_source:
  reader: atl03
  %s
  filters:
    - {dataset: signal_conf_land, op: ne, value: -2}
    %s
aggregation:
  variables:
    count: {function: len, dtype: int32}
    n_heights: {function: count, source: h_ph, dtype: int32}
    n_segments: {function: count, source: segment_id, dtype: int32}
    h_min: {function: min, source: h_ph}
    h_max: {function: max, source: h_ph}
    h_mean: {function: mean, source: h_ph}
    h_median: {function: median, source: h_ph}
    dem_mean: {function: mean, source: dem_h}
    seg_max: {function: max, source: segment_id, dtype: int32, fill_value: 0}
    h_tdigest: {kind: ragged, function: tdigest, source: h_ph, inner_shape: [2], params: {delta: 64}}
    h_signal: {kind: ragged, function: tdigest, source: h_ph, inner_shape: [2], params: {delta: 64, where: signal_conf_land >= 2}}
    h_noise: {kind: ragged, function: tdigest, source: h_ph, inner_shape: [2], params: {delta: 64, where: signal_conf_land < 2}}
    composition:
      function: composition
      source: h_ph
      dtype: uint64
      params: {threshold: 2, conf_land: signal_conf_land, conf_ocean: signal_conf_ocean, conf_sea_ice: signal_conf_sea_ice, conf_land_ice: signal_conf_land_ice, conf_inland_water: signal_conf_inland_water}
      attrs: {composition: {of: h_signal, threshold: 2}}
output:
  grid: {type: healpix, parent_order: 14, child_order: 18, chunk_inner: 16, sharded: true, layout: compact}
`

func reference(t *testing.T, jobs []referenceJob) {
	text, err := json.Marshal(jobs)
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "jobs.json")
	require.NoError(t, os.WriteFile(path, text, 0o644))
	python(t, "golden/photons_reference.py", path)
}

// localMap is the shard map of a case, its granules and their siblings in the shared folder.
func localMap(t *testing.T, name string) string {
	text, err := os.ReadFile(sharedtest.Dir(t, "golden", "atl03", name, "shardmap.json"))
	require.NoError(t, err)
	catalog := filepath.Join(t.TempDir(), "shardmap.json")
	local := strings.ReplaceAll(string(text), "s3://granules_atl03/", sharedtest.Dir(t, "golden", "granules_atl03")+"/")
	require.NoError(t, os.WriteFile(catalog, []byte(local), 0o644))
	return catalog
}

// Waveforms: all samples of a shot lie at its place, elevations go along it in equal steps, and what a sibling says of the same shot
// filters it, at one and all shards a job, with the configuration as it is and with fill values taken as numbers.
func TestWaveforms(t *testing.T) {
	dir := sharedtest.Dir(t, "golden", "atl03", "gedi")
	pairs := []string{filepath.Join(dir, "expected.parquet")}
	for _, config := range []string{filepath.Join(dir, "config.yaml"), unmasked(t, filepath.Join(dir, "config.yaml"))} {
		for _, perJob := range []string{"1", "100"} {
			store := filepath.Join(t.TempDir(), "store.zarr")
			zagg(t, "run", "--config", config, "--catalog", localMap(t, "gedi"), "--store", store, "-q", "--shards-per-job", perJob)
			pairs = append(pairs, store)
		}
	}
	python(t, "golden/photons.py", pairs...)
}

// The reader atl03 is a layout of the same machinery: with it a configuration need not describe the product.
func TestPhotonsByProduct(t *testing.T) {
	config := filepath.Join(t.TempDir(), "config.yaml")
	require.NoError(t, os.WriteFile(config, []byte(`
data_source:
  reader: atl03
  mask_fill: false
  filters:
    - {dataset: signal_conf_land, op: ne, value: -2}
    - {dataset: "/{group}/heights/quality_ph", op: in, values: [0, 1]}
    - {level: segments, dataset: "/{group}/geolocation/segment_ph_cnt", op: ge, value: 20}
    - {expression: (h_ph - dem_h) < 60}
aggregation:
  variables:
    count: {function: len, source: h_ph, dtype: int32}
    dh_mean: {expression: np.mean(h_ph - dem_h)}
    dem_min: {function: min, source: dem_h}
    seg_max: {function: max, source: segment_id, dtype: int32, fill_value: 0}
output:
  grid: {type: healpix, parent_order: 13, child_order: 17, chunk_inner: 15, sharded: true}
`), 0o644))
	store := filepath.Join(t.TempDir(), "store.zarr")
	zagg(t, "run", "--config", config, "--granules", photonGranules(t, 4), "--store", store, "-q")
	python(t, "golden/photons.py", filepath.Join(sharedtest.Dir(t, "golden", "atl03", "levels"), "expected.parquet"), store)
}

// A photon without a height, or one of the product's fill value, makes no number of its chunk, and spoils no other: the histograms of
// the chunk count nothing, and all other arrays are what they are without it.
func TestOddPhotons(t *testing.T) {
	dir := sharedtest.Dir(t, "golden", "atl03")
	store := filepath.Join(t.TempDir(), "store.zarr")
	zagg(t, "run", "--config", unmasked(t, filepath.Join(dir, "waveform_chunk", "config.yaml")), "--granules", photonGranules(t, 4), "--store", store, "-q")
	python(t, "golden/odd_photons.py", store, filepath.Join(dir, "rect_edge", "expected.parquet"))
}

// Coarser cells are folded of the store's own by the law of the earlier system's overviews: its exact fields, digests, places and times.
func TestOverviews(t *testing.T) {
	dir := sharedtest.Dir(t, "golden", "atl03", "overview")
	granules := photonGranules(t, 3)
	store := filepath.Join(t.TempDir(), "store.zarr")
	zagg(t, "run", "--config", filepath.Join(dir, "config.yaml"), "--granules", granules, "--store", store, "-q")
	python(t, "golden/photons.py", filepath.Join(dir, "expected.parquet"), store)
	for _, id := range []string{"1", "3911641447652130829"} {
		require.NotEmpty(t, refused(t, "info", store, "--cell", id), "no cell of order 17 of the store")
	}
	cell := zagg(t, "info", store, "--cell", firstCell(t, filepath.Join(dir, "expected.parquet")))
	require.Regexp(t, `(?s)count +\d+\n.*h_tdigest +\d+ centroids, weight \d+\n +[ ▁▂▃▄▅▆▇█]+\n +min [\d.]+, 5% .*max [\d.]+\n`, cell)
	out := zagg(t, "coarsen", store, "--levels", "17,15,14,13,12,11,10,9,8,7,6,5,4,3,2")
	require.Contains(t, out, "left out: h_mean: mean cannot be computed of its own results")
	require.Contains(t, out, "exact: count, h_min, h_max, h_sum\napproximate: h_tdigest\n")
	python(t, "golden/overviews.py", filepath.Join(dir, "overviews.parquet"), store)
	require.Contains(t, zagg(t, "verify", store, "--deep"), "all as it was written")
	require.Contains(t, zagg(t, "run", "--config", filepath.Join(dir, "config.yaml"), "--granules", granules, "--store", store), "(4 done before)")
}

// firstCell is the nested id of the first cell of a table of expected values.
func firstCell(t *testing.T, path string) string {
	f, err := os.Open(path)
	require.NoError(t, err)
	defer f.Close()
	rows, err := parquet.Read[struct {
		Nested uint64 `parquet:"nested"`
	}](f, fileSize(t, f))
	require.NoError(t, err)
	return fmt.Sprint(rows[0].Nested)
}

func fileSize(t *testing.T, f *os.File) int64 {
	info, err := f.Stat()
	require.NoError(t, err)
	return info.Size()
}

// Folded counts, minima, maxima and sums are those of a run at the coarser order, in shards as large as the store's and larger, also where
// a fill value is a value like others.
func TestCoarsenIsExact(t *testing.T) {
	granules := sharedtest.Dir(t, "golden", "granules_small")
	config := func(child, parent int) string {
		path := filepath.Join(t.TempDir(), "config.yaml")
		require.NoError(t, os.WriteFile(path, fmt.Appendf(nil, `
data_source: {reader: atl06}
aggregation:
  variables:
    count: {function: count, source: h_li, dtype: int32}
    h_min: {function: min, source: h_li}
    h_max: {function: max, source: h_li}
    h_sum: {function: sum, source: h_li}
    h_median: {function: median, source: h_li}
    quality: {function: count, source: atl06_quality_summary, dtype: int32}
    h_low: {function: min, source: atl06_quality_summary, dtype: int16, fill_value: 0}
output: {grid: {type: healpix, parent_order: %d, child_order: %d, layout: compact}}
`, parent, child), 0o644))
		return path
	}
	store := filepath.Join(t.TempDir(), "store.zarr")
	zagg(t, "run", "--config", config(12, 6), "--granules", granules, "--store", store, "-q")
	out := zagg(t, "coarsen", store, "--levels", "10,7", "--order", "4")
	require.Contains(t, out, "left out: h_median: median cannot be computed of its own results")
	args := []string{store}
	for _, order := range []int{10, 7, 4} {
		run := filepath.Join(t.TempDir(), "run.zarr")
		zagg(t, "run", "--config", config(order, 4), "--granules", granules, "--store", run, "-q")
		args = append(args, fmt.Sprint(order), run)
	}
	python(t, "golden/coarse.py", args...)
}

// Granules and configurations at random give what a naive computation gives, at one, three and all shards a job, and coarser.
func TestOtherPhotons(t *testing.T) {
	sharedtest.NeedsSweep(t)
	for seed := range 2 {
		folder := t.TempDir()
		python(t, "golden/other_photons.py", "make", folder, fmt.Sprint(seed+4))
		config := filepath.Join(folder, "config.yaml")
		args := []string{"check", folder}
		for _, perJob := range []string{"1", "3", "100"} {
			store := filepath.Join(t.TempDir(), "store.zarr")
			zagg(t, "run", "--config", config, "--granules", filepath.Join(folder, "*.h5"), "--store", store, "-q", "--shards-per-job", perJob)
			args = append(args, store)
		}
		var made struct {
			Output struct {
				Grid struct {
					Child int `json:"child_order"`
				} `json:"grid"`
			} `json:"output"`
		}
		text, err := os.ReadFile(config)
		require.NoError(t, err)
		require.NoError(t, json.Unmarshal(text, &made))
		zagg(t, "coarsen", args[2], "--levels", fmt.Sprintf("%d,%d", made.Output.Grid.Child-1, made.Output.Grid.Child-4))
		python(t, "golden/other_photons.py", args...)
	}
}
