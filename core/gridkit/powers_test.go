package gridkit

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
)

// An able grid has every power; it counts when it is closed.
type able struct {
	core.Grid
	closed int
}

func (*able) LocateIn(context.Context, []core.ShardKey, []float64, []float64, []int32, []int32) error {
	return nil
}
func (*able) Names(context.Context, []float64, []float64) ([]core.Column, error) { return nil, nil }
func (*able) CoverCells(context.Context, [][]uint64, []float64) ([][]core.ShardKey, []bool, error) {
	return nil, nil, nil
}
func (*able) CellAreas(context.Context, core.ShardKey, []int32) ([]float64, error) {
	return nil, nil
}
func (*able) Orders() (int, int) { return 1, 2 }
func (*able) Restore(context.Context, core.Legacy) (core.Restored, error) {
	return core.Restored{Note: "restored"}, nil
}
func (a *able) Close() error { a.closed++; return nil }

func TestPowers(t *testing.T) {
	a := &able{}
	all := PowersOf(a)
	for bits := range 32 {
		var p Powers
		if bits&1 != 0 {
			p.Locates = all.Locates
		}
		if bits&2 != 0 {
			p.Names = all.Names
		}
		if bits&4 != 0 {
			p.Covers = all.Covers
		}
		if bits&8 != 0 {
			p.Restores = all.Restores
		}
		if bits&16 != 0 {
			p.Measures = all.Measures
		}
		g := p.With(a)
		_, locates := g.(core.ShardLocator)
		_, names := g.(core.CellNamer)
		_, covers := g.(core.CellCoverer)
		legacy, restores := g.(core.LegacyGrid)
		_, measures := g.(core.CellMeasurer)
		require.Equal(t, [5]bool{bits&1 != 0, bits&2 != 0, bits&4 != 0, bits&8 != 0, bits&16 != 0}, [5]bool{locates, names, covers, restores, measures}, "%05b", bits)
		if restores {
			r, err := legacy.Restore(t.Context(), core.Legacy{})
			require.NoError(t, err)
			require.Equal(t, "restored", r.Note)
		}
		require.NoError(t, g.(interface{ Close() error }).Close())
	}
	require.Equal(t, 32, a.closed)
	require.Equal(t, Powers{}, PowersOf(Powers{}.With(a)))
}
