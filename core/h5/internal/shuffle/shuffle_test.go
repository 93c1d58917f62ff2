package shuffle_test

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core/h5/internal/shuffle"
)

// shuffled is the filter's definition.
func shuffled(data []byte, size int) []byte {
	n := len(data) / size
	out := bytes.Clone(data)
	for i := range n {
		for j := range size {
			out[j*n+i] = data[i*size+j]
		}
	}
	return out
}

func TestUnshuffle(t *testing.T) {
	data := make([]byte, 1000)
	for i := range data {
		data[i] = byte(i*7 + i>>8)
	}
	for size := 1; size <= 17; size++ {
		for n := range 300 {
			dst := make([]byte, n)
			shuffle.Unshuffle(dst, shuffled(data[:n], size), size)
			require.Equal(t, data[:n], dst, "size %d, %d bytes", size, n)
		}
	}
	require.Panics(t, func() { shuffle.Unshuffle(make([]byte, 3), data, 8) })
}

func FuzzUnshuffle(f *testing.F) {
	f.Add([]byte("0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123"), uint8(8))
	f.Add([]byte("0123456789abcdef0123456789abcdef0123"), uint8(4))
	f.Fuzz(func(t *testing.T, data []byte, size uint8) {
		dst := make([]byte, len(data))
		shuffle.Unshuffle(dst, shuffled(data, max(int(size), 1)), int(size))
		require.True(t, bytes.Equal(data, dst))
	})
}

func BenchmarkUnshuffle(b *testing.B) {
	const points = 10_000
	for _, size := range []int{2, 4, 8} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			src, dst := make([]byte, size*points), make([]byte, size*points)
			for b.Loop() {
				shuffle.Unshuffle(dst, src, size)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/points, "ns/point")
		})
	}
}
