package expr

import (
	"math"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
)

var nan, inf = math.NaN(), math.Inf(1)

// threeCells has cells of 4, 1 and 2 rows.
func threeCells() (*core.Groups, []Var) {
	g := &core.Groups{
		Slots:   []int32{5, 9, 20},
		Offsets: []int64{0, 4, 5, 7},
		Rows: []core.Column{
			core.ColumnOf("h", []float32{1, 2, 4, 3, 7, 5, float32(nan)}),
			core.ColumnOf("s", []float64{1, 2, 1, 2, 0, 1, 2}),
			core.ColumnOf("i", []int16{3, -3, 7, 0, -7, 2, 1}),
			core.ColumnOf("u", []uint64{1, 2, math.MaxUint64, 0, 5, 6, 7}),
			core.ColumnOf("ok", []bool{true, true, false, true, false, true, true}),
			core.StringColumn("name", []string{"a", "b", "c", "d", "e", "f", "g"}),
		},
		Cells: []core.Column{
			core.ColumnOf("offset", []float64{10, 20, 30}),
			{Name: "edges", Type: core.Float32, Width: 2, Data: core.Raw([]float32{1, 2, 3, 4, 5, 6})},
		},
	}
	var vars []Var
	for _, c := range g.Rows {
		vars = append(vars, Var{Name: c.Name, Type: c.Type})
	}
	for _, c := range g.Cells {
		vars = append(vars, Var{Name: c.Name, Type: c.Type, PerCell: true, Width: c.Width})
	}
	return g, vars
}

// floatsOf is a column's numbers as float64.
func floatsOf(c *core.Column) []float64 {
	v := value{data: c.Data}
	switch c.Type {
	case core.Bool:
		v.kind = kindBool
	case core.Int64:
		v.kind = kindInt
	case core.Uint64:
		v.kind = kindUint
	default:
		v.kind = kindFloat
	}
	f := make([]float64, v.len())
	for i := range f {
		f[i] = v.element(i)
	}
	return f
}

