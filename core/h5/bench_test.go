package h5_test

import (
	"cmp"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/h5"
	"github.com/englacial/zagg/internal/sharedtest"
)

// granule is the first granule that the pattern H5BENCH matches, or a small one.
func granule(tb testing.TB) *memory {
	files, err := filepath.Glob(cmp.Or(os.Getenv("H5BENCH"), filepath.Join(sharedtest.Dir(tb, "golden/granules_small"), "*.h5")))
	require.NoError(tb, err)
	return readFile(tb, files[0])
}

func BenchmarkOpen(b *testing.B) {
	m := granule(b)
	b.ReportAllocs()
	for b.Loop() {
		f, err := h5.Open(b.Context(), m, "x", h5.Options{})
		require.NoError(b, err)
		ds, err := f.Datasets(b.Context(), segmentPaths()...)
		require.NoError(b, err)
		require.NoError(b, f.LoadChunks(b.Context(), ds...))
	}
}

// BenchmarkRead opens a granule and reads five columns of six beams, by one goroutine and by two.
func BenchmarkRead(b *testing.B) {
	m := granule(b)
	for _, n := range []int{1, 2} {
		b.Run(string(rune('0'+n)), func(b *testing.B) {
			b.ReportAllocs()
			var dst []byte
			for b.Loop() {
				dst = readAll(b, m, n, dst)
			}
		})
	}
}

func readAll(b *testing.B, m *memory, workers int, dst []byte) []byte {
	f, err := h5.Open(b.Context(), m, "x", h5.Options{})
	require.NoError(b, err)
	ds, err := f.Datasets(b.Context(), segmentPaths()...)
	require.NoError(b, err)
	plans := make([]*h5.Plan, len(ds))
	total := int64(0)
	for i, d := range ds {
		plans[i], err = d.Plan(nil)
		require.NoError(b, err)
		total += (plans[i].Size() + 7) &^ 7
	}
	if int64(len(dst)) < total {
		dst = core.NewData(int(total))
	}
	b.SetBytes(total)
	out := make([][]byte, len(plans))
	rest := dst
	for i, p := range plans {
		out[i] = rest[:p.Size()]
		rest = rest[(p.Size()+7)&^7:]
	}
	require.NoError(b, f.ReadPlans(b.Context(), workers, plans, out))
	return dst
}
