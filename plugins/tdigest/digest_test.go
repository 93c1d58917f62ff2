package tdigest

import (
	"math"
	"math/rand/v2"
	"slices"
	"sort"
	"testing"

	"github.com/stretchr/testify/require"
)

// distributions are n values of some kinds: normal, heavy-tailed, two-peaked, with many equal ones.
func distributions(rng *rand.Rand, n int) map[string][]float64 {
	out := map[string][]float64{}
	for range n {
		out["normal"] = append(out["normal"], rng.NormFloat64())
		out["heavy"] = append(out["heavy"], math.Tan(math.Pi*(rng.Float64()-0.5)))
		out["two"] = append(out["two"], rng.NormFloat64()+float64(rng.IntN(2))*100)
		out["equal"] = append(out["equal"], float64(rng.IntN(20)))
	}
	return out
}

// rankError is how far the part of sorted values up to Quantile(q) is from q.
func rankError(sorted []float64, digest []float32, q float64) float64 {
	v := Quantile(digest, q)
	near := 1e-6 * math.Abs(v) // of float32
	below := float64(sort.SearchFloat64s(sorted, v-near)) / float64(len(sorted))
	upTo := float64(sort.Search(len(sorted), func(i int) bool { return sorted[i] > v+near })) / float64(len(sorted))
	return max(below-q, q-upTo, 0)
}

func TestQuantiles(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, n := range []int{1, 2, 7, 100, 511, 512, 5000, 60000} {
		for name, v := range distributions(rng, n) {
			for _, delta := range []float64{16, 64, 512} {
				b := builder{delta: delta, values: slices.Clone(v)}
				digest := slices.Clone(b.build().numbers)
				sorted := slices.Clone(v)
				slices.Sort(sorted)
				require.True(t, slices.Equal(sorted, b.values), "the builder sorts")
				require.LessOrEqual(t, len(digest)/2, int(1.3*delta)+2)
				weight, last := 0.0, math.Inf(-1)
				for i := 0; i < len(digest); i += 2 {
					require.GreaterOrEqual(t, float64(digest[i]), last)
					last = float64(digest[i])
					weight += float64(digest[i+1])
				}
				require.InDelta(t, float64(n), weight, 0)
				most := 2 / delta
				if name == "equal" { // a centroid of two values lies between them, where none is
					most = 4 / delta
				}
				before := math.Inf(-1)
				for q := 0.0; q <= 1; q += 1.0 / 256 {
					x := Quantile(digest, q)
					require.GreaterOrEqual(t, x, before, "%s %d: quantiles fall at %g", name, n, q)
					before = x
					require.LessOrEqual(t, rankError(sorted, digest, q), max(most, 1/float64(n)), "%s: n %d, delta %g, q %g", name, n, delta, q)
				}
				if name != "equal" {
					require.InDelta(t, CDF(digest, Quantile(digest, 0.5)), 0.5, max(most, 1/float64(n)))
				}
			}
		}
	}
	b := builder{delta: 512, values: distributions(rng, 200000)["normal"]}
	digest := b.build().numbers
	for q := 0.005; q < 1; q += 0.005 {
		require.LessOrEqual(t, rankError(b.values, digest, q), 1e-3)
	}
	require.True(t, math.IsNaN(Quantile(nil, 0.5)))
	require.True(t, math.IsNaN(CDF(nil, 0)))
}

// A thousand parts, in any order, give one digest nearly as good as that of all values at once.
func TestMerge(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for name, v := range distributions(rng, 100000) {
		var parts [][]float32
		for at := 0; at < len(v); at += 100 {
			b := builder{delta: 128, values: slices.Clone(v[at : at+100])}
			parts = append(parts, slices.Clone(b.build().numbers))
		}
		merge := func() []float32 {
			m := merger{delta: 128}
			m.begin()
			for _, p := range parts {
				m.add(digest{numbers: p})
			}
			out, err := m.merge()
			require.NoError(t, err)
			return slices.Clone(out.numbers)
		}
		first := merge()
		rng.Shuffle(len(parts), func(i, k int) { parts[i], parts[k] = parts[k], parts[i] })
		require.Equal(t, first, merge(), name)
		b := builder{delta: 128, values: slices.Clone(v)}
		once := b.build().numbers
		worst, worstOnce := 0.0, 0.0
		for q := 0.0; q <= 1; q += 1.0 / 512 {
			worst, worstOnce = max(worst, rankError(b.values, first, q)), max(worstOnce, rankError(b.values, once, q))
		}
		require.LessOrEqual(t, worst, max(1.2*worstOnce, 1e-4), name)
	}
}

func TestMergeRefuses(t *testing.T) {
	for _, bad := range [][]float32{{1, 0}, {1, -1}, {float32(math.NaN()), 1}, {float32(math.Inf(1)), 1}} {
		m := merger{delta: 10}
		m.begin()
		m.add(digest{numbers: []float32{1, 1}})
		m.add(digest{numbers: bad})
		_, err := m.merge()
		require.Error(t, err)
	}
}

func BenchmarkBuild(b *testing.B) {
	doubles := distributions(rand.New(rand.NewPCG(5, 6)), 1000000)["normal"]
	singles := make([]float64, len(doubles)) // as most columns are
	for i, v := range doubles {
		singles[i] = float64(float32(v))
	}
	for name, v := range map[string][]float64{"float64": doubles, "float32": singles} {
		b.Run(name, func(b *testing.B) {
			d := builder{delta: 512}
			for range b.N {
				d.values = append(d.values[:0], v...)
				d.build()
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/1e6, "ns/value")
		})
	}
}
