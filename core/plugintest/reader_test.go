package plugintest

import (
	"bytes"
	"context"
	"io"
	"math/rand/v2"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
)

// object is one object in memory, and how often it was asked.
type object struct {
	data []byte
	asks int
	err  error
}

func (o *object) Stat(context.Context, string) (core.ObjectInfo, error) {
	return core.ObjectInfo{Size: int64(len(o.data))}, o.err
}

func (o *object) ReadRanges(_ context.Context, _ string, ranges []core.Range) ([][]byte, error) {
	o.asks++
	out := make([][]byte, len(ranges))
	for i, r := range ranges {
		from := min(r.Offset, int64(len(o.data)))
		out[i] = o.data[from:min(from+r.Length, int64(len(o.data)))]
	}
	return out, o.err
}

func random(n int) []byte {
	data := make([]byte, n)
	for i := range data {
		data[i] = byte(rand.Uint32())
	}
	return data
}

// It reads what is there, however it is asked.
func TestReads(t *testing.T) {
	for _, size := range []int{0, 1, 99, 100, 101, 5000} {
		o := &object{data: random(size)}
		r, err := NewReader(t.Context(), o, "mem:o", 100)
		require.NoError(t, err)
		require.EqualValues(t, size, r.Size())
		require.NoError(t, iotest.TestReader(io.NewSectionReader(r, 0, r.Size()), o.data))
		for range 200 {
			p, off := make([]byte, rand.IntN(400)), rand.Int64N(int64(size)+50)
			n, err := r.ReadAt(p, off)
			want, wantErr := bytes.NewReader(o.data).ReadAt(p, off)
			require.Equal(t, want, n)
			if len(p) > 0 {
				require.Equal(t, wantErr, err)
			}
		}
	}
}

// Small pieces in a row are one request for each block.
func TestFewRequests(t *testing.T) {
	o := &object{data: random(1 << 20)}
	r, err := NewReader(t.Context(), o, "mem:o", 1<<18)
	require.NoError(t, err)
	_, err = io.Copy(io.Discard, iotest.OneByteReader(io.NewSectionReader(r, 0, 4096)))
	require.NoError(t, err)
	require.Equal(t, 1, o.asks)
	_, err = r.ReadAt(make([]byte, 1<<20), 0)
	require.NoError(t, err)
	require.Equal(t, 2, o.asks, "what is lacking is fetched at once")
}

func TestErrors(t *testing.T) {
	o := &object{data: random(1000)}
	r, err := NewReader(t.Context(), o, "mem:o", 0)
	require.NoError(t, err)
	_, err = r.ReadAt(make([]byte, 1), -1)
	require.Equal(t, core.Invalid, core.CodeOf(err))
	o.data = o.data[:10]
	_, err = r.ReadAt(make([]byte, 100), 0)
	require.Equal(t, core.Corrupt, core.CodeOf(err))
	o.err = core.Errorf(core.Denied, "read", "mem:o", "no")
	r.blocks = map[int64][]byte{}
	_, err = r.ReadAt(make([]byte, 1), 0)
	require.Equal(t, core.Denied, core.CodeOf(err))
	_, err = NewReader(t.Context(), o, "mem:o", 0)
	require.Equal(t, core.Denied, core.CodeOf(err))
}
