package morton

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// decimal is a word's base cell and digits, one by one: the naive reading.
func decimal(t *testing.T, w uint64) (base uint64, digits []uint64) {
	order, path, ok := parse(w)
	require.True(t, ok, "%x", w)
	for i := 1; i <= order; i++ {
		digits = append(digits, path>>(2*(MaxOrder-i))&3)
	}
	return path >> 58, digits
}

func TestPublishedWords(t *testing.T) {
	base, digits := decimal(t, 1233986297899515908) // "11213"
	require.Equal(t, uint64(0), base)
	require.Equal(t, []uint64{0, 1, 0, 2}, digits)
	base, digits = decimal(t, 5347294481781620745) // "4331422233"
	require.Equal(t, uint64(3), base)
	require.Equal(t, []uint64{2, 2, 0, 3, 1, 1, 1, 2, 2}, digits)
}

func TestJoin(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 20000 {
		a := rng.Uint64N(12 << 58)
		b := a ^ rng.Uint64()>>(6+rng.IntN(58))
		x, y := Point(a), Point(b)
		if rng.IntN(2) == 0 {
			x = cell(rng.IntN(30), a)
		}
		if rng.IntN(2) == 0 {
			y = cell(rng.IntN(30), b)
		}
		j := Join(x, y)
		require.Equal(t, j, Join(y, x))
		if a>>58 != b>>58 {
			require.Zero(t, j)
			continue
		}
		_, dx := decimal(t, x)
		_, dy := decimal(t, y)
		n := 0
		for n < len(dx) && n < len(dy) && dx[n] == dy[n] {
			n++
		}
		base, common := decimal(t, j)
		require.Equal(t, a>>58, base)
		require.Len(t, common, n)
		require.True(t, slices.Equal(dx[:n], common))
		require.Less(t, j&63, uint64(48), "a cell, not a point")
		require.Equal(t, j, Join(j, x))
	}
}

func TestJoinOfNoWord(t *testing.T) {
	good := Point(12345)
	for _, bad := range []uint64{0, 13 << 60, 15<<60 | 5, 1<<60 | 1<<6 | 3} {
		require.Zero(t, Join(good, bad))
		require.Zero(t, Join(bad, good))
	}
}
