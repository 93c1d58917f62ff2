package stats

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
)

func made(t *testing.T, name, config string) core.Statistic {
	for _, m := range Plugin().Statistics {
		if m.Name == name {
			s, err := m.New(t.Context(), core.Config(config))
			require.NoError(t, err)
			return s
		}
	}
	require.FailNow(t, "no statistic "+name)
	return nil
}

func TestDistinctAndSingle(t *testing.T) {
	nan := math.NaN()
	g := &core.Groups{Slots: []int32{1, 2, 5, 7}, Offsets: []int64{0, 2, 5, 6, 8}, Rows: []core.Column{
		core.ColumnOf("source", []float64{3, 3, 3, 4, 3, nan, 0, math.Copysign(0, -1)})}}
	out, err := made(t, "distinct", "").Compute(t.Context(), g)
	require.NoError(t, err)
	require.Equal(t, []int64{1, 2, 1, 1}, core.View[int64](out[0].Data))
	out, err = made(t, "single", "").Compute(t.Context(), g)
	require.NoError(t, err)
	got := core.View[float64](out[0].Data)
	require.Equal(t, 3.0, got[0])
	require.True(t, math.IsNaN(got[1]) && math.IsNaN(got[2]))
	require.Equal(t, 0.0, got[3])
	g.Rows[0] = core.ColumnOf("source", []uint64{1 << 63, 1 << 63, 1, 2, 1, 9, 7, 7})
	out, err = made(t, "single", "").Compute(t.Context(), g)
	require.NoError(t, err)
	require.Equal(t, []uint64{1 << 63, 0, 9, 7}, core.View[uint64](out[0].Data))
}

// The published word: confidences 4, -1, 0, 3, 1 at threshold 2.
func TestComposition(t *testing.T) {
	g := &core.Groups{Slots: []int32{0, 1, 2}, Offsets: []int64{0, 1, 3, 4}, Rows: []core.Column{core.ColumnOf("source", []float64{1, 2, math.NaN(), 3})}}
	conf := [5][]int8{{4, 2, 4, 1}, {-1, 0, 4, 1}, {0, 0, 4, 1}, {3, 2, 4, 1}, {1, 1, 4, 1}}
	for i, name := range surfaces() {
		g.Rows = append(g.Rows, core.ColumnOf(name, conf[i]))
	}
	out, err := made(t, "composition", `{"threshold":2}`).Compute(t.Context(), g)
	require.NoError(t, err)
	require.Equal(t, []uint64{0xFF000000FF0000FF, 0x000000FF | 0xFF000000 | 0xFF0000000000, 0}, core.View[uint64](out[0].Data))
}
