package h5_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/h5"
)

// A slow is a memory that takes its time and fails at a call.
type slow struct {
	*memory
	delay time.Duration
	fails int64
}

func (s *slow) ReadRanges(ctx context.Context, url string, ranges []core.Range) ([][]byte, error) {
	time.Sleep(s.delay)
	if s.fails > 0 && s.calls.Load()+1 >= s.fails {
		return nil, errors.New("the line is cut")
	}
	return s.memory.ReadRanges(ctx, url, ranges)
}

// plansOf plans all rows of the datasets that segmentPaths names.
func plansOf(t *testing.T, src core.ObjectReader, opt h5.Options) (f *h5.File, plans []*h5.Plan, out [][]byte) {
	f, err := h5.Open(t.Context(), src, "x", opt)
	require.NoError(t, err)
	sets, err := f.Datasets(t.Context(), segmentPaths()...)
	require.NoError(t, err)
	for _, d := range sets {
		if d == nil {
			continue
		}
		p, err := d.Plan(nil)
		require.NoError(t, err)
		plans, out = append(plans, p), append(out, core.NewData(int(p.Size())))
	}
	return f, plans, out
}

// TestReadPlans reads with any number of goroutines what Fetch and Decode give, from sources quick and slow.
func TestReadPlans(t *testing.T) {
	m := granule(t)
	f, plans, want := plansOf(t, m, h5.Options{})
	require.NoError(t, f.Fetch(t.Context(), plans...))
	for i, p := range plans {
		require.NoError(t, p.Decode(want[i]))
	}
	opt := h5.Options{WholeFile: -1, TailRead: 1, CacheBytes: 64 << 10}
	for _, delay := range []time.Duration{0, 2 * time.Millisecond} {
		for workers := range 4 {
			for _, opt.BatchBytes = range []int64{0, 1, 20_000} {
				f, plans, out := plansOf(t, &slow{memory: m, delay: delay}, opt)
				require.NoError(t, f.ReadPlans(t.Context(), workers, plans, out))
				require.Equal(t, want, out)
				require.Error(t, f.Decode(1, plans, out), "the bytes were let go")
			}
		}
	}
	require.Error(t, f.ReadPlans(t.Context(), 1, plans, out(len(plans)-1)))
	require.Error(t, f.ReadPlans(t.Context(), 1, plans, out(len(plans))))
}

func out(n int) [][]byte { return make([][]byte, n) }

// TestReadPlansFails: an error while reading or decoding is reported, and nothing hangs.
func TestReadPlansFails(t *testing.T) {
	m := granule(t)
	opt := h5.Options{WholeFile: -1, TailRead: 1, CacheBytes: 64 << 10, BatchBytes: 20_000}
	for _, delay := range []time.Duration{0, 2 * time.Millisecond} {
		s := &slow{memory: m, delay: delay}
		f, plans, out := plansOf(t, s, opt)
		s.fails = s.calls.Load() + 4
		require.ErrorContains(t, f.ReadPlans(t.Context(), 2, plans, out), "the line is cut")

		damaged := &memory{data: append([]byte(nil), m.data...)}
		f, plans, out = plansOf(t, &slow{memory: damaged, delay: delay}, opt)
		c := plans[len(plans)/2].Pieces()[0]
		clear(damaged.data[c.Address+8:][:c.Size-8])
		err := f.ReadPlans(t.Context(), 2, plans, out)
		require.Equal(t, core.Corrupt, core.CodeOf(err), "%v", err)
	}
}
