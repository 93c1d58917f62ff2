package expr

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
)

func seed(f *testing.F) {
	for _, text := range []string{
		"1.0 / np.sqrt(np.sum(1.0 / s**2))", "np.max(h[ok]) if np.any(ok) else np.nan", "h[::-2]", "np.percentile(h, [1, 50])",
		"np.histogram(h - offset, 128, (-128.0, 128.0))[0].astype('uint32')", "not 1 and 2 or u[0] ** 2", "(1, [2, 3])[0]", "-0x1F + 1_0.5e-3",
		"np.concatenate((h, s[ok])).sum()", "np.where(ok, i, -1) // 0", "np.array([1, len(h)]) * edges", "~i & 3 | i << 1 >> 2 ^ 1", "1 < h < 2", "h.", "np.",
	} {
		f.Add(text)
	}
}

// FuzzCompile: any text compiles or is refused as Invalid, in every mode.
func FuzzCompile(f *testing.F) {
	seed(f)
	_, vars := threeCells()
	f.Fuzz(func(t *testing.T, text string) {
		for _, o := range []Options{{}, {Ragged: true}, {Mode: PerRow}, {Mode: Filter}} {
			if p, err := Compile(text, vars, o); err != nil {
				require.Equal(t, core.Invalid, core.CodeOf(err))
				require.Nil(t, p)
			}
		}
	})
}

// FuzzEval: what compiles gives a column of the promised shape or an Invalid error, the same each time, and the same
// for a cell alone as among others.
func FuzzEval(f *testing.F) {
	seed(f)
	g, vars := threeCells()
	f.Fuzz(func(t *testing.T, text string) {
		if p, err := Compile(text, vars, Options{Ragged: true}); err == nil {
			all, err := p.Cells(t.Context(), g)
			again, err2 := p.Cells(t.Context(), g)
			require.Equal(t, err, err2)
			require.Equal(t, all, again)
			if err != nil {
				require.Equal(t, core.Invalid, core.CodeOf(err))
				return
			}
			require.Equal(t, 3, all.Rows())
			compareAlone(t, p, g, &all)
		}
		if p, err := Compile(text, vars, Options{Mode: PerRow}); err == nil {
			out, err := p.Rows(g.Rows, 7)
			if err == nil {
				require.Equal(t, 7, out.Rows())
			} else {
				require.Equal(t, core.Invalid, core.CodeOf(err))
			}
		}
	})
}

func compareAlone(t *testing.T, p *Program, g *core.Groups, all *core.Column) {
	for i := range g.Slots {
		lo, hi := g.Offsets[i], g.Offsets[i+1]
		one := &core.Groups{Slots: g.Slots[i : i+1], Offsets: []int64{0, hi - lo}}
		for _, c := range g.Rows[:len(g.Rows)-1] {
			size := int64(c.Type.Size())
			c.Data = c.Data[lo*size : hi*size]
			one.Rows = append(one.Rows, c)
		}
		for _, c := range g.Cells {
			size := c.Type.Size() * max(c.Width, 1)
			c.Data = c.Data[i*size : (i+1)*size]
			one.Cells = append(one.Cells, c)
		}
		out, err := p.Cells(t.Context(), one)
		require.NoError(t, err)
		size := int64(all.Type.Size())
		require.Equal(t, string(all.Data[all.Offsets[i]*size:all.Offsets[i+1]*size]), string(out.Data))
	}
}
