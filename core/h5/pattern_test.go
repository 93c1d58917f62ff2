package h5_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/h5"
	"github.com/englacial/zagg/internal/sharedtest"
)

// far is a memory at a distance, on a clock of synctest.
type far struct{ *memory }

func (f far) ReadRanges(ctx context.Context, url string, ranges []core.Range) ([][]byte, error) {
	time.Sleep(30 * time.Millisecond)
	return f.memory.ReadRanges(ctx, url, ranges)
}

// tablesOf opens a file from afar in pieces, by a pattern, and gives its pattern and chunk tables.
func tablesOf(t *testing.T, path string, like *h5.Pattern) (m *memory, own *h5.Pattern, tables [][]h5.Chunk) {
	m = readFile(t, path)
	synctest.Test(t, func(t *testing.T) {
		f, err := h5.Open(t.Context(), far{m}, path, h5.Options{WholeFile: -1, Request: 900 << 10, FirstRead: 8 << 10, TailRead: 8 << 10, Learn: true, Like: like})
		require.NoError(t, err)
		sets, err := f.Datasets(t.Context(), segmentPaths()...)
		require.NoError(t, err)
		require.NoError(t, f.LoadChunks(t.Context(), sets...))
		for _, d := range sets {
			if d != nil {
				chunks, err := d.Chunks(t.Context())
				require.NoError(t, err)
				tables = append(tables, chunks)
			}
		}
		own = f.Pattern()
	})
	return m, own, tables
}

// By the pattern of any other file, of its product or not, a file is found to be the same; by that of one like it with fewer round trips
// and requests. H5FILES, a pattern, adds files whose costs are only logged.
func TestPatterns(t *testing.T) {
	var paths []string
	for _, folder := range []string{"golden/granules_small", "golden/granules_edge", "data/atl06"} {
		found, err := filepath.Glob(filepath.Join(sharedtest.Dir(t, folder), "*.h5"))
		require.NoError(t, err)
		paths = append(paths, found[:min(3, len(found))]...)
	}
	like := map[string]*h5.Pattern{}
	for i, path := range paths {
		alone, own, want := tablesOf(t, path, nil)
		require.NotNil(t, own, path)
		for from, p := range like {
			m, _, got := tablesOf(t, path, p)
			require.Equal(t, want, got, "%s like %s", path, from)
			require.LessOrEqual(t, m.bytes.Load(), int64(len(m.data)), "%s like %s", path, from)
		}
		if i == 1 {
			m, _, _ := tablesOf(t, path, like[paths[0]])
			require.Less(t, m.calls.Load(), alone.calls.Load())
			require.Less(t, m.ranges.Load(), alone.ranges.Load()/2)
		}
		like[path] = own
	}
	more, err := filepath.Glob(os.Getenv("H5FILES"))
	require.NoError(t, err)
	var last *h5.Pattern
	for _, path := range more {
		m, own, _ := tablesOf(t, path, last)
		t.Logf("%s: %d bytes: %d calls, %d ranges, %d bytes", filepath.Base(path), len(m.data), m.calls.Load(), m.ranges.Load(), m.bytes.Load())
		last = own
	}
}
