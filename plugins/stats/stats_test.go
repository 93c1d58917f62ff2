package stats

import (
	"encoding/json"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/reduce"
)

var nan = math.NaN()

func make1(t *testing.T, name, config string) core.Statistic {
	t.Helper()
	for _, m := range reductions() {
		if m.Name == name {
			s, err := m.New(t.Context(), core.Config(config))
			require.NoError(t, err)
			return s
		}
	}
	t.Fatalf("no statistic %s", name)
	return nil
}

func compute(t *testing.T, s core.Statistic, offsets []int64, rows ...core.Column) core.Column {
	t.Helper()
	g := &core.Groups{Slots: make([]int32, max(len(offsets)-1, 0)), Offsets: offsets, Rows: rows}
	out, err := s.Compute(t.Context(), g)
	require.NoError(t, err)
	require.Len(t, out, 1)
	require.Len(t, s.Info().Outputs, 1)
	require.Equal(t, s.Info().Outputs[0].Width, max(out[0].Width, 1))
	require.Equal(t, len(g.Slots), out[0].Rows())
	if typ := s.Info().Outputs[0].Type; typ == 0 {
		require.Equal(t, rows[0].Type, out[0].Type)
	}
	return out[0]
}

func TestFloats(t *testing.T) {
	source := core.ColumnOf("source", []float32{1, 2, 4, 3, 7, 5, float32(nan)})
	offsets := []int64{0, 4, 5, 7}
	for _, c := range []struct {
		name, config string
		want         []float64
	}{
		{"mean", "", []float64{2.5, 7, nan}},
		{"average", "{}", []float64{2.5, 7, nan}},
		{"sum", "null", []float64{10, 7, nan}},
		{"median", "", []float64{2.5, 7, nan}},
		{"var", "", []float64{1.25, 0, nan}},
		{"var", `{"ddof":1}`, []float64{5. / 3, nan, nan}},
		{"std", "", []float64{math.Sqrt(1.25), 0, nan}},
		{"quantile", `{"q":0.25}`, []float64{1.75, 7, nan}},
		{"percentile", `{"q":25}`, []float64{1.75, 7, nan}},
		{"quantile", `{"q":[0.25,1]}`, []float64{1.75, 4, 7, 7, nan, nan}},
		{"nansum", "", []float64{10, 7, 5}},
		{"nanmean", "", []float64{2.5, 7, 5}},
		{"nanmedian", "", []float64{2.5, 7, 5}},
		{"nanvar", "", []float64{1.25, 0, 0}},
		{"nanvar", `{"ddof":1}`, []float64{5. / 3, nan, nan}},
		{"nanstd", "", []float64{math.Sqrt(1.25), 0, 0}},
		{"nanquantile", `{"q":0.75}`, []float64{3.25, 7, 5}},
		{"nanpercentile", `{"q":75}`, []float64{3.25, 7, 5}},
	} {
		t.Run(c.name+c.config, func(t *testing.T) {
			got := compute(t, make1(t, c.name, c.config), offsets, source)
			require.Equal(t, core.Float64, got.Type)
			require.InDeltaSlice(t, c.want, core.View[float64](got.Data), 1e-15)
		})
	}
	for name, want := range map[string][]float32{
		"min": {1, 7, float32(nan)}, "max": {4, 7, float32(nan)}, "nanmin": {1, 7, 5}, "nanmax": {4, 7, 5},
	} {
		require.InDeltaSlice(t, want, core.View[float32](compute(t, make1(t, name, ""), offsets, source).Data), 0, name)
	}
	for _, name := range []string{"len", "count"} {
		require.Equal(t, []int64{4, 1, 2}, core.View[int64](compute(t, make1(t, name, ""), offsets, source).Data))
	}
}

func TestWeights(t *testing.T) {
	source, w := core.ColumnOf("source", []float64{1, 2, 3}), core.ColumnOf("weights", []float32{1, 3, 0})
	got := compute(t, make1(t, "average", ""), []int64{0, 2, 3}, source, w)
	require.InDeltaSlice(t, []float64{1.75, nan}, core.View[float64](got.Data), 0)
	short := core.ColumnOf("weights", []float64{1})
	_, err := make1(t, "average", "").Compute(t.Context(), &core.Groups{Offsets: []int64{0, 3}, Slots: []int32{0}, Rows: []core.Column{source, short}})
	require.ErrorContains(t, err, "1 weights for 3 values")
}

