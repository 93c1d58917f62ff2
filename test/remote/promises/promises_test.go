// Package promises runs the suites of core/coretest on plugins that have gone over the plugin protocol.
package promises

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/coretest"
	"github.com/englacial/zagg/core/objstore"
	"github.com/englacial/zagg/internal/sharedtest"
	"github.com/englacial/zagg/plugins/atl03"
	"github.com/englacial/zagg/plugins/atl06"
	"github.com/englacial/zagg/plugins/healpix"
	"github.com/englacial/zagg/plugins/rectilinear"
	"github.com/englacial/zagg/plugins/stats"
	"github.com/englacial/zagg/plugins/tdigest"
	"github.com/englacial/zagg/test/remote/loop"
)

func TestGrid(t *testing.T) {
	p := loop.Plugin(t, healpix.Plugin())
	g, err := p.Grids[0].New(t.Context(), core.Config(`{"parent_order": 6, "child_order": 12}`))
	require.NoError(t, err)
	for _, power := range []any{(*core.ShardLocator)(nil), (*core.CellNamer)(nil), (*core.CellCoverer)(nil), (*core.LegacyGrid)(nil)} {
		require.Implements(t, power, g, "it has declared that power")
	}
	shard, cell := g.(core.LegacyGrid).Orders()
	require.Equal(t, [2]int{6, 12}, [2]int{shard, cell})
	seven := -7
	keys := append(slices.Repeat([]core.ShardKey{"12683825400535580678"}, 40_000), "-5111123", "5111123") // several calls
	restored, err := g.(core.LegacyGrid).Restore(t.Context(), core.Legacy{Keys: keys, Settings: core.Config(`{}`), ShardOrder: &seven})
	require.NoError(t, err)
	require.JSONEq(t, `{"parent_order":-7,"latitude":"geodetic-spherical"}`, string(restored.Settings))
	require.Equal(t, keys[40_000:], restored.Keys)
	plain, err := loop.Plugin(t, rectilinear.Plugin()).Grids[0].New(t.Context(), core.Config(`{"crs":"EPSG:3031","resolution":50000,"bounds":[-3200000,-3200000,3200000,3200000],"chunk_shape":[16,32]}`))
	require.NoError(t, err)
	_, covers := plain.(core.CellCoverer)
	_, legacy := plain.(core.LegacyGrid)
	require.False(t, covers || legacy, "it has declared neither")
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

// TestLevels: a reader of linked levels, whose filters name a level.
func TestLevels(t *testing.T) {
	p := loop.Plugin(t, atl03.Plugin())
	paths, err := filepath.Glob(sharedtest.Dir(t, "golden", "granules_atl03") + "/ATL03_*.h5")
	require.NoError(t, err)
	granules := []core.Granule{{ID: filepath.Base(paths[1]), Assets: map[string]string{"data": paths[1]}}}
	filters := []core.Filter{{Column: "/{group}/geolocation/segment_ph_cnt", Element: -1, Op: core.OpGe, Values: []json.Number{"20"}, Level: "segments"}}
	coretest.Reader(t, coretest.Make(p.Readers[0], `{}`), &objstore.File{}, granules,
		coretest.ReaderOptions{Options: coretest.Options{Short: true}, Columns: []string{"h_ph", "segment_id"}, Filters: filters, Records: true})
}

// TestRagged: a statistic whose cells have any number of rows.
func TestRagged(t *testing.T) {
	p := loop.Plugin(t, tdigest.Plugin())
	coretest.Statistic(t, coretest.Make(p.Statistics[0], `{"delta": 16}`), coretest.StatisticOptions{Options: coretest.Options{Short: true},
		SameFold: func(whole, folded []core.Column) error { // a fold has other centroids; how good they are is tested beside the plugin
			if whole[0].Rows() != folded[0].Rows() {
				return fmt.Errorf("%d cells, folded %d", whole[0].Rows(), folded[0].Rows())
			}
			return nil
		}})
}

func TestStatistics(t *testing.T) {
	p := loop.Plugin(t, stats.Plugin())
	for _, m := range p.Statistics {
		config := `{}`
		if strings.HasSuffix(m.Name, "quantile") || strings.HasSuffix(m.Name, "percentile") {
			config = `{"q": 0.25}`
		}
		t.Run(m.Name, func(t *testing.T) {
			o := coretest.StatisticOptions{Options: coretest.Options{Short: true}}
			if m.Name == "time_envelope" {
				o.Types = map[string][]core.Type{"source": {core.Uint64}}
			}
			coretest.Statistic(t, coretest.Make(m, config), o)
		})
	}
}
