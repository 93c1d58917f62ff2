//go:build suites

package expr_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/expr"
)

// TestRows compares filters and params: one value for each of many rows, in numpy one array.
func TestRows(t *testing.T) {
	r := random(t, 100)
	g, vars := data(r, 4000)
	vars = vars[:len(g.Rows)]
	n := g.Offsets[len(g.Offsets)-1]
	require.Greater(t, n, int64(20_000), "several blocks")
	task := taskOf(&core.Groups{Offsets: []int64{0, n}, Rows: g.Rows})
	gen := &generator{r: r, rows: true}
	for range 120 {
		task.Expressions = append(task.Expressions, gen.top())
	}
	answer := ask(t, task)
	equal := 0
	for i, text := range task.Expressions {
		p, err := expr.Compile(text, vars, expr.Options{Mode: expr.PerRow})
		var out core.Column
		if err == nil {
			out, err = p.Rows(g.Rows, int(n))
		}
		want := answer.Expressions[i][0]
		if err == nil && want.Kind != "error" && want.Shape == 0 { // a number for every row
			size := len(out.Data) / int(n)
			for k := range int(n) {
				require.Equal(t, out.Data[:size], out.Data[k*size:(k+1)*size], text)
			}
			out.Data, out.Offsets = out.Data[:size], []int64{0, 1}
		} else if err == nil {
			out.Offsets = []int64{0, n}
		}
		ok, err := compareCell(t, text, &out, 0, rowsOnly(err), &want)
		if err != nil {
			t.Errorf("%s\n  %v", text, err)
		}
		if ok {
			equal++
		}
	}
	require.Greater(t, equal, 60)
}

// rowsOnly marks what only a filter or param refuses as zagg's own strictness.
func rowsOnly(err error) error {
	if err != nil && contains(err.Error(), []string{"not allowed in a filter or param"}) {
		return fmt.Errorf("neither true nor false: %w", err)
	}
	return err
}

// TestFloat32 compares what keeps float32 values as they are with numpy on real float32 arrays, bit for bit.
func TestFloat32(t *testing.T) {
	r := random(t, 200)
	g := &core.Groups{Slots: make([]int32, 60), Offsets: make([]int64, 61)}
	for i := range 60 {
		g.Slots[i], g.Offsets[i+1] = int32(i), g.Offsets[i]+1+int64(r.IntN(300))
	}
	h := make([]float32, g.Offsets[60])
	for i := range h {
		h[i] = float32(1500 + r.NormFloat64()*30)
	}
	g.Rows = []core.Column{core.ColumnOf("h", h)}
	task := taskOf(g)
	task.Native = true
	for range 100 {
		q := r.Float64()
		task.Expressions = append(task.Expressions,
			fmt.Sprintf("np.quantile(h, %v)", q), fmt.Sprintf("np.percentile(h[::2], %v)", 100*q),
			fmt.Sprintf("np.percentile(h, [%v, 50, 75])", 100*q), fmt.Sprintf("np.median(h[::-1][%d:])", r.IntN(3)),
			fmt.Sprintf("np.nanmedian(h[h > 1500]) if np.any(h > 1500) else h[%d]", -1))
	}
	answer := ask(t, task)
	for i, text := range task.Expressions {
		p, err := expr.Compile(text, []expr.Var{{Name: "h", Type: core.Float32}}, expr.Options{Ragged: true})
		require.NoError(t, err)
		out, err := p.Cells(t.Context(), g)
		for c, want := range answer.Expressions[i] {
			if want.Kind == "error" {
				require.Error(t, err)
				break
			}
			require.NoError(t, err)
			if err := compareNumbers(out.Type, core.Raw(core.View[float64](out.Data)[out.Offsets[c]:out.Offsets[c+1]]), &want, want.raw(t), 0); err != nil {
				if want.Kind == "f" && c >= 0 {
					t.Errorf("%s, cell %d: %v", text, c, err)
				}
			}
		}
	}
}