func TestCells(t *testing.T) {
	const f, i, u, b = core.Float64, core.Int64, core.Uint64, core.Bool
	root := math.Sqrt
	for _, c := range []struct {
		text  string
		typ   core.Type
		width int
		want  []float64
	}{
		{"1.0 / np.sqrt(np.sum(1.0 / s**2))", f, 1, []float64{1 / root(2.5), 0, 1 / root(1.25)}},
		{"np.average(h, weights=1.0 / s**2)", f, 1, []float64{(1 + 0.5 + 4 + 0.75) / 2.5, nan, nan}},
		{"offset", f, 1, []float64{10, 20, 30}},
		{"edges", f, 2, []float64{1, 2, 3, 4, 5, 6}},
		{"edges + offset", f, 2, []float64{11, 12, 23, 24, 35, 36}},
		{"3", i, 1, []float64{3, 3, 3}},
		{"np.pi", f, 1, []float64{math.Pi, math.Pi, math.Pi}},
		{"len(h)", i, 1, []float64{4, 1, 2}},
		{"len(h) > 1", b, 1, []float64{1, 0, 1}},
		{"np.min(h)", f, 1, []float64{1, 7, nan}},
		{"np.nanmin(h) + numpy.nanmax(h)", f, 1, []float64{5, 14, 10}},
		{"np.max(u)", u, 1, []float64{math.MaxUint64, 5, 7}},
		{"u.max() == 18446744073709551615", b, 1, []float64{1, 0, 0}},
		{"u[0] & 0xFF00_0000_0000_0000", u, 1, []float64{0, 0, 0}},
		{"sum(ok)", i, 1, []float64{3, 0, 2}},
		{"h[0]", f, 1, []float64{1, 7, 5}},
		{"h[-1]", f, 1, []float64{3, 7, nan}},
		{"np.sum(h[ok])", f, 1, []float64{6, 0, nan}},
		{"np.sum(h[(s > 1) & ~np.isnan(h)])", f, 1, []float64{5, 0, 0}},
		{"len(h[1:]) + len(h[::2]) * 10 + len(h[::-1][:-1]) * 100", i, 1, []float64{3 + 20 + 300, 10, 1 + 10 + 100}},
		{"np.max(h[ok]) if np.any(ok) else -1", f, 1, []float64{3, -1, nan}},
		{"len(h) and i[0]", i, 1, []float64{3, -7, 2}},
		{"sum(ok) or len(h)", i, 1, []float64{3, 1, 2}},
		{"not np.all(ok)", b, 1, []float64{1, 1, 0}},
		{"1 < len(h) <= 3", b, 1, []float64{0, 0, 1}},
		{"i[0] // 2", i, 1, []float64{1, -4, 1}},
		{"i[0] % 2 + (-7 % 3) * 10", i, 1, []float64{21, 21, 20}},
		{"i[0] // 0", i, 1, []float64{0, 0, 0}},
		{"i[0] / 0", f, 1, []float64{inf, -inf, inf}},
		{"-2**2 + 2**-1", f, 1, []float64{-3.5, -3.5, -3.5}},
		{"2**3**2", i, 1, []float64{512, 512, 512}},
		{"np.float32(0.1)", f, 1, []float64{float64(float32(0.1)), float64(float32(0.1)), float64(float32(0.1))}},
		{"np.array([np.min(s), len(s)])", f, 2, []float64{1, 4, 0, 1, 1, 2}},
		{"np.array([1, 2], dtype=np.float32)", f, 2, []float64{1, 2, 1, 2, 1, 2}},
		{"np.percentile(s, [0, 50, 100])", f, 3, []float64{1, 1.5, 2, 0, 0, 0, 1, 1.5, 2}},
		{"np.quantile(s, q=0.25)", f, 1, []float64{1, 0, 1.25}},
		{"np.median(h)", f, 1, []float64{2.5, 7, nan}},
		{"np.var(s, ddof=1)", f, 1, []float64{1. / 3, nan, 0.5}},
		{"np.histogram(h, 2, (0, 8))[0]", i, 2, []float64{3, 1, 0, 1, 0, 1}},
		{"np.histogram(h, bins=2, range=(0.0, 4.0))[0].astype('uint32')", i, 2, []float64{1, 3, 0, 0, 0, 0}},
		{"np.histogram(h - offset, 2, (offset - 20, offset - 10))[1]", f, 3, []float64{-10, -5, 0, 0, 5, 10, 10, 15, 20}},
		{"np.histogram(h, [0, 2, 5])[0]", i, 2, []float64{1, 3, 0, 0, 0, 1}},
		{"np.float32(np.maximum(0.5, 2.0 ** np.ceil(np.log2(np.maximum(1e-6, np.max(s) - np.min(s)) / 128.0))))", f, 1, []float64{0.5, 0.5, 0.5}},
		{"np.round(np.mean(s) * 1.05, 1)", f, 1, []float64{1.6, 0, 1.6}},
		{"np.concatenate((s[:1], s[-1:])).sum()", f, 1, []float64{3, 0, 3}},
		{"np.cumsum(i)[-1] - np.sum(np.diff(i))", i, 1, []float64{7 + 3, -7, 3 + 1}},
		{"np.count_nonzero(np.where(ok, i, 0))", i, 1, []float64{2, 0, 2}},
		{"int(np.mean(s) * 2.5) + float(len(s))", f, 1, []float64{7, 1, 5}},
		{"min(len(h), 2, 3.5)", f, 1, []float64{2, 1, 2}},
		{"(len(h), len(s), 7)[-1]", i, 1, []float64{7, 7, 7}},
		{"np.clip(i, -2, 2).sum()", i, 1, []float64{2, -2, 3}},
		{"np.zeros(2) + np.arange(2) + len(h)", f, 2, []float64{4, 5, 1, 2, 2, 3}},
	} {
		t.Run(c.text, func(t *testing.T) {
			g, vars := threeCells()
			p, err := Compile(c.text, vars, Options{})
			require.NoError(t, err)
			out, err := NewStatistic(p).Compute(t.Context(), g)
			require.NoError(t, err)
			require.Equal(t, c.typ, out[0].Type)
			require.Equal(t, c.typ, p.Type())
			require.Equal(t, c.width, out[0].Width)
			require.Equal(t, c.width, p.Width())
			require.Equal(t, c.width, NewStatistic(p).Info().Outputs[0].Width)
			require.InDeltaSlice(t, c.want, floatsOf(&out[0]), 1e-15)
		})
	}
}

