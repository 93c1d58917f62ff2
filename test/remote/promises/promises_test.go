// Package promises runs the suites of core/coretest on plugins that have gone over the plugin protocol.
package promises

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/coretest"
	"github.com/englacial/zagg/core/objstore"
	"github.com/englacial/zagg/internal/sharedtest"
	"github.com/englacial/zagg/plugins/atl06"
	"github.com/englacial/zagg/plugins/healpix"
	"github.com/englacial/zagg/plugins/stats"
	"github.com/englacial/zagg/test/remote/loop"
)

func TestGrid(t *testing.T) {
	p := loop.Plugin(t, healpix.Plugin())
	coretest.Grid(t, coretest.Make(p.Grids[0], `{"parent_order": 4, "child_order": 8}`), coretest.GridOptions{Options: coretest.Options{Short: true}})
}

func TestReader(t *testing.T) {
	p := loop.Plugin(t, atl06.Plugin())
	paths, err := filepath.Glob(sharedtest.Dir(t, "golden", "granules_edge") + "/*.h5")
	require.NoError(t, err)
	var granules []core.Granule
	for _, path := range paths[:2] {
		granules = append(granules, core.Granule{ID: filepath.Base(path), Assets: map[string]string{"data": path}})
	}
	r, err := p.Readers[0].New(t.Context(), nil)
	require.NoError(t, err)
	require.Implements(t, (*core.Identifier)(nil), r, "it has declared that power")
	require.Implements(t, (*core.Indexer)(nil), r)
	ids, err := r.(core.Identifier).Identify(t.Context(), []string{"ATL06_20190221121851_08410203_007_01.h5", "a\xff.h5"})
	require.NoError(t, err)
	require.Equal(t, []core.Identity{{Data: "ATL06_20190221121851_08410203", Version: []int{7, 1, 0, 0}}, {}}, ids)
	coretest.Reader(t, coretest.Make(p.Readers[0], `{}`), &objstore.File{}, granules,
		coretest.ReaderOptions{Options: coretest.Options{Short: true}, Columns: []string{"h_li"}})
}

func TestStatistics(t *testing.T) {
	p := loop.Plugin(t, stats.Plugin())
	for _, m := range p.Statistics {
		config := `{}`
		if strings.HasSuffix(m.Name, "quantile") || strings.HasSuffix(m.Name, "percentile") {
			config = `{"q": 0.25}`
		}
		t.Run(m.Name, func(t *testing.T) {
			coretest.Statistic(t, coretest.Make(m, config), coretest.StatisticOptions{Options: coretest.Options{Short: true}})
		})
	}
}
