package expr

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
)

func TestUnits(t *testing.T) {
	units := map[string]string{"h": "m", "s": "m", "q": "1", "t": "seconds since 2018-01-01", "u": "", "v": "m s-1"}
	var vars []Var
	for _, name := range []string{"h", "s", "q", "t", "u", "v"} {
		vars = append(vars, Var{Name: name, Type: core.Float64})
	}
	for text, want := range map[string]string{
		"1.0 / np.sqrt(np.sum(1.0 / s**2))": "m", "np.mean(h)": "m", "np.var(h)": "m^2", "np.max(h) - np.min(h)": "m", "np.mean(h) + 3": "m", "np.mean(h * s)": "m^2",
		"np.sum(h / s**2) / np.sum(1 / s**2)": "m", "np.mean(h > 3)": "1", "len(h)": "1", "np.mean(h) / np.std(s)": "1", "np.mean(1 / h)": "m^-1", "np.mean(q)": "1",
		"np.mean(u)": "", "np.mean(t)": "", "np.mean(h + q)": "", "np.exp(np.mean(h))": "", "np.exp(np.mean(q))": "1", "np.sqrt(np.mean(h))": "", "np.mean(v**2)": "(m s-1)^2",
		"np.median(h[h > 0])": "m", "np.mean(np.where(h > 0, h, s))": "m", "-np.mean(h)": "m", "np.mean(h) ** -2": "m^-2", "np.mean(np.abs(h - np.median(h)))": "m",
	} {
		p, err := Compile(text, vars, Options{Mode: PerCell})
		require.NoError(t, err, text)
		require.Equal(t, want, p.Units(func(c string) string { return units[c] }), text)
	}
	p, err := Compile("np.mean(h - s)", vars, Options{Mode: PerCell})
	require.NoError(t, err)
	require.Equal(t, "mean", p.Reduction())
	p, err = Compile("1 / np.mean(h)", vars, Options{Mode: PerCell})
	require.NoError(t, err)
	require.Empty(t, p.Reduction())
}
