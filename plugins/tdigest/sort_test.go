package tdigest

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// Numbers of every kind come in their order: single ones, those that differ in their last digits only, equal ones, of either sign; and
// places of equal ones in the order in which they stood.
func TestSort(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	kinds := map[string]func() float64{
		"normal":   rng.NormFloat64,
		"float32":  func() float64 { return float64(float32(rng.NormFloat64() * 1e3)) },
		"close":    func() float64 { return 1e9 + float64(rng.IntN(1e6))*1e-6 },
		"equal":    func() float64 { return float64(rng.IntN(7)-3) / 3 },
		"one":      func() float64 { return 0.1 },
		"integers": func() float64 { return float64(rng.IntN(1e6) - 5e5) },
		"wide":     func() float64 { return rng.NormFloat64() * []float64{1e-300, 1e-30, 1, 1e30, 1e300}[rng.IntN(5)] },
	}
	var s sorter
	for name, next := range kinds {
		for _, n := range []int{0, 1, 2, 100, radixFrom - 1, radixFrom, 5000} {
			v := make([]float64, n)
			for i := range v {
				v[i] = next()
			}
			want := slices.Clone(v)
			slices.Sort(want)
			at := slices.Clone(s.order(v))
			for i := range at {
				require.Equal(t, want[i], v[at[i]], "%s, %d", name, n)
				if i > 0 && want[i] == want[i-1] {
					require.Less(t, at[i-1], at[i], "%s, %d: equal numbers keep their order", name, n)
				}
			}
			s.sort(v)
			require.Equal(t, want, v, "%s, %d", name, n)
		}
	}
}