func TestErrors(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"1.0 / np.sqt(h)", "expression \"1.0 / np.sqt(h)\": col 7: no function np.sqt; did you mean np.sqrt?\n    1.0 / np.sqt(h)\n          ^"},
		{"", "the expression is empty"},
		{"h +", "unexpected the end"},
		{"(h", "expected ), found the end"},
		{"h h", "col 3: unexpected h"},
		{"h_li", "no column h_li; columns: h, s, i"},
		{"offse", "no column offse; did you mean offset?"},
		{"lambda: 1", "lambda is not possible"},
		{"[x for x in h]", "expected ], found for"},
		{"__import__('os')", "no function __import__"},
		{"np.load('x')", "no function np.load"},
		{"np.__class__", "no np.__class__"},
		{"h.__class__", "no attribute .__class__"},
		{"h.tofile(1)", "no method .tofile"},
		{"h.median()", "write np.median(x)"},
		{"np.sqrt", "np.sqrt is a function"},
		{"np", "np is not a value"},
		{"'text'", "text is only possible as the name of a type"},
		{"h.astype('f99')", `no type "f99"; types: float int bool int8`},
		{"h.astype(3)", "needs a type"},
		{"np.sqrt()", "np.sqrt needs x"},
		{"np.sqrt(1, 2)", "takes at most 1 arguments"},
		{"np.sum(h, axes=0)", "np.sum has no parameter axes; it has a, axis"},
		{"np.sum(h, axis=1)", "arrays have one dimension"},
		{"np.sum(h, a=h)", "got a twice"},
		{"np.sum(a=h, 0)", "follows one with a name"},
		{"h", "length differs from cell to cell"},
		{"h[0:0] if 1 else 2", "differs from cell to cell"},
		{"(1, 2)", "gives a tuple"},
		{"1 / 0", "division by zero"},
		{"9223372036854775807 + 1", "does not fit 64 bits"},
		{"99999999999999999999", "must be less than 2**64"},
		{"2**1000", "does not fit 64 bits"},
		{"012", "no leading zeros"},
		{"1_", "bad number"},
		{"1.5e", "bad number"},
		{"3j", "bad number"},
		{"h[1.0]", "an index is an integer"},
		{"h[1, 2]", "one dimension"},
		{"h[]", "the index is empty"},
		{"h[::0]", "the step of a slice"},
		{"np.sum(h) if h else 1", "neither true nor false"},
		{"not h", "neither true nor false"},
		{"np.sum((1 < h < 2))", "chain of comparisons"},
		{"np.sum(~h)", "~ works on bools and integers"},
		{"np.sum(-ok)", "bools have no sign"},
		{"np.sum(ok - ok)", "bools are not subtracted"},
		{"np.sum(h & 1)", "& works on bools and integers"},
		{"np.sum(u * -1)", "the integer -1 does not fit uint64"},
		{"np.quantile(h, 2)", "from 0 to 1"},
		{"np.quantile(h, len(h))", "q is a constant"},
		{"np.quantile(h, [])", "q is missing"},
		{"np.histogram(h, 0)[0]", "bins is a constant from 1"},
		{"np.histogram(h, 65537)[0]", "bins is a constant from 1 to 65536"},
		{"np.histogram(h, 3, 4)[0]", "range is two numbers"},
		{"np.histogram(h, [2, 1])[0]", "edges are from 2 to 65536 numbers that increase"},
		{"np.array([h, s])", "not an array of one dimension"},
		{"np.zeros(100000)", "at most 65536"},
		{"len(3)", "has no length"},
		{"float(h)", "float(x) needs a number"},
		{"name", "column name is bytes"},
		{"h @ s", "'@' is not part of the expression language"},
		{"h := 1", "unexpected :"},
		{"h = 1", "unexpected ="},
		{"h is None", "is is not possible here"},
		{"`h`", "not part of the expression language"},
		{"h\x00", "not part of the expression language"},
		{"'", "does not end"},
		{"h(1)", "no function h"},
		{"np.sum(h)(1)", "only functions"},
		{"np.sum(*h)", "unexpected *"},
		{"np.column_stack((h, s))", "rows of 2 float64, which only kind: ragged with inner_shape: [2] holds"},
		{"np.sum(np.column_stack((h, s)))", "compute with the columns before they become rows"},
		{"len(np.column_stack((h, s)) + h)", "do not go together"},
		{"np.stack((h, s))", "give axis=1"},
		{"np.array([np.sum(h), np.sum(s)]).T", "joins arrays, not a float64"},
		{"h.reshape(2, 2)", "the first extent is -1"},
		{"np.reshape(h, -1, 2)", "np.reshape(x, (-1, 2))"},
		{strings.Repeat("(", 100) + "1" + strings.Repeat(")", 100), "nested more than 64 deep"},
		{strings.Repeat("-", 100) + "1", "nested more than 64 deep"},
		{strings.Repeat("not ", 100) + "1", "nested more than 64 deep"},
		{"1" + strings.Repeat("**1", 100), "nested more than 64 deep"},
		{"1" + strings.Repeat("+1", 1000), "more than 1024 parts"},
		{strings.Repeat(" ", 4097), "at most 4096"},
	} {
		t.Run(clip(c.text, 30), func(t *testing.T) {
			_, vars := threeCells()
			_, err := Compile(c.text, vars, Options{})
			require.ErrorContains(t, err, c.want)
			require.Equal(t, core.Invalid, core.CodeOf(err))
		})
	}
}