func TestIntegersStayIntegers(t *testing.T) {
	big := []uint64{math.MaxUint64, 1<<53 + 1, 5}
	source := core.ColumnOf("source", big)
	offsets := []int64{0, 3}
	require.Equal(t, []uint64{math.MaxUint64}, core.View[uint64](compute(t, make1(t, "max", ""), offsets, source).Data))
	require.Equal(t, []uint64{5}, core.View[uint64](compute(t, make1(t, "nanmin", ""), offsets, source).Data))
	require.Equal(t, []uint64{1<<53 + 5}, core.View[uint64](compute(t, make1(t, "sum", ""), offsets, source).Data), "wraps around")
	flags := core.ColumnOf("source", []bool{true, true, false})
	sum := compute(t, make1(t, "sum", ""), offsets, flags)
	require.Equal(t, core.Int64, sum.Type)
	require.Equal(t, []int64{2}, core.View[int64](sum.Data))
	require.Equal(t, core.Bool, compute(t, make1(t, "max", ""), offsets, flags).Type)
	text := core.StringColumn("source", []string{"a", "bc", "d"})
	require.Equal(t, []int64{3}, core.View[int64](compute(t, make1(t, "len", ""), offsets, text).Data))
}

// reductions are the statistics that are numpy's.
func reductions() []core.Maker[core.Statistic] { return Plugin().Statistics[:len(reduce.Ops())] }

func TestNoCells(t *testing.T) {
	for _, m := range reductions() {
		config := ""
		if m.Name == "quantile" || m.Name == "percentile" || m.Name == "nanquantile" || m.Name == "nanpercentile" {
			config = `{"q":1}`
		}
		s := make1(t, m.Name, config)
		for _, offsets := range [][]int64{nil, {0}} {
			got := compute(t, s, offsets, core.Column{Name: "source", Type: core.Float32, Width: 1})
			require.Zero(t, got.Rows())
		}
	}
}

func TestFold(t *testing.T) {
	source := core.ColumnOf("source", []float32{1, 2, 4, 3, 7})
	foldable := 0
	for _, m := range reductions() {
		if m.Name == "quantile" || m.Name == "percentile" || m.Name == "nanquantile" || m.Name == "nanpercentile" {
			continue
		}
		s := make1(t, m.Name, "")
		f, ok := s.(core.Folder)
		if !ok {
			continue
		}
		foldable++
		whole := compute(t, s, []int64{0, 5}, source)
		parts := compute(t, s, []int64{0, 2, 5}, source)
		got, err := f.Fold(t.Context(), &core.Groups{Slots: []int32{0}, Offsets: []int64{0, 2}, Rows: []core.Column{parts}})
		require.NoError(t, err)
		require.Equal(t, []core.Column{whole}, got, m.Name)
	}
	require.Equal(t, 8, foldable, "len count min max sum nansum nanmin nanmax")
}

func TestConfigErrors(t *testing.T) {
	for _, c := range []struct{ name, config, want string }{
		{"quantile", ``, "q is missing"},
		{"quantile", `{"q":[]}`, "q is missing"},
		{"quantile", `{"q":1.5}`, "from 0 to 1"},
		{"quantile", `{"q":[0.5,-1]}`, "from 0 to 1"},
		{"percentile", `{"q":101}`, "from 0 to 100"},
		{"quantile", `{"q":"x"}`, "must be a number"},
		{"quantile", `{"q":null}`, "must be a number"},
		{"quantile", `{"q":0.5,"method":"linear"}`, `no parameter "method"; quantile has q`},
		{"var", `{"dof":1}`, `no parameter "dof"; var has ddof`},
		{"var", `{"ddof":true}`, "must be a number"},
		{"mean", `{"q":1}`, "mean has none"},
		{"average", `{"weights":1}`, "average has weights"},
		{"mean", `[1]`, "not a JSON object"},
		{"mean", `{`, "not a JSON object"},
	} {
		for _, m := range Plugin().Statistics {
			if m.Name == c.name {
				_, err := m.New(t.Context(), core.Config(c.config))
				require.ErrorContains(t, err, c.want, c.name+c.config)
				require.Equal(t, core.Invalid, core.CodeOf(err))
			}
		}
	}
}

func TestSchemas(t *testing.T) {
	for _, m := range Plugin().Statistics {
		require.NotEmpty(t, m.Doc, m.Name)
		var s map[string]any
		require.NoError(t, json.Unmarshal(m.Schema, &s), m.Name)
	}
}

func FuzzConfig(f *testing.F) {
	for _, s := range []string{``, `{}`, `{"q":0.5}`, `{"q":[0,1]}`, `{"ddof":1}`, `{"q":1e999}`} {
		f.Add(s)
	}
	makers := Plugin().Statistics
	f.Fuzz(func(t *testing.T, config string) {
		for _, m := range makers {
			if _, err := m.New(t.Context(), core.Config(config)); err != nil {
				require.Equal(t, core.Invalid, core.CodeOf(err))
			}
		}
	})
}
