//go:build suites

package golden

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/internal/sharedtest"
)

// Products without code of their own: the shipped configurations run on granules of the documented layout, leave out what filters refuse
// and what has a fill value, and keep the rest.
func TestProductsByConfiguration(t *testing.T) {
	granules := t.TempDir()
	python(t, "golden/products.py", granules)
	for _, c := range []struct {
		config, granule string
		kept, filtered  int64
		left            map[string]int64
	}{
		{"gedi04_a", "GEDI04_A_*", 300, 100, map[string]int64{"count": 2, "agbd_mean": 2, "agbd_std": 2, "agbd_q50": 2}},
		{"gedi02_a", "GEDI02_A_*", 300, 100, nil},
		{"atl08", "ATL08_*", 400, 0, map[string]int64{"canopy_count": 20, "canopy_mean": 20, "canopy_max": 20}},
		{"atl11", "ATL11_*", 600, 0, map[string]int64{"h_second_mean": 60, "dh_mean": 60}},
	} {
		store := filepath.Join(t.TempDir(), "store.zarr")
		out := zagg(t, "run", "--config", c.config, "--granules", filepath.Join(granules, c.granule), "--store", store, "--json", "-q")
		var summary struct {
			Observations int64            `json:"observations"`
			Dropped      map[string]int64 `json:"dropped"`
			LeftOut      map[string]int64 `json:"left_out"`
		}
		require.NoError(t, json.Unmarshal([]byte(out), &summary))
		require.Equal(t, c.kept, summary.Observations, c.config)
		require.Equal(t, c.filtered, summary.Dropped["filter"], c.config)
		require.Equal(t, c.left, summary.LeftOut, c.config)
	}
}

// A configuration that is drafted from a file is checked, runs on it, and says what it chose.
func TestDraftedConfigurations(t *testing.T) {
	made := t.TempDir()
	python(t, "golden/products.py", made)
	photons := sharedtest.Dir(t, "golden", "granules_atl03")
	for _, c := range []struct {
		file  string
		kept  int64
		lines []string
	}{
		{filepath.Join(made, "GEDI02_A_2019108002012_O01959_01_T03909_02_003_01_V002.h5"), 300, []string{"zagg config show gedi02_a", "this file has BEAM0000, BEAM0101", `rh: {path: "/{group}/rh", column: 0}   # columns 0 to 100`,
			`    - {dataset: "/{group}/quality_flag", op: eq, value: 1}   # 1 is good, as GEDI has it; here 0 × 50, 1 × 150`}},
		{filepath.Join(made, "GEDI04_A_2019108002012_O01959_01_T03909_02_002_02_V002.h5"), 300, []string{`agbd: "/{group}/agbd"   # no value: -9999`}},
		{filepath.Join(made, "ATL08_20181014001049_02350102_006_02.h5"), 400, []string{"canopy/h_canopy\"   # no value: 3.4028235e+38"}},
		{filepath.Join(made, "ATL11_000110_0308_006_01.h5"), 600, []string{`groups: ["pt1", "pt2", "pt3"]`}},
		{filepath.Join(made, "ctd.h5"), 125, []string{`sea_water_temp_C_: "/cruise 7/ctd/sea water temp. (C)"   # degC; no value: -999; temperature: in: situ`, "flag_meanings: 1 is good", "    # sealed: ", "ctd_count: "}},
		{sharedtest.Dir(t, "data", "atl06", "ATL06_20230816234629_08822013_006_01.h5"), 851, []string{`latitude: "/{group}/land_ice_segments/latitude"`, "not taken: /{group}/segment_quality/reference_pt_lat", "flag_meanings: 0 is best_quality", "h_li_mean: {function: mean, source: h_li}"}},
		{sharedtest.Dir(t, "data", "atl03", "ATL03_gt1l.h5"), 2870, []string{`index_beg: "/{group}/geolocation/ph_index_beg", count: "/{group}/geolocation/segment_ph_cnt", index_base: 1`, "flag_meanings: 0 is nominal"}},
		{filepath.Join(photons, "ATL03_20241118031500_07102511_007_01.h5"), 4501, []string{`base_level: "heights"`}},
		{filepath.Join(photons, "GEDI01_B_20241203001500_O00909_02_T00100_02_005_01_V002.h5"), 61, []string{"say which of the 3600 rows of /BEAM0001/rxwaveform belong"}},
	} {
		config := filepath.Join(t.TempDir(), "config.yaml")
		zagg(t, "config", "new", "--from", c.file, "-o", config)
		text, err := os.ReadFile(config)
		require.NoError(t, err)
		for _, l := range c.lines {
			require.Contains(t, string(text), l, c.file)
		}
		zagg(t, "config", "check", config, "--granule", c.file)
		var summary struct {
			Observations int64 `json:"observations"`
		}
		out := zagg(t, "run", "--config", config, "--granules", c.file, "--store", filepath.Join(t.TempDir(), "store.zarr"), "--json", "-q")
		require.NoError(t, json.Unmarshal([]byte(out), &summary))
		require.Equal(t, c.kept, summary.Observations, c.file)
		require.Contains(t, refused(t, "config", "new", "--from", c.file, "-o", config), "file exists")
	}
	require.Contains(t, refused(t, "config", "new", "--from", filepath.Join(made, "swath.h5")), "the latitudes /lat have two axes")
	require.Contains(t, refused(t, "config", "new", "--from", sharedtest.Dir(t, "data", "types.h5")), "no places of observations are found")
}
