package hdf5

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/coretest"
	"github.com/englacial/zagg/core/objstore"
)

// TestPromises: the reader keeps what core.ProductReader and core.Indexer promise, with a layout that comes from the
// configuration.
func TestPromises(t *testing.T) {
	files, err := filepath.Glob("../../cmd/zagg/cli/sample/*.h5")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	granules := []core.Granule{{ID: "sample", Assets: map[string]string{"data": files[2]}}}
	const config = `{
		"groups": ["gt2l", "gt1r", "gt9x"],
		"coordinates": {"latitude": "/{group}/land_ice_segments/latitude", "longitude": "/{group}/land_ice_segments/longitude"},
		"variables": {"height": "/{group}/land_ice_segments/h_li", "quality": "/{group}/land_ice_segments/atl06_quality_summary"}
	}`
	coretest.Maker(t, Plugin().Readers[0], config)
	coretest.Reader(t, coretest.Make(Plugin().Readers[0], config), new(objstore.File), granules, coretest.ReaderOptions{
		Options: coretest.Options{Short: testing.Short()},
	})
}