func TestCellErrorsNameTheCell(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"np.max(h[ok])", "the cell of slot 9 (1 rows): np.max of no values"},
		{"h[1]", "the cell of slot 9 (1 rows): index 1 is not in an array of 1"},
		{"np.sum(h[1:] + s)", "the cell of slot 5 (4 rows): arrays of 3 and 4 values do not go together"},
		{"np.sum(h[ok[1:]])", "a mask of 3 does not fit an array of 4"},
		{"int(1 / np.min(s))", "the cell of slot 9 (1 rows): +Inf does not fit int64"},
		{"np.sum(h.astype('int8'))", "the cell of slot 20 (2 rows): NaN does not fit int8"},
		{"np.sum(2**i)", "the cell of slot 5 (4 rows): an integer to a negative power"},
		{"np.histogram(h, 3)[0]", "the cell of slot 20 (2 rows): np.histogram: the range is not finite"},
		{"len(h)**60", "the cell of slot 5 (4 rows): the integer result does not fit 64 bits"},
		{"np.average(h[:2], weights=s[1:])", "3 weights for 2 values"},
		{"len(np.column_stack((h, s[1:])))", "the cell of slot 5 (4 rows): arrays of 4 and 3 values do not make rows together"},
		{"len(h.reshape(-1, 3))", "the cell of slot 5 (4 rows): an array of 4 numbers makes no whole rows of 3"},
	} {
		t.Run(c.text, func(t *testing.T) {
			g, vars := threeCells()
			p, err := Compile(c.text, vars, Options{})
			require.NoError(t, err)
			_, err = p.Cells(t.Context(), g)
			require.ErrorContains(t, err, c.want)
			require.Equal(t, core.Invalid, core.CodeOf(err))
		})
	}
}

func TestWidths(t *testing.T) {
	g, vars := threeCells()
	p, err := Compile("h[:1]", vars, Options{Width: 1})
	require.NoError(t, err)
	out, err := p.Cells(t.Context(), g)
	require.NoError(t, err)
	require.Equal(t, []float64{1, 7, 5}, floatsOf(&out))

	p, err = Compile("h[:2]", vars, Options{Width: 2})
	require.NoError(t, err)
	_, err = p.Cells(t.Context(), g)
	require.ErrorContains(t, err, "the cell of slot 9 (1 rows): an array of 1 where every cell must have 2")

	_, err = Compile("np.percentile(h, [1, 2])", vars, Options{Width: 3})
	require.ErrorContains(t, err, "2 numbers per cell, not 3")
	_, err = Compile("len(h)", vars, Options{Width: 3})
	require.ErrorContains(t, err, "one number per cell, not 3")

	p, err = Compile("h[ok]", vars, Options{Ragged: true})
	require.NoError(t, err)
	require.True(t, NewStatistic(p).Info().Outputs[0].Ragged)
	out, err = p.Cells(t.Context(), g)
	require.NoError(t, err)
	require.Equal(t, []int64{0, 3, 3, 5}, out.Offsets)
	require.InDeltaSlice(t, []float64{1, 2, 3, 5, nan}, floatsOf(&out), 0)
}

