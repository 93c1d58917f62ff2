package expr

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
)

// busyShard is 900,000 segments in 3,300 cells.
func busyShard() *core.Groups {
	const rows, cells = 900_000, 3300
	r := rand.New(rand.NewPCG(1, 2))
	h, s := make([]float32, rows), make([]float32, rows)
	for i := range h {
		h[i], s[i] = float32(1500+r.NormFloat64()*30), float32(0.01+r.Float64())
	}
	g := &core.Groups{Slots: make([]int32, cells), Offsets: make([]int64, cells+1)}
	for i := range cells {
		g.Slots[i], g.Offsets[i+1] = int32(i), int64((i+1)*rows/cells)
	}
	g.Rows = []core.Column{core.ColumnOf("h_li", h), core.ColumnOf("s_li", s)}
	return g
}

func BenchmarkCells(b *testing.B) {
	g := busyShard()
	for _, text := range []string{
		"1.0 / np.sqrt(np.sum(1.0 / s_li**2))",
		"np.max(h_li) - np.min(h_li)",
		"np.median(h_li[h_li > 1500])",
		"np.histogram(h_li - np.median(h_li), 128, (-128.0, 128.0))[0].astype('uint32')",
	} {
		b.Run(text, func(b *testing.B) {
			p, err := Compile(text, []Var{{Name: "h_li", Type: core.Float32}, {Name: "s_li", Type: core.Float32}}, Options{})
			require.NoError(b, err)
			for b.Loop() {
				_, err := p.Cells(b.Context(), g)
				require.NoError(b, err)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/900_000, "ns/row")
		})
	}
}

func BenchmarkRows(b *testing.B) {
	g := busyShard()
	for _, text := range []string{"1.0 / s_li**2", "abs(h_li - 1500) <= 20"} {
		b.Run(text, func(b *testing.B) {
			p, err := Compile(text, []Var{{Name: "h_li", Type: core.Float32}, {Name: "s_li", Type: core.Float32}}, Options{Mode: PerRow})
			require.NoError(b, err)
			for b.Loop() {
				_, err := p.Rows(g.Rows, 900_000)
				require.NoError(b, err)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/900_000, "ns/row")
		})
	}
}
