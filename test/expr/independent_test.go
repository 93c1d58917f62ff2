//go:build suites

package expr_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/internal/expr"
)

// TestCellsAreIndependent needs no Python: a cell has the same result alone and among others, in one block or several.
func TestCellsAreIndependent(t *testing.T) {
	r := random(t, 400)
	g, vars := data(r, 1500)
	gen := &generator{r: r}
	compared := 0
	for range 1500 {
		text := gen.top()
		p, err := expr.Compile(text, vars, expr.Options{Ragged: true})
		if err != nil {
			continue
		}
		all, err := p.Cells(t.Context(), g)
		if err != nil {
			continue
		}
		compared++
		for range 5 {
			i := r.IntN(len(g.Slots))
			one, err := p.Cells(t.Context(), cell(g, i))
			require.NoError(t, err, text)
			size := int64(all.Type.Size())
			require.Equal(t, all.Type, one.Type, text)
			require.Equal(t, string(all.Data[all.Offsets[i]*size:all.Offsets[i+1]*size]), string(one.Data), "%s in cell %d", text, i)
		}
		require.Equal(t, int64(len(all.Data)/all.Type.Size()), all.Offsets[len(g.Slots)], text)
	}
	require.Greater(t, compared, 500)
}