func TestRows(t *testing.T) {
	g, vars := threeCells()
	for _, c := range []struct {
		text string
		typ  core.Type
		want []float64
	}{
		{"1.0 / s**2", core.Float64, []float64{1, 0.25, 1, 0.25, inf, 1, 0.25}},
		{"abs(h - i) <= 3", core.Bool, []float64{1, 0, 1, 1, 0, 1, 0}},
		{"(h > 2) & ~ok", core.Bool, []float64{0, 0, 1, 0, 1, 0, 0}},
		{"np.where(ok, h, 0)", core.Float64, []float64{1, 2, 0, 3, 0, 5, nan}},
		{"i * 2", core.Int64, []float64{6, -6, 14, 0, -14, 4, 2}},
		{"u", core.Uint64, []float64{1, 2, math.MaxUint64, 0, 5, 6, 7}},
		{"7", core.Int64, []float64{7, 7, 7, 7, 7, 7, 7}},
		{"h\n  > 2", core.Bool, []float64{0, 0, 1, 1, 1, 1, 0}},
	} {
		p, err := Compile(c.text, vars, Options{Mode: PerRow})
		require.NoError(t, err, c.text)
		out, err := p.Rows(g.Rows, 7)
		require.NoError(t, err, c.text)
		require.Equal(t, c.typ, out.Type, c.text)
		require.InDeltaSlice(t, c.want, floatsOf(&out), 0, c.text)
	}
	for text, want := range map[string]string{
		"np.sum(h) > 1":         "np.sum works over many rows; not allowed in a filter or param",
		"len(h)":                "len works over many rows",
		"h.mean() < h":          ".mean works over many rows",
		"h[0]":                  "an index selects rows",
		"h + offset":            "offset is a value per cell",
		"(h, s)":                "a tuple is not a value per row",
		"h > 2 and s > 1":       "use &, | and ~ on arrays",
		"h if ok else s":        "neither true nor false",
		"np.histogram(h, 3)":    "works over many rows",
		"np.float32(h, dtype=1": "expected )",
	} {
		_, err := Compile(text, vars, Options{Mode: PerRow})
		require.ErrorContains(t, err, want, text)
	}
	_, err := Compile("h + 1", vars, Options{Mode: Filter})
	require.ErrorContains(t, err, "a filter must be true or false in each row; this gives an array of float64")
	p, err := Compile("h > 1", vars, Options{Mode: Filter})
	require.NoError(t, err)
	_, err = p.Rows(g.Rows, 6)
	require.ErrorContains(t, err, "column h has 28 bytes; expected 6 rows")
	_, err = p.Rows(g.Rows[1:], 7)
	require.ErrorContains(t, err, "column h is missing")
	_, err = p.Cells(t.Context(), g)
	require.ErrorContains(t, err, "compiled for rows")
}

func TestManyRows(t *testing.T) {
	const n = 3*blockRows + 17
	h := make([]int32, n)
	for i := range h {
		h[i] = int32(i)
	}
	p, err := Compile("h % 10 == 3", []Var{{Name: "h"}}, Options{Mode: Filter})
	require.NoError(t, err)
	out, err := p.Rows([]core.Column{core.ColumnOf("h", h)}, n)
	require.NoError(t, err)
	for i, ok := range core.View[bool](out.Data) {
		require.Equal(t, i%10 == 3, ok)
	}
	p, err = Compile("np.sum(h)", []Var{{Name: "h"}}, Options{})
	require.NoError(t, err)
	g := &core.Groups{Slots: make([]int32, n-1000+1), Rows: []core.Column{core.ColumnOf("h", h)}, Offsets: []int64{0}}
	for i := 1000; i <= n; i++ {
		g.Offsets = append(g.Offsets, int64(i))
	}
	out, err = p.Cells(t.Context(), g)
	require.NoError(t, err)
	sums := core.View[int64](out.Data)
	require.Equal(t, int64(999*1000/2), sums[0])
	for i, s := range sums[1:] {
		require.Equal(t, int64(1000+i), s)
	}
}

func TestTypesNotKnown(t *testing.T) {
	g, _ := threeCells()
	for text, want := range map[string]core.Type{"np.max(u)": core.Uint64, "np.sum(i & 1)": core.Int64, "np.any(~ok)": core.Bool, "np.mean(h)": core.Float64} {
		p, err := Compile(text, []Var{{Name: "h"}, {Name: "i"}, {Name: "u"}, {Name: "ok"}}, Options{})
		require.NoError(t, err, text)
		require.Zero(t, p.Type())
		out, err := p.Cells(t.Context(), g)
		require.NoError(t, err, text)
		require.Equal(t, want, out.Type, text)
	}
	p, err := Compile("np.sum(i & 1)", []Var{{Name: "i"}}, Options{})
	require.NoError(t, err)
	_, err = p.Cells(t.Context(), &core.Groups{Offsets: []int64{0, 1}, Slots: []int32{3}, Rows: []core.Column{core.ColumnOf("i", []float64{1})}})
	require.ErrorContains(t, err, "& works on bools and integers")
	_, err = Compile("np.sum(i & 1.5)", []Var{{Name: "i"}}, Options{})
	require.Error(t, err, "wrong whatever the type")
}

