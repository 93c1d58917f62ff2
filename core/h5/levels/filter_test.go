package levels

import (
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
)

// passing lists the rows that a filter keeps.
func passing(t testing.TB, f core.Filter, c core.Column) []int {
	t.Helper()
	test, err := newTest(f)
	require.NoError(t, err)
	pass := make([]bool, c.Rows())
	for i := range pass {
		pass[i] = true
	}
	require.NoError(t, test(&c, pass))
	kept := []int{}
	for i, ok := range pass {
		if ok {
			kept = append(kept, i)
		}
	}
	return kept
}

func filter(op core.Op, values ...json.Number) core.Filter {
	return core.Filter{Column: "q", Element: -1, Op: op, Values: values}
}

func TestFilterOps(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	const whole = 1 << 53
	columns := map[string]core.Column{
		"i8":   core.ColumnOf("q", []int8{-128, -1, 0, 1, 127}),
		"i64":  core.ColumnOf("q", []int64{math.MinInt64, -whole - 1, -whole, whole, whole + 1, math.MaxInt64}),
		"u64":  core.ColumnOf("q", []uint64{0, whole, whole + 1, math.MaxUint64 - 1, math.MaxUint64}),
		"u8":   core.ColumnOf("q", []uint8{0, 1, 255}),
		"bool": core.ColumnOf("q", []bool{false, true}),
		"f32":  core.ColumnOf("q", []float32{-1, 0.1, 0.2, math.MaxFloat32, float32(nan), float32(inf)}),
		"f64":  core.ColumnOf("q", []float64{-1, math.Copysign(0, -1), 0.1, whole + 2, nan, inf}),
	}
	for _, c := range []struct {
		column string
		filter core.Filter
		want   []int
	}{
		{"i8", filter("eq", "-1"), []int{1}},
		{"i8", filter("ne", "0"), []int{0, 1, 3, 4}},
		{"i8", filter("ge", "0"), []int{2, 3, 4}},
		{"i8", filter("le", "0"), []int{0, 1, 2}},
		{"i8", filter("lt", "0"), []int{0, 1}},
		{"i8", filter("gt", "0"), []int{3, 4}},
		{"i8", filter("in", "127", "-128", "300"), []int{0, 4}},
		{"i8", filter("not_in", "127", "-128"), []int{1, 2, 3}},
		{"i8", filter("gt", "0.5"), []int{3, 4}},
		{"i8", filter("lt", "-0.5"), []int{0, 1}},
		{"i8", filter("eq", "0.5"), []int{}},
		{"i8", filter("in", "0.5", "1"), []int{3}},
		{"i8", filter("not_in", "0.5", "1e0"), []int{0, 1, 2, 4}},
		{"i8", filter("le", "1e400"), []int{0, 1, 2, 3, 4}},
		{"i8", filter("ge", "-1e400"), []int{0, 1, 2, 3, 4}},
		{"i64", filter("eq", "9007199254740993"), []int{4}},
		{"i64", filter("gt", "9007199254740992"), []int{4, 5}},
		{"i64", filter("lt", "-9007199254740992"), []int{0, 1}},
		{"i64", filter("ge", "9223372036854775808"), []int{}},
		{"i64", filter("eq", "9223372036854775808"), []int{}},
		{"i64", filter("lt", "9223372036854775808"), []int{0, 1, 2, 3, 4, 5}},
		{"i64", filter("ge", "-9223372036854775808"), []int{0, 1, 2, 3, 4, 5}},
		{"i64", filter("gt", "-9223372036854775808.0"), []int{1, 2, 3, 4, 5}},
		{"i64", filter("lt", "-9223372036854775809"), []int{}},
		{"i64", filter("eq", "9007199254740992.0"), []int{3}},
		{"i64", filter("in", "9007199254740993", "0.5"), []int{4}},
		{"u64", filter("eq", "18446744073709551615"), []int{4}},
		{"u64", filter("eq", "18446744073709551616"), []int{}},
		{"u64", filter("lt", "18446744073709551616"), []int{0, 1, 2, 3, 4}},
		{"u64", filter("gt", "-1"), []int{0, 1, 2, 3, 4}},
		{"u64", filter("le", "-0.5"), []int{}},
		{"u64", filter("eq", "-0"), []int{0}},
		{"u64", filter("gt", "9.007199254740992e15"), []int{2, 3, 4}},
		{"u8", filter("eq", "256"), []int{}},
		{"u8", filter("in", "0", "255"), []int{0, 2}},
		{"bool", filter("eq", "1"), []int{1}},
		{"bool", filter("ne", "1"), []int{0}},
		{"f32", filter("eq", "0.1"), []int{1}},
		{"f32", filter("le", "0.1"), []int{0, 1}},
		{"f32", filter("gt", "0.1"), []int{2, 3, 5}},
		{"f32", filter("ne", "3.4028235e38"), []int{0, 1, 2, 4, 5}},
		{"f32", filter("in", "0.2", "-1"), []int{0, 2}},
		{"f32", filter("not_in", "0.2", "-1"), []int{1, 3, 4, 5}},
		{"f32", filter("lt", "1e39"), []int{0, 1, 2, 3}},
		{"f64", filter("eq", "0"), []int{1}},
		{"f64", filter("ne", "0"), []int{0, 2, 3, 4, 5}},
		{"f64", filter("ge", "0"), []int{1, 2, 3, 5}},
		{"f64", filter("le", "0.1"), []int{0, 1, 2}},
		{"f64", filter("eq", "9007199254740994"), []int{3}},
		{"f64", filter("in", "0"), []int{1}},
	} {
		column := columns[c.column]
		require.Equal(t, c.want, passing(t, c.filter, column), "%s %s %v", c.column, c.filter.Op, c.filter.Values)
		// keep: false keeps exactly the other rows, NaN among them.
		c.filter.Drop = true
		all := passing(t, c.filter, column)
		for i := range column.Rows() {
			require.NotEqual(t, slices.Contains(c.want, i), slices.Contains(all, i), "%s keep: false %s %v row %d", c.column, c.filter.Op, c.filter.Values, i)
		}
	}
}

