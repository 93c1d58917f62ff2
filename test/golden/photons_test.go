package golden

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

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
