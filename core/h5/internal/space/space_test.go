package space

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
)

// A source gives byte i = i*7.
type source struct {
	mu    sync.Mutex
	size  int64
	calls [][]core.Range
}

func (s *source) ReadRanges(_ context.Context, _ string, ranges []core.Range) ([][]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls = append(s.calls, ranges)
	out := make([][]byte, len(ranges))
	for i, r := range ranges {
		out[i] = want(min(r.Offset, s.size), min(r.Offset+r.Length, s.size))
	}
	return out, nil
}

func (s *source) Stat(context.Context, string) (core.ObjectInfo, error) {
	return core.ObjectInfo{}, errors.ErrUnsupported
}

func want(lo, hi int64) []byte {
	b := make([]byte, hi-lo)
	for i := range b {
		b[i] = byte((lo + int64(i)) * 7)
	}
	return b
}

// TestGather: what walkers miss at the same time is one request, however many there are and however they nest.
func TestGather(t *testing.T) {
	src := &source{size: 1 << 20}
	s := New(src, "x", Options{Cache: 1 << 20, Ahead: 16, Align: 1})
	r := s.Reader(t.Context())
	require.NoError(t, r.Each(10, func(i int) error {
		for step := range 3 {
			c, err := r.Read("thing", uint64(i*50000+step*1000), 10)
			if err != nil {
				return err
			}
			if !bytes.Equal(c.Bytes(10), want(c.Base(), c.Base()+10)) {
				return errors.New("wrong bytes")
			}
		}
		return r.Each(2, func(k int) error {
			_, err := r.Read("thing", uint64(i*50000+5000+k*100), 10)
			return err
		})
	}))
	require.Len(t, src.calls, 4)
	require.Len(t, src.calls[0], 10)
	require.Len(t, src.calls[3], 20)
	require.Equal(t, Stats{Calls: 4, Ranges: 50, Bytes: 50 * 16}, s.Stats())
}

// TestRandom reads random pieces through caches of any size, many at once, and gets the right bytes.
func TestRandom(t *testing.T) {
	for _, opt := range []Options{{Cache: 1 << 20, Ahead: 100, Gap: 50, Align: 64}, {Cache: 1, Ahead: 1, Align: 1}, {Cache: 5000, Ahead: 700, Gap: 10, Align: 512}} {
		src := &source{size: 30011}
		s := New(src, "x", opt)
		s.Size = 30011
		r := s.Reader(t.Context())
		require.NoError(t, r.Each(8, func(i int) error {
			rng := rand.New(rand.NewPCG(1, uint64(i)))
			for range 300 {
				at, n := rng.Int64N(30011), rng.Int64N(3000)
				if n == 0 {
					continue
				}
				c, err := r.Peek("thing", uint64(at), n)
				if err != nil {
					return err
				}
				if !bytes.Equal(c.Bytes(c.Len()), want(at, min(at+n, 30011))) {
					return errors.New("wrong bytes")
				}
			}
			return nil
		}))
	}
}

func TestBeyondTheEnd(t *testing.T) {
	s := New(&source{size: 100}, "x", Options{Cache: 1000, Ahead: 1, Align: 1})
	r := s.Reader(t.Context())
	_, err := r.Read("thing", 90, 20)
	require.ErrorContains(t, err, "truncated at byte 100")
	s.Size = 100
	_, err = r.Read("thing", 100, 1)
	require.ErrorContains(t, err, "beyond the end")
	_, err = r.Read("thing", 1<<63, 1)
	require.ErrorContains(t, err, "beyond the end")
	_, err = r.Read("thing", 1, -1)
	require.ErrorContains(t, err, "impossible size")
}
