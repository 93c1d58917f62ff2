//go:build suites

package golden

import (
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
