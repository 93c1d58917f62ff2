package h5_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/h5"
	"github.com/englacial/zagg/internal/sharedtest"
)

// TestRequests opens granules with the chunk tables of five datasets of six beams. A small file takes two requests; where
// nothing is read ahead on suspicion, no byte is read twice. H5FILES, a pattern, adds files whose costs are only logged.
func TestRequests(t *testing.T) {
	shared, err := filepath.Glob(filepath.Join(sharedtest.Dir(t, "golden/granules_small"), "*.h5"))
	require.NoError(t, err)
	for _, path := range shared {
		m, f := openTables(t, path, h5.Options{})
		require.LessOrEqual(t, m.calls.Load(), int64(2))
		require.LessOrEqual(t, m.bytes.Load(), f.Size())

		m, f = openTables(t, path, h5.Options{FirstRead: 4096, WholeFile: -1, TailRead: 1})
		require.LessOrEqual(t, m.calls.Load(), int64(9))
		require.Equal(t, h5.Stats{Calls: m.calls.Load(), Ranges: m.ranges.Load(), Bytes: m.bytes.Load()}, f.Stats())
	}
	more, err := filepath.Glob(os.Getenv("H5FILES"))
	require.NoError(t, err)
	for _, path := range more {
		m, f := openTables(t, path, h5.Options{})
		t.Logf("%s: %d bytes: %d calls, %d ranges, %d bytes", filepath.Base(path), f.Size(), m.calls.Load(), m.ranges.Load(), m.bytes.Load())
	}
}

// openTables opens a file with its tables and checks that no byte was asked for twice.
func openTables(t *testing.T, path string, opt h5.Options) (*memory, *h5.File) {
	m := readFile(t, path)
	asked := make([]bool, len(m.data))
	m.log = func(ranges []core.Range) {
		for _, r := range ranges {
			for i := r.Offset; i < min(r.Offset+r.Length, int64(len(asked))); i++ {
				if asked[i] {
					t.Fatalf("byte %d is read twice", i)
				}
				asked[i] = true
			}
		}
	}
	f, err := h5.Open(t.Context(), m, path, opt)
	require.NoError(t, err)
	ds, err := f.Datasets(t.Context(), segmentPaths()...)
	require.NoError(t, err)
	require.NoError(t, f.LoadChunks(t.Context(), ds...))
	return m, f
}