func TestConstant(t *testing.T) {
	for text, want := range map[string]any{"1.5": 1.5, "-3": int64(-3), "np.pi / 2": math.Pi / 2, "2 > 1": true,
		"18446744073709551615": uint64(math.MaxUint64), "np.sqrt(4)": 2.0, "0.25": 0.25} {
		p, err := Compile(text, nil, Options{Mode: PerRow})
		require.NoError(t, err, text)
		got, ok := p.Constant()
		require.True(t, ok)
		require.Equal(t, want, got, text)
	}
	p, err := Compile("h + 1", []Var{{Name: "h"}}, Options{Mode: PerRow})
	require.NoError(t, err)
	_, ok := p.Constant()
	require.False(t, ok)
}

func TestStatisticInfo(t *testing.T) {
	_, vars := threeCells()
	p, err := Compile("np.sum(s) * offset + np.mean(h) + np.sum(s)", vars, Options{})
	require.NoError(t, err)
	require.Equal(t, core.StatisticInfo{
		Inputs:  []core.Input{{Name: "s"}, {Name: "offset", PerCell: true}, {Name: "h"}},
		Outputs: []core.Field{{Type: core.Float64, Width: 1}}, AnyType: true,
	}, NewStatistic(p).Info())
}

func TestNoCells(t *testing.T) {
	_, vars := threeCells()
	for _, text := range []string{"np.sum(h)", "len(h)", "np.histogram(h, 3)[0]", "3", "np.max(h) if len(h) > 1 else 0"} {
		p, err := Compile(text, vars[:2], Options{})
		require.NoError(t, err)
		out, err := p.Cells(t.Context(), &core.Groups{Rows: []core.Column{{Name: "h", Type: core.Float32, Width: 1}}})
		require.NoError(t, err)
		require.Zero(t, out.Rows())
	}
	p, err := Compile("h > 1", vars, Options{Mode: Filter})
	require.NoError(t, err)
	out, err := p.Rows([]core.Column{{Name: "h", Type: core.Float32, Width: 1}}, 0)
	require.NoError(t, err)
	require.Equal(t, core.Bool, out.Type)
}

func TestMemoryIsBounded(t *testing.T) {
	h := make([]float64, 400_000)
	g := &core.Groups{Slots: []int32{1}, Offsets: []int64{0, int64(len(h))}, Rows: []core.Column{core.ColumnOf("h", h)}}
	text := "np.sum(np.concatenate((" + strings.Repeat("h,", 500) + ")))"
	p, err := Compile(text, []Var{{Name: "h"}}, Options{})
	require.NoError(t, err)
	_, err = p.Cells(t.Context(), g)
	require.ErrorContains(t, err, "intermediate results need more than")
}

func TestConcurrentUse(t *testing.T) {
	g, vars := threeCells()
	p, err := Compile("np.sum(h[ok] * 2 + np.median(s)) + np.percentile(s, 30)", vars, Options{})
	require.NoError(t, err)
	want, err := p.Cells(t.Context(), g)
	require.NoError(t, err)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 50 {
				got, err := p.Cells(t.Context(), g)
				if err != nil || string(got.Data) != string(want.Data) {
					t.Errorf("%v %v", got, err)
				}
			}
		})
	}
	wg.Wait()
}

func TestInputsAreNotWritten(t *testing.T) {
	g, vars := threeCells()
	before, _ := threeCells()
	for _, text := range []string{"np.sum(-s)", "np.cumsum(s)[0]", "np.sum(s + s)", "np.sum(s**2)", "np.sum(~ok)", "np.median(s)", "np.sum(np.clip(s, 0, 1))", "np.sum(u + 1)", "-offset", "offset if offset > 15 else -offset", "np.sum(s.astype('float32'))"} {
		p, err := Compile(text, vars, Options{})
		require.NoError(t, err)
		_, err = p.Cells(t.Context(), g)
		require.NoError(t, err, text)
		for i := range g.Rows {
			require.Equal(t, before.Rows[i].Data, g.Rows[i].Data, text)
		}
		require.Equal(t, before.Cells[0].Data, g.Cells[0].Data, text)
	}
}
