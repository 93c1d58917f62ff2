package atl06

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/coretest"
	"github.com/englacial/zagg/core/objstore"
)

// TestPromises: the reader keeps what core.ProductReader and core.Indexer promise, on granules of the demo.
func TestPromises(t *testing.T) {
	files, err := filepath.Glob("../../cmd/zagg/cli/sample/*.h5")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	var granules []core.Granule
	for _, f := range files[:2] {
		granules = append(granules, core.Granule{ID: filepath.Base(f), Assets: map[string]string{"data": f}})
	}
	coretest.Maker(t, Plugin().Readers[0], `{}`)
	coretest.Reader(t, coretest.Make(Plugin().Readers[0], `{}`), new(objstore.File), granules, coretest.ReaderOptions{
		Options: coretest.Options{Short: true},
	})
}
