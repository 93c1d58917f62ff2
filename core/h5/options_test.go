package h5_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/h5"
	"github.com/englacial/zagg/internal/sharedtest"
)

// TestFilters registers a filter under the number that a file's LZF has, and bounds what is read.
func TestFilters(t *testing.T) {
	b := testFiles(t)["chunks_latest.h5"]
	called := 0
	opt := h5.Options{Filters: map[int]h5.Filter{32000: func(dst, src []byte, params []uint32) (int, error) {
		called++
		return len(dst), nil
	}}}
	f, err := h5.Open(t.Context(), &memory{data: b}, "x", opt)
	require.NoError(t, err)
	d, err := f.Dataset(t.Context(), "two")
	require.NoError(t, err)
	_, err = d.Read(t.Context(), nil)
	require.NoError(t, err)
	require.Positive(t, called)

	for _, opt := range []h5.Options{{ValueBytes: 10}, {FetchBytes: 10}} {
		f, err = h5.Open(t.Context(), &memory{data: b}, "x", opt)
		require.NoError(t, err)
		d, err = f.Dataset(t.Context(), "two")
		require.NoError(t, err)
		_, err = d.Read(t.Context(), nil)
		require.Equal(t, core.Invalid, core.CodeOf(err))
	}
	f, err = h5.Open(t.Context(), &memory{data: b}, "x", h5.Options{ChunkBytes: 10})
	require.NoError(t, err)
	d, err = f.Dataset(t.Context(), "one")
	require.NoError(t, err)
	_, err = d.Chunks(t.Context())
	require.Equal(t, core.Unsupported, core.CodeOf(err))
}

// TestConcurrent uses one File from many goroutines.
func TestConcurrent(t *testing.T) {
	m := readFile(t, sharedtest.Dir(t, "golden/granules_small/ATL06_20241101001500_01002511_007_01.h5"))
	f, err := h5.Open(t.Context(), m, "x", h5.Options{CacheBytes: 64 << 10, WholeFile: -1})
	require.NoError(t, err)
	var want []string
	require.NoError(t, dump(t.Context(), f, func(s string, a ...any) { want = append(want, s) }))
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			ds, err := f.Datasets(t.Context(), segmentPaths()...)
			if err == nil {
				err = f.LoadChunks(t.Context(), ds...)
			}
			for _, d := range ds {
				if err == nil {
					_, err = d.Read(t.Context(), h5.Rows(h5.Span{Start: 1, Count: 50}))
				}
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}

// A flaky is a memory that fails from the call-th call on.
type flaky struct {
	memory
	call int64
	err  error
}

func (m *flaky) ReadRanges(ctx context.Context, url string, ranges []core.Range) ([][]byte, error) {
	if m.calls.Load() >= m.call {
		return nil, m.err
	}
	return m.memory.ReadRanges(ctx, url, ranges)
}

// TestReadErrors: a failure to read keeps its code, whenever it comes, and leaves nothing behind that spoils a retry.
func TestReadErrors(t *testing.T) {
	b := testFiles(t)["links_latest.h5"]
	for call := int64(0); ; call++ {
		m := &flaky{call: call, err: core.Errorf(core.Unavailable, "test", "x", "throttled")}
		m.data = b
		f, err := h5.Open(t.Context(), m, "x", tight)
		if err == nil {
			err = dump(t.Context(), f, func(string, ...any) {})
		}
		if err == nil {
			require.GreaterOrEqual(t, call, int64(3))
			break
		}
		require.Equal(t, core.Unavailable, core.CodeOf(err), "call %d: %v", call, err)
		if f == nil {
			continue
		}
		m.call = 1 << 40
		var lines []string
		require.NoError(t, dump(t.Context(), f, func(s string, a ...any) { lines = append(lines, s) }))
		require.True(t, slices.ContainsFunc(lines, func(s string) bool { return s[:4] == "soft" }))
	}
}

func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errors.New("enough"))
	m := &flaky{err: context.Canceled}
	_, err := h5.Open(ctx, m, "x", h5.Options{})
	require.Equal(t, core.Unavailable, core.CodeOf(err))
}

// TestWholeFile: the slower a source answers, the larger the files that are read whole.
func TestWholeFile(t *testing.T) {
	require.EqualValues(t, 4<<20, h5.WholeFile(0))
	require.EqualValues(t, 13_500_000, h5.WholeFile(30*time.Millisecond))
	require.EqualValues(t, 16<<20, h5.WholeFile(time.Hour))
}
