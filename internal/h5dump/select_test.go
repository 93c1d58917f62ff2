package h5dump

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core/h5"
)

func TestSelect(t *testing.T) {
	dims := []uint64{10, 4, 6}
	for _, c := range []struct {
		text string
		want string // start+count×stride of each dimension; - where it is dropped
	}{
		{"", "0+10×1 0+4×1 0+6×1"},
		{"3", "3+1×1- 0+4×1 0+6×1"},
		{"-1,...", "9+1×1- 0+4×1 0+6×1"},
		{"...,-1", "0+10×1 0+4×1 5+1×1-"},
		{"2:5,...,::2", "2+3×1 0+4×1 0+3×2"},
		{" 1 : 9 : 3 , : , 2", "1+3×3 0+4×1 2+1×1-"},
		{"-3:,-100:100,5:2", "7+3×1 0+4×1 5+0×1"},
		{"0,0,0,...", "0+1×1- 0+1×1- 0+1×1-"},
	} {
		s, err := parseSelection(c.text, dims)
		require.NoError(t, err, c.text)
		got := ""
		for i, p := range s.spans {
			got += fmt.Sprintf(" %d+%d×%d%s", p[0].Start, p[0].Count, p[0].Stride, map[bool]string{true: "-"}[s.drop[i]])
		}
		require.Equal(t, c.want, got[1:], c.text)
	}
	for _, text := range []string{"10", "-11", ",", "0,", "1:2:3:4", "::0", "::-1", "x", "0,0,0,0", "...,...", "0,0,0,0,...", "99999999999999999999"} {
		_, err := parseSelection(text, dims)
		require.ErrorContains(t, err, "--select", text)
		require.ErrorContains(t, err, text)
	}
}

func FuzzSelect(f *testing.F) {
	f.Add("0:10,:", uint64(10), uint64(3))
	f.Add("-1,...,::2", uint64(0), uint64(1)<<63)
	f.Fuzz(func(t *testing.T, text string, a, b uint64) {
		dims := []uint64{a, b}
		s, err := parseSelection(text, dims)
		if err != nil {
			return
		}
		for i, p := range s.spans {
			if n := p[0].Count; n > 0 && uint64(n) != dims[i] {
				require.GreaterOrEqual(t, p[0].Start, int64(0))
				require.Less(t, uint64(p[0].Start+(n-1)*p[0].Stride), dims[i])
			}
		}
	})
}

// The corners of any array are few, and are part of it.
func TestElide(t *testing.T) {
	for _, dims := range [][]uint64{{}, {5}, {100}, {101}, {1 << 62}, {60, 50, 7}, {3, 1000}, {1000, 0}, {7, 7, 7, 7, 7}, make([]uint64, 32)} {
		for i := range dims {
			if len(dims) == 32 {
				dims[i] = 9
			}
		}
		s, long := elide(dims)
		total, all := 1.0, 1.0
		for i, spans := range s.spans {
			for _, p := range spans {
				require.LessOrEqual(t, uint64(p.Start+p.Count), dims[i])
			}
			total *= float64(s.counts()[i])
			all *= float64(dims[i])
		}
		require.LessOrEqual(t, total, float64(threshold))
		require.Equal(t, all > threshold, long, dims)
	}
}

// Blocks follow each other in C order and hold each selected element once.
func TestBlocks(t *testing.T) {
	for _, c := range []struct {
		block int64
		chunk []uint64
		all   []h5.Span
	}{
		{1, nil, []h5.Span{{Start: 2, Count: 5, Stride: 3}, {Start: 0, Count: 4, Stride: 1}}},
		{8, nil, []h5.Span{{Start: 2, Count: 5, Stride: 3}, {Start: 0, Count: 4, Stride: 1}}},
		{12, []uint64{4, 2}, []h5.Span{{Start: 3, Count: 17, Stride: 1}, {Start: 1, Count: 3, Stride: 2}}},
		{100, []uint64{7, 2}, []h5.Span{{Start: 3, Count: 170, Stride: 1}, {Start: 1, Count: 3, Stride: 2}}},
		{5, []uint64{2, 2, 2}, []h5.Span{{Start: 0, Count: 3, Stride: 1}, {Start: 0, Count: 4, Stride: 1}, {Start: 1, Count: 6, Stride: 1}}},
		{1 << 20, nil, []h5.Span{{Start: 0, Count: 1, Stride: 1}}},
	} {
		var got [][]int64
		b := &blocks{size: 1, block: c.block, chunk: c.chunk, all: c.all, now: make(h5.Selection, len(c.all))}
		b.visit = func(s h5.Selection) error {
			n := int64(1)
			for _, p := range s {
				n *= p[0].Count
			}
			layer := int64(1)
			for _, k := range c.chunk {
				layer *= int64(k)
			}
			require.LessOrEqual(t, n, max(c.block, 1)*layer*4)
			got = append(got, places(s)...)
			return nil
		}
		require.NoError(t, b.cut(0))
		whole := make(h5.Selection, len(c.all))
		for i := range c.all {
			whole[i] = c.all[i : i+1]
		}
		require.Equal(t, places(whole), got)
	}
}

// places lists the elements of a selection in C order.
func places(s h5.Selection) [][]int64 {
	out := [][]int64{nil}
	for _, p := range s {
		var next [][]int64
		for _, at := range out {
			for k := range p[0].Count {
				next = append(next, append(append([]int64{}, at...), p[0].Start+k*p[0].Stride))
			}
		}
		out = next
	}
	return out
}

func TestQuote(t *testing.T) {
	require.Equal(t, `"a\"\\\u000a\u007fü\udcff\udc80→"`, string(quoteText(nil, "a\"\\\n\x7fü\xff\x80→")))
	require.Equal(t, `"\x1b[2J"`, quoteName("\x1b[2J"))
	require.Equal(t, "sp ace üñ", quoteName("sp ace üñ"))
}
