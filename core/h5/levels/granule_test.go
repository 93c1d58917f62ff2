package levels_test

import (
	"math"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/sharedtest"
)

// Granules with a missing beam, an empty beam, fill values and NaN.
func TestEdgeGranules(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(sharedtest.Dir(t, "golden", "granules_edge"), "*.h5"))
	require.NoError(t, err)
	require.Len(t, files, 8)
	missing := map[int][]string{1: {"gt3r"}}
	empty := map[int][]string{2: {"gt1r"}}
	nan := map[int]int{4: 68}
	for i, f := range files {
		all := read(t, sampleLayout(), granule(f), core.Query{Columns: []string{"h"}})
		require.Equal(t, missing[i], all.stats.Missing, f)
		require.Equal(t, empty[i], all.stats.Empty, f)
		require.Zero(t, all.stats.Invalid, f)
		n, fill := 0, 0
		for _, x := range all.rows {
			h := core.View[float32]([]byte(x.values))[0]
			if h != h {
				n++
			}
			if h == math.MaxFloat32 {
				fill++
			}
		}
		require.Equal(t, nan[i], n, f)
		require.NotZero(t, fill, f)
		good := read(t, sampleLayout(), granule(f), core.Query{Columns: []string{"h"}, Filters: []core.Filter{{Column: "h", Op: core.OpLt, Values: values("3.4028235e38")}}})
		require.Len(t, good.rows, len(all.rows)-n-fill, "neither NaN nor the fill value is less than it")
	}
}

// Real granules: datasets with two axes, groups that lack datasets, groups stored in every way.
func TestRealGranules(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(sharedtest.Dir(t, "data", "atl06"), "*.h5"))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, f := range files {
		all := read(t, sampleLayout(), granule(f), core.Query{Columns: []string{"h", "q"}})
		require.NotEmpty(t, all.rows, f)
		at := all.rows[len(all.rows)/2]
		region := core.Region{Polygons: []core.Polygon{{{{Lon: at.lon, Lat: at.lat}}}}, Margin: 5000}
		near := read(t, sampleLayout(), granule(f), core.Query{Region: region, Columns: []string{"h", "q"}})
		requireInOrder(t, all.rows, near.rows)
		require.Contains(t, near.rows, at, f)
		require.Less(t, len(near.rows), len(all.rows), f)
		require.Equal(t, all.stats.Rows, near.stats.Rows)
	}
}
