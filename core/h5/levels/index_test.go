package levels_test

import (
	"context"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/h5/levels"
	"github.com/englacial/zagg/core/objstore"
	"github.com/englacial/zagg/internal/sharedtest"
)

func indexer(t testing.TB) core.Indexer {
	r, err := levels.New(sampleLayout())
	require.NoError(t, err)
	return r.(core.Indexer)
}

var indexQuery = core.Query{Columns: []string{"h", "q"}}

// withIndex builds a granule's index and returns the granule with it as an asset.
func withIndex(t testing.TB, g core.Granule) (core.Granule, []byte) {
	data, err := indexer(t).Index(t.Context(), &objstore.File{}, g, indexQuery)
	require.NoError(t, err)
	url := filepath.Join(t.TempDir(), g.ID+".zidx")
	require.NoError(t, os.WriteFile(url, data, 0o644))
	return core.Granule{ID: g.ID, Assets: map[string]string{"data": g.Assets["data"], "index": url}}, data
}

// With an index a read gives the same rows as without, from one round of requests after the index.
func TestIndexGivesTheSameRows(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	for _, g := range samples(t) {
		indexed, data := withIndex(t, g)
		_, again := withIndex(t, g)
		require.Equal(t, data, again, "the same granule gives the same index")
		every := read(t, sampleLayout(), g, indexQuery)
		got := read(t, sampleLayout(), indexed, indexQuery)
		require.Equal(t, core.IndexUsed, got.stats.Index)
		require.Equal(t, every.rows, got.rows)
		for range 10 {
			q := indexQuery
			q.Region = randomRegion(rng, every.rows)
			q.Filters = []core.Filter{{Column: "q", Element: -1, Op: core.OpEq, Values: values("0")}}
			want, got := read(t, sampleLayout(), g, q), read(t, sampleLayout(), indexed, q)
			require.Equal(t, want.rows, got.rows)
			require.LessOrEqual(t, got.stats.Rows, want.stats.Rows)
			require.Equal(t, want.stats.Missing, got.stats.Missing)
		}
	}
}

func TestIndexOfRealAndEdgeGranules(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 10))
	var files []string
	for _, pattern := range []string{filepath.Join(sharedtest.Dir(t, "data", "atl06"), "*.h5"), filepath.Join(sharedtest.Dir(t, "golden", "granules_edge"), "*.h5")} {
		found, err := filepath.Glob(pattern)
		require.NoError(t, err)
		files = append(files, found...)
	}
	for _, f := range files {
		g := granule(f)
		indexed, data := withIndex(t, g)
		info, err := os.Stat(f)
		require.NoError(t, err)
		require.LessOrEqual(t, float64(len(data)), 0.01*float64(info.Size()), "%s: an index of %d bytes", f, len(data))
		every := read(t, sampleLayout(), g, indexQuery)
		got := read(t, sampleLayout(), indexed, indexQuery)
		require.Equal(t, core.IndexUsed, got.stats.Index)
		require.Len(t, got.rows, len(every.rows))
		require.Equal(t, every.stats.Empty, got.stats.Empty)
		for range 4 {
			q := indexQuery
			q.Region = randomRegion(rng, every.rows)
			want, got := read(t, sampleLayout(), g, q), read(t, sampleLayout(), indexed, q)
			require.Equal(t, len(want.rows), len(got.rows), f)
			q.CountInvalid = true
			for _, g := range []core.Granule{g, indexed} {
				counting := read(t, sampleLayout(), g, q)
				require.Equal(t, want.rows, counting.rows, f)
				require.Equal(t, every.stats.Invalid, counting.stats.Invalid, "%s: rows without a place, wherever the region is", f)
			}
		}
	}
}

// An index that does not fit is not used: the granule changed, the index is damaged, of another version, or lacks a
// column. The read is as if there were none.
func TestIndexIsNeverTrusted(t *testing.T) {
	g := samples(t)[0]
	data, err := os.ReadFile(g.Assets["data"])
	require.NoError(t, err)
	file := filepath.Join(t.TempDir(), g.ID)
	require.NoError(t, os.WriteFile(file, data, 0o644))
	indexed, index := withIndex(t, core.Granule{ID: g.ID, Assets: map[string]string{"data": file}})
	every := read(t, sampleLayout(), g, indexQuery).rows
	use := func(want core.IndexUse, q core.Query) {
		t.Helper()
		got := read(t, sampleLayout(), indexed, q)
		require.Equal(t, want, got.stats.Index)
		require.Len(t, got.rows, len(every))
	}
	write := func(b []byte) { require.NoError(t, os.WriteFile(indexed.Assets["index"], b, 0o644)) }
	use(core.IndexUsed, indexQuery)
	use(core.IndexUsed, core.Query{Columns: []string{"h"}})
	use(core.IndexStale, core.Query{Columns: []string{"h"}, Filters: []core.Filter{{Column: "/{group}/land_ice_segments/h_li_sigma", Element: -1, Op: core.OpNe, Values: values("-1")}}})
	for i := 0; i < len(index); i += 41 {
		damaged := append([]byte{}, index...)
		damaged[i] ^= 0x10
		write(damaged)
		use(core.IndexStale, indexQuery)
		write(index[:i])
		use(core.IndexStale, indexQuery)
	}
	write(index)
	use(core.IndexUsed, indexQuery)
	require.NoError(t, os.Chtimes(file, time.Now(), time.Now().Add(time.Hour)))
	use(core.IndexStale, indexQuery)
	require.NoError(t, os.Remove(indexed.Assets["index"]))
	use(core.IndexMissing, indexQuery)
}

// One request for the index, one for its state, then one call for all values.
func TestIndexRounds(t *testing.T) {
	for _, g := range samples(t) {
		indexed, _ := withIndex(t, g)
		var counter objstore.Counter
		src := &rounds{ObjectReader: objstore.MeterReader(&objstore.File{}, &counter)}
		_, err := indexer(t).Read(t.Context(), src, indexed, indexQuery, func(*core.Batch) error { return nil })
		require.NoError(t, err)
		require.Equal(t, 2, src.calls)
		require.Equal(t, int64(1), counter.Usage().Heads)
	}
}

// rounds counts calls: what must wait for each other.
type rounds struct {
	core.ObjectReader
	calls int
}

func (r *rounds) ReadRanges(ctx context.Context, url string, ranges []core.Range) ([][]byte, error) {
	r.calls++
	return r.ObjectReader.ReadRanges(ctx, url, ranges)
}
