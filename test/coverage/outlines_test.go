//go:build suites

package coverage_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/catalog/geometry"
	"github.com/englacial/zagg/plugins/all"
)

// Outlines of the shards of every grid are valid polygons for shapely, and on the whole sphere they leave no gap and do not
// overlap.
func TestOutlinesAreValid(t *testing.T) {
	python := os.Getenv("ZAGG_PYTHON")
	if python == "" {
		t.Skip("ZAGG_PYTHON names no Python with shapely")
	}
	type sheet struct {
		Name     string             `json:"name"`
		World    bool               `json:"world"`
		Outlines []geometry.GeoJSON `json:"outlines"`
	}
	var sheets []sheet
	add := func(kind, config string, world bool) {
		grid := makeGrid(t, kind, config)
		if grid == nil {
			return
		}
		box, err := geometry.Box(-180, -90, 180, 90)
		require.NoError(t, err)
		covers, err := grid.Cover(t.Context(), []core.Region{box})
		require.NoError(t, err)
		shards, err := grid.Shards(t.Context(), covers[0])
		require.NoError(t, err)
		s := sheet{Name: kind + " " + config, World: world}
		for i := range shards {
			s.Outlines = append(s.Outlines, geometry.OutlineGeoJSON(&shards[i].Outline))
		}
		sheets = append(sheets, s)
	}
	for n := range 3 {
		add("healpix", fmt.Sprintf(`{"type":"healpix","parent_order":%d,"child_order":%d}`, n, n+4), true)
	}
	for n := range 2 {
		add("h3", fmt.Sprintf(`{"type":"h3","parent_resolution":%d,"child_resolution":%d}`, n, n+3), true)
	}
	for _, c := range []struct {
		epsg, resolution, rows, cols int
		bounds                       string
	}{
		{4326, 1, 20, 30, "[-180,-90,180,90]"}, {4326, 1, 180, 360, "[-180,-90,180,90]"}, {3031, 10000, 64, 64, "[-3200000,-3200000,3200000,3200000]"},
		{3031, 10000, 90, 90, "[-3150000,-3150000,3150000,3150000]"}, {3413, 10000, 640, 640, "[-3200000,-3200000,3200000,3200000]"}, {32601, 10000, 64, 64, "[100000,0,900000,9300000]"},
	} {
		add("rectilinear", fmt.Sprintf(`{"type":"rectilinear","crs":"EPSG:%d","resolution":%d,"bounds":%s,"chunk_shape":[%d,%d]}`, c.epsg, c.resolution, c.bounds, c.rows, c.cols), c.epsg == 4326)
	}
	text, err := json.Marshal(sheets)
	require.NoError(t, err)
	file := filepath.Join(t.TempDir(), "outlines.json")
	require.NoError(t, os.WriteFile(file, text, 0o600))
	const check = `
import json, sys
import shapely
from shapely.geometry import shape
for sheet in json.load(open(sys.argv[1])):
    shapes = [shape(o) for o in sheet["outlines"]]
    for i, s in enumerate(shapes):
        assert s.is_valid and not s.is_empty, (sheet["name"], i, shapely.is_valid_reason(s))
        assert -180 <= s.bounds[0] and s.bounds[2] <= 180, (sheet["name"], i, s.bounds)
    if sheet["world"]:
        area = sum(s.area for s in shapes)
        assert abs(area - 64800) < 1e-6 and abs(shapely.union_all(shapes).area - 64800) < 1e-6, (sheet["name"], area)
`
	out, err := exec.Command(python, "-c", check, file).CombinedOutput()
	require.NoError(t, err, string(out))
}

// makeGrid is nil for a kind that this build has not.
func makeGrid(t *testing.T, kind, config string) core.Grid {
	for _, p := range all.Plugins() {
		for _, m := range p.Grids {
			if m.Name == kind {
				g, err := m.New(t.Context(), core.Config(config))
				require.NoError(t, err)
				return g
			}
		}
	}
	return nil
}
