package config

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func windowed(t *testing.T, windowing, selected string) (*Config, error) {
	t.Helper()
	text := edit(t, "output:\n", "output:\n  windowing: "+windowing+"\n")
	c, _, err := Parse("run.yaml", []byte(text))
	if err != nil || selected == "" {
		return c, err
	}
	return c.graft("data_source", "select", []byte(selected))
}

func TestWindowing(t *testing.T) {
	for _, kind := range []string{"yearly", "monthly", "daily"} {
		c, err := windowed(t, kind, "")
		require.NoError(t, err)
		same, err := windowed(t, "{schedule: "+kind+"}", "")
		require.NoError(t, err)
		require.Equal(t, kind, c.Output.Windowing.Kind)
		require.Equal(t, c.SemanticHash(), same.SemanticHash())
	}
	none, err := windowed(t, "none", "")
	require.NoError(t, err)
	without, _, err := Parse("run.yaml", []byte(minimal))
	require.NoError(t, err)
	require.Nil(t, none.Output.Windowing)
	require.Equal(t, without.SemanticHash(), none.SemanticHash())
}

// What is added to a store later is not another store.
func TestWindowsAndHash(t *testing.T) {
	one, err := windowed(t, "{schedule: explicit, windows: [{label: a, start: 2019-01-01, end: 2019-01-31}]}", "")
	require.NoError(t, err)
	two, err := windowed(t, "{schedule: explicit, windows: [{label: a, start: 2019-01-01, end: 2019-01-31}, {label: b, timestamp: 2019-02-01T12:00:00.7}]}", "")
	require.NoError(t, err)
	require.Equal(t, one.SemanticHash(), two.SemanticHash())
	require.Equal(t, "2019-02-01T12:00:00Z to 2019-02-01T12:00:01Z", two.Output.Windowing.List[1].Start.Format("2006-01-02T15:04:05Z07:00")+" to "+two.Output.Windowing.List[1].End.Format("2006-01-02T15:04:05Z07:00"))
	january, err := windowed(t, "monthly", `{"start": "2019-01-01", "end": "2019-01-31"}`)
	require.NoError(t, err)
	all, err := windowed(t, "monthly", "")
	require.NoError(t, err)
	require.Equal(t, all.SemanticHash(), january.SemanticHash())
	there, err := windowed(t, "monthly", `{"start": "2019-01-01", "bbox": [0, 0, 1, 1]}`)
	require.NoError(t, err)
	require.NotEqual(t, all.SemanticHash(), there.SemanticHash(), "an area is another store")
	yearly, err := windowed(t, "yearly", "")
	require.NoError(t, err)
	require.NotEqual(t, all.SemanticHash(), yearly.SemanticHash())
}

func TestWindowingErrors(t *testing.T) {
	for text, want := range map[string]string{
		"weekly":                             "is not a schedule; expected yearly, monthly, daily",
		"{schedule: weekly}":                 "expected none or yearly or monthly or daily or explicit",
		"{schedule: quarterly}":              "not supported yet",
		"{}":                                 "output.windowing.schedule",
		"explicit":                           "needs windows",
		"{schedule: explicit, windows: []}":  "needs windows",
		"{schedule: monthly, windows: []}":   "only with schedule: explicit",
		"{schedule: monthly, units: days}":   "only together with time_field and epoch",
		"{schedule: monthly, time_field: h}": "required with time_field",
		"{schedule: monthly, epoch: 2018-01-01, time_field: nothing}":                                                                     "nothing",
		"{schedule: explicit, windows: [{label: a, start: 2019-01-02, end: 2019-01-01}]}":                                                 "windows[0]: window a is empty",
		"{schedule: explicit, windows: [{label: a, start: 2019-01-01T00:00:00.1, end: 2019-01-01T00:00:00.9}]}":                           "window a is empty",
		"{schedule: explicit, windows: [{label: a, start: 2019-01-01, end: 2019-02-01}, {label: b, start: 2019-02-01, end: 2019-03-01}]}": "must not overlap",
		"{schedule: explicit, windows: [{label: b, start: 2019-02-01, end: 2019-03-01}, {label: a, start: 2019-01-01, end: 2019-01-31}]}": "in order of time",
		"{schedule: explicit, windows: [{label: a, timestamp: 2019-01-01}, {label: A, timestamp: 2019-01-02}]}":                           "two windows are called A",
		"{schedule: explicit, windows: [{label: a, timestamp: 2019-01-01, start: 2019-01-01}]}":                                           "either start and end, or timestamp",
		"{schedule: explicit, windows: [{start: 2019-01-01, end: 2019-01-01}]}":                                                           "label",
		"{schedule: explicit, windows: [{label: all, timestamp: 2019-01-01}]}":                                                            "all windows together",
		"{schedule: explicit, windows: [{label: a, start: soon, end: 2019-01-01}]}":                                                       "soon",
	} {
		_, err := windowed(t, text, "")
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", text, err)
		}
		require.ErrorContains(t, err, "run.yaml:", text)
	}
	_, err := windowed(t, "monthly", `{"start": "2019-01-01", "end": "2019-01-30"}`)
	require.ErrorContains(t, err, "it divides window 2019-01, from 2019-01-01T00:00:00Z to 2019-02-01T00:00:00Z")
}
