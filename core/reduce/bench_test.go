package reduce

import (
	"math/rand/v2"
	"testing"

	"github.com/englacial/zagg/core"
)

// shard is the size of a busy ATL06 shard: 900,000 segments in 3,300 cells.
func shard(rows, cells int) (h, s []float32, offsets []int64) {
	r := rand.New(rand.NewPCG(1, 2))
	h, s = make([]float32, rows), make([]float32, rows)
	for i := range h {
		h[i], s[i] = float32(1500+r.NormFloat64()*30), float32(0.01+r.Float64())
	}
	offsets = make([]int64, cells+1)
	for i := range offsets {
		offsets[i] = int64(i * rows / cells)
	}
	return h, s, offsets
}

func BenchmarkOps(b *testing.B) {
	const rows = 900_000
	h, s, offsets := shard(rows, 3300)
	values, sigma := core.ColumnOf("h", h), core.ColumnOf("s", s)
	w := make([]float64, rows)
	for i, x := range Float64s(&sigma) {
		w[i] = 1 / (x * x)
	}
	weights := core.ColumnOf("w", w)
	args := Args{Q: []float64{0.25}, Weights: &weights}
	for _, op := range Ops() {
		b.Run(op.String(), func(b *testing.B) {
			for b.Loop() {
				if _, err := Apply(op, &values, offsets, args); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/rows, "ns/row")
		})
	}
	b.Run("quartiles", func(b *testing.B) {
		for b.Loop() {
			if _, err := Apply(OpQuantile, &values, offsets, Args{Q: []float64{0.25, 0.5, 0.75}}); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/rows, "ns/row")
	})
}
