package host_test

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/host"
	"github.com/englacial/zagg/internal/config"
	"github.com/englacial/zagg/plugins/all"
)

// asks is a statistic that keeps what it is configured with, and takes what it is told to.
type asks struct{ info core.StatisticInfo }

func (a asks) Info() core.StatisticInfo { return a.info }

func (a asks) Compute(context.Context, *core.Groups) ([]core.Column, error) { return nil, nil }

// compileParams compiles a variable with these params and gives what the statistic was made from.
func compileParams(t *testing.T, reader, params string, inputs ...core.Input) (string, error) {
	t.Helper()
	var got string
	h, err := host.New(append(all.Plugins(), core.Plugin{Name: "asking", Statistics: []core.Maker[core.Statistic]{{
		Name: "asks", New: func(_ context.Context, c core.Config) (core.Statistic, error) {
			got = string(c)
			return asks{core.StatisticInfo{Inputs: append([]core.Input{{Name: "source"}}, inputs...), Outputs: []core.Field{{Type: core.Float64}}}}, nil
		}}}})...)
	require.NoError(t, err)
	cfg, _, err := config.Parse("run.yaml", []byte(`data_source: {reader: `+reader+`}
aggregation: {variables: {v: {function: asks, source: h_li, params: `+params+`}}}
output: {grid: {type: healpix, parent_order: 6, child_order: 12}}
`))
	if err != nil {
		return "", err
	}
	_, err = h.Compile(t.Context(), cfg)
	return got, err
}

// Constants of any JSON type reach a statistic; what names a column is an input.
func TestParams(t *testing.T) {
	w := core.Input{Name: "w"}
	for params, want := range map[string]string{
		`{method: median}`: `{"method":"median"}`, `{method: "a b"}`: `{"method":"a b"}`, `{since: 2018-01-01}`: `{"since":"2018-01-01"}`,
		`{edges: [1, 2.5], names: [a, b]}`: `{"edges":[1,2.5],"names":["a","b"]}`, `{deep: {a: {b: [true, null]}}}`: `{"deep":{"a":{"b":[true,null]}}}`,
		`{flag: true}`: `{"flag":true}`, `{method: {value: h_li}}`: `{"method":"h_li"}`, `{two: {column: 1, value: 2}}`: `{"two":{"column":1,"value":2}}`,
	} {
		got, err := compileParams(t, "atl06", params)
		require.NoError(t, err, params)
		require.JSONEq(t, want, got, params)
	}
	for _, params := range []string{`{w: h_li_sigma}`, `{w: {column: h_li_sigma}}`, `{w: 1/h_li_sigma**2}`, `{w: {expression: 2*h_li_sigma}}`} {
		got, err := compileParams(t, "atl06", params, w)
		require.NoError(t, err, params)
		require.Equal(t, "{}", got, params)
	}
	_, err := compileParams(t, "atl06", `{w: {column: nothing}}`, w)
	require.ErrorContains(t, err, `no variable "nothing"`)
}

// Where an observation is and what its cell is can be asked for, without naming it.
func TestPlacesAsInputs(t *testing.T) {
	for _, name := range []string{"lon", "lat"} {
		_, err := compileParams(t, "atl06", `{}`, core.Input{Name: name})
		require.NoError(t, err, name)
	}
	for _, name := range []string{"cell_lon", "cell_lat", "cell_id", "cell_area", "cell_ids"} {
		_, err := compileParams(t, "atl06", `{}`, core.Input{Name: name, PerCell: true})
		require.NoError(t, err, name)
	}
	_, err := compileParams(t, "atl06", `{}`, core.Input{Name: "neighbours", PerCell: true})
	require.ErrorContains(t, err, "have cell_lon, cell_lat, morton, cell_ids, cell_id, cell_area")
}

// A reader's own configuration stands beside its name.
func TestReaderWithConfiguration(t *testing.T) {
	var got json.RawMessage
	h, err := host.New(append(all.Plugins(), core.Plugin{Name: "text", Readers: []core.Maker[core.ProductReader]{{
		Name: "csv", New: func(_ context.Context, c core.Config) (core.ProductReader, error) {
			got = c
			return nil, core.Errorf(core.Invalid, "", "", "seen")
		}}}})...)
	require.NoError(t, err)
	cfg, _, err := config.Parse("run.yaml", []byte(`data_source: {reader: {name: csv, separator: ";", skip: 2, columns: {a: 1}}}
aggregation: {variables: {n: {function: count}}}
output: {grid: {type: healpix, parent_order: 6, child_order: 12}}
`))
	require.NoError(t, err)
	_, err = h.Compile(t.Context(), cfg)
	require.ErrorContains(t, err, "seen")
	require.JSONEq(t, `{"separator":";","skip":2,"columns":{"a":1}}`, string(got))
	for text, want := range map[string]string{"{separator: x}": "name", "{name: hdf5, separator: x}": "takes its layout from data_source"} {
		_, err := compileParams(t, text, "{}")
		require.ErrorContains(t, err, want)
	}
}