// Rows that an earlier filter refused stay refused.
func TestFiltersAreJoinedByAnd(t *testing.T) {
	c := core.ColumnOf("q", []int8{1, 1})
	for _, drop := range []bool{false, true} {
		f := filter("eq", "1")
		f.Drop = drop
		test, err := newTest(f)
		require.NoError(t, err)
		pass := []bool{false, true}
		require.NoError(t, test(&c, pass))
		require.Equal(t, []bool{false, !drop}, pass)
	}
}

// Whatever number a filter names, integer columns are compared with it as on paper.
func TestFilterIntegersExactly(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	near := func() *big.Int {
		bases := []string{"0", "128", "256", "65536", "9007199254740992", "9223372036854775808", "18446744073709551616"}
		n, _ := new(big.Int).SetString(bases[rng.IntN(len(bases))], 10)
		n.Add(n, big.NewInt(rng.Int64N(5)-2))
		if rng.IntN(2) == 0 {
			n.Neg(n)
		}
		return n
	}
	ops := []core.Op{core.OpEq, core.OpNe, core.OpGe, core.OpLe, core.OpLt, core.OpGt}
	holds := map[core.Op]func(int) bool{
		core.OpEq: func(c int) bool { return c == 0 }, core.OpNe: func(c int) bool { return c != 0 },
		core.OpGe: func(c int) bool { return c >= 0 }, core.OpLe: func(c int) bool { return c <= 0 },
		core.OpLt: func(c int) bool { return c < 0 }, core.OpGt: func(c int) bool { return c > 0 },
	}
	for range 2000 {
		text := near().String()
		switch rng.IntN(4) {
		case 0:
			text += ".5"
		case 1:
			text = fmt.Sprintf("%de%d", rng.IntN(2000)-1000, rng.IntN(30)-8)
		}
		wanted, ok := new(big.Rat).SetString(text)
		require.True(t, ok, text)
		if !wanted.IsInt() || len(text) > 15 { // other than whole numbers are the float64 nearest to them
			if _, isInt := new(big.Int).SetString(text, 10); !isInt {
				f, _ := wanted.Float64()
				wanted.SetFloat64(f)
			}
		}
		op := ops[rng.IntN(len(ops))]
		x := near()
		var c core.Column
		switch {
		case x.IsInt64():
			c = core.ColumnOf("q", []int64{x.Int64()})
		case x.IsUint64():
			c = core.ColumnOf("q", []uint64{x.Uint64()})
		default:
			continue
		}
		want := holds[op](new(big.Rat).SetInt(x).Cmp(wanted))
		require.Equal(t, want, len(passing(t, filter(op, json.Number(text)), c)) == 1, "%s %s %s", x, op, text)
	}
}

func TestBadFilters(t *testing.T) {
	for text, f := range map[string]core.Filter{
		`no op "like"; have eq ne ge le lt gt in not_in`: filter("like", "1", "2"),
		"op eq takes one value, not 0":                   filter("eq"),
		"op gt takes one value, not 2":                   filter("gt", "1", "2"),
		"op in needs a list of values":                   filter("in"),
		"op not_in needs a list of values":               filter("not_in"),
		`"nan" is not a number`:                          filter("ne", "nan"),
		`"0x10" is not a number`:                         filter("eq", "0x10"),
		`"good" is not a number`:                         filter("in", "1", "good"),
		`"" is not a number`:                             filter("eq", ""),
	} {
		_, err := newTest(f)
		require.ErrorContains(t, err, text)
		require.ErrorContains(t, err, "filter q")
		require.Equal(t, core.Invalid, core.CodeOf(err))
	}
	test, err := newTest(filter("eq", "1"))
	require.NoError(t, err)
	c := core.StringColumn("q", []string{"a"})
	require.Equal(t, core.Unsupported, core.CodeOf(test(&c, []bool{true})))
}

func FuzzFilter(f *testing.F) {
	f.Add("ge", "0.5", int64(1), 0.5)
	f.Add("in", "9223372036854775808", int64(math.MaxInt64), math.NaN())
	f.Add("lt", "-1e999999999", int64(0), 0.0)
	f.Fuzz(func(t *testing.T, op, value string, n int64, x float64) {
		test, err := newTest(filter(core.Op(op), json.Number(value)))
		if err != nil {
			return
		}
		for _, c := range []core.Column{core.ColumnOf("q", []int64{n}), core.ColumnOf("q", []uint64{uint64(n)}), core.ColumnOf("q", []float64{x}),
			core.ColumnOf("q", []float32{float32(x)}), core.ColumnOf("q", []int8{int8(n)})} {
			require.NoError(t, test(&c, []bool{true}))
		}
	})
}
