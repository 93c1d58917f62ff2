package atl03

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/coretest"
	"github.com/englacial/zagg/core/objstore"
	"github.com/englacial/zagg/internal/sharedtest"
)

// TestPromises: the reader keeps what core.ProductReader and core.Indexer promise, on a granule of photons. The granule has not
// all datasets of the layout.
func TestPromises(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(sharedtest.Dir(t, "golden", "granules_atl03"), "ATL03_*.h5"))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	granules := []core.Granule{{ID: filepath.Base(files[1]), Assets: map[string]string{"data": files[1]}}}
	coretest.Maker(t, Plugin().Readers[0], `{}`)
	coretest.Reader(t, coretest.Make(Plugin().Readers[0], `{}`), new(objstore.File), granules, coretest.ReaderOptions{
		Options: coretest.Options{Short: true}, Records: true,
	})
}
