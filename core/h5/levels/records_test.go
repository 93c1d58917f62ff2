package levels

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/h5"
)

// owners are the records of the rows, as a naive expansion of a link gives them; -1: none. false: the link is not consistent.
func owners(begins, counts []int64, base, rows int64) ([]int64, bool) {
	out := make([]int64, rows)
	for i := range out {
		out[i] = -1
	}
	for i, n := range counts {
		if n < 0 {
			return nil, false
		}
		for k := range n {
			row := begins[i] - base + k
			if row < 0 || row >= rows || out[row] >= 0 {
				return nil, false
			}
			out[row] = int64(i)
		}
	}
	return out, true
}

// checkLink holds newRecords, walk and rows against the naive expansion.
func checkLink(t require.TestingT, begins, counts []int64, base, rows int64, spans []h5.Span) {
	level := &Level{Name: "segments", Begin: "/{group}/beg", Count: "/{group}/cnt", Base: base}
	want, ok := owners(begins, counts, base, rows)
	r, err := newRecords("file", level, "gt1l", begins, counts, make([]bool, len(begins)), rows)
	if !ok {
		require.Equal(t, core.Invalid, core.CodeOf(err))
		require.ErrorContains(t, err, "/gt1l/beg = ")
		return
	}
	require.NoError(t, err)
	var got, picked []int64
	for _, s := range spans {
		picked = append(picked, want[s.Start:s.Start+s.Count]...)
	}
	r.walk(spans, func(k int, at, n int64) {
		for i := range n {
			owner := int64(-1)
			if k >= 0 {
				owner = int64(r.record[k])
				require.Less(t, at+i, r.end[k]-r.begin[k])
			}
			got = append(got, owner)
		}
	})
	require.Equal(t, picked, got)
	odd := r.rows(rows, true, func(k int) bool { return r.record[k]%2 == 1 })
	some := map[int64]bool{}
	for _, s := range odd {
		for row := s.Start; row < s.Start+s.Count; row++ {
			some[row] = true
		}
	}
	for row, o := range want {
		require.Equal(t, o < 0 || o%2 == 1, some[int64(row)], row)
	}
}

// Links in any order, with empty records, gaps and, sometimes, faults.
func TestLinks(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for range 3000 {
		base := rng.Int64N(2)
		var begins, counts []int64
		row := int64(0)
		for range rng.IntN(12) {
			n := rng.Int64N(5)
			row += max(rng.Int64N(6)-3, 0)
			begins, counts = append(begins, row+base), append(counts, n)
			if n == 0 {
				begins[len(begins)-1] = rng.Int64N(3) * 1000
			}
			row += n
		}
		rows := row + rng.Int64N(4)
		if n := len(begins); n > 0 && rng.IntN(4) == 0 {
			begins[rng.IntN(n)] += rng.Int64N(7) - 3
		}
		rng.Shuffle(len(begins)*rng.IntN(2), func(i, k int) {
			begins[i], begins[k], counts[i], counts[k] = begins[k], begins[i], counts[k], counts[i]
		})
		var spans []h5.Span
		for at := rng.Int64N(3); at < rows; {
			n := min(1+rng.Int64N(6), rows-at)
			spans = append(spans, h5.Span{Start: at, Count: n})
			at += n + 1 + rng.Int64N(4)
		}
		checkLink(t, begins, counts, base, rows, spans)
	}
}

// Whatever a link says, it is refused or means what the naive expansion gives.
func FuzzLink(f *testing.F) {
	f.Add([]byte{1, 2, 3, 2, 0, 0, 5, 1}, uint8(1), uint8(9))
	f.Add([]byte{0, 3, 2, 2}, uint8(0), uint8(8))
	f.Fuzz(func(t *testing.T, link []byte, base, rows uint8) {
		var begins, counts []int64
		for i := 0; i+1 < len(link) && i < 64; i += 2 {
			begins, counts = append(begins, int64(int8(link[i]))), append(counts, int64(int8(link[i+1])))
		}
		checkLink(t, begins, counts, int64(base%3), int64(rows), []h5.Span{{Count: int64(rows)}})
	})
}
