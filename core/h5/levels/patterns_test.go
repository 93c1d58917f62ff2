package levels_test

import (
	"context"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/h5/levels"
	"github.com/englacial/zagg/core/objstore"
	"github.com/englacial/zagg/internal/sharedtest"
)

// A far source answers after a while, on a clock of synctest.
type far struct{ core.ObjectReader }

func (f far) ReadRanges(ctx context.Context, url string, ranges []core.Range) ([][]byte, error) {
	time.Sleep(30 * time.Millisecond)
	return f.ObjectReader.ReadRanges(ctx, url, ranges)
}

// Granules that one reader reads in pieces, by where the last one had its metadata, have the rows that they have by themselves; those
// with all groups take fewer requests than the first.
func TestGranulesAfterOneAnother(t *testing.T) {
	var files []string
	for _, folder := range []string{"granules_small", "granules_edge"} {
		found, err := filepath.Glob(filepath.Join(sharedtest.Dir(t, "golden", folder), "*.h5"))
		require.NoError(t, err)
		files = append(files, found[:min(2, len(found))]...)
	}
	q := core.Query{Columns: []string{"h", "s", "q"}}
	reader, err := levels.New(sampleLayout())
	require.NoError(t, err)
	var first int64
	for i, file := range files {
		want := read(t, sampleLayout(), granule(file), q)
		var counter objstore.Counter
		synctest.Test(t, func(t *testing.T) {
			got, pieces := &result{}, q
			pieces.Request, pieces.Memory = 64<<10, 1<<20
			_, err := reader.Read(t.Context(), far{objstore.MeterReader(&objstore.File{}, &counter)}, granule(file), pieces, func(b *core.Batch) error {
				got.add(t, pieces, b)
				return nil
			})
			require.NoError(t, err)
			require.Equal(t, want.rows, got.rows, file)
		})
		if i == 0 {
			first = counter.Usage().Gets
		}
		if i == 1 {
			require.Less(t, counter.Usage().Gets, first)
		}
	}
}
