package h5_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/h5"
)

// TestRequests prints what it takes to open a granule and have the chunk tables of five datasets of six beams.
func TestRequests(t *testing.T) {
	verbose := os.Getenv("H5REQ") == "2"
	files, _ := filepath.Glob(os.Getenv("H5REQFILES"))
	for _, p := range files {
		m := readFile(t, p)
		if verbose {
			m.log = func(r []core.Range) { fmt.Println("   call", r) }
		}
		var o h5.Options
		fmt.Sscan(os.Getenv("H5REQOPT"), &o.FirstRead, &o.ReadAhead, &o.Gap)
		f, err := h5.Open(t.Context(), m, p, o)
		require.NoError(t, err)
		ds, err := f.Datasets(t.Context(), segmentPaths()...)
		require.NoError(t, err)
		c := m.calls.Load()
		require.NoError(t, f.LoadChunks(t.Context(), ds...))
		fmt.Printf("%s: size %d calls %d (%d for chunks) ranges %d bytes %d\n", filepath.Base(p), len(m.data), m.calls.Load(), m.calls.Load()-c, m.ranges.Load(), m.bytes.Load())
	}
}
