package golden

import (
	"encoding/json"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
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
